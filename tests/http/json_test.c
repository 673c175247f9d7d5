/* tests/http/json_test.c - tables over JSON, forms and queries; the writer; both ways round. */
#include "http/http.h"
#include "tests/http/raw.h"

static uint64_t flip(const void *key, uint64_t v)
{
    (void)key;
    return v ^ 0x5555555555555555u;
}
static const struct id_codec IDS = { .seal = flip, .open = flip };

enum kind { TEMPORARY = 1, FORMAL = 2 };
static const struct json_name KINDS[] = { { "temporary", TEMPORARY }, { "formal", FORMAL } };

struct person {
    struct str name;
    int64_t age;
    bool has_age;
};
struct ask {
    int64_t places, venue;
    struct money fee;
    bool agreed, has_note;
    int kind;
    struct str reason, note;
    struct date day;
    struct instant at;
    struct bytes key, nonce;
    struct person *people;
    size_t people_n;
    struct str *tags;
    size_t tags_n;
    struct str street;
};

static struct err read_ask(struct body body, bool form, struct ask *ask)
{
    struct person one;
    struct str tag;
    const struct json_field person[] = {
        JSON_TEXT("name", &one.name, 1, 10),
        JSON_OPTIONAL(JSON_INT("age", &one.age, 0, 150), &one.has_age),
    };
    const struct json_field tags[] = { JSON_TEXT(NULL, &tag, 1, 3) };
    const struct json_field address[] = { JSON_TEXT("street", &ask->street, 1, 20) };
    const struct json_field fields[] = {
        JSON_INT("places", &ask->places, 1, 5),
        JSON_OPTIONAL(JSON_ID("venue", "ven", &ask->venue), NULL),
        JSON_OPTIONAL(JSON_FEN("fee_fen", &ask->fee, 0, 100000), NULL),
        JSON_OPTIONAL(JSON_BOOL("agreed", &ask->agreed), NULL),
        JSON_OPTIONAL(JSON_ENUM("kind", &ask->kind, KINDS), NULL),
        JSON_OPTIONAL(JSON_TEXT("reason", &ask->reason, 2, 4), NULL),
        JSON_OPTIONAL(JSON_LINES("note", &ask->note, 0, 50), &ask->has_note),
        JSON_OPTIONAL(JSON_DATE("day", &ask->day), NULL),
        JSON_OPTIONAL(JSON_INSTANT("at", &ask->at), NULL),
        JSON_OPTIONAL(JSON_HEX("key", &ask->key, 2, 4), NULL),
        JSON_OPTIONAL(JSON_BASE64URL("nonce", &ask->nonce, 1, 4), NULL),
        JSON_OPTIONAL(JSON_ARRAY("tags", &ask->tags, &ask->tags_n, &tag, tags, 1, 2), NULL),
        JSON_OPTIONAL(JSON_ARRAY("people", &ask->people, &ask->people_n, &one, person, 1, 3), NULL),
        JSON_OPTIONAL(JSON_OBJECT("address", address), NULL),
    };

    return form ? form_read(body, fields, LEN(fields) - 2) : json_read(body, fields, LEN(fields));
}

static uint8_t memory[256 * 1024];
static struct problems problems;

static struct body body_here(struct str text, struct arena *arena)
{
    *arena = arena_over(memory, sizeof memory);
    return body_over(str_bytes(text), arena, &problems, &IDS);
}

/* "pointer code; pointer code" of what was wrong */
static struct str told(char *out, size_t size)
{
    struct writer w = writer_over(out, size);

    for (size_t i = 0; i < problems.n && i < JSON_PROBLEMS_MAX; i++) {
        if (i > 0) put_str(&w, S("; "));
        put_str(&w, problems.list[i].pointer);
        put_char(&w, ' ');
        put_str(&w, str_of(problems.list[i].code));
    }
    return writer_str(&w);
}

struct row {
    const char *title;
    struct str text;
    int code;
    const char *told;
};

static void test_json(void)
{
    static const struct row rows[] = {
        { "the least", RAW("{\"places\":1}"), 0, "" },
        { "white space and escapes in names", RAW(" { \"\\u0070laces\" : 5 } \n"), 0, "" },
        { "null is as good as absent", RAW("{\"places\":1,\"kind\":null}"), 0, "" },
        { "nothing", RAW(""), HTTP_FIELDS, "/places missing" },
        { "null where a value must be", RAW("{\"places\":null}"), HTTP_FIELDS, "/places type" },
        { "text for a number", RAW("{\"places\":\"1\"}"), HTTP_FIELDS, "/places type" },
        { "a fraction", RAW("{\"places\":1.0}"), HTTP_FIELDS, "/places type" },
        { "an exponent", RAW("{\"places\":1e0}"), HTTP_FIELDS, "/places type" },
        { "below", RAW("{\"places\":0}"), HTTP_FIELDS, "/places range" },
        { "above", RAW("{\"places\":6}"), HTTP_FIELDS, "/places range" },
        { "past 64 bits", RAW("{\"places\":99999999999999999999}"), HTTP_JSON_SYNTAX, "" },
        { "a leading zero", RAW("{\"places\":01}"), HTTP_JSON_SYNTAX, "" },
        { "unknown members", RAW("{\"places\":1,\"x\":1,\"a/b~\":2}"), HTTP_FIELDS,
          "/x unknown; /a~1b~0 unknown" },
        { "a member twice", RAW("{\"places\":1,\"places\":2}"), HTTP_JSON_DUPLICATE, "" },
        { "a member twice, spelt in two ways", RAW("{\"places\":1,\"\\u0070laces\":2}"),
          HTTP_JSON_DUPLICATE, "" },
        { "a member twice, deep inside", RAW("{\"places\":1,\"address\":{\"a\":1,\"a\":1}}"),
          HTTP_JSON_DUPLICATE, "" },
        { "an array", RAW("[1]"), HTTP_FIELDS, " type" },
        { "bare text", RAW("\"a\""), HTTP_JSON_SYNTAX, "" },
        { "more behind it", RAW("{\"places\":1} {}"), HTTP_JSON_SYNTAX, "" },
        { "a comment", RAW("{\"places\":1/**/}"), HTTP_JSON_SYNTAX, "" },
        { "a comma too many", RAW("{\"places\":1,}"), HTTP_JSON_SYNTAX, "" },
        { "NaN", RAW("{\"places\":NaN}"), HTTP_JSON_SYNTAX, "" },
        { "a byte order mark", RAW("\xEF\xBB\xBF{\"places\":1}"), HTTP_JSON_SYNTAX, "" },
        { "bad UTF-8", RAW("{\"places\":1,\"reason\":\"\xC3(\"}"), HTTP_JSON_SYNTAX, "" },
        { "overlong UTF-8", RAW("{\"places\":1,\"reason\":\"\xC0\xAF\xC0\xAF\"}"), HTTP_JSON_SYNTAX,
          "" },
        { "half a surrogate", RAW("{\"places\":1,\"reason\":\"\\ud800ab\"}"), HTTP_JSON_SYNTAX,
          "" },
        { "GB 18030 bytes", RAW("{\"places\":1,\"reason\":\"\xD5\xC5\xC8\xFD\"}"), HTTP_JSON_SYNTAX,
          "" },
        { "an escaped NUL", RAW("{\"places\":1,\"reason\":\"a\\u0000b\"}"), HTTP_JSON_SYNTAX, "" },
        { "a NUL", RAW("{\"places\":1,\"reason\":\"a\0b\"}"), HTTP_JSON_SYNTAX, "" },
        { "sixteen levels", RAW("{\"places\":1,\"x\":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]}"), HTTP_FIELDS,
          "/x unknown" },
        { "seventeen levels", RAW("{\"places\":1,\"x\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}"),
          HTTP_JSON_DEPTH, "" },
        { "brackets in text are no levels",
          RAW("{\"places\":1,\"note\":\"\\\"[[[[[[[[[[[[[[[[[[[[\"}"), 0, "" },
        { "text too short", RAW("{\"places\":1,\"reason\":\"a\"}"), HTTP_FIELDS,
          "/reason too_short" },
        { "characters are counted, not bytes", RAW("{\"places\":1,\"reason\":\"公交丢失\"}"), 0,
          "" },
        { "text too long", RAW("{\"places\":1,\"reason\":\"公交上丢失\"}"), HTTP_FIELDS,
          "/reason too_long" },
        { "a line end in a line", RAW("{\"places\":1,\"reason\":\"a\\nb\"}"), HTTP_FIELDS,
          "/reason characters" },
        { "a line end in lines", RAW("{\"places\":1,\"note\":\"a\\nb\"}"), 0, "" },
        { "a carriage return in lines", RAW("{\"places\":1,\"note\":\"a\\rb\"}"), HTTP_FIELDS,
          "/note characters" },
        { "a mark that turns text round", RAW("{\"places\":1,\"reason\":\"a\\u202eb\"}"),
          HTTP_FIELDS, "/reason characters" },
        { "a word of the list", RAW("{\"places\":1,\"kind\":\"formal\"}"), 0, "" },
        { "a word that is not", RAW("{\"places\":1,\"kind\":\"Formal\"}"), HTTP_FIELDS,
          "/kind not_one_of" },
        { "a date", RAW("{\"places\":1,\"day\":\"2021-08-20\"}"), 0, "" },
        { "a date that is none", RAW("{\"places\":1,\"day\":\"2021-02-29\"}"), HTTP_FIELDS,
          "/day format" },
        { "a date run together", RAW("{\"places\":1,\"day\":\"20210820\"}"), HTTP_FIELDS,
          "/day format" },
        { "an instant without an offset", RAW("{\"places\":1,\"at\":\"2021-08-20T15:32:07\"}"),
          HTTP_FIELDS, "/at format" },
        { "an id of another kind", RAW("{\"places\":1,\"venue\":\"crd_0000000000000\"}"),
          HTTP_FIELDS, "/venue format" },
        { "odd hexadecimal", RAW("{\"places\":1,\"key\":\"abc\"}"), HTTP_FIELDS, "/key format" },
        { "short hexadecimal", RAW("{\"places\":1,\"key\":\"ab\"}"), HTTP_FIELDS,
          "/key too_short" },
        { "base64 of the other alphabet", RAW("{\"places\":1,\"nonce\":\"a+/=\"}"), HTTP_FIELDS,
          "/nonce format" },
        { "base64 with bits left over", RAW("{\"places\":1,\"nonce\":\"ab\"}"), HTTP_FIELDS,
          "/nonce format" },
        { "tags", RAW("{\"places\":1,\"tags\":[\"a\",\"b\"]}"), 0, "" },
        { "too few tags", RAW("{\"places\":1,\"tags\":[]}"), HTTP_FIELDS, "/tags too_few" },
        { "too many tags", RAW("{\"places\":1,\"tags\":[\"a\",\"b\",\"c\"]}"), HTTP_FIELDS,
          "/tags too_many" },
        { "a tag of the wrong type", RAW("{\"places\":1,\"tags\":[\"a\",1]}"), HTTP_FIELDS,
          "/tags/1 type" },
        { "all that is wrong, at once",
          RAW("{\"places\":9,\"people\":[{\"name\":\"a\"},{\"age\":200},3],\"address\":{\"s\":1}}"),
          HTTP_FIELDS,
          "/places range; /people/1/name missing; /people/1/age range; /people/2 type; "
          "/address/street missing; /address/s unknown" },
    };
    char out[512];
    struct arena arena;

    for (size_t i = 0; i < LEN(rows); i++) {
        struct ask ask = { 0 };

        CHECK_CODE(rows[i].title, read_ask(body_here(rows[i].text, &arena), false, &ask),
                   rows[i].code);
        CHECK_STR(rows[i].title, told(out, sizeof out), str_of(rows[i].told));
    }
}

static void test_values(void)
{
    struct ask ask = { 0 };
    struct arena arena;
    char id[32], text[1024];
    struct writer w = writer_over(id, sizeof id), t = writer_over(text, sizeof text);

    put_id(&w, &IDS, "ven", 1234567);
    put_str(
        &t,
        S("{\"places\":5,\"fee_fen\":1250,\"agreed\":true,\"kind\":\"formal\",\"reason\":\"丢了\","
          "\"note\":\"\\u4eba\\ud83d\\ude00\",\"day\":\"2021-08-20\","
          "\"at\":\"2021-08-20T15:32:07+08:00\",\"key\":\"00FF\",\"nonce\":\"AAECAw\","
          "\"tags\":[\"x\"],\"people\":[{\"name\":\"张三\",\"age\":30},{\"name\":\"李四\"}],"
          "\"address\":{\"street\":\"长江路\"},\"venue\":\""));
    put_str(&t, writer_str(&w));
    put_str(&t, S("\"}"));
    CHECK_OK("all at once", read_ask(body_here(writer_str(&t), &arena), false, &ask));
    CHECK_INT("an integer", ask.places, 5);
    CHECK_INT("an amount", ask.fee.fen, 1250);
    CHECK("a yes", ask.agreed);
    CHECK_INT("a word", ask.kind, FORMAL);
    CHECK_STR("text", ask.reason, S("丢了"));
    CHECK_STR("escapes", ask.note, S("人\xF0\x9F\x98\x80"));
    CHECK("given", ask.has_note);
    CHECK_INT("a date", ask.day.year * 10000 + ask.day.month * 100 + ask.day.day, 20210820);
    CHECK_INT("an instant", ask.at.usec, INT64_C(1629444727000000));
    CHECK_HEX("hexadecimal", ask.key, "00ff");
    CHECK_HEX("base64url", ask.nonce, "00010203");
    CHECK_INT("an id", ask.venue, 1234567);
    CHECK_INT("one tag", (int64_t)ask.tags_n, 1);
    CHECK_STR("the tag", ask.tags[0], S("x"));
    CHECK_INT("two people", (int64_t)ask.people_n, 2);
    CHECK_STR("the first", ask.people[0].name, S("张三"));
    CHECK("his age", ask.people[0].has_age && ask.people[0].age == 30);
    CHECK_STR("the second", ask.people[1].name, S("李四"));
    CHECK("no age", !ask.people[1].has_age);
    CHECK_STR("inside an object", ask.street, S("长江路"));

    /* the arena is the bound: no body can take more */
    for (size_t size = 16; size < 4096; size += 112) {
        struct err end;
        struct body body;

        arena = arena_over(memory, size);
        body = body_over(writer_bytes(&t), &arena, &problems, &IDS);
        end = read_ask(body, false, &ask);
        CHECK("too little room is a refusal, or enough",
              end.code == HTTP_BODY_TOO_LARGE || end.code == 0);
    }
}

static void test_forms(void)
{
    static const struct row rows[] = {
        { "a form", RAW("places=1&reason=%E4%B8%A2%E4%BA%86&kind=formal&agreed=on&fee_fen=5"), 0,
          "" },
        { "plus is a space", RAW("places=1&reason=a+b"), 0, "" },
        { "its token is passed over", RAW("places=1&_token=abc"), 0, "" },
        { "empty is as good as absent", RAW("places=1&kind=&day="), 0, "" },
        { "empty where a value must be", RAW("places="), HTTP_FIELDS, "/places type" },
        { "missing", RAW("kind=formal"), HTTP_FIELDS, "/places missing" },
        { "twice", RAW("places=1&places=2"), HTTP_FIELDS, "/places repeated" },
        { "unknown", RAW("places=1&x=1"), HTTP_FIELDS, "/x unknown" },
        { "no number", RAW("places=1x"), HTTP_FIELDS, "/places type" },
        { "a box with another word", RAW("places=1&agreed=yes"), HTTP_FIELDS, "/agreed type" },
        { "several problems", RAW("places=9&kind=x&reason=a"), HTTP_FIELDS,
          "/places range; /kind not_one_of; /reason too_short" },
        { "half an escape", RAW("places=1&reason=%e"), HTTP_FORM_MALFORMED, "" },
        { "no digits", RAW("places=1&reason=%zz"), HTTP_FORM_MALFORMED, "" },
        { "NUL", RAW("places=1&reason=%00%00"), HTTP_FORM_MALFORMED, "" },
        { "bad UTF-8", RAW("places=1&reason=%D5%C5"), HTTP_FORM_MALFORMED, "" },
        { "half a surrogate", RAW("places=1&reason=%ED%A0%80%ED"), HTTP_FORM_MALFORMED, "" },
        { "lines", RAW("places=1&note=a%0D%0Ab"), 0, "" },
        { "tags repeated", RAW("places=1&tags=a&tags=b"), 0, "" },
        { "too many of them", RAW("places=1&tags=a&tags=b&tags=c"), HTTP_FIELDS, "/tags too_many" },
    };
    char out[512];
    struct arena arena;
    struct ask ask;
    struct str text;

    for (size_t i = 0; i < LEN(rows); i++) {
        ask = (struct ask){ 0 };
        CHECK_CODE(rows[i].title, read_ask(body_here(rows[i].text, &arena), true, &ask),
                   rows[i].code);
        CHECK_STR(rows[i].title, told(out, sizeof out), str_of(rows[i].told));
    }
    CHECK_OK("a form",
             read_ask(body_here(S("places=2&note=a%0D%0Ab&tags=x&tags=y"), &arena), true, &ask));
    CHECK_STR("line ends become LF", ask.note, S("a\nb"));
    CHECK_STR("the second tag", ask.tags[1], S("y"));
    CHECK("a value as sent", form_value(body_here(S("a=1&name=%E5%BC%A0"), &arena), "name", &text));
    CHECK_STR("decoded", text, S("张"));
    CHECK("no such value", !form_value(body_here(S("a=1"), &arena), "b", &text));
}

static void test_out(void)
{
    char text[2048];
    struct writer w = writer_over(text, sizeof text);
    struct json_out out = json_out_over(&w, &IDS);
    uint8_t bytes[] = { 0, 1, 2, 3, 0xFF };

    json_out_object(&out, NULL);
    json_out_int(&out, "n", INT64_MIN);
    json_out_str(&out, "s", S("\"\\\n\t\x01\x7F</script>&人\xE2\x80\xA8"));
    json_out_str(&out, "bad", S("a\xC3(\xF0\x9F\x98\xED\xA0\x80"));
    json_out_array(&out, "list");
    json_out_bool(&out, NULL, true);
    json_out_null(&out, NULL);
    json_out_object(&out, NULL);
    json_out_end(&out);
    json_out_array(&out, NULL);
    json_out_end(&out);
    json_out_end(&out);
    json_out_date(&out, "day", (struct date){ 2021, 8, 20 });
    json_out_instant(&out, "at", (struct instant){ INT64_C(1629444727000000) });
    json_out_hex(&out, "hex", bytes_of(bytes, 5));
    json_out_base64url(&out, "b1", bytes_of(bytes, 1));
    json_out_base64url(&out, "b2", bytes_of(bytes + 3, 2));
    json_out_base64url(&out, "b3", bytes_of(bytes, 3));
    json_out_raw(&out, "raw", S("{\"a\":1}"));
    json_out_end_all(&out);
    CHECK_STR(
        "the text", writer_str(&w),
        S("{\"n\":-9223372036854775808,\"s\":\"\\\"\\\\\\n\\t\\u0001\\u007f\\u003c/"
          "script\\u003e\\u0026人"
          "\\u2028\",\"bad\":\"a\xEF\xBF\xBD("
          "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\",\"list\":["
          "true,null,{},"
          "[]],\"day\":\"2021-08-20\",\"at\":\"2021-08-20T15:32:07+08:00\",\"hex\":\"00010203ff\","
          "\"b1\":\"AA\",\"b2\":\"A_8\",\"b3\":\"AAEC\",\"raw\":{\"a\":1}}"));
}

/* Any text that goes out comes in again. */
static void test_round(void)
{
    uint64_t seed = test_seed();
    struct prng prng = { .state = seed };
    struct arena arena;

    for (int round = 0; round < 2000; round++) {
        char text[200], json[2000];
        struct writer t = writer_over(text, sizeof text), w = writer_over(json, sizeof json);
        struct json_out out = json_out_over(&w, NULL);
        struct str got = { 0 };
        const struct json_field field[] = { JSON_LINES("t", &got, 0, 1000) };
        int64_t n = prng_between(&prng, 0, 20);

        for (int64_t i = 0; i < n; i++) {
            static const char *const PIECES[] = { "a",
                                                  "\"",
                                                  "\\",
                                                  "\n",
                                                  "\t",
                                                  "<",
                                                  "人",
                                                  "·",
                                                  "é",
                                                  "\xF0\xA0\x80\x80",
                                                  "\xE2\x80\xA8",
                                                  "/",
                                                  "&" };

            put_str(&t, str_of(PIECES[prng_between(&prng, 0, LEN(PIECES) - 1)]));
        }
        json_out_object(&out, NULL);
        json_out_str(&out, "t", writer_str(&t));
        json_out_end_all(&out);
        arena = arena_over(memory, sizeof memory);
        if (json_read(body_over(writer_bytes(&w), &arena, &problems, NULL), field, 1).code != 0 ||
            !str_eq(got, writer_str(&t))) {
            CHECK_STR("what goes out comes in", got, writer_str(&t));
            return;
        }
    }
    CHECK("what goes out comes in, 2,000 times", true);
}

int main(void)
{
    test_json();
    test_values();
    test_forms();
    test_out();
    test_round();
    return test_end();
}
