/* tests/fuzz/code_fuzz.c - codes of strangers: every input is refused or is a code that writes back
 * to the same text. */
#include <stdlib.h>

#include "card/wire/code.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool what)
{
    if (!what) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = { (const char *)data, size };
    struct code_text parsed;
    struct bundle bundle;
    char again[CODE_TEXT_MAX];
    struct writer w = writer_over(again, sizeof again);
    struct err err = code_text_parse(text, &parsed);

    demand(err.code >= 0);
    if (bundle_parse(bytes_of(data, size), &bundle).code == 0) {
        uint8_t out[CODE_BUNDLE_BYTES];
        bundle_write(&bundle, out);
        demand(size == sizeof out && memcmp(out, data, size) == 0);
    }
    if (err.code != 0) return 0;
    if (parsed.form == CODE_FORM_PHONE) {
        uint8_t raw[CODE_BYTES];
        code_write(&parsed.of.phone, raw);
        demand(memcmp(raw, parsed.raw, sizeof raw) == 0);
        code_text_write(raw, &w);
        demand(str_eq(writer_str(&w), str_trim(text)));
    } else if (parsed.form == CODE_FORM_PAPER) {
        uint8_t raw[PAPER_BYTES];
        paper_write(&parsed.of.paper, raw);
        demand(memcmp(raw, parsed.raw, sizeof raw) == 0);
        paper_text_write(raw, &w);
        demand(str_eq(writer_str(&w), str_trim(text)));
    } else {
        struct code_text once_more;
        demand(parsed.form == CODE_FORM_SHORT);
        demand(
            code_text_parse((struct str){ parsed.of.typed, SHORT_CODE_CHARS }, &once_more).code ==
            0);
        demand(memcmp(parsed.of.typed, once_more.of.typed, SHORT_CODE_CHARS) == 0);
    }
    return 0;
}
