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
        .epoch = 1,
        .client = carol,
        .person = lee,
        .granted_by = GRANTED_BY_PATIENT,
        .kinds = term_bit(KIND_INDIVIDUAL),
        .modes = term_bit(mode),
        .not_before = START,
        .expires = END,
        .purpose = "FAMRQT",
        .notice_version = "v1",
        .evidence = "DocumentReference/1",
        .status = GRANT_ACTIVE,
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

static void two_bounds_leave_what_both_let_pass(void **state)
{
    (void)state;
    for (int mode = 0; mode <= MODE_FULL; mode++)
        for (int bound = 0; bound <= MODE_FULL; bound++) {
            enum mode left = consent_mode_within((enum mode)mode, (enum mode)bound);
            source_mask receives, sends, receives_most, sends_most, receives_left, sends_left;
            consent_mode_rights((enum mode)(mode ? mode : MODE_FULL), &receives, &sends);
            consent_mode_rights((enum mode)(bound ? bound : MODE_FULL), &receives_most, &sends_most);
            consent_mode_rights((enum mode)(left ? left : MODE_FULL), &receives_left, &sends_left);
            assert_int_equal(receives_left, receives & receives_most);
            assert_int_equal(sends_left, sends & sends_most);
            assert_int_equal(left == 0, mode == 0 && bound == 0);
        }
    assert_int_equal(consent_mode_within(MODE_WATCH, MODE_AUDIO), MODE_LISTEN);
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
    g.kinds = term_bit(KIND_FAMILY) | term_bit(KIND_WORKSHOP);
    for (int kind = -1; kind <= 40; kind++) /* beyond the enum, and beyond the width of a set */
        assert_int_equal(consent_check(&g, 1, &carol, &lee, (enum session_kind)kind, DURING, &rights),
                         kind == KIND_FAMILY || kind == KIND_WORKSHOP ? CONSENT_LIVE : CONSENT_OTHER_KIND);
}

static void no_grant_opens_a_group(void **state)
{
    (void)state;
    struct grant g = grant_of(MODE_FULL);
    g.kinds = ~(term_set)0;
    g.topics = ~(term_set)0;
    assert_int_equal(consent_check(&g, 1, &carol, &lee, KIND_GROUP, DURING, &(struct rights){ 0 }), CONSENT_OTHER_KIND);
    g.kinds = term_bit(KIND_GROUP);
    assert_string_equal(consent_missing(&g), "kinds");
}

static void a_kind_with_a_topic_needs_a_grant_that_names_it(void **state)
{
    (void)state;
    static const enum topic needed[KIND_GROUP] = {
        [KIND_CHECK_IN] = TOPIC_GENERAL_PROGRESS, [KIND_DISCHARGE] = TOPIC_AFTERCARE
    };
    for (int kind = KIND_INDIVIDUAL; kind < KIND_GROUP; kind++)
        for (int topic = TOPIC_GENERAL_PROGRESS; topic <= TOPIC_EDUCATION; topic++) {
            struct grant g = grant_of(MODE_FULL);
            g.kinds = term_bit(kind);
            g.topics = term_bit(topic);
            enum consent expected = !needed[kind] || (int)needed[kind] == topic ? CONSENT_LIVE : CONSENT_OTHER_TOPIC;
            assert_int_equal(consent_check(&g, 1, &carol, &lee, (enum session_kind)kind, DURING, &(struct rights){ 0 }),
                             expected);
        }
}

static void the_rights_are_those_of_the_grant_that_decides(void **state)
{
    (void)state;
    struct grant grants[] = { grant_of(MODE_LISTEN), grant_of(MODE_AUDIO) };
    grants[0].chat = grants[0].client_absent_ok = true; /* and never lends them to the other */
    grants[0].topics = term_bit(TOPIC_SAFETY_PLAN);
    grants[1].id = (struct id){ "g2" };
    grants[1].epoch = 7;
    struct rights rights;
    assert_int_equal(check_at(grants, 2, DURING, &rights), CONSENT_LIVE);
    assert_string_equal(rights.grant.text, "g2");
    assert_int_equal(rights.epoch, 7);
    assert_int_equal(rights.mode, MODE_AUDIO);
    assert_false(rights.chat);
    assert_false(rights.client_absent_ok);
    assert_int_equal(rights.topics, 0);
    assert_int_equal(check_at(grants, 1, DURING, &rights), CONSENT_LIVE);
    assert_true(rights.chat && rights.client_absent_ok);
    assert_int_equal(rights.topics, term_bit(TOPIC_SAFETY_PLAN));
}

static void a_withdrawn_grant_is_no_at_any_time(void **state)
{
    (void)state;
    struct grant g = grant_of(MODE_FULL);
    g.status = GRANT_WITHDRAWN;
    for (int64_t t = START - 1; t <= END; t++)
        assert_int_equal(check_at(&g, 1, t, &(struct rights){ 0 }), CONSENT_WITHDRAWN);
}

/* 42 CFR 2.31, part by part: each alone makes the consent none. */
static void an_incomplete_grant_counts_as_absent(void **state)
{
    (void)state;
    const struct grant whole = grant_of(MODE_FULL);
    struct grant lacking[16];
    const char *part[16];
    int count = 0;
#define WITHOUT(name, change)                                                                                          \
    do {                                                                                                               \
        struct grant g = whole;                                                                                        \
        change;                                                                                                        \
        part[count] = name;                                                                                            \
        lacking[count++] = g;                                                                                          \
    } while (0)
    WITHOUT("id", g.id = (struct id){ 0 });
    WITHOUT("epoch", g.epoch = 0);
    WITHOUT("client", g.client = (struct id){ 0 });
    WITHOUT("person", g.person = (struct id){ 0 });
    WITHOUT("granted_by", g.granted_by = 0);
    WITHOUT("granted_by", g.granted_by = (enum granted_by)(GRANTED_BY_BOTH + 1));
    WITHOUT("kinds", g.kinds = term_bit(0) | term_bit(KIND_GROUP + 1));
    WITHOUT("modes", g.modes = 0);
    WITHOUT("modes", g.modes = term_bit(0) | term_bit(MODE_FULL + 1));
    WITHOUT("purpose", g.purpose[0] = 0);
    WITHOUT("purpose", strcpy(g.purpose, "HMARKT"));
    WITHOUT("not_before", g.not_before = 0);
    WITHOUT("expires", g.expires = 0);
    WITHOUT("expires", g.expires = START);
    WITHOUT("notice_version", g.notice_version[0] = 0);
    WITHOUT("evidence", g.evidence[0] = 0);
#undef WITHOUT
    assert_null(consent_missing(&whole));
    for (int i = 0; i < count; i++) {
        assert_string_equal(consent_missing(&lacking[i]), part[i]);
        struct id client = lacking[i].client, person = lacking[i].person;
        assert_int_equal(
            consent_check(&lacking[i], 1, &client, &person, KIND_INDIVIDUAL, DURING, &(struct rights){ 0 }),
            CONSENT_ABSENT);
    }
}

static void only_the_listed_purposes_are_known(void **state)
{
    (void)state;
    static const char *const known[] = { "TREAT", "COC", "CAREMGT", "PATRQT", "FAMRQT", "SUPNWK" };
    static const char *const others[] = { "", "HOPERAT", "HPAYMT", "HMARKT", "HRESCH", "ETREAT", "famrqt", "TREAT " };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        assert_true(consent_purpose_known(known[i]));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(consent_purpose_known(others[i]));
}

static void a_grant_of_nothing_or_of_an_unknown_status_counts_as_absent(void **state)
{
    (void)state;
    for (int status = -1; status <= GRANT_NOTHING + 1; status++) {
        struct grant g = grant_of(MODE_FULL);
        g.status = (enum grant_status)status;
        assert_int_equal(check_one(g), status == GRANT_ACTIVE      ? CONSENT_LIVE
                                       : status == GRANT_WITHDRAWN ? CONSENT_WITHDRAWN
                                                                   : CONSENT_ABSENT);
    }
}

static void refusals_leave_the_rights_alone(void **state)
{
    (void)state;
    struct rights rights = { .receives = 1, .sends = 2, .until = 3 };
    struct grant g = grant_of(MODE_FULL);
    check_at(&g, 1, END, &rights);
    g.status = GRANT_WITHDRAWN;
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
    grants[0].status = GRANT_WITHDRAWN;
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
    struct grant live = grant_of(MODE_FULL);
    live.kinds = term_bit(KIND_CHECK_IN);
    live.topics = term_bit(TOPIC_GENERAL_PROGRESS);
    struct grant absent = { .client = carol, .person = lee }, other = live, topic = live, expired = live,
                 withdrawn = live, early = live;
    other.kinds = term_bit(KIND_FAMILY);
    topic.topics = 0;
    expired.not_before = 1, expired.expires = DURING;
    withdrawn.status = GRANT_WITHDRAWN;
    early.not_before = DURING + 1;
    const struct grant by_telling[] = { absent, other, topic, expired, withdrawn, early, live };
    static const enum consent reasons[] = { CONSENT_ABSENT,    CONSENT_OTHER_KIND, CONSENT_OTHER_TOPIC, CONSENT_EXPIRED,
                                            CONSENT_WITHDRAWN, CONSENT_EARLY,      CONSENT_LIVE };
    for (size_t a = 0; a < 7; a++)
        for (size_t b = 0; b < 7; b++) {
            struct grant both[] = { by_telling[a], by_telling[b] };
            assert_int_equal(consent_check(both, 2, &carol, &lee, KIND_CHECK_IN, DURING, &(struct rights){ 0 }),
                             reasons[a > b ? a : b]);
        }
}

static void words_and_values_fit_each_other(void **state)
{
    (void)state;
    for (int i = TOPIC_GENERAL_PROGRESS; i <= TOPIC_EDUCATION; i++)
        assert_int_equal(topic_parse(bytes_of(topic_name((enum topic)i))), i);
    for (int i = GRANTED_BY_PATIENT; i <= GRANTED_BY_BOTH; i++)
        assert_int_equal(granted_by_parse(bytes_of(granted_by_name((enum granted_by)i))), i);
    for (int i = GRANT_ACTIVE; i <= GRANT_NOTHING; i++)
        assert_int_equal(grant_status_parse(bytes_of(grant_status_name((enum grant_status)i))), i);
    assert_string_equal(topic_name(TOPIC_RELAPSE_SUPPORT), "relapse_support");
    assert_string_equal(granted_by_name(GRANTED_BY_REPRESENTATIVE), "personal_rep");
    assert_int_equal(topic_parse(bytes_of("gossip")), 0);
    assert_int_equal(granted_by_parse(bytes_of("")), 0);
    assert_int_equal(grant_status_parse(bytes_of("Active")), 0);
    assert_string_equal(topic_name(0), "?");
    assert_string_equal(granted_by_name((enum granted_by)9), "?");
    assert_string_equal(grant_status_name((enum grant_status) - 1), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_mode_passes_what_the_domain_says),
        cmocka_unit_test(two_bounds_leave_what_both_let_pass),
        cmocka_unit_test(a_grant_is_live_from_its_start_until_just_before_its_end),
        cmocka_unit_test(no_grant_is_no),
        cmocka_unit_test(a_grant_concerns_only_those_whom_it_names),
        cmocka_unit_test(a_grant_is_for_its_kinds_alone),
        cmocka_unit_test(no_grant_opens_a_group),
        cmocka_unit_test(a_kind_with_a_topic_needs_a_grant_that_names_it),
        cmocka_unit_test(the_rights_are_those_of_the_grant_that_decides),
        cmocka_unit_test(only_the_listed_purposes_are_known),
        cmocka_unit_test(a_grant_of_nothing_or_of_an_unknown_status_counts_as_absent),
        cmocka_unit_test(words_and_values_fit_each_other),
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
