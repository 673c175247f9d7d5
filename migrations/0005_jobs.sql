-- Long work.

CREATE TABLE job (
    node_id      id64 NOT NULL,                          -- root: the node
    id           id64 NOT NULL,
    kind         text NOT NULL CHECK (length(kind) BETWEEN 1 AND 48),
    state        int64 NOT NULL CHECK (state BETWEEN 1 AND 5), -- queued, running, done, failed, cancelled
    ask          blob NOT NULL,
    saved        blob NOT NULL,                          -- the checkpoint
    done         int64 NOT NULL DEFAULT 0,
    total        int64 NOT NULL DEFAULT 0,               -- 0: not known
    note         text NOT NULL DEFAULT '',
    code         int64 NOT NULL DEFAULT 0,               -- refusal or fault it ended or stumbled with
    tries        int64 NOT NULL DEFAULT 0,               -- faults in a row
    put_by       id64 NOT NULL,                          -- staff; 0 the system
    region_code  int64 NOT NULL,
    message_id   id64,                                   -- the message it came by
    cancel_asked int64 NOT NULL DEFAULT 0 CHECK (cancel_asked IN (0, 1)),
    put_at       int64 NOT NULL,                         -- microseconds, UTC
    due_at       int64 NOT NULL,                         -- microseconds, UTC: not taken before
    started_at   int64 NOT NULL DEFAULT 0,               -- microseconds, UTC
    ended_at     int64 NOT NULL DEFAULT 0,               -- microseconds, UTC
    runner       id64 NOT NULL DEFAULT 0,
    fence        int64 NOT NULL DEFAULT 0,               -- raised at every taking; a save names it
    incarnation  int64 NOT NULL DEFAULT 0,               -- of the store, when taken
    lease_until  int64 NOT NULL DEFAULT 0,               -- microseconds, UTC
    PRIMARY KEY (node_id, id)
) strict;
CREATE INDEX job_due ON job (node_id, state, due_at);
CREATE UNIQUE INDEX job_message ON job (node_id, message_id) WHERE message_id IS NOT NULL;

-- When each sweep is due next.
CREATE TABLE job_schedule (
    node_id id64 NOT NULL,                               -- root: the node
    kind    text NOT NULL,
    due_at  int64 NOT NULL,                              -- microseconds, UTC
    job_id  id64 NOT NULL,                               -- the last one made; 0 none
    PRIMARY KEY (node_id, kind)
) strict;
