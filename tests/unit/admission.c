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

static struct admission_facts facts_of(enum session_kind kind, enum role role, int held)
{
    return (struct admission_facts){
        .role = role,
        .kind = kind,
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

/* What each kind asks of each role, in the domain's words; 0: it has no place there. */
enum {
    OF_ANYBODY = ALL & ~(1 << GRANT | 1 << AGREED | 1 << CLIENT),
    OF_INTERPRETER = OF_ANYBODY | 1 << CLIENT,
    OF_ENROLLED = OF_ANYBODY | 1 << GRANT,
};
static int needed_by(enum session_kind kind, enum role role)
{
    if (role == ROLE_INTERPRETER)
        return kind == KIND_WORKSHOP ? OF_ANYBODY : OF_INTERPRETER;
    return kind == KIND_GROUP ? 0 : kind == KIND_WORKSHOP ? OF_ENROLLED : ALL;
}

static void each_kind_admits_exactly_when_all_that_it_asks_for_holds(void **state)
{
    (void)state;
    for (int kind = KIND_INDIVIDUAL; kind <= KIND_GROUP; kind++)
        for (int role = ROLE_LOVED_ONE; role <= ROLE_INTERPRETER; role++) {
            int needed = needed_by((enum session_kind)kind, (enum role)role);
            for (int held = 0; held <= ALL; held++) {
                struct admission_facts facts = facts_of((enum session_kind)kind, (enum role)role, held);
                enum verdict expected = needed ? VERDICT_ADMIT : VERDICT_KIND;
                for (int condition = CONDITIONS - 1; needed && condition >= 0; condition--)
                    if ((needed & ~held) >> condition & 1)
                        expected = refusal[condition];
                if (!(held >> NOT_DENIED & 1))
                    expected = VERDICT_DENIED;
                assert_int_equal(admission_decide(&facts), expected);
            }
        }
}

/* Where the grant lets the client be away, neither presence nor yes is needed while they are, and the yes again when
 * they are there. It changes nothing in the other kinds. */
static void a_check_in_goes_on_without_the_client_where_the_grant_says_so(void **state)
{
    (void)state;
    for (int kind = KIND_INDIVIDUAL; kind <= KIND_GROUP; kind++)
        for (int role = ROLE_LOVED_ONE; role <= ROLE_INTERPRETER; role++)
            for (int held = 0; held <= ALL; held++) {
                struct admission_facts facts = facts_of((enum session_kind)kind, (enum role)role, held);
                enum verdict before = admission_decide(&facts);
                bool away = kind == KIND_CHECK_IN && role == ROLE_LOVED_ONE && !facts.client_connected &&
                            facts.consent == CONSENT_LIVE;
                if (away) {
                    struct admission_facts there = facts;
                    there.client_connected = there.client_agrees = true;
                    before = admission_decide(&there);
                }
                facts.client_absent_ok = true;
                assert_int_equal(admission_decide(&facts), before);
            }
    struct admission_facts facts = facts_of(KIND_CHECK_IN, ROLE_LOVED_ONE, ALL & ~(1 << CLIENT | 1 << AGREED));
    assert_int_equal(admission_decide(&facts), VERDICT_NO_CLIENT);
    facts.client_absent_ok = true;
    assert_int_equal(admission_decide(&facts), VERDICT_ADMIT);
    facts.client_connected = true;
    assert_int_equal(admission_decide(&facts), VERDICT_CLIENT_HAS_NOT_AGREED);
}

static void each_single_missing_fact_has_its_own_verdict(void **state)
{
    (void)state;
    for (int a = 0; a < CONDITIONS; a++) {
        struct admission_facts facts = facts_of(KIND_INDIVIDUAL, ROLE_LOVED_ONE, ALL & ~(1 << a));
        assert_int_equal(admission_decide(&facts), refusal[a]);
        for (int b = 0; b < a; b++)
            assert_int_not_equal(refusal[a], refusal[b]);
    }
}

static void only_loved_ones_and_interpreters_are_admitted_and_to_known_kinds(void **state)
{
    (void)state;
    for (int kind = -1; kind <= KIND_GROUP + 1; kind++)
        for (int role = -1; role <= ROLE_ADMIN + 1; role++) {
            struct admission_facts facts = facts_of((enum session_kind)kind, (enum role)role, ALL);
            bool admitted = role == ROLE_LOVED_ONE || role == ROLE_INTERPRETER;
            bool known = kind >= KIND_INDIVIDUAL && kind <= (role == ROLE_LOVED_ONE ? KIND_DISCHARGE : KIND_GROUP);
            assert_int_equal(admission_decide(&facts), !admitted ? VERDICT_ROLE
                                                       : !known  ? VERDICT_KIND
                                                                 : VERDICT_ADMIT);
        }
}

static void a_group_never_admits_a_loved_one(void **state)
{
    (void)state;
    for (int held = 0; held <= ALL; held++)
        for (int bits = 0; bits < 4; bits++) {
            struct admission_facts facts = facts_of(KIND_GROUP, ROLE_LOVED_ONE, held);
            facts.already_in = bits & 1;
            facts.client_absent_ok = bits & 2;
            assert_int_not_equal(admission_decide(&facts), VERDICT_ADMIT);
        }
}

static void each_state_of_consent_but_live_is_its_own_refusal(void **state)
{
    (void)state;
    static const enum verdict expected[] = {
        [CONSENT_ABSENT] = VERDICT_NO_GRANT,
        [CONSENT_LIVE] = VERDICT_ADMIT,
        [CONSENT_EARLY] = VERDICT_GRANT_NOT_YET,
        [CONSENT_EXPIRED] = VERDICT_GRANT_EXPIRED,
        [CONSENT_WITHDRAWN] = VERDICT_GRANT_WITHDRAWN,
        [CONSENT_OTHER_KIND] = VERDICT_GRANT_OTHER_KIND,
        [CONSENT_OTHER_TOPIC] = VERDICT_GRANT_OTHER_TOPIC,
    };
    struct admission_facts facts = facts_of(KIND_INDIVIDUAL, ROLE_LOVED_ONE, ALL);
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
        struct admission_facts inside = facts_of(KIND_INDIVIDUAL, ROLE_LOVED_ONE, held), outside;
        inside.already_in = true;
        outside = facts_of(KIND_INDIVIDUAL, ROLE_LOVED_ONE, held | 1 << TIME | 1 << SEAT);
        assert_int_equal(admission_decide(&inside), admission_decide(&outside));
    }
}

static void nobody_stays_past_the_end(void **state)
{
    (void)state;
    struct admission_facts facts = facts_of(KIND_INDIVIDUAL, ROLE_LOVED_ONE, ALL);
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
        cmocka_unit_test(each_kind_admits_exactly_when_all_that_it_asks_for_holds),
        cmocka_unit_test(a_check_in_goes_on_without_the_client_where_the_grant_says_so),
        cmocka_unit_test(each_single_missing_fact_has_its_own_verdict),
        cmocka_unit_test(only_loved_ones_and_interpreters_are_admitted_and_to_known_kinds),
        cmocka_unit_test(a_group_never_admits_a_loved_one),
        cmocka_unit_test(each_state_of_consent_but_live_is_its_own_refusal),
        cmocka_unit_test(being_in_already_waives_time_and_seat_and_nothing_else),
        cmocka_unit_test(nobody_stays_past_the_end),
        cmocka_unit_test(forgotten_facts_are_refused),
        cmocka_unit_test(each_verdict_has_its_own_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
