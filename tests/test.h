/* tests/test.h - what a test says. One count per CHECK; a failed one prints its title, place and
 * values. Every test program ends with `return test_end();`, which prints "N passed, N failed". */
#pragma once
#include <stdbool.h>
#include <stdio.h>

#include "base/base.h"

#define CHECK(title, cond) test_check((title), (cond), #cond, __FILE__, __LINE__)
#define CHECK_INT(title, got, want) test_int((title), (got), (want), #got, __FILE__, __LINE__)
#define CHECK_STR(title, got, want) test_str((title), (got), (want), #got, __FILE__, __LINE__)
#define CHECK_OK(title, call) test_ok((title), (call), #call, __FILE__, __LINE__)
#define CHECK_CODE(title, call, want)                                                              \
    test_int((title), (call).code, (want), #call, __FILE__, __LINE__)
#define CHECK_HEX(title, got, want) test_hex((title), (got), (want), #got, __FILE__, __LINE__)

bool test_check(const char *title, bool ok, const char *what, const char *file, int line);
bool test_int(const char *title, int64_t got, int64_t want, const char *what, const char *file,
              int line);
bool test_str(const char *title, struct str got, struct str want, const char *what,
              const char *file, int line);
bool test_ok(const char *title, struct err err, const char *what, const char *file, int line);
/* want: upper or lower case hexadecimal digits */
bool test_hex(const char *title, struct bytes got, const char *want, const char *what,
              const char *file, int line);

/* A seed for property tests: YKT_TEST_SEED when set, else from the clock; printed when a check has
 * failed. */
uint64_t test_seed(void);
/* A new empty folder below $TMPDIR, removed by test_end when nothing failed. */
const char *test_folder(void);
int test_end(void);
