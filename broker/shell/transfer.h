/* transfer.h - one exchange with another system, by libcurl: something posted, mailed or fetched. Each is over within
 * 15 s, follows no redirect, and believes nobody whose certificate does not verify.
 *
 * A set of them runs on one thread, which alone may call all this, but for transfers_wake. */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

struct transfers;
struct transfer;

enum { TRANSFER_WORDS_MAX = 95, TRANSFER_HEADERS_MAX = 8 };

struct transfer_post {
    const char *url;
    const char *headers[TRANSFER_HEADERS_MAX]; /* "name: value"; up to the first NULL */
    struct bytes body;
};

/* smtp:// takes STARTTLS, and nothing without it but on loopback, where it needs no certificate either; smtps:// is TLS
 * from the start. */
struct transfer_mail {
    const char *url, *user, *password; /* the last two may be empty */
    const char *from, *to;             /* plain addresses */
    struct bytes text;                 /* RFC 5322 */
};

/* How one ended. Borrowed until it is destroyed. */
struct transfer_end {
    struct transfer *transfer;
    void *owner;                        /* as given */
    bool taken;                         /* HTTP 2xx; or the mail is the server's now */
    long status;                        /* HTTP's or SMTP's; 0 when it came to none */
    char words[TRANSFER_WORDS_MAX + 1]; /* what went wrong, for the log: nothing secret or personal */
    struct bytes content;               /* that was fetched */
    const char *cache_control;          /* the header; empty without one */
};

enum status transfers_create(struct transfers **);
void transfers_destroy(struct transfers *); /* its transfers are destroyed before; NULL is fine */

/* Copies all it is given. ERR_NO_MEMORY, ERR_SYSTEM. */
enum status transfers_post(struct transfers *, const struct transfer_post *, void *owner, struct transfer **);
enum status transfers_mail(struct transfers *, const struct transfer_mail *, void *owner, struct transfer **);
/* At most `max` bytes: more is a failure. */
enum status transfers_fetch(struct transfers *, const char *url, size_t max, void *owner, struct transfer **);
/* Stops it if it is still on its way, and wipes what it held; NULL is fine. */
void transfer_destroy(struct transfer *);

/* Moves all on, and names one that has ended; false when there is none. */
bool transfers_step(struct transfers *, struct transfer_end *);
/* Until one can move on, the time is up, or somebody wakes it. */
void transfers_wait(struct transfers *, int timeout_ms);
/* struct waker's; from any thread. */
void transfers_wake(void *transfers);
