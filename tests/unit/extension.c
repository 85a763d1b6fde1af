/* A session that is to be longer, told as stories of the real core: who is asked, and what is a no. The simulator's
 * model says of each whether the box moved, and the oracle whether the room says so. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "sim/story.h"

static void assert_ends_after(struct world *w, usec_t span)
{
    world_run(w, span - 100 * USEC_PER_MSEC, false);
    assert_true(world_connected(w, WORLD_THERAPIST));
    world_run(w, 200 * USEC_PER_MSEC, false);
    assert_false(world_connected(w, WORLD_THERAPIST));
}

static usec_t box_left(struct world *w)
{
    return world_model(w)->closes - world_now_us(w);
}

static void it_waits_for_the_clients_yes(void **state)
{
    (void)state;
    static const enum session_kind asking[] = { KIND_INDIVIDUAL, KIND_FAMILY, KIND_DISCHARGE };
    for (size_t i = 0; i < 3; i++) {
        struct world *w = gathered(asking[i], 9000);
        usec_t left = box_left(w);
        uint32_t request = extend(w, 10);
        assert_int_equal(world_reply_to(w, request), REPLY_NONE);
        assert_int_equal(allow_extension(w, true), REPLY_DONE);
        assert_int_equal(world_reply_to(w, request), REPLY_DONE);
        assert_int_equal(allow_extension(w, true), REPLY_ERROR); /* once */
        assert_ends_after(w, left + 10 * MINUTE);
        end(w);
    }
}

static void a_no_leaves_the_end_where_it_was(void **state)
{
    (void)state;
    struct world *w = gathered(KIND_INDIVIDUAL, 9000);
    usec_t left = box_left(w);
    uint32_t request = extend(w, 10);
    assert_int_equal(allow_extension(w, false), REPLY_DONE);
    assert_int_equal(world_reply_to(w, request), REPLY_ERROR);
    assert_int_equal(allow_extension(w, true), REPLY_ERROR); /* too late */
    assert_ends_after(w, left);
    end(w);
}

static void without_an_answer_it_lapses(void **state)
{
    (void)state;
    struct world *w = gathered(KIND_INDIVIDUAL, 9000);
    uint32_t request = extend(w, 10);
    world_run(w, 29 * SECOND, false);
    assert_int_equal(world_reply_to(w, request), REPLY_NONE);
    world_run(w, 1001 * USEC_PER_MSEC, false);
    assert_int_equal(world_reply_to(w, request), REPLY_ERROR);
    assert_int_equal(allow_extension(w, true), REPLY_ERROR);
    end(w);
}

static void a_box_that_ends_first_is_a_no(void **state)
{
    (void)state;
    struct world *w = gathered(KIND_INDIVIDUAL, 9000);
    world_run(w, box_left(w) - 10 * SECOND, false);
    uint32_t request = extend(w, 10);
    assert_ends_after(w, 10 * SECOND);
    assert_int_equal(world_reply_to(w, request), REPLY_ERROR);
    end(w);
}

static void a_client_who_leaves_has_not_said_yes(void **state)
{
    (void)state;
    struct world *w = gathered(KIND_INDIVIDUAL, 9000);
    uint32_t request = extend(w, 10);
    world_request(w, WORLD_CLIENT, "\"type\":\"leave\"");
    assert_int_equal(world_reply_to(w, request), REPLY_ERROR);
    end(w);
}

static void a_client_whose_link_is_lost_may_still_answer(void **state)
{
    (void)state;
    struct world *w = gathered(KIND_INDIVIDUAL, 9000);
    uint32_t request = extend(w, 10);
    world_drop(w, WORLD_CLIENT);
    assert_int_equal(world_reply_to(w, request), REPLY_NONE);
    come(w, WORLD_CLIENT);
    assert_int_equal(allow_extension(w, true), REPLY_DONE);
    assert_int_equal(world_reply_to(w, request), REPLY_DONE);
    end(w);
}

static void without_a_client_there_is_nobody_to_ask(void **state)
{
    (void)state;
    struct world *w = gathered(KIND_FAMILY, 9000);
    world_drop(w, WORLD_CLIENT);
    assert_int_equal(world_reply_to(w, extend(w, 10)), REPLY_ERROR);
    end(w);
}

static void a_question_goes_with_the_therapist_who_asked(void **state)
{
    (void)state;
    struct world *w = gathered(KIND_INDIVIDUAL, 9000);
    come(w, WORLD_COTHERAPIST);
    extend(w, 10);
    world_drop(w, WORLD_THERAPIST);
    assert_int_equal(allow_extension(w, true), REPLY_ERROR);
    come(w, WORLD_THERAPIST);
    assert_int_equal(world_reply_to(w, extend(w, 10)), REPLY_NONE); /* and there is room for another */
    end(w);
}

static void one_question_at_a_time_and_of_the_client_alone(void **state)
{
    (void)state;
    struct world *w = gathered(KIND_INDIVIDUAL, 9000);
    extend(w, 10);
    assert_int_equal(world_reply_to(w, extend(w, 5)), REPLY_ERROR);
    const char *yes = "\"type\":\"allow_extension\",\"yes\":true";
    assert_int_equal(world_request(w, WORLD_LOVED_1, "%s", yes), REPLY_ERROR);
    assert_int_equal(world_request(w, WORLD_THERAPIST, "%s", yes), REPLY_ERROR);
    assert_int_equal(allow_extension(w, true), REPLY_DONE);
    end(w);
}

static void in_group_and_workshop_the_therapist_decides(void **state)
{
    (void)state;
    static const enum session_kind alone[] = { KIND_GROUP, KIND_WORKSHOP };
    for (size_t i = 0; i < 2; i++) {
        struct world *w = gathered(alone[i], 9000);
        usec_t left = box_left(w);
        assert_int_equal(world_reply_to(w, extend(w, 10)), REPLY_DONE);
        assert_ends_after(w, left + 10 * MINUTE);
        end(w);
    }
}

static void it_has_a_bound(void **state)
{
    (void)state;
    struct world *w = gathered(KIND_INDIVIDUAL, 9000);
    extend(w, 60);
    assert_int_equal(allow_extension(w, true), REPLY_DONE);
    assert_int_equal(world_reply_to(w, extend(w, 1)), REPLY_ERROR);
    end(w);
}

static void let_in(struct world *w)
{
    agree(w, WORLD_LOVED_1, true);
    assert_int_equal(admit(w, WORLD_LOVED_1), REPLY_DONE);
}

static void no_grant_gets_longer_by_it(void **state)
{
    (void)state;
    struct world *w = gathered(KIND_FAMILY, 55 * 60); /* of a box of 50 minutes */
    let_in(w);
    extend(w, 10);
    assert_int_equal(allow_extension(w, true), REPLY_DONE);
    world_run(w, 52 * MINUTE, false);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "admitted"); /* where the box was to end, they stay */
    world_run(w, 3 * MINUTE, false);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "stepped_out");
    assert_true(world_connected(w, WORLD_CLIENT));
    end(w);
}

static void a_segment_with_a_length_of_its_own_keeps_it(void **state)
{
    (void)state;
    struct world *w = gathered(KIND_INDIVIDUAL, 9000);
    world_run(w, box_left(w) - 2 * MINUTE, false);
    let_in(w);
    extend(w, 10);
    assert_int_equal(allow_extension(w, true), REPLY_DONE);
    world_run(w, 2 * MINUTE, false);
    assert_string_equal(world_seat(w, WORLD_LOVED_1), "stepped_out"); /* the client said yes to two minutes */
    end(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_waits_for_the_clients_yes),
        cmocka_unit_test(a_no_leaves_the_end_where_it_was),
        cmocka_unit_test(without_an_answer_it_lapses),
        cmocka_unit_test(a_box_that_ends_first_is_a_no),
        cmocka_unit_test(a_client_who_leaves_has_not_said_yes),
        cmocka_unit_test(a_client_whose_link_is_lost_may_still_answer),
        cmocka_unit_test(without_a_client_there_is_nobody_to_ask),
        cmocka_unit_test(a_question_goes_with_the_therapist_who_asked),
        cmocka_unit_test(one_question_at_a_time_and_of_the_client_alone),
        cmocka_unit_test(in_group_and_workshop_the_therapist_decides),
        cmocka_unit_test(it_has_a_bound),
        cmocka_unit_test(no_grant_gets_longer_by_it),
        cmocka_unit_test(a_segment_with_a_length_of_its_own_keeps_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
