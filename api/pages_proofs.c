/* api/pages_proofs.c - is a receipt genuine? For whoever was shown one: by its verification code,
 * and with nothing in the answer that tells who the holder is.
 *
 * GET /proofs?code=      asks; with a code 303 to
 * GET /proofs/{code}     the receipt as the record stands now, to print; or 404, not one of ours */
#include "api/handlers.h"
#include "api/pages.h"
#include "api/receipt.h"

#include "catalogue/catalogue.h"
#include "venues/venues.h"

enum { CODE_TYPED_MAX = 64, ROWS = 6 };

struct sheet {
    struct app *app;
    const struct request *rq;
    struct web_proof_view *view;
    struct web_proof_row *rows;
};

static void row(struct sheet *sheet, const char *zh, const char *en, struct str value)
{
    assert(sheet->view->rows_n < ROWS);
    if (value.n == 0) return;
    sheet->rows[sheet->view->rows_n++] =
        (struct web_proof_row){ words_of(sheet->rq, zh, en), value };
}

static RESULT card_of_receipt(const struct sheet *sheet, int64_t card_id, struct card *card)
{
    int64_t person_id;

    TRY(registry_card_person(sheet->app->store, card_id, &person_id));
    return registry_card_load(sheet->app->store, person_id, card_id, card);
}

static void card_row(struct sheet *sheet, const struct card *card)
{
    row(sheet, "卡号", "Card", arena_format(sheet->rq->arena, "****%s", card->tail));
}

static RESULT loss_sheet(struct sheet *sheet, const struct receipt *receipt)
{
    static const char *const STATES[][2] = {
        [LOSS_EFFECTIVE] = { "生效中", "In effect" },
        [LOSS_LIFTED] = { "已解除", "Lifted" },
        [LOSS_LAPSED] = { "已到期解除", "Ended by itself" },
        [LOSS_SUPERSEDED] = { "已由正式挂失或补卡接替",
                              "Followed by a formal report or a new card" },
    };
    const struct request *rq = sheet->rq;
    struct card card;
    struct loss loss;

    TRY(card_of_receipt(sheet, receipt->root_id, &card));
    TRY(registry_loss_load(sheet->app->store, card.person_id, receipt->record_id, &loss));
    REQUIRE(loss.card_id == card.id, API_NOT_FOUND);
    sheet->view->title = words_of(rq, "挂失回执", "Receipt of a loss report");
    sheet->view->number = id_text(rq, "los", loss.id);
    sheet->view->at = loss.effective_at;
    row(sheet, "事项", "Act",
        loss.kind == LOSS_FORMAL ? words_of(rq, "正式挂失", "Formal loss report")
                                 : words_of(rq, "临时挂失", "Temporary loss report"));
    card_row(sheet, &card);
    row(sheet, "现在", "Now", words_of(rq, STATES[loss.state][0], STATES[loss.state][1]));
    if (loss.state == LOSS_EFFECTIVE && loss.expires_at.usec)
        row(sheet, "自动解除", "Ends by itself", when_text(rq, loss.expires_at));
    if (loss.ended_at.usec) row(sheet, "结束", "Ended", when_text(rq, loss.ended_at));
    return OK;
}

static RESULT change_sheet(struct sheet *sheet, const struct receipt *receipt)
{
    static const struct {
        enum card_function function;
        int event;
        const char *zh, *en;
    } ACTS[] = {
        { FUNCTION_SOCIAL, SOCIAL_LIFT, "解除挂失", "Loss report lifted" },
        { FUNCTION_SOCIAL, SOCIAL_REPLACE, "补换卡", "Card replaced" },
        { FUNCTION_ECARD, ECARD_CONSENT, "本人同意继续使用电子卡", "E-card on by consent" },
        { FUNCTION_ECARD, ECARD_WITHDRAW, "本人停用电子卡", "E-card switched off" },
    };
    const struct request *rq = sheet->rq;
    struct card_change change;
    struct card card, newer;

    TRY(card_of_receipt(sheet, receipt->root_id, &card));
    TRY(registry_card_change_load(sheet->app->store, card.person_id, card.id, receipt->record_id,
                                  &change));
    sheet->view->title = words_of(rq, "办理回执", "Receipt");
    sheet->view->number = id_text(rq, "chg", change.id);
    sheet->view->at = change.at;
    for (size_t i = 0; i < LEN(ACTS); i++) {
        if (ACTS[i].function == change.function && ACTS[i].event == change.event)
            row(sheet, "事项", "Act", words_of(rq, ACTS[i].zh, ACTS[i].en));
    }
    card_row(sheet, &card);
    if (change.function == FUNCTION_SOCIAL && change.event == SOCIAL_REPLACE &&
        card.replaced_by_id) {
        TRY(registry_card_load(sheet->app->store, card.person_id, card.replaced_by_id, &newer));
        row(sheet, "新卡", "New card", arena_format(rq->arena, "****%s", newer.tail));
    }
    return OK;
}

static RESULT booking_sheet(struct sheet *sheet, const struct receipt *receipt)
{
    static const char *const STATES[][2] = {
        [BOOKING_MADE] = { "已预约", "Booked" },
        [BOOKING_CANCELLED] = { "已取消", "Cancelled" },
        [BOOKING_ADMITTED] = { "已入场", "Entered" },
        [BOOKING_NO_SHOW] = { "未到场", "Not used" },
    };
    const struct request *rq = sheet->rq;
    const struct place *place;
    struct booking booking;

    TRY(venues_booking_get(sheet->app->store, receipt->root_id, receipt->record_id, &booking));
    place = place_find(catalogue_now(sheet->app->shelf), booking.venue_id);
    sheet->view->title = words_of(rq, "预约凭证", "Receipt of a booking");
    sheet->view->number = id_text(rq, "bkg", booking.id);
    sheet->view->at = booking.made_at;
    if (place) row(sheet, "地点", "Place", place_name(rq, place));
    row(sheet, "时间", "Time", when_text(rq, booking.starts_at));
    row(sheet, "人数", "People", arena_format(rq->arena, "%d", (int)booking.places));
    row(sheet, "现在", "Now", words_of(rq, STATES[booking.state][0], STATES[booking.state][1]));
    return OK;
}

/* A refusal: a code of ours whose record is gone, or was never one that is shown. */
static RESULT fill(struct sheet *sheet, const struct receipt *receipt)
{
    switch (receipt->of) {
    case RECEIPT_OF_LOSS:
        return loss_sheet(sheet, receipt);
    case RECEIPT_OF_CHANGE:
        return change_sheet(sheet, receipt);
    case RECEIPT_OF_BOOKING:
        break;
    }
    return booking_sheet(sheet, receipt);
}

static void show(struct app *app, const struct request *rq, struct reply *rp, int status,
                 const struct web_proof_view *view)
{
    struct web_frame frame = frame_of(app, rq, rp);

    web_proof(web_reply(rp, status), &frame, view);
}

struct err get_proofs_page(struct app *app, const struct request *rq, struct reply *rp)
{
    struct web_proof_view view = { .state = WEB_PROOF_ASK };
    struct receipt receipt;
    bool given;
    const struct json_field query[] = {
        JSON_OPTIONAL(JSON_TEXT("code", &view.code, 0, CODE_TYPED_MAX), &given),
    };

    TRY(query_read(rq, query, LEN(query)));
    view.code = str_trim(view.code);
    if (view.code.n > 0 && receipt_parse(app, view.code, &receipt)) {
        reply_redirect(rp, receipt_address(rq->arena, receipt_code(app, rq->arena, &receipt)));
        return OK;
    }
    if (view.code.n > 0) view.state = WEB_PROOF_UNKNOWN;
    show(app, rq, rp, view.state == WEB_PROOF_UNKNOWN ? 404 : 200, &view);
    return OK;
}

struct err get_proof_page(struct app *app, const struct request *rq, struct reply *rp)
{
    struct web_proof_view view = { .state = WEB_PROOF_UNKNOWN,
                                   .code = str_part(path_text(rq, "code"), 0, CODE_TYPED_MAX),
                                   .shown_at = rq->at };
    struct sheet sheet = { .app = app, .rq = rq, .view = &view };
    struct receipt receipt;
    struct str address;
    struct err err;

    sheet.rows = NEW_ARRAY(rq->arena, struct web_proof_row, ROWS);
    if (!sheet.rows) return fault(FAULT_MEMORY, "receipt");
    view.rows = sheet.rows;
    if (receipt_parse(app, view.code, &receipt)) {
        view.code = receipt_code(app, rq->arena, &receipt);
        err = fill(&sheet, &receipt);
        if (err.code < 0) return err;
        if (err.code == 0) view.state = WEB_PROOF_GENUINE;
    }
    if (view.state == WEB_PROOF_GENUINE) {
        address = receipt_address(rq->arena, view.code);
        view.qr = web_qr_of(rq->arena, arena_format(rq->arena, "%.*s%.*s", (int)app->public_url.n,
                                                    app->public_url.n ? app->public_url.p : "",
                                                    (int)address.n, address.p));
    }
    show(app, rq, rp, view.state == WEB_PROOF_GENUINE ? 200 : 404, &view);
    return OK;
}
