#include "load/media.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "load/socket.h"

enum { EVENTS = 256 };
/* Turns are no closer: a wake-up per packet would cost more than the packet, and arrivals are stamped by the kernel. */
#define TURN_LEAST_US ((usec_t)250)
#define TURN_MOST_US (50 * USEC_PER_MSEC)

struct due {
    usec_t at_us;
    struct load_peer *peer;
};

struct media {
    pthread_t thread;
    pthread_mutex_t lock;
    atomic_int waiting; /* for the lock: a busy thread gives it away between turns */
    atomic_bool ends;
    atomic_ullong cpu_us;
    int epoll_fd;
    struct due *queue; /* a heap by deadline; a peer knows its place in it */
    size_t count, cap;
};

/* ---- The queue ---- */

static void put(struct media *m, size_t place, struct due due)
{
    m->queue[place] = due;
    *load_peer_place(due.peer) = place;
}

static void settle(struct media *m, size_t place)
{
    struct due due = m->queue[place];
    for (; place > 0 && due.at_us < m->queue[(place - 1) / 2].at_us; place = (place - 1) / 2)
        put(m, place, m->queue[(place - 1) / 2]);
    for (size_t child; (child = 2 * place + 1) < m->count; place = child) {
        child += child + 1 < m->count && m->queue[child + 1].at_us < m->queue[child].at_us;
        if (due.at_us <= m->queue[child].at_us)
            break;
        put(m, place, m->queue[child]);
    }
    put(m, place, due);
}

static void reschedule(struct media *m, size_t place)
{
    m->queue[place].at_us = load_peer_deadline(m->queue[place].peer);
    settle(m, place);
}

/* ---- The thread ---- */

static struct load_now now_read(void)
{
    return (struct load_now){ .mono_us = socket_mono_ns() / 1000, .real_minus_mono_ns = socket_real_minus_mono_ns() };
}

static void send_due(struct media *m)
{
    struct load_now now = now_read();
    while (m->count > 0 && m->queue[0].at_us <= now.mono_us) {
        load_peer_turn(m->queue[0].peer, now);
        reschedule(m, 0);
    }
}

static void receive(struct media *m)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(m->epoll_fd, events, EVENTS, 0);
    struct load_now now = now_read();
    for (int i = 0; i < count; i++) {
        struct load_peer *peer = events[i].data.ptr;
        load_peer_receive(peer, now);
        reschedule(m, *load_peer_place(peer));
    }
}

static usec_t next_turn(const struct media *m, usec_t now_us)
{
    usec_t due = m->count > 0 ? m->queue[0].at_us : NEVER;
    usec_t wait = due > now_us ? due - now_us : 0;
    return wait < TURN_LEAST_US ? TURN_LEAST_US : sooner(wait, TURN_MOST_US);
}

static void rest(usec_t us)
{
    struct timespec t = { .tv_nsec = (long)(us * 1000) };
    nanosleep(&t, NULL);
}

/* Until something comes or is due. */
static void wait_for_turn(struct media *m, usec_t wait_us)
{
    struct epoll_event event;
    struct timespec t = { .tv_nsec = (long)(wait_us * 1000) };
    if (wait_us <= TURN_LEAST_US || atomic_load(&m->waiting) > 0)
        rest(TURN_LEAST_US);
    else if (epoll_pwait2(m->epoll_fd, &event, 1, &t, NULL) > 0)
        rest(TURN_LEAST_US); /* what comes seldom comes alone */
}

static void note_cpu(struct media *m)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    atomic_store(&m->cpu_us, (unsigned long long)t.tv_sec * USEC_PER_SEC + (unsigned long long)t.tv_nsec / 1000);
}

static void *run(void *context)
{
    struct media *m = context;
    while (!atomic_load(&m->ends)) {
        pthread_mutex_lock(&m->lock);
        receive(m);
        send_due(m);
        usec_t wait_us = next_turn(m, socket_mono_ns() / 1000);
        pthread_mutex_unlock(&m->lock);
        note_cpu(m);
        wait_for_turn(m, wait_us);
    }
    return NULL;
}

/* ---- For everybody else ---- */

enum status media_create(struct media **created)
{
    struct media *m = calloc(1, sizeof *m);
    if (!m)
        return ERR_NO_MEMORY;
    m->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    pthread_mutex_init(&m->lock, NULL);
    if (m->epoll_fd < 0 || pthread_create(&m->thread, NULL, run, m) != 0) {
        if (m->epoll_fd >= 0)
            close(m->epoll_fd);
        pthread_mutex_destroy(&m->lock);
        free(m);
        return ERR_SYSTEM;
    }
    *created = m;
    return OK;
}

void media_destroy(struct media *m)
{
    if (!m)
        return;
    atomic_store(&m->ends, true);
    pthread_join(m->thread, NULL);
    for (size_t i = 0; i < m->count; i++)
        load_peer_destroy(m->queue[i].peer);
    free(m->queue);
    close(m->epoll_fd);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

void media_lock(struct media *m)
{
    atomic_fetch_add(&m->waiting, 1);
    pthread_mutex_lock(&m->lock);
    atomic_fetch_sub(&m->waiting, 1);
}

void media_unlock(struct media *m)
{
    pthread_mutex_unlock(&m->lock);
}

enum status media_attach(struct media *m, struct load_peer *peer)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = peer };
    if (m->count == m->cap) {
        size_t cap = m->cap ? 2 * m->cap : 64;
        struct due *grown = realloc(m->queue, cap * sizeof *grown);
        if (!grown)
            return ERR_NO_MEMORY;
        m->queue = grown;
        m->cap = cap;
    }
    if (epoll_ctl(m->epoll_fd, EPOLL_CTL_ADD, load_peer_fd(peer), &event) != 0)
        return ERR_SYSTEM;
    put(m, m->count, (struct due){ 0, peer });
    settle(m, m->count++);
    return OK;
}

void media_drop(struct media *m, struct load_peer *peer)
{
    size_t place = *load_peer_place(peer);
    epoll_ctl(m->epoll_fd, EPOLL_CTL_DEL, load_peer_fd(peer), NULL);
    m->count--;
    if (place < m->count) {
        put(m, place, m->queue[m->count]);
        settle(m, place);
    }
    load_peer_destroy(peer);
}

void media_touch(struct media *m, struct load_peer *peer)
{
    reschedule(m, *load_peer_place(peer));
}

usec_t media_cpu(const struct media *m)
{
    return atomic_load(&m->cpu_us);
}
