/* web/write.c - escaping, and how words, times and amounts are spelled on a page. */
#include "web/write.h"

void put_html(struct writer *w, struct str text)
{
    size_t from = 0;

    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        struct str as;

        if (c == '&') {
            as = S("&amp;");
        } else if (c == '<') {
            as = S("&lt;");
        } else if (c == '>') {
            as = S("&gt;");
        } else if (c == '"') {
            as = S("&quot;");
        } else if (c == '\'') {
            as = S("&#39;");
        } else if ((c < 0x20 && c != '\t' && c != '\n') || c == 0x7f) {
            as = S("\xef\xbf\xbd");
        } else {
            continue;
        }
        put_str(w, str_part(text, from, i - from));
        put_str(w, as);
        from = i + 1;
    }
    put_str(w, str_part(text, from, text.n - from));
}

static bool is_unreserved(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~'; /* RFC 3986, 2.3 */
}

void put_url_part(struct writer *w, struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];

        if (is_unreserved(c)) {
            put_char(w, (char)c);
        } else {
            put_format(w, "%%%02X", (unsigned)c);
        }
    }
}

/* No control characters anywhere: browsers drop tab and line ends inside an address, and
 * "java\tscript:" would live. */
static bool is_clean(struct str url)
{
    for (size_t i = 0; i < url.n; i++) {
        unsigned char c = (unsigned char)url.p[i];

        if (c <= 0x20 || c == 0x7f || c == '\\') return false;
    }
    return true;
}

bool web_path_is_ours(struct str back)
{
    return is_clean(back) && back.n > 0 && back.p[0] == '/' && !(back.n > 1 && back.p[1] == '/');
}

void put_url(struct writer *w, struct str url)
{
    bool fine = web_path_is_ours(url) ||
                (is_clean(url) && (str_starts(url, S("#")) || str_starts(url, S("https://")) ||
                                   str_starts(url, S("tel:")) || str_starts(url, S("mailto:"))));

    put_html(w, fine ? url : S("#"));
}

void put_svg_path(struct writer *w, struct str path)
{
    for (size_t i = 0; i < path.n; i++) {
        char c = path.p[i];

        if (c != '\0' && strchr("MmLlHhVvZzCcSsQqTtAa0123456789 ,.-", c) != NULL) put_char(w, c);
    }
}

int variant_of(const struct web_frame *f)
{
    return (f->language == LANGUAGE_EN ? 1 : 0) + (f->elder ? 2 : 0);
}

void put_text(struct writer *w, const struct web_frame *f, struct str zh, struct str en,
              struct str zh_elder, struct str en_elder)
{
    struct str texts[] = { zh, en, zh_elder, en_elder };

    put_str(w, texts[variant_of(f)]);
}

static const char *const MONTHS[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
static const char *const DAYS_ZH[] = { "星期日", "星期一", "星期二", "星期三",
                                       "星期四", "星期五", "星期六" };
static const char *const DAYS_EN[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };

static void put_date_words(struct writer *w, const struct web_frame *f, struct date d, bool year)
{
    if (f->language == LANGUAGE_EN) {
        put_format(w, "%d %s", (int)d.day, MONTHS[d.month - 1]);
        if (year) put_format(w, " %d", (int)d.year);
    } else {
        if (year) put_format(w, "%d年", (int)d.year);
        put_format(w, "%d月%d日", (int)d.month, (int)d.day);
    }
}

static void put_clock(struct writer *w, struct instant at, bool seconds)
{
    int64_t sec = (at.usec - day_start(day_of(at)).usec) / USEC_PER_SEC;

    put_format(w, "%02d:%02d", (int)(sec / 3600), (int)(sec / 60 % 60));
    if (seconds) put_format(w, ":%02d", (int)(sec % 60));
}

static bool is_other_year(const struct web_frame *f, struct date d)
{
    return f->now.usec != 0 && day_date(day_of(f->now)).year != d.year;
}

void put_when(struct writer *w, const struct web_frame *f, struct instant at)
{
    struct date d = day_date(day_of(at));

    put_date_words(w, f, d, is_other_year(f, d));
    put_str(w, f->language == LANGUAGE_EN ? S(", ") : S(" "));
    put_clock(w, at, false);
}

void put_when_full(struct writer *w, const struct web_frame *f, struct instant at)
{
    put_date_words(w, f, day_date(day_of(at)), true);
    put_str(w, f->language == LANGUAGE_EN ? S(", ") : S(" "));
    put_clock(w, at, true);
}

void put_day(struct writer *w, const struct web_frame *f, struct date date)
{
    int weekday =
        (int)(((int64_t)date_day(date).number % 7 + 7 + 4) % 7); /* 1970-01-01 was a Thursday */

    put_date_words(w, f, date, is_other_year(f, date));
    put_format(w, f->language == LANGUAGE_EN ? ", %s" : " %s",
               f->language == LANGUAGE_EN ? DAYS_EN[weekday] : DAYS_ZH[weekday]);
}

void put_when_day(struct writer *w, const struct web_frame *f, struct instant at)
{
    put_day(w, f, day_date(day_of(at)));
}

void put_hm(struct writer *w, struct instant at)
{
    put_clock(w, at, false);
}

void put_hm_end(struct writer *w, struct instant at)
{
    if (at.usec == day_start(day_of(at)).usec) {
        put_str(w, S("24:00"));
    } else {
        put_clock(w, at, false);
    }
}

void put_hms(struct writer *w, struct instant at)
{
    put_clock(w, at, true);
}

void put_msec(struct writer *w, struct instant at)
{
    put_int(w, at.usec / 1000);
}

void put_yuan(struct writer *w, struct money amount)
{
    int64_t yuan = amount.fen / 100, fen = amount.fen % 100;

    put_format(w, "%s¥%" PRId64 ".%02d", amount.fen < 0 ? "-" : "", yuan < 0 ? -yuan : yuan,
               (int)(fen < 0 ? -fen : fen));
}

void put_count(struct writer *w, size_t n)
{
    put_int(w, (int64_t)n);
}

void put_grouped(struct writer *w, int64_t n)
{
    int64_t group = 1;

    while (n / group >= 1000 || n / group <= -1000)
        group *= 1000;
    put_int(w, n / group);
    for (n = n < 0 ? -(n % group) : n % group; group > 1; n %= group) {
        group /= 1000;
        put_format(w, ",%03d", (int)(n / group));
    }
}

void put_bit(struct writer *w, bool yes)
{
    put_char(w, yes ? '1' : '0');
}

void put_seconds(struct writer *w, int64_t msec)
{
    put_format(w, "%" PRId64 ".%02d", msec / 1000, (int)(msec % 1000 / 10));
}

static const struct web_problem *problem_of(const struct web_frame *f, struct str field)
{
    for (size_t i = 0; i < f->problems_n; i++) {
        if (str_eq(f->problems[i].field, field)) return &f->problems[i];
    }
    return NULL;
}

bool has_problem(const struct web_frame *f, struct str field)
{
    return problem_of(f, field) != NULL;
}

void put_problem(struct writer *w, const struct web_frame *f, struct str field)
{
    const struct web_problem *problem = problem_of(f, field);

    if (problem == NULL) return;
    put_str(w, S("<p class=\"problem\" id=\""));
    put_html(w, field);
    put_str(w, S("-problem\">"));
    put_html(w, problem->text);
    put_str(w, S("</p>"));
}

void put_described(struct writer *w, const struct web_frame *f, struct str field, bool hint)
{
    bool bad = has_problem(f, field);

    if (bad) put_str(w, S(" aria-invalid=\"true\""));
    if (!bad && !hint) return;
    put_str(w, S(" aria-describedby=\""));
    if (hint) {
        put_html(w, field);
        put_str(w, S("-hint"));
    }
    if (hint && bad) put_char(w, ' ');
    if (bad) {
        put_html(w, field);
        put_str(w, S("-problem"));
    }
    put_char(w, '"');
}

void put_form(struct writer *w, const struct web_frame *f, struct str path, struct str more)
{
    struct str token = f->form_token == NULL ? S("") : f->form_token(f->form_arg, path);

    put_str(w, S("<form method=\"post\" action=\""));
    put_url(w, path);
    put_str(w, S("\""));
    put_str(w, more);
    put_str(w, S("><input type=\"hidden\" name=\"_token\" value=\""));
    put_html(w, token);
    put_str(w, S("\">"));
}
