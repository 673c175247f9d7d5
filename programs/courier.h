/* programs/courier.h - the process through which everything outgoing goes, and the link to it.
 * It knows the configured targets by name, holds no key of persons and sees no store; the worker
 * hands it a finished request (signed already) and gets the answer. One socket, many requests under
 * way at once.
 *
 * On the wire, both ways: 4-byte big-endian length, then
 *   ask     u32 number, u8 n + target name, u16 n + headers ("Name: value" lines joined by \n), u32
 * n + body answer  u32 number, u16 HTTP status (0: no answer was had), u16 n + why, u32 n + body
 * (cut at 64 KiB) */
#pragma once
#include "base/base.h"

enum {
    COURIER_BODY_MAX = 64 * 1024,
    COURIER_FRAME_MAX = COURIER_BODY_MAX + 8 * 1024,
    COURIER_TARGETS_MAX = 16,
    COURIER_THREADS = 8, /* requests under way at once; a slow partner holds one */
};

struct courier_target {
    struct str name;
    const char *url;
    int64_t timeout_usec;
};

/* The process: serve connections accepted on `listener` until a stop; returns when asked to. */
RESULT courier_serve(int listener, const struct courier_target *targets, size_t n);

struct courier_ask {
    struct str target;
    struct str headers;
    struct bytes body;
};
struct courier_answer {
    int status; /* HTTP status; 0 when none came: refused, timed out, unknown target */
    struct str why;
    struct bytes body;
};
struct courier;

/* The link: connects by the socket's path, again after the courier was restarted. */
RESULT courier_open(struct courier **out, const char *socket_path);
void courier_close(struct courier *courier);
/* Send and wait. The answer lives in the arena. Any thread may call.
 * faults  FAULT_PARTNER when the courier itself is gone or slow: done or not is unknown, ask the
 * partner. */
RESULT courier_send(struct courier *courier, const struct courier_ask *ask, struct arena *arena,
                    struct courier_answer *out);
