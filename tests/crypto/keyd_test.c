/* tests/crypto/keyd_test.c - what keyd seals, opens, tags, lends and signs, and what it refuses. */
#include "tests/crypto/keyd_world.h"

static const struct field_use COUNTER = { .use = KEYD_USE_COUNTER,
                                          .session_id = 71,
                                          .actor_id = 72 };

static void test_fields(void)
{
    struct world world;
    uint8_t sealed[FIELD_SEALED_MAX], again[FIELD_SEALED_MAX], plain[FIELD_SEALED_MAX];
    size_t n = 0, m = 0;
    static const struct {
        const char *title, *table, *column;
        int64_t row;
        int flip; /* bit of this byte, -1 none */
        int cut;
        int want;
    } rows[] = {
        { "where it was sealed", "registry_person", "phone", 5, -1, 0, 0 },
        { "another row", "registry_person", "phone", 6, -1, 0, KEYD_SEAL_BROKEN },
        { "another column", "registry_person", "name", 5, -1, 0, KEYD_SEAL_BROKEN },
        { "another table", "registry_device", "phone", 5, -1, 0, KEYD_SEAL_BROKEN },
        { "table and column run together", "registry_personp", "hone", 5, -1, 0, KEYD_SEAL_BROKEN },
        { "format byte changed", "registry_person", "phone", 5, 0, 0, KEYD_SEAL_BROKEN },
        { "version changed", "registry_person", "phone", 5, 2, 0, KEYD_KEY_UNKNOWN },
        { "iv changed", "registry_person", "phone", 5, 3, 0, KEYD_SEAL_BROKEN },
        { "value changed", "registry_person", "phone", 5, 20, 0, KEYD_SEAL_BROKEN },
        { "tag changed", "registry_person", "phone", 5, 45, 0, KEYD_SEAL_BROKEN },
        { "cut by one", "registry_person", "phone", 5, -1, 1, KEYD_SEAL_BROKEN },
        { "cut to less than a seal", "registry_person", "phone", 5, -1, 12, KEYD_SEAL_BROKEN },
        { "a name that is none", "registry person", "phone", 5, -1, 0, KEYD_MALFORMED },
        { "an empty name", "", "phone", 5, -1, 0, KEYD_MALFORMED },
        { "a line end in a name", "a\n1 2 lend", "phone", 5, -1, 0, KEYD_MALFORMED },
    };

    world_new(&world, "fields");
    CHECK_OK("seal", keyd_field_seal_one(world.keyd, S("registry_person"), S("phone"), 5,
                                         str_bytes(S("13800000000")), sealed, &n));
    CHECK_INT("length", (int64_t)n, 11 + FIELD_SEAL_MORE);
    CHECK_OK("seal again", keyd_field_seal_one(world.keyd, S("registry_person"), S("phone"), 5,
                                               str_bytes(S("13800000000")), again, &m));
    CHECK("the same value twice shows nothing", memcmp(sealed + 3, again + 3, n - 3) != 0);
    CHECK_INT("version", field_seal_version(bytes_of(sealed, n)), 1);
    for (size_t i = 0; i < LEN(rows); i++) {
        memcpy(again, sealed, n);
        if (rows[i].flip >= 0) again[rows[i].flip] ^= 2;
        CHECK_CODE(rows[i].title,
                   keyd_field_open_one(world.keyd, &COUNTER, str_of(rows[i].table),
                                       str_of(rows[i].column), rows[i].row,
                                       bytes_of(again, n - (size_t)rows[i].cut), plain,
                                       sizeof plain, &m),
                   rows[i].want);
        if (rows[i].want == 0) CHECK_STR("opened", bytes_str(bytes_of(plain, m)), S("13800000000"));
    }
    CHECK_OK("an empty value",
             keyd_field_seal_one(world.keyd, S("t"), S("c"), 1, bytes_of(NULL, 0), sealed, &n));
    CHECK_OK("an empty value", keyd_field_open_one(world.keyd, &COUNTER, S("t"), S("c"), 1,
                                                   bytes_of(sealed, n), plain, 0, &m));
    CHECK_INT("is empty", (int64_t)m, 0);
    CHECK_CODE("a value too long",
               keyd_field_seal_one(world.keyd, S("t"), S("c"), 1,
                                   bytes_of(again, FIELD_PLAIN_MAX + 1), sealed, &n),
               KEYD_TOO_LONG);
    world_stop(&world);
}

/* 256 items in one call, of columns of their own: the longest line the log can get. */
static void test_many(void)
{
    struct world world;
    static char names[FIELD_ITEMS_MAX][FIELD_NAME_MAX];
    static uint8_t sealed[FIELD_ITEMS_MAX][64], plain[FIELD_ITEMS_MAX][64];
    struct field_item items[FIELD_ITEMS_MAX] = { { .size = 0 } };

    world_new(&world, "many");
    world_stop(&world);
    world.settings.budgets[KEYD_USE_PAY] = (struct keyd_budget){ 256, 256 };
    world_start(&world);
    for (int i = 0; i < FIELD_ITEMS_MAX; i++) {
        memset(names[i], 'a' + i % 26, sizeof names[i]);
        items[i] = (struct field_item){ .table = { names[i], FIELD_NAME_MAX },
                                        .column = { names[i], FIELD_NAME_MAX },
                                        .row_id = INT64_MAX - i,
                                        .in = bytes_of(&names[i], 8),
                                        .out = sealed[i],
                                        .size = sizeof sealed[i] };
    }
    CHECK_OK("seal 256", keyd_field_seal(world.keyd, items, FIELD_ITEMS_MAX));
    for (int i = 0; i < FIELD_ITEMS_MAX; i++) {
        items[i].in = bytes_of(sealed[i], items[i].n);
        items[i].out = plain[i];
    }
    struct field_use use = { .use = KEYD_USE_PAY, .session_id = INT64_MAX, .actor_id = INT64_MAX };
    CHECK_OK("open 256", keyd_field_open(world.keyd, &use, items, FIELD_ITEMS_MAX));
    CHECK("the last is right", memcmp(plain[255], names[255], 8) == 0);
    CHECK_CODE("one more", keyd_field_open(world.keyd, &use, items, 1), KEYD_BUDGET_SECOND);
    world_stop(&world);
    world_start(&world);
    CHECK_CODE("one more after a restart", keyd_field_open(world.keyd, &use, items, 1),
               KEYD_BUDGET_SECOND);
    now.usec += USEC_PER_SEC;
    CHECK_CODE("one more a second later", keyd_field_open(world.keyd, &use, items, 1),
               KEYD_BUDGET_DAY);
    world_stop(&world);
}

/* Signatures are counted as well: a worker that turned hostile signs no more than a node needs. */
static void test_sign_budget(void)
{
    struct world world;
    struct signature signature;
    const struct bytes what = str_bytes(S("yes, alive"));

    world_new(&world, "signs");
    world_stop(&world);
    world.settings.sign_budgets[KEYD_SIGN_ANSWER] = (struct keyd_budget){ 3, 5 };
    world_start(&world);
    for (int i = 0; i < 3; i++)
        CHECK_OK("signed", keyd_sign(world.keyd, KEYD_SIGN_ANSWER, what, &signature));
    CHECK_CODE("too many in a second", keyd_sign(world.keyd, KEYD_SIGN_ANSWER, what, &signature),
               KEYD_BUDGET_SECOND);
    CHECK_OK("of another purpose", keyd_sign(world.keyd, KEYD_SIGN_RECEIPT, what, &signature));
    world_stop(&world);
    world_start(&world);
    now.usec += USEC_PER_SEC;
    for (int i = 0; i < 2; i++)
        CHECK_OK("signed", keyd_sign(world.keyd, KEYD_SIGN_ANSWER, what, &signature));
    CHECK_CODE("too many in a day, counted over a restart",
               keyd_sign(world.keyd, KEYD_SIGN_ANSWER, what, &signature), KEYD_BUDGET_DAY);
    now.usec += USEC_PER_DAY;
    CHECK_OK("tomorrow", keyd_sign(world.keyd, KEYD_SIGN_ANSWER, what, &signature));
    world_stop(&world);
}

static struct err open_as(struct world *world, enum keyd_use use, int64_t actor_id,
                          struct bytes sealed)
{
    const struct field_use why = { .use = use, .session_id = 1, .actor_id = actor_id };
    uint8_t plain[64];
    size_t n;

    return keyd_field_open_one(world->keyd, &why, S("t"), S("c"), 1, sealed, plain, sizeof plain,
                               &n);
}

/* One actor takes a share of a use, and what is left is there for the others. */
static void test_actor_share(void)
{
    enum { MANY = 3000 }; /* more than keyd has places for */
    struct world world;
    uint8_t buffer[64];
    size_t n = 0;
    struct bytes sealed;

    world_new(&world, "shares");
    world_stop(&world);
    world.settings.budgets[KEYD_USE_HOLDER] = (struct keyd_budget){ MANY, 2 * MANY };
    world.settings.actor_budgets[KEYD_USE_HOLDER] = (struct keyd_budget){ 3, 5 };
    world_start(&world);
    CHECK_OK("seal",
             keyd_field_seal_one(world.keyd, S("t"), S("c"), 1, str_bytes(S("x")), buffer, &n));
    sealed = bytes_of(buffer, n);
    for (int i = 0; i < 3; i++)
        CHECK_OK("its share", open_as(&world, KEYD_USE_HOLDER, 7, sealed));
    CHECK_CODE("no more this second", open_as(&world, KEYD_USE_HOLDER, 7, sealed),
               KEYD_BUDGET_SECOND);
    CHECK_OK("another", open_as(&world, KEYD_USE_HOLDER, 8, sealed));
    CHECK_OK("for another use", open_as(&world, KEYD_USE_TOTP, 7, sealed));
    world_stop(&world);
    world_start(&world);
    CHECK_CODE("nor after a restart", open_as(&world, KEYD_USE_HOLDER, 7, sealed),
               KEYD_BUDGET_SECOND);
    now.usec += USEC_PER_SEC;
    for (int i = 0; i < 2; i++)
        CHECK_OK("the next second", open_as(&world, KEYD_USE_HOLDER, 7, sealed));
    CHECK_CODE("the day's share", open_as(&world, KEYD_USE_HOLDER, 7, sealed), KEYD_BUDGET_DAY);
    for (int i = 0; i < MANY; i++) {
        if (i == MANY / 2) now.usec += USEC_PER_SEC;
        if (open_as(&world, KEYD_USE_HOLDER, 100 + i, sealed).code != 0) CHECK_INT("actor", i, -1);
    }
    CHECK_CODE("is remembered beside many", open_as(&world, KEYD_USE_HOLDER, 7, sealed),
               KEYD_BUDGET_DAY);
    world_stop(&world);
    world_start(&world);
    CHECK_CODE("and counted over a restart", open_as(&world, KEYD_USE_HOLDER, 7, sealed),
               KEYD_BUDGET_DAY);
    now.usec += USEC_PER_DAY;
    CHECK_OK("tomorrow", open_as(&world, KEYD_USE_HOLDER, 7, sealed));
    world_stop(&world);
}

static void test_share_sizes(void)
{
    static const struct {
        const char *title;
        enum keyd_use use;
        struct keyd_budget budget, want;
    } rows[] = {
        { "a holder", KEYD_USE_HOLDER, { 200, 500000 }, { 10, 2000 } },
        { "a window", KEYD_USE_COUNTER, { 200, 100000 }, { 25, 10000 } },
        { "who searches", KEYD_USE_LOOKUP, { 10, 20000 }, { 5, 2000 } },
        { "who signs in", KEYD_USE_TOTP, { 50, 100000 }, { 5, 2000 } },
        { "of little, a page", KEYD_USE_HOLDER, { 10, 100 }, { 5, 100 } },
        { "messages have no actor", KEYD_USE_NOTICE, { 500, 2000000 }, { 0, 0 } },
        { "a ticket bounds bulk work", KEYD_USE_BULK, { 5000, 5000000 }, { 0, 0 } },
    };

    for (size_t i = 0; i < LEN(rows); i++) {
        struct keyd_budget share = keyd_actor_share(rows[i].use, rows[i].budget);
        CHECK_INT(rows[i].title, share.per_second, rows[i].want.per_second);
        CHECK_INT(rows[i].title, share.per_day, rows[i].want.per_day);
    }
}

static void test_uses(void)
{
    struct world world;
    uint8_t sealed[64], plain[64];
    size_t n = 0, m;
    static const struct {
        const char *title;
        int use;
        int64_t session, actor;
        int want;
    } rows[] = {
        { "a purpose that is none", 99, 1, 1, KEYD_PURPOSE_UNKNOWN },
        { "no purpose", 0, 1, 1, KEYD_PURPOSE_UNKNOWN },
        { "the purpose of another call", KEYD_USE_LOOKUP, 1, 1, KEYD_PURPOSE_UNKNOWN },
        { "the name tags' purpose", KEYD_USE_NAME_TAG, 1, 1, KEYD_PURPOSE_UNKNOWN },
        { "no session", KEYD_USE_COUNTER, 0, 1, KEYD_NO_SESSION },
        { "no actor", KEYD_USE_COUNTER, 1, 0, KEYD_NO_SESSION },
        { "bulk without a ticket", KEYD_USE_BULK, 1, 1, KEYD_TICKET_NEEDED },
        { "as it should be", KEYD_USE_COUNTER, 1, 1, 0 },
    };

    world_new(&world, "uses");
    CHECK_OK("seal",
             keyd_field_seal_one(world.keyd, S("t"), S("c"), 1, str_bytes(S("x")), sealed, &n));
    for (size_t i = 0; i < LEN(rows); i++) {
        struct field_use use = { .use = (enum keyd_use)rows[i].use,
                                 .session_id = rows[i].session,
                                 .actor_id = rows[i].actor };
        CHECK_CODE(rows[i].title,
                   keyd_field_open_one(world.keyd, &use, S("t"), S("c"), 1, bytes_of(sealed, n),
                                       plain, sizeof plain, &m),
                   rows[i].want);
    }
    struct signature signature;
    CHECK_CODE("the log's key signs nothing asked for",
               keyd_sign(world.keyd, KEYD_SIGN_LOG, str_bytes(S("x")), &signature),
               KEYD_PURPOSE_UNKNOWN);
    CHECK_CODE("a signing purpose that is none",
               keyd_sign(world.keyd, (enum keyd_sign_purpose)99, str_bytes(S("x")), &signature),
               KEYD_PURPOSE_UNKNOWN);
    CHECK_CODE("a suite that is none",
               keyd_sign_suite(world.keyd, KEYD_SIGN_RECEIPT, (enum suite)7, str_bytes(S("x")),
                               &signature),
               KEYD_KEY_UNKNOWN);
    world_stop(&world);
}

static void test_names(void)
{
    struct world world;
    struct lookup_candidate people[3] = { { .person_id = 1 },
                                          { .person_id = 2 },
                                          { .person_id = 3 } };
    struct field_use use = { .use = KEYD_USE_LOOKUP, .session_id = 1, .actor_id = 1 };

    world_new(&world, "names");
    CHECK_OK("tag", keyd_name_tag(world.keyd, 1, S("王伟"), people[0].tag));
    CHECK_OK("tag", keyd_name_tag(world.keyd, 2, S("王伟"), people[1].tag));
    CHECK_OK("tag", keyd_name_tag(world.keyd, 3, S("李娜"), people[2].tag));
    CHECK("equal names don't show", memcmp(people[0].tag, people[1].tag, NAME_TAG_BYTES) != 0);
    CHECK_OK("look-up", keyd_person_lookup(world.keyd, &use, S("王伟"), people, 3));
    CHECK("both are found, the third not", people[0].same && people[1].same && !people[2].same);
    use.use = KEYD_USE_COUNTER;
    CHECK_CODE("by another purpose", keyd_person_lookup(world.keyd, &use, S("王伟"), people, 3),
               KEYD_PURPOSE_UNKNOWN);
    use.use = KEYD_USE_LOOKUP;
    for (int i = 0; i < 99; i++) {
        if (keyd_person_lookup(world.keyd, &use, S("王伟"), people, 1).code) break;
    }
    CHECK_CODE("beyond the budget", keyd_person_lookup(world.keyd, &use, S("王伟"), people, 1),
               KEYD_BUDGET_SECOND);
    CHECK_CODE("no name", keyd_name_tag(world.keyd, 1, S(""), people[0].tag), KEYD_MALFORMED);
    world_stop(&world);
}

/* From what is lent by RFC 2104 as crypto.h has it: a hash may not depend on what the thread did
 * before, nor on the key that it had before. */
static void test_value_hash(void)
{
    static const uint8_t LENT[2][32] = { { 1, 2, 3 }, { 9, 8, 7, 6 } };
    struct blind_key keys[2] = { 0 };
    uint8_t secret[2][HASH_BYTES], got[VALUE_HASH_BYTES], want[HASH_BYTES];

    for (int k = 0; k < 2; k++) {
        CHECK_OK("open", blind_key_open(bytes_of(LENT[k], 32), 1, &keys[k]));
        hmac_sm3(bytes_of(LENT[k], 32), str_bytes(S("ykt blind: value hash")), secret[k]);
    }
    for (size_t n = 0; n < 300; n += 13) {
        uint8_t value[302] = { 0, 5 }; /* the kind in front, then the value */
        for (int k = 0; k < 2; k++) {
            memset(value + 2, (int)n, n);
            value_hash(&keys[k], 5, bytes_of(value + 2, n), got);
            hmac_sm3(bytes_of(secret[k], HASH_BYTES), bytes_of(value, n + 2), want);
            CHECK("HMAC-SM3 of the kind and the value", memcmp(got, want, sizeof got) == 0);
        }
    }
    blind_key_close(&keys[0]);
    blind_key_close(&keys[1]);
}

static void test_blind(void)
{
    struct world world;
    struct blind_key key = { 0 }, again = { 0 };
    uint8_t a[32], b[32];
    struct id_codec codec;
    char text[ID_TEXT_MAX];
    struct writer w = writer_over(text, sizeof text);
    int64_t id = 0;
    int same_top = 0;

    world_new(&world, "blind");
    CHECK_OK("lend", keyd_blind_key(world.keyd, &key));
    CHECK_OK("lend", keyd_blind_key(world.keyd, &again));
    value_hash(&key, 1, str_bytes(S("340100")), a);
    value_hash(&again, 1, str_bytes(S("340100")), b);
    CHECK("the same key each time", memcmp(a, b, 32) == 0);
    value_hash(&key, 2, str_bytes(S("340100")), b);
    CHECK("another kind, another hash", memcmp(a, b, 32) != 0);
    codec = blind_id_codec(&key);
    put_id(&w, &codec, "crd", 1234567);
    CHECK("public id", id_parse(writer_str(&w), &codec, "crd", &id) && id == 1234567);
    CHECK("its prefix is part of it", !id_parse(writer_str(&w), &codec, "per", &id));
    for (uint64_t i = 1; i <= 10000; i++) {
        uint64_t sealed = codec.seal(&key, i);
        if (codec.open(&key, sealed) != i) CHECK("a permutation", false);
        if (sealed >> 56 == codec.seal(&key, i + 1) >> 56) same_top++;
    }
    CHECK("neighbours look unrelated", same_top > 5 && same_top < 100);
    blind_key_close(&key);
    blind_key_close(&again);
    world_stop(&world);
}

static const struct public_key *key_named(const struct public_key *keys, size_t n,
                                          const uint8_t kid[KID_BYTES])
{
    for (size_t i = 0; i < n; i++) {
        if (memcmp(keys[i].kid, kid, KID_BYTES) == 0) return &keys[i];
    }
    return NULL;
}

static bool signature_holds(struct keyd *keyd, const struct signature *signature, struct str what,
                            enum keyd_sign_purpose purpose)
{
    static struct public_key keys[PUBLIC_KEYS_MAX];
    size_t n = 0;
    struct bytes rs = bytes_of(signature->rs, SIGNATURE_BYTES), pub;
    const struct public_key *key;

    CHECK_OK("public keys", keyd_public_keys(keyd, keys, LEN(keys), &n));
    key = key_named(keys, n, signature->kid);
    if (!key || key->purpose != purpose || key->suite != signature->suite) return false;
    if (instant_before(now, key->valid_from) || !instant_before(now, key->valid_to)) return false;
    pub = bytes_of(key->key, POINT_SHORT);
    return (key->suite == SUITE_SM2 ? sm2_verify(pub, str_bytes(what), rs)
                                    : p256_verify(pub, str_bytes(what), rs))
               .code == 0;
}

static void test_sign_and_rotate(void)
{
    struct world world;
    struct signature first, second, webhook, third;
    struct keys_place place;
    uint16_t version = 0;
    uint8_t sealed[64], newer[64], plain[64];
    size_t n = 0, m = 0, k = 0;

    world_new(&world, "rotate");
    CHECK_OK("sign", keyd_sign(world.keyd, KEYD_SIGN_STOP_LIST, str_bytes(S("list")), &first));
    CHECK("SM2 by default", first.suite == SUITE_SM2 && first.test);
    CHECK("holds", signature_holds(world.keyd, &first, S("list"), KEYD_SIGN_STOP_LIST));
    CHECK("not for another purpose",
          !signature_holds(world.keyd, &first, S("list"), KEYD_SIGN_RECEIPT));
    CHECK("not over another text",
          !signature_holds(world.keyd, &first, S("lisT"), KEYD_SIGN_STOP_LIST));
    CHECK_OK("webhook", keyd_sign(world.keyd, KEYD_SIGN_WEBHOOK, str_bytes(S("{}")), &webhook));
    CHECK("P-256 by policy", webhook.suite == SUITE_P256);
    CHECK("holds", signature_holds(world.keyd, &webhook, S("{}"), KEYD_SIGN_WEBHOOK));
    CHECK_OK("side by side", keyd_sign_suite(world.keyd, KEYD_SIGN_STOP_LIST, SUITE_P256,
                                             str_bytes(S("list")), &second));
    CHECK("holds", signature_holds(world.keyd, &second, S("list"), KEYD_SIGN_STOP_LIST));
    CHECK_OK("seal under 1",
             keyd_field_seal_one(world.keyd, S("t"), S("c"), 1, str_bytes(S("x")), sealed, &n));
    place = place_of(&world);
    CHECK_CODE("rotating under a running keyd",
               keys_rotate(&place, KEYS_FIELD, (enum suite)0, 0, 0, &version), KEYD_LOCKED);
    world_stop(&world);

    CHECK_OK("rotate fields", keys_rotate(&place, KEYS_FIELD, (enum suite)0, 0, 0, &version));
    CHECK_INT("to version 2", version, 2);
    CHECK_OK("rotate stop lists, an hour ahead, an hour's overlap",
             keys_rotate(&place, KEYS_SIGN + KEYD_SIGN_STOP_LIST, SUITE_SM2, USEC_PER_HOUR,
                         USEC_PER_HOUR, &version));
    CHECK_CODE("blind keys don't rotate",
               keys_rotate(&place, KEYS_BLIND, (enum suite)0, 0, 0, &version), KEYD_NOT_ROTATABLE);
    CHECK_CODE("destroying what seals", keys_destroy(&place, KEYS_FIELD, (enum suite)0, 2),
               KEYD_EXISTS);
    CHECK_CODE("destroying what there is not", keys_destroy(&place, KEYS_FIELD, (enum suite)0, 9),
               KEYD_KEY_UNKNOWN);
    world_start(&world);
    CHECK_OK("seal under 2",
             keyd_field_seal_one(world.keyd, S("t"), S("c"), 1, str_bytes(S("x")), newer, &m));
    CHECK_INT("the new one seals", field_seal_version(bytes_of(newer, m)), 2);
    CHECK_OK("the old one opens",
             keyd_field_open_one(world.keyd, &COUNTER, S("t"), S("c"), 1, bytes_of(sealed, n),
                                 plain, sizeof plain, &k));
    CHECK_OK("ahead of time",
             keyd_sign(world.keyd, KEYD_SIGN_STOP_LIST, str_bytes(S("list")), &second));
    CHECK("the old key still signs", memcmp(first.kid, second.kid, KID_BYTES) == 0);
    now.usec += USEC_PER_HOUR;
    CHECK_OK("in time", keyd_sign(world.keyd, KEYD_SIGN_STOP_LIST, str_bytes(S("list")), &third));
    CHECK("the new key signs", memcmp(first.kid, third.kid, KID_BYTES) != 0);
    CHECK("the new one's holds",
          signature_holds(world.keyd, &third, S("list"), KEYD_SIGN_STOP_LIST));
    CHECK("the old one's holds beside it",
          signature_holds(world.keyd, &second, S("list"), KEYD_SIGN_STOP_LIST));
    now.usec += USEC_PER_HOUR;
    CHECK("the overlap is over",
          !signature_holds(world.keyd, &second, S("list"), KEYD_SIGN_STOP_LIST));
    world_stop(&world);

    place = place_of(&world);
    CHECK_OK("destroy", keys_destroy(&place, KEYS_FIELD, (enum suite)0, 1));
    CHECK_CODE("twice", keys_destroy(&place, KEYS_FIELD, (enum suite)0, 1), KEYD_KEY_DESTROYED);
    world_start(&world);
    CHECK_CODE("gone for good",
               keyd_field_open_one(world.keyd, &COUNTER, S("t"), S("c"), 1, bytes_of(sealed, n),
                                   plain, sizeof plain, &k),
               KEYD_KEY_DESTROYED);
    CHECK_OK("the newer one stays",
             keyd_field_open_one(world.keyd, &COUNTER, S("t"), S("c"), 1, bytes_of(newer, m), plain,
                                 sizeof plain, &k));
    world_stop(&world);
}

int main(void)
{
    prng.state = test_seed();
    test_fields();
    test_many();
    test_sign_budget();
    test_actor_share();
    test_share_sizes();
    test_uses();
    test_names();
    test_value_hash();
    test_blind();
    test_sign_and_rotate();
    return test_end();
}
