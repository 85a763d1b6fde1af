#include "api/capacity.h"

enum {
    /* Packets for each second of a processor: what `kinroom load` measured with a shard at a quarter to a half, on a
     * virtual machine (AMD EPYC) whose other processor was the load's: 432,000 in fourteen rooms of 8, 265,000 in
     * seventy of 3, and the least, 197,000, in ten in which one sends to sixty. */
    PER_PROCESSOR = 190000,
    BOOKED_PERCENT = 70,    /* of it: the rest is for people who come again, for longer sessions, and for handshakes */
    BUSY_MOST_PERCENT = 85, /* beyond, it is full (pressure.h sheds from 92 on) */
    BUSY_TELLING_PERCENT = 15, /* less says little of what a packet costs: waking up is most of it */
};

/* Who sends in a session of each kind, as the matrix has it. */
static const struct {
    unsigned others_voices; /* of those who are no therapists; EVERYBODY */
    bool others_pictures;
} senders[] = {
#define EVERYBODY UINT32_MAX
    [KIND_INDIVIDUAL] = { EVERYBODY, true }, [KIND_FAMILY] = { EVERYBODY, true },
    [KIND_WORKSHOP] = { 2, false }, /* an audience: a question now and then */
    [KIND_CHECK_IN] = { EVERYBODY, true },   [KIND_DISCHARGE] = { EVERYBODY, true },
    [KIND_GROUP] = { EVERYBODY, true },
};

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Streams that reach people, when `sending` of them send one of a kind and nobody gets their own. */
static uint64_t streams(uint64_t people, uint64_t sending, uint64_t most)
{
    if (sending == 0)
        return 0;
    return sending * least(sending - 1, most) + (people - sending) * least(sending, most);
}

uint64_t capacity_needed(enum session_kind kind, struct capacity_people p)
{
    uint64_t people = (uint64_t)p.therapists + p.others;
    uint64_t voices = p.therapists + least(p.others, senders[kind].others_voices);
    uint64_t cameras = p.therapists + (senders[kind].others_pictures ? p.others : 0);
    uint64_t screens = kind == KIND_WORKSHOP && people > 0 ? people - 1 : 0; /* a presentation, all the time */
    return streams(people, voices, CAPACITY_SOUNDS) * CAPACITY_SOUND +
           (streams(people, cameras, CAPACITY_PICTURES) + screens) * CAPACITY_PICTURE;
}

uint64_t capacity_of(unsigned processors)
{
    return (uint64_t)processors * PER_PROCESSOR * BOOKED_PERCENT / 100;
}

uint64_t capacity_left(uint64_t of_processor, uint64_t packets, unsigned busy_percent)
{
    if (busy_percent >= BUSY_MOST_PERCENT)
        return 0;
    if (busy_percent >= BUSY_TELLING_PERCENT)
        return packets * (BUSY_MOST_PERCENT - busy_percent) / busy_percent;
    return packets < of_processor ? of_processor - packets : 0;
}

uint64_t capacity_in_people(uint64_t packets)
{
    const struct capacity_people usual = { .therapists = 1, .others = 2 };
    return packets * 3 / capacity_needed(KIND_INDIVIDUAL, usual);
}
