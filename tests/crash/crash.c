/* crash.c - kill -9 at random moments while people step in and out; then the ledger must hold exactly what happened.
 *
 *   test_crash [--rounds N] [--seed N]
 *
 * A child runs the real core, the scribe and the SQLite store, and tells on a pipe what it acknowledges: each gate that
 * opened, each closing that is durable. The parent kills it, recovers as a start does, and compares. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger/intervals.h"
#include "room/broker.h"
#include "shell/host.h"
#include "shell/recovery.h"
#include "shell/scribe.h"
#include "shell/store_sqlite.h"
#include "transport/dtls.h"
#include "transport/srtp.h"

enum {
    ROUNDS = 200,
    ROUNDS_PER_STORE = 20, /* so that the ledger, which each recovery reads whole, stays short */
    KILL_AFTER_US = 80000, /* at most */
    LOVED = 2,
    SENT = 1 << 16,
    SAID_MAX = 1 << 16,
};

#define CHECK(what)                                                                                                    \
    do {                                                                                                               \
        if (!(what)) {                                                                                                 \
            printf("not ok crash: %s (line %d)\n", #what, __LINE__);                                                   \
            fflush(stdout);                                                                                            \
            _exit(1);                                                                                                  \
        }                                                                                                              \
    } while (0)

static struct id id_of(const char *text)
{
    struct id id;
    CHECK(id_parse(bytes_of(text), &id));
    return id;
}

/* ---- The child ---- */

/* What the child acknowledges, as it goes through the pipe. */
struct said {
    char what; /* 'O' a gate has opened, 'C' a closing is durable */
    struct id interval;
};

enum { THERAPIST = 1, CLIENT, FIRST_LOVED }; /* client ids */

struct loved {
    const char *name;
    struct id interval; /* of the last OPEN */
    uint32_t admit;     /* the request that waits for its reply, 0 for none */
    bool in;
};

struct node {
    struct broker *broker;
    struct outbox *outbox;
    struct scribe *scribe;
    struct queue *answers;
    struct loved loved[LOVED];
    struct id closing[SENT]; /* by record number: the interval that it closes, empty for others */
    uint64_t told;
    uint32_t request;
    unsigned seed;
    int pipe;
};

static void say(const struct node *n, char what, const struct id *interval)
{
    struct said said = { what, *interval };
    CHECK(write(n->pipe, &said, sizeof said) == sizeof said);
}

static void take_record(struct node *n, struct ledger_note note)
{
    struct record record;
    struct letter letter;
    CHECK(note.number < SENT && record_parse(note.text, &record) == OK && scribe_letter(note, &letter) == OK);
    for (int i = 0; i < LOVED; i++)
        if (record.kind == RECORD_OPEN && strcmp(record.participation.text, n->loved[i].name) == 0)
            n->loved[i].interval = record.interval;
    if (record.kind == RECORD_CLOSE)
        n->closing[note.number] = record.interval;
    while (queue_push(scribe_inbox(n->scribe, 0), &letter, 0) != OK)
        sched_yield();
}

/* The therapist hears what came of an admission when the gate is open, or will not be. */
static void take_reply(struct node *n, struct bytes text)
{
    for (int i = 0; i < LOVED; i++) {
        struct loved *l = &n->loved[i];
        char mark[32];
        snprintf(mark, sizeof mark, "\"id\":%u", l->admit);
        const char *at = l->admit ? memmem(text.at, text.len, mark, strlen(mark)) : NULL;
        if (!at || (at[strlen(mark)] >= '0' && at[strlen(mark)] <= '9'))
            continue;
        l->admit = 0;
        l->in = memmem(text.at, text.len, "\"done\"", 6) != NULL;
        if (l->in)
            say(n, 'O', &l->interval);
    }
}

static void drain(struct node *n)
{
    for (size_t i = 0; i < outbox_record_count(n->outbox); i++)
        take_record(n, outbox_record_at(n->outbox, i));
    for (size_t i = 0; i < outbox_message_count(n->outbox); i++) {
        struct message m = outbox_message_at(n->outbox, i);
        if (m.client == THERAPIST)
            take_reply(n, m.text);
    }
    outbox_clear(n->outbox);
}

static void take_answers(struct node *n)
{
    struct letter letter;
    while (queue_pop(n->answers, &letter)) {
        CHECK(letter.kind == LETTER_DURABLE);
        for (; n->told < letter.number; n->told++)
            if (n->closing[n->told + 1].text[0])
                say(n, 'C', &n->closing[n->told + 1]);
        broker_durable(n->broker, host_now(), letter.number, n->outbox);
        drain(n);
    }
}

static uint32_t request(struct node *n, client_id client, const char *format, const char *about)
{
    char body[200], text[240];
    snprintf(body, sizeof body, format, about);
    snprintf(text, sizeof text, "{\"id\":%u,%s}", ++n->request, body);
    broker_text(n->broker, host_now(), client, bytes_of(text), n->outbox);
    return n->request;
}

static void join(struct node *n, client_id client, const char *participation, enum role role)
{
    int64_t unix_s = now_unix_s(host_now());
    struct claims claims = { .participation = id_of(participation),
                             .session = id_of("s-1"),
                             .token = id_of("t-1"),
                             .role = role,
                             .not_before = unix_s - 60,
                             .expires = unix_s + 3000 };
    CHECK(broker_join(n->broker, host_now(), client, &claims, ++n->request, false, n->outbox) == OK);
    drain(n);
}

static void gather(struct node *n)
{
    join(n, THERAPIST, "p-t", ROLE_THERAPIST);
    join(n, CLIENT, "p-c", ROLE_CLIENT);
    request(n, CLIENT, "\"type\":\"locate\",\"address\":\"%s\",\"phone\":\"555 0100\"", "12 Elm St");
    drain(n);
    for (int i = 0; i < LOVED; i++) {
        join(n, (client_id)(FIRST_LOVED + i), n->loved[i].name, ROLE_LOVED_ONE);
        request(n, (client_id)(FIRST_LOVED + i), "\"type\":\"acknowledge\",\"guidance\":\"%s\",\"notice\":\"n1\"",
                "g1");
        drain(n);
        request(n, CLIENT, "\"type\":\"agree\",\"participant\":\"%s\",\"yes\":true", n->loved[i].name);
        drain(n);
    }
}

/* Now and then somebody is stepped out while the ledger still writes that they come in. */
static void step(struct node *n, struct loved *l)
{
    bool out = l->admit ? rand_r(&n->seed) % 50 == 0 : l->in;
    if (out) {
        l->in = false;
        request(n, THERAPIST, "\"type\":\"step_out\",\"participant\":\"%s\"", l->name);
    } else if (!l->admit) {
        l->admit = n->request + 1;
        request(n, THERAPIST, "\"type\":\"admit\",\"participant\":\"%s\"", l->name);
    }
    drain(n);
}

static void run_child(struct node *n)
{
    gather(n);
    for (;;) {
        struct now now = host_now();
        for (int i = 0; i < LOVED; i++)
            if (rand_r(&n->seed) % 4 == 0)
                step(n, &n->loved[i]);
        take_answers(n);
        if (broker_deadline(n->broker) <= now.mono_us) {
            broker_tick(n->broker, now, n->outbox);
            drain(n);
        }
        usleep(200);
    }
}

static enum status plan_into(void *context, const struct plan *plan)
{
    return broker_plan(context, plan);
}

static void child(const char *path, const struct dtls_identity *identity, unsigned seed, int pipe)
{
    static struct node node;
    struct store *store;
    struct recovery recovery;
    struct id clinic = id_of("north");
    struct address candidate = { .family = ADDRESS_IPV4, .port = 40000, .ip = { 127, 0, 0, 1 } };
    struct node *n = &node;
    *n = (struct node){ .loved = { { .name = "p-1" }, { .name = "p-2" } }, .seed = seed, .pipe = pipe };
    CHECK(store_sqlite_open(&store, path, &clinic, NULL) == OK);
    CHECK(recovery_run(&recovery, store, &clinic, NULL) == OK);
    struct broker_config core = { .entropy = host_entropy(),
                                  .identity = identity,
                                  .candidates = &candidate,
                                  .candidate_count = 1,
                                  .rooms_max = 2,
                                  .clients_max = 8 };
    CHECK(broker_create(&n->broker, &core) == OK && outbox_create(&n->outbox, 1 << 20, 1024) == OK);
    CHECK(store->ops->plans_each(store, (struct store_plans){ plan_into, n->broker }) == OK);
    struct scribe_config scribe = { .store = store, .chain = recovery.chain, .shards = 1, .inbox_records = 4096 };
    CHECK(scribe_create(&n->scribe, &scribe) == OK);
    CHECK(queue_create(&n->answers, 4096, 0, (struct waker){ 0 }) == OK);
    scribe_connect(n->scribe, 0, n->answers);
    CHECK(scribe_start(n->scribe) == OK);
    run_child(n);
}

/* ---- The parent ---- */

static struct {
    unsigned rounds, lost, doubled, unacknowledged;
    uint64_t gates, closings, recovered, rows;
    bool broken;
} tally;

struct seen {
    struct id interval;
    unsigned opens, closes, recovered;
    bool said_open, said_closed;
};

struct ledger_view {
    struct seen at[SAID_MAX];
    size_t count;
};

static struct seen *seen_of(struct ledger_view *view, const struct id *interval)
{
    size_t i = 0;
    while (i < view->count && !id_equal(&view->at[i].interval, interval))
        i++;
    CHECK(i < SAID_MAX);
    if (i == view->count)
        view->at[view->count++] = (struct seen){ .interval = *interval };
    return &view->at[i];
}

static enum status view_row(void *context, const struct ledger_row *row)
{
    struct record record;
    CHECK(record_parse(bytes_of(row->text), &record) == OK);
    tally.rows++;
    if (record.kind != RECORD_OPEN && record.kind != RECORD_CLOSE)
        return OK;
    struct seen *seen = seen_of(context, &record.interval);
    seen->opens += record.kind == RECORD_OPEN;
    seen->closes += record.kind == RECORD_CLOSE;
    seen->recovered += record.recovered;
    return OK;
}

static void read_pipe(int pipe, struct ledger_view *view)
{
    struct said said;
    while (read(pipe, &said, sizeof said) == sizeof said) {
        struct seen *seen = seen_of(view, &said.interval);
        if (said.what == 'O')
            seen->said_open = true;
        else
            seen->said_closed = true;
    }
}

static void judge(const struct ledger_view *view, unsigned round)
{
    for (size_t i = 0; i < view->count; i++) {
        const struct seen *s = &view->at[i];
        /* A closing that was acknowledged as durable must be the broker's own, not one that recovery had to add. */
        bool lost = s->opens == 0 || s->closes == 0 || (s->said_closed && s->recovered);
        bool doubled = s->opens > 1 || s->closes > 1;
        if (lost || doubled)
            printf("round %u, interval %s: %u opened, %u closed, %u recovered%s%s\n", round, s->interval.text, s->opens,
                   s->closes, s->recovered, s->said_open ? ", gate opened" : "",
                   s->said_closed ? ", closing told" : "");
        tally.lost += lost;
        tally.doubled += doubled;
        tally.unacknowledged += !s->said_open;
        tally.gates += s->said_open;
        tally.closings += s->said_closed;
        tally.recovered += s->recovered;
    }
}

static uint64_t last_row(struct store *store)
{
    struct ledger_row last;
    CHECK(store->ops->ledger_last(store, &last) == OK);
    return last.number;
}

static void one_round(const char *path, const struct dtls_identity *identity, unsigned round, unsigned *seed)
{
    static struct ledger_view view;
    struct id clinic = id_of("north");
    struct log log = host_log(LOG_LEVEL_ERROR);
    struct store *store;
    struct recovery recovery;
    int ends[2];
    CHECK(store_sqlite_open(&store, path, &clinic, &log) == OK);
    uint64_t before = last_row(store);
    store->ops->close(store);

    CHECK(pipe(ends) == 0);
    CHECK(fcntl(ends[1], F_SETPIPE_SZ, 1 << 20) > 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        close(ends[0]);
        child(path, identity, *seed, ends[1]);
        _exit(1);
    }
    close(ends[1]);
    usleep((useconds_t)(rand_r(seed) % KILL_AFTER_US));
    CHECK(kill(pid, SIGKILL) == 0);
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);

    view.count = 0;
    read_pipe(ends[0], &view);
    close(ends[0]);
    CHECK(store_sqlite_open(&store, path, &clinic, &log) == OK);
    tally.broken |= recovery_run(&recovery, store, &clinic, &log) != OK; /* verifies the chain */
    recovery_deinit(&recovery);
    CHECK(store->ops->ledger_each(store, before + 1, (struct store_rows){ view_row, &view }) == OK);
    store->ops->close(store);
    judge(&view, round);
    tally.rounds++;
}

/* A session with two loved ones who are named in grants. */
static void fill_store(const char *path)
{
    struct store *store;
    struct id clinic = id_of("north");
    int64_t unix_s = now_unix_s(host_now());
    struct plan plan = {
        .session = id_of("s-1"),
        .kind = KIND_FAMILY,
        .opens_at = unix_s - 60,
        .closes_at = unix_s + 2900,
        .client = id_of("alex"),
        .guidance_version = "g1",
        .notice_version = "n1",
        .people = { { .participation = id_of("p-t"), .person = id_of("rivera"), .role = ROLE_THERAPIST },
                    { .participation = id_of("p-c"), .person = id_of("alex"), .role = ROLE_CLIENT },
                    { .participation = id_of("p-1"), .person = id_of("sam"), .role = ROLE_LOVED_ONE },
                    { .participation = id_of("p-2"), .person = id_of("kim"), .role = ROLE_LOVED_ONE } },
        .people_count = 4,
        .grant_count = LOVED
    };
    for (size_t i = 0; i < LOVED; i++)
        plan.grants[i] = (struct grant){ .id = id_of(i ? "g-2" : "g-1"),
                                         .epoch = 1,
                                         .client = plan.client,
                                         .person = plan.people[2 + i].person,
                                         .granted_by = GRANTED_BY_PATIENT,
                                         .kinds = term_bit(KIND_FAMILY),
                                         .modes = term_bit(MODE_FULL),
                                         .purpose = "FAMRQT",
                                         .topics = term_bit(TOPIC_COMMUNICATION),
                                         .not_before = unix_s - 60,
                                         .expires = unix_s + 86400,
                                         .notice_version = "n1",
                                         .evidence = "DocumentReference/1",
                                         .status = GRANT_ACTIVE };
    for (size_t i = 0; i < plan.people_count; i++)
        strcpy(plan.people[i].name, "Somebody");
    CHECK(store_sqlite_open(&store, path, &clinic, NULL) == OK);
    CHECK(store->ops->plan_put(store, &plan) == OK);
    store->ops->close(store);
}

static void remove_store(const char *folder)
{
    char command[128];
    snprintf(command, sizeof command, "rm -f %s/*", folder);
    CHECK(system(command) == 0);
}

int main(int count, char **words)
{
    char folder[] = "/tmp/kinroom-crash-XXXXXX", path[64];
    unsigned rounds = ROUNDS, seed = 1;
    struct dtls_identity *identity;
    for (int i = 1; i + 1 < count; i += 2) {
        if (strcmp(words[i], "--rounds") == 0)
            rounds = (unsigned)atoi(words[i + 1]);
        else if (strcmp(words[i], "--seed") == 0)
            seed = (unsigned)atoi(words[i + 1]);
    }
    CHECK(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/crash.db", folder);
    CHECK(srtp_start() == OK && dtls_identity_create(&identity, now_unix_s(host_now())) == OK);
    for (unsigned round = 0; round < rounds; round++) {
        if (round % ROUNDS_PER_STORE == 0) {
            remove_store(folder);
            fill_store(path);
        }
        one_round(path, identity, round, &seed);
    }
    remove_store(folder);
    rmdir(folder);
    dtls_identity_destroy(identity);

    printf("%llu rows, %llu gates opened, %llu closings told, %llu closed by recovery, %u opened in the ledger alone\n",
           (unsigned long long)tally.rows, (unsigned long long)tally.gates, (unsigned long long)tally.closings,
           (unsigned long long)tally.recovered, tally.unacknowledged);
    printf("figure crash_rounds %u rounds\n", tally.rounds);
    printf("figure intervals_lost %u intervals\n", tally.lost);
    printf("figure intervals_doubled %u intervals\n", tally.doubled);
    /* A run in which nothing happened would prove nothing. */
    bool busy = tally.gates > rounds && tally.closings > rounds && tally.recovered > 0;
    bool good = tally.lost == 0 && tally.doubled == 0 && !tally.broken && busy;
    printf("%s crash: kill -9 in %u rounds\n", good ? "ok" : "not ok", tally.rounds);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
