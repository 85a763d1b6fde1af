/* What is booked, and where something more would fit: held against trying every time there is. And what sessions cost.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "api/calendar.h"
#include "api/capacity.h"

enum { NOON = 1790000100 - 1790000100 % 300, HOUR = 3600, DAY = 24 * HOUR, MINUTE = 60 };

static void an_empty_calendar_takes_what_it_can_hold(void **state)
{
    (void)state;
    struct calendar c;
    struct calendar_wish wish = { .length_s = HOUR, .packets = 10, .capacity = 10 };
    int64_t found;
    assert_int_equal(calendar_init(&c, NOON - DAY, NOON + DAY), OK);
    assert_int_equal(calendar_try(&c, &wish, NOON), CALENDAR_FITS);
    wish.packets = 11;
    assert_int_equal(calendar_try(&c, &wish, NOON), CALENDAR_FULL);
    assert_false(calendar_later(&c, &wish, NOON, NOON + DAY / 2, &found));
    assert_false(calendar_earlier(&c, &wish, NOON, NOON - DAY / 2, &found));
    calendar_deinit(&c);
    assert_int_equal(calendar_init(&c, NOON, NOON), ERR_FULL);
    assert_int_equal(calendar_init(&c, 0, (int64_t)CALENDAR_STEPS_MAX * CALENDAR_STEP_S), ERR_FULL);
}

static void one_ends_in_the_second_in_which_another_begins(void **state)
{
    (void)state;
    struct calendar c;
    struct calendar_wish wish = { .length_s = 50 * MINUTE, .packets = 1, .capacity = 10 };
    int64_t found = 0;
    assert_int_equal(calendar_init(&c, NOON - DAY, NOON + DAY), OK);
    assert_int_equal(calendar_add_busy(&c, &(struct calendar_busy){ NOON + 7, NOON + HOUR + 7, CALENDAR_CLIENT_BUSY }),
                     OK);
    assert_int_equal(calendar_try(&c, &wish, NOON + HOUR + 6), CALENDAR_CLIENT_BUSY);
    assert_int_equal(calendar_try(&c, &wish, NOON + HOUR + 7), CALENDAR_FITS);
    assert_int_equal(calendar_try(&c, &wish, NOON + 7 - wish.length_s), CALENDAR_FITS);
    assert_int_equal(calendar_try(&c, &wish, NOON + 8 - wish.length_s), CALENDAR_CLIENT_BUSY);
    assert_true(calendar_later(&c, &wish, NOON + 7, NOON + DAY / 2, &found));
    assert_int_equal(found, NOON + HOUR + 5 * MINUTE); /* on the grid */
    assert_true(calendar_earlier(&c, &wish, NOON + 7, NOON - DAY / 2, &found));
    assert_int_equal(found, NOON - 50 * MINUTE);
    assert_false(calendar_later(&c, &wish, NOON + 7, NOON + HOUR, &found));
    assert_false(calendar_earlier(&c, &wish, NOON + 7, NOON - 49 * MINUTE, &found));
    calendar_deinit(&c);
}

static void the_peak_counts_and_not_the_sum(void **state)
{
    (void)state;
    struct calendar c;
    struct calendar_wish wish = { .length_s = 2 * HOUR, .packets = 5, .capacity = 10 };
    assert_int_equal(calendar_init(&c, NOON, NOON + DAY), OK);
    calendar_book(&c, NOON, NOON + HOUR, 4);
    calendar_book(&c, NOON + HOUR, NOON + 2 * HOUR, 5);
    assert_int_equal(calendar_peak(&c, NOON, NOON + 2 * HOUR).packets, 5);
    assert_int_equal(calendar_peak(&c, NOON, NOON + 2 * HOUR).sessions, 1);
    assert_int_equal(calendar_peak(&c, NOON + 2 * HOUR, NOON + DAY).packets, 0);
    assert_int_equal(calendar_try(&c, &wish, NOON), CALENDAR_FITS);
    calendar_book(&c, NOON + 90 * MINUTE + 1, NOON + 90 * MINUTE + 2, 1); /* a part of a step takes all of it */
    assert_int_equal(calendar_peak(&c, NOON + 94 * MINUTE, NOON + 95 * MINUTE).packets, 6);
    assert_int_equal(calendar_try(&c, &wish, NOON), CALENDAR_FULL);
    calendar_book(&c, NOON - 9 * DAY, NOON + 9 * DAY, 1); /* from before to after */
    calendar_book(&c, NOON - 9 * DAY, NOON - 8 * DAY, 1);
    calendar_book(&c, NOON + 8 * DAY, NOON + 9 * DAY, 1);
    assert_int_equal(calendar_peak(&c, NOON + 3 * HOUR, NOON + 4 * HOUR).packets, 1);
    calendar_deinit(&c);
}

static uint64_t seed;
static int64_t draw(int64_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (int64_t)((seed >> 33) % (uint64_t)below);
}

static void what_is_found_is_the_nearest_there_is(void **state)
{
    (void)state;
    for (seed = 1; seed < 200; seed++) {
        uint64_t keep = seed;
        struct calendar c;
        struct calendar_wish wish = { .length_s = (1 + draw(36)) * 5 * MINUTE, .packets = 3, .capacity = 10 };
        assert_int_equal(calendar_init(&c, NOON - 3 * DAY, NOON + 3 * DAY), OK);
        for (int i = 0; i < 60; i++) {
            int64_t opens = NOON - DAY + draw(2 * DAY), closes = opens + 1 + draw(3 * HOUR);
            calendar_book(&c, opens, closes, (uint64_t)draw(5));
            if (i % 6 == 0)
                calendar_add_busy(&c, &(struct calendar_busy){ opens, closes, CALENDAR_THERAPIST_BUSY });
        }
        int64_t from = NOON + draw(HOUR), later = 0, earlier = 0, found;
        for (int64_t at = NOON - NOON % 300; at <= NOON + DAY && !later; at += 300)
            if (at > from && calendar_try(&c, &wish, at) == CALENDAR_FITS)
                later = at;
        for (int64_t at = NOON + 2 * HOUR; at >= NOON - DAY && !earlier; at -= 300)
            if (at < from && calendar_try(&c, &wish, at) == CALENDAR_FITS)
                earlier = at;
        found = 0;
        assert_int_equal(calendar_later(&c, &wish, from, NOON + DAY, &found), later != 0);
        assert_int_equal(found, later);
        found = 0;
        assert_int_equal(calendar_earlier(&c, &wish, from, NOON - DAY, &found), earlier != 0);
        assert_int_equal(found, earlier);
        calendar_deinit(&c);
        seed = keep;
    }
}

/* ---- What sessions cost ---- */

enum { STREAMS = CAPACITY_SOUND + CAPACITY_PICTURE };

static void a_session_costs_what_reaches_its_people(void **state)
{
    (void)state;
    assert_int_equal(capacity_needed(KIND_INDIVIDUAL, (struct capacity_people){ 1, 0 }), 0);
    assert_int_equal(capacity_needed(KIND_INDIVIDUAL, (struct capacity_people){ 1, 1 }), 2 * STREAMS);
    assert_int_equal(capacity_needed(KIND_FAMILY, (struct capacity_people){ 1, 2 }), 6 * STREAMS);
    /* Twelve people: six voices and seven pictures each, and not eleven. */
    assert_int_equal(capacity_needed(KIND_GROUP, (struct capacity_people){ 1, 11 }),
                     12 * (6 * CAPACITY_SOUND + 7 * CAPACITY_PICTURE));
    /* An audience of sixty: the presenter's camera, screen and voice, and two of theirs. */
    assert_int_equal(capacity_needed(KIND_WORKSHOP, (struct capacity_people){ 1, 60 }),
                     60 * 2 * CAPACITY_PICTURE + (58 * 3 + 3 * 2) * CAPACITY_SOUND);
    assert_int_equal(capacity_needed(KIND_WORKSHOP, (struct capacity_people){ 0, 0 }), 0);
}

static void what_is_left_is_by_what_packets_cost_now(void **state)
{
    (void)state;
    assert_int_equal(capacity_left(1000, 0, 0), 1000);
    assert_int_equal(capacity_left(1000, 300, 2), 700);
    assert_int_equal(capacity_left(1000, 3000, 2), 0);
    assert_int_equal(capacity_left(1000, 300, 17), 300 * (85 - 17) / 17);
    assert_int_equal(capacity_left(1000, 300, 85), 0);
    assert_int_equal(capacity_left(1000, 300, 100), 0);
    assert_int_equal(capacity_in_people(6 * STREAMS), 3);
    assert_true(capacity_of(2) == 2 * capacity_of(1) && capacity_of(1) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_calendar_takes_what_it_can_hold),
        cmocka_unit_test(one_ends_in_the_second_in_which_another_begins),
        cmocka_unit_test(the_peak_counts_and_not_the_sum),
        cmocka_unit_test(what_is_found_is_the_nearest_there_is),
        cmocka_unit_test(a_session_costs_what_reaches_its_people),
        cmocka_unit_test(what_is_left_is_by_what_packets_cost_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
