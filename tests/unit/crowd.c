#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "room/broker.h"
#include "room/notify.h"
#include "transport/dtls.h"
#include "transport/srtp.h"

/* More people than get a roster each at once: a therapist, clients, and loved ones with grants. Without media. */

#define SECOND USEC_PER_SEC
#define OPENS_S INT64_C(1790000000)
enum { MOST = 300 };

struct crowd {
    struct dtls_identity *identity;
    struct outbox *outbox;
    struct broker *broker;
    struct now now;
    int people;
    size_t rosters[MOST], named[MOST]; /* how often each was told, and how many the latest names */
    size_t most_at_once;               /* rosters of one call */
};

static void fill(void *context, uint8_t *at, size_t len)
{
    static uint8_t next;
    (void)context;
    for (size_t i = 0; i < len; i++)
        at[i] = next++;
}

static struct id id_of(const char *letter, int number)
{
    struct id id = { "" };
    snprintf(id.text, sizeof id.text, "%s-%d", letter, number);
    return id;
}

static enum role role_of(int person)
{
    return person == 0 ? ROLE_THERAPIST : person % 2 ? ROLE_CLIENT : ROLE_LOVED_ONE;
}

static struct plan plan_of(int people)
{
    struct plan plan = { .session = id_of("s", 1),
                         .kind = KIND_WORKSHOP,
                         .opens_at = OPENS_S,
                         .closes_at = OPENS_S + 3000,
                         .client = id_of("c", 1),
                         .guidance_version = "g1",
                         .notice_version = "n1" };
    for (int i = 0; i < people; i++) {
        struct plan_person person = { .participation = id_of("p", i),
                                      .person = id_of("c", i),
                                      .role = role_of(i),
                                      .name = "Name",
                                      .acknowledged = true };
        struct grant grant = { .id = id_of("g", i),
                               .epoch = 1,
                               .client = plan.client,
                               .person = person.person,
                               .granted_by = GRANTED_BY_PATIENT,
                               .kinds = term_bit(KIND_WORKSHOP),
                               .modes = term_bit(MODE_FULL),
                               .topics = term_bit(TOPIC_EDUCATION),
                               .purpose = "FAMRQT",
                               .not_before = 1,
                               .expires = OPENS_S + 9000,
                               .notice_version = "n1",
                               .evidence = "e1",
                               .status = GRANT_ACTIVE };
        assert_int_equal(plan_add_person(&plan, &person), OK);
        if (person.role == ROLE_LOVED_ONE)
            assert_int_equal(plan_add_grant(&plan, &grant), OK);
    }
    return plan;
}

static size_t count_of(struct bytes text, const char *word)
{
    size_t count = 0, len = strlen(word);
    for (size_t i = 0; i + len <= text.len; i++)
        count += memcmp(text.at + i, word, len) == 0;
    return count;
}

static void drain(struct crowd *c)
{
    size_t rosters = 0;
    for (size_t i = 0; i < outbox_message_count(c->outbox); i++) {
        struct message m = outbox_message_at(c->outbox, i);
        assert_int_equal(m.kind, MESSAGE_TEXT);
        if (!count_of(m.text, "\"roster\""))
            continue;
        rosters++;
        c->rosters[m.client - 1]++;
        c->named[m.client - 1] = count_of(m.text, "\"participant\":");
    }
    assert_int_equal(outbox_overflowed_count(c->outbox), 0);
    if (rosters > c->most_at_once)
        c->most_at_once = rosters;
    outbox_clear(c->outbox);
}

static void join(struct crowd *c, int person)
{
    struct joining joining = { .claims = { .participation = id_of("p", person),
                                           .session = id_of("s", 1),
                                           .token = id_of("t", person),
                                           .role = role_of(person),
                                           .not_before = 1,
                                           .expires = OPENS_S + 9000 },
                               .request = 1 };
    assert_int_equal(broker_join(c->broker, c->now, (client_id)person + 1, &joining, c->outbox), OK);
    drain(c);
}

static void ask(struct crowd *c, int person, const char *text)
{
    assert_int_equal(broker_text(c->broker, c->now, (client_id)person + 1, bytes_of(text), c->outbox), OK);
    drain(c);
}

/* From deadline to deadline, as a shard would. */
static void time_passes(struct crowd *c, usec_t span)
{
    for (usec_t end = c->now.mono_us + span; c->now.mono_us < end;) {
        usec_t next = sooner(end, broker_deadline(c->broker));
        if (next > c->now.mono_us) {
            c->now.unix_us += (int64_t)(next - c->now.mono_us);
            c->now.mono_us = next;
        }
        broker_tick(c->broker, c->now, c->outbox);
        drain(c);
    }
}

static struct crowd *open_crowd(int people)
{
    struct crowd *c = calloc(1, sizeof *c);
    struct address nowhere = { 0 };
    assert_int_equal(srtp_start(), OK);
    assert_int_equal(dtls_identity_create(&c->identity, OPENS_S), OK);
    assert_int_equal(outbox_create(&c->outbox, 8 << 20, 8192), OK);
    struct broker_config config = { .entropy = { fill, NULL },
                                    .identity = c->identity,
                                    .candidates = &nowhere,
                                    .video_codecs = { { CODEC_VP8 }, 1 },
                                    .rooms_max = 1,
                                    .clients_max = MOST };
    assert_int_equal(broker_create(&c->broker, &config), OK);
    c->now = (struct now){ 1000 * SECOND, (int64_t)OPENS_S * (int64_t)SECOND };
    c->people = people;
    struct plan plan = plan_of(people);
    assert_int_equal(broker_plan(c->broker, &plan), OK);
    plan_deinit(&plan);
    return c;
}

static void close_crowd(struct crowd *c)
{
    broker_destroy(c->broker);
    outbox_destroy(c->outbox);
    dtls_identity_destroy(c->identity);
    free(c);
}

/* Everybody's roster, even the longest there can be. */
static void everybody_comes_to_know_everybody_in_their_turn(void **state)
{
    (void)state;
    struct crowd *c = open_crowd(MOST);
    for (int i = 0; i < MOST; i++)
        join(c, i);
    for (int i = 1; i < MOST; i += 2)
        ask(c, i, "{\"id\":2,\"type\":\"locate\",\"address\":\"12 Elm St\",\"phone\":\"555 0100\"}");
    time_passes(c, 10 * SECOND);
    assert_int_equal(c->named[0], MOST);
    for (int i = 1; i < MOST; i++)
        assert_int_equal(c->named[i], role_of(i) == ROLE_CLIENT ? MOST : 0); /* who waits knows nobody */
    close_crowd(c);
}

static void one_call_sends_one_roster_and_news_reach_all(void **state)
{
    (void)state;
    struct crowd *c = open_crowd(100);
    for (int i = 0; i < c->people; i++)
        join(c, i);
    for (int i = 1; i < c->people; i += 2)
        ask(c, i, "{\"id\":2,\"type\":\"locate\",\"address\":\"12 Elm St\",\"phone\":\"555 0100\"}");
    time_passes(c, 10 * SECOND);
    memset(c->rosters, 0, sizeof c->rosters);
    c->most_at_once = 0;
    ask(c, 1, "{\"id\":3,\"type\":\"hand\",\"up\":true}");
    time_passes(c, 5 * SECOND);
    assert_int_equal(c->most_at_once, 1);
    for (int i = 0; i < c->people; i++)
        assert_int_equal(c->rosters[i], role_of(i) != ROLE_LOVED_ONE); /* once each, and no more */
    close_crowd(c);
}

/* A roster of 300 is long, and a reader's line may be slow. */
static void many_changes_are_one_roster_to_a_reader(void **state)
{
    (void)state;
    struct crowd *c = open_crowd(100);
    for (int i = 0; i < c->people; i++)
        join(c, i);
    time_passes(c, 10 * SECOND);
    memset(c->rosters, 0, sizeof c->rosters);
    for (int i = 0; i < 100; i++) {
        ask(c, 0, i % 2 ? "{\"id\":3,\"type\":\"hand\",\"up\":false}" : "{\"id\":3,\"type\":\"hand\",\"up\":true}");
        time_passes(c, SECOND / 100);
    }
    assert_in_range(c->rosters[0], 3, 5); /* in a second */
    close_crowd(c);
}

static void a_small_room_is_told_at_once(void **state)
{
    (void)state;
    struct crowd *c = open_crowd(ROSTERS_AT_ONCE_MOST);
    for (int i = 0; i < c->people; i++)
        join(c, i);
    for (int i = 1; i < c->people; i += 2)
        ask(c, i, "{\"id\":2,\"type\":\"locate\",\"address\":\"12 Elm St\",\"phone\":\"555 0100\"}");
    memset(c->rosters, 0, sizeof c->rosters);
    ask(c, 1, "{\"id\":3,\"type\":\"hand\",\"up\":true}");
    for (int i = 0; i < c->people; i++)
        assert_int_equal(c->rosters[i], role_of(i) != ROLE_LOVED_ONE);
    close_crowd(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everybody_comes_to_know_everybody_in_their_turn),
        cmocka_unit_test(one_call_sends_one_roster_and_news_reach_all),
        cmocka_unit_test(many_changes_are_one_roster_to_a_reader),
        cmocka_unit_test(a_small_room_is_told_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
