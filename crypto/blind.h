/* crypto/blind.h - the one key that leaves keyd: what the worker needs to find a row by a number
 * without holding the number, and to cipher public ids (docs/decisions/0002-ids.md and
 * 0006-key-process.md). Pure and thread-safe once the key is here. */
#pragma once
#include "base/base.h"

#include "crypto/secret.h"

struct blind_key { /* fill with keyd_blind_key, close when the worker ends */
    struct secret hash, ids;
    uint32_t version; /* of the key: rows say under which version they were hashed */
    uint64_t serial;  /* of this opening: threads keep prepared contexts by it */
};
void blind_key_close(struct blind_key *key);
/* From the 32 lent bytes; both parts are derived from them (HMAC-SM3 over a label). */
RESULT blind_key_open(struct bytes lent, uint32_t version, struct blind_key *out);

/* Keyed hash of a credential value: HMAC-SM3(key, kind as 2 bytes big-endian || value), so one
 * value under two kinds has two unrelated hashes. `value` is the normalised form; kind in 0..65535.
 */
enum { VALUE_HASH_BYTES = 32 };
void value_hash(const struct blind_key *key, int kind, struct bytes value,
                uint8_t out[VALUE_HASH_BYTES]);

/* The permutation of public ids for base/id.h; borrows `key`. A Feistel network of 8 rounds over
 * two halves of 32 bits, round function SM4 under a derived key. Hides order and birth time; it is
 * not an authority: an id alone opens nothing. */
struct id_codec blind_id_codec(const struct blind_key *key);
