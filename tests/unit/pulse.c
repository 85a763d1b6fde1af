/* How shards are doing, made of what they tell each second. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "api/pulse.h"

enum { NOON = 1790000040 }; /* a whole minute */

static struct pulse *pulse;
static struct vitals vitals;
static struct now now;

static int set_up(void **state)
{
    (void)state;
    vitals = (struct vitals){ .picture_percent = 100 };
    now = (struct now){ 5 * USEC_PER_SEC, (int64_t)NOON * (int64_t)USEC_PER_SEC };
    return pulse_create(&pulse, 2, &(struct id){ "north" }) == OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    pulse_destroy(pulse);
    return 0;
}

/* A second in which the shard did as much as `counts` says. */
static void tell(struct vitals_counts counts)
{
    now.mono_us += USEC_PER_SEC;
    now.unix_us += (int64_t)USEC_PER_SEC;
    vitals.taken_us = now.mono_us;
    uint64_t *sum = (uint64_t *)&vitals.counts;
    const uint64_t *more = (const uint64_t *)&counts;
    for (size_t i = 0; i < sizeof counts / sizeof *more; i++)
        sum[i] += more[i];
    assert_int_equal(pulse_take(pulse, now, (struct bytes){ (uint8_t *)&vitals, vitals_size(&vitals) }), OK);
}

static void rates_are_of_the_last_seconds(void **state)
{
    (void)state;
    struct pulse_reading r;
    assert_false(pulse_read(pulse, 0, now, &r));
    tell((struct vitals_counts){ 0 });
    assert_true(pulse_read(pulse, 0, now, &r));
    assert_int_equal(r.packets_out_s, 0);
    assert_true(r.lost_in_percent < 0 && r.lost_out_percent < 0 && r.frozen_percent < 0 && r.concealed_percent < 0);
    for (int i = 0; i < 5; i++)
        tell((struct vitals_counts){ .packets_out = 1 });
    for (int i = 0; i < 2; i++)
        tell((struct vitals_counts){ .busy_us = 250000,
                                     .packets_in = 10,
                                     .packets_out = 70,
                                     .bytes_in = 1000,
                                     .bytes_out = 7000,
                                     .dropped = 3,
                                     .expected_in = 200,
                                     .lost_in = 1,
                                     .reports = 4,
                                     .reported_q8 = 2 * 64,
                                     .watched_ms = 1000,
                                     .frozen_ms = 20,
                                     .heard_ms = 500,
                                     .concealed_ms = 50 });
    now.mono_us += 300 * USEC_PER_MSEC;
    assert_true(pulse_read(pulse, 0, now, &r));
    assert_int_equal(r.age_us, 300 * USEC_PER_MSEC);
    assert_int_equal(r.busy_percent, 25);
    assert_int_equal(r.packets_in_s, 10);
    assert_int_equal(r.packets_out_s, 70);
    assert_int_equal(r.bits_in_s, 8000);
    assert_int_equal(r.bits_out_s, 56000);
    assert_int_equal(r.dropped_s, 3);
    assert_true(r.lost_in_percent == 0.5 && r.lost_out_percent == 12.5);
    assert_true(r.frozen_percent == 2.0 && r.concealed_percent == 10.0);
    assert_false(pulse_read(pulse, 1, now, &r));
    for (int i = 0; i < 16; i++)
        tell((struct vitals_counts){ .expected_in = 10 });
    assert_true(pulse_read(pulse, 0, now, &r));
    assert_true(r.lost_in_percent == 0 && r.frozen_percent < 0); /* what was long ago is forgotten */
}

static void a_minute_is_due_once_it_is_over_and_until_it_is_stored(void **state)
{
    (void)state;
    const struct history_row *rows;
    assert_int_equal(pulse_minute(pulse, now, &rows), 0);
    now.unix_us += 10 * (int64_t)USEC_PER_SEC;
    tell((struct vitals_counts){ .packets_out = 1000 }); /* from before it was looked at */
    vitals.people = 7;
    vitals.picture_percent = 50;
    vitals.states[VITALS_LOBBY] = vitals.states[VITALS_OPEN] = vitals.states[VITALS_PAUSED] = 1;
    vitals.states[VITALS_SCHEDULED] = vitals.states[VITALS_CLOSED] = 100;
    vitals.room_count = 2;
    vitals.rooms[0] = (struct vitals_room){ .waiting = 1, .waiting_since = NOON - 100 };
    vitals.rooms[1] = (struct vitals_room){ .waiting = 2, .waiting_since = NOON - 400 };
    tell((struct vitals_counts){ .packets_out = 30, .busy_us = 900000 });
    vitals.people = 3;
    vitals.picture_percent = 100;
    vitals.room_count = 0;
    vitals.shard = 1;
    for (int i = 0; i < 47; i++) {
        vitals.shard = 0;
        tell((struct vitals_counts){ .packets_out = 1, .busy_us = 1000 });
        assert_int_equal(pulse_minute(pulse, now, &rows), 0);
    }
    tell((struct vitals_counts){ .packets_out = 1, .busy_us = 1000 });
    assert_int_equal(pulse_minute(pulse, now, &rows), 1);
    assert_int_equal(rows[0].at, NOON);
    assert_int_equal(rows[0].step_s, 60);
    assert_int_equal(rows[0].covered_s, 49);
    assert_string_equal(rows[0].node.text, "north");
    assert_int_equal(rows[0].shard, 0);
    assert_int_equal(rows[0].packets_out, 30 + 48);
    assert_int_equal(rows[0].busy_ms, 900 + 48);
    assert_int_equal(rows[0].busy_percent, 90);
    assert_int_equal(rows[0].rooms, 3);
    assert_int_equal(rows[0].people, 7);
    assert_int_equal(rows[0].waiting, 3);
    assert_int_equal(rows[0].longest_wait_s, 412);
    assert_int_equal(rows[0].picture_percent, 50);
    tell((struct vitals_counts){ .packets_out = 5 });
    assert_int_equal(pulse_minute(pulse, now, &rows), 1);
    assert_int_equal(rows[0].packets_out, 30 + 48 + 5); /* it could not be stored: nothing of it is lost */
    pulse_stored(pulse, now);
    assert_int_equal(pulse_minute(pulse, now, &rows), 0);
    for (int i = 0; i < 60; i++)
        tell((struct vitals_counts){ .packets_out = 2 });
    assert_int_equal(pulse_minute(pulse, now, &rows), 1);
    assert_int_equal(rows[0].at, NOON + 60);
    assert_int_equal(rows[0].packets_out, 120);
    assert_int_equal(rows[0].people, 3);
    assert_int_equal(rows[0].picture_percent, 100);
    now.unix_us -= 3600 * (int64_t)USEC_PER_SEC; /* the clock is set back */
    assert_int_equal(pulse_minute(pulse, now, &rows), 0);
    for (int i = 0; i < 60; i++)
        tell((struct vitals_counts){ .packets_out = 2 });
    assert_int_equal(pulse_minute(pulse, now, &rows), 1);
    assert_int_equal(rows[0].packets_out, 240);
}

static void what_is_no_vitals_is_refused(void **state)
{
    (void)state;
    struct bytes bytes = { (uint8_t *)&vitals, vitals_size(&vitals) };
    vitals.shard = 2;
    assert_int_equal(pulse_take(pulse, now, bytes), ERR_MALFORMED);
    vitals.shard = 0;
    vitals.room_count = 1;
    assert_int_equal(pulse_take(pulse, now, bytes), ERR_MALFORMED);
    vitals.room_count = VITALS_ROOMS_MAX + 1;
    assert_int_equal(pulse_take(pulse, now, bytes), ERR_MALFORMED);
    vitals.room_count = 0;
    bytes.len--;
    assert_int_equal(pulse_take(pulse, now, bytes), ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rates_are_of_the_last_seconds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_minute_is_due_once_it_is_over_and_until_it_is_stored, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_vitals_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
