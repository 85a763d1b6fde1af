/* What comes into a room from outside: the clinic's orders and questions, what was acknowledged or ended elsewhere; and
 * the alarm when a client is missing. The real core with two rooms, without media. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/record.h"
#include "room/broker.h"
#include "room/room.h"
#include "transport/dtls.h"
#include "transport/srtp.h"

enum { OPENS_S = 1790000000, ROOMS = 2, HEARD_MAX = 1 << 16 };
#define SECOND USEC_PER_SEC
#define MINUTE (60 * USEC_PER_SEC)

static const char *const sessions[ROOMS] = { "s-1", "s-2" };
static const struct {
    const char *id;
    enum role role;
} cast[] = { { "t-1", ROLE_THERAPIST }, { "c-1", ROLE_CLIENT }, { "l-1", ROLE_LOVED_ONE }, { "l-2", ROLE_LOVED_ONE } };
enum { THERAPIST, CLIENT, LOVED_1, LOVED_2, PEOPLE };

struct house {
    struct broker *broker;
    struct dtls_identity *identity;
    struct outbox *outbox;
    struct now now;
    client_id last, at[ROOMS][PEOPLE];
    char heard[HEARD_MAX]; /* since the last forget(): "t-1 {...}\n", closings as "t-1 closed: ended\n" */
    char written[HEARD_MAX];
};

static struct id id_of(const char *text)
{
    struct id id;
    assert_true(id_parse(bytes_of(text), &id));
    return id;
}

static void fill(void *context, uint8_t *at, size_t len)
{
    static uint8_t next;
    (void)context;
    for (size_t i = 0; i < len; i++)
        at[i] = next++;
}

/* Its lists are good until the next one. */
static struct plan plan_of(int room, enum session_kind kind)
{
    static struct plan_person people[PEOPLE];
    static struct grant grants[PEOPLE];
    struct plan plan = { .session = id_of(sessions[room]),
                         .kind = kind,
                         .opens_at = OPENS_S,
                         .closes_at = OPENS_S + 3000,
                         .client = id_of("c-1"),
                         .people = people,
                         .people_count = PEOPLE,
                         .grants = grants,
                         .guidance_version = "g1",
                         .notice_version = "n1" };
    for (int i = 0; i < PEOPLE; i++)
        plan.people[i] = (struct plan_person){
            .participation = id_of(cast[i].id), .person = id_of(cast[i].id), .role = cast[i].role, .name = "N"
        };
    for (int i = LOVED_1; i <= LOVED_2; i++) {
        plan.grants[plan.grant_count] = (struct grant){ .epoch = 1,
                                                        .client = plan.client,
                                                        .person = id_of(cast[i].id),
                                                        .granted_by = GRANTED_BY_PATIENT,
                                                        .kinds = term_bit((int)kind),
                                                        .modes = term_bit(MODE_FULL),
                                                        .purpose = "FAMRQT",
                                                        .not_before = 1,
                                                        .expires = OPENS_S + 9000,
                                                        .notice_version = "n1",
                                                        .evidence = "e1",
                                                        .status = GRANT_ACTIVE };
        plan.grants[plan.grant_count++].id = id_of(i == LOVED_1 ? "g-1" : "g-2");
    }
    return plan;
}

static void append(char *list, const char *format, const char *who, struct bytes text)
{
    size_t len = strlen(list);
    snprintf(list + len, HEARD_MAX - len, format, who, (int)text.len, (const char *)text.at);
}

static const char *name_of(const struct house *h, client_id client)
{
    for (int room = 0; room < ROOMS; room++)
        for (int i = 0; i < PEOPLE; i++)
            if (h->at[room][i] == client)
                return cast[i].id;
    return "?";
}

static void drain(struct house *h)
{
    for (size_t i = 0; i < outbox_record_count(h->outbox); i++)
        append(h->written, "%s%.*s\n", "", outbox_record_at(h->outbox, i).text);
    for (size_t i = 0; i < outbox_message_count(h->outbox); i++) {
        struct message m = outbox_message_at(h->outbox, i);
        append(h->heard, m.kind == MESSAGE_CLOSE ? "%s closed: %.*s\n" : "%s %.*s\n", name_of(h, m.client), m.text);
    }
    outbox_clear(h->outbox);
}

static void forget(struct house *h)
{
    h->heard[0] = h->written[0] = '\0';
}

static void assert_heard(const struct house *h, const char *line)
{
    if (!strstr(h->heard, line))
        fail_msg("nobody heard '%s', but:\n%s", line, h->heard);
}
static void assert_written(const struct house *h, const char *words)
{
    if (!strstr(h->written, words))
        fail_msg("no record of '%s', but:\n%s", words, h->written);
}

static void time_passes(struct house *h, usec_t span)
{
    h->now.mono_us += span;
    h->now.unix_us += (int64_t)span;
    broker_tick(h->broker, h->now, h->outbox);
    drain(h);
}

/* The ledger has everything that was written. */
static void store(struct house *h)
{
    broker_durable(h->broker, h->now, 1 << 20, h->outbox);
    drain(h);
}

static void say(struct house *h, int room, int person, const char *body)
{
    char text[300];
    snprintf(text, sizeof text, "{\"id\":7,%s}", body);
    broker_text(h->broker, h->now, h->at[room][person], bytes_of(text), h->outbox);
    drain(h);
}

static enum status join(struct house *h, int room, int person)
{
    struct claims claims = { .role = cast[person].role, .expires = OPENS_S + 9000 };
    claims.participation = id_of(cast[person].id);
    claims.session = id_of(sessions[room]);
    claims.token = id_of("j-1");
    h->at[room][person] = ++h->last;
    struct joining joining = { .claims = claims, .request = 1, .move = true };
    enum status status = broker_join(h->broker, h->now, h->last, &joining, h->outbox);
    drain(h);
    return status;
}

static void drop(struct house *h, int room, int person)
{
    broker_gone(h->broker, h->now, h->at[room][person], h->outbox);
    drain(h);
}

static enum status plan_again(struct house *h, int room, int64_t later_s, int64_t ended_at)
{
    struct plan plan = plan_of(room, KIND_INDIVIDUAL);
    plan.opens_at += later_s;
    plan.closes_at += later_s;
    plan.ended_at = ended_at;
    return broker_plan(h->broker, &plan);
}

static int set_up(void **state)
{
    struct house *h = calloc(1, sizeof *h);
    struct address nowhere = { 0 };
    assert_int_equal(srtp_start(), OK);
    assert_int_equal(dtls_identity_create(&h->identity, OPENS_S), OK);
    assert_int_equal(outbox_create(&h->outbox, 1 << 18, 512), OK);
    struct broker_config config = { .entropy = { fill, NULL },
                                    .identity = h->identity,
                                    .candidates = &nowhere,
                                    .video_codecs = { { CODEC_VP8 }, 1 },
                                    .rooms_max = 4,
                                    .clients_max = 64 };
    assert_int_equal(broker_create(&h->broker, &config), OK);
    h->now = (struct now){ 1000 * SECOND, (int64_t)OPENS_S * (int64_t)SECOND };
    for (int room = 0; room < ROOMS; room++) {
        struct plan plan = plan_of(room, KIND_INDIVIDUAL);
        assert_int_equal(broker_plan(h->broker, &plan), OK);
    }
    *state = h;
    return 0;
}

static int tear_down(void **state)
{
    struct house *h = *state;
    broker_destroy(h->broker);
    dtls_identity_destroy(h->identity);
    outbox_destroy(h->outbox);
    free(h);
    return 0;
}

static void gather(struct house *h, int room)
{
    assert_int_equal(join(h, room, THERAPIST), OK);
    assert_int_equal(join(h, room, CLIENT), OK);
    say(h, room, CLIENT, "\"type\":\"locate\",\"address\":\"12 Elm St\",\"phone\":\"555 0100\"");
    assert_int_equal(join(h, room, LOVED_1), OK);
    say(h, room, LOVED_1, "\"type\":\"acknowledge\",\"guidance\":\"g1\",\"notice\":\"n1\"");
}

static void let_in(struct house *h, int room)
{
    gather(h, room);
    say(h, room, CLIENT, "\"type\":\"agree\",\"participant\":\"l-1\",\"yes\":true");
    say(h, room, THERAPIST, "\"type\":\"admit\",\"participant\":\"l-1\"");
    store(h);
    forget(h);
}

static enum status order(struct house *h, const char *session, enum moderation_act act, const char *about,
                         const char *reason)
{
    struct moderation moderation = { .session = id_of(session), .act = act };
    if (about)
        moderation.participation = id_of(about);
    snprintf(moderation.reason, sizeof moderation.reason, "%s", reason);
    enum status status = broker_moderate(h->broker, h->now, &moderation, h->outbox);
    drain(h);
    return status;
}

static const struct attendee *seat_of(struct house *h, int person, struct attendance *attendance)
{
    struct id session = id_of("s-1"), participation = id_of(cast[person].id);
    broker_attendance(h->broker, h->now, &session, attendance);
    for (size_t i = 0; i < attendance->count; i++)
        if (id_equal(&attendance->people[i].participation, &participation))
            return &attendance->people[i];
    fail_msg("%s is not in the attendance", cast[person].id);
    return NULL;
}

static void assert_seat(struct house *h, int person, const char *seat)
{
    struct attendance attendance;
    assert_string_equal(seat_of(h, person, &attendance)->seat, seat);
}

/* ---- Orders ---- */

static void the_clinic_steps_out_like_a_therapist(void **state)
{
    struct house *h = *state;
    let_in(h, 0);
    assert_int_equal(order(h, "s-1", MODERATION_STEP_OUT, "l-1", ""), OK);
    assert_heard(h, "l-1 {\"type\":\"seat\",\"seat\":\"stepped_out\",\"reason\":\"stepped_out_by_clinic\"");
    assert_written(h, "{\"kind\":\"close\"");
    assert_null(strstr(h->written, "\"by\":"));
    assert_int_equal(order(h, "s-1", MODERATION_STEP_OUT, "l-1", ""), OK); /* as it is already */
    say(h, 0, THERAPIST, "\"type\":\"admit\",\"participant\":\"l-1\"");
    store(h);
    assert_seat(h, LOVED_1, "admitted"); /* the client's yes stands, and the therapist decides anew */
    assert_int_equal(order(h, "s-1", MODERATION_STEP_OUT_EVERYONE, NULL, ""), OK);
    assert_seat(h, LOVED_1, "stepped_out");
}

static void the_clinics_removal_is_for_good_and_its_reason_for_the_ledger(void **state)
{
    struct house *h = *state;
    let_in(h, 0);
    assert_int_equal(order(h, "s-1", MODERATION_REMOVE, "l-1", "safety_threat"), OK);
    assert_heard(h, "l-1 closed: removed");
    assert_null(strstr(h->heard, "safety"));
    assert_written(h, "{\"kind\":\"removed\"");
    assert_written(h, "\"reason\":\"safety_threat\"");
    assert_int_equal(join(h, 0, LOVED_1), ERR_FORBIDDEN);
    assert_int_equal(order(h, "s-1", MODERATION_REMOVE, "l-1", "safety_threat"), ERR_STATE);
}

static void an_order_that_fits_nothing_changes_nothing(void **state)
{
    struct house *h = *state;
    let_in(h, 0);
    static const struct {
        const char *session;
        enum moderation_act act;
        const char *about, *reason;
        enum status status;
    } orders[] = {
        { "s-9", MODERATION_END, NULL, "", ERR_UNKNOWN },
        { "s-1", MODERATION_STEP_OUT, "l-9", "", ERR_UNKNOWN },
        { "s-1", MODERATION_STEP_OUT, NULL, "", ERR_UNKNOWN },
        { "s-1", MODERATION_STEP_OUT, "c-1", "", ERR_STATE },
        { "s-1", MODERATION_STEP_OUT, "l-2", "", ERR_STATE },
        { "s-1", MODERATION_REMOVE, "l-9", "safety_other", ERR_UNKNOWN },
        { "s-1", MODERATION_REMOVE, "t-1", "safety_other", ERR_STATE },
        { "s-1", MODERATION_REMOVE, "l-1", "", ERR_MALFORMED },
        { "s-1", MODERATION_REMOVE, "l-1", "two words", ERR_MALFORMED },
        { "s-1", MODERATION_REMOVE, "l-1", "quote\"", ERR_MALFORMED },
        { "s-1", (enum moderation_act)0, "l-1", "", ERR_MALFORMED },
        { "s-1", (enum moderation_act)9, "l-1", "", ERR_MALFORMED },
    };
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
        assert_int_equal(order(h, orders[i].session, orders[i].act, orders[i].about, orders[i].reason),
                         orders[i].status);
    assert_string_equal(h->heard, "");
    assert_string_equal(h->written, "");
    assert_seat(h, LOVED_1, "admitted");
}

/* ---- Endings ---- */

static void what_a_therapist_ended_stays_ended_for_this_box(void **state)
{
    struct house *h = *state;
    gather(h, 0);
    time_passes(h, 10 * MINUTE);
    forget(h);
    say(h, 0, THERAPIST, "\"type\":\"end\"");
    assert_heard(h, "t-1 closed: ended");
    assert_written(h, "\"by\":\"t-1\",\"reason\":\"ended\"}");
    assert_null(strstr(strstr(h->written, "ended") + 1, "ended")); /* once */
    assert_null(strstr(h->written, "closed"));
    assert_int_equal(join(h, 0, THERAPIST), ERR_FORBIDDEN);
    assert_int_equal(plan_again(h, 0, 0, 0), OK); /* a new plan of the same box */
    assert_int_equal(join(h, 0, THERAPIST), ERR_FORBIDDEN);
    assert_int_equal(plan_again(h, 0, 601, 0), OK); /* one that begins after it was ended */
    assert_int_equal(join(h, 0, THERAPIST), OK);
}

static void the_clinic_ends_a_session_that_nobody_is_in(void **state)
{
    struct house *h = *state;
    time_passes(h, MINUTE);
    assert_int_equal(order(h, "s-1", MODERATION_END, NULL, ""), OK);
    assert_written(h, "\"session\":\"s-1\",\"reason\":\"ended\"}");
    assert_int_equal(join(h, 0, THERAPIST), ERR_FORBIDDEN);
    assert_heard(h, "session_over");
    assert_int_equal(order(h, "s-1", MODERATION_END, NULL, ""), ERR_STATE);
    assert_int_equal(join(h, 1, THERAPIST), OK); /* the other one goes on */
}

static void a_session_that_was_ended_in_its_lobby_is_cancelled(void **state)
{
    struct house *h = *state;
    h->now.unix_us -= 20 * (int64_t)MINUTE; /* before the lobby there is nothing to end */
    assert_int_equal(join(h, 0, THERAPIST), OK);
    assert_int_equal(order(h, "s-1", MODERATION_END, NULL, ""), ERR_STATE);
    time_passes(h, 10 * MINUTE);
    say(h, 0, THERAPIST, "\"type\":\"end\"");
    assert_written(h, "\"reason\":\"cancelled\"}");
    assert_int_equal(plan_again(h, 0, 0, 0), OK);
    assert_int_equal(join(h, 0, THERAPIST), ERR_FORBIDDEN);
}

static void a_box_that_simply_was_over_may_be_planned_anew(void **state)
{
    struct house *h = *state;
    gather(h, 0);
    time_passes(h, 3000 * SECOND);
    assert_written(h, "\"reason\":\"closed\"}");
    struct plan plan = plan_of(0, KIND_INDIVIDUAL);
    plan.closes_at += 600;
    assert_int_equal(broker_plan(h->broker, &plan), OK);
    assert_int_equal(join(h, 0, THERAPIST), OK);
}

static void what_the_ledger_says_was_ended_never_opens(void **state)
{
    struct house *h = *state;
    assert_int_equal(plan_again(h, 0, 0, OPENS_S), OK);
    assert_int_equal(join(h, 0, THERAPIST), ERR_FORBIDDEN);
    assert_int_equal(plan_again(h, 1, 0, OPENS_S - 1), OK); /* that was an earlier box */
    assert_int_equal(join(h, 1, THERAPIST), OK);
    time_passes(h, 3000 * SECOND);
    assert_written(h, "\"session\":\"s-2\",\"reason\":\"closed\"}"); /* which says nothing about this one */
}

/* ---- What was read elsewhere ---- */

static void acknowledge(struct house *h, const char *person, enum session_kind kind, const char *guidance)
{
    struct acknowledgement known = { .person = id_of(person), .kind = kind, .notice_version = "n1" };
    snprintf(known.guidance_version, sizeof known.guidance_version, "%s", guidance);
    broker_acknowledged(h->broker, h->now, &known, h->outbox);
    drain(h);
}

static void what_was_read_before_is_not_asked_again(void **state)
{
    struct house *h = *state;
    struct plan plan = plan_of(0, KIND_INDIVIDUAL);
    plan.people[LOVED_1].acknowledged = true;
    assert_int_equal(broker_plan(h->broker, &plan), OK);
    join(h, 0, LOVED_1);
    join(h, 0, LOVED_2);
    assert_seat(h, LOVED_1, "waiting");
    assert_seat(h, LOVED_2, "preparing");
}

static void an_acknowledgement_holds_in_every_session_that_asks_for_the_same(void **state)
{
    struct house *h = *state;
    join(h, 0, LOVED_1);
    acknowledge(h, "l-1", KIND_FAMILY, "g1");     /* another kind */
    acknowledge(h, "l-1", KIND_INDIVIDUAL, "g2"); /* another version */
    acknowledge(h, "l-2", KIND_INDIVIDUAL, "g1"); /* another person */
    assert_seat(h, LOVED_1, "preparing");
    forget(h);
    acknowledge(h, "l-1", KIND_INDIVIDUAL, "g1");
    assert_heard(h, "l-1 {\"type\":\"seat\",\"seat\":\"waiting\"");
    forget(h);
    join(h, 1, LOVED_1); /* who was not there when it came */
    assert_heard(h, "l-1 {\"type\":\"seat\",\"seat\":\"waiting\"");
    join(h, 0, LOVED_2);
    assert_seat(h, LOVED_2, "waiting");
}

static void whoever_declined_still_would_rather_not(void **state)
{
    struct house *h = *state;
    join(h, 0, LOVED_1);
    say(h, 0, LOVED_1, "\"type\":\"decline\"");
    acknowledge(h, "l-1", KIND_INDIVIDUAL, "g1");
    assert_seat(h, LOVED_1, "declined");
}

static void an_acknowledgement_is_recorded_with_the_kind_it_is_for(void **state)
{
    struct house *h = *state;
    gather(h, 0);
    assert_written(h, "\"reason\":\"individual\",\"guidance\":\"g1\",\"notice\":\"n1\"}");
}

/* ---- Attendance ---- */

static void attendance_is_who_is_there_now(void **state)
{
    struct house *h = *state;
    struct attendance attendance;
    let_in(h, 0);
    join(h, 0, LOVED_2);
    const struct attendee *loved = seat_of(h, LOVED_1, &attendance);
    assert_string_equal(attendance.phase, "open");
    assert_int_equal(attendance.opens_at, OPENS_S);
    assert_int_equal(attendance.closes_at, OPENS_S + 3000);
    assert_int_equal(attendance.count, PEOPLE);
    assert_string_equal(loved->seat, "admitted");
    assert_int_equal(loved->role, ROLE_LOVED_ONE);
    assert_true(loved->connected && loved->prepared);
    loved = seat_of(h, LOVED_2, &attendance);
    assert_true(loved->connected && !loved->prepared);
    say(h, 0, THERAPIST, "\"type\":\"extend\",\"minutes\":5");
    say(h, 0, CLIENT, "\"type\":\"allow_extension\",\"yes\":true");
    drop(h, 0, THERAPIST);
    assert_false(seat_of(h, THERAPIST, &attendance)->connected);
    assert_string_equal(attendance.phase, "paused");
    assert_int_equal(attendance.closes_at, OPENS_S + 3300);
    struct id unknown = id_of("s-9");
    broker_attendance(h->broker, h->now, &unknown, &attendance);
    assert_string_equal(attendance.phase, "");
}

/* A clock that was set ends a grant at once, whoever asks first what time it is. */
static void a_question_hides_no_clock_that_was_set(void **state)
{
    struct house *h = *state;
    let_in(h, 0);
    struct attendance attendance;
    h->now.unix_us += 9001 * (int64_t)SECOND;
    seat_of(h, LOVED_1, &attendance);
    assert_true(broker_deadline(h->broker) <= h->now.mono_us);
    time_passes(h, 0);
    assert_seat(h, LOVED_1, "stepped_out");
}

/* ---- The question and the alarm, as they are told ---- */

static void the_client_is_told_what_is_asked_and_when_it_is_over(void **state)
{
    struct house *h = *state;
    gather(h, 0);
    forget(h);
    say(h, 0, THERAPIST, "\"type\":\"extend\",\"minutes\":5");
    char asked[120];
    snprintf(asked, sizeof asked, "c-1 {\"type\":\"extension\",\"minutes\":5,\"by\":\"t-1\",\"until\":%d}",
             OPENS_S + 30);
    assert_heard(h, asked);
    char staff[160];
    snprintf(staff, sizeof staff,
             "t-1 {\"type\":\"extension\",\"minutes\":5,\"by\":\"t-1\",\"until\":%d,\"waits_for\":[\"c-1\"]}",
             OPENS_S + 30);
    assert_heard(h, staff);
    assert_null(strstr(h->heard, "l-1 {\"type\":\"extension\"")); /* nobody else */
    drop(h, 0, CLIENT);
    forget(h);
    join(h, 0, CLIENT);
    assert_heard(h, asked); /* who comes back is told again */
    time_passes(h, 30 * SECOND);
    assert_heard(h, "c-1 {\"type\":\"extension\",\"minutes\":null}");
    assert_heard(h, "t-1 {\"type\":\"extension\",\"minutes\":null}");
    assert_heard(h, "t-1 {\"type\":\"error\",\"id\":7,\"code\":\"extension_refused\"");
}

static void an_alert_stays_until_a_therapist_has_seen_it(void **state)
{
    struct house *h = *state;
    gather(h, 0);
    forget(h);
    say(h, 0, LOVED_1, "\"type\":\"alert\"");
    char alerts[160];
    snprintf(alerts, sizeof alerts,
             "t-1 {\"type\":\"alerts\",\"people\":[{\"participant\":\"l-1\",\"name\":\"N\",\"since\":%d}]}", OPENS_S);
    assert_heard(h, alerts);
    assert_null(strstr(h->heard, "c-1 {\"type\":\"alerts\""));
    drop(h, 0, LOVED_1); /* whoever needs help may be gone */
    drop(h, 0, THERAPIST);
    forget(h);
    join(h, 0, THERAPIST);
    assert_heard(h, alerts); /* a therapist who comes back is told again */
    join(h, 0, LOVED_1);
    forget(h);
    say(h, 0, CLIENT, "\"type\":\"seen\",\"participant\":\"l-1\"");
    assert_heard(h, "\"code\":\"not_allowed\"");
    assert_null(strstr(h->heard, "alert"));
    say(h, 0, THERAPIST, "\"type\":\"seen\",\"participant\":\"l-1\"");
    assert_heard(h, "t-1 {\"type\":\"alerts\",\"people\":[]}");
    assert_heard(h, "l-1 {\"type\":\"alert_seen\"}");
    forget(h);
    say(h, 0, THERAPIST, "\"type\":\"seen\",\"participant\":\"l-1\"");
    assert_null(strstr(h->heard, "alert_seen")); /* once */
}

static void a_client_who_stays_missing_is_an_alarm_once(void **state)
{
    struct house *h = *state;
    gather(h, 0);
    drop(h, 0, CLIENT);
    assert_heard(h, "\"reached\":null,\"alarm\":false}");
    forget(h);
    time_passes(h, 60 * SECOND - 1);
    assert_string_equal(h->written, "");
    assert_true(broker_deadline(h->broker) <= h->now.mono_us + 1);
    time_passes(h, 1);
    assert_heard(h, "t-1 {\"type\":\"missing_client\"");
    assert_heard(h, "\"alarm\":true}");
    assert_written(h, "\"participation\":\"c-1\",\"person\":\"c-1\",\"reason\":\"client_missing\"}");
    forget(h);
    time_passes(h, 5 * MINUTE);
    assert_null(strstr(h->heard, "missing_client"));
    assert_null(strstr(h->written, "client_missing"));
    say(h, 0, THERAPIST, "\"type\":\"reached\",\"yes\":false");
    assert_heard(h, "\"reached\":false,\"alarm\":false}"); /* noted: quiet again */
}

static void no_alarm_for_a_client_who_is_back_marked_or_left(void **state)
{
    struct house *h = *state;
    gather(h, 0);
    drop(h, 0, CLIENT);
    time_passes(h, 59 * SECOND);
    join(h, 0, CLIENT);
    time_passes(h, 2 * SECOND);
    drop(h, 0, CLIENT);
    say(h, 0, THERAPIST, "\"type\":\"reached\",\"yes\":true");
    time_passes(h, 2 * MINUTE);
    join(h, 0, CLIENT);
    say(h, 0, CLIENT, "\"type\":\"leave\"");
    time_passes(h, 2 * MINUTE);
    assert_null(strstr(h->heard, "\"alarm\":true"));
    assert_null(strstr(h->written, "client_missing"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_clinic_steps_out_like_a_therapist),
        TEST(the_clinics_removal_is_for_good_and_its_reason_for_the_ledger),
        TEST(an_order_that_fits_nothing_changes_nothing),
        TEST(what_a_therapist_ended_stays_ended_for_this_box),
        TEST(the_clinic_ends_a_session_that_nobody_is_in),
        TEST(a_session_that_was_ended_in_its_lobby_is_cancelled),
        TEST(a_box_that_simply_was_over_may_be_planned_anew),
        TEST(what_the_ledger_says_was_ended_never_opens),
        TEST(what_was_read_before_is_not_asked_again),
        TEST(an_acknowledgement_holds_in_every_session_that_asks_for_the_same),
        TEST(whoever_declined_still_would_rather_not),
        TEST(an_acknowledgement_is_recorded_with_the_kind_it_is_for),
        TEST(attendance_is_who_is_there_now),
        TEST(a_question_hides_no_clock_that_was_set),
        TEST(the_client_is_told_what_is_asked_and_when_it_is_over),
        TEST(an_alert_stays_until_a_therapist_has_seen_it),
        TEST(a_client_who_stays_missing_is_an_alarm_once),
        TEST(no_alarm_for_a_client_who_is_back_marked_or_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
