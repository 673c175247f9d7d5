/* crypto/file.h - small files that must be whole or old, never half. */
#pragma once
#include "base/base.h"

#include "crypto/secret.h"

/* The whole file into a secret; refuses `absent` when there is none, faults FAULT_IO. An empty file
 * is a fault. */
RESULT file_read(const char *path, int absent, struct secret *out);
bool file_exists(const char *path);
/* Write beside, sync, rename over, sync the folder: after OK the new content is there for good.
 * Mode 0600. */
RESULT file_replace(const char *path, struct bytes content);
RESULT folder_sync(const char *path);
/* The folder, made with mode 0700 when missing. */
RESULT folder_make(const char *path);
/* dir/name into out; FAULT_CONFIG when too long. */
enum { PATH_BYTES = 512 };
RESULT path_join(char out[PATH_BYTES], const char *dir, const char *name);
/* An exclusive lock on dir/lock, held until the descriptor is closed; KEYD_LOCKED. */
RESULT folder_lock(const char *dir, int *fd);
RESULT write_all(int fd, struct bytes bytes);
