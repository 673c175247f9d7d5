/* tests/identity/offline_test.c - grade C: every refusal a row, in both suites; replay; stop lists.
 */
#include "tests/identity/issuer.h"
#include "tests/test.h"

#define AT                                                                                         \
    ((struct instant){ INT64_C(1629444727) * USEC_PER_SEC }) /* 2021-08-20T15:32:07+08:00          \
                                                              */
enum { UNIVERSE = 1000, CLEAR = 10, STOPPED = 20, CARD_ONLY = 30, REVOKED_PAPER = 77 };

struct world {
    struct key_pair issuer, other, phone, lists;
    struct published_keys keys;
    struct stop_list list;
    uint8_t file[4096], memory[8192];
};

/* Content of the list, signed, checked as a gate does, opened. */
static void list_make(struct world *w, struct instant made_at, struct bytes *file)
{
    struct stop_entry cards[] = { { STOPPED, STOP_STOPPED }, { CARD_ONLY, STOP_CARD_ONLY } };
    uint32_t papers[] = { REVOKED_PAPER };
    struct stop_list_head head = { .suite = w->lists.suite,
                                   .kid = w->lists.kid,
                                   .max_age_sec = 3600,
                                   .incarnation = 1,
                                   .position = 5,
                                   .made_at = made_at,
                                   .universe = UNIVERSE,
                                   .cards_n = 2,
                                   .ecard_n = 1,
                                   .papers_n = 1 };
    struct writer out = writer_over(w->file, sizeof w->file);
    uint8_t digest[32], signature[64];
    struct bytes body;

    stop_list_write(&head, &(struct stop_list_content){ cards, papers }, &out);
    body = bytes_of(w->file + STOP_LIST_BODY_AT, out.n - STOP_LIST_BODY_AT);
    if (head.suite == CODE_SM2)
        sm3(body, digest);
    else
        sha256(body, digest);
    stop_list_put_digest(w->file, digest);
    pair_sign(&w->lists, S(STOP_LIST_DOMAIN), w->file, STOP_LIST_HEAD_BYTES, signature);
    stop_list_put_signature(w->file, signature);
    *file = writer_bytes(&out);
}

static void world_make(struct world *w, enum code_suite issuer, enum code_suite phone)
{
    struct stop_list_file parts;
    struct arena arena = arena_over(w->memory, sizeof w->memory);
    struct bytes file;

    memset(w, 0, sizeof *w);
    w->issuer = key_pair_of(issuer, 1);
    w->other = key_pair_of(issuer, 2);
    w->phone = key_pair_of(phone, 3);
    w->lists = key_pair_of(issuer, 4);
    publish(&w->keys, &w->issuer, VERIFY_CODES, false, instant_add(AT, -40 * USEC_PER_DAY),
            instant_add(AT, 30 * USEC_PER_DAY));
    publish(&w->keys, &w->lists, VERIFY_STOP_LISTS, false, instant_add(AT, -40 * USEC_PER_DAY),
            instant_add(AT, 30 * USEC_PER_DAY));
    list_make(w, instant_add(AT, -60 * USEC_PER_SEC), &file);
    CHECK_OK("the list is believed", identity_stop_list_check(&w->keys, file, false, &parts));
    CHECK_OK("and opens", stop_list_open(&parts, &arena, &w->list));
}

static struct bundle bundle_of(const struct world *w, uint32_t index, int64_t from_sec)
{
    struct bundle bundle = { .strength = CODE_IDENTITY,
                             .card_index = index,
                             .card_epoch = 4,
                             .from_step = code_step(instant_add(AT, from_sec * USEC_PER_SEC)) };

    bundle_sign_by(&bundle, &w->issuer, &w->phone);
    return bundle;
}

struct row {
    const char *title;
    uint32_t index;
    int64_t bundle_from, code_at; /* seconds from AT */
    enum code_purpose purpose;
    enum code_strength strength;
    int spoil; /* byte of the code to change; 0: none */
    int want;
    int64_t minutes;
};

static void phone_rows(struct world *w)
{
    static const struct row rows[] = {
        { "good", CLEAR, -100, 0, CODE_ENTRY, CODE_DOOR, 0, 0, 0 },
        { "as strong as wanted", CLEAR, -100, 0, CODE_ENTRY, CODE_IDENTITY, 0, 0, 0 },
        { "e-card by consent in loss", CARD_ONLY, -100, 0, CODE_ENTRY, CODE_DOOR, 0, 0, 0 },
        { "unknown key name", CLEAR, -100, 0, CODE_ENTRY, CODE_DOOR, 3, IDENTITY_KEY_UNKNOWN, 0 },
        { "issuer key not of that day", CLEAR, -41 * 86400, 0, CODE_ENTRY, CODE_DOOR, 0,
          IDENTITY_KEY_UNKNOWN, 0 },
        { "another card index", CLEAR, -100, 0, CODE_ENTRY, CODE_DOOR, 16, IDENTITY_BUNDLE_FORGED,
          0 },
        { "another device key", CLEAR, -100, 0, CODE_ENTRY, CODE_DOOR, 40, IDENTITY_BUNDLE_FORGED,
          0 },
        { "issuer signature changed", CLEAR, -100, 0, CODE_ENTRY, CODE_DOOR, 60,
          IDENTITY_BUNDLE_FORGED, 0 },
        { "another step", CLEAR, -100, 0, CODE_ENTRY, CODE_DOOR, 124, IDENTITY_CODE_FORGED, 0 },
        { "device signature changed", CLEAR, -100, 0, CODE_ENTRY, CODE_DOOR, 130,
          IDENTITY_CODE_FORGED, 0 },
        { "phone four minutes fast", CLEAR, -100, 270, CODE_ENTRY, CODE_DOOR, 0,
          IDENTITY_CLOCK_FAST, 4 },
        { "an old screenshot", CLEAR, -700, -600, CODE_ENTRY, CODE_DOOR, 0, IDENTITY_CODE_EXPIRED,
          -10 },
        { "the bundle's day is over", CLEAR, -86430, 0, CODE_ENTRY, CODE_DOOR, 0,
          IDENTITY_BUNDLE_EXPIRED, 0 },
        { "the bundle begins later", CLEAR, 3600, 0, CODE_ENTRY, CODE_DOOR, 0,
          IDENTITY_BUNDLE_EXPIRED, 0 },
        { "for another purpose", CLEAR, -100, 0, CODE_PAY, CODE_DOOR, 0, IDENTITY_PURPOSE, 0 },
        { "too weak, told before offline money", CLEAR, -100, 0, CODE_ENTRY, CODE_MONEY, 0,
          IDENTITY_STRENGTH, 0 },
        { "on the stop list", STOPPED, -100, 0, CODE_ENTRY, CODE_DOOR, 0, IDENTITY_CARD_STOPPED,
          0 },
        { "newer than the list, vouched for", UNIVERSE, -10, 0, CODE_ENTRY, CODE_DOOR, 0, 0, 0 },
        { "newer than the list, bundle older", UNIVERSE, -3000, 0, CODE_ENTRY, CODE_DOOR, 0,
          IDENTITY_CARD_UNKNOWN, 0 },
    };

    for (size_t i = 0; i < LEN(rows); i++) {
        struct bundle bundle = bundle_of(w, rows[i].index, rows[i].bundle_from);
        uint32_t step = code_step(instant_add(AT, rows[i].code_at * USEC_PER_SEC));
        char buffer[CODE_TEXT_MAX];
        struct str text =
            code_show(&bundle, &w->phone, step, rows[i].purpose, buffer, sizeof buffer);
        struct offline_ask ask = {
            .text = text, .purpose = CODE_ENTRY, .strength = rows[i].strength, .at = AT
        };
        struct verdict verdict;
        if (rows[i].spoil != 0) {
            struct code_text parsed;
            struct writer out = writer_over(buffer, sizeof buffer);
            CHECK_OK("parses before", code_text_parse(text, &parsed));
            parsed.raw[rows[i].spoil] ^= 1;
            code_text_write(parsed.raw, &out);
        }
        CHECK_CODE(rows[i].title, identity_verify_offline(&w->keys, &w->list, &ask, &verdict),
                   rows[i].want);
        CHECK_INT(rows[i].title, verdict.skew_minutes, rows[i].minutes);
    }
}

static void other_rows(struct world *w)
{
    struct bundle bundle = bundle_of(w, CLEAR, -100);
    char buffer[CODE_TEXT_MAX], words[200];
    struct offline_ask ask = { .purpose = CODE_ENTRY, .strength = CODE_DOOR, .at = AT };
    struct verdict verdict;
    struct writer out = writer_over(words, sizeof words);

    bundle.strength = CODE_MONEY;
    bundle_sign_by(&bundle, &w->issuer, &w->phone);
    ask.text = code_show(&bundle, &w->phone, code_step(AT), CODE_ENTRY, buffer, sizeof buffer);
    ask.strength = CODE_MONEY;
    CHECK_CODE("money is never judged offline",
               identity_verify_offline(&w->keys, &w->list, &ask, &verdict), IDENTITY_ONLINE_ONLY);
    ask.strength = CODE_DOOR;
    bundle.test = true;
    bundle_sign_by(&bundle, &w->issuer, &w->phone);
    ask.text = code_show(&bundle, &w->phone, code_step(AT), CODE_ENTRY, buffer, sizeof buffer);
    CHECK_CODE("a test code at a real gate",
               identity_verify_offline(&w->keys, &w->list, &ask, &verdict), IDENTITY_TEST_CODE);
    ask.test_codes = true;
    CHECK_CODE("a test mark under a key that is none",
               identity_verify_offline(&w->keys, &w->list, &ask, &verdict), IDENTITY_KEY_UNKNOWN);
    bundle.test = false;
    bundle_sign_by(&bundle, &w->other, &w->phone);
    bundle.kid = w->issuer.kid;
    ask.text = code_show(&bundle, &w->phone, code_step(AT), CODE_ENTRY, buffer, sizeof buffer);
    CHECK_CODE("signed by a stranger under the issuer's name",
               identity_verify_offline(&w->keys, &w->list, &ask, &verdict), IDENTITY_BUNDLE_FORGED);
    ask.text = S("000G40R42");
    CHECK_CODE("a short code offline", identity_verify_offline(&w->keys, &w->list, &ask, &verdict),
               IDENTITY_ONLINE_ONLY);
    ask.text = S("hello");
    CHECK_CODE("no code at all", identity_verify_offline(&w->keys, &w->list, &ask, &verdict),
               CODE_UNREADABLE);
    bundle = bundle_of(w, CLEAR, -100);
    ask.text = code_show(&bundle, &w->phone, code_step(AT), CODE_ENTRY, buffer, sizeof buffer);
    w->list.head.made_at = instant_add(AT, -3601 * USEC_PER_SEC);
    CHECK_CODE("the list is too old", identity_verify_offline(&w->keys, &w->list, &ask, &verdict),
               IDENTITY_LIST_STALE);
    w->list.head.made_at = instant_add(AT, -60 * USEC_PER_SEC);
    verdict = (struct verdict){ .skew_minutes = -4 };
    verdict_clock_words(&verdict, false, &out);
    CHECK_STR("the words of a slow clock",
              str_part(writer_str(&out), 0, strlen("手机时间慢了约4分钟")),
              S("手机时间慢了约4分钟"));
    CHECK_STR("words of a verdict", str_of(verdict_words(IDENTITY_CODE_USED, &verdict, false)),
              S("该码已使用，请刷新"));
}

static void papers(struct world *w)
{
    static const struct {
        const char *title;
        uint32_t index, serial;
        int64_t from_days;
        enum code_strength strength;
        int want;
    } rows[] = {
        { "a sheet", CLEAR, 1, -1, CODE_DOOR, 0 },
        { "its last day", CLEAR, 1, -29, CODE_DOOR, 0 },
        { "over", CLEAR, 1, -30, CODE_DOOR, IDENTITY_BUNDLE_EXPIRED },
        { "not begun", CLEAR, 1, 1, CODE_DOOR, IDENTITY_BUNDLE_EXPIRED },
        { "doors only", CLEAR, 1, -1, CODE_IDENTITY, IDENTITY_STRENGTH },
        { "of a lost card", STOPPED, 1, -1, CODE_DOOR, IDENTITY_CARD_STOPPED },
        { "consent is for the e-card only", CARD_ONLY, 1, -1, CODE_DOOR, IDENTITY_CARD_STOPPED },
        { "revoked", CLEAR, REVOKED_PAPER, -1, CODE_DOOR, IDENTITY_PAPER_REVOKED },
    };

    for (size_t i = 0; i < LEN(rows); i++) {
        struct paper_code paper = { .card_index = rows[i].index,
                                    .serial = rows[i].serial,
                                    .from_step = code_step(
                                        instant_add(AT, rows[i].from_days * USEC_PER_DAY)),
                                    .days = 30 };
        char buffer[PAPER_TEXT_MAX];
        struct offline_ask ask = { .text = paper_show(&paper, &w->issuer, buffer, sizeof buffer),
                                   .purpose = CODE_ENTRY,
                                   .strength = rows[i].strength,
                                   .at = AT };
        struct verdict verdict;
        CHECK_CODE(rows[i].title, identity_verify_offline(&w->keys, &w->list, &ask, &verdict),
                   rows[i].want);
    }
}

static void replay(struct world *w)
{
    static struct replay_memory memory;
    struct bundle bundle = bundle_of(w, CLEAR, -100);
    struct verdict verdict = { .form = 0 };
    uint32_t step = code_step(AT);
    char now[CODE_TEXT_MAX], next[CODE_TEXT_MAX], before[CODE_TEXT_MAX];
    struct str shown = code_show(&bundle, &w->phone, step, CODE_ENTRY, now, sizeof now);

    memset(&memory, 0, sizeof memory);
    CHECK_OK("first", replay_take(&memory, shown, AT, &verdict));
    CHECK_CODE("again", replay_take(&memory, shown, instant_add(AT, 5 * USEC_PER_SEC), &verdict),
               IDENTITY_CODE_USED);
    CHECK_INT("first seen when", verdict.first_at.usec, AT.usec);
    CHECK_OK("the next one",
             replay_take(&memory,
                         code_show(&bundle, &w->phone, step + 1, CODE_ENTRY, next, sizeof next),
                         instant_add(AT, 30 * USEC_PER_SEC), &verdict));
    CHECK_CODE(
        "one from before",
        replay_take(&memory,
                    code_show(&bundle, &w->phone, step - 1, CODE_ENTRY, before, sizeof before),
                    instant_add(AT, 31 * USEC_PER_SEC), &verdict),
        IDENTITY_CODE_USED);
}

static void forged_lists(struct world *w)
{
    struct stop_list_file parts;
    struct bytes file;

    list_make(w, AT, &file);
    CHECK_OK("as signed", identity_stop_list_check(&w->keys, file, false, &parts));
    w->file[file.n - 1] ^= 1;
    CHECK_CODE("a changed body", identity_stop_list_check(&w->keys, file, false, &parts),
               IDENTITY_BUNDLE_FORGED);
    w->file[file.n - 1] ^= 1;
    w->file[47] ^= 1; /* made_at */
    CHECK_CODE("a changed date", identity_stop_list_check(&w->keys, file, false, &parts),
               IDENTITY_BUNDLE_FORGED);
    w->file[47] ^= 1;
    w->file[7] = 1;
    CHECK_CODE("a test list at a real gate",
               identity_stop_list_check(&w->keys, file, false, &parts), IDENTITY_TEST_CODE);
    CHECK_CODE("cut", identity_stop_list_check(&w->keys, bytes_of(file.p, 100), true, &parts),
               STOP_LIST_UNREADABLE);
}

int main(void)
{
    static struct world world;
    static const enum code_suite suites[] = { CODE_SM2, CODE_P256 };

    for (size_t i = 0; i < LEN(suites); i++) {
        for (size_t j = 0; j < LEN(suites); j++) {
            world_make(&world, suites[i], suites[j]);
            phone_rows(&world);
            other_rows(&world);
            papers(&world);
            replay(&world);
            forged_lists(&world);
        }
    }
    return test_end();
}
