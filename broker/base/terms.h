/* terms.h - the words of the domain as values, each with its name on the wire and in the logs.
 * State 0 is reserved in every enum, so that a forgotten field is refused. */
#pragma once

#include "base/bytes.h"

/* An opaque id: 1 to 64 characters of [A-Za-z0-9_.-], the first no dot, NUL-terminated: FHIR's ids (R4, 2.24.0.1) and
 * UUIDs are among them. Never derived from a name. Those that we make ourselves are ID_FRESH_BYTES at random, in hex.
 */
enum { ID_MAX = 64, ID_FRESH_BYTES = 16 };
#define ID_RULE "1 to 64 of letters, digits, '-', '_' and '.', and not begin with '.'"
struct id {
    char text[ID_MAX + 1];
};
bool id_parse(struct bytes text, struct id *); /* false and unchanged when it is not one */
bool id_equal(const struct id *, const struct id *);

enum session_kind {
    KIND_INDIVIDUAL = 1,
    KIND_FAMILY,
    KIND_WORKSHOP,
    KIND_CHECK_IN,
    KIND_DISCHARGE,
    KIND_GROUP,
};

enum role {
    ROLE_CLIENT = 1,
    ROLE_THERAPIST,
    ROLE_LOVED_ONE,
    ROLE_INTERPRETER,
    ROLE_ADMIN,
};

/* How a loved one takes part: `listen` hears; `watch` sees and hears; `audio` hears and speaks; `full` is all. */
enum mode {
    MODE_LISTEN = 1,
    MODE_WATCH,
    MODE_AUDIO,
    MODE_FULL,
};

/* Sets of kinds and modes: bit (1 << value). */
typedef uint32_t term_set;
static inline term_set term_bit(int value)
{
    return (term_set)1 << value;
}
static inline bool term_in(term_set set, int value)
{
    return set >> value & 1;
}

/* What a person can publish; also bits of a mask. */
enum source {
    SOURCE_MIC = 1,
    SOURCE_CAMERA = 2,
    SOURCE_SCREEN = 4,
    SOURCE_ALL = 7,
};
typedef uint8_t source_mask;
enum { SOURCE_COUNT = 3 };

/* What the matrix leaves to the therapist, for one person; bits of a mask. The first three equal the source bits, so
 * that `enabled & SOURCE_ALL` is a source_mask. */
enum enabled {
    ENABLE_MIC = 1,
    ENABLE_CAMERA = 2,
    ENABLE_SCREEN = 4,
    ENABLE_CHAT = 8,
    ENABLE_OTHERS = 16, /* may see people other than therapists (workshop) */
    ENABLE_ALL = 31,
};
typedef uint8_t enable_mask;

/* Names: "individual", "loved_one", "listen", "mic". 0 (or false) for an unknown word; "?" for an unknown value. */
enum session_kind kind_parse(struct bytes);
enum role role_parse(struct bytes);
enum mode mode_parse(struct bytes);
const char *kind_name(enum session_kind);
const char *role_name(enum role);
const char *mode_name(enum mode);
const char *source_name(enum source);
