/* What the core tells of itself: rooms and waits, what was counted, what pages told. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "media/rtcp.h"
#include "sim/story.h"
#include "support/hall.h"

enum { PEOPLE = 3 };

static struct vitals vitals;

static void look(struct hall *h)
{
    broker_vitals(h->broker, h->now, &vitals);
}

static void packets_and_pictures_are_counted(void **state)
{
    (void)state;
    struct hall *h = hall_open(KIND_GROUP, PEOPLE);
    for (int i = 0; i < PEOPLE; i++)
        h->people[i].sound = h->people[i].picture = true;
    hall_all_come(h);
    hall_run(h, 3 * USEC_PER_SEC);
    look(h);
    struct vitals_counts before = vitals.counts;
    hall_forget(h);
    hall_run(h, 2 * USEC_PER_SEC);
    look(h);
    uint64_t heard = 0;
    for (int to = 0; to < PEOPLE; to++)
        for (int from = 0; from < PEOPLE; from++)
            heard += h->people[to].heard[from] + h->people[to].seen[from];
    uint64_t out = vitals.counts.packets_out - before.packets_out, in = vitals.counts.packets_in - before.packets_in;
    assert_in_range(out, heard, heard + heard / 10); /* with padding that probes the path */
    assert_in_range(in, PEOPLE * 140, PEOPLE * 160);
    assert_true(vitals.counts.bytes_out - before.bytes_out >= 30 * out);
    assert_true(vitals.counts.bytes_in - before.bytes_in >= 30 * in);
    assert_in_range(vitals.counts.expected_in - before.expected_in, in * 3 / 4, in * 5 / 4);
    assert_int_equal(vitals.counts.lost_in, before.lost_in);
    assert_int_equal(vitals.people, PEOPLE);
    assert_int_equal(vitals.pictures, PEOPLE * (PEOPLE - 1));
    assert_int_equal(vitals.pictures_paused, 0);
    assert_int_equal(vitals.states[VITALS_OPEN], 1);
    assert_int_equal(vitals.rooms[0].inside, PEOPLE);
    broker_set_picture_share(h->broker, 0);
    hall_run(h, USEC_PER_SEC);
    look(h);
    assert_int_equal(vitals.picture_percent, 0);
    assert_int_equal(vitals.pictures_paused, PEOPLE * (PEOPLE - 1));
    hall_close(h);
}

static void what_receivers_report_is_counted(void **state)
{
    (void)state;
    struct hall *h = hall_open(KIND_GROUP, PEOPLE);
    h->people[0].sound = true;
    hall_all_come(h);
    hall_run(h, USEC_PER_SEC);
    look(h);
    uint64_t reports = vitals.counts.reports, lost = vitals.counts.reported_q8;
    uint8_t buffer[200];
    struct writer w = writer_over(buffer, sizeof buffer);
    const struct rtcp_report blocks[] = { { .ssrc = h->people[1].heard_on[0], .fraction_lost = 77 },
                                          { .ssrc = 12345, .fraction_lost = 99 } }; /* no slot of theirs */
    rtcp_write_rr(&w, 1, blocks, 2);
    hall_say_rtcp(h, 1, writer_bytes(&w));
    hall_run(h, USEC_PER_SEC / 10);
    look(h);
    assert_int_equal(vitals.counts.reports, reports + 1);
    assert_int_equal(vitals.counts.reported_q8, lost + 77);
    hall_close(h);
}

#define QUALITY(watched, frozen, heard, concealed)                                                                     \
    "\"type\":\"quality\",\"watched_ms\":" #watched ",\"frozen_ms\":" #frozen ",\"heard_ms\":" #heard                  \
    ",\"concealed_ms\":" #concealed

static void pages_tell_how_media_came_and_not_too_often(void **state)
{
    (void)state;
    struct hall *h = hall_open(KIND_GROUP, PEOPLE);
    hall_join(h, 1);
    assert_false(hall_ask(h, 1, QUALITY(1000, 10, 0, 0))); /* who is not in sees nothing */
    assert_true(hall_ask(h, 1, "\"type\":\"locate\",\"address\":\"12 Elm St\",\"phone\":\"555 0100\""));
    assert_true(hall_ask(h, 1, QUALITY(20000, 400, 10000, 60)));
    assert_false(hall_ask(h, 1, QUALITY(20000, 400, 10000, 60)));
    hall_run(h, 5 * USEC_PER_SEC);
    assert_true(hall_ask(h, 1, QUALITY(600000, 600000, 0, 0)));
    hall_run(h, 5 * USEC_PER_SEC);
    assert_false(hall_ask(h, 1, QUALITY(600001, 0, 0, 0)));
    assert_false(hall_ask(h, 1, QUALITY(10, 11, 0, 0)));
    assert_false(hall_ask(h, 1, QUALITY(10, 0, 5, 6)));
    assert_false(hall_ask(h, 1, QUALITY(-1, -1, 0, 0)));
    assert_false(hall_ask(h, 1, QUALITY(1.5, 0, 0, 0)));
    assert_false(hall_ask(h, 1, QUALITY(10, 0, 5, 0) ",\"who\":\"p-1\""));
    look(h);
    assert_int_equal(vitals.counts.watched_ms, 620000);
    assert_int_equal(vitals.counts.frozen_ms, 600400);
    assert_int_equal(vitals.counts.heard_ms, 10000);
    assert_int_equal(vitals.counts.concealed_ms, 60);
    hall_close(h);
}

static void a_client_waits_for_a_therapist(void **state)
{
    (void)state;
    struct hall *h = hall_open(KIND_GROUP, PEOPLE);
    look(h);
    assert_int_equal(vitals.states[VITALS_LOBBY], 1);
    assert_int_equal(vitals.rooms[0].seats, PEOPLE);
    assert_int_equal(vitals.rooms[0].connected, 0);
    hall_join(h, 1);
    look(h);
    assert_int_equal(vitals.rooms[0].waiting, 0); /* says first where they are */
    int64_t came = now_unix_s(h->now);
    assert_true(hall_ask(h, 1, "\"type\":\"locate\",\"address\":\"12 Elm St\",\"phone\":\"555 0100\""));
    hall_run(h, 3 * USEC_PER_SEC);
    look(h);
    assert_int_equal(vitals.rooms[0].state, VITALS_LOBBY);
    assert_int_equal(vitals.rooms[0].waiting, 1);
    assert_int_equal(vitals.rooms[0].waiting_since, came);
    hall_join(h, HALL_THERAPIST);
    look(h);
    assert_int_equal(vitals.states[VITALS_OPEN], 1);
    assert_int_equal(vitals.rooms[0].waiting, 0);
    assert_int_equal(vitals.rooms[0].inside, 2);
    hall_run(h, 3 * USEC_PER_SEC);
    broker_gone(h->broker, h->now, h->people[HALL_THERAPIST].client, h->outbox);
    int64_t paused = now_unix_s(h->now);
    hall_run(h, 2 * USEC_PER_SEC);
    look(h);
    assert_int_equal(vitals.rooms[0].state, VITALS_PAUSED);
    assert_int_equal(vitals.rooms[0].waiting_since, paused); /* and not from when they came */
    hall_close(h);
}

static void a_loved_one_waits_to_be_let_in_and_a_client_is_missed(void **state)
{
    (void)state;
    struct world *w = gathered(KIND_INDIVIDUAL, 3000);
    world_run(w, 40 * SECOND, false);
    world_vitals(w, &vitals);
    int64_t waits = vitals.rooms[0].waiting_since;
    assert_int_equal(vitals.rooms[0].waiting, 1);
    assert_int_equal(vitals.rooms[0].inside, 2);
    assert_int_equal(vitals.rooms[0].client_missing_since, 0);
    world_run(w, 30 * SECOND, false);
    agree(w, WORLD_LOVED_1, true);
    world_vitals(w, &vitals);
    assert_int_equal(vitals.rooms[0].waiting_since, waits);
    admit(w, WORLD_LOVED_1);
    world_vitals(w, &vitals);
    assert_int_equal(vitals.rooms[0].waiting, 0);
    assert_int_equal(vitals.rooms[0].inside, 3);
    step_out(w, WORLD_THERAPIST, WORLD_LOVED_1);
    world_vitals(w, &vitals);
    assert_int_equal(vitals.rooms[0].waiting, 0); /* they were in */
    world_drop(w, WORLD_CLIENT);
    world_run(w, 10 * SECOND, false);
    world_vitals(w, &vitals);
    assert_in_range(vitals.rooms[0].client_missing_since, waits + 60, waits + 200);
    world_request(w, WORLD_THERAPIST, "\"type\":\"reached\",\"yes\":true");
    world_vitals(w, &vitals);
    assert_int_equal(vitals.rooms[0].client_missing_since, 0);
    assert_memory_equal(vitals.rooms[0].session.text, "s-", 2);
    end(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_and_pictures_are_counted),
        cmocka_unit_test(what_receivers_report_is_counted),
        cmocka_unit_test(pages_tell_how_media_came_and_not_too_often),
        cmocka_unit_test(a_client_waits_for_a_therapist),
        cmocka_unit_test(a_loved_one_waits_to_be_let_in_and_a_client_is_missed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
