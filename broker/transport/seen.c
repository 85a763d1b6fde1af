#include "transport/seen.h"

#include <stdlib.h>

/* Six hashes at sixteen bits an id: 1 mistake in 1,000 for each filter that is full. */
enum { PART_LEN = 2, BITS_PER_ID = 16 };

static size_t bits_of(size_t filter)
{
    return (size_t)SEEN_FIRST_BITS << filter;
}

/* The id is random: six parts of it are as good as six hashes. */
static size_t bit_of(size_t filter, const uint8_t *part)
{
    return load_be16(part) % bits_of(filter);
}

static bool filter_has(const struct seen *seen, size_t filter, const uint8_t *id)
{
    for (size_t i = 0; i < SEEN_ID_LEN; i += PART_LEN) {
        size_t bit = bit_of(filter, id + i);
        if (!(seen->filters[filter][bit / 8] & 1u << bit % 8))
            return false;
    }
    return true;
}

static void filter_add(struct seen *seen, size_t filter, const uint8_t *id)
{
    for (size_t i = 0; i < SEEN_ID_LEN; i += PART_LEN) {
        size_t bit = bit_of(filter, id + i);
        seen->filters[filter][bit / 8] |= (uint8_t)(1u << bit % 8);
    }
}

/* Room in the newest filter. When there can be no further one, it takes more than it should. */
static void make_room(struct seen *seen)
{
    size_t count = seen->filter_count;
    if (count == SEEN_FILTERS_MAX || (count > 0 && seen->newest_fill < bits_of(count - 1) / BITS_PER_ID))
        return;
    uint8_t *filter = calloc(1, bits_of(count) / 8);
    if (!filter)
        return;
    seen->filters[seen->filter_count++] = filter;
    seen->newest_fill = 0;
}

bool seen_note(struct seen *seen, const uint8_t id[static SEEN_ID_LEN])
{
    for (size_t i = 0; i < seen->filter_count; i++)
        if (filter_has(seen, i, id))
            return false;
    make_room(seen);
    if (seen->filter_count == 0)
        return false;
    filter_add(seen, seen->filter_count - 1, id);
    seen->newest_fill++;
    return true;
}

void seen_clear(struct seen *seen)
{
    for (size_t i = 0; i < seen->filter_count; i++)
        free(seen->filters[i]);
    *seen = (struct seen){ 0 };
}
