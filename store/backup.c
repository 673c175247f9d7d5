/* store/backup.c - SQLite: a consistent copy while running, and a new database from one. */
#include "store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <unistd.h>

/* A file and its name last only when both are synced. */
static RESULT sync_path(const char *path, int flags)
{
    int fd = open(path, flags | O_RDONLY | O_CLOEXEC);
    int rc = fd < 0 ? -1 : fsync(fd);

    if (fd >= 0) close(fd);
    return rc == 0 ? OK : fault(FAULT_IO, "syncing %s: %s", path, strerror(errno));
}

static RESULT sync_folder_of(const char *path)
{
    char copy[URL_MAX + 16];

    snprintf(copy, sizeof copy, "%s", path);
    return sync_path(dirname(copy), O_DIRECTORY);
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* Copy the whole of one database into another in one step: a snapshot, which in WAL mode keeps
 * nobody from writing. */
static RESULT copy_base(sqlite3 *from, const char *to)
{
    sqlite3 *db = NULL;
    sqlite3_backup *backup;
    struct err err = OK;
    int rc;

    sqlite_file_make(to);
    rc = sqlite3_open_v2(to, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);

    if (rc == SQLITE_OK) {
        backup = sqlite3_backup_init(db, "main", from, "main");
        rc = backup ? sqlite3_backup_step(backup, -1) : sqlite3_errcode(db);
        if (backup) {
            int end = sqlite3_backup_finish(backup);
            if (rc == SQLITE_DONE) rc = end;
        }
        /* One file, without a log beside it, is what a backup is. */
        if (rc == SQLITE_OK) {
            rc = sqlite3_exec(db, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
        }
    }
    if (rc != SQLITE_OK) err = sqlite_fault(db, rc, "copying the database");
    sqlite3_close(db);
    return err;
}

static RESULT publish(const char *part, const char *path)
{
    TRY(sync_path(part, 0));
    if (rename(part, path) != 0) return fault(FAULT_IO, "naming %s: %s", path, strerror(errno));
    return sync_folder_of(path);
}

RESULT sqlite_backup(struct store *store, const char *path)
{
    struct sqlite *s = store->state;
    struct sqlite_conn conn;
    char part[URL_MAX + 16];
    struct err err;

    REQUIRE(!exists(path), STORE_EXISTS);
    snprintf(part, sizeof part, "%s.part", path);
    (void)unlink(part);
    if (s->one_connection) {
        pthread_mutex_lock(&s->gate);
        err = copy_base(s->writer.db, part);
        pthread_mutex_unlock(&s->gate);
    } else {
        /* A connection of its own: readers are few, and a large copy takes its time. */
        TRY(sqlite_open_conn(s, &conn, true));
        err = copy_base(conn.db, part);
        sqlite_close_conn(&conn);
    }
    if (err.code == 0) err = publish(part, path);
    if (err.code != 0) (void)unlink(part);
    return err;
}

/* ---- restoring */

/* Ours, whole, and without damage: sqlite3's own check of every page and index. */
static RESULT check_backup(sqlite3 *db)
{
    sqlite3_stmt *handle = NULL;
    bool whole, ours;
    int rc = sqlite3_prepare_v2(db, "PRAGMA integrity_check(1)", -1, &handle, NULL);

    whole = rc == SQLITE_OK && sqlite3_step(handle) == SQLITE_ROW &&
            strcmp((const char *)sqlite3_column_text(handle, 0), "ok") == 0;
    sqlite3_finalize(handle);
    ours = sqlite3_exec(db, "SELECT version FROM store_migration; SELECT value FROM store_meta",
                        NULL, NULL, NULL) == SQLITE_OK;
    REQUIRE(whole && ours, STORE_NOT_BACKUP);
    return OK;
}

static RESULT restore_into(const char *part, const char *path)
{
    sqlite3 *db = NULL;
    struct err err = OK;
    int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL);

    if (rc != SQLITE_OK) {
        err = sqlite_fault(db, rc, "opening the backup");
    } else {
        err = check_backup(db);
        if (err.code == 0) err = copy_base(db, part);
    }
    sqlite3_close(db);
    return err;
}

/* A restored database is another one than that which sealed the same positions after the backup
 * was made: its incarnation says so in every signed block. */
static RESULT raise_incarnation(const char *path, int64_t incarnation)
{
    sqlite3 *db = NULL;
    struct err err = OK;
    char sql[200];
    int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);

    snprintf(sql, sizeof sql,
             "PRAGMA synchronous=FULL; UPDATE store_meta SET value = MAX(value + 1, %" PRId64 ")"
             " WHERE name = 'incarnation'",
             incarnation);
    if (rc == SQLITE_OK) rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    if (rc != SQLITE_OK) err = sqlite_fault(db, rc, "raising the incarnation");
    sqlite3_close(db);
    return err;
}

/* SQLite would take the log of a database that is gone for the new one's, and spoil it. It is not
 * ours to throw away: acts may be in it that are nowhere else. */
static bool log_beside(const char *path)
{
    static const char *const ENDINGS[] = { "-wal", "-shm", "-journal" };

    for (size_t i = 0; i < LEN(ENDINGS); i++) {
        char name[URL_MAX + 16];

        snprintf(name, sizeof name, "%s%s", path, ENDINGS[i]);
        if (exists(name)) return true;
    }
    return false;
}

RESULT sqlite_restore(const struct store_config *config, const char *backup)
{
    struct str rest;
    enum engine engine;
    char path[URL_MAX], part[URL_MAX + 16];
    struct err err;

    (void)url_engine(config->url, &engine, &rest);
    if (!str_c(rest, path, sizeof path) || str_eq(rest, S(":memory:"))) {
        return fault(FAULT_CONFIG, "restore: needs the path of a file");
    }
    REQUIRE(!exists(path), STORE_EXISTS);
    REQUIRE(!log_beside(path), STORE_LOG_BESIDE);
    if (!exists(backup)) return fault(FAULT_IO, "restore: no file %s", backup);
    snprintf(part, sizeof part, "%s.part", path);
    (void)unlink(part);
    err = restore_into(part, backup);
    if (err.code == 0) err = raise_incarnation(part, incarnation_new(config));
    if (err.code == 0) err = publish(part, path);
    if (err.code != 0) (void)unlink(part);
    return err;
}
