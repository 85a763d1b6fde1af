/* Who gets the slots where not all fit, and who is told who speaks: the whole core, and a room of fake browsers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/hall.h"

#define SECOND USEC_PER_SEC
#define MS USEC_PER_MSEC
enum { SOUND_SLOTS = 6, PICTURE_SLOTS = 7 };

static struct hall *gathered(int people, bool pictures)
{
    struct hall *h = hall_open(KIND_GROUP, people);
    for (int i = 0; i < people; i++)
        h->people[i].picture = pictures;
    hall_all_come(h);
    hall_run(h, SECOND);
    hall_forget(h);
    return h;
}

static void speak(struct hall *h, int person, usec_t span_us)
{
    h->people[person].level = HALL_VOICE;
    hall_run(h, span_us);
}

static void hush(struct hall *h, int person, usec_t span_us)
{
    h->people[person].level = HALL_QUIET;
    hall_run(h, span_us);
}

static int voices_of(const struct hall *h, int listener)
{
    int count = 0;
    for (int i = 0; i < h->count; i++)
        count += h->people[listener].heard[i] > 0;
    return count;
}

/* Everybody but the speaker heard at least so many of the packets that were sent. */
static void assert_heard_by_all(const struct hall *h, int speaker, uint64_t least)
{
    for (int i = 0; i < h->count; i++)
        if (i != speaker)
            assert_in_range(h->people[i].heard[speaker], least, UINT64_MAX);
}

static void in_a_room_that_fits_everybody_is_heard_always_and_nothing_moves(void **state)
{
    (void)state;
    struct hall *h = gathered(SOUND_SLOTS + 1, false);
    for (int i = 0; i < h->count; i++) {
        speak(h, i, SECOND);
        hush(h, i, 200 * MS);
    }
    for (int i = 0; i < h->count; i++) {
        assert_heard_by_all(h, i, (uint64_t)h->count * 60);
        assert_int_equal(h->people[i].slots_told, 0);
    }
    hall_close(h);
}

static void in_a_bigger_one_each_who_speaks_is_heard_by_all_within_a_tenth_of_a_second(void **state)
{
    (void)state;
    struct hall *h = gathered(13, false);
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < h->count; i++) {
            hall_forget(h);
            usec_t begins = h->now.mono_us;
            speak(h, i, SECOND);
            assert_heard_by_all(h, i, 45); /* of 50 */
            for (int j = 0; j < h->count; j++)
                if (j != i)
                    assert_in_range(h->people[j].heard_at_us[i], begins, begins + 100 * MS);
            hush(h, i, SECOND);
        }
    for (int i = 0; i < h->count; i++) {
        hall_forget(h);
        hall_run(h, SECOND);
        assert_int_equal(voices_of(h, i), SOUND_SLOTS); /* no slot is wasted */
    }
    hall_close(h);
}

static void whoever_has_been_silent_longest_gives_up_the_slot(void **state)
{
    (void)state;
    struct hall *h = gathered(9, false);
    for (int i = 1; i <= 5; i++) {
        speak(h, i, SECOND);
        hush(h, i, SECOND);
    }
    speak(h, 6, SECOND);
    hush(h, 6, SECOND);
    hall_forget(h);
    speak(h, 7, SECOND); /* the therapist was silent all the time, and stays; of 2 to 6, heard by 8, 2 spoke first */
    hall_forget(h);
    hall_run(h, SECOND);
    assert_in_range(h->people[8].heard[HALL_THERAPIST], 45, 55);
    for (int i = 3; i <= 7; i++)
        assert_in_range(h->people[8].heard[i], 45, 55);
    assert_int_equal(h->people[8].heard[2], 0);
    hall_close(h);
}

static void nobody_who_speaks_is_cut_off_by_one_more(void **state)
{
    (void)state;
    struct hall *h = gathered(9, false);
    for (int i = 1; i <= SOUND_SLOTS; i++)
        h->people[i].level = HALL_VOICE;
    hall_run(h, SECOND);
    hall_forget(h);
    speak(h, 7, SECOND); /* the seventh at once */
    for (int i = 1; i <= SOUND_SLOTS; i++)
        assert_in_range(h->people[8].heard[i], 45, 55);
    assert_int_equal(h->people[8].heard[7], 0);
    hush(h, 3, SECOND); /* as soon as one is silent, the waiting one has a place */
    hall_forget(h);
    hall_run(h, SECOND);
    assert_in_range(h->people[8].heard[7], 45, 55);
    hall_close(h);
}

static void the_therapist_is_heard_over_all_of_them(void **state)
{
    (void)state;
    struct hall *h = gathered(9, false);
    for (int i = 1; i <= SOUND_SLOTS + 1; i++)
        h->people[i].level = HALL_VOICE;
    hall_run(h, SECOND);
    hall_forget(h);
    speak(h, HALL_THERAPIST, SECOND);
    assert_heard_by_all(h, HALL_THERAPIST, 45);
    hall_close(h);
}

static void levels_that_lie_push_no_voice_out(void **state)
{
    (void)state;
    struct hall *h = gathered(13, false);
    for (int i = 1; i <= SOUND_SLOTS; i++)
        h->people[i].level = 0x80; /* as loud as can be, for ever */
    hall_run(h, 40 * SECOND);
    hall_forget(h);
    for (int i = SOUND_SLOTS + 1; i < h->count; i++) {
        speak(h, i, SECOND);
        hush(h, i, SECOND);
        assert_heard_by_all(h, i, 45);
    }
    hall_close(h);
}

static void without_levels_a_room_that_fits_is_as_before(void **state)
{
    (void)state;
    struct hall *h = gathered(4, false);
    hall_forget(h);
    for (int i = 0; i < 50; i++) { /* under an SSRC that is known by now, without a header extension */
        uint8_t packet[] = { 0x80, HALL_OPUS, 1, (uint8_t)i, 0, 0, 0, (uint8_t)i, 0, 0, 0x07, 0xd0, 0x78, 'K', 1 };
        hall_say(h, 1, (struct bytes){ packet, sizeof packet });
    }
    assert_int_equal(h->people[2].heard[1], 50);
    assert_int_equal(h->people[2].speaker, HALL_NOBODY);
    hall_close(h);
}

static void everybody_is_told_who_speaks(void **state)
{
    (void)state;
    struct hall *h = gathered(9, false);
    for (int i = 0; i < h->count; i++) {
        speak(h, i, 1500 * MS);
        for (int j = 0; j < h->count; j++)
            assert_int_equal(h->people[j].speaker, i); /* the speaker, too */
        hush(h, i, 1500 * MS);
        for (int j = 0; j < h->count; j++)
            assert_int_equal(h->people[j].speaker, i); /* silence keeps the last */
    }
    hall_close(h);
}

static void a_cough_changes_nothing_and_a_quarrel_is_not_told_too_often(void **state)
{
    (void)state;
    struct hall *h = gathered(4, false);
    speak(h, 1, 2 * SECOND);
    hall_forget(h);
    speak(h, 2, 200 * MS);
    hush(h, 2, SECOND);
    assert_int_equal(h->people[3].speaker, 1);
    assert_int_equal(h->people[3].speaker_told, 0);
    for (int i = 0; i < 100; i++) { /* one or the other, every 200 ms */
        h->people[1].level = i % 2 ? HALL_VOICE : HALL_QUIET;
        h->people[2].level = i % 2 ? HALL_QUIET : HALL_VOICE;
        hall_run(h, 200 * MS);
    }
    assert_in_range(h->people[3].speaker_told, 0, 4);
    hall_close(h);
}

static void who_is_out_is_told_nothing_and_who_is_muted_is_not_named(void **state)
{
    (void)state;
    struct hall *h = gathered(4, false);
    speak(h, 1, 2 * SECOND);
    assert_int_equal(h->people[3].speaker, 1);
    hall_ask(h, HALL_THERAPIST,
             "\"type\":\"mute\",\"participant\":\"p-1\",\"mic\":true,\"camera\":false,\"screen\":false");
    assert_int_equal(h->people[3].speaker, HALL_NOBODY);
    assert_int_equal(h->people[1].speaker, HALL_NOBODY);
    hall_forget(h);
    hall_run(h, 2 * SECOND); /* they speak on, to nobody */
    assert_int_equal(h->people[3].speaker_told, 0);
    hall_close(h);
}

static void who_has_not_said_where_they_are_is_told_of_nobody(void **state)
{
    (void)state;
    struct hall *h = hall_open(KIND_GROUP, 4);
    for (int i = 0; i < 3; i++)
        hall_come(h, i);
    hall_join(h, 3); /* and stops there */
    speak(h, 1, 2 * SECOND);
    assert_int_equal(h->people[2].speaker, 1);
    assert_int_equal(h->people[3].speaker_told, 0);
    hall_close(h);
}

static int pictures_of(const struct hall *h, int viewer, int *without)
{
    int count = 0;
    for (int i = 0; i < h->count; i++) {
        count += h->people[viewer].seen[i] > 0;
        if (i != viewer && !h->people[viewer].seen[i])
            *without = i;
    }
    return count;
}

static void with_more_cameras_than_slots_who_speaks_is_seen_and_stays_a_while(void **state)
{
    (void)state;
    struct hall *h = gathered(11, true);
    int viewer = 10, without = HALL_NOBODY;
    hall_run(h, 6 * SECOND);
    hall_forget(h);
    hall_run(h, SECOND);
    assert_int_equal(pictures_of(h, viewer, &without), PICTURE_SLOTS);
    assert_true(h->people[viewer].seen[HALL_THERAPIST] > 0);
    speak(h, without, 2 * SECOND);
    assert_true(h->people[viewer].seen[without] > 20);
    hush(h, without, SECOND);

    usec_t since[HALL_MOST] = { 0 }; /* when each came into the picture; 0: they are not in it */
    unsigned changes = 0;
    for (int step = 0; step < 720; step++) { /* all speak in turn, two seconds each */
        for (int i = 0; i < h->count; i++)
            h->people[i].level = i == 1 + step / 20 % (viewer - 1) ? HALL_VOICE : HALL_QUIET;
        hall_forget(h);
        hall_run(h, 100 * MS);
        for (int i = 0; i < h->count; i++) {
            bool seen = h->people[viewer].seen[i] > 0;
            if (!seen && since[i] > 0 && since[i] != SIZE_MAX) {
                assert_in_range(h->now.mono_us - since[i], 5 * SECOND, SIZE_MAX);
                changes++;
            }
            since[i] = !seen ? 0 : since[i] ? since[i] : step == 0 ? SIZE_MAX : h->now.mono_us;
        }
        assert_true(h->people[viewer].seen[HALL_THERAPIST] > 0);
    }
    assert_in_range(changes, 1, 40); /* it does follow them, at leisure */
    hall_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_a_room_that_fits_everybody_is_heard_always_and_nothing_moves),
        cmocka_unit_test(in_a_bigger_one_each_who_speaks_is_heard_by_all_within_a_tenth_of_a_second),
        cmocka_unit_test(whoever_has_been_silent_longest_gives_up_the_slot),
        cmocka_unit_test(nobody_who_speaks_is_cut_off_by_one_more),
        cmocka_unit_test(the_therapist_is_heard_over_all_of_them),
        cmocka_unit_test(levels_that_lie_push_no_voice_out),
        cmocka_unit_test(without_levels_a_room_that_fits_is_as_before),
        cmocka_unit_test(everybody_is_told_who_speaks),
        cmocka_unit_test(a_cough_changes_nothing_and_a_quarrel_is_not_told_too_often),
        cmocka_unit_test(who_is_out_is_told_nothing_and_who_is_muted_is_not_named),
        cmocka_unit_test(who_has_not_said_where_they_are_is_told_of_nobody),
        cmocka_unit_test(with_more_cameras_than_slots_who_speaks_is_seen_and_stays_a_while),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
