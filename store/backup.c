/* store/backup.c - a consistent copy while running, and a new database from it. */
#include "store/sqlite.h"

RESULT sqlite_backup(struct store *store, const char *path)
{
    (void)store, (void)path;
    return fault(FAULT_STORE, "not yet");
}
#include "store/postgres.h"
RESULT pg_backup(struct store *store, const char *path)
{
    (void)store, (void)path;
    return fault(FAULT_STORE, "not yet");
}
