#include "base/outbox.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct outbox {
    uint8_t *arena;
    size_t cap, used, reserved;
    struct datagram *datagrams;
    struct message *messages;
    struct ledger_note *records;
    size_t items, datagram_count, message_count, record_count;
    client_id *overflowed;
    size_t overflowed_count;
    uint64_t dropped;
};

enum status outbox_create(struct outbox **created, size_t bytes, size_t items)
{
    struct outbox *o = calloc(1, sizeof *o);
    if (!o)
        return ERR_NO_MEMORY;
    *o = (struct outbox){
        .arena = malloc(bytes),
        .cap = bytes,
        .datagrams = calloc(items, sizeof *o->datagrams),
        .messages = calloc(items, sizeof *o->messages),
        .records = calloc(items, sizeof *o->records),
        .overflowed = calloc(items, sizeof *o->overflowed),
        .items = items,
    };
    if (!o->arena || !o->datagrams || !o->messages || !o->records || !o->overflowed) {
        outbox_destroy(o);
        return ERR_NO_MEMORY;
    }
    *created = o;
    return OK;
}

void outbox_destroy(struct outbox *o)
{
    if (!o)
        return;
    free(o->arena);
    free(o->datagrams);
    free(o->messages);
    free(o->records);
    free(o->overflowed);
    free(o);
}

void outbox_clear(struct outbox *o)
{
    o->used = o->reserved = o->datagram_count = o->message_count = o->record_count = o->overflowed_count = 0;
}

uint8_t *outbox_reserve(struct outbox *o, size_t cap)
{
    o->reserved = 0;
    if (o->datagram_count == o->items || cap > o->cap - o->used) {
        o->dropped++;
        return NULL;
    }
    o->reserved = cap;
    return o->arena + o->used;
}

void outbox_commit(struct outbox *o, const struct address *peer, size_t len)
{
    assert(len <= o->reserved && o->datagram_count < o->items);
    o->datagrams[o->datagram_count++] = (struct datagram){ *peer, { o->arena + o->used, len } };
    o->used += len;
    o->reserved = 0;
}

enum status outbox_datagram(struct outbox *o, const struct address *peer, struct bytes data)
{
    uint8_t *at = outbox_reserve(o, data.len);
    if (!at)
        return ERR_FULL;
    if (data.len > 0)
        memcpy(at, data.at, data.len);
    outbox_commit(o, peer, data.len);
    return OK;
}

static void remember_overflowed(struct outbox *o, client_id client)
{
    for (size_t i = 0; i < o->overflowed_count; i++)
        if (o->overflowed[i] == client)
            return;
    if (o->overflowed_count < o->items)
        o->overflowed[o->overflowed_count++] = client;
}

static enum status put_message(struct outbox *o, client_id client, enum message_kind kind, struct bytes text)
{
    o->reserved = 0; /* a reservation left open is void: its bytes are about to be ours */
    if (o->message_count == o->items || text.len > o->cap - o->used) {
        remember_overflowed(o, client);
        return ERR_FULL;
    }
    uint8_t *at = o->arena + o->used;
    if (text.len > 0)
        memcpy(at, text.at, text.len);
    o->used += text.len;
    o->messages[o->message_count++] = (struct message){ client, kind, { at, text.len } };
    return OK;
}

enum status outbox_text(struct outbox *o, client_id client, struct bytes json)
{
    return put_message(o, client, MESSAGE_TEXT, json);
}

enum status outbox_close(struct outbox *o, client_id client, const char *reason)
{
    return put_message(o, client, MESSAGE_CLOSE, bytes_of(reason));
}

enum status outbox_record(struct outbox *o, uint64_t number, struct bytes text)
{
    if (o->record_count == o->items || text.len > o->cap - o->used)
        return ERR_FULL;
    uint8_t *at = o->arena + o->used;
    memcpy(at, text.at, text.len);
    o->used += text.len;
    o->records[o->record_count++] = (struct ledger_note){ number, { at, text.len } };
    return OK;
}

size_t outbox_record_count(const struct outbox *o)
{
    return o->record_count;
}
struct ledger_note outbox_record_at(const struct outbox *o, size_t index)
{
    return o->records[index];
}
size_t outbox_datagram_count(const struct outbox *o)
{
    return o->datagram_count;
}
struct datagram outbox_datagram_at(const struct outbox *o, size_t index)
{
    return o->datagrams[index];
}
size_t outbox_message_count(const struct outbox *o)
{
    return o->message_count;
}
struct message outbox_message_at(const struct outbox *o, size_t index)
{
    return o->messages[index];
}
client_id outbox_overflowed(const struct outbox *o)
{
    return o->overflowed_count > 0 ? o->overflowed[0] : 0;
}
size_t outbox_overflowed_count(const struct outbox *o)
{
    return o->overflowed_count;
}
client_id outbox_overflowed_at(const struct outbox *o, size_t index)
{
    return o->overflowed[index];
}
uint64_t outbox_dropped(const struct outbox *o)
{
    return o->dropped;
}
