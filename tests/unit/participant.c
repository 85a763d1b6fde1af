#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "room/participant.h"

static struct participant person(enum role role)
{
    struct plan_person who = { .role = role };
    struct participant p;
    participant_init(&p, &who);
    return p;
}

static void guests_are_invited_and_others_absent(void **state)
{
    (void)state;
    assert_int_equal(person(ROLE_LOVED_ONE).seat, SEAT_INVITED);
    assert_int_equal(person(ROLE_INTERPRETER).seat, SEAT_INVITED);
    assert_int_equal(person(ROLE_CLIENT).seat, SEAT_ABSENT);
    assert_int_equal(person(ROLE_THERAPIST).seat, SEAT_ABSENT);
}

/* Every cell, by the domain's words: who may come to sit where. */
static void only_the_ledgers_word_after_an_admission_leads_in(void **state)
{
    (void)state;
    for (enum seat from = SEAT_ABSENT; from < SEATS; from++)
        for (enum seat_event event = SEAT_JOIN; event < SEAT_EVENTS; event++) {
            enum seat to = seat_after(from, event);
            if (to == SEAT_ADMITTED)
                assert_true(event == SEAT_COMMIT && from == SEAT_ADMITTING);
            if (to == SEAT_ADMITTING)
                assert_true((event == SEAT_ADMIT &&
                             (from == SEAT_WAITING || from == SEAT_STEPPED_OUT || from == SEAT_SUSPENDED)) ||
                            (event == SEAT_RESUME && from == SEAT_SUSPENDED));
            if (from == SEAT_REMOVED)
                assert_int_equal(to, SEAT_NONE);
            if (event == SEAT_REMOVE && from >= SEAT_INVITED && from != SEAT_REMOVED)
                assert_int_equal(to, SEAT_REMOVED);
            if (event == SEAT_REVOKE && from >= SEAT_INVITED && from < SEAT_LEFT)
                assert_int_equal(to, SEAT_REVOKED);
            if (event == SEAT_STEP_OUT && to != SEAT_NONE)
                assert_int_equal(to, SEAT_STEPPED_OUT);
            if (event == SEAT_SUSPEND && to != SEAT_NONE)
                assert_true(from == SEAT_ADMITTED || from == SEAT_ADMITTING);
            if (to == SEAT_WAITING && event == SEAT_JOIN)
                fail(); /* nobody waits who has not read */
        }
}

static void a_step_without_a_rule_changes_nothing(void **state)
{
    (void)state;
    for (enum seat from = SEAT_ABSENT; from < SEATS; from++)
        for (enum seat_event event = SEAT_JOIN; event < SEAT_EVENTS; event++) {
            struct participant p = person(ROLE_LOVED_ONE);
            p.seat = from;
            p.sending = SOURCE_MIC;
            p.reason = "before";
            enum status status = participant_step(&p, event, "after");
            assert_int_equal(status, seat_after(from, event) == SEAT_NONE ? ERR_STATE : OK);
            if (status != OK) {
                assert_int_equal(p.seat, from);
                assert_int_equal(p.sending, SOURCE_MIC);
                assert_string_equal(p.reason, "before");
            } else if (p.seat != from) {
                assert_int_equal(p.sending, 0); /* microphone and camera start off wherever one comes to sit */
            }
        }
}

static void coming_back_after_a_step_out_is_no_way_in(void **state)
{
    (void)state;
    assert_int_equal(seat_after(SEAT_STEPPED_OUT, SEAT_JOIN_PREPARED), SEAT_STEPPED_OUT);
    assert_int_equal(seat_after(SEAT_SUSPENDED, SEAT_JOIN_PREPARED), SEAT_SUSPENDED);
    assert_int_equal(seat_after(SEAT_LEFT, SEAT_JOIN_PREPARED), SEAT_WAITING);
    assert_int_equal(seat_after(SEAT_INVITED, SEAT_JOIN), SEAT_PREPARING);
    assert_int_equal(seat_after(SEAT_ABSENT, SEAT_JOIN), SEAT_ARRIVED);
}

static void every_seat_and_event_has_a_name(void **state)
{
    (void)state;
    for (enum seat seat = SEAT_ABSENT; seat < SEATS; seat++)
        assert_string_not_equal(seat_name(seat), "?");
    for (enum seat_event event = SEAT_JOIN; event < SEAT_EVENTS; event++)
        assert_string_not_equal(seat_event_name(event), "?");
    assert_string_equal(seat_name(SEATS), "?");
    assert_string_equal(seat_name(SEAT_NONE), "?");
}

static void only_the_connected_are_in(void **state)
{
    (void)state;
    struct participant p = person(ROLE_LOVED_ONE);
    p.seat = SEAT_ADMITTED;
    assert_false(participant_in(&p));
    p.client = 7;
    assert_true(participant_in(&p));
    p.seat = SEAT_WAITING;
    assert_false(participant_in(&p));
}

static void only_a_device_that_was_proved_is_ones_own(void **state)
{
    (void)state;
    struct participant p = person(ROLE_LOVED_ONE);
    struct id none = { "" }, phone = { "phone" }, laptop = { "laptop" };
    assert_false(participant_is_on(&p, &none));
    assert_false(participant_is_on(&p, &phone));
    p.device = phone;
    assert_true(participant_is_on(&p, &phone));
    assert_false(participant_is_on(&p, &laptop));
    assert_false(participant_is_on(&p, &none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guests_are_invited_and_others_absent),
        cmocka_unit_test(only_the_ledgers_word_after_an_admission_leads_in),
        cmocka_unit_test(a_step_without_a_rule_changes_nothing),
        cmocka_unit_test(coming_back_after_a_step_out_is_no_way_in),
        cmocka_unit_test(every_seat_and_event_has_a_name),
        cmocka_unit_test(only_the_connected_are_in),
        cmocka_unit_test(only_a_device_that_was_proved_is_ones_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
