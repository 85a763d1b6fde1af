/* queue.h - a bounded ring of letters from exactly one thread to exactly one other.
 *
 * Never blocks and never grows: a push that finds no room says ERR_FULL and its caller decides what that costs. Bounded
 * in letters and in bytes of text. The consumer is woken only when the ring was empty before the push; so it must drain
 * the ring, or look again by itself, before it sleeps. */
#pragma once

#include "shell/letter.h"

struct queue;

struct waker {
    void (*wake)(void *context); /* called on the producer's thread */
    void *context;
};

enum status queue_create(struct queue **, size_t letters, size_t bytes, struct waker);
void queue_destroy(struct queue *); /* with what is still in it; both threads are done */

/* Producer. Takes the note on OK and empties *letter; on ERR_FULL the letter stays the caller's. `spare` letters of
 * room must be left afterwards: so a producer can keep room for what it will owe and may not lose. */
enum status queue_push(struct queue *, struct letter *, size_t spare);

/* Consumer. False when empty. The letter is then the caller's to wipe. */
bool queue_pop(struct queue *, struct letter *);
bool queue_is_empty(const struct queue *);
