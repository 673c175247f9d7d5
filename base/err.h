/* base/err.h - how a call ends: done, refused, or failed. A bug is an assert.
 *
 * A refusal is a right answer that is no; its code is positive and belongs to the module's enum,
 * whose numbers are never reused. Ranges: base 1000, http 1100, crypto 1500, store 1800, catalogue
 * 2000, registry 3000, claims 3500, ledger 4000, journal 4500, notice 4600, jobs 4700, worklist
 * 4800, identity 6000, venues 7000, api 9000. A fault is the world failing; its code is one of enum
 * fault and a note (what, where) waits for the log. */
#pragma once
#include <stdbool.h>

struct err {
    int code;  /* 0 done, > 0 refused, < 0 failed */
    bool keep; /* only with a refusal: what the transaction wrote stays (wrong tries, used codes) */
};

#define RESULT __attribute__((warn_unused_result)) struct err
#define OK ((struct err){ .code = 0 })
#define REFUSE(why)                                                                                \
    return (struct err)                                                                            \
    {                                                                                              \
        .code = (why)                                                                              \
    }
#define REFUSE_KEEP(why)                                                                           \
    return (struct err)                                                                            \
    {                                                                                              \
        .code = (why), .keep = true                                                                \
    }
#define TRY(call)                                                                                  \
    do {                                                                                           \
        struct err try_ = (call);                                                                  \
        if (try_.code != 0) return try_;                                                           \
    } while (0)
#define REQUIRE(cond, why)                                                                         \
    do {                                                                                           \
        if (!(cond)) return (struct err){ .code = (why) };                                         \
    } while (0)
#define SCOPED(type) __attribute__((cleanup(type##_close))) struct type

enum fault {
    FAULT_STORE = -1,          /* the database refused in a way we have no better word for */
    FAULT_STORE_BUSY = -2,     /* conflicts outlasted every rerun; try again */
    FAULT_STORE_FULL = -3,     /* no room on the medium */
    FAULT_STORE_IO = -4,       /* a read, write or sync failed */
    FAULT_STORE_CORRUPT = -5,  /* a row or file is damaged, or says what it must not say */
    FAULT_STORE_READONLY = -6, /* the medium or the server takes no writes */
    FAULT_STORE_LOST = -7,     /* the database server is gone; nothing of this call was done */
    FAULT_STORE_UNKNOWN = -8,  /* COMMIT or sync failed: done or not done, ask before repeating */
    FAULT_STORE_BUDGET = -9,   /* a body went past its rows or its time */
    FAULT_STORE_ROOT = -10,    /* a statement bound another root than the transaction's */
    FAULT_MEMORY = -20,        /* an arena or the machine has no room */
    FAULT_IO = -21,            /* a file, pipe or socket outside the store */
    FAULT_CONFIG = -22,        /* settings that can't be used */
    FAULT_CRYPTO = -23,        /* the crypto library refused what we promised was valid */
    FAULT_KEYD = -24,          /* the key process is gone, slow or answered nonsense */
    FAULT_PARTNER = -25,       /* an outside party is down or answered nonsense */
    FAULT_INTERRUPTED = -26,   /* a stop was asked for */
};

/* Make a fault and keep its note for the thread; notes of callers are added in front, separated by
 * ": ". The note never holds personal values: numbers and names print through base/text.h's masks.
 */
RESULT fault(enum fault code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Add what this level knew to the note of a fault passing through; returns `err` unchanged. */
struct err fault_add(struct err err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The thread's last note, never NULL; only the outermost caller logs it. */
const char *fault_note(void);

/* "FAULT_STORE_IO" and its kin, for the log. */
const char *fault_name(int code);
