-- identity: dense card indexes, used codes, paper codes, short codes. docs/protocols/code.md
CREATE TABLE card_index (                                -- derived state's numbering, kept so that it never changes
    node_id    id64 NOT NULL,                            -- root: the node
    card_index int64 NOT NULL CHECK (card_index >= 0),   -- 0, 1, 2 … in the order cards were first seen
    card_id    id64 NOT NULL,
    person_id  id64 NOT NULL,
    PRIMARY KEY (node_id, card_index),
    UNIQUE (node_id, card_id)
) strict;

CREATE TABLE check_waiting (                             -- answers of grade B that are not yet lines of the journal
    node_id id64 NOT NULL,                               -- root: the node
    id      id64 NOT NULL,                               -- time-ordered
    n       int64 NOT NULL CHECK (n BETWEEN 1 AND 64),   -- answers
    records blob NOT NULL,                               -- identity/record.c
    PRIMARY KEY (node_id, id)
) strict;

CREATE TABLE code_used (                                 -- the last code taken of a device: older ones and itself are used
    person_id   id64 NOT NULL,                           -- root
    device_id   id64 NOT NULL,
    step        int64 NOT NULL CHECK (step > 0),         -- 30 s since 2020
    used_at     int64 NOT NULL,                          -- microseconds, UTC
    place_id    id64 NOT NULL,                           -- 0: none
    terminal_id id64 NOT NULL,                           -- 0: none
    PRIMARY KEY (person_id, device_id)
) strict;

CREATE TABLE paper_serial (                              -- one number names one sheet: revoked ones stand in stop lists
    node_id   id64 NOT NULL,                             -- root: the node
    serial    int64 NOT NULL CHECK (serial BETWEEN 0 AND 4294967295),
    person_id id64 NOT NULL,
    paper_id  id64 NOT NULL,
    revoked   int64 NOT NULL DEFAULT 0 CHECK (revoked IN (0, 1)),
    ends_at   int64 NOT NULL,                            -- microseconds, UTC: of the sheet; may be forgotten a day later
    PRIMARY KEY (node_id, serial)
) strict;

CREATE TABLE paper_code (
    person_id  id64 NOT NULL,                            -- root
    id         id64 NOT NULL,
    serial     int64 NOT NULL,
    card_id    id64 NOT NULL,
    card_index int64 NOT NULL,
    from_step  int64 NOT NULL,                           -- 30 s since 2020
    days       int64 NOT NULL CHECK (days BETWEEN 1 AND 180),
    raw        blob NOT NULL,                            -- 93 bytes as printed
    issued_at  int64 NOT NULL,                           -- microseconds, UTC
    issued_by  id64 NOT NULL,                            -- person or staff
    revoked_at int64 NOT NULL DEFAULT 0,                 -- microseconds, UTC; 0: not
    revoked_by id64 NOT NULL DEFAULT 0,
    PRIMARY KEY (person_id, id),
    UNIQUE (person_id, serial)
) strict;

CREATE TABLE short_code (
    credential_id id64 NOT NULL,                         -- root: first 63 bits of the hash
    hash          blob NOT NULL,                         -- HMAC-SM3 of the nine characters
    person_id     id64 NOT NULL,
    card_id       id64 NOT NULL,
    strength      int64 NOT NULL,                        -- 1 door, 2 identity
    purpose       int64 NOT NULL,
    ends_at       int64 NOT NULL,                        -- microseconds, UTC
    used_at       int64 NOT NULL DEFAULT 0,              -- microseconds, UTC; 0: not
    PRIMARY KEY (credential_id, hash)
) strict;

CREATE TABLE short_code_last (                           -- a new short code ends the one before
    person_id id64 NOT NULL,                             -- root
    hash      blob NOT NULL,
    made_at   int64 NOT NULL,                            -- microseconds, UTC
    PRIMARY KEY (person_id)
) strict;

CREATE TABLE short_try (                                 -- wrong short codes by who tries; counted before they are looked up
    node_id      id64 NOT NULL,                          -- root: the node
    actor_id     id64 NOT NULL,                          -- terminal or staff member
    wrong        int64 NOT NULL,                         -- in a row
    locks        int64 NOT NULL,                         -- times it was made to wait
    locked_until int64 NOT NULL,                         -- microseconds, UTC; 0: not
    PRIMARY KEY (node_id, actor_id)
) strict;
