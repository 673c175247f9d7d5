/* web/web.c - the headers of every page, the language asked for. */
#include "web/web.h"

/* worker-src serves the code page's service worker, manifest-src its icon on a home screen. */
static const struct {
    const char *name, *value;
} WEB_HEADERS[] = {
    { "Content-Security-Policy",
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
      "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-src 'self'; "
      "frame-ancestors 'self'; worker-src 'self'; manifest-src 'self'" },
    { "Referrer-Policy", "same-origin" },
    { "Permissions-Policy", "camera=(), geolocation=(), microphone=()" },
    { "Cross-Origin-Opener-Policy", "same-origin" },
    { "Cache-Control", "no-store" },
};

struct writer *web_reply(struct reply *rp, int status)
{
    struct writer *w = reply_text(rp, status, "text/html; charset=utf-8");

    for (size_t i = 0; i < LEN(WEB_HEADERS); i++) {
        reply_header(rp, WEB_HEADERS[i].name, str_of(WEB_HEADERS[i].value));
    }
    return w;
}

enum language web_language(struct str cookie, enum language otherwise)
{
    if (str_eq(cookie, S("zh"))) return LANGUAGE_ZH;
    if (str_eq(cookie, S("en"))) return LANGUAGE_EN;
    return otherwise;
}
