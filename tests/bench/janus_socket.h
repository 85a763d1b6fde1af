/* janus_socket.h - one WebSocket to Janus, over which all participants of a run speak to it (its "janus-protocol").
 *
 * Owned by signalling_janus. One thread; what comes is handed to a hook, from inside janus_socket_poll only. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/status.h"

struct janus_socket;

typedef void janus_heard(void *context, const json_t *message);

/* url: ws://HOST:PORT. Connected when it returns; ERR_SYSTEM after a few seconds without. */
enum status janus_socket_open(struct janus_socket **, const char *url, janus_heard *, void *context);
void janus_socket_close(struct janus_socket *); /* what was said is sent before; NULL is fine */

/* Queued; takes the message. */
void janus_socket_say(struct janus_socket *, json_t *message);
/* Sends and hears for that long, or until something was heard. */
void janus_socket_poll(struct janus_socket *, int timeout_ms);
bool janus_socket_is_open(const struct janus_socket *);
