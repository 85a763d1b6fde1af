#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "shell/placement.h"
#include "shell/shard.h"

enum { SHARDS = 4, NOW_S = 1000000, HOUR_S = 3600 };

/* Nobody in it is looked at: only how many. */
static struct plan plan_of(int number, size_t people, int64_t opens_at)
{
    struct plan plan = { .opens_at = opens_at, .closes_at = opens_at + HOUR_S, .people_count = people };
    snprintf(plan.session.text, sizeof plan.session.text, "s-%d", number);
    return plan;
}

/* One of those whose ids all lead to the first shard. */
static struct plan unlucky(int number, size_t people, int64_t opens_at)
{
    struct plan plan = plan_of(number, people, opens_at);
    for (int i = 0; shard_of(&plan.session, SHARDS) != 0; i++)
        snprintf(plan.session.text, sizeof plan.session.text, "s-%d-%d", number, i);
    return plan;
}

static size_t put(struct placement *p, const struct plan *plan)
{
    size_t shard = SHARDS;
    assert_int_equal(placement_put(p, plan, &shard), OK);
    assert_in_range(shard, 0, SHARDS - 1);
    assert_int_equal(placement_of(p, &plan->session), shard);
    return shard;
}

static struct placement *make(void)
{
    struct placement *p;
    assert_int_equal(placement_create(&p, SHARDS), OK);
    return p;
}

static void rooms_of_one_hour_are_spread_by_their_people(void **state)
{
    (void)state;
    struct placement *p = make();
    size_t load[SHARDS] = { 0 };
    for (int i = 0; i < SHARDS; i++) { /* as many big ones as shards: each has its own */
        struct plan plan = unlucky(i, 60, NOW_S);
        size_t shard = put(p, &plan);
        assert_int_equal(load[shard], 0);
        load[shard] += 60;
    }
    for (int i = SHARDS; i < 404; i++) {
        struct plan plan = unlucky(i, 3, NOW_S + i % 600);
        load[put(p, &plan)] += 3;
    }
    for (size_t i = 0; i < SHARDS; i++)
        assert_in_range(load[i], 360 - 3, 360 + 3);
    placement_destroy(p);
}

static void what_is_at_another_time_is_in_nobodys_way(void **state)
{
    (void)state;
    struct placement *p = make();
    struct plan big = unlucky(1, 300, NOW_S), later = unlucky(2, 3, NOW_S + 24 * HOUR_S);
    put(p, &big);
    assert_int_equal(put(p, &later), shard_of(&later.session, SHARDS));
    int same = 0;
    for (int i = 3; i < 100; i++) { /* a hundred days, a session each: still not all on one shard */
        struct plan plan = plan_of(i, 3, NOW_S + i * 24 * HOUR_S);
        same += put(p, &plan) == 0;
    }
    assert_in_range(same, 10, 50);
    placement_destroy(p);
}

static void a_session_stays_where_it_is_until_it_is_past(void **state)
{
    (void)state;
    struct placement *p = make();
    struct plan plan = plan_of(1, 3, NOW_S);
    size_t shard = put(p, &plan);
    for (int i = 2; i < 50; i++) { /* its shard fills meanwhile */
        struct plan other = plan_of(i, 20, NOW_S);
        put(p, &other);
        plan.people_count += 5;
        plan.opens_at += 60;
        plan.closes_at += i % 2 ? 300 : -60;
        assert_int_equal(put(p, &plan), shard);
    }
    placement_destroy(p);
}

/* A room that people are in goes on by its own plan, whatever was refused, and whatever the wall clock says: so only
 * its shard can tell when it is over. */
static void a_session_is_known_until_its_shard_says_that_it_is_over(void **state)
{
    (void)state;
    struct placement *p = make();
    struct plan busy = plan_of(100, 50, NOW_S), plan = plan_of(1, 3, NOW_S), other;
    size_t home = shard_of(&plan.session, SHARDS), shard;
    while (shard_of(&busy.session, SHARDS) != home)
        busy.session.text[2]++;
    put(p, &busy); /* so that it is not where its id alone leads */
    shard = put(p, &plan);
    assert_int_not_equal(shard, home);
    for (int i = 2; i < 100; i++) { /* plans of later days come in, by a clock that is days ahead */
        other = plan_of(i, 3, NOW_S + i * 24 * HOUR_S);
        put(p, &other);
    }
    assert_int_equal(placement_of(p, &plan.session), shard);
    placement_forget(p, &plan.session);
    assert_int_equal(placement_of(p, &plan.session), home); /* as of one that nobody knows */
    placement_forget(p, &plan.session);
    placement_forget(p, &(struct id){ "" });
    assert_int_not_equal(placement_of(p, &busy.session), SHARDS);
    assert_int_equal(put(p, &plan), shard); /* `busy` counts still */
    placement_destroy(p);
}

static void what_is_forgotten_weighs_nothing(void **state)
{
    (void)state;
    struct placement *p = make();
    for (int i = 0; i < 50; i++) {
        struct plan big = unlucky(i, 300, NOW_S);
        assert_int_equal(put(p, &big), 0);
        placement_forget(p, &big.session);
    }
    placement_destroy(p);
}

static void a_start_places_the_stored_plans_as_evenly(void **state)
{
    (void)state;
    for (int start = 0; start < 2; start++) {
        struct placement *p = make();
        size_t load[SHARDS] = { 0 };
        for (int i = 0; i < 200; i++) {
            int number = start ? 199 - i : i; /* in whatever order the store has them */
            struct plan plan = plan_of(number, 1 + (size_t)number % 9, NOW_S);
            load[put(p, &plan)] += plan.people_count;
        }
        for (size_t i = 1; i < SHARDS; i++)
            assert_in_range(load[i], load[0] - 9, load[0] + 9);
        placement_destroy(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rooms_of_one_hour_are_spread_by_their_people),
        cmocka_unit_test(what_is_at_another_time_is_in_nobodys_way),
        cmocka_unit_test(a_session_stays_where_it_is_until_it_is_past),
        cmocka_unit_test(a_session_is_known_until_its_shard_says_that_it_is_over),
        cmocka_unit_test(what_is_forgotten_weighs_nothing),
        cmocka_unit_test(a_start_places_the_stored_plans_as_evenly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
