/* api/receipt.c - making and reading verification codes. */
#include "api/receipt.h"

#include "crypto/crypto.h"

enum {
    ID_CHARS = 13,
    CHECK_CHARS = 9, /* 45 bits: a guess a second for a year finds none */
    CODE_CHARS = 2 * ID_CHARS + CHECK_CHARS,
    GROUP = 5,
};

static const char DIGITS[] = "0123456789abcdefghjkmnpqrstvwxyz";

/* `ids`: the two enciphered ids, 26 characters. */
static void check_of(struct app *app, enum receipt_of of, struct str ids, char out[CHECK_CHARS])
{
    const uint8_t kind = (uint8_t)of;
    const struct bytes parts[] = { str_bytes(S("receipt")), bytes_of(&kind, 1), str_bytes(ids) };
    uint8_t mac[32];
    uint64_t bits = 0;

    hmac_sm3_parts(bytes_of(app->mac_key, sizeof app->mac_key), parts, LEN(parts), mac);
    for (int i = 0; i < 8; i++)
        bits = bits << 8 | mac[i];
    for (int i = 0; i < CHECK_CHARS; i++, bits >>= 5)
        out[i] = DIGITS[bits & 31];
}

static void put_id_bare(struct writer *w, struct app *app, int64_t id)
{
    char text[ID_TEXT_MAX];
    struct writer one = writer_over(text, sizeof text);

    put_id(&one, app->ids, "rcp", id);
    put_str(w, str_part(writer_str(&one), 4, ID_CHARS));
}

struct str receipt_code(struct app *app, struct arena *arena, const struct receipt *receipt)
{
    char plain[CODE_CHARS], shown[CODE_CHARS + CODE_CHARS / GROUP];
    struct writer w = writer_over(plain, sizeof plain), out = writer_over(shown, sizeof shown);

    put_id_bare(&w, app, receipt->root_id);
    put_id_bare(&w, app, receipt->record_id);
    check_of(app, receipt->of, writer_str(&w), plain + 2 * ID_CHARS);
    for (size_t i = 0; i < CODE_CHARS; i++) {
        char c = plain[i];
        if (i > 0 && i % GROUP == 0) put_char(&out, '-');
        put_char(&out, c >= 'a' ? (char)(c - 'a' + 'A') : c);
    }
    return arena_str(arena, writer_str(&out));
}

struct str receipt_address(struct arena *arena, struct str code)
{
    return arena_format(arena, "/proofs/%.*s", (int)code.n, code.p);
}

/* The 35 characters of what was typed, in lower case. */
static bool plain_of(struct str code, char out[CODE_CHARS])
{
    size_t n = 0;

    for (size_t i = 0; i < code.n; i++) {
        char c = code.p[i];
        if (c == '-' || c == ' ') continue;
        if (c >= 'A' && c <= 'Z') c = (char)(c - 'A' + 'a');
        if (c == 'o') c = '0';
        if (c == 'i' || c == 'l') c = '1';
        if (n == CODE_CHARS) return false;
        out[n++] = c;
    }
    return n == CODE_CHARS;
}

static bool id_of(struct app *app, const char *chars, int64_t *out)
{
    char text[ID_TEXT_MAX] = "rcp_";

    memcpy(text + 4, chars, ID_CHARS);
    return id_parse((struct str){ text, sizeof text }, app->ids, "rcp", out);
}

bool receipt_parse(struct app *app, struct str code, struct receipt *out)
{
    char plain[CODE_CHARS], check[CHECK_CHARS];
    const struct str ids = { plain, 2 * ID_CHARS };

    if (!plain_of(code, plain)) return false;
    for (int of = RECEIPT_OF_LOSS; of <= RECEIPT_OF_BOOKING; of++) {
        check_of(app, (enum receipt_of)of, ids, check);
        if (!secret_eq(bytes_of(check, sizeof check), bytes_of(plain + 2 * ID_CHARS, sizeof check)))
            continue;
        out->of = (enum receipt_of)of;
        return id_of(app, plain, &out->root_id) && id_of(app, plain + ID_CHARS, &out->record_id);
    }
    return false;
}
