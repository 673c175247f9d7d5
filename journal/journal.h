/* journal/journal.h - uses of a card and acts of staff, sealed so that nobody can change or drop a
 * line unseen, and erasable so that the law can be kept.
 *
 * Every act leaves one line, written in the act's own transaction: both happen or neither. A line
 * is encoded into `content` (journal_content_write, a fixed layout), a random salt is drawn, and
 * leaf = SM3(salt || content) goes to FEED_JOURNAL. The feed's blocks are signed and hash-linked
 * (store/store.h), so the leaf can't change; erasing removes salt and content, keeps the leaf, and
 * the chain still proves. The feed's subject is the line's id: it tells nothing about a person.
 *
 * No personal value stands in a line: ids, codes, times. Names and numbers stay in registry/. */
#pragma once
#include "base/base.h"
#include "store/store.h"

enum journal_refusal {
    JOURNAL_LINE_UNKNOWN = 4501,      /* no line has that id, or it is not this person's */
    JOURNAL_LINE_ERASED = 4502,       /* its content was erased when its keeping time ended */
    JOURNAL_ALREADY_CONTESTED = 4503, /* the holder has contested this line before */
    JOURNAL_NOT_CONTESTABLE = 4504,   /* only uses and looks at the holder's own record are */
    JOURNAL_CONTENT_BAD = 4505,       /* content bytes that are not of journal_content_write */
    JOURNAL_MESSAGE_BAD = 4506,       /* a message that journal/ did not write */
    JOURNAL_DISAGREES = 4507, /* lines are not what was sealed, or blocks do not add up: a proof's
                                 findings, for those who run it as a job */
};

/* In rows and sealed contents, never renumbered. */
enum journal_kind {
    JOURNAL_USE = 1,       /* a credential was presented for an item */
    JOURNAL_CARD = 2,      /* the card, a device or a credential changed state */
    JOURNAL_LOOK = 3,      /* somebody looked at a person's record or opened a field */
    JOURNAL_STAFF_ACT = 4, /* any other act of staff: roles, parameters, erasing, imports */
};
enum journal_actor {
    ACTOR_HOLDER = 1,
    ACTOR_HELPER = 2, /* guardian or helper, under their own name: actor_id is their person id */
    ACTOR_STAFF = 3,
    ACTOR_TERMINAL = 4,
    ACTOR_JOB = 5,     /* the system itself, by schedule */
    ACTOR_PARTNER = 6, /* another agency's system */
};
enum journal_grade { GRADE_A = 1, GRADE_B = 2, GRADE_C = 3 }; /* design section 1 */
enum provenance { PROVENANCE_REAL = 1, PROVENANCE_TEST = 2, PROVENANCE_SIMULATOR = 3 };

enum {
    JOURNAL_ITEM_MAX = 32,    /* bytes of an item's code */
    JOURNAL_ACT_MAX = 32,     /* bytes of an act's name */
    JOURNAL_PURPOSE_MAX = 32, /* bytes of a purpose */
    JOURNAL_NOTE_MAX = 200,   /* bytes of a note */
    JOURNAL_CONTENT_MAX = 448,
    JOURNAL_PAGE_MAX = 200, /* lines a page, ux.md 2.1 */
};

struct journal_line {
    enum journal_kind kind;
    enum journal_actor actor;
    enum journal_grade grade;
    enum provenance provenance;
    int64_t person_id;      /* whose card or record; 0 for acts that concern nobody */
    int64_t card_id;        /* 0 when none */
    int64_t actor_id;       /* person, staff or terminal id; 0 for a job */
    int64_t place_id;       /* catalogue place; 0 when none */
    int64_t terminal_id;    /* point of use or terminal; 0 when none */
    int32_t region_code;    /* where, GB/T 2260; 0 when unknown */
    int32_t verdict;        /* 0 granted, else the refusal's stable number */
    struct str act;         /* lower_snake: "admitted", "card_lost", "fields_opened" */
    struct str item;        /* catalogue item's code; may be empty */
    struct str purpose;     /* X-Purpose, lower_snake; may be empty */
    char object_prefix[4];  /* "bkg", "" when none: with object_id names what was made or touched */
    int64_t object_id;      /* 0 when none */
    struct instant at;      /* when it happened, by the clock of the node */
    struct instant said_at; /* the terminal's claim; 0 when there was no terminal clock */
    struct str note;        /* codes and counts for people who look into it; never personal */
};

/* Append in the caller's transaction, under its root; faults when the transaction fails. Asserts
 * the limits above and that act is not empty. *line_id may be NULL. */
RESULT journal_append(struct txn *tx, const struct journal_line *line, int64_t *line_id);

/* ---- reading: who used my card, what did this clerk do, what happened at this gate ----------- */

struct journal_ask { /* one of person_id, actor_id (staff), place_id, any_staff is set; others
                        narrow */
    int64_t person_id, actor_id, place_id;
    bool any_staff;           /* what staff did, whoever they are */
    enum journal_actor actor; /* 0: any */
    enum journal_kind kind;   /* 0: any */
    int64_t card_id;          /* 0: any */
    struct str item;          /* empty: any */
    struct instant from, to;  /* at in [from, to); to 0: no end */
    bool refused_only;
    int64_t before; /* cursor: lines recorded before this line id; 0: from the newest */
    int limit;      /* 1..JOURNAL_PAGE_MAX */
};
struct journal_record {
    int64_t id;
    struct root root;
    struct instant recorded_at; /* when the line was written; later than line.at for uploads */
    struct journal_line line;   /* all zero but person_id when erased */
    bool erased, contested;
};
struct journal_page {
    struct journal_record *records; /* newest first */
    int n;
    bool more; /* next: before = records[n - 1].id */
};
/* Texts and records live in the arena; FAULT_MEMORY when it is full. */
RESULT journal_lines(struct store *store, const struct journal_ask *ask, struct arena *arena,
                     struct journal_page *out);
/* One line by its root and id; refuses LINE_UNKNOWN. */
RESULT journal_line_get(struct store *store, struct root root, int64_t line_id, struct arena *arena,
                        struct journal_record *out);
/* One line of the holder's own, whatever its root; refuses LINE_UNKNOWN for anybody else's. */
RESULT journal_person_line(struct store *store, int64_t person_id, int64_t line_id,
                           struct arena *arena, struct journal_record *out);

/* ---- contesting a line: 有异议 ----------------------------------------------------------------
 */

struct journal_contest {
    int64_t person_id, line_id;
    struct str reason; /* lower_snake: "not_me", "wrong_item", "wrong_time", "not_asked" */
    struct bytes
        sealed; /* the holder's own words, sealed by the caller; at most 600 bytes; empty */
    struct instant at;
};
enum { JOURNAL_SEALED_MAX = 600 };
/* Keep the contest under the person's root and send the message "journal.contest" to ROOT_NODE 1,
 * which programs/ turns into a row of worklist/. refuses LINE_UNKNOWN, LINE_ERASED,
 * NOT_CONTESTABLE, ALREADY_CONTESTED. A repeat under the same `once` gives the first id. */
RESULT journal_contest(struct store *store, const struct once *once,
                       const struct journal_contest *ask, int64_t *contest_id);
#define JOURNAL_TOPIC_CONTEST "journal.contest"
/* Marks a contested line that stands under another root; outbox_deliver(..., journal_mark, store).
 */
#define JOURNAL_TOPIC_MARK "journal.mark"
RESULT journal_mark(void *store, const struct message *message);
struct journal_contest_message {
    int64_t contest_id;
    struct journal_contest contest; /* borrows the message */
    int32_t region_code;            /* of the line: whose worklist */
};
RESULT journal_contest_parse(struct bytes payload, struct journal_contest_message *out);
/* The line that a contest of theirs is about; refuses LINE_UNKNOWN. */
RESULT journal_contested_line(struct store *store, int64_t person_id, int64_t contest_id,
                              struct arena *arena, struct journal_record *out);
/* What the worklist answered; may be repeated. outcome: lower_snake, "upheld", "refused" ... */
RESULT journal_contest_answer(struct store *store, int64_t person_id, int64_t contest_id,
                              struct str outcome, struct instant at);

/* ---- erasing with proof -----------------------------------------------------------------------
 */

struct journal_erasure {
    struct root root; /* of the line */
    int64_t line_id;
    int64_t actor_id; /* staff id, or 0 for the daily job */
    struct str why;   /* lower_snake: "keeping_time_ended", "person_asked", "court" */
    struct instant at;
};
/* Remove salt, content and every column drawn from it; what stays is the id, the leaf and a
 * tombstone {why, who, when}; a line of kind JOURNAL_STAFF_ACT, act "line_erased", naming the leaf
 * is appended under the same root, so that the erasing itself is sealed. Repeatable. */
RESULT journal_erase(struct store *store, const struct journal_erasure *ask);
/* Lines not erased that were recorded before `before`, oldest first, for the daily job: it keeps
 * (recorded_at, id) of the last one as its cursor, after = {0}, 0 at first, and judges by the
 * catalogue's keep.* parameters. */
RESULT journal_aged(struct store *store, struct instant before, struct instant after,
                    int64_t after_id, int limit, struct arena *arena, struct journal_page *out);
struct journal_tombstone {
    int64_t line_id, actor_id;
    uint8_t leaf[32];
    struct str why;
    struct instant at;
};
RESULT journal_tombstone_get(struct store *store, struct root root, int64_t line_id,
                             struct arena *arena, struct journal_tombstone *out);

/* ---- proving ----------------------------------------------------------------------------------
 */

/* The content's bytes; the layout is in docs/protocols/journal.md. The texts of a parsed line
 * borrow the bytes. */
void journal_content_write(struct writer *w, int64_t line_id, struct root root,
                           const struct journal_line *line);
RESULT journal_content_parse(struct bytes content, int64_t *line_id, struct root *root,
                             struct journal_line *out);
/* What the feed carries: version, leaf, recorded_at. */
enum { JOURNAL_SALT = 16, JOURNAL_FEED_BYTES = 1 + 32 + 8 };
void journal_leaf(const uint8_t salt[JOURNAL_SALT], struct bytes content, uint8_t leaf[32]);

struct journal_proof {
    int64_t checked;   /* sealed lines whose content was hashed again and agrees */
    int64_t erased;    /* sealed lines with a tombstone, leaf agrees */
    int64_t changed;   /* content, columns or leaf differ from what was sealed */
    int64_t missing;   /* sealed, but no row */
    int64_t unknown;   /* a row that was never sealed */
    int64_t waiting;   /* rows whose entries are not sealed yet, not judged */
    int64_t blocks;    /* feed blocks that add up */
    int64_t bad_block; /* first feed block that does not; 0 none */
    int64_t first_bad; /* id of the first changed, missing or unknown line; 0 none */
};
/* Recompute each leaf recorded at or after `since` from content, compare content with the row's
 * search columns, rows with the sealed feed in both ways, and the feed with its blocks. OK means it
 * ran: the findings are in *out. */
RESULT journal_verify(struct store *store, struct instant since, struct journal_proof *out);
/* The same in pieces, for work that must not take long at one time: begin with {.since}, call until
 * `done`; each call looks at about `entries` sealed lines, the first one at the chain of blocks.
 * Plain data, may be kept between calls; a call that faults may be repeated. */
struct journal_check {
    struct instant since;
    bool begun, done;
    int64_t position, matched, tries; /* how far; journal/'s own */
    struct journal_proof proof;
};
RESULT journal_verify_some(struct store *store, struct journal_check *check, int64_t entries);
bool journal_proof_whole(const struct journal_proof *proof); /* nothing was found */
