/* web/qr.c - a symbol as an SVG path, through libqrencode. */
#include "web/web.h"

#include <qrencode.h>

enum { QUIET = 4, VERSION_MAX = 10, PATH_MAX_BYTES = 32 * 1024 };

/* QR's alphanumeric mode, ISO/IEC 18004 table 5 */
static bool is_alphanumeric(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (c == '\0' || strchr("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", c) == NULL)
            return false;
    }
    return true;
}

static QRcode *symbol_of(struct str text)
{
    QRinput *input = QRinput_new2(0, QR_ECLEVEL_M);
    QRcode *symbol = NULL;

    if (input == NULL) return NULL;
    if (text.n > 0 && text.n < 1000 &&
        QRinput_append(input, is_alphanumeric(text) ? QR_MODE_AN : QR_MODE_8, (int)text.n,
                       str_bytes(text).p) == 0) {
        symbol = QRcode_encodeInput(input);
    }
    QRinput_free(input);
    return symbol;
}

/* Each run of dark modules in a row is one "Mx yhNv1h-Nz"; half the size of one square per module.
 */
static void put_rows(struct writer *w, const QRcode *symbol)
{
    for (int y = 0; y < symbol->width; y++) {
        const unsigned char *row = symbol->data + y * symbol->width;

        for (int x = 0; x < symbol->width;) {
            int run = 0;

            while (x + run < symbol->width && (row[x + run] & 1) != 0)
                run++;
            if (run > 0) put_format(w, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, run, run);
            x += run > 0 ? run : 1;
        }
    }
}

struct web_qr web_qr_of(struct arena *arena, struct str text)
{
    struct web_qr made = { 0 };
    char *buffer = arena_take(arena, PATH_MAX_BYTES, 1);
    QRcode *symbol = buffer == NULL ? NULL : symbol_of(text);

    if (symbol == NULL) return made;
    if (symbol->version <= VERSION_MAX) {
        struct writer w = writer_over(buffer, PATH_MAX_BYTES);

        put_rows(&w, symbol);
        if (!w.over)
            made = (struct web_qr){ .size = symbol->width + 2 * QUIET, .path = writer_str(&w) };
    }
    QRcode_free(symbol);
    return made;
}
