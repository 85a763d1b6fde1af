/* dependency.h - the dependency descriptor: an RTP header extension that names a frame's layers where the payload does
 * not (AV1 RTP specification, appendix A).
 *
 * A keyframe's descriptor brings a structure: decode targets (what a receiver may choose to decode: layers up to some
 * height) and templates, of which later descriptors name one by its number. Of these, what a forwarder needs is kept.
 */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

enum { DEPENDENCY_TEMPLATES_MAX = 64, DEPENDENCY_TARGETS_MAX = 32, DEPENDENCY_TEMPORAL_MAX = 8 };

struct dependency_template {
    uint8_t spatial, temporal;
    uint8_t opens; /* bit t: from a frame of this kind on, temporal layer t may be taken */
};

/* All zero: none came yet. */
struct dependency_structure {
    uint8_t template_count, first_template, target_count;
    uint8_t target_temporal[DEPENDENCY_TARGETS_MAX]; /* of each decode target, its highest temporal layer */
    struct dependency_template templates[DEPENDENCY_TEMPLATES_MAX];
};

struct dependency {
    bool frame_starts;
    uint8_t spatial, temporal, opens; /* of its template; `opens` may be the frame's own */
};

/* ERR_MALFORMED, and nothing changed: it is broken, or names a template that the structure lacks (the keyframe that
 * brought it was missed). The structure is replaced when the descriptor brings one. */
enum status dependency_read(struct bytes descriptor, struct dependency_structure *, struct dependency *);
