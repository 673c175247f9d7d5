-- store's own tables: idempotency keys, outbox, sealed feeds. (The table of applied migrations,
-- store_migration, is made by the store itself before the first of them.)

CREATE TABLE store_meta (
    name  text NOT NULL,                                 -- incarnation: raised by every restore and failover;
                                                         -- identity_high, identity_low: which store this is
    value int64 NOT NULL,
    PRIMARY KEY (name)
) strict;                                                -- root: none, one row per name

INSERT INTO store_meta (name, value) VALUES ('incarnation', 1);

-- What was answered under an idempotency key; kept 30 days.
CREATE TABLE store_once (
    root_id   id64 NOT NULL,                             -- root: that of the act
    root_kind int64 NOT NULL,                            -- enum root_kind
    actor     id64 NOT NULL,                             -- person, staff or terminal
    key       text NOT NULL CHECK (length(key) BETWEEN 1 AND 64),
    body_hash blob NOT NULL CHECK (length(body_hash) = 32), -- of what was asked
    result_id int64 NOT NULL,                            -- what txn_result said; 0 when nothing
    at        int64 NOT NULL,                            -- microseconds, UTC
    PRIMARY KEY (root_id, root_kind, actor, key)
) strict clustered;
CREATE INDEX store_once_at ON store_once (at);

-- Messages from one root to another, until they are delivered.
CREATE TABLE store_outbox (
    root_id   id64 NOT NULL,                             -- root: the sender's
    root_kind int64 NOT NULL,                            -- enum root_kind
    id        id64 NOT NULL,                             -- time-ordered; what makes the handler idempotent
    topic     text NOT NULL CHECK (length(topic) BETWEEN 1 AND 64),
    to_kind   int64 NOT NULL,                            -- enum root_kind
    to_id     id64 NOT NULL,
    payload   blob NOT NULL,
    at        int64 NOT NULL,                            -- microseconds, UTC: when it was put
    tries     int64 NOT NULL DEFAULT 0,                  -- how often it was handed out
    due_at    int64 NOT NULL,                            -- microseconds, UTC: not handed out before
    dead      int64 NOT NULL DEFAULT 0,                  -- the refusal's code that ended it; 0 while it lives
    PRIMARY KEY (root_id, id)
) strict clustered;
CREATE INDEX store_outbox_due ON store_outbox (topic, dead, due_at);
CREATE INDEX store_outbox_id ON store_outbox (id);

-- Feed entries that have no position yet: appended by acts, taken away by the sealer.
CREATE TABLE store_feed_pending (
    root_id    id64 NOT NULL,                            -- root: that of the act
    root_kind  int64 NOT NULL,                           -- enum root_kind
    feed       int64 NOT NULL,                           -- enum feed
    born       int64 NOT NULL,                           -- PostgreSQL: the transaction's number; SQLite: a counter
    n          int64 NOT NULL,                           -- place within the transaction
    subject_id id64 NOT NULL,
    at         int64 NOT NULL,                           -- microseconds, UTC: appended
    payload    blob NOT NULL CHECK (length(payload) <= 1024),
    PRIMARY KEY (root_id, feed, born, n)
) strict;
CREATE INDEX store_feed_pending_order ON store_feed_pending (feed, born, n);

-- Sealed entries: position 1, 2, 3 ... without gaps.
CREATE TABLE store_feed (
    feed       int64 NOT NULL,                           -- root: the feed, a thing of this node
    position   int64 NOT NULL CHECK (position > 0),
    subject_id id64 NOT NULL,
    root_kind  int64 NOT NULL,                           -- enum root_kind
    root_id    id64 NOT NULL,
    at         int64 NOT NULL,                           -- microseconds, UTC: appended
    payload    blob NOT NULL,
    PRIMARY KEY (feed, position)
) strict clustered;

-- Blocks of sealed entries, signed and linked; how they are hashed stands in store/store.h.
CREATE TABLE store_feed_block (
    feed           int64 NOT NULL,                       -- root: the feed, a thing of this node
    number         int64 NOT NULL CHECK (number > 0),
    first_position int64 NOT NULL,
    last_position  int64 NOT NULL CHECK (last_position >= first_position),
    sealed_at      int64 NOT NULL,                       -- microseconds, UTC
    incarnation    int64 NOT NULL,
    previous       blob NOT NULL CHECK (length(previous) = 32),
    hash           blob NOT NULL CHECK (length(hash) = 32),
    signature      blob NOT NULL CHECK (length(signature) <= 80),
    PRIMARY KEY (feed, number)
) strict;
