#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "sim/story.h"

void turn_on(struct world *w, int person)
{
    world_request(w, person, "\"type\":\"media\",\"mic\":true,\"camera\":true,\"screen\":false");
}

enum reply agree(struct world *w, int person, bool yes)
{
    return world_request(w, WORLD_CLIENT, "\"type\":\"agree\",\"participant\":\"%s\",\"yes\":%s", world_id(person),
                         yes ? "true" : "false");
}

enum reply admit(struct world *w, int person)
{
    return world_request(w, WORLD_THERAPIST, "\"type\":\"admit\",\"participant\":\"%s\"", world_id(person));
}

enum reply step_out(struct world *w, int by, int person)
{
    return world_request(w, by, "\"type\":\"step_out\",\"participant\":\"%s\"", world_id(person));
}

uint32_t extend(struct world *w, unsigned minutes)
{
    world_request(w, WORLD_THERAPIST, "\"type\":\"extend\",\"minutes\":%u", minutes);
    return world_request_number(w);
}

enum reply allow_extension(struct world *w, bool yes)
{
    return world_request(w, WORLD_CLIENT, "\"type\":\"allow_extension\",\"yes\":%s", yes ? "true" : "false");
}

void come(struct world *w, int person)
{
    assert_true(world_join(w, person, true));
    if (strcmp(world_seat(w, person), "preparing") == 0 ||
        (person == WORLD_CLIENT && strcmp(world_seat(w, person), "waiting") == 0))
        world_prepare(w, person);
    world_negotiate(w, person);
    turn_on(w, person);
}

/* Therapist, client and a loved one who waits, everybody's path up. */
struct world *gathered(enum session_kind kind, unsigned grant_s)
{
    struct world *w = world_create(1, false);
    world_plan_simple(w, kind, grant_s);
    world_calm(w);
    come(w, WORLD_THERAPIST);
    come(w, WORLD_CLIENT);
    come(w, WORLD_LOVED_1);
    world_run(w, SECOND, true);
    return w;
}

/* The same, with the loved one in. */
struct world *with_loved_one(unsigned grant_s)
{
    struct world *w = gathered(KIND_INDIVIDUAL, grant_s);
    agree(w, WORLD_LOVED_1, true);
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_DONE);
    turn_on(w, WORLD_LOVED_1);
    world_run(w, SECOND, true);
    return w;
}

uint64_t heard_in_a_second(struct world *w, int to, int from)
{
    world_heard(w, to, from);
    world_run(w, SECOND, true);
    return world_heard(w, to, from);
}

void forget(struct world *w)
{
    for (int to = 0; to < WORLD_PEOPLE; to++)
        for (int from = 0; from < WORLD_PEOPLE; from++)
            world_heard(w, to, from);
}

void end(struct world *w)
{
    assert_int_equal(world_counts(w).violations, 0);
    assert_int_equal(world_counts(w).leaks, 0);
    world_destroy(w);
}

/* 50 audio and 30 video packets a second and person. */
void assert_flows(struct world *w, int to, int from)
{
    assert_in_range(heard_in_a_second(w, to, from), 70, 90);
}
void assert_silent(struct world *w, int to, int from)
{
    world_run(w, 100 * USEC_PER_MSEC, true); /* what was in the air lands */
    assert_int_equal(heard_in_a_second(w, to, from), 0);
}
