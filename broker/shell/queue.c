#include "shell/queue.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { CACHE_LINE = 64 };

/* head and tail count letters ever popped and pushed; their difference is the fill. Each is written by one thread and
 * sits on its own cache line. Both are sequentially consistent: the producer stores tail and then reads head, the
 * consumer stores head and then reads tail, and at least one must see the other, or a letter would wait for a wake-up
 * that never comes. */
struct queue {
    _Alignas(CACHE_LINE) atomic_size_t head; /* the consumer's */
    _Alignas(CACHE_LINE) atomic_size_t tail; /* the producer's */
    _Alignas(CACHE_LINE) atomic_size_t bytes;
    size_t begin; /* the letter that lies at the ring's beginning; the producer's to write while the ring is empty */
    size_t letters_max, bytes_max;
    struct waker waker;
    struct letter *ring;
};

enum status queue_create(struct queue **created, size_t letters, size_t bytes, struct waker waker)
{
    struct queue *q = aligned_alloc(CACHE_LINE, sizeof *q);
    struct letter *ring = calloc(letters, sizeof *ring);
    if (!q || !ring) {
        free(q);
        free(ring);
        return ERR_NO_MEMORY;
    }
    *q = (struct queue){ .letters_max = letters, .bytes_max = bytes, .waker = waker, .ring = ring };
    *created = q;
    return OK;
}

void queue_destroy(struct queue *q)
{
    if (!q)
        return;
    struct letter letter;
    while (queue_pop(q, &letter))
        letter_wipe(&letter);
    free(q->ring);
    free(q);
}

enum status queue_push(struct queue *q, struct letter *letter, size_t spare)
{
    size_t tail = atomic_load_explicit(&q->tail, memory_order_relaxed);
    size_t used = tail - atomic_load(&q->head);
    if (used == 0)
        q->begin = tail; /* so that no more of it is ever touched than what waits at once */
    size_t len = letter_text(letter).len;
    if (used + 1 + spare > q->letters_max)
        return ERR_FULL;
    if (len > 0 && atomic_load(&q->bytes) + len > q->bytes_max)
        return ERR_FULL;
    atomic_fetch_add(&q->bytes, len);
    q->ring[(tail - q->begin) % q->letters_max] = *letter;
    *letter = (struct letter){ 0 };
    atomic_store(&q->tail, tail + 1);
    if (atomic_load(&q->head) == tail && q->waker.wake)
        q->waker.wake(q->waker.context);
    return OK;
}

bool queue_pop(struct queue *q, struct letter *letter)
{
    size_t head = atomic_load_explicit(&q->head, memory_order_relaxed);
    if (head == atomic_load(&q->tail))
        return false;
    *letter = q->ring[(head - q->begin) % q->letters_max];
    atomic_fetch_sub(&q->bytes, letter_text(letter).len);
    atomic_store(&q->head, head + 1);
    return true;
}

bool queue_is_empty(const struct queue *q)
{
    return atomic_load(&q->head) == atomic_load(&q->tail);
}
