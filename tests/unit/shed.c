/* A shard that has no time for all of it: pictures go before sound does, and come back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/hall.h"

enum { PEOPLE = 4, VIEWER = 1 };
#define SECOND USEC_PER_SEC

static struct hall *hall;

static int set_up(void **state)
{
    (void)state;
    hall = hall_open(KIND_GROUP, PEOPLE);
    for (int i = 0; i < PEOPLE; i++)
        hall->people[i].picture = true;
    hall_all_come(hall);
    hall_run(hall, 3 * SECOND);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    hall_close(hall);
    return 0;
}

/* How many people the viewer sees, in a second; all are heard throughout. */
static int seen_in_a_second(void)
{
    int seen = 0;
    hall_forget(hall);
    hall_run(hall, SECOND);
    for (int i = 0; i < PEOPLE; i++) {
        if (i == VIEWER)
            continue;
        assert_true(hall->people[VIEWER].heard[i] >= 45);
        seen += hall->people[VIEWER].seen[i] >= 20;
    }
    return seen;
}

static void pictures_go_before_sound_does_and_come_back(void **state)
{
    (void)state;
    assert_int_equal(seen_in_a_second(), PEOPLE - 1);
    broker_set_picture_share(hall->broker, 0);
    hall_run(hall, SECOND);
    assert_int_equal(seen_in_a_second(), 0);
    broker_set_picture_share(hall->broker, 100);
    hall_run(hall, 3 * SECOND);
    assert_int_equal(seen_in_a_second(), PEOPLE - 1);
}

static void a_part_of_them_goes_and_the_therapist_stays(void **state)
{
    (void)state;
    hall_forget(hall);
    broker_set_picture_share(hall->broker, 40);
    hall_run(hall, SECOND);
    assert_true(hall->people[VIEWER].slots_told > 0);
    assert_int_equal(seen_in_a_second(), 1);
    assert_true(hall->people[VIEWER].seen[HALL_THERAPIST] > 0);
    broker_set_picture_share(hall->broker, 1000); /* as much as there is */
    hall_run(hall, 3 * SECOND);
    assert_int_equal(seen_in_a_second(), PEOPLE - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pictures_go_before_sound_does_and_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_part_of_them_goes_and_the_therapist_stays, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
