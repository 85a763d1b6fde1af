#include "sim/walk.h"

/* The broker itself, and not its interface: only so can a state be lifted out and put back. */
#include "room/broker.c"

#include "ledger/intervals.h"

enum { CLIENTS_MAX = 16, KEY_MAX = 64 };

/* There is one at a time. */
static struct plan small_plan(bool group)
{
    static struct plan_person cast[PEOPLE];
    static struct grant grants[2];
    struct plan plan = {
        .session = walk_id("s1"),
        .kind = group ? KIND_GROUP : KIND_INDIVIDUAL,
        .opens_at = EPOCH_UNIX_S,
        .closes_at = EPOCH_UNIX_S + BOX_S,
        .client = walk_id("client"),
        .people = cast,
        .people_count = PEOPLE,
        .grants = grants,
        .grant_count = 2,
        .guidance_version = "g1",
        .notice_version = "n1",
    };
    for (int i = 0; i < PEOPLE; i++)
        plan.people[i] = (struct plan_person){
            .participation = walk_id(people[i]), .person = walk_id(people[i]), .role = roles[i], .name = "N"
        };
    for (int i = 0; i < 2; i++)
        plan.grants[i] = (struct grant){
            .id = walk_id(i ? "g2" : "g1"),
            .epoch = 1,
            .client = plan.client,
            .person = walk_id(people[FIRST_LOVED + i]),
            .granted_by = GRANTED_BY_PATIENT,
            .kinds = term_bit(KIND_INDIVIDUAL) | term_bit(KIND_GROUP),
            .modes = term_bit(MODE_AUDIO) | term_bit(MODE_LISTEN),
            .chat = true,
            .topics = term_bit(TOPIC_GENERAL_PROGRESS),
            .purpose = "FAMRQT",
            .not_before = EPOCH_UNIX_S - 60,
            .expires = EPOCH_UNIX_S + GRANT_S,
            .notice_version = "n1",
            .evidence = "DocumentReference/1",
            .status = GRANT_ACTIVE,
        };
    return plan;
}

static void fill(void *context, uint8_t *at, size_t len)
{
    struct walk *w = context;
    for (size_t i = 0; i < len; i++, w->dice = w->dice * UINT64_C(6364136223846793005) + 1442695040888963407u)
        at[i] = (uint8_t)(w->dice >> 56);
}

void state_begin(struct walk *w, bool group)
{
    static const struct address candidate = { .family = ADDRESS_IPV4, .port = 40000 };
    w->plan = small_plan(group);
    w->law = (struct law){ .group = group,
                           .now = START_US,
                           .closes = START_US + BOX_S * USEC_PER_SEC,
                           .grant_until = START_US + GRANT_S * USEC_PER_SEC };
    if (dtls_identity_create(&w->identity, EPOCH_UNIX_S) != OK)
        abort();
    struct broker_config config = { .entropy = { fill, w },
                                    .identity = w->identity,
                                    .candidates = &candidate,
                                    .candidate_count = 1,
                                    .video_codecs = { { CODEC_VP8 }, 1 },
                                    .rooms_max = 1,
                                    .clients_max = CLIENTS_MAX };
    if (outbox_create(&w->outbox, 1 << 18, 256) != OK || broker_create(&w->broker, &config) != OK ||
        broker_plan(w->broker, &w->plan) != OK)
        abort();
    w->room = &w->broker->rooms[0];
}

void state_end(struct walk *w)
{
    broker_destroy(w->broker);
    dtls_identity_destroy(w->identity);
    outbox_destroy(w->outbox);
}

/* ---- Out of the broker, and back ---- */

struct state *state_lift(const struct walk *w)
{
    struct state *s = malloc(sizeof *s);
    if (!s)
        abort();
    s->law = w->law;
    memcpy(s->grants, w->room->plan.grants, sizeof s->grants);
    memcpy(s->denied, w->room->plan.denied_devices, sizeof s->denied);
    s->denied_count = w->room->plan.denied_device_count;
    s->ended_at = w->room->plan.ended_at;
    memcpy(s->seats, w->room->people, sizeof s->seats);
    s->records = w->broker->shared.records;
    s->intervals_open = w->broker->shared.intervals_open;
    s->deadline = w->broker->deadline;
    s->heartbeat_at = w->broker->heartbeat_at;
    memcpy(s->rest, (uint8_t *)w->room + offsetof(struct room, anchored), sizeof s->rest);
    return s;
}

static void disconnect_all(struct walk *w)
{
    for (uint32_t i = 0; i < CLIENTS_MAX; i++)
        connections_remove(w->broker->connections, i); /* of those that there are */
}

void state_put_back(struct walk *w, const struct state *s)
{
    w->law = s->law;
    memcpy(w->room->plan.grants, s->grants, sizeof s->grants);
    memcpy(w->room->plan.denied_devices, s->denied, sizeof s->denied);
    w->room->plan.denied_device_count = s->denied_count;
    w->room->plan.ended_at = s->ended_at;
    memcpy(w->room->people, s->seats, sizeof s->seats);
    w->broker->shared.records = s->records;
    w->broker->shared.intervals_open = s->intervals_open;
    w->broker->deadline = s->deadline;
    w->broker->heartbeat_at = s->heartbeat_at;
    memcpy((uint8_t *)w->room + offsetof(struct room, anchored), s->rest, sizeof s->rest);
    w->broker->due[0] = w->room->deadline;
    disconnect_all(w);
    for (int i = 0; i < PEOPLE; i++) {
        struct participant *p = &w->room->people[i];
        if (p->client && connections_add(w->broker->connections, p->client, w->room, (uint16_t)i, &p->connection) != OK)
            abort();
    }
}

/* To the byte, but for the numbers of connections: then there is nothing new to judge. */
bool state_is_unchanged(const struct walk *w, const struct state *s)
{
    for (int i = 0; i < PEOPLE; i++) {
        struct participant was = s->seats[i];
        was.connection = w->room->people[i].connection;
        if (memcmp(&w->room->people[i], &was, sizeof was) != 0)
            return false;
    }
    return memcmp((uint8_t *)w->room + offsetof(struct room, anchored), s->rest, sizeof s->rest) == 0;
}

/* Memory goes; the plan, with what the ledger knows of removals, and the grants come back from the store; the recovery
 * closes what was open there. stored: so were the OPENs that nobody had heard of yet. */
void state_crash(struct walk *w, bool stored)
{
    struct plan plan;
    if (plan_copy(&plan, &w->plan) != OK)
        abort();
    memcpy(plan.grants, w->room->plan.grants, plan.grant_count * sizeof *plan.grants);
    plan.ended_at = w->room->plan.ended_at;
    for (unsigned device = 1; device < 32; device++)
        if (w->law.denied >> device & 1)
            plan.denied_devices[plan.denied_device_count++] = walk_device(device);
    for (int i = FIRST_LOVED; i < PEOPLE; i++) {
        struct law_person *l = &w->law.people[i];
        plan.people[i].denied = l->removed;
        if (l->interval == INTERVAL_NONE || (l->interval == INTERVAL_ASKED && !stored))
            continue;
        struct record open = { .kind = RECORD_OPEN, .interval = l->id, .unix_us = l->since_unix_us };
        struct record close = intervals_recovery(&open, walk_now(w).unix_us);
        const char *wrong =
            close.recovered ? law_closed(&w->law, i, &close.interval, close.unix_us) : "not flagged as recovered";
        if (wrong)
            walk_violation(w, wrong, people[i]);
    }
    law_crash(&w->law);
    disconnect_all(w);
    w->broker->shared.records = w->broker->shared.intervals_open = 0;
    w->broker->heartbeat_at = w->broker->deadline = NEVER;
    room_deinit(w->room);
    if (room_init(w->room, &w->broker->shared, &plan) != OK)
        abort();
    w->broker->due[0] = w->room->deadline;
    plan_deinit(&plan);
}

/* ---- When two states are one ---- */

static uint8_t units_until(const struct walk *w, usec_t at)
{
    return at > w->law.now ? (uint8_t)((at - w->law.now + UNIT_US - 1) / UNIT_US) : 0;
}

usec_t state_grace_ends(const struct participant *p)
{
    return p->seat == SEAT_SUSPENDED ? p->suspended_at + lost_grace_us(p->lost) : 0;
}

enum { PERSON_KEY = 12 };

static void person_key(const struct walk *w, int person, uint8_t key[PERSON_KEY])
{
    const struct participant *p = &w->room->people[person];
    const struct law_person *l = &w->law.people[person];
    const struct law_person *other = &w->law.people[person == LOVED_1 ? LOVED_2 : LOVED_1];
    bool second = law_loved(person) && l->interval == INTERVAL_ASKED && other->interval == INTERVAL_ASKED &&
                  other->number < l->number;
    /* Nothing leads back from a removal, and where a client or a therapist sat before they were away makes no
     * difference. */
    if (l->removed) {
        memset(key, UINT8_MAX, PERSON_KEY);
        key[0] = (w->law.denied >> law_device(person, 1) & 3) != 0;
        return;
    }
    key[0] = (uint8_t)(law_loved(person) || p->client ? p->seat : SEAT_NONE);
    key[1] = (uint8_t)((p->client != 0) | p->prepared << 1 | p->agreed << 2 | (p->interval.record != 0) << 3 |
                       second << 4 | (p->socket_lost != 0) << 5);
    key[2] = (uint8_t)((l->connection != 0) | l->prepared << 1 | l->declined << 2 | l->agreed << 3 | l->withdrawn << 4 |
                       l->removed << 5);
    if (l->withdrawn) { /* for good: a yes changes nothing */
        key[1] &= (uint8_t) ~(1u << 2);
        key[2] &= (uint8_t) ~(1u << 3);
    }
    key[3] = (uint8_t)l->interval;
    key[4] = units_until(w, p->segment_ends);
    key[5] = units_until(w, l->segment_until);
    key[6] = units_until(w, l->resumable_until);
    key[7] = units_until(w, state_grace_ends(p));
    key[8] = (uint8_t)(p->seat == SEAT_SUSPENDED ? p->lost : 0);
    key[10] = p->socket_lost ? units_until(w, participant_lost_at(p)) : 0;
    key[11] = units_until(w, l->broken_until);
    key[9] = l->interval != INTERVAL_NONE ? units_until(w, l->must_end) : 0;
}

/* Once it is over, it matters who may never come back, and whether that is so by more than the time. */
static size_t key_over(const struct walk *w, uint8_t *key)
{
    const struct law_person *first = &w->law.people[LOVED_1], *second = &w->law.people[LOVED_2];
    uint8_t lost[2] = { (uint8_t)(first->removed ? 2 : first->withdrawn),
                        (uint8_t)(second->removed ? 2 : second->withdrawn) };
    key[0] = UINT8_MAX;
    key[1] = units_until(w, w->law.closes) > 0;
    key[2] = lost[lost[0] > lost[1]];
    key[3] = lost[lost[0] <= lost[1]];
    return 4;
}

static size_t key_of(const struct walk *w, uint8_t key[KEY_MAX])
{
    memset(key, 0, KEY_MAX);
    if (w->law.over)
        return key_over(w, key);
    uint8_t loved[2][PERSON_KEY];
    person_key(w, LOVED_1, loved[0]);
    person_key(w, LOVED_2, loved[1]);
    int first = memcmp(loved[0], loved[1], PERSON_KEY) > 0;
    key[0] = units_until(w, w->law.closes);
    key[1] = (uint8_t)(w->room->was_open | w->room->over << 1);
    person_key(w, THERAPIST, key + 2);
    person_key(w, CLIENT, key + 2 + PERSON_KEY);
    memcpy(key + 2 + 2 * PERSON_KEY, loved[first], PERSON_KEY);
    memcpy(key + 2 + 3 * PERSON_KEY, loved[!first], PERSON_KEY);
    return 2 + 4 * PERSON_KEY;
}

/* 128 bits: among millions of states, two different ones never meet. */
void state_hash(const struct walk *w, uint64_t hash[2])
{
    uint8_t key[KEY_MAX];
    size_t len = key_of(w, key);
    hash[0] = UINT64_C(0xcbf29ce484222325);
    hash[1] = UINT64_C(0x9e3779b97f4a7c15);
    for (size_t i = 0; i < len; i++) {
        hash[0] = (hash[0] ^ key[i]) * UINT64_C(0x100000001b3);
        hash[1] = (hash[1] + key[i]) * UINT64_C(0xd6e8feb86659fd93);
        hash[1] ^= hash[1] >> 29;
    }
    hash[0] |= 1; /* 0 is free */
}
