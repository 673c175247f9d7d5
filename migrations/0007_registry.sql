-- registry's tables: people, what maps to them, cards, devices, staff, secrets and sessions.
-- "to" columns: 0 means open. Sealed columns: keyd_field_seal with this table, this column, this row's id.

CREATE TABLE person (
    person_id    id64 NOT NULL,                          -- root
    state        int64 NOT NULL CHECK (state BETWEEN 1 AND 3), -- enum person_state
    merged_into  id64 NOT NULL DEFAULT 0,                -- person whose row goes on; 0: none
    document     int64 NOT NULL,                         -- enum document_kind the person was added with
    birth        int64 NOT NULL,                         -- YYYYMMDD; clear, reader roles (design section 3)
    sex          int64 NOT NULL CHECK (sex BETWEEN 0 AND 2), -- GB/T 2261.1
    region_code  int64 NOT NULL,                         -- GB/T 2260: where the person lives; clear
    name_sealed  blob NOT NULL,                          -- UTF-8, form of name_form; sealed
    name_tag     blob NOT NULL CHECK (length(name_tag) = 32), -- HMAC-SM3(person id, name)
    phone_sealed blob NOT NULL,                          -- 11 digits, sealed; empty: none
    provenance   int64 NOT NULL,                         -- enum provenance
    recorded_at  int64 NOT NULL,                         -- microseconds, UTC
    PRIMARY KEY (person_id)
) strict;

CREATE TABLE person_document (
    person_id     id64 NOT NULL,                         -- root
    id            id64 NOT NULL,
    kind          int64 NOT NULL,                        -- enum document_kind
    country       text NOT NULL,                         -- ISO 3166-1 alpha-3
    number_sealed blob NOT NULL,
    number_hash   blob NOT NULL CHECK (length(number_hash) = 32), -- value_hash of its credential
    valid_until   int64 NOT NULL,                        -- YYYYMMDD; 0: none
    recorded_from int64 NOT NULL,                        -- microseconds, UTC
    recorded_to   int64 NOT NULL DEFAULT 0,
    PRIMARY KEY (person_id, id)
) strict;

-- Facts in two times (domain.md 5.5): nothing is overwritten, a correction closes and adds.
CREATE TABLE person_fact (
    person_id     id64 NOT NULL,                         -- root
    id            id64 NOT NULL,
    kind          int64 NOT NULL,                        -- enum fact_kind
    value         int64 NOT NULL,                        -- sex, region or YYYYMMDD; 0 for sealed kinds
    text_sealed   blob NOT NULL,                         -- name, phone; empty for clear kinds
    valid_from    int64 NOT NULL,                        -- microseconds, UTC; 0: always was
    valid_to      int64 NOT NULL,                        -- 0: for ever
    recorded_from int64 NOT NULL,
    recorded_to   int64 NOT NULL DEFAULT 0,
    actor         int64 NOT NULL,                        -- enum journal_actor
    actor_id      id64 NOT NULL,
    PRIMARY KEY (person_id, id),
    CHECK (valid_to = 0 OR valid_to > valid_from)
) strict;

CREATE TABLE person_link (
    person_id     id64 NOT NULL,                         -- root: who is helped
    id            id64 NOT NULL,
    helper_id     id64 NOT NULL,                         -- person who helps
    kind          int64 NOT NULL,                        -- enum link_kind
    scope         int64 NOT NULL,                        -- enum link_scope, bits
    valid_from    int64 NOT NULL,                        -- microseconds, UTC
    valid_to      int64 NOT NULL,
    recorded_from int64 NOT NULL,
    recorded_to   int64 NOT NULL DEFAULT 0,
    PRIMARY KEY (person_id, id)
) strict;
CREATE INDEX person_link_helper ON person_link (helper_id);

CREATE TABLE person_merge (
    person_id  id64 NOT NULL,                            -- root: the row that was given up
    into_id    id64 NOT NULL,                            -- the row that goes on
    reference  text NOT NULL CHECK (length(reference) BETWEEN 1 AND 64), -- of the decision
    actor_id   id64 NOT NULL,                            -- officer
    at         int64 NOT NULL,                           -- microseconds, UTC
    PRIMARY KEY (person_id)
) strict;

-- (kind, value_hash) -> person, card. Says nothing of alive or not.
CREATE TABLE credential (
    value_root id64 NOT NULL,                            -- root: first 63 bits of value_hash
    id         id64 NOT NULL,
    kind       int64 NOT NULL,                           -- enum credential_kind
    value_hash blob NOT NULL CHECK (length(value_hash) = 32), -- HMAC-SM3, crypto/blind.h
    share      int64 NOT NULL DEFAULT 0,                 -- 1.. for persons who share a number after adjudication
    person_id  id64 NOT NULL,                            -- may be to come while settled = 0
    card_id    id64 NOT NULL DEFAULT 0,                  -- 0: of the person
    settled    int64 NOT NULL CHECK (settled IN (0, 1)), -- 0: claimed, the person or card is being written
    valid_from int64 NOT NULL,                           -- microseconds, UTC
    valid_to   int64 NOT NULL DEFAULT 0,
    PRIMARY KEY (value_root, id)
) strict;
CREATE UNIQUE INDEX credential_live ON credential (value_root, kind, value_hash, share) WHERE valid_to = 0;
CREATE INDEX credential_claimed ON credential (valid_from) WHERE settled = 0 AND valid_to = 0;

-- One row, three life cycles (domain.md 3.1). The only writer of the state columns is card_save.
CREATE TABLE card (
    person_id      id64 NOT NULL,                        -- root
    id             id64 NOT NULL,
    generation     int64 NOT NULL CHECK (generation IN (2, 3)),
    region_code    int64 NOT NULL,                       -- GB/T 2260, issuing
    province_code  int64 NOT NULL,                       -- of region_code
    live           int64 NOT NULL CHECK (live IN (0, 1)), -- 1: neither replaced nor cancelled
    social         int64 NOT NULL CHECK (social BETWEEN 1 AND 12), -- enum social_state
    social_before  int64 NOT NULL DEFAULT 0,             -- what a lift returns to; 0 when not lost
    bank           int64 NOT NULL CHECK (bank BETWEEN 1 AND 6), -- enum bank_state
    bank_before    int64 NOT NULL DEFAULT 0,
    purse          int64 NOT NULL CHECK (purse BETWEEN 1 AND 4), -- enum purse_state
    ecard          int64 NOT NULL CHECK (ecard BETWEEN 0 AND 3), -- enum ecard_state
    ecard_consent  int64 NOT NULL CHECK (ecard_consent IN (0, 1)),
    enabled        int64 NOT NULL CHECK (enabled IN (0, 1)), -- social function was enabled once
    provenance     int64 NOT NULL,                       -- enum provenance
    epoch          int64 NOT NULL CHECK (epoch > 0),     -- raised when gates must hear
    loss_id        id64 NOT NULL DEFAULT 0,              -- card_loss in effect; 0: none
    replaces_id    id64 NOT NULL DEFAULT 0,
    replaced_by_id id64 NOT NULL DEFAULT 0,
    issued         int64 NOT NULL,                       -- YYYYMMDD
    valid_until    int64 NOT NULL,                       -- YYYYMMDD; 0: none
    changed_at     int64 NOT NULL,                       -- microseconds, UTC
    no_tail        text NOT NULL CHECK (length(no_tail) = 4), -- last four characters, as masks show
    no_sealed      blob NOT NULL,                        -- card number, sealed
    ident_sealed   blob NOT NULL,                        -- identification code, sealed
    no_hash        blob NOT NULL CHECK (length(no_hash) = 32),
    ident_hash     blob NOT NULL CHECK (length(ident_hash) = 32),
    alias_hash     blob NOT NULL CHECK (length(alias_hash) IN (0, 32)), -- e-card alias; empty: none
    PRIMARY KEY (person_id, id)
) strict;
CREATE UNIQUE INDEX card_live ON card (person_id, province_code) WHERE live = 1;
CREATE INDEX card_id ON card (id);
CREATE INDEX card_valid_until ON card (valid_until) WHERE live = 1 AND valid_until > 0;

CREATE TABLE card_change (
    person_id     id64 NOT NULL,                         -- root
    id            id64 NOT NULL,
    card_id       id64 NOT NULL,
    card_function int64 NOT NULL,                        -- enum card_function
    event         int64 NOT NULL,                        -- of that function; 0: first state
    state_from    int64 NOT NULL,
    state_to      int64 NOT NULL,
    epoch         int64 NOT NULL,                        -- of the card after the change
    at            int64 NOT NULL,                        -- microseconds, UTC
    actor         int64 NOT NULL,                        -- enum journal_actor
    actor_id      id64 NOT NULL,
    channel       int64 NOT NULL,                        -- enum channel
    loss_id       id64 NOT NULL DEFAULT 0,               -- report it belongs to
    reason        int64 NOT NULL DEFAULT 0,              -- of replacing or cancelling
    PRIMARY KEY (person_id, id)
) strict clustered;

CREATE TABLE card_loss (
    person_id    id64 NOT NULL,                          -- root
    id           id64 NOT NULL,
    card_id      id64 NOT NULL,
    kind         int64 NOT NULL CHECK (kind IN (1, 2)),  -- enum loss_kind
    reason       int64 NOT NULL,                         -- enum loss_reason
    state        int64 NOT NULL CHECK (state BETWEEN 1 AND 4), -- enum loss_state
    channel      int64 NOT NULL,                         -- enum channel
    actor        int64 NOT NULL,                         -- enum journal_actor
    actor_id     id64 NOT NULL,
    proof        int64 NOT NULL,                         -- enum proof
    effective_at int64 NOT NULL,                         -- microseconds, UTC
    expires_at   int64 NOT NULL,                         -- 0: formal
    warned_at    int64 NOT NULL DEFAULT 0,
    ended_at     int64 NOT NULL DEFAULT 0,
    PRIMARY KEY (person_id, id)
) strict clustered;
CREATE UNIQUE INDEX card_loss_effective ON card_loss (person_id, card_id) WHERE state = 1;
CREATE INDEX card_loss_due ON card_loss (expires_at) WHERE state = 1 AND kind = 1;

CREATE TABLE device (
    person_id   id64 NOT NULL,                           -- root
    id          id64 NOT NULL,
    suite       int64 NOT NULL CHECK (suite IN (1, 2)),  -- enum suite
    strength    int64 NOT NULL CHECK (strength BETWEEN 1 AND 3), -- enum strength
    state       int64 NOT NULL CHECK (state IN (1, 2)),  -- enum device_state
    epoch       int64 NOT NULL CHECK (epoch > 0),
    public_key  blob NOT NULL CHECK (length(public_key) IN (33, 65)), -- SEC 1
    enrolled_at int64 NOT NULL,                          -- microseconds, UTC
    revoked_at  int64 NOT NULL DEFAULT 0,
    PRIMARY KEY (person_id, id)
) strict;
CREATE UNIQUE INDEX device_active ON device (person_id, strength) WHERE state = 1;

CREATE TABLE staff (
    node_id     id64 NOT NULL,                           -- root: NODE_ID
    id          id64 NOT NULL,
    user_name   text NOT NULL CHECK (length(user_name) BETWEEN 2 AND 64), -- a work account, not a person's name
    name_sealed blob NOT NULL,
    org_id      id64 NOT NULL,                           -- organisation of the catalogue; 0: none
    region_code int64 NOT NULL,                          -- home: of the first role given; 0: the nation
    person_id   id64 NOT NULL DEFAULT 0,                 -- resident the member is; 0: not said
    disabled    int64 NOT NULL CHECK (disabled IN (0, 1)),
    created_at  int64 NOT NULL,                          -- microseconds, UTC
    PRIMARY KEY (node_id, id),
    UNIQUE (node_id, user_name)
) strict;

CREATE TABLE staff_grant (
    node_id     id64 NOT NULL,                           -- root: NODE_ID
    staff_id    id64 NOT NULL,
    role        int64 NOT NULL,                          -- enum role
    region_code int64 NOT NULL,                          -- 0: everywhere
    org_id      id64 NOT NULL,                           -- 0: any in the region
    PRIMARY KEY (node_id, staff_id, role, region_code, org_id)
) strict;

-- Guessable secrets. A try is counted here, and synced, before the secret is compared.
CREATE TABLE secret (
    root_id      id64 NOT NULL,                          -- root: person, or NODE_ID
    owner_id     id64 NOT NULL,                          -- person, staff, card or what is activated
    kind         int64 NOT NULL,                         -- enum secret_kind
    verifier     blob NOT NULL,                          -- argon2id text, keyed hash, or sealed TOTP secret; empty: used up
    version      int64 NOT NULL,                         -- raised when the secret is set
    tries        int64 NOT NULL DEFAULT 0,               -- since the last right one
    tries_max    int64 NOT NULL CHECK (tries_max > 0),
    locks        int64 NOT NULL DEFAULT 0,               -- how often it locked since the last right one
    locked_until int64 NOT NULL DEFAULT 0,               -- microseconds, UTC
    expires_at   int64 NOT NULL DEFAULT 0,               -- one-time secrets; 0: none
    last_step    int64 NOT NULL DEFAULT 0,               -- TOTP: newest step used
    sent_day     int64 NOT NULL DEFAULT 0,               -- one-time codes: day number of the last sending
    sent_n       int64 NOT NULL DEFAULT 0,               -- and how many that day
    changed_at   int64 NOT NULL,                         -- microseconds, UTC: set or sent
    PRIMARY KEY (root_id, owner_id, kind)
) strict;

CREATE TABLE session (
    root_id      id64 NOT NULL,                          -- root: person, or NODE_ID
    id           id64 NOT NULL,
    token_hash   blob NOT NULL CHECK (length(token_hash) = 32), -- SM3 of 256 random bits
    subject_kind int64 NOT NULL CHECK (subject_kind IN (1, 2)), -- enum subject_kind
    subject_id   id64 NOT NULL,                          -- person or staff
    person_id    id64 NOT NULL,
    org_id       id64 NOT NULL,
    scopes       int64 NOT NULL,                         -- 64 bits
    proof        int64 NOT NULL,                         -- enum proof
    api          int64 NOT NULL CHECK (api IN (0, 1)),   -- made for a program
    state        int64 NOT NULL CHECK (state IN (1, 2)), -- 1 live, 2 ended
    created_at   int64 NOT NULL,                         -- microseconds, UTC
    expires_at   int64 NOT NULL,
    PRIMARY KEY (root_id, id)
) strict;
CREATE INDEX session_token ON session (token_hash);
CREATE INDEX session_live ON session (expires_at) WHERE state = 1;
