/* programs/demo/residents.c - the named residents of the demo: one or more in each state a card can
 * be in, with passwords, written to demo.json so that a person or a test can be any of them. */
#include "programs/demo/demo.h"

enum made_state {
    MADE_NORMAL,
    MADE_SEALED,
    MADE_APPLIED,
    MADE_IN_PRODUCTION,
    MADE_WAITING,
    MADE_TEMPORARY_LOSS,
    MADE_FORMAL_LOSS,
    MADE_LOCKED,
    MADE_STOPPED,
    MADE_EXPIRED,
    MADE_REPLACED, /* has a newer card, which is normal */
    MADE_CANCELLED,
};

/* clang-format off */
static const struct cast {
    enum made_state state;
    const char *name; /* of the state in demo.json */
    int count, age;   /* age -1: any adult */
} CAST[] = {
    { MADE_NORMAL,         "normal",         18, -1 },
    { MADE_NORMAL,         "normal_aged",     4, 78 },
    { MADE_NORMAL,         "normal_minor",    3, 10 },
    { MADE_SEALED,         "sealed",          4, -1 },
    { MADE_APPLIED,        "applied",         2, -1 },
    { MADE_IN_PRODUCTION,  "in_production",   2, -1 },
    { MADE_WAITING,        "waiting",         2, -1 },
    { MADE_TEMPORARY_LOSS, "temporary_loss",  4, -1 },
    { MADE_FORMAL_LOSS,    "formal_loss",     3, -1 },
    { MADE_LOCKED,         "locked",          3, -1 },
    { MADE_STOPPED,        "stopped",         2, -1 },
    { MADE_EXPIRED,        "expired",         2, -1 },
    { MADE_REPLACED,       "replaced",        3, -1 },
    { MADE_CANCELLED,      "cancelled",       2, -1 },
};
/* clang-format on */

static RESULT event(struct demo *demo, int64_t person_id, int64_t card_id, int social_event)
{
    const struct card_event_ask ask = {
        .person_id = person_id,
        .card_id = card_id,
        .function = FUNCTION_SOCIAL,
        .event = social_event,
        .act = demo_act(demo, CHANNEL_COUNTER, PROOF_PAPERS),
    };
    struct card after;

    return registry_card_event(&demo->rg, NULL, &ask, &after);
}

static RESULT lose(struct demo *demo, int64_t person_id, int64_t card_id, enum loss_kind kind)
{
    const struct loss_ask ask = {
        .person_id = person_id,
        .card_id = card_id,
        .kind = kind,
        .reason = LOSS_LOST,
        .act = demo_act(demo, CHANNEL_COUNTER, PROOF_PAPERS),
    };
    struct loss_made made;

    return registry_card_lose(&demo->rg, NULL, &ask, &made);
}

/* The old card stays on record; *card becomes the new one. */
static RESULT replace(struct demo *demo, int64_t person_id, struct card_made *card)
{
    struct replace_ask ask = {
        .person_id = person_id,
        .old_card_id = card->card_id,
        .reason = REPLACE_LOST,
        .card = { .generation = 3, .instant = true, .ecard = true },
        .act = demo_act(demo, CHANNEL_COUNTER, PROOF_PAPERS),
    };
    struct replace_made made;

    TRY(lose(demo, person_id, card->card_id, LOSS_FORMAL));
    TRY(registry_card_replace(&demo->rg, NULL, &ask, &made));
    *card = made.card;
    return event(demo, person_id, card->card_id, SOCIAL_ENABLE);
}

static RESULT bring_to(struct demo *demo, enum made_state state, int64_t person_id,
                       struct card_made *card)
{
    const struct act act = demo_act(demo, CHANNEL_COUNTER, PROOF_PAPERS_AND_CARD);
    int64_t id = card->card_id;
    struct card after;

    switch (state) {
    case MADE_SEALED:
    case MADE_APPLIED:
        return OK;
    case MADE_IN_PRODUCTION:
        return event(demo, person_id, id, SOCIAL_PRODUCE);
    case MADE_WAITING:
        TRY(event(demo, person_id, id, SOCIAL_PRODUCE));
        return event(demo, person_id, id, SOCIAL_ARRIVE);
    case MADE_NORMAL:
    case MADE_TEMPORARY_LOSS:
    case MADE_FORMAL_LOSS:
    case MADE_LOCKED:
    case MADE_STOPPED:
    case MADE_EXPIRED:
    case MADE_REPLACED:
    case MADE_CANCELLED:
        break;
    }
    TRY(registry_card_activate(&demo->rg, NULL, person_id, id, true, true, &act, &after));
    switch (state) {
    case MADE_TEMPORARY_LOSS:
        return lose(demo, person_id, id, LOSS_TEMPORARY);
    case MADE_FORMAL_LOSS:
        return lose(demo, person_id, id, LOSS_FORMAL);
    case MADE_LOCKED:
        return event(demo, person_id, id, SOCIAL_LOCK);
    case MADE_STOPPED:
        return event(demo, person_id, id, SOCIAL_STOP);
    case MADE_EXPIRED:
        return event(demo, person_id, id, SOCIAL_EXPIRE);
    case MADE_REPLACED:
        return replace(demo, person_id, card);
    case MADE_CANCELLED:
        return registry_card_cancel(&demo->rg, NULL, person_id, id, CANCEL_OWN_WISH, &act, &after);
    case MADE_NORMAL:
    case MADE_SEALED:
    case MADE_APPLIED:
    case MADE_IN_PRODUCTION:
    case MADE_WAITING:
        break;
    }
    return OK;
}

static RESULT resident(struct demo *demo, const struct cast *cast)
{
    const bool at_once = cast->state != MADE_APPLIED && cast->state != MADE_IN_PRODUCTION &&
                         cast->state != MADE_WAITING;
    const struct act act = demo_act(demo, CHANNEL_COUNTER, PROOF_PAPERS);
    int age = cast->age >= 0 ? cast->age : (int)prng_between(&demo->prng, 20, 60);
    struct demo_person person;
    struct person_made made;
    struct card_made card;
    char password[17];

    demo_person_make(demo, age, &person);
    TRY(registry_person_add(&demo->rg, NULL,
                            &(struct person_ask){ .document = DOCUMENT_CITIZEN,
                                                  .number = str_of(person.number),
                                                  .name = str_of(person.name),
                                                  .phone = str_of(person.phone),
                                                  .region_code = person.region,
                                                  .act = act },
                            &made));
    TRY(registry_card_issue(&demo->rg, NULL,
                            &(struct card_issue_ask){ .person_id = made.person_id,
                                                      .generation = 3,
                                                      .region_code = person.region,
                                                      .instant = at_once,
                                                      .ecard = true,
                                                      .act = act },
                            &card));
    TRY(bring_to(demo, cast->state, made.person_id, &card));
    demo_password(demo, password);
    TRY(registry_password_set(&demo->rg, NULL, SUBJECT_PERSON, made.person_id, str_of(password),
                              &act));

    json_out_object(&demo->out, NULL);
    json_out_id(&demo->out, "id", "psn", made.person_id);
    json_out_str(&demo->out, "person_no", str_of(person.number));
    json_out_str(&demo->out, "name", str_of(person.name));
    json_out_str(&demo->out, "phone", str_of(person.phone));
    json_out_str(&demo->out, "card_no", card_no_str(&card.no));
    json_out_id(&demo->out, "card", "crd", card.card_id);
    json_out_str(&demo->out, "password", str_of(password));
    json_out_str(&demo->out, "state", str_of(cast->name));
    json_out_end(&demo->out);
    return OK;
}

int64_t demo_residents_count(void)
{
    int64_t n = 0;

    for (size_t i = 0; i < LEN(CAST); i++)
        n += CAST[i].count;
    return n;
}

struct err demo_residents(struct demo *demo)
{
    int64_t made = 0;

    json_out_array(&demo->out, "residents");
    for (size_t i = 0; i < LEN(CAST); i++) {
        for (int n = 0; n < CAST[i].count; n++, made++) {
            struct err err = resident(demo, &CAST[i]);
            if (err.code != 0) return fault_add(err, "demo resident %s", CAST[i].name);
        }
    }
    json_out_end(&demo->out);
    demo->tell(demo->tell_arg, "有密码的居民", "residents with passwords", made);
    return OK;
}
