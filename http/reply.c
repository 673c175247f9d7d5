/* http/reply.c - what a handler says, and how it becomes a response. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/inside.h"

void reply_begin(struct conn *c)
{
    c->rp = (struct reply){
        .body = writer_over(c->inline_reply, sizeof c->inline_reply),
        .arena = &c->scratch,
        .ids = c->server->config.ids,
        .file = -1,
        .secure = c->server->config.secure_cookies,
    };
}

/* What was written before is not sent, and the wipe at the end goes by what was. */
static void body_begin(struct reply *rp)
{
    memset(rp->body.p, 0, rp->body.n);
    rp->body.n = 0;
    rp->body.over = false;
}

void reply_json(struct reply *rp, int status)
{
    rp->status = status;
    rp->kind = REPLY_BODY;
    rp->is_json = true;
    body_begin(rp);
    rp->type = S("application/json");
    rp->json = json_out_over(&rp->body, rp->ids);
    json_out_object(&rp->json, NULL);
}

void reply_json_array(struct reply *rp, int status)
{
    reply_json(rp, status);
    rp->body.n = 0;
    rp->json = json_out_over(&rp->body, rp->ids);
    json_out_array(&rp->json, NULL);
}

struct writer *reply_text(struct reply *rp, int status, const char *type)
{
    rp->status = status;
    rp->kind = REPLY_BODY;
    rp->is_json = false;
    body_begin(rp);
    rp->type = str_of(type);
    return &rp->body;
}

void reply_empty(struct reply *rp, int status)
{
    (void)reply_text(rp, status, NULL);
}

void reply_header(struct reply *rp, const char *name, struct str value)
{
    struct header *header;

    assert(rp->headers_n < REPLY_HEADERS_MAX);
    for (size_t i = 0; i < value.n; i++)
        assert((uint8_t)value.p[i] >= 0x20);
    header = &rp->headers[rp->headers_n++];
    /* both end with a NUL, which libmicrohttpd wants; with a full arena the reply fails as a whole
     */
    header->name = str_of(arena_c(rp->arena, str_of(name)));
    header->value = str_of(arena_c(rp->arena, value));
}

void reply_redirect(struct reply *rp, struct str path)
{
    assert(path.n > 0 && path.p[0] == '/' && (path.n == 1 || path.p[1] != '/'));
    reply_empty(rp, 303);
    reply_header(rp, "Location", path);
}

void reply_etag(struct reply *rp, int64_t version)
{
    char text[32];
    struct writer w = writer_over(text, sizeof text);

    put_format(&w, "\"v%" PRId64 "\"", version);
    reply_header(rp, "ETag", writer_str(&w));
}

void reply_cookie(const struct request *rq, struct reply *rp, const char *name, struct str value,
                  int64_t max_age, unsigned flags)
{
    char text[1024];
    struct writer w = writer_over(text, sizeof text);

    (void)rq;
    put_str(&w, str_of(name));
    put_char(&w, '=');
    put_str(&w, value);
    put_str(&w, S("; Path=/"));
    if (max_age > 0) put_format(&w, "; Max-Age=%" PRId64, max_age);
    if (max_age < 0) put_str(&w, S("; Max-Age=0"));
    if (!(flags & COOKIE_SCRIPT)) put_str(&w, S("; HttpOnly"));
    put_str(&w, flags & COOKIE_LAX ? S("; SameSite=Lax") : S("; SameSite=Strict"));
    if (rp->secure) put_str(&w, S("; Secure"));
    assert(!w.over);
    reply_header(rp, "Set-Cookie", writer_str(&w));
}

/* Is that coding acceptable (listed, and not with a weight of zero)? */
static bool accepts(struct str accept, struct str coding)
{
    while (accept.n > 0) {
        struct str weight, one = str_trim(str_cut(accept, ',', &accept));
        struct str name = str_trim(str_cut(one, ';', &weight));

        weight = str_trim(weight);
        if (!str_eq(name, coding)) continue;
        return !str_eq(weight, S("q=0")) && !str_starts(weight, S("q=0.0")) ? true : false;
    }
    return false;
}

static bool etag_listed(struct str list, struct str etag)
{
    if (str_eq(list, S("*"))) return true;
    while (list.n > 0) {
        struct str one = str_trim(str_cut(list, ',', &list));

        if (str_starts(one, S("W/")))
            one = str_part(one, 2, one.n); /* weak comparison, RFC 9110 13.1.2 */
        if (str_eq(one, etag)) return true;
    }
    return false;
}

bool reply_unchanged(const struct request *rq, struct reply *rp, struct str etag)
{
    reply_header(rp, "ETag", etag);
    if (!etag_listed(request_header(rq, "if-none-match"), etag)) return false;
    reply_empty(rp, 304);
    return true;
}

void reply_asset(const struct request *rq, struct reply *rp, const struct asset *asset)
{
    struct str accept = request_header(rq, "accept-encoding");
    struct bytes body = asset->plain;

    reply_header(rp, "ETag", str_of(asset->etag));
    reply_header(rp, "Cache-Control",
                 asset->immutable ? S("public, max-age=31536000, immutable") : S("no-cache"));
    if (asset->gzip.n > 0 || asset->brotli.n > 0) reply_header(rp, "Vary", S("Accept-Encoding"));
    if (etag_listed(request_header(rq, "if-none-match"), str_of(asset->etag))) {
        reply_empty(rp, 304);
        return;
    }
    if (asset->brotli.n > 0 && accepts(accept, S("br"))) {
        body = asset->brotli;
        reply_header(rp, "Content-Encoding", S("br"));
    } else if (asset->gzip.n > 0 && accepts(accept, S("gzip"))) {
        body = asset->gzip;
        reply_header(rp, "Content-Encoding", S("gzip"));
    }
    rp->status = 200;
    rp->kind = REPLY_ASSET;
    rp->is_json = false;
    rp->type = str_of(asset->type);
    rp->asset_bytes = body;
}

struct err reply_file(struct reply *rp, const char *path, const char *type, struct str name)
{
    struct stat st;
    char text[512];
    struct writer w = writer_over(text, sizeof text);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0) return fault(FAULT_IO, "open a file to send");
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return fault(FAULT_IO, "a file to send is none");
    }
    put_str(&w, S("attachment; filename*=UTF-8''")); /* RFC 6266, RFC 8187 */
    for (size_t i = 0; i < name.n; i++) {
        uint8_t c = (uint8_t)name.p[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                     c == '.' || c == '-' || c == '_';

        if (plain) {
            put_u8(&w, c);
        } else {
            put_format(&w, "%%%02X", c);
        }
    }
    if (w.over) {
        close(fd);
        return fault(FAULT_IO, "a file's name is too long");
    }
    reply_header(rp, "Content-Disposition", writer_str(&w));
    rp->status = 200;
    rp->kind = REPLY_FILE;
    rp->is_json = false;
    rp->type = str_of(type);
    rp->file = fd;
    rp->bytes = st.st_size;
    return OK;
}

void reply_stream(struct reply *rp, const struct stream *stream)
{
    assert(stream->channel >= 0 && stream->channel < CHANNELS);
    rp->status = 200;
    rp->kind = REPLY_STREAM;
    rp->is_json = false;
    rp->type = S("text/event-stream");
    rp->stream = *stream;
}

static bool has_header(const struct reply *rp, const char *lower)
{
    for (size_t i = 0; i < rp->headers_n; i++) {
        if (header_is(rp->headers[i].name, lower)) return true;
    }
    return false;
}

static struct MHD_Response *body_response(struct conn *c)
{
    struct reply *rp = &c->rp;

    switch (rp->kind) {
    case REPLY_ASSET:
        return MHD_create_response_from_buffer_with_free_callback(rp->asset_bytes.n,
                                                                  (union {
                                                                      const void *in;
                                                                      void *out;
                                                                  }){ rp->asset_bytes.p }
                                                                      .out,
                                                                  NULL);
    case REPLY_FILE:
        return MHD_create_response_from_fd64((uint64_t)rp->bytes, rp->file);
    case REPLY_STREAM:
        return stream_response(c);
    case REPLY_BODY:
        break;
    }
    return MHD_create_response_from_buffer(rp->body.n, rp->body.p, MHD_RESPMEM_PERSISTENT);
}

struct MHD_Response *reply_response(struct conn *c)
{
    struct reply *rp = &c->rp;
    struct MHD_Response *response;
    bool ok = true;
    char id[REQUEST_ID_MAX + 1];

    if (rp->kind != REPLY_FILE && rp->file >= 0) {
        close(rp->file); /* a handler opened it and was refused afterwards */
        rp->file = -1;
    }
    response = body_response(c);
    if (!response) return NULL;
    memcpy(id, c->id, REQUEST_ID_MAX);
    id[REQUEST_ID_MAX] = '\0';
    ok &= MHD_add_response_header(response, "X-Request-Id", id) == MHD_YES;
    if (rp->type.n > 0) { /* types are C strings of the program's own */
        ok &= MHD_add_response_header(response, "Content-Type", rp->type.p) == MHD_YES;
    }
    for (size_t i = 0; i < rp->headers_n; i++) {
        ok &= MHD_add_response_header(response, rp->headers[i].name.p, rp->headers[i].value.p) ==
              MHD_YES;
    }
    if (c->slot && !has_header(rp, "cache-control")) { /* what took work is someone's own */
        ok &= MHD_add_response_header(response, "Cache-Control", "no-store") == MHD_YES;
    }
    if (c->slot)
        ok &= MHD_add_response_header(response, "X-Content-Type-Options", "nosniff") == MHD_YES;
    if (rp->close || rp->kind == REPLY_STREAM || atomic_load(&c->server->draining)) {
        ok &= MHD_add_response_header(response, "Connection", "close") == MHD_YES;
    }
    if (!ok) {
        MHD_destroy_response(response);
        return NULL;
    }
    return response;
}
