#include "shell/tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "shell/arrivals.h"
#include "shell/sockaddr.h"
#include "transport/framing.h"

enum {
    EVENTS = 64,
    ACCEPTS_PER_TURN = 16,
    READ_BYTES = 32 << 10, /* of one connection in one turn */
    BACKLOG = 128,
    SWEEP_S = 1,
};

/* What an event of epoll is about: an index of a connection, or one of these. */
enum { TAG_LISTENER = 1 << 30, TAG_TIMER = 1 << 29 };

#define NONE UINT32_MAX

struct connection {
    int fd; /* -1: a free place */
    struct address peer;
    usec_t heard_us; /* when it came, or when its last authentic datagram did */
    bool known;      /* no stranger any more */
    bool ended;      /* closed at the end of this turn, so that no event of it meets another one's connection */
    uint32_t next;   /* in its chain, or of the free places */
    struct framing_rest in;
    uint8_t out[FRAMING_MAX]; /* the frame that the kernel took a part of */
    size_t out_at, out_len;   /* what it did not take yet; empty when equal */
};

struct tcp {
    int listeners[TCP_LISTENERS_MAX];
    size_t listener_count;
    int epoll_fd, timer_fd;
    bool sweeping;    /* the timer runs */
    bool not_so_fast; /* the machine is out of files or memory: nobody is accepted until the next sweep */
    bool any_ended;
    struct connection *connections;
    size_t count, known_count, max; /* max: places */
    size_t known_max, known_per_address_max;
    uint32_t vacant, *chains, chain_mask;
    uint64_t seed, dropped;
    struct arrivals *strangers;
    uint8_t buffer[FRAMING_MAX + READ_BYTES];
};

/* ---- Making and unmaking ---- */

static enum status watch(const struct tcp *t, int fd, uint32_t events, uint32_t tag)
{
    struct epoll_event event = { .events = events, .data.u32 = tag };
    return epoll_ctl(t->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0 ? OK : ERR_SYSTEM;
}

static int listen_at(const struct address *address)
{
    struct sockaddr_storage storage;
    socklen_t len = sockaddr_of(address, &storage);
    int on = 1, fd = socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    /* What an earlier life of this program left in TIME_WAIT does not keep the port. */
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address->family == ADDRESS_IPV6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&storage, len) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int cause = errno;
    close(fd);
    errno = cause;
    return -1;
}

static enum status open_listeners(struct tcp *t, const struct tcp_config *config, struct address *failed)
{
    for (size_t i = 0; i < config->bind_count; i++) {
        *failed = config->bind[i];
        int fd = listen_at(failed);
        if (fd < 0)
            return ERR_SYSTEM;
        t->listeners[t->listener_count++] = fd;
        TRY(watch(t, fd, EPOLLIN, TAG_LISTENER | (uint32_t)i));
    }
    return OK;
}

static enum status open_all(struct tcp *t, const struct tcp_config *config, struct address *failed)
{
    uint32_t chains = 1;
    while (chains < t->max)
        chains *= 2;
    t->chain_mask = chains - 1;
    t->connections = calloc(t->max, sizeof *t->connections);
    t->chains = malloc(chains * sizeof *t->chains);
    if (!t->connections || !t->chains)
        return ERR_NO_MEMORY;
    memset(t->chains, 0xff, chains * sizeof *t->chains); /* all NONE */
    for (size_t i = 0; i < t->max; i++) {
        t->connections[i].fd = -1;
        t->connections[i].next = i + 1 < t->max ? (uint32_t)i + 1 : NONE;
    }
    TRY(arrivals_create(&t->strangers));
    t->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    t->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (t->epoll_fd < 0 || t->timer_fd < 0)
        return ERR_SYSTEM;
    TRY(watch(t, t->timer_fd, EPOLLIN, TAG_TIMER));
    return open_listeners(t, config, failed);
}

enum status tcp_create(struct tcp **created, const struct tcp_config *config, struct address *failed)
{
    if (config->bind_count > TCP_LISTENERS_MAX || config->known_max > TAG_TIMER - ARRIVALS_MAX)
        return ERR_UNSUPPORTED;
    struct tcp *t = calloc(1, sizeof *t);
    if (!t)
        return ERR_NO_MEMORY;
    t->epoll_fd = t->timer_fd = -1;
    t->max = config->known_max + ARRIVALS_MAX;
    t->known_max = config->known_max;
    t->known_per_address_max = config->known_per_address_max;
    t->seed = config->seed;
    enum status status = open_all(t, config, failed);
    if (status != OK) {
        int cause = errno;
        tcp_destroy(t);
        errno = cause;
        return status;
    }
    *created = t;
    return OK;
}

void tcp_destroy(struct tcp *t)
{
    if (!t)
        return;
    for (size_t i = 0; t->connections && i < t->max; i++)
        if (t->connections[i].fd >= 0)
            close(t->connections[i].fd);
    for (size_t i = 0; i < t->listener_count; i++)
        close(t->listeners[i]);
    if (t->epoll_fd >= 0)
        close(t->epoll_fd);
    if (t->timer_fd >= 0)
        close(t->timer_fd);
    arrivals_destroy(t->strangers);
    free(t->connections);
    free(t->chains);
    free(t);
}

size_t tcp_files(size_t bind_count, size_t known_max)
{
    return bind_count + known_max + ARRIVALS_MAX + 2;
}

int tcp_fd(const struct tcp *t)
{
    return t->epoll_fd;
}
uint64_t tcp_dropped(const struct tcp *t)
{
    return t->dropped;
}

/* ---- Connections by address ---- */

static uint32_t *chain_of(const struct tcp *t, const struct address *peer)
{
    return &t->chains[address_hash(peer, t->seed) & t->chain_mask];
}

static struct connection *find(const struct tcp *t, const struct address *peer)
{
    uint32_t at = *chain_of(t, peer);
    while (at != NONE && !address_equal(&t->connections[at].peer, peer))
        at = t->connections[at].next;
    return at == NONE ? NULL : &t->connections[at];
}

static void unchain(struct tcp *t, const struct connection *c)
{
    uint32_t *link = chain_of(t, &c->peer);
    while (&t->connections[*link] != c)
        link = &t->connections[*link].next;
    *link = c->next;
}

static void end(struct tcp *t, struct connection *c)
{
    c->ended = t->any_ended = true;
}

/* With a reset: what the kernel still held for it is gone as well. */
static void close_now(struct tcp *t, struct connection *c)
{
    struct linger linger = { .l_onoff = 1 };
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close(c->fd);
    unchain(t, c);
    if (c->known)
        t->known_count--;
    else
        arrivals_remove(t->strangers, c);
    c->fd = -1;
    c->next = t->vacant;
    t->vacant = (uint32_t)(c - t->connections);
    t->count--;
}

static void close_ended(struct tcp *t)
{
    if (!t->any_ended)
        return;
    t->any_ended = false;
    for (size_t i = 0; i < t->max; i++)
        if (t->connections[i].fd >= 0 && t->connections[i].ended)
            close_now(t, &t->connections[i]);
}

/* ---- The clock ---- */

static void run_timer(struct tcp *t, bool on)
{
    struct itimerspec each = { .it_interval.tv_sec = on ? SWEEP_S : 0, .it_value.tv_sec = on ? SWEEP_S : 0 };
    if (t->sweeping != on)
        timerfd_settime(t->timer_fd, 0, &each, NULL);
    t->sweeping = on;
}

static void hear_listeners(struct tcp *t, bool on)
{
    for (size_t i = 0; i < t->listener_count; i++) {
        struct epoll_event event = { .events = on ? EPOLLIN : 0, .data.u32 = TAG_LISTENER | (uint32_t)i };
        epoll_ctl(t->epoll_fd, EPOLL_CTL_MOD, t->listeners[i], &event);
    }
    t->not_so_fast = !on;
}

static void sweep(struct tcp *t, struct now now)
{
    uint64_t times;
    if (read(t->timer_fd, &times, sizeof times) < 0)
        return;
    for (size_t i = 0; i < t->max; i++) {
        struct connection *c = &t->connections[i];
        if (c->fd >= 0 && now.mono_us - c->heard_us >= (c->known ? TCP_IDLE_US : TCP_STRANGER_US))
            end(t, c);
    }
    if (t->not_so_fast)
        hear_listeners(t, true);
    if (t->count == 0)
        run_timer(t, false);
}

/* ---- Coming ---- */

static void welcome(struct tcp *t, struct now now, int fd, const struct address *peer)
{
    int on = 1, unsent = TCP_UNSENT_MAX;
    uint32_t place = t->vacant;
    struct connection *c = &t->connections[place];
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
    if (watch(t, fd, EPOLLIN, place) != OK) {
        close(fd);
        return;
    }
    t->vacant = c->next;
    t->count++;
    c->fd = fd;
    c->peer = *peer;
    c->heard_us = now.mono_us;
    c->known = c->ended = false;
    c->in.len = c->out_at = c->out_len = 0;
    uint32_t *chain = chain_of(t, peer);
    c->next = *chain;
    *chain = place;
    arrivals_add(t->strangers, now.mono_us, peer, c);
    run_timer(t, true);
}

static void accept_one(struct tcp *t, struct now now, int fd, const struct sockaddr_storage *from, uint8_t listener)
{
    struct address peer = sockaddr_address(from, ADDRESS_TCP | listener);
    void *leaver = NULL;
    struct connection *before = find(t, &peer);
    /* The kernel knows the earlier one of the same name to be over, and we will: at the end of this turn. */
    if (before || t->vacant == NONE || !arrivals_may_come(t->strangers, now.mono_us, &peer, &leaver)) {
        if (before)
            end(t, before);
        close(fd);
        return;
    }
    if (leaver)
        end(t, leaver);
    welcome(t, now, fd, &peer);
}

static void accept_some(struct tcp *t, struct now now, uint8_t listener)
{
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        struct sockaddr_storage from;
        socklen_t len = sizeof from;
        int fd = accept4(t->listeners[listener], (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            accept_one(t, now, fd, &from, listener);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            hear_listeners(t, false);
            run_timer(t, true);
            return;
        } else if (errno != ECONNABORTED && errno != EINTR) {
            return;
        }
    }
}

/* ---- In ---- */

static size_t known_neighbours(const struct tcp *t, const struct address *peer)
{
    size_t count = 0;
    for (size_t i = 0; i < t->max; i++) {
        const struct connection *c = &t->connections[i];
        count += c->fd >= 0 && c->known && !c->ended && address_is_neighbour(&c->peer, peer);
    }
    return count;
}

/* An authentic check came by it. */
static void get_to_know(struct tcp *t, struct connection *c)
{
    if (t->known_count >= t->known_max || known_neighbours(t, &c->peer) >= t->known_per_address_max) {
        end(t, c);
        return;
    }
    arrivals_remove(t->strangers, c);
    c->known = true;
    t->known_count++;
}

static size_t read_some(struct tcp *t, struct now now, struct connection *c, tcp_take *take, void *context)
{
    size_t begun = framing_resume(&c->in, t->buffer), taken = 0;
    ssize_t got = recv(c->fd, t->buffer + begun, READ_BYTES, MSG_DONTWAIT);
    if (got <= 0) {
        if (got == 0 || (errno != EAGAIN && errno != EINTR))
            end(t, c);
        return 0;
    }
    struct framing_part stream = { t->buffer, begun + (size_t)got }, datagram;
    enum status status = ERR_STATE;
    while (!c->ended && (status = framing_take(&stream, &datagram)) == OK) {
        if (datagram.len == 0)
            continue;
        taken++;
        /* What a peer's bytes come to is counted by the core. */
        if (take(context, now, &c->peer, datagram.at, datagram.len) != OK)
            continue;
        c->heard_us = now.mono_us;
        if (!c->known)
            get_to_know(t, c);
    }
    if (c->ended)
        return taken;
    if (status == ERR_MALFORMED)
        end(t, c);
    else
        framing_keep(&c->in, stream);
    return taken;
}

/* ---- Out ---- */

static void hear(const struct tcp *t, const struct connection *c, bool when_writable)
{
    struct epoll_event event = { .events = EPOLLIN | (when_writable ? EPOLLOUT : 0),
                                 .data.u32 = (uint32_t)(c - t->connections) };
    epoll_ctl(t->epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
}

/* The frame that was begun goes on; true when it is out. */
static bool finish(struct tcp *t, struct connection *c)
{
    if (c->out_at == c->out_len)
        return true;
    ssize_t sent = send(c->fd, c->out + c->out_at, c->out_len - c->out_at, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR)
        end(t, c);
    if (sent > 0)
        c->out_at += (size_t)sent;
    if (c->out_at < c->out_len)
        return false;
    hear(t, c, false);
    return true;
}

/* True when it is out, or begun. */
static bool send_frame(struct tcp *t, struct connection *c, struct bytes data)
{
    uint8_t head[FRAMING_HEAD];
    if (data.len > FRAMING_DATA_MAX || c->ended || !finish(t, c))
        return false;
    store_be16(head, (uint16_t)data.len);
    struct iovec parts[] = { { head, sizeof head }, { (void *)(uintptr_t)data.at, data.len } };
    struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
    ssize_t sent = sendmsg(c->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN && errno != EINTR)
            end(t, c);
        return false;
    }
    c->out_at = (size_t)sent;
    c->out_len = sizeof head + data.len;
    if (c->out_at == c->out_len)
        return true;
    memcpy(c->out, head, sizeof head);
    memcpy(c->out + sizeof head, data.at, data.len);
    hear(t, c, true);
    return true;
}

void tcp_send(struct tcp *t, const struct outbox *outbox)
{
    for (size_t i = 0; i < outbox_datagram_count(outbox); i++) {
        struct datagram d = outbox_datagram_at(outbox, i);
        if (!address_is_tcp(&d.peer))
            continue;
        struct connection *c = find(t, &d.peer);
        if (!c || !send_frame(t, c, d.data))
            t->dropped++;
    }
}

size_t tcp_receive(struct tcp *t, struct now now, tcp_take *take, void *context)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(t->epoll_fd, events, EVENTS, 0);
    size_t taken = 0;
    for (int i = 0; i < count; i++) {
        uint32_t tag = events[i].data.u32;
        if (tag == TAG_TIMER) {
            sweep(t, now);
        } else if (tag & TAG_LISTENER) {
            accept_some(t, now, (uint8_t)tag);
        } else {
            struct connection *c = &t->connections[tag];
            if (!c->ended && events[i].events & EPOLLOUT)
                finish(t, c);
            if (!c->ended && events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
                taken += read_some(t, now, c, take, context);
        }
    }
    close_ended(t);
    return taken;
}
