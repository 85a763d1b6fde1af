#include "shell/shard.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "api/api.h"
#include "room/broker.h"
#include "shell/handshakes.h"
#include "shell/host.h"
#include "shell/pressure.h"
#include "shell/scribe.h"
#include "shell/sockets.h"
#include "transport/demux.h"
#include "transport/dtls.h"

enum {
    LETTERS_PER_TURN = 4, /* so that a flood of messages does not hold up media: a letter may take a millisecond */
    INBOX_LETTERS = 4096,
    INBOX_BYTES = 32 << 20,
    ANSWERS_BYTES = 4 << 20,
    OUTBOX_BYTES = 8 << 20,
    OUTBOX_ITEMS = 8192,
    /* Drain within a batch from here on: one datagram forwarded to a full room must still fit. */
    OUTBOX_HIGH = OUTBOX_ITEMS / 2,
    RETRY_MS = 10,
    EVENTS = 8,
    BATCHES_PER_TURN = 16, /* of each socket: then letters and timers have their turn */
};

struct shard {
    size_t index;
    const struct log *log;
    struct broker *broker;
    struct dtls_identity *identity;
    struct outbox *outbox;
    struct sockets *sockets;
    struct handshakes *handshakes;
    struct queue *inbox, *to_front, *answers, *to_scribe;
    struct letter done; /* owed to the clerk, who waits for one at a time; LETTER_NONE: nothing */
    uint64_t *refused;  /* OPENs that the queue had no room for, of one flush */
    size_t refused_count;
    int wake_fd, timer_fd, epoll_fd;
    usec_t armed_for; /* what the timer is set to; NEVER when it is not */
    struct pressure pressure;
    usec_t turned_at; /* when this turn began */
    /* Clients to be closed whose letter found the queue to the front full; tried again each turn. */
    client_id *unclosed;
    size_t unclosed_count, unclosed_max; /* as many as clients */
    pthread_t thread;
    bool running;
    atomic_bool stopping;
};

size_t shard_of(const struct id *session, size_t shard_count)
{
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (const char *at = session->text; *at; at++)
        hash = (hash ^ (uint8_t)*at) * 0x100000001b3u;
    return (size_t)((hash ^ hash >> 32) % shard_count);
}

static void wake(void *context)
{
    struct shard *s = context;
    uint64_t one = 1;
    /* It fails only when the counter is at its limit, and then the shard is awake already. */
    if (write(s->wake_fd, &one, sizeof one) < 0)
        return;
}

static enum status watch(const struct shard *s, int fd)
{
    struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
    return epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0 ? OK : ERR_SYSTEM;
}

static enum status open_sockets(struct shard *s, const struct shard_config *config)
{
    struct sockets_config sockets = {
        .shard = s->index,
        .bind = config->bind,
        .bind_count = config->bind_count,
        .datagrams_max = OUTBOX_ITEMS,
        .tcp_max = config->clients_max,
        .tcp_per_address_max = config->tcp_per_address_max,
        .log = s->log,
    };
    TRY(sockets_create(&s->sockets, &sockets));
    s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (s->epoll_fd < 0)
        return ERR_SYSTEM;
    TRY(watch(s, s->wake_fd));
    TRY(watch(s, s->timer_fd));
    return sockets_watch(s->sockets, s->epoll_fd);
}

static enum status open_core(struct shard *s, const struct shard_config *config)
{
    TRY(dtls_identity_create(&s->identity, now_unix_s(host_now())));
    TRY(outbox_create(&s->outbox, OUTBOX_BYTES, OUTBOX_ITEMS));
    struct broker_config core = {
        .entropy = host_entropy(),
        .log = s->log,
        .identity = s->identity,
        .candidates = config->advertise,
        .candidate_count = config->advertise_count,
        .video_codecs = config->video_codecs,
        .turn = config->turn,
        .rooms_max = config->rooms_max,
        .clients_max = config->clients_max,
    };
    return broker_create(&s->broker, &core);
}

static enum status open_all(struct shard *s, const struct shard_config *config)
{
    s->unclosed = calloc(config->clients_max, sizeof *s->unclosed);
    s->unclosed_max = config->clients_max;
    s->refused = calloc(OUTBOX_ITEMS, sizeof *s->refused);
    if (!s->unclosed || !s->refused)
        return ERR_NO_MEMORY;
    s->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    s->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (s->wake_fd < 0 || s->timer_fd < 0)
        return ERR_SYSTEM;
    /* The front keeps one letter of room for each client that it must yet call gone. */
    TRY(queue_create(&s->inbox, INBOX_LETTERS + config->clients_max, INBOX_BYTES, (struct waker){ wake, s }));
    TRY(queue_create(&s->answers, INBOX_LETTERS + config->clients_max, ANSWERS_BYTES, (struct waker){ wake, s }));
    TRY(open_sockets(s, config));
    TRY(handshakes_create(&s->handshakes));
    return open_core(s, config);
}

enum status shard_create(struct shard **created, const struct shard_config *config)
{
    struct shard *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NO_MEMORY;
    s->index = config->index;
    s->log = config->log;
    s->to_front = config->to_front;
    s->to_scribe = config->to_scribe;
    s->wake_fd = s->timer_fd = s->epoll_fd = -1;
    s->armed_for = NEVER;
    pressure_init(&s->pressure);
    enum status status = open_all(s, config);
    if (status != OK) {
        log_error(s->log, "shard %zu cannot be made: %s", s->index, status_name(status));
        shard_destroy(s);
        return status;
    }
    *created = s;
    return OK;
}

void shard_destroy(struct shard *s)
{
    if (!s)
        return;
    broker_destroy(s->broker);
    dtls_identity_destroy(s->identity);
    outbox_destroy(s->outbox);
    letter_wipe(&s->done);
    sockets_destroy(s->sockets);
    handshakes_destroy(s->handshakes);
    queue_destroy(s->inbox);
    queue_destroy(s->answers);
    const int fds[] = { s->wake_fd, s->timer_fd, s->epoll_fd };
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    free(s->unclosed);
    free(s->refused);
    free(s);
}

enum status shard_plan(struct shard *s, const struct plan *plan, struct id *roomless)
{
    enum status status = broker_plan(s->broker, plan);
    *roomless = *broker_roomless(s->broker);
    return status;
}
struct queue *shard_inbox(const struct shard *s)
{
    return s->inbox;
}
struct queue *shard_answers(const struct shard *s)
{
    return s->answers;
}

/* Says it, or ERR_FULL. */
static enum status tell_front(struct shard *s, client_id client, enum letter_kind kind, struct bytes text)
{
    struct letter letter = { .kind = kind, .client = client, .note = note_create(text) };
    if (!letter.note)
        return ERR_NO_MEMORY;
    enum status status = queue_push(s->to_front, &letter, 0);
    letter_wipe(&letter);
    return status;
}

static bool is_unclosed(const struct shard *s, client_id client)
{
    for (size_t i = 0; i < s->unclosed_count; i++)
        if (s->unclosed[i] == client)
            return true;
    return false;
}

/* A client that missed a message can't be trusted to know where it stands: it is closed and joins again. */
static void close_later(struct shard *s, client_id client)
{
    if (client == 0 || is_unclosed(s, client) || s->unclosed_count == s->unclosed_max)
        return;
    log_warning(s->log, "shard %zu closes client %llu: what it is owed does not fit", s->index,
                (unsigned long long)client);
    s->unclosed[s->unclosed_count++] = client;
}

static void send_messages(struct shard *s)
{
    static const enum letter_kind kinds[] = { [MESSAGE_TEXT] = LETTER_SAY, [MESSAGE_CLOSE] = LETTER_CLOSE };
    for (size_t i = 0; i < outbox_message_count(s->outbox); i++) {
        struct message m = outbox_message_at(s->outbox, i);
        if (!is_unclosed(s, m.client) && tell_front(s, m.client, kinds[m.kind], m.text) != OK)
            close_later(s, m.client);
    }
}

/* A CLOSE for each client always finds room, as everything else leaves as much: so none is ever lost. */
static enum status push_record(struct shard *s, struct letter *letter)
{
    if (!s->to_scribe)
        return ERR_STATE;
    return queue_push(s->to_scribe, letter, letter->record == RECORD_CLOSE ? 0 : s->unclosed_max);
}

/* What could not be recorded must not go on: an OPEN is refused; else the client that caused it is closed. */
static void miss_record(struct shard *s, uint64_t number, enum record_kind kind, client_id cause)
{
    if (kind == RECORD_OPEN) {
        s->refused[s->refused_count++] = number;
    } else if (kind != RECORD_HEARTBEAT && s->to_scribe) {
        log_error(s->log, "shard %zu cannot record '%s'", s->index, record_kind_name(kind));
        close_later(s, cause);
    }
}

static void send_records(struct shard *s, client_id cause)
{
    for (size_t i = 0; i < outbox_record_count(s->outbox); i++) {
        struct ledger_note note = outbox_record_at(s->outbox, i);
        struct letter letter = { .record = RECORD_OPEN }; /* unless it turns out to be something else */
        enum status status = scribe_letter(note, &letter);
        if (status == OK)
            status = push_record(s, &letter);
        else
            log_error(s->log, "shard %zu cannot record: %s", s->index, status_name(status));
        if (status != OK)
            miss_record(s, note.number, letter.record, cause);
        letter_wipe(&letter);
    }
}

/* Tells the core; what it then wants sent is in the outbox. */
static bool refuse_missed(struct shard *s, struct now now)
{
    size_t count = s->refused_count;
    s->refused_count = 0;
    for (size_t i = 0; i < count; i++)
        broker_refused(s->broker, now, s->refused[i], s->outbox);
    return count > 0;
}

/* Everything that the core wants sent: records first; datagrams before messages, as an acknowledgement follows the last
 * packet that it is about. `cause` is the client whose letter led to it, 0 for none. */
static void flush(struct shard *s, struct now now, client_id cause)
{
    do {
        send_records(s, cause);
        sockets_send(s->sockets, s->outbox);
        send_messages(s);
        for (size_t i = 0; i < outbox_overflowed_count(s->outbox); i++)
            close_later(s, outbox_overflowed_at(s->outbox, i));
        outbox_clear(s->outbox);
    } while (refuse_missed(s, now));
}

static void forget_unclosed(struct shard *s, client_id client)
{
    for (size_t i = 0; i < s->unclosed_count; i++)
        if (s->unclosed[i] == client)
            s->unclosed[i--] = s->unclosed[--s->unclosed_count];
}

/* Tells the core and the front of the clients in `unclosed`; what finds the queue full again stays for the next turn.
 */
static void retry_closes(struct shard *s, struct now now)
{
    size_t kept = 0, count = s->unclosed_count;
    for (size_t i = 0; i < count; i++) {
        client_id client = s->unclosed[i];
        if (tell_front(s, client, LETTER_CLOSE, bytes_of("busy")) != OK) {
            s->unclosed[kept++] = client;
            continue;
        }
        /* Unknown when the core let it go already. */
        broker_gone(s->broker, now, client, s->outbox);
    }
    s->unclosed_count = kept;
    if (count > 0)
        flush(s, now, 0);
}

static void open_letter(struct shard *s, struct now now, const struct letter *letter)
{
    enum status status = OK;
    switch (letter->kind) {
    case LETTER_JOIN:
        status = broker_join(s->broker, now, letter->client, &letter->joining, s->outbox);
        /* Before the words of the refusal, so that an answer to them finds the front ready. */
        if (status == ERR_FORBIDDEN && tell_front(s, letter->client, LETTER_REFUSED, bytes_of("")) != OK)
            close_later(s, letter->client);
        break;
    case LETTER_TEXT:
        status = broker_text(s->broker, now, letter->client, letter_text(letter), s->outbox);
        break;
    case LETTER_GONE:
        forget_unclosed(s, letter->client);
        status = broker_gone(s->broker, now, letter->client, s->outbox);
        break;
    case LETTER_LOST:
        forget_unclosed(s, letter->client);
        status = broker_lost(s->broker, now, letter->client, letter->number, s->outbox);
        break;
    default:
        break;
    }
    if (status == ERR_NO_MEMORY || status == ERR_SYSTEM)
        log_error(s->log, "shard %zu, client %llu: %s", s->index, (unsigned long long)letter->client,
                  status_name(status));
    flush(s, now, letter->client);
}

static void take_grant(struct shard *s, struct now now, const struct letter *letter)
{
    struct grant grant;
    memcpy(&grant, letter_text(letter).at, sizeof grant);
    broker_grant(s->broker, now, &grant, s->outbox);
}

/* The answer, for LETTER_DONE. */
static enum status take_plan(struct shard *s, struct now now, const struct letter *letter, struct note **answer)
{
    struct plan plan;
    TRY(plan_unpack(letter_text(letter), &plan));
    broker_tick(s->broker, now, s->outbox); /* it may have slept for long, and sessions are past meanwhile */
    enum status status = broker_plan(s->broker, &plan);
    const struct id *roomless = broker_roomless(s->broker);
    plan_deinit(&plan);
    /* Without memory, placement goes on to look for that session here, where there is no room for it. */
    *answer = roomless->text[0] ? note_create((struct bytes){ (const uint8_t *)roomless, sizeof *roomless }) : NULL;
    return status;
}

static enum status take_moderation(struct shard *s, struct now now, const struct letter *letter)
{
    struct moderation moderation;
    memcpy(&moderation, letter_text(letter).at, sizeof moderation);
    return broker_moderate(s->broker, now, &moderation, s->outbox);
}

static void take_code(struct shard *s, struct now now, const struct letter *letter)
{
    struct code_news code;
    memcpy(&code, letter_text(letter).at, sizeof code);
    broker_code(s->broker, now, &code.session, &code.participation, code.state, s->outbox);
}

static void take_acknowledged(struct shard *s, struct now now, const struct letter *letter)
{
    struct acknowledgement known;
    memcpy(&known, letter_text(letter).at, sizeof known);
    broker_acknowledged(s->broker, now, &known, s->outbox);
}

/* The answer, for LETTER_DONE. */
static enum status take_question(struct shard *s, struct now now, const struct letter *letter, struct note **answer)
{
    struct id session;
    struct attendance attendance;
    memcpy(&session, letter_text(letter).at, sizeof session);
    broker_attendance(s->broker, now, &session, &attendance);
    *answer = note_create((struct bytes){ (const uint8_t *)&attendance, attendance_size(&attendance) });
    return *answer ? OK : ERR_NO_MEMORY;
}

static bool is_of_clerk(enum letter_kind kind)
{
    return kind >= LETTER_GRANT && kind <= LETTER_ACKNOWLEDGED;
}

static void take_answer(struct shard *s, struct now now, const struct letter *letter)
{
    enum status outcome = OK;
    struct note *answer = NULL;
    switch (letter->kind) {
    case LETTER_DURABLE:
        broker_durable(s->broker, now, letter->number, s->outbox);
        break;
    case LETTER_UNRECORDED:
        broker_refused(s->broker, now, letter->number, s->outbox);
        break;
    case LETTER_GRANT:
        take_grant(s, now, letter);
        break;
    case LETTER_PLAN:
        outcome = take_plan(s, now, letter, &answer);
        break;
    case LETTER_MODERATION:
        outcome = take_moderation(s, now, letter);
        break;
    case LETTER_QUESTION:
        outcome = take_question(s, now, letter, &answer);
        break;
    case LETTER_CODE:
        take_code(s, now, letter);
        break;
    case LETTER_ACKNOWLEDGED:
        take_acknowledged(s, now, letter);
        break;
    default:
        break;
    }
    flush(s, now, 0);
    /* After everything that it led to. */
    if (is_of_clerk(letter->kind) && letter->number)
        s->done = (struct letter){ .kind = LETTER_DONE, .number = letter->number, .outcome = outcome, .note = answer };
    else
        note_destroy(answer);
}

/* What finds the queue full is tried again each turn. */
static void tell_done(struct shard *s)
{
    if (s->done.kind == LETTER_DONE && s->to_scribe)
        queue_push(s->to_scribe, &s->done, s->unclosed_max);
}

static void take_answers(struct shard *s)
{
    struct letter letter;
    for (int i = 0; i < LETTERS_PER_TURN && queue_pop(s->answers, &letter); i++) {
        take_answer(s, host_now(), &letter);
        letter_wipe(&letter);
    }
    tell_done(s);
}

/* Each letter has a time of its own: what one takes must not be missing from the next one's clock. */
static void open_letters(struct shard *s)
{
    struct letter letter;
    for (int i = 0; i < LETTERS_PER_TURN && queue_pop(s->inbox, &letter); i++) {
        open_letter(s, host_now(), &letter);
        letter_wipe(&letter);
    }
}

/* What a peer's bytes come to is counted by the core. */
static enum status hand_on(struct shard *s, struct now now, const struct address *peer, uint8_t *data, size_t len)
{
    enum status status = broker_datagram(s->broker, now, peer, data, len, s->outbox);
    if (outbox_datagram_count(s->outbox) > OUTBOX_HIGH)
        flush(s, now, 0);
    return status;
}

static enum status hand_on_handshake(struct shard *s, struct now now, const struct address *peer, uint8_t *data,
                                     size_t len)
{
    usec_t began = host_now().mono_us;
    enum status status = hand_on(s, now, peer, data, len);
    handshakes_took(s->handshakes, host_now().mono_us - began);
    return status;
}

static enum status take_datagram(void *context, struct now now, const struct address *peer, uint8_t *data, size_t len)
{
    struct shard *s = context;
    if (demux((struct bytes){ data, len }) != PACKET_DTLS)
        return hand_on(s, now, peer, data, len);
    if (handshakes_may(s->handshakes))
        return hand_on_handshake(s, now, peer, data, len);
    handshakes_keep(s->handshakes, peer, (struct bytes){ data, len });
    return ERR_STATE; /* whose it is, nobody has looked yet */
}

/* Those that an earlier turn had no time for. */
static bool take_handshakes(struct shard *s)
{
    struct datagram d;
    bool taken = false;
    handshakes_turn(s->handshakes);
    for (; handshakes_next(s->handshakes, &d); taken = true)
        hand_on_handshake(s, host_now(), &d.peer, (uint8_t *)(uintptr_t)d.data.at, d.data.len); /* the copy is ours */
    return taken;
}

/* The kernel holds the deadline as an absolute time: so a turn's own length never adds to its sleep, and the clock is
 * not asked twice. */
static void arm_timer(struct shard *s)
{
    usec_t deadline = broker_deadline(s->broker);
    if (deadline == s->armed_for)
        return;
    s->armed_for = deadline;
    struct itimerspec when = { 0 }; /* all zero disarms */
    if (deadline != NEVER) {
        when.it_value.tv_sec = (time_t)(deadline / USEC_PER_SEC);
        when.it_value.tv_nsec = (long)(deadline % USEC_PER_SEC) * 1000;
        if (deadline == 0)
            when.it_value.tv_nsec = 1;
    }
    timerfd_settime(s->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static bool has_letters(const struct shard *s)
{
    return !queue_is_empty(s->inbox) || !queue_is_empty(s->answers);
}

/* -1: until something happens; else milliseconds. */
static int patience_ms(const struct shard *s)
{
    if (has_letters(s) || handshakes_wait(s->handshakes))
        return 0;
    return s->unclosed_count > 0 || s->done.kind ? RETRY_MS : -1;
}

/* Nothing is looked at before: neither sockets nor letters nor timers, which so come late by PRESSURE_GATHER_US at the
 * most. */
static void gather(const struct shard *s)
{
    usec_t until = s->turned_at + PRESSURE_GATHER_US;
    struct timespec when = { .tv_sec = (time_t)(until / USEC_PER_SEC), .tv_nsec = (long)(until % USEC_PER_SEC) * 1000 };
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL);
}

static void sleep_until_due(struct shard *s)
{
    struct epoll_event events[EVENTS];
    arm_timer(s);
    int count = epoll_wait(s->epoll_fd, events, EVENTS, patience_ms(s));
    for (int i = 0; i < count; i++) {
        int fd = events[i].data.fd;
        uint64_t times;
        if ((fd == s->wake_fd || fd == s->timer_fd) && read(fd, &times, sizeof times) < 0)
            continue;
        if (fd == s->timer_fd)
            s->armed_for = NEVER; /* a timer that fired is disarmed */
    }
}

/* A full batch means that there may be more; but whoever wants something stopped does not wait for all of it. */
static bool receive(struct shard *s)
{
    size_t taken = 0, got = SOCKETS_BATCH;
    for (int i = 0; i < BATCHES_PER_TURN && got >= SOCKETS_BATCH && (i == 0 || !has_letters(s)); i++) {
        got = sockets_receive(s->sockets, take_datagram, s);
        taken += got;
    }
    pressure_add(&s->pressure, taken);
    return taken > 0;
}

static void look_at_pressure(struct shard *s)
{
    if (s->turned_at < s->pressure.due_at)
        return;
    unsigned before = s->pressure.picture_percent;
    pressure_look(&s->pressure, s->turned_at, host_thread_cpu_us());
    if (s->pressure.picture_percent == before)
        return;
    broker_set_picture_share(s->broker, s->pressure.picture_percent);
    if (before == 100)
        log_warning(s->log, "shard %zu has no time for all pictures: some pause, sound goes on", s->index);
    if (s->pressure.picture_percent == 100)
        log_warning(s->log, "shard %zu has time for all pictures again", s->index);
}

static void *run(void *context)
{
    struct shard *s = context;
    while (!atomic_load(&s->stopping)) {
        if (pressure_is_busy(&s->pressure))
            gather(s);
        else
            sleep_until_due(s);
        s->turned_at = host_now().mono_us;
        look_at_pressure(s);
        take_answers(s);
        open_letters(s);
        bool taken = take_handshakes(s);
        taken |= receive(s);
        struct now now = host_now();
        if (taken)
            flush(s, now, 0);
        if (broker_deadline(s->broker) <= now.mono_us) {
            broker_tick(s->broker, now, s->outbox);
            flush(s, now, 0);
        }
        retry_closes(s, now);
    }
    return NULL;
}

enum status shard_start(struct shard *s)
{
    if (pthread_create(&s->thread, NULL, run, s) != 0)
        return ERR_SYSTEM;
    pthread_setname_np(s->thread, "shard");
    s->running = true;
    return OK;
}

void shard_stop(struct shard *s)
{
    if (!s || !s->running)
        return;
    atomic_store(&s->stopping, true);
    wake(s);
    pthread_join(s->thread, NULL);
    s->running = false;
    struct broker_counts counts = broker_counts(s->broker);
    log_info(s->log, "shard %zu stopped: %llu packets in, %llu out, %llu refused, %llu dropped", s->index,
             (unsigned long long)counts.packets_in, (unsigned long long)counts.packets_out,
             (unsigned long long)counts.packets_refused,
             (unsigned long long)(outbox_dropped(s->outbox) + sockets_dropped(s->sockets) +
                                  handshakes_dropped(s->handshakes)));
}
