#include "transport/transport.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "transport/demux.h"
#include "transport/dtls.h"
#include "transport/farewell.h"
#include "transport/ice.h"
#include "transport/srtp.h"

_Static_assert(TRANSPORT_CONSENT_US == ICE_CONSENT_US, "one idea of consent");

/* DTLS that overtook the nominating check. Browsers send the ClientHello (two datagrams) as soon as a check of theirs
 * was answered; dropping it would cost their retransmission timer. Allocated for the few that need it. */
enum { EARLY_MAX = 4 };
#define EARLY_US (2 * USEC_PER_SEC)

/* A peer that lacks our Finished sends its own again after 1, 3, 7, 15 and 31 seconds (RFC 6347 4.2.4.1), browsers
 * sooner. */
#define SETTLED_US (60 * USEC_PER_SEC)

struct early_record {
    usec_t received_us;
    size_t len;
    uint8_t data[TRANSPORT_PACKET_MAX];
};

struct early {
    size_t count;
    struct early_record records[EARLY_MAX];
};

struct transport {
    struct entropy entropy;
    const struct dtls_identity *identity;
    struct ice ice;
    struct dtls *dtls;        /* from transport_set_remote until the peer has our Finished */
    struct farewell farewell; /* from then on */
    struct srtp *srtp;        /* once DTLS is ready */
    struct early *early;      /* NULL when nothing waits for a nomination */
    bool has_remote, closed;
    usec_t dtls_deadline_us;
    usec_t settled_us; /* when a peer that says nothing of DTLS any more has our Finished; NEVER before the handshake */
};

/* Where DTLS records go: to the selected address, while there is consent. */
struct outlet {
    struct transport *transport;
    struct now now;
    struct outbox *outbox;
};

static void send_record(void *context, struct bytes record)
{
    struct outlet *outlet = context;
    const struct ice *ice = &outlet->transport->ice;
    if (ice_has_consent(ice, outlet->now))
        outbox_datagram(outlet->outbox, ice_selected(ice), record); /* if full, DTLS sends it again */
}

static struct dtls_sink sink_to(struct outlet *outlet)
{
    return (struct dtls_sink){ send_record, outlet };
}

enum status transport_create(struct transport **created, const struct transport_config *config)
{
    struct transport *t = calloc(1, sizeof *t);
    if (!t)
        return ERR_NO_MEMORY;
    t->entropy = *config->entropy;
    t->identity = config->identity;
    t->dtls_deadline_us = t->settled_us = NEVER;
    ice_init(&t->ice, config->entropy);
    *created = t;
    return OK;
}

void transport_destroy(struct transport *t)
{
    if (!t)
        return;
    if (t->srtp)
        srtp_destroy(t->srtp);
    if (t->dtls)
        dtls_destroy(t->dtls);
    ice_deinit(&t->ice);
    bytes_wipe(&t->farewell, sizeof t->farewell);
    free(t->early);
    free(t);
}

const char *transport_ufrag(const struct transport *t)
{
    return t->ice.ufrag;
}
const char *transport_pwd(const struct transport *t)
{
    return t->ice.pwd;
}

enum status transport_set_remote(struct transport *t, const struct transport_remote *remote)
{
    struct dtls *dtls;
    if (t->has_remote)
        return ERR_STATE;
    TRY(dtls_create(&dtls, t->identity, remote->fingerprint));
    enum status status = ice_set_remote(&t->ice, remote->ufrag, remote->pwd);
    if (status != OK) {
        dtls_destroy(dtls);
        return status;
    }
    t->dtls = dtls;
    t->has_remote = true;
    return OK;
}

enum status transport_restart_ice(struct transport *t, struct bytes ufrag, struct bytes pwd)
{
    return t->closed ? ERR_STATE : ice_restart(&t->ice, &t->entropy, ufrag, pwd);
}

static enum status open_srtp(struct transport *t)
{
    struct srtp_keys keys;
    enum status status = dtls_export_keys(t->dtls, &keys);
    if (status == OK)
        status = srtp_session_create(&t->srtp, &keys);
    bytes_wipe(&keys, sizeof keys);
    return status;
}

static void note_closed(struct transport *t, struct transport_event *event)
{
    t->closed = true;
    event->kind = TRANSPORT_CLOSED;
}

/* Takes notice of where the handshake got to. A session whose keys can't be set up is as good as closed. */
static void follow_dtls(struct transport *t, struct now now, struct transport_event *event)
{
    t->dtls_deadline_us = dtls_deadline(t->dtls, now);
    enum dtls_state state = dtls_state(t->dtls);
    if (state == DTLS_READY && !t->srtp) {
        if (open_srtp(t) == OK)
            event->kind = TRANSPORT_READY;
        else
            state = DTLS_CLOSED;
    }
    if (state == DTLS_CLOSED)
        note_closed(t, event);
}

/* One datagram on its way through: what every handler needs. */
struct arrival {
    struct now now;
    const struct address *peer;
    uint8_t *data;
    size_t len;
    struct outbox *outbox;
    struct transport_event *event;
};

/* DTLS's state, tens of kilobytes, is needed until the peer is known to have our Finished; till then it may send its
 * own again. Authentic media tells: its keys come with our Finished; and so does a minute of silence. With a suite that
 * farewell does not know it stays. */
static void release_dtls(struct transport *t)
{
    t->settled_us = NEVER;
    if (dtls_export_farewell(t->dtls, &t->farewell) != OK)
        return;
    dtls_destroy(t->dtls);
    t->dtls = NULL;
    t->dtls_deadline_us = NEVER;
}

static enum status feed_dtls(struct transport *t, const struct arrival *a, struct bytes record)
{
    if (!t->dtls) {
        TRY(farewell_read(&t->farewell, record));
        note_closed(t, a->event);
        return OK;
    }
    struct outlet outlet = { t, a->now, a->outbox };
    enum status status = dtls_datagram(t->dtls, record, sink_to(&outlet));
    follow_dtls(t, a->now, a->event);
    if (t->srtp)
        t->settled_us = a->now.mono_us + SETTLED_US;
    return a->event->kind == TRANSPORT_NOTHING ? status : OK; /* what was refused is told by the event */
}

static void drop_early(struct transport *t)
{
    free(t->early);
    t->early = NULL;
}

static enum status keep_early(struct transport *t, const struct arrival *a)
{
    if (a->len > TRANSPORT_PACKET_MAX)
        return ERR_MALFORMED;
    if (!t->early)
        t->early = calloc(1, sizeof *t->early);
    if (!t->early)
        return ERR_NO_MEMORY;
    if (t->early->count == EARLY_MAX)
        return ERR_FULL;
    struct early_record *record = &t->early->records[t->early->count++];
    record->received_us = a->now.mono_us;
    record->len = a->len;
    memcpy(record->data, a->data, a->len);
    return OK;
}

/* Forgets what has waited too long; the records are in order of arrival. */
static void expire_early(struct transport *t, struct now now)
{
    if (!t->early)
        return;
    size_t old = 0;
    while (old < t->early->count && now.mono_us - t->early->records[old].received_us >= EARLY_US)
        old++;
    t->early->count -= old;
    if (t->early->count == 0)
        drop_early(t);
    else
        memmove(t->early->records, t->early->records + old, t->early->count * sizeof *t->early->records);
}

static void hand_on_early(struct transport *t, const struct arrival *a)
{
    for (size_t i = 0; i < t->early->count && !t->closed; i++)
        feed_dtls(t, a, (struct bytes){ t->early->records[i].data, t->early->records[i].len });
    drop_early(t);
}

static enum status on_stun(struct transport *t, const struct arrival *a)
{
    struct ice_reply reply;
    enum status status = ice_datagram(&t->ice, a->now, a->peer, (struct bytes){ a->data, a->len }, &reply);
    if (reply.len > 0)
        outbox_datagram(a->outbox, a->peer, (struct bytes){ reply.at, reply.len });
    TRY(status);
    a->event->checked = true;
    if (t->early && ice_selected(&t->ice))
        hand_on_early(t, a);
    return OK;
}

/* A checked address is the peer's own, so once any path is nominated records from each of them are welcome: a handshake
 * need not wait for a change of path to be nominated. Answers go to the selected one. */
static enum status on_dtls(struct transport *t, const struct arrival *a)
{
    if (!ice_is_checked(&t->ice, a->peer))
        return ERR_FORBIDDEN;
    if (!ice_selected(&t->ice))
        return keep_early(t, a);
    return feed_dtls(t, a, (struct bytes){ a->data, a->len });
}

typedef enum status open_fn(struct srtp *, uint8_t *packet, size_t *len);

static enum status on_media(struct transport *t, const struct arrival *a, open_fn *open, enum transport_event_kind kind)
{
    size_t len = a->len;
    if (!t->srtp)
        return ERR_STATE;
    if (!ice_is_checked(&t->ice, a->peer))
        return ERR_FORBIDDEN;
    TRY(open(t->srtp, a->data, &len));
    ice_heard(&t->ice, a->now, a->peer);
    if (t->dtls)
        release_dtls(t);
    a->event->kind = kind;
    a->event->packet = (struct bytes){ a->data, len };
    return OK;
}

static enum status on_rtp(struct transport *t, const struct arrival *a)
{
    return on_media(t, a, srtp_open_rtp, TRANSPORT_RTP);
}

static enum status on_rtcp(struct transport *t, const struct arrival *a)
{
    return on_media(t, a, srtp_open_rtcp, TRANSPORT_RTCP);
}

enum status transport_datagram(struct transport *t, struct now now, const struct address *peer, uint8_t *data,
                               size_t len, struct outbox *outbox, struct transport_event *event)
{
    static enum status (*const handlers[])(struct transport *, const struct arrival *) = {
        [PACKET_STUN] = on_stun,
        [PACKET_DTLS] = on_dtls,
        [PACKET_RTP] = on_rtp,
        [PACKET_RTCP] = on_rtcp,
    };
    *event = (struct transport_event){ .kind = TRANSPORT_NOTHING };
    if (!t->has_remote || t->closed)
        return ERR_STATE;
    expire_early(t, now);
    enum packet_kind kind = demux((struct bytes){ data, len });
    if (kind == PACKET_UNKNOWN)
        return ERR_MALFORMED;
    return handlers[kind](t, &(struct arrival){ now, peer, data, len, outbox, event });
}

void transport_tick(struct transport *t, struct now now, struct outbox *outbox)
{
    if (!t->dtls || t->closed)
        return;
    struct transport_event unseen = { 0 };
    struct outlet outlet = { t, now, outbox };
    expire_early(t, now);
    dtls_tick(t->dtls, now, sink_to(&outlet));
    follow_dtls(t, now, &unseen);
    if (now.mono_us < t->settled_us)
        return;
    if (ice_has_consent(&t->ice, now))
        release_dtls(t);
    else
        t->settled_us = now.mono_us + SETTLED_US; /* the path's silence says nothing */
}

usec_t transport_deadline(const struct transport *t)
{
    if (t->closed)
        return NEVER;
    usec_t deadline = sooner(t->dtls_deadline_us, t->settled_us);
    return t->early ? sooner(deadline, t->early->records[0].received_us + EARLY_US) : deadline;
}

bool transport_is_ready(const struct transport *t)
{
    return t->srtp && !t->closed;
}
bool transport_is_closed(const struct transport *t)
{
    return t->closed;
}
usec_t transport_last_consent(const struct transport *t)
{
    return ice_last_consent(&t->ice);
}

static enum status seal(struct transport *t, struct now now, uint8_t *packet, size_t *len, size_t cap,
                        struct address *peer, enum status (*with)(struct srtp *, uint8_t *, size_t *, size_t))
{
    if (!transport_is_ready(t))
        return ERR_STATE;
    if (!ice_has_consent(&t->ice, now))
        return ERR_EXPIRED;
    TRY(with(t->srtp, packet, len, cap));
    *peer = *ice_selected(&t->ice);
    return OK;
}

enum status transport_seal_rtp(struct transport *t, struct now now, uint8_t *packet, size_t *len, size_t cap,
                               struct address *peer)
{
    return seal(t, now, packet, len, cap, peer, srtp_seal_rtp);
}

enum status transport_seal_rtcp(struct transport *t, struct now now, uint8_t *packet, size_t *len, size_t cap,
                                struct address *peer)
{
    return seal(t, now, packet, len, cap, peer, srtp_seal_rtcp);
}
