/* registry/staff.c - the staff: who they are and what was granted to them. */
#include "registry/staff.h"

#include "registry/act.h"
#include "registry/person.h"
#include "registry/session_store.h"
#include "registry/staff_store.h"

static const struct root NODE = { ROOT_NODE, NODE_ID };

static bool user_form(struct str user)
{
    if (user.n < 2 || user.n > 64) return false;
    for (size_t i = 0; i < user.n; i++) {
        char c = user.p[i];
        bool fine =
            (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
        if (!fine) return false;
    }
    return true;
}

static bool grant_form(const struct grant *g)
{
    return g->role > ROLE_RESIDENT && g->role < ROLES &&
           (g->region_code == 0 || region_form(g->region_code)) && g->org_id >= 0;
}

int32_t staff_region(const struct staff *staff)
{
    for (int i = 0; i < staff->grants_n; i++)
        if (staff->grants[i].region_code != 0) return staff->grants[i].region_code;
    return staff->region_code;
}

static RESULT staff_line(struct txn *tx, const struct act *act, const char *name, int64_t staff_id,
                         int32_t region_code)
{
    return act_journal(tx, act,
                       &(struct act_line){ .kind = JOURNAL_STAFF_ACT,
                                           .region_code = region_code,
                                           .act = name,
                                           .object_prefix = "stf",
                                           .object_id = staff_id });
}

struct add_call {
    const struct staff_ask *ask;
    struct staff_row row;
    int64_t there; /* who has the name */
};

static RESULT add_in_txn(struct txn *tx, void *arg)
{
    struct add_call *call = arg;
    struct staff there;
    bool found;

    TRY(staff_select_user(tx, call->ask->user, &there, &found));
    call->there = found ? there.id : 0;
    REQUIRE(!found, STAFF_EXISTS);
    TRY(staff_insert(tx, &call->row));
    for (int i = 0; i < call->ask->grants_n; i++)
        TRY(grant_insert(tx, call->row.s.id, &call->ask->grants[i]));
    txn_result(tx, call->row.s.id);
    TRY(staff_select(tx, call->row.s.id, &there, &found));
    return staff_line(tx, &call->ask->act, "staff_added", call->row.s.id, staff_region(&there));
}

RESULT registry_staff_add(const struct registry *rg, const struct once *once,
                          const struct staff_ask *ask, int64_t *staff_id)
{
    struct add_call call = { .ask = ask,
                             .row = { .s = { .id = store_new_id(rg->store),
                                             .org_id = ask->org_id,
                                             .region_code =
                                                 ask->grants_n > 0 ? ask->grants[0].region_code : 0,
                                             .person_id = ask->person_id },
                                      .created_at = ask->act.at } };
    char name[NAME_BYTES_MAX];
    size_t name_n;
    struct err end;
    int64_t result;
    bool replayed;

    REQUIRE(user_form(ask->user), STAFF_USER_FORM);
    REQUIRE(!person_no_is_citizen(ask->user, ask->act.at), STAFF_USER_NUMBER);
    memcpy(call.row.s.user, ask->user.p, ask->user.n);
    REQUIRE(ask->grants_n >= 0 && ask->grants_n <= GRANTS_MAX, STAFF_GRANT_MAX);
    for (int i = 0; i < ask->grants_n; i++)
        REQUIRE(grant_form(&ask->grants[i]), STAFF_ROLE);
    TRY(person_name_form(ask->name, name, &name_n));
    TRY(keyd_field_seal_one(rg->keyd, TABLE_STAFF, COLUMN_STAFF_NAME, call.row.s.id,
                            bytes_of(name, name_n), call.row.name, &call.row.name_n));
    end = act_run(rg, NODE, once, add_in_txn, &call, &result, &replayed);
    if (end.code == STAFF_EXISTS) *staff_id = call.there;
    TRY(end);
    *staff_id = replayed ? result : call.row.s.id;
    return OK;
}

struct staff_call {
    int64_t staff_id;
    struct str user;
    const struct grant *grant;
    bool disabled;
    const struct act *act;
    struct staff *out;
};

static RESULT load_in_txn(struct txn *tx, void *arg)
{
    struct staff_call *call = arg;
    bool found;

    if (call->user.n > 0)
        TRY(staff_select_user(tx, call->user, call->out, &found));
    else
        TRY(staff_select(tx, call->staff_id, call->out, &found));
    REQUIRE(found, STAFF_UNKNOWN);
    return OK;
}

RESULT registry_staff_load(struct store *store, int64_t staff_id, struct staff *out)
{
    struct staff_call call = { .staff_id = staff_id, .out = out };

    return store_read(store, load_in_txn, &call);
}

RESULT registry_staff_find(struct store *store, struct str user, struct staff *out)
{
    struct staff_call call = { .user = user, .out = out };

    REQUIRE(user_form(user), STAFF_UNKNOWN);
    return store_read(store, load_in_txn, &call);
}

struct list_call {
    int64_t after;
    int max, n;
    struct staff *staff;
};

static RESULT list_in_txn(struct txn *tx, void *arg)
{
    struct list_call *call = arg;

    TRY(staff_select_after(tx, call->after, call->max, call->staff, &call->n));
    for (int i = 0; i < call->n; i++) {
        struct staff *one = &call->staff[i];
        TRY(grants_select(tx, one->id, one->grants, &one->grants_n));
    }
    return OK;
}

RESULT registry_staff_list(struct store *store, int64_t after, int limit, struct arena *arena,
                           struct staff_page *out)
{
    struct list_call call = { .after = after, .max = limit + 1 };

    assert(limit >= 1);
    assert(limit <= STAFF_PAGE_MAX);
    call.staff = NEW_ARRAY(arena, struct staff, (size_t)call.max);
    if (!call.staff) return fault(FAULT_MEMORY, "a page of %d members of staff", limit);
    TRY(store_read(store, list_in_txn, &call));
    *out = (struct staff_page){ .staff = call.staff,
                                .n = call.n < limit ? call.n : limit,
                                .more = call.n > limit };
    return OK;
}

/* Accounts are the work of a second person. */
static bool own(const struct act *act, int64_t staff_id)
{
    return act->actor == ACTOR_STAFF && act->actor_id == staff_id;
}

static RESULT grant_in_txn(struct txn *tx, void *arg)
{
    const struct staff_call *call = arg;
    struct staff staff;
    bool found;

    TRY(staff_select(tx, call->staff_id, &staff, &found));
    REQUIRE(found, STAFF_UNKNOWN);
    REQUIRE(staff.grants_n < GRANTS_MAX, STAFF_GRANT_MAX);
    TRY(grant_insert(tx, call->staff_id, call->grant));
    return staff_line(tx, call->act, "role_granted", call->staff_id, call->grant->region_code);
}

static RESULT ungrant_in_txn(struct txn *tx, void *arg)
{
    const struct staff_call *call = arg;

    TRY(grant_delete(tx, call->staff_id, call->grant));
    return staff_line(tx, call->act, "role_taken_back", call->staff_id, call->grant->region_code);
}

RESULT registry_staff_grant(const struct registry *rg, int64_t staff_id, const struct grant *grant,
                            const struct act *act)
{
    struct staff_call call = { .staff_id = staff_id, .grant = grant, .act = act };

    REQUIRE(grant_form(grant), STAFF_ROLE);
    REQUIRE(!own(act, staff_id), STAFF_SELF);
    return store_run(rg->store, NODE, grant_in_txn, &call);
}

RESULT registry_staff_ungrant(const struct registry *rg, int64_t staff_id,
                              const struct grant *grant, const struct act *act)
{
    struct staff_call call = { .staff_id = staff_id, .grant = grant, .act = act };

    REQUIRE(!own(act, staff_id), STAFF_SELF);
    return store_run(rg->store, NODE, ungrant_in_txn, &call);
}

static RESULT disable_in_txn(struct txn *tx, void *arg)
{
    const struct staff_call *call = arg;
    struct staff staff;
    bool found;

    TRY(staff_select(tx, call->staff_id, &staff, &found));
    REQUIRE(found, STAFF_UNKNOWN);
    TRY(staff_disabled_set(tx, call->staff_id, call->disabled));
    if (call->disabled) TRY(sessions_end_all(tx, NODE_ID, call->staff_id, 0));
    return staff_line(tx, call->act, call->disabled ? "staff_disabled" : "staff_enabled",
                      call->staff_id, staff_region(&staff));
}

RESULT registry_staff_disable(const struct registry *rg, int64_t staff_id, bool disabled,
                              const struct act *act)
{
    struct staff_call call = { .staff_id = staff_id, .disabled = disabled, .act = act };

    REQUIRE(!own(act, staff_id), STAFF_SELF);
    return store_run(rg->store, NODE, disable_in_txn, &call);
}
