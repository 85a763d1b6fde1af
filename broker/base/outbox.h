/* outbox.h - what the core wants sent: datagrams to peers, messages to clients, records to the ledger, in a bounded
 * arena.
 *
 * The core appends, the shell drains after each turn: first every datagram, then every message. So a message that
 * acknowledges a shut gate leaves after the last packet that the gate let through. When it is full, media is dropped
 * and counted; a message that does not fit is never dropped silently: `overflowed` names its client, which must be
 * closed. */
#pragma once

#include "base/address.h"
#include "base/status.h"

typedef uint64_t client_id; /* one WebSocket connection, named by the front; 0 is nobody */

struct datagram {
    struct address peer;
    struct bytes data;
};

enum message_kind {
    MESSAGE_TEXT,  /* JSON to write */
    MESSAGE_CLOSE, /* write what was queued before it, then close with the text as reason */
};

struct message {
    client_id client;
    enum message_kind kind;
    struct bytes text;
};

/* Text for the ledger, numbered by the core in rising order. */
struct ledger_note {
    uint64_t number;
    struct bytes text;
};

struct outbox;

/* Room for `bytes` of payload and `items` datagrams and as many messages. */
enum status outbox_create(struct outbox **, size_t bytes, size_t items);
void outbox_destroy(struct outbox *);
void outbox_clear(struct outbox *);

/* Room for one datagram of up to cap bytes, to be filled and committed before any other outbox call; NULL when full
 * (the drop is counted). An uncommitted reservation costs nothing. */
uint8_t *outbox_reserve(struct outbox *, size_t cap);
void outbox_commit(struct outbox *, const struct address *peer, size_t len);
/* Both at once, copying. */
enum status outbox_datagram(struct outbox *, const struct address *peer, struct bytes);

enum status outbox_text(struct outbox *, client_id, struct bytes json);
/* reason: a short code for the client, such as "removed". */
enum status outbox_close(struct outbox *, client_id, const char *reason);

/* ERR_FULL: the caller must not let happen what would have been recorded. */
enum status outbox_record(struct outbox *, uint64_t number, struct bytes text);

size_t outbox_record_count(const struct outbox *);
struct ledger_note outbox_record_at(const struct outbox *, size_t index);
size_t outbox_datagram_count(const struct outbox *);
struct datagram outbox_datagram_at(const struct outbox *, size_t index);
size_t outbox_message_count(const struct outbox *);
struct message outbox_message_at(const struct outbox *, size_t index);
/* The first client that was owed a message that did not fit, 0 for none. */
client_id outbox_overflowed(const struct outbox *);
/* All of them, each once: every one must be closed. As many are remembered as there may be messages. */
size_t outbox_overflowed_count(const struct outbox *);
client_id outbox_overflowed_at(const struct outbox *, size_t index);
/* Datagrams dropped for want of room since creation. */
uint64_t outbox_dropped(const struct outbox *);
