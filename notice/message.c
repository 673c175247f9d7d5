/* notice/message.c - bytes of notices between roots, and of parameters in a row. */
#include "notice/message.h"

enum { MESSAGE_VERSION = 1 };

void parameters_write(struct writer *w, const struct notice_parameter *parameters, size_t n)
{
    put_u8(w, (uint8_t)n);
    for (size_t i = 0; i < n; i++) {
        struct str name = str_of(parameters[i].name);
        put_u8(w, (uint8_t)name.n);
        put_str(w, name);
        put_u8(w, (uint8_t)parameters[i].value.n);
        put_str(w, parameters[i].value);
    }
}

static const char *name_of(const struct kind *kind, struct str name)
{
    for (size_t i = 0; i < NOTICE_PARAMETERS_MAX && kind->parameters[i]; i++) {
        if (str_eq(str_of(kind->parameters[i]), name)) return kind->parameters[i];
    }
    return NULL;
}

static RESULT take_parameters(struct cursor *c, const struct kind *kind,
                              struct notice_parameter out[NOTICE_PARAMETERS_MAX], size_t *n)
{
    size_t count = take_u8(c);

    REQUIRE(count <= NOTICE_PARAMETERS_MAX, NOTICE_MESSAGE_BAD);
    for (size_t i = 0; i < count; i++) {
        out[i].name = name_of(kind, bytes_str(take_bytes(c, take_u8(c))));
        out[i].value = bytes_str(take_bytes(c, take_u8(c)));
        REQUIRE(out[i].name && !c->over, NOTICE_MESSAGE_BAD);
    }
    *n = count;
    return OK;
}

RESULT parameters_parse(struct bytes bytes, const struct kind *kind,
                        struct notice_parameter out[NOTICE_PARAMETERS_MAX], size_t *n)
{
    struct cursor c = cursor_over(bytes);

    TRY(take_parameters(&c, kind, out, n));
    return cursor_end(&c, NOTICE_MESSAGE_BAD);
}

void notice_message_write(struct writer *w, const struct notice *notice)
{
    put_u8(w, MESSAGE_VERSION);
    put_be16(w, (uint16_t)notice->kind);
    put_be64(w, (uint64_t)notice->person_id);
    put_be64(w, (uint64_t)notice->id);
    put_be64(w, (uint64_t)notice->at.usec);
    put_be64(w, (uint64_t)notice->until.usec);
    parameters_write(w, notice->parameters, notice->parameters_n);
    put_be16(w, (uint16_t)notice->sealed_code.n);
    put_bytes(w, notice->sealed_code);
    put_be16(w, (uint16_t)notice->sealed_address.n);
    put_bytes(w, notice->sealed_address);
}

RESULT notice_message_parse(struct bytes payload, struct notice *out,
                            struct notice_parameter parameters[NOTICE_PARAMETERS_MAX])
{
    struct cursor c = cursor_over(payload);
    struct notice notice = { 0 };
    const struct kind *kind;

    REQUIRE(take_u8(&c) == MESSAGE_VERSION, NOTICE_MESSAGE_BAD);
    kind = kind_find((enum notice_kind)take_be16(&c));
    REQUIRE(kind, NOTICE_MESSAGE_BAD);
    notice.kind = kind->kind;
    notice.person_id = (int64_t)take_be64(&c);
    notice.id = (int64_t)take_be64(&c);
    notice.at.usec = (int64_t)take_be64(&c);
    notice.until.usec = (int64_t)take_be64(&c);
    TRY(take_parameters(&c, kind, parameters, &notice.parameters_n));
    notice.parameters = parameters;
    notice.sealed_code = take_bytes(&c, take_be16(&c));
    notice.sealed_address = take_bytes(&c, take_be16(&c));
    TRY(cursor_end(&c, NOTICE_MESSAGE_BAD));
    *out = notice;
    return OK;
}
