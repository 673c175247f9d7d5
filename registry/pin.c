/* registry/pin.c - the social PIN of a card (社保密码), and activation numbers. */
#include "registry/card_turn.h"
#include "registry/secret.h"

enum { PIN_DIGITS = 6, PIN_TRIES = 6 }; /* pin.social.max_wrong where no row has a value */

/* Six digits, no runs (123456, 654321), no repeats (domain.md 3.8). */
static bool pin_strong(struct str pin)
{
    bool same = true, up = true, down = true;
    int64_t n;

    if (pin.n != PIN_DIGITS || !str_int(pin, 0, 999999, &n)) return false;
    for (size_t i = 1; i < pin.n; i++) {
        same = same && pin.p[i] == pin.p[i - 1];
        up = up && pin.p[i] == pin.p[i - 1] + 1;
        down = down && pin.p[i] == pin.p[i - 1] - 1;
    }
    return !same && !up && !down;
}

static int64_t pin_tries(const struct registry *rg, int32_t region_code, struct instant at)
{
    int64_t tries;

    if (rg->shelf == NULL ||
        parameter_int(catalogue_now(rg->shelf), S("pin.social.max_wrong"), region_code, at, &tries)
                .code != 0)
        return PIN_TRIES;
    return tries >= 1 && tries <= 20 ? tries : PIN_TRIES;
}

struct pin_call {
    int64_t person_id, card_id;
    const struct act *act;
    struct secret_new fresh;
};

static RESULT pin_set_in_txn(struct txn *tx, void *arg)
{
    const struct pin_call *call = arg;
    struct card card;

    TRY(registry_card_in(tx, call->person_id, call->card_id, &card));
    TRY(secret_set_in(tx, &call->fresh, call->act->at));
    txn_result(tx, call->card_id);
    return act_journal(tx, call->act,
                       &(struct act_line){ .kind = JOURNAL_CARD,
                                           .person_id = call->person_id,
                                           .card_id = call->card_id,
                                           .region_code = card.region_code,
                                           .act = "pin_set",
                                           .item = ITEM_CARD_PIN });
}

RESULT registry_pin_set(const struct registry *rg, const struct once *once, int64_t person_id,
                        int64_t card_id, struct str pin, const struct act *act)
{
    char hash[PASSWORD_HASH_MAX];
    struct pin_call call = { .person_id = person_id, .card_id = card_id, .act = act };
    struct card card;
    int64_t done;
    bool again = false;

    REQUIRE(pin_strong(pin), SIGNIN_WEAK);
    if (once) TRY(store_once_find(rg->store, root_person(person_id), once, &done, &again));
    if (again) return OK; /* before a tenth of a second of hashing */
    TRY(registry_card_load(rg->store, person_id, card_id, &card));
    TRY(password_hash(str_bytes(pin), rg->password_cost, &rg->entropy, hash));
    call.fresh = (struct secret_new){ .root = root_person(person_id),
                                      .owner_id = card_id,
                                      .kind = SECRET_PIN,
                                      .verifier = str_bytes(str_of(hash)),
                                      .tries_max = pin_tries(rg, card.region_code, act->at) };
    return act_run(rg, root_person(person_id), once, pin_set_in_txn, &call, &done, &again);
}

/* The last wrong try locks the card in the transaction that says so. */
static RESULT pin_lock_in_txn(struct txn *tx, void *arg)
{
    const struct pin_call *call = arg;
    struct turn_why why = { .act = call->act, .name = "card_locked", .item = ITEM_CARD_PIN };
    struct card_turn turn;
    struct card card;

    TRY(registry_card_in(tx, call->person_id, call->card_id, &card));
    if (card.social != SOCIAL_NORMAL) REFUSE_KEEP(SIGNIN_WRONG);
    card_turn_open(&turn, &card);
    TRY(card_turn_social(&turn, SOCIAL_LOCK));
    TRY(card_turn_save(tx, &turn, &why));
    TRY(act_notice(tx, NOTICE_CARD_LOCKED, call->person_id, call->act->at,
                   ((struct act_word[]){ { "card", card_mask(tx, &card) },
                                         { "at", act_time(tx, call->act->at) } }),
                   2));
    REFUSE_KEEP(SIGNIN_WRONG);
}

static RESULT right_in_txn(struct txn *tx, void *arg)
{
    return secret_right_in(tx, arg);
}

RESULT registry_pin_check(const struct registry *rg, int64_t person_id, int64_t card_id,
                          struct str pin, const struct act *act)
{
    struct pin_call call = { .person_id = person_id, .card_id = card_id, .act = act };
    struct secret_try tried;
    struct card card;
    struct err end;

    TRY(registry_card_load(rg->store, person_id, card_id, &card));
    TRY(secret_reserve(rg, root_person(person_id), card_id, SECRET_PIN, act->at, &tried));
    end = password_verify((struct str){ (const char *)tried.row.verifier, tried.row.verifier_n },
                          str_bytes(pin));
    if (end.code == 0) return store_run(rg->store, tried.root, right_in_txn, &tried);
    if (end.code != CRYPTO_WRONG_PASSWORD) return end;
    if (tried.row.tries >= tried.row.tries_max)
        return store_run(rg->store, tried.root, pin_lock_in_txn, &call);
    return secret_wrong(rg, &tried, person_id, act);
}

/* ---- activation numbers */

static const struct root NODE = { ROOT_NODE, NODE_ID };
static const char ALPHABET[] =
    "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; /* Crockford: nothing to confuse */

struct activation_call {
    int64_t owner_id, version, life_usec;
    const struct act *act;
    uint8_t hash[32];
};

static RESULT activation_version(struct txn *tx, void *arg)
{
    struct activation_call *call = arg;
    struct secret_row row = { 0 };
    bool found;

    TRY(secret_select(tx, NODE_ID, call->owner_id, SECRET_ACTIVATION, &row, &found));
    call->version = row.version + 1;
    return OK;
}

static RESULT activation_in_txn(struct txn *tx, void *arg)
{
    struct activation_call *call = arg;
    struct secret_new fresh = { .root = NODE,
                                .owner_id = call->owner_id,
                                .kind = SECRET_ACTIVATION,
                                .verifier = bytes_of(call->hash, sizeof call->hash),
                                .tries_max = SECRET_TRIES,
                                .expires_at = instant_add(call->act->at, call->life_usec) };
    struct secret_row row = { 0 };
    bool found;

    TRY(secret_select(tx, NODE_ID, call->owner_id, SECRET_ACTIVATION, &row, &found));
    REQUIRE(row.version + 1 == call->version, SIGNIN_WAIT); /* another was made this moment */
    TRY(secret_set_in(tx, &fresh, call->act->at));
    return act_journal(tx, call->act,
                       &(struct act_line){ .kind = JOURNAL_STAFF_ACT, .act = "activation_made" });
}

RESULT registry_activation_make(const struct registry *rg, int64_t owner_id, int64_t life_usec,
                                const struct act *act, char out[ACTIVATION_CHARS])
{
    struct activation_call call = { .owner_id = owner_id, .act = act, .life_usec = life_usec };
    uint8_t bits[ACTIVATION_CHARS];
    char text[ACTIVATION_CHARS];

    rg->entropy.fill(rg->entropy.arg, bits, sizeof bits);
    for (int i = 0; i < ACTIVATION_CHARS; i++)
        text[i] = ALPHABET[bits[i] & 31];
    TRY(store_read(rg->store, activation_version, &call));
    secret_code_hash(rg, owner_id, SECRET_ACTIVATION, call.version,
                     (struct str){ text, sizeof text }, call.hash);
    TRY(store_run(rg->store, NODE, activation_in_txn, &call));
    memcpy(out, text, sizeof text);
    return OK;
}

/* As people read it back: small letters, o for 0, i and l for 1, hyphens between groups. */
static bool activation_form(struct str number, char out[ACTIVATION_CHARS])
{
    size_t n = 0;

    for (size_t i = 0; i < number.n; i++) {
        char c = number.p[i];
        if (c == '-' || c == ' ') continue;
        if (c >= 'a' && c <= 'z') c = (char)(c - 'a' + 'A');
        if (c == 'O') c = '0';
        if (c == 'I' || c == 'L') c = '1';
        if (n == ACTIVATION_CHARS || c == '\0' || strchr(ALPHABET, c) == NULL) return false;
        out[n++] = c;
    }
    return n == ACTIVATION_CHARS;
}

RESULT registry_activation_use(const struct registry *rg, int64_t owner_id, struct str number,
                               const struct act *act)
{
    char text[ACTIVATION_CHARS];
    uint8_t hash[32];
    struct secret_try tried;

    REQUIRE(activation_form(number, text), SIGNIN_FORM);
    TRY(secret_reserve(rg, NODE, owner_id, SECRET_ACTIVATION, act->at, &tried));
    secret_code_hash(rg, owner_id, SECRET_ACTIVATION, tried.row.version,
                     (struct str){ text, sizeof text }, hash);
    if (!secret_eq(bytes_of(hash, sizeof hash), bytes_of(tried.row.verifier, tried.row.verifier_n)))
        return secret_wrong(rg, &tried, 0, act);
    return store_run(rg->store, NODE, right_in_txn, &tried);
}
