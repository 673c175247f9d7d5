/* The template compiler's refusals: each row is a small tree with one mistake, and what must be
 * said about it. Runs tools/template, so from the root of the repository. */
#define _GNU_SOURCE
#include "tests/test.h"

#include <stdlib.h>
#include <sys/stat.h>

static const char HEADER[] =
    "enum mood { MOOD_GOOD, MOOD_BAD };\n"
    "struct line { struct str text; int64_t n; };\n"
    "struct view { struct str name, url; enum mood mood; const struct line *lines; size_t lines_n; "
    "bool yes; struct instant at; };\n";
static const char STRINGS[] =
    "a.plain\n  zh 好\n  en Good\na.named\n  zh 你好{name}\n  en Hello {name}\n"
    "mood.good\n  zh 好\n  en Good\nmood.bad\n  zh 坏\n  en Bad\n";
#define ALL "{{t a.plain}}{{t a.named name=name}}{{t mood.* mood}}"

static const struct {
    const char *title, *page, *strings; /* strings NULL: STRINGS */
    const char *said;                   /* NULL: compiles */
} ROWS[] = {
    { "a good page", "<p class=\"{{name}}\">{{name}}</p><a href=\"{{url}}\">x</a>" ALL, NULL,
      NULL },
    { "loops and conditions",
      "{{each lines as l}}<p>{{l.text}} {{l.n}}</p>{{end}}{{if mood is MOOD_BAD and "
      "yes}}<b>x</b>{{else}}y{{end}}" ALL,
      NULL, NULL },
    { "a missing key", "{{t a.none}}" ALL, NULL, "no text for the key a.none" },
    { "a key without English", ALL, "a.plain\n  zh 好\n", "key a.plain has no en" },
    { "placeholders that differ", ALL, "a.named\n  zh 你好{name}\n  en Hello\n",
      "placeholders of en differ" },
    { "a placeholder not filled", "{{t a.named}}" ALL, NULL, "key a.named wants name=" },
    { "a placeholder too many", "{{t a.plain name=name}}" ALL, NULL,
      "key a.plain has no placeholder name" },
    { "a key nobody uses", "{{t a.plain}}", NULL, "key a.named is used by no page" },
    { "a key twice", ALL, "a.plain\n  zh 好\n  en Good\na.plain\n  zh 好\n  en Good\n",
      "key a.plain stands twice" },
    { "an enumerator without words", "{{t face.* mood}}" ALL, NULL,
      "no text for the key face.good (MOOD_GOOD of enum mood)" },
    { "an unknown field", "{{nobody}}" ALL, NULL, "has no field nobody" },
    { "an unknown enumerator", "{{if mood is MOOD_UGLY}}x{{end}}" ALL, NULL,
      "MOOD_UGLY is no value of enum mood" },
    { "a number where a text is wanted", "{{raw svg lines}}" ALL, NULL,
      "raw svg wants a text field" },
    { "raw in text", "{{raw svg name}}" ALL, NULL, "stands in d=" },
    { "an instant by a filter it has not", "{{at|seconds}}" ALL, NULL,
      "cannot be shown by |seconds" },
    { "a value as an attribute's name", "<p {{name}}>x</p>" ALL, NULL,
      "a value may stand between tags or inside a quoted attribute" },
    { "an unquoted attribute", "<p class=x>x</p>" ALL, NULL,
      "value of class must stand in double quotes" },
    { "an inline script", "<script>x</script>" ALL, NULL, "no inline <script>" },
    { "an inline style sheet", "<style>x</style>" ALL, NULL, "no inline <style>" },
    { "a style attribute", "<p style=\"x\">x</p>" ALL, NULL, "attribute style is not allowed" },
    { "an event attribute", "<p onclick=\"x\">x</p>" ALL, NULL,
      "attribute onclick is not allowed" },
    { "words inside an address", "<a href=\"{{t a.plain}}\">x</a>" ALL, NULL,
      "text in the address attribute href" },
    { "an HTML comment", "<!-- x -->" ALL, NULL, "HTML comments go to the reader" },
    { "elements crossed", "<b><i>x</b></i>" ALL, NULL, "</b> closes <i>" },
    { "an element left open", "<div>" ALL, NULL, "<div> is not closed" },
    { "branches that differ", "{{if yes}}<b>{{else}}x{{end}}" ALL, NULL,
      "leave HTML in different places" },
    { "an if without end", "{{if yes}}x" ALL, NULL, "if is not ended" },
    { "an end alone", "{{end}}" ALL, NULL, "end without a beginning" },
    { "an icon that is not there", "{{icon none}}" ALL, NULL, "no icon none" },
    { "an asset that is not there", "{{asset none.css}}" ALL, NULL, "no asset none.css" },
    { "something else", "{{hello world}}" ALL, NULL, "not understood" },
};

static bool write_text(const char *folder, const char *name, const char *text)
{
    char path[600];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "w");
    if (file == NULL) return false;
    fputs(text, file);
    return fclose(file) == 0;
}

static void make_tree(const char *folder)
{
    static const char *const PARTS[] = { "web",        "web/pages", "web/strings", "web/icons",
                                         "web/assets", "base",      "http" };

    for (size_t i = 0; i < LEN(PARTS); i++) {
        char path[600];

        snprintf(path, sizeof path, "%s/%s", folder, PARTS[i]);
        mkdir(path, 0777);
    }
    CHECK("the tree is there", write_text(folder, "web/web.h", HEADER));
}

int main(void)
{
    const char *folder = test_folder();
    static char said[64 * 1024];

    make_tree(folder);
    for (size_t i = 0; i < LEN(ROWS); i++) {
        char page[4096], command[800];
        size_t n = 0;
        FILE *run;
        int status;

        snprintf(page, sizeof page, "{{view view}}%s\n", ROWS[i].page);
        if (!write_text(folder, "web/pages/x.html", page) ||
            !write_text(folder, "web/strings/x.txt",
                        ROWS[i].strings == NULL ? STRINGS : ROWS[i].strings)) {
            CHECK("the folder can be written", false);
            break;
        }
        snprintf(command, sizeof command, "tools/template --root %s pages 2>&1 >/dev/null", folder);
        run = popen(command, "r");
        if (run == NULL) break;
        n = fread(said, 1, sizeof said - 1, run);
        said[n] = '\0';
        status = pclose(run);
        CHECK(ROWS[i].title, (status == 0) == (ROWS[i].said == NULL));
        if (!CHECK(ROWS[i].title,
                   ROWS[i].said == NULL ? n == 0 : strstr(said, ROWS[i].said) != NULL))
            printf("    said: %s\n", said);
    }
    return test_end();
}
