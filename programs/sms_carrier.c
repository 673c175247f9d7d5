/* programs/sms_carrier.c - opens the address (and a one-time code) for this one message, has the
 * courier send it, and forgets both. Nothing of it is logged. */
#include "programs/sms_carrier.h"

#include "crypto/crypto.h"
#include "crypto/keyd.h"
#include "http/json.h"
#include "notice/webhook.h"

enum { CARRIER_ARENA = 16 * 1024, ADDRESS_MAX = 64, CODE_MAX = 32 };

/* Where a sealed part of a notice was sealed: table and columns of notice/. */
#define NOTICE_TABLE S("notice")

struct opened {
    char address[ADDRESS_MAX], code[CODE_MAX];
    size_t address_n, code_n;
};

static RESULT open_part(const struct sms_carrier *sms, const struct notice_delivery *delivery,
                        const char *column, struct bytes sealed, char *out, size_t size, size_t *n)
{
    const struct field_use use = { .use = KEYD_USE_NOTICE,
                                   .session_id = delivery->notice_id,
                                   .actor_id = delivery->person_id };

    return keyd_field_open_one(sms->registry->keyd, &use, NOTICE_TABLE, str_of(column),
                               delivery->notice_id, sealed, (uint8_t *)out, size, n);
}

/* The phone on record, when the notice brings no address of its own. */
static RESULT address_of_holder(const struct sms_carrier *sms,
                                const struct notice_delivery *delivery, struct arena *arena,
                                struct opened *opened)
{
    const struct field_use use = { .use = KEYD_USE_NOTICE,
                                   .session_id = delivery->notice_id,
                                   .actor_id = delivery->person_id };
    struct person_private private;

    TRY(registry_person_open(sms->registry, &use, delivery->person_id, arena, &private));
    REQUIRE(private.phone.n > 0 && private.phone.n <= ADDRESS_MAX, NOTICE_NO_ADDRESS);
    memcpy(opened->address, private.phone.p, private.phone.n);
    opened->address_n = private.phone.n;
    return OK;
}

static RESULT open_all(const struct sms_carrier *sms, const struct notice_delivery *delivery,
                       struct arena *arena, struct opened *opened)
{
    if (delivery->sealed_address.n > 0) {
        TRY(open_part(sms, delivery, "sealed_address", delivery->sealed_address, opened->address,
                      sizeof opened->address, &opened->address_n));
    } else {
        TRY(address_of_holder(sms, delivery, arena, opened));
    }
    if (delivery->sealed_code.n > 0) {
        TRY(open_part(sms, delivery, "sealed_code", delivery->sealed_code, opened->code,
                      sizeof opened->code, &opened->code_n));
    }
    return OK;
}

/* The text with "{code}" replaced. */
static struct str complete(struct arena *arena, struct str text, struct str code)
{
    static const char MARK[] = "{code}";
    const char *c = arena_c(arena, text), *at = strstr(c, MARK);

    if (!at || code.n == 0) return text;
    return arena_format(arena, "%.*s%.*s%s", (int)(at - c), c, (int)code.n, code.p,
                        at + sizeof MARK - 1);
}

static struct bytes message(const struct sms_carrier *sms, const struct notice_delivery *delivery,
                            const struct opened *opened, struct arena *arena)
{
    size_t size = 4096;
    struct writer w = writer_over(arena_take(arena, size, 1), size);
    struct json_out out = json_out_over(&w, sms->ids);
    struct str code = { opened->code, opened->code_n };

    json_out_object(&out, NULL);
    json_out_id(&out, "id", "ntc", delivery->notice_id);
    json_out_str(&out, "to", (struct str){ opened->address, opened->address_n });
    json_out_str(&out, "kind", str_of(notice_kind_name(delivery->kind)));
    json_out_str(&out, "text", complete(arena, delivery->text, code));
    if (code.n > 0) json_out_str(&out, "code", code);
    json_out_instant(&out, "at", delivery->at);
    json_out_end(&out);
    return writer_bytes(&w);
}

static RESULT hand_over(const struct sms_carrier *sms, const struct notice_delivery *delivery,
                        struct bytes body, struct arena *arena)
{
    const struct webhook_keys keys = { .key = { sms->secret }, .n = 1 };
    struct instant now = clock_now(&sms->clock);
    char id[ID_TEXT_MAX], headers[512];
    struct writer id_w = writer_over(id, sizeof id), w = writer_over(headers, sizeof headers);
    struct courier_ask ask = { .target = S("sms"), .body = body };
    struct courier_answer answer;

    put_id(&id_w, sms->ids, "ntc", delivery->notice_id);
    put_str(&w, S("Content-Type: application/json\nwebhook-id: "));
    put_str(&w, writer_str(&id_w));
    put_format(&w,
               "\nwebhook-timestamp: %" PRId64 "\nwebhook-signature: ", now.usec / USEC_PER_SEC);
    webhook_sign(&w, &keys, writer_str(&id_w), now, body);
    ask.headers = writer_str(&w);
    TRY(courier_send(sms->courier, &ask, arena, &answer));
    if (answer.status >= 200 && answer.status < 300) return OK;
    if (answer.status == 422) REFUSE(NOTICE_NO_ADDRESS); /* the gateway knows no such number */
    return fault(FAULT_PARTNER, "sms gateway: status %d %.*s", answer.status, (int)answer.why.n,
                 answer.why.p);
}

static struct err send(void *arg, const struct notice_delivery *delivery)
{
    const struct sms_carrier *sms = arg;
    struct opened opened = { 0 };
    uint8_t room[CARRIER_ARENA];
    struct arena arena = arena_over(room, sizeof room);
    struct err err = open_all(sms, delivery, &arena, &opened);

    if (err.code == 0) {
        struct bytes body = message(sms, delivery, &opened, &arena);
        err = arena.full ? fault(FAULT_MEMORY, "sms: message") : OK;
        if (err.code == 0) {
            struct arena wire;
            err = arena_open(&wire, COURIER_FRAME_MAX);
            if (err.code == 0) err = hand_over(sms, delivery, body, &wire);
            secret_wipe(wire.p, wire.used);
            arena_close(&wire);
        }
    }
    secret_wipe(room, sizeof room); /* address and code were in here */
    secret_wipe(&opened, sizeof opened);
    return err;
}

struct notice_carrier sms_carrier(struct sms_carrier *sms)
{
    return (struct notice_carrier){ .send = send, .arg = sms };
}
