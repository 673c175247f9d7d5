/* tests/notice/webhook_test.c - signed deliveries: what is right verifies, what was changed, is old
 * or is by a stranger does not. */
#include "tests/test.h"

#include "notice/webhook.h"

int main(void)
{
    static const uint8_t ours[] = "0123456789abcdef0123456789abcdef", old[] = "another key of ours";
    const struct webhook_keys both = { .key = { bytes_of(ours, 32), bytes_of(old, 19) }, .n = 2 };
    const struct webhook_keys only_old = { .key = { bytes_of(old, 19) }, .n = 1 };
    const struct webhook_keys stranger = { .key = { bytes_of(old, 18) }, .n = 1 };
    struct instant at = { INT64_C(1629444727) * USEC_PER_SEC };
    struct bytes body = str_bytes(S("{\"id\": \"ntc_1\"}"));
    uint8_t text[2 * WEBHOOK_SIGNATURE_TEXT + 1];
    struct writer w = writer_over(text, sizeof text);

    webhook_sign(&w, &both, S("msg_2K"), at, body);
    CHECK("two signatures, a space between", !w.over && w.n == sizeof text && text[47] == ' ');
    struct str signature = writer_str(&w);
    static const struct {
        const char *title, *id, *timestamp;
        int64_t later_usec;
        int keys, body, want;
    } rows[] = {
        { "right", "msg_2K", "1629444727", 0, 0, 0, 0 },
        { "by the old key alone", "msg_2K", "1629444727", 0, 1, 0, 0 },
        { "another key", "msg_2K", "1629444727", 0, 2, 0, WEBHOOK_SIGNATURE_BAD },
        { "another id", "msg_2L", "1629444727", 0, 0, 0, WEBHOOK_SIGNATURE_BAD },
        { "another time", "msg_2K", "1629444728", 0, 0, 0, WEBHOOK_SIGNATURE_BAD },
        { "another body", "msg_2K", "1629444727", 0, 0, 1, WEBHOOK_SIGNATURE_BAD },
        { "five minutes old", "msg_2K", "1629444727", 300 * USEC_PER_SEC, 0, 0, 0 },
        { "older", "msg_2K", "1629444727", 301 * USEC_PER_SEC, 0, 0, WEBHOOK_TOO_OLD },
        { "from the future", "msg_2K", "1629444727", -301 * USEC_PER_SEC, 0, 0, WEBHOOK_TOO_OLD },
        { "no id", "", "1629444727", 0, 0, 0, WEBHOOK_HEADER_BAD },
        { "a time that is none", "msg_2K", "now", 0, 0, 0, WEBHOOK_HEADER_BAD },
        { "a time out of range", "msg_2K", "99999999999999999", 0, 0, 0, WEBHOOK_HEADER_BAD },
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        const struct webhook_keys *keys = rows[i].keys == 0   ? &both
                                          : rows[i].keys == 1 ? &only_old
                                                              : &stranger;
        struct instant now = { at.usec + rows[i].later_usec };
        struct bytes got = rows[i].body ? str_bytes(S("{\"id\": \"ntc_2\"}")) : body;
        CHECK_CODE(rows[i].title,
                   webhook_verify(keys, str_of(rows[i].id), str_of(rows[i].timestamp), signature,
                                  got, now),
                   rows[i].want);
    }
    CHECK_CODE("no signature", webhook_verify(&both, S("msg_2K"), S("1629444727"), S(""), body, at),
               WEBHOOK_HEADER_BAD);
    /* HMAC-SHA-256 of "msg_2K.1629444727." and the body under the first key, by openssl dgst */
    CHECK_STR("as another program signs it", str_part(signature, 0, WEBHOOK_SIGNATURE_TEXT),
              S("v1,4FdnkGVeFwBzx00TtNW9eaH6WLbwPq4YyxyhJATZ1kM="));
    return test_end();
}
