/* api/check_ins.c - a code at a gate or counter.
 *
 * POST /v1/verifications   {"code", "purpose", "strength", "item"?, "terminal_at"?}   grade A, used
 * up 200   {"verdict": "allow", "pseudonym", "strength", "test"} POST /v1/check-ins       {"code",
 * "terminal"?, "places"?, "terminal_at"?}   the code and the admission in one 201   {"verdict":
 * "pass", "id", "places", "inside", "booked", "booking"?, "pseudonym", "words"} 409   the verdict's
 * code; besides: skew_minutes, first_at, first_place, booked_for, retry_at, card GET
 * /v1/verification-keys   what offline readers check codes and lists with GET  /v1/stop-lists/cards
 * ?incarnation=&from=   the signed list (docs/protocols/stop-list.md) */
#include "api/check_in.h"
#include "api/handlers.h"

#include <stdio.h>

#include "card/wire/code.h"
#include "catalogue/catalogue.h"
#include "identity/identity.h"
#include "venues/venues.h"

static const struct json_name PURPOSES[] = {
    { "entry", CODE_ENTRY }, { "library", CODE_LIBRARY }, { "medical", CODE_MEDICAL },
    { "ride", CODE_RIDE },   { "who", CODE_WHO },         { "pay", CODE_PAY },
};
static const struct json_name STRENGTHS[] = { { "door", CODE_DOOR },
                                              { "identity", CODE_IDENTITY },
                                              { "money", CODE_MONEY } };

static const char *card_word(enum verdict_card card)
{
    static const char *const WORDS[] = { "",       "sealed",  "temporary_loss", "formal_loss",
                                         "locked", "stopped", "replaced",       "cancelled" };

    return WORDS[card];
}

/* What a refused code's screen needs besides the refusal: closer words, when and where first. */
static void verdict_more(struct app *app, const struct request *rq, struct reply *rp, int code,
                         const struct verdict *verdict)
{
    struct json_out *more = refusal_more(rp);
    const struct place *place = place_find(catalogue_now(app->shelf), verdict->first_place_id);

    if (verdict->skew_minutes != 0) json_out_int(more, "skew_minutes", verdict->skew_minutes);
    if (verdict->card != VERDICT_CARD_NONE) {
        json_out_str(more, "card", str_of(card_word(verdict->card)));
        json_out_str(more, "words",
                     str_of(verdict_words(code, verdict, rq->language == LANGUAGE_EN)));
    }
    if (verdict->first_at.usec != 0) json_out_instant(more, "first_at", verdict->first_at);
    if (place) {
        json_out_str(more, "first_place",
                     rq->language == LANGUAGE_EN ? place->name.en : place->name.zh);
    }
    if (verdict->retry_at.usec != 0) json_out_instant(more, "retry_at", verdict->retry_at);
}

/* Where this session stands: a terminal at its own place. */
static void stand(struct app *app, const struct request *rq, struct verify_ask *ask)
{
    const struct session *session = request_session(rq);
    const struct place *place = place_find(catalogue_now(app->shelf), session->place_id);

    ask->at = rq->at;
    ask->place_id = session->place_id;
    ask->terminal_id = session->terminal_id;
    ask->staff_id = session->actor == ACTOR_STAFF ? session->actor_id : 0;
    ask->region_code = place ? place->region : session_region(session);
    ask->simulator = app->demo;
}

RESULT post_verification(struct app *app, const struct request *rq, struct reply *rp)
{
    struct verify_ask ask = { .item = ITEM_IDENTITY_CHECK };
    struct verdict verdict = { 0 };
    int purpose, strength;
    bool given;
    const struct json_field body[] = {
        JSON_TEXT("code", &ask.text, 1, CODE_TEXT_MAX),
        JSON_ENUM("purpose", &purpose, PURPOSES),
        JSON_ENUM("strength", &strength, STRENGTHS),
        JSON_OPTIONAL(JSON_TEXT("item", &ask.item, 1, 32), &given),
        JSON_OPTIONAL(JSON_INSTANT("terminal_at", &ask.terminal_at), &given),
    };
    struct err err;

    TRY(json_read(rq->body, body, LEN(body)));
    TRY(request_may(rq, MAY_VERIFY, 0, 0));
    stand(app, rq, &ask);
    TRY(item_require_open(catalogue_now(app->shelf), ask.item,
                          ask.region_code != 0 ? ask.region_code : REGION_ANHUI, rq->at));
    ask.purpose = (enum code_purpose)purpose;
    ask.strength = (enum code_strength)strength;
    err = identity_verify(app->identity, &ask, &verdict);
    if (err.code > 0) verdict_more(app, rq, rp, err.code, &verdict);
    TRY(err);
    reply_json(rp, 200);
    json_put_str(rp, "verdict", S("allow"));
    json_put_hex(rp, "pseudonym", bytes_of(verdict.pseudonym, sizeof verdict.pseudonym));
    json_put_str(rp, "strength", str_of(STRENGTHS[verdict.strength - CODE_DOOR].name));
    json_put_bool(rp, "test", verdict.test);
    return OK;
}

static void admission_more(struct app *app, const struct request *rq, struct reply *rp,
                           const struct admission *made, const struct place *place)
{
    struct json_out *more = refusal_more(rp);

    (void)app;
    if (made->first_at.usec != 0) {
        json_out_instant(more, "first_at", made->first_at);
        json_out_str(more, "first_place",
                     rq->language == LANGUAGE_EN ? place->name.en : place->name.zh);
    }
    if (made->booked_for.usec != 0) json_out_instant(more, "booked_for", made->booked_for);
}

static RESULT staff_stand(struct app *app, const struct request *rq, int64_t terminal_id,
                          struct stand *out)
{
    struct terminal terminal;
    struct err err = venues_terminal_get(app->store, terminal_id, &terminal);

    if (err.code == VENUES_TERMINAL_UNKNOWN) REFUSE(API_NOT_FOUND);
    TRY(err);
    out->place = place_find(catalogue_now(app->shelf), terminal.venue_id);
    REQUIRE(out->place, API_NOT_FOUND);
    TRY(request_may_at(rq, MAY_ADMIT, out->place));
    REQUIRE(terminal.state != TERMINAL_REVOKED, VENUES_TERMINAL_REVOKED);
    REQUIRE(terminal.state == TERMINAL_ACTIVE, VENUES_NOT_ENROLLED);
    out->staff_id = request_session(rq)->actor_id;
    return OK;
}

RESULT stand_at(struct app *app, const struct request *rq, int64_t terminal_id, struct stand *out)
{
    const struct session *session = request_session(rq);

    *out = (struct stand){ .terminal_id = terminal_id };
    TRY(request_may(rq, MAY_ADMIT, 0, 0));
    if (session->actor == ACTOR_STAFF) return staff_stand(app, rq, terminal_id, out);
    REQUIRE(session->actor == ACTOR_TERMINAL, API_SCOPE);
    REQUIRE(session->terminal_id == terminal_id, API_NOT_FOUND);
    out->place = place_find(catalogue_now(app->shelf), session->place_id);
    REQUIRE(out->place, API_SCOPE); /* who admits stands somewhere */
    return OK;
}

RESULT check_in(struct app *app, const struct request *rq, const struct check_in_ask *ask,
                struct check_in *out)
{
    const struct catalogue *cat = catalogue_now(app->shelf);
    const struct place *place;
    struct stand at;
    struct verify_ask verify = { .text = ask->code,
                                 .purpose = CODE_ENTRY,
                                 .strength = CODE_DOOR,
                                 .terminal_at = ask->terminal_at };
    const struct item *item;
    struct admit_ask admit;

    TRY(stand_at(app, rq, ask->terminal_id, &at));
    place = at.place;
    item = item_of_entry(cat, place->kind);
    if (item) { /* a door whose item has not begun here opens for nobody, and uses up no code */
        TRY(item_require_open(cat, item->code, place->region, rq->at));
        verify.item = item->code;
    }
    stand(app, rq, &verify);
    verify.place_id = place->id;
    verify.terminal_id = at.terminal_id;
    verify.region_code = place->region;
    TRY(identity_verify(app->identity, &verify, &out->verdict));
    admit = (struct admit_ask){ .venue_id = place->id,
                                .terminal_id = at.terminal_id,
                                .staff_id = at.staff_id,
                                .person_id = out->verdict.person_id,
                                .card_id = out->verdict.card_id,
                                .places = ask->places,
                                .grade = GRADE_A,
                                .provenance = app->demo ? PROVENANCE_SIMULATOR : PROVENANCE_REAL,
                                .region_code = place->region,
                                .place = place->name.zh,
                                .item = verify.item,
                                .at = rq->at,
                                .terminal_at = ask->terminal_at };
    memcpy(admit.presentation, out->verdict.presentation, sizeof admit.presentation);
    return venues_admit(app->store, &admit, &out->admission);
}

RESULT post_check_in(struct app *app, const struct request *rq, struct reply *rp)
{
    struct check_in_ask ask = { .places = 1, .terminal_id = request_session(rq)->terminal_id };
    struct check_in done = { 0 };
    const struct admission *made = &done.admission;
    struct stand at;
    bool given;
    const struct json_field body[] = {
        JSON_TEXT("code", &ask.code, 1, CODE_TEXT_MAX),
        JSON_OPTIONAL(JSON_ID("terminal", "trm", &ask.terminal_id), &given),
        JSON_OPTIONAL(JSON_INT("places", &ask.places, 1, PLACES_MAX), &given),
        JSON_OPTIONAL(JSON_INSTANT("terminal_at", &ask.terminal_at), &given),
    };
    struct err err;

    TRY(json_read(rq->body, body, LEN(body)));
    if (ask.terminal_id == 0) { /* staff say where they stand */
        problem_add(rq->problems, rq->arena, "/terminal", "missing");
        REFUSE(HTTP_FIELDS);
    }
    TRY(stand_at(app, rq, ask.terminal_id, &at));
    err = check_in(app, rq, &ask, &done);
    if (err.code > 0) verdict_more(app, rq, rp, err.code, &done.verdict);
    if (err.code > 0 && done.verdict.first_at.usec == 0)
        admission_more(app, rq, rp, made, at.place);
    TRY(err);
    reply_json(rp, 201);
    json_put_str(rp, "verdict", S("pass"));
    json_put_id(rp, "id", "adm", made->id);
    json_put_int(rp, "places", made->places);
    json_put_int(rp, "inside", made->inside);
    json_put_bool(rp, "booked", made->booking_id != 0);
    if (made->booking_id) json_put_id(rp, "booking", "bkg", made->booking_id);
    json_put_hex(rp, "pseudonym", bytes_of(done.verdict.pseudonym, sizeof done.verdict.pseudonym));
    json_put_str(rp, "words", str_of(verdict_words(0, &done.verdict, rq->language == LANGUAGE_EN)));
    return OK;
}

/* ---- what a gate decided while it was alone */

struct batch_line { /* one element of the body's `lines` */
    struct str code;
    struct instant at;
    int64_t verdict, places;
};

/* A gate's clock may run a minute before ours; a verdict is 0 or a refusal that we know. */
static int32_t line_refused(const struct request *rq, const struct batch_line *line)
{
    struct refusal refusal;

    if (line->at.usec > rq->at.usec + USEC_PER_MIN || line->at.usec < CODE_EPOCH_USEC)
        return VENUES_LINE_TIME;
    if (line->verdict != 0 && !refusal_known((int)line->verdict, &refusal))
        return VENUES_LINE_VERDICT;
    return 0;
}

/* Whose code was it, and was the gate right? A refusal of the code is kept beside the line. A code
 * that was let in is taken: shown at two gates that were alone, the second to tell of it hears so.
 */
static RESULT line_judge(struct app *app, const struct request *rq, const struct place *place,
                         const struct batch_line *line, struct upload_line *out)
{
    const struct item *item = item_of_entry(catalogue_now(app->shelf), place->kind);
    struct verify_ask ask = { .text = line->code,
                              .purpose = CODE_ENTRY,
                              .strength = CODE_DOOR,
                              .item = item ? item->code : ITEM_IDENTITY_CHECK };
    struct verdict verdict = { 0 };
    struct err err;

    *out = (struct upload_line){ .refused = line_refused(rq, line) };
    if (out->refused != 0) return OK;
    stand(app, rq, &ask);
    ask.at = line->at;
    err = identity_verify_later(app->identity, &ask, rq->at, &verdict);
    if (err.code == 0 && line->verdict == 0)
        err = identity_offline_take(app->identity, &ask, &verdict);
    if (err.code < 0) return err;
    *out = (struct upload_line){
        .ask = { .venue_id = place->id,
                 .terminal_id = ask.terminal_id,
                 .person_id = verdict.person_id,
                 .card_id = verdict.card_id,
                 .places = line->places,
                 .grade = GRADE_C,
                 .provenance = app->demo ? PROVENANCE_SIMULATOR : PROVENANCE_REAL,
                 .region_code = place->region,
                 .operator_id = place->operator_id,
                 .place = place->name.zh,
                 .item = ask.item,
                 .at = line->at,
                 .terminal_at = line->at },
        .verdict = (int32_t)line->verdict,
        .judged = err.code,
    };
    memcpy(out->ask.presentation, verdict.presentation, sizeof out->ask.presentation);
    return OK;
}

static void reply_upload(struct reply *rp, const struct upload_made *made)
{
    reply_json(rp, 201);
    json_put_int(rp, "accepted", made->accepted);
    json_put_int(rp, "contested", made->contested);
    json_put_int(rp, "refused", made->refused);
    json_put_array(rp, "lines");
    for (size_t i = 0; i < made->n; i++) {
        int32_t end = made->ends[i];
        bool refused = end == VENUES_LINE_TIME || end == VENUES_LINE_VERDICT;

        json_put_object(rp, NULL);
        json_put_str(rp, "end", end == 0 ? S("accepted") : refused ? S("refused") : S("contested"));
        if (end != 0) json_put_str(rp, "code", str_of(refusal_of(end).code));
        json_put_end(rp);
    }
    json_put_end(rp);
    reply_replayed(rp, made->replayed);
}

/* Out of order, the gate hears under which number it would be taken. */
static RESULT upload_end(struct reply *rp, struct err err, const struct upload_made *made)
{
    if (err.code == VENUES_UPLOAD_DIFFERENT || err.code == VENUES_UPLOAD_GAP)
        json_out_int(refusal_more(rp), "next_batch_no", made->next_batch_no);
    return err;
}

RESULT post_check_in_batch(struct app *app, const struct request *rq, struct reply *rp)
{
    const struct session *session = request_session(rq);
    const struct place *place = place_find(catalogue_now(app->shelf), session->place_id);
    struct upload_ask upload = { .body = rq->body.bytes, .at = rq->at };
    struct upload_line judged[UPLOAD_LINES_MAX];
    struct upload_made made = { 0 };
    struct batch_line *lines = NULL, one;
    size_t n = 0;
    const struct json_field line[] = {
        JSON_TEXT("code", &one.code, 1, CODE_TEXT_MAX),
        JSON_INSTANT("at", &one.at),
        JSON_INT("verdict", &one.verdict, 0, INT32_MAX),
        JSON_INT("places", &one.places, 1, PLACES_MAX),
    };
    const struct json_field body[] = {
        JSON_INT("batch_no", &upload.batch_no, 1, INT64_MAX),
        JSON_ARRAY("lines", &lines, &n, &one, line, 1, UPLOAD_LINES_MAX),
    };

    TRY(json_read(rq->body, body, LEN(body)));
    TRY(request_may(rq, MAY_ADMIT, 0, 0));
    REQUIRE(session->actor == ACTOR_TERMINAL && place, API_SCOPE);
    REQUIRE(
        hex_parse(request_header(rq, "Ykt-Signature"), upload.signature, sizeof upload.signature),
        VENUES_UPLOAD_SIGNATURE);
    upload.venue_id = place->id;
    upload.terminal_id = session->terminal_id;
    TRY(upload_end(rp, venues_upload_check(app->store, &upload, &made), &made));
    for (size_t i = 0; i < n && !made.replayed; i++) {
        TRY(line_judge(app, rq, place, &lines[i], &judged[i]));
    }
    upload.lines = judged;
    upload.n = made.replayed ? 0 : n;
    TRY(upload_end(rp, venues_upload(app->store, &upload, &made), &made));
    reply_upload(rp, &made);
    return OK;
}

RESULT get_verification_keys(struct app *app, const struct request *rq, struct reply *rp)
{
    struct published_keys keys;

    TRY(identity_keys(app->identity, &keys));
    reply_json(rp, 200);
    json_put_instant(rp, "server_time", rq->at);
    json_put_array(rp, "keys");
    for (size_t i = 0; i < keys.n; i++) {
        const struct published_key *key = &keys.keys[i];
        json_put_object(rp, NULL);
        json_put_str(rp, "use", key->use == VERIFY_CODES ? S("codes") : S("stop_lists"));
        json_put_int(rp, "kid", key->kid);
        json_put_str(rp, "suite", key->suite == CODE_SM2 ? S("sm2") : S("p256"));
        json_put_hex(rp, "public_key", bytes_of(key->public_key, sizeof key->public_key));
        json_put_instant(rp, "valid_from", key->valid_from);
        json_put_instant(rp, "valid_to", key->valid_to);
        json_put_bool(rp, "test", key->test);
        json_put_end(rp);
    }
    json_put_end(rp);
    return OK;
}

/* A list's signature names it: of other content, position or time it is another. */
static struct str list_etag(const struct request *rq, const struct stop_list_file *list)
{
    struct cursor c = cursor_over(list->signature);
    uint64_t high = take_be64(&c);

    return arena_format(rq->arena, "\"%016" PRIx64 "%016" PRIx64 "\"", high, take_be64(&c));
}

RESULT get_stop_list(struct app *app, const struct request *rq, struct reply *rp)
{
    int64_t incarnation = 0, from = 0;
    bool given;
    const struct json_field query[] = {
        JSON_OPTIONAL(JSON_INT("incarnation", &incarnation, 0, INT64_MAX), &given),
        JSON_OPTIONAL(JSON_INT("from", &from, 0, INT64_MAX), &given),
    };
    struct stop_list_handle *handle;
    struct stop_list_file list;
    struct bytes file;
    struct err err;

    TRY(query_read(rq, query, LEN(query)));
    TRY(request_may(rq, MAY_VERIFY, 0, 0));
    TRY(identity_stop_list(app->identity, incarnation, from, rq->at, &file, &handle));
    reply_header(rp, "Cache-Control", S("private, no-cache"));
    err = stop_list_parse(file, &list);
    if (err.code == 0 && !reply_unchanged(rq, rp, list_etag(rq, &list))) {
        put_bytes(reply_text(rp, 200, "application/octet-stream"), file);
    }
    identity_stop_list_done(handle);
    return err;
}
