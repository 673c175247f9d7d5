/* registry/credential.h - claiming a value first, writing what it names second, settling third. */
#pragma once
#include "registry/registry.h"

/* A value claimed for a person or card, perhaps still to come. */
struct claimed {
    enum credential_kind kind;
    uint8_t hash[32];
    int64_t id; /* of the credential row */
    int64_t person_id, card_id, share;
    bool fresh;   /* claimed by this call */
    bool settled; /* its person or card stands */
};
/* Claim a value for person_id, card_id to come. Another claim that waits is handed over: its ids
 * come out, and whoever writes first wins. A settled one comes out as it is, with `settled`.
 * share_new: claim a further share beside those that are there (adjudication).
 * refuses REGISTRY_SHARED_MAX */
RESULT credential_claim(const struct registry *rg, enum credential_kind kind,
                        const uint8_t hash[32], int64_t person_id, int64_t card_id, bool share_new,
                        struct instant at, struct claimed *out);
/* What it names stands. */
RESULT credential_claim_settle(const struct registry *rg, const struct claimed *claim,
                               struct instant at);
/* What it names will not come; only a claim that does not stand is freed. */
RESULT credential_claim_free(const struct registry *rg, const struct claimed *claim,
                             struct instant at);
