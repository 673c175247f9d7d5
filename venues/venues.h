/* venues/venues.h - timed places in parks, museums and stadiums (场馆、景区), the gates before
 * them, and who was let in.
 *
 * A slot is one opening of one venue with a quota of places to book and some held back for people
 * without a booking; a booking takes some of them for one resident; an admission uses a booking, or
 * a held-back place, once. Everything of one venue has the venue as its root (its id is the
 * catalogue's place id). No clock is read here: the ask carries the instant.
 *
 * Gates and terminals (闸机、核验终端) have key pairs of their own: enrolled by a one-time
 * activation number, signed in by a signed assertion, their offline journals uploaded as signed
 * batches. What a code or card says is judged by identity/ before; here the person is known. Places
 * know holders by ids here inside only; what goes out to a venue is identity's pseudonym. */
#pragma once
#include "base/base.h"
#include "crypto/crypto.h"
#include "journal/journal.h"

struct catalogue;
struct once;
struct store;

/* In the order they are tried. On the wire, so never renumbered. */
enum venues_refusal {
    VENUES_SLOT_UNKNOWN = 7001, /* no slot has that id */
    VENUES_SLOT_CLOSED = 7002,  /* `at` lies outside [opens_at, closes_at), or it was called off */
    VENUES_QUOTA_EXHAUSTED = 7003, /* fewer places are left than asked for */
    VENUES_PAUSED = 7004,          /* three no-shows: booking is paused until a day (told) */
    VENUES_BOOKED_ALREADY = 7005,  /* the person has a booking of this slot */
    VENUES_BOOKING_UNKNOWN = 7006, /* no booking has that id, or it is another person's */
    VENUES_BOOKING_OVER = 7007,    /* cancelled, used, or marked as no-show */
    VENUES_CANCEL_LATE = 7008,     /* the slot has begun */
    VENUES_SLOT_WRONG = 7009,      /* times out of order, or a quota below what is taken */

    VENUES_NO_SLOT_NOW = 7020,      /* the place is not open at `at` */
    VENUES_ADMITTED_ALREADY = 7021, /* first_at and first_terminal_id tell when and where */
    VENUES_BOOKING_EARLY = 7022,    /* booked, but for later today: booked_for tells when */
    VENUES_BOOKING_MISSED = 7023,   /* booked, but the slot is over: booked_for tells when */
    VENUES_NO_FREE_PLACE = 7024,    /* no booking, and no held-back place is left */

    VENUES_TERMINAL_UNKNOWN = 7040,
    VENUES_TERMINAL_REVOKED = 7041,
    VENUES_ACTIVATION_OVER = 7043, /* used before, or its time is over */
    VENUES_ACTIVATION_WRONG = 7044,
    VENUES_KEY_PROOF = 7045,      /* the key's own signature over the ask is wrong */
    VENUES_NOT_ENROLLED = 7046,   /* the terminal has no key yet */
    VENUES_ASSERTION_BAD = 7047,  /* signature wrong, or for another audience */
    VENUES_ASSERTION_TIME = 7048, /* terminal clock is off by more than a minute; clock_off_sec */
    VENUES_ASSERTION_USED = 7049, /* this nonce was shown before */
    VENUES_TOKEN_UNKNOWN = 7050,  /* no such token, over, or its terminal was revoked */
    VENUES_UPLOAD_SIGNATURE = 7051,
    VENUES_UPLOAD_DIFFERENT = 7052, /* this batch number was uploaded with other content */
    VENUES_UPLOAD_GAP = 7053,       /* a batch before this one is missing */
    VENUES_LINE_TIME = 7054,    /* of one line: its time lies ahead of ours, or before there were
                                   codes */
    VENUES_LINE_VERDICT = 7055, /* of one line: its verdict is no refusal that there is */
    VENUES_LIST_UNKNOWN = 7056, /* a heartbeat names a list that was not made here, or not yet */
    VENUES_NAME_NUMBER = 7057,  /* a terminal's name is a citizen's number: it stands in clear */
};

/* ---- slots --------------------------------------------------------------------------------------
 */

enum {
    PLACES_MAX = 5,   /* people one booking admits: the holder and four companions */
    NO_SHOWS_MAX = 3, /* within NO_SHOW_DAYS; then booking is paused */
    NO_SHOW_DAYS = 90,
    NO_SHOW_PAUSE_DAYS = 21, /* domain.md 4.4: "pause of some weeks" */
    SLOT_PLACES_MAX = 1000000,
};

enum slot_state { SLOT_OPEN = 1, SLOT_CALLED_OFF = 2 };
struct slot {
    int64_t id, venue_id;
    enum slot_state state;
    int64_t quota, taken;               /* bookable places; 0 <= taken <= quota */
    int64_t held, held_taken;           /* kept for people without a booking */
    int64_t admitted;                   /* people let in, companions counted */
    struct instant opens_at, closes_at; /* for booking: at in [opens_at, closes_at) */
    struct instant starts_at, ends_at;  /* for entry: at in [starts_at, ends_at) */
};
struct slot_ask {
    int64_t venue_id, quota, held;
    struct instant opens_at, closes_at, starts_at, ends_at;
};
RESULT venues_slot_add(struct store *store, const struct once *once, const struct slot_ask *ask,
                       int64_t *slot_id);
/* Make the slots of `days` days from `from` by the catalogue's rule for the place; slots that are
 * there stay as they are. *made counts new ones. OK and 0 for places without a rule. */
RESULT venues_slots_make(struct store *store, const struct catalogue *cat, int64_t venue_id,
                         struct day from, int days, int64_t *made);
/* Change quota and held-back places; refuses SLOT_UNKNOWN, SLOT_WRONG. */
RESULT venues_slot_change(struct store *store, int64_t venue_id, int64_t slot_id, int64_t quota,
                          int64_t held);
/* Weather or closing: no more bookings or entries; bookings are cancelled and their holders told,
 * at most `max` a call; *left says how many remain (call again until 0). */
RESULT venues_slot_call_off(struct store *store, int64_t venue_id, int64_t slot_id,
                            struct str place, struct instant at, int max, int64_t *left);
RESULT venues_slot_get(struct store *store, int64_t venue_id, int64_t slot_id, struct slot *out);
struct slot_page {
    struct slot *slots; /* by starts_at, then id */
    size_t n;
    bool more;
};
/* Slots with starts_at in [from, to), after the slot `after` (0: from the first). */
RESULT venues_slots(struct store *store, int64_t venue_id, struct instant from, struct instant to,
                    int64_t after, size_t limit, struct arena *arena, struct slot_page *out);

/* ---- bookings -----------------------------------------------------------------------------------
 */

struct booking_ask {
    int64_t venue_id, slot_id, person_id, places; /* places in 1..PLACES_MAX */
    struct instant at;
    struct str place;           /* the venue's name for the holder's notice; empty: none is sent */
    int32_t region_code;        /* of the venue, for the line of the journal; 0: not known */
    struct str item;            /* the catalogue's item of booking it, for the line; may be empty */
    enum provenance provenance; /* 0: real */
};
/* Would this be granted? Pure: no clock, no store. */
RESULT booking_decide(const struct slot *slot, const struct booking_ask *ask);

/* Take places; a repeat under the same `once` gives the first booking back. The holder gets a
 * notice and finds the act in the journal. booking_id  written only on OK refuses
 * VENUES_SLOT_UNKNOWN.._BOOKED_ALREADY, STORE_ONCE_*   faults  FAULT_STORE* source
 * docs/decisions/0021-venue-quota.md */
RESULT venues_book(struct store *store, const struct once *once, const struct booking_ask *ask,
                   int64_t *booking_id);

enum booking_state {
    BOOKING_MADE = 1,
    BOOKING_CANCELLED = 2,
    BOOKING_ADMITTED = 3,
    BOOKING_NO_SHOW = 4,
};
struct booking {
    int64_t id, venue_id, slot_id, person_id, places;
    enum booking_state state;
    struct instant made_at, ended_at;  /* ended_at: cancelled, admitted or marked; 0 before */
    struct instant starts_at, ends_at; /* of its slot */
};
RESULT venues_booking_get(struct store *store, int64_t venue_id, int64_t booking_id,
                          struct booking *out);
struct booking_page {
    struct booking *bookings; /* newest first */
    size_t n;
    bool more;
};
/* A person's bookings at all places, before the booking `before` (0: the newest). */
RESULT venues_bookings(struct store *store, int64_t person_id, int64_t before, size_t limit,
                       struct arena *arena, struct booking_page *out);
/* Give the places back; OK when it was cancelled before by the same person. Of `ask` the slot and
 * the places are not read. */
RESULT venues_cancel(struct store *store, int64_t booking_id, const struct booking_ask *ask);
/* Mark bookings of a slot that has ended as no-shows, at most `max` a call; the person's standing
 * is told by message (topic "venues.no_show", handled by venues_no_show). May be run again. */
RESULT venues_no_shows(struct store *store, int64_t venue_id, int64_t slot_id, struct instant at,
                       int max, int64_t *left);
struct message;
RESULT venues_no_show(void *store, const struct message *message); /* outbox_handler */
#define VENUES_TOPIC_NO_SHOW "venues.no_show"
struct standing {
    int64_t no_shows;            /* within NO_SHOW_DAYS before `at` */
    struct instant paused_until; /* 0: not paused */
};
RESULT venues_standing(struct store *store, int64_t person_id, struct instant at,
                       struct standing *out);

/* ---- gates and terminals ------------------------------------------------------------------------
 */

enum terminal_kind { TERMINAL_GATE = 1, TERMINAL_COUNTER = 2, TERMINAL_HANDHELD = 3 };
enum terminal_state { TERMINAL_WAITING = 1, TERMINAL_ACTIVE = 2, TERMINAL_REVOKED = 3 };
enum {
    TERMINAL_ACTIVATION_CHARS = 16, /* digits and letters of Crockford's 32: 80 bits, which nobody
                                       guesses in two days; so wrong ones are not counted, and no
                                       stranger's tries can keep a gate out */
    TERMINAL_TOKEN_CHARS = 64,
    TERMINAL_NAME_MAX = 32,
};
#define TERMINAL_ACTIVATION_LIFE_USEC (48 * USEC_PER_HOUR)
#define TERMINAL_TOKEN_USEC (10 * USEC_PER_MIN)
#define ASSERTION_OFF_USEC USEC_PER_MIN

struct terminal {
    int64_t id, venue_id, point_id; /* point: the catalogue's point of use; 0 none */
    enum terminal_kind kind;
    enum terminal_state state;
    char name[TERMINAL_NAME_MAX + 1];
    enum suite suite;
    uint8_t public_key[POINT_SHORT];
    int64_t list_incarnation, list_position; /* of the stop list it obeys; 0 none yet */
    struct instant list_made_at, seen_at;
    int64_t clock_off_usec; /* its clock minus ours, at the last heartbeat */
    int64_t queue;          /* admissions waiting for upload */
};
/* Who sets a terminal up, for the line that each such act leaves in the journal. */
struct terminal_by {
    int64_t staff_id;    /* 0: the system itself; of an enrolment, which is the terminal's act, 0 */
    int32_t region_code; /* of the venue; 0 unknown */
    bool simulated;      /* a demonstration's */
};
struct terminal_ask {
    int64_t venue_id, point_id;
    enum terminal_kind kind;
    struct str name; /* 1..TERMINAL_NAME_MAX bytes; refuses VENUES_NAME_NUMBER */
    struct terminal_by by;
    struct instant at;
};
/* Make a terminal and its activation number, which is told once and kept hashed: a repeat under the
 * same `once` gives another number, as venues_terminal_renew does. */
RESULT venues_terminal_add(struct store *store, const struct once *once,
                           const struct terminal_ask *ask, const struct entropy *entropy,
                           int64_t *terminal_id, char activation[TERMINAL_ACTIVATION_CHARS + 1]);
/* A new number for a terminal that waits or gets a new key. */
RESULT venues_terminal_renew(struct store *store, int64_t venue_id, int64_t terminal_id,
                             const struct entropy *entropy, const struct terminal_by *by,
                             struct instant at, char activation[TERMINAL_ACTIVATION_CHARS + 1]);
/* From then on its token, key, heartbeats and uploads are refused. */
RESULT venues_terminal_revoke(struct store *store, int64_t venue_id, int64_t terminal_id,
                              const struct terminal_by *by, struct instant at);
RESULT venues_terminal_get(struct store *store, int64_t terminal_id, struct terminal *out);
struct terminal_page {
    struct terminal *terminals; /* by id */
    size_t n;
    bool more;
};
/* After the terminal `after`; venue_id 0: of all venues. */
RESULT venues_terminals(struct store *store, int64_t venue_id, int64_t after, size_t limit,
                        struct arena *arena, struct terminal_page *out);

/* The activation number for a key: `signature` is the new key's over
 * "YKT enrol 1\n" + terminal id text + "\n" + activation (upper case), which proves that the
 * terminal holds it. The terminal id text is the public id ("trm_…"). A wrong number changes
 * nothing, however often. The same key again with the right number is OK. Tokens
 * that the terminal had end: whoever had its old key has them too. */
struct enrol_ask {
    int64_t terminal_id;
    struct str terminal_text, activation;
    enum suite suite;
    uint8_t public_key[POINT_SHORT], signature[SIGNATURE_BYTES];
    struct terminal_by by;
    struct instant at;
};
RESULT venues_terminal_enrol(struct store *store, const struct enrol_ask *ask);

/* A signed assertion for a bearer token of ten minutes: `signature` over "YKT sign-in 1\n" +
 * audience +
 * "\n" + terminal id text + "\n" + signed_at in RFC 3339 + "\n" + nonce (16..64 characters). The
 * nonce works once. The token is 64 hexadecimal digits, kept hashed. */
struct signin_ask {
    int64_t terminal_id;
    struct str terminal_text, audience, signed_at_text, nonce;
    struct instant signed_at, at;
    uint8_t signature[SIGNATURE_BYTES];
};
RESULT venues_terminal_signin(struct store *store, const struct signin_ask *ask,
                              const struct entropy *entropy, char token[TERMINAL_TOKEN_CHARS + 1],
                              int64_t *clock_off_sec);
/* Whose token is this? Refuses VENUES_TOKEN_UNKNOWN. */
RESULT venues_terminal_of_token(struct store *store, struct str token, struct instant at,
                                struct terminal *out);

/* What a terminal says of itself, each 30 s or after a new stop list: which list it obeys since
 * when. A step of its list position is kept for loss receipts. A terminal without a list says
 * position 0; any other position must be of the feed's incarnation and at most its sealed head,
 * else VENUES_LIST_UNKNOWN: nobody obeys a list that was not made. */
struct heartbeat {
    int64_t venue_id, terminal_id;
    int64_t list_incarnation, list_position;
    struct instant list_made_at;
    struct instant terminal_at, at;
    int64_t queue;
};
RESULT venues_heartbeat(struct store *store, const struct heartbeat *beat);

/* ---- admission ----------------------------------------------------------------------------------
 */

struct admit_ask {
    int64_t venue_id, terminal_id, person_id, card_id;
    int64_t staff_id;         /* who admits by hand at a counter; 0 a gate */
    uint8_t presentation[16]; /* identity's name of the code's showing; zeros when there is none */
    int64_t places;           /* people wanted in without a booking: 1..PLACES_MAX */
    enum journal_grade grade;
    enum provenance provenance;
    int32_t region_code;
    int64_t
        operator_id;  /* of the place, who looks into a contested line; 0: whoever has the region */
    struct str place; /* the venue's name for the holder's notice; empty: none is sent */
    struct str item;  /* catalogue code of entering this kind of place */
    struct instant at; /* of the act, by our clock; offline: the terminal's corrected time */
    struct instant terminal_at; /* the terminal's claim; 0 none */
};
struct admission {
    int64_t id, slot_id, booking_id; /* booking_id 0: a held-back place */
    int64_t places;                  /* people let in */
    int64_t inside;                  /* people let in during this slot so far */
    struct instant first_at;         /* with ADMITTED_ALREADY */
    int64_t first_terminal_id;
    struct instant booked_for; /* with BOOKING_EARLY, BOOKING_MISSED */
};
/* Pure. What of the person is booked at this place around `at` goes in; `booking` NULL: none. */
RESULT admission_decide(const struct slot *slot, const struct booking *booking,
                        const struct admit_ask *ask);
/* Let in once per booking: finds the slot of `at` and the person's booking, else a held-back place;
 * admission row, counts and journal line in one transaction, a notice to the holder. Refusals after
 * NO_SLOT_NOW keep a denial line (refuse_keep). The same presentation again gives the first
 * admission back as ADMITTED_ALREADY. */
RESULT venues_admit(struct store *store, const struct admit_ask *ask, struct admission *out);
/* Would it be let in at this moment? Refuses as venues_admit, and writes nothing. */
RESULT venues_would_admit(struct store *store, const struct admit_ask *ask);
struct occupancy {
    int64_t slot_id; /* 0: closed now */
    int64_t quota, taken, held, held_taken, admitted;
    struct instant starts_at, ends_at;
    int64_t admitted_today; /* since 00:00 UTC+8 */
};
RESULT venues_occupancy(struct store *store, int64_t venue_id, struct instant at,
                        struct occupancy *out);

/* ---- offline admissions, uploaded later (grade C) -----------------------------------------------
 */

enum { UPLOAD_LINES_MAX = 16 }; /* a body's budget of 200 rows, a dozen a line */
struct upload_line {
    struct admit_ask ask; /* grade C; venue, terminal and provenance are filled in here */
    int32_t verdict;      /* what the gate decided: 0 let in, else its refusal */
    int32_t judged;       /* what the centre's look at the code came to (identity_verify_later) */
    int32_t refused;      /* 0; or LINE_TIME, LINE_VERDICT: it can't be taken, now or ever */
};
struct upload_ask {
    int64_t venue_id, terminal_id;
    int64_t batch_no;  /* 1, 2, 3 … per terminal key */
    struct bytes body; /* what the terminal sent, byte for byte */
    uint8_t
        signature[SIGNATURE_BYTES];  /* its key over "YKT upload 1\n" + batch_no in decimal + "\n"
                                        + SM3 of the body in lower-case hexadecimal */
    const struct upload_line *lines; /* parsed and identified by the caller; <= UPLOAD_LINES_MAX */
    size_t n;
    struct instant at;
};
struct upload_made {
    int64_t accepted;  /* lines now in the journal */
    int64_t contested; /* let in by the gate, but refused by the rules here (a booking used before,
                          say): in the journal with our verdict, and a row of the
                          worklist */
    int64_t refused;   /* not taken; the gate keeps them and goes on */
    bool replayed;     /* the same batch was here before: the first answer again */
    int32_t ends[UPLOAD_LINES_MAX]; /* by line: 0, or what it was contested or refused with */
    size_t n;
    int64_t
        next_batch_no; /* with UPLOAD_DIFFERENT and UPLOAD_GAP: the number that would be taken */
};
/* Would it be taken: terminal, signature, order? Writes nothing; for callers who act on the lines
 * (identity_offline_take) before venues_upload looks again. */
RESULT venues_upload_check(struct store *store, const struct upload_ask *ask,
                           struct upload_made *out);
/* First the signature, then order, then all lines in one transaction. */
RESULT venues_upload(struct store *store, const struct upload_ask *ask, struct upload_made *out);

/* ---- when each gate obeyed ----------------------------------------------------------------------
 */

struct gate_obeyed {
    int64_t terminal_id, venue_id;
    char name[TERMINAL_NAME_MAX + 1];
    struct instant obeyed_at; /* 0: not yet */
};
struct loss_receipt {
    int64_t position; /* of the change in the sealed feed; 0: not sealed yet */
    struct instant sealed_at;
    struct gate_obeyed *gates; /* terminals that were active at the loss, by id */
    size_t n, obeyed;
    bool more; /* of limit */
};
/* The receipt of a card's loss that was reported at `reported_at`: every terminal with
 * the time its heartbeat first named a list at or past the change; what was said before the change
 * was sealed does not count. */
RESULT venues_loss_receipt(struct store *store, int64_t card_id, struct instant reported_at,
                           int64_t after_terminal, size_t limit, struct arena *arena,
                           struct loss_receipt *out);
