#include "transport/replay.h"

static uint64_t *word_of(struct replay *replay, int64_t index)
{
    return &replay->noted[index % REPLAY_WINDOW / 64];
}

static uint64_t bit_of(int64_t index)
{
    return (uint64_t)1 << index % 64;
}

bool replay_is_new(const struct replay *replay, int64_t index)
{
    if (index > replay->newest)
        return true;
    return replay->newest - index < REPLAY_WINDOW && !(*word_of((struct replay *)replay, index) & bit_of(index));
}

void replay_note(struct replay *replay, int64_t index)
{
    /* What falls out of the window makes room; after a long jump that is all of it, once. */
    int64_t last = index - replay->newest > REPLAY_WINDOW ? replay->newest + REPLAY_WINDOW : index;
    for (int64_t i = replay->newest + 1; i <= last; i++)
        *word_of(replay, i) &= ~bit_of(i);
    *word_of(replay, index) |= bit_of(index);
    if (index > replay->newest)
        replay->newest = index;
}
