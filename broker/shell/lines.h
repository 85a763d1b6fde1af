/* lines.h - the WebSocket connections that are up: each is heard, answered, and joined to the shard of its session.
 *
 * Owned by the front, on its thread. A line is known to libwebsockets by pointer and to the shards by its client id.
 * The line_ functions that return int return what the libwebsockets callback has to. */
#pragma once

#include "auth/keyring.h"
#include "base/log.h"
#include "shell/config.h"
#include "shell/placement.h"
#include "shell/queue.h"

struct lws;
struct lines;
struct line;

/* All outlive the lines. */
enum status lines_create(struct lines **, const struct config *, const struct keyring *, struct placement *,
                         const struct log *);
void lines_destroy(struct lines *); /* when none is up any more; NULL is fine */
/* The queue that leads to a shard; each is set before the first line opens. */
void lines_connect(struct lines *, size_t shard, struct queue *);

/* How many sockets the lines may hold. */
size_t lines_places(const struct config *);
/* Whether one more may come from there, now. Those who have joined are never in the way of a newcomer as long as there
 * is room, and those who have not make room: the oldest of them is cut off. Behind the reverse proxy every address is
 * the proxy's, so there nothing is counted by address. */
bool lines_may_open(struct lines *, struct lws *, bool behind_proxy);
/* Says hello. origin: of the page, one of the config's. NULL: no place. */
struct line *line_open(struct lines *, struct lws *, const char *origin);
void line_free(struct lines *, struct line *); /* its socket is gone: a shard that knows of it is told */

/* A piece of what the client says; `last` ends the message. */
int line_hear(struct lines *, struct line *, struct bytes piece, bool binary, bool last);
/* It is there: something came, a pong at the least. */
void line_heard(struct line *);
/* To be called each LINES_LOOK_US: whoever is silent is asked whether they are there, and cut off when nothing comes of
 * it. All at once, as each time that the thread wakes costs as much as all of them. */
#define LINES_LOOK_US (500 * USEC_PER_MSEC)
void lines_look(struct lines *, usec_t now_us);
/* The client says goodbye: what ends now is no broken socket. */
void line_goodbye(struct line *);
/* The socket takes more. */
int line_write(struct line *);
/* The timer that line_open and closing set. */
int line_timer(struct line *);

/* One letter from a shard. The letter stays the caller's to wipe. */
void lines_deliver(struct lines *, struct letter *);
