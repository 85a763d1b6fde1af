#include "shell/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shell/sockaddr.h"

enum { KERNEL_BUFFER_BYTES = 8 << 20 };

struct udp {
    int sockets[UDP_SOCKETS_MAX];
    size_t count;
    uint64_t dropped;
    struct mmsghdr headers[UDP_BATCH];
    struct iovec parts[UDP_BATCH];
    struct sockaddr_storage peers[UDP_BATCH];
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
    /* The kernel silently caps the sizes by net.core.[rw]mem_max; smaller is slower, not wrong. */
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
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

enum status udp_create(struct udp **created, const struct address *addresses, size_t count, struct address *failed)
{
    if (count > UDP_SOCKETS_MAX)
        return ERR_UNSUPPORTED;
    struct udp *u = calloc(1, sizeof *u);
    if (!u)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        int fd = bind_socket(&addresses[i]);
        if (fd < 0) {
            int cause = errno;
            *failed = addresses[i];
            udp_destroy(u);
            errno = cause;
            return ERR_SYSTEM;
        }
        u->sockets[u->count++] = fd;
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

/* One batch for one socket. A datagram that fails for its own sake (no route, say) is skipped; a full socket drops the
 * rest: what is late by a queue's length is of no use to anybody. */
static void send_batch(struct udp *u, int fd, unsigned count)
{
    unsigned at = 0;
    while (at < count) {
        int sent = sendmmsg(fd, u->headers + at, count - at, MSG_DONTWAIT);
        if (sent > 0) {
            at += (unsigned)sent;
        } else if (errno == EAGAIN || errno == ENOBUFS) {
            u->dropped += count - at;
            return;
        } else if (errno != EINTR) {
            u->dropped++;
            at++;
        }
    }
}

static void send_by(struct udp *u, size_t index, const struct outbox *outbox)
{
    unsigned count = 0;
    for (size_t i = 0; i < outbox_datagram_count(outbox); i++) {
        struct datagram d = outbox_datagram_at(outbox, i);
        if (d.peer.via != index)
            continue;
        socklen_t len = sockaddr_of(&d.peer, &u->peers[count]);
        u->parts[count] = (struct iovec){ (void *)(uintptr_t)d.data.at, d.data.len };
        u->headers[count].msg_hdr = (struct msghdr){
            .msg_name = &u->peers[count],
            .msg_namelen = len,
            .msg_iov = &u->parts[count],
            .msg_iovlen = 1,
        };
        if (++count == UDP_BATCH) {
            send_batch(u, u->sockets[index], count);
            count = 0;
        }
    }
    if (count > 0)
        send_batch(u, u->sockets[index], count);
}

/* Socket by socket: the order that a peer sees is kept, as a path has one socket. */
void udp_send(struct udp *u, const struct outbox *outbox)
{
    if (outbox_datagram_count(outbox) == 0)
        return;
    for (size_t i = 0; i < u->count; i++)
        send_by(u, i, outbox);
}

uint64_t udp_dropped(const struct udp *u)
{
    return u->dropped;
}
