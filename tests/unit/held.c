#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "room/held.h"

static struct outbox *outbox(void)
{
    struct outbox *out;
    assert_int_equal(outbox_create(&out, 1 << 20, 64), OK);
    return out;
}

static void what_is_held_is_told_once_in_its_order(void **state)
{
    (void)state;
    struct held held = { 0 };
    struct outbox *out = outbox();
    held_put(&held, bytes_of("first"));
    held_put(&held, bytes_of("second, longer"));
    held_tell(&held, 7, out);
    assert_int_equal(outbox_message_count(out), 2);
    assert_int_equal(outbox_message_at(out, 0).client, 7);
    assert_true(bytes_equal(outbox_message_at(out, 0).text, bytes_of("first")));
    assert_true(bytes_equal(outbox_message_at(out, 1).text, bytes_of("second, longer")));
    held_tell(&held, 7, out);
    assert_int_equal(outbox_message_count(out), 2);
    held_deinit(&held);
    outbox_destroy(out);
}

static void more_than_it_holds_is_known_to_be_lost(void **state)
{
    (void)state;
    static uint8_t text[HELD_MAX / 2 - 4];
    struct held held = { 0 };
    memset(text, 'a', sizeof text);
    for (int i = 0; i < 2; i++)
        held_put(&held, (struct bytes){ text, sizeof text });
    assert_false(held.lost); /* to the last byte */
    held_put(&held, bytes_of(""));
    assert_true(held.lost);
    held_deinit(&held);
    assert_null(held.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_held_is_told_once_in_its_order),
        cmocka_unit_test(more_than_it_holds_is_known_to_be_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
