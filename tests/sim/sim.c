/* sim.c - random orders of everything people, browsers and networks do, against the real core, in virtual time.
 *
 *   test_sim [--seeds N] [--least STEPS] [--jobs N]   runs seeds 1 to N, and more for so many steps; a failure prints
 * its seed test_sim --seed S [--verbose]                     replays one */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/world.h"

enum { JOBS_MAX = 16 };

static int anybody(struct world *w)
{
    return (int)chance_below(world_chance(w), WORLD_PEOPLE);
}
static int loved_one(struct world *w)
{
    return chance_in(world_chance(w), 700) ? WORLD_LOVED_1 : WORLD_LOVED_2;
}
static int guest(struct world *w)
{
    return chance_in(world_chance(w), 150) ? WORLD_INTERPRETER : loved_one(w);
}
static int therapist(struct world *w)
{
    return chance_in(world_chance(w), 800) ? WORLD_THERAPIST : WORLD_COTHERAPIST;
}
static const char *yes_no(struct world *w, unsigned per_thousand)
{
    return chance_in(world_chance(w), per_thousand) ? "true" : "false";
}

static void do_prepare(struct world *w)
{
    for (int who = 0; who < WORLD_PEOPLE; who++)
        if (world_connected(w, who) && !world_model(w)->people[who].prepared && chance_in(world_chance(w), 800))
            world_prepare(w, who);
}

/* 0 while there is none. */
static unsigned removed_device(struct world *w)
{
    unsigned device = 31;
    while (device > 0 && !(world_model(w)->denied >> device & 1))
        device--;
    return device;
}

/* Mostly a device of their own; now and then somebody else's, as when a link is forwarded, or a token without one. */
static unsigned device(struct world *w, int who)
{
    struct chance *c = world_chance(w);
    unsigned removed = removed_device(w);
    if (removed && chance_in(c, 200))
        return removed;
    if (chance_in(c, 850))
        return world_device(who, chance_in(c, 800) ? 1 : 2);
    return chance_in(c, 500) ? world_device(anybody(w), 1) : 0;
}

static void do_join(struct world *w)
{
    int who = anybody(w);
    world_use(w, who, device(w, who));
    if (world_join(w, who, chance_in(world_chance(w), 300)) && chance_in(world_chance(w), 950))
        world_negotiate(w, who);
    do_prepare(w);
}

/* Most people are here most of the time, or nothing would ever happen. */
static void do_gather(struct world *w)
{
    static const int main_cast[] = { WORLD_THERAPIST, WORLD_CLIENT, WORLD_LOVED_1 };
    for (size_t i = 0; i < 3; i++) {
        int who = main_cast[i];
        if (!world_connected(w, who) && !world_model(w)->over && !world_model(w)->people[who].removed) {
            if (chance_in(world_chance(w), 100))
                world_use(w, who, device(w, who));
            world_join(w, who, false);
        }
        world_negotiate(w, who);
    }
    do_prepare(w);
}

static void do_revoke(struct world *w)
{
    int who = loved_one(w);
    if (world_model(w)->people[who].withdrawn && chance_in(world_chance(w), 700))
        world_regrant(w, who);
    else
        world_revoke(w, who);
}
static void do_take_part(struct world *w)
{
    static const char *const modes[] = { "listen", "watch", "audio", "full" };
    world_request(w, anybody(w), "\"type\":\"take_part\",\"mode\":\"%s\"", modes[chance_below(world_chance(w), 4)]);
}
static void do_enable(struct world *w)
{
    world_request(
        w, therapist(w),
        "\"type\":\"enable\",\"participant\":\"%s\",\"mic\":%s,\"camera\":%s,\"screen\":%s,\"chat\":%s,\"others\":%s",
        world_id(anybody(w)), yes_no(w, 700), yes_no(w, 700), yes_no(w, 500), yes_no(w, 500), yes_no(w, 500));
}
static void do_chat(struct world *w)
{
    world_request(w, anybody(w), "\"type\":\"chat\",\"to\":\"%s\",\"text\":\"hello\"",
                  chance_in(world_chance(w), 500) ? "everyone" : "therapist");
}
static void do_decline(struct world *w)
{
    world_request(w, loved_one(w), "\"type\":\"decline\"");
}
static void do_ledger(struct world *w)
{
    struct chance *c = world_chance(w);
    world_set_ledger(w, chance_below(c, 3) * chance_below(c, 60) * USEC_PER_MSEC, chance_in(c, 300) ? 300 : 0);
}

static void do_drop(struct world *w)
{
    world_drop(w, anybody(w));
}

static void do_break(struct world *w)
{
    usec_t most = chance_in(world_chance(w), 800) ? 1 : 5;
    int who = anybody(w);
    if (chance_in(world_chance(w), 300))
        world_cut(w, who);
    world_break(w, who, chance_below(world_chance(w), most * USEC_PER_SEC));
}

/* Mostly who can; now and then somebody with a live socket, or with nothing to come back to. */
static void do_resume(struct world *w)
{
    int who = anybody(w);
    for (int i = 0; i < WORLD_PEOPLE; i++)
        if (world_model(w)->people[i].broken && chance_in(world_chance(w), 500))
            who = i;
    if (chance_in(world_chance(w), 100))
        world_use(w, who, device(w, who));
    if (world_resume(w, who))
        world_negotiate(w, who);
}

static void do_restart_ice(struct world *w)
{
    world_restart_ice(w, anybody(w));
}

static void do_change_path(struct world *w)
{
    world_change_path(w, anybody(w), chance_in(world_chance(w), 500));
}

static void do_code(struct world *w)
{
    world_code(w, anybody(w), (enum code_state)(CODE_SENT + chance_below(world_chance(w), 3)));
}

static void do_media(struct world *w)
{
    world_request(w, anybody(w), "\"type\":\"media\",\"mic\":%s,\"camera\":%s,\"screen\":%s", yes_no(w, 900),
                  yes_no(w, 800), yes_no(w, 150));
}

static void do_receive(struct world *w)
{
    world_request(w, anybody(w), "\"type\":\"receive\",\"video\":%s", yes_no(w, 600));
}

static void do_agree(struct world *w)
{
    world_request(w, chance_in(world_chance(w), 950) ? WORLD_CLIENT : anybody(w),
                  "\"type\":\"agree\",\"participant\":\"%s\",\"yes\":%s", world_id(loved_one(w)), yes_no(w, 850));
}

static void do_admit(struct world *w)
{
    int who = guest(w), by = chance_in(world_chance(w), 950) ? therapist(w) : anybody(w);
    bool right = world_connected(w, by) && model_may_admit(world_model(w), world_now_us(w), who) &&
                 !world_model(w)->people[who].admitted && !world_model(w)->people[who].admitting &&
                 world_model(w)->people[by].role == ROLE_THERAPIST;
    enum reply reply =
        chance_in(world_chance(w), 500)
            ? world_request(w, by, "\"type\":\"admit\",\"participant\":\"%s\"", world_id(who))
            : world_request(w, by, "\"type\":\"admit\",\"participant\":\"%s\",\"minutes\":%d", world_id(who),
                            1 + (int)chance_below(world_chance(w), chance_in(world_chance(w), 500) ? 2 : 25));
    if (right && reply == REPLY_ERROR && !world_ledger_refuses(w))
        world_violation(w, "the admission of %s was refused wrongly", world_id(who));
}

/* In a mode of the therapist's, which may be more than the grant gives. */
static void do_admit_less(struct world *w)
{
    static const char *const modes[] = { "listen", "watch", "audio", "full" };
    int who = guest(w), by = therapist(w);
    enum mode mode = (enum mode)(MODE_LISTEN + (int)chance_below(world_chance(w), 4));
    bool right = world_connected(w, by) && model_may_admit(world_model(w), world_now_us(w), who) &&
                 !world_model(w)->people[who].admitted && !world_model(w)->people[who].admitting &&
                 model_may_limit(world_model(w), who, mode);
    enum reply reply = world_request(w, by, "\"type\":\"admit\",\"participant\":\"%s\",\"mode\":\"%s\"", world_id(who),
                                     modes[mode - MODE_LISTEN]);
    if (right && reply == REPLY_ERROR && !world_ledger_refuses(w))
        world_violation(w, "the admission of %s in less was refused wrongly", world_id(who));
}

static void do_preview(struct world *w)
{
    int by = chance_in(world_chance(w), 950) ? therapist(w) : anybody(w);
    if (chance_in(world_chance(w), 200))
        world_request(w, by, "\"type\":\"preview\"");
    else
        world_request(w, by, "\"type\":\"preview\",\"participant\":\"%s\"", world_id(anybody(w)));
}

static void do_alert(struct world *w)
{
    if (chance_in(world_chance(w), 500))
        world_request(w, anybody(w), "\"type\":\"alert\"");
    else
        world_request(w, anybody(w), "\"type\":\"seen\",\"participant\":\"%s\"", world_id(anybody(w)));
}

static void do_step_out(struct world *w)
{
    int by = anybody(w);
    if (chance_in(world_chance(w), 200))
        world_request(w, by, "\"type\":\"step_out\",\"everyone\":true");
    else
        world_request(w, by, "\"type\":\"step_out\",\"participant\":\"%s\"", world_id(guest(w)));
}

static void do_mute(struct world *w)
{
    world_request(w, therapist(w), "\"type\":\"mute\",\"participant\":\"%s\",\"mic\":%s,\"camera\":%s,\"screen\":false",
                  world_id(anybody(w)), yes_no(w, 300), yes_no(w, 300));
}

static void do_leave(struct world *w)
{
    world_request(w, anybody(w), "\"type\":\"leave\"");
}
static void do_remove(struct world *w)
{
    world_request(w, anybody(w), "\"type\":\"remove\",\"participant\":\"%s\"", world_id(guest(w)));
}
static void do_extend(struct world *w)
{
    world_request(w, therapist(w), "\"type\":\"extend\",\"minutes\":%d", 1 + (int)chance_below(world_chance(w), 10));
}
static void do_allow(struct world *w)
{
    world_request(w, chance_in(world_chance(w), 900) ? WORLD_CLIENT : anybody(w),
                  "\"type\":\"allow_extension\",\"yes\":%s", yes_no(w, 700));
}
static void do_moderate(struct world *w)
{
    enum moderation_act act = chance_in(world_chance(w), 600)   ? MODERATION_STEP_OUT
                              : chance_in(world_chance(w), 700) ? MODERATION_STEP_OUT_EVERYONE
                              : chance_in(world_chance(w), 850) ? MODERATION_REMOVE
                                                                : MODERATION_END;
    world_moderate(w, act, chance_in(world_chance(w), 900) ? guest(w) : anybody(w));
}
static void do_acknowledge_elsewhere(struct world *w)
{
    world_acknowledge_elsewhere(w, anybody(w));
}
static void do_end(struct world *w)
{
    world_request(w, chance_in(world_chance(w), 300) ? therapist(w) : anybody(w), "\"type\":\"end\"");
}
static void do_garbage(struct world *w)
{
    world_garbage_text(w, anybody(w));
    for (int i = 0; i < 5; i++)
        world_garbage_datagram(w, anybody(w));
}
static void do_wait(struct world *w)
{
    usec_t most = chance_in(world_chance(w), 200) ? 130 : 40; /* now and then longer than a segment or any grace */
    world_run(w, (5 + chance_below(world_chance(w), most)) * USEC_PER_SEC, false);
}
static void do_clock(struct world *w)
{
    int64_t hour = 3600 * (int64_t)USEC_PER_SEC;
    world_set_wall_clock(w, chance_in(world_chance(w), 500) ? 0 : -hour);
}
static void do_weather(struct world *w)
{
    struct chance *c = world_chance(w);
    usec_t least = (1 + chance_below(c, 40)) * USEC_PER_MSEC;
    network_set_weather(world_network(w), (struct network_weather){
                                              .dropped = (unsigned)chance_below(c, 150),
                                              .doubled = (unsigned)chance_below(c, 50),
                                              .delay_least = least,
                                              .delay_most = least + chance_below(c, 60) * USEC_PER_MSEC,
                                          });
}

static const struct {
    void (*run)(struct world *);
    unsigned weight;
} deeds[] = {
    { do_join, 50 },
    { do_gather, 200 },
    { do_drop, 40 },
    { do_media, 180 },
    { do_agree, 100 },
    { do_admit, 120 },
    { do_admit_less, 40 },
    { do_preview, 25 },
    { do_receive, 20 },
    { do_alert, 10 },
    { do_step_out, 70 },
    { do_mute, 30 },
    { do_leave, 12 },
    { do_remove, 3 },
    { do_extend, 12 },
    { do_end, 1 },
    { do_garbage, 40 },
    { do_wait, 25 },
    { do_revoke, 8 },
    { do_take_part, 25 },
    { do_enable, 30 },
    { do_chat, 30 },
    { do_decline, 4 },
    { do_ledger, 20 },
    { do_clock, 15 },
    { do_weather, 30 },
    { do_allow, 20 },
    { do_moderate, 8 },
    { do_acknowledge_elsewhere, 4 },
    { do_code, 15 },
    { do_break, 50 },
    { do_resume, 70 },
    { do_restart_ice, 15 },
    { do_change_path, 15 },
};

static void do_something(struct world *w)
{
    unsigned total = 0;
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++)
        total += deeds[i].weight;
    uint64_t at = chance_below(world_chance(w), total);
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
        if (at < deeds[i].weight) {
            deeds[i].run(w);
            return;
        }
        at -= deeds[i].weight;
    }
}

/* However wild it was: in fair weather a therapist gets in, and therapist and client hear and see each other (invariant
 * 12). */
static void fair_weather(struct world *w)
{
    struct model *m = world_model(w);
    network_set_weather(world_network(w), (struct network_weather){ .delay_least = 5000, .delay_most = 6000 });
    world_set_ledger(w, 0, 0);
    world_run(w, 35 * USEC_PER_SEC, false);
    model_at(m, world_now_us(w));
    if (m->kind == KIND_WORKSHOP || m->over || world_now_us(w) + 10 * USEC_PER_SEC > m->closes)
        return;
    static const int pair[] = { WORLD_THERAPIST, WORLD_CLIENT };
    for (int i = 0; i < 2; i++) {
        world_use(w, pair[i], 0);
        world_join(w, pair[i], true);
        world_prepare(w, pair[i]);
        world_negotiate(w, pair[i]);
        world_request(w, pair[i], "\"type\":\"media\",\"mic\":true,\"camera\":true,\"screen\":false");
        world_request(w, WORLD_THERAPIST,
                      "\"type\":\"mute\",\"participant\":\"%s\",\"mic\":false,\"camera\":false,\"screen\":false",
                      world_id(WORLD_CLIENT));
    }
    world_calm(w);
    world_run(w, 2 * USEC_PER_SEC, true);
    world_heard(w, WORLD_THERAPIST, WORLD_CLIENT);
    world_heard(w, WORLD_CLIENT, WORLD_THERAPIST);
    world_run(w, USEC_PER_SEC, true);
    if (!model_open(m, world_now_us(w)))
        return;
    uint64_t therapist_heard = world_heard(w, WORLD_THERAPIST, WORLD_CLIENT);
    uint64_t client_heard = world_heard(w, WORLD_CLIENT, WORLD_THERAPIST);
    /* 50 audio and 30 video packets a second. */
    if (therapist_heard < 75 || client_heard < 75)
        world_violation(w,
                        "therapist and client don't hear each other: %" PRIu64 " and %" PRIu64 " packets in a second",
                        therapist_heard, client_heard);
}

static struct world_counts run_seed(uint64_t seed, unsigned steps, bool verbose)
{
    struct world *w = world_create(seed, verbose);
    do_gather(w);
    while (world_counts(w).steps < steps && world_counts(w).violations == 0 && !world_model(w)->over) {
        do_something(w);
        world_run(w, (1 + chance_below(world_chance(w), 120)) * USEC_PER_MSEC, true);
    }
    if (world_counts(w).violations == 0)
        fair_weather(w);
    struct world_counts counts = world_counts(w);
    world_destroy(w);
    return counts;
}

struct order {
    uint64_t first, last; /* seeds */
    uint64_t least;       /* go on past the last seed until there are so many steps */
    unsigned steps;       /* of each seed */
    unsigned jobs;        /* processes: seeds share nothing */
    bool verbose;
};

struct outcome {
    struct world_counts counts;
    uint64_t seeds, failed;
};

static void add(struct outcome *sum, const struct outcome *one)
{
    sum->counts.steps += one->counts.steps;
    sum->counts.leaks += one->counts.leaks;
    sum->counts.media_sent += one->counts.media_sent;
    sum->counts.media_delivered += one->counts.media_delivered;
    sum->counts.handshakes += one->counts.handshakes;
    sum->counts.speakers_told += one->counts.speakers_told;
    sum->counts.resumed += one->counts.resumed;
    sum->counts.repairs_asked += one->counts.repairs_asked;
    sum->counts.repairs_delivered += one->counts.repairs_delivered;
    sum->seeds += one->seeds;
    sum->failed += one->failed;
}

/* Every jobs-th seed, this job's share of the least steps. */
static struct outcome run_job(const struct order *order, unsigned job)
{
    struct outcome sum = { 0 };
    for (uint64_t seed = order->first + job; seed <= order->last || sum.counts.steps < order->least / order->jobs;
         seed += order->jobs) {
        struct outcome one = { .counts = run_seed(seed, order->steps, order->verbose), .seeds = 1 };
        one.failed = one.counts.violations > 0;
        add(&sum, &one);
        if (one.failed)
            printf("replay with: test_sim --seed %" PRIu64 " --steps %u --verbose\n", seed, order->steps);
        if (sum.failed > 5)
            break; /* enough to look at */
    }
    return sum;
}

static struct outcome run_jobs(const struct order *order)
{
    struct outcome sum = { 0 };
    int pipes[JOBS_MAX];
    fflush(stdout);
    for (unsigned job = 0; job < order->jobs; job++) {
        int ends[2];
        if (pipe(ends) != 0)
            abort();
        if (fork() == 0) {
            struct outcome one = run_job(order, job);
            fflush(stdout);
            _exit(write(ends[1], &one, sizeof one) != sizeof one);
        }
        close(ends[1]);
        pipes[job] = ends[0];
    }
    for (unsigned job = 0; job < order->jobs; job++) {
        struct outcome one = { 0 };
        if (read(pipes[job], &one, sizeof one) != sizeof one)
            one.failed = 1; /* it ended on its own */
        add(&sum, &one);
        close(pipes[job]);
        wait(NULL);
    }
    return sum;
}

static bool read_order(struct order *order, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--verbose") == 0) {
            order->verbose = true;
            continue;
        }
        uint64_t value = i + 1 < argc ? strtoull(argv[i + 1], NULL, 10) : 0;
        const char *option = argv[i++];
        if (value == 0)
            return false;
        if (strcmp(option, "--seeds") == 0)
            order->last = value;
        else if (strcmp(option, "--seed") == 0)
            order->first = order->last = value;
        else if (strcmp(option, "--steps") == 0)
            order->steps = (unsigned)value;
        else if (strcmp(option, "--least") == 0)
            order->least = value;
        else if (strcmp(option, "--jobs") == 0 && value <= JOBS_MAX)
            order->jobs = (unsigned)value;
        else
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct order order = { .first = 1, .last = 60, .steps = 250, .jobs = 1 };
    if (!read_order(&order, argc, argv)) {
        fprintf(stderr, "usage: test_sim [--seeds N | --seed S] [--steps N] [--least N] [--jobs N] [--verbose]\n");
        return 2;
    }
    struct outcome all = order.jobs > 1 ? run_jobs(&order) : run_job(&order, 0);
    printf("figure sim_steps %" PRIu64 " steps\n", all.counts.steps);
    printf("figure invariant_steps %" PRIu64 " steps\n", all.counts.steps);
    printf("figure sim_leaks %" PRIu64 " packets\n", all.counts.leaks);
    printf("figure sim_packets_judged %" PRIu64 " packets\n", all.counts.media_sent);
    printf("%" PRIu64 " seeds, %" PRIu64 " packets delivered, %" PRIu64 " handshakes, %" PRIu64
           " links resumed, %" PRIu64 " seeds failed\n",
           all.seeds, all.counts.media_delivered, all.counts.handshakes, all.counts.resumed, all.failed);
    printf("%" PRIu64 " packets sent again by publishers, %" PRIu64 " by the broker; %" PRIu64
           " times somebody heard who speaks\n",
           all.counts.repairs_asked, all.counts.repairs_delivered, all.counts.speakers_told);
    if (all.counts.media_delivered == 0 || all.counts.resumed == 0 || all.counts.speakers_told == 0 ||
        all.counts.repairs_asked == 0 || all.counts.repairs_delivered == 0) {
        printf("something never happened: the simulator shows nothing\n");
        return 1;
    }
    return all.failed > 0;
}
