#include "shell/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shell/sockaddr.h"
#include "shell/trains.h"

enum {
    KERNEL_BUFFER_BYTES = 8 << 20,
    PARTS = 1024, /* datagrams of one batch of trains; UIO_MAXIOV bounds each message */
};

struct udp {
    int sockets[UDP_SOCKETS_MAX];
    size_t count;
    uint64_t dropped;
    struct trains *trains;
    /* For either way, as neither outlives its call. */
    struct mmsghdr headers[UDP_BATCH];
    struct sockaddr_storage peers[UDP_BATCH];
    struct iovec parts[UDP_BATCH];
    /* What is about to be sent. */
    size_t header_count, part_count;
    struct iovec send_parts[PARTS];
    union {
        struct cmsghdr align;
        uint8_t bytes[CMSG_SPACE(sizeof(uint16_t))];
    } controls[UDP_BATCH];
    uint8_t data[UDP_BATCH][UDP_DATAGRAM_MAX];
};

static int bind_socket(const struct address *address)
{
    struct sockaddr_storage storage;
    socklen_t len = sockaddr_of(address, &storage);
    int fd = socket(storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int on = 1, size = KERNEL_BUFFER_BYTES;
    /* Without the right to more (CAP_NET_ADMIN), the kernel silently caps the sizes by net.core.[rw]mem_max: then a
     * turn that takes long may lose what comes meanwhile. */
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) != 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    if (address->family == ADDRESS_IPV6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&storage, len) == 0)
        return fd;
    int cause = errno;
    close(fd);
    errno = cause;
    return -1;
}

static enum status bind_all(struct udp *u, const struct udp_config *config, struct address *failed)
{
    for (size_t i = 0; i < config->bind_count; i++) {
        int fd = bind_socket(&config->bind[i]);
        if (fd < 0) {
            *failed = config->bind[i];
            return ERR_SYSTEM;
        }
        u->sockets[u->count++] = fd;
    }
    return OK;
}

enum status udp_create(struct udp **created, const struct udp_config *config, struct address *failed)
{
    if (config->bind_count > UDP_SOCKETS_MAX)
        return ERR_UNSUPPORTED;
    struct udp *u = calloc(1, sizeof *u);
    if (!u)
        return ERR_NO_MEMORY;
    enum status status = trains_create(&u->trains, config->datagrams_max, config->seed);
    if (status == OK)
        status = bind_all(u, config, failed);
    if (status != OK) {
        int cause = errno;
        udp_destroy(u);
        errno = cause;
        return status;
    }
    *created = u;
    return OK;
}

void udp_destroy(struct udp *u)
{
    if (!u)
        return;
    for (size_t i = 0; i < u->count; i++)
        close(u->sockets[i]);
    trains_destroy(u->trains);
    free(u);
}

size_t udp_socket_count(const struct udp *u)
{
    return u->count;
}
int udp_socket(const struct udp *u, size_t index)
{
    return u->sockets[index];
}

size_t udp_receive(struct udp *u, size_t index, struct udp_received out[static UDP_BATCH])
{
    for (size_t i = 0; i < UDP_BATCH; i++) {
        u->parts[i] = (struct iovec){ u->data[i], UDP_DATAGRAM_MAX };
        u->headers[i].msg_hdr = (struct msghdr){
            .msg_name = &u->peers[i],
            .msg_namelen = sizeof u->peers[i],
            .msg_iov = &u->parts[i],
            .msg_iovlen = 1,
        };
    }
    int got = recvmmsg(u->sockets[index], u->headers, UDP_BATCH, MSG_DONTWAIT, NULL);
    size_t count = 0;
    for (int i = 0; i < got; i++)
        if (!(u->headers[i].msg_hdr.msg_flags & MSG_TRUNC))
            out[count++] = (struct udp_received){ sockaddr_address(&u->peers[i], (uint8_t)index), u->data[i],
                                                  u->headers[i].msg_len };
    return count;
}

/* ---- Sending ---- */

static void add_part(struct udp *u, const struct datagram *d)
{
    u->send_parts[u->part_count++] = (struct iovec){ (void *)(uintptr_t)d->data.at, d->data.len };
}

static void add_header(struct udp *u, const struct address *peer, size_t parts, uint32_t segment)
{
    size_t at = u->header_count++;
    struct msghdr *header = &u->headers[at].msg_hdr;
    *header = (struct msghdr){
        .msg_name = &u->peers[at],
        .msg_namelen = sockaddr_of(peer, &u->peers[at]),
        .msg_iov = &u->send_parts[u->part_count - parts],
        .msg_iovlen = parts,
    };
    if (parts == 1)
        return;
    header->msg_control = u->controls[at].bytes;
    header->msg_controllen = sizeof u->controls[at].bytes;
    struct cmsghdr *control = CMSG_FIRSTHDR(header);
    control->cmsg_level = SOL_UDP;
    control->cmsg_type = UDP_SEGMENT;
    control->cmsg_len = CMSG_LEN(sizeof(uint16_t));
    memcpy(CMSG_DATA(control), &(uint16_t){ (uint16_t)segment }, sizeof(uint16_t));
}

static bool is_full(int cause)
{
    return cause == EAGAIN || cause == ENOBUFS;
}

/* A train that the kernel will not cut, as its datagrams are longer than the path's MTU or the device can't: one by
 * one. False when the socket is full. */
static bool send_singly(struct udp *u, int fd, const struct msghdr *train)
{
    for (size_t i = 0; i < train->msg_iovlen; i++) {
        struct msghdr one = *train;
        one.msg_iov = &train->msg_iov[i];
        one.msg_iovlen = 1;
        one.msg_control = NULL;
        one.msg_controllen = 0;
        if (sendmsg(fd, &one, MSG_DONTWAIT) >= 0)
            continue;
        u->dropped++;
        if (is_full(errno)) {
            u->dropped += train->msg_iovlen - i - 1;
            return false;
        }
    }
    return true;
}

static void drop_from(struct udp *u, size_t header)
{
    for (; header < u->header_count; header++)
        u->dropped += u->headers[header].msg_hdr.msg_iovlen;
}

/* One batch for one socket. What fails for its own sake (no route, say) is skipped; a full socket drops the rest: what
 * is late by a queue's length is of no use to anybody. */
static void send_batch(struct udp *u, int fd)
{
    size_t at = 0;
    while (at < u->header_count) {
        int sent = sendmmsg(fd, u->headers + at, (unsigned)(u->header_count - at), MSG_DONTWAIT);
        if (sent > 0) {
            at += (size_t)sent;
        } else if (is_full(errno)) {
            drop_from(u, at);
            break;
        } else if (errno != EINTR) {
            if (!send_singly(u, fd, &u->headers[at].msg_hdr)) {
                drop_from(u, at + 1);
                break;
            }
            at++;
        }
    }
    u->header_count = u->part_count = 0;
}

static void send_train(struct udp *u, int fd, const struct outbox *outbox, const struct train *train)
{
    if (u->header_count == UDP_BATCH || u->part_count + train->count > PARTS)
        send_batch(u, fd);
    uint32_t datagram = train->first;
    struct datagram first = outbox_datagram_at(outbox, datagram);
    add_part(u, &first);
    for (uint32_t i = 1; i < train->count; i++) {
        datagram = trains_next(u->trains, datagram);
        struct datagram d = outbox_datagram_at(outbox, datagram);
        add_part(u, &d);
    }
    add_header(u, &first.peer, train->count, train->segment);
}

void udp_send(struct udp *u, const struct outbox *outbox)
{
    if (outbox_datagram_count(outbox) == 0)
        return;
    for (size_t i = 0; i < u->count; i++) {
        size_t count = trains_gather(u->trains, outbox, (uint8_t)i);
        for (size_t at = 0; at < count; at++)
            send_train(u, u->sockets[i], outbox, trains_at(u->trains, at));
        if (u->header_count > 0)
            send_batch(u, u->sockets[i]);
    }
}

uint64_t udp_dropped(const struct udp *u)
{
    return u->dropped;
}
