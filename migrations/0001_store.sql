-- store's own tables: versions, idempotency keys, outbox, sealed feeds.
CREATE TABLE store_meta (
    name  text NOT NULL,                                 -- incarnation, ...
    value int64 NOT NULL,
    PRIMARY KEY (name)
) strict;
