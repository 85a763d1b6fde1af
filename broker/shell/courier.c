#include "shell/courier.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "auth/oidc.h"
#include "ledger/event.h"
#include "shell/host.h"
#include "shell/key_life.h"
#include "shell/parcels.h"

enum { REFRESHES_MAX = 16, HTTP_GONE = 410 };
#define EVENT_PAUSE_MAX_US (300 * USEC_PER_SEC)
#define KEYS_PAUSE_MAX_US (60 * USEC_PER_SEC)
#define KEYS_AGAIN_US (30 * USEC_PER_SEC) /* asked for by letter, or from a file */
/* Each makes the clerk's thread write to the disk. */
#define ANSWER_US USEC_PER_SEC
#define ANSWER_MANY_US (10 * USEC_PER_MSEC)

/* The events that wait, the first of which is on its way. */
struct events {
    struct errand errand; /* first */
    struct letter ring[COURIER_EVENTS];
    size_t first, count;
    uint64_t taken, answered; /* rows: by the receiver, and said to be */
    size_t unanswered;
    usec_t answered_at;
};

struct keys {
    struct errand errand; /* first */
    struct courier *courier;
    usec_t asked_at; /* by letter or by itself */
};

struct courier {
    struct kit kit;
    struct queue *inbox, *answers;
    struct parcels parcels;
    struct events events;
    struct keys keys;
    pthread_t thread;
    bool running;
    atomic_bool stopping;
};

/* ---- Events ---- */

static enum status start_event(struct errand *errand, struct kit *kit, struct now now)
{
    const struct events *events = (struct events *)errand;
    const struct letter *letter = &events->ring[events->first];
    char id[EVENT_ID_MAX + 1];
    event_id(id, kit->config->clinic, letter->number);
    return errand_post(errand, kit, kit->config->webhook_url, id, letter_text(letter), now);
}

static void drop_event(struct events *events)
{
    letter_wipe(&events->ring[events->first]);
    events->first = (events->first + 1) % COURIER_EVENTS;
    events->count--;
}

static void take_success(struct events *events, struct kit *kit, struct now now)
{
    uint64_t row = events->ring[events->first].number;
    if (events->errand.failures > 0)
        log_info(kit->log, "the webhook takes events again, from row %llu on", (unsigned long long)row);
    events->taken = row;
    events->unanswered++;
    drop_event(events);
    errand_rest(&events->errand, events->count > 0 ? now.mono_us : NEVER);
}

/* One line when a streak of failures begins. */
static void take_failure(struct events *events, struct kit *kit, const char *why, struct now now)
{
    if (events->errand.failures == 0)
        log_warning(kit->log, "the webhook does not take row %llu (%s): it is tried until it does",
                    (unsigned long long)events->ring[events->first].number, why);
    errand_fail(&events->errand, kit, EVENT_PAUSE_MAX_US, now);
}

static void end_event(struct errand *errand, struct kit *kit, const struct transfer_end *end, struct now now)
{
    struct events *events = (struct events *)errand;
    if (end->taken) {
        take_success(events, kit, now);
    } else if (end->status == HTTP_GONE) {
        log_error(kit->log,
                  "the webhook says that it is gone (410): no events until the next start, which begins at "
                  "row %llu",
                  (unsigned long long)events->ring[events->first].number);
        errand_rest(errand, NEVER);
    } else {
        take_failure(events, kit, end->words, now);
    }
}

static void take_event(struct courier *c, struct letter *letter, struct now now)
{
    struct events *events = &c->events;
    if (events->count == COURIER_EVENTS) {
        log_error(c->kit.log, "more events than may wait; row %llu is dropped", (unsigned long long)letter->number);
        return;
    }
    if (events->count == 0)
        events->errand.due = now.mono_us;
    events->ring[(events->first + events->count++) % COURIER_EVENTS] = *letter;
    *letter = (struct letter){ 0 };
}

static usec_t answer_due(const struct events *events)
{
    if (events->unanswered == 0)
        return NEVER;
    return events->answered_at + (events->unanswered >= COURIER_EVENTS / 2 ? ANSWER_MANY_US : ANSWER_US);
}

/* An answer for which there is no room is given later. */
static void answer(struct courier *c, usec_t mono_us)
{
    struct events *events = &c->events;
    struct letter letter = { .kind = LETTER_EVENT_SENT, .number = events->taken };
    events->answered_at = mono_us;
    if (queue_push(c->answers, &letter, 0) == OK)
        events->unanswered = 0;
}

/* ---- Keys ---- */

static bool is_file(const char *jwks)
{
    return !strstr(jwks, "://");
}

static void hand_over(struct courier *c, struct bytes jwks)
{
    struct letter letter = { .kind = LETTER_KEYS, .note = note_create(jwks) };
    if (!letter.note || queue_push(c->answers, &letter, 0) != OK)
        log_error(c->kit.log, "no room for the identity provider's keys");
    letter_wipe(&letter);
}

static void keys_came(struct keys *keys, struct bytes jwks, usec_t again)
{
    if (keys->errand.failures > 0)
        log_info(keys->courier->kit.log, "'oidc-jwks': there are keys again");
    hand_over(keys->courier, jwks);
    errand_rest(&keys->errand, again);
}

static void keys_failed(struct keys *keys, struct kit *kit, const char *why, struct now now)
{
    if (keys->errand.failures == 0)
        log_warning(kit->log, "'oidc-jwks': no keys come (%s): those that are known stay good", why);
    errand_fail(&keys->errand, kit, KEYS_PAUSE_MAX_US, now);
}

static void read_keys(struct keys *keys, struct kit *kit, struct now now)
{
    struct bytes file;
    enum status status = host_file_read(kit->config->oidc_jwks, OIDC_JWKS_MAX, &file);
    if (status != OK) {
        keys_failed(keys, kit, status_name(status), now);
        return;
    }
    keys_came(keys, file, now.mono_us + KEYS_AGAIN_US);
    host_file_free(&file);
}

static enum status start_keys(struct errand *errand, struct kit *kit, struct now now)
{
    struct keys *keys = (struct keys *)errand;
    keys->asked_at = now.mono_us;
    if (!is_file(kit->config->oidc_jwks))
        return transfers_fetch(kit->transfers, kit->config->oidc_jwks, OIDC_JWKS_MAX, errand, &errand->transfer);
    read_keys(keys, kit, now);
    return OK;
}

static void end_keys(struct errand *errand, struct kit *kit, const struct transfer_end *end, struct now now)
{
    struct keys *keys = (struct keys *)errand;
    if (end->taken)
        keys_came(keys, end->content, now.mono_us + (usec_t)key_life_s(end->cache_control) * USEC_PER_SEC);
    else
        keys_failed(keys, kit, end->words, now);
}

/* Whoever makes up key ids makes nobody fetch more often than this. */
static void refresh(struct keys *keys)
{
    if (!keys->errand.transfer)
        keys->errand.due = sooner(keys->errand.due, keys->asked_at + KEYS_AGAIN_US);
}

/* ---- The thread ---- */

static void take_delivery(struct courier *c, const struct letter *letter, struct now now)
{
    struct delivery delivery;
    struct bytes value = letter_text(letter);
    if (value.len != sizeof delivery)
        return;
    memcpy(&delivery, value.at, sizeof delivery);
    parcels_take(&c->parcels, &c->kit, &delivery, now);
    bytes_wipe(&delivery, sizeof delivery);
}

static void take_letters(struct courier *c, struct now now)
{
    struct letter letter;
    while (queue_pop(c->inbox, &letter)) {
        if (letter.kind == LETTER_EVENT)
            take_event(c, &letter, now);
        else if (letter.kind == LETTER_DELIVERY)
            take_delivery(c, &letter, now);
        else if (letter.kind == LETTER_REFRESH)
            refresh(&c->keys);
        letter_wipe(&letter);
    }
}

static void take_ends(struct courier *c, struct now now)
{
    struct transfer_end end;
    while (transfers_step(c->kit.transfers, &end))
        errand_end(&c->kit, &end, now);
}

static int patience_ms(const struct courier *c, usec_t mono_us)
{
    enum { PATIENCE_MAX_MS = 60000 };
    usec_t due = sooner(errand_due(&c->events.errand), errand_due(&c->keys.errand));
    due = sooner(due, sooner(parcels_deadline(&c->parcels), answer_due(&c->events)));
    if (due <= mono_us)
        return 0;
    usec_t ms = (due - mono_us) / USEC_PER_MSEC + 1;
    return due == NEVER || ms > PATIENCE_MAX_MS ? PATIENCE_MAX_MS : (int)ms;
}

static void turn(struct courier *c, struct now now)
{
    take_letters(c, now);
    take_ends(c, now);
    errand_step(&c->events.errand, &c->kit, now);
    errand_step(&c->keys.errand, &c->kit, now);
    parcels_step(&c->parcels, &c->kit, now);
    if (now.mono_us >= answer_due(&c->events))
        answer(c, now.mono_us);
}

static void *run(void *context)
{
    struct courier *c = context;
    while (!atomic_load(&c->stopping)) {
        struct now now = host_now();
        turn(c, now);
        transfers_wait(c->kit.transfers, patience_ms(c, now.mono_us));
    }
    if (c->events.unanswered > 0)
        answer(c, 0);
    return NULL;
}

/* ---- Making ---- */

bool courier_is_needed(const struct config *config)
{
    return config->delivery == DELIVERY_BY_SMTP || config->delivery == DELIVERY_BY_WEBHOOK || config->webhook_url[0] ||
           config->oidc_jwks[0];
}

static enum status make_all(struct courier *c, const struct courier_config *config)
{
    enum { LETTERS = COURIER_EVENTS + PARCELS_MAX + REFRESHES_MAX };
    TRY(transfers_create(&c->kit.transfers));
    c->kit.smtp_password = calloc(1, config->smtp_password.len + 1);
    if (!c->kit.smtp_password)
        return ERR_NO_MEMORY;
    if (config->smtp_password.len > 0)
        memcpy(c->kit.smtp_password, config->smtp_password.at, config->smtp_password.len);
    /* Bytes for as many of any kind: letters alone are the bound. */
    return queue_create(&c->inbox, LETTERS, LETTERS * (EVENT_TEXT_MAX + sizeof(struct delivery)),
                        (struct waker){ transfers_wake, c->kit.transfers });
}

enum status courier_create(struct courier **created, const struct courier_config *config)
{
    struct courier *c = calloc(1, sizeof *c);
    if (!c)
        return ERR_NO_MEMORY;
    c->kit =
        (struct kit){ .config = config->config, .log = config->log, .entropy = host_entropy(), .key = config->key };
    c->events = (struct events){ .errand = { start_event, end_event, .due = NEVER } };
    c->keys = (struct keys){ .errand = { start_keys, end_keys, .due = config->config->oidc_jwks[0] ? 0 : NEVER },
                             .courier = c };
    parcels_init(&c->parcels);
    enum status status = make_all(c, config);
    if (status == OK)
        *created = c;
    else
        courier_destroy(c);
    return status;
}

void courier_destroy(struct courier *c)
{
    if (!c)
        return;
    parcels_deinit(&c->parcels, &c->kit);
    while (c->events.count > 0)
        drop_event(&c->events);
    transfer_destroy(c->events.errand.transfer);
    transfer_destroy(c->keys.errand.transfer);
    transfers_destroy(c->kit.transfers);
    queue_destroy(c->inbox);
    if (c->kit.smtp_password)
        bytes_wipe(c->kit.smtp_password, strlen(c->kit.smtp_password));
    free(c->kit.smtp_password);
    bytes_wipe(&c->kit.key, sizeof c->kit.key);
    free(c);
}

struct queue *courier_inbox(const struct courier *c)
{
    return c->inbox;
}

void courier_connect(struct courier *c, struct queue *answers)
{
    c->answers = answers;
}

enum status courier_start(struct courier *c)
{
    if (pthread_create(&c->thread, NULL, run, c) != 0)
        return ERR_SYSTEM;
    pthread_setname_np(c->thread, "courier");
    c->running = true;
    return OK;
}

void courier_stop(struct courier *c)
{
    if (!c || !c->running)
        return;
    atomic_store(&c->stopping, true);
    transfers_wake(c->kit.transfers);
    pthread_join(c->thread, NULL);
    c->running = false;
}
