#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "shell/queue.h"

static struct letter letter_of(client_id client, const char *text)
{
    return (struct letter){ .kind = LETTER_TEXT, .client = client, .note = text ? note_create(bytes_of(text)) : NULL };
}

static enum status push(struct queue *q, client_id client, const char *text, size_t spare)
{
    struct letter letter = letter_of(client, text);
    enum status status = queue_push(q, &letter, spare);
    letter_wipe(&letter);
    return status;
}

static client_id pop(struct queue *q)
{
    struct letter letter;
    if (!queue_pop(q, &letter))
        return 0;
    client_id client = letter.client;
    letter_wipe(&letter);
    return client;
}

static void letters_come_out_in_order_with_their_text(void **state)
{
    (void)state;
    struct queue *q;
    struct letter letter;
    assert_int_equal(queue_create(&q, 4, 100, (struct waker){ 0 }), OK);
    assert_int_equal(push(q, 1, "one", 0), OK);
    assert_int_equal(push(q, 2, NULL, 0), OK);
    assert_true(queue_pop(q, &letter));
    assert_int_equal(letter.client, 1);
    assert_true(bytes_equal(letter_text(&letter), bytes_of("one")));
    letter_wipe(&letter);
    assert_int_equal(pop(q), 2);
    assert_false(queue_pop(q, &letter));
    queue_destroy(q);
}

static void a_full_queue_refuses_and_leaves_the_letter_with_its_owner(void **state)
{
    (void)state;
    struct queue *q;
    struct letter letter = letter_of(3, "three");
    assert_int_equal(queue_create(&q, 2, 100, (struct waker){ 0 }), OK);
    assert_int_equal(push(q, 1, "one", 0), OK);
    assert_int_equal(push(q, 2, "two", 0), OK);
    assert_int_equal(queue_push(q, &letter, 0), ERR_FULL);
    assert_non_null(letter.note);
    assert_int_equal(pop(q), 1);
    assert_int_equal(queue_push(q, &letter, 0), OK);
    assert_null(letter.note);
    queue_destroy(q); /* with two letters in it: the leak checker watches */
}

/* Filled from where it was left by what came before, in order and with its bound, past the end of the ring. */
static void an_empty_queue_begins_anew(void **state)
{
    (void)state;
    struct queue *q;
    assert_int_equal(queue_create(&q, 3, 100, (struct waker){ 0 }), OK);
    for (client_id round = 0; round < 20; round++) {
        const size_t before = round % 3;
        for (size_t i = 0; i < before; i++)
            assert_int_equal(push(q, 1, NULL, 0), OK);
        for (size_t i = 0; i < before; i++)
            assert_int_equal(pop(q), 1);
        for (client_id i = 1; i <= 3; i++)
            assert_int_equal(push(q, 10 * round + i, NULL, 0), OK);
        assert_int_equal(push(q, 99, NULL, 0), ERR_FULL);
        assert_int_equal(pop(q), 10 * round + 1);
        assert_int_equal(push(q, 10 * round + 4, NULL, 0), OK);
        for (client_id i = 2; i <= 4; i++)
            assert_int_equal(pop(q), 10 * round + i);
        assert_int_equal(pop(q), 0);
    }
    queue_destroy(q);
}

static void text_is_bounded_in_bytes_but_letters_without_text_still_pass(void **state)
{
    (void)state;
    struct queue *q;
    assert_int_equal(queue_create(&q, 8, 10, (struct waker){ 0 }), OK);
    assert_int_equal(push(q, 1, "12345678", 0), OK);
    assert_int_equal(push(q, 2, "123", 0), ERR_FULL);
    assert_int_equal(push(q, 3, NULL, 0), OK);
    assert_int_equal(push(q, 4, "12", 0), OK);
    assert_int_equal(pop(q), 1);
    assert_int_equal(push(q, 5, "12345678", 0), OK);
    queue_destroy(q);
}

static void room_that_is_kept_spare_is_there_when_it_is_owed(void **state)
{
    (void)state;
    struct queue *q;
    assert_int_equal(queue_create(&q, 4, 100, (struct waker){ 0 }), OK);
    assert_int_equal(push(q, 1, NULL, 2), OK);
    assert_int_equal(push(q, 2, NULL, 2), OK);
    assert_int_equal(push(q, 3, NULL, 2), ERR_FULL);
    assert_int_equal(push(q, 3, NULL, 1), OK);
    assert_int_equal(push(q, 4, NULL, 0), OK);
    assert_int_equal(push(q, 5, NULL, 0), ERR_FULL);
    queue_destroy(q);
}

static void count_wake(void *context)
{
    ++*(int *)context;
}

static void only_the_first_letter_into_an_empty_queue_wakes(void **state)
{
    (void)state;
    struct queue *q;
    int wakes = 0;
    assert_int_equal(queue_create(&q, 8, 100, (struct waker){ count_wake, &wakes }), OK);
    assert_true(queue_is_empty(q));
    push(q, 1, NULL, 0);
    push(q, 2, NULL, 0);
    assert_int_equal(wakes, 1);
    assert_false(queue_is_empty(q));
    assert_int_equal(pop(q), 1);
    assert_int_equal(pop(q), 2);
    push(q, 3, NULL, 0);
    assert_int_equal(wakes, 2);
    queue_destroy(q);
}

/* ---- Two threads ---- */

enum { LETTERS = 200000 };

/* A consumer that sleeps for real: a lost wake-up hangs the test. */
struct bed {
    pthread_mutex_t lock;
    pthread_cond_t woken;
    bool awake;
    struct queue *queue;
};

static void wake_bed(void *context)
{
    struct bed *bed = context;
    pthread_mutex_lock(&bed->lock);
    bed->awake = true;
    pthread_cond_signal(&bed->woken);
    pthread_mutex_unlock(&bed->lock);
}

static void *produce(void *context)
{
    struct bed *bed = context;
    for (client_id i = 1; i <= LETTERS; i++)
        while (push(bed->queue, i, i % 3 ? "some text" : NULL, 0) != OK)
            sched_yield();
    return NULL;
}

static void nothing_is_lost_and_nobody_sleeps_through_between_two_threads(void **state)
{
    (void)state;
    struct bed bed = { .lock = PTHREAD_MUTEX_INITIALIZER, .woken = PTHREAD_COND_INITIALIZER };
    pthread_t producer;
    client_id expected = 1;
    struct letter letter;
    assert_int_equal(queue_create(&bed.queue, 16, 100, (struct waker){ wake_bed, &bed }), OK);
    assert_int_equal(pthread_create(&producer, NULL, produce, &bed), 0);
    while (expected <= LETTERS) {
        pthread_mutex_lock(&bed.lock);
        while (!bed.awake)
            pthread_cond_wait(&bed.woken, &bed.lock);
        bed.awake = false;
        pthread_mutex_unlock(&bed.lock);
        while (queue_pop(bed.queue, &letter)) {
            assert_int_equal(letter.client, expected);
            assert_int_equal(letter_text(&letter).len, expected % 3 ? 9 : 0);
            letter_wipe(&letter);
            expected++;
        }
    }
    pthread_join(producer, NULL);
    assert_true(queue_is_empty(bed.queue));
    queue_destroy(bed.queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_come_out_in_order_with_their_text),
        cmocka_unit_test(a_full_queue_refuses_and_leaves_the_letter_with_its_owner),
        cmocka_unit_test(an_empty_queue_begins_anew),
        cmocka_unit_test(text_is_bounded_in_bytes_but_letters_without_text_still_pass),
        cmocka_unit_test(room_that_is_kept_spare_is_there_when_it_is_owed),
        cmocka_unit_test(only_the_first_letter_into_an_empty_queue_wakes),
        cmocka_unit_test(nothing_is_lost_and_nobody_sleeps_through_between_two_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
