/* Escaping by context: tables of what must come out, and a property over random bytes. */
#include "tests/test.h"
#include "web/web.h"

typedef void put(struct writer *w, struct str text);
struct row {
    const char *title;
    struct str in, out;
};

#define T(text)                                                                                    \
    {                                                                                              \
        .p = (text), .n = sizeof(text) - 1                                                         \
    } /* S() for constant tables */

static const struct row HTML[] = {
    { "plain text stays", T("张三 a.b"), T("张三 a.b") },
    { "the five characters", T("<a href=\"x\">'&</a>"),
      T("&lt;a href=&quot;x&quot;&gt;&#39;&amp;&lt;/a&gt;") },
    { "an entity is text", T("&lt;"), T("&amp;lt;") },
    { "tab and line end stay", T("a\tb\n"), T("a\tb\n") },
    { "control characters are replaced", T("a\x01\x7f"), T("a\xef\xbf\xbd\xef\xbf\xbd") },
    { "NUL is replaced", T("a\0b"),
      T("a\xef\xbf\xbd"
        "b") },
    { "rare characters stay whole", T("𠮷·龘"), T("𠮷·龘") },
    { "nothing", T(""), T("") },
};
static const struct row URL[] = {
    { "a path of ours", T("/card?a=1&b=2#x"), T("/card?a=1&amp;b=2#x") },
    { "a fragment", T("#phone"), T("#phone") },
    { "https", T("https://www.example.cn/a"), T("https://www.example.cn/a") },
    { "telephone", T("tel:12333"), T("tel:12333") },
    { "script", T("javascript:alert(1)"), T("#") },
    { "script in capitals", T("JavaScript:alert(1)"), T("#") },
    { "script behind a tab", T("\tjavascript:alert(1)"), T("#") },
    { "a tab inside", T("/a\tb"), T("#") },
    { "data", T("data:text/html,<script>"), T("#") },
    { "another host by two slashes", T("//evil.example"), T("#") },
    { "another host by a backslash", T("/\\evil.example"), T("#") },
    { "plain http", T("http://evil.example"), T("#") },
    { "a quote", T("/a\"b"), T("/a&quot;b") },
    { "nothing", T(""), T("#") },
};
static const struct row PART[] = {
    { "unreserved stays", T("aZ09-._~"), T("aZ09-._~") },
    { "what ends a segment", T("a/b?c#d&e=f"), T("a%2Fb%3Fc%23d%26e%3Df") },
    { "quotes and brackets", T("\"'<>"), T("%22%27%3C%3E") },
    { "UTF-8 by bytes", T("张"), T("%E5%BC%A0") },
    { "NUL", T("a\0"), T("a%00") },
};
static const struct {
    const char *title;
    struct str path;
    bool ours;
} PATHS[] = {
    { "a page", T("/home"), true },
    { "with a query", T("/uses?cursor=a"), true },
    { "another host", T("//x"), false },
    { "a backslash", T("/\\x"), false },
    { "a scheme", T("https://x"), false },
    { "relative", T("home"), false },
    { "empty", T(""), false },
    { "a line end", T("/a\r\nSet-Cookie: x"), false },
    { "a space", T("/a b"), false },
};

static void check_rows(put *put_it, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char out[256];
        struct writer w = writer_over(out, sizeof out);

        put_it(&w, rows[i].in);
        CHECK_STR(rows[i].title, writer_str(&w), rows[i].out);
    }
}

static bool is_safe(struct str html)
{
    for (size_t i = 0; i < html.n; i++) {
        char c = html.p[i];

        if (c == '<' || c == '>' || c == '"' || c == '\'' || c == '\0') return false;
    }
    return true;
}

static void check_random(uint64_t seed)
{
    struct prng prng = { .state = seed };
    int bad = 0;

    for (int round = 0; round < 2000; round++) {
        char in[64], out[64 * 6];
        struct entropy entropy = prng_entropy(&prng);
        struct str text = { .p = in, .n = (size_t)prng_between(&prng, 0, sizeof in) };

        entropy.fill(entropy.arg, in, sizeof in);
        for (int which = 0; which < 3; which++) {
            struct writer w = writer_over(out, sizeof out);
            put *puts[] = { put_html, put_url, put_url_part };

            puts[which](&w, text);
            if (w.over || !is_safe(writer_str(&w))) bad++;
        }
    }
    CHECK_INT("random bytes never leave their place", bad, 0);
}

int main(void)
{
    check_rows(put_html, HTML, LEN(HTML));
    check_rows(put_url, URL, LEN(URL));
    check_rows(put_url_part, PART, LEN(PART));
    for (size_t i = 0; i < LEN(PATHS); i++)
        CHECK_INT(PATHS[i].title, web_path_is_ours(PATHS[i].path), PATHS[i].ours);
    check_random(test_seed());

    CHECK_INT("the cookie's language wins", web_language(S("en"), LANGUAGE_ZH), LANGUAGE_EN);
    CHECK_INT("an unknown cookie does not", web_language(S("fr"), LANGUAGE_EN), LANGUAGE_EN);
    CHECK_INT("no cookie", web_language(S(""), LANGUAGE_ZH), LANGUAGE_ZH);
    return test_end();
}
