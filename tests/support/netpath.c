/* netpath.c - a link between two network namespaces that is slow, narrow, lossy or down, for the scripts in e2e/:
 *
 *   kinroom_netpath NETNS_A NAME_A NETNS_B NAME_B [SEED]
 *
 * Makes a TUN device of that name in either namespace (a path such as /proc/self/ns/net), says "ready" and carries what
 * one gets to the other: all of IP, so that UDP, TCP and TURN go the same way. Each direction is a line with a queue
 * that drops at its tail, then the air:
 *
 *   in -> lost in a burst? -> queue of so many ms at the line's rate -> line of so many bit/s -> delay (+ jitter, never
 * overtaking) -> out
 *
 * Each line on stdin changes it at once: "DIRECTION WHAT VALUE [VALUE]", where DIRECTION is up (A to B), down (B to A)
 * or both:
 *
 *   delay MS   jitter MS   rate BPS (0: no limit)   queue MS   burst CHANCE LENGTH   outage 0|1   count 0 (changes
 * nothing)
 *
 * burst is Gilbert and Elliott's: a burst begins at a packet with this chance, lasts LENGTH packets in the mean, and
 * all in it is lost. Ends when stdin does. */

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "sim/chance.h"

enum { MTU = 1500, RING = 4096, BURST_READ = 64 };
#define NEVER INT64_MAX

struct packet {
    int64_t due_us; /* when it comes out of the air */
    uint16_t size;
    uint8_t bytes[MTU];
};

struct ring {
    struct packet *packets; /* RING of them */
    uint32_t head, tail;    /* taken, put; free running */
};

struct way {
    int from, to;
    int64_t delay_us, jitter_us, queue_us;
    uint64_t rate_bps; /* 0: no limit */
    double burst_chance, burst_length;
    bool is_burst, is_out;
    struct ring queue, air;
    uint64_t queued_bytes;
    int64_t line_free_us; /* when the first of the queue has left it; NEVER: the line is idle */
    uint64_t carried, lost, dropped;
};

static struct way ways[2]; /* up, down */
static struct chance chance;

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static struct packet *ring_put(struct ring *r)
{
    return r->tail - r->head < RING ? &r->packets[r->tail++ % RING] : NULL;
}

static struct packet *ring_first(struct ring *r)
{
    return r->head != r->tail ? &r->packets[r->head % RING] : NULL;
}

static double chance_of_one(void)
{
    return (double)(chance_next(&chance) >> 11) / (double)(UINT64_C(1) << 53);
}

/* ---- one packet's way ---- */

static bool is_lost(struct way *w)
{
    if (w->is_burst)
        w->is_burst = chance_of_one() * w->burst_length >= 1;
    else
        w->is_burst = chance_of_one() < w->burst_chance;
    return w->is_burst || w->is_out;
}

static int64_t line_us(const struct way *w, const struct packet *p)
{
    return w->rate_bps ? (int64_t)(p->size * UINT64_C(8000000) / w->rate_bps) : 0;
}

static void to_air(struct way *w, const struct packet *p, int64_t at_us)
{
    const struct packet *last = ring_first(&w->air) ? &w->air.packets[(w->air.tail - 1) % RING] : NULL;
    const int64_t due_us = at_us + w->delay_us + (int64_t)(chance_of_one() * (double)w->jitter_us);
    struct packet *flying = ring_put(&w->air);
    if (!flying) {
        w->dropped++;
        return;
    }
    memcpy(flying->bytes, p->bytes, p->size);
    flying->size = p->size;
    flying->due_us = last && last->due_us > due_us ? last->due_us : due_us;
}

/* The line may be narrowed below what is in the queue already: that stays, and what comes meets a full queue. */
static bool has_room(const struct way *w, size_t size)
{
    const uint64_t most = w->rate_bps * (uint64_t)w->queue_us / 8000000;
    return w->queued_bytes + size <= (most > 2 * MTU ? most : 2 * MTU);
}

static void take_in(struct way *w, const struct packet *p, int64_t now)
{
    if (is_lost(w)) {
        w->lost++;
        return;
    }
    const bool is_idle = !ring_first(&w->queue);
    if (is_idle && !w->rate_bps) {
        to_air(w, p, now);
        return;
    }
    struct packet *waiting = !w->rate_bps || has_room(w, p->size) ? ring_put(&w->queue) : NULL;
    if (!waiting) {
        w->dropped++;
        return;
    }
    memcpy(waiting->bytes, p->bytes, p->size);
    waiting->size = p->size;
    w->queued_bytes += p->size;
    if (is_idle)
        w->line_free_us = now + line_us(w, p);
}

static void move_on(struct way *w, int64_t now)
{
    const struct packet *p;
    while ((p = ring_first(&w->queue)) && w->line_free_us <= now) {
        to_air(w, p, w->line_free_us);
        w->queued_bytes -= p->size;
        w->queue.head++;
        if ((p = ring_first(&w->queue)))
            w->line_free_us += line_us(w, p);
    }
    while ((p = ring_first(&w->air)) && p->due_us <= now) {
        if (write(w->to, p->bytes, p->size) == p->size)
            w->carried++;
        w->air.head++;
    }
}

static int64_t due_us(struct way *w)
{
    const struct packet *flying = ring_first(&w->air);
    const int64_t line = ring_first(&w->queue) ? w->line_free_us : NEVER;
    return flying && flying->due_us < line ? flying->due_us : line;
}

/* ---- what it is told ---- */

static bool way_set(struct way *w, const char *what, double a, double b)
{
    if (!strcmp(what, "delay"))
        w->delay_us = (int64_t)(a * 1000);
    else if (!strcmp(what, "jitter"))
        w->jitter_us = (int64_t)(a * 1000);
    else if (!strcmp(what, "queue"))
        w->queue_us = (int64_t)(a * 1000);
    else if (!strcmp(what, "rate"))
        w->rate_bps = (uint64_t)a;
    else if (!strcmp(what, "outage"))
        w->is_out = a != 0;
    else if (!strcmp(what, "burst"))
        w->burst_chance = a, w->burst_length = b;
    else
        return !strcmp(what, "count");
    return true;
}

static void obey(const char *line)
{
    char direction[8], what[16];
    double a = 0, b = 0;
    const int found = sscanf(line, "%7s %15s %lf %lf", direction, what, &a, &b);
    const bool both = !strcmp(direction, "both");
    bool is_known = found >= 3 && a >= 0 && b >= 0;
    for (int i = 0; i < 2 && is_known; i++)
        if (both || !strcmp(direction, i ? "down" : "up"))
            is_known = way_set(&ways[i], what, a, b);
    if (!is_known) {
        fprintf(stderr, "netpath: what is this: %s", line);
        exit(2);
    }
    for (int i = 0; i < 2; i++)
        printf("%s %llu %llu %llu%s", i ? "down" : "up", (unsigned long long)ways[i].carried,
               (unsigned long long)ways[i].lost, (unsigned long long)ways[i].dropped, i ? "\n" : " ");
    fflush(stdout);
}

/* ---- the two ends ---- */

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static int netns_open(const char *path)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        die(path);
    return fd;
}

static int tun_open(int netns, const char *name)
{
    struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
    if (setns(netns, CLONE_NEWNET) != 0)
        die("setns");
    const int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0)
        die("/dev/net/tun");
    return fd;
}

static void read_all(struct way *w)
{
    struct packet p;
    for (int i = 0; i < BURST_READ; i++) {
        const ssize_t got = read(w->from, p.bytes, sizeof(p.bytes));
        if (got <= 0)
            return;
        p.size = (uint16_t)got;
        take_in(w, &p, now_us());
    }
}

int main(int argc, char **argv)
{
    if (argc < 5 || argc > 6) {
        fprintf(stderr, "usage: kinroom_netpath NETNS_A NAME_A NETNS_B NAME_B [SEED]\n");
        return 2;
    }
    chance.state = argc > 5 ? strtoull(argv[5], NULL, 10) : 1;
    const int spaces[2] = { netns_open(argv[1]), netns_open(argv[3]) };
    const int tuns[2] = { tun_open(spaces[0], argv[2]), tun_open(spaces[1], argv[4]) };
    for (int i = 0; i < 2; i++) {
        struct packet *packets = calloc(2 * RING, sizeof(*packets));
        if (!packets)
            die("memory");
        ways[i] = (struct way){ .from = tuns[i],
                                .to = tuns[!i],
                                .queue_us = 200000,
                                .queue = { .packets = packets },
                                .air = { .packets = packets + RING } };
    }
    setvbuf(stdin, NULL, _IONBF, 0); /* poll has to see each line */
    /* A busy machine should not lengthen the way. Where that is not allowed, it does. */
    prctl(PR_SET_TIMERSLACK, 1000ul);
    sched_setscheduler(0, SCHED_RR, &(struct sched_param){ .sched_priority = 1 });
    printf("ready\n");
    fflush(stdout);

    for (char line[128];;) {
        struct pollfd fds[3] = { { .fd = tuns[0], .events = POLLIN },
                                 { .fd = tuns[1], .events = POLLIN },
                                 { .fd = 0, .events = POLLIN } };
        const int64_t up = due_us(&ways[0]), down = due_us(&ways[1]), due = up < down ? up : down, now = now_us();
        const int64_t wait_us = due > now ? due - now : 0;
        const struct timespec wait = { .tv_sec = wait_us / 1000000, .tv_nsec = wait_us % 1000000 * 1000 };
        if (ppoll(fds, 3, due == NEVER ? NULL : &wait, NULL) < 0)
            die("ppoll");
        if (fds[2].revents) {
            if (!fgets(line, sizeof(line), stdin))
                return 0;
            obey(line);
        }
        for (int i = 0; i < 2; i++)
            if (fds[i].revents)
                read_all(&ways[i]);
        for (int i = 0; i < 2; i++)
            move_on(&ways[i], now_us());
    }
}
