/* crypto/keyd_client.c - the asking side: connections, frames, and one function per purpose. */
#include "crypto/keyd.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "crypto/keyd_server.h"
#include "crypto/keyd_wire.h"

enum { LINES_MAX = 16, ANSWER_SECONDS_MAX = 15, LINE_BYTES = FRAME_HEAD + KEYD_FRAME_MAX };

struct line { /* one connection, or one turn at the handler in process */
    int fd;   /* -1: none yet */
    bool busy;
    uint8_t *out, *in; /* LINE_BYTES each */
};
struct keyd {
    struct keyd_core *core; /* in process */
    char path[108];         /* a socket's; empty: inherited, or in process */
    pthread_mutex_t lock;
    pthread_cond_t freed;
    int lines_n;
    struct line lines[LINES_MAX];
    uint32_t next_id;
};
struct call {
    struct keyd *keyd;
    struct line *line;
    struct writer w; /* the request, length in front */
    size_t answered; /* bytes of the answer in line->in, to be wiped */
    uint8_t op;
    uint32_t id;
};

static RESULT keyd_new(int lines, struct keyd **out)
{
    struct keyd *keyd = calloc(1, sizeof *keyd);

    if (!keyd) return fault(FAULT_MEMORY, "keyd client");
    (void)pthread_mutex_init(&keyd->lock, NULL);
    (void)pthread_cond_init(&keyd->freed, NULL);
    keyd->lines_n = lines;
    for (int i = 0; i < LINES_MAX; i++) {
        keyd->lines[i].fd = -1;
    }
    *out = keyd;
    return OK;
}

void keyd_close(struct keyd *keyd)
{
    if (!keyd) return;
    for (int i = 0; i < LINES_MAX; i++) {
        if (keyd->lines[i].fd >= 0) close(keyd->lines[i].fd);
        free(keyd->lines[i].out);
        free(keyd->lines[i].in);
    }
    pthread_cond_destroy(&keyd->freed);
    pthread_mutex_destroy(&keyd->lock);
    free(keyd);
}

static RESULT line_connect(const struct keyd *keyd, struct line *line)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    struct timeval limit = { .tv_sec = ANSWER_SECONDS_MAX };
    int fd;

    if (line->fd >= 0) return OK;
    if (!keyd->path[0]) return fault(FAULT_KEYD, "the inherited connection is gone");
    memcpy(to.sun_path, keyd->path, sizeof to.sun_path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return fault(FAULT_KEYD, "socket: %s", strerror(errno));
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0) {
        int why = errno;
        close(fd);
        return fault(FAULT_KEYD, "%s: %s", keyd->path, strerror(why));
    }
    line->fd = fd;
    return OK;
}

RESULT keyd_open(const char *socket_path, struct keyd **out)
{
    struct keyd *keyd;

    TRY(keyd_new(LINES_MAX, &keyd));
    struct err err = OK;
    if (!str_c(str_of(socket_path), keyd->path, sizeof keyd->path))
        err = fault(FAULT_CONFIG, "%s: too long for a socket", socket_path);
    if (err.code == 0) err = line_connect(keyd, &keyd->lines[0]);
    if (err.code != 0) {
        keyd_close(keyd);
        return err;
    }
    *out = keyd;
    return OK;
}

RESULT keyd_attach(int fd, struct keyd **out)
{
    struct timeval limit = { .tv_sec = ANSWER_SECONDS_MAX };
    struct keyd *keyd;

    TRY(keyd_new(1, &keyd));
    keyd->lines[0].fd = fd;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    *out = keyd;
    return OK;
}

RESULT keyd_open_local(struct keyd_core *core, struct keyd **out)
{
    TRY(keyd_new(LINES_MAX, out));
    (*out)->core = core;
    return OK;
}

/* ---- one question ---- */

static struct line *line_free(struct keyd *keyd)
{
    for (int i = 0; i < keyd->lines_n; i++) {
        if (!keyd->lines[i].busy) return &keyd->lines[i];
    }
    return NULL;
}

static void call_close(struct call *call)
{
    struct line *line = call->line;

    if (!line) return;
    /* both carried what must not lie about */
    secret_wipe(line->out, call->w.n);
    secret_wipe(line->in, call->answered);
    pthread_mutex_lock(&call->keyd->lock);
    line->busy = false;
    pthread_cond_signal(&call->keyd->freed);
    pthread_mutex_unlock(&call->keyd->lock);
    call->line = NULL;
}

static RESULT call_open(struct keyd *keyd, enum keyd_op op, struct call *call)
{
    struct line *line;

    pthread_mutex_lock(&keyd->lock);
    for (line = line_free(keyd); !line; line = line_free(keyd)) {
        pthread_cond_wait(&keyd->freed, &keyd->lock);
    }
    line->busy = true;
    *call = (struct call){ .keyd = keyd, .line = line, .op = (uint8_t)op, .id = ++keyd->next_id };
    pthread_mutex_unlock(&keyd->lock);
    if (!line->out) line->out = calloc(1, LINE_BYTES);
    if (!line->in) line->in = calloc(1, LINE_BYTES);
    if (!line->out || !line->in) {
        call_close(call);
        return fault(FAULT_MEMORY, "keyd client");
    }
    call->w = writer_over(line->out, LINE_BYTES);
    put_be32(&call->w, 0); /* length, known at the end */
    put_u8(&call->w, WIRE_VERSION);
    put_u8(&call->w, call->op);
    put_be32(&call->w, call->id);
    return OK;
}

RESULT frame_put(int fd, const uint8_t *p, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return fault(FAULT_KEYD, "send: %s", strerror(errno));
        p += sent;
        n -= (size_t)sent;
    }
    return OK;
}

static RESULT read_exactly(int fd, uint8_t *p, size_t n)
{
    while (n > 0) {
        ssize_t got = recv(fd, p, n, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fault(FAULT_KEYD, "no answer: %s", strerror(errno));
        if (got == 0) return fault(FAULT_KEYD, "keyd hung up");
        p += got;
        n -= (size_t)got;
    }
    return OK;
}

static RESULT exchange_once(struct call *call)
{
    struct line *line = call->line;
    uint32_t n;

    TRY(line_connect(call->keyd, line));
    TRY(frame_put(line->fd, line->out, call->w.n));
    TRY(read_exactly(line->fd, line->in, FRAME_HEAD));
    struct cursor c = cursor_over(bytes_of(line->in, FRAME_HEAD));
    n = take_be32(&c);
    if (n < ANSWER_HEAD || n > KEYD_FRAME_MAX) return fault(FAULT_KEYD, "answer of %u bytes", n);
    TRY(read_exactly(line->fd, line->in, n));
    call->answered = n;
    return OK;
}

static RESULT exchange(struct call *call)
{
    struct line *line = call->line;
    bool was_open = line->fd >= 0;

    if (call->keyd->core) {
        struct writer w = writer_over(line->in, KEYD_FRAME_MAX);
        keyd_answer(call->keyd->core, bytes_of(line->out + FRAME_HEAD, call->w.n - FRAME_HEAD), &w);
        call->answered = w.n;
        return OK;
    }
    struct err err = exchange_once(call);
    if (err.code == 0) return OK;
    if (line->fd >= 0) close(line->fd);
    line->fd = -1;
    /* a connection that had been idle over a restart of keyd: once more on a new one */
    if (!was_open || !call->keyd->path[0]) return err;
    err = exchange_once(call);
    if (err.code != 0 && line->fd >= 0) {
        close(line->fd);
        line->fd = -1;
    }
    return err;
}

/* Ask; `*c` then reads the answer's body, until call_close. */
static RESULT call_ask(struct call *call, struct cursor *c)
{
    struct writer length = writer_over(call->line->out, FRAME_HEAD);
    uint32_t id;
    uint8_t version, op;
    int32_t code;

    REQUIRE(!call->w.over, KEYD_TOO_LONG);
    put_be32(&length, (uint32_t)(call->w.n - FRAME_HEAD));
    TRY(exchange(call));
    *c = cursor_over(bytes_of(call->line->in, call->answered));
    version = take_u8(c);
    op = take_u8(c);
    id = take_be32(c);
    code = (int32_t)take_be32(c);
    if (c->over || version != WIRE_VERSION || op != call->op || id != call->id)
        return fault(FAULT_KEYD, "an answer to another question");
    if (code < 0) return fault(FAULT_KEYD, "keyd has %s: see its log", fault_name(code));
    REQUIRE(code == 0, code);
    return OK;
}

static RESULT call_end(struct cursor *c)
{
    if (c->over || cursor_left(c) != 0) return fault(FAULT_KEYD, "an answer of another shape");
    return OK;
}

/* ---- the purposes ---- */

RESULT keyd_blind_key(struct keyd *keyd, struct blind_key *out)
{
    SCOPED(call) call = { 0 };
    struct cursor c;
    struct bytes lent;
    uint32_t version;

    TRY(call_open(keyd, OP_BLIND_KEY, &call));
    TRY(call_ask(&call, &c));
    version = take_be32(&c);
    lent = take_bytes(&c, BLIND_BYTES);
    TRY(call_end(&c));
    return blind_key_open(lent, version, out);
}

static void put_items(struct writer *w, const struct field_item *items, size_t n)
{
    put_be16(w, (uint16_t)n);
    for (size_t i = 0; i < n; i++) {
        put_u8(w, (uint8_t)items[i].table.n);
        put_str(w, items[i].table);
        put_u8(w, (uint8_t)items[i].column.n);
        put_str(w, items[i].column);
        put_be64(w, (uint64_t)items[i].row_id);
        put_be16(w, (uint16_t)items[i].in.n);
        put_bytes(w, items[i].in);
    }
}

/* What would not fit the frame's own numbers. */
static RESULT items_fit(const struct field_item *items, size_t n)
{
    REQUIRE(n >= 1 && n <= FIELD_ITEMS_MAX, KEYD_TOO_LONG);
    for (size_t i = 0; i < n; i++) {
        REQUIRE(items[i].table.n <= FIELD_NAME_MAX && items[i].column.n <= FIELD_NAME_MAX,
                KEYD_TOO_LONG);
        REQUIRE(items[i].in.n <= FIELD_SEALED_MAX, KEYD_TOO_LONG);
    }
    return OK;
}

static RESULT take_values(struct cursor *c, struct field_item *items, size_t n)
{
    struct cursor look;
    uint16_t answered = take_be16(c);

    if (answered != n) return fault(FAULT_KEYD, "an answer of another shape");
    look = *c; /* all or none: first see that everything is there and fits */
    for (size_t i = 0; i < n; i++) {
        struct bytes value = take_bytes(&look, take_be16(&look));
        REQUIRE(look.over || value.n <= items[i].size, KEYD_TOO_LONG);
    }
    TRY(call_end(&look));
    for (size_t i = 0; i < n; i++) {
        struct bytes value = take_bytes(c, take_be16(c));
        if (value.n > 0) memcpy(items[i].out, value.p, value.n);
        items[i].n = value.n;
    }
    return OK;
}

RESULT keyd_field_seal(struct keyd *keyd, struct field_item *items, size_t n)
{
    SCOPED(call) call = { 0 };
    struct cursor c;

    TRY(items_fit(items, n));
    TRY(call_open(keyd, OP_FIELD_SEAL, &call));
    put_items(&call.w, items, n);
    TRY(call_ask(&call, &c));
    return take_values(&c, items, n);
}

RESULT keyd_field_seal_one(struct keyd *keyd, struct str table, struct str column, int64_t row_id,
                           struct bytes plain, uint8_t *out, size_t *n)
{
    struct field_item item = { .table = table,
                               .column = column,
                               .row_id = row_id,
                               .in = plain,
                               .out = out,
                               .size = plain.n + FIELD_SEAL_MORE };

    TRY(keyd_field_seal(keyd, &item, 1));
    *n = item.n;
    return OK;
}

static void put_use(struct writer *w, const struct field_use *use)
{
    put_u8(w, (uint8_t)use->use);
    put_be64(w, (uint64_t)use->session_id);
    put_be64(w, (uint64_t)use->actor_id);
    put_be16(w, (uint16_t)use->ticket.n);
    put_bytes(w, use->ticket);
}

RESULT keyd_field_open(struct keyd *keyd, const struct field_use *use, struct field_item *items,
                       size_t n)
{
    SCOPED(call) call = { 0 };
    struct cursor c;

    TRY(items_fit(items, n));
    REQUIRE(use->ticket.n <= TICKET_BYTES, KEYD_TICKET_BAD);
    TRY(call_open(keyd, OP_FIELD_OPEN, &call));
    put_use(&call.w, use);
    put_items(&call.w, items, n);
    TRY(call_ask(&call, &c));
    return take_values(&c, items, n);
}

RESULT keyd_field_open_one(struct keyd *keyd, const struct field_use *use, struct str table,
                           struct str column, int64_t row_id, struct bytes sealed, uint8_t *out,
                           size_t size, size_t *n)
{
    struct field_item item = {
        .table = table, .column = column, .row_id = row_id, .in = sealed, .out = out, .size = size
    };

    TRY(keyd_field_open(keyd, use, &item, 1));
    *n = item.n;
    return OK;
}

RESULT keyd_name_tag(struct keyd *keyd, int64_t person_id, struct str normalised_name,
                     uint8_t out[NAME_TAG_BYTES])
{
    SCOPED(call) call = { 0 };
    struct cursor c;
    struct bytes tag;

    REQUIRE(normalised_name.n <= NAME_MAX_BYTES, KEYD_TOO_LONG);
    TRY(call_open(keyd, OP_NAME_TAG, &call));
    put_be64(&call.w, (uint64_t)person_id);
    put_be16(&call.w, (uint16_t)normalised_name.n);
    put_str(&call.w, normalised_name);
    TRY(call_ask(&call, &c));
    tag = take_bytes(&c, NAME_TAG_BYTES);
    TRY(call_end(&c));
    memcpy(out, tag.p, NAME_TAG_BYTES);
    return OK;
}

RESULT keyd_person_lookup(struct keyd *keyd, const struct field_use *use,
                          struct str normalised_name, struct lookup_candidate *candidates, size_t n)
{
    SCOPED(call) call = { 0 };
    struct cursor c;
    struct bytes same;

    REQUIRE(n >= 1 && n <= LOOKUP_MAX && normalised_name.n <= NAME_MAX_BYTES, KEYD_TOO_LONG);
    REQUIRE(use->ticket.n <= TICKET_BYTES, KEYD_TICKET_BAD);
    TRY(call_open(keyd, OP_LOOKUP, &call));
    put_use(&call.w, use);
    put_be16(&call.w, (uint16_t)normalised_name.n);
    put_str(&call.w, normalised_name);
    put_be16(&call.w, (uint16_t)n);
    for (size_t i = 0; i < n; i++) {
        put_be64(&call.w, (uint64_t)candidates[i].person_id);
        put_bytes(&call.w, bytes_of(candidates[i].tag, NAME_TAG_BYTES));
    }
    TRY(call_ask(&call, &c));
    if (take_be16(&c) != n) return fault(FAULT_KEYD, "an answer of another shape");
    same = take_bytes(&c, n);
    TRY(call_end(&c));
    for (size_t i = 0; i < n; i++) {
        candidates[i].same = same.p[i] == 1;
    }
    return OK;
}

static RESULT sign_in(struct keyd *keyd, enum keyd_sign_purpose purpose, int suite,
                      struct bytes what, struct signature *out)
{
    SCOPED(call) call = { 0 };
    struct cursor c;
    struct bytes kid, rs;
    uint8_t used, test;

    REQUIRE(what.n <= SIGN_WHAT_MAX, KEYD_TOO_LONG);
    TRY(call_open(keyd, OP_SIGN, &call));
    put_u8(&call.w, (uint8_t)purpose);
    put_u8(&call.w, (uint8_t)suite);
    put_be32(&call.w, (uint32_t)what.n);
    put_bytes(&call.w, what);
    TRY(call_ask(&call, &c));
    used = take_u8(&c);
    kid = take_bytes(&c, KID_BYTES);
    rs = take_bytes(&c, SIGNATURE_BYTES);
    test = take_u8(&c);
    TRY(call_end(&c));
    out->suite = (enum suite)used;
    out->test = test == 1;
    memcpy(out->kid, kid.p, KID_BYTES);
    memcpy(out->rs, rs.p, SIGNATURE_BYTES);
    return OK;
}

RESULT keyd_sign(struct keyd *keyd, enum keyd_sign_purpose purpose, struct bytes what,
                 struct signature *out)
{
    return sign_in(keyd, purpose, 0, what, out);
}

RESULT keyd_sign_suite(struct keyd *keyd, enum keyd_sign_purpose purpose, enum suite suite,
                       struct bytes what, struct signature *out)
{
    return sign_in(keyd, purpose, (int)suite, what, out);
}

static void take_public_key(struct cursor *c, struct public_key *out)
{
    struct bytes kid, key;

    out->purpose = (enum keyd_sign_purpose)take_u8(c);
    out->suite = (enum suite)take_u8(c);
    out->version = take_be16(c);
    out->state = (enum key_state)take_u8(c);
    out->test = take_u8(c) == 1;
    out->valid_from.usec = (int64_t)take_be64(c);
    out->valid_to.usec = (int64_t)take_be64(c);
    kid = take_bytes(c, KID_BYTES);
    key = take_bytes(c, POINT_SHORT);
    if (c->over) return;
    memcpy(out->kid, kid.p, KID_BYTES);
    memcpy(out->key, key.p, POINT_SHORT);
}

RESULT keyd_public_keys(struct keyd *keyd, struct public_key *out, size_t max, size_t *n)
{
    SCOPED(call) call = { 0 };
    struct cursor c;
    size_t there;

    TRY(call_open(keyd, OP_PUBLIC_KEYS, &call));
    TRY(call_ask(&call, &c));
    there = take_be16(&c);
    REQUIRE(there <= max, KEYD_TOO_LONG);
    for (size_t i = 0; i < there; i++) {
        take_public_key(&c, &out[i]);
    }
    TRY(call_end(&c));
    *n = there;
    return OK;
}

static void take_used(struct cursor *c, struct keyd_used *used, int n)
{
    if (take_u8(c) != n - 1) c->over = true;
    for (int i = 1; i < n; i++) {
        used[i].second_used = (int64_t)take_be64(c);
        used[i].second_max = (int64_t)take_be64(c);
        used[i].day_used = (int64_t)take_be64(c);
        used[i].day_max = (int64_t)take_be64(c);
    }
}

RESULT keyd_status(struct keyd *keyd, struct keyd_status *out)
{
    SCOPED(call) call = { 0 };
    struct cursor c;
    struct bytes head;
    struct keyd_status status = { 0 };

    TRY(call_open(keyd, OP_STATUS, &call));
    TRY(call_ask(&call, &c));
    status.test = take_u8(&c) == 1;
    status.now.usec = (int64_t)take_be64(&c);
    status.log_line = (int64_t)take_be64(&c);
    head = take_bytes(&c, HASH_BYTES);
    take_used(&c, status.budgets, KEYD_USES);
    take_used(&c, status.signing, KEYD_SIGN_PURPOSES);
    TRY(call_end(&c));
    memcpy(status.log_head, head.p, HASH_BYTES);
    *out = status;
    return OK;
}
