/* programs/sandbox.c - giving up what a process does not need. The filter refuses by EPERM what no
 * process of ours ever does (run a program, trace, mount, load code into the kernel, make system
 * calls through a ring that no filter sees), for those without `inet` every socket family but UNIX,
 * and for those with `no_unix` that one; landlock bounds the files. */
#include "programs/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#define LANDLOCK_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define LANDLOCK_CHANGE                                                                            \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |                              \
     LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR |   \
     LANDLOCK_ACCESS_FS_MAKE_SOCK)
#define LANDLOCK_FILE_RIGHTS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE)

static RESULT landlock_allow(int rules, const char *path, uint64_t access)
{
    struct landlock_path_beneath_attr beneath = { .allowed_access = access };
    struct stat st;
    long failed;

    beneath.parent_fd = open(path, O_RDONLY | O_CLOEXEC);
    if (beneath.parent_fd < 0) return errno == ENOENT ? OK : fault(FAULT_IO, "sandbox: %s", path);
    if (fstat(beneath.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode)) {
        beneath.allowed_access &= LANDLOCK_FILE_RIGHTS;
    }
    failed = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
    close(beneath.parent_fd);
    if (failed) return fault(FAULT_IO, "sandbox: landlock rule for %s: errno %d", path, errno);
    return OK;
}

static RESULT landlock_rules(const struct sandbox *sandbox, int rules)
{
    for (const char *const *path = sandbox->read; path && *path; path++) {
        TRY(landlock_allow(rules, *path, LANDLOCK_READ));
    }
    for (const char *const *path = sandbox->write; path && *path; path++) {
        TRY(landlock_allow(rules, *path, LANDLOCK_READ | LANDLOCK_CHANGE));
    }
    if (syscall(SYS_landlock_restrict_self, rules, 0) != 0) {
        return fault(FAULT_IO, "sandbox: landlock: errno %d", errno);
    }
    return OK;
}

/* *on is false where the kernel has no landlock; that is told, not an error. */
static RESULT landlock_enter(const struct sandbox *sandbox, bool *on)
{
    struct landlock_ruleset_attr attr = {
        .handled_access_fs = LANDLOCK_READ | LANDLOCK_CHANGE | LANDLOCK_ACCESS_FS_EXECUTE,
    };
    int rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    struct err err;

    *on = false;
    if (rules < 0 && (errno == ENOSYS || errno == EOPNOTSUPP)) return OK;
    if (rules < 0) return fault(FAULT_IO, "sandbox: landlock ruleset: errno %d", errno);
    err = landlock_rules(sandbox, rules);
    close(rules);
    *on = err.code == 0;
    return err;
}

/* The kernel takes a family as 32 bits; so does this, whatever stands above them. EACCES is what
 * name look-up, which asks nscd first, goes past. */
static int filter_no_unix(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp is_unix = {
        .arg = 0, .op = SCMP_CMP_MASKED_EQ, .datum_a = UINT32_MAX, .datum_b = AF_UNIX
    };

    return seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socket), 1, &is_unix);
}

static int filter_add(scmp_filter_ctx filter, const struct sandbox *sandbox)
{
    static const int NEVER[] = {
        SCMP_SYS(execve),
        SCMP_SYS(execveat),
        SCMP_SYS(ptrace),
        SCMP_SYS(mount),
        SCMP_SYS(umount2),
        SCMP_SYS(pivot_root),
        SCMP_SYS(chroot),
        SCMP_SYS(init_module),
        SCMP_SYS(finit_module),
        SCMP_SYS(bpf),
        SCMP_SYS(perf_event_open),
        SCMP_SYS(userfaultfd),
        SCMP_SYS(unshare),
        SCMP_SYS(setns),
        SCMP_SYS(keyctl),
        SCMP_SYS(add_key),
        SCMP_SYS(request_key),
        SCMP_SYS(kexec_load),
        SCMP_SYS(reboot),
        SCMP_SYS(swapon),
        SCMP_SYS(process_vm_readv),
        SCMP_SYS(open_by_handle_at),
        SCMP_SYS(process_vm_writev),
        SCMP_SYS(pidfd_getfd),
        SCMP_SYS(io_uring_setup),
        SCMP_SYS(io_uring_enter),
        SCMP_SYS(io_uring_register),
    };

    for (size_t i = 0; i < LEN(NEVER); i++) {
        if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), NEVER[i], 0) < 0) return -1;
    }
    if (sandbox->no_unix && filter_no_unix(filter) < 0) return -1;
    if (sandbox->inet) return 0;
    return seccomp_rule_add_array(
        filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1,
        &(struct scmp_arg_cmp){ .arg = 0, .op = SCMP_CMP_NE, .datum_a = AF_UNIX });
}

static RESULT filter_enter(const struct sandbox *sandbox)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int failed;

    if (!filter) return fault(FAULT_MEMORY, "sandbox: filter");
    failed = filter_add(filter, sandbox);
    if (failed == 0) failed = seccomp_load(filter);
    seccomp_release(filter);
    if (failed < 0) return fault(FAULT_IO, "sandbox: system-call filter: %d", failed);
    return OK;
}

struct err sandbox_enter(const struct sandbox *sandbox, char said[200])
{
    const struct rlimit none = { 0 };
    bool landlock = false;

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
        setrlimit(RLIMIT_CORE, &none) != 0) {
        return fault(FAULT_IO, "sandbox: privileges: errno %d", errno);
    }
    if (!SANITIZED) {
        TRY(landlock_enter(sandbox, &landlock));
        TRY(filter_enter(sandbox));
    }
    snprintf(said, 200, "%s: no new privileges, no core dump, filter %s, landlock %s, network %s%s",
             sandbox->name, SANITIZED ? "off (sanitizers)" : "on",
             landlock ? "on" : (SANITIZED ? "off (sanitizers)" : "not in this kernel"),
             sandbox->inet ? "yes" : "no", sandbox->no_unix ? ", no new UNIX sockets" : "");
    return OK;
}
