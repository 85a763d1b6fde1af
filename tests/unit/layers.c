#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "media/layers.h"
#include "sim/chance.h"

enum { K = 1000 };

/* Three sizes at full frame rate. */
static struct layers_picture picture(uint8_t rank, uint8_t now)
{
    return (struct layers_picture){
        .rank = rank, .options = 3, .cap = 3, .now = now, .bps = { 150 * K, 500 * K, 1500 * K }
    };
}

static void gives(uint64_t budget_bps, const struct layers_picture *pictures, size_t count, const char *expected)
{
    uint8_t given[LAYERS_PICTURES_MAX];
    char text[LAYERS_PICTURES_MAX + 1] = "";
    layers_allocate(budget_bps, pictures, count, given);
    for (size_t i = 0; i < count; i++)
        text[i] = (char)('0' + given[i]);
    assert_string_equal(text, expected);
}

static void everybody_is_seen_before_anybody_is_seen_better(void **state)
{
    (void)state;
    struct layers_picture p[] = { picture(0, 3), picture(0, 3), picture(1, 3) };
    gives(149 * K, p, 3, "000");
    gives(150 * K, p, 3, "100");
    gives(300 * K, p, 3, "110");
    gives(450 * K, p, 3, "111");
    gives(799 * K, p, 3, "111");
    gives(800 * K, p, 3, "211");
    gives(1150 * K, p, 3, "221");
    gives(2150 * K, p, 3, "321");
    gives(3150 * K, p, 3, "331");
    gives(3500 * K, p, 3, "332");
    gives(4500 * K, p, 3, "333");
}

static void rank_counts_and_not_the_order_of_the_list(void **state)
{
    (void)state;
    struct layers_picture p[] = { picture(7, 3), picture(255, 3), picture(2, 3) };
    gives(150 * K, p, 3, "001");
    gives(300 * K, p, 3, "101");
    gives(800 * K, p, 3, "112");
}

static void going_up_needs_a_quarter_more(void **state)
{
    (void)state;
    struct layers_picture p = picture(0, 1);
    gives(624 * K, &p, 1, "1");
    gives(625 * K, &p, 1, "2");
    p.now = 2;
    gives(500 * K, &p, 1, "2");
    gives(499 * K, &p, 1, "1");
    p.now = 0;
    gives(187 * K, &p, 1, "0");
    gives(188 * K, &p, 1, "1");
}

static void a_hidden_or_small_picture_takes_no_more_than_it_shows(void **state)
{
    (void)state;
    struct layers_picture p[] = { picture(0, 3), picture(0, 3) };
    p[0].cap = 0;
    gives(9000 * K, p, 2, "03");
    p[0].cap = 1;
    gives(9000 * K, p, 2, "13");
    assert_int_equal(layers_want(p, 2), 1650 * K * 5 / 4);
    p[0].options = 0;
    gives(9000 * K, p, 2, "03");
}

/* A screen without layers, on a path too small for it: the faces stay. */
static void what_can_never_fit_holds_nobody_up(void **state)
{
    (void)state;
    struct layers_picture p[] = { { .rank = 0, .options = 1, .cap = 1, .now = 1, .bps = { 1500 * K } }, picture(1, 1) };
    gives(1499 * K, p, 2, "02");
    gives(1500 * K, p, 2, "10");
    p[0].now = 0;
    gives(1874 * K, p, 2, "02");
    gives(1875 * K, p, 2, "11");
}

static size_t draw(struct chance *chance, struct layers_picture *pictures)
{
    size_t count = chance_below(chance, 9);
    for (size_t i = 0; i < count; i++) {
        struct layers_picture *p = &pictures[i];
        uint64_t bps = 0;
        *p = (struct layers_picture){ .rank = (uint8_t)chance_below(chance, 3) };
        p->options = (uint8_t)chance_below(chance, LAYERS_OPTIONS_MAX + 1);
        p->cap = (uint8_t)chance_below(chance, LAYERS_OPTIONS_MAX + 1);
        p->now = (uint8_t)chance_below(chance, p->options + 1);
        for (size_t k = 0; k < p->options; k++)
            p->bps[k] = bps += 20 * K + chance_below(chance, 400 * K);
    }
    return count;
}

static uint64_t sum(const struct layers_picture *pictures, size_t count, const uint8_t *given)
{
    uint64_t bps = 0;
    for (size_t i = 0; i < count; i++)
        bps += given[i] ? pictures[i].bps[given[i] - 1] : 0;
    return bps;
}

static void the_budget_is_never_exceeded_nor_a_cap(void **state)
{
    (void)state;
    struct chance chance = { 1 };
    struct layers_picture p[LAYERS_PICTURES_MAX];
    uint8_t given[LAYERS_PICTURES_MAX];
    for (int round = 0; round < 20000; round++) {
        size_t count = draw(&chance, p);
        uint64_t budget = chance_below(&chance, 8000 * K);
        layers_allocate(budget, p, count, given);
        assert_true(sum(p, count, given) <= budget);
        for (size_t i = 0; i < count; i++)
            assert_true(given[i] <= p[i].cap && given[i] <= p[i].options);
        layers_allocate(layers_want(p, count), p, count, given);
        for (size_t i = 0; i < count; i++)
            assert_int_equal(given[i], p[i].cap < p[i].options ? p[i].cap : p[i].options);
    }
}

/* Of pictures that are alike. */
static void more_to_divide_is_less_for_nobody(void **state)
{
    (void)state;
    struct chance chance = { 2 };
    struct layers_picture p[LAYERS_PICTURES_MAX];
    uint8_t less[LAYERS_PICTURES_MAX], more[LAYERS_PICTURES_MAX];
    for (int round = 0; round < 20000; round++) {
        size_t count = draw(&chance, p);
        uint64_t budget = chance_below(&chance, 8000 * K);
        for (size_t i = 0; i < count; i++) {
            uint8_t rank = p[i].rank;
            p[i] = p[0];
            p[i].rank = rank;
            p[i].now = 0;
        }
        layers_allocate(budget, p, count, less);
        layers_allocate(budget + chance_below(&chance, 1000 * K), p, count, more);
        for (size_t i = 0; i < count; i++)
            assert_true(less[i] <= more[i]);
    }
}

/* Who is not seen would not be even if nobody of a lower rank were. */
static void a_lower_rank_never_costs_a_higher_one_its_picture(void **state)
{
    (void)state;
    struct chance chance = { 3 };
    struct layers_picture p[LAYERS_PICTURES_MAX];
    uint8_t given[LAYERS_PICTURES_MAX];
    for (int round = 0; round < 20000; round++) {
        size_t count = draw(&chance, p);
        uint64_t budget = chance_below(&chance, 3000 * K);
        layers_allocate(budget, p, count, given);
        for (size_t i = 0; i < count; i++) {
            if (given[i] > 0 || p[i].cap == 0 || p[i].options == 0)
                continue;
            uint64_t needed = p[i].bps[0];
            for (size_t k = 0; k < count; k++)
                if (given[k] > 0 && (p[k].rank < p[i].rank || (p[k].rank == p[i].rank && k < i)))
                    needed += p[k].bps[0];
            assert_true((p[i].now > 0 ? needed : needed + (needed + 3) / 4) > budget);
        }
    }
}

static void a_budget_that_wavers_soon_switches_nobody(void **state)
{
    (void)state;
    struct chance chance = { 4 };
    struct layers_picture p[LAYERS_PICTURES_MAX];
    uint8_t given[LAYERS_PICTURES_MAX];
    for (int round = 0; round < 2000; round++) {
        size_t count = draw(&chance, p);
        unsigned switches[LAYERS_PICTURES_MAX] = { 0 };
        uint64_t mean = chance_below(&chance, 8000 * K);
        for (int turn = 0; turn < 400; turn++) {
            /* At first from end to end, so that what can happen has happened. */
            uint64_t permille = turn < 300 ? 900 + (uint64_t)turn % 2 * 200 : 900 + chance_below(&chance, 201);
            layers_allocate(mean * permille / 1000, p, count, given);
            for (size_t i = 0; i < count; i++) {
                switches[i] += turn >= 300 && given[i] != p[i].now;
                p[i].now = given[i];
            }
        }
        for (size_t i = 0; i < count; i++)
            assert_int_equal(switches[i], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everybody_is_seen_before_anybody_is_seen_better),
        cmocka_unit_test(rank_counts_and_not_the_order_of_the_list),
        cmocka_unit_test(going_up_needs_a_quarter_more),
        cmocka_unit_test(a_hidden_or_small_picture_takes_no_more_than_it_shows),
        cmocka_unit_test(what_can_never_fit_holds_nobody_up),
        cmocka_unit_test(the_budget_is_never_exceeded_nor_a_cap),
        cmocka_unit_test(more_to_divide_is_less_for_nobody),
        cmocka_unit_test(a_lower_rank_never_costs_a_higher_one_its_picture),
        cmocka_unit_test(a_budget_that_wavers_soon_switches_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
