/* status.h - what a call came to.
 *
 * Three owners of an error: the peer's bad bytes return a status and are counted; our environment's failures return
 * ERR_SYSTEM or ERR_NO_MEMORY and the shell logs them once; our own bugs are asserts. Outputs change only on OK. */
#pragma once

enum status {
    OK = 0,
    ERR_MALFORMED,   /* bytes that break their format */
    ERR_UNSUPPORTED, /* well formed, and not something we do */
    ERR_UNKNOWN,     /* names something that is not here */
    ERR_FORBIDDEN,   /* understood, and not allowed */
    ERR_EXPIRED,     /* was good, is not any more */
    ERR_STATE,       /* not now: out of order */
    ERR_AUTH,        /* a signature, tag, key or password does not fit */
    ERR_FULL,        /* a bound is reached */
    ERR_NO_MEMORY,
    ERR_SYSTEM, /* the machine or a library failed us */
};

/* A word for logs: "malformed", "unknown". Never NULL. */
const char *status_name(enum status);

/* Passes a failure up, where nothing is held. */
#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        enum status try_status_ = (call);                                                                              \
        if (try_status_ != OK)                                                                                         \
            return try_status_;                                                                                        \
    } while (0)
