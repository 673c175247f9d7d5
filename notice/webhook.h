/* notice/webhook.h - the signed form of what we send and receive by HTTP (ux.md 2.2): headers
 * webhook-id, webhook-timestamp (Unix seconds), webhook-signature ("v1," + base64 of HMAC-SHA-256
 * over id "." timestamp "." raw body; several, separated by spaces, while keys overlap). Pure. */
#pragma once
#include "base/base.h"

enum webhook_refusal {
    WEBHOOK_HEADER_BAD = 4621,    /* a header is missing or not of its form */
    WEBHOOK_TOO_OLD = 4622,       /* older than WEBHOOK_AGE_USEC, or from the future by as much */
    WEBHOOK_SIGNATURE_BAD = 4623, /* no signature is by a key we know */
};
enum { WEBHOOK_SIGNATURE_TEXT = 3 + 44, WEBHOOK_KEYS_MAX = 4, WEBHOOK_ID_MAX = 128 };
#define WEBHOOK_AGE_USEC (5 * USEC_PER_MIN)

struct webhook_keys { /* newest first; all of them sign, any of them verifies */
    struct bytes key[WEBHOOK_KEYS_MAX];
    size_t n;
};
/* Write the webhook-signature header's value. */
void webhook_sign(struct writer *w, const struct webhook_keys *keys, struct str id,
                  struct instant at, struct bytes body);
/* Judge a delivery; compares in constant time. */
RESULT webhook_verify(const struct webhook_keys *keys, struct str id, struct str timestamp,
                      struct str signature, struct bytes body, struct instant now);
