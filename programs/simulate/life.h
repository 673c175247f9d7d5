/* programs/simulate/life.h - what the files of `ykt simulate life` share: the province as read from
 * demo.json, and what each resident's phone holds. */
#pragma once
#include "base/cli.h"
#include "card/wire/code.h"
#include "crypto/crypto.h"
#include "programs/simulate/gate_link.h"
#include "programs/simulate/gate_list.h"

#include <curl/curl.h>
#include <jansson.h>

enum {
    LIFE_PEOPLE_MAX = 32,
    LIFE_GATES_MAX = 32,
    LIFE_VENUES_MAX = 32,
    LIFE_ANSWER_MAX = 256 * 1024,
    LIFE_TOKEN_MAX = 80,
    LIFE_ID = ID_TEXT_MAX + 1,
};

struct person {
    char number[24], password[24];
    bool replaceable; /* named "replaced" in demo.json: another replacement breaks no promise */
    char token[LIFE_TOKEN_MAX];
    bool known; /* the members below are as the server has them */
    char card[LIFE_ID], loss[LIFE_ID];
    bool sealed;                                   /* a new card, not activated yet */
    char booking[LIFE_ID], booking_venue[LIFE_ID]; /* the last one made, empty: none */
    uint64_t entered;                              /* bit v: let in at venue v today */

    char device[LIFE_ID];
    uint8_t scalar[SCALAR_BYTES], bundle[CODE_BUNDLE_BYTES];
    struct instant bundle_until; /* 0: no bundle */
    uint32_t last_step;
};
struct gate_post {
    struct gate_key key;
    struct gate_link *link;
    struct instant beat_at; /* the next heartbeat */
    bool up;                /* signed in: its last heartbeat was taken */
    int venue;              /* of life.venues */
};
struct venue_post {
    char id[LIFE_ID];
    struct instant asked_at; /* when `open` was learnt */
    bool open;
};
struct life {
    struct clock clock;
    struct entropy entropy;
    struct prng acts,
        prng; /* one draw an act, and that act's own: what happened before moves none */
    struct cli *cli;
    CURL *curl;
    char base[200], clerk[LIFE_TOKEN_MAX];
    struct person people[LIFE_PEOPLE_MAX];
    struct gate_post gates[LIFE_GATES_MAX];
    struct venue_post venues[LIFE_VENUES_MAX];
    int people_n, gates_n, venues_n;
    struct gate_list list;  /* the venues' gates hang on one controller, which holds the list */
    struct instant pull_at; /* its next look for a newer one */
    struct signin_pace pace;
    struct day today;
    bool away; /* nobody answered last time */
    uint8_t room[LIFE_ANSWER_MAX];
    struct writer answer;
};

/* ---- life_http.c */

/* Residents whose card works, the clerk, gates with their key files. FAULT_CONFIG, FAULT_IO. */
RESULT life_read(struct life *life, const char *path);
/* The HTTP status, 0 when nobody answers; *out, when asked for, is the caller's to decref, or NULL.
 * body NULL: none. A POST carries an Idempotency-Key of its own. */
long life_call(struct life *life, const char *method, const char *path, const char *token,
               const char *body, json_t **out);
/* As a resident: signed in first, and once more when the server has forgotten the token. */
long life_call_as(struct life *life, struct person *person, const char *method, const char *path,
                  const char *body, json_t **out);
/* False, and out empty, when the member is no text or too long. */
bool life_text(const json_t *object, const char *name, char *out, size_t size);
bool life_instant(const json_t *object, const char *name, struct instant *out);
/* One line of standard output: what was done, the end of a public id (which says nothing of a
 * person), and the problem's code when it was refused. */
void life_tell(struct life *life, const char *what, const char *id, const char *more);

/* ---- life_phone.c */

/* A code as docs/protocols/code.md has it, from a key and a bundle that are got when they are
 * missing. False when that failed, or this half minute's code was used already. */
bool life_code(struct life *life, struct person *person, enum code_purpose purpose,
               char text[CODE_TEXT_MAX + 1]);
/* The card has moved on: the next code needs a new bundle. */
void life_bundle_drop(struct person *person);

/* ---- life_acts.c: one act of somebody, chosen by life->prng */

void life_act(struct life *life);
