/* api/pages_venues.c - places to visit, their times, and booking one of them.
 *
 * GET  /venues?q=&city=&from=                     for anybody
 * GET  /venues/{venue}?day=&slot=&places=         a day's times; the form asks
 * GET  /venues/{venue}/bookings?slot=&places=     to check the answers
 * POST /venues/{venue}/bookings {slot, places}    303 to /bookings/{booking}
 *
 * A time that was taken meanwhile, or cannot be booked, is the venue's page again, with the nearest
 * free ones. */
#include "api/booking_ask.h"
#include "api/handlers.h"
#include "api/pages.h"

#include "catalogue/catalogue.h"
#include "venues/venues.h"

enum {
    VENUES_SHOWN = 20,
    SLOTS_A_DAY = 64,
    DAYS_AHEAD = 7, /* slots open for booking a week before their day */
    SEARCH_MAX = 64,
    NEAREST = 3, /* free slots named when one is taken */
};

static struct str kind_words(const struct request *rq, enum place_kind kind)
{
    switch (kind) {
    case PLACE_SCENIC:
        return words_of(rq, "景区", "Scenic area");
    case PLACE_MUSEUM:
        return words_of(rq, "博物馆", "Museum");
    case PLACE_LIBRARY:
        return words_of(rq, "图书馆", "Library");
    case PLACE_CULTURAL_CENTRE:
        return words_of(rq, "文化馆", "Cultural centre");
    case PLACE_ART_GALLERY:
        return words_of(rq, "美术馆", "Art gallery");
    case PLACE_SCIENCE_MUSEUM:
        return words_of(rq, "科技馆", "Science museum");
    case PLACE_SERVICE_WINDOW:
        break;
    }
    return words_of(rq, "服务窗口", "Service window");
}

static int64_t left_of(const struct slot *slot)
{
    return slot->quota - slot->taken;
}

/* Could `places` be booked now? The venue decides again when it is asked for. */
static bool bookable(const struct slot *slot, int64_t places, struct instant at)
{
    return slot->state == SLOT_OPEN && !instant_before(at, slot->opens_at) &&
           instant_before(at, slot->closes_at) && left_of(slot) >= places;
}

static RESULT slots_of(struct app *app, const struct request *rq, const struct place *place,
                       struct day from, int days, struct slot_page *out)
{
    return venues_slots(app->store, place->id, day_start(from),
                        day_start((struct day){ from.number + days }), 0,
                        (size_t)days * SLOTS_A_DAY, rq->arena, out);
}

/* ---- the list ---- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Is `part` in `text`, the case of Latin letters aside? */
static bool holds(struct str text, struct str part)
{
    for (size_t i = 0; i + part.n <= text.n; i++) {
        size_t k = 0;
        while (k < part.n && lower(text.p[i + k]) == lower(part.p[k]))
            k++;
        if (k == part.n) return true;
    }
    return false;
}

/* The first day after today with places that can be booked now. */
static RESULT next_day_of(struct app *app, const struct request *rq, const struct place *place,
                          struct instant *out)
{
    const struct day tomorrow = { day_of(rq->at).number + 1 };
    struct slot_page ahead;

    *out = (struct instant){ 0 };
    TRY(slots_of(app, rq, place, tomorrow, DAYS_AHEAD, &ahead));
    for (size_t i = 0; i < ahead.n; i++) {
        const struct slot *slot = &ahead.slots[i];
        struct instant day;

        if (!bookable(slot, 1, rq->at)) continue;
        day = day_start(day_of(slot->starts_at));
        if (out->usec == 0 || instant_before(day, *out)) *out = day;
    }
    return OK;
}

static RESULT venue_line(struct app *app, const struct request *rq, const struct place *place,
                         struct web_venue_line *out)
{
    struct slot_page today;

    *out = (struct web_venue_line){
        .id = id_text(rq, "ven", place->id),
        .name = place_name(rq, place),
        .city = region_name(app, rq, place->city),
        .kind = kind_words(rq, place->kind),
        .booking = slot_rule_for(catalogue_now(app->shelf), place) != NULL,
    };
    if (!out->booking) return OK;
    TRY(slots_of(app, rq, place, day_of(rq->at), 1, &today));
    out->closed = true;
    for (size_t i = 0; i < today.n; i++) {
        const struct slot *slot = &today.slots[i];
        if (!bookable(slot, 0, rq->at)) continue;
        out->closed = false;
        out->free_places += left_of(slot);
    }
    if (out->closed) TRY(next_day_of(app, rq, place, &out->next_day));
    return OK;
}

static RESULT cities_of(struct app *app, const struct request *rq, int64_t chosen,
                        struct web_venues_view *view)
{
    enum { CITIES_MAX = 20 };
    struct web_option *cities = NEW_ARRAY(rq->arena, struct web_option, CITIES_MAX);
    struct region_walk walk = regions_within(catalogue_now(app->shelf), REGION_ANHUI, LEVEL_CITY);
    const struct region *region;

    if (!cities) return fault(FAULT_MEMORY, "cities");
    while (view->cities_n < CITIES_MAX && (region = region_next(&walk)) != NULL) {
        if (region->placeholder) continue;
        cities[view->cities_n++] = (struct web_option){
            .value = arena_format(rq->arena, "%d", (int)region->code),
            .label = region_name(app, rq, region->code),
            .chosen = region->code == chosen,
        };
    }
    view->cities = cities;
    return OK;
}

/* The next page of the same search. */
static struct str more_address(const struct request *rq, struct str q, int64_t city, int64_t from)
{
    char text[600];
    struct writer w = writer_over(text, sizeof text);

    put_format(&w, "/venues?from=%d&city=", (int)from);
    if (city) put_int(&w, city);
    put_str(&w, S("&q="));
    put_url_part(&w, q);
    return arena_str(rq->arena, writer_str(&w));
}

struct err get_venues_page(struct app *app, const struct request *rq, struct reply *rp)
{
    const struct catalogue *cat = catalogue_now(app->shelf);
    struct web_venue_line *lines = NEW_ARRAY(rq->arena, struct web_venue_line, VENUES_SHOWN);
    struct web_venues_view view = { .venues = lines };
    int64_t city = 0, from = 0;
    bool given;
    const struct json_field query[] = {
        JSON_OPTIONAL(JSON_TEXT("q", &view.q, 0, SEARCH_MAX), &given),
        JSON_OPTIONAL(JSON_INT("city", &city, 100000, 999999), &given),
        JSON_OPTIONAL(JSON_INT("from", &from, 0, 1000000), &given),
    };
    struct web_frame frame;

    TRY(query_read(rq, query, LEN(query)));
    if (!lines) return fault(FAULT_MEMORY, "venues");
    view.q = str_trim(view.q);
    TRY(cities_of(app, rq, city, &view));
    for (size_t i = (size_t)from; i < place_count(cat); i++) { /* in code order */
        const struct place *place = place_at(cat, i);
        if (place->retired || (city != 0 && place->city != city)) continue;
        if (!holds(place->name.zh, view.q) && !holds(place->name.en, view.q)) continue;
        if (view.venues_n == VENUES_SHOWN) {
            view.more = more_address(rq, view.q, city, (int64_t)i);
            break;
        }
        TRY(venue_line(app, rq, place, &lines[view.venues_n]));
        view.venues_n++;
    }
    frame = frame_of(app, rq, rp);
    web_venues(web_reply(rp, 200), &frame, &view);
    return OK;
}

/* ---- one place ---- */

static RESULT place_of_path(struct app *app, const struct request *rq, const struct place **out)
{
    int64_t venue_id;

    TRY(path_id(rq, "venue", "ven", &venue_id));
    *out = place_find(catalogue_now(app->shelf), venue_id);
    REQUIRE(*out && !(*out)->retired, API_NOT_FOUND);
    return OK;
}

static struct str county_of(struct app *app, const struct request *rq, const struct place *place)
{
    return place->region == place->city ? (struct str){ 0 } : region_name(app, rq, place->region);
}

static struct str day_address(const struct request *rq, const struct place *place, struct day day)
{
    struct str id = id_text(rq, "ven", place->id);
    char text[16];
    struct writer w = writer_over(text, sizeof text);

    put_date(&w, day_date(day));
    return arena_format(rq->arena, "/venues/%.*s?day=%.*s", (int)id.n, id.p, (int)w.n, text);
}

/* What the venue's page is shown with: a day, what was chosen, and what was wrong with it. */
struct choice {
    struct day day;
    int64_t slot_id; /* 0: none */
    struct str places;
    const struct web_problem *problems;
    size_t problems_n;
    int status;
};

/* The first bookable slot of the days after, when the day itself has none left. */
static RESULT next_free(struct app *app, const struct request *rq, const struct place *place,
                        struct day after, struct web_venue_view *view)
{
    struct day from = { after.number + 1 };
    struct slot_page page;

    if (from.number > day_of(rq->at).number + DAYS_AHEAD) return OK;
    TRY(slots_of(app, rq, place, from, DAYS_AHEAD, &page));
    for (size_t i = 0; i < page.n; i++) {
        if (!bookable(&page.slots[i], 1, rq->at)) continue;
        view->next_at = page.slots[i].starts_at;
        view->next = day_address(rq, place, day_of(view->next_at));
        break;
    }
    return OK;
}

static RESULT show_venue(struct app *app, const struct request *rq, struct reply *rp,
                         const struct place *place, const struct choice *choice)
{
    const struct day today = day_of(rq->at);
    struct web_venue_view view = {
        .id = id_text(rq, "ven", place->id),
        .name = place_name(rq, place),
        .city = region_name(app, rq, place->city),
        .address = county_of(app, rq, place),
        .kind = kind_words(rq, place->kind),
        .day = day_date(choice->day),
        .places = choice->places.n > 0 ? choice->places : S("1"),
    };
    struct web_slot_line *lines;
    struct slot_page page;
    struct web_frame frame;

    TRY(slots_of(app, rq, place, choice->day, 1, &page));
    lines = NEW_ARRAY(rq->arena, struct web_slot_line, page.n + 1);
    if (!lines) return fault(FAULT_MEMORY, "slots");
    for (size_t i = 0; i < page.n; i++) {
        const struct slot *slot = &page.slots[i];
        lines[i] = (struct web_slot_line){ .id = id_text(rq, "slt", slot->id),
                                           .opens = slot->starts_at,
                                           .closes = slot->ends_at,
                                           .quota = slot->quota,
                                           .free_places = left_of(slot),
                                           .bookable = bookable(slot, 1, rq->at) };
        view.bookable = view.bookable || lines[i].bookable;
        if (slot->id == choice->slot_id) view.chosen = lines[i].id;
    }
    view.slots = lines;
    view.slots_n = page.n;
    if (choice->day.number > today.number)
        view.before = day_address(rq, place, (struct day){ choice->day.number - 1 });
    if (choice->day.number < today.number + DAYS_AHEAD)
        view.after = day_address(rq, place, (struct day){ choice->day.number + 1 });
    if (!view.bookable) TRY(next_free(app, rq, place, choice->day, &view));
    frame = frame_of(app, rq, rp);
    frame.back = day_address(rq, place, choice->day);
    frame.problems = choice->problems;
    frame.problems_n = choice->problems_n;
    web_venue(web_reply(rp, choice->status), &frame, &view);
    return OK;
}

struct err get_venue_page(struct app *app, const struct request *rq, struct reply *rp)
{
    struct choice choice = { .status = 200 };
    struct date date = day_date(day_of(rq->at));
    const struct place *place;
    bool given;
    const struct json_field query[] = {
        JSON_OPTIONAL(JSON_DATE("day", &date), &given),
        JSON_OPTIONAL(JSON_ID("slot", "slt", &choice.slot_id), &given),
        JSON_OPTIONAL(JSON_TEXT("places", &choice.places, 0, 2), &given),
    };

    TRY(place_of_path(app, rq, &place));
    TRY(query_read(rq, query, LEN(query)));
    choice.day = date_day(date);
    return show_venue(app, rq, rp, place, &choice);
}

/* ---- what is wrong with a choice, in words at its field ---- */

struct answers { /* of the venue's form */
    const struct place *place;
    int64_t slot_id, places;
    struct slot slot; /* when slot.id is not 0 */
};

static struct str hm_text(const struct request *rq, struct instant at)
{
    const int64_t minute = (at.usec - day_start(day_of(at)).usec) / USEC_PER_MIN;

    return arena_format(rq->arena, "%02d:%02d", (int)(minute / 60), (int)(minute % 60));
}

static int64_t apart(const struct slot *a, const struct slot *b)
{
    int64_t usec = a->starts_at.usec - b->starts_at.usec;

    return usec < 0 ? -usec : usec;
}

/* Which slots of the same day are nearest and free, in the order of the day; else the first of the
 * days after. Empty: none within the week. */
static RESULT nearest_text(struct app *app, const struct request *rq, const struct answers *answers,
                           struct str *out)
{
    const struct day day = day_of(answers->slot.starts_at);
    const struct slot *near[NEAREST];
    char text[200];
    struct writer w = writer_over(text, sizeof text);
    struct slot_page page;
    size_t n = 0;

    TRY(slots_of(app, rq, answers->place, day, DAYS_AHEAD, &page));
    *out = (struct str){ 0 };
    for (size_t i = 0; i < page.n; i++) {
        const struct slot *slot = &page.slots[i];
        size_t far = 0;

        if (slot->id == answers->slot_id || !bookable(slot, answers->places, rq->at)) continue;
        if (day_of(slot->starts_at).number != day.number) {
            if (n > 0) break;
            *out = when_text(rq, slot->starts_at);
            return OK;
        }
        if (n < NEAREST) {
            near[n++] = slot;
            continue;
        }
        for (size_t k = 1; k < NEAREST; k++) {
            if (apart(near[k], &answers->slot) > apart(near[far], &answers->slot)) far = k;
        }
        if (apart(slot, &answers->slot) >= apart(near[far], &answers->slot)) continue;
        for (; far + 1 < NEAREST; far++)
            near[far] = near[far + 1];
        near[NEAREST - 1] = slot;
    }
    for (size_t i = 0; i < n; i++) {
        if (i > 0) put_str(&w, words_of(rq, "、", ", "));
        put_str(&w, hm_text(rq, near[i]->starts_at));
    }
    *out = arena_str(rq->arena, writer_str(&w));
    return OK;
}

/* "10:00 的号刚被约走。最近的空号：10:30、11:00。" */
static RESULT slot_words(struct app *app, const struct request *rq, const struct answers *answers,
                         int code, struct str *out)
{
    const bool english = page_english(rq);
    const struct str at = hm_text(rq, answers->slot.starts_at);
    struct str near, what;

    TRY(nearest_text(app, rq, answers, &near));
    if (code == VENUES_SLOT_CLOSED) {
        what = arena_format(rq->arena,
                            english ? "%.*s can no longer be booked." : "%.*s 这一时段已不能预约。",
                            (int)at.n, at.p);
    } else if (left_of(&answers->slot) > 0) {
        what = arena_format(rq->arena,
                            english ? "%.*s has only %d places left." : "%.*s 只剩 %d 个名额。",
                            (int)at.n, at.p, (int)left_of(&answers->slot));
    } else {
        what =
            arena_format(rq->arena, english ? "%.*s has just been taken." : "%.*s 的号刚被约走。",
                         (int)at.n, at.p);
    }
    if (near.n == 0) {
        *out = arena_format(rq->arena, "%.*s%s", (int)what.n, what.p,
                            english ? " Nothing is free within the week; places are held back at "
                                      "the door."
                                    : "一周内没有空号；现场留有名额，可以直接前往。");
        return OK;
    }
    *out = arena_format(rq->arena,
                        english ? "%.*s The nearest free times: %.*s." : "%.*s最近的空号：%.*s。",
                        (int)what.n, what.p, (int)near.n, near.p);
    return OK;
}

static RESULT paused_words(struct app *app, const struct request *rq, struct str *out)
{
    struct standing standing;
    struct str until;

    TRY(venues_standing(app->store, request_session(rq)->person_id, rq->at, &standing));
    until = when_text(rq, standing.paused_until);
    *out = arena_format(rq->arena,
                        page_english(rq)
                            ? "Booking is paused until %.*s after three missed visits. You may "
                              "still come: places are held back at the door."
                            : "因三次预约未到场，%.*s前不能预约。仍可直接前往，现场留有名额。",
                        (int)until.n, until.p);
    return OK;
}

static RESULT refusal_words(struct app *app, const struct request *rq,
                            const struct answers *answers, int code, struct str *out)
{
    switch (code) {
    case VENUES_SLOT_CLOSED:
    case VENUES_QUOTA_EXHAUSTED:
        return slot_words(app, rq, answers, code, out);
    case VENUES_PAUSED:
        return paused_words(app, rq, out);
    case VENUES_BOOKED_ALREADY:
        *out = words_of(rq, "您已约了这一时段，见“我的预约”。要改人数，请先取消再约。",
                        "You have booked this time: see “Bookings”. To change the number of "
                        "people, cancel it first.");
        return OK;
    default:
        *out = words_of(rq, "没有这个时段，请重新选择。", "There is no such time; choose again.");
        return OK;
    }
}

/* The venue's page with what is wrong. */
static RESULT told(struct app *app, const struct request *rq, struct reply *rp, struct body form,
                   const struct answers *answers, struct err why)
{
    struct web_problem *problem = NEW(rq->arena, struct web_problem);
    struct choice choice = { .day = day_of(rq->at), .slot_id = answers->slot_id, .status = 422 };

    if (!problem) return fault(FAULT_MEMORY, "a problem");
    if (answers->slot.id) choice.day = day_of(answers->slot.starts_at);
    if (!form_value(form, "places", &choice.places)) choice.places = (struct str){ 0 };
    if (why.code == HTTP_FIELDS) {
        choice.problems = form_problems(rq, &choice.problems_n);
        return show_venue(app, rq, rp, answers->place, &choice);
    }
    problem->field = S("slot");
    TRY(refusal_words(app, rq, answers, why.code, &problem->text));
    choice.problems = problem;
    choice.problems_n = 1;
    choice.status = refusal_of(why.code).status;
    return show_venue(app, rq, rp, answers->place, &choice);
}

/* Slot and places, of a form or a query, and the slot as it stands. */
static RESULT answers_read(struct app *app, struct body form, struct answers *out)
{
    const struct json_field fields[] = {
        JSON_ID("slot", "slt", &out->slot_id),
        JSON_INT("places", &out->places, 1, PLACES_MAX),
    };
    struct err err = form_read(form, fields, LEN(fields));

    if (err.code == HTTP_FIELDS) {
        struct err slot = { 0 };
        if (out->slot_id)
            slot = venues_slot_get(app->store, out->place->id, out->slot_id, &out->slot);
        if (slot.code != 0) out->slot = (struct slot){ 0 };
        return err;
    }
    TRY(err);
    return venues_slot_get(app->store, out->place->id, out->slot_id, &out->slot);
}

static bool about_slot(int code)
{
    return code == HTTP_FIELDS || (code >= VENUES_SLOT_UNKNOWN && code <= VENUES_BOOKED_ALREADY);
}

static RESULT booker(const struct request *rq, int64_t *person_id)
{
    REQUIRE(request_session(rq)->actor == ACTOR_HOLDER, API_SCOPE);
    *person_id = request_session(rq)->person_id;
    return request_may(rq, MAY_SELF_BOOK, 0, 0);
}

static struct body query_body(const struct request *rq)
{
    struct body form = rq->body;

    form.bytes = str_bytes(rq->query);
    return form;
}

struct err get_book_page(struct app *app, const struct request *rq, struct reply *rp)
{
    const struct body form = query_body(rq);
    struct answers answers = { 0 };
    struct booking_ask ask = { .at = rq->at };
    struct web_book_view view = { 0 };
    struct web_frame frame;
    struct str day;
    struct err err;

    TRY(booker(rq, &ask.person_id));
    TRY(place_of_path(app, rq, &answers.place));
    err = answers_read(app, form, &answers);
    ask.places = answers.places;
    if (err.code == 0) err = booking_decide(&answers.slot, &ask);
    if (about_slot(err.code)) return told(app, rq, rp, form, &answers, err);
    TRY(err);
    view.id = id_text(rq, "ven", answers.place->id);
    view.name = place_name(rq, answers.place);
    view.city = region_name(app, rq, answers.place->city);
    view.address = county_of(app, rq, answers.place);
    view.slot = id_text(rq, "slt", answers.slot_id);
    view.opens = answers.slot.starts_at;
    view.closes = answers.slot.ends_at;
    view.places = answers.places;
    day = day_address(rq, answers.place, day_of(view.opens));
    view.back = arena_format(rq->arena, "%.*s&slot=%.*s&places=%d", (int)day.n, day.p,
                             (int)view.slot.n, view.slot.p, (int)view.places);
    TRY(holder_name(app, rq, &view.holder));
    frame = frame_of(app, rq, rp);
    web_book(web_reply(rp, 200), &frame, &view);
    return OK;
}

struct err post_book_page(struct app *app, const struct request *rq, struct reply *rp)
{
    struct answers answers = { 0 };
    int64_t person_id, booking_id;
    struct booking_ask ask;
    struct str id;
    struct err err;

    TRY(booker(rq, &person_id));
    TRY(place_of_path(app, rq, &answers.place));
    err = answers_read(app, rq->body, &answers);
    ask = booking_ask_at(app, rq, answers.place, person_id);
    ask.slot_id = answers.slot_id;
    ask.places = answers.places;
    if (err.code == 0) {
        err = venues_book(app->store, rq->once, &ask, &booking_id);
        if (err.code == VENUES_QUOTA_EXHAUSTED) /* how many are left now */
            TRY(venues_slot_get(app->store, ask.venue_id, ask.slot_id, &answers.slot));
    }
    if (about_slot(err.code)) return told(app, rq, rp, rq->body, &answers, err);
    TRY(err);
    id = id_text(rq, "bkg", booking_id);
    reply_redirect(rp, arena_format(rq->arena, "/bookings/%.*s", (int)id.n, id.p));
    return OK;
}
