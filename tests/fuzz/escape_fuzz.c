/* tests/fuzz/escape_fuzz.c - whatever text a page is given, it stays where it was put. */
#include "web/web.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char out[6 * 4096];
    void (*const puts[])(struct writer *, struct str) = { put_html, put_url, put_url_part };

    if (size > 4096) return 0;
    for (size_t i = 0; i < LEN(puts); i++) {
        struct writer w = writer_over(out, sizeof out);

        puts[i](&w, bytes_str(bytes_of(data, size)));
        if (w.over) abort();
        for (size_t at = 0; at < w.n; at++) {
            if (strchr("<>\"'", out[at]) != NULL)
                abort(); /* NUL is found by strchr too, and must not be there */
        }
    }
    return 0;
}
