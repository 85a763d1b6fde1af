#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "ledger/intervals.h"
#include "support/history.h"

static struct record record_of(enum record_kind kind, const char *interval, const char *participation, int64_t unix_us)
{
    struct record record = {
        .kind = kind, .unix_us = unix_us, .session = { "s1" }, .person = { "n1" }, .client = { "c1" }
    };
    snprintf(record.interval.text, sizeof record.interval.text, "%s", interval);
    snprintf(record.participation.text, sizeof record.participation.text, "%s", participation);
    return record;
}

static enum interval_fault feed(struct intervals *intervals, struct record record)
{
    enum interval_fault fault = (enum interval_fault) - 1;
    assert_int_equal(intervals_row(intervals, &record, &fault), OK);
    return fault;
}

static struct intervals *create(void)
{
    struct intervals *intervals;
    assert_int_equal(intervals_create(&intervals), OK);
    return intervals;
}

static void an_interval_opens_and_closes(void **state)
{
    (void)state;
    struct intervals *intervals = create();
    struct record open = record_of(RECORD_OPEN, "i1", "p1", 5);
    assert_int_equal(feed(intervals, open), INTERVAL_GOOD);
    assert_int_equal(intervals_open_count(intervals), 1);
    assert_true(history_same(intervals_open_at(intervals, 0), &open));
    assert_true(history_same(intervals_find(intervals, &open.interval), &open));
    assert_null(intervals_open_at(intervals, 1));
    assert_int_equal(feed(intervals, record_of(RECORD_CLOSE, "i1", "p1", 5)), INTERVAL_GOOD);
    assert_int_equal(intervals_open_count(intervals), 0);
    assert_null(intervals_find(intervals, &open.interval));
    assert_int_equal(feed(intervals, record_of(RECORD_OPEN, "i2", "p1", 6)), INTERVAL_GOOD);
    intervals_destroy(intervals);
}

static void other_records_pass(void **state)
{
    (void)state;
    struct intervals *intervals = create();
    for (int kind = RECORD_REFUSED; kind <= RECORD_HEARTBEAT; kind++)
        assert_int_equal(feed(intervals, record_of((enum record_kind)kind, "i1", "p1", 5)), INTERVAL_GOOD);
    assert_int_equal(intervals_open_count(intervals), 0);
    intervals_destroy(intervals);
}

static void an_interval_opens_once(void **state)
{
    (void)state;
    struct intervals *intervals = create();
    assert_int_equal(feed(intervals, record_of(RECORD_OPEN, "i1", "p1", 5)), INTERVAL_GOOD);
    assert_int_equal(feed(intervals, record_of(RECORD_OPEN, "i1", "p2", 6)), INTERVAL_OPENED_TWICE);
    assert_int_equal(feed(intervals, record_of(RECORD_CLOSE, "i1", "p1", 7)), INTERVAL_GOOD);
    assert_int_equal(feed(intervals, record_of(RECORD_OPEN, "i1", "p1", 8)), INTERVAL_OPENED_TWICE);
    intervals_destroy(intervals);
}

static void an_interval_closes_once(void **state)
{
    (void)state;
    struct intervals *intervals = create();
    assert_int_equal(feed(intervals, record_of(RECORD_CLOSE, "i1", "p1", 5)), INTERVAL_CLOSED_UNOPENED);
    assert_int_equal(feed(intervals, record_of(RECORD_OPEN, "i1", "p1", 5)), INTERVAL_GOOD);
    assert_int_equal(feed(intervals, record_of(RECORD_CLOSE, "i1", "p1", 6)), INTERVAL_GOOD);
    assert_int_equal(feed(intervals, record_of(RECORD_CLOSE, "i1", "p1", 7)), INTERVAL_CLOSED_UNOPENED);
    intervals_destroy(intervals);
}

static void one_participation_is_in_one_interval_at_a_time(void **state)
{
    (void)state;
    struct intervals *intervals = create();
    struct record elsewhere = record_of(RECORD_OPEN, "i3", "p1", 6);
    elsewhere.session = (struct id){ "s2" };
    assert_int_equal(feed(intervals, record_of(RECORD_OPEN, "i1", "p1", 5)), INTERVAL_GOOD);
    assert_int_equal(feed(intervals, record_of(RECORD_OPEN, "i2", "p1", 6)), INTERVAL_OVERLAPS);
    assert_int_equal(feed(intervals, elsewhere),
                     INTERVAL_GOOD); /* the id's participation in another session is another */
    assert_int_equal(feed(intervals, record_of(RECORD_CLOSE, "i1", "p1", 6)), INTERVAL_GOOD);
    assert_int_equal(feed(intervals, record_of(RECORD_OPEN, "i2", "p1", 6)), INTERVAL_GOOD);
    intervals_destroy(intervals);
}

static void it_closes_where_it_opened_and_not_before(void **state)
{
    (void)state;
    struct intervals *intervals = create();
    struct record session = record_of(RECORD_CLOSE, "i1", "p1", 5), person = session, client = session;
    session.session = (struct id){ "s2" };
    person.person = (struct id){ "n2" };
    client.client = (struct id){ "c2" };
    assert_int_equal(feed(intervals, record_of(RECORD_OPEN, "i1", "p1", 5)), INTERVAL_GOOD);
    assert_int_equal(feed(intervals, session), INTERVAL_STRAYS);
    assert_int_equal(feed(intervals, person), INTERVAL_STRAYS);
    assert_int_equal(feed(intervals, client), INTERVAL_STRAYS);
    assert_int_equal(feed(intervals, record_of(RECORD_CLOSE, "i1", "p2", 5)), INTERVAL_STRAYS);
    assert_int_equal(feed(intervals, record_of(RECORD_CLOSE, "i1", "p1", 4)), INTERVAL_RUNS_BACKWARDS);
    assert_int_equal(intervals_open_count(intervals), 1);
    assert_int_equal(feed(intervals, record_of(RECORD_CLOSE, "i1", "p1", 5)), INTERVAL_GOOD);
    intervals_destroy(intervals);
}

static void an_interval_names_itself_its_session_and_its_participation(void **state)
{
    (void)state;
    struct intervals *intervals = create();
    struct record homeless = record_of(RECORD_OPEN, "i1", "p1", 5);
    homeless.session = (struct id){ "" };
    assert_int_equal(feed(intervals, homeless), INTERVAL_INCOMPLETE);
    assert_int_equal(feed(intervals, record_of(RECORD_OPEN, "", "p1", 5)), INTERVAL_INCOMPLETE);
    assert_int_equal(feed(intervals, record_of(RECORD_CLOSE, "i1", "", 5)), INTERVAL_INCOMPLETE);
    assert_int_equal(intervals_open_count(intervals), 0);
    intervals_destroy(intervals);
}

/* ---- against a slow and plain model ---- */

enum { MODEL_MAX = 4000, MODEL_STEPS = 20000 };
struct model {
    struct {
        struct record open;
        bool closed;
    } all[MODEL_MAX];
    size_t count;
};

static enum interval_fault model_row(struct model *model, const struct record *record)
{
    size_t at = model->count;
    for (size_t i = 0; i < model->count; i++) {
        if (id_equal(&model->all[i].open.interval, &record->interval))
            at = i;
    }
    if (record->kind == RECORD_CLOSE) {
        if (at == model->count || model->all[at].closed)
            return INTERVAL_CLOSED_UNOPENED;
        if (!id_equal(&model->all[at].open.participation, &record->participation))
            return INTERVAL_STRAYS;
        if (record->unix_us < model->all[at].open.unix_us)
            return INTERVAL_RUNS_BACKWARDS;
        model->all[at].closed = true;
        return INTERVAL_GOOD;
    }
    if (at < model->count)
        return INTERVAL_OPENED_TWICE;
    for (size_t i = 0; i < model->count; i++)
        if (!model->all[i].closed && id_equal(&model->all[i].open.participation, &record->participation))
            return INTERVAL_OVERLAPS;
    model->all[model->count].open = *record;
    model->all[model->count++].closed = false;
    return INTERVAL_GOOD;
}

static struct record drawn(struct history *dice, int step)
{
    char interval[ID_MAX + 1], participation[ID_MAX + 1];
    unsigned near = (unsigned)(step / 10) + (unsigned)history_draw(dice, 30);
    enum record_kind kind = history_draw(dice, 2) ? RECORD_OPEN : RECORD_CLOSE;
    snprintf(interval, sizeof interval, "i%u", near);
    snprintf(participation, sizeof participation, "p%u",
             history_draw(dice, 8) ? near : near + 1 + (unsigned)history_draw(dice, 3));
    return record_of(kind, interval, participation, step + (int64_t)history_draw(dice, 200));
}

static void random_records_are_judged_as_a_plain_model_judges_them(void **state)
{
    (void)state;
    static struct model model;
    size_t verdicts[INTERVAL_STRAYS + 1] = { 0 };
    struct history dice = history_of(3);
    struct intervals *intervals = create();
    model.count = 0;
    for (int step = 0; step < MODEL_STEPS; step++) {
        struct record record = drawn(&dice, step);
        enum interval_fault expected = model_row(&model, &record);
        assert_int_equal(feed(intervals, record), expected);
        verdicts[expected]++;
    }
    for (int fault = INTERVAL_GOOD; fault <= INTERVAL_STRAYS; fault++)
        assert_true(verdicts[fault] > 20 || fault == INTERVAL_INCOMPLETE);
    size_t open = 0;
    for (size_t i = 0; i < model.count; i++) {
        const struct record *found = intervals_find(intervals, &model.all[i].open.interval);
        assert_int_equal(found != NULL, !model.all[i].closed);
        assert_true(!found || history_same(found, &model.all[i].open));
        open += !model.all[i].closed;
    }
    assert_int_equal(intervals_open_count(intervals), open);
    intervals_destroy(intervals);
}

static void many_intervals_are_followed(void **state)
{
    (void)state;
    enum { MANY = 100000, AT_ONCE = 300 };
    struct intervals *intervals = create();
    for (int i = 0; i < MANY + AT_ONCE; i++) {
        char interval[ID_MAX + 1], participation[ID_MAX + 1];
        if (i >= AT_ONCE) {
            snprintf(interval, sizeof interval, "i%d", i - AT_ONCE);
            snprintf(participation, sizeof participation, "p%d", i - AT_ONCE);
            assert_int_equal(feed(intervals, record_of(RECORD_CLOSE, interval, participation, i)), INTERVAL_GOOD);
        }
        if (i < MANY) {
            snprintf(interval, sizeof interval, "i%d", i);
            snprintf(participation, sizeof participation, "p%d", i);
            assert_int_equal(feed(intervals, record_of(RECORD_OPEN, interval, participation, i)), INTERVAL_GOOD);
        }
    }
    assert_int_equal(intervals_open_count(intervals), 0);
    assert_int_equal(feed(intervals, record_of(RECORD_OPEN, "i0", "p0", MANY)), INTERVAL_OPENED_TWICE);
    intervals_destroy(intervals);
}

/* ---- recovery ---- */

static void recovery_closes_at_the_last_heartbeat_and_says_so(void **state)
{
    (void)state;
    struct record open = record_of(RECORD_OPEN, "i1", "p1", 500);
    open.by = (struct id){ "t1" };
    open.grant = (struct id){ "g1" };
    open.mode = MODE_WATCH;
    strcpy(open.reason, "admitted_by_t");
    struct record close = intervals_recovery(&open, 900);
    assert_int_equal(close.kind, RECORD_CLOSE);
    assert_int_equal(close.unix_us, 900);
    assert_true(close.recovered);
    assert_string_equal(close.reason, "crash");
    assert_string_equal(close.by.text, "");
    assert_string_equal(close.grant.text, "g1");
    assert_int_equal(close.mode, MODE_WATCH);
    assert_true(id_equal(&close.interval, &open.interval) && id_equal(&close.session, &open.session));
}

static void an_interval_that_opened_after_the_heartbeat_has_no_length(void **state)
{
    (void)state;
    struct record open = record_of(RECORD_OPEN, "i1", "p1", 500);
    assert_int_equal(intervals_recovery(&open, 499).unix_us, 500);
    assert_int_equal(intervals_recovery(&open, 0).unix_us, 500);
}

static void a_ledger_cut_anywhere_is_whole_again_after_recovery(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct history history = history_of(seed);
        struct intervals *intervals = create();
        struct chain chain;
        size_t rows = history_draw(&history, 120);
        chain_init(&chain, &(struct id){ "clinic-1" });
        for (size_t i = 0; i < rows; i++)
            assert_int_equal(feed(intervals, history_next(&history)), INTERVAL_GOOD);
        size_t open = 0;
        for (size_t seat = 0; seat < HISTORY_SEATS; seat++)
            open += history.open[seat].kind != 0;
        assert_int_equal(intervals_open_count(intervals), open);
        while (intervals_open_count(intervals) > 0) {
            uint8_t buffer[RECORD_TEXT_MAX + 1];
            struct writer w = writer_over(buffer, sizeof buffer);
            struct ledger_row row;
            struct record close = intervals_recovery(intervals_open_at(intervals, 0), history.now_us - 1000000);
            assert_int_equal(record_write(&w, &close), OK);
            assert_int_equal(chain_append(&chain, writer_bytes(&w), &row), OK);
            assert_int_equal(feed(intervals, close), INTERVAL_GOOD);
        }
        assert_int_equal(chain.number, open);
        intervals_destroy(intervals);
    }
}

static void every_fault_has_words(void **state)
{
    (void)state;
    for (int fault = INTERVAL_GOOD; fault <= INTERVAL_STRAYS; fault++)
        assert_true(strlen(interval_fault_name((enum interval_fault)fault)) > 1);
    assert_string_equal(interval_fault_name((enum interval_fault)(INTERVAL_STRAYS + 1)), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_interval_opens_and_closes),
        cmocka_unit_test(other_records_pass),
        cmocka_unit_test(an_interval_opens_once),
        cmocka_unit_test(an_interval_closes_once),
        cmocka_unit_test(one_participation_is_in_one_interval_at_a_time),
        cmocka_unit_test(it_closes_where_it_opened_and_not_before),
        cmocka_unit_test(an_interval_names_itself_its_session_and_its_participation),
        cmocka_unit_test(random_records_are_judged_as_a_plain_model_judges_them),
        cmocka_unit_test(many_intervals_are_followed),
        cmocka_unit_test(recovery_closes_at_the_last_heartbeat_and_says_so),
        cmocka_unit_test(an_interval_that_opened_after_the_heartbeat_has_no_length),
        cmocka_unit_test(a_ledger_cut_anywhere_is_whole_again_after_recovery),
        cmocka_unit_test(every_fault_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
