/* crypto/keyd_wire.h - requests and answers as bytes; docs/protocols/keyd.md, section 2.
 *   request  u8 1, u8 op, u32 id, body          answer  u8 1, u8 op, u32 id, i32 code, body if 0 */
#pragma once
#include "crypto/keyd.h"

enum keyd_op {
    OP_BLIND_KEY = 1,
    OP_FIELD_SEAL = 2,
    OP_FIELD_OPEN = 3,
    OP_NAME_TAG = 4,
    OP_LOOKUP = 5,
    OP_SIGN = 6,
    OP_PUBLIC_KEYS = 7,
    OP_STATUS = 8,
};
enum { WIRE_VERSION = 1, REQUEST_HEAD = 6, ANSWER_HEAD = 10, FRAME_HEAD = 4, BLIND_BYTES = 32 };

/* Over a stream: a frame has a 4-byte big-endian length in front. `p` holds 4 + KEYD_FRAME_MAX. */
RESULT frame_put(int fd, const uint8_t *p, size_t n);
