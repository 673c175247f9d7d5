-- claims' tables: what is held true of a person, by whom, in two times.

CREATE TABLE claim_owner (
    node_id id64 NOT NULL,                               -- root: NODE_ID
    kind    int64 NOT NULL,                              -- enum claim_kind
    org_id  id64 NOT NULL,                               -- organisation that may write this kind
    PRIMARY KEY (node_id, kind, org_id)
) strict;

CREATE TABLE claim (
    person_id     id64 NOT NULL,                         -- root
    id            id64 NOT NULL,
    kind          int64 NOT NULL,                        -- enum claim_kind
    level         int64 NOT NULL,                        -- kind's own degree; 0: none
    region_code   int64 NOT NULL,                        -- GB/T 2260 where it holds; 0: everywhere
    owner_org     id64 NOT NULL,
    source        text NOT NULL CHECK (length(source) BETWEEN 1 AND 64), -- register or case, no personal value
    signature     blob NOT NULL CHECK (length(signature) <= 256), -- the owner's, as evidence
    valid_from    int64 NOT NULL,                        -- microseconds, UTC; 0: always was
    valid_to      int64 NOT NULL,                        -- 0: for ever
    recorded_from int64 NOT NULL,
    recorded_to   int64 NOT NULL DEFAULT 0,
    confirmed_at  int64 NOT NULL,                        -- when the owner last said so
    PRIMARY KEY (person_id, id),
    CHECK (valid_to = 0 OR valid_to > valid_from)
) strict;
CREATE UNIQUE INDEX claim_open ON claim (person_id, kind, region_code, owner_org) WHERE recorded_to = 0;
