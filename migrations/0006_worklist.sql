-- Disputes, objections, complaints, contested uses, corrections: one kind of row.

CREATE TABLE worklist_row (
    node_id         id64 NOT NULL,                       -- root: the node that works on it
    id              id64 NOT NULL,
    number          int64 NOT NULL,                      -- year * 1,000,000 + running number
    kind            int64 NOT NULL,                      -- enum worklist_kind
    state           int64 NOT NULL CHECK (state BETWEEN 1 AND 5), -- open, taken, answered, closed, reopened
    subject         int64 NOT NULL,                      -- enum worklist_subject
    subject_id      id64 NOT NULL,
    subject_root_kind int64 NOT NULL,                    -- enum root_kind: where the answer goes
    subject_root_id id64 NOT NULL,
    person_id       id64 NOT NULL,                       -- who asks or is concerned; 0 nobody
    organisation_id id64 NOT NULL,                       -- who works on it; 0 whoever has the region
    region_code     int64 NOT NULL,                      -- GB/T 2260
    taken_by        id64 NOT NULL DEFAULT 0,             -- staff
    reason          text NOT NULL,
    outcome         text NOT NULL DEFAULT '',
    sealed          blob NOT NULL CHECK (length(sealed) <= 600),
    sealed_answer   blob NOT NULL CHECK (length(sealed_answer) <= 600),
    message_id      id64,                                -- the message it came by
    opened_at       int64 NOT NULL,                      -- microseconds, UTC
    due_at          int64 NOT NULL,                      -- microseconds, UTC
    changed_at      int64 NOT NULL,                      -- microseconds, UTC
    answered_at     int64 NOT NULL DEFAULT 0,            -- microseconds, UTC
    reopened        int64 NOT NULL DEFAULT 0,            -- times
    PRIMARY KEY (node_id, id),
    UNIQUE (node_id, number)
) strict;
CREATE UNIQUE INDEX worklist_row_message ON worklist_row (node_id, message_id)
    WHERE message_id IS NOT NULL;
CREATE INDEX worklist_row_due ON worklist_row (node_id, state, due_at);
CREATE INDEX worklist_row_organisation ON worklist_row (node_id, organisation_id, id);
CREATE INDEX worklist_row_person ON worklist_row (node_id, person_id, id);

CREATE TABLE worklist_past (
    node_id         id64 NOT NULL,                       -- root: the node that works on it
    row_id          id64 NOT NULL,
    n               int64 NOT NULL,                      -- 1, 2, 3 ...
    event           int64 NOT NULL,                      -- enum worklist_event; 0 opened
    state           int64 NOT NULL,                      -- after it
    by_staff        id64 NOT NULL,
    by_person       id64 NOT NULL,
    organisation_id id64 NOT NULL,
    reason          text NOT NULL,
    at              int64 NOT NULL,                      -- microseconds, UTC
    PRIMARY KEY (node_id, row_id, n)
) strict;

CREATE TABLE worklist_number (
    node_id id64 NOT NULL,                               -- root: the node that works on it
    year    int64 NOT NULL,
    last    int64 NOT NULL,
    PRIMARY KEY (node_id, year)
) strict;
