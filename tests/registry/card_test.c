/* tests/registry/card_test.c - issuing, losing, finding, replacing, cancelling, on both engines. */
#include "catalogue/catalogue.h"
#include "tests/registry/world.h"

static const struct field_use USE = { .use = KEYD_USE_COUNTER, .session_id = 1, .actor_id = 42 };

static struct card loaded(struct world *w, int64_t person_id, int64_t card_id)
{
    struct card card = { 0 };

    CHECK_OK("card loads", registry_card_load(w->f.store, person_id, card_id, &card));
    return card;
}

static struct loss_ask lost(struct world *w, int64_t person_id, int64_t card_id)
{
    return (struct loss_ask){ .person_id = person_id,
                              .card_id = card_id,
                              .kind = LOSS_TEMPORARY,
                              .reason = LOSS_LOST,
                              .act = world_holder(w, person_id, PROOF_ONE_FACTOR) };
}

/* ---- issuing */

struct race {
    int64_t person_id;
    _Atomic int made, exists, other;
};

static void issue_body(struct world *w, void *arg, int i)
{
    struct race *race = arg;
    struct card_issue_ask ask = { .person_id = race->person_id,
                                  .generation = 3,
                                  .region_code = i % 2 == 0 ? 340104 : 340202,
                                  .instant = true,
                                  .act = world_act(w, CHANNEL_COUNTER, PROOF_PAPERS) };
    struct card_made made;
    struct err end = registry_card_issue(&w->rg, NULL, &ask, &made);

    if (end.code == 0)
        race->made++;
    else if (end.code == REGISTRY_CARD_EXISTS)
        race->exists++;
    else
        race->other++;
}

static void one_live_card(struct world *w)
{
    char number[18];
    struct race race = { .person_id = world_person(w, number) };
    struct claims_swept swept;
    struct card cards[CARDS_MAX];
    int n;

    world_threads(w, 100, issue_body, &race);
    CHECK_INT("one of a hundred is issued", race.made, 1);
    CHECK_INT("ninety-nine are told", race.exists, 99);
    CHECK_INT("nothing else happened", race.other, 0);
    CHECK_OK("cards", registry_cards_of(w->f.store, race.person_id, cards, &n));
    CHECK_INT("one row", n, 1);
    fixture_pass(&w->f, CLAIM_AGE_USEC + USEC_PER_SEC);
    CHECK_OK("sweep", registry_claims_sweep(&w->rg, fixture_now(&w->f), &swept));
    CHECK_INT("no number is left claimed", swept.freed + swept.settled, 0);
}

static void issuing(struct world *w)
{
    char number[18];
    int64_t person_id = world_person(w, number), other = world_person(w, number);
    struct once once = { .actor = 42, .key = S("issue"), .body_hash = { 9 } };
    struct card_issue_ask ask = { .person_id = person_id,
                                  .generation = 3,
                                  .region_code = 340104,
                                  .card_no = S("X00000019"),
                                  .card_ident = S("639900D15600000500BF7C7A48FB4966"),
                                  .instant = true,
                                  .act = world_act(w, CHANNEL_COUNTER, PROOF_PAPERS) };
    struct card_made made, again;
    struct card_private private;
    struct credential found;
    struct card card;

#define REFUSED(title, change, want)                                                               \
    do {                                                                                           \
        struct card_issue_ask bad = ask;                                                           \
        change;                                                                                    \
        CHECK_CODE(title, registry_card_issue(&w->rg, NULL, &bad, &again), want);                  \
    } while (0)
    REFUSED("nobody", bad.person_id = 5, REGISTRY_PERSON_UNKNOWN);
    REFUSED("number", bad.card_no = S("X00000018"), NUMBER_CHECK);
    REFUSED("region", bad.region_code = 34, REGISTRY_REGION_FORM);
    REFUSED("generation", bad.generation = 1, REGISTRY_GENERATION);
    CHECK_OK("issued", registry_card_issue(&w->rg, &once, &ask, &made));
    CHECK_OK("repeated", registry_card_issue(&w->rg, &once, &ask, &again));
    CHECK_INT("the same card", again.card_id, made.card_id);
    REFUSED("a second card", (void)bad, REGISTRY_CARD_EXISTS);
    REFUSED("in another city of the province", bad.region_code = 340202, REGISTRY_CARD_EXISTS);
    REFUSED("a number that is taken", bad.person_id = other, REGISTRY_CREDENTIAL_TAKEN);
#undef REFUSED
    card = loaded(w, person_id, made.card_id);
    CHECK_INT("sealed", card.social, SOCIAL_SEALED);
    CHECK_STR("tail", str_of(card.tail), S("0019"));
    CHECK_OK("opened", registry_card_open(&w->rg, &USE, person_id, made.card_id, &private));
    CHECK_STR("number", card_no_str(&private.no), S("X00000019"));
    CHECK_OK("found by number", registry_card_find(&w->rg, CREDENTIAL_CARD_NO, S("x0000 0019"),
                                                   fixture_now(&w->f), &found));
    CHECK_INT("it", found.card_id, made.card_id);
    CHECK_OK("found by code", registry_card_find(&w->rg, CREDENTIAL_CARD_IDENT, ask.card_ident,
                                                 fixture_now(&w->f), &found));
    CHECK_INT("the person", found.person_id, person_id);
    CHECK_CODE(
        "another number",
        registry_card_find(&w->rg, CREDENTIAL_CARD_NO, S("A00000012"), fixture_now(&w->f), &found),
        card_no_check("A0000001") == '2' ? REGISTRY_CARD_UNKNOWN : NUMBER_CHECK);
    ask.card_no = ask.card_ident = (struct str){ 0 };
    ask.region_code = 320100;
    CHECK_OK("another province may issue", registry_card_issue(&w->rg, NULL, &ask, &again));
}

/* ---- the plain events */

static void events(struct world *w)
{
    char number[18];
    int64_t person_id = world_person(w, number);
    struct card_issue_ask ask = { .person_id = person_id,
                                  .generation = 2,
                                  .region_code = 340104,
                                  .act = world_act(w, CHANNEL_WEB, PROOF_ONE_FACTOR) };
    static const struct {
        enum card_function function;
        int event, want;
    } steps[] = {
        { FUNCTION_SOCIAL, SOCIAL_ENABLE, REGISTRY_MOVE_REFUSED },
        { FUNCTION_SOCIAL, SOCIAL_PRODUCE, 0 },
        { FUNCTION_SOCIAL, SOCIAL_ARRIVE, 0 },
        { FUNCTION_BANK, BANK_ACTIVATE, REGISTRY_BANK_STOPPED },
        { FUNCTION_SOCIAL, SOCIAL_HAND_OVER, 0 },
        { FUNCTION_BANK, BANK_ACTIVATE, 0 },
        { FUNCTION_SOCIAL, SOCIAL_ENABLE, 0 },
        { FUNCTION_PURSE, PURSE_ENABLE, 0 },
        { FUNCTION_SOCIAL, SOCIAL_LOSE, REGISTRY_MOVE_REFUSED },
        { FUNCTION_SOCIAL, SOCIAL_STOP, 0 },
        { FUNCTION_SOCIAL, SOCIAL_RESUME, 0 },
        { FUNCTION_SOCIAL, SOCIAL_LOCK, 0 },
        { FUNCTION_SOCIAL, SOCIAL_UNLOCK, 0 },
    };
    struct card_made made;
    struct card_change changes[CHANGES_MAX];
    struct card after;
    int n;

    CHECK_OK("applied", registry_card_issue(&w->rg, NULL, &ask, &made));
    for (size_t i = 0; i < LEN(steps); i++) {
        struct card_event_ask event = { .person_id = person_id,
                                        .card_id = made.card_id,
                                        .function = steps[i].function,
                                        .event = steps[i].event,
                                        .act = world_act(w, CHANNEL_COUNTER, PROOF_PAPERS) };
        CHECK_CODE("step", registry_card_event(&w->rg, NULL, &event, &after), steps[i].want);
        event.expect_epoch = 1000;
        if (i == 12)
            CHECK_CODE("epoch", registry_card_event(&w->rg, NULL, &event, &after),
                       REGISTRY_CARD_CHANGED);
    }
    after = loaded(w, person_id, made.card_id);
    CHECK_INT("normal", after.social, SOCIAL_NORMAL);
    CHECK_INT("bank", after.bank, BANK_NORMAL);
    CHECK_OK("history", registry_card_changes(w->f.store, person_id, made.card_id, changes, &n));
    CHECK_INT("every move and the first", n, 11);
    CHECK_INT("the bank's activation was not told to gates", changes[n - 5].epoch,
              changes[n - 4].epoch);
    CHECK_INT("the last is the unlock", changes[0].event, SOCIAL_UNLOCK);
}

/* ---- losing and finding */

struct fed {
    int64_t card_id;
    int n;
    struct card_state last;
};

static struct err feed_look(void *arg, const struct feed_entry *entry)
{
    struct fed *fed = arg;
    struct card_state state;

    if (entry->subject_id != fed->card_id) return OK;
    if (card_state_parse(entry->payload, &state)) fed->last = state;
    fed->n++;
    return OK;
}

/* What was not consented to while the report was temporary stays off when it is formal. */
static void check_consent_late(struct world *w)
{
    char number[18];
    int64_t person_id = world_person(w, number);
    struct card_made made = world_card(w, person_id, true);
    struct loss_ask ask = { .person_id = person_id,
                            .card_id = made.card_id,
                            .kind = LOSS_FORMAL,
                            .reason = LOSS_LOST,
                            .act = world_act(w, CHANNEL_COUNTER, PROOF_PAPERS) };
    struct act holder = world_holder(w, person_id, PROOF_ONE_FACTOR);
    struct loss_made loss;
    struct card card;

    CHECK_OK("lost for good", registry_card_lose(&w->rg, NULL, &ask, &loss));
    CHECK_CODE("consent comes too late",
               registry_ecard_consent(&w->rg, NULL, person_id, made.card_id, &holder, &card),
               REGISTRY_CONSENT_LATE);
}

/* The consent is taken back and given again; each is a line of the history with its number. */
static void check_withdrawal(struct world *w, int64_t person_id, int64_t card_id)
{
    struct act act = world_holder(w, person_id, PROOF_ONE_FACTOR);
    static struct card_change changes[CHANGES_MAX];
    struct card_change one;
    struct card card;
    int n = 0;

    act.actor_id++;
    CHECK_CODE("withdrawn by another",
               registry_ecard_withdraw(&w->rg, NULL, person_id, card_id, &act, &card),
               REGISTRY_NOT_HOLDER);
    act.actor_id = person_id;
    CHECK_OK("withdrawn", registry_ecard_withdraw(&w->rg, NULL, person_id, card_id, &act, &card));
    CHECK("the e-card is off", card.ecard == ECARD_SUSPENDED && !card.ecard_consent);
    CHECK_OK("twice", registry_ecard_withdraw(&w->rg, NULL, person_id, card_id, &act, &card));
    CHECK_OK("history", registry_card_changes(w->f.store, person_id, card_id, changes, &n));
    CHECK("the newest line is the withdrawal, once",
          n > 1 && changes[0].function == FUNCTION_ECARD && changes[0].event == ECARD_WITHDRAW &&
              changes[1].event == ECARD_CONSENT && changes[1].function == FUNCTION_ECARD);
    CHECK_OK("one line by its number",
             registry_card_change_load(w->f.store, person_id, card_id, changes[0].id, &one));
    CHECK("the same", one.to == changes[0].to && one.at.usec == changes[0].at.usec &&
                          one.loss_id == changes[0].loss_id);
    CHECK_CODE("of another card",
               registry_card_change_load(w->f.store, person_id, card_id + 1, changes[0].id, &one),
               REGISTRY_CARD_UNKNOWN);
    CHECK_OK("consent again",
             registry_ecard_consent(&w->rg, NULL, person_id, card_id, &act, &card));
}

static void losing(struct world *w)
{
    char number[18];
    int64_t person_id = world_person(w, number);
    struct card_made made = world_card(w, person_id, true);
    struct card_event_ask purse = { .person_id = person_id,
                                    .card_id = made.card_id,
                                    .function = FUNCTION_PURSE,
                                    .event = PURSE_ENABLE,
                                    .act = world_act(w, CHANNEL_COUNTER, PROOF_PAPERS) };
    struct once once = { .actor = person_id, .key = S("lose"), .body_hash = { 3 } };
    struct loss_ask ask = lost(w, person_id, made.card_id);
    struct act act;
    struct loss_made loss, again;
    struct loss report;
    struct fed fed = { .card_id = made.card_id };
    struct card card;

    CHECK_OK("purse", registry_card_event(&w->rg, NULL, &purse, &card));
    ask.kind = LOSS_FORMAL;
    CHECK_CODE("formal, by the holder", registry_card_lose(&w->rg, NULL, &ask, &loss),
               REGISTRY_TEMPORARY_ONLY);
    ask.act = world_act(w, CHANNEL_PHONE, PROOF_PHONE);
    CHECK_CODE("formal, by phone", registry_card_lose(&w->rg, NULL, &ask, &loss),
               REGISTRY_TEMPORARY_ONLY);
    ask = lost(w, person_id, made.card_id);
    CHECK_OK("lost", registry_card_lose(&w->rg, &once, &ask, &loss));
    CHECK_OK("repeated", registry_card_lose(&w->rg, &once, &ask, &again));
    CHECK_INT("the same report", again.loss_id, loss.loss_id);
    CHECK_INT("seven days", loss.expires_at.usec - loss.effective_at.usec, 7 * USEC_PER_DAY);
    CHECK_CODE("lost again", registry_card_lose(&w->rg, NULL, &ask, &again), REGISTRY_ALREADY_LOST);
    card = loaded(w, person_id, made.card_id);
    CHECK_INT("card", card.social, SOCIAL_TEMPORARY_LOSS);
    CHECK_INT("bank", card.bank, BANK_LOSS);
    CHECK_INT("purse", card.purse, PURSE_BLACKLISTED);
    CHECK_INT("e-card", card.ecard, ECARD_SUSPENDED);
    CHECK_INT("epoch", card.epoch, loss.epoch);
    CHECK("seal", fixture_seal(&w->f));
    CHECK_OK("feed", feed_read(w->f.store, FEED_CARD, 0, 100000, feed_look, &fed));
    CHECK_INT("on the feed", fed.last.social, SOCIAL_TEMPORARY_LOSS);
    CHECK_INT("with its epoch", fed.last.epoch, loss.epoch);

    act = world_holder(w, person_id, PROOF_NONE);
    CHECK_CODE("consent unsigned",
               registry_ecard_consent(&w->rg, NULL, person_id, made.card_id, &act, &card),
               REGISTRY_PROOF_WEAK);
    act = world_act(w, CHANNEL_COUNTER, PROOF_PAPERS);
    CHECK_CODE("consent by a clerk",
               registry_ecard_consent(&w->rg, NULL, person_id, made.card_id, &act, &card),
               REGISTRY_NOT_HOLDER);
    act = world_holder(w, person_id, PROOF_ONE_FACTOR);
    CHECK_OK("consent", registry_ecard_consent(&w->rg, NULL, person_id, made.card_id, &act, &card));
    CHECK("e-card works while the card is lost", ecard_usable(&card) && card.ecard_consent);
    check_withdrawal(w, person_id, made.card_id);
    CHECK_CODE("lifted by the same proof",
               registry_card_unlose(&w->rg, NULL, person_id, made.card_id, &act, &card),
               REGISTRY_PROOF_WEAK);
    act = world_holder(w, person_id, PROOF_TWO_FACTORS);
    CHECK_OK("lifted", registry_card_unlose(&w->rg, NULL, person_id, made.card_id, &act, &card));
    CHECK("all as it was", card.social == SOCIAL_NORMAL && card.bank == BANK_NORMAL &&
                               card.purse == PURSE_ENABLED && card.ecard == ECARD_ON &&
                               !card.ecard_consent && card.loss_id == 0);
    CHECK_OK("report", registry_loss_load(w->f.store, person_id, loss.loss_id, &report));
    CHECK_INT("is lifted", report.state, LOSS_LIFTED);
    CHECK_CODE("lifted twice",
               registry_card_unlose(&w->rg, NULL, person_id, made.card_id, &act, &card),
               REGISTRY_NOT_LOST);
    CHECK_CODE("consent with nothing lost",
               registry_ecard_consent(&w->rg, NULL, person_id, made.card_id, &act, &card),
               REGISTRY_NOT_LOST);
}

/* The note reaches config.committed before the call returns: the derived state is that fresh. */
struct noted {
    _Atomic int n;
    struct card_state last;
};

static void note_look(void *arg, struct bytes note)
{
    struct noted *noted = arg;

    if (card_state_parse(note, &noted->last)) noted->n++;
}

static void told_at_once(struct world *w)
{
    static struct noted noted;
    struct store_config config = w->f.config;
    char number[18];
    int64_t person_id = world_person(w, number);
    struct card_made made = world_card(w, person_id, true);
    struct loss_ask ask = lost(w, person_id, made.card_id);
    struct loss_made loss;

    store_close(w->f.store);
    w->f.store = NULL;
    noted.n = 0;
    config.committed = note_look;
    config.committed_arg = &noted;
    CHECK_OK("opens again", store_open(&config, &w->f.store));
    w->rg.store = w->f.store;
    CHECK_OK("lost", registry_card_lose(&w->rg, NULL, &ask, &loss));
    CHECK_INT("one note", noted.n, 1);
    CHECK_INT("of the loss", noted.last.social, SOCIAL_TEMPORARY_LOSS);
    CHECK_INT("with its epoch", noted.last.epoch, loss.epoch);
    CHECK_CODE("refused", registry_card_lose(&w->rg, NULL, &ask, &loss), REGISTRY_ALREADY_LOST);
    CHECK_INT("tells nothing", noted.n, 1);
}

static void formal(struct world *w)
{
    char number[18];
    int64_t person_id = world_person(w, number);
    struct card_made made = world_card(w, person_id, true);
    struct loss_ask ask = lost(w, person_id, made.card_id);
    struct loss_made first, second;
    struct loss report;
    struct act act;
    struct card card;

    CHECK_OK("temporary", registry_card_lose(&w->rg, NULL, &ask, &first));
    ask.kind = LOSS_FORMAL;
    ask.act = world_act(w, CHANNEL_COUNTER, PROOF_ONE_FACTOR);
    CHECK_CODE("without papers", registry_card_lose(&w->rg, NULL, &ask, &second),
               REGISTRY_PROOF_WEAK);
    ask.act.proof = PROOF_PAPERS;
    CHECK_OK("formal", registry_card_lose(&w->rg, NULL, &ask, &second));
    CHECK_INT("has no end", second.expires_at.usec, 0);
    CHECK_OK("the first", registry_loss_load(w->f.store, person_id, first.loss_id, &report));
    CHECK_INT("is superseded", report.state, LOSS_SUPERSEDED);
    act = world_act(w, CHANNEL_COUNTER, PROOF_PAPERS_AND_CARD);
    CHECK_CODE("formal reports stay where nothing says otherwise",
               registry_card_unlose(&w->rg, NULL, person_id, made.card_id, &act, &card),
               REGISTRY_NOT_REVOCABLE);
}

static void lapse(struct world *w)
{
    char number[18];
    int64_t person_id = world_person(w, number);
    struct card_made made = world_card(w, person_id, true);
    struct loss_ask ask = lost(w, person_id, made.card_id);
    struct loss_made loss;
    struct loss_swept swept;

    CHECK_OK("lost", registry_card_lose(&w->rg, NULL, &ask, &loss));
    fixture_set(&w->f, instant_add(loss.expires_at, -2 * USEC_PER_DAY));
    CHECK_OK("sweep", registry_loss_sweep(&w->rg, fixture_now(&w->f), &swept));
    CHECK_INT("too early to warn", swept.warned, 0);
    fixture_set(&w->f, instant_add(loss.expires_at, -LOSS_WARN_USEC));
    CHECK_OK("sweep", registry_loss_sweep(&w->rg, fixture_now(&w->f), &swept));
    CHECK_INT("warned", swept.warned, 1);
    CHECK_OK("sweep again", registry_loss_sweep(&w->rg, fixture_now(&w->f), &swept));
    CHECK_INT("once", swept.warned, 0);
    fixture_set(&w->f, loss.expires_at);
    CHECK_OK("sweep", registry_loss_sweep(&w->rg, fixture_now(&w->f), &swept));
    CHECK_INT("lapsed", swept.reopened, 1);
    CHECK_INT("works again", loaded(w, person_id, made.card_id).social, SOCIAL_NORMAL);

    ask = lost(w, person_id, made.card_id);
    CHECK_OK("lost again", registry_card_lose(&w->rg, NULL, &ask, &loss));
    fixture_set(&w->f, instant_add(loss.expires_at, 9 * USEC_PER_DAY));
    CHECK_OK("a sweep that comes late", registry_loss_sweep(&w->rg, fixture_now(&w->f), &swept));
    CHECK_INT("warns first", swept.prolonged, 1);
    CHECK_INT("and reopens nothing yet", swept.reopened, 0);
    CHECK_INT("still lost", loaded(w, person_id, made.card_id).social, SOCIAL_TEMPORARY_LOSS);
    fixture_pass(&w->f, LOSS_WARN_USEC);
    CHECK_OK("a day later", registry_loss_sweep(&w->rg, fixture_now(&w->f), &swept));
    CHECK_INT("lapsed", swept.reopened, 1);
}

/* What the dated parameters of a region change: how long, what lapsing does, whether a formal
 * report may be lifted. */
static void parameter(struct world *w, struct catalogue_shelf *shelf, struct str key,
                      struct str value, struct str unit)
{
    struct parameter_ask ask = { .key = key,
                                 .value = value,
                                 .unit = unit,
                                 .reason = S("test"),
                                 .region = 340104, /* the tree is empty here */
                                 .from = instant_add(fixture_now(&w->f), -USEC_PER_DAY) };
    bool changed;

    CHECK_OK("parameter", catalogue_parameter_set(w->f.store, &ask));
    CHECK_OK("reload", catalogue_reload(shelf, fixture_now(&w->f), &changed));
}

static void by_parameters(struct world *w)
{
    char number[18];
    int64_t person_id = world_person(w, number);
    struct card_made made = world_card(w, person_id, true);
    struct loss_ask ask = lost(w, person_id, made.card_id);
    struct catalogue_shelf *shelf = NULL;
    struct loss_made loss;
    struct loss_swept swept;
    struct loss losses[LOSSES_MAX];
    struct card card;
    struct act act;
    int n;

    if (!CHECK_OK("shelf", catalogue_shelf_open(w->f.store, &shelf))) return;
    w->rg.shelf = shelf;
    parameter(w, shelf, S("loss.oral.days"), S("10"), S("days"));
    parameter(w, shelf, S("loss.oral.lapse"), S("formal"), S(""));
    parameter(w, shelf, S("loss.formal.revocable"), S("Y"), S(""));
    CHECK_OK("lost", registry_card_lose(&w->rg, NULL, &ask, &loss));
    CHECK_INT("ten days", loss.expires_at.usec - loss.effective_at.usec, 10 * USEC_PER_DAY);
    fixture_set(&w->f, instant_add(loss.expires_at, -USEC_PER_HOUR));
    CHECK_OK("sweep", registry_loss_sweep(&w->rg, fixture_now(&w->f), &swept));
    CHECK_INT("warned", swept.warned, 1);
    fixture_set(&w->f, loss.expires_at);
    CHECK_OK("sweep", registry_loss_sweep(&w->rg, fixture_now(&w->f), &swept));
    CHECK_INT("goes on as a formal report", swept.formal, 1);
    CHECK_INT("card", loaded(w, person_id, made.card_id).social, SOCIAL_FORMAL_LOSS);
    CHECK_OK("reports", registry_losses_of(w->f.store, person_id, losses, &n));
    CHECK_INT("two", n, 2);
    CHECK_INT("the newer is formal", losses[0].kind, LOSS_FORMAL);
    act = world_act(w, CHANNEL_COUNTER, PROOF_PAPERS_AND_CARD);
    CHECK_OK("may be lifted here",
             registry_card_unlose(&w->rg, NULL, person_id, made.card_id, &act, &card));
    CHECK_INT("works again", card.social, SOCIAL_NORMAL);
    w->rg.shelf = NULL;
    catalogue_shelf_close(shelf);
}

/* ---- replacing */

static void replacing(struct world *w)
{
    char number[18], alias[ALIAS_CHARS];
    int64_t person_id = world_person(w, number);
    struct card_made made = world_card(w, person_id, true);
    struct once once = { .actor = 42, .key = S("replace"), .body_hash = { 5 } };
    struct loss_ask ask = lost(w, person_id, made.card_id);
    struct replace_ask replace = { .person_id = person_id,
                                   .old_card_id = made.card_id,
                                   .reason = REPLACE_LOST,
                                   .card = { .generation = 3, .instant = true },
                                   .act = world_act(w, CHANNEL_COUNTER, PROOF_ONE_FACTOR) };
    struct replace_made newer, again;
    struct credential found;
    struct loss_made loss;
    struct card old, card;
    struct act act;
    bool live;

    CHECK_OK("alias", registry_alias_make(&w->rg, person_id, fixture_now(&w->f), alias));
    CHECK_OK("lost", registry_card_lose(&w->rg, NULL, &ask, &loss));
    CHECK_CODE("replaced on a weak proof", registry_card_replace(&w->rg, NULL, &replace, &newer),
               REGISTRY_PROOF_WEAK);
    replace.act.proof = PROOF_PAPERS;
    CHECK_OK("replaced", registry_card_replace(&w->rg, &once, &replace, &newer));
    CHECK_OK("repeated", registry_card_replace(&w->rg, &once, &replace, &again));
    CHECK_INT("the same card", again.card.card_id, newer.card.card_id);
    CHECK_INT("settles the report", newer.loss_id, loss.loss_id);
    old = loaded(w, person_id, made.card_id);
    CHECK("the old one is over", old.social == SOCIAL_REPLACED && old.bank == BANK_CLOSED &&
                                     old.ecard == ECARD_ENDED &&
                                     old.replaced_by_id == newer.card.card_id);
    CHECK_OK("live", registry_card_live(w->f.store, person_id, 340000, &card, &live));
    CHECK("the new one lives", live && card.id == newer.card.card_id && card.replaces_id == old.id);
    CHECK("the e-card goes on", card.ecard == ECARD_ON);
    CHECK_OK("alias",
             registry_card_find(&w->rg, CREDENTIAL_ECARD_ALIAS, (struct str){ alias, ALIAS_CHARS },
                                fixture_now(&w->f), &found));
    CHECK_INT("the alias means the new card", found.card_id, newer.card.card_id);
    CHECK_OK("the old number", registry_card_find(&w->rg, CREDENTIAL_CARD_NO, card_no_str(&made.no),
                                                  fixture_now(&w->f), &found));
    CHECK_INT("still says which card it was", found.card_id, made.card_id);
    act = world_act(w, CHANNEL_COUNTER, PROOF_PAPERS_AND_CARD);
    CHECK_CODE("no lift after a replacement",
               registry_card_unlose(&w->rg, NULL, person_id, made.card_id, &act, &card),
               REGISTRY_CARD_REPLACED);
    CHECK_CODE("nor another replacement", registry_card_replace(&w->rg, NULL, &replace, &again),
               REGISTRY_CARD_REPLACED);
    CHECK_CODE("nor a loss", registry_card_lose(&w->rg, NULL, &ask, &loss), REGISTRY_CARD_REPLACED);
    CHECK_OK("cancelled", registry_card_cancel(&w->rg, NULL, person_id, newer.card.card_id,
                                               CANCEL_OWN_WISH, &act, &card));
    CHECK_CODE("twice",
               registry_card_cancel(&w->rg, NULL, person_id, newer.card.card_id, CANCEL_OWN_WISH,
                                    &act, &card),
               REGISTRY_CARD_CANCELLED);
}

static void ends(struct world *w)
{
    char number[18];
    int64_t person_id = world_person(w, number), expired = 0;
    struct card_issue_ask ask = { .person_id = person_id,
                                  .generation = 3,
                                  .region_code = 340104,
                                  .instant = true,
                                  .ecard = true,
                                  .act = world_act(w, CHANNEL_COUNTER, PROOF_PAPERS) };
    struct card_made made;
    struct card card;

    ask.valid_until = day_date(day_of(fixture_now(&w->f)));
    CHECK_OK("issued", registry_card_issue(&w->rg, NULL, &ask, &made));
    CHECK_OK("enabled", registry_card_activate(&w->rg, NULL, person_id, made.card_id, true, false,
                                               &ask.act, &card));
    CHECK_OK("sweep", registry_expire_sweep(&w->rg, fixture_now(&w->f), 1000, &expired));
    CHECK_INT("the last day counts", expired, 0);
    fixture_pass(&w->f, USEC_PER_DAY);
    CHECK_OK("sweep", registry_expire_sweep(&w->rg, fixture_now(&w->f), 1000, &expired));
    CHECK_INT("the day after", expired, 1);
    card = loaded(w, person_id, made.card_id);
    CHECK("social function and e-card go on",
          card.social == SOCIAL_EXPIRED && social_usable(card.social) && ecard_usable(&card));
    ask.act = world_act(w, CHANNEL_COUNTER, PROOF_PAPERS);
    CHECK_OK("died", registry_person_died(&w->rg, NULL, person_id,
                                          day_date(day_of(fixture_now(&w->f))), &ask.act));
    CHECK_INT("the card with him", loaded(w, person_id, made.card_id).social, SOCIAL_CANCELLED);
    CHECK_CODE("twice",
               registry_person_died(&w->rg, NULL, person_id, day_date(day_of(fixture_now(&w->f))),
                                    &ask.act),
               REGISTRY_PERSON_DEAD);
    CHECK_CODE("no card for the dead", registry_card_issue(&w->rg, NULL, &ask, &made),
               REGISTRY_PERSON_DEAD);
}

/* ---- devices */

static void devices(struct world *w)
{
    char number[18];
    int64_t person_id = world_person(w, number), first = 0, second = 0;
    struct entropy entropy = entropy_system();
    uint8_t scalar[SCALAR_BYTES], key[POINT_SHORT], nowhere[POINT_SHORT];
    struct device_ask ask = { .person_id = person_id,
                              .suite = SUITE_P256,
                              .strength = STRENGTH_IDENTITY,
                              .key = bytes_of(key, sizeof key),
                              .act = world_holder(w, person_id, PROOF_ONE_FACTOR) };
    struct device device, list[DEVICES_MAX];
    int n;

    memset(nowhere, 0xFF, sizeof nowhere); /* x not below p */
    nowhere[0] = 2;
    CHECK_OK("key", key_pair_new(SUITE_P256, &entropy, scalar, key));
    ask.key = bytes_of(nowhere, sizeof nowhere);
    CHECK_CODE("no point of the curve", registry_device_enrol(&w->rg, NULL, &ask, &first),
               REGISTRY_DEVICE_KEY);
    ask.key = bytes_of(key, sizeof key - 1);
    CHECK_CODE("32 bytes", registry_device_enrol(&w->rg, NULL, &ask, &first), REGISTRY_DEVICE_KEY);
    ask.key = bytes_of(key, sizeof key);
    ask.strength = STRENGTH_MONEY;
    CHECK_CODE("money on one factor", registry_device_enrol(&w->rg, NULL, &ask, &first),
               REGISTRY_DEVICE_STRENGTH);
    ask.strength = STRENGTH_IDENTITY;
    CHECK_OK("enrolled", registry_device_enrol(&w->rg, NULL, &ask, &first));
    CHECK_CODE("another phone", registry_device_enrol(&w->rg, NULL, &ask, &second),
               REGISTRY_DEVICE_EXISTS);
    ask.replace = true;
    CHECK_OK("in its place", registry_device_enrol(&w->rg, NULL, &ask, &second));
    CHECK_OK("first", registry_device_load(w->f.store, person_id, first, &device));
    CHECK("revoked, epoch raised", device.state == DEVICE_REVOKED && device.epoch == 2);
    CHECK_OK("revoked", registry_device_revoke(&w->rg, person_id, second, &ask.act));
    CHECK_OK("twice", registry_device_revoke(&w->rg, person_id, second, &ask.act));
    CHECK_CODE("none", registry_device_revoke(&w->rg, person_id, 5, &ask.act),
               REGISTRY_DEVICE_UNKNOWN);
    CHECK_OK("list", registry_devices_of(w->f.store, person_id, list, &n));
    CHECK_INT("both", n, 2);
}

int main(void)
{
    for (int e = 0; e < fixture_engines(); e++) {
        struct world w;
        if (!world_open(&w, (enum engine)e)) break;
        issuing(&w);
        one_live_card(&w);
        events(&w);
        losing(&w);
        check_consent_late(&w);
        formal(&w);
        lapse(&w);
        by_parameters(&w);
        replacing(&w);
        ends(&w);
        devices(&w);
        told_at_once(&w);
        world_close(&w);
    }
    return test_end();
}
