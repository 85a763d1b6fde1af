/* wiretap.c - the packet oracle: what really left and entered the broker's sockets, in one ordered log.
 *
 * Preloaded into the broker (LD_PRELOAD) and sharing no code with it: it stands between the program and the C library's
 * calls for datagrams, and for streams on the ports of these, whose frames (RFC 4571) it takes apart, and between
 * libwebsockets and libssl, where the WebSocket text is still in the clear. It appends JSON lines to the file that
 * KINROOM_WIRETAP names; without that variable it does nothing.
 *
 *   {"t":NS,"dir":"out","peer":"127.0.0.1:40404","len":1131,"lead":128,"kind":"rtp","pt":96,"seq":17,"ssrc":99}
 *   {"t":NS,"dir":"in","peer":"[::1]:40404","len":80,"lead":129,"kind":"rtcp","pt":201,"seq":0,"ssrc":7}
 *   {"t":NS,"dir":"in","peer":"[::1]:40404","len":112,"lead":0,"kind":"stun","user":"ours:theirs"}
 *   {"t":NS,"dir":"out","peer":"tcp/127.0.0.1:40404","len":1131,"lead":128,"kind":"rtp","pt":96,"seq":17,"ssrc":99}
 *   {"t":NS,"dir":"out","stream":3,"text":{"type":"done","id":9}}
 *   {"t":NS,"dir":"out","status":204}
 *
 * A connectivity check's USERNAME ties a peer's address to the answer that went to it, without asking the broker. t is
 * CLOCK_MONOTONIC. A datagram's line is written after the system call that sent it and a message's line before the call
 * that writes it, so a datagram in front of an acknowledgement left before it did, and the order never flatters the
 * broker. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ctype.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    LINE_MAX_BYTES = 512,
    STREAMS_MAX = 1024,
    TEXT_MAX = 1 << 17,
    HEADER_BYTES = 160 /* a STUN USERNAME comes early */
};

#define REAL(name) ((__typeof__(&name))real_symbol(#name))

static void *real_symbol(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (!found)
        abort();
    return found;
}

static int log_fd = -1;

__attribute__((constructor)) static void wiretap_open(void)
{
    const char *path = getenv("KINROOM_WIRETAP");
    if (path)
        log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (path && log_fd < 0)
        abort(); /* an oracle that is silently deaf would pass every test */
}

static uint64_t monotonic_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* One write a line: O_APPEND keeps lines of several threads whole and in one order. */
static void log_line(const char *line, size_t length)
{
    if (write(log_fd, line, length) != (ssize_t)length)
        abort();
}

/* ---- Datagrams ---- */

static bool is_udp(int fd)
{
    int type = 0, domain = 0;
    socklen_t size = sizeof type;
    if (log_fd < 0 || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) || type != SOCK_DGRAM)
        return false;
    size = sizeof domain;
    return !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) && (domain == AF_INET || domain == AF_INET6);
}

/* "127.0.0.1:5" or "[::1]:5"; a mapped IPv4 address in its IPv4 form, as browsers print it. */
static void peer_text(const struct sockaddr *peer, char out[64])
{
    char host[INET6_ADDRSTRLEN];
    if (peer && peer->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)peer;
        inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
        snprintf(out, 64, "%s:%u", host, ntohs(v4->sin_port));
    } else if (peer && peer->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)peer;
        bool mapped = IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr);
        inet_ntop(mapped ? AF_INET : AF_INET6, v6->sin6_addr.s6_addr + (mapped ? 12 : 0), host, sizeof host);
        snprintf(out, 64, mapped ? "%s:%u" : "[%s]:%u", host, ntohs(v6->sin6_port));
    } else {
        snprintf(out, 64, "?");
    }
}

/* The first bytes of a datagram decide what it is: RFC 7983 section 7, then RFC 5761 section 4. */
static const char *kind_of(const uint8_t *head, size_t length)
{
    if (length == 0)
        return "empty";
    if (head[0] < 4)
        return "stun";
    if (head[0] >= 20 && head[0] < 64)
        return "dtls";
    if (head[0] < 128 || head[0] > 191 || length < 8)
        return "other";
    return head[1] >= 192 && head[1] <= 223 ? "rtcp" : "rtp";
}

static uint32_t read_be(const uint8_t *bytes, size_t count)
{
    uint32_t value = 0;
    for (size_t i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

/* USERNAME of a STUN message (RFC 8489 sections 5 and 14.3); empty when there is none. Characters are RFC 8839's
 * ice-char. */
static void stun_user(const uint8_t *head, size_t have, char out[64])
{
    enum { STUN_HEADER = 20, STUN_USERNAME = 0x0006 };
    size_t used = 0;
    for (size_t at = STUN_HEADER; at + 4 <= have;) {
        size_t size = read_be(head + at + 2, 2);
        if (read_be(head + at, 2) == STUN_USERNAME && at + 4 + size <= have)
            for (size_t i = 0; i < size && used < 63; i++) {
                char c = (char)head[at + 4 + i];
                if (isalnum((unsigned char)c) || c == '+' || c == '/' || c == ':')
                    out[used++] = c;
            }
        at += 4 + (size + 3) / 4 * 4;
    }
    out[used] = 0;
}

/* by: in front of the peer's address. */
static void log_packet(const char *dir, const char *by, const struct sockaddr *peer, const uint8_t head[HEADER_BYTES],
                       size_t length)
{
    char line[LINE_MAX_BYTES], who[64];
    const char *kind = kind_of(head, length);
    bool rtp = !strcmp(kind, "rtp"), rtcp = !strcmp(kind, "rtcp");
    peer_text(peer, who);
    int n = snprintf(line, sizeof line,
                     "{\"t\":%llu,\"dir\":\"%s\",\"peer\":\"%s%s\",\"len\":%zu,\"lead\":%u,\"kind\":\"%s\"",
                     (unsigned long long)monotonic_ns(), dir, by, who, length, length ? head[0] : 0u, kind);
    if (rtp || rtcp)
        n += snprintf(line + n, sizeof line - (size_t)n, ",\"pt\":%u,\"seq\":%u,\"ssrc\":%u",
                      rtp ? head[1] & 127u : head[1], rtp ? read_be(head + 2, 2) : 0,
                      rtp ? read_be(head + 8, 4) : read_be(head + 4, 4));
    if (!strcmp(kind, "stun")) {
        char user[64];
        stun_user(head, length < HEADER_BYTES ? length : HEADER_BYTES, user);
        if (user[0])
            n += snprintf(line + n, sizeof line - (size_t)n, ",\"user\":\"%s\"", user);
    }
    n += snprintf(line + n, sizeof line - (size_t)n, "}\n");
    log_line(line, (size_t)n);
}

static void log_datagram(const char *dir, const struct sockaddr *peer, const uint8_t head[HEADER_BYTES], size_t length)
{
    log_packet(dir, "", peer, head, length);
}

/* Copies the bytes at `offset` of a scattered buffer; fewer at its end. */
static void gather(const struct iovec *iov, size_t count, size_t offset, uint8_t *out, size_t want)
{
    for (size_t i = 0; i < count && want > 0; i++) {
        if (offset >= iov[i].iov_len) {
            offset -= iov[i].iov_len;
            continue;
        }
        size_t here = iov[i].iov_len - offset < want ? iov[i].iov_len - offset : want;
        memcpy(out, (const uint8_t *)iov[i].iov_base + offset, here);
        out += here, want -= here, offset = 0;
    }
}

/* The size of the segments of a train (UDP_SEGMENT out, UDP_GRO in), or the whole length. */
static size_t segment_size(const struct msghdr *message, size_t length)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR((struct msghdr *)message, c)) {
        if (c->cmsg_level != SOL_UDP || (c->cmsg_type != UDP_SEGMENT && c->cmsg_type != UDP_GRO))
            continue;
        size_t size = 0;
        if (c->cmsg_type == UDP_SEGMENT) {
            uint16_t value;
            memcpy(&value, CMSG_DATA(c), sizeof value);
            size = value;
        } else {
            int value;
            memcpy(&value, CMSG_DATA(c), sizeof value);
            size = value > 0 ? (size_t)value : 0;
        }
        if (size > 0)
            return size;
    }
    return length;
}

static void log_message(const char *dir, const struct msghdr *message, size_t length)
{
    const struct sockaddr *peer = message->msg_namelen ? message->msg_name : NULL;
    size_t segment = segment_size(message, length);
    for (size_t at = 0; at < length; at += segment) {
        uint8_t head[HEADER_BYTES] = { 0 };
        size_t here = length - at < segment ? length - at : segment;
        gather(message->msg_iov, message->msg_iovlen, at, head, here < HEADER_BYTES ? here : HEADER_BYTES);
        log_datagram(dir, peer, head, here);
    }
}

static void log_buffer(const char *dir, const void *data, size_t length, const struct sockaddr *peer)
{
    uint8_t head[HEADER_BYTES] = { 0 };
    memcpy(head, data, length < HEADER_BYTES ? length : HEADER_BYTES);
    log_datagram(dir, peer, head, length);
}

/* ---- Streams of frames, on a port that is one of UDP's as well ---- */

enum { FILES_MAX = 16384 };

/* One direction of one connection. Each file is one thread's. */
struct course {
    uint8_t length[2], head[HEADER_BYTES];
    size_t have; /* of the frame, its length included */
};

static struct course going[FILES_MAX], coming[FILES_MAX];
static bool is_media_port[65536];

static unsigned local_port(int fd)
{
    struct sockaddr_storage own;
    socklen_t size = sizeof own;
    if (getsockname(fd, (struct sockaddr *)&own, &size) != 0)
        return 0;
    return ntohs(own.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&own)->sin6_port
                                           : ((struct sockaddr_in *)&own)->sin_port);
}

static bool is_framed(int fd)
{
    int type = 0;
    socklen_t size = sizeof type;
    return log_fd >= 0 && fd < FILES_MAX && !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) && type == SOCK_STREAM &&
           is_media_port[local_port(fd)];
}

static void log_frame(const char *dir, int fd, const struct course *c, size_t length)
{
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    bool known = getpeername(fd, (struct sockaddr *)&peer, &size) == 0;
    log_packet(dir, "tcp/", known ? (struct sockaddr *)&peer : NULL, c->head, length);
}

/* A frame that goes out counts from where it can be told what it is: what was begun before an acknowledgement left
 * before it. One that comes in counts when it is whole. */
static void follow(const char *dir, int fd, struct course *c, bool out, uint8_t byte)
{
    size_t at = c->have++;
    if (at < 2)
        c->length[at] = byte;
    else if (at - 2 < HEADER_BYTES)
        c->head[at - 2] = byte;
    if (c->have < 2)
        return;
    size_t length = read_be(c->length, 2), told = out && length > HEADER_BYTES ? HEADER_BYTES : length;
    if (length > 0 && c->have == told + 2)
        log_frame(dir, fd, c, length);
    if (c->have == length + 2)
        memset(c, 0, sizeof *c);
}

static void follow_all(const char *dir, int fd, const struct iovec *parts, size_t count, size_t length)
{
    bool out = !strcmp(dir, "out");
    struct course *c = out ? &going[fd] : &coming[fd];
    for (size_t i = 0; i < count; i++)
        for (size_t at = 0; at < parts[i].iov_len && length > 0; at++, length--)
            follow(dir, fd, c, out, ((const uint8_t *)parts[i].iov_base)[at]);
}

int bind(int fd, const struct sockaddr *address, socklen_t length)
{
    int result = REAL(bind)(fd, address, length);
    if (result == 0 && is_udp(fd))
        is_media_port[local_port(fd)] = true;
    return result;
}

int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
    int accepted = REAL(accept4)(fd, address, length, flags);
    if (accepted >= 0 && accepted < FILES_MAX) {
        memset(&going[accepted], 0, sizeof going[accepted]);
        memset(&coming[accepted], 0, sizeof coming[accepted]);
    }
    return accepted;
}

ssize_t recv(int fd, void *data, size_t size, int flags)
{
    ssize_t n = REAL(recv)(fd, data, size, flags);
    if (n > 0 && is_framed(fd))
        follow_all("in", fd, &(struct iovec){ data, (size_t)n }, 1, (size_t)n);
    return n;
}

/* ---- The calls for both ---- */

ssize_t send(int fd, const void *data, size_t length, int flags)
{
    ssize_t n = REAL(send)(fd, data, length, flags);
    if (n > 0 && is_udp(fd))
        log_buffer("out", data, (size_t)n, NULL);
    else if (n > 0 && is_framed(fd))
        follow_all("out", fd, &(struct iovec){ (void *)(uintptr_t)data, (size_t)n }, 1, (size_t)n);
    return n;
}

ssize_t sendto(int fd, const void *data, size_t length, int flags, const struct sockaddr *to, socklen_t to_length)
{
    ssize_t n = REAL(sendto)(fd, data, length, flags, to, to_length);
    if (n > 0 && is_udp(fd))
        log_buffer("out", data, (size_t)n, to);
    return n;
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    ssize_t n = REAL(sendmsg)(fd, message, flags);
    if (n > 0 && is_udp(fd))
        log_message("out", message, (size_t)n);
    else if (n > 0 && is_framed(fd))
        follow_all("out", fd, message->msg_iov, message->msg_iovlen, (size_t)n);
    return n;
}

int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    int n = REAL(sendmmsg)(fd, messages, count, flags);
    if (n > 0 && is_udp(fd))
        for (int i = 0; i < n; i++)
            log_message("out", &messages[i].msg_hdr, messages[i].msg_len);
    return n;
}

ssize_t recvfrom(int fd, void *data, size_t size, int flags, struct sockaddr *from, socklen_t *from_length)
{
    ssize_t n = REAL(recvfrom)(fd, data, size, flags, from, from_length);
    if (n > 0 && is_udp(fd))
        log_buffer("in", data, (size_t)n, from);
    return n;
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    ssize_t n = REAL(recvmsg)(fd, message, flags);
    if (n > 0 && is_udp(fd))
        log_message("in", message, (size_t)n);
    return n;
}

int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout)
{
    int n = REAL(recvmmsg)(fd, messages, count, flags, timeout);
    if (n > 0 && is_udp(fd))
        for (int i = 0; i < n; i++)
            log_message("in", &messages[i].msg_hdr, messages[i].msg_len);
    return n;
}

/* ---- WebSocket text on TLS connections (RFC 6455 section 5.2) ---- */

/* One direction of one connection, fed a byte at a time: frames come in any pieces. */
struct lane {
    enum { LANE_OFF, LANE_HTTP, LANE_HEADER, LANE_PAYLOAD } state;
    uint8_t header[14];
    size_t header_have;
    uint64_t left; /* of this frame's payload */
    uint8_t mask[4];
    size_t mask_at;
    bool text; /* the message under way is text */
    char *message;
    size_t have;
    uint32_t tail; /* the last four bytes of HTTP, looking for its end */
};

struct stream {
    SSL *ssl;
    unsigned number;
    struct lane out, in;
    size_t ahead; /* bytes that were shown before a write that then took fewer */
};

static pthread_mutex_t streams_lock = PTHREAD_MUTEX_INITIALIZER;
static struct stream streams[STREAMS_MAX];
static unsigned streams_opened;

static struct stream *stream_find(const SSL *ssl)
{
    for (size_t i = 0; i < STREAMS_MAX; i++)
        if (streams[i].ssl == ssl)
            return &streams[i];
    return NULL;
}

static void stream_close(struct stream *stream)
{
    free(stream->out.message);
    free(stream->in.message);
    memset(stream, 0, sizeof *stream);
}

/* The status of an HTTP answer, from its first bytes: what the API acknowledges, and when. */
static void log_status(const char *data, size_t length)
{
    static const char version[] = "HTTP/1.1 ";
    char line[LINE_MAX_BYTES];
    if (length < sizeof version + 3 || memcmp(data, version, sizeof version - 1) != 0)
        return;
    int n = snprintf(line, sizeof line, "{\"t\":%llu,\"dir\":\"out\",\"status\":%d}\n",
                     (unsigned long long)monotonic_ns(), atoi(data + sizeof version - 1));
    log_line(line, (size_t)n);
}

/* A connection is followed from its answer to the WebSocket upgrade on; pages and other TLS don't interest us. */
static struct stream *stream_follow(SSL *ssl, const void *data, size_t length)
{
    static const char upgraded[] = "HTTP/1.1 101";
    struct stream *found = stream_find(ssl);
    if (length < sizeof upgraded - 1 || memcmp(data, upgraded, sizeof upgraded - 1) != 0)
        return found;
    if (found)
        stream_close(found);
    else
        found = stream_find(NULL);
    if (!found)
        abort();
    *found = (struct stream){ .ssl = ssl, .number = ++streams_opened, .out.state = LANE_HTTP, .in.state = LANE_HEADER };
    return found;
}

static void lane_report(struct lane *lane, unsigned number, const char *dir)
{
    static char line[TEXT_MAX + LINE_MAX_BYTES]; /* under streams_lock */
    if (!lane->text || !lane->message)
        return;
    int n = snprintf(line, sizeof line, "{\"t\":%llu,\"dir\":\"%s\",\"stream\":%u,\"text\":%.*s}\n",
                     (unsigned long long)monotonic_ns(), dir, number, (int)lane->have, lane->message);
    log_line(line, (size_t)n);
}

static void lane_frame_end(struct lane *lane, unsigned number, const char *dir)
{
    bool final = lane->header[0] & 0x80, control = lane->header[0] & 0x08;
    lane->state = LANE_HEADER;
    lane->header_have = 0;
    if (control || !final)
        return;
    lane_report(lane, number, dir);
    lane->have = 0;
    lane->text = false;
}

/* The header's length is known once its second byte is. */
static size_t header_need(const struct lane *lane)
{
    static const size_t extended[] = { [126] = 2, [127] = 8 };
    if (lane->header_have < 2)
        return 2;
    uint8_t length = lane->header[1] & 127;
    return 2 + (length >= 126 ? extended[length] : 0) + (lane->header[1] & 0x80 ? 4 : 0);
}

static void lane_header_end(struct lane *lane, unsigned number, const char *dir)
{
    uint8_t length = lane->header[1] & 127, opcode = lane->header[0] & 15;
    bool masked = lane->header[1] & 0x80;
    lane->left = length;
    if (length == 126)
        lane->left = read_be(lane->header + 2, 2);
    if (length == 127)
        lane->left = (uint64_t)read_be(lane->header + 2, 4) << 32 | read_be(lane->header + 6, 4);
    memset(lane->mask, 0, sizeof lane->mask);
    if (masked)
        memcpy(lane->mask, lane->header + lane->header_have - 4, 4);
    lane->mask_at = 0;
    if (opcode == 1)
        lane->text = true;
    lane->state = LANE_PAYLOAD;
    if (lane->left == 0)
        lane_frame_end(lane, number, dir);
}

static void lane_payload(struct lane *lane, uint8_t byte)
{
    bool control = lane->header[0] & 0x08;
    byte ^= lane->mask[lane->mask_at++ & 3];
    if (control)
        return;
    if (!lane->message && !(lane->message = malloc(TEXT_MAX)))
        abort();
    if (lane->have < TEXT_MAX)
        lane->message[lane->have++] = (char)byte;
}

static void lane_feed(struct lane *lane, unsigned number, const char *dir, const uint8_t *data, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        switch (lane->state) {
        case LANE_OFF:
            return;
        case LANE_HTTP:
            lane->tail = lane->tail << 8 | data[i];
            if (lane->tail == 0x0d0a0d0a)
                lane->state = LANE_HEADER;
            break;
        case LANE_HEADER:
            lane->header[lane->header_have++] = data[i];
            if (lane->header_have >= 2 && lane->header_have == header_need(lane))
                lane_header_end(lane, number, dir);
            break;
        case LANE_PAYLOAD:
            lane_payload(lane, data[i]);
            if (--lane->left == 0)
                lane_frame_end(lane, number, dir);
            break;
        }
    }
}

int SSL_write(SSL *ssl, const void *data, int length)
{
    struct stream *stream = NULL;
    if (log_fd >= 0 && length > 0) {
        log_status(data, (size_t)length);
        pthread_mutex_lock(&streams_lock);
        stream = stream_follow(ssl, data, (size_t)length);
        if (stream && (size_t)length > stream->ahead) {
            lane_feed(&stream->out, stream->number, "out", (const uint8_t *)data + stream->ahead,
                      (size_t)length - stream->ahead);
            stream->ahead = (size_t)length;
        }
        pthread_mutex_unlock(&streams_lock);
    }
    int n = REAL(SSL_write)(ssl, data, length);
    if (stream && n > 0)
        stream->ahead -= (size_t)n < stream->ahead ? (size_t)n : stream->ahead;
    return n;
}

int SSL_read(SSL *ssl, void *data, int size)
{
    int n = REAL(SSL_read)(ssl, data, size);
    if (log_fd >= 0 && n > 0) {
        pthread_mutex_lock(&streams_lock);
        struct stream *stream = stream_find(ssl);
        if (stream)
            lane_feed(&stream->in, stream->number, "in", data, (size_t)n);
        pthread_mutex_unlock(&streams_lock);
    }
    return n;
}

void SSL_free(SSL *ssl)
{
    pthread_mutex_lock(&streams_lock);
    struct stream *stream = ssl ? stream_find(ssl) : NULL;
    if (stream)
        stream_close(stream);
    pthread_mutex_unlock(&streams_lock);
    REAL(SSL_free)(ssl);
}
