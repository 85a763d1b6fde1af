/* listeners.h - libwebsockets as the front uses it: one context, in a loop of libuv, and where it listens: a port with
 * TLS, and one without for a reverse proxy.
 *
 * Owned by the front. libuv's loop waits by epoll, so that a wake-up costs what is ready; libwebsockets' own asks the
 * kernel about every socket each time. */
#pragma once

#include <uv.h>

#include "base/log.h"
#include "shell/config.h"

struct lws_context;
struct lws_protocols;
struct lws_vhost;

struct listeners {
    struct lws_context *context; /* NULL again when libwebsockets has ended it */
    struct lws_vhost *tls, *plain;
};

/* user: what lws_context_user tells. The loop is the caller's, and outlives the context. Logs why when it fails; what
 * is there by then is the caller's to destroy, too. */
enum status listeners_open(struct listeners *, const struct config *, const struct lws_protocols *, uv_loop_t *,
                           void *user, const struct log *);

/* ssl_ctx: an SSL_CTX, before its first handshake. */
void listeners_spare_memory(void *ssl_ctx);
