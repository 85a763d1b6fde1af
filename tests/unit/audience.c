#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "room/audience.h"

static const enum role roles[] = { 0, ROLE_CLIENT, ROLE_THERAPIST, ROLE_LOVED_ONE, ROLE_INTERPRETER, ROLE_ADMIN };
enum { ROLES = sizeof roles / sizeof *roles };

static struct audience_person person(enum role role)
{
    return (struct audience_person){ role, true, SOURCE_ALL, 0, SOURCE_ALL, SOURCE_ALL };
}

static void nothing_flows_unless_all_that_must_hold_does(void **state)
{
    (void)state;
    for (int facts = 0; facts < 32; facts++)
        for (int a = 0; a < ROLES; a++)
            for (int b = 0; b < ROLES; b++) {
                struct audience_room room = { facts & 1, facts & 2, facts & 4 };
                struct audience_person to = person(roles[a]), from = person(roles[b]);
                to.in = facts & 8;
                from.in = facts & 16;
                bool known = roles[a] != 0 && roles[b] != 0 && roles[a] != ROLE_ADMIN && roles[b] != ROLE_ADMIN;
                bool guest = roles[a] == ROLE_LOVED_ONE || roles[a] == ROLE_INTERPRETER || roles[b] == ROLE_LOVED_ONE ||
                             roles[b] == ROLE_INTERPRETER;
                bool expected =
                    known && room.open && room.therapist_present && to.in && from.in && (!guest || room.client_present);
                assert_int_equal(audience_between(&room, &to, &from), expected ? SOURCE_ALL : 0);
            }
}

static void a_source_flows_when_it_is_on_allowed_not_muted_and_wanted(void **state)
{
    (void)state;
    struct audience_room room = { true, true, true };
    for (unsigned sending = 0; sending < 8; sending++)
        for (unsigned muted = 0; muted < 8; muted++)
            for (unsigned sends = 0; sends < 8; sends++)
                for (unsigned receives = 0; receives < 8; receives++) {
                    struct audience_person to = person(ROLE_LOVED_ONE), from = person(ROLE_CLIENT);
                    to.receives = (source_mask)receives;
                    from.sending = (source_mask)sending;
                    from.muted = (source_mask)muted;
                    from.sends = (source_mask)sends;
                    source_mask may = audience_between(&room, &to, &from);
                    for (unsigned source = 1; source < 8; source <<= 1)
                        assert_int_equal((may & source) != 0, (sending & source) && !(muted & source) &&
                                                                  (sends & source) && (receives & source));
                }
}

static void an_empty_fact_is_a_no(void **state)
{
    (void)state;
    struct audience_room room = { 0 };
    struct audience_person nobody = { 0 };
    assert_int_equal(audience_between(&room, &nobody, &nobody), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_flows_unless_all_that_must_hold_does),
        cmocka_unit_test(a_source_flows_when_it_is_on_allowed_not_muted_and_wanted),
        cmocka_unit_test(an_empty_fact_is_a_no),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
