/* programs/client_rows.c - what a client's verb asks and prints: paths, bodies, rows of answers,
 * and lines that must not stand in the command line. */
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "programs/client.h"

enum { BODY_MAX = 64 * 1024, PAGE = 200 };
const char *const PURPOSES[] = { "counter_service",  "phone_service",
                                 "case_work",        "verification",
                                 "supervision",      "technical",
                                 "resident_request", NULL };

/* ---- what is asked ---- */

enum cli_exit client_path(struct cli *cli, struct str *out, const char *format, struct str id)
{
    const char *at = strstr(format, "%s");
    bool fine = id.n > 0 && id.n <= 64;

    assert(at);
    for (size_t i = 0; i < id.n && fine; i++) {
        char c = id.p[i];
        fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    }
    if (!fine)
        return cli_fail(cli, CLI_USAGE, "id_form", "\"%.*s\" 不是编号", "\"%.*s\" is no id",
                        (int)id.n, id.p);
    *out = arena_format(cli_arena(cli), "%.*s%.*s%s", (int)(at - format), format, (int)id.n, id.p,
                        at + 2);
    return CLI_OK;
}

void client_body(struct cli *cli, struct client_body *body)
{
    uint8_t *room = arena_take(cli_arena(cli), BODY_MAX, 1);

    body->w = writer_over(room, room ? BODY_MAX : 0);
    body->out = json_out_over(&body->w, NULL);
    json_out_object(&body->out, NULL);
}

struct str client_body_end(struct client_body *body)
{
    json_out_end_all(&body->out);
    assert(!body->w.over); /* members are lines of at most a few hundred bytes */
    return writer_str(&body->w);
}

/* ---- what came ---- */

const char *member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

static void put_scalar(struct writer *w, const json_t *value)
{
    if (json_is_string(value)) put_str(w, str_of(json_string_value(value)));
    if (json_is_integer(value)) put_int(w, json_integer_value(value));
    if (json_is_boolean(value)) put_str(w, json_is_true(value) ? S("true") : S("false"));
}

/* A word, or an object of words: {"role": "clerk", "region_code": 340000} is "clerk 340000". */
static void put_words(struct writer *w, json_t *value)
{
    const char *name;
    json_t *one;
    size_t before = w->n;

    put_scalar(w, value);
    json_object_foreach(value, name, one)
    {
        if (w->n > before) put_char(w, ' ');
        put_scalar(w, one);
    }
}

static struct str list_text(struct cli *cli, json_t *list)
{
    char room[4000];
    struct writer w = writer_over(room, sizeof room);
    json_t *one;
    size_t i;

    put_words(&w, list);
    json_array_foreach(list, i, one)
    {
        if (i > 0) put_str(&w, S(", "));
        put_words(&w, one);
    }
    return arena_str(cli_arena(cli), writer_str(&w));
}

/* One word a line, as cell_words wants them. */
static struct cell words_of(struct cli *cli, json_t *list)
{
    char room[1000];
    struct writer w = writer_over(room, sizeof room);
    json_t *one;
    size_t i;

    json_array_foreach(list, i, one)
    {
        if (i > 0) put_char(&w, '\n');
        put_scalar(&w, one);
    }
    return cell_words(arena_str(cli_arena(cli), writer_str(&w)));
}

static struct cell cell_of(struct cli *cli, json_t *value)
{
    struct instant at;

    if (!value || json_is_null(value)) return cell_none();
    if (json_is_integer(value)) return cell_int(json_integer_value(value));
    if (json_is_boolean(value)) return cell_bool(json_is_true(value));
    if (json_is_string(value)) {
        struct str text = str_of(json_string_value(value));
        if (text.n >= 20 && instant_parse(text, &at)) return cell_at(at);
        return cell_text(arena_str(cli_arena(cli), text));
    }
    return cell_text(list_text(cli, value));
}

void client_row(struct cli *cli, const json_t *object)
{
    const struct cli_column *columns;
    size_t n = cli_columns(cli, &columns);
    struct cell cells[CLI_COLUMNS_MAX];

    for (size_t i = 0; i < n; i++) {
        json_t *value = json_object_get(object, columns[i].name);
        cells[i] = columns[i].words ? words_of(cli, value) : cell_of(cli, value);
    }
    cli_row(cli, cells, n);
}

static struct str page_path(struct cli *cli, struct str path, int64_t left, const char *cursor)
{
    char mark = memchr(path.p, '?', path.n) ? '&' : '?';
    int64_t limit = left < PAGE ? left : PAGE;

    if (cursor[0])
        return arena_format(cli_arena(cli), "%.*s%climit=%" PRId64 "&cursor=%s", (int)path.n,
                            path.p, mark, limit, cursor);
    return arena_format(cli_arena(cli), "%.*s%climit=%" PRId64, (int)path.n, path.p, mark, limit);
}

void client_table(struct cli *cli, json_t *answer)
{
    json_t *row;
    size_t i;

    cli_table(cli);
    json_array_foreach(json_object_get(answer, "data"), i, row)
    {
        client_row(cli, row);
    }
    cli_table_end(cli);
    json_decref(answer);
}

static enum cli_exit list_with(struct client *client, struct cli *cli, struct str path,
                               const char *purpose, client_shape *shape)
{
    int64_t left = cli_int(cli, "limit");
    char cursor[400] = "";
    bool more = true;

    cli_table(cli);
    while (more && left > 0) {
        struct ask ask = { .method = "GET",
                           .path = page_path(cli, path, left, cursor),
                           .purpose = purpose };
        json_t *answer, *row;
        size_t i;
        enum cli_exit end = client_ask(client, &ask, &answer);
        if (end != CLI_OK) return end;
        json_array_foreach(json_object_get(answer, "data"), i, row)
        {
            if (shape) shape(row);
            client_row(cli, row);
            left--;
        }
        more = json_is_true(json_object_get(answer, "has_more")) &&
               str_c(str_of(member(answer, "next_cursor")), cursor, sizeof cursor);
        json_decref(answer);
    }
    cli_table_end(cli);
    if (more) cli_say(cli, "还有更多：加大 --limit", "there is more: raise --limit");
    return CLI_OK;
}

enum cli_exit client_list_with(struct cli *cli, struct str path, const char *purpose,
                               client_shape *shape)
{
    struct client *client;
    enum cli_exit end = client_open(cli, &client);

    if (end != CLI_OK) return end;
    end = list_with(client, cli, path, purpose, shape);
    client_close(client);
    return end;
}

enum cli_exit client_list(struct cli *cli, struct str path, const char *purpose)
{
    return client_list_with(cli, path, purpose, NULL);
}

enum cli_exit client_show(struct cli *cli, const struct ask *ask)
{
    json_t *answer;
    enum cli_exit end = client_call(cli, ask, &answer);

    if (end != CLI_OK) return end;
    cli_record(cli);
    client_row(cli, answer);
    cli_table_end(cli);
    json_decref(answer);
    return CLI_OK;
}

/* ---- what must not stand in the command line ---- */

static void echo(bool on)
{
    struct termios t;

    if (tcgetattr(STDIN_FILENO, &t) != 0) return;
    t.c_lflag = on ? t.c_lflag | ECHO : t.c_lflag & ~(tcflag_t)ECHO;
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &t);
}

/* Byte by byte, so that the next line stays for the next question. */
static size_t line_read(int fd, char *line, size_t size)
{
    size_t n = 0;

    while (n < size && read(fd, line + n, 1) == 1 && line[n] != '\n')
        n++;
    return n;
}

enum cli_exit client_line(struct cli *cli, struct str file, bool secret, const char *zh,
                          const char *en, struct str *out)
{
    bool here = str_eq(file, S("-")), asked = here && isatty(STDIN_FILENO) == 1;
    const char *path = arena_c(cli_arena(cli), file);
    int fd = here ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    char line[512];
    size_t n;

    if (fd < 0) return cli_fail(cli, CLI_USAGE, "file", "%s 读不到", "%s can't be read", path);
    if (asked) fprintf(stderr, "%s: ", cli_zh(cli) ? zh : en);
    if (asked && secret) echo(false);
    n = line_read(fd, line, sizeof line);
    if (asked && secret) {
        echo(true);
        fputc('\n', stderr);
    }
    if (!here) close(fd);
    *out = arena_str(cli_arena(cli), str_trim((struct str){ line, n }));
    secret_wipe(line, sizeof line);
    if (out->n > 0) return CLI_OK;
    return cli_fail(cli, CLI_USAGE, "missing", "缺少%s", "missing: %s", cli_zh(cli) ? zh : en);
}

enum cli_exit client_confirm(struct cli *cli, const char *zh, const char *en)
{
    if (cli_has(cli, "yes")) return CLI_OK;
    return cli_fail(cli, CLI_NOT_ALLOWED, "confirm", "%s；确认请加 --yes", "%s; say --yes to go on",
                    cli_zh(cli) ? zh : en);
}
