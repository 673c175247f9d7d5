/* web/web.h - the pages people see: filled here, routed and decided in api/.
 *
 * A page is a template in web/pages/NAME.html, turned into C when the server is built
 * (tools/template; the language is described in web/README.md). A handler in api/ gathers plain
 * values into the page's view struct (web/pages.h), takes a buffer from the request's arena and
 * calls the page's function:
 *
 *     struct web_frame frame = frame_of(app, rq, rp); -- language, elder, user, tokens, request id
 *     struct web_card_view view = { .name = masked, ... }; -- escaped by the page, never before
 *
 *     web_card(web_reply(rp, 200), &frame, &view);
 *
 * Every view borrows: texts and arrays must live until the call returns, nothing is kept. Pages
 * read no clock, no store and no request. Personal values are masked by the caller (base/text.h); a
 * page prints what it is given. Refusals that belong to a field go into frame.problems and show as
 * the error summary and at their field; other words to the reader go into frame.notice. Each form
 * carries a token of its own as `_token`; it is the `once` key of the act.
 *
 * No refusal and no fault arises here. A writer too small is marked `over`, as everywhere. */
#pragma once
#include "base/base.h"
#include "http/http.h"

/* One page. The largest (a desk page with 50 rows, zh, elder) is below 100 KB before gzip; a test
 * renders all of them. */
enum { WEB_PAGE_MAX = 256 * 1024 };

enum web_role {
    WEB_NOBODY,
    WEB_RESIDENT, /* 居民: the masthead links to the resident's pages */
    WEB_STAFF,    /* 工作人员: desk pages, compact, wide */
    WEB_GATE,     /* 闸机: no masthead, full screen */
};

enum web_notice {
    WEB_NOTICE_NONE,
    WEB_NOTICE_DONE,
    WEB_NOTICE_INFO,
    WEB_NOTICE_WARNING,
    WEB_NOTICE_BAD
};

/* One line of the error summary. With a field it links to the input of that id and shows there
 * again. */
struct web_problem {
    struct str field; /* an input's name, or empty */
    struct str text;  /* in the frame's language, says what to do */
};

/* What every page of one request shares. */
struct web_frame {
    enum language language;
    enum web_role role;
    bool elder;     /* 长辈版: cookie `elder` */
    bool test;      /* 测试环境 banner: keys or data of this server are marked test */
    bool read_only; /* 只读 banner: the store takes no writes just now */
    bool demo;      /* roles change by a click; the way back to the one screen is shown */
    bool embedded;  /* inside a panel of the one screen (`?panel=1` or Sec-Fetch-Dest: iframe): no
                       masthead, no footer */

    struct str user; /* masked name, or empty when nobody is signed in */
    struct str
        back; /* path and query of this page, to come back to after switching language or mode */
    /* The one-time token of a form that posts to `path` (api.h: form_token); the pages put it into
     * the hidden field
     * "_token" of each form. NULL, or an empty answer: forms are shown without one. */
    struct str (*form_token)(void *arg, struct str path);
    void *form_arg;
    struct str
        csrf; /* of the cookie session, for the calls of scripts (X-CSRF-Token); may be empty */
    struct str request_id; /* shown small in the footer and large on error pages */
    struct str version;
    struct instant now;

    enum web_notice notice; /* one box above the content */
    struct str notice_text;
    const struct web_problem
        *problems; /* with any, the title begins with 错误： and the summary takes the focus */
    size_t problems_n;
};

/* What a browser fetches besides pages: style, script, icons; embedded and compressed when the
 * server is built, sorted by path, for http_config.assets. "/sw.js" alone has a fixed name, since a
 * service worker's scope is its own address. */
extern const struct asset WEB_ASSETS[];
extern const size_t WEB_ASSETS_N;

/* Begin a page as the reply: 200 or another status, HTML, not to be stored, and a strict
 * content-security policy (scripts, styles, calls and forms of our own origin only, nothing
 * inline). The one screen shows phone, gate and counter as frames of our own origin, hence
 * frame-src and frame-ancestors 'self'; nobody else may frame us. Write the page into what is
 * returned. */
struct writer *web_reply(struct reply *rp, int status);

/* The language of a request: the cookie `lang` (zh, en), else what http/ made of Accept-Language.
 */
enum language web_language(struct str cookie, enum language otherwise);

/* Is `back` safe to redirect to: a path of ours, starting with one '/', without "//", backslash or
 * control characters? */
bool web_path_is_ours(struct str back);

/* Escaping, as the pages do it; for the few places outside that write HTML (none today) and for
 * tests. put_html: & < > " ' become entities, control characters but tab and newline become U+FFFD;
 * fit for text and for quoted attributes. put_url_part: everything but A-Z a-z 0-9 - . _ ~ is
 * percent-encoded; fit for one segment or query value. put_url: a whole address into a quoted
 * attribute; what is neither a path of ours, a fragment nor https:, tel: or mailto: becomes "#" (no
 * javascript:, no data:, no other host by "//"). */
void put_html(struct writer *w, struct str text);
void put_url_part(struct writer *w, struct str text);
void put_url(struct writer *w, struct str url);

/* A symbol as one SVG path, modules of one unit, quiet zone of four included on every side, so that
 * <svg viewBox="0 0 size size"> shows it right on any ground: version <= 10, level M, alphanumeric
 * where the text allows. Longer texts than fit give size 0 and an empty path. The path lies in
 * `arena`. */
struct web_qr {
    int64_t size;    /* modules on a side, quiet zones included */
    struct str path; /* "M4 4h7v1h-7z..." */
};
struct web_qr web_qr_of(struct arena *arena, struct str text);
