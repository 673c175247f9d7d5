/* api/looks.c - the line that a look at somebody's record leaves. */
#include "api/looks.h"

#include "journal/journal.h"

static RESULT look_in_txn(struct txn *tx, void *line)
{
    return journal_append(tx, line, NULL);
}

RESULT look_record(struct app *app, const struct request *rq, const struct look *look)
{
    const struct session *session = request_session(rq);
    struct journal_line line = {
        .kind = JOURNAL_LOOK,
        .actor = session->actor == ACTOR_HOLDER ? ACTOR_HELPER : session->actor,
        .grade = GRADE_A,
        .provenance = app->demo ? PROVENANCE_SIMULATOR : PROVENANCE_REAL,
        .person_id = look->person_id,
        .card_id = look->card_id,
        .actor_id = session->actor_id,
        .place_id = session->place_id,
        .terminal_id = session->terminal_id,
        .region_code = session_region(session),
        .verdict = look->refused,
        .act = str_of(look->act),
        .purpose = purpose_name(look->purpose ? look->purpose : request_purpose(rq)),
        .at = rq->at,
        .note = look->fields,
    };

    if (session->actor == ACTOR_HOLDER && session->person_id == look->person_id) return OK;
    return store_run(app->store, (struct root){ ROOT_PERSON, look->person_id }, look_in_txn, &line);
}
