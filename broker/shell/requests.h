/* requests.h - the HTTP requests to the API that are being read, done or answered, on the front's thread: those of the
 * clinic's systems, and those of people's pages, who have no token yet.
 *
 * Bounded in number, in bytes and in time; those that show no service token by more than that, so that no crowd
 * ever locks the clinic out. A request goes to the clerk once it is whole, and its connection waits for the answer.
 * What refuses a link is written at the same moment after it came, whatever the reason, as for a join on the WebSocket:
 * the time that it took tells nothing. The functions that return int return what the libwebsockets callback has to. */
#pragma once

#include "auth/keyring.h"
#include "base/address.h"
#include "shell/queue.h"

struct lws;
struct requests;

/* All outlive the requests. */
enum status requests_create(struct requests **, const struct keyring *, const char *issuer);
void requests_destroy(struct requests *); /* NULL is fine */
/* The queue that leads to the clerk; before the first request. */
void requests_connect(struct requests *, struct queue *to_clerk);

/* Whether this is an address of the API. */
bool requests_are_at(const char *uri);
/* LWS_CALLBACK_HTTP, HTTP_BODY, HTTP_BODY_COMPLETION, HTTP_WRITEABLE and TIMER; the last four do nothing for a
 * connection that has no request here. `from` NULL: behind the reverse proxy, where addresses are not counted. */
int requests_begin(struct requests *, struct lws *, const char *uri, const struct address *from);
int requests_body(struct requests *, struct lws *, struct bytes piece);
int requests_whole(struct requests *, struct lws *);
int requests_write(struct requests *, struct lws *);
int requests_timer(struct requests *, struct lws *);
/* The connection is gone. */
void requests_forget(struct requests *, struct lws *);

/* A LETTER_ANSWER; the letter stays the caller's to wipe. */
void requests_deliver(struct requests *, struct letter *);
