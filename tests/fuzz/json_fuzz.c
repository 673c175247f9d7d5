/* tests/fuzz/json_fuzz.c - bodies by a table: reading ends, what was read keeps its limits and goes
 * out and comes in again the same. The first byte chooses JSON, a form, or a small arena. */
#include <stdlib.h>

#include "base/text.h"
#include "http/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool what)
{
    if (!what) abort();
}

static uint64_t flip(const void *key, uint64_t v)
{
    (void)key;
    return v ^ 0x5555555555555555u;
}
static const struct id_codec IDS = { .seal = flip, .open = flip };
static const struct json_name KINDS[] = { { "temporary", 1 }, { "formal", 2 } };

struct person {
    struct str name;
    int64_t age;
};

static uint8_t memory[1 << 18], again[1 << 18];
static struct problems problems;

static void out_and_in(struct str text)
{
    static uint8_t json[1 << 18];
    struct writer w = writer_over(json, sizeof json);
    struct json_out out = json_out_over(&w, NULL);
    struct arena arena = arena_over(again, sizeof again);
    struct problems none = { .n = 0 };
    struct str back = { 0 };
    const struct json_field field[] = { JSON_LINES("t", &back, 0, INT32_MAX) };

    json_out_object(&out, NULL);
    json_out_str(&out, "t", text);
    json_out_end_all(&out);
    if (w.over) return;
    if (json_read(body_over(writer_bytes(&w), &arena, &none, NULL), field, 1).code != 0) {
        demand(arena.full || none.n > 0); /* no room, or a character that no line may hold */
        return;
    }
    demand(str_eq(back, text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct body body;
    struct person one, *people = NULL;
    struct str reason = { 0 }, note = { 0 }, tag, *tags = NULL;
    struct date day;
    struct instant at;
    struct bytes key = { 0 }, nonce = { 0 };
    int64_t places = 0, venue;
    size_t people_n = 0, tags_n = 0;
    bool agreed;
    int kind = 1;
    struct err end;
    const struct json_field person[] = {
        JSON_TEXT("name", &one.name, 1, 10),
        JSON_OPTIONAL(JSON_INT("age", &one.age, 0, 150), NULL),
    };
    const struct json_field each[] = { JSON_TEXT(NULL, &tag, 1, 3) };
    const struct json_field fields[] = {
        JSON_INT("places", &places, 1, 5),
        JSON_OPTIONAL(JSON_ID("venue", "ven", &venue), NULL),
        JSON_OPTIONAL(JSON_BOOL("agreed", &agreed), NULL),
        JSON_OPTIONAL(JSON_ENUM("kind", &kind, KINDS), NULL),
        JSON_OPTIONAL(JSON_TEXT("reason", &reason, 2, 40), NULL),
        JSON_OPTIONAL(JSON_LINES("note", &note, 0, 500), NULL),
        JSON_OPTIONAL(JSON_DATE("day", &day), NULL),
        JSON_OPTIONAL(JSON_INSTANT("at", &at), NULL),
        JSON_OPTIONAL(JSON_HEX("key", &key, 2, 4), NULL),
        JSON_OPTIONAL(JSON_BASE64URL("nonce", &nonce, 1, 4), NULL),
        JSON_OPTIONAL(JSON_ARRAY("tags", &tags, &tags_n, &tag, each, 1, 4), NULL),
        JSON_OPTIONAL(JSON_ARRAY("people", &people, &people_n, &one, person, 1, 3), NULL),
    };

    if (size == 0) return 0;
    arena = arena_over(memory, data[0] & 2 ? 2048 : sizeof memory);
    body = body_over(bytes_of(data + 1, size - 1), &arena, &problems, &IDS);
    end = data[0] & 1 ? form_read(body, fields, LEN(fields) - 1)
                      : json_read(body, fields, LEN(fields));
    demand(end.code != HTTP_FIELDS || problems.n > 0);
    demand(end.code != HTTP_BODY_TOO_LARGE || arena.full);
    demand(end.code >= 0);
    if (end.code != 0) return 0;
    demand(places >= 1 && places <= 5);
    demand(kind == 1 || kind == 2);
    demand(utf8_valid(reason) && utf8_valid(note) && note.n <= 2000);
    demand(key.n <= 4 && nonce.n <= 4 && tags_n <= 4 && people_n <= 3);
    out_and_in(reason);
    out_and_in(note);
    for (size_t i = 0; i < tags_n; i++)
        out_and_in(tags[i]);
    for (size_t i = 0; i < people_n; i++) {
        demand(people[i].name.n > 0 && people[i].age >= 0 && people[i].age <= 150);
        out_and_in(people[i].name);
    }
    return 0;
}
