#include "shell/scribe.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "shell/host.h"

enum {
    BATCH_ROWS = 256,
    PENDING_MAX = 16384, /* beyond it records stay in the shards' queues, which fill up */
};
#define RETRY_US (500 * USEC_PER_MSEC)
#define HEARTBEAT_US USEC_PER_SEC

/* One shard's place. */
struct desk {
    struct queue *inbox, *answers;
    uint64_t stored, told; /* numbers of its last record that is durable, and that it knows to be */
};

struct entry {
    size_t desk;
    uint64_t number;
    enum record_kind kind;
    struct id interval; /* of an OPEN or CLOSE */
    struct note *note;
};

struct scribe {
    struct store *store;
    struct chain chain;
    const struct log *log;
    struct desk *desks;
    size_t desk_count;
    struct entry *pending; /* not stored yet, in the order in which they came */
    size_t pending_count;
    struct id *open; /* intervals whose OPEN was taken and whose CLOSE has not come */
    size_t open_count, open_cap;
    struct ledger_row *rows; /* BATCH_ROWS, for the commit at hand */
    atomic_bool failing;     /* written by the scribe's thread alone */
    usec_t retry_at;         /* while failing */
    int64_t heartbeat_unix_us, heartbeat_stored;
    usec_t heartbeat_at; /* not before */
    int wake_fd;
    pthread_t thread;
    bool running;
    atomic_bool stopping;
    struct scribe_guest guest; /* all NULL without one */
};

/* ---- Making ---- */

static void wake(void *context)
{
    struct scribe *s = context;
    uint64_t one = 1;
    /* It fails only when the counter is at its limit, and then the scribe is awake already. */
    if (write(s->wake_fd, &one, sizeof one) < 0)
        return;
}

static enum status make_all(struct scribe *s, const struct scribe_config *config)
{
    s->desks = calloc(config->shards, sizeof *s->desks);
    s->pending = calloc(PENDING_MAX, sizeof *s->pending);
    s->rows = calloc(BATCH_ROWS, sizeof *s->rows);
    if (!s->desks || !s->pending || !s->rows)
        return ERR_NO_MEMORY;
    s->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (s->wake_fd < 0)
        return ERR_SYSTEM;
    for (; s->desk_count < config->shards; s->desk_count++)
        /* Bytes for as many records of any length: letters alone are the bound. */
        TRY(queue_create(&s->desks[s->desk_count].inbox, config->inbox_records, config->inbox_records * RECORD_TEXT_MAX,
                         (struct waker){ wake, s }));
    return OK;
}

enum status scribe_create(struct scribe **created, const struct scribe_config *config)
{
    struct scribe *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NO_MEMORY;
    s->store = config->store;
    s->chain = config->chain;
    s->log = config->log;
    s->wake_fd = -1;
    enum status status = make_all(s, config);
    if (status == OK)
        *created = s;
    else
        scribe_destroy(s);
    return status;
}

void scribe_destroy(struct scribe *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->desk_count; i++)
        queue_destroy(s->desks[i].inbox);
    for (size_t i = 0; i < s->pending_count; i++)
        note_destroy(s->pending[i].note);
    if (s->wake_fd >= 0)
        close(s->wake_fd);
    free(s->desks);
    free(s->pending);
    free(s->open);
    free(s->rows);
    free(s);
}

struct queue *scribe_inbox(const struct scribe *s, size_t shard)
{
    return s->desks[shard].inbox;
}

void scribe_connect(struct scribe *s, size_t shard, struct queue *answers)
{
    s->desks[shard].answers = answers;
}

enum status scribe_letter(struct ledger_note note, struct letter *letter)
{
    struct record record;
    TRY(record_parse(note.text, &record));
    struct letter made = {
        .kind = LETTER_RECORD,
        .note = note_create(note.text),
        .number = note.number,
        .record = record.kind,
        .interval = record.interval,
        .unix_us = record.unix_us,
    };
    if (!made.note)
        return ERR_NO_MEMORY;
    *letter = made;
    return OK;
}

/* ---- Answers ---- */

void scribe_host(struct scribe *s, struct scribe_guest guest)
{
    s->guest = guest;
}

struct waker scribe_waker(struct scribe *s)
{
    return (struct waker){ wake, s };
}

/* An answer can't be lost, so a full queue is waited for: a shard drains its own every turn and waits for nobody, but
 * when it has stopped. */
void scribe_send(struct scribe *s, size_t shard, struct letter *letter)
{
    const struct timespec pause = { .tv_nsec = 1000000 };
    while (queue_push(s->desks[shard].answers, letter, 0) != OK && !atomic_load(&s->stopping))
        nanosleep(&pause, NULL);
    letter_wipe(letter);
}

bool scribe_is_failing(const struct scribe *s)
{
    return s->failing;
}

static void tell(struct scribe *s, size_t desk, enum letter_kind kind, uint64_t number)
{
    struct letter letter = { .kind = kind, .number = number };
    scribe_send(s, desk, &letter);
}

static void tell_stored(struct scribe *s)
{
    for (size_t i = 0; i < s->desk_count; i++) {
        struct desk *desk = &s->desks[i];
        if (desk->told != desk->stored)
            tell(s, i, LETTER_DURABLE, desk->stored);
        desk->told = desk->stored;
    }
}

/* ---- Intervals that are open ---- */

static bool remember_open(struct scribe *s, const struct id *interval)
{
    if (s->open_count == s->open_cap) {
        size_t cap = s->open_cap ? 2 * s->open_cap : 256;
        struct id *grown = realloc(s->open, cap * sizeof *grown);
        if (!grown)
            return false;
        s->open = grown;
        s->open_cap = cap;
    }
    s->open[s->open_count++] = *interval;
    return true;
}

/* False when it was not open. */
static bool forget_open(struct scribe *s, const struct id *interval)
{
    for (size_t i = 0; i < s->open_count; i++)
        if (id_equal(&s->open[i], interval)) {
            s->open[i] = s->open[--s->open_count];
            return true;
        }
    return false;
}

static void drop_entry(struct scribe *s, size_t index)
{
    note_destroy(s->pending[index].note);
    memmove(&s->pending[index], &s->pending[index + 1], (--s->pending_count - index) * sizeof *s->pending);
}

/* Its CLOSE goes with it, whether it waits here too or is yet to come. */
static void refuse_open(struct scribe *s, size_t index)
{
    struct entry open = s->pending[index];
    drop_entry(s, index);
    if (!forget_open(s, &open.interval))
        for (size_t i = index; i < s->pending_count; i++)
            if (s->pending[i].kind == RECORD_CLOSE && id_equal(&s->pending[i].interval, &open.interval)) {
                drop_entry(s, i);
                break;
            }
    tell(s, open.desk, LETTER_UNRECORDED, open.number);
}

static void refuse_opens(struct scribe *s)
{
    for (size_t i = 0; i < s->pending_count;)
        if (s->pending[i].kind == RECORD_OPEN)
            refuse_open(s, i);
        else
            i++;
}

/* ---- Storing ---- */

static bool may_write(const struct scribe *s, usec_t mono_us)
{
    return !s->failing || mono_us >= s->retry_at;
}

/* One line when a streak of failures begins, one when it ends. */
static void learn(struct scribe *s, usec_t mono_us, enum status status)
{
    if (status != OK) {
        if (!s->failing)
            log_error(s->log, "the ledger cannot be written (%s): nobody is let in until it can", status_name(status));
        s->retry_at = mono_us + RETRY_US;
    } else if (s->failing) {
        log_info(s->log, "the ledger is written again; %zu records had to wait", s->pending_count);
    }
    s->failing = status != OK;
}

/* Each was parsed when its letter was made, so the chain takes it unless the machine fails us. */
static enum status write_rows(struct scribe *s, struct chain *chain, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct note *note = s->pending[i].note;
        TRY(chain_append(chain, (struct bytes){ note->data + NOTE_HEADROOM, note->len }, &s->rows[i]));
    }
    return s->store->ops->ledger_append(s->store, s->rows, count);
}

/* The chain moves on only with what is stored. */
static void commit(struct scribe *s, usec_t mono_us)
{
    struct chain chain = s->chain;
    size_t count = s->pending_count < BATCH_ROWS ? s->pending_count : BATCH_ROWS;
    enum status status = write_rows(s, &chain, count);
    learn(s, mono_us, status);
    if (status != OK) {
        refuse_opens(s);
        return;
    }
    s->chain = chain;
    for (size_t i = 0; i < count; i++) {
        s->desks[s->pending[i].desk].stored = s->pending[i].number;
        if (s->guest.stored)
            s->guest.stored(s->guest.context, &s->rows[i]);
        note_destroy(s->pending[i].note);
    }
    s->pending_count -= count;
    memmove(s->pending, s->pending + count, s->pending_count * sizeof *s->pending);
    tell_stored(s);
}

static bool heartbeat_waits(const struct scribe *s)
{
    return s->heartbeat_unix_us != s->heartbeat_stored;
}

static void put_heartbeat(struct scribe *s, usec_t mono_us)
{
    enum status status = s->store->ops->heartbeat_put(s->store, s->heartbeat_unix_us);
    learn(s, mono_us, status);
    if (status != OK)
        return;
    s->heartbeat_stored = s->heartbeat_unix_us;
    s->heartbeat_at = mono_us + HEARTBEAT_US;
}

/* ---- The thread ---- */

/* Whether a record may go into the ledger; if not, what it asks for has been answered. */
static bool accept(struct scribe *s, size_t desk, const struct letter *letter, usec_t mono_us)
{
    if (letter->record == RECORD_CLOSE)
        return forget_open(s, &letter->interval);
    if (letter->record != RECORD_OPEN || (may_write(s, mono_us) && remember_open(s, &letter->interval)))
        return true;
    tell(s, desk, LETTER_UNRECORDED, letter->number);
    return false;
}

static void take(struct scribe *s, size_t desk, struct letter *letter, usec_t mono_us)
{
    if (letter->kind == LETTER_DONE) {
        if (s->guest.done)
            s->guest.done(s->guest.context, letter);
    } else if (letter->kind == LETTER_VITALS) {
        if (s->guest.vitals)
            s->guest.vitals(s->guest.context, letter);
    } else if (letter->record == RECORD_HEARTBEAT) {
        s->heartbeat_unix_us = letter->unix_us;
    } else if (accept(s, desk, letter, mono_us)) {
        s->pending[s->pending_count++] =
            (struct entry){ desk, letter->number, letter->record, letter->interval, letter->note };
        letter->note = NULL;
    }
    letter_wipe(letter);
}

static void take_all(struct scribe *s, usec_t mono_us)
{
    struct letter letter;
    for (size_t i = 0; i < s->desk_count; i++)
        while (s->pending_count < PENDING_MAX && queue_pop(s->desks[i].inbox, &letter))
            take(s, i, &letter, mono_us);
}

static void turn(struct scribe *s, usec_t mono_us)
{
    take_all(s, mono_us);
    if (s->pending_count > 0 && may_write(s, mono_us))
        commit(s, mono_us);
    if (heartbeat_waits(s) && s->pending_count == 0 && mono_us >= s->heartbeat_at && may_write(s, mono_us))
        put_heartbeat(s, mono_us);
}

static bool has_mail(const struct scribe *s)
{
    for (size_t i = 0; i < s->desk_count; i++)
        if (!queue_is_empty(s->desks[i].inbox))
            return true;
    return false;
}

/* -1: until somebody writes. */
static int patience_ms(const struct scribe *s, usec_t mono_us)
{
    if (s->guest.has_work && s->guest.has_work(s->guest.context))
        return 0;
    if (s->pending_count < PENDING_MAX && has_mail(s))
        return 0;
    if (s->pending_count == 0 && !heartbeat_waits(s))
        return -1;
    usec_t due = s->pending_count == 0 ? s->heartbeat_at : 0;
    if (s->failing && s->retry_at > due)
        due = s->retry_at;
    return due > mono_us ? (int)((due - mono_us) / USEC_PER_MSEC) + 1 : 0;
}

static void sleep_until_due(struct scribe *s)
{
    struct pollfd events = { .fd = s->wake_fd, .events = POLLIN };
    uint64_t times;
    /* An empty counter (EAGAIN) is fine: the time was up. */
    if (poll(&events, 1, patience_ms(s, host_now().mono_us)) > 0 && read(s->wake_fd, &times, sizeof times) < 0)
        return;
}

/* What is left is stored, if the store takes it now. */
static void finish(struct scribe *s)
{
    s->retry_at = s->heartbeat_at = 0;
    do
        turn(s, host_now().mono_us);
    while (!s->failing && (s->pending_count > 0 || has_mail(s)));
    take_all(s, 0);
    if (s->pending_count > 0)
        log_error(s->log, "%zu records could not be stored: the next start closes what they would have closed",
                  s->pending_count);
}

static void *run(void *context)
{
    struct scribe *s = context;
    while (!atomic_load(&s->stopping)) {
        sleep_until_due(s);
        struct now now = host_now();
        turn(s, now.mono_us);
        if (s->guest.turn)
            s->guest.turn(s->guest.context, now);
    }
    finish(s);
    return NULL;
}

enum status scribe_start(struct scribe *s)
{
    if (pthread_create(&s->thread, NULL, run, s) != 0)
        return ERR_SYSTEM;
    pthread_setname_np(s->thread, "scribe");
    s->running = true;
    return OK;
}

void scribe_stop(struct scribe *s)
{
    if (!s || !s->running)
        return;
    atomic_store(&s->stopping, true);
    wake(s);
    pthread_join(s->thread, NULL);
    s->running = false;
}
