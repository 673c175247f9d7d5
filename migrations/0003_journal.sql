-- Uses of a card and acts of staff. The leaf stands in FEED_JOURNAL too; salt and content can go.

CREATE TABLE journal_line (
    root_id     id64 NOT NULL,                           -- root: that of the act
    root_kind   int64 NOT NULL,                          -- enum root_kind
    id          id64 NOT NULL,                           -- time-ordered
    recorded_at int64 NOT NULL,                          -- microseconds, UTC; also in the feed
    leaf        blob NOT NULL CHECK (length(leaf) = 32), -- SM3(salt || content)
    salt        blob CHECK (length(salt) = 16),          -- NULL when erased
    content     blob CHECK (length(content) <= 448),     -- journal_content_write; NULL when erased
    kind        int64,                                   -- from here on drawn from content, for searching;
    person_id   id64,                                    -- NULL when erased or nobody
    card_id     id64,
    actor       int64,                                   -- enum journal_actor
    actor_id    id64,
    place_id    id64,
    item        text,
    at          int64,                                   -- microseconds, UTC
    refused     int64,                                   -- 1: a verdict other than granted
    contest_id  id64,                                    -- 有异议: journal_contest
    erased_at   int64,                                   -- microseconds, UTC; the tombstone
    erased_by   id64,                                    -- staff; 0 the daily job
    erased_why  text,
    CHECK ((content IS NULL) = (erased_at IS NOT NULL)),
    CHECK ((content IS NULL) = (salt IS NULL)),
    PRIMARY KEY (root_id, root_kind, id)
) strict;
-- lines about a person that stand under another root (a gate's, a node's); root kind 1 is a person
CREATE INDEX journal_line_person ON journal_line (person_id, id) WHERE root_kind <> 1;
CREATE INDEX journal_line_staff ON journal_line (actor_id, id) WHERE actor = 3;
CREATE INDEX journal_line_place ON journal_line (place_id, id) WHERE place_id IS NOT NULL;
CREATE INDEX journal_line_recorded ON journal_line (recorded_at);

-- What a holder contests; the answer comes back from the worklist.
CREATE TABLE journal_contest (
    person_id    id64 NOT NULL,                          -- root
    id           id64 NOT NULL,
    line_root_kind int64 NOT NULL,                       -- enum root_kind
    line_root_id id64 NOT NULL,
    line_id      id64 NOT NULL,
    reason       text NOT NULL,
    sealed       blob NOT NULL CHECK (length(sealed) <= 600), -- the holder's words
    at           int64 NOT NULL,                         -- microseconds, UTC
    outcome      text,                                   -- NULL: not answered
    answered_at  int64,                                  -- microseconds, UTC
    PRIMARY KEY (person_id, id),
    UNIQUE (person_id, line_id)
) strict;
