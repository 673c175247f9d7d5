/* identity/judge.c - codes judged from published keys and the clock alone. */
#include "identity/judge.h"

#include "crypto/blind.h"

/* ---- signatures */

struct signed_text { /* domain and bytes, as they are signed */
    uint8_t p[16 + CODE_SIGNED];
    size_t n;
};

static struct bytes signed_over(struct signed_text *text, struct str domain, const uint8_t *raw,
                                size_t n)
{
    struct writer w = writer_over(text->p, sizeof text->p);

    put_str(&w, domain);
    put_bytes(&w, bytes_of(raw, n));
    assert(!w.over);
    return writer_bytes(&w);
}

static RESULT signature_check(enum code_suite suite, const uint8_t key[33], struct bytes message,
                              const uint8_t signature[64], int refusal)
{
    struct bytes point = bytes_of(key, 33), rs = bytes_of(signature, 64);
    struct err err =
        suite == CODE_SM2 ? sm2_verify(point, message, rs) : p256_verify(point, message, rs);

    if (err.code == CRYPTO_BAD_SIGNATURE || err.code == CRYPTO_BAD_PUBLIC_KEY) REFUSE(refusal);
    return err;
}

static const struct verify_key *prepared_of(const struct prepared_keys *prepared,
                                            enum code_suite suite, const uint8_t point[POINT_SHORT])
{
    int n = prepared ? atomic_load_explicit(&prepared->n, memory_order_acquire) : 0;

    for (int i = 0; i < n; i++) {
        if (prepared->rows[i].suite == suite &&
            memcmp(prepared->rows[i].point, point, POINT_SHORT) == 0)
            return prepared->rows[i].key;
    }
    return NULL;
}

RESULT prepared_keys_add(struct prepared_keys *prepared, const struct published_keys *keys)
{
    for (size_t i = 0; i < keys->n; i++) {
        const struct published_key *key = &keys->keys[i];
        int n = atomic_load_explicit(&prepared->n, memory_order_relaxed);
        if (n == PREPARED_KEYS_MAX || prepared_of(prepared, key->suite, key->public_key)) continue;
        TRY(verify_key_open((enum suite)key->suite, bytes_of(key->public_key, POINT_SHORT),
                            &prepared->rows[n].key));
        prepared->rows[n].suite = key->suite;
        memcpy(prepared->rows[n].point, key->public_key, POINT_SHORT);
        atomic_store_explicit(&prepared->n, n + 1, memory_order_release);
    }
    return OK;
}

void prepared_keys_close(struct prepared_keys *prepared)
{
    for (int i = 0; i < atomic_load(&prepared->n); i++) {
        verify_key_close(prepared->rows[i].key);
    }
}

/* A bundle's time is the start of its step, so one made in a key's first step seems up to a step
 * older. */
static bool key_days_hold(const struct published_key *key, struct instant made)
{
    return instant_before(key->valid_from, instant_add(made, CODE_STEP_USEC)) &&
           instant_before(made, key->valid_to);
}

/* Any of the keys with this name whose days hold `from` and which verifies. */
static RESULT issuer_check(const struct published_keys *keys, const struct prepared_keys *prepared,
                           enum verify_use use, enum code_suite suite, bool test, uint16_t kid,
                           struct instant made, struct bytes message, const uint8_t signature[64])
{
    bool known = false;

    for (size_t i = 0; i < keys->n; i++) {
        const struct published_key *key = &keys->keys[i];
        const struct verify_key *ready;
        struct err err;
        if (key->use != use || key->suite != suite || key->kid != kid) continue;
        /* a test key makes test codes and nothing else, so the mark can't be left off */
        if (key->test != test) continue;
        if (!key_days_hold(key, made)) continue;
        known = true;
        ready = prepared_of(prepared, suite, key->public_key);
        err = ready ? verify_key_check(ready, message, signature)
                    : signature_check(suite, key->public_key, message, signature,
                                      IDENTITY_BUNDLE_FORGED);
        if (err.code == CRYPTO_BAD_SIGNATURE) err.code = IDENTITY_BUNDLE_FORGED;
        if (err.code != IDENTITY_BUNDLE_FORGED) return err;
    }
    REFUSE(known ? IDENTITY_BUNDLE_FORGED : IDENTITY_KEY_UNKNOWN);
}

static bool issuer_known(const struct published_keys *keys, const struct bundle *bundle)
{
    struct instant made = code_step_start(bundle->from_step);

    for (size_t i = 0; i < keys->n; i++) {
        const struct published_key *key = &keys->keys[i];
        if (key->use == VERIFY_CODES && key->suite == bundle->issuer_suite &&
            key->kid == bundle->kid && key->test == bundle->test && key_days_hold(key, made))
            return true;
    }
    return false;
}

/* ---- bundles seen before */

struct bundle_name {
    uint64_t a, b;
};

static struct bundle_name bundle_name(const uint8_t *raw)
{
    uint8_t digest[HASH_BYTES];
    struct cursor c;

    sm3(bytes_of(raw, CODE_BUNDLE_BYTES), digest);
    c = cursor_over(bytes_of(digest, sizeof digest));
    return (struct bundle_name){ take_be64(&c) | 1, take_be64(&c) };
}

static bool bundle_seen(struct bundle_cache *cache, struct bundle_name name)
{
    size_t at = (size_t)(name.b % BUNDLE_SLOTS);

    return atomic_load_explicit(&cache->slots[at].a, memory_order_relaxed) == name.a &&
           atomic_load_explicit(&cache->slots[at].b, memory_order_relaxed) == name.b;
}

static void bundle_remember(struct bundle_cache *cache, struct bundle_name name)
{
    size_t at = (size_t)(name.b % BUNDLE_SLOTS);

    atomic_store_explicit(&cache->slots[at].a, name.a, memory_order_relaxed);
    atomic_store_explicit(&cache->slots[at].b, name.b, memory_order_relaxed);
}

static RESULT bundle_judge(const struct judge_ask *ask, const struct bundle *bundle,
                           const uint8_t *raw)
{
    struct signed_text text;
    struct bundle_name name = { 0 };

    REQUIRE(issuer_known(ask->keys, bundle), IDENTITY_KEY_UNKNOWN);
    if (ask->cache) {
        name = bundle_name(raw);
        if (bundle_seen(ask->cache, name)) return OK;
    }
    TRY(issuer_check(ask->keys, ask->prepared, VERIFY_CODES, bundle->issuer_suite, bundle->test,
                     bundle->kid, code_step_start(bundle->from_step),
                     signed_over(&text, S(CODE_BUNDLE_DOMAIN), raw, CODE_BUNDLE_SIGNED),
                     bundle->signature));
    if (ask->cache) bundle_remember(ask->cache, name);
    return OK;
}

/* ---- time, purpose, strength */

static RESULT clock_judge(uint32_t step, struct instant at, struct verdict *verdict)
{
    int64_t minutes;

    switch (code_age(step, at, &minutes)) {
    case CODE_EARLY:
        verdict->skew_minutes = minutes;
        REFUSE(IDENTITY_CLOCK_FAST);
    case CODE_LATE:
        verdict->skew_minutes = -minutes;
        REFUSE(IDENTITY_CODE_EXPIRED);
    case CODE_FRESH:
        break;
    }
    return OK;
}

/* The code's own life in its bundle: the step must lie in it, and one refreshed early may begin
 * just before. */
static bool step_within(uint32_t step, uint32_t from, int64_t steps)
{
    return (int64_t)step >= (int64_t)from - CODE_AHEAD_STEPS &&
           (int64_t)step < (int64_t)from + steps;
}

static RESULT phone_judge(const struct judge_ask *ask, const struct code_text *text,
                          struct verdict *verdict)
{
    const struct code *code = &text->of.phone;
    struct signed_text over;

    TRY(bundle_judge(ask, &code->bundle, text->raw));
    TRY(signature_check(code->bundle.device_suite, code->bundle.device_key,
                        signed_over(&over, S(CODE_DOMAIN), text->raw, CODE_SIGNED), code->signature,
                        IDENTITY_CODE_FORGED));
    TRY(clock_judge(code->step, ask->at, verdict));
    REQUIRE(step_within(code->step, code->bundle.from_step, CODE_BUNDLE_STEPS),
            IDENTITY_BUNDLE_EXPIRED);
    REQUIRE(code->purpose == ask->purpose, IDENTITY_PURPOSE);
    REQUIRE(code->bundle.strength >= ask->strength, IDENTITY_STRENGTH);
    return OK;
}

static RESULT paper_judge(const struct judge_ask *ask, const struct code_text *text)
{
    const struct paper_code *paper = &text->of.paper;
    struct instant from = code_step_start(paper->from_step);
    struct signed_text over;

    TRY(issuer_check(ask->keys, ask->prepared, VERIFY_CODES, paper->issuer_suite, paper->test,
                     paper->kid, from, signed_over(&over, S(PAPER_DOMAIN), text->raw, PAPER_SIGNED),
                     paper->signature));
    REQUIRE(!instant_before(ask->at, from), IDENTITY_BUNDLE_EXPIRED);
    REQUIRE(instant_before(ask->at, instant_add(from, paper->days * USEC_PER_DAY)),
            IDENTITY_BUNDLE_EXPIRED);
    REQUIRE(ask->strength <= CODE_DOOR, IDENTITY_STRENGTH);
    return OK;
}

RESULT code_judge(const struct judge_ask *ask, const struct code_text *text,
                  struct verdict *verdict)
{
    uint8_t digest[HASH_BYTES];

    assert(text->form != CODE_FORM_SHORT);
    verdict->form = text->form;
    if (text->form == CODE_FORM_PHONE) {
        const struct code *code = &text->of.phone;
        verdict->strength = code->bundle.strength;
        verdict->purpose = code->purpose;
        verdict->test = code->bundle.test;
        verdict->card_index = code->bundle.card_index;
        sm3(bytes_of(text->raw, CODE_BYTES), digest);
        memcpy(verdict->presentation, digest, sizeof verdict->presentation);
    } else { /* a sheet may come again: its showings have no name */
        verdict->strength = CODE_DOOR;
        verdict->purpose = ask->purpose;
        verdict->test = text->of.paper.test;
        verdict->card_index = text->of.paper.card_index;
    }
    REQUIRE(!verdict->test || ask->test_codes, IDENTITY_TEST_CODE);
    return text->form == CODE_FORM_PHONE ? phone_judge(ask, text, verdict) : paper_judge(ask, text);
}

/* ---- grade C */

static RESULT list_judge(const struct stop_list *list, const struct code_text *text)
{
    bool paper = text->form == CODE_FORM_PAPER;
    uint32_t index = paper ? text->of.paper.card_index : text->of.phone.bundle.card_index;
    uint32_t from = paper ? text->of.paper.from_step : text->of.phone.bundle.from_step;

    switch (stop_list_find(list, index)) {
    case STOP_STOPPED:
        REFUSE(IDENTITY_CARD_STOPPED);
    case STOP_CARD_ONLY: /* the e-card goes on; a sheet stands for the card in hand */
        REQUIRE(!paper, IDENTITY_CARD_STOPPED);
        break;
    case STOP_UNKNOWN: /* newer than the list: the issuer vouched for it after the list was made */
        REQUIRE(!instant_before(code_step_start(from + 1), list->head.made_at),
                IDENTITY_CARD_UNKNOWN);
        break;
    case STOP_CLEAR:
        break;
    }
    REQUIRE(!paper || !stop_list_paper_revoked(list, text->of.paper.serial),
            IDENTITY_PAPER_REVOKED);
    return OK;
}

RESULT identity_verify_offline(const struct published_keys *keys, const struct stop_list *list,
                               const struct offline_ask *ask, struct verdict *verdict)
{
    struct judge_ask judge = { .keys = keys,
                               .purpose = ask->purpose,
                               .strength = ask->strength,
                               .test_codes = ask->test_codes,
                               .at = ask->at };
    struct code_text text;

    memset(verdict, 0, sizeof *verdict);
    TRY(code_text_parse(ask->text, &text));
    verdict->form = text.form;
    REQUIRE(text.form != CODE_FORM_SHORT, IDENTITY_ONLINE_ONLY);
    TRY(code_judge(&judge, &text, verdict));
    REQUIRE(ask->strength < CODE_MONEY, IDENTITY_ONLINE_ONLY);
    REQUIRE(!stop_list_stale(list, ask->at), IDENTITY_LIST_STALE);
    return list_judge(list, &text);
}

/* ---- what a reader without a network remembers */

#define REPLAY_LIFE_USEC (2 * USEC_PER_MIN)

RESULT replay_take(struct replay_memory *memory, struct str text, struct instant at,
                   struct verdict *verdict)
{
    struct code_text parsed;
    struct cursor c;
    uint64_t device;
    size_t free_row = REPLAY_ROWS;

    TRY(code_text_parse(text, &parsed));
    if (parsed.form != CODE_FORM_PHONE) return OK;
    c = cursor_over(bytes_of(parsed.of.phone.bundle.device_key + 1, 8));
    device = take_be64(&c);
    for (size_t i = 0; i < REPLAY_ROWS; i++) {
        bool over = memory->rows[i].first_at_usec + REPLAY_LIFE_USEC <= at.usec;
        if (memory->rows[i].first_at_usec != 0 && memory->rows[i].device == device && !over) {
            if (parsed.of.phone.step <= memory->rows[i].step) {
                verdict->first_at.usec = memory->rows[i].first_at_usec;
                REFUSE(IDENTITY_CODE_USED);
            }
            memory->rows[i].step = parsed.of.phone.step;
            memory->rows[i].first_at_usec = at.usec;
            return OK;
        }
        if (over && free_row == REPLAY_ROWS) free_row = i;
    }
    /* more holders in two minutes than rows: refusing is the side that can't be cheated */
    REQUIRE(free_row < REPLAY_ROWS, IDENTITY_RECORD_FULL);
    memory->rows[free_row].device = device;
    memory->rows[free_row].step = parsed.of.phone.step;
    memory->rows[free_row].first_at_usec = at.usec;
    return OK;
}

/* ---- stop lists */

RESULT identity_stop_list_check(const struct published_keys *keys, struct bytes file,
                                bool test_lists, struct stop_list_file *out)
{
    uint8_t message[sizeof STOP_LIST_DOMAIN - 1 + STOP_LIST_HEAD_BYTES], digest[HASH_BYTES];
    struct writer w = writer_over(message, sizeof message);
    struct stop_list_file read;

    TRY(stop_list_parse(file, &read));
    REQUIRE(!read.head.test || test_lists, IDENTITY_TEST_CODE);
    if (read.head.suite == CODE_SM2)
        sm3(read.body, digest);
    else
        sha256(read.body, digest);
    REQUIRE(memcmp(digest, read.head.body_digest, sizeof digest) == 0, IDENTITY_BUNDLE_FORGED);
    put_str(&w, S(STOP_LIST_DOMAIN));
    put_bytes(&w, read.signed_part);
    TRY(issuer_check(keys, NULL, VERIFY_STOP_LISTS, read.head.suite, read.head.test, read.head.kid,
                     read.head.made_at, writer_bytes(&w), read.signature.p));
    *out = read;
    return OK;
}

void identity_pseudonym(const struct blind_key *blind, int64_t place_id, int64_t person_id,
                        uint8_t out[16])
{
    enum { KIND_PSEUDONYM = 200 }; /* beside the credential kinds, never one of them */
    uint8_t message[16], hash[VALUE_HASH_BYTES];
    struct writer w = writer_over(message, sizeof message);

    put_be64(&w, (uint64_t)place_id);
    put_be64(&w, (uint64_t)person_id);
    value_hash(blind, KIND_PSEUDONYM, writer_bytes(&w), hash);
    memcpy(out, hash, 16);
}
