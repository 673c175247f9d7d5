/* web/web.c - the headers of every page, the language asked for. */
#include "web/web.h"

/* worker-src serves the code page's service worker, manifest-src its icon on a home screen. */
const struct web_header WEB_HEADERS[] = {
    { "Content-Type", "text/html; charset=utf-8" },
    { "Content-Security-Policy",
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
      "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-src 'self'; "
      "frame-ancestors 'self'; worker-src 'self'; manifest-src 'self'" },
    { "X-Content-Type-Options", "nosniff" },
    { "Referrer-Policy", "same-origin" },
    { "Permissions-Policy", "camera=(), geolocation=(), microphone=()" },
    { "Cross-Origin-Opener-Policy", "same-origin" },
    { "Cache-Control", "no-store" },
    { NULL, NULL },
};

enum language web_language(struct str cookie, enum language otherwise)
{
    if (str_eq(cookie, S("zh"))) return LANGUAGE_ZH;
    if (str_eq(cookie, S("en"))) return LANGUAGE_EN;
    return otherwise;
}
