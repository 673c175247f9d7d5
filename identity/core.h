/* identity/core.h - what an open identity holds, for the files of this folder. */
#pragma once
#include <pthread.h>
#include <stdatomic.h>

#include "crypto/keyd.h"
#include "identity/derived.h"
#include "identity/judge.h"
#include "identity/record.h"
#include "journal/journal.h"
#include "registry/card.h"
#include "registry/device.h"
#include "registry/staff.h"
#include "store/store.h"

enum { RECORDS = 1 << 16 }; /* a second and more of answers while the disk is busy */
struct record_cell {
    _Atomic uint64_t turn; /* whose turn: position to write, position + 1 to read */
    struct record record;
};
struct stop_list_handle {
    _Atomic int users;
    int64_t incarnation, from, position;
    struct instant made_at;
    size_t bytes;
    uint8_t *p;
};
/* Of the newest position: a full one and a delta of each length that list_from lets be asked for,
 * some 17; and those of the one before, while they are sent. */
enum { STOP_LISTS_KEPT = 40 };
struct list_place {
    struct stop_list_handle *list;       /* the last that was made; NULL */
    bool making;                         /* by somebody, without the lock: */
    int64_t incarnation, from, position; /* this one */
    uint64_t ends;                       /* of makings here; a waiter sees by it that one ended, */
    struct err end;                      /* and how */
};

struct identity {
    struct identity_config config;
    struct id_codec codec;
    struct bundle_cache *cache;
    pthread_mutex_t keys_lock; /* held for a copy or a refresh */
    struct published_keys keys;
    struct prepared_keys prepared;
    struct instant keys_at;
    /* grade B's records: many writers, one reader */
    struct record_cell *records;
    _Atomic uint64_t record_head; /* next to write */
    _Atomic uint64_t record_tail; /* next to read; moved on when the store has it */
    struct record_room *room;
    _Atomic int64_t waiting; /* records in the store that are not yet lines */
    _Atomic bool hurry;      /* somebody waits for the lines */
    pthread_t recorder;
    bool recording;
    _Atomic bool stop;
    pthread_mutex_t lists_lock;
    pthread_cond_t lists_made; /* some making ended */
    struct list_place lists[STOP_LISTS_KEPT];
};

/* The published keys, from memory; asked of keyd again each minute. */
RESULT keys_now(struct identity *identity, struct instant at, struct published_keys *out);
/* The key that signs now for a purpose and suite. */
RESULT signing_key(struct identity *identity, enum keyd_sign_purpose purpose, enum code_suite suite,
                   struct instant at, struct public_key *out);
static inline uint16_t kid_short(const uint8_t kid[KID_BYTES])
{
    return (uint16_t)(kid[0] << 8 | kid[1]);
}
/* Sign `domain || bytes`; retry is wanted when *kid is not the one expected. */
RESULT sign_over(struct identity *identity, enum keyd_sign_purpose purpose, enum code_suite suite,
                 struct str domain, struct bytes bytes, struct signature *out);

enum verdict_card verdict_card_of(int social);
/* May a card in this state pass, by its e-card or by itself? OK or IDENTITY_CARD_STOPPED. */
RESULT card_judge(int social, bool social_usable, bool ecard_usable, bool ecard,
                  struct verdict *verdict);
enum provenance provenance_of(bool test, bool simulator);
uint64_t alias_open(const uint8_t alias[CODE_ALIAS_BYTES]);
void alias_put(uint64_t sealed, uint8_t alias[CODE_ALIAS_BYTES]);

/* recorder.c */
RESULT recorder_start(struct identity *identity);
void recorder_stop(struct identity *identity);
/* short.c: grade A of a short code. */
RESULT short_verify(struct identity *identity, const struct verify_ask *ask, const char *typed,
                    struct verdict *verdict);
