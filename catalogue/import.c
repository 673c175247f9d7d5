/* catalogue/import.c - read a folder of files, judge all of it, then write all of it or nothing;
 * and single changes by acts. */
#include "catalogue/import.h"

#include "catalogue/catalogue_store.h"

struct write_call {
    struct catalogue *cat;
    struct instant at;
};

static struct err write_in_txn(struct txn *tx, void *arg)
{
    struct write_call *call = arg;

    return snapshot_write(tx, call->cat, call->at);
}

static void read_all(struct import *in)
{
    import_regions(in);
    catalogue_sort(in->cat);
    import_agencies(in);
    import_items(in);
    catalogue_sort(in->cat);
    import_city_states(in);
    import_openings(in);
    import_parameters(in);
    import_places(in);
    import_references(in);
}

static void count_rows_of(const struct catalogue *cat, struct import_report *report)
{
    report->rows.regions = (int64_t)cat->regions_n;
    report->rows.agencies = (int64_t)cat->agencies_n;
    report->rows.organisations = (int64_t)cat->organisations_n;
    report->rows.items = (int64_t)cat->items_n;
    report->rows.openings = (int64_t)cat->openings_n;
    report->rows.city_states = (int64_t)cat->city_states_n;
    report->rows.parameters = (int64_t)cat->parameters_n;
    report->rows.places = (int64_t)cat->places_n;
    report->rows.points = (int64_t)cat->points_n;
    report->rows.slot_rules = (int64_t)cat->slot_rules_n;
    report->rows.references = 0;
    for (size_t i = 0; i < cat->references_n; i++) {
        report->rows.references += (int64_t)cat->references[i].rows_n;
    }
}

static RESULT import_into(struct store *store, struct import *in, bool dry_run)
{
    struct write_call call = { .cat = in->cat, .at = in->at };

    read_all(in);
    if (in->cat->arena.full) return fault(FAULT_MEMORY, "catalogue: the files are too large");
    REQUIRE(in->report->total == 0, CATALOGUE_IMPORT_BAD);
    count_rows_of(in->cat, in->report);
    if (dry_run) return OK;
    catalogue_sort(in->cat);
    TRY(store_load(store, write_in_txn, &call));
    in->report->version = in->cat->version;
    return OK;
}

RESULT catalogue_import(struct store *store, struct str folder, struct instant at, bool dry_run,
                        struct arena *arena, struct import_report *out)
{
    struct import in = { .folder = folder, .at = at, .told = arena, .report = out };
    struct err end;

    *out = (struct import_report){ 0 };
    TRY(catalogue_new(&in.cat));
    end = import_into(store, &in, dry_run);
    catalogue_free(in.cat);
    return end;
}

struct opening_call {
    const struct opening_ask *ask;
    int64_t id;
};

static struct err opening_in_txn(struct txn *tx, void *arg)
{
    struct opening_call *call = arg;
    int64_t version;

    call->id = txn_new_id(tx);
    TRY(opening_insert(tx, call->id, call->ask));
    return version_raise(tx, VERSION_OPENING, call->ask->from, &version);
}

RESULT catalogue_open(struct store *store, const struct opening_ask *ask, int64_t *opening_id)
{
    struct opening_call call = { .ask = ask };

    TRY(store_run(store, (struct root){ ROOT_NONE, 0 }, opening_in_txn, &call));
    *opening_id = call.id;
    return OK;
}

static struct err parameter_in_txn(struct txn *tx, void *arg)
{
    const struct parameter_ask *ask = arg;
    int64_t version;

    TRY(parameter_insert(tx, txn_new_id(tx), ask));
    return version_raise(tx, VERSION_PARAMETER, ask->from, &version);
}

RESULT catalogue_parameter_set(struct store *store, const struct parameter_ask *ask)
{
    struct parameter_ask copy = *ask;

    return store_run(store, (struct root){ ROOT_NONE, 0 }, parameter_in_txn, &copy);
}
