#include "shell/sockets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "shell/host.h"

struct sockets {
    struct udp *udp;
    struct tcp *tcp;
};

static enum status open_udp(struct sockets *k, const struct sockets_config *config, struct address *failed)
{
    struct entropy entropy = host_entropy();
    struct udp_config udp = {
        .bind = config->bind,
        .bind_count = config->bind_count,
        .datagrams_max = config->datagrams_max,
    };
    entropy_fill(&entropy, &udp.seed, sizeof udp.seed);
    return udp_create(&k->udp, &udp, failed);
}

static enum status open_tcp(struct sockets *k, const struct sockets_config *config, struct address *failed)
{
    struct entropy entropy = host_entropy();
    struct tcp_config tcp = {
        .bind = config->bind,
        .bind_count = config->bind_count,
        .known_max = config->tcp_max,
        .known_per_address_max = config->tcp_per_address_max,
    };
    entropy_fill(&entropy, &tcp.seed, sizeof tcp.seed);
    return tcp_create(&k->tcp, &tcp, failed);
}

enum status sockets_create(struct sockets **created, const struct sockets_config *config)
{
    struct address failed = { 0 };
    char text[ADDRESS_TEXT_MAX];
    const char *transport = "UDP";
    struct sockets *k = calloc(1, sizeof *k);
    if (!k)
        return ERR_NO_MEMORY;
    enum status status = open_udp(k, config, &failed);
    if (status == OK) {
        transport = "TCP";
        status = open_tcp(k, config, &failed);
    }
    if (status != OK) {
        log_error(config->log, "shard %zu cannot bind %s %s: %s", config->shard, transport, address_text(&failed, text),
                  strerror(errno));
        sockets_destroy(k);
        return status;
    }
    *created = k;
    return OK;
}

void sockets_destroy(struct sockets *k)
{
    if (!k)
        return;
    udp_destroy(k->udp);
    tcp_destroy(k->tcp);
    free(k);
}

enum status sockets_watch(const struct sockets *k, int epoll_fd)
{
    struct epoll_event event = { .events = EPOLLIN, .data.fd = tcp_fd(k->tcp) };
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, event.data.fd, &event) != 0)
        return ERR_SYSTEM;
    for (size_t i = 0; i < udp_socket_count(k->udp); i++) {
        event.data.fd = udp_socket(k->udp, i);
        if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, event.data.fd, &event) != 0)
            return ERR_SYSTEM;
    }
    return OK;
}

size_t sockets_receive(struct sockets *k, tcp_take *take, void *context)
{
    struct udp_received received[UDP_BATCH];
    size_t taken = 0;
    for (size_t i = 0; i < udp_socket_count(k->udp); i++) {
        size_t count = udp_receive(k->udp, i, received);
        struct now now = host_now();
        for (size_t at = 0; at < count; at++)
            take(context, now, &received[at].peer, received[at].data, received[at].len);
        taken += count;
    }
    return taken + tcp_receive(k->tcp, host_now(), take, context);
}

void sockets_send(struct sockets *k, const struct outbox *outbox)
{
    if (outbox_datagram_count(outbox) == 0)
        return;
    udp_send(k->udp, outbox);
    tcp_send(k->tcp, outbox);
}

uint64_t sockets_dropped(const struct sockets *k)
{
    return udp_dropped(k->udp) + tcp_dropped(k->tcp);
}
