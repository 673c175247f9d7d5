/* programs/simulate/gate_link.h - a gate's side of docs/protocols/terminal.md: HTTP, its key, its
 * token. */
#pragma once
#include "base/base.h"
#include "crypto/crypto.h"
#include "identity/identity.h"

struct gate_link;
/* How often several at one address sign in: the server allows an address so many at once and one a
 * second after, and others at this address want to sign in as well. */
struct signin_pace {
    struct instant spent_until;
};
bool signin_pace_take(struct signin_pace *pace, struct instant now); /* false: not yet */

struct gate_key { /* as in the key file that enrolment left */
    char id[ID_TEXT_MAX + 1];
    enum suite suite;
    uint8_t scalar[SCALAR_BYTES];
    bool test;
};
/* {"id", "suite", "private_key", …}; faults FAULT_CONFIG, FAULT_IO. */
RESULT gate_key_read(const char *path, struct gate_key *out);

RESULT gate_link_open(const char *server, const char *audience, const struct gate_key *key,
                      const struct clock *clock, const struct entropy *entropy,
                      struct gate_link **out);
void gate_link_close(struct gate_link *link);
/* Sign in only when the pace allows it; calls that need it fault FAULT_PARTNER until then. */
void gate_link_pace(struct gate_link *link, struct signin_pace *pace);

struct answer { /* lives until the next call */
    long status;
    struct bytes body;
    char code[64], detail[200]; /* of a problem; empty else */
    int64_t next_batch_no;      /* of an upload out of order; 0 else */
};
/* Ask once, signing in before when the token is over. FAULT_PARTNER when nobody answers in time. */
RESULT gate_ask(struct gate_link *link, const char *method, const char *path, struct str body,
                const char *signature_hex, struct answer *out);
RESULT gate_keys(struct gate_link *link, struct published_keys *out);
void gate_sign(const struct gate_key *key, struct str message, char hex[2 * SIGNATURE_BYTES + 1]);
