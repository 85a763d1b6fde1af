#include "media/dependency.h"

enum {
    MANDATORY_LEN = 3,
    SPATIAL_MAX = 4,
    CHAIN_FDIFF_BITS = 4,
    FDIFF_BITS = 4,
    RESOLUTION_BITS = 32, /* of width and height */
};

/* next_layer_idc: how a template's layer follows from the one before. */
enum { SAME_LAYER, NEXT_TEMPORAL, NEXT_SPATIAL, NO_MORE_TEMPLATES };

/* A decode target indication. */
enum { NOT_PRESENT, DISCARDABLE, SWITCH, REQUIRED };

/* Sticky like a reader: past the end it yields zeros. */
struct bits {
    struct bytes over;
    size_t at;
    bool bad;
};

static uint32_t take(struct bits *bits, unsigned count)
{
    uint32_t value = 0;
    if (bits->bad || bits->over.len * 8 - bits->at < count) {
        bits->bad = true;
        return 0;
    }
    for (; count > 0; count--, bits->at++)
        value = value << 1 | (bits->over.at[bits->at / 8] >> (7 - bits->at % 8) & 1);
    return value;
}

/* ns(n): a number below n, in as few bits as it needs. */
static uint32_t take_below(struct bits *bits, uint32_t n)
{
    unsigned width = 0;
    for (uint32_t rest = n; rest; rest >>= 1)
        width++;
    uint32_t short_ones = ((uint32_t)1 << width) - n;
    uint32_t value = take(bits, width - 1);
    return value < short_ones ? value : (value << 1) - short_ones + take(bits, 1);
}

static void read_layers(struct bits *bits, struct dependency_structure *s)
{
    uint8_t spatial = 0, temporal = 0;
    uint32_t next;
    do {
        if (s->template_count == DEPENDENCY_TEMPLATES_MAX || temporal == DEPENDENCY_TEMPORAL_MAX ||
            spatial == SPATIAL_MAX) {
            bits->bad = true;
            return;
        }
        s->templates[s->template_count++] = (struct dependency_template){ .spatial = spatial, .temporal = temporal };
        next = take(bits, 2);
        if (next == NEXT_TEMPORAL)
            temporal++;
        if (next == NEXT_SPATIAL) {
            spatial++;
            temporal = 0;
        }
    } while (next != NO_MORE_TEMPLATES && !bits->bad);
}

/* Which layers the switch targets of a frame stand for. */
static uint8_t opened(const struct dependency_structure *s, uint32_t switches)
{
    uint8_t opens = 0;
    for (unsigned target = 0; target < s->target_count; target++)
        if (switches >> target & 1)
            opens |= (uint8_t)(1u << s->target_temporal[target]);
    return opens;
}

static uint32_t read_indications(struct bits *bits, const struct dependency_structure *s, uint32_t *present)
{
    uint32_t switches = 0;
    *present = 0;
    for (unsigned target = 0; target < s->target_count; target++) {
        uint32_t indication = take(bits, 2);
        *present |= (uint32_t)(indication != NOT_PRESENT) << target;
        switches |= (uint32_t)(indication == SWITCH) << target;
    }
    return switches;
}

/* A decode target's layer is the highest of the templates that it has (decode_target_layers in the specification). */
static void read_targets(struct bits *bits, struct dependency_structure *s)
{
    uint32_t switches[DEPENDENCY_TEMPLATES_MAX];
    for (size_t i = 0; i < s->template_count; i++) {
        uint32_t present;
        switches[i] = read_indications(bits, s, &present);
        for (unsigned target = 0; target < s->target_count; target++)
            if ((present >> target & 1) && s->target_temporal[target] < s->templates[i].temporal)
                s->target_temporal[target] = s->templates[i].temporal;
    }
    for (size_t i = 0; i < s->template_count; i++)
        s->templates[i].opens = opened(s, switches[i]);
}

static void skip_frame_differences(struct bits *bits, const struct dependency_structure *s)
{
    for (size_t i = 0; i < s->template_count; i++)
        while (take(bits, 1))
            take(bits, FDIFF_BITS);
}

static void skip_chains(struct bits *bits, const struct dependency_structure *s)
{
    uint32_t chains = take_below(bits, s->target_count + 1u);
    if (chains == 0)
        return;
    for (unsigned target = 0; target < s->target_count; target++)
        take_below(bits, chains);
    for (uint32_t i = 0; i < s->template_count * chains; i++)
        take(bits, CHAIN_FDIFF_BITS);
}

static void skip_resolutions(struct bits *bits, const struct dependency_structure *s)
{
    if (!take(bits, 1))
        return;
    for (unsigned i = 0; i <= s->templates[s->template_count - 1].spatial; i++)
        take(bits, RESOLUTION_BITS);
}

static void read_structure(struct bits *bits, struct dependency_structure *s)
{
    *s = (struct dependency_structure){ 0 };
    s->first_template = (uint8_t)take(bits, 6);
    s->target_count = (uint8_t)(take(bits, 5) + 1);
    read_layers(bits, s);
    if (bits->bad)
        return;
    read_targets(bits, s);
    skip_frame_differences(bits, s);
    skip_chains(bits, s);
    skip_resolutions(bits, s);
}

/* What follows the mandatory fields. *custom: the frame has indications of its own, *switches. */
static void read_extended(struct bits *bits, struct dependency_structure *s, bool *custom, uint32_t *switches)
{
    bool brings_structure = take(bits, 1), names_active_targets = take(bits, 1);
    *custom = take(bits, 1);
    take(bits, 2); /* its own frame differences and chains come last, and are nothing to us */
    if (brings_structure)
        read_structure(bits, s);
    if (names_active_targets)
        take(bits, s->target_count);
    uint32_t present;
    if (*custom)
        *switches = read_indications(bits, s, &present);
}

enum status dependency_read(struct bytes descriptor, struct dependency_structure *structure, struct dependency *out)
{
    struct bits bits = { .over = descriptor };
    struct dependency_structure s = *structure;
    struct dependency dependency = { .frame_starts = take(&bits, 1) };
    take(&bits, 1); /* end of frame */
    uint32_t number = take(&bits, 6);
    take(&bits, 16); /* the frame's number */
    bool custom = false;
    uint32_t switches = 0;
    if (descriptor.len > MANDATORY_LEN)
        read_extended(&bits, &s, &custom, &switches);
    uint32_t which = (number + DEPENDENCY_TEMPLATES_MAX - s.first_template) % DEPENDENCY_TEMPLATES_MAX;
    if (bits.bad || which >= s.template_count)
        return ERR_MALFORMED;
    dependency.spatial = s.templates[which].spatial;
    dependency.temporal = s.templates[which].temporal;
    dependency.opens = custom ? opened(&s, switches) : s.templates[which].opens;
    *structure = s;
    *out = dependency;
    return OK;
}
