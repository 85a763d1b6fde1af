#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "shell/standing.h"

enum { OPENS_S = 1790000000 };

static const struct id none;

static struct id id_of(const char *text)
{
    struct id id = { 0 };
    if (text[0])
        assert_true(id_parse(bytes_of(text), &id));
    return id;
}

static void note(struct standing *s, const struct record *record)
{
    assert_int_equal(standing_note(s, record), OK);
}

static void remove_from(struct standing *s, const char *session, const char *who, const char *device)
{
    note(s,
         &(struct record){
             .kind = RECORD_REMOVED, .session = id_of(session), .participation = id_of(who), .device = id_of(device) });
}

static void say_of_session(struct standing *s, const char *session, const char *reason, int64_t unix_s)
{
    struct record record = { .kind = RECORD_SESSION,
                             .session = id_of(session),
                             .unix_us = unix_s * (int64_t)USEC_PER_SEC };
    snprintf(record.reason, sizeof record.reason, "%s", reason);
    note(s, &record);
}

static void acknowledge(struct standing *s, const char *person, const char *kind, const char *guidance)
{
    struct record record = { .kind = RECORD_ACKNOWLEDGED, .person = id_of(person), .notice_version = "n1" };
    snprintf(record.reason, sizeof record.reason, "%s", kind);
    snprintf(record.guidance_version, sizeof record.guidance_version, "%s", guidance);
    note(s, &record);
}

/* Of each plan its own people; good for the next few. */
static struct plan plan_of(const char *session)
{
    static struct plan_person people[4][2];
    static size_t next;
    struct plan plan = { .session = id_of(session),
                         .kind = KIND_FAMILY,
                         .opens_at = OPENS_S,
                         .people = people[next++ % 4],
                         .people_count = 2,
                         .guidance_version = "g1",
                         .notice_version = "n1" };
    plan.people[0] = (struct plan_person){ id_of("p-1"), id_of("sam"), none, ROLE_LOVED_ONE, "", "", false, false, 0 };
    plan.people[1] = (struct plan_person){ id_of("p-2"), id_of("kim"), none, ROLE_LOVED_ONE, "", "", false, false, 0 };
    return plan;
}

static struct plan filled(const struct standing *s, struct plan plan)
{
    standing_fill(s, &plan);
    return plan;
}

static bool denied(const struct standing *s, const char *session, const char *who, const char *device)
{
    struct id ids[] = { id_of(session), id_of(who), id_of(device) };
    return standing_denied(s, &ids[0], &ids[1], &ids[2]);
}

static void who_was_removed_stays_so_with_their_device_in_that_session(void **state)
{
    (void)state;
    struct standing s = { 0 };
    assert_false(denied(&s, "s-1", "p-2", "")); /* nothing is known yet */
    for (int i = 0; i < 500; i++) {
        char who[16];
        snprintf(who, sizeof who, "x-%d", i);
        remove_from(&s, i % 2 ? "s-3" : who, "x", "");
    }
    remove_from(&s, "s-1", "p-2", "device-2");
    struct plan here = filled(&s, plan_of("s-1")), elsewhere = filled(&s, plan_of("s-2"));
    assert_false(here.people[0].denied);
    assert_true(here.people[1].denied);
    assert_int_equal(here.denied_device_count, 1);
    assert_string_equal(here.denied_devices[0].text, "device-2");
    assert_false(elsewhere.people[1].denied);
    assert_int_equal(elsewhere.denied_device_count, 0);
    assert_true(denied(&s, "s-1", "p-2", "device-9"));
    assert_true(denied(&s, "s-1", "p-1", "device-2")); /* under another name */
    assert_false(denied(&s, "s-1", "p-1", "device-9"));
    assert_false(denied(&s, "s-1", "p-1", ""));
    assert_false(denied(&s, "s-2", "p-2", "device-2"));
    standing_deinit(&s);
}

static void a_device_that_nobody_had_denies_nobody(void **state)
{
    (void)state;
    struct standing s = { 0 };
    remove_from(&s, "s-1", "p-2", "");
    assert_int_equal(filled(&s, plan_of("s-1")).denied_device_count, 0);
    assert_false(denied(&s, "s-1", "p-1", ""));
    standing_deinit(&s);
}

static void more_devices_than_a_plan_holds_are_all_denied(void **state)
{
    (void)state;
    struct standing s = { 0 };
    for (int i = 0; i < PLAN_DEVICES_MAX + 2; i++) {
        char name[16];
        snprintf(name, sizeof name, "d-%d", i);
        remove_from(&s, "s-1", name, name);
    }
    struct plan plan = filled(&s, plan_of("s-1"));
    struct id first = id_of("d-0");
    assert_true(plan_denies_device(&plan, &first));
    standing_deinit(&s);
}

static void what_a_therapist_or_the_clinic_ended_is_ended(void **state)
{
    (void)state;
    struct standing s = { 0 };
    static const char *const others[] = { "opened", "paused", "resumed", "extended", "closed", "client_missing" };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        say_of_session(&s, "s-1", others[i], OPENS_S + 60);
    assert_int_equal(filled(&s, plan_of("s-1")).ended_at, 0);
    say_of_session(&s, "s-1", "ended", OPENS_S + 60);
    say_of_session(&s, "s-2", "ended", OPENS_S + 90);
    assert_int_equal(filled(&s, plan_of("s-1")).ended_at, OPENS_S + 60);
    say_of_session(&s, "s-1", "ended", OPENS_S + 9000); /* a later box of the same session */
    assert_int_equal(filled(&s, plan_of("s-1")).ended_at, OPENS_S + 9000);
    assert_int_equal(filled(&s, plan_of("s-3")).ended_at, 0);
    say_of_session(&s, "s-3", "cancelled", OPENS_S - 60); /* in its lobby: so that the box counts as ended */
    assert_true(filled(&s, plan_of("s-3")).ended_at >= OPENS_S);
    standing_deinit(&s);
}

static void an_acknowledgement_is_for_person_kind_and_both_versions(void **state)
{
    (void)state;
    struct standing s = { 0 };
    acknowledge(&s, "sam", "family", "g1");
    acknowledge(&s, "sam", "family", "g1");
    assert_int_equal(s.count, 1); /* said twice, known once */
    acknowledge(&s, "kim", "workshop", "g1");
    acknowledge(&s, "kim", "family", "g0");
    acknowledge(&s, "kim", "", "g1"); /* of before kinds were recorded: for none */
    struct plan plan = plan_of("s-1");
    assert_true(filled(&s, plan).people[0].acknowledged);
    assert_false(filled(&s, plan).people[1].acknowledged);
    strcpy(plan.guidance_version, "g2"); /* a new version is to be read anew */
    assert_false(filled(&s, plan).people[0].acknowledged);
    acknowledge(&s, "sam", "family", "g2");
    assert_true(filled(&s, plan).people[0].acknowledged);
    strcpy(plan.guidance_version, "g1"); /* and the old one stays read */
    assert_true(filled(&s, plan).people[0].acknowledged);
    strcpy(plan.notice_version, "n2");
    assert_false(filled(&s, plan).people[0].acknowledged);
    standing_deinit(&s);
}

static void a_plan_says_nothing_of_this_by_itself(void **state)
{
    (void)state;
    struct standing s = { 0 };
    struct plan plan = plan_of("s-1");
    plan.people[0].denied = plan.people[0].acknowledged = true;
    plan.ended_at = OPENS_S;
    plan.denied_device_count = 1;
    plan = filled(&s, plan);
    assert_false(plan.people[0].denied || plan.people[0].acknowledged);
    assert_int_equal(plan.ended_at, 0);
    assert_int_equal(plan.denied_device_count, 0);
    standing_deinit(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_was_removed_stays_so_with_their_device_in_that_session),
        cmocka_unit_test(a_device_that_nobody_had_denies_nobody),
        cmocka_unit_test(more_devices_than_a_plan_holds_are_all_denied),
        cmocka_unit_test(what_a_therapist_or_the_clinic_ended_is_ended),
        cmocka_unit_test(an_acknowledgement_is_for_person_kind_and_both_versions),
        cmocka_unit_test(a_plan_says_nothing_of_this_by_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
