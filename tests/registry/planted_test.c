/* tests/registry/planted_test.c - no file of the store holds a number, phone or name in a form that
 * can be read back: known ones are planted by every way in, then every file is searched for them as
 * text, UTF-16, GB 18030, packed decimal and integers of both orders. */
#include <ftw.h>
#include <stdio.h>

#include "base/text.h"
#include "tests/registry/world.h"

enum { NEEDLES = 64, NEEDLE_MAX = 80 };
struct needle {
    uint8_t bytes[NEEDLE_MAX];
    size_t n;
    char what[96];
};
static struct needle needles[NEEDLES];
static int needles_n;
static int files, found, control;
static bool begins[65536]; /* by the first two bytes of a needle */

static void needle_add(const char *what, const char *form, struct bytes bytes)
{
    struct needle *needle = &needles[needles_n++];

    assert(needles_n <= NEEDLES && bytes.n <= NEEDLE_MAX && bytes.n >= 4);
    memcpy(needle->bytes, bytes.p, bytes.n);
    needle->n = bytes.n;
    begins[bytes.p[0] << 8 | bytes.p[1]] = true;
    snprintf(needle->what, sizeof needle->what, "%s as %s", what, form);
}

static void text_plant(const char *what, struct str text)
{
    uint8_t wide[NEEDLE_MAX], wide_le[NEEDLE_MAX];
    SCOPED(arena) arena = { 0 };
    struct bytes gb;
    size_t n = 0;

    needle_add(what, "UTF-8", str_bytes(text));
    for (struct str rest = text; rest.n > 0;) {
        uint32_t c = utf8_take(&rest);
        wide[n] = wide_le[n + 1] = (uint8_t)(c >> 8);
        wide[n + 1] = wide_le[n] = (uint8_t)c;
        n += 2;
    }
    needle_add(what, "UTF-16 BE", bytes_of(wide, n));
    needle_add(what, "UTF-16 LE", bytes_of(wide_le, n));
    CHECK_OK("arena", arena_open(&arena, 4096));
    CHECK_OK("GB 18030", text_write(&arena, text, TEXT_GB18030, &gb));
    if (gb.n > 4 && !bytes_eq(gb, str_bytes(text))) needle_add(what, "GB 18030", gb);
}

/* Digits (a last X left out) as packed decimal of both alignments and as integers of both orders;
 * SQLite keeps integers big-endian in as few bytes as they need. */
static void digits_plant(const char *what, struct str text)
{
    uint8_t packed[NEEDLE_MAX], shifted[NEEDLE_MAX], be[8], le[8];
    size_t n = text.n - (text.p[text.n - 1] == 'X' ? 1u : 0u), skip = 0;
    uint64_t value = 0;

    text_plant(what, text);
    memset(packed, 0, sizeof packed);
    memset(shifted, 0, sizeof shifted);
    for (size_t i = 0; i < n; i++) {
        uint8_t digit = (uint8_t)(text.p[i] - '0');
        value = value * 10 + digit;
        packed[i / 2] |= (uint8_t)(i % 2 == 0 ? digit << 4 : digit);
        shifted[(i + 1) / 2] |= (uint8_t)(i % 2 == 0 ? digit : digit << 4);
    }
    needle_add(what, "packed decimal", bytes_of(packed, n / 2));
    needle_add(what, "packed decimal, shifted", bytes_of(shifted + 1, (n - 1) / 2));
    for (int i = 0; i < 8; i++) {
        be[7 - i] = (uint8_t)(value >> 8 * i);
        le[i] = (uint8_t)(value >> 8 * i);
    }
    while (be[skip] == 0)
        skip++;
    needle_add(what, "big-endian integer", bytes_of(be + skip, 8 - skip));
    needle_add(what, "little-endian integer", bytes_of(le, 8 - skip));
}

/* A staff user name, kept clear: what does stand in the store must be found, or the search is
 * blind. */
static const char CONTROL[] = "planted.by.the.test";

static void place_search(const char *path, const uint8_t *at, size_t left)
{
    if (left >= sizeof CONTROL - 1 && memcmp(at, CONTROL, sizeof CONTROL - 1) == 0) control = 1;
    for (int i = 0; i < needles_n; i++) {
        const struct needle *needle = &needles[i];
        if (left < needle->n || memcmp(at, needle->bytes, needle->n) != 0) continue;
        printf("%s in %s\n", needle->what, path);
        found++;
    }
}

static int file_search(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    FILE *file;
    uint8_t *all;
    size_t n, got;

    (void)ftw;
    if (kind != FTW_F || st->st_size == 0) return 0;
    file = fopen(path, "rb");
    if (file == NULL) return 0;
    n = (size_t)st->st_size;
    all = malloc(n);
    got = all == NULL ? 0 : fread(all, 1, n, file);
    fclose(file);
    files++;
    for (size_t at = 0; at + 2 <= got; at++) /* one pass: most places begin no needle */
        if (begins[all[at] << 8 | all[at + 1]]) place_search(path, all + at, got - at);
    free(all);
    return 0;
}

/* Through every door a number comes in by. */
static void plant(struct world *w)
{
    static const char PHONE[] = "13905512468";
    static char number[18];
    struct person_ask ask = { .document = DOCUMENT_CITIZEN,
                              .name = S("诸葛孔明·甲"),
                              .phone = str_of(PHONE),
                              .region_code = 340104,
                              .act = world_act(w, CHANNEL_COUNTER, PROOF_PAPERS) };
    struct fact_ask fact = { .kind = FACT_NAME, .text = S("司马仲达·乙"), .act = ask.act };
    struct card_issue_ask issue = { .generation = 3,
                                    .region_code = 340104,
                                    .card_no = S("X00000019"),
                                    .instant = true,
                                    .act = ask.act };
    struct load_row row = { .generation = 3, .social = SOCIAL_NORMAL };
    struct code_ask code;
    struct code_sent sent;
    struct person_made made, refused;
    struct card_made card;
    struct staff_ask staff = { .user = str_of(CONTROL), .name = S("荀文若") };
    int64_t loaded, staff_id;

    person_no_make(340104, (struct date){ 1955, 6, 17 }, 283, number);
    ask.number = (struct str){ number, 18 };
    CHECK_OK("added", registry_person_add(&w->rg, NULL, &ask, &made));
    CHECK_CODE("refused", registry_person_add(&w->rg, NULL, &ask, &refused),
               REGISTRY_PERSON_EXISTS);
    fact.person_id = issue.person_id = made.person_id;
    CHECK_OK("renamed", registry_fact_correct(&w->rg, NULL, &fact));
    fact.kind = FACT_PHONE;
    fact.text = S("13705519753");
    CHECK_OK("another phone", registry_fact_correct(&w->rg, NULL, &fact));
    CHECK_OK("issued", registry_card_issue(&w->rg, NULL, &issue, &card));
    code = (struct code_ask){ .number = ask.number, .act = ask.act };
    CHECK_OK("code sent", registry_signin_code_send(&w->rg, &code, &sent));
    row.person = ask;
    row.person.number = S("342401198001010011");
    row.person.name = S("周公瑾");
    row.person.phone = S("13605518642");
    CHECK_OK("loaded", registry_load(&w->rg, &ask.act, &row, 1, &loaded));
    CHECK_INT("one", loaded, 1);
    staff.act = ask.act;
    CHECK_OK("staff", registry_staff_add(&w->rg, NULL, &staff, &staff_id));
    digits_plant("citizen number", ask.number);
    digits_plant("loaded number", row.person.number);
    digits_plant("phone", ask.phone);
    digits_plant("second phone", S("13705519753"));
    digits_plant("loaded phone", row.person.phone);
    text_plant("name", S("诸葛孔明"));
    text_plant("second name", S("司马仲达"));
    text_plant("loaded name", S("周公瑾"));
    begins[CONTROL[0] << 8 | CONTROL[1]] = true;
    text_plant("staff name", staff.name);
    text_plant("card number", S("X00000019"));
}

static const struct stmt DATA_DIRECTORY = {
    .name = "test: where the server keeps its files",
    .types = "",
    .sql = "SELECT setting FROM pg_settings WHERE name = 'data_directory'",
};

static RESULT directory_in_txn(struct txn *tx, void *arg)
{
    bool there;
    ROW(row);

    TRY(txn_first(tx, &DATA_DIRECTORY, IN_NONE, &row, &there));
    if (there && !str_c(row_text(&row, 0), arg, 512)) ((char *)arg)[0] = '\0';
    return OK;
}

int main(void)
{
    for (int e = 0; e < fixture_engines(); e++) {
        char folder[512];
        struct world w;
        if (!world_open(&w, (enum engine)e)) break;
        needles_n = files = found = control = 0;
        plant(&w);
        CHECK("sealed", fixture_seal(&w.f));
        snprintf(folder, sizeof folder, "%s", test_folder());
        if (e == ENGINE_POSTGRESQL)
            CHECK_OK("data directory", store_read(w.f.store, directory_in_txn, folder));
        nftw(folder, file_search, 16, FTW_PHYS); /* while open: the WAL is there */
        store_close(w.f.store);
        w.f.store = NULL;
        nftw(folder, file_search, 16, FTW_PHYS); /* after the last checkpoint */
        CHECK("files were searched", files >= 2);
        CHECK("and what stands there was found", control == 1);
        CHECK_INT("nothing was found", found, 0);
        world_close(&w);
    }
    return test_end();
}
