/* tests/identity/vectors_test.c - tests/vectors/code.json, right and wrong ones. The file has one
 * vector a line; its members are taken by name. */
#include <stdio.h>
#include <stdlib.h>

#include "identity/identity.h"
#include "tests/test.h"

enum { UNIVERSE = 1000 };

/* The value behind "name": up to the closing quote or the next comma or brace. */
static struct str member(struct str line, const char *name)
{
    char key[32];
    struct str rest;
    const char *at;

    snprintf(key, sizeof key, "\"%s\": ", name);
    at = strstr(line.p, key); /* the line ends in NUL */
    if (!at) return (struct str){ 0 };
    at += strlen(key);
    rest = (struct str){ at, line.n - (size_t)(at - line.p) };
    if (rest.n != 0 && rest.p[0] == '"') {
        struct str value = str_part(rest, 1, rest.n);
        return str_cut(value, '"', &rest);
    }
    for (size_t i = 0; i < rest.n; i++) {
        if (rest.p[i] == ',' || rest.p[i] == '}') return str_part(rest, 0, i);
    }
    return rest;
}

static int64_t number(struct str line, const char *name)
{
    int64_t out = -1;

    str_int(member(line, name), 0, INT64_MAX, &out);
    return out;
}

static void list_open(struct instant made_at, struct stop_list *list)
{
    static uint8_t file[4096], memory[8192];
    static const struct stop_entry cards[] = { { 20, STOP_STOPPED }, { 30, STOP_CARD_ONLY } };
    static const uint32_t papers[] = { 77 };
    struct stop_list_head head = { .suite = CODE_SM2,
                                   .max_age_sec = 3600,
                                   .position = 1,
                                   .made_at = made_at,
                                   .universe = UNIVERSE,
                                   .cards_n = 2,
                                   .ecard_n = 1,
                                   .papers_n = 1 };
    struct writer w = writer_over(file, sizeof file);
    struct arena arena = arena_over(memory, sizeof memory);
    struct stop_list_file parts;

    stop_list_write(&head, &(struct stop_list_content){ cards, papers }, &w);
    CHECK_OK("the list", stop_list_parse(writer_bytes(&w), &parts));
    CHECK_OK("the list", stop_list_open(&parts, &arena, list));
}

int main(void)
{
    static struct published_keys keys;
    struct stop_list list = { .head = { .universe = 0 } };
    struct instant at = { 0 };
    FILE *file = fopen("tests/vectors/code.json", "r");
    char line[2048];
    int vectors = 0;

    if (!file) {
        CHECK("tests/vectors/code.json is there (run from the top folder)", file != NULL);
        return test_end();
    }
    while (fgets(line, sizeof line, file)) {
        struct str text = str_of(line);
        if (member(text, "at").n != 0) {
            at.usec = number(text, "at") * USEC_PER_SEC;
            list_open(instant_add(at, -USEC_PER_MIN), &list);
        } else if (member(text, "public_key").n != 0) {
            struct published_key *key = &keys.keys[keys.n++];
            *key = (struct published_key){ .use = VERIFY_CODES,
                                           .kid = (uint16_t)number(text, "kid"),
                                           .suite = (enum code_suite)number(text, "suite"),
                                           .valid_to = { INT64_MAX } };
            CHECK("a key", hex_parse(member(text, "public_key"), key->public_key, 33));
        } else if (member(text, "title").n != 0) {
            struct offline_ask ask = {
                .text = member(text, "text"), .purpose = CODE_ENTRY, .strength = CODE_DOOR, .at = at
            };
            struct verdict verdict;
            char title[100];
            str_c(member(text, "title"), title, sizeof title);
            CHECK_CODE(title, identity_verify_offline(&keys, &list, &ask, &verdict),
                       number(text, "want"));
            vectors++;
        }
    }
    fclose(file);
    CHECK("all were read", vectors >= 25);
    return test_end();
}
