#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/plan.h"

static struct plan plan_of(int people, int grants)
{
    struct plan plan = { .session = { "s-1" }, .kind = KIND_WORKSHOP, .opens_at = 1, .closes_at = 2 };
    for (int i = 0; i < people; i++) {
        struct plan_person person = { .role = ROLE_LOVED_ONE };
        snprintf(person.participation.text, sizeof person.participation.text, "p-%d", i);
        assert_int_equal(plan_add_person(&plan, &person), OK);
    }
    for (int i = 0; i < grants; i++) {
        struct grant grant = { .epoch = (uint32_t)i + 1 };
        assert_int_equal(plan_add_grant(&plan, &grant), OK);
    }
    return plan;
}

static void check_same(const struct plan *a, const struct plan *b)
{
    assert_string_equal(a->session.text, b->session.text);
    assert_int_equal(a->people_count, b->people_count);
    assert_int_equal(a->grant_count, b->grant_count);
    for (size_t i = 0; i < a->people_count; i++)
        assert_string_equal(a->people[i].participation.text, b->people[i].participation.text);
    for (size_t i = 0; i < a->grant_count; i++)
        assert_int_equal(a->grants[i].epoch, b->grants[i].epoch);
}

static void a_plan_takes_as_many_as_there_may_be_and_no_more(void **state)
{
    (void)state;
    struct plan plan = plan_of(PLAN_PEOPLE_MAX, PLAN_GRANTS_MAX);
    assert_int_equal(plan_add_person(&plan, &(struct plan_person){ .role = ROLE_CLIENT }), ERR_FULL);
    assert_int_equal(plan_add_grant(&plan, &(struct grant){ .epoch = 1 }), ERR_FULL);
    assert_int_equal(plan.people_count, PLAN_PEOPLE_MAX);
    assert_int_equal(plan.grant_count, PLAN_GRANTS_MAX);
    plan_deinit(&plan);
    assert_null(plan.people);
    assert_int_equal(plan.people_count, 0);
}

static void a_copy_is_its_own(void **state)
{
    (void)state;
    struct plan plan = plan_of(3, 2), copy;
    assert_int_equal(plan_copy(&copy, &plan), OK);
    check_same(&copy, &plan);
    copy.people[0].denied = true;
    copy.grants[0].epoch = 9;
    assert_false(plan.people[0].denied);
    assert_int_equal(plan.grants[0].epoch, 1);
    plan_deinit(&plan);
    plan_deinit(&copy);
}

static void a_plan_travels_as_long_as_it_is(void **state)
{
    (void)state;
    for (int people = 0; people <= 3; people++) {
        struct plan plan = plan_of(people, 3 - people), back;
        struct bytes packed = plan_pack(&plan);
        assert_int_equal(packed.len, sizeof plan + (size_t)people * sizeof *plan.people +
                                         (size_t)(3 - people) * sizeof *plan.grants);
        assert_int_equal(plan_unpack(packed, &back), OK);
        check_same(&back, &plan);
        for (size_t len = 0; len < packed.len; len++)
            assert_int_equal(plan_unpack((struct bytes){ packed.at, len }, &(struct plan){ 0 }), ERR_MALFORMED);
        free((void *)packed.at);
        plan_deinit(&plan);
        plan_deinit(&back);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_takes_as_many_as_there_may_be_and_no_more),
        cmocka_unit_test(a_copy_is_its_own),
        cmocka_unit_test(a_plan_travels_as_long_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
