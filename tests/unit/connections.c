#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "room/connections.h"
#include "sim/chance.h"

enum { MAX = 50 };

static struct connections *table(struct chance *chance)
{
    struct connections *c;
    struct entropy entropy = { chance_fill, chance };
    assert_int_equal(connections_create(&c, MAX, &entropy), OK);
    return c;
}

static void a_full_table_refuses(void **state)
{
    (void)state;
    struct chance chance = { 1 };
    struct connections *c = table(&chance);
    uint32_t number;
    for (client_id client = 1; client <= MAX; client++)
        assert_int_equal(connections_add(c, client, NULL, 0, &number), OK);
    assert_int_equal(connections_add(c, MAX + 1, NULL, 0, &number), ERR_FULL);
    assert_int_equal(connections_count(c), MAX);
    connections_remove(c, 3);
    assert_int_equal(connections_add(c, MAX + 1, NULL, 0, &number), OK);
    assert_int_equal(number, 3);
    connections_destroy(c);
}

static void a_client_is_there_once(void **state)
{
    (void)state;
    struct chance chance = { 2 };
    struct connections *c = table(&chance);
    uint32_t number;
    assert_int_equal(connections_add(c, 9, NULL, 0, &number), OK);
    assert_int_equal(connections_add(c, 9, NULL, 0, &number), ERR_STATE);
    assert_null(connections_find(c, 0));
    assert_null(connections_find(c, 8));
    connections_remove(c, number);
    assert_null(connections_find(c, 9));
    connections_remove(c, number); /* again is harmless */
    assert_int_equal(connections_count(c), 0);
    connections_destroy(c);
}

static void a_renamed_entry_is_found_by_its_new_client_alone(void **state)
{
    (void)state;
    struct chance chance = { 4 };
    struct connections *c = table(&chance);
    uint32_t number, other;
    for (client_id client = 1; client < MAX; client++)
        assert_int_equal(connections_add(c, client, NULL, 0, client == 9 ? &number : &other), OK);
    assert_int_equal(connections_rename(c, number, 10), ERR_STATE);  /* who is there already */
    assert_int_equal(connections_rename(c, MAX - 1, 99), ERR_STATE); /* of nobody */
    assert_int_equal(connections_rename(c, number, 99), OK);
    assert_null(connections_find(c, 9));
    assert_ptr_equal(connections_find(c, 99), connections_at(c, number));
    for (client_id client = 1; client < MAX; client++)
        assert_true(client == 9 || connections_find(c, client));
    assert_int_equal(connections_count(c), MAX - 1);
    connections_destroy(c);
}

/* Against a plain list, in any order of coming and going: removal must leave no client unreachable. */
static void any_order_of_adding_and_removing_finds_the_same(void **state)
{
    (void)state;
    struct chance chance = { 3 };
    struct connections *c = table(&chance);
    client_id there[MAX] = { 0 };
    client_id next = 1;
    for (int step = 0; step < 20000; step++) {
        size_t at = chance_below(&chance, MAX);
        if (there[at]) {
            connections_remove(c, connections_number(c, connections_find(c, there[at])));
            there[at] = 0;
        } else {
            uint32_t number;
            assert_int_equal(connections_add(c, next, NULL, 0, &number), OK);
            assert_int_equal(connections_at(c, number)->client, next);
            there[at] = next++;
        }
        for (size_t i = 0; i < MAX; i++)
            if (there[i])
                assert_int_equal(connections_find(c, there[i])->client, there[i]);
    }
    connections_destroy(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_table_refuses),
        cmocka_unit_test(a_client_is_there_once),
        cmocka_unit_test(a_renamed_entry_is_found_by_its_new_client_alone),
        cmocka_unit_test(any_order_of_adding_and_removing_finds_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
