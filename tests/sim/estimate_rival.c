#include "sim/estimate_rival.h"

#include <stdlib.h>

enum { PACKET = 1500, WINDOW_START = 10 };

static const size_t ACKS = sizeof((struct rival){ 0 }.acks) / sizeof((struct rival){ 0 }.acks[0]);

static void acknowledge(struct rival *rival, uint64_t number, usec_t now_us)
{
    rival->heard_at = now_us;
    if (number >= rival->heard + 1 && rival->heard >= rival->recovered) {
        rival->window = rival->window > 4 ? rival->window / 2 : 2;
        rival->recovered = rival->next;
    } else {
        rival->window += 1 / rival->window;
    }
    if (number >= rival->heard)
        rival->heard = number + 1;
}

void rival_step(struct rival *rival, int number, usec_t now_us, struct bottleneck *path)
{
    if (rival->starts_us == 0 || now_us < rival->starts_us)
        return;
    if (rival->window == 0) {
        rival->window = WINDOW_START;
        rival->heard_at = now_us;
    }
    for (; rival->count > 0 && rival->acks[rival->first].due_us <= now_us; rival->count--) {
        acknowledge(rival, rival->acks[rival->first].number, now_us);
        rival->first = (rival->first + 1) % ACKS;
    }
    if (now_us - rival->heard_at > USEC_PER_SEC) { /* all of a window was lost */
        rival->heard = rival->next;
        rival->window = 2;
        rival->heard_at = now_us;
    }
    for (; (double)(rival->next - rival->heard) < rival->window; rival->next++)
        bottleneck_send(path,
                        &(struct parcel){ .from = number, .number = rival->next, .bytes = PACKET, .sent_us = now_us });
}

void rival_arrived(struct rival *rival, const struct parcel *parcel)
{
    rival->received += parcel->bytes;
    if (rival->count == ACKS)
        abort();
    size_t at = (rival->first + rival->count++) % ACKS;
    rival->acks[at].number = parcel->number;
    rival->acks[at].due_us = parcel->arrived_us + rival->back_us;
}
