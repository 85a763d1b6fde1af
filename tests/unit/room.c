/* Named stories of one room, told to the real core with fake browsers in virtual time. The oracle of the simulator
 * looks at each packet of theirs as well. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "sim/world.h"

#define SECOND USEC_PER_SEC
#define MINUTE (60 * USEC_PER_SEC)

static void turn_on(struct world *w, int person)
{
    world_request(w, person, "\"type\":\"media\",\"mic\":true,\"camera\":true,\"screen\":false");
}

static enum reply agree(struct world *w, int person, bool yes)
{
    return world_request(w, WORLD_CLIENT, "\"type\":\"agree\",\"participant\":\"%s\",\"yes\":%s", world_id(person),
                         yes ? "true" : "false");
}

static enum reply admit(struct world *w, int person)
{
    return world_request(w, WORLD_THERAPIST, "\"type\":\"admit\",\"participant\":\"%s\"", world_id(person));
}

static enum reply step_out(struct world *w, int by, int person)
{
    return world_request(w, by, "\"type\":\"step_out\",\"participant\":\"%s\"", world_id(person));
}

static void come(struct world *w, int person)
{
    assert_true(world_join(w, person, true));
    if (strcmp(world_seat(w, person), "preparing") == 0 || (person == WORLD_CLIENT && strcmp(world_seat(w, person), "waiting") == 0))
        world_prepare(w, person);
    world_negotiate(w, person);
    turn_on(w, person);
}

/* Therapist, client and a loved one who waits, everybody's path up. */
static struct world *gathered(unsigned grant_s)
{
    struct world *w = world_create(1, false);
    world_plan_simple(w, KIND_INDIVIDUAL, grant_s);
    come(w, WORLD_THERAPIST);
    come(w, WORLD_CLIENT);
    come(w, WORLD_LOVED_1);
    world_run(w, SECOND, true);
    return w;
}

/* The same, with the loved one in. */
static struct world *with_loved_one(unsigned grant_s)
{
    struct world *w = gathered(grant_s);
    agree(w, WORLD_LOVED_1, true);
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_DONE);
    turn_on(w, WORLD_LOVED_1);
    world_run(w, SECOND, true);
    return w;
}

static uint64_t heard_in_a_second(struct world *w, int to, int from)
{
    world_heard(w, to, from);
    world_run(w, SECOND, true);
    return world_heard(w, to, from);
}

static void forget(struct world *w)
{
    for (int to = 0; to < WORLD_PEOPLE; to++)
        for (int from = 0; from < WORLD_PEOPLE; from++)
            world_heard(w, to, from);
}

static void end(struct world *w)
{
    assert_int_equal(world_counts(w).violations, 0);
    assert_int_equal(world_counts(w).leaks, 0);
    world_destroy(w);
}

/* 50 audio and 30 video packets a second and person. */
static void assert_flows(struct world *w, int to, int from)
{
    assert_in_range(heard_in_a_second(w, to, from), 70, 90);
}
static void assert_silent(struct world *w, int to, int from)
{
    world_run(w, 100 * USEC_PER_MSEC, true); /* what was in the air lands */
    assert_int_equal(heard_in_a_second(w, to, from), 0);
}

static void waiting_hears_nobody_and_is_heard_by_nobody(void **state)
{
    (void)state;
    struct world *w = gathered(3000);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "waiting");
    assert_flows(w, WORLD_CLIENT, WORLD_THERAPIST);
    assert_int_equal(world_heard(w, WORLD_LOVED_1, WORLD_THERAPIST), 0);
    assert_int_equal(world_heard(w, WORLD_LOVED_1, WORLD_CLIENT), 0);
    assert_silent(w, WORLD_CLIENT, WORLD_LOVED_1);
    end(w);
}

static void a_loved_one_steps_in_out_in_and_leaves(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    assert_flows(w, WORLD_LOVED_1, WORLD_CLIENT);
    assert_flows(w, WORLD_CLIENT, WORLD_LOVED_1);
    assert_int_equal(step_out(w, WORLD_THERAPIST, WORLD_LOVED_1), REPLY_DONE);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "stepped_out");
    assert_silent(w, WORLD_LOVED_1, WORLD_CLIENT);
    assert_silent(w, WORLD_CLIENT, WORLD_LOVED_1);
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_DONE); /* the same segment, the same yes */
    assert_silent(w, WORLD_CLIENT, WORLD_LOVED_1);         /* microphone and camera start off */
    turn_on(w, WORLD_LOVED_1);
    assert_flows(w, WORLD_LOVED_1, WORLD_THERAPIST);
    assert_flows(w, WORLD_THERAPIST, WORLD_LOVED_1);
    assert_int_equal(world_request(w, WORLD_LOVED_1, "\"type\":\"leave\""), REPLY_DONE);
    assert_false(world_connected(w, WORLD_LOVED_1));
    assert_true(world_join(w, WORLD_LOVED_1, false));
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "waiting");
    end(w);
}

static void without_the_clients_yes_nobody_is_let_in(void **state)
{
    (void)state;
    struct world *w = gathered(3000);
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_ERROR);
    agree(w, WORLD_LOVED_1, true);
    agree(w, WORLD_LOVED_1, false);
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_ERROR);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "waiting");
    end(w);
}

static void taking_the_yes_back_steps_them_out_at_once(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    assert_int_equal(agree(w, WORLD_LOVED_1, false), REPLY_DONE);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "stepped_out");
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_ERROR);
    end(w);
}

static void only_a_therapist_admits(void **state)
{
    (void)state;
    struct world *w = gathered(3000);
    agree(w, WORLD_LOVED_1, true);
    assert_int_equal(world_request(w, WORLD_CLIENT, "\"type\":\"admit\",\"participant\":\"l-1\""), REPLY_ERROR);
    assert_int_equal(world_request(w, WORLD_LOVED_1, "\"type\":\"admit\",\"participant\":\"l-1\""), REPLY_ERROR);
    assert_int_equal(world_request(w, WORLD_LOVED_1, "\"type\":\"agree\",\"participant\":\"l-1\",\"yes\":true"),
                     REPLY_ERROR);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "waiting");
    end(w);
}

static void a_grant_ends_to_the_second(void **state)
{
    (void)state;
    struct world *w = with_loved_one(120); /* two seconds have gone by */
    world_run(w, 117 * SECOND + 900 * USEC_PER_MSEC, false);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "admitted");
    world_run(w, 101 * USEC_PER_MSEC, false);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "stepped_out");
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_ERROR);
    end(w);
}

static void a_clock_set_back_revives_no_grant(void **state)
{
    (void)state;
    struct world *w = with_loved_one(100);
    world_set_wall_clock(w, -(int64_t)(3600 * SECOND));
    world_run(w, 99 * SECOND, false);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "stepped_out");
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_ERROR);
    end(w);
}

static void a_segment_ends_after_its_minutes_and_needs_a_new_yes(void **state)
{
    (void)state;
    struct world *w = gathered(3000);
    agree(w, WORLD_LOVED_1, true);
    world_request(w, WORLD_THERAPIST, "\"type\":\"admit\",\"participant\":\"l-1\",\"minutes\":2");
    world_run(w, 2 * MINUTE - 1000, false);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "admitted");
    world_run(w, 2000, false);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "stepped_out");
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_ERROR);
    agree(w, WORLD_LOVED_1, true);
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_DONE);
    end(w);
}

static void a_segment_is_never_longer_than_twenty_minutes(void **state)
{
    (void)state;
    struct world *w = gathered(3000);
    agree(w, WORLD_LOVED_1, true);
    world_request(w, WORLD_THERAPIST, "\"type\":\"admit\",\"participant\":\"l-1\",\"minutes\":60");
    world_run(w, 20 * MINUTE + SECOND, false);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "stepped_out");
    end(w);
}

static void when_the_therapist_drops_nobody_hears_anybody(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    world_drop(w, WORLD_THERAPIST);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "suspended");
    assert_silent(w, WORLD_CLIENT, WORLD_LOVED_1);
    assert_silent(w, WORLD_LOVED_1, WORLD_CLIENT);
    come(w, WORLD_THERAPIST);
    world_run(w, SECOND, true);
    assert_flows(w, WORLD_CLIENT, WORLD_THERAPIST);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "suspended"); /* the therapist lets them in again */
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_DONE);
    end(w);
}

static void with_a_second_therapist_the_room_goes_on(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    come(w, WORLD_COTHERAPIST);
    world_drop(w, WORLD_THERAPIST);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "admitted");
    assert_flows(w, WORLD_LOVED_1, WORLD_CLIENT);
    end(w);
}

static void when_the_client_drops_loved_ones_are_suspended(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    come(w, WORLD_LOVED_2);
    agree(w, WORLD_LOVED_2, true);
    admit(w, WORLD_LOVED_2);
    turn_on(w, WORLD_LOVED_2);
    world_run(w, SECOND, true);
    assert_flows(w, WORLD_LOVED_1, WORLD_LOVED_2);
    world_drop(w, WORLD_CLIENT);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "suspended");
    assert_silent(w, WORLD_LOVED_1, WORLD_LOVED_2);
    assert_silent(w, WORLD_LOVED_1, WORLD_THERAPIST);
    world_run(w, MINUTE, false);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "waiting"); /* the client's grace is over */
    end(w);
}

static void a_short_loss_of_ones_own_link_heals_by_itself(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    world_drop(w, WORLD_LOVED_1);
    world_run(w, 20 * SECOND, false);
    come(w, WORLD_LOVED_1);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "admitted");
    world_run(w, SECOND, true);
    assert_flows(w, WORLD_LOVED_1, WORLD_CLIENT);
    world_drop(w, WORLD_LOVED_1);
    world_run(w, 31 * SECOND, false);
    come(w, WORLD_LOVED_1);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "waiting");
    end(w);
}

static void a_reconnect_during_a_step_out_comes_back_stepped_out(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    world_drop(w, WORLD_LOVED_1);
    assert_int_equal(step_out(w, WORLD_CLIENT, WORLD_LOVED_1), REPLY_DONE);
    come(w, WORLD_LOVED_1);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "stepped_out");
    world_run(w, SECOND, true);
    assert_silent(w, WORLD_LOVED_1, WORLD_CLIENT);
    end(w);
}

static void their_loss_heals_no_more_once_the_therapist_was_lost_too(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    world_drop(w, WORLD_LOVED_1);
    world_drop(w, WORLD_THERAPIST);
    come(w, WORLD_THERAPIST);
    come(w, WORLD_LOVED_1);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "suspended");
    end(w);
}

static void the_removed_never_come_back(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    assert_int_equal(world_request(w, WORLD_THERAPIST, "\"type\":\"remove\",\"participant\":\"l-1\""), REPLY_DONE);
    assert_false(world_connected(w, WORLD_LOVED_1));
    assert_false(world_join(w, WORLD_LOVED_1, false));
    assert_false(world_join(w, WORLD_LOVED_1, true));
    end(w);
}

static void a_second_device_comes_in_only_by_moving(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    assert_false(world_join(w, WORLD_LOVED_1, false));
    assert_true(world_join(w, WORLD_LOVED_1, true));
    world_negotiate(w, WORLD_LOVED_1);
    world_run(w, SECOND, true);
    /* Whoever has the link could have done that: the therapist looks again. */
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "waiting");
    assert_silent(w, WORLD_LOVED_1, WORLD_CLIENT);
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_DONE);
    assert_flows(w, WORLD_LOVED_1, WORLD_CLIENT);
    end(w);
}

static void a_clients_stop_takes_the_yes_back(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    assert_int_equal(world_request(w, WORLD_CLIENT, "\"type\":\"step_out\",\"everyone\":true"), REPLY_DONE);
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_ERROR);
    agree(w, WORLD_LOVED_1, true);
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_DONE);
    assert_int_equal(step_out(w, WORLD_CLIENT, WORLD_LOVED_1), REPLY_DONE);
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_ERROR);
    end(w);
}

static void a_clock_set_forward_ends_a_grant_at_once(void **state)
{
    (void)state;
    struct world *w = with_loved_one(600);
    world_set_wall_clock(w, 700 * (int64_t)SECOND);
    world_run(w, 100 * USEC_PER_MSEC, true);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "stepped_out");
    end(w);
}

static void muting_takes_sound_and_leaves_the_picture(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    world_request(w, WORLD_THERAPIST,
                  "\"type\":\"mute\",\"participant\":\"l-1\",\"mic\":true,\"camera\":false,\"screen\":false");
    world_run(w, 100 * USEC_PER_MSEC, true);
    assert_in_range(heard_in_a_second(w, WORLD_CLIENT, WORLD_LOVED_1), 25, 35);
    world_request(w, WORLD_THERAPIST,
                  "\"type\":\"mute\",\"participant\":\"l-1\",\"mic\":false,\"camera\":false,\"screen\":false");
    assert_flows(w, WORLD_CLIENT, WORLD_LOVED_1);
    end(w);
}

static void stop_for_everyone_is_one_request_of_client_or_therapist(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    assert_int_equal(world_request(w, WORLD_LOVED_1, "\"type\":\"step_out\",\"everyone\":true"), REPLY_ERROR);
    assert_int_equal(world_request(w, WORLD_CLIENT, "\"type\":\"step_out\",\"everyone\":true"), REPLY_DONE);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "stepped_out");
    end(w);
}

static void at_the_end_of_the_box_all_is_over(void **state)
{
    (void)state;
    struct world *w = with_loved_one(4000);
    world_request(w, WORLD_THERAPIST, "\"type\":\"extend\",\"minutes\":5");
    agree(w, WORLD_LOVED_1, true);
    world_run(w, 55 * MINUTE - 5 * SECOND, false);
    assert_true(world_connected(w, WORLD_CLIENT));
    world_run(w, 3 * SECOND, false);
    assert_false(world_connected(w, WORLD_CLIENT));
    assert_false(world_join(w, WORLD_THERAPIST, true));
    end(w);
}

static void extending_has_a_bound(void **state)
{
    (void)state;
    struct world *w = gathered(3000);
    assert_int_equal(world_request(w, WORLD_THERAPIST, "\"type\":\"extend\",\"minutes\":60"), REPLY_DONE);
    assert_int_equal(world_request(w, WORLD_THERAPIST, "\"type\":\"extend\",\"minutes\":1"), REPLY_ERROR);
    end(w);
}

static void bad_messages_change_nothing(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    for (int i = 0; i < 200; i++)
        world_garbage_text(w, i % 2 ? WORLD_LOVED_1 : WORLD_THERAPIST);
    for (int i = 0; i < 500; i++)
        world_garbage_datagram(w, WORLD_LOVED_1);
    forget(w);
    assert_flows(w, WORLD_LOVED_1, WORLD_CLIENT);
    assert_flows(w, WORLD_CLIENT, WORLD_LOVED_1);
    end(w);
}

static void a_peer_that_falls_silent_is_gone_after_thirty_seconds(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    world_silence(w, WORLD_LOVED_1);
    world_run(w, 33 * SECOND, false);
    assert_false(world_connected(w, WORLD_LOVED_1)); /* their page joins anew */
    end(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waiting_hears_nobody_and_is_heard_by_nobody),
        cmocka_unit_test(a_loved_one_steps_in_out_in_and_leaves),
        cmocka_unit_test(without_the_clients_yes_nobody_is_let_in),
        cmocka_unit_test(taking_the_yes_back_steps_them_out_at_once),
        cmocka_unit_test(only_a_therapist_admits),
        cmocka_unit_test(a_grant_ends_to_the_second),
        cmocka_unit_test(a_clock_set_back_revives_no_grant),
        cmocka_unit_test(a_segment_ends_after_its_minutes_and_needs_a_new_yes),
        cmocka_unit_test(a_segment_is_never_longer_than_twenty_minutes),
        cmocka_unit_test(when_the_therapist_drops_nobody_hears_anybody),
        cmocka_unit_test(with_a_second_therapist_the_room_goes_on),
        cmocka_unit_test(when_the_client_drops_loved_ones_are_suspended),
        cmocka_unit_test(a_short_loss_of_ones_own_link_heals_by_itself),
        cmocka_unit_test(a_reconnect_during_a_step_out_comes_back_stepped_out),
        cmocka_unit_test(their_loss_heals_no_more_once_the_therapist_was_lost_too),
        cmocka_unit_test(the_removed_never_come_back),
        cmocka_unit_test(a_second_device_comes_in_only_by_moving),
        cmocka_unit_test(a_clients_stop_takes_the_yes_back),
        cmocka_unit_test(a_clock_set_forward_ends_a_grant_at_once),
        cmocka_unit_test(muting_takes_sound_and_leaves_the_picture),
        cmocka_unit_test(stop_for_everyone_is_one_request_of_client_or_therapist),
        cmocka_unit_test(at_the_end_of_the_box_all_is_over),
        cmocka_unit_test(extending_has_a_bound),
        cmocka_unit_test(bad_messages_change_nothing),
        cmocka_unit_test(a_peer_that_falls_silent_is_gone_after_thirty_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
