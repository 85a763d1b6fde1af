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
    return (struct audience_person){
        .role = role,
        .in = true,
        .client_there = true,
        .sending = SOURCE_ALL,
        .sends = SOURCE_ALL,
        .receives = SOURCE_ALL,
    };
}

static bool guest(enum role role)
{
    return role == ROLE_LOVED_ONE || role == ROLE_INTERPRETER;
}
static bool known(enum role role)
{
    return role != 0 && role != ROLE_ADMIN;
}

static void nothing_flows_unless_all_that_must_hold_does(void **state)
{
    (void)state;
    for (int facts = 0; facts < 64; facts++)
        for (int a = 0; a < ROLES; a++)
            for (int b = 0; b < ROLES; b++) {
                struct audience_room room = { .open = facts & 1, .therapist_present = facts & 2 };
                struct audience_person to = person(roles[a]), from = person(roles[b]);
                to.in = facts & 4;
                from.in = facts & 8;
                to.client_there = facts & 16;
                from.client_there = facts & 32;
                bool expected = known(roles[a]) && known(roles[b]) && room.open && room.therapist_present && to.in &&
                                from.in && (!guest(roles[a]) || to.client_there) &&
                                (!guest(roles[b]) || from.client_there);
                assert_int_equal(audience_between(&room, &to, &from), expected ? SOURCE_ALL : 0);
                assert_int_equal(audience_together(&room, &to, &from), expected);
            }
}

static void a_source_flows_when_it_is_on_allowed_not_muted_and_wanted(void **state)
{
    (void)state;
    struct audience_room room = { .open = true, .therapist_present = true };
    for (unsigned sending = 0; sending < 8; sending++)
        for (unsigned muted = 0; muted < 8; muted++)
            for (unsigned sends = 0; sends < 8; sends++)
                for (unsigned receives = 0; receives < 8; receives++) {
                    struct audience_person to = person(ROLE_LOVED_ONE), from = person(ROLE_CLIENT);
                    to.receives = (source_mask)receives;
                    from.sending = (source_mask)sending;
                    from.muted = (source_mask)muted;
                    from.sends = (source_mask)sends;
                    assert_int_equal(audience_between(&room, &to, &from), sending & ~muted & sends & receives);
                }
}

static void who_sees_only_therapists_hears_everybody(void **state)
{
    (void)state;
    struct audience_room room = { .open = true, .therapist_present = true };
    struct audience_person to = person(ROLE_LOVED_ONE);
    to.sees_therapists = true;
    for (int i = 0; i < ROLES; i++) {
        struct audience_person from = person(roles[i]);
        source_mask expected = roles[i] == ROLE_THERAPIST ? SOURCE_ALL : known(roles[i]) ? SOURCE_MIC : 0;
        assert_int_equal(audience_between(&room, &to, &from), expected);
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
        cmocka_unit_test(who_sees_only_therapists_hears_everybody),
        cmocka_unit_test(an_empty_fact_is_a_no),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
