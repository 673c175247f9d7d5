/* programs/demo/venues.c - slots for a week at every venue that has a rule, and gates with their
 * key files. */
#include "programs/demo/demo.h"

#include "crypto/crypto.h"
#include "venues/venues.h"

enum { DAYS = 8, GATE_VENUES = 12 }; /* the server's sweep keeps as many days ahead */

struct made {
    int64_t slots, gates, venues; /* venues: those with gates */
};

static RESULT key_file(const struct demo *demo, const char *id_text, const char *path,
                       const uint8_t scalar[SCALAR_BYTES], const uint8_t point[POINT_SHORT])
{
    char text[600];
    struct writer w = writer_over(text, sizeof text);
    struct json_out out = json_out_over(&w, &demo->ids);

    json_out_object(&out, NULL);
    json_out_str(&out, "id", str_of(id_text));
    json_out_str(&out, "suite", S("p256"));
    json_out_bool(&out, "test", true);
    json_out_hex(&out, "private_key", bytes_of(scalar, SCALAR_BYTES));
    json_out_hex(&out, "public_key", bytes_of(point, POINT_SHORT));
    json_out_end(&out);
    return demo_file_write(path, writer_str(&w));
}

/* A gate as its maker would set it up: add, take the activation number, enrol the key. */
static RESULT gate(struct demo *demo, const struct place *place, const struct point *point)
{
    const struct terminal_ask ask = {
        .venue_id = place->id,
        .point_id = point->id,
        .kind = point->kind == POINT_GATE ? TERMINAL_GATE : TERMINAL_COUNTER,
        .name = point->code,
        .by = { .region_code = place->region, .simulated = true },
        .at = clock_now(&demo->clock),
    };
    struct enrol_ask enrol = { .suite = SUITE_P256, .by = ask.by, .at = ask.at };
    char activation[TERMINAL_ACTIVATION_CHARS + 1], path[DEMO_PATH_MAX], id_text[ID_TEXT_MAX + 1];
    struct writer id = writer_over(id_text, sizeof id_text - 1);
    uint8_t scalar[SCALAR_BYTES];
    char proof[128];
    struct writer w = writer_over(proof, sizeof proof);

    TRY(venues_terminal_add(demo->store, NULL, &ask, &demo->entropy, &enrol.terminal_id,
                            activation));
    put_id(&id, &demo->ids, "trm", enrol.terminal_id);
    id_text[id.n] = 0;
    TRY(key_pair_new(SUITE_P256, &demo->entropy, scalar, enrol.public_key));
    enrol.terminal_text = writer_str(&id);
    enrol.activation = str_of(activation);
    put_str(&w, S("YKT enrol 1\n"));
    put_str(&w, enrol.terminal_text);
    put_char(&w, '\n');
    put_str(&w, enrol.activation);
    TRY(p256_sign(bytes_of(scalar, sizeof scalar), writer_bytes(&w), enrol.signature));
    TRY(venues_terminal_enrol(demo->store, &enrol));
    snprintf(path, sizeof path, "%s/gates/%s.json", demo->dir, id_text);
    TRY(key_file(demo, id_text, path, scalar, enrol.public_key));

    json_out_object(&demo->out, NULL);
    json_out_str(&demo->out, "id", enrol.terminal_text);
    json_out_id(&demo->out, "venue", "ven", place->id);
    json_out_str(&demo->out, "venue_name", place->name.zh);
    json_out_str(&demo->out, "code", point->code);
    json_out_str(&demo->out, "key_file", str_of(path));
    json_out_end(&demo->out);
    return OK;
}

static RESULT gates_of(struct demo *demo, const struct place *place, int64_t *made)
{
    size_t n;
    const struct point *points = points_of(demo->cat, place->id, &n);

    for (size_t i = 0; i < n; i++) {
        TRY(gate(demo, place, &points[i]));
        (*made)++;
    }
    return OK;
}

/* A demonstration lets people in at night, too: the place that is open round the clock comes first.
 */
static bool round_the_clock(const struct slot_rule *rule)
{
    return rule->opens_min == 0 && rule->closes_min == 24 * 60;
}

static RESULT venues_of(struct demo *demo, bool always, struct made *made)
{
    const struct day today = day_of(clock_now(&demo->clock));

    for (size_t i = 0; i < place_count(demo->cat); i++) {
        const struct place *place = place_at(demo->cat, i);
        const struct slot_rule *rule = slot_rule_for(demo->cat, place);
        int64_t slots;

        if (!rule || round_the_clock(rule) != always) continue;
        TRY(venues_slots_make(demo->store, demo->cat, place->id, today, DAYS, &slots));
        made->slots += slots;
        if (slots == 0 || place->city != 340100 || made->venues == GATE_VENUES) continue;
        made->venues++;
        TRY(gates_of(demo, place, &made->gates));
    }
    return OK;
}

struct err demo_venues(struct demo *demo)
{
    struct made made = { 0 };

    json_out_array(&demo->out, "gates");
    TRY(venues_of(demo, true, &made));
    TRY(venues_of(demo, false, &made));
    json_out_end(&demo->out);
    demo->tell(demo->tell_arg, "场馆时段", "slots", made.slots);
    demo->tell(demo->tell_arg, "闸机与窗口", "gates and counters", made.gates);
    return OK;
}
