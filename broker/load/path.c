#include "load/path.h"

#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "load/socket.h"

#define CHECK_US                                                                                                       \
    ((usec_t)2500 * USEC_PER_MSEC)        /* between checks that were answered: RFC 7675 4.1 wants 5 s at most         \
                                           */
#define SETTLING_US (480 * USEC_PER_MSEC) /* the same until DTLS is done, as Chromium has it */
#define RETRY_US (50 * USEC_PER_MSEC)     /* until one is */

/* ---- Life ---- */

/* splitmix64 */
uint64_t path_random(struct path *p)
{
    uint64_t x = p->random += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static void random_text(struct path *p, char *text, size_t len)
{
    static const char ice_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < len; i++)
        text[i] = ice_chars[path_random(p) & 63];
    text[len] = '\0';
}

enum status path_init(struct path *p, const struct load_key *key, uint32_t origin)
{
    *p = (struct path){ .key = key, .tie_breaker = origin, .fd = -1, .check.due_us = NEVER };
    if (getrandom(&p->random, sizeof p->random, 0) != sizeof p->random)
        return ERR_SYSTEM;
    random_text(p, p->ufrag, PATH_UFRAG_LEN);
    random_text(p, p->pwd, PATH_PWD_LEN);
    return OK;
}

void path_deinit(struct path *p)
{
    handshake_destroy(p->handshake);
    crypt_destroy(p->crypt);
    if (p->fd >= 0)
        close(p->fd);
}

enum status path_open(struct path *p, const struct description_remote *remote)
{
    if (p->fd < 0)
        TRY(socket_open(&remote->candidate, &p->fd));
    struct writer w = writer_over((uint8_t *)p->username, sizeof p->username - 1);
    write_format(&w, "%s:%s", remote->ufrag, p->ufrag);
    p->username[w.len] = '\0';
    memcpy(p->remote_pwd, remote->pwd, sizeof p->remote_pwd);
    memcpy(p->remote_fingerprint, remote->fingerprint, sizeof p->remote_fingerprint);
    p->remote = remote->candidate;
    p->check.due_us = 0;
    return OK;
}

enum status path_open_bare(struct path *p, const struct address *server,
                           const uint8_t material[static CRYPT_MATERIAL_LEN])
{
    TRY(socket_open(server, &p->fd));
    p->remote = *server;
    return crypt_create(&p->crypt, material);
}

void path_send(struct path *p, struct bytes datagram)
{
    p->unsent += socket_send(p->fd, datagram) != OK;
}

/* ---- Checks ---- */

static void send_check(struct path *p, usec_t now_us)
{
    uint8_t raw[STUN_MESSAGE_MAX];
    size_t len;
    struct stun_message m = {
        .class_ = STUN_REQUEST,
        .method = STUN_BINDING,
        .username = bytes_of(p->username),
        .has_priority = true,
        .priority = 0x6e7f00ff, /* peer reflexive, RFC 8445 5.1.2.1 */
        .controlling = true,
        .tie_breaker = p->tie_breaker,
        .use_candidate = true,
    };
    if (!p->check.pending) {
        for (size_t i = 0; i < STUN_TRANSACTION_LEN; i++)
            p->check.transaction[i] = (uint8_t)path_random(p);
        p->check.first_us = now_us;
    }
    memcpy(m.transaction, p->check.transaction, sizeof m.transaction);
    p->check.pending = true;
    p->check.due_us = now_us + RETRY_US;
    if (stun_write(&m, bytes_of(p->remote_pwd), raw, sizeof raw, &len) == OK)
        path_send(p, (struct bytes){ raw, len });
}

static void answer_check(struct path *p, struct bytes raw, const struct stun_message *request)
{
    uint8_t answer[STUN_MESSAGE_MAX];
    size_t len;
    struct stun_message m = { .class_ = STUN_SUCCESS, .method = STUN_BINDING, .mapped = p->remote };
    memcpy(m.transaction, request->transaction, sizeof m.transaction);
    if (stun_integrity_ok(raw, request, bytes_of(p->pwd)) &&
        stun_write(&m, bytes_of(p->pwd), answer, sizeof answer, &len) == OK)
        path_send(p, (struct bytes){ answer, len });
}

static void send_record(void *context, struct bytes record)
{
    path_send(context, record);
}

void path_stun(struct path *p, struct bytes raw)
{
    struct stun_message m;
    if (stun_parse(raw, &m) != OK)
        return;
    if (m.class_ == STUN_REQUEST) {
        answer_check(p, raw, &m);
        return;
    }
    if (m.class_ != STUN_SUCCESS || !p->check.pending ||
        memcmp(m.transaction, p->check.transaction, sizeof m.transaction) != 0 ||
        !stun_integrity_ok(raw, &m, bytes_of(p->remote_pwd)))
        return;
    p->check.pending = false;
    p->check.due_us = p->check.first_us + (p->crypt ? CHECK_US : SETTLING_US);
    if (!p->handshake && handshake_create(&p->handshake, p->key, p->remote_fingerprint, send_record, p) != OK)
        p->failed = true;
}

/* ---- The handshake ---- */

void path_dtls(struct path *p, struct bytes record)
{
    uint8_t material[CRYPT_MATERIAL_LEN];
    if (!p->handshake || p->failed)
        return;
    handshake_step(p->handshake, record);
    if (handshake_state(p->handshake) == HANDSHAKE_CLOSED)
        p->failed = true;
    if (handshake_state(p->handshake) != HANDSHAKE_DONE || p->crypt)
        return;
    if (handshake_export(p->handshake, material) != OK || crypt_create(&p->crypt, material) != OK)
        p->failed = true;
    bytes_wipe(material, sizeof material);
}

/* ---- Time ---- */

void path_turn(struct path *p, usec_t now_us)
{
    if (now_us >= p->check.due_us)
        send_check(p, now_us);
    if (!p->crypt)
        path_dtls(p, (struct bytes){ 0 });
}

usec_t path_deadline(const struct path *p)
{
    usec_t wait = !p->crypt && p->handshake ? handshake_wait(p->handshake) : NEVER;
    return wait == NEVER ? p->check.due_us : sooner(p->check.due_us, socket_mono_ns() / 1000 + wait);
}
