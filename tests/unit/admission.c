#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "auth/admission.h"

/* The conditions of an admission, each a bit, in the order in which a verdict names the first that fails. */
enum condition {
    NOT_DENIED,
    CONNECTED,
    ROOM_OPEN,
    THERAPIST,
    CLIENT,
    GRANT,
    AGREED,
    TIME,
    SEAT,
    CONDITIONS,
    ALL = (1 << CONDITIONS) - 1,
};

static const enum verdict refusal[CONDITIONS] = {
    [NOT_DENIED] = VERDICT_DENIED,
    [CONNECTED] = VERDICT_NOT_CONNECTED,
    [ROOM_OPEN] = VERDICT_ROOM_NOT_OPEN,
    [THERAPIST] = VERDICT_NO_THERAPIST,
    [CLIENT] = VERDICT_NO_CLIENT,
    [GRANT] = VERDICT_NO_GRANT,
    [AGREED] = VERDICT_CLIENT_HAS_NOT_AGREED,
    [TIME] = VERDICT_TOO_LITTLE_TIME,
    [SEAT] = VERDICT_FULL,
};

static struct admission_facts facts_of(enum role role, int held)
{
    return (struct admission_facts){
        .role = role,
        .kind = KIND_INDIVIDUAL,
        .connected = held >> CONNECTED & 1,
        .denied = !(held >> NOT_DENIED & 1),
        .room_open = held >> ROOM_OPEN & 1,
        .therapist_connected = held >> THERAPIST & 1,
        .client_connected = held >> CLIENT & 1,
        .client_agrees = held >> AGREED & 1,
        .consent = held >> GRANT & 1 ? CONSENT_LIVE : CONSENT_ABSENT,
        .seconds_left = held >> TIME & 1 ? ADMISSION_LEAST_S : ADMISSION_LEAST_S - 1,
        .seats_free = held >> SEAT & 1,
    };
}

/* needed: the conditions that this role must meet. */
static void walk(enum role role, int needed)
{
    for (int held = 0; held <= ALL; held++) {
        struct admission_facts facts = facts_of(role, held);
        enum verdict expected = VERDICT_ADMIT;
        for (int condition = CONDITIONS - 1; condition >= 0; condition--)
            if ((needed & ~held) >> condition & 1)
                expected = refusal[condition];
        assert_int_equal(admission_decide(&facts), expected);
        assert_int_equal(admission_decide(&facts) == VERDICT_ADMIT, (held & needed) == needed);
    }
}

static void a_loved_one_is_admitted_exactly_when_everything_holds(void **state)
{
    (void)state;
    walk(ROLE_LOVED_ONE, ALL);
}

static void an_interpreter_needs_no_grant_and_no_yes_but_all_the_rest(void **state)
{
    (void)state;
    walk(ROLE_INTERPRETER, ALL & ~(1 << GRANT | 1 << AGREED));
}

static void each_single_missing_fact_has_its_own_verdict(void **state)
{
    (void)state;
    for (int a = 0; a < CONDITIONS; a++) {
        struct admission_facts facts = facts_of(ROLE_LOVED_ONE, ALL & ~(1 << a));
        assert_int_equal(admission_decide(&facts), refusal[a]);
        for (int b = 0; b < a; b++)
            assert_int_not_equal(refusal[a], refusal[b]);
    }
}

static void only_loved_ones_and_interpreters_of_an_individual_session_are_admitted(void **state)
{
    (void)state;
    for (int kind = -1; kind <= KIND_GROUP + 1; kind++)
        for (int role = -1; role <= ROLE_ADMIN + 1; role++) {
            struct admission_facts facts = facts_of((enum role)role, ALL);
            facts.kind = (enum session_kind)kind;
            bool admitted = role == ROLE_LOVED_ONE || role == ROLE_INTERPRETER;
            enum verdict expected = !admitted ? VERDICT_ROLE : kind != KIND_INDIVIDUAL ? VERDICT_KIND : VERDICT_ADMIT;
            assert_int_equal(admission_decide(&facts), expected);
        }
}

static void a_group_never_admits_a_loved_one(void **state)
{
    (void)state;
    for (int held = 0; held <= ALL; held++)
        for (int already_in = 0; already_in < 2; already_in++) {
            struct admission_facts facts = facts_of(ROLE_LOVED_ONE, held);
            facts.kind = KIND_GROUP;
            facts.already_in = already_in;
            assert_int_not_equal(admission_decide(&facts), VERDICT_ADMIT);
        }
}

static void each_state_of_consent_but_live_is_its_own_refusal(void **state)
{
    (void)state;
    static const enum verdict expected[] = {
        [CONSENT_ABSENT] = VERDICT_NO_GRANT,           [CONSENT_LIVE] = VERDICT_ADMIT,
        [CONSENT_EARLY] = VERDICT_GRANT_NOT_YET,       [CONSENT_EXPIRED] = VERDICT_GRANT_EXPIRED,
        [CONSENT_WITHDRAWN] = VERDICT_GRANT_WITHDRAWN, [CONSENT_OTHER_KIND] = VERDICT_GRANT_OTHER_KIND,
    };
    struct admission_facts facts = facts_of(ROLE_LOVED_ONE, ALL);
    for (size_t consent = 0; consent < sizeof expected / sizeof *expected; consent++) {
        facts.consent = (enum consent)consent;
        assert_int_equal(admission_decide(&facts), expected[consent]);
    }
    facts.consent = (enum consent)100;
    assert_int_equal(admission_decide(&facts), VERDICT_NO_GRANT);
    facts.consent = (enum consent) - 1;
    assert_int_equal(admission_decide(&facts), VERDICT_NO_GRANT);
}

static void being_in_already_waives_time_and_seat_and_nothing_else(void **state)
{
    (void)state;
    for (int held = 0; held <= ALL; held++) {
        struct admission_facts inside = facts_of(ROLE_LOVED_ONE, held), outside;
        inside.already_in = true;
        outside = facts_of(ROLE_LOVED_ONE, held | 1 << TIME | 1 << SEAT);
        assert_int_equal(admission_decide(&inside), admission_decide(&outside));
    }
}

static void nobody_stays_past_the_end(void **state)
{
    (void)state;
    struct admission_facts facts = facts_of(ROLE_LOVED_ONE, ALL);
    facts.already_in = true;
    facts.seconds_left = 1;
    assert_int_equal(admission_decide(&facts), VERDICT_ADMIT);
    facts.seconds_left = 0;
    assert_int_equal(admission_decide(&facts), VERDICT_TOO_LITTLE_TIME);
    facts.seconds_left = -1;
    assert_int_equal(admission_decide(&facts), VERDICT_TOO_LITTLE_TIME);
}

static void forgotten_facts_are_refused(void **state)
{
    (void)state;
    assert_int_not_equal(admission_decide(&(struct admission_facts){ 0 }), VERDICT_ADMIT);
}

static void each_verdict_has_its_own_name(void **state)
{
    (void)state;
    for (int a = VERDICT_NONE; a <= VERDICT_FULL; a++) {
        assert_string_not_equal(verdict_name((enum verdict)a), "?");
        for (int b = VERDICT_NONE; b < a; b++)
            assert_string_not_equal(verdict_name((enum verdict)a), verdict_name((enum verdict)b));
    }
    assert_string_equal(verdict_name(VERDICT_GRANT_EXPIRED), "grant_expired");
    assert_string_equal(verdict_name(VERDICT_KIND), "kind_not_supported");
    assert_string_equal(verdict_name((enum verdict)(VERDICT_FULL + 1)), "?");
    assert_string_equal(verdict_name((enum verdict) - 1), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loved_one_is_admitted_exactly_when_everything_holds),
        cmocka_unit_test(an_interpreter_needs_no_grant_and_no_yes_but_all_the_rest),
        cmocka_unit_test(each_single_missing_fact_has_its_own_verdict),
        cmocka_unit_test(only_loved_ones_and_interpreters_of_an_individual_session_are_admitted),
        cmocka_unit_test(a_group_never_admits_a_loved_one),
        cmocka_unit_test(each_state_of_consent_but_live_is_its_own_refusal),
        cmocka_unit_test(being_in_already_waives_time_and_seat_and_nothing_else),
        cmocka_unit_test(nobody_stays_past_the_end),
        cmocka_unit_test(forgotten_facts_are_refused),
        cmocka_unit_test(each_verdict_has_its_own_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
