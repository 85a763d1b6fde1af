/* floor.c - what forwarding costs at least: kinroom_floor [PORT]
 *
 * One thread, one UDP socket on loopback, no signalling, no ICE, no DTLS, no consent, no repair, no estimate. Each
 * millisecond it takes what has come (recvmmsg), opens each packet once (AES-128-GCM), rewrites its header and seals it
 * for each receiver with a cached context, and sends each receiver its packets in trains (UDP_SEGMENT). Trains need
 * packets of one size, so those that are a few bytes short are padded (RFC 3550 5.1).
 *
 * Peers make themselves known by a datagram (floor_hello.h). Prints "floor PORT" once it listens; a signal ends it. It
 * shares no code with the broker's media path, which is measured against it. Memory is bounded by PEOPLE_MAX. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#define ERR_STATE OPENSSL_ERR_STATE /* OpenSSL has a type of our constant's name */
#include <openssl/evp.h>
#undef ERR_STATE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench/floor_hello.h"

enum {
    PEOPLE_MAX = 4096,
    ROOMS_MAX = 2048,
    PORTS = 65536,
    BATCH = 64,      /* datagrams that one call takes */
    TURN_MAX = 1024, /* packets that one turn takes: what comes beyond waits for the next */
    DATAGRAM_MAX = 1500,
    TAG_LEN = 16,
    RTP_HEADER = 12,
    STREAMS_MAX = 4,     /* SSRCs of one sender */
    PADDING_MOST = 4,    /* bytes that a packet may be short of its train's */
    TRAIN_SEGMENTS = 60, /* the kernel takes 64 */
    TRAIN_BYTES = 64000, /* and no more than an IP packet holds */
    SOCKET_BUFFER_BYTES = 32 << 20,
    TURN_NS = 1000000,
};

struct stream {
    uint32_t ssrc, ssrc_out;
    int64_t first, newest; /* indices as RFC 3711 3.3.1 counts them */
};

struct person {
    struct sockaddr_in address;
    uint16_t room;
    bool receives;
    EVP_CIPHER_CTX *opens, *seals;
    uint8_t open_salt[FLOOR_SALT_LEN], seal_salt[FLOOR_SALT_LEN];
    struct stream streams[STREAMS_MAX];
    size_t stream_count;
};

/* One that was opened in this turn. */
struct packet {
    uint8_t *at;
    size_t len;
    size_t header_len;
    int64_t index; /* to seal with: from 0 on in each stream */
    uint32_t ssrc_out;
    uint16_t from;
};

struct room {
    uint16_t *people;
    size_t count, cap;
    struct packet packets[TURN_MAX / 4]; /* of this turn */
    size_t packet_count;
};

static struct {
    int fd;
    struct person people[PEOPLE_MAX];
    size_t person_count;
    struct room *rooms[ROOMS_MAX];
    uint16_t busy[ROOMS_MAX]; /* rooms with packets in this turn */
    size_t busy_count;
    uint16_t by_port[PORTS]; /* 1 more than the person's place; all peers are on one address */
    uint8_t data[TURN_MAX][DATAGRAM_MAX];
    uint8_t train[TRAIN_BYTES + DATAGRAM_MAX];
    uint32_t ssrcs;
} all;

static void stop(const char *what)
{
    fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

/* ---- SRTP ---- */

static EVP_CIPHER_CTX *cipher_of(const uint8_t *key, bool seals)
{
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    if (!cipher || EVP_CipherInit_ex(cipher, EVP_aes_128_gcm(), NULL, key, NULL, seals) != 1)
        stop("cipher");
    return cipher;
}

/* RFC 7714 8.1 */
static void iv_write(uint8_t iv[static FLOOR_SALT_LEN], const uint8_t *salt, uint32_t ssrc, int64_t index)
{
    store_be16(iv, 0);
    store_be32(iv + 2, ssrc);
    store_be32(iv + 6, (uint32_t)(index >> 16));
    store_be16(iv + 10, (uint16_t)index);
    for (int i = 0; i < FLOOR_SALT_LEN; i++)
        iv[i] ^= salt[i];
}

static bool packet_open(struct person *p, struct packet *packet)
{
    uint8_t iv[FLOOR_SALT_LEN], *at = packet->at;
    int len, body = (int)(packet->len - packet->header_len) - TAG_LEN;
    iv_write(iv, p->open_salt, load_be32(at + 8), packet->index);
    if (body < 0 || EVP_DecryptInit_ex(p->opens, NULL, NULL, NULL, iv) != 1 ||
        EVP_DecryptUpdate(p->opens, NULL, &len, at, (int)packet->header_len) != 1 ||
        EVP_DecryptUpdate(p->opens, at + packet->header_len, &len, at + packet->header_len, body) != 1 ||
        EVP_CIPHER_CTX_ctrl(p->opens, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, at + packet->len - TAG_LEN) != 1 ||
        EVP_DecryptFinal_ex(p->opens, at + packet->len, &len) != 1)
        return false;
    packet->len -= TAG_LEN;
    return true;
}

/* A copy with a header of its own, padded to the size of its train, sealed. */
static size_t packet_seal(struct person *to, const struct packet *packet, size_t padding, uint8_t *out)
{
    uint8_t iv[FLOOR_SALT_LEN];
    size_t len = packet->len + padding;
    int written;
    memcpy(out, packet->at, packet->len);
    store_be16(out + 2, (uint16_t)packet->index);
    store_be32(out + 8, packet->ssrc_out);
    if (padding > 0) {
        out[0] |= 0x20;
        memset(out + packet->len, 0, padding - 1);
        out[len - 1] = (uint8_t)padding;
    }
    iv_write(iv, to->seal_salt, packet->ssrc_out, packet->index);
    uint8_t *body = out + packet->header_len;
    if (EVP_EncryptInit_ex(to->seals, NULL, NULL, NULL, iv) != 1 ||
        EVP_EncryptUpdate(to->seals, NULL, &written, out, (int)packet->header_len) != 1 ||
        EVP_EncryptUpdate(to->seals, body, &written, body, (int)(len - packet->header_len)) != 1 ||
        EVP_EncryptFinal_ex(to->seals, out + len, &written) != 1 ||
        EVP_CIPHER_CTX_ctrl(to->seals, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, out + len) != 1)
        stop("seal");
    return len + TAG_LEN;
}

/* ---- In ---- */

static void person_add(const struct floor_hello *h, const struct sockaddr_in *from)
{
    if (all.person_count == PEOPLE_MAX || h->room >= ROOMS_MAX)
        return;
    struct room *room = all.rooms[h->room];
    if (!room && !(room = all.rooms[h->room] = calloc(1, sizeof *room)))
        stop("room");
    if (room->count == room->cap) {
        room->cap = room->cap ? 2 * room->cap : 8;
        if (!(room->people = realloc(room->people, room->cap * sizeof *room->people)))
            stop("room");
    }
    uint16_t place = (uint16_t)all.person_count++;
    struct person *p = &all.people[place];
    *p = (struct person){ .address = *from, .room = h->room, .receives = h->receives };
    p->opens = cipher_of(h->up_key, false);
    p->seals = cipher_of(h->down_key, true);
    memcpy(p->open_salt, h->up_salt, FLOOR_SALT_LEN);
    memcpy(p->seal_salt, h->down_salt, FLOOR_SALT_LEN);
    room->people[room->count++] = place;
    all.by_port[ntohs(from->sin_port)] = (uint16_t)(place + 1);
}

/* The hello goes back as it came: that is the answer. A second one means that the answer was lost. */
static void take_hello(const uint8_t *at, size_t len, const struct sockaddr_in *from)
{
    struct floor_hello h;
    if (floor_hello_parse((struct bytes){ at, len }, &h) != OK)
        return;
    if (!all.by_port[ntohs(from->sin_port)])
        person_add(&h, from);
    sendto(all.fd, at, len, MSG_DONTWAIT, (const struct sockaddr *)from, sizeof *from);
}

static struct stream *stream_of(struct person *p, uint32_t ssrc, uint16_t seq)
{
    for (size_t i = 0; i < p->stream_count; i++)
        if (p->streams[i].ssrc == ssrc)
            return &p->streams[i];
    if (p->stream_count == STREAMS_MAX)
        return NULL;
    p->streams[p->stream_count] = (struct stream){ ssrc, ++all.ssrcs, seq, seq };
    return &p->streams[p->stream_count++];
}

static size_t header_len(const uint8_t *at, size_t len)
{
    size_t header = RTP_HEADER + (at[0] & 0x0f) * (size_t)4;
    if (at[0] & 0x10 && len >= header + 4)
        header += 4 + load_be16(at + header + 2) * (size_t)4;
    return header;
}

static void take_rtp(uint16_t place, uint8_t *at, size_t len)
{
    struct person *p = &all.people[place];
    struct room *room = all.rooms[p->room];
    struct stream *s = stream_of(p, load_be32(at + 8), load_be16(at + 2));
    if (!s || room->packet_count == sizeof room->packets / sizeof *room->packets)
        return;
    int64_t index = s->newest + (int16_t)(uint16_t)(load_be16(at + 2) - (uint16_t)s->newest);
    struct packet packet = { at, len, header_len(at, len), index, s->ssrc_out, place };
    if (index < s->first || packet.header_len + TAG_LEN > len || !packet_open(p, &packet))
        return;
    if (index > s->newest)
        s->newest = index;
    packet.index -= s->first;
    if (room->packet_count == 0)
        all.busy[all.busy_count++] = p->room;
    room->packets[room->packet_count++] = packet;
}

static void take(uint8_t *at, size_t len, const struct sockaddr_in *from)
{
    if (len >= RTP_HEADER && at[0] >> 6 == 2) {
        uint16_t place = all.by_port[ntohs(from->sin_port)];
        bool rtcp = at[1] >= 192 && at[1] <= 223; /* RFC 5761 4: reports are of no use to it */
        if (place && !rtcp)
            take_rtp((uint16_t)(place - 1), at, len);
    } else {
        take_hello(at, len, from);
    }
}

static void receive(void)
{
    static struct mmsghdr headers[BATCH];
    static struct iovec parts[BATCH];
    static struct sockaddr_in from[BATCH];
    for (size_t first = 0; first < TURN_MAX; first += BATCH) {
        for (size_t i = 0; i < BATCH; i++) {
            parts[i] = (struct iovec){ all.data[first + i], DATAGRAM_MAX - TAG_LEN };
            headers[i].msg_hdr = (struct msghdr){
                .msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &parts[i], .msg_iovlen = 1
            };
        }
        int count = recvmmsg(all.fd, headers, BATCH, MSG_DONTWAIT, NULL);
        for (int i = 0; i < count; i++)
            take(all.data[first + (size_t)i], headers[i].msg_len, &from[i]);
        if (count < BATCH)
            return;
    }
}

/* ---- Out ---- */

static void train_send(const struct person *to, size_t len, size_t segment)
{
    union {
        struct cmsghdr align;
        char at[CMSG_SPACE(sizeof(uint16_t))];
    } control = { 0 };
    struct iovec part = { all.train, len };
    struct msghdr message = { .msg_name = (void *)(uintptr_t)&to->address,
                              .msg_namelen = sizeof to->address,
                              .msg_iov = &part,
                              .msg_iovlen = 1 };
    if (len > segment) {
        message.msg_control = control.at;
        message.msg_controllen = sizeof control.at;
        struct cmsghdr *c = CMSG_FIRSTHDR(&message);
        *c = (struct cmsghdr){ CMSG_LEN(sizeof(uint16_t)), SOL_UDP, UDP_SEGMENT };
        memcpy(CMSG_DATA(c), &(uint16_t){ (uint16_t)segment }, sizeof(uint16_t));
    }
    /* What is not taken is lost, and the receivers count it. */
    (void)!sendmsg(all.fd, &message, MSG_DONTWAIT);
}

/* How many of the packets, from the first on, make one train: nearly equal ones, and a last one that may be shorter. */
static size_t train_of(const struct packet *packets, size_t count, uint16_t but, size_t *longest)
{
    size_t least = packets[0].len, most = packets[0].len, end = 1, segments = 1;
    for (; end < count && segments < TRAIN_SEGMENTS; end++) {
        size_t len = packets[end].len;
        if (packets[end].from == but)
            continue;
        size_t low = len < least ? len : least, high = len > most ? len : most;
        if (high - low > PADDING_MOST) {
            if (len < least) /* a shorter one ends it */
                end++;
            break;
        }
        if ((segments + 1) * (high + TAG_LEN) > TRAIN_BYTES)
            break;
        least = low, most = high, segments++;
    }
    *longest = most;
    return end;
}

static void room_send_to(const struct room *room, uint16_t place)
{
    struct person *to = &all.people[place];
    size_t i = 0;
    while (i < room->packet_count) {
        if (room->packets[i].from == place) {
            i++;
            continue;
        }
        size_t longest, len = 0, end = i + train_of(room->packets + i, room->packet_count - i, place, &longest);
        for (; i < end; i++) {
            const struct packet *packet = &room->packets[i];
            if (packet->from == place)
                continue;
            size_t short_by = longest - packet->len;
            len += packet_seal(to, packet, short_by <= PADDING_MOST ? short_by : 0, all.train + len);
        }
        train_send(to, len, longest + TAG_LEN);
    }
}

static void send_all(void)
{
    for (size_t i = 0; i < all.busy_count; i++) {
        struct room *room = all.rooms[all.busy[i]];
        for (size_t k = 0; k < room->count; k++)
            if (all.people[room->people[k]].receives)
                room_send_to(room, room->people[k]);
        room->packet_count = 0;
    }
    all.busy_count = 0;
}

/* ---- The turns ---- */

static void listen_on(uint16_t port)
{
    struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(port) };
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t len = sizeof here;
    int size = SOCKET_BUFFER_BYTES;
    all.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (all.fd < 0 || bind(all.fd, (struct sockaddr *)&here, sizeof here) < 0 ||
        getsockname(all.fd, (struct sockaddr *)&here, &len) < 0)
        stop("socket");
    /* Beyond the machine's limit where we may; what is left of it when we may not is up to the kernel. */
    for (int i = 0; i < 2; i++)
        if (setsockopt(all.fd, SOL_SOCKET, i ? SO_SNDBUFFORCE : SO_RCVBUFFORCE, &size, sizeof size) < 0)
            setsockopt(all.fd, SOL_SOCKET, i ? SO_SNDBUF : SO_RCVBUF, &size, sizeof size);
    printf("floor %u\n", ntohs(here.sin_port));
    fflush(stdout);
}

static int64_t clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * (int64_t)1000000000 + t.tv_nsec;
}

int main(int argc, char **argv)
{
    listen_on(argc > 1 ? (uint16_t)strtoul(argv[1], NULL, 10) : 0);
    prctl(PR_SET_TIMERSLACK, 1000ul); /* else a turn is 50 us late */
    for (int64_t next_ns = clock_ns();;) {
        receive();
        send_all();
        int64_t now_ns = clock_ns();
        next_ns += TURN_NS;
        if (next_ns < now_ns) /* what was missed is not made up for */
            next_ns = now_ns;
        struct timespec next = { .tv_sec = next_ns / 1000000000, .tv_nsec = next_ns % 1000000000 };
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
    }
}
