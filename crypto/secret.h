/* crypto/secret.h - bytes that must not outlive their use: keys, components, passphrases.
 *
 * A secret lies in pages that are locked into memory (mlock), left out of core dumps
 * (MADV_DONTDUMP) and emptied in children (MADV_WIPEONFORK where the kernel has it). Closing wipes
 * it; SCOPED(secret) closes by scope. Never copy one into an arena, a struct or a log. Any thread
 * may open and close secrets; one secret has one owner. */
#pragma once
#include "base/base.h"

struct secret {
    uint8_t *p; /* NULL when closed */
    size_t n;
};

enum { SECRET_MAX = 65536 }; /* the longest: a key file's plain text */

/* `n` zero bytes, n in 1..SECRET_MAX. Faults FAULT_MEMORY. */
RESULT secret_open(struct secret *secret, size_t n);
/* A secret holding a copy of `from`; the caller wipes what it copied from (secret_wipe). */
RESULT secret_copy(struct secret *secret, struct bytes from);
/* Wipe and give back; a closed or zeroed struct is left alone, so closing twice is harmless. */
void secret_close(struct secret *secret);
struct bytes secret_bytes(const struct secret *secret);
/* Overwrite so that the compiler may not leave it out. */
void secret_wipe(void *p, size_t n);
/* False once mlock was refused (RLIMIT_MEMLOCK): secrets then might reach swap. keyd does not start
 * then, other programs say so once. */
bool secret_locked(void);
/* A passphrase or PIN out of a file: its content without the line end. Faults FAULT_IO. */
RESULT secret_file(const char *path, struct secret *out);
/* No core dump of this process and no ptrace by others of the same user (PR_SET_DUMPABLE 0,
 * RLIMIT_CORE 0); with `lock_all` also mlockall. For keyd's main. Faults FAULT_MEMORY. */
RESULT secret_process(bool lock_all);

/* Equal in constant time; different lengths are unequal at once. */
bool secret_eq(struct bytes a, struct bytes b);
