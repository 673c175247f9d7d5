/* tests/identity/later_test.c - what gates decided alone, looked at afterwards (grade C): the
 * centre's judgement as of the moment of the use, and codes that were taken at two places. */
#include "crypto/keys.h"
#include "tests/identity/world.h"

enum { PLACE = 71, OTHER_PLACE = 72, GATE = 81, OTHER_GATE = 82 };

static struct verify_ask ask_of(const struct world *w, struct str text)
{
    return (struct verify_ask){ .text = text,
                                .purpose = CODE_ENTRY,
                                .strength = CODE_DOOR,
                                .item = S("museum_entry"),
                                .place_id = PLACE,
                                .terminal_id = GATE,
                                .region_code = 340111,
                                .at = fixture_now(&w->f),
                                .terminal_at = fixture_now(&w->f) };
}

static struct str show(struct world *w, const struct resident *r, const struct bundle *bundle,
                       char buffer[CODE_TEXT_MAX])
{
    return code_show(bundle, &r->phone, code_step(fixture_now(&w->f)), CODE_ENTRY, buffer,
                     CODE_TEXT_MAX);
}

static int later(struct world *w, const struct verify_ask *ask, struct verdict *verdict)
{
    struct err err = identity_verify_later(w->identity, ask, fixture_now(&w->f), verdict);

    if (err.code < 0) CHECK_OK("looked at afterwards", err);
    return err.code;
}

static int taken(struct world *w, const struct verify_ask *ask, struct verdict *verdict)
{
    struct err err;

    CHECK_INT("right by itself", later(w, ask, verdict), 0);
    err = identity_offline_take(w->identity, ask, verdict);
    if (err.code < 0) CHECK_OK("taken", err);
    return err.code;
}

/* The code alone, judged by the gate's time: an hour later nothing of it has changed. */
static void code_alone(struct world *w)
{
    struct resident r;
    struct bundle bundle;
    char buffer[CODE_TEXT_MAX], broken[CODE_TEXT_MAX];
    struct verify_ask ask;
    struct verdict verdict;
    const struct {
        const char *title;
        enum code_purpose purpose;
        enum code_strength strength;
        int64_t off; /* of the gate's time */
        int want;
    } rows[] = {
        { "right", CODE_ENTRY, CODE_DOOR, 0, 0 },
        { "made for another purpose", CODE_RIDE, CODE_DOOR, 0, IDENTITY_PURPOSE },
        { "too weak", CODE_ENTRY, CODE_MONEY, 0, IDENTITY_STRENGTH },
        { "too old then", CODE_ENTRY, CODE_DOOR, 5 * USEC_PER_MIN, IDENTITY_CODE_EXPIRED },
        { "ahead then", CODE_ENTRY, CODE_DOOR, -5 * USEC_PER_MIN, IDENTITY_CLOCK_FAST },
    };

    if (!resident_make(w, &r, CODE_P256, CODE_IDENTITY) ||
        !resident_bundle(w, &r, CODE_SM2, &bundle))
        return;
    ask = ask_of(w, show(w, &r, &bundle, buffer));
    fixture_pass(&w->f, USEC_PER_HOUR);
    for (size_t i = 0; i < LEN(rows); i++) {
        struct verify_ask one = ask;

        one.purpose = rows[i].purpose;
        one.strength = rows[i].strength;
        one.at = instant_add(ask.at, rows[i].off);
        CHECK_INT(rows[i].title, later(w, &one, &verdict), rows[i].want);
        CHECK_INT("known whose it is", verdict.person_id, r.person_id);
        CHECK_INT("and which card", verdict.card_id, r.card_id);
    }
    memcpy(broken, ask.text.p, ask.text.n);
    broken[ask.text.n - 9] = broken[ask.text.n - 9] == '0' ? '1' : '0';
    ask.text = (struct str){ broken, ask.text.n };
    CHECK_INT("forged", later(w, &ask, &verdict), IDENTITY_CODE_FORGED);
    CHECK_INT("a forged one is nobody's", verdict.person_id, 0);
    ask.text = S("7K3-QW9-2X0");
    CHECK_INT("short codes are never judged alone", later(w, &ask, &verdict), IDENTITY_ONLINE_ONLY);
    ask.text = S("hello");
    CHECK_INT("no code", later(w, &ask, &verdict), CODE_UNREADABLE);
}

/* A card or a phone that changed before the use is a reproach, one that changed after it is none.
 */
static void changes(struct world *w)
{
    static const struct {
        const char *title;
        bool device, before;
        int want;
    } rows[] = {
        { "lost after it", false, false, 0 },
        { "lost before it", false, true, IDENTITY_CARD_STOPPED },
        { "the phone was signed off after it", true, false, 0 },
        { "the phone was signed off before it", true, true, IDENTITY_DEVICE_REVOKED },
    };

    for (size_t i = 0; i < LEN(rows); i++) {
        struct resident r;
        struct bundle bundle;
        char buffer[CODE_TEXT_MAX];
        struct verify_ask ask;
        struct verdict verdict;
        struct loss_made made;
        struct loss_ask loss = { .kind = LOSS_TEMPORARY, .reason = LOSS_LOST };
        struct act act;

        if (!resident_make(w, &r, CODE_P256, CODE_DOOR) ||
            !resident_bundle(w, &r, CODE_SM2, &bundle))
            return;
        fixture_pass(&w->f, USEC_PER_MIN);
        ask = ask_of(w, show(w, &r, &bundle, buffer));
        act = world_act(w);
        act.at = instant_add(ask.at, rows[i].before ? -USEC_PER_SEC : USEC_PER_SEC);
        loss.act = act;
        loss.person_id = r.person_id;
        loss.card_id = r.card_id;
        if (rows[i].device)
            CHECK_OK("signed off", registry_device_revoke(&w->rg, r.person_id, r.device_id, &act));
        else
            CHECK_OK("lost", registry_card_lose(&w->rg, NULL, &loss, &made));
        fixture_pass(&w->f, USEC_PER_HOUR);
        CHECK_INT(rows[i].title, later(w, &ask, &verdict), rows[i].want);
        CHECK_INT("known whose it is", verdict.person_id, r.person_id);
    }
}

/* One code at two gates that were alone: the first that is told of stands. */
static void twice(struct world *w)
{
    struct resident r;
    struct bundle bundle;
    char buffer[CODE_TEXT_MAX], next[CODE_TEXT_MAX];
    struct verify_ask first, again, elsewhere, earlier;
    struct verdict verdict;

    if (!resident_make(w, &r, CODE_P256, CODE_DOOR) || !resident_bundle(w, &r, CODE_SM2, &bundle))
        return;
    earlier = ask_of(w, show(w, &r, &bundle, next));
    fixture_pass(&w->f, CODE_STEP_USEC);
    first = again = elsewhere = ask_of(w, show(w, &r, &bundle, buffer));
    fixture_pass(&w->f, USEC_PER_HOUR);
    CHECK_INT("told of by one gate", taken(w, &first, &verdict), 0);
    CHECK_INT("the same line sent again", taken(w, &first, &verdict), 0);
    again.at = instant_add(first.at, 5 * USEC_PER_SEC);
    CHECK_INT("five seconds later at that gate", taken(w, &again, &verdict), IDENTITY_CODE_TWICE);
    elsewhere.place_id = OTHER_PLACE;
    elsewhere.terminal_id = OTHER_GATE;
    CHECK_INT("at another place", taken(w, &elsewhere, &verdict), IDENTITY_CODE_TWICE);
    CHECK_INT("says when first", verdict.first_at.usec, first.at.usec);
    CHECK_INT("and where", verdict.first_place_id, PLACE);
    earlier.place_id = OTHER_PLACE;
    CHECK_INT("the code before it is another showing", taken(w, &earlier, &verdict), 0);
}

/* Online and alone: whichever was first, the other one is found. */
static void with_online(struct world *w)
{
    struct resident r;
    struct bundle bundle;
    char buffer[CODE_TEXT_MAX];
    struct verify_ask online, alone;
    struct verdict verdict;

    if (!resident_make(w, &r, CODE_P256, CODE_DOOR) || !resident_bundle(w, &r, CODE_SM2, &bundle))
        return;
    online = alone = ask_of(w, show(w, &r, &bundle, buffer));
    alone.place_id = OTHER_PLACE;
    alone.terminal_id = OTHER_GATE;
    CHECK_OK("online", identity_verify(w->identity, &online, &verdict));
    CHECK_INT("and alone elsewhere", taken(w, &alone, &verdict), IDENTITY_CODE_TWICE);
    CHECK_INT("says where", verdict.first_place_id, PLACE);

    fixture_pass(&w->f, CODE_STEP_USEC);
    online = alone = ask_of(w, show(w, &r, &bundle, buffer));
    alone.place_id = OTHER_PLACE;
    CHECK_INT("alone, uploaded at once", taken(w, &alone, &verdict), 0);
    CHECK_CODE("and online", identity_verify(w->identity, &online, &verdict), IDENTITY_CODE_USED);
    CHECK_INT("says where", verdict.first_place_id, OTHER_PLACE);
    fixture_pass(&w->f, CODE_STEP_USEC);
    online = ask_of(w, show(w, &r, &bundle, buffer));
    CHECK_OK("the next code is fresh", identity_verify(w->identity, &online, &verdict));
}

/* A sheet may be shown at many gates; a revoked one only before it was. */
static void papers(struct world *w)
{
    struct resident r;
    struct paper_code paper;
    struct paper_ask issue = { .days = 30, .suite = CODE_SM2 };
    uint8_t raw[PAPER_BYTES];
    char buffer[PAPER_TEXT_MAX];
    struct writer out = writer_over(buffer, sizeof buffer);
    struct verify_ask ask;
    struct verdict verdict;

    if (!resident_make(w, &r, CODE_P256, CODE_DOOR)) return;
    issue.person_id = issue.actor_id = r.person_id;
    issue.card_id = r.card_id;
    issue.at = fixture_now(&w->f);
    if (!CHECK_OK("a sheet", identity_paper_issue(w->identity, NULL, &issue, &paper))) return;
    paper_write(&paper, raw);
    paper_text_write(raw, &out);
    ask = ask_of(w, writer_str(&out));
    CHECK_INT("shown alone", taken(w, &ask, &verdict), 0);
    ask.place_id = OTHER_PLACE;
    CHECK_INT("and elsewhere", taken(w, &ask, &verdict), 0);
    fixture_pass(&w->f, USEC_PER_MIN);
    CHECK_OK("revoked", identity_paper_revoke(w->identity, r.person_id, paper.serial, r.person_id,
                                              fixture_now(&w->f)));
    CHECK_INT("used before", later(w, &ask, &verdict), 0);
    ask.at = instant_add(fixture_now(&w->f), USEC_PER_SEC);
    CHECK_INT("used after", later(w, &ask, &verdict), IDENTITY_PAPER_REVOKED);
}

/* What was taken alone is forgotten when no gate can be that late. */
static void forgetting(struct world *w)
{
    struct resident r;
    struct bundle bundle;
    char buffer[CODE_TEXT_MAX], old_buffer[CODE_TEXT_MAX];
    struct verify_ask old, next;
    struct verdict verdict;

    if (!resident_make(w, &r, CODE_P256, CODE_DOOR) || !resident_bundle(w, &r, CODE_SM2, &bundle))
        return;
    old = ask_of(w, show(w, &r, &bundle, old_buffer));
    CHECK_INT("taken", taken(w, &old, &verdict), 0);
    fixture_pass(&w->f, (OFFLINE_KEPT_DAYS + 1) * USEC_PER_DAY);
    if (!resident_bundle(w, &r, CODE_SM2, &bundle)) return;
    next = ask_of(w, show(w, &r, &bundle, buffer));
    CHECK_INT("the next one", taken(w, &next, &verdict), 0);
    old.place_id = OTHER_PLACE;
    CHECK_INT("the old one is forgotten", taken(w, &old, &verdict), 0);
}

/* A bundle key is rotated an hour ahead: until then the retired one signs on, then the new one. */
static void rotation(struct world *w)
{
    struct resident r;
    struct bundle before, bundle;
    char dir[400], hsm[420], buffer[CODE_TEXT_MAX], next_buffer[CODE_TEXT_MAX];
    struct keys_place place = { .dir = dir,
                                .hsm = { .kind = HSM_SOFTWARE,
                                         .path = hsm,
                                         .secret = str_bytes(S("test")),
                                         .cost = PASSWORD_COST_TEST },
                                .entropy = w->f.config.entropy,
                                .at = fixture_now(&w->f) };
    struct verify_ask ask;
    struct verdict verdict;
    uint16_t version;

    snprintf(dir, sizeof dir, "%s.keys", w->folder);
    snprintf(hsm, sizeof hsm, "%s/hsm", dir);
    world_stop(w); /* keyd holds its folder */
    CHECK_OK("rotated", keys_rotate(&place, KEYS_SIGN + KEYD_SIGN_CODE_BUNDLE, SUITE_SM2,
                                    USEC_PER_HOUR, 7 * USEC_PER_DAY, &version));
    if (!world_start(w) || !resident_make(w, &r, CODE_P256, CODE_DOOR)) return;
    if (!resident_bundle(w, &r, CODE_SM2, &before)) return;
    ask = ask_of(w, show(w, &r, &before, buffer));
    CHECK_INT("by the retired key, until the new one's time", taken(w, &ask, &verdict), 0);
    fixture_pass(&w->f, 2 * USEC_PER_HOUR);
    if (!resident_bundle(w, &r, CODE_SM2, &bundle)) return;
    CHECK("then by the new one", bundle.kid != before.kid);
    ask = ask_of(w, show(w, &r, &bundle, next_buffer));
    CHECK_INT("whose codes are taken", taken(w, &ask, &verdict), 0);
}

int main(void)
{
    static struct world w;

    for (int e = 0; e < fixture_engines(); e++) {
        printf("%s\n", fixture_engine_name((enum engine)e));
        if (world_open(&w, (enum engine)e)) {
            code_alone(&w);
            changes(&w);
            twice(&w);
            with_online(&w);
            papers(&w);
            forgetting(&w);
            rotation(&w);
        }
        world_close(&w);
    }
    return test_end();
}
