/* The races of the domain model, each decided by one ordered log per room: section 3, one story each. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "sim/story.h"

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

static void a_clock_set_forward_ends_a_grant_at_once(void **state)
{
    (void)state;
    struct world *w = with_loved_one(600);
    world_set_wall_clock(w, 700 * (int64_t)SECOND);
    world_run(w, 100 * USEC_PER_MSEC, true);
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

static void a_second_device_comes_in_only_by_moving(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    world_use(w, WORLD_LOVED_1, world_device(WORLD_LOVED_1, 2));
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

static void at_the_end_of_the_box_all_is_over(void **state)
{
    (void)state;
    struct world *w = with_loved_one(4000);
    extend(w, 5);
    allow_extension(w, true);
    agree(w, WORLD_LOVED_1, true);
    world_run(w, 55 * MINUTE - 5 * SECOND, false);
    assert_true(world_connected(w, WORLD_CLIENT));
    world_run(w, 3 * SECOND, false);
    assert_false(world_connected(w, WORLD_CLIENT));
    assert_false(world_join(w, WORLD_THERAPIST, true));
    end(w);
}

static void waiting_hears_nobody_and_is_heard_by_nobody(void **state)
{
    (void)state;
    struct world *w = gathered(KIND_INDIVIDUAL, 3000);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "waiting");
    assert_flows(w, WORLD_CLIENT, WORLD_THERAPIST);
    assert_int_equal(world_heard(w, WORLD_LOVED_1, WORLD_THERAPIST), 0);
    assert_int_equal(world_heard(w, WORLD_LOVED_1, WORLD_CLIENT), 0);
    assert_silent(w, WORLD_CLIENT, WORLD_LOVED_1);
    end(w);
}

/* ---- Devices and codes ---- */

static void a_forwarded_links_code_fails_and_the_therapist_is_told(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    come(w, WORLD_LOVED_2);
    for (int person = WORLD_LOVED_1; person <= WORLD_LOVED_2; person++) {
        world_code(w, person, CODE_SENT);
        world_code(w, person, CODE_FAILED); /* the world looks who is told, and what the ledger holds */
    }
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "admitted");
    assert_string_equal(world_seat(w, WORLD_LOVED_2), "waiting");
    assert_flows(w, WORLD_LOVED_1, WORLD_CLIENT);
    assert_silent(w, WORLD_LOVED_2, WORLD_CLIENT);
    end(w);
}

static void another_device_within_the_grace_waits(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    world_drop(w, WORLD_LOVED_1);
    world_use(w, WORLD_LOVED_1, world_device(WORLD_LOVED_1, 2));
    come(w, WORLD_LOVED_1);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "waiting");
    world_run(w, SECOND, true);
    assert_silent(w, WORLD_LOVED_1, WORLD_CLIENT);
    world_drop(w, WORLD_LOVED_1);
    world_use(w, WORLD_LOVED_1, world_device(WORLD_LOVED_1, 1));
    come(w, WORLD_LOVED_1); /* nor does the first one come back after that, though it is well within the grace */
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "waiting");
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_DONE);
    end(w);
}

static void a_token_without_a_device_never_comes_back_by_itself(void **state)
{
    (void)state;
    struct world *w = gathered(KIND_INDIVIDUAL, 3000);
    world_use(w, WORLD_LOVED_1, 0);
    come(w, WORLD_LOVED_1);
    agree(w, WORLD_LOVED_1, true);
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_DONE);
    assert_false(world_join(w, WORLD_LOVED_1, false)); /* nor does it take over unasked */
    world_drop(w, WORLD_LOVED_1);
    come(w, WORLD_LOVED_1);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "waiting");
    end(w);
}

static void the_same_device_takes_over_unasked_and_keeps_the_seat(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    world_set_ledger(w, 200 * USEC_PER_MSEC, 0);
    assert_true(world_join(w, WORLD_LOVED_1, false));
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "admitting"); /* a new interval, written ahead as ever */
    world_negotiate(w, WORLD_LOVED_1);
    world_run(w, SECOND, true);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "admitted");
    turn_on(w, WORLD_LOVED_1);
    world_run(w, SECOND, true);
    assert_flows(w, WORLD_LOVED_1, WORLD_CLIENT);
    assert_flows(w, WORLD_CLIENT, WORLD_LOVED_1);
    end(w);
}

static void the_same_device_takes_over_and_stays_behind_the_gate(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    step_out(w, WORLD_THERAPIST, WORLD_LOVED_1);
    assert_true(world_join(w, WORLD_LOVED_1, false));
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "stepped_out");
    come(w, WORLD_LOVED_2);
    assert_true(world_join(w, WORLD_LOVED_2, false));
    assert_string_equal(world_seat(w, WORLD_LOVED_2), "waiting");
    end(w);
}

static void a_removed_device_comes_back_under_no_name(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    assert_int_equal(world_request(w, WORLD_THERAPIST, "\"type\":\"remove\",\"participant\":\"l-1\""), REPLY_DONE);
    world_use(w, WORLD_LOVED_2, world_device(WORLD_LOVED_1, 1));
    assert_false(world_join(w, WORLD_LOVED_2, false));
    assert_false(world_join(w, WORLD_LOVED_2, true));
    world_use(w, WORLD_LOVED_1, world_device(WORLD_LOVED_1, 2)); /* and the person on no other device */
    assert_false(world_join(w, WORLD_LOVED_1, true));
    world_use(w, WORLD_LOVED_2, world_device(WORLD_LOVED_2, 1));
    assert_true(world_join(w, WORLD_LOVED_2, false));
    end(w);
}

static void whoever_is_on_a_removed_device_under_another_name_goes_with_it(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    world_use(w, WORLD_LOVED_2, world_device(WORLD_LOVED_1, 1));
    come(w, WORLD_LOVED_2);
    agree(w, WORLD_LOVED_2, true);
    assert_int_equal(admit(w, WORLD_LOVED_2), REPLY_DONE);
    assert_int_equal(world_request(w, WORLD_THERAPIST, "\"type\":\"remove\",\"participant\":\"l-1\""), REPLY_DONE);
    assert_false(world_connected(w, WORLD_LOVED_2));
    world_use(w, WORLD_LOVED_2, world_device(WORLD_LOVED_2, 1));
    come(w, WORLD_LOVED_2);
    assert_string_equal(world_seat(w, WORLD_LOVED_2), "waiting");
    end(w);
}

/* A family with one tablet: invariant 12. */
static void a_removal_locks_neither_client_nor_therapist_out_of_their_device(void **state)
{
    (void)state;
    struct world *w = gathered(KIND_INDIVIDUAL, 3000);
    unsigned shared = world_device(WORLD_LOVED_1, 1);
    for (int person = WORLD_THERAPIST; person <= WORLD_CLIENT; person++) {
        world_use(w, person, shared);
        assert_true(world_join(w, person, true));
    }
    assert_int_equal(world_request(w, WORLD_THERAPIST, "\"type\":\"remove\",\"participant\":\"l-1\""), REPLY_DONE);
    assert_true(world_connected(w, WORLD_THERAPIST) && world_connected(w, WORLD_CLIENT));
    for (int person = WORLD_THERAPIST; person <= WORLD_CLIENT; person++)
        assert_true(world_join(w, person, false));
    end(w);
}

/* ---- A socket that breaks while the media goes on ---- */

static void whoever_resumes_in_time_never_left(void **state)
{
    (void)state;
    static const int everybody[] = { WORLD_THERAPIST, WORLD_CLIENT, WORLD_LOVED_1 };
    struct world *w = with_loved_one(3000);
    for (int i = 0; i < 3; i++) {
        world_break(w, everybody[i], 0);
        assert_flows(w, WORLD_LOVED_1, WORLD_CLIENT);
        assert_flows(w, WORLD_CLIENT, WORLD_LOVED_1);
        world_run(w, 2 * SECOND, true);
        assert_true(world_resume(w, everybody[i]));
        assert_string_equal(world_seat(w, WORLD_LOVED_1), "admitted");
        assert_flows(w, WORLD_LOVED_1, WORLD_CLIENT);
        assert_flows(w, WORLD_CLIENT, WORLD_LOVED_1);
    }
    end(w);
}

static void a_therapist_who_does_not_resume_is_lost_within_five_seconds(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    world_break(w, WORLD_THERAPIST, 2 * SECOND); /* silent for two when it is noticed */
    world_run(w, 3 * SECOND - 1000, true);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "admitted");
    world_run(w, 2000, true);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "suspended");
    assert_silent(w, WORLD_LOVED_1, WORLD_CLIENT);
    assert_true(world_resume(w, WORLD_THERAPIST)); /* welcomed, and without what is gone */
    world_negotiate(w, WORLD_THERAPIST);
    world_run(w, SECOND, true);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "suspended"); /* they let them in again */
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_DONE);
    end(w);
}

static void with_the_media_the_moment_is_over(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    world_break(w, WORLD_CLIENT, 0);
    world_cut(w, WORLD_CLIENT);
    world_run(w, 3 * SECOND - 50 * USEC_PER_MSEC, true);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "admitted");
    world_run(w, 50 * USEC_PER_MSEC, true);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "suspended");
    assert_silent(w, WORLD_LOVED_1, WORLD_THERAPIST);
    end(w);
}

static void without_media_a_broken_socket_is_a_lost_link_at_once(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    world_cut(w, WORLD_CLIENT);
    world_run(w, 4 * SECOND, true);
    world_break(w, WORLD_CLIENT, 0);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "suspended");
    end(w);
}

static void what_is_meant_is_lost_at_once_though_the_media_lives(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    world_drop(w, WORLD_CLIENT);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "suspended");
    end(w);
}

static void a_step_out_while_the_socket_is_gone_shuts_at_once_and_stays(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    world_break(w, WORLD_LOVED_1, 0);
    assert_int_equal(step_out(w, WORLD_THERAPIST, WORLD_LOVED_1), REPLY_DONE);
    assert_silent(w, WORLD_LOVED_1, WORLD_CLIENT);
    assert_true(world_resume(w, WORLD_LOVED_1));
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "stepped_out");
    assert_silent(w, WORLD_LOVED_1, WORLD_CLIENT);
    assert_silent(w, WORLD_CLIENT, WORLD_LOVED_1);
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_DONE); /* by the same link */
    turn_on(w, WORLD_LOVED_1);
    assert_flows(w, WORLD_LOVED_1, WORLD_CLIENT);
    end(w);
}

static void a_revocation_while_the_socket_is_gone_holds_when_it_is_back(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    world_break(w, WORLD_LOVED_1, 0);
    world_revoke(w, WORLD_LOVED_1);
    assert_silent(w, WORLD_LOVED_1, WORLD_CLIENT);
    assert_true(world_resume(w, WORLD_LOVED_1));
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "revoked");
    assert_silent(w, WORLD_CLIENT, WORLD_LOVED_1);
    end(w);
}

static void a_removal_while_the_socket_is_gone_leaves_nothing_to_resume(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    world_break(w, WORLD_LOVED_1, 0);
    assert_int_equal(world_request(w, WORLD_THERAPIST, "\"type\":\"remove\",\"participant\":\"l-1\""), REPLY_DONE);
    assert_silent(w, WORLD_CLIENT, WORLD_LOVED_1);
    assert_false(world_resume(w, WORLD_LOVED_1));
    assert_false(world_join(w, WORLD_LOVED_1, true));
    end(w);
}

static void another_device_does_not_get_the_link_though_it_names_it(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    world_break(w, WORLD_LOVED_1, 0);
    world_use(w, WORLD_LOVED_1, world_device(WORLD_LOVED_1, 2));
    assert_false(world_resume(w, WORLD_LOVED_1));
    assert_false(world_join(w, WORLD_LOVED_1, false)); /* as for a live one */
    assert_true(world_join(w, WORLD_LOVED_1, true));
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "waiting");
    end(w);
}

static void the_same_device_may_also_begin_anew(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    world_set_ledger(w, 200 * USEC_PER_MSEC, 0);
    world_break(w, WORLD_LOVED_1, 0);
    assert_true(world_join(w, WORLD_LOVED_1, false));               /* a page that was loaded anew */
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "admitting"); /* a new interval */
    end(w);
}

static void a_live_socket_gives_way_to_one_that_names_its_link(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    for (int person = WORLD_THERAPIST; person <= WORLD_LOVED_1; person++) {
        if (person == WORLD_COTHERAPIST)
            continue;
        assert_true(world_resume(w, person)); /* as after a change of network that only they know of */
        assert_flows(w, WORLD_LOVED_1, WORLD_CLIENT);
        assert_flows(w, WORLD_CLIENT, WORLD_LOVED_1);
    }
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "admitted");
    end(w);
}

static void what_was_said_meanwhile_is_told_afterwards(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    world_break(w, WORLD_THERAPIST, 0);
    unsigned before = world_lines(w, WORLD_THERAPIST);
    assert_int_equal(world_request(w, WORLD_CLIENT, "\"type\":\"chat\",\"to\":\"everyone\",\"text\":\"hello\""),
                     REPLY_DONE);
    assert_int_equal(world_request(w, WORLD_LOVED_1, "\"type\":\"alert\""), REPLY_DONE);
    assert_int_equal(world_lines(w, WORLD_THERAPIST), before);
    assert_true(world_resume(w, WORLD_THERAPIST));
    assert_int_equal(world_lines(w, WORLD_THERAPIST), before + 2);
    end(w);
}

static void a_grant_that_ends_while_the_socket_is_gone_ends_to_the_second(void **state)
{
    (void)state;
    struct world *w = with_loved_one(65); /* two seconds have gone by */
    world_run(w, 59 * SECOND, false);
    world_run(w, SECOND, true);
    world_break(w, WORLD_LOVED_1, 0);
    world_run(w, 3 * SECOND, true);
    assert_true(world_resume(w, WORLD_LOVED_1));
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "stepped_out");
    end(w);
}

/* ---- The way there changes ---- */

static void ice_starts_anew_and_nobody_leaves(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    world_change_path(w, WORLD_LOVED_1, false);
    world_restart_ice(w, WORLD_LOVED_1);
    assert_int_equal(world_last_reply(w), REPLY_DONE);
    world_run(w, SECOND, true);
    assert_flows(w, WORLD_LOVED_1, WORLD_CLIENT);
    assert_flows(w, WORLD_CLIENT, WORLD_LOVED_1);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "admitted");
    end(w);
}

static void ice_starts_anew_once_a_second_at_the_most(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    const char *anew = "\"type\":\"restart_ice\",\"ufrag\":\"%s\",\"pwd\":\"another/password/of/22\"";
    assert_int_equal(world_request(w, WORLD_CLIENT, anew, "aaaa"), REPLY_DONE);
    assert_int_equal(world_request(w, WORLD_CLIENT, anew, "bbbb"), REPLY_ERROR);
    world_run(w, SECOND, true);
    assert_int_equal(world_request(w, WORLD_CLIENT, anew, "aaaa"), REPLY_ERROR); /* nothing new */
    assert_int_equal(world_request(w, WORLD_CLIENT, anew, "b:bb"), REPLY_ERROR);
    assert_int_equal(world_request(w, WORLD_CLIENT, anew, "bbbb"), REPLY_DONE);
    world_join(w, WORLD_CLIENT, true);
    assert_int_equal(world_request(w, WORLD_CLIENT, anew, "cccc"), REPLY_ERROR); /* no link yet */
    end(w);
}

static void a_nat_that_forgets_takes_nobody_away(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    world_change_path(w, WORLD_LOVED_1, true);
    world_run(w, 6 * SECOND, true);
    assert_flows(w, WORLD_LOVED_1, WORLD_CLIENT);
    assert_flows(w, WORLD_CLIENT, WORLD_LOVED_1);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "admitted");
    end(w);
}

/* ---- Revocation against admission ---- */

static void a_revocation_while_the_ledger_writes_lets_nobody_in(void **state)
{
    (void)state;
    struct world *w = gathered(KIND_INDIVIDUAL, 3000);
    agree(w, WORLD_LOVED_1, true);
    world_set_ledger(w, 200 * USEC_PER_MSEC, 0);
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_NONE);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "admitting");
    world_revoke(w, WORLD_LOVED_1);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "revoked");
    world_run(w, SECOND, true);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "revoked");
    assert_silent(w, WORLD_LOVED_1, WORLD_CLIENT);
    end(w);
}

static void a_revocation_while_they_are_in_shuts_the_gate_before_it_returns(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    world_revoke(w, WORLD_LOVED_1); /* the oracle judges each packet from here on */
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "revoked");
    assert_silent(w, WORLD_LOVED_1, WORLD_CLIENT);
    assert_silent(w, WORLD_CLIENT, WORLD_LOVED_1);
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_ERROR);
    end(w);
}

static void a_grant_that_comes_back_lets_them_wait_and_no_more(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    world_revoke(w, WORLD_LOVED_1);
    world_regrant(w, WORLD_LOVED_1);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "waiting");
    assert_silent(w, WORLD_LOVED_1, WORLD_CLIENT);
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_ERROR); /* the yes went with the grant */
    agree(w, WORLD_LOVED_1, true);
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_DONE);
    end(w);
}

static void a_yes_goes_with_the_grant_though_they_had_declined(void **state)
{
    (void)state;
    struct world *w = gathered(KIND_INDIVIDUAL, 3000);
    agree(w, WORLD_LOVED_1, true);
    world_request(w, WORLD_LOVED_1, "\"type\":\"decline\"");
    world_revoke(w, WORLD_LOVED_1);
    world_regrant(w, WORLD_LOVED_1);
    assert_true(world_join(w, WORLD_LOVED_1, true));
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "waiting");
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_ERROR);
    end(w);
}

static void a_removal_shuts_at_once_and_is_answered_when_it_is_durable(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    world_set_ledger(w, 200 * USEC_PER_MSEC, 0);
    const char *remove = "\"type\":\"remove\",\"participant\":\"l-1\"";
    assert_int_not_equal(world_request(w, WORLD_THERAPIST, "%s", remove), REPLY_DONE);
    assert_false(world_connected(w, WORLD_LOVED_1));
    world_run(w, SECOND, true);
    assert_int_equal(world_last_reply(w), REPLY_DONE);
    assert_false(world_join(w, WORLD_LOVED_1, true));
    end(w);
}

static void a_step_out_while_the_ledger_writes_wins(void **state)
{
    (void)state;
    struct world *w = gathered(KIND_INDIVIDUAL, 3000);
    agree(w, WORLD_LOVED_1, true);
    world_set_ledger(w, 200 * USEC_PER_MSEC, 0);
    admit(w, WORLD_LOVED_1);
    assert_int_equal(step_out(w, WORLD_CLIENT, WORLD_LOVED_1), REPLY_DONE);
    world_run(w, SECOND, true);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "stepped_out");
    end(w);
}

static void without_the_ledger_nobody_is_let_in(void **state)
{
    (void)state;
    struct world *w = gathered(KIND_INDIVIDUAL, 3000);
    agree(w, WORLD_LOVED_1, true);
    world_set_ledger(w, 0, 1000);
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_ERROR);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "waiting");
    world_set_ledger(w, 0, 0);
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_DONE);
    end(w);
}

static void what_was_lost_while_the_ledger_wrote_is_asked_again_at_the_commit(void **state)
{
    (void)state;
    struct world *w = gathered(KIND_INDIVIDUAL, 3000);
    agree(w, WORLD_LOVED_1, true);
    world_set_ledger(w, 300 * USEC_PER_MSEC, 0);
    admit(w, WORLD_LOVED_1);
    world_drop(w, WORLD_CLIENT);
    world_run(w, SECOND, true);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "suspended");
    end(w);
}

/* ---- Early, late, and the box ---- */

static void arriving_early_lets_nobody_in(void **state)
{
    (void)state;
    struct world *w = world_create(3, false);
    world_plan_simple(w, KIND_INDIVIDUAL, 3000);
    come(w, WORLD_LOVED_1);
    come(w, WORLD_CLIENT);
    world_run(w, SECOND, true);
    assert_silent(w, WORLD_LOVED_1, WORLD_CLIENT);
    assert_int_equal(world_request(w, WORLD_CLIENT, "\"type\":\"agree\",\"participant\":\"l-1\",\"yes\":true"),
                     REPLY_DONE);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "waiting");
    end(w);
}

static void a_check_in_is_never_extended_and_ends_by_its_box(void **state)
{
    (void)state;
    struct world *w = gathered(KIND_CHECK_IN, 3000);
    assert_int_equal(world_request(w, WORLD_THERAPIST, "\"type\":\"extend\",\"minutes\":1"), REPLY_ERROR);
    agree(w, WORLD_LOVED_1, true);
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_DONE);
    world_run(w, 15 * MINUTE - SECOND - 50 * USEC_PER_MSEC, false);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "admitted");
    world_run(w, 150 * USEC_PER_MSEC, true);
    assert_false(world_connected(w, WORLD_LOVED_1));
    assert_false(world_connected(w, WORLD_THERAPIST));
    end(w);
}

/* ---- The kinds ---- */

static void no_loved_one_ever_enters_a_group(void **state)
{
    (void)state;
    struct world *w = gathered(KIND_GROUP, 3000);
    agree(w, WORLD_LOVED_1, true);
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_ERROR);
    world_request(w, WORLD_THERAPIST,
                  "\"type\":\"enable\",\"participant\":\"l-1\",\"mic\":true,\"camera\":true,\"screen\":true,\"chat\":"
                  "true,\"others\":true");
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_ERROR);
    assert_silent(w, WORLD_LOVED_1, WORLD_THERAPIST);
    end(w);
}

static void a_check_in_goes_on_without_the_client_only_where_the_grant_says_so(void **state)
{
    (void)state;
    struct world *w = gathered(KIND_CHECK_IN, 3000);
    agree(w, WORLD_LOVED_1, true);
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_DONE);
    world_drop(w, WORLD_CLIENT);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "suspended");
    end(w);
}

static void a_clients_no_stands_though_they_leave(void **state)
{
    (void)state;
    struct world *w = gathered(KIND_WORKSHOP, 3000);
    agree(w, WORLD_LOVED_1, false);
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_ERROR);
    world_drop(w, WORLD_CLIENT);
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_ERROR);
    end(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_grant_ends_to_the_second),
        cmocka_unit_test(a_clock_set_back_revives_no_grant),
        cmocka_unit_test(a_clock_set_forward_ends_a_grant_at_once),
        cmocka_unit_test(when_the_therapist_drops_nobody_hears_anybody),
        cmocka_unit_test(when_the_client_drops_loved_ones_are_suspended),
        cmocka_unit_test(a_reconnect_during_a_step_out_comes_back_stepped_out),
        cmocka_unit_test(their_loss_heals_no_more_once_the_therapist_was_lost_too),
        cmocka_unit_test(a_second_device_comes_in_only_by_moving),
        cmocka_unit_test(a_forwarded_links_code_fails_and_the_therapist_is_told),
        cmocka_unit_test(another_device_within_the_grace_waits),
        cmocka_unit_test(a_token_without_a_device_never_comes_back_by_itself),
        cmocka_unit_test(the_same_device_takes_over_unasked_and_keeps_the_seat),
        cmocka_unit_test(the_same_device_takes_over_and_stays_behind_the_gate),
        cmocka_unit_test(a_removed_device_comes_back_under_no_name),
        cmocka_unit_test(whoever_is_on_a_removed_device_under_another_name_goes_with_it),
        cmocka_unit_test(a_removal_locks_neither_client_nor_therapist_out_of_their_device),
        cmocka_unit_test(at_the_end_of_the_box_all_is_over),
        cmocka_unit_test(waiting_hears_nobody_and_is_heard_by_nobody),
        cmocka_unit_test(whoever_resumes_in_time_never_left),
        cmocka_unit_test(a_therapist_who_does_not_resume_is_lost_within_five_seconds),
        cmocka_unit_test(with_the_media_the_moment_is_over),
        cmocka_unit_test(without_media_a_broken_socket_is_a_lost_link_at_once),
        cmocka_unit_test(what_is_meant_is_lost_at_once_though_the_media_lives),
        cmocka_unit_test(a_step_out_while_the_socket_is_gone_shuts_at_once_and_stays),
        cmocka_unit_test(a_revocation_while_the_socket_is_gone_holds_when_it_is_back),
        cmocka_unit_test(a_removal_while_the_socket_is_gone_leaves_nothing_to_resume),
        cmocka_unit_test(another_device_does_not_get_the_link_though_it_names_it),
        cmocka_unit_test(the_same_device_may_also_begin_anew),
        cmocka_unit_test(a_live_socket_gives_way_to_one_that_names_its_link),
        cmocka_unit_test(what_was_said_meanwhile_is_told_afterwards),
        cmocka_unit_test(a_grant_that_ends_while_the_socket_is_gone_ends_to_the_second),
        cmocka_unit_test(ice_starts_anew_and_nobody_leaves),
        cmocka_unit_test(ice_starts_anew_once_a_second_at_the_most),
        cmocka_unit_test(a_nat_that_forgets_takes_nobody_away),
        cmocka_unit_test(a_revocation_while_the_ledger_writes_lets_nobody_in),
        cmocka_unit_test(a_revocation_while_they_are_in_shuts_the_gate_before_it_returns),
        cmocka_unit_test(a_grant_that_comes_back_lets_them_wait_and_no_more),
        cmocka_unit_test(a_yes_goes_with_the_grant_though_they_had_declined),
        cmocka_unit_test(a_removal_shuts_at_once_and_is_answered_when_it_is_durable),
        cmocka_unit_test(a_step_out_while_the_ledger_writes_wins),
        cmocka_unit_test(without_the_ledger_nobody_is_let_in),
        cmocka_unit_test(what_was_lost_while_the_ledger_wrote_is_asked_again_at_the_commit),
        cmocka_unit_test(arriving_early_lets_nobody_in),
        cmocka_unit_test(a_check_in_is_never_extended_and_ends_by_its_box),
        cmocka_unit_test(no_loved_one_ever_enters_a_group),
        cmocka_unit_test(a_check_in_goes_on_without_the_client_only_where_the_grant_says_so),
        cmocka_unit_test(a_clients_no_stands_though_they_leave),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    printf("figure race_tests %zu tests\n", sizeof tests / sizeof *tests - (size_t)failed);
    return failed;
}
