-- Messages to holders.

CREATE TABLE notice (
    person_id  id64 NOT NULL,                            -- root: the holder
    id         id64 NOT NULL,
    kind       int64 NOT NULL,                           -- enum notice_kind
    state      int64 NOT NULL CHECK (state BETWEEN 1 AND 5), -- waiting, held, sent, failed, kept
    parameters blob NOT NULL,                            -- names and values, masked by who put them
    at         int64 NOT NULL,                           -- microseconds, UTC
    until      int64 NOT NULL,                           -- microseconds, UTC: not sent later
    due_at     int64,                                    -- microseconds, UTC: held until; NULL not held
    sent_at    int64,                                    -- microseconds, UTC
    seen_at    int64,                                    -- microseconds, UTC
    code       int64 NOT NULL DEFAULT 0,                 -- why it failed
    message_id id64,                                     -- the message it came by from another root
    PRIMARY KEY (person_id, id)
) strict clustered;
CREATE INDEX notice_held ON notice (due_at) WHERE due_at IS NOT NULL;
CREATE UNIQUE INDEX notice_message ON notice (person_id, message_id) WHERE message_id IS NOT NULL;

-- Codes and addresses, sealed; gone when sent or when their time has ended.
CREATE TABLE notice_seal (
    person_id      id64 NOT NULL,                        -- root: the holder
    notice_id      id64 NOT NULL,
    until          int64 NOT NULL,                       -- microseconds, UTC
    sealed_code    blob NOT NULL CHECK (length(sealed_code) <= 300),
    sealed_address blob NOT NULL CHECK (length(sealed_address) <= 300),
    PRIMARY KEY (person_id, notice_id)
) strict;
CREATE INDEX notice_seal_until ON notice_seal (until);

CREATE TABLE notice_preference (
    person_id  id64 NOT NULL,                            -- root: the holder
    language   int64 NOT NULL CHECK (language IN (1, 2)), -- zh, en
    quiet_from int64 NOT NULL CHECK (quiet_from BETWEEN 0 AND 23), -- hour, UTC+8
    quiet_to   int64 NOT NULL CHECK (quiet_to BETWEEN 0 AND 23),
    muted      int64 NOT NULL,                           -- bit k: kind k
    changed_at int64 NOT NULL,                           -- microseconds, UTC
    PRIMARY KEY (person_id)
) strict;
