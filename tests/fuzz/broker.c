/* broker.c - the core's five calls in any order with any bytes. The input is a list of deeds; what it checks: nothing
 * crashes, each message is for a connection that lives, and no datagram goes to an address that never proved itself. */
#include <stdlib.h>
#include <string.h>

#include "room/broker.h"
#include "transport/dtls.h"
#include "transport/srtp.h"

enum { PEOPLE = 4, CLIENTS = 12, EPOCH_UNIX_S = 1790000000 };

static const char *const ids[PEOPLE] = { "t-1", "c-1", "l-1", "l-2" };
static const char *const devices[] = { "", "d-1", "d-2", "d-3" };
static const enum role roles[PEOPLE] = { ROLE_THERAPIST, ROLE_CLIENT, ROLE_LOVED_ONE, ROLE_LOVED_ONE };

/* Whole messages, so that the fuzzer finds the deep states; it can still write its own. */
static const char *const texts[] = {
    "{\"type\":\"media\",\"id\":1,\"mic\":true,\"camera\":true,\"screen\":false}",
    "{\"type\":\"agree\",\"id\":2,\"participant\":\"l-1\",\"yes\":true}",
    "{\"type\":\"agree\",\"id\":2,\"participant\":\"l-1\",\"yes\":false}",
    "{\"type\":\"admit\",\"id\":3,\"participant\":\"l-1\"}",
    "{\"type\":\"admit\",\"id\":3,\"participant\":\"l-2\",\"minutes\":1}",
    "{\"type\":\"step_out\",\"id\":4,\"participant\":\"l-1\"}",
    "{\"type\":\"step_out\",\"id\":4,\"everyone\":true}",
    "{\"type\":\"mute\",\"id\":5,\"participant\":\"l-1\",\"mic\":true,\"camera\":false,\"screen\":false}",
    "{\"type\":\"remove\",\"id\":6,\"participant\":\"l-2\"}",
    "{\"type\":\"extend\",\"id\":7,\"minutes\":1}",
    "{\"type\":\"end\",\"id\":8}",
    "{\"type\":\"leave\",\"id\":9}",
    "{\"type\":\"offer\",\"id\":10,\"sdp\":\"v=0\\r\\no=- 1 1 IN IP4 127.0.0.1\\r\\ns=-\\r\\nt=0 0\\r\\na=group:BUNDLE "
    "0 1\\r\\n"
    "a=ice-ufrag:abcd\\r\\na=ice-pwd:abcdefghijklmnopqrstuv\\r\\na=setup:actpass\\r\\na=fingerprint:sha-256 "
    "00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F\\r\\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\\r\\nc=IN IP4 "
    "0.0.0.0\\r\\na=mid:0\\r\\na=sendonly\\r\\na=rtcp-mux\\r\\na=rtpmap:111 opus/48000/2\\r\\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\\r\\nc=IN IP4 "
    "0.0.0.0\\r\\na=mid:1\\r\\na=recvonly\\r\\na=rtcp-mux\\r\\na=rtpmap:111 opus/48000/2\\r\\n\"}",
    "{\"type\":\"allow_extension\",\"id\":7,\"yes\":true}",
    "{\"type\":\"restart_ice\",\"id\":11,\"ufrag\":\"efgh\",\"pwd\":\"bcdefghijklmnopqrstuvw\"}",
    "{\"type\":\"locate\",\"id\":7,\"address\":\"1 Elm St\",\"phone\":\"555 0100\"}",
};
enum { TEXTS = sizeof texts / sizeof *texts };

static void fill(void *context, uint8_t *at, size_t len)
{
    uint64_t *state = context;
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)((*state = *state * 6364136223846793005u + 1442695040888963407u) >> 56);
}

struct trial {
    struct broker *broker;
    struct outbox *out;
    struct now now;
    bool alive[CLIENTS]; /* client id - 1: it joined or may still, and nobody said goodbye */
};

static void drain(struct trial *t)
{
    if (outbox_datagram_count(t->out) > 0)
        abort(); /* without a check signed with our password, nobody is sent anything */
    for (size_t i = 0; i < outbox_message_count(t->out); i++) {
        struct message m = outbox_message_at(t->out, i);
        if (m.client == 0 || m.client > CLIENTS || !t->alive[m.client - 1])
            abort();
        if (m.kind == MESSAGE_CLOSE)
            t->alive[m.client - 1] = false;
    }
    outbox_clear(t->out);
}

static void plan(struct broker *broker)
{
    struct plan_person people[PEOPLE] = { 0 };
    struct grant grant;
    struct plan p = { .kind = KIND_INDIVIDUAL,
                      .opens_at = EPOCH_UNIX_S,
                      .closes_at = EPOCH_UNIX_S + 3000,
                      .people = people,
                      .people_count = PEOPLE,
                      .grants = &grant,
                      .grant_count = 1 };
    id_parse(bytes_of("s-1"), &p.session);
    id_parse(bytes_of("c-1"), &p.client);
    for (int i = 0; i < PEOPLE; i++) {
        p.people[i].role = roles[i];
        id_parse(bytes_of(ids[i]), &p.people[i].participation);
        p.people[i].person = p.people[i].participation;
        strcpy(p.people[i].name, "A");
    }
    p.grants[0] = (struct grant){ .epoch = 1,
                                  .granted_by = GRANTED_BY_PATIENT,
                                  .kinds = term_bit(KIND_INDIVIDUAL),
                                  .modes = term_bit(MODE_FULL),
                                  .chat = true,
                                  .purpose = "FAMRQT",
                                  .not_before = 1,
                                  .expires = EPOCH_UNIX_S + 1000,
                                  .notice_version = "v1",
                                  .evidence = "form/1",
                                  .status = GRANT_ACTIVE };
    id_parse(bytes_of("g-1"), &p.grants[0].id);
    p.grants[0].client = p.client;
    p.grants[0].person = p.people[2].person;
    if (broker_plan(broker, &p) != OK)
        abort();
}

static void code(struct trial *t, uint8_t whom)
{
    struct id session = { "s-1" }, participation;
    id_parse(bytes_of(ids[whom % PEOPLE]), &participation);
    broker_code(t->broker, t->now, &session, &participation, (enum code_state)(whom >> 4 & 3), t->out);
}

static void deed(struct trial *t, struct reader *r)
{
    uint8_t what = read_u8(r), whom = read_u8(r);
    client_id client = 1 + whom % CLIENTS;
    struct bytes raw = read_bytes(r, what & 4 ? sooner(read_u8(r), r->left) : 0);
    switch (what % 8) {
    case 0: {
        struct claims claims = { .role = roles[whom % PEOPLE], .expires = EPOCH_UNIX_S + 2000 };
        id_parse(bytes_of(ids[whom % PEOPLE]), &claims.participation);
        id_parse(bytes_of("s-1"), &claims.session);
        id_parse(bytes_of(devices[what >> 3 & 3]), &claims.device);
        t->alive[client - 1] = true;
        struct joining joining = { .claims = claims, .request = 77, .move = what & 128 };
        broker_join(t->broker, t->now, client, &joining, t->out);
        break;
    }
    case 1:
    case 2:
    case 3:
        broker_text(t->broker, t->now, client, bytes_of(texts[(what >> 3) % TEXTS]), t->out);
        break;
    case 4:
        broker_text(t->broker, t->now, client, raw, t->out);
        break;
    case 5: {
        struct address from = { .family = ADDRESS_IPV4, .port = whom, .ip = { 192, 0, 2, 1 } };
        uint8_t data[256];
        if (raw.len > 0)
            memcpy(data, raw.at, raw.len);
        broker_datagram(t->broker, t->now, &from, data, raw.len, t->out);
        break;
    }
    case 6:
        if (what & 64) {
            code(t, whom);
            break;
        }
        if (what & 128)
            broker_lost(t->broker, t->now, client, t->now.mono_us, t->out);
        else
            broker_gone(t->broker, t->now, client, t->out);
        drain(t);
        t->alive[client - 1] = false;
        break;
    case 7:
        t->now.mono_us += whom * USEC_PER_SEC;
        t->now.unix_us += whom * (int64_t)USEC_PER_SEC;
        broker_tick(t->broker, t->now, t->out);
        break;
    }
    drain(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct dtls_identity *identity;
    static struct outbox *outbox;
    if (!identity && (srtp_start() != OK || dtls_identity_create(&identity, EPOCH_UNIX_S) != OK ||
                      outbox_create(&outbox, 1 << 20, 1024) != OK))
        abort();
    uint64_t seed = 1;
    struct broker_config config = { .entropy = { fill, &seed },
                                    .identity = identity,
                                    .video_codecs = { { CODEC_VP8 }, 1 },
                                    .rooms_max = 1,
                                    .clients_max = CLIENTS };
    struct address nowhere = { 0 };
    config.candidates = &nowhere;
    struct trial trial = { .out = outbox, .now = { 1000 * USEC_PER_SEC, EPOCH_UNIX_S * (int64_t)USEC_PER_SEC } };
    outbox_clear(outbox);
    if (broker_create(&trial.broker, &config) != OK)
        abort();
    plan(trial.broker);
    struct reader reader = reader_over((struct bytes){ data, size });
    while (reader.left > 0 && !reader.bad)
        deed(&trial, &reader);
    broker_destroy(trial.broker);
    return 0;
}
