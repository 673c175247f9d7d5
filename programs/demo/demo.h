/* programs/demo/demo.h - what `ykt demo make` builds: a province one thousandth the size of Anhui,
 * from the real regions, catalogue and venues, and people who do not exist. Everything comes from
 * the seed, and every act goes through the same calls as real ones, with provenance "simulator". */
#pragma once
#include <stdio.h>

#include "base/base.h"
#include "catalogue/catalogue.h"
#include "crypto/blind.h"
#include "crypto/keyd_server.h"
#include "crypto/keys.h"
#include "http/json.h"
#include "registry/card.h"
#include "registry/registry.h"
#include "registry/signin.h"
#include "registry/staff.h"
#include "store/store.h"

enum { DEMO_PATH_MAX = 400, DEMO_JSON_MAX = 512 * 1024, DEMO_NUMBER_MAX = 19, DEMO_NAME_MAX = 64 };

struct demo {
    const char *dir;
    struct clock clock;
    struct entropy entropy; /* the kernel's: keys, passwords, tokens */
    struct prng prng;       /* the seed's: who lives where */
    struct store *store;
    struct catalogue_shelf *shelf;
    const struct catalogue *cat;
    struct keyd_core *core;
    struct keyd *keyd;
    struct blind_key blind;
    struct id_codec ids;
    struct registry rg;
    int64_t clerk_id;   /* who did the acts at the counter; 0 until there are staff */
    struct arena arena; /* reset between steps */
    struct writer json;
    struct json_out out; /* demo.json as it grows */
    void (*tell)(void *arg, const char *zh, const char *en, int64_t n);
    void *tell_arg;
};

struct act demo_act(const struct demo *demo, enum channel channel, enum proof proof);

/* A made-up person. Numbers are valid by GB 11643 with phones of a range that no operator has
 * (100...). */
struct demo_person {
    char number[DEMO_NUMBER_MAX], name[DEMO_NAME_MAX], phone[12];
    int32_t region;
    struct date birth;
};
/* age 0..100; -1: by the province's shape. */
void demo_person_make(struct demo *demo, int age, struct demo_person *out);

/* The steps, in order; each writes its part of demo.json. */
RESULT demo_people(struct demo *demo, int64_t residents);  /* the many */
RESULT demo_residents(struct demo *demo);                  /* the named ones, in every state */
int64_t demo_residents_count(void);                        /* how many they are */
RESULT demo_staff(struct demo *demo);                      /* an account for each role */
RESULT demo_venues(struct demo *demo);                     /* slots, gates with keys */
void demo_password(struct demo *demo, char out[17]);       /* 16 characters from the kernel */
RESULT demo_file_write(const char *path, struct str text); /* mode 0600 */
