-- venues: slots, bookings, admissions, gates and terminals. Root of nearly all: the venue (the catalogue's place id).
CREATE TABLE venue_slot (
    venue_id   id64 NOT NULL,                            -- root: the distribution column
    id         id64 NOT NULL,                            -- time-ordered, made by us
    state      int64 NOT NULL CHECK (state IN (1, 2)),   -- 1 open, 2 called off
    quota      int64 NOT NULL CHECK (quota >= 0),        -- places to book
    taken      int64 NOT NULL DEFAULT 0 CHECK (taken BETWEEN 0 AND quota),
    held       int64 NOT NULL CHECK (held >= 0),         -- places kept for people without a booking
    held_taken int64 NOT NULL DEFAULT 0 CHECK (held_taken BETWEEN 0 AND held),
    admitted   int64 NOT NULL DEFAULT 0 CHECK (admitted >= 0), -- people let in
    opens_at   int64 NOT NULL,                           -- microseconds, UTC: booking
    closes_at  int64 NOT NULL CHECK (closes_at > opens_at),
    starts_at  int64 NOT NULL,                           -- microseconds, UTC: entry
    ends_at    int64 NOT NULL CHECK (ends_at > starts_at),
    PRIMARY KEY (venue_id, id),
    UNIQUE (venue_id, starts_at)
) strict clustered;

CREATE TABLE venue_booking (
    venue_id  id64 NOT NULL,                             -- root
    id        id64 NOT NULL,
    slot_id   id64 NOT NULL,
    person_id id64 NOT NULL,
    places    int64 NOT NULL CHECK (places BETWEEN 1 AND 5),
    state     int64 NOT NULL CHECK (state BETWEEN 1 AND 4), -- 1 made, 2 cancelled, 3 admitted, 4 no-show
    made_at   int64 NOT NULL,                            -- microseconds, UTC
    ended_at  int64 NOT NULL DEFAULT 0,                  -- microseconds, UTC; 0: not
    PRIMARY KEY (venue_id, id)
) strict clustered;
CREATE UNIQUE INDEX venue_booking_once ON venue_booking (venue_id, slot_id, person_id) WHERE state <> 2;
CREATE INDEX venue_booking_person ON venue_booking (person_id, id);

CREATE TABLE venue_admission (
    venue_id     id64 NOT NULL,                          -- root
    id           id64 NOT NULL,
    slot_id      id64 NOT NULL,
    booking_id   id64 NOT NULL,                          -- 0: a held-back place
    person_id    id64 NOT NULL,
    card_id      id64 NOT NULL,
    terminal_id  id64 NOT NULL,                          -- 0: by hand
    staff_id     id64 NOT NULL,                          -- 0: by a gate
    places       int64 NOT NULL CHECK (places >= 1),
    grade        int64 NOT NULL,                         -- 1 A, 2 B, 3 C
    provenance   int64 NOT NULL,                         -- 1 real, 2 test, 3 simulator
    at           int64 NOT NULL,                         -- microseconds, UTC
    terminal_at  int64 NOT NULL,                         -- the terminal's claim; 0 none
    presentation blob,                                   -- 16 bytes naming the code's showing; null: none
    PRIMARY KEY (venue_id, id)
) strict;
CREATE UNIQUE INDEX venue_admission_person ON venue_admission (venue_id, slot_id, person_id);
CREATE UNIQUE INDEX venue_admission_showing ON venue_admission (venue_id, presentation) WHERE presentation IS NOT NULL;
CREATE INDEX venue_admission_at ON venue_admission (venue_id, at);

CREATE TABLE person_no_show (
    person_id  id64 NOT NULL,                            -- root
    booking_id id64 NOT NULL,
    venue_id   id64 NOT NULL,
    at         int64 NOT NULL,                           -- microseconds, UTC: end of the slot missed
    undone     int64 NOT NULL DEFAULT 0,                 -- 1: came after all, told later by a gate that was alone
    PRIMARY KEY (person_id, booking_id)
) strict;

CREATE TABLE terminal (
    venue_id         id64 NOT NULL,                      -- root
    id               id64 NOT NULL,
    point_id         id64 NOT NULL,                      -- the catalogue's point of use; 0 none
    kind             int64 NOT NULL,                     -- 1 gate, 2 counter, 3 handheld
    state            int64 NOT NULL,                     -- 1 waiting, 2 active, 3 revoked
    name             text NOT NULL,
    suite            int64 NOT NULL DEFAULT 0,           -- 1 SM2, 2 P-256; 0 no key yet
    public_key       blob,                               -- 33 bytes, compressed
    activation_hash  blob,                               -- SM3 of terminal id and number; null: none out
    activation_ends  int64 NOT NULL DEFAULT 0,           -- microseconds, UTC
    added_at         int64 NOT NULL,                     -- microseconds, UTC
    enrolled_at      int64 NOT NULL DEFAULT 0,           -- microseconds, UTC; 0: not
    revoked_at       int64 NOT NULL DEFAULT 0,           -- microseconds, UTC; 0: not
    list_incarnation int64 NOT NULL DEFAULT 0,
    list_position    int64 NOT NULL DEFAULT 0,           -- of the stop list it obeys; 0 none
    list_made_at     int64 NOT NULL DEFAULT 0,           -- microseconds, UTC
    seen_at          int64 NOT NULL DEFAULT 0,           -- microseconds, UTC
    clock_off        int64 NOT NULL DEFAULT 0,           -- microseconds, its clock minus ours
    queue            int64 NOT NULL DEFAULT 0,           -- admissions waiting for upload
    PRIMARY KEY (venue_id, id)
) strict;
CREATE INDEX terminal_id ON terminal (id);

CREATE TABLE terminal_nonce (                            -- assertions shown, kept while they would still be taken
    venue_id    id64 NOT NULL,                           -- root
    terminal_id id64 NOT NULL,
    nonce_hash  blob NOT NULL,                           -- SM3
    at          int64 NOT NULL,                          -- microseconds, UTC
    PRIMARY KEY (venue_id, terminal_id, nonce_hash)
) strict;

CREATE TABLE terminal_token (
    venue_id    id64 NOT NULL,                           -- root
    token_hash  blob NOT NULL,                           -- SM3
    terminal_id id64 NOT NULL,
    ends_at     int64 NOT NULL,                          -- microseconds, UTC
    PRIMARY KEY (venue_id, token_hash)
) strict;
CREATE INDEX terminal_token_hash ON terminal_token (token_hash);

CREATE TABLE terminal_list (                             -- when a terminal began to obey which stop list
    venue_id    id64 NOT NULL,                           -- root
    terminal_id id64 NOT NULL,
    incarnation int64 NOT NULL,
    position    int64 NOT NULL,                          -- of the sealed card feed
    at          int64 NOT NULL,                          -- microseconds, UTC: our clock at its heartbeat
    PRIMARY KEY (venue_id, terminal_id, incarnation, position)
) strict;

CREATE TABLE terminal_upload (
    venue_id    id64 NOT NULL,                           -- root
    terminal_id id64 NOT NULL,
    batch_no    int64 NOT NULL CHECK (batch_no >= 1),
    body_hash   blob NOT NULL,                           -- SM3
    accepted    int64 NOT NULL,                          -- lines
    contested   int64 NOT NULL,                          -- lines
    at          int64 NOT NULL,                          -- microseconds, UTC
    PRIMARY KEY (venue_id, terminal_id, batch_no)
) strict;
