#include "shell/mailroom.h"

#include <stdlib.h>
#include <string.h>

enum { ANSWERS = 64, KEYS_WAITING = 4 };

struct mailroom {
    const struct config *config;
    const struct log *log;
    struct courier *courier;
    struct oidc *oidc;
    struct queue *answers; /* NULL without a courier */
    bool has_feed;
    struct feed feed;
    bool has_bad_keys; /* a streak */
    struct delivery *tray;
    size_t tray_count;
};

/* ---- The tray ---- */

static void forget(struct mailroom *m, size_t index)
{
    struct delivery *at = &m->tray[index];
    memmove(at, at + 1, (--m->tray_count - index) * sizeof *at);
    bytes_wipe(&m->tray[m->tray_count], sizeof *at);
}

static void sweep(struct mailroom *m, int64_t unix_s)
{
    for (size_t i = 0; i < m->tray_count;)
        if (unix_s >= m->tray[i].expires)
            forget(m, i);
        else
            i++;
}

static void put_in_tray(struct mailroom *m, const struct delivery *delivery)
{
    if (m->tray_count == MAILROOM_TRAY)
        forget(m, 0);
    m->tray[m->tray_count++] = *delivery;
}

const struct delivery *mailroom_tray(const void *context, size_t *count)
{
    const struct mailroom *m = context;
    *count = m->tray_count;
    return m->tray;
}

/* ---- Out ---- */

static void hand_over(struct mailroom *m, const struct delivery *delivery)
{
    struct letter letter = {
        .kind = LETTER_DELIVERY,
        .note = note_create((struct bytes){ (const uint8_t *)delivery, sizeof *delivery }),
    };
    if (!letter.note || queue_push(courier_inbox(m->courier), &letter, COURIER_SPARE) != OK)
        log_error(m->log, "no room for a delivery to %s of session %s: it is given up", delivery->participation.text,
                  delivery->session.text);
    letter_wipe(&letter);
}

void mailroom_deliver(struct mailroom *m, const struct delivery *delivery)
{
    if (m->config->delivery == DELIVERY_BY_OUTBOX)
        put_in_tray(m, delivery);
    else if (m->config->delivery != DELIVERY_BY_NONE)
        hand_over(m, delivery);
    else
        log_warning(m->log, "a delivery to %s of session %s cannot be made: 'delivery' is none",
                    delivery->participation.text, delivery->session.text);
}

void mailroom_want_keys(struct mailroom *m)
{
    struct letter letter = { .kind = LETTER_REFRESH };
    /* A courier without room for it has been asked already. */
    if (m->oidc && queue_push(courier_inbox(m->courier), &letter, COURIER_SPARE) != OK)
        return;
}

void mailroom_stored(struct mailroom *m, const struct ledger_row *row)
{
    if (m->has_feed)
        feed_stored(&m->feed, row->number);
}

/* ---- In ---- */

/* One line when a streak of bad sets begins. */
static void take_keys(struct mailroom *m, struct bytes jwks)
{
    enum status status = m->oidc ? oidc_set_keys(m->oidc, jwks) : OK;
    if (status != OK && !m->has_bad_keys)
        log_warning(m->log, "'oidc-jwks' holds no keys for us (%s): those that are known stay good",
                    status_name(status));
    m->has_bad_keys = status != OK;
}

static void take_answers(struct mailroom *m)
{
    struct letter letter;
    while (m->answers && queue_pop(m->answers, &letter)) {
        if (letter.kind == LETTER_KEYS)
            take_keys(m, letter_text(&letter));
        else if (letter.kind == LETTER_EVENT_SENT && m->has_feed)
            feed_taken(&m->feed, letter.number);
        letter_wipe(&letter);
    }
}

bool mailroom_has_work(const struct mailroom *m)
{
    return (m->answers && !queue_is_empty(m->answers)) || (m->has_feed && feed_has_work(&m->feed));
}

void mailroom_turn(struct mailroom *m, struct now now)
{
    take_answers(m);
    sweep(m, now_unix_s(now));
    if (m->has_feed)
        feed_turn(&m->feed);
}

/* ---- Making ---- */

static enum status make_feed(struct mailroom *m, const struct mailroom_config *config)
{
    struct feed_config feed = {
        .store = config->store,
        .clinic = config->config->clinic,
        .courier = courier_inbox(config->courier),
        .log = config->log,
    };
    TRY(feed_init(&m->feed, &feed));
    m->has_feed = true;
    return OK;
}

static enum status make_all(struct mailroom *m, const struct mailroom_config *config)
{
    m->tray = calloc(MAILROOM_TRAY, sizeof *m->tray);
    if (!m->tray)
        return ERR_NO_MEMORY;
    if (!config->courier)
        return OK;
    TRY(queue_create(&m->answers, ANSWERS, KEYS_WAITING * OIDC_JWKS_MAX, config->waker));
    courier_connect(config->courier, m->answers);
    return config->config->webhook_url[0] ? make_feed(m, config) : OK;
}

enum status mailroom_create(struct mailroom **created, const struct mailroom_config *config)
{
    struct mailroom *m = calloc(1, sizeof *m);
    if (!m)
        return ERR_NO_MEMORY;
    m->config = config->config;
    m->log = config->log;
    m->courier = config->courier;
    m->oidc = config->oidc;
    enum status status = make_all(m, config);
    if (status == OK)
        *created = m;
    else
        mailroom_destroy(m);
    return status;
}

void mailroom_destroy(struct mailroom *m)
{
    if (!m)
        return;
    take_answers(m);
    queue_destroy(m->answers);
    if (m->tray)
        bytes_wipe(m->tray, MAILROOM_TRAY * sizeof *m->tray);
    free(m->tray);
    free(m);
}
