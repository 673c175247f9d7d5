/* identity/verify.c - grade A: the code is used up and the use recorded before the answer; and a
 * second look at what gates decided alone. */
#include "identity/core.h"
#include "identity/verify_store.h"

struct verify_call {
    const struct verify_ask *ask;
    const struct code_text *text;
    int judged; /* what the code alone came to: OK or a refusal about an authentic code */
    int64_t person_id, card_id, device_id;
    struct verdict *verdict;
};

/* One line in the holder's record: the use, or the denial. */
static RESULT line_append(struct txn *tx, const struct verify_call *call, int verdict)
{
    const struct verify_ask *ask = call->ask;
    struct journal_line line = {
        .kind = JOURNAL_USE,
        .actor = ask->staff_id != 0 ? ACTOR_STAFF : ACTOR_TERMINAL,
        .actor_id = ask->staff_id != 0 ? ask->staff_id : ask->terminal_id,
        .grade = GRADE_A,
        .provenance = provenance_of(call->verdict->test, ask->simulator),
        .person_id = call->person_id,
        .card_id = call->card_id,
        .place_id = ask->place_id,
        .terminal_id = ask->terminal_id,
        .region_code = ask->region_code,
        .verdict = verdict,
        .act = S("code_verified"),
        .item = ask->item,
        .at = ask->at,
        .said_at = ask->terminal_at,
    };

    if (call->device_id != 0) {
        memcpy(line.object_prefix, "dev", 4);
        line.object_id = call->device_id;
    }
    return journal_append(tx, &line, NULL);
}

static RESULT card_check(struct txn *tx, const struct verify_call *call, bool ecard, uint16_t epoch)
{
    struct card card;
    struct err err = registry_card_in(tx, call->person_id, call->card_id, &card);

    if (err.code == REGISTRY_CARD_UNKNOWN) REFUSE(IDENTITY_CARD_UNKNOWN);
    TRY(err);
    TRY(card_judge((int)card.social, social_usable(card.social), ecard_usable(&card), ecard,
                   call->verdict));
    REQUIRE((uint16_t)card.epoch == epoch, IDENTITY_CARD_EPOCH);
    return OK;
}

static RESULT device_check(struct txn *tx, const struct verify_call *call)
{
    const struct bundle *bundle = &call->text->of.phone.bundle;
    struct device device;
    uint8_t key[POINT_SHORT];
    struct err err = registry_device_in(tx, call->person_id, call->device_id, &device);

    if (err.code == REGISTRY_DEVICE_UNKNOWN) REFUSE(IDENTITY_DEVICE_UNKNOWN);
    TRY(err);
    REQUIRE(device.state == DEVICE_ACTIVE && (uint8_t)device.epoch == bundle->device_epoch,
            IDENTITY_DEVICE_REVOKED);
    TRY(point_short(device.suite, bytes_of(device.key, device.key_n), key));
    REQUIRE(memcmp(key, bundle->device_key, sizeof key) == 0, IDENTITY_DEVICE_UNKNOWN);
    return OK;
}

/* Steps must grow: this one, or a later one, was taken before? If not, it is taken now. */
static RESULT step_take(struct txn *tx, const struct verify_call *call)
{
    struct used_row used, now = { .step = call->text->of.phone.step,
                                  .used_at = call->ask->at,
                                  .place_id = call->ask->place_id,
                                  .terminal_id = call->ask->terminal_id };
    bool found;

    TRY(used_load(tx, call->person_id, call->device_id, &used, &found));
    if (found && now.step <= used.step) {
        call->verdict->first_at = used.used_at;
        call->verdict->first_place_id = used.place_id;
        REFUSE(IDENTITY_CODE_USED);
    }
    return used_put(tx, call->person_id, call->device_id, &now, found);
}

static RESULT phone_take(struct txn *tx, const struct verify_call *call)
{
    if (call->judged != 0) REFUSE(call->judged);
    TRY(card_check(tx, call, true, call->text->of.phone.bundle.card_epoch));
    TRY(device_check(tx, call));
    return step_take(tx, call);
}

static RESULT paper_take(struct txn *tx, const struct verify_call *call)
{
    const struct paper_code *paper = &call->text->of.paper;
    struct paper_row row;
    bool found;

    if (call->judged != 0) REFUSE(call->judged);
    TRY(card_check(tx, call, false, paper->card_epoch));
    TRY(paper_load(tx, call->person_id, paper->serial, &row, &found));
    REQUIRE(found && row.card_id == call->card_id, IDENTITY_CARD_UNKNOWN);
    REQUIRE(row.revoked_at.usec == 0, IDENTITY_PAPER_REVOKED);
    return OK;
}

/* Root: the holder. Bodies decide before they write, so a refused one has written nothing but the
 * denial line that is to be kept. */
static RESULT verify_in(struct txn *tx, void *arg)
{
    struct verify_call *call = arg;
    struct err err =
        call->text->form == CODE_FORM_PHONE ? phone_take(tx, call) : paper_take(tx, call);

    if (err.code < 0) return err;
    TRY(line_append(tx, call, err.code));
    if (err.code != 0) REFUSE_KEEP(err.code);
    return OK;
}

RESULT identity_verify(struct identity *identity, const struct verify_ask *ask,
                       struct verdict *verdict)
{
    struct published_keys keys;
    struct judge_ask judge = { .keys = &keys,
                               .prepared = &identity->prepared,
                               .cache = identity->cache,
                               .purpose = ask->purpose,
                               .strength = ask->strength,
                               .test_codes = identity->config.test_codes,
                               .at = ask->at };
    struct verify_call call = { .ask = ask, .verdict = verdict };
    struct code_text text;
    struct err err;

    memset(verdict, 0, sizeof *verdict);
    TRY(code_text_parse(ask->text, &text));
    if (text.form == CODE_FORM_SHORT) return short_verify(identity, ask, text.of.typed, verdict);
    TRY(keys_now(identity, ask->at, &keys));
    err = code_judge(&judge, &text, verdict);
    if (err.code < 0 || (err.code > 0 && !refusal_authentic(err.code))) return err;
    call.text = &text;
    call.judged = err.code;
    if (text.form == CODE_FORM_PHONE)
        call.device_id = (int64_t)identity->codec.open(identity->codec.key,
                                                       alias_open(text.of.phone.bundle.alias));
    TRY(derived_card_of(identity->config.store, verdict->card_index, &call.card_id,
                        &call.person_id));
    verdict->person_id = call.person_id;
    verdict->card_id = call.card_id;
    verdict->device_id = call.device_id;
    identity_pseudonym(identity->config.blind, ask->place_id, call.person_id, verdict->pseudonym);
    return store_run(identity->config.store, (struct root){ ROOT_PERSON, call.person_id },
                     verify_in, &call);
}

/* ---- grade C, afterwards */

static RESULT later_in(struct txn *tx, void *arg)
{
    struct verify_call *call = arg;
    const struct code_text *text = call->text;
    bool phone = text->form == CODE_FORM_PHONE;
    struct instant at = call->ask->at;
    struct card card;
    struct err err;

    TRY(registry_card_in(tx, call->person_id, call->card_id, &card));
    err = card_check(tx, call, phone,
                     phone ? text->of.phone.bundle.card_epoch : text->of.paper.card_epoch);
    if (err.code < 0) return err;
    if (err.code > 0 && instant_before(card.changed_at, at)) return err;
    if (!phone) {
        struct paper_row row;
        bool found;
        TRY(paper_load(tx, call->person_id, text->of.paper.serial, &row, &found));
        REQUIRE(found && row.card_id == call->card_id, IDENTITY_CARD_UNKNOWN);
        REQUIRE(row.revoked_at.usec == 0 || !instant_before(row.revoked_at, at),
                IDENTITY_PAPER_REVOKED);
        return OK;
    }
    err = device_check(tx, call);
    if (err.code == IDENTITY_DEVICE_REVOKED) { /* since when? */
        struct device device;
        TRY(registry_device_in(tx, call->person_id, call->device_id, &device));
        if (device.revoked_at.usec != 0 && !instant_before(device.revoked_at, at)) return OK;
        REFUSE(IDENTITY_DEVICE_REVOKED);
    }
    return err;
}

RESULT identity_verify_later(struct identity *identity, const struct verify_ask *ask,
                             struct instant now, struct verdict *verdict)
{
    struct published_keys keys;
    struct judge_ask judge = { .keys = &keys,
                               .prepared = &identity->prepared,
                               .cache = identity->cache,
                               .purpose = ask->purpose,
                               .strength = ask->strength,
                               .test_codes = identity->config.test_codes,
                               .at = ask->at };
    struct verify_call call = { .ask = ask, .verdict = verdict };
    struct code_text text;
    struct err err;

    memset(verdict, 0, sizeof *verdict);
    TRY(code_text_parse(ask->text, &text));
    REQUIRE(text.form != CODE_FORM_SHORT, IDENTITY_ONLINE_ONLY);
    TRY(keys_now(identity, now, &keys));
    err = code_judge(&judge, &text, verdict);
    if (err.code < 0 || (err.code > 0 && !refusal_authentic(err.code))) return err;
    call.text = &text;
    call.judged = err.code;
    if (text.form == CODE_FORM_PHONE)
        call.device_id = (int64_t)identity->codec.open(identity->codec.key,
                                                       alias_open(text.of.phone.bundle.alias));
    TRY(derived_card_of(identity->config.store, verdict->card_index, &call.card_id,
                        &call.person_id));
    verdict->person_id = call.person_id;
    verdict->card_id = call.card_id;
    verdict->device_id = call.device_id;
    if (call.judged != 0) REFUSE(call.judged);
    return store_read(identity->config.store, later_in, &call);
}

struct take_call {
    const struct verify_ask *ask;
    uint32_t step;
    struct verdict *verdict;
};

static RESULT taken_elsewhere(struct take_call *call, const struct used_row *first)
{
    call->verdict->first_at = first->used_at;
    call->verdict->first_place_id = first->place_id;
    REFUSE(IDENTITY_CODE_TWICE);
}

static RESULT offline_take_in(struct txn *tx, void *arg)
{
    struct take_call *call = arg;
    const struct verify_ask *ask = call->ask;
    int64_t person_id = call->verdict->person_id, device_id = call->verdict->device_id;
    struct used_row first, now = { .step = call->step,
                                   .used_at = ask->at,
                                   .place_id = ask->place_id,
                                   .terminal_id = ask->terminal_id };
    bool found, used;

    TRY(offline_load(tx, person_id, device_id, call->step, &first, &found));
    if (found) {
        bool same_line = first.used_at.usec == ask->at.usec && first.place_id == ask->place_id &&
                         first.terminal_id == ask->terminal_id;
        return same_line ? OK : taken_elsewhere(call, &first);
    }
    TRY(used_load(tx, person_id, device_id, &first, &used));
    if (used && first.step == call->step) return taken_elsewhere(call, &first);
    TRY(offline_forget(tx, person_id, instant_add(ask->at, -OFFLINE_KEPT_DAYS * USEC_PER_DAY)));
    TRY(offline_put(tx, person_id, device_id, &now));
    if (used && first.step > call->step) return OK;
    return used_put(tx, person_id, device_id, &now, used);
}

RESULT identity_offline_take(struct identity *identity, const struct verify_ask *ask,
                             struct verdict *verdict)
{
    struct take_call call = { .ask = ask, .verdict = verdict };
    struct code_text text;

    TRY(code_text_parse(ask->text, &text));
    if (text.form != CODE_FORM_PHONE) return OK;
    call.step = text.of.phone.step;
    return store_run(identity->config.store, (struct root){ ROOT_PERSON, verdict->person_id },
                     offline_take_in, &call);
}
