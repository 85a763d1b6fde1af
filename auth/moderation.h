/* moderation.h - what the clinic orders in a session from outside of it; values that API and rooms share. Each only
 * takes away: nothing here lets anybody in. */
#pragma once

#include "base/terms.h"

enum moderation_act {
    MODERATION_STEP_OUT = 1,      /* one loved one or interpreter */
    MODERATION_STEP_OUT_EVERYONE, /* each loved one */
    MODERATION_REMOVE,            /* for good; `reason` is a safety code */
    MODERATION_END,               /* the session, for good */
};

enum { MODERATION_REASON_MAX = 40 };

struct moderation {
    struct id session;
    struct id participation; /* empty where nobody is named */
    enum moderation_act act;
    char reason[MODERATION_REASON_MAX + 1]; /* of a removal: "safety_threat", for the ledger; one word */
};
