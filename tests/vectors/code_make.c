/* tests/vectors/code_make.c - writes code.json: codes signed with keys from fixed seeds (signatures
 * are fresh each time, so a new file is as good as the old one). One vector a line.
 *
 *   make build/debug/lib/identity.a build/debug/lib/crypto.a build/debug/lib/card_wire.a
 *   cc -I. tests/vectors/code_make.c build/debug/lib/{identity,card_wire,crypto,base}.a … -lcrypto
 * -lsodium
 *
 * "want" is what identity_verify_offline answers with the keys of "keys", at "at", for purpose 1
 * (entry) and strength 1 (door), with a stop list of universe 1000 that stops card 20 and lets the
 * e-card of card 30 go on, made a minute before, and with sheet 77 revoked. */
#include "tests/identity/issuer.h"

#include <stdio.h>

#define AT ((struct instant){ INT64_C(1629444727) * USEC_PER_SEC })

static int lines;

static void hex(const char *name, const uint8_t *p, size_t n, const char *end)
{
    printf("\"%s\": \"", name);
    for (size_t i = 0; i < n; i++) {
        printf("%02x", p[i]);
    }
    printf("\"%s", end);
}

static void vector(const char *title, struct str text, int want)
{
    printf("%s\n    {\"title\": \"%s\", \"want\": %d, \"text\": \"%.*s\"}", lines++ ? "," : "",
           title, want, (int)text.n, text.p);
}

static void phone(const char *title, const struct key_pair *issuer, const struct key_pair *device,
                  uint32_t index, int64_t from, int64_t at, enum code_purpose purpose, int spoil,
                  int want)
{
    struct bundle bundle = { .strength = CODE_IDENTITY,
                             .card_index = index,
                             .card_epoch = 4,
                             .device_epoch = 1,
                             .alias = { 0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8 },
                             .from_step = code_step(instant_add(AT, from * USEC_PER_SEC)) };
    char buffer[CODE_TEXT_MAX];
    struct str text;

    bundle_sign_by(&bundle, issuer, device);
    text = code_show(&bundle, device, code_step(instant_add(AT, at * USEC_PER_SEC)), purpose,
                     buffer, sizeof buffer);
    if (spoil >= 0) {
        struct code_text parsed;
        struct writer w = writer_over(buffer, sizeof buffer);
        struct err err = code_text_parse(text, &parsed);
        assert(err.code == 0);
        parsed.raw[spoil] ^= 1;
        code_text_write(parsed.raw, &w);
    }
    vector(title, text, want);
}

static void paper(const char *title, const struct key_pair *issuer, uint32_t serial,
                  int64_t from_days, int want)
{
    struct paper_code sheet = { .card_index = 10,
                                .serial = serial,
                                .from_step = code_step(instant_add(AT, from_days * USEC_PER_DAY)),
                                .days = 30 };
    char buffer[PAPER_TEXT_MAX];

    vector(title, paper_show(&sheet, issuer, buffer, sizeof buffer), want);
}

static void key(const struct key_pair *pair, const char *end)
{
    printf("    {\"use\": 1, \"suite\": %d, \"kid\": %d, ", (int)pair->suite, (int)pair->kid);
    hex("public_key", pair->point, POINT_SHORT, "}");
    printf("%s\n", end);
}

int main(void)
{
    struct key_pair sm2 = key_pair_of(CODE_SM2, 11), p256 = key_pair_of(CODE_P256, 12);
    struct key_pair phone_sm2 = key_pair_of(CODE_SM2, 13), phone_p256 = key_pair_of(CODE_P256, 14);

    printf("{\n  \"source\": \"docs/protocols/code.md; made by tests/vectors/code_make.c\",\n"
           "  \"at\": %" PRId64 ",\n  \"keys\": [\n",
           AT.usec / USEC_PER_SEC);
    key(&sm2, ",");
    key(&p256, "");
    printf("  ],\n  \"codes\": [");
    phone("SM2 over P-256", &sm2, &phone_p256, 10, -100, 0, CODE_ENTRY, -1, 0);
    phone("SM2 over SM2", &sm2, &phone_sm2, 10, -100, 0, CODE_ENTRY, -1, 0);
    phone("P-256 over P-256", &p256, &phone_p256, 10, -100, 0, CODE_ENTRY, -1, 0);
    phone("P-256 over SM2", &p256, &phone_sm2, 10, -100, 0, CODE_ENTRY, -1, 0);
    phone("e-card by consent", &sm2, &phone_p256, 30, -100, 0, CODE_ENTRY, -1, 0);
    phone("stopped card", &sm2, &phone_p256, 20, -100, 0, CODE_ENTRY, -1, IDENTITY_CARD_STOPPED);
    phone("expired", &sm2, &phone_p256, 10, -700, -600, CODE_ENTRY, -1, IDENTITY_CODE_EXPIRED);
    phone("ahead", &sm2, &phone_p256, 10, -100, 300, CODE_ENTRY, -1, IDENTITY_CLOCK_FAST);
    phone("bundle over", &sm2, &phone_p256, 10, -86430, 0, CODE_ENTRY, -1, IDENTITY_BUNDLE_EXPIRED);
    phone("other purpose", &sm2, &phone_p256, 10, -100, 0, CODE_PAY, -1, IDENTITY_PURPOSE);
    phone("format of tomorrow", &sm2, &phone_p256, 10, -100, 0, CODE_ENTRY, 0, CODE_FORMAT_UNKNOWN);
    phone("unknown key", &sm2, &phone_p256, 10, -100, 0, CODE_ENTRY, 4, IDENTITY_KEY_UNKNOWN);
    phone("changed index", &sm2, &phone_p256, 10, -100, 0, CODE_ENTRY, 16, IDENTITY_BUNDLE_FORGED);
    phone("changed issuer signature", &p256, &phone_p256, 10, -100, 0, CODE_ENTRY, 70,
          IDENTITY_BUNDLE_FORGED);
    phone("changed step", &sm2, &phone_p256, 10, -100, 0, CODE_ENTRY, 124, IDENTITY_CODE_FORGED);
    phone("changed device signature", &sm2, &phone_sm2, 10, -100, 0, CODE_ENTRY, 180,
          IDENTITY_CODE_FORGED);
    paper("sheet, SM2", &sm2, 1, -1, 0);
    paper("sheet, P-256", &p256, 1, -1, 0);
    paper("sheet over", &sm2, 1, -30, IDENTITY_BUNDLE_EXPIRED);
    paper("sheet revoked", &sm2, 77, -1, IDENTITY_PAPER_REVOKED);
    vector("prefix of tomorrow", S("YK9:0000"), CODE_FORMAT_UNKNOWN);
    vector("cut", S("YK1:6502P0"), CODE_UNREADABLE);
    vector("small letters", S("yk1:6502p0"), CODE_UNREADABLE);
    vector("short code, check character wrong", S("000-G40-R43"), CODE_CHECK_CHARACTER);
    vector("short code offline", S("000-g4o-r42"), IDENTITY_ONLINE_ONLY);
    vector("a link", S("https://example.cn/a"), CODE_UNREADABLE);
    printf("\n  ]\n}\n");
    return 0;
}
