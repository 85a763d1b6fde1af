/* media.h - the media thread: all peers' sockets and deadlines.
 *
 * One thread; a mutex keeps it and whoever calls below apart, so that nobody else needs one. */
#pragma once

#include "load/peer.h"

struct media;

enum status media_create(struct media **); /* starts the thread */
void media_destroy(struct media *);        /* and every peer that is still attached; NULL is fine */

/* While held, peers stand still: hold it briefly. */
void media_lock(struct media *);
void media_unlock(struct media *);

/* Takes the peer, which knows where to send by now. With the lock held, as is the next. */
enum status media_attach(struct media *, struct load_peer *);
/* Destroys the peer. */
void media_drop(struct media *, struct load_peer *);
/* A peer's flows began or ended: its deadline is another. */
void media_touch(struct media *, struct load_peer *);

/* How long the thread ran. */
usec_t media_cpu(const struct media *);
