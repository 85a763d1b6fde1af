#include "room/broker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "room/connections.h"
#include "room/handlers.h"
#include "room/journal.h"
#include "room/notify.h"
#include "room/orders.h"
#include "room/relay.h"
#include "room/room.h"
#include "room/settle.h"
#include "transport/demux.h"
#include "transport/dtls.h"
#include "transport/stun.h"

#define HEARTBEAT_US USEC_PER_SEC

struct broker {
    struct entropy entropy;
    struct address *candidates;
    struct room_shared shared;
    struct connections *connections;
    struct room *rooms;
    usec_t *due; /* each room's deadline once more, side by side: a look at all of them is short */
    size_t room_count, rooms_max;
    struct id roomless;  /* broker_roomless */
    struct now now;      /* of the latest event */
    usec_t deadline;     /* no room wants to run before; may be early, never late */
    usec_t heartbeat_at; /* while any interval is open */
};

enum status broker_create(struct broker **created, const struct broker_config *config)
{
    struct broker *b = calloc(1, sizeof *b);
    if (!b)
        return ERR_NO_MEMORY;
    b->entropy = config->entropy;
    b->rooms_max = config->rooms_max;
    b->deadline = b->heartbeat_at = NEVER;
    b->rooms = calloc(config->rooms_max, sizeof *b->rooms);
    b->due = calloc(config->rooms_max, sizeof *b->due);
    b->candidates = calloc(config->candidate_count + 1, sizeof *b->candidates);

    uint64_t seed;
    entropy_fill(&b->entropy, &seed, sizeof seed);
    enum status status = b->rooms && b->due && b->candidates ? OK : ERR_NO_MEMORY;
    if (status == OK)
        status = connections_create(&b->connections, config->clients_max, &b->entropy);
    if (status == OK)
        status = routes_create(&b->shared.routes, (uint32_t)config->clients_max, seed);
    if (status != OK) {
        broker_destroy(b);
        return status;
    }
    memcpy(b->candidates, config->candidates, config->candidate_count * sizeof *b->candidates);
    b->shared.connections = b->connections;
    b->shared.log = config->log;
    b->shared.picture_percent = 100;
    b->shared.turn = config->turn;
    b->shared.link = (struct link_config){
        .entropy = &b->entropy,
        .identity = config->identity,
        .fingerprint = dtls_identity_fingerprint(config->identity),
        .candidates = b->candidates,
        .candidate_count = config->candidate_count,
        .video_codecs = config->video_codecs,
    };
    *created = b;
    return OK;
}

void broker_destroy(struct broker *b)
{
    if (!b)
        return;
    for (size_t i = 0; i < b->room_count; i++)
        room_deinit(&b->rooms[i]);
    free(b->rooms);
    free(b->due);
    free(b->candidates);
    connections_destroy(b->connections);
    routes_destroy(b->shared.routes);
    free(b);
}

static struct room *find_room(struct broker *b, const struct id *session)
{
    for (size_t i = 0; i < b->room_count; i++)
        if (id_equal(&b->rooms[i].plan.session, session))
            return &b->rooms[i];
    return NULL;
}

static struct plan_person *planned(struct plan *plan, const struct id *participation)
{
    for (size_t i = 0; i < plan->people_count; i++)
        if (id_equal(&plan->people[i].participation, participation))
            return &plan->people[i];
    return NULL;
}

/* Who was removed stays so, whatever else is changed. False: somebody removed was left out, and could be put back later
 * as new. */
static bool keep_removals(const struct room *room, struct plan *plan)
{
    for (size_t i = 0; i < room->plan.denied_device_count; i++)
        plan_deny_device(plan, &room->plan.denied_devices[i]);
    for (size_t i = 0; i < room->people_count; i++) {
        if (room->people[i].seat != SEAT_REMOVED)
            continue;
        struct plan_person *person = planned(plan, &room->people[i].who.participation);
        if (!person)
            return false;
        person->denied = true;
    }
    if (plan->ended_at < room->plan.ended_at)
        plan->ended_at = room->plan.ended_at; /* and what was ended stays ended */
    return true;
}

/* A room begins anew; what came of people's codes is still known. */
static enum status replan(struct room *room, struct room_shared *shared, const struct plan *plan)
{
    struct room anew;
    TRY(room_init(&anew, shared, plan));
    for (size_t i = 0; i < anew.people_count; i++) {
        const struct participant *known = room_find(room, &anew.people[i].who.participation);
        anew.people[i].code = known ? known->code : CODE_NONE;
    }
    room_deinit(room);
    *room = anew;
    return OK;
}

/* It was ended, or its box is over, and nobody is there. What must be known of it later is in the ledger. The box of a
 * room that was entered is over by the clock that closes it, whatever the wall clock says; nobody can extend it from
 * outside. */
static bool is_past(const struct broker *b, const struct room *room)
{
    if (room_is_live(room))
        return false;
    if (room_is_ended(room))
        return true;
    if (room->anchored) /* closes_us may be NEVER */
        return b->now.mono_us >= room->closes_us && b->now.mono_us - room->closes_us >= TOKEN_LEEWAY_S * USEC_PER_SEC;
    return now_unix_s(b->now) >= room->plan.closes_at + TOKEN_LEEWAY_S;
}

/* A new place, or that of a session that is past; NULL when all are taken. */
static struct room *place_for_room(struct broker *b)
{
    if (b->room_count < b->rooms_max)
        return &b->rooms[b->room_count];
    for (size_t i = 0; i < b->room_count; i++)
        if (is_past(b, &b->rooms[i]))
            return &b->rooms[i];
    return NULL;
}

/* What every event in a room ends with. */
static void touched(struct broker *b, const struct room *room)
{
    b->due[room - b->rooms] = room->deadline;
    b->deadline = sooner(b->deadline, room->deadline);
    if (b->shared.intervals_open > 0 && b->heartbeat_at == NEVER)
        b->deadline = 0; /* the first heartbeat is due */
}

static enum status put_plan(struct broker *b, const struct plan *plan, struct room *known)
{
    if (plan->people_count == 0 || plan->people_count > PLAN_PEOPLE_MAX || plan->grant_count > PLAN_GRANTS_MAX ||
        plan->denied_device_count > PLAN_DEVICES_MAX || plan->closes_at <= plan->opens_at)
        return ERR_MALFORMED;
    if (known && room_is_live(known))
        return ERR_STATE;
    struct room *room = known ? known : place_for_room(b);
    if (!room)
        return ERR_FULL;
    struct id before = room->plan.session; /* empty in a new place */
    struct plan kept;
    TRY(plan_copy(&kept, plan));
    enum status status = known && !keep_removals(room, &kept) ? ERR_STATE : replan(room, &b->shared, &kept);
    plan_deinit(&kept);
    if (status != OK)
        return status;
    if (room == &b->rooms[b->room_count])
        b->room_count++;
    else if (!known)
        b->roomless = before;
    touched(b, room);
    return OK;
}

enum status broker_plan(struct broker *b, const struct plan *plan)
{
    struct room *known = find_room(b, &plan->session);
    b->roomless = (struct id){ "" };
    enum status status = put_plan(b, plan, known);
    if (status != OK && !known)
        b->roomless = plan->session;
    return status;
}

const struct id *broker_roomless(const struct broker *b)
{
    return &b->roomless;
}

/* After a crash an interval counts as over at the last heartbeat: so one a second. */
static void heartbeat(struct broker *b, struct now now, struct outbox *out)
{
    if (b->shared.intervals_open == 0) {
        b->heartbeat_at = NEVER;
    } else if (b->heartbeat_at == NEVER || now.mono_us >= b->heartbeat_at) {
        b->heartbeat_at = now.mono_us + HEARTBEAT_US;
        journal_heartbeat(&b->shared, now.unix_us, out);
    }
}

void broker_tick(struct broker *b, struct now now, struct outbox *out)
{
    b->now = now;
    if (now.mono_us < b->deadline)
        return;
    heartbeat(b, now, out);
    b->deadline = b->heartbeat_at;
    for (size_t i = 0; i < b->room_count; i++) {
        if (now.mono_us >= b->due[i]) {
            room_tick(&b->rooms[i], now, out);
            b->due[i] = b->rooms[i].deadline;
        }
        b->deadline = sooner(b->deadline, b->due[i]);
    }
}

/* ---- The ledger's answers, and the clinic's ---- */

static void answer_waiting(struct broker *b, struct now now, struct room *room, uint64_t number, bool durable,
                           struct outbox *out)
{
    for (size_t i = 0; i < room->people_count; i++) {
        struct participant *p = &room->people[i];
        uint64_t waits_for = p->interval.record;
        bool meant = durable ? waits_for <= number : waits_for == number;
        if (p->seat != SEAT_ADMITTING || waits_for == 0 || !meant)
            continue;
        room_enter(room, now);
        room_commit(room, now, p, durable, out);
        touched(b, room);
    }
}

void broker_durable(struct broker *b, struct now now, uint64_t number, struct outbox *out)
{
    broker_tick(b, now, out);
    for (size_t i = 0; i < b->room_count; i++) {
        answer_waiting(b, now, &b->rooms[i], number, true, out);
        room_pay(&b->rooms[i], number, out);
    }
}

void broker_refused(struct broker *b, struct now now, uint64_t number, struct outbox *out)
{
    broker_tick(b, now, out);
    for (size_t i = 0; i < b->room_count; i++)
        answer_waiting(b, now, &b->rooms[i], number, false, out);
}

void broker_grant(struct broker *b, struct now now, const struct grant *grant, struct outbox *out)
{
    broker_tick(b, now, out);
    for (size_t i = 0; i < b->room_count; i++) {
        struct room *room = &b->rooms[i];
        if (!room_grant(room, grant))
            continue;
        room_enter(room, now);
        room_settle(room, now, out);
        touched(b, room);
    }
}

void broker_code(struct broker *b, struct now now, const struct id *session, const struct id *participation,
                 enum code_state state, struct outbox *out)
{
    broker_tick(b, now, out);
    struct room *room = find_room(b, session);
    struct participant *p = room ? room_find(room, participation) : NULL;
    if (!p)
        return;
    room_enter(room, now);
    p->code = state;
    if (state == CODE_FAILED) {
        journal_note(room, RECORD_REFUSED, p, NULL, "code_failed", out);
        notify_link_trouble(room, p, out);
    }
    log_info(b->shared.log, "session %s: the code of %s: %s", session->text, participation->text,
             code_state_name(state));
    room_settle(room, now, out);
    touched(b, room);
}

void broker_acknowledged(struct broker *b, struct now now, const struct acknowledgement *known, struct outbox *out)
{
    broker_tick(b, now, out);
    for (size_t i = 0; i < b->room_count; i++) {
        struct room *room = &b->rooms[i];
        if (!room_acknowledged(room, known, out))
            continue;
        room_enter(room, now);
        room_settle(room, now, out);
        touched(b, room);
    }
}

enum status broker_moderate(struct broker *b, struct now now, const struct moderation *order, struct outbox *out)
{
    broker_tick(b, now, out);
    struct room *room = find_room(b, &order->session);
    if (!room)
        return ERR_UNKNOWN;
    room_enter(room, now);
    enum status status = order_of_clinic(room, now, order, out);
    room_settle(room, now, out);
    touched(b, room);
    return status;
}

static struct attendee attendee_of(const struct participant *p)
{
    struct attendee attendee = {
        .participation = p->who.participation,
        .role = p->who.role,
        .connected = participant_connected(p),
        .prepared = p->prepared,
        .code = p->code,
    };
    snprintf(attendee.seat, sizeof attendee.seat, "%s", seat_name(p->seat));
    return attendee;
}

void broker_attendance(struct broker *b, struct now now, const struct id *session, struct attendance *attendance)
{
    struct room *room = find_room(b, session);
    *attendance = (struct attendance){ 0 };
    if (!room)
        return;
    room_enter(room, now);
    room_wake_at(room, room->settle_at); /* a clock that was set is to be looked at, and not only by this question */
    touched(b, room);
    snprintf(attendance->phase, sizeof attendance->phase, "%s", phase_name(room_phase(room, now)));
    attendance->opens_at = room->plan.opens_at;
    attendance->closes_at = room_closes_at(room);
    attendance->count = room->people_count;
    for (size_t i = 0; i < room->people_count; i++)
        attendance->people[i] = attendee_of(&room->people[i]);
}

/* Why these claims don't open this room now; NULL when they do. Everything that would tell what exists reads alike. */
static const char *join_refusal(const struct room *room, struct now now, const struct participant *p,
                                const struct joining *joining)
{
    const struct claims *claims = &joining->claims;
    if (!room || !p || p->who.role != claims->role || p->who.role == ROLE_ADMIN || p->seat == SEAT_REMOVED ||
        room_denies_on(room, p, &claims->device))
        return "bad_token";
    if (room_phase(room, now) == PHASE_CLOSED)
        return "session_over";
    if (participant_connected(p) && !joining->move && !participant_is_on(p, &claims->device) &&
        !room_may_resume(p, &joining->resume, &claims->device))
        return "already_connected";
    return NULL;
}

static enum status refuse_join(client_id client, uint32_t request, const char *code, struct outbox *out)
{
    notify_error(client, request, code, out);
    /* 'already_connected' leaves the socket open: the person may choose to move here. */
    if (strcmp(code, "already_connected") != 0)
        outbox_close(out, client, code);
    return ERR_FORBIDDEN;
}

/* Another socket for the same link. If the server has not noticed yet that the first one is dead, it closes before the
 * second opens. */
static void resume(struct broker *b, struct room *room, struct participant *p, client_id client, struct outbox *out)
{
    if (participant_listens(p))
        outbox_close(out, p->client, "moved");
    connections_rename(b->connections, p->connection, client); /* which is new to it: broker_join has looked */
    room_resume(room, p, client, out);
    log_info(b->shared.log, "session %s: %s goes on by another socket", room->plan.session.text,
             p->who.participation.text);
}

static enum status enter(struct broker *b, struct now now, struct room *room, struct participant *p, client_id client,
                         const struct joining *joining, struct outbox *out)
{
    const struct id *device = &joining->claims.device;
    uint32_t number;
    TRY(connections_add(b->connections, client, room, room_index(room, p), &number));

    /* The first connection closes before the second opens, and the room has seen it go. */
    if (participant_connected(p)) {
        room_dismiss(room, now, p, "moved", out);
        room_settle(room, now, out);
    }
    /* Coming back by oneself is for the device that one was on. Whoever comes on another may be somebody else with the
     * link, so the therapist looks and lets them in again. */
    if (!participant_is_on(p, device))
        room_seat(room, p, SEAT_GRACE_OVER, NULL, "moved", out);
    p->client = client;
    p->device = *device;
    p->connection = number;
    room_welcome(room, p, out);
    log_info(b->shared.log, "session %s: %s (%s) joined as %s", room->plan.session.text, p->who.participation.text,
             role_name(p->who.role), seat_name(p->seat));
    return OK;
}

enum status broker_join(struct broker *b, struct now now, client_id client, const struct joining *joining,
                        struct outbox *out)
{
    const struct claims *claims = &joining->claims;
    broker_tick(b, now, out);
    if (connections_find(b->connections, client)) {
        notify_error(client, joining->request, "already_joined", out);
        return ERR_STATE;
    }
    struct room *room = find_room(b, &claims->session);
    struct participant *p = room ? room_find(room, &claims->participation) : NULL;
    if (room)
        room_enter(room, now);
    const char *refused = join_refusal(room, now, p, joining);
    if (refused)
        return refuse_join(client, joining->request, refused, out);
    if (room_may_resume(p, &joining->resume, &claims->device))
        resume(b, room, p, client, out);
    else if (enter(b, now, room, p, client, joining, out) != OK)
        return refuse_join(client, joining->request, "busy", out);
    p->token_ends = room_mono_at(room, now, claims->expires + TOKEN_LEEWAY_S);
    notify_done(client, joining->request, out);
    room_settle(room, now, out);
    touched(b, room);
    return OK;
}

/* Whose connection it still is; NULL for nobody's, as after a close, while messages are under way. */
static struct participant *owner_of(const struct connection *connection)
{
    if (!connection || connection->person >= connection->room->people_count)
        return NULL;
    struct participant *p = &connection->room->people[connection->person];
    return p->client == connection->client ? p : NULL;
}

static const char *parse_refusal(enum status status)
{
    return status == ERR_FULL ? "too_long" : status == ERR_UNSUPPORTED ? "unknown_type" : "malformed";
}

enum status broker_text(struct broker *b, struct now now, client_id client, struct bytes text, struct outbox *out)
{
    broker_tick(b, now, out);
    struct connection *connection = connections_find(b->connections, client);
    struct participant *p = owner_of(connection);
    if (!p) {
        b->shared.counts.texts_refused++;
        return ERR_UNKNOWN;
    }
    struct room *room = connection->room;
    struct request request = { 0 };
    enum status status = request_parse(text, &request);
    if (status != OK) {
        b->shared.counts.texts_refused++;
        notify_error(client, request.id, parse_refusal(status), out);
        return status;
    }
    room_enter(room, now);
    handle_request(room, now, p, &request, out);
    touched(b, room);
    request_wipe(&request);
    return OK;
}

enum status broker_gone(struct broker *b, struct now now, client_id client, struct outbox *out)
{
    struct connection *connection = connections_find(b->connections, client);
    if (!connection)
        return ERR_UNKNOWN;
    struct room *room = connection->room;
    struct participant *p = owner_of(connection);
    uint32_t number = connections_number(b->connections, connection);
    if (p) {
        room_enter(room, now);
        room_disconnect(room, now, p);
        room_settle(room, now, out);
        log_info(b->shared.log, "session %s: %s lost the connection", room->plan.session.text,
                 p->who.participation.text);
        touched(b, room);
    }
    connections_remove(b->connections, number);
    return OK;
}

enum status broker_lost(struct broker *b, struct now now, client_id client, usec_t heard, struct outbox *out)
{
    broker_tick(b, now, out);
    struct connection *connection = connections_find(b->connections, client);
    struct participant *p = owner_of(connection);
    if (!p || !room_hold(connection->room, now, p, heard))
        return broker_gone(b, now, client, out);
    room_enter(connection->room, now);
    room_settle(connection->room, now, out);
    touched(b, connection->room);
    return OK;
}

/* A source that says it is us: what we answered would come back to us. */
static bool is_ourselves(const struct broker *b, const struct address *peer)
{
    for (size_t i = 0; i < b->shared.link.candidate_count; i++)
        if (address_equal(&b->candidates[i], peer))
            return true;
    return false;
}

static struct participant *route(struct broker *b, const struct address *peer, struct bytes datagram, uint32_t *number)
{
    if (is_ourselves(b, peer))
        return NULL;
    bool known = demux(datagram) == PACKET_STUN
                     ? routes_find_ufrag(b->shared.routes, stun_route_ufrag(datagram), number)
                     : routes_find_address(b->shared.routes, peer, number);
    struct participant *p = known ? owner_of(connections_at(b->connections, *number)) : NULL;
    return p && p->link ? p : NULL;
}

/* An address that another live connection answers for can't be taken from it, whatever a check claims: source addresses
 * can be forged. */
static bool belongs_to_another(struct broker *b, struct now now, const struct address *peer, uint32_t number)
{
    uint32_t holder;
    if (!routes_find_address(b->shared.routes, peer, &holder) || holder == number)
        return false;
    struct participant *p = owner_of(connections_at(b->connections, holder));
    return p && p->link && now.mono_us < transport_last_consent(p->link->transport) + TRANSPORT_CONSENT_US;
}

enum status broker_datagram(struct broker *b, struct now now, const struct address *peer, uint8_t *data, size_t len,
                            struct outbox *out)
{
    broker_tick(b, now, out); /* a box or a segment that is over lets no packet through, however late the tick */
    uint32_t number = 0;
    struct participant *p = route(b, peer, (struct bytes){ data, len }, &number);
    if (!p) {
        b->shared.counts.packets_refused++;
        return ERR_UNKNOWN;
    }
    struct room *room = connections_at(b->connections, number)->room;
    struct transport_event event = { 0 };
    enum status status = transport_datagram(p->link->transport, now, peer, data, len, out, &event);
    if (transport_is_ready(p->link->transport) && (event.checked || event.kind != TRANSPORT_NOTHING))
        p->heard = now.mono_us;
    if (event.checked && !belongs_to_another(b, now, peer, number))
        routes_add_address(b->shared.routes, peer, number);
    switch (event.kind) {
    case TRANSPORT_RTP:
        relay_rtp(room, now, p, event.packet, out);
        break;
    case TRANSPORT_RTCP:
        relay_rtcp(room, now, p, event.packet, out);
        break;
    case TRANSPORT_READY:
        relay_ready(room, now, p, out);
        room_enter(room, now);
        room_settle(room, now, out); /* from now on the peer's consent has an end */
        log_debug(b->shared.log, "session %s: media of %s ready", room->plan.session.text, p->who.participation.text);
        break;
    case TRANSPORT_CLOSED:
        room_enter(room, now);
        room_dismiss(room, now, p, "media_closed", out);
        room_settle(room, now, out);
        break;
    case TRANSPORT_NOTHING:
        room_wake_at(room, transport_deadline(p->link->transport));
        break;
    }
    if (status != OK)
        b->shared.counts.packets_refused++;
    touched(b, room);
    return status;
}

void broker_set_picture_share(struct broker *b, unsigned percent)
{
    b->shared.picture_percent = percent < 100 ? percent : 100;
}

usec_t broker_deadline(const struct broker *b)
{
    return b->deadline;
}

struct broker_counts broker_counts(const struct broker *b)
{
    struct broker_counts counts = {
        .clients = connections_count(b->connections),
        .packets_in = b->shared.counts.packets_in,
        .packets_out = b->shared.counts.packets_out,
        .packets_refused = b->shared.counts.packets_refused,
        .texts_refused = b->shared.counts.texts_refused,
    };
    for (size_t i = 0; i < b->room_count; i++)
        counts.rooms_live += room_is_live(&b->rooms[i]);
    return counts;
}
