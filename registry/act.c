/* registry/act.c - what every act leaves behind: its run, its line, its notice. */
#include "registry/act.h"

RESULT act_run(const struct registry *rg, struct root root, const struct once *once,
               store_body *body, void *arg, int64_t *result_id, bool *replayed)
{
    *replayed = false;
    *result_id = 0;
    if (once == NULL) return store_run(rg->store, root, body, arg);
    return store_run_once(rg->store, root, once, body, arg, result_id, replayed);
}

const char *channel_name(enum channel channel)
{
    static const char *const NAMES[] = {
        [CHANNEL_COUNTER] = "counter", [CHANNEL_WEB] = "web",         [CHANNEL_APP] = "app",
        [CHANNEL_PHONE] = "phone",     [CHANNEL_MACHINE] = "machine", [CHANNEL_GATE] = "gate",
        [CHANNEL_IMPORT] = "import",   [CHANNEL_JOB] = "job",
    };

    return channel >= CHANNEL_COUNTER && channel <= CHANNEL_JOB ? NAMES[channel] : "other";
}

RESULT act_journal(struct txn *tx, const struct act *act, const struct act_line *line)
{
    struct journal_line full = {
        .kind = line->kind,
        .actor = act->actor,
        .grade = GRADE_A,
        .provenance = act->provenance == 0 ? PROVENANCE_REAL : act->provenance,
        .person_id = line->person_id,
        .card_id = line->card_id,
        .actor_id = act->actor_id,
        .place_id = act->place_id,
        .terminal_id = act->terminal_id,
        .region_code = line->region_code,
        .verdict = line->verdict,
        .act = str_of(line->act),
        .item = line->item,
        .object_id = line->object_id,
        .at = act->at,
    };

    if (line->object_prefix != NULL) memcpy(full.object_prefix, line->object_prefix, 3);
    return journal_append(tx, &full, NULL);
}

RESULT act_notice(struct txn *tx, enum notice_kind kind, int64_t person_id, struct instant at,
                  const struct act_word *words, size_t n)
{
    struct notice_parameter parameters[NOTICE_PARAMETERS_MAX];
    struct notice notice = {
        .kind = kind, .person_id = person_id, .at = at, .parameters = parameters, .parameters_n = n
    };

    assert(n <= NOTICE_PARAMETERS_MAX);
    for (size_t i = 0; i < n; i++)
        parameters[i] = (struct notice_parameter){ words[i].name, words[i].value };
    return notice_put(tx, &notice, NULL);
}

struct str act_time(struct txn *tx, struct instant at)
{
    char text[48];
    struct writer w = writer_over(text, sizeof text);

    put_minute(&w, at);
    return arena_str(txn_arena(tx), writer_str(&w));
}

int64_t date_number(struct date date)
{
    return (int64_t)date.year * 10000 + date.month * 100 + date.day;
}

struct date number_date(int64_t yyyymmdd)
{
    return (struct date){ (int32_t)(yyyymmdd / 10000), (int32_t)(yyyymmdd / 100 % 100),
                          (int32_t)(yyyymmdd % 100) };
}

static enum place_known place_look(void *arg, int32_t code)
{
    const struct region *region = region_find(catalogue_now(arg), code);

    if (region == NULL) return PLACE_UNKNOWN;
    return region->historic ? PLACE_DISSOLVED : PLACE_CURRENT;
}

struct place_list registry_places(const struct registry *rg)
{
    union { /* place_list hands its argument on as it came; it is only read */
        const void *given;
        void *kept;
    } shelf = { .given = rg->shelf };

    if (rg->shelf == NULL) return (struct place_list){ 0 };
    return (struct place_list){ .look = place_look, .arg = shelf.kept };
}
