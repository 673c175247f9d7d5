/* tests/identity/derived_test.c - derived state follows the store, survives crashes of any moment,
 * and comes out the same when made anew. */
#include "tests/identity/world.h"

#include <unistd.h>

static void hash_of(const struct world *w, const struct resident *r, uint8_t out[32])
{
    credential_hash(&w->blind, CREDENTIAL_CARD_NO, (struct str){ r->no.text, sizeof r->no.text },
                    out);
}

static int social_of(const struct world *w, const struct resident *r)
{
    struct derived_card card;
    uint8_t hash[32];
    uint32_t index;

    hash_of(w, r, hash);
    index = derived_find(w->derived, hash);
    if (index >= DERIVED_ASK_STORE || !derived_state(w->derived, index, &card)) return -1;
    return card.card_id == r->card_id ? card.social : -2;
}

static uint32_t index_of(const struct world *w, const struct resident *r)
{
    uint8_t hash[32];

    hash_of(w, r, hash);
    return derived_find(w->derived, hash);
}

/* Stop without saving, as a crash does, and open again. */
static bool crash(struct world *w)
{
    identity_close(w->identity);
    w->identity = NULL;
    store_close(w->f.store);
    derived_close(w->derived);
    if (!CHECK_OK("derived", derived_new(&w->derived))) return false;
    w->f.config.committed_arg = w->derived;
    /* a start takes time; ids of one millisecond are apart within one start only */
    fixture_set(&w->f, instant_add(fixture_now(&w->f), USEC_PER_SEC));
    if (!CHECK_OK("store again", store_open(&w->f.config, &w->f.store))) return false;
    w->rg.store = w->f.store;
    return world_derived(w) && world_identity(w);
}

static void lose(struct world *w, const struct resident *r)
{
    struct loss_ask loss = { .person_id = r->person_id,
                             .card_id = r->card_id,
                             .kind = LOSS_TEMPORARY,
                             .reason = LOSS_LOST,
                             .act = world_act(w) };
    struct loss_made made;

    CHECK_OK("lost", registry_card_lose(&w->rg, NULL, &loss, &made));
}

static void files_spoil(const struct world *w, const char *name, long at)
{
    char path[400];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", w->folder, name);
    file = fopen(path, "r+");
    if (!CHECK("the file is there", file != NULL)) return;
    fseek(file, at, SEEK_SET);
    fputc(0x5A, file);
    fclose(file);
}

/* Derived state over the files of a folder, answered for one card: the state it has, -1 when it is
 * not known. */
static int state_from(struct store *store, const char *folder, const uint8_t hash[32])
{
    struct derived_config config = { .folder = str_of(folder),
                                     .store = store,
                                     .cards_max = 100000 };
    struct derived_card card;
    struct derived *derived;
    uint32_t index;
    int state = -1;

    if (!CHECK_OK("derived", derived_new(&derived))) return -2;
    if (CHECK_OK("opens on files", derived_open(derived, &config))) {
        index = derived_find(derived, hash);
        if (index < DERIVED_ASK_STORE && derived_state(derived, index, &card)) state = card.social;
    }
    derived_close(derived);
    return state;
}

/* A copy of this store that went another way from one block on: as many blocks, the same
 * incarnation and the same identity. */
static void copys_files(struct world *w, const struct resident *r)
{
    struct world copy = *w;
    struct store_config config = w->f.config;
    char path[400], url[420];
    uint8_t hash[32];

    snprintf(path, sizeof path, "%s.copy", w->folder);
    snprintf(url, sizeof url, "sqlite:%s", path);
    CHECK_OK("copied", store_backup(w->f.store, str_of(path)));
    config.url = str_of(url);
    config.committed = NULL;
    if (!CHECK_OK("opened", store_open(&config, &copy.f.store))) return;
    copy.rg.store = copy.f.store;
    lose(w, &r[6]);
    lose(&copy, &r[7]);
    CHECK("sealed", fixture_seal(&copy.f) && fixture_seal(&w->f));
    CHECK_OK("saved", derived_save(w->derived));
    hash_of(w, &r[7], hash);
    CHECK_INT("a start on a copy's files", state_from(copy.f.store, w->folder, hash),
              SOCIAL_TEMPORARY_LOSS);
    store_close(copy.f.store);
}

/* Files of another store with this incarnation, and positions that this store has, too. */
static void others_files(struct world *w, const struct resident *r, int n)
{
    struct world other;
    uint8_t hash[32];
    struct store *mine = w->f.store;
    struct resident stranger;

    if (!world_make(&other, w->f.engine)) return;
    other.f.prng.state++; /* no two stores draw the same */
    snprintf(other.folder, sizeof other.folder, "%.280s.other", w->folder);
    if (!world_start(&other)) return;
    for (int i = 0; i < n / 2; i++) {
        if (!resident_make(&other, &stranger, CODE_P256, CODE_DOOR)) return;
    }
    CHECK("sealed", fixture_seal(&other.f) && fixture_seal(&w->f));
    CHECK_OK("saved", derived_save(other.derived));
    CHECK_OK("saved", derived_save(w->derived));
    hash_of(&other, &stranger, hash);
    CHECK_INT("a start on its own files", state_from(other.f.store, other.folder, hash),
              SOCIAL_NORMAL);
    hash_of(w, &r[3], hash);
    CHECK_INT("a start on another store's files", state_from(mine, other.folder, hash),
              SOCIAL_TEMPORARY_LOSS);
    world_close(&other);
    if (w->f.engine == ENGINE_SQLITE) copys_files(w, r);
}

struct reader {
    const struct world *w;
    const struct resident *residents;
    int n;
    _Atomic bool *stop;
    _Atomic int64_t *looked, *wrong;
};

static void *read_on(void *arg)
{
    struct reader *reader = arg;

    while (!atomic_load(reader->stop)) {
        for (int i = 0; i < reader->n; i++) {
            if (social_of(reader->w, &reader->residents[i]) < SOCIAL_NORMAL)
                atomic_fetch_add(reader->wrong, 1);
            atomic_fetch_add(reader->looked, 1);
        }
    }
    return NULL;
}

/* Readers never miss a card while bases are folded, files written and everything made anew. */
static void readers(struct world *w, const struct resident *residents, int n)
{
    enum { READERS = 4, FOLDS = 40 };
    pthread_t threads[READERS];
    _Atomic bool stop = false;
    _Atomic int64_t looked = 0, wrong = 0;
    struct reader reader = { w, residents, n, &stop, &looked, &wrong };

    for (int i = 0; i < READERS; i++) {
        pthread_create(&threads[i], NULL, read_on, &reader);
    }
    for (int i = 0; i < FOLDS; i++) {
        struct resident more;
        CHECK_OK("written", i % 8 == 7 ? derived_rebuild(w->derived) : derived_save(w->derived));
        if (i % 10 == 0) resident_make(w, &more, CODE_P256, CODE_DOOR);
    }
    atomic_store(&stop, true);
    for (int i = 0; i < READERS; i++) {
        pthread_join(threads[i], NULL);
    }
    CHECK("readers went on", looked > 0);
    CHECK_INT("and missed nothing", wrong, 0);
}

/* From a few values to some hundreds, folded again and again on the way: each doubling of the
 * blocks compares another bit, which old rows may not have. */
static void growing(struct world *w)
{
    enum { MANY = 300 };
    static struct resident r[MANY];
    int lost = 0;

    for (int i = 0; i < MANY; i++) {
        char number[19];
        struct act act = world_act(w);
        struct person_ask person = {
            .document = DOCUMENT_CITIZEN, .name = S("张三"), .region_code = 340111, .act = act
        };
        struct card_issue_ask issue = {
            .generation = 3, .region_code = 340111, .instant = true, .act = act
        };
        struct person_made one;
        struct card_made card;

        citizen_no_text(w->people++, number);
        person.number = str_of(number);
        if (!CHECK_OK("a person", registry_person_add(&w->rg, NULL, &person, &one))) return;
        issue.person_id = one.person_id;
        if (!CHECK_OK("a card", registry_card_issue(&w->rg, NULL, &issue, &card))) return;
        r[i] = (struct resident){ .card_id = card.card_id, .no = card.no };
        if (i % 16 != 15) continue;
        CHECK_OK("folded", derived_save(w->derived));
        for (int k = 0; k <= i; k++) {
            lost += social_of(w, &r[k]) != SOCIAL_SEALED;
        }
    }
    CHECK_INT("no card is lost as the index grows", lost, 0);
}

int main(void)
{
    enum { N = 12 };

    for (int e = 0; e < fixture_engines(); e++) {
        struct world w;
        struct resident r[N];
        uint32_t index[N];
        int wrong = 0;

        if (!world_open(&w, (enum engine)e)) break;
        for (int i = 0; i < N; i++) {
            if (!resident_make(&w, &r[i], CODE_P256, CODE_DOOR)) return test_end();
            if (social_of(&w, &r[i]) != SOCIAL_NORMAL) wrong++;
        }
        CHECK_INT("a card is known before its call returns", wrong, 0);
        lose(&w, &r[3]);
        CHECK_INT("a loss too", social_of(&w, &r[3]), SOCIAL_TEMPORARY_LOSS);
        CHECK("sealed", fixture_seal(&w.f));
        CHECK_OK("caught up", derived_catch_up(w.derived));
        for (int i = 0; i < N; i++) {
            index[i] = index_of(&w, &r[i]);
        }
        lose(&w, &r[4]);
        if (!crash(&w)) return test_end();
        CHECK("sealed", fixture_seal(&w.f));
        CHECK_OK("caught up", derived_catch_up(w.derived));
        for (int i = 0; i < N; i++) {
            if (index_of(&w, &r[i]) != index[i]) wrong++;
        }
        CHECK_INT("without files: the same indexes", wrong, 0);
        CHECK_INT("and the loss of before the crash", social_of(&w, &r[4]), SOCIAL_TEMPORARY_LOSS);
        CHECK_OK("saved", derived_save(w.derived));
        lose(&w, &r[5]);
        struct resident late;
        if (!resident_make(&w, &late, CODE_P256, CODE_DOOR)) return test_end();
        if (!crash(&w)) return test_end();
        CHECK_INT("what was not sealed is known at once", social_of(&w, &r[5]),
                  SOCIAL_TEMPORARY_LOSS);
        CHECK_INT("a new card too", social_of(&w, &late), SOCIAL_NORMAL);
        CHECK("sealed", fixture_seal(&w.f));
        CHECK_OK("caught up", derived_catch_up(w.derived));
        CHECK_INT("from files and feed", social_of(&w, &r[5]), SOCIAL_TEMPORARY_LOSS);
        CHECK_INT("a card of after the files", social_of(&w, &late), SOCIAL_NORMAL);
        for (int i = 0; i < N; i++) {
            if (index_of(&w, &r[i]) != index[i]) wrong++;
        }
        CHECK_INT("the same indexes still", wrong, 0);
        CHECK_OK("saved", derived_save(w.derived));
        files_spoil(&w, "cards.state", 20);
        if (!crash(&w)) return test_end();
        CHECK_INT("a spoiled file is made anew", social_of(&w, &r[5]), SOCIAL_TEMPORARY_LOSS);
        CHECK_OK("made anew on demand", derived_rebuild(w.derived));
        for (int i = 0; i < N; i++) {
            if (index_of(&w, &r[i]) != index[i]) wrong++;
        }
        CHECK_INT("the same indexes at last", wrong, 0);
        CHECK_INT("and states", social_of(&w, &r[3]), SOCIAL_TEMPORARY_LOSS);
        struct derived_status status;
        derived_status(w.derived, &status);
        CHECK_INT("all cards", status.cards, N + 1);
        readers(&w, r, N);
        others_files(&w, r, N);
        growing(&w);
        world_close(&w);
    }
    return test_end();
}
