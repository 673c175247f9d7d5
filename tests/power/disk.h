/* tests/power/disk.h - a disk in memory that SQLite writes to as a VFS, and whose power can be cut.
 * It keeps, for each file, what was synced, and every write since. A cut keeps what was synced and,
 * sector by sector, a random part of the rest: a write may last whole, torn, or not at all, and a
 * later one may last where an earlier did not. (A killed process proves nothing of this: the
 * system's cache outlives it.) */
#pragma once
#include <stdbool.h>

#include "base/base.h"

enum { DISK_SECTOR = 512 };

/* Register the VFS "ykt_disk", once a process; there is one disk. Its power stays on until
 * disk_cut_after. */
void disk_open(void);
void disk_close(void);

/* Remember what is on the disk, as synced, and go back to it. */
void disk_keep(void);
void disk_back(void);

/* The n-th write, truncation or sync from now on (1 is the next) is the last: it and everything
 * after it fails, until disk_restart. 0 means never. */
void disk_cut_after(int64_t n);
bool disk_is_cut(void);
int64_t disk_operations(void); /* since disk_open */
/* What the disk looks like when the power comes back. */
void disk_restart(struct prng *prng);

/* The planted faults. Syncs that say OK and do nothing: */
void disk_lie(bool syncs_do_nothing);
/* Every call of the VFS that can fail is counted; the n-th from now on, and it alone, fails with an
 * SQLite code (1 is the next, 0 none); with `stay`, it and all later ones. */
void disk_fail(int64_t n, int code, bool stay);
bool disk_failed(void);          /* the planted failure was met */
void disk_fail_syncs(bool fail); /* every sync */
void disk_limit(int64_t bytes);  /* of all files; more is SQLITE_FULL; 0: none */
bool disk_damage(const char *suffix, int64_t at,
                 size_t n); /* overwrite bytes of the file so named */
