/* delivery.h - a message for a person, on its way out of the broker: an invitation's link, or a one-time code.
 *
 * It holds a secret, so it lives in memory alone and is wiped once it is delivered or given up; who misses one asks
 * again. */
#pragma once

#include "auth/invitation.h"

enum delivery_kind {
    DELIVERY_INVITATION = 1,
    DELIVERY_CODE,
};

enum { DELIVERY_SECRET_MAX = 255 };

struct delivery {
    enum delivery_kind kind;
    struct id invitation, session, participation;
    char contact[CONTACT_MAX + 1];        /* as in the invitation; may be empty */
    char secret[DELIVERY_SECRET_MAX + 1]; /* the link, or the code */
    int64_t made_at, expires;             /* Unix seconds: of no use after */
};
