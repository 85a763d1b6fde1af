#include "load/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, DATAGRAM_MAX = 2048, BURST_MAX = 64, BUFFER_BYTES = 4 << 20 };
#define NS_PER_S 1000000000

#ifndef SO_MEMINFO
#define SO_MEMINFO 55
#endif

static int64_t read_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

uint64_t socket_mono_ns(void)
{
    return (uint64_t)read_ns(CLOCK_MONOTONIC);
}

int64_t socket_real_minus_mono_ns(void)
{
    return read_ns(CLOCK_REALTIME) - read_ns(CLOCK_MONOTONIC);
}

static socklen_t name_of(const struct address *a, struct sockaddr_storage *name)
{
    if (a->family == ADDRESS_IPV4) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)name;
        *v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(a->port) };
        memcpy(&v4->sin_addr, a->ip, 4);
        return sizeof *v4;
    }
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)name;
    *v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(a->port) };
    memcpy(&v6->sin6_addr, a->ip, 16);
    return sizeof *v6;
}

enum status socket_open(const struct address *server, int *opened)
{
    struct sockaddr_storage name;
    socklen_t len = name_of(server, &name);
    int size = BUFFER_BYTES, on = 1;
    int fd = socket(name.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return ERR_SYSTEM;
    /* Root may go beyond the machine's limit; for others the limit is what there is. */
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) != 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0 ||
        connect(fd, (struct sockaddr *)&name, len) != 0) {
        close(fd);
        return ERR_SYSTEM;
    }
    *opened = fd;
    return OK;
}

enum status socket_send(int fd, struct bytes datagram)
{
    return send(fd, datagram.at, datagram.len, MSG_DONTWAIT) < 0 ? ERR_SYSTEM : OK;
}

size_t socket_send_burst(int fd, uint8_t *at, size_t stride, const size_t *lens, size_t count)
{
    struct mmsghdr headers[BURST_MAX];
    struct iovec parts[BURST_MAX];
    if (count == 1)
        return socket_send(fd, (struct bytes){ at, lens[0] }) == OK;
    for (size_t i = 0; i < count; i++) {
        parts[i] = (struct iovec){ at + i * stride, lens[i] };
        headers[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &parts[i], .msg_iovlen = 1 } };
    }
    int sent = sendmmsg(fd, headers, (unsigned)count, MSG_DONTWAIT);
    return sent < 0 ? 0 : (size_t)sent;
}

static uint64_t arrival_of(struct msghdr *header, int64_t real_minus_mono_ns)
{
    struct timespec t;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
            memcpy(&t, CMSG_DATA(c), sizeof t);
            return (uint64_t)((int64_t)t.tv_sec * NS_PER_S + t.tv_nsec - real_minus_mono_ns);
        }
    return socket_mono_ns();
}

void socket_receive(int fd, int64_t real_minus_mono_ns,
                    void (*take)(void *context, uint64_t at_ns, uint8_t *datagram, size_t len), void *context)
{
    static uint8_t data[BATCH][DATAGRAM_MAX];
    static _Alignas(struct cmsghdr) uint8_t control[BATCH][CMSG_SPACE(sizeof(struct timespec))];
    static struct iovec parts[BATCH];
    static struct mmsghdr headers[BATCH];
    int count;
    do {
        for (int i = 0; i < BATCH; i++) {
            parts[i] = (struct iovec){ data[i], DATAGRAM_MAX };
            headers[i].msg_hdr = (struct msghdr){
                .msg_iov = &parts[i], .msg_iovlen = 1, .msg_control = control[i], .msg_controllen = sizeof control[i]
            };
        }
        count = recvmmsg(fd, headers, BATCH, MSG_DONTWAIT, NULL);
        for (int i = 0; i < count; i++)
            take(context, arrival_of(&headers[i].msg_hdr, real_minus_mono_ns), data[i], headers[i].msg_len);
    } while (count == BATCH);
}

uint64_t socket_drops(int fd)
{
    uint32_t info[SK_MEMINFO_VARS] = { 0 };
    socklen_t len = sizeof info;
    return getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len) == 0 ? info[SK_MEMINFO_DROPS] : 0;
}
