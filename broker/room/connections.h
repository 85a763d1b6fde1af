/* connections.h - which client connection belongs to which participant: a fixed table with small numbers, which routes
 * and participants use, and a hash index by client id. */
#pragma once

#include "base/entropy.h"
#include "base/outbox.h"
#include "base/status.h"

struct room;

struct connection {
    client_id client; /* 0: free */
    struct room *room;
    uint16_t person; /* index in the room: a room that is planned anew has others there */
};

struct connections;

enum status connections_create(struct connections **, size_t max, const struct entropy *);
void connections_destroy(struct connections *);
/* ERR_FULL; ERR_STATE when the client is there already. */
enum status connections_add(struct connections *, client_id, struct room *, uint16_t person, uint32_t *number);
/* The entry with this number goes on under another client id. ERR_STATE when that client is there already. */
enum status connections_rename(struct connections *, uint32_t number, client_id);
void connections_remove(struct connections *, uint32_t number);
/* NULL when unknown. Borrowed until the next add or remove. */
struct connection *connections_find(struct connections *, client_id);
uint32_t connections_number(const struct connections *, const struct connection *);
struct connection *connections_at(struct connections *, uint32_t number);
size_t connections_count(const struct connections *);
