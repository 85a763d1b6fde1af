/* peers.c - many fake browsers in one process, each with a UDP socket of its own, told what to do on stdin.
 *
 * A line is a command; names have 1 to 31 characters and no space. What comes back is lines, too:
 *
 *   peer NAME                        offer NAME "<SDP>"   a JSON string: Chromium's offer with their own keys
 *   answer NAME "<SDP>"              ready NAME           once ICE and DTLS are up; closed NAME when they end
 *   send NAME SOUND BYTES PICTURE BYTES   -               packets a second and bytes of each; lasts until changed
 *   level NAME LEVEL                 -                    the octet of RFC 6464 beside their sound; 127 at first
 *   counts NAME                      counts NAME {...}
 *   gone NAME                        -                    close_notify, and nothing is left of them
 *
 *   counts: received (RTP packets), last_ns (CLOCK_MONOTONIC of the last one), opened and refused (of those that were
 *   looked into: one in OPEN_EVERY), sent, skipped (the process was too slow), unsent (the kernel took none), keyframes
 *   (asked for), heard (opened packets of sound, by whose it is)
 *
 * `no NAME why` answers what can't be done. It ends with its stdin. One thread; memory is bounded by PEERS_MAX. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "media/rtcp.h"
#include "media/rtp.h"
#include "support/flow.h"
#include "support/offers.h"
#include "support/peer.h"

enum {
    PEERS_MAX = 4096,
    NAME_MAX_LEN = 31,
    LINE_MAX_LEN = 1 << 17,
    WORDS_MAX = 6,
    BATCH = 32, /* datagrams that one call takes */
    DATAGRAM_MAX = 2048,
    EVENTS = 256,
    OPEN_EVERY = 16,
    FEW = 16, /* of so few, all packets are opened */
    SOCKET_BUFFER_BYTES = 1 << 20,
    TURN_MS = 1,
    FILES_BESIDE = 16,
};
#define TICK_US (10 * USEC_PER_MSEC) /* checks and handshakes need no finer clock */

struct browser {
    char name[NAME_MAX_LEN + 1];
    int fd;
    struct peer *peer;
    struct flow audio, video;
    bool said_ready, said_closed;
    uint64_t heard[FEW]; /* by their place in `all` */
    uint64_t received, last_ns, unsent, keyframes;
};

static struct {
    struct browser *at[PEERS_MAX];
    size_t count;
    int epoll_fd;
    usec_t tick_at;
    char line[LINE_MAX_LEN + 1];
    size_t line_len;
} all;

static void stop(const char *what)
{
    fprintf(stderr, "peers: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static uint64_t monotonic_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static struct now now_read(void)
{
    return (struct now){ .mono_us = monotonic_ns() / 1000 };
}

/* ---- One of them ---- */

static void send_datagram(void *context, const struct address *from, struct bytes datagram)
{
    struct browser *b = context;
    (void)from;
    if (send(b->fd, datagram.at, datagram.len, MSG_DONTWAIT) < 0)
        b->unsent++;
}

static void take_media(void *context, enum packet_kind kind, struct bytes packet)
{
    struct browser *b = context;
    struct reader reader = reader_over(packet);
    struct rtcp_packet rtcp;
    struct rtp rtp;
    if (kind == PACKET_RTP && rtp_parse(packet, &rtp) == OK)
        for (size_t i = 0; i < all.count && i < FEW; i++)
            b->heard[i] += all.at[i]->audio.ssrc == flow_origin(rtp.payload);
    while (kind == PACKET_RTCP && rtcp_next(&reader, &rtcp))
        if (rtcp.kind == RTCP_PLI || rtcp.kind == RTCP_FIR) {
            b->video.keyframe_wanted = true;
            b->keyframes++;
        }
}

/* Opening each packet would cost as much as the broker spends on it, and the broker is what is measured. */
static void take_datagram(struct browser *b, struct now now, uint64_t now_ns, struct bytes datagram)
{
    if (demux(datagram) == PACKET_RTP) {
        b->last_ns = now_ns;
        if (b->received++ % OPEN_EVERY != 0 && all.count > FEW)
            return;
    }
    peer_datagram(b->peer, now, datagram);
}

static void receive(struct browser *b)
{
    static uint8_t data[BATCH][DATAGRAM_MAX];
    struct mmsghdr headers[BATCH] = { 0 };
    struct iovec parts[BATCH];
    for (int i = 0; i < BATCH; i++) {
        parts[i] = (struct iovec){ data[i], DATAGRAM_MAX };
        headers[i].msg_hdr = (struct msghdr){ .msg_iov = &parts[i], .msg_iovlen = 1 };
    }
    int count = recvmmsg(b->fd, headers, BATCH, MSG_DONTWAIT, NULL);
    uint64_t now_ns = monotonic_ns();
    for (int i = 0; i < count; i++)
        take_datagram(b, (struct now){ .mono_us = now_ns / 1000 }, now_ns,
                      (struct bytes){ data[i], headers[i].msg_len });
}

static void send_flow(struct browser *b, struct now now, struct flow *flow)
{
    uint8_t buffer[FLOW_PACKET_MAX];
    for (;;) {
        struct writer packet = writer_over(buffer, sizeof buffer);
        if (!flow_next(flow, now.mono_us, &packet))
            return;
        peer_send_rtp(b->peer, writer_bytes(&packet));
    }
}

static void say_changes(struct browser *b)
{
    if (!b->said_ready && peer_is_ready(b->peer)) {
        b->said_ready = true;
        printf("ready %s\n", b->name);
    }
    if (!b->said_closed && peer_is_closed(b->peer)) {
        b->said_closed = true;
        printf("closed %s\n", b->name);
    }
}

/* ---- Coming and going ---- */

static void watch(int fd, void *what)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = what };
    if (epoll_ctl(all.epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
        stop("epoll_ctl");
}

static struct browser *browser_create(const char *name)
{
    uint32_t random[4];
    struct browser *b = calloc(1, sizeof *b);
    if (!b || getrandom(random, sizeof random, 0) != sizeof random)
        stop("a new peer");
    struct peer_config config = { .seed = (uint64_t)random[0] << 32 | random[1],
                                  .probe_first = true,
                                  .send = send_datagram,
                                  .media = take_media,
                                  .context = b };
    strcpy(b->name, name);
    b->fd = -1;
    b->audio = flow_of(false, random[2]);
    b->video = flow_of(true, random[3]);
    if (peer_create(&b->peer, &config) != OK)
        stop("a new peer");
    return b;
}

static void browser_destroy(struct browser *b)
{
    if (b->fd >= 0) {
        peer_close(b->peer);
        close(b->fd);
    }
    peer_destroy(b->peer);
    free(b);
}

/* The socket's own address is the kernel's choice. */
static bool open_socket(struct browser *b, const char *ip, uint16_t port)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
    bool is_v4 = inet_pton(AF_INET, ip, &v4.sin_addr) == 1;
    int size = SOCKET_BUFFER_BYTES;
    if (!is_v4 && inet_pton(AF_INET6, ip, &v6.sin6_addr) != 1)
        return false;
    b->fd = socket(is_v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (b->fd < 0)
        stop("a new socket");
    setsockopt(b->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    setsockopt(b->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    if (connect(b->fd, is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6, is_v4 ? sizeof v4 : sizeof v6) != 0)
        return false;
    watch(b->fd, b);
    return true;
}

/* ---- Offer and answer ---- */

/* Chromium's offer, line by line: its keys give way to this peer's, its SSRCs to those of microphone and camera. */
static void write_offer(const struct browser *b, struct writer *w)
{
    struct bytes template = offer_read("chromium");
    for (const char *line = (const char *)template.at, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        int len = (int)(end - line) + 1;
        if (strncmp(line, "a=ice-ufrag:", 12) == 0)
            write_format(w, "a=ice-ufrag:%s\r\n", peer_ufrag(b->peer));
        else if (strncmp(line, "a=ice-pwd:", 10) == 0)
            write_format(w, "a=ice-pwd:%s\r\n", peer_pwd(b->peer));
        else if (strncmp(line, "a=fingerprint:", 14) == 0) {
            write_text(w, "a=fingerprint:sha-256 ");
            for (int i = 0; i < PEER_FINGERPRINT_LEN; i++)
                write_format(w, "%02X%s", peer_fingerprint()[i], i + 1 < PEER_FINGERPRINT_LEN ? ":" : "\r\n");
        } else if (strncmp(line, "a=ssrc", 6) != 0)
            write_format(w, "%.*s", len, line);
        if (strncmp(line, "a=mid:0\r", 8) == 0 || strncmp(line, "a=mid:1\r", 8) == 0)
            write_format(w, "a=ssrc:%u cname:peer\r\n", line[6] == '0' ? b->audio.ssrc : b->video.ssrc);
    }
}

/* The first candidate is as good as any: the broker has one for each family. */
static bool take_answer(struct browser *b, const char *sdp)
{
    char ufrag[64], pwd[128], ip[INET6_ADDRSTRLEN];
    uint8_t fingerprint[PEER_FINGERPRINT_LEN];
    uint16_t port;
    const char *u = strstr(sdp, "a=ice-ufrag:"), *p = strstr(sdp, "a=ice-pwd:"), *c = strstr(sdp, "a=candidate:"),
               *f = strstr(sdp, "a=fingerprint:sha-256 ");
    if (!u || !p || !c || !f || sscanf(u, "a=ice-ufrag:%63s", ufrag) != 1 || sscanf(p, "a=ice-pwd:%127s", pwd) != 1 ||
        sscanf(c, "a=candidate:%*s %*s %*s %*s %45s %hu", ip, &port) != 2)
        return false;
    f += strlen("a=fingerprint:sha-256 ");
    for (int i = 0; i < PEER_FINGERPRINT_LEN; i++, f += 3)
        if (sscanf(f, "%2hhx", &fingerprint[i]) != 1)
            return false;
    return open_socket(b, ip, port) && peer_connect(b->peer, now_read(), ufrag, pwd, fingerprint) == OK;
}

/* ---- Commands: each returns why it can't be done, or NULL ---- */

static size_t find(const char *name)
{
    size_t i = 0;
    while (i < all.count && strcmp(all.at[i]->name, name) != 0)
        i++;
    return i;
}

static const char *on_peer(struct browser *b, char **words)
{
    static uint8_t text[OFFER_TEXT_MAX];
    struct writer w = writer_over(text, sizeof text);
    if (b)
        return "is there already";
    if (all.count == PEERS_MAX)
        return "is one too many";
    if (strlen(words[1]) > NAME_MAX_LEN)
        return "is too long a name";
    b = all.at[all.count++] = browser_create(words[1]);
    write_offer(b, &w);
    json_t *json = json_stringn((const char *)text, w.len);
    char *line = json ? json_dumps(json, JSON_ENCODE_ANY) : NULL;
    if (w.bad || !line)
        stop("an offer");
    printf("offer %s %s\n", b->name, line);
    free(line);
    json_decref(json);
    return NULL;
}

static const char *on_answer(struct browser *b, char **words)
{
    if (b->fd >= 0)
        return "has had an answer";
    json_t *json = json_loads(words[2], JSON_DECODE_ANY, NULL);
    bool taken = json_is_string(json) && take_answer(b, json_string_value(json));
    json_decref(json);
    return taken ? NULL : "can't take this answer";
}

static const char *on_send(struct browser *b, char **words)
{
    usec_t now_us = now_read().mono_us;
    size_t n[4];
    for (int i = 0; i < 4; i++)
        n[i] = strtoul(words[2 + i], NULL, 10);
    flow_pace(&b->audio, now_us, (unsigned)n[0], n[1], b->audio.ssrc);
    flow_pace(&b->video, now_us, (unsigned)n[2], n[3], b->video.ssrc);
    return NULL;
}

static const char *on_level(struct browser *b, char **words)
{
    b->audio.level = (uint8_t)strtoul(words[2], NULL, 10);
    return NULL;
}

static const char *on_counts(struct browser *b, char **words)
{
    (void)words;
    struct peer_counts counts = peer_counts(b->peer);
    printf(
        "counts %s {\"received\":%llu,\"last_ns\":%llu,\"opened\":%llu,\"refused\":%llu,\"sent\":%llu,\"skipped\":%llu,"
        "\"unsent\":%llu,\"keyframes\":%llu,\"heard\":{",
        b->name, (unsigned long long)b->received, (unsigned long long)b->last_ns, (unsigned long long)counts.rtp_in,
        (unsigned long long)counts.refused, (unsigned long long)(b->audio.sent + b->video.sent),
        (unsigned long long)(b->audio.skipped + b->video.skipped), (unsigned long long)b->unsent,
        (unsigned long long)b->keyframes);
    for (size_t i = 0; i < all.count && i < FEW; i++)
        printf("%s\"%s\":%llu", i ? "," : "", all.at[i]->name, (unsigned long long)b->heard[i]);
    printf("}}\n");
    return NULL;
}

static const char *on_gone(struct browser *b, char **words)
{
    all.at[find(words[1])] = all.at[all.count - 1];
    all.count--;
    browser_destroy(b);
    return NULL;
}

static const struct command {
    const char *name;
    int words; /* the last takes the rest of the line */
    const char *(*run)(struct browser *, char **words);
} commands[] = {
    { "peer", 2, on_peer },   { "answer", 3, on_answer }, { "send", 6, on_send },
    { "level", 3, on_level }, { "counts", 2, on_counts }, { "gone", 2, on_gone },
};

static const char *run_command(char **words, int count)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        const struct command *c = &commands[i];
        if (strcmp(c->name, words[0]) != 0)
            continue;
        if (count != c->words)
            return "takes other words";
        size_t at = find(words[1]);
        if (at == all.count && c->run != on_peer)
            return "is not there";
        return c->run(at < all.count ? all.at[at] : NULL, words);
    }
    return "is for no command of ours";
}

static void obey(char *line)
{
    char *words[WORDS_MAX] = { line };
    int count = 1, most = strncmp(line, "answer ", 7) == 0 ? 3 : WORDS_MAX;
    for (char *space; count < most && (space = strchr(words[count - 1], ' ')) != NULL; count++) {
        *space = '\0';
        words[count] = space + 1;
    }
    const char *why = run_command(words, count);
    if (why)
        printf("no %s %s\n", count > 1 ? words[1] : words[0], why);
}

/* False at the end of stdin. */
static bool read_commands(void)
{
    ssize_t got = read(STDIN_FILENO, all.line + all.line_len, LINE_MAX_LEN - all.line_len);
    if (got <= 0)
        return got < 0 && errno == EAGAIN;
    all.line_len += (size_t)got;
    all.line[all.line_len] = '\0';
    char *line = all.line;
    for (char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        obey(line);
    }
    all.line_len -= (size_t)(line - all.line);
    memmove(all.line, line, all.line_len);
    if (all.line_len < LINE_MAX_LEN)
        return true;
    errno = EMSGSIZE;
    stop("a line");
    return false;
}

/* ---- The loop ---- */

static void tick(struct now now)
{
    bool due = now.mono_us >= all.tick_at;
    for (size_t i = 0; i < all.count; i++) {
        struct browser *b = all.at[i];
        if (peer_is_ready(b->peer)) {
            send_flow(b, now, &b->audio);
            send_flow(b, now, &b->video);
        }
        if (due)
            peer_tick(b->peer, now);
        say_changes(b);
    }
    if (due)
        all.tick_at = now.mono_us + TICK_US;
}

static bool turn(void)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(all.epoll_fd, events, EVENTS, TURN_MS);
    bool told = false;
    for (int i = 0; i < count; i++)
        if (events[i].data.ptr)
            receive(events[i].data.ptr);
        else
            told = true;
    /* Last, as it may end one of those above. */
    bool going_on = !told || read_commands();
    tick(now_read());
    fflush(stdout);
    return going_on;
}

int main(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        stop("getrlimit");
    rlim_t wanted = PEERS_MAX + FILES_BESIDE;
    files.rlim_cur = files.rlim_max < wanted ? files.rlim_max : wanted;
    setrlimit(RLIMIT_NOFILE, &files);
    all.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (all.epoll_fd < 0 || fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK) != 0)
        stop("the start");
    watch(STDIN_FILENO, NULL);
    while (turn())
        continue;
    for (size_t i = 0; i < all.count; i++)
        browser_destroy(all.at[i]);
    return EXIT_SUCCESS;
}
