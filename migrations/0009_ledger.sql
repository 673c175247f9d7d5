-- Books, accounts, transfers (docs/decisions/0010-ledger.md). Amounts are fen.

CREATE TABLE ledger_book (
    id          id64 NOT NULL,                           -- root: the book is its own
    name        text NOT NULL,
    agency_code text NOT NULL,                           -- GB 32100, or empty
    opened_at   int64 NOT NULL,                          -- microseconds, UTC
    PRIMARY KEY (id)
) strict;

-- Totals only grow by posted transfers; pending ones are what is reserved now. A balance is the
-- difference of the totals, taken on the account's own side.
CREATE TABLE ledger_account (
    book_id         id64 NOT NULL,                       -- root
    id              id64 NOT NULL CHECK (id > 0),
    kind            int64 NOT NULL CHECK (kind BETWEEN 1 AND 5), -- asset, expense | liability, equity, income
    side            int64 NOT NULL CHECK (side = CASE WHEN kind <= 2 THEN 1 ELSE -1 END), -- 1 debit, -1 credit
    name            text NOT NULL,
    owner_id        id64 NOT NULL,                       -- of the module that opened it, or 0
    floor_fen       int64,                               -- no floor: NULL
    cap_fen         int64,                               -- no cap: NULL
    debits          int64 NOT NULL DEFAULT 0 CHECK (debits >= 0),
    credits         int64 NOT NULL DEFAULT 0 CHECK (credits >= 0),
    debits_pending  int64 NOT NULL DEFAULT 0 CHECK (debits_pending >= 0),
    credits_pending int64 NOT NULL DEFAULT 0 CHECK (credits_pending >= 0),
    closed          int64 NOT NULL DEFAULT 0 CHECK (closed IN (0, 1)),
    opened_at       int64 NOT NULL,                      -- microseconds, UTC
    PRIMARY KEY (book_id, id),
    CHECK (floor_fen IS NULL OR floor_fen <= side * (debits - credits)
           - CASE WHEN side = 1 THEN credits_pending ELSE debits_pending END),
    CHECK (cap_fen IS NULL OR cap_fen >= side * (debits - credits)
           + CASE WHEN side = 1 THEN debits_pending ELSE credits_pending END),
    CHECK (closed = 0 OR (debits = credits AND debits_pending = 0 AND credits_pending = 0))
) strict;

CREATE TABLE ledger_transfer (
    book_id     id64 NOT NULL,                           -- root
    id          blob NOT NULL CHECK (length(id) = 16),   -- the caller's
    row_id      id64 NOT NULL,                           -- ours, time-ordered
    kind        int64 NOT NULL CHECK (kind BETWEEN 1 AND 4), -- direct, pending, post, void
    debit_id    id64 NOT NULL,                           -- account
    credit_id   id64 NOT NULL CHECK (credit_id <> debit_id), -- account
    amount      int64 NOT NULL CHECK (amount > 0),       -- fen; of a void: what was pending
    asked       int64 NOT NULL CHECK (asked IN (0, amount)), -- fen: as the caller gave it, 0 for all
    pending_id  blob CHECK (length(pending_id) = 16),    -- which a post or void ends
    timeout_at  int64 NOT NULL,                          -- microseconds, UTC; 0: none
    code        int64 NOT NULL CHECK (code BETWEEN 0 AND 65535), -- why, the calling module's
    reference   int64 NOT NULL,                          -- what for, or 0
    state       int64 NOT NULL CHECK (state BETWEEN 1 AND 4), -- posted, pending, voided, expired
    at          int64 NOT NULL,                          -- microseconds, UTC
    ended_at    int64 NOT NULL,                          -- microseconds, UTC: a pending one's end; or 0
    chain_id    blob NOT NULL CHECK (length(chain_id) = 16), -- id of the chain's first
    chain_place int64 NOT NULL CHECK (chain_place >= 0),
    chain_n     int64 NOT NULL CHECK (chain_n > chain_place),
    PRIMARY KEY (book_id, id),
    UNIQUE (book_id, pending_id),                        -- a pending one ends once
    CHECK ((pending_id IS NOT NULL) = (kind IN (3, 4))),
    CHECK (kind = 2 OR state = CASE WHEN kind = 4 THEN 3 ELSE 1 END)
) strict;
CREATE INDEX ledger_transfer_debit ON ledger_transfer (book_id, debit_id, row_id);
CREATE INDEX ledger_transfer_credit ON ledger_transfer (book_id, credit_id, row_id);
CREATE INDEX ledger_transfer_due ON ledger_transfer (book_id, timeout_at) WHERE state = 2 AND timeout_at > 0;
