/* notice/notice.h - messages to holders: what happened to their card, what will, and one-time
 * codes.
 *
 * A notice is a kind with named parameters; its text is made when it is sent or read, in the
 * holder's language. It is put in the transaction of the act it tells about: both or neither. Its
 * row's root is the holder. From another root, notice_put sends a message (topic "notice") and the
 * row is made on arrival.
 *
 * Sending: outbox topic "sms"; the courier's loop calls outbox_deliver(store, NOTICE_TOPIC_SEND, n,
 * notice_send, &sender), which asks the carrier. A carrier that fails is tried again with growing
 * pauses; after NOTICE_TRY_USEC the notice is marked failed and the message is dead. Deliveries may
 * repeat (at least once): the carrier hands on the notice's public id.
 *
 * One-time codes and addresses not yet in the registry are `sealed` bytes, made by the caller with
 * keyd before the transaction (table "notice", column "sealed_code" or "sealed_address", row id
 * notice.id); they are removed when sent or when the code's time has ended, and
 * are never part of the history. Parameters never hold a full number, phone or name: masks only. */
#pragma once
#include "base/base.h"
#include "store/store.h"

enum notice_refusal {
    NOTICE_UNKNOWN = 4601,        /* no such notice of this person */
    NOTICE_MESSAGE_BAD = 4602,    /* a message that notice/ did not write */
    NOTICE_GAVE_UP = 4603,        /* the carrier failed for NOTICE_TRY_USEC */
    NOTICE_LATE = 4604,           /* its time had ended before it could be sent */
    NOTICE_NO_ADDRESS = 4605,     /* the carrier knows no address of the holder */
    NOTICE_PARAMETER_BAD = 4606,  /* a parameter the kind does not have, one missing, or too long */
    NOTICE_PREFERENCE_BAD = 4607, /* an hour outside 0..23, an unknown language or kind */
};

enum {
    NOTICE_PARAMETERS_MAX = 8,
    NOTICE_VALUE_MAX = 64,
    NOTICE_SEALED_MAX = 300,
    NOTICE_TEXT_MAX = 600,
    NOTICE_PAGE_MAX = 200
};
#define NOTICE_TRY_USEC (72 * USEC_PER_HOUR) /* ux.md 2.2 */

/* In rows, never renumbered. Parameters and texts: notice/kinds.c. */
enum notice_kind {
    NOTICE_ONE_TIME_CODE = 1,      /* purpose, minutes; the code itself is sealed */
    NOTICE_CARD_ISSUED = 2,        /* card */
    NOTICE_CARD_ACTIVATED = 3,     /* card, function */
    NOTICE_CARD_LOST = 4,          /* card, at, until, how */
    NOTICE_LOSS_ENDS_SOON = 5,     /* card, until */
    NOTICE_LOSS_LAPSED = 6,        /* card, at */
    NOTICE_LOSS_LIFTED = 7,        /* card, at */
    NOTICE_FORMAL_LOSS = 8,        /* card, at */
    NOTICE_CARD_REPLACED = 9,      /* card, new_card */
    NOTICE_CARD_CANCELLED = 10,    /* card, at, reason */
    NOTICE_ECARD_ON = 11,          /* card, at: switched on again in temporary loss, by consent */
    NOTICE_DEVICE_ENROLLED = 12,   /* device, at */
    NOTICE_DEVICE_REVOKED = 13,    /* device, at */
    NOTICE_BOOKING_MADE = 14,      /* place, slot, places */
    NOTICE_BOOKING_CANCELLED = 15, /* place, slot */
    NOTICE_ADMITTED = 16,          /* place, at */
    NOTICE_NO_SHOW = 17,           /* place, slot */
    NOTICE_CONTEST_RECEIVED = 18,  /* number, due */
    NOTICE_CONTEST_ANSWERED = 19,  /* number, outcome */
    NOTICE_SIGNED_IN = 20,         /* at, how */
    NOTICE_LOCKED_OUT = 21,        /* at, until */
    NOTICE_DATA_SEEN = 22,         /* at, who, purpose */
    NOTICE_CARD_LOCKED = 23,       /* card, at */
    NOTICE_CARD_UNLOCKED = 24,     /* card, at */
    NOTICE_ECARD_OFF = 25,         /* card, at: the consent of ECARD_ON taken back */
};
enum notice_language { NOTICE_ZH = 1, NOTICE_EN = 2 };

struct notice_parameter {
    const char *name;
    struct str value; /* shown as it is: masked by the caller (base/text.h) */
};
struct notice {
    enum notice_kind kind;
    int64_t person_id;
    int64_t id; /* 0: made here; set it when `sealed` was sealed for this row id */
    struct instant at;
    struct instant until; /* not sent after this; 0: NOTICE_TRY_USEC after at */
    const struct notice_parameter *parameters;
    size_t parameters_n;
    struct bytes sealed_code;    /* a one-time code, sealed; empty otherwise */
    struct bytes sealed_address; /* where to, when not the registry's contact; empty otherwise */
};
/* In the caller's transaction, of whatever root. Refuses PARAMETER_BAD. *notice_id may be NULL. */
RESULT notice_put(struct txn *tx, const struct notice *notice, int64_t *notice_id);

/* ---- what programs/ runs ----------------------------------------------------------------------
 */

#define NOTICE_TOPIC_PUT                                                                           \
    "notice" /* notice of another root: outbox_deliver(..., notice_take, store) */
#define NOTICE_TOPIC_SEND "sms"
RESULT notice_take(void *store, const struct message *message);

struct notice_delivery { /* what a carrier is given */
    int64_t notice_id, person_id;
    enum notice_kind kind;
    enum notice_language language;
    struct str text; /* complete but for the code: "{code}" stands where it goes */
    struct bytes sealed_code, sealed_address;
    struct instant at;
};
struct notice_carrier {
    /* OK: handed over. NOTICE_NO_ADDRESS: can't ever. A fault: try again later. Texts with a code
     * are completed by the carrier, which opens the seal with keyd and logs neither. */
    RESULT (*send)(void *arg, const struct notice_delivery *delivery);
    void *arg;
};
struct notice_sender {
    struct store *store;
    struct notice_carrier carrier;
};
/* An outbox_handler for NOTICE_TOPIC_SEND; arg is a struct notice_sender. */
RESULT notice_send(void *sender, const struct message *message);
/* Release notices held back for quiet hours whose time has come, and drop sealed parts whose time
 * has ended; at most max; call each minute. */
RESULT notice_sweep(struct store *store, struct instant now, int max, int *done);

/* ---- the holder's side ------------------------------------------------------------------------
 */

struct notice_preference {
    enum notice_language language;
    int quiet_from_hour, quiet_to_hour; /* UTC+8, 0..23; equal: no quiet hours */
    uint64_t muted; /* bit k: kind k is kept in the history and not sent; codes, losses and
                       look-ups can't be muted */
};
/* The default (zh, no quiet hours, admissions muted) when none is set. */
RESULT notice_preference_get(struct store *store, int64_t person_id, struct notice_preference *out);
RESULT notice_preference_set(struct store *store, int64_t person_id,
                             const struct notice_preference *preference, struct instant at);

enum notice_state {
    NOTICE_WAITING = 1, /* put, not sent */
    NOTICE_HELD = 2,    /* for quiet hours */
    NOTICE_SENT = 3,
    NOTICE_FAILED = 4, /* gave up, late or no address */
    NOTICE_KEPT = 5,   /* muted: history only */
};
struct notice_record {
    int64_t id;
    enum notice_kind kind;
    enum notice_state state;
    struct instant at, sent_at;
    bool seen;
    struct text_pair {
        struct str zh, en;
    } text; /* codes show as "******" */
};
struct notice_page {
    struct notice_record *records; /* newest first */
    int n;
    bool more;
};
RESULT notice_history(struct store *store, int64_t person_id, int64_t before, int limit,
                      struct arena *arena, struct notice_page *out);
RESULT notice_mark_seen(struct store *store, int64_t person_id, int64_t notice_id);
const char *notice_kind_name(enum notice_kind kind); /* "card_lost"; NULL when unknown */
