/* Named stories of one room, told to the real core with fake browsers in virtual time. The oracle of the simulator
 * looks at each packet of theirs as well. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "sim/story.h"

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
    struct world *w = gathered(KIND_INDIVIDUAL, 3000);
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
    struct world *w = gathered(KIND_INDIVIDUAL, 3000);
    agree(w, WORLD_LOVED_1, true);
    assert_int_equal(world_request(w, WORLD_CLIENT, "\"type\":\"admit\",\"participant\":\"l-1\""), REPLY_ERROR);
    assert_int_equal(world_request(w, WORLD_LOVED_1, "\"type\":\"admit\",\"participant\":\"l-1\""), REPLY_ERROR);
    assert_int_equal(world_request(w, WORLD_LOVED_1, "\"type\":\"agree\",\"participant\":\"l-1\",\"yes\":true"),
                     REPLY_ERROR);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "waiting");
    end(w);
}

static void a_segment_ends_after_its_minutes_and_needs_a_new_yes(void **state)
{
    (void)state;
    struct world *w = gathered(KIND_INDIVIDUAL, 3000);
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
    struct world *w = gathered(KIND_INDIVIDUAL, 3000);
    agree(w, WORLD_LOVED_1, true);
    world_request(w, WORLD_THERAPIST, "\"type\":\"admit\",\"participant\":\"l-1\",\"minutes\":60");
    world_run(w, 20 * MINUTE + SECOND, false);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "stepped_out");
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

static void enable(struct world *w, int person, const char *others)
{
    world_request(w, WORLD_THERAPIST,
                  "\"type\":\"enable\",\"participant\":\"%s\",\"mic\":true,\"camera\":true,\"screen\":false,\"chat\":"
                  "false,\"others\":%s",
                  world_id(person), others);
}

static void in_a_workshop_they_see_therapists_and_hear_whom_those_let_speak(void **state)
{
    (void)state;
    struct world *w = gathered(KIND_WORKSHOP, 3000);
    come(w, WORLD_LOVED_2);
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_DONE); /* no client's yes: there is none */
    assert_int_equal(admit(w, WORLD_LOVED_2), REPLY_DONE);
    turn_on(w, WORLD_LOVED_2);
    world_run(w, SECOND, true);
    assert_flows(w, WORLD_LOVED_1, WORLD_THERAPIST);
    assert_silent(w, WORLD_LOVED_1, WORLD_LOVED_2); /* nobody let them speak */
    enable(w, WORLD_LOVED_2, "false");
    turn_on(w, WORLD_LOVED_2);
    world_run(w, SECOND, true);
    assert_in_range(heard_in_a_second(w, WORLD_LOVED_1, WORLD_LOVED_2), 45, 55); /* the voice alone */
    enable(w, WORLD_LOVED_1, "true");
    world_run(w, SECOND, true);
    assert_flows(w, WORLD_LOVED_1, WORLD_LOVED_2);
    end(w);
}

static void taking_part_less_takes_effect_at_once(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    assert_int_equal(world_request(w, WORLD_LOVED_1, "\"type\":\"take_part\",\"mode\":\"listen\""), REPLY_DONE);
    assert_silent(w, WORLD_CLIENT, WORLD_LOVED_1);
    assert_in_range(heard_in_a_second(w, WORLD_LOVED_1, WORLD_CLIENT), 45, 55);
    assert_int_equal(world_request(w, WORLD_LOVED_1, "\"type\":\"take_part\",\"mode\":\"full\""), REPLY_DONE);
    world_run(w, SECOND, true);
    assert_flows(w, WORLD_LOVED_1, WORLD_CLIENT);
    end(w);
}

static enum reply admit_in(struct world *w, const char *mode)
{
    return world_request(w, WORLD_THERAPIST, "\"type\":\"admit\",\"participant\":\"l-1\",\"mode\":\"%s\"", mode);
}

static void a_therapist_may_let_in_for_less_than_the_grant(void **state)
{
    (void)state;
    struct world *w = gathered(KIND_INDIVIDUAL, 3000);
    agree(w, WORLD_LOVED_1, true);
    assert_int_equal(admit_in(w, "listen"), REPLY_DONE);
    world_run(w, SECOND, true);
    assert_in_range(heard_in_a_second(w, WORLD_LOVED_1, WORLD_CLIENT), 45, 55); /* the voice alone */
    assert_int_equal(
        world_request(w, WORLD_LOVED_1, "\"type\":\"media\",\"mic\":true,\"camera\":false,\"screen\":false"),
        REPLY_ERROR);
    /* Their own choice lifts nothing; the next admission does. */
    assert_int_equal(world_request(w, WORLD_LOVED_1, "\"type\":\"take_part\",\"mode\":\"full\""), REPLY_DONE);
    world_run(w, SECOND, true);
    assert_in_range(heard_in_a_second(w, WORLD_LOVED_1, WORLD_CLIENT), 45, 55);
    step_out(w, WORLD_THERAPIST, WORLD_LOVED_1);
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_DONE);
    turn_on(w, WORLD_LOVED_1);
    world_run(w, SECOND, true);
    assert_flows(w, WORLD_CLIENT, WORLD_LOVED_1);
    end(w);
}

static void a_limit_outlasts_a_short_loss(void **state)
{
    (void)state;
    struct world *w = gathered(KIND_INDIVIDUAL, 3000);
    agree(w, WORLD_LOVED_1, true);
    assert_int_equal(admit_in(w, "watch"), REPLY_DONE);
    world_drop(w, WORLD_LOVED_1);
    come(w, WORLD_LOVED_1);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "admitted");
    assert_int_equal(
        world_request(w, WORLD_LOVED_1, "\"type\":\"media\",\"mic\":true,\"camera\":false,\"screen\":false"),
        REPLY_ERROR);
    end(w);
}

static void nobody_is_let_in_for_more_than_the_grant(void **state)
{
    (void)state;
    struct world *w = gathered(KIND_INDIVIDUAL, 3000);
    come(w, WORLD_INTERPRETER);
    assert_int_equal(world_request(w, WORLD_THERAPIST, "\"type\":\"admit\",\"participant\":\"%s\",\"mode\":\"full\"",
                                   world_id(WORLD_INTERPRETER)),
                     REPLY_ERROR); /* who has no grant and no mode */
    assert_string_equal(world_seat(w, WORLD_INTERPRETER), "waiting");
    end(w);
}

/* The oracle holds each preview against what the model lets pass, and against what that person's own slots were told.
 */
static void a_therapist_is_shown_what_somebody_gets(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    const char *preview = "\"type\":\"preview\",\"participant\":\"l-1\"";
    assert_int_equal(world_request(w, WORLD_CLIENT, "%s", preview), REPLY_ERROR);
    assert_int_equal(world_request(w, WORLD_THERAPIST, "%s", preview), REPLY_DONE);
    uint64_t told = world_counts(w).previews;
    assert_true(told > 0);
    step_out(w, WORLD_THERAPIST, WORLD_LOVED_1);
    assert_int_equal(world_counts(w).previews, ++told);
    admit(w, WORLD_LOVED_1);
    assert_int_equal(world_counts(w).previews, ++told);
    world_drop(w, WORLD_LOVED_1); /* what is shown of them is nothing, then */
    assert_int_equal(world_counts(w).previews, ++told);
    assert_int_equal(world_request(w, WORLD_THERAPIST, "\"type\":\"preview\""), REPLY_DONE);
    come(w, WORLD_LOVED_1);
    assert_int_equal(world_counts(w).previews, told);
    end(w);
}

static void receive_pictures(struct world *w, int person, bool video)
{
    assert_int_equal(world_request(w, person, "\"type\":\"receive\",\"video\":%s", video ? "true" : "false"),
                     REPLY_DONE);
    world_run(w, SECOND, true);
}

/* 50 packets of sound a second, and none of a picture. */
static void assert_sound_only(struct world *w, int to, int from)
{
    assert_in_range(heard_in_a_second(w, to, from), 45, 55);
}

static void who_wants_no_pictures_gets_the_sound_alone(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    receive_pictures(w, WORLD_LOVED_1, false);
    assert_sound_only(w, WORLD_LOVED_1, WORLD_CLIENT);
    assert_sound_only(w, WORLD_LOVED_1, WORLD_THERAPIST);
    assert_flows(w, WORLD_CLIENT, WORLD_LOVED_1); /* theirs go on, and everybody else's */
    assert_flows(w, WORLD_CLIENT, WORLD_THERAPIST);
    receive_pictures(w, WORLD_LOVED_1, true);
    assert_flows(w, WORLD_LOVED_1, WORLD_CLIENT);
    end(w);
}

static void wanting_no_pictures_lasts_as_long_as_the_connection(void **state)
{
    (void)state;
    struct world *w = with_loved_one(3000);
    receive_pictures(w, WORLD_CLIENT, false);
    world_break(w, WORLD_CLIENT, 0);
    assert_true(world_resume(w, WORLD_CLIENT));
    assert_sound_only(w, WORLD_CLIENT, WORLD_THERAPIST);
    come(w, WORLD_CLIENT); /* another connection: it says anew what it wants */
    world_run(w, SECOND, true);
    assert_flows(w, WORLD_CLIENT, WORLD_THERAPIST);
    end(w);
}

static void wanting_pictures_opens_no_gate(void **state)
{
    (void)state;
    struct world *w = gathered(KIND_INDIVIDUAL, 3000);
    receive_pictures(w, WORLD_LOVED_1, true);
    assert_silent(w, WORLD_LOVED_1, WORLD_CLIENT);
    agree(w, WORLD_LOVED_1, true);
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_DONE);
    assert_int_equal(world_request(w, WORLD_LOVED_1, "\"type\":\"take_part\",\"mode\":\"listen\""), REPLY_DONE);
    receive_pictures(w, WORLD_LOVED_1, true);
    assert_sound_only(w, WORLD_LOVED_1, WORLD_CLIENT);
    end(w);
}

static void without_a_connection_there_is_nothing_to_want(void **state)
{
    (void)state;
    struct world *w = gathered(KIND_INDIVIDUAL, 3000);
    assert_true(world_join(w, WORLD_CLIENT, true));
    assert_int_equal(world_request(w, WORLD_CLIENT, "\"type\":\"receive\",\"video\":false"), REPLY_ERROR);
    end(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loved_one_steps_in_out_in_and_leaves),
        cmocka_unit_test(without_the_clients_yes_nobody_is_let_in),
        cmocka_unit_test(taking_the_yes_back_steps_them_out_at_once),
        cmocka_unit_test(only_a_therapist_admits),
        cmocka_unit_test(a_segment_ends_after_its_minutes_and_needs_a_new_yes),
        cmocka_unit_test(a_segment_is_never_longer_than_twenty_minutes),
        cmocka_unit_test(with_a_second_therapist_the_room_goes_on),
        cmocka_unit_test(a_short_loss_of_ones_own_link_heals_by_itself),
        cmocka_unit_test(the_removed_never_come_back),
        cmocka_unit_test(a_clients_stop_takes_the_yes_back),
        cmocka_unit_test(in_a_workshop_they_see_therapists_and_hear_whom_those_let_speak),
        cmocka_unit_test(taking_part_less_takes_effect_at_once),
        cmocka_unit_test(who_wants_no_pictures_gets_the_sound_alone),
        cmocka_unit_test(wanting_no_pictures_lasts_as_long_as_the_connection),
        cmocka_unit_test(wanting_pictures_opens_no_gate),
        cmocka_unit_test(without_a_connection_there_is_nothing_to_want),
        cmocka_unit_test(muting_takes_sound_and_leaves_the_picture),
        cmocka_unit_test(stop_for_everyone_is_one_request_of_client_or_therapist),
        cmocka_unit_test(bad_messages_change_nothing),
        cmocka_unit_test(a_peer_that_falls_silent_is_gone_after_thirty_seconds),
        cmocka_unit_test(a_therapist_may_let_in_for_less_than_the_grant),
        cmocka_unit_test(a_limit_outlasts_a_short_loss),
        cmocka_unit_test(nobody_is_let_in_for_more_than_the_grant),
        cmocka_unit_test(a_therapist_is_shown_what_somebody_gets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
