#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "media/speech.h"

#define MS USEC_PER_MSEC
enum { VOICE = 0x80 | 30, HUM = 0x80 | 70, NONE = 127, LOUD_NOISE = 30, SOFT_NOISE = 40 };

struct mouth {
    struct speech speech;
    usec_t now;
    unsigned news;
};

static struct mouth mouth(void)
{
    return (struct mouth){ .now = 1000 * MS };
}

/* Packets of 20 ms each. */
static void says(struct mouth *m, usec_t span_us, uint8_t level)
{
    for (usec_t end = m->now + span_us; m->now < end;) {
        m->now += 20 * MS;
        m->news += speech_packet(&m->speech, m->now, level);
    }
}

static enum speech_rank rank(const struct mouth *m)
{
    return speech_rank(&m->speech, m->now);
}

static void a_voice_is_noticed_within_a_tenth_of_a_second(void **state)
{
    (void)state;
    struct mouth m = mouth();
    says(&m, 1000 * MS, NONE);
    assert_int_equal(rank(&m), SPEECH_SILENT);
    says(&m, 80 * MS, VOICE);
    assert_int_equal(rank(&m), SPEECH_SPEAKS);
    assert_int_equal(m.news, 1);
}

static void silence_and_a_hum_are_no_speech(void **state)
{
    (void)state;
    struct mouth m = mouth();
    says(&m, 5000 * MS, HUM);
    says(&m, 5000 * MS, NONE);
    assert_int_equal(m.news, 0);
    assert_int_equal(speech_talk(&m.speech, m.now), 0);
}

static void what_the_sender_calls_no_voice_must_be_loud(void **state)
{
    (void)state;
    struct mouth m = mouth();
    says(&m, 1000 * MS, SOFT_NOISE);
    assert_int_equal(rank(&m), SPEECH_SILENT);
    says(&m, 200 * MS, LOUD_NOISE);
    assert_int_equal(rank(&m), SPEECH_SPEAKS);
}

static void a_pause_between_words_ends_nothing_and_a_long_one_does(void **state)
{
    (void)state;
    struct mouth m = mouth();
    says(&m, 1000 * MS, VOICE);
    says(&m, 400 * MS, NONE);
    assert_int_equal(rank(&m), SPEECH_SPEAKS);
    says(&m, 1000 * MS, NONE);
    assert_int_equal(rank(&m), SPEECH_SILENT);
}

static void it_ends_without_packets_as_well(void **state)
{
    (void)state;
    struct mouth m = mouth();
    says(&m, 1000 * MS, VOICE);
    m.now += SPEECH_HANG_US;
    assert_int_equal(rank(&m), SPEECH_SILENT);
}

static void a_level_at_the_edge_does_not_flicker(void **state)
{
    (void)state;
    struct mouth m = mouth();
    says(&m, 200 * MS, VOICE);
    for (int i = 0; i < 100; i++)
        says(&m, 60 * MS, 0x80 | (i % 2 ? 54 : 46));
    assert_int_equal(rank(&m), SPEECH_SPEAKS);
    assert_in_range(m.speech.since_us, 1000 * MS, 1200 * MS); /* it began once */
}

static void that_somebody_still_speaks_is_news_four_times_a_second(void **state)
{
    (void)state;
    struct mouth m = mouth();
    says(&m, 10000 * MS, VOICE);
    assert_in_range(m.news, 35, 41);
}

static void more_packets_weigh_no_more(void **state)
{
    (void)state;
    struct mouth honest = mouth(), flood = mouth();
    says(&honest, 300 * MS, VOICE);
    for (usec_t at = 0; at < 300 * MS; at += 100)
        speech_packet(&flood.speech, flood.now + at, VOICE);
    flood.now += 300 * MS;
    assert_true(speech_talk(&flood.speech, flood.now) <= speech_talk(&honest.speech, honest.now) + 40 * MS);
}

static void who_is_never_silent_ranks_behind_who_speaks(void **state)
{
    (void)state;
    struct mouth liar = mouth(), speaker = mouth();
    says(&liar, 31000 * MS, 0x80);
    assert_int_equal(rank(&liar), SPEECH_UNBROKEN);
    says(&speaker, 31000 * MS - 200 * MS, NONE);
    says(&speaker, 200 * MS, VOICE);
    assert_true(rank(&speaker) > rank(&liar));
    says(&liar, 2000 * MS, NONE); /* a breath makes it a voice again */
    says(&liar, 200 * MS, VOICE);
    assert_int_equal(rank(&liar), SPEECH_SPEAKS);
}

static void a_cough_does_not_take_the_floor(void **state)
{
    (void)state;
    struct mouth m = mouth();
    says(&m, 300 * MS, VOICE);
    assert_false(speech_takes_floor(&m.speech, NULL, m.now));
    says(&m, 300 * MS, VOICE);
    assert_true(speech_takes_floor(&m.speech, NULL, m.now));
}

static void two_who_speak_at_once_do_not_pass_it_to_and_fro(void **state)
{
    (void)state;
    struct mouth m[2] = { mouth(), mouth() };
    int holder = 0;
    unsigned changes = 0;
    says(&m[0], 1000 * MS, VOICE);
    says(&m[1], 1000 * MS, NONE);
    for (int i = 0; i < 1000; i++) { /* both talk, with a short pause now and then */
        says(&m[0], 20 * MS, i % 37 < 8 ? NONE : VOICE);
        says(&m[1], 20 * MS, i % 29 < 8 ? NONE : VOICE);
        if (speech_takes_floor(&m[!holder].speech, &m[holder].speech, m[0].now)) {
            holder = !holder;
            changes++;
        }
    }
    assert_int_equal(changes, 0);
    says(&m[0], 1000 * MS, NONE); /* one falls silent */
    says(&m[1], 1000 * MS, VOICE);
    assert_true(speech_takes_floor(&m[1].speech, &m[0].speech, m[0].now));
}

static void whoever_spoke_is_in_the_conversation_for_a_while(void **state)
{
    (void)state;
    struct mouth m = mouth();
    says(&m, 300 * MS, VOICE);
    assert_false(speech_is_lately(&m.speech, m.now)); /* a cough */
    says(&m, 1000 * MS, VOICE);
    m.now += SPEECH_LATELY_US - 100 * MS;
    assert_true(speech_is_lately(&m.speech, m.now));
    m.now += 200 * MS;
    assert_false(speech_is_lately(&m.speech, m.now));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_voice_is_noticed_within_a_tenth_of_a_second),
        cmocka_unit_test(silence_and_a_hum_are_no_speech),
        cmocka_unit_test(what_the_sender_calls_no_voice_must_be_loud),
        cmocka_unit_test(a_pause_between_words_ends_nothing_and_a_long_one_does),
        cmocka_unit_test(it_ends_without_packets_as_well),
        cmocka_unit_test(a_level_at_the_edge_does_not_flicker),
        cmocka_unit_test(that_somebody_still_speaks_is_news_four_times_a_second),
        cmocka_unit_test(more_packets_weigh_no_more),
        cmocka_unit_test(who_is_never_silent_ranks_behind_who_speaks),
        cmocka_unit_test(a_cough_does_not_take_the_floor),
        cmocka_unit_test(two_who_speak_at_once_do_not_pass_it_to_and_fro),
        cmocka_unit_test(whoever_spoke_is_in_the_conversation_for_a_while),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
