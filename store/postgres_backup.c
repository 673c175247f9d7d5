/* store/postgres_backup.c - PostgreSQL: pg_dump's custom format, and a new database from it. */
#include "store/postgres.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { ENVIRONMENT_MAX = 256, VARIABLE_MAX = 1200 };

/* What libpq's programs read instead of arguments, because arguments are seen by all. */
struct child {
    char variables[32][VARIABLE_MAX];
    char *environment[ENVIRONMENT_MAX + 33];
    int n, environment_n;
};

static RESULT child_environment(struct child *child, const char *url, const char *base)
{
    char *why = NULL;
    PQconninfoOption *options = PQconninfoParse(url, &why);

    PQfreemem(why);
    if (!options) return fault(FAULT_CONFIG, "the store's URL can't be read");
    *child = (struct child){ 0 };
    for (PQconninfoOption *o = options; o->keyword && child->n < (int)LEN(child->variables); o++) {
        const char *value = base && strcmp(o->keyword, "dbname") == 0 ? base : o->val;

        /* As pg_connect does, the URL's own options are left out: pg_dump reads for a purpose. */
        if (strcmp(o->keyword, "options") == 0) value = "-c ykt.reader=backup";
        if (!o->envvar || !value) continue;
        snprintf(child->variables[child->n++], VARIABLE_MAX, "%s=%s", o->envvar, value);
    }
    PQconninfoFree(options);
    for (char **e = environ; *e && child->environment_n < ENVIRONMENT_MAX; e++) {
        if (strncmp(*e, "PG", 2) != 0) child->environment[child->environment_n++] = *e;
    }
    for (int i = 0; i < child->n; i++) {
        child->environment[child->environment_n++] = child->variables[i];
    }
    return OK;
}

static RESULT run_program(struct child *child, char *const *args)
{
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status = 0, rc;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    rc = posix_spawnp(&pid, args[0], &actions, NULL, args, child->environment);
    posix_spawn_file_actions_destroy(&actions);
    if (rc != 0) return fault(FAULT_IO, "%s: %s", args[0], strerror(rc));
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        /* a signal's handler ran */
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return OK;
    return fault(FAULT_STORE, "%s ended with %d", args[0],
                 WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

RESULT pg_backup(struct store *store, const char *path)
{
    char part[URL_MAX + 16], file[URL_MAX + 32];
    char *args[] = { (char[]){ "pg_dump" },
                     (char[]){ "--format=custom" },
                     (char[]){ "--no-owner" },
                     (char[]){ "--no-password" },
                     (char[]){ "--enable-row-security" },
                     file,
                     NULL };
    struct child *child;
    struct err err;
    int fd;

    REQUIRE(access(path, F_OK) != 0, STORE_EXISTS);
    child = malloc(sizeof *child);
    if (!child) return fault(FAULT_MEMORY, "backup");
    snprintf(part, sizeof part, "%s.part", path);
    snprintf(file, sizeof file, "--file=%s", part);
    err = child_environment(child, store->url, NULL);
    if (err.code == 0) err = run_program(child, args);
    free(child);
    if (err.code == 0) {
        fd = open(part, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fsync(fd) != 0 || rename(part, path) != 0) {
            err = fault(FAULT_IO, "backup %s: %s", path, strerror(errno));
        }
        if (fd >= 0) close(fd);
    }
    if (err.code != 0) (void)unlink(part);
    return err;
}

/* ---- restoring */

static RESULT on_server(PGconn *db, const char *sql)
{
    PGresult *result = PQexec(db, sql);
    bool ok =
        PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK;
    struct err err = OK;

    if (!ok) {
        const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        err = fault(FAULT_STORE, "restore: PostgreSQL %s", state ? state : "is gone");
    }
    PQclear(result);
    return err;
}

static RESULT base_of(const char *url, char *out, size_t size)
{
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    bool found = false;

    for (PQconninfoOption *o = options; o && o->keyword; o++) {
        if (strcmp(o->keyword, "dbname") == 0 && o->val && strlen(o->val) < size) {
            snprintf(out, size, "%s", o->val);
            found = true;
        }
    }
    PQconninfoFree(options);
    return found ? OK : fault(FAULT_CONFIG, "restore: the URL names no database");
}

/* An empty database may be given to us by whoever runs the server; one with tables is never
 * written over. What a restore that was cut off left is either only the mark, and then it begins
 * again, or the whole of some backup under its old incarnation. */
static RESULT make_base(struct store *store)
{
    char base[128], sql[400];
    PGconn *db;
    PGresult *result;
    char *quoted;
    struct err err;

    TRY(base_of(store->url, base, sizeof base));
    if (pg_connect(store, NULL, &db).code == 0) {
        result = PQexec(db, "SELECT 1 FROM pg_tables WHERE schemaname NOT IN"
                            " ('pg_catalog', 'information_schema')"
                            " AND tablename <> 'store_restoring' LIMIT 1");
        err = PQntuples(result) > 0 ? (struct err){ .code = STORE_EXISTS } : OK;
        PQclear(result);
        if (err.code != 0) {
            result = PQexec(db, "SELECT 1 WHERE to_regclass('store_restoring') IS NOT NULL");
            if (PQntuples(result) == 1) err = (struct err){ .code = STORE_HALF_RESTORED };
            PQclear(result);
        }
        PQfinish(db);
        return err;
    }
    TRY(pg_connect(store, "postgres", &db));
    quoted = PQescapeIdentifier(db, base, strlen(base));
    snprintf(sql, sizeof sql, "CREATE DATABASE %s", quoted ? quoted : "?");
    PQfreemem(quoted);
    err = on_server(db, sql);
    PQfinish(db);
    return err;
}

/* A database with this mark is opened by nobody: cut off between pg_restore and RENEW, it would go
 * on under the incarnation of the one that was backed up. */
static const char MARK[] = "CREATE TABLE IF NOT EXISTS store_restoring ()";

/* Numbers of transactions begin anew on another server: entries that wait for their seal must lie
 * below all of its own, in the same order. */
#define RENEW                                                                                      \
    "BEGIN; SET LOCAL ykt.root = 'any';"                                                           \
    "UPDATE store_meta SET value = GREATEST(value + 1, %" PRId64 ") WHERE name = 'incarnation';"   \
    "UPDATE store_feed_pending SET born ="                                                         \
    " born - 1 - (SELECT MAX(born) FROM store_feed_pending);"                                      \
    "DROP TABLE store_restoring;"                                                                  \
    "COMMIT"

static RESULT on_new_base(struct store *store, const char *sql)
{
    PGconn *db;
    struct err err;

    TRY(pg_connect(store, NULL, &db));
    err = on_server(db, sql);
    PQfinish(db);
    return err;
}

RESULT pg_restore_new(const struct store_config *config, const char *backup)
{
    char base[128];
    char dbname[160], file[URL_MAX];
    char *args[] = { (char[]){ "pg_restore" },
                     (char[]){ "--exit-on-error" },
                     (char[]){ "--single-transaction" },
                     (char[]){ "--no-owner" },
                     (char[]){ "--no-password" },
                     dbname,
                     file,
                     NULL };
    char *list[] = { (char[]){ "pg_restore" }, (char[]){ "--list" }, (char[]){ "--file=/dev/null" },
                     file, NULL };
    struct child *child;
    struct store *store;
    char renew[400];
    struct err err;

    if (access(backup, R_OK) != 0) return fault(FAULT_IO, "restore: no file %s", backup);
    snprintf(file, sizeof file, "%s", backup);
    TRY(store_open_raw(config, &store));
    child = malloc(sizeof *child);
    err = child ? child_environment(child, store->url, NULL) : fault(FAULT_MEMORY, "restore");
    if (err.code == 0) err = run_program(child, list);
    if (err.code != 0 && child) err = (struct err){ .code = STORE_NOT_BACKUP };
    if (err.code == 0) err = make_base(store);
    if (err.code == 0) err = base_of(store->url, base, sizeof base);
    if (err.code == 0) err = on_new_base(store, MARK);
    if (err.code == 0) {
        snprintf(dbname, sizeof dbname, "--dbname=%s", base);
        err = run_program(child, args);
    }
    snprintf(renew, sizeof renew, RENEW, incarnation_new(config));
    if (err.code == 0) err = on_new_base(store, renew);
    free(child);
    store_close(store);
    return err;
}
