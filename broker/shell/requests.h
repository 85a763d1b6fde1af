/* requests.h - the HTTP requests to the API that are being read, done or answered, on the front's thread.
 *
 * Bounded in number, in bytes and in time. A request goes to the clerk once it is whole, and its connection waits for
 * the answer. The functions that return int return what the libwebsockets callback has to. */
#pragma once

#include "base/log.h"
#include "shell/queue.h"

struct lws;
struct requests;

enum status requests_create(struct requests **, const struct log *);
void requests_destroy(struct requests *); /* NULL is fine */
/* The queue that leads to the clerk; before the first request. */
void requests_connect(struct requests *, struct queue *to_clerk);

/* Whether this address is the API's. */
bool requests_are_at(const char *uri);
/* LWS_CALLBACK_HTTP, HTTP_BODY, HTTP_BODY_COMPLETION, HTTP_WRITEABLE and TIMER; the last four do nothing for a
 * connection that has no request here. */
int requests_begin(struct requests *, struct lws *, const char *uri);
int requests_body(struct requests *, struct lws *, struct bytes piece);
int requests_whole(struct requests *, struct lws *);
int requests_write(struct requests *, struct lws *);
int requests_timer(struct requests *, struct lws *);
/* The connection is gone. */
void requests_forget(struct requests *, struct lws *);

/* A LETTER_ANSWER; the letter stays the caller's to wipe. */
void requests_deliver(struct requests *, struct letter *);
