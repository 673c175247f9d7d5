/* registry/device.c - phones that make codes: enrolled, replaced, revoked. */
#include "registry/device.h"

#include "registry/act.h"
#include "registry/device_store.h"

enum { DEVICE_NOTE_VERSION = 1 };

void device_note_write(const struct device_note *note, uint8_t out[DEVICE_NOTE_BYTES])
{
    struct writer w = writer_over(out, DEVICE_NOTE_BYTES);

    put_u8(&w, 'D');
    put_u8(&w, DEVICE_NOTE_VERSION);
    put_be64(&w, (uint64_t)note->device_id);
    put_be64(&w, (uint64_t)note->person_id);
    put_be64(&w, (uint64_t)note->epoch);
    put_be64(&w, (uint64_t)note->at.usec);
    put_u8(&w, note->strength);
    put_u8(&w, note->state);
    assert(!w.over && w.n == DEVICE_NOTE_BYTES);
}

bool device_note_parse(struct bytes bytes, struct device_note *out)
{
    struct cursor c = cursor_over(bytes);
    struct device_note note;

    if (take_u8(&c) != 'D' || take_u8(&c) != DEVICE_NOTE_VERSION) return false;
    note.device_id = (int64_t)take_be64(&c);
    note.person_id = (int64_t)take_be64(&c);
    note.epoch = (int64_t)take_be64(&c);
    note.at.usec = (int64_t)take_be64(&c);
    note.strength = take_u8(&c);
    note.state = take_u8(&c);
    if (c.over || cursor_left(&c) != 0) return false;
    *out = note;
    return true;
}

static RESULT tell(struct txn *tx, const struct device *d, struct instant at)
{
    struct device_note note = { .device_id = d->id,
                                .person_id = d->person_id,
                                .epoch = d->epoch,
                                .at = at,
                                .strength = (uint8_t)d->strength,
                                .state = (uint8_t)d->state };
    uint8_t bytes[DEVICE_NOTE_BYTES];

    device_note_write(&note, bytes);
    TRY(feed_append(tx, FEED_CARD, d->id, bytes_of(bytes, sizeof bytes)));
    txn_note(tx, bytes_of(bytes, sizeof bytes));
    return OK;
}

/* Row, line, notice, feed: the same four for both directions. */
static RESULT leave(struct txn *tx, const struct device *d, const struct act *act, const char *name,
                    enum notice_kind kind)
{
    char tail[24];
    struct writer w = writer_over(tail, sizeof tail);

    put_format(&w, "%04x", (unsigned)((uint64_t)d->id & 0xFFFF)); /* tells two phones apart */
    TRY(act_journal(tx, act,
                    &(struct act_line){ .kind = JOURNAL_CARD,
                                        .person_id = d->person_id,
                                        .act = name,
                                        .item = ITEM_CODE_SHOW,
                                        .object_prefix = "dev",
                                        .object_id = d->id }));
    TRY(act_notice(
        tx, kind, d->person_id, act->at,
        ((struct act_word[]){ { "device", writer_str(&w) }, { "at", act_time(tx, act->at) } }), 2));
    return tell(tx, d, act->at);
}

static RESULT revoke(struct txn *tx, struct device *d, const struct act *act)
{
    d->state = DEVICE_REVOKED;
    d->epoch++;
    d->revoked_at = act->at;
    TRY(device_revoke_set(tx, d->person_id, d->id, act->at, d->epoch));
    return leave(tx, d, act, "device_revoked", NOTICE_DEVICE_REVOKED);
}

struct enrol_call {
    const struct device_ask *ask;
    struct device device;
};

static RESULT enrol_in_txn(struct txn *tx, void *arg)
{
    struct enrol_call *call = arg;
    const struct device_ask *ask = call->ask;
    struct person person;
    struct device active;
    bool found;

    TRY(registry_person_in(tx, ask->person_id, &person));
    REQUIRE(person.state != PERSON_DEAD, REGISTRY_PERSON_DEAD);
    REQUIRE(person.state != PERSON_MERGED, REGISTRY_PERSON_MERGED);
    TRY(device_active_select(tx, ask->person_id, ask->strength, &active, &found));
    REQUIRE(!found || ask->replace, REGISTRY_DEVICE_EXISTS);
    if (found) TRY(revoke(tx, &active, &ask->act));
    TRY(device_insert(tx, &call->device));
    txn_result(tx, call->device.id);
    return leave(tx, &call->device, &ask->act, "device_enrolled", NOTICE_DEVICE_ENROLLED);
}

/* Money is used without anybody looking, identity with staff looking at the person. */
static bool proof_suffices(enum proof proof, enum strength strength)
{
    return proof >= (strength == STRENGTH_MONEY ? PROOF_TWO_FACTORS : PROOF_ONE_FACTOR);
}

RESULT registry_device_enrol(const struct registry *rg, const struct once *once,
                             const struct device_ask *ask, int64_t *device_id)
{
    struct enrol_call call = { .ask = ask,
                               .device = { .id = store_new_id(rg->store),
                                           .person_id = ask->person_id,
                                           .suite = ask->suite,
                                           .strength = ask->strength,
                                           .state = DEVICE_ACTIVE,
                                           .epoch = 1,
                                           .key_n = ask->key.n,
                                           .enrolled_at = ask->act.at } };
    struct verify_key *key;
    int64_t result;
    bool replayed;

    REQUIRE(ask->suite == SUITE_SM2 || ask->suite == SUITE_P256, REGISTRY_DEVICE_KEY);
    REQUIRE(ask->key.n == POINT_SHORT || ask->key.n == POINT_LONG, REGISTRY_DEVICE_KEY);
    REQUIRE(verify_key_open(ask->suite, ask->key, &key).code == 0, REGISTRY_DEVICE_KEY);
    verify_key_close(key);
    memcpy(call.device.key, ask->key.p, ask->key.n);
    REQUIRE(proof_suffices(ask->act.proof, ask->strength), REGISTRY_DEVICE_STRENGTH);
    TRY(act_run(rg, root_person(ask->person_id), once, enrol_in_txn, &call, &result, &replayed));
    *device_id = replayed ? result : call.device.id;
    return OK;
}

struct device_call {
    int64_t person_id, device_id;
    const struct act *act;
    struct device *out;
    int n;
};

RESULT registry_device_in(struct txn *tx, int64_t person_id, int64_t device_id, struct device *out)
{
    bool found;

    TRY(device_select(tx, person_id, device_id, out, &found));
    REQUIRE(found, REGISTRY_DEVICE_UNKNOWN);
    return OK;
}

static RESULT revoke_in_txn(struct txn *tx, void *arg)
{
    const struct device_call *call = arg;
    struct device device;

    TRY(registry_device_in(tx, call->person_id, call->device_id, &device));
    if (device.state == DEVICE_REVOKED) return OK;
    return revoke(tx, &device, call->act);
}

RESULT registry_device_revoke(const struct registry *rg, int64_t person_id, int64_t device_id,
                              const struct act *act)
{
    struct device_call call = { .person_id = person_id, .device_id = device_id, .act = act };

    return store_run(rg->store, root_person(person_id), revoke_in_txn, &call);
}

static RESULT load_in_txn(struct txn *tx, void *arg)
{
    struct device_call *call = arg;

    return registry_device_in(tx, call->person_id, call->device_id, call->out);
}

RESULT registry_device_load(struct store *store, int64_t person_id, int64_t device_id,
                            struct device *out)
{
    struct device_call call = { .person_id = person_id, .device_id = device_id, .out = out };

    return store_read(store, load_in_txn, &call);
}

static RESULT list_in_txn(struct txn *tx, void *arg)
{
    struct device_call *call = arg;

    return devices_select(tx, call->person_id, call->out, DEVICES_MAX, &call->n);
}

RESULT registry_devices_of(struct store *store, int64_t person_id, struct device out[DEVICES_MAX],
                           int *n)
{
    struct device_call call = { .person_id = person_id, .out = out };

    TRY(store_read(store, list_in_txn, &call));
    *n = call.n;
    return OK;
}
