/* tests/fixture.h - a migrated store to work on, with a clock that tests set and seeded entropy.
 *
 *     for (int e = 0; e < fixture_engines(); e++) {
 *         struct fixture f;
 *         if (!fixture_open(&f, (enum engine)e)) break;
 *         ... f.store ...
 *         fixture_close(&f);
 *     }
 *
 * SQLite is always there, as a file below test_folder(). PostgreSQL joins when YKT_TEST_POSTGRES
 * holds the URL of a throwaway cluster (`tests/postgres run CMD...` makes one); each fixture gets a
 * database of its own on it. */
#pragma once
#include <stdatomic.h>

#include "store/store.h"
#include "tests/test.h"

struct fixture {
    struct store *store;
    enum engine engine;
    struct store_config config; /* what `store` was opened with; good for store_open again */
    char url[600];
    _Atomic int64_t now_usec; /* what config.clock tells */
    struct prng prng;         /* behind config.entropy; seeded by test_seed() */
};

/* How many engines there are to test: engines 0..n-1 of enum engine. */
int fixture_engines(void);
const char *fixture_engine_name(enum engine engine); /* "SQLite", "PostgreSQL": for titles */

/* A new empty database with the newest schema, opened with threads and everything (sealed with a
 * hash that is only good for tests; the sealer's own thread runs each second, store_seal seals at
 * once). The clock starts at 2021-08-20T08:00:00+08:00. False, counted as a failed check, when it
 * can't be made. */
bool fixture_open(struct fixture *f, enum engine engine);
/* The same, with further migrations behind the project's (tables of the test's own), and as inline
 * writer or not. */
bool fixture_open_with(struct fixture *f, enum engine engine, const struct migration *more, int n,
                       bool inline_writer);
/* Only the empty database and f->config, nothing migrated and nothing opened. */
bool fixture_make(struct fixture *f, enum engine engine);
/* PostgreSQL: statements of the test's own on its database. */
bool fixture_sql(const struct fixture *f, const char *sql);
/* Close the store (when open) and remove the database. */
void fixture_close(struct fixture *f);

struct instant fixture_now(const struct fixture *f);
void fixture_set(struct fixture *f, struct instant at);
void fixture_pass(struct fixture *f, int64_t usec); /* move the clock on */

/* Seal all that is committed. store_seal alone may leave entries behind on PostgreSQL, rightly:
 * they wait for the oldest transaction of the whole cluster, and other tests work there at the same
 * time. This waits for them (20 seconds, then false, counted as a failed check). */
bool fixture_seal(struct fixture *f);

/* The tests' sealer: a hash of 32 bytes that is no cipher, and a "signature" that repeats it. */
struct sealer fixture_sealer(void);
