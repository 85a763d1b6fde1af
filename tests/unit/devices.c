/* What a room remembers of devices and codes: asked of the broker alone, without a world. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "ledger/record.h"
#include "room/broker.h"
#include "transport/dtls.h"

enum { PEOPLE = 3, EPOCH_UNIX_S = 1790000000 };
static const char *const ids[PEOPLE] = { "therapist", "sam", "ana" };
static const enum role roles[PEOPLE] = { ROLE_THERAPIST, ROLE_LOVED_ONE, ROLE_LOVED_ONE };

struct bench {
    struct dtls_identity *identity;
    struct outbox *out;
    struct broker *broker;
    client_id last;
};

static void fill(void *context, uint8_t *at, size_t len)
{
    (void)context;
    memset(at, 7, len);
}

static struct now noon(void)
{
    return (struct now){ 1000 * USEC_PER_SEC, EPOCH_UNIX_S * (int64_t)USEC_PER_SEC };
}

static struct id id_of(const char *text)
{
    struct id id = { "" };
    if (*text)
        assert_true(id_parse(bytes_of(text), &id));
    return id;
}

/* All have the same people. */
static struct plan plan_of(void)
{
    static struct plan_person people[PEOPLE];
    struct plan plan = { .session = id_of("s-1"),
                         .kind = KIND_FAMILY,
                         .opens_at = EPOCH_UNIX_S,
                         .closes_at = EPOCH_UNIX_S + 3000,
                         .people = people,
                         .people_count = PEOPLE };
    for (int i = 0; i < PEOPLE; i++)
        plan.people[i] = (struct plan_person){
            .participation = id_of(ids[i]), .person = id_of(ids[i]), .role = roles[i], .name = "N"
        };
    return plan;
}

static int set_up(void **state)
{
    static struct bench bench;
    static const struct address candidate = { .family = ADDRESS_IPV4, .port = 40000 };
    bench = (struct bench){ 0 };
    assert_int_equal(dtls_identity_create(&bench.identity, EPOCH_UNIX_S), OK);
    assert_int_equal(outbox_create(&bench.out, 1 << 18, 256), OK);
    struct broker_config config = { .entropy = { fill, NULL },
                                    .identity = bench.identity,
                                    .candidates = &candidate,
                                    .candidate_count = 1,
                                    .rooms_max = 1,
                                    .clients_max = 16 };
    assert_int_equal(broker_create(&bench.broker, &config), OK);
    *state = &bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    broker_destroy(b->broker);
    outbox_destroy(b->out);
    dtls_identity_destroy(b->identity);
    return 0;
}

/* The connection; 0 when it was refused. device: "" for a token that is bound to none. */
static client_id join(struct bench *b, int person, const char *device)
{
    struct claims claims = { .participation = id_of(ids[person]),
                             .session = id_of("s-1"),
                             .role = roles[person],
                             .device = id_of(device),
                             .expires = EPOCH_UNIX_S + 2000 };
    outbox_clear(b->out);
    struct joining joining = { .claims = claims, .request = 1 };
    enum status status = broker_join(b->broker, noon(), ++b->last, &joining, b->out);
    return status == OK ? b->last : 0;
}

static void leave(struct bench *b, client_id client)
{
    broker_gone(b->broker, noon(), client, b->out);
}

static bool told(const struct bench *b, client_id client, const char *part)
{
    for (size_t i = 0; i < outbox_message_count(b->out); i++) {
        struct message m = outbox_message_at(b->out, i);
        if (m.client != client)
            continue;
        for (size_t at = 0; at + strlen(part) <= m.text.len; at++)
            if (memcmp(m.text.at + at, part, strlen(part)) == 0)
                return true;
    }
    return false;
}

static void remove_sam(struct bench *b, client_id therapist)
{
    outbox_clear(b->out);
    broker_text(b->broker, noon(), therapist, bytes_of("{\"type\":\"remove\",\"participant\":\"sam\"}"), b->out);
}

/* Of the latest record of this kind. */
static struct record latest(const struct bench *b, enum record_kind kind)
{
    struct record found = { 0 }, record;
    for (size_t i = 0; i < outbox_record_count(b->out); i++) {
        assert_int_equal(record_parse(outbox_record_at(b->out, i).text, &record), OK);
        if (record.kind == kind)
            found = record;
    }
    return found;
}

static void code(struct bench *b, const char *session, const char *participation, enum code_state state)
{
    struct id s = id_of(session), p = id_of(participation);
    outbox_clear(b->out);
    broker_code(b->broker, noon(), &s, &p, state, b->out);
}

/* ---- Devices ---- */

static void a_plans_denied_device_reads_like_a_bad_token(void **state)
{
    struct bench *b = *state;
    struct plan plan = plan_of();
    plan_deny_device(&plan, &(struct id){ "phone" });
    assert_int_equal(broker_plan(b->broker, &plan), OK);
    assert_int_equal(join(b, 1, "phone"), 0);
    assert_true(told(b, b->last, "bad_token"));
    assert_int_equal(join(b, 2, "phone"), 0);
    assert_int_not_equal(join(b, 1, "laptop"), 0);
    assert_int_not_equal(join(b, 2, ""), 0);
}

static void a_removal_is_recorded_with_the_device(void **state)
{
    struct bench *b = *state;
    struct plan plan = plan_of();
    assert_int_equal(broker_plan(b->broker, &plan), OK);
    client_id therapist = join(b, 0, "");
    leave(b, join(b, 1, "phone")); /* the device that they were on last */
    remove_sam(b, therapist);
    struct record removed = latest(b, RECORD_REMOVED);
    assert_string_equal(removed.participation.text, "sam");
    assert_string_equal(removed.device.text, "phone");
    assert_int_equal(join(b, 2, "phone"), 0);
}

static void nobodys_device_is_denied_when_they_never_came(void **state)
{
    struct bench *b = *state;
    struct plan plan = plan_of();
    assert_int_equal(broker_plan(b->broker, &plan), OK);
    remove_sam(b, join(b, 0, ""));
    assert_string_equal(latest(b, RECORD_REMOVED).participation.text, "sam");
    assert_string_equal(latest(b, RECORD_REMOVED).device.text, "");
    assert_int_not_equal(join(b, 2, ""), 0);
}

static void no_new_plan_forgets_a_removed_device(void **state)
{
    struct bench *b = *state;
    struct plan plan = plan_of();
    assert_int_equal(broker_plan(b->broker, &plan), OK);
    client_id therapist = join(b, 0, "");
    leave(b, join(b, 1, "phone"));
    remove_sam(b, therapist);
    leave(b, therapist);
    plan_deny_device(&plan, &(struct id){ "tablet" });
    for (int i = 0; i < 3; i++)
        assert_int_equal(broker_plan(b->broker, &plan), OK);
    assert_int_equal(join(b, 1, "laptop"), 0);
    assert_int_equal(join(b, 2, "phone"), 0);
    assert_int_equal(join(b, 2, "tablet"), 0);
    assert_int_not_equal(join(b, 2, "laptop"), 0);
}

/* What does not fit may be the very one: so every device is turned away. Staff have none. */
static void a_full_list_denies_every_device(void **state)
{
    struct bench *b = *state;
    struct plan plan = plan_of();
    for (int i = 0; i < PLAN_DEVICES_MAX + 5; i++) {
        struct id device = { "" };
        snprintf(device.text, sizeof device.text, "device-%d", i);
        plan_deny_device(&plan, &device);
    }
    assert_int_equal(plan.denied_device_count, PLAN_DEVICES_MAX);
    assert_int_equal(broker_plan(b->broker, &plan), OK);
    assert_int_equal(join(b, 1, "phone"), 0);
    assert_int_not_equal(join(b, 0, ""), 0);
    plan.denied_device_count++;
    plan.session = id_of("s-2");
    assert_int_equal(broker_plan(b->broker, &plan), ERR_MALFORMED);
}

/* ---- Codes ---- */

static void a_failed_code_is_told_and_recorded_and_others_only_seen(void **state)
{
    struct bench *b = *state;
    struct plan plan = plan_of();
    assert_int_equal(broker_plan(b->broker, &plan), OK);
    client_id therapist = join(b, 0, ""), ana = join(b, 2, "phone");
    code(b, "s-1", "sam", CODE_SENT);
    assert_true(told(b, therapist, "\"code\":\"sent\""));
    assert_int_equal(outbox_record_count(b->out), 0);
    code(b, "s-1", "sam", CODE_FAILED);
    assert_true(told(b, therapist, "{\"type\":\"link_trouble\",\"participant\":\"sam\",\"name\":\"N\"}"));
    assert_true(told(b, therapist, "\"code\":\"failed\""));
    assert_false(told(b, ana, "sam"));
    struct record refused = latest(b, RECORD_REFUSED);
    assert_string_equal(refused.reason, "code_failed");
    assert_string_equal(refused.participation.text, "sam");
    assert_string_equal(refused.by.text, "");
    code(b, "s-1", "sam", CODE_PASSED);
    assert_true(told(b, therapist, "\"code\":\"passed\""));
    assert_false(told(b, therapist, "link_trouble"));
    assert_int_equal(outbox_record_count(b->out), 0);
}

static void a_failed_code_is_recorded_though_nobody_is_there(void **state)
{
    struct bench *b = *state;
    struct plan plan = plan_of();
    assert_int_equal(broker_plan(b->broker, &plan), OK);
    code(b, "s-1", "sam", CODE_FAILED);
    assert_string_equal(latest(b, RECORD_REFUSED).reason, "code_failed");
    assert_int_equal(broker_plan(b->broker, &plan), OK); /* and a new plan of the session doesn't hide it */
    client_id therapist = join(b, 0, "");
    assert_true(told(b, therapist, "\"code\":\"failed\""));
}

static void a_code_of_nobody_changes_nothing(void **state)
{
    struct bench *b = *state;
    struct plan plan = plan_of();
    assert_int_equal(broker_plan(b->broker, &plan), OK);
    join(b, 0, "");
    code(b, "s-9", "sam", CODE_FAILED);
    assert_int_equal(outbox_message_count(b->out) + outbox_record_count(b->out), 0);
    code(b, "s-1", "kim", CODE_FAILED);
    assert_int_equal(outbox_message_count(b->out) + outbox_record_count(b->out), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* ---- Places ---- */

static struct now at(int64_t unix_s)
{
    struct now now = noon();
    now.unix_us += (unix_s - EPOCH_UNIX_S) * (int64_t)USEC_PER_SEC;
    now.mono_us += (usec_t)(unix_s - EPOCH_UNIX_S) * USEC_PER_SEC;
    return now;
}

static void assert_roomless(const struct bench *b, const char *session)
{
    assert_string_equal(broker_roomless(b->broker)->text, session);
}

static struct plan next_session(void)
{
    struct plan next = plan_of();
    next.session = id_of("s-2");
    next.opens_at += 100000;
    next.closes_at += 100000;
    return next;
}

/* A server that runs for weeks: a session that is past makes room for another, and not before. */
static void a_session_that_is_past_gives_its_place(void **state)
{
    struct bench *b = *state;
    struct plan first = plan_of(), second = next_session();
    int64_t past = first.closes_at + TOKEN_LEEWAY_S;
    assert_int_equal(broker_plan(b->broker, &first), OK);
    leave(b, join(b, 1, "phone"));
    assert_int_equal(broker_plan(b->broker, &second), ERR_FULL);
    assert_roomless(b, "s-2");
    broker_tick(b->broker, at(past - 1), b->out);
    assert_int_equal(broker_plan(b->broker, &second), ERR_FULL);
    assert_int_equal(broker_plan(b->broker, &first), OK);
    assert_roomless(b, "");
    broker_tick(b->broker, at(past), b->out);
    assert_int_equal(broker_plan(b->broker, &second), OK);
    assert_roomless(b, "s-1");
    assert_int_equal(join(b, 1, "phone"), 0);
    assert_true(told(b, b->last, "bad_token")); /* nothing is left of the first */
}

/* The box of a room that was entered runs on the monotonic clock. */
static void a_wall_clock_hours_ahead_takes_no_rooms_place(void **state)
{
    struct bench *b = *state;
    struct plan first = plan_of(), second = next_session();
    struct now ahead = noon();
    assert_int_equal(broker_plan(b->broker, &first), OK);
    leave(b, join(b, 1, "phone"));
    ahead.unix_us += 50 * 3600 * (int64_t)USEC_PER_SEC;
    ahead.mono_us += USEC_PER_SEC;
    broker_tick(b->broker, ahead, b->out);
    assert_int_equal(broker_plan(b->broker, &second), ERR_FULL);
    ahead.mono_us += 3000 * USEC_PER_SEC + TOKEN_LEEWAY_S * USEC_PER_SEC;
    broker_tick(b->broker, ahead, b->out);
    assert_int_equal(broker_plan(b->broker, &second), OK);
}

static void a_session_that_was_ended_gives_its_place_once_all_are_gone(void **state)
{
    struct bench *b = *state;
    struct plan first = plan_of(), second = next_session();
    struct moderation end = { .session = id_of("s-1"), .act = MODERATION_END };
    assert_int_equal(broker_plan(b->broker, &first), OK);
    join(b, 0, "");
    assert_int_equal(broker_plan(b->broker, &second), ERR_FULL);
    assert_int_equal(broker_moderate(b->broker, noon(), &end, b->out), OK);
    assert_int_equal(broker_plan(b->broker, &second), OK);
    assert_roomless(b, "s-1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_plans_denied_device_reads_like_a_bad_token),
        TEST(a_session_that_is_past_gives_its_place),
        TEST(a_wall_clock_hours_ahead_takes_no_rooms_place),
        TEST(a_session_that_was_ended_gives_its_place_once_all_are_gone),
        TEST(a_removal_is_recorded_with_the_device),
        TEST(nobodys_device_is_denied_when_they_never_came),
        TEST(no_new_plan_forgets_a_removed_device),
        TEST(a_full_list_denies_every_device),
        TEST(a_failed_code_is_told_and_recorded_and_others_only_seen),
        TEST(a_failed_code_is_recorded_though_nobody_is_there),
        TEST(a_code_of_nobody_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
