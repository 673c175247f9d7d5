/* tests/fuzz/text_fuzz.c - text of strangers: what is read is UTF-8 and goes out and in again; the
 * form of a name is its own form; no mask shows more than it may. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t memory[1 << 18];

static void demand(bool what)
{
    if (!what) abort();
}

static void form_twice(struct str name)
{
    char once_text[NAME_BYTES_MAX], twice_text[NAME_BYTES_MAX];
    struct writer once = writer_over(once_text, sizeof once_text);
    struct writer twice = writer_over(twice_text, sizeof twice_text);

    if (name_form(name, &once).code != 0) return;
    demand(!once.over);
    demand(utf8_valid(writer_str(&once)));
    demand(name_form(writer_str(&once), &twice).code == 0);
    demand(str_eq(writer_str(&once), writer_str(&twice)));
}

static void mask_all(struct str plain)
{
    for (enum mask mask = MASK_NAME; mask <= MASK_ACCOUNT; mask++) {
        char text[MASKED_BYTES_MAX];
        struct writer w = writer_over(text, sizeof text);
        size_t stars = 0;
        put_masked(&w, (struct masked){ mask, plain });
        for (size_t i = 0; i < w.n; i++) {
            stars += text[i] == '*';
        }
        demand(!w.over);
        demand(plain.n == 0 || stars > 0);
        if (mask != MASK_NAME) demand(w.n <= stars + 7);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = arena_over(memory, sizeof memory);
    struct str in = bytes_str(bytes_of(data, size)), text, again;
    struct bytes out;
    char shown[20000];
    struct writer w = writer_over(shown, sizeof shown);

    if (size > 2000) return 0;
    form_twice(in);
    mask_all(in);
    put_scrubbed(&w, in);
    demand(!w.over && w.n <= size);
    w = writer_over(shown, sizeof shown);
    put_json_str(&w, in);
    demand(!w.over && utf8_valid(writer_str(&w)));
    if (text_read(&arena, bytes_of(data, size), &text, NULL).code != 0) return 0;
    demand(utf8_valid(text));
    demand(text_write(&arena, text, TEXT_UTF8_BOM, &out).code == 0);
    demand(text_read(&arena, out, &again, NULL).code == 0);
    demand(str_eq(text, again));
    demand(text_width(text) <= 2 * text_length(text));
    return 0;
}
