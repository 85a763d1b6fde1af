#include "shell/feed.h"

#include "ledger/event.h"
#include "shell/courier.h"

static enum status read_place(struct feed *feed)
{
    struct store *store = feed->config.store;
    struct ledger_row last;
    TRY(store->ops->ledger_last(store, &last));
    enum status status = store->ops->feed_get(store, &feed->taken);
    if (status == ERR_UNKNOWN) {
        feed->taken = last.number;
        status = store->ops->feed_put(store, last.number);
    }
    feed->last = last.number;
    feed->sent = feed->taken;
    return status;
}

enum status feed_init(struct feed *made, const struct feed_config *config)
{
    struct feed feed = { .config = *config };
    TRY(read_place(&feed));
    *made = feed;
    return OK;
}

void feed_stored(struct feed *feed, uint64_t row)
{
    feed->last = row;
    feed->failing = false; /* worth another try */
}

/* When the store can't take it now, a later one will do for both. */
void feed_taken(struct feed *feed, uint64_t row)
{
    struct store *store = feed->config.store;
    feed->taken = row;
    feed->failing = store->ops->feed_put(store, row) != OK;
}

static bool has_room(const struct feed *feed)
{
    return feed->sent - feed->taken < COURIER_EVENTS;
}

bool feed_has_work(const struct feed *feed)
{
    return feed->sent < feed->last && has_room(feed) && !feed->failing && !feed->broken;
}

static enum status send_row(struct feed *feed, const struct ledger_row *row)
{
    uint8_t text[EVENT_TEXT_MAX + 1];
    struct writer w = writer_over(text, sizeof text);
    TRY(event_write(&w, feed->config.clinic, row));
    struct letter letter = { .kind = LETTER_EVENT, .number = row->number, .note = note_create(writer_bytes(&w)) };
    enum status status = letter.note ? queue_push(feed->config.courier, &letter, 0) : ERR_NO_MEMORY;
    letter_wipe(&letter);
    if (status == OK)
        feed->sent = row->number;
    return status;
}

/* ERR_STATE ends the walk where the courier has no more room. */
static enum status take_row(void *context, const struct ledger_row *row)
{
    struct feed *feed = context;
    if (row->number != feed->sent + 1)
        return ERR_MALFORMED;
    TRY(send_row(feed, row));
    return has_room(feed) ? OK : ERR_STATE;
}

void feed_turn(struct feed *feed)
{
    struct store *store = feed->config.store;
    if (!feed_has_work(feed))
        return;
    enum status status = store->ops->ledger_each(store, feed->sent + 1, (struct store_rows){ take_row, feed });
    feed->failing = status != OK && status != ERR_STATE; /* which the store has told */
    feed->broken = status == ERR_MALFORMED;
    if (feed->broken)
        log_error(feed->config.log,
                  "row %llu of the ledger is no row: no events until 'kinroom ledger verify' is content",
                  (unsigned long long)feed->sent + 1);
}
