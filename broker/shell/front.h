/* front.h - the one thread on libwebsockets: TLS, the pages, and the WebSocket of every client.
 *
 * It checks origins and tokens, bounds what a connection may say and be owed, and hands letters to the shard that owns
 * the session. */
#pragma once

#include "auth/keyring.h"
#include "base/log.h"
#include "shell/config.h"
#include "shell/placement.h"
#include "shell/queue.h"
#include "shell/site.h"

struct front;

struct front_config {
    const struct config *config;   /* outlives the front */
    const struct site *site;       /* outlives the front */
    const struct keyring *keyring; /* outlives the front */
    struct placement *placement;   /* outlives the front */
    const struct log *log;         /* outlives the front */
    void (*failed)(void *context); /* called on the front's thread when it can't go on */
    bool (*ready)(void *context);  /* likewise on its thread: whether people can be let in */
    void *context;
};

/* Binds the listeners; accepts nobody before front_start. Logs why when it fails. */
enum status front_create(struct front **, const struct front_config *);
void front_destroy(struct front *); /* after front_stop, before the shards whose inboxes it knows; NULL is fine */

/* How many files the front may have open at once, about; beside them, those of libwebsockets itself. */
size_t front_files(const struct config *);

/* Where a shard puts its letters; one queue for each shard. */
struct queue *front_inbox(const struct front *, size_t shard);
/* The same for the clerk, whose answers to the API's requests come here. */
struct queue *front_answers(const struct front *);
void front_connect_clerk(struct front *, struct queue *);
/* The queue that leads to a shard; each must be set before front_start. */
void front_connect(struct front *, size_t shard, struct queue *);

enum status front_start(struct front *);
void front_stop(struct front *); /* waits for the thread */
