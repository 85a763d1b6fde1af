/* walk.c - the small model, walked whole: one therapist, one client, two loved ones, two devices each, one crash.
 *
 * Breadth first over the real broker: a state is lifted out of it, every event there is happens to it, and what comes of
 * it is held against law.h. Two states are one when nothing that may follow can differ: by who sits where on what
 * grounds, and by every timer exactly. The two loved ones have the same rights and the two devices are alike, so states
 * that differ by an exchange of either are one as well. What a person has switched on or may switch on is not walked:
 * each state is judged as if everybody sent everything, with everything enabled and any mode chosen.
 *
 * Time stands still but for the event that moves it to the next thing that ends. The box and the grants are short, so
 * that all ends there are come within one walk. */
#include <inttypes.h>
#include <stdio.h>

/* The broker itself, and not its interface: only so can a state be lifted out and put back. */
#include "room/broker.c"

#include "ledger/intervals.h"
#include "sim/law.h"

enum { CLIENTS_MAX = 16, KEY_MAX = 64, SESSIONS = 2 };
#define START_US (1000 * USEC_PER_SEC)
#define EPOCH_UNIX_S INT64_C(1790000000)
#define BOX_S 270
#define GRANT_S 240
#define UNIT_US (10 * USEC_PER_SEC) /* every span of time in the walk is a multiple */

/* ---- Events ---- */

enum who { BY_THERAPIST = 1 << THERAPIST, BY_CLIENT = 1 << CLIENT, BY_LOVED = 1 << LOVED_1 | 1 << LOVED_2 };

enum act {
    ACT_JOIN,
    ACT_MOVE,
    ACT_DROP,
    /* requests about oneself or the session */
    ACT_ACKNOWLEDGE,
    ACT_LOCATE,
    ACT_DECLINE,
    ACT_MEDIA,
    ACT_CHAT,
    ACT_STOP_ALL,
    ACT_LEAVE,
    ACT_END,
    /* requests about a loved one */
    ACT_AGREE,
    ACT_DISAGREE,
    ACT_ADMIT,
    ACT_STEP_OUT,
    ACT_REMOVE,
    /* nobody's */
    ACT_DURABLE,
    ACT_STALE,
    ACT_REFUSED,
    ACT_REVOKE,
    ACT_TIME,
    ACT_CRASH_STORED,
    ACT_CRASH_LOST,
    ACTS
};

/* text: a request, to which everybody is put up; may: who may have it granted, by the domain model. */
static const struct {
    const char *name, *text;
    unsigned may;
} acts[ACTS] = {
    [ACT_JOIN] = { "joins", NULL, 0 },
    [ACT_MOVE] = { "moves here from another device", NULL, 0 },
    [ACT_DROP] = { "loses the connection", NULL, 0 },
    [ACT_ACKNOWLEDGE] = { "acknowledges", "\"type\":\"acknowledge\",\"guidance\":\"g1\",\"notice\":\"n1\"", BY_LOVED },
    [ACT_LOCATE] = { "says where they are", "\"type\":\"locate\",\"address\":\"1 Elm St\",\"phone\":\"555 0100\"", BY_CLIENT },
    [ACT_DECLINE] = { "declines", "\"type\":\"decline\"", BY_LOVED },
    [ACT_MEDIA] = { "switches all on", "\"type\":\"media\",\"mic\":true,\"camera\":false,\"screen\":false",
                    BY_THERAPIST | BY_CLIENT | BY_LOVED },
    [ACT_CHAT] = { "writes", "\"type\":\"chat\",\"text\":\"hello\",\"to\":\"everyone\"", BY_THERAPIST | BY_CLIENT | BY_LOVED },
    [ACT_STOP_ALL] = { "steps everyone out", "\"type\":\"step_out\",\"everyone\":true", BY_THERAPIST | BY_CLIENT },
    [ACT_LEAVE] = { "leaves", "\"type\":\"leave\"", BY_THERAPIST | BY_CLIENT | BY_LOVED },
    [ACT_END] = { "ends the session", "\"type\":\"end\"", BY_THERAPIST },
    [ACT_AGREE] = { "agrees to", "\"type\":\"agree\",\"participant\":\"%s\",\"yes\":true", BY_CLIENT },
    [ACT_DISAGREE] = { "says no to", "\"type\":\"agree\",\"participant\":\"%s\",\"yes\":false", BY_CLIENT },
    [ACT_ADMIT] = { "admits", "\"type\":\"admit\",\"participant\":\"%s\",\"minutes\":2", BY_THERAPIST },
    [ACT_STEP_OUT] = { "steps out", "\"type\":\"step_out\",\"participant\":\"%s\"", BY_THERAPIST | BY_CLIENT | BY_LOVED },
    [ACT_REMOVE] = { "removes", "\"type\":\"remove\",\"participant\":\"%s\"", BY_THERAPIST },
    [ACT_DURABLE] = { "the ledger has the first OPEN that waits, of", NULL, 0 },
    [ACT_STALE] = { "the ledger answers for what nobody waits for any more", NULL, 0 },
    [ACT_REFUSED] = { "the ledger refuses the OPEN of", NULL, 0 },
    [ACT_REVOKE] = { "the clinic ends the grant of", NULL, 0 },
    [ACT_TIME] = { "time passes until something ends", NULL, 0 },
    [ACT_CRASH_STORED] = { "a crash, with every record stored", NULL, 0 },
    [ACT_CRASH_LOST] = { "a crash, before the OPENs that wait were stored", NULL, 0 },
};

static const char *const people[PEOPLE] = { "therapist", "client", "loved-1", "loved-2" };
static const enum role roles[PEOPLE] = { ROLE_THERAPIST, ROLE_CLIENT, ROLE_LOVED_ONE, ROLE_LOVED_ONE };

enum { NOBODY = PEOPLE };
struct event {
    uint8_t act, by, on;
};

/* ---- A state, and the walk ---- */

/* Everything that the broker remembers of the session; the plan's other parts never change. */
struct state {
    struct law law;
    bool crashed;
    struct grant grants[2];
    struct participant seats[PEOPLE];
    uint64_t records;
    size_t intervals_open;
    usec_t deadline, heartbeat_at;
    uint8_t rest[sizeof(struct room) - offsetof(struct room, anchored)];
};

/* What is kept of a state for good: how it came about. */
struct step {
    uint32_t from;
    struct event event;
};

struct walk {
    struct dtls_identity *identity;
    struct broker *broker;
    struct room *room;
    struct outbox *outbox;
    struct plan plan;
    struct state now; /* law and crashed hold; the rest is in the broker */
    uint64_t dice;
    uint64_t (*keys)[2]; /* of every state, open addressing; 0: free */
    size_t keys_size;
    struct step *steps;
    struct state **waiting; /* by number; NULL once walked */
    size_t states, cap;
    uint64_t transitions, with_loved_one;
    uint32_t at; /* the state that is being walked */
    struct event event;
    bool answered, refused; /* what the last request came to */
    bool failed;
};

static void *must(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

static void tell_event(const struct walk *w, struct event event)
{
    (void)w;
    printf("    ");
    if (event.by != NOBODY)
        printf("%s ", people[event.by]);
    printf("%s%s%s\n", acts[event.act].name, event.on != NOBODY ? " " : "", event.on != NOBODY ? people[event.on] : "");
}

static void tell_path(const struct walk *w, uint32_t number)
{
    if (number == 0)
        return;
    tell_path(w, w->steps[number].from);
    tell_event(w, w->steps[number].event);
}

static void violation(struct walk *w, const char *what, const char *who)
{
    if (w->failed)
        return;
    w->failed = true;
    printf("not ok %s session: %s%s%s\n  the shortest way there:\n", w->now.law.group ? "group" : "individual", what,
           who ? ": " : "", who ? who : "");
    tell_path(w, w->at);
    tell_event(w, w->event);
}

static void fill(void *context, uint8_t *at, size_t len)
{
    struct walk *w = context;
    for (size_t i = 0; i < len; i++, w->dice = w->dice * UINT64_C(6364136223846793005) + 1442695040888963407u)
        at[i] = (uint8_t)(w->dice >> 56);
}

static struct now clock_now(const struct walk *w)
{
    usec_t since = w->now.law.now - START_US;
    return (struct now){ w->now.law.now, EPOCH_UNIX_S * (int64_t)USEC_PER_SEC + (int64_t)since };
}

static client_id client_of(int person, unsigned device)
{
    return device ? (client_id)(2 * person) + device : 0;
}

static struct id id_of(const char *text)
{
    struct id id;
    if (!id_parse(bytes_of(text), &id))
        abort();
    return id;
}

static struct plan small_plan(bool group)
{
    struct plan plan = {
        .session = id_of("s1"),
        .kind = group ? KIND_GROUP : KIND_INDIVIDUAL,
        .opens_at = EPOCH_UNIX_S,
        .closes_at = EPOCH_UNIX_S + BOX_S,
        .client = id_of("client"),
        .people_count = PEOPLE,
        .grant_count = 2,
        .guidance_version = "g1",
        .notice_version = "n1",
    };
    for (int i = 0; i < PEOPLE; i++)
        plan.people[i] = (struct plan_person){ .participation = id_of(people[i]), .person = id_of(people[i]), .role = roles[i], .name = "N" };
    for (int i = 0; i < 2; i++)
        plan.grants[i] = (struct grant){
            .id = id_of(i ? "g2" : "g1"),
            .epoch = 1,
            .client = plan.client,
            .person = id_of(people[FIRST_LOVED + i]),
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

/* ---- Out of the broker, and back ---- */

static struct state *lift(const struct walk *w)
{
    struct state *s = must(malloc(sizeof *s));
    s->law = w->now.law;
    s->crashed = w->now.crashed;
    memcpy(s->grants, w->room->plan.grants, sizeof s->grants);
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

static void put_back(struct walk *w, const struct state *s)
{
    w->now.law = s->law;
    w->now.crashed = s->crashed;
    memcpy(w->room->plan.grants, s->grants, sizeof s->grants);
    memcpy(w->room->people, s->seats, sizeof s->seats);
    w->broker->shared.records = s->records;
    w->broker->shared.intervals_open = s->intervals_open;
    w->broker->deadline = s->deadline;
    w->broker->heartbeat_at = s->heartbeat_at;
    memcpy((uint8_t *)w->room + offsetof(struct room, anchored), s->rest, sizeof s->rest);
    disconnect_all(w);
    for (int i = 0; i < PEOPLE; i++) {
        struct participant *p = &w->room->people[i];
        if (p->client && connections_add(w->broker->connections, p->client, w->room, p, &p->connection) != OK)
            abort();
    }
}

/* ---- When two states are one ---- */

static uint8_t units_until(const struct walk *w, usec_t at)
{
    return at > w->now.law.now ? (uint8_t)((at - w->now.law.now + UNIT_US - 1) / UNIT_US) : 0;
}

static usec_t grace_ends(const struct participant *p)
{
    return p->seat == SEAT_SUSPENDED ? p->suspended_at + lost_grace_us(p->lost) : 0;
}

enum { PERSON_KEY = 10 };

static void person_key(const struct walk *w, int person, uint8_t key[PERSON_KEY])
{
    const struct participant *p = &w->room->people[person];
    const struct law_person *l = &w->now.law.people[person];
    const struct law_person *other = &w->now.law.people[LOVED_1 + LOVED_2 - person];
    bool second = law_loved(person) && l->interval == INTERVAL_ASKED && other->interval == INTERVAL_ASKED &&
                  other->number < l->number;
    key[0] = (uint8_t)p->seat;
    key[1] = (uint8_t)((p->client != 0) | p->prepared << 1 | p->agreed << 2 | (p->sending != 0 && law_loved(person)) << 3 |
                       (p->interval.record != 0) << 4 | second << 5);
    key[2] = (uint8_t)((l->device != 0) | l->prepared << 1 | l->declined << 2 | l->agreed << 3 | l->withdrawn << 4 |
                       l->removed << 5);
    key[3] = (uint8_t)l->interval;
    key[4] = units_until(w, p->segment_ends);
    key[5] = units_until(w, l->segment_until);
    key[6] = units_until(w, l->resumable_until);
    key[7] = units_until(w, grace_ends(p));
    key[8] = (uint8_t)(p->seat == SEAT_SUSPENDED ? p->lost : 0);
    key[9] = l->interval != INTERVAL_NONE ? units_until(w, l->must_end) : 0;
}

/* Once it is over, it matters who may never come back, and nothing else. */
static size_t key_over(const struct walk *w, uint8_t *key)
{
    key[0] = UINT8_MAX;
    key[1] = w->now.crashed;
    for (int i = FIRST_LOVED; i < PEOPLE; i++)
        key[2] = (uint8_t)(key[2] + w->now.law.people[i].removed);
    return 3;
}

static size_t key_of(const struct walk *w, uint8_t key[KEY_MAX])
{
    memset(key, 0, KEY_MAX);
    if (w->now.law.over)
        return key_over(w, key);
    uint8_t loved[2][PERSON_KEY];
    person_key(w, LOVED_1, loved[0]);
    person_key(w, LOVED_2, loved[1]);
    int first = memcmp(loved[0], loved[1], PERSON_KEY) > 0;
    key[0] = units_until(w, w->now.law.closes);
    key[1] = (uint8_t)(w->now.crashed | w->room->was_open << 1 | w->room->over << 2);
    person_key(w, THERAPIST, key + 2);
    person_key(w, CLIENT, key + 2 + PERSON_KEY);
    memcpy(key + 2 + 2 * PERSON_KEY, loved[first], PERSON_KEY);
    memcpy(key + 2 + 3 * PERSON_KEY, loved[!first], PERSON_KEY);
    return 2 + 4 * PERSON_KEY;
}

/* 128 bits: among millions of states, two different ones never meet. */
static void hash_of(const struct walk *w, uint64_t hash[2])
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

static uint64_t *place_of(uint64_t (*keys)[2], size_t size, const uint64_t hash[2])
{
    for (size_t i = (size_t)(hash[1] ^ hash[0] >> 20);; i++) {
        uint64_t *place = keys[i & (size - 1)];
        if (!place[0] || (place[0] == hash[0] && place[1] == hash[1]))
            return place;
    }
}

static void grow_keys(struct walk *w)
{
    size_t size = 2 * w->keys_size;
    uint64_t(*grown)[2] = must(calloc(size, sizeof *grown));
    for (size_t i = 0; i < w->keys_size; i++)
        if (w->keys[i][0])
            memcpy(place_of(grown, size, w->keys[i]), w->keys[i], sizeof *grown);
    free(w->keys);
    w->keys = grown;
    w->keys_size = size;
}

/* The state in the broker: kept, unless it is known. */
static void meet(struct walk *w)
{
    uint64_t hash[2];
    hash_of(w, hash);
    uint64_t *place = place_of(w->keys, w->keys_size, hash);
    if (place[0])
        return;
    memcpy(place, hash, sizeof hash);
    if (w->states == w->cap) {
        w->cap *= 2;
        w->steps = must(realloc(w->steps, w->cap * sizeof *w->steps));
        w->waiting = must(realloc(w->waiting, w->cap * sizeof *w->waiting));
    }
    w->steps[w->states] = (struct step){ w->at, w->event };
    w->waiting[w->states++] = lift(w);
    if (w->states * 2 > w->keys_size)
        grow_keys(w);
}

/* ---- What came out of the broker ---- */

static int person_of(client_id client) { return (int)((client - 1) / 2); }

static bool is_type(struct bytes text, const char *type)
{
    char head[40];
    int len = snprintf(head, sizeof head, "{\"type\":\"%s\"", type);
    return text.len > (size_t)len && memcmp(text.at, head, (size_t)len) == 0;
}

/* Outside of an interval a loved one is told of the session and of themselves, never of others. */
static void check_text(struct walk *w, int person, struct bytes text)
{
    static const char *const harmless[] = { "welcome", "room", "seat", "done", "error", "warning" };
    if (!law_loved(person) || law_in(&w->now.law, person))
        return;
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (is_type(text, harmless[i]))
            return;
    char what[160];
    snprintf(what, sizeof what, "a message reaches them outside of an interval (invariants 1 and 2): %.60s", (const char *)text.at);
    violation(w, what, people[person]);
}

static void read_replies(struct walk *w)
{
    client_id asked_by = w->event.by != NOBODY ? client_of(w->event.by, w->now.law.people[w->event.by].device) : 0;
    w->answered = w->refused = false;
    for (size_t i = 0; i < outbox_message_count(w->outbox); i++) {
        struct message message = outbox_message_at(w->outbox, i);
        if (message.kind != MESSAGE_TEXT || message.client != asked_by)
            continue;
        w->answered |= is_type(message.text, "done");
        w->refused |= is_type(message.text, "error");
    }
}

/* As the shell does it: a socket that the broker wants closed is closed at once. */
static void close_sockets(struct walk *w)
{
    for (size_t i = 0; i < outbox_message_count(w->outbox); i++) {
        struct message message = outbox_message_at(w->outbox, i);
        int person = person_of(message.client);
        if (message.kind != MESSAGE_CLOSE)
            continue;
        broker_gone(w->broker, clock_now(w), message.client, w->outbox);
        if (message.client == client_of(person, w->now.law.people[person].device))
            law_gone(&w->now.law, person, false);
    }
}

static int person_named(const struct id *participation)
{
    for (int i = 0; i < PEOPLE; i++)
        if (strcmp(participation->text, people[i]) == 0)
            return i;
    abort();
}

static void read_records(struct walk *w)
{
    for (size_t i = 0; i < outbox_record_count(w->outbox); i++) {
        struct ledger_note note = outbox_record_at(w->outbox, i);
        struct record record;
        if (record_parse(note.text, &record) != OK)
            violation(w, "a record that can't be read", NULL);
        const char *wrong = NULL;
        if (record.kind == RECORD_OPEN)
            wrong = law_opened(&w->now.law, person_named(&record.participation), note.number, &record.interval,
                               record.unix_us, w->event.act == ACT_ADMIT && w->event.by == THERAPIST);
        else if (record.kind == RECORD_CLOSE)
            wrong = law_closed(&w->now.law, person_named(&record.participation), &record.interval, record.unix_us);
        if (wrong)
            violation(w, wrong, record.participation.text);
    }
}

static void read_texts(struct walk *w)
{
    for (size_t i = 0; i < outbox_message_count(w->outbox); i++) {
        struct message message = outbox_message_at(w->outbox, i);
        if (message.kind == MESSAGE_TEXT)
            check_text(w, person_of(message.client), message.text);
    }
}

/* ---- What must hold in every state ---- */

/* The widest that the room's own facts would ever let pass: everybody sends all, all is enabled, in any mode. */
static source_mask widest(struct walk *w, int to, int from, enum mode mode)
{
    struct participant saved[2] = { w->room->people[to], w->room->people[from] };
    struct participant *pair[2] = { &w->room->people[to], &w->room->people[from] };
    for (int i = 0; i < 2; i++) {
        pair[i]->sending = SOURCE_ALL;
        pair[i]->enabled = ENABLE_ALL;
        pair[i]->choice = mode;
    }
    struct audience_room facts = room_audience(w->room, clock_now(w));
    struct audience_person receiver = room_audience_person(w->room, pair[0]);
    struct audience_person sender = room_audience_person(w->room, pair[1]);
    *pair[0] = saved[0];
    *pair[1] = saved[1];
    return audience_between(&facts, &receiver, &sender);
}

static void check_gates(struct walk *w)
{
    for (int to = 0; to < PEOPLE; to++)
        for (int from = 0; from < PEOPLE; from++) {
            if (to == from)
                continue;
            source_mask may = law_may_reach(&w->now.law, to, from);
            source_mask passes = widest(w, to, from, (enum mode)0);
            if ((passes | widest(w, to, from, MODE_FULL)) & (source_mask)~may)
                violation(w, "a gate is open that may not be", people[to]);
            if (passes != may)
                violation(w, "a gate is shut for no reason", people[to]);
        }
}

static void check_loved_one(struct walk *w, int person)
{
    const struct participant *p = &w->room->people[person];
    const struct law_person *l = &w->now.law.people[person];
    bool inside = p->seat == SEAT_ADMITTED || p->seat == SEAT_ADMITTING;
    if (inside != (l->interval != INTERVAL_NONE))
        violation(w, "seat and ledger disagree about an interval (invariant 4)", people[person]);
    if (l->interval != INTERVAL_NONE && !law_may_stay(&w->now.law, person))
        violation(w, "an interval goes on without its grounds", people[person]);
    if (l->interval != INTERVAL_NONE && broker_deadline(w->broker) > l->must_end)
        violation(w, "the broker would sleep past an interval's end (invariant 8)", people[person]);
    if (l->removed && (p->client || p->seat != SEAT_REMOVED))
        violation(w, "somebody who was removed is back (invariant 10)", people[person]);
    w->with_loved_one += law_in(&w->now.law, person);
}

static void check_state(struct walk *w)
{
    const struct law *law = &w->now.law;
    size_t connected = 0;
    for (int i = 0; i < PEOPLE; i++) {
        connected += law->people[i].device != 0;
        if (w->room->people[i].client != client_of(i, law->people[i].device))
            violation(w, "the live connection is not the one it must be (invariant 11)", people[i]);
        if (law->over && law->people[i].device)
            violation(w, "somebody is connected after the end", people[i]);
    }
    if (connections_count(w->broker->connections) != connected)
        violation(w, "a participation has more than one live connection (invariant 11)", NULL);
    if (room_phase(w->room, clock_now(w)) == PHASE_OPEN && !law->people[THERAPIST].device)
        violation(w, "the room is open without a therapist (invariant 12)", NULL);
    for (int i = FIRST_LOVED; i < PEOPLE; i++)
        check_loved_one(w, i);
    check_gates(w);
}

/* ---- Events happen ---- */

static unsigned next_device(const struct walk *w, int person) { return w->now.law.people[person].device == 1 ? 2 : 1; }

static bool join_right(const struct walk *w, int person, bool move)
{
    const struct law_person *l = &w->now.law.people[person];
    return !w->now.law.over && !l->removed && (move || !l->device);
}

/* The first device must be told goodbye before the second is told done. */
static void check_move(struct walk *w, client_id first, client_id second)
{
    bool gone = false;
    for (size_t i = 0; i < outbox_message_count(w->outbox); i++) {
        struct message message = outbox_message_at(w->outbox, i);
        gone |= message.client == first && message.kind == MESSAGE_CLOSE;
        if (message.client == second && !gone)
            violation(w, "the second device opens before the first closes (invariant 11)", NULL);
    }
}

static void do_join(struct walk *w, int person, bool move)
{
    struct law_person *l = &w->now.law.people[person];
    unsigned device = next_device(w, person);
    client_id first = client_of(person, l->device), client = client_of(person, device);
    struct claims claims = { .participation = id_of(people[person]), .session = w->plan.session, .role = roles[person],
                             .not_before = EPOCH_UNIX_S, .expires = EPOCH_UNIX_S + 86400 };
    bool right = join_right(w, person, move);
    bool joined = broker_join(w->broker, clock_now(w), client, &claims, 1, move, w->outbox) == OK;
    if (joined && first)
        check_move(w, first, client);
    if (joined != right)
        violation(w, person == THERAPIST && right ? "the therapist is locked out (invariant 12)"
                     : joined                     ? "somebody joins who may not (invariants 10 and 11)"
                                                  : "somebody can't join who may",
                  people[person]);
    w->refused = !joined;
    if (joined)
        law_joined(&w->now.law, person, device);
}

static void do_request(struct walk *w, struct event event)
{
    char inner[200], text[240];
    snprintf(inner, sizeof inner, acts[event.act].text, event.on != NOBODY ? people[event.on] : "");
    snprintf(text, sizeof text, "{%s,\"id\":1}", inner);
    broker_text(w->broker, clock_now(w), client_of(event.by, w->now.law.people[event.by].device), bytes_of(text), w->outbox);
    read_replies(w);
}

/* A request was granted: by the right person, and this follows. */
static void learn_granted(struct walk *w, struct event event)
{
    struct law *law = &w->now.law;
    struct law_person *by = &law->people[event.by], *on = &law->people[event.on == NOBODY ? event.by : event.on];
    bool other_loved = event.act == ACT_STEP_OUT && law_loved(event.by) && event.by != event.on;
    if (!(acts[event.act].may & 1u << event.by) || other_loved)
        violation(w, "a request is granted to somebody who may not ask", people[event.by]);
    switch (event.act) {
    case ACT_ACKNOWLEDGE:
    case ACT_LOCATE:
        by->prepared = true;
        by->declined = false;
        break;
    case ACT_DECLINE:
        by->declined = true;
        law_stop(law, event.by);
        break;
    case ACT_MEDIA:
    case ACT_CHAT:
        if (!law_in(law, event.by))
            violation(w, "somebody speaks who is not in", people[event.by]);
        break;
    case ACT_AGREE:
        on->agreed = true;
        break;
    case ACT_DISAGREE:
        law_end_segment(law, event.on);
        break;
    case ACT_STOP_ALL:
    case ACT_STEP_OUT:
        for (int i = FIRST_LOVED; i < PEOPLE; i++)
            if (event.on == NOBODY || event.on == i) {
                law_stop(law, i);
                law->people[i].agreed &= event.by != CLIENT;
            }
        break;
    case ACT_REMOVE:
        on->removed = true;
        law_end_segment(law, event.on);
        break;
    case ACT_END:
        law_end(law);
        break;
    default:
        break;
    }
}

/* The OPEN that the ledger gets to first; NOBODY when none waits. */
static int first_asked(const struct law *law)
{
    int first = NOBODY;
    for (int i = FIRST_LOVED; i < PEOPLE; i++)
        if (law->people[i].interval == INTERVAL_ASKED && (first == NOBODY || law->people[i].number < law->people[first].number))
            first = i;
    return first;
}

static void do_revoke(struct walk *w, int person)
{
    struct grant grant = w->room->plan.grants[person - FIRST_LOVED];
    grant.epoch++;
    grant.status = GRANT_WITHDRAWN;
    broker_grant(w->broker, clock_now(w), &grant, w->outbox);
    w->now.law.people[person].withdrawn = true;
    law_end_segment(&w->now.law, person);
}

/* What ends next: a segment, a grace, the grants, the box. */
static usec_t next_end(const struct walk *w)
{
    usec_t ends = w->now.law.now < w->now.law.grant_until ? w->now.law.grant_until : w->now.law.closes;
    for (int i = FIRST_LOVED; i < PEOPLE; i++) {
        usec_t candidates[] = { w->room->people[i].segment_ends, w->now.law.people[i].resumable_until,
                                grace_ends(&w->room->people[i]) };
        for (size_t j = 0; j < sizeof candidates / sizeof *candidates; j++)
            if (candidates[j] > w->now.law.now)
                ends = sooner(ends, candidates[j]);
    }
    return sooner(ends, w->now.law.closes);
}

/* Memory goes; the plan, with what the ledger knows of removals, and the grants come back from the store; the recovery
 * closes what was open there. stored: so were the OPENs that nobody had heard of yet. */
static void do_crash(struct walk *w, bool stored)
{
    struct plan plan = w->plan;
    memcpy(plan.grants, w->room->plan.grants, sizeof plan.grants);
    for (int i = FIRST_LOVED; i < PEOPLE; i++) {
        struct law_person *l = &w->now.law.people[i];
        plan.people[i].denied = l->removed;
        if (l->interval == INTERVAL_NONE || (l->interval == INTERVAL_ASKED && !stored))
            continue;
        struct record open = { .kind = RECORD_OPEN, .interval = l->id, .unix_us = l->since_unix_us };
        struct record close = intervals_recovery(&open, clock_now(w).unix_us);
        const char *wrong = close.recovered ? law_closed(&w->now.law, i, &close.interval, close.unix_us) : "not flagged as recovered";
        if (wrong)
            violation(w, wrong, people[i]);
    }
    law_crash(&w->now.law);
    w->now.crashed = true;
    disconnect_all(w);
    w->broker->shared.records = w->broker->shared.intervals_open = 0;
    w->broker->heartbeat_at = w->broker->deadline = NEVER;
    room_init(w->room, &w->broker->shared, &plan);
}

static void do_ledger(struct walk *w, struct event event)
{
    struct law_person *l = &w->now.law.people[event.on];
    uint64_t number = l->number;
    if (event.act == ACT_STALE) {
        broker_refused(w->broker, clock_now(w), number - 1, w->outbox);
        broker_durable(w->broker, clock_now(w), number - 1, w->outbox);
    } else if (event.act == ACT_DURABLE) {
        l->interval = INTERVAL_OPEN;
        broker_durable(w->broker, clock_now(w), number, w->outbox);
    } else {
        l->interval = INTERVAL_NONE; /* it is in no ledger, so nothing closes it */
        broker_refused(w->broker, clock_now(w), number, w->outbox);
    }
}

static void do_drop(struct walk *w, int person)
{
    client_id client = client_of(person, w->now.law.people[person].device);
    law_gone(&w->now.law, person, true);
    broker_gone(w->broker, clock_now(w), client, w->outbox);
}

static void happen(struct walk *w, struct event event)
{
    w->answered = w->refused = false;
    if (acts[event.act].text) {
        bool may_admit = event.act == ACT_ADMIT && event.by == THERAPIST && law_may_admit(&w->now.law, event.on);
        do_request(w, event);
        if (w->answered)
            learn_granted(w, event);
        if (event.act == ACT_ADMIT && w->refused == may_admit)
            violation(w, may_admit ? "an admission is refused although G holds" : "an admission is not refused although G does not hold", people[event.on]);
        return;
    }
    switch ((enum act)event.act) {
    case ACT_JOIN:
    case ACT_MOVE:
        do_join(w, event.by, event.act == ACT_MOVE);
        break;
    case ACT_DROP:
        do_drop(w, event.by);
        break;
    case ACT_DURABLE:
    case ACT_STALE:
    case ACT_REFUSED:
        do_ledger(w, event);
        break;
    case ACT_REVOKE:
        do_revoke(w, event.on);
        break;
    case ACT_TIME:
        law_time(&w->now.law, next_end(w));
        broker_tick(w->broker, clock_now(w), w->outbox);
        break;
    case ACT_CRASH_STORED:
    case ACT_CRASH_LOST:
        do_crash(w, event.act == ACT_CRASH_STORED);
        break;
    default:
        abort();
    }
}

static bool is_possible(const struct walk *w, struct event event)
{
    const struct law *law = &w->now.law;
    if (acts[event.act].text || event.act == ACT_DROP)
        return law->people[event.by].device != 0;
    switch ((enum act)event.act) {
    case ACT_MOVE:
        return law->people[event.by].device != 0 || law->people[event.by].removed;
    case ACT_DURABLE:
    case ACT_STALE:
        return first_asked(law) == event.on;
    case ACT_REFUSED:
        return law->people[event.on].interval == INTERVAL_ASKED;
    case ACT_REVOKE:
        return !law->people[event.on].withdrawn && !law->over;
    case ACT_TIME:
        return !law->over;
    case ACT_CRASH_STORED:
        return !w->now.crashed;
    case ACT_CRASH_LOST:
        return !w->now.crashed && first_asked(law) != NOBODY;
    default:
        return true;
    }
}

static void try(struct walk *w, const struct state *from, struct event event)
{
    put_back(w, from);
    if (w->failed || !is_possible(w, event))
        return;
    uint64_t before[2], after[2];
    w->event = event;
    hash_of(w, before);
    outbox_clear(w->outbox);
    happen(w, event);
    close_sockets(w);
    read_records(w);
    read_texts(w);
    check_state(w);
    hash_of(w, after);
    if ((w->refused || event.act == ACT_STALE) && memcmp(before, after, sizeof before) != 0)
        violation(w, "what is refused changes something", NULL);
    w->transitions++;
    meet(w);
}

static void try_all(struct walk *w, const struct state *from)
{
    for (uint8_t act = 0; act < ACTS; act++) {
        bool personal = act < ACT_DURABLE, about = (act >= ACT_AGREE && act <= ACT_REVOKE);
        for (uint8_t by = personal ? 0 : NOBODY; by < (personal ? NOBODY : NOBODY + 1); by++)
            for (uint8_t on = about ? FIRST_LOVED : NOBODY; on < (about ? NOBODY : NOBODY + 1); on++)
                try(w, from, (struct event){ act, by, on });
    }
}

/* ---- The walk ---- */

static void walk_init(struct walk *w, bool group)
{
    static const struct address candidate = { .family = ADDRESS_IPV4, .port = 40000 };
    *w = (struct walk){ .plan = small_plan(group), .dice = 1, .keys_size = 1 << 16, .cap = 1 << 12 };
    if (dtls_identity_create(&w->identity, EPOCH_UNIX_S) != OK)
        abort();
    struct broker_config config = { .entropy = { fill, w }, .identity = w->identity, .candidates = &candidate, .candidate_count = 1,
                                    .rooms_max = 1, .clients_max = CLIENTS_MAX };
    if (outbox_create(&w->outbox, 1 << 18, 256) != OK || broker_create(&w->broker, &config) != OK ||
        broker_plan(w->broker, &w->plan) != OK)
        abort();
    w->room = &w->broker->rooms[0];
    w->keys = must(calloc(w->keys_size, sizeof *w->keys));
    w->steps = must(calloc(w->cap, sizeof *w->steps));
    w->waiting = must(calloc(w->cap, sizeof(struct state *)));
    w->now.law = (struct law){ .group = group, .now = START_US, .closes = START_US + BOX_S * USEC_PER_SEC,
                               .grant_until = START_US + GRANT_S * USEC_PER_SEC };
}

static void walk_deinit(struct walk *w)
{
    for (size_t i = 0; i < w->states; i++)
        free(w->waiting[i]);
    free(w->waiting);
    free(w->steps);
    free(w->keys);
    broker_destroy(w->broker);
    dtls_identity_destroy(w->identity);
    outbox_destroy(w->outbox);
}

static void walk_whole(struct walk *w)
{
    meet(w);
    for (; w->at < w->states && !w->failed; w->at++) {
        try_all(w, w->waiting[w->at]);
        free(w->waiting[w->at]);
        w->waiting[w->at] = NULL;
        if (getenv("WALK_LOUD") && w->at % 10000 == 0)
            fprintf(stderr, "%u of %zu, %" PRIu64 "\n", w->at, w->states, w->transitions);
    }
}

int main(void)
{
    uint64_t states = 0, transitions = 0;
    bool failed = false;
    for (int i = 0; i < SESSIONS; i++) {
        struct walk w;
        walk_init(&w, i == 1);
        walk_whole(&w);
        failed |= w.failed;
        states += w.states;
        transitions += w.transitions;
        if (!w.failed && (w.with_loved_one > 0) == w.now.law.group) {
            printf("not ok %s\n", w.now.law.group ? "a loved one was in a group" : "no loved one was ever in: the walk shows nothing");
            failed = true;
        }
        if (!w.failed)
            printf("ok %s session: %zu states, %" PRIu64 " transitions\n", i ? "group" : "individual", w.states, w.transitions);
        walk_deinit(&w);
    }
    printf("figure model_states %" PRIu64 " states\nfigure model_transitions %" PRIu64 " transitions\n", states, transitions);
    return failed;
}
