#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "auth/consent.h"

enum { START = 1000, END = 2000, DURING = 1500 };

static const struct id carol = { "carol" }, lee = { "lee" };

static struct grant grant_of(enum mode mode)
{
    return (struct grant){
        .id = { "g1" },
        .client = carol,
        .person = lee,
        .kinds = term_bit(KIND_INDIVIDUAL),
        .modes = term_bit(mode),
        .not_before = START,
        .expires = END,
    };
}

static enum consent check_at(const struct grant *grants, size_t count, int64_t unix_s, struct rights *rights)
{
    return consent_check(grants, count, &carol, &lee, KIND_INDIVIDUAL, unix_s, rights);
}

static enum consent check_one(struct grant g)
{
    return check_at(&g, 1, DURING, &(struct rights){ 0 });
}

static void each_mode_passes_what_the_domain_says(void **state)
{
    (void)state;
    static const struct {
        enum mode mode;
        source_mask receives, sends;
    } cases[] = {
        { MODE_LISTEN, SOURCE_MIC, 0 },
        { MODE_WATCH, SOURCE_ALL, 0 },
        { MODE_AUDIO, SOURCE_MIC, SOURCE_MIC },
        { MODE_FULL, SOURCE_ALL, SOURCE_MIC | SOURCE_CAMERA },
        { (enum mode)0, 0, 0 },
        { (enum mode)(MODE_FULL + 1), 0, 0 },
        { (enum mode) - 1, 0, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        source_mask receives = 0xff, sends = 0xff;
        consent_mode_rights(cases[i].mode, &receives, &sends);
        assert_int_equal(receives, cases[i].receives);
        assert_int_equal(sends, cases[i].sends);
        assert_int_equal(sends & SOURCE_SCREEN, 0);
        assert_int_equal(!!(receives & SOURCE_SCREEN), !!(receives & SOURCE_CAMERA));
    }
}

static void a_grant_is_live_from_its_start_until_just_before_its_end(void **state)
{
    (void)state;
    struct grant g = grant_of(MODE_FULL);
    struct rights rights;
    assert_int_equal(check_at(&g, 1, START - 1, &rights), CONSENT_EARLY);
    assert_int_equal(check_at(&g, 1, START, &rights), CONSENT_LIVE);
    assert_int_equal(check_at(&g, 1, END - 1, &rights), CONSENT_LIVE);
    assert_int_equal(check_at(&g, 1, END, &rights), CONSENT_EXPIRED);
    assert_int_equal(check_at(&g, 1, INT64_MAX, &rights), CONSENT_EXPIRED);
    assert_int_equal(check_at(&g, 1, INT64_MIN, &rights), CONSENT_EARLY);
}

static void no_grant_is_no(void **state)
{
    (void)state;
    assert_int_equal(check_at(NULL, 0, DURING, &(struct rights){ 0 }), CONSENT_ABSENT);
}

static void a_grant_concerns_only_those_whom_it_names(void **state)
{
    (void)state;
    struct grant g = grant_of(MODE_FULL);
    struct rights rights;
    struct id other = { "other" };
    assert_int_equal(consent_check(&g, 1, &other, &lee, KIND_INDIVIDUAL, DURING, &rights), CONSENT_ABSENT);
    assert_int_equal(consent_check(&g, 1, &carol, &other, KIND_INDIVIDUAL, DURING, &rights), CONSENT_ABSENT);
    assert_int_equal(consent_check(&g, 1, &lee, &carol, KIND_INDIVIDUAL, DURING, &rights), CONSENT_ABSENT);
}

static void a_grant_is_for_its_kinds_alone(void **state)
{
    (void)state;
    struct grant g = grant_of(MODE_FULL);
    struct rights rights;
    g.kinds = term_bit(KIND_FAMILY) | term_bit(KIND_DISCHARGE);
    for (int kind = -1; kind <= 40; kind++) /* beyond the enum, and beyond the width of a set */
        assert_int_equal(consent_check(&g, 1, &carol, &lee, (enum session_kind)kind, DURING, &rights),
                         kind == KIND_FAMILY || kind == KIND_DISCHARGE ? CONSENT_LIVE : CONSENT_OTHER_KIND);
}

static void a_withdrawn_grant_is_no_at_any_time(void **state)
{
    (void)state;
    struct grant g = grant_of(MODE_FULL);
    g.withdrawn = true;
    for (int64_t t = START - 1; t <= END; t++)
        assert_int_equal(check_at(&g, 1, t, &(struct rights){ 0 }), CONSENT_WITHDRAWN);
}

static void an_incomplete_grant_counts_as_absent(void **state)
{
    (void)state;
    struct grant g = grant_of(MODE_FULL);
    g.modes = 0;
    assert_int_equal(check_one(g), CONSENT_ABSENT);
    g.modes = term_bit(0) | term_bit(MODE_FULL + 1);
    assert_int_equal(check_one(g), CONSENT_ABSENT);
    g = grant_of(MODE_FULL);
    g.expires = 0;
    assert_int_equal(check_one(g), CONSENT_ABSENT);
    g.expires = START;
    assert_int_equal(check_one(g), CONSENT_ABSENT);
    g = grant_of(MODE_FULL);
    g.not_before = 0;
    assert_int_equal(check_one(g), CONSENT_ABSENT);
    g = (struct grant){ .client = carol, .person = lee };
    assert_int_equal(check_one(g), CONSENT_ABSENT);
}

static void refusals_leave_the_rights_alone(void **state)
{
    (void)state;
    struct rights rights = { 1, 2, 3 };
    struct grant g = grant_of(MODE_FULL);
    check_at(&g, 1, END, &rights);
    g.withdrawn = true;
    check_at(&g, 1, DURING, &rights);
    check_at(NULL, 0, DURING, &rights);
    assert_true(rights.receives == 1 && rights.sends == 2 && rights.until == 3);
}

static void the_widest_live_grant_decides_and_its_end_counts(void **state)
{
    (void)state;
    struct grant grants[] = { grant_of(MODE_LISTEN), grant_of(MODE_FULL), grant_of(MODE_WATCH), grant_of(MODE_FULL) };
    grants[0].expires = END + 500;
    grants[1].expires = END - 100;
    grants[3].expires = END - 200;
    struct rights rights;
    assert_int_equal(check_at(grants, 4, DURING, &rights), CONSENT_LIVE);
    assert_int_equal(rights.sends, SOURCE_MIC | SOURCE_CAMERA);
    assert_int_equal(rights.until, END - 100);
    /* When the widest is over, what is left is narrower. */
    assert_int_equal(check_at(grants, 4, END - 50, &rights), CONSENT_LIVE);
    assert_int_equal(rights.receives, SOURCE_ALL);
    assert_int_equal(rights.sends, 0);
    assert_int_equal(rights.until, END);
    assert_int_equal(check_at(grants, 4, END, &rights), CONSENT_LIVE);
    assert_int_equal(rights.receives, SOURCE_MIC);
    assert_int_equal(rights.until, END + 500);
}

static void a_dead_wide_grant_does_not_widen_a_live_narrow_one(void **state)
{
    (void)state;
    struct grant grants[] = { grant_of(MODE_FULL), grant_of(MODE_LISTEN), grant_of(MODE_FULL), grant_of(MODE_FULL) };
    grants[0].withdrawn = true;
    grants[2].kinds = term_bit(KIND_FAMILY);
    grants[3].person = (struct id){ "other" };
    struct rights rights;
    assert_int_equal(check_at(grants, 4, DURING, &rights), CONSENT_LIVE);
    assert_int_equal(rights.receives, SOURCE_MIC);
    assert_int_equal(rights.sends, 0);
}

static void two_modes_are_a_choice_and_not_a_sum(void **state)
{
    (void)state;
    struct grant g = grant_of(MODE_WATCH);
    g.modes |= term_bit(MODE_AUDIO);
    struct rights rights;
    assert_int_equal(check_at(&g, 1, DURING, &rights), CONSENT_LIVE);
    assert_int_equal(rights.receives, SOURCE_MIC);
    assert_int_equal(rights.sends, SOURCE_MIC);
}

static void the_most_telling_refusal_is_reported_in_any_order(void **state)
{
    (void)state;
    struct grant absent = { .client = carol, .person = lee }, other = grant_of(MODE_FULL), expired = other,
                 withdrawn = other, early = other;
    other.kinds = term_bit(KIND_FAMILY);
    expired.not_before = 1, expired.expires = DURING;
    withdrawn.withdrawn = true;
    early.not_before = DURING + 1;
    const struct grant by_telling[] = { absent, other, expired, withdrawn, early };
    static const enum consent reasons[] = { CONSENT_ABSENT, CONSENT_OTHER_KIND, CONSENT_EXPIRED, CONSENT_WITHDRAWN,
                                            CONSENT_EARLY };
    for (size_t a = 0; a < 5; a++)
        for (size_t b = 0; b < 5; b++) {
            struct grant both[] = { by_telling[a], by_telling[b] };
            assert_int_equal(check_at(both, 2, DURING, &(struct rights){ 0 }), reasons[a > b ? a : b]);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_mode_passes_what_the_domain_says),
        cmocka_unit_test(a_grant_is_live_from_its_start_until_just_before_its_end),
        cmocka_unit_test(no_grant_is_no),
        cmocka_unit_test(a_grant_concerns_only_those_whom_it_names),
        cmocka_unit_test(a_grant_is_for_its_kinds_alone),
        cmocka_unit_test(a_withdrawn_grant_is_no_at_any_time),
        cmocka_unit_test(an_incomplete_grant_counts_as_absent),
        cmocka_unit_test(refusals_leave_the_rights_alone),
        cmocka_unit_test(the_widest_live_grant_decides_and_its_end_counts),
        cmocka_unit_test(a_dead_wide_grant_does_not_widen_a_live_narrow_one),
        cmocka_unit_test(two_modes_are_a_choice_and_not_a_sum),
        cmocka_unit_test(the_most_telling_refusal_is_reported_in_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
