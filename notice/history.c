/* notice/history.c - the holder's side: what was sent, and what is wanted. */
#include "notice/message.h"
#include "notice/notice_store.h"

struct history_call {
    int64_t person_id, before;
    int limit;
    struct arena *arena;
    struct notice_page page;
};

/* Codes are not kept; the history shows stars where one stood. */
static struct str shown(const struct kind *kind, enum notice_language language,
                        const struct notice_parameter *parameters, size_t n, struct arena *arena)
{
    static const struct notice_parameter stars = { "code", { "******", 6 } };
    struct notice_parameter with[NOTICE_PARAMETERS_MAX + 1];
    char text[NOTICE_TEXT_MAX];
    struct writer w = writer_over(text, sizeof text);

    for (size_t i = 0; i < n; i++)
        with[i] = parameters[i];
    with[n] = stars;
    put_kind_text(&w, kind, language, with, n + 1);
    return arena_str(arena, writer_str(&w));
}

static RESULT record_of(const struct notice_row *row, struct arena *arena,
                        struct notice_record *out)
{
    const struct kind *kind = kind_find(row->kind);
    struct notice_parameter parameters[NOTICE_PARAMETERS_MAX];
    size_t n;

    if (!kind || parameters_parse(row->parameters, kind, parameters, &n).code != 0) {
        return fault(FAULT_STORE_CORRUPT, "notice: row %" PRId64 " is damaged", row->id);
    }
    *out = (struct notice_record){
        .id = row->id,
        .kind = row->kind,
        .state = row->state,
        .at = row->at,
        .sent_at = row->sent_at,
        .seen = row->seen_at.usec != 0,
        .text = { shown(kind, NOTICE_ZH, parameters, n, arena),
                  shown(kind, NOTICE_EN, parameters, n, arena) },
    };
    return OK;
}

static struct err history_in_txn(struct txn *tx, void *arg)
{
    struct history_call *call = arg;
    struct notice_row *rows;
    int n;

    TRY(notices_load(tx, call->person_id, call->before ? call->before : INT64_MAX, call->limit + 1,
                     call->arena, &rows, &n));
    call->page =
        (struct notice_page){ .n = n < call->limit ? n : call->limit, .more = n > call->limit };
    call->page.records = NEW_ARRAY(call->arena, struct notice_record, (size_t)call->page.n + 1);
    if (!call->page.records) return fault(FAULT_MEMORY, "notice: a page does not fit the arena");
    for (int i = 0; i < call->page.n; i++) {
        TRY(record_of(&rows[i], call->arena, &call->page.records[i]));
    }
    return call->arena->full ? fault(FAULT_MEMORY, "notice: a page does not fit the arena") : OK;
}

RESULT notice_history(struct store *store, int64_t person_id, int64_t before, int limit,
                      struct arena *arena, struct notice_page *out)
{
    struct history_call call = { person_id, before, limit, arena, { 0 } };

    assert(limit >= 1);
    assert(limit <= NOTICE_PAGE_MAX);
    TRY(store_read(store, history_in_txn, &call));
    *out = call.page;
    return OK;
}

struct preference_call {
    int64_t person_id;
    struct notice_preference preference;
    struct instant at;
};

static struct err preference_get_in_txn(struct txn *tx, void *arg)
{
    struct preference_call *call = arg;

    return preference_load(tx, call->person_id, &call->preference);
}

RESULT notice_preference_get(struct store *store, int64_t person_id, struct notice_preference *out)
{
    struct preference_call call = { .person_id = person_id };

    TRY(store_read(store, preference_get_in_txn, &call));
    *out = call.preference;
    return OK;
}

static struct err preference_set_in_txn(struct txn *tx, void *arg)
{
    struct preference_call *call = arg;

    return preference_save(tx, call->person_id, &call->preference, call->at);
}

/* Bits of kinds that may be muted. */
static uint64_t mutable_kinds(void)
{
    uint64_t bits = 0;

    for (int k = NOTICE_ONE_TIME_CODE; k <= NOTICE_ECARD_OFF; k++) {
        const struct kind *kind = kind_find((enum notice_kind)k);
        if (kind && !kind->urgent) bits |= UINT64_C(1) << k;
    }
    return bits;
}

RESULT notice_preference_set(struct store *store, int64_t person_id,
                             const struct notice_preference *preference, struct instant at)
{
    struct preference_call call = { person_id, *preference, at };

    REQUIRE(preference->language == NOTICE_ZH || preference->language == NOTICE_EN,
            NOTICE_PREFERENCE_BAD);
    REQUIRE(preference->quiet_from_hour >= 0 && preference->quiet_from_hour <= 23 &&
                preference->quiet_to_hour >= 0 && preference->quiet_to_hour <= 23,
            NOTICE_PREFERENCE_BAD);
    REQUIRE((preference->muted & ~mutable_kinds()) == 0, NOTICE_PREFERENCE_BAD);
    return store_run(store, (struct root){ ROOT_PERSON, person_id }, preference_set_in_txn, &call);
}

struct seen_call {
    int64_t person_id, notice_id;
};

static struct err seen_in_txn(struct txn *tx, void *arg)
{
    struct seen_call *call = arg;
    int64_t changed;

    TRY(notice_set_seen(tx, call->person_id, call->notice_id, txn_now(tx), &changed));
    REQUIRE(changed == 1, NOTICE_UNKNOWN);
    return OK;
}

RESULT notice_mark_seen(struct store *store, int64_t person_id, int64_t notice_id)
{
    struct seen_call call = { person_id, notice_id };

    return store_run(store, (struct root){ ROOT_PERSON, person_id }, seen_in_txn, &call);
}
