/* programs/simulate/life.c - `ykt simulate life`: a day of the demonstration's residents, at a
 * visible pace.
 *
 *   each pace     somebody acts: a code at a gate, a booking, a loss and what follows (life_acts.c)
 *   each second   every gate tells by a heartbeat which position of the stop list it obeys; their
 *                 controller pulls the list four times as often
 *
 * Every call is a real one over HTTP, every key real; who does what follows --seed. What was done
 * by an earlier run is read from the server, so a run goes on where the last one was. A server that
 * restarts is waited for. From sources: what a card is shown for, and that a lost one is refused
 * (spec/domain.md 3, 4.4). Assumed by us: who does what how often, one controller for all gates. */
#include "base/log.h"
#include "programs/nouns.h"
#include "programs/simulate/life.h"
#include "programs/simulate/simulate.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

enum { BEAT_USEC = 1000000, BEAT_PAUSE_USEC = 2000000, PULL_USEC = 250000 };

/* The list once for all gates, then this gate's heartbeat. A gate that failed rests a
 * while. */
static void beat(struct life *life, struct gate_post *gate)
{
    struct err err = OK;
    struct instant now = clock_now(&life->clock);

    if (!instant_before(now, life->pull_at)) {
        err = gate_list_pull(&life->list, gate->link);
        life->pull_at = instant_add(now, PULL_USEC);
    }
    if (err.code == 0 && life->list.has)
        err = gate_beat(gate->link, &gate->key, &life->list, now, 0);
    gate->up = err.code == 0 && life->list.has;
    gate->beat_at = instant_add(now, err.code == 0 ? BEAT_USEC : BEAT_PAUSE_USEC);
}

/* The next thing that is due, when it is; *gate NULL: an act. */
static struct instant next_due(struct life *life, struct instant act_at, struct gate_post **gate)
{
    struct instant due = act_at;

    *gate = NULL;
    for (int i = 0; i < life->gates_n; i++) {
        if (instant_before(life->gates[i].beat_at, due)) {
            *gate = &life->gates[i];
            due = (*gate)->beat_at;
        }
    }
    return due;
}

static void live(struct life *life, const sigset_t *stop, int64_t pace, int64_t acts)
{
    struct instant now = clock_now(&life->clock), act_at = now;
    struct gate_post *gate;
    bool endless = acts == 0;

    for (int i = 0; i < life->gates_n; i++) /* one signs in after another, and none beat together */
        life->gates[i].beat_at =
            instant_add(now, i * (BEAT_USEC + (int64_t)BEAT_USEC / life->gates_n));
    while (endless || acts > 0) {
        int64_t wait = next_due(life, act_at, &gate).usec - clock_now(&life->clock).usec;
        struct timespec time = { .tv_sec = wait / USEC_PER_SEC,
                                 .tv_nsec = wait % USEC_PER_SEC * 1000 };

        if (wait < 0) time = (struct timespec){ 0 };
        if (sigtimedwait(stop, NULL, &time) > 0) return;
        if (gate) {
            beat(life, gate);
        } else {
            life_act(life);
            act_at = instant_add(clock_now(&life->clock), pace);
            acts--;
        }
    }
}

static RESULT life_open(struct life *life, struct cli *cli)
{
    life->cli = cli;
    life->clock = system_clock();
    life->entropy = entropy_system();
    life->acts = (struct prng){ .state = (uint64_t)cli_int(cli, "seed") };
    life->curl = curl_easy_init();
    if (!life->curl) return fault(FAULT_MEMORY, "libcurl");
    TRY(gate_list_open(&life->list, true));
    return life_read(life, arena_c(cli_arena(cli), cli_text(cli, "demo")));
}

static void life_close(struct life *life)
{
    for (int i = 0; i < life->gates_n; i++)
        gate_link_close(life->gates[i].link);
    gate_list_close(&life->list);
    if (life->curl) curl_easy_cleanup(life->curl);
    secret_wipe(life, sizeof *life); /* passwords, tokens, keys */
    free(life);
}

enum cli_exit simulate_life(struct cli *cli)
{
    struct life *life = calloc(1, sizeof *life);
    sigset_t stop;
    struct err err;

    if (!life) return cli_end(cli, fault(FAULT_MEMORY, "simulate life"));
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    err = life_open(life, cli);
    if (err.code == 0) live(life, &stop, cli_int(cli, "pace"), cli_int(cli, "acts"));
    life_close(life);
    return cli_end(cli, err);
}
