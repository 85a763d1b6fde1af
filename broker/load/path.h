/* path.h - how one peer of the load reaches the server: a connected UDP socket, a full, controlling ICE agent's checks,
 * a DTLS handshake as client, and the keys that come of it.
 *
 * Owned by its peer, which hands in what comes and asks when something is due. */
#pragma once

#include "load/crypt.h"
#include "load/description.h"
#include "load/handshake.h"
#include "transport/stun.h"

enum { PATH_UFRAG_LEN = 8, PATH_PWD_LEN = 24 };

struct path {
    const struct load_key *key;
    uint64_t random, tie_breaker;
    char ufrag[PATH_UFRAG_LEN + 1], pwd[PATH_PWD_LEN + 1]; /* ours; NUL-terminated */
    int fd;                                                /* -1 before it is open */
    /* Theirs */
    char username[DESCRIPTION_CREDENTIAL_MAX + PATH_UFRAG_LEN + 2], remote_pwd[DESCRIPTION_CREDENTIAL_MAX + 1];
    uint8_t remote_fingerprint[HANDSHAKE_FINGERPRINT_LEN];
    struct address remote;
    struct path_check {
        uint8_t transaction[STUN_TRANSACTION_LEN];
        bool pending; /* sent, and not answered yet */
        usec_t first_us, due_us;
    } check;
    struct handshake *handshake;
    struct crypt *crypt; /* NULL before DTLS is done and the fingerprint was right */
    bool failed;         /* refused, or closed by the other side */
    uint64_t unsent;     /* packets that the kernel took not */
};

enum status path_init(struct path *, const struct load_key *, uint32_t origin); /* ERR_SYSTEM */
void path_deinit(struct path *);                                                /* close_notify, and the socket */
uint64_t path_random(struct path *);                                            /* for the peer, too */

/* What their description said; checks begin. A second time, they go on with what it says now. */
enum status path_open(struct path *, const struct description_remote *);
/* Without ICE and DTLS: whoever is at that address has the same keys. */
enum status path_open_bare(struct path *, const struct address *, const uint8_t material[static CRYPT_MATERIAL_LEN]);

void path_send(struct path *, struct bytes datagram);
void path_stun(struct path *, struct bytes datagram); /* one that came */
void path_dtls(struct path *, struct bytes datagram);
void path_turn(struct path *, usec_t now_us); /* checks and the handshake's retransmissions that are due */
usec_t path_deadline(const struct path *);
