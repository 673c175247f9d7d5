/* programs/sandbox.h - what a process of the server gives up before it reads its first byte
 * (docs/decisions/0033-processes.md). */
#pragma once
#include "base/base.h"

struct sandbox {
    const char *name;         /* for the line at start */
    const char *const *read;  /* folders and files it may read, NULL-terminated */
    const char *const *write; /* folders it may write in */
    bool inet;                /* may make TCP sockets */
    bool no_unix;             /* may make no UNIX socket: it has those that it was handed */
};

/* No new privileges, no core dump, not traceable; then landlock where the kernel has it and a
 * system-call filter. Both are left out under AddressSanitizer. `said` gets one line for the log
 * that tells what is on. faults  FAULT_IO when a step that the kernel offers fails: the process
 * must not go on. */
RESULT sandbox_enter(const struct sandbox *sandbox, char said[200]);
