#include "media/keyframe.h"

/* A pending request is repeated, and a new one after a keyframe is held, for the same span: so one wait serves both. */
_Static_assert(KEYFRAME_PACE_US == KEYFRAME_RETRY_US, "keyframe_deadline uses one wait for both");

void keyframe_want(struct keyframe *keyframe)
{
    keyframe->wanted = true;
}

void keyframe_want_now(struct keyframe *keyframe)
{
    keyframe->wanted = true;
    keyframe->urgent = true;
}

void keyframe_arrived(struct keyframe *keyframe)
{
    keyframe->wanted = false;
    keyframe->urgent = false;
}

usec_t keyframe_deadline(const struct keyframe *keyframe)
{
    if (!keyframe->wanted)
        return NEVER;
    if (!keyframe->ever_asked)
        return 0;
    return keyframe->asked_at + (keyframe->urgent ? KEYFRAME_URGENT_PACE_US : KEYFRAME_PACE_US);
}

bool keyframe_due(struct keyframe *keyframe, usec_t now_us)
{
    if (!keyframe->wanted || now_us < keyframe_deadline(keyframe))
        return false;
    keyframe->ever_asked = true;
    keyframe->asked_at = now_us;
    keyframe->urgent = false;
    return true;
}
