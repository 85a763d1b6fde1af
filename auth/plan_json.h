/* plan_json.h - sessions and grants as JSON and back: the words of the plan file and of the API alike. Strict: no
 * unknown keys, right types and words. Whoever loads the text rejects duplicate keys.
 *
 * A session: "id", "kind", "opens_at", "closes_at" (Unix seconds), "client", "people", and, if need be, "agenda"
 * ([{"title","minutes"}]), "guidance_version", "notice_version", "grants". A person: "participation", "person", "role",
 * "name", and perhaps "client" and "alias". A grant: see plan_file.h. */
#pragma once

#include <jansson.h>

#include "auth/plan.h"

/* Where in the text we are ("sessions[2].people[0]"), and where the words for what is wrong go. */
struct json_place {
    char text[96];
    char *why;
    size_t why_size;
};
struct json_place json_place_at(char *why, size_t why_size);
struct json_place json_place_below(const struct json_place *, const char *name, size_t index);
/* Writes the words, after the place; ERR_MALFORMED always. */
enum status json_place_bad(const struct json_place *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What differs between a file, which is whole, and a request, whose address says part of it. */
enum plan_json_form {
    PLAN_JSON_FILE,    /* a session has an id and its grants; a grant has an id and an epoch */
    PLAN_JSON_REQUEST, /* a session has no grants; ids and epochs may be left out, and are then empty and 0 */
};

/* ERR_MALFORMED, with the words; ERR_NO_MEMORY. The plan is the caller's to end. */
enum status plan_json_read(const struct json_place *, json_t *, enum plan_json_form, struct plan *);
/* ERR_MALFORMED, with the words; the output is then undefined. Complete by consent_missing, but for what the form lets
 * out. */
enum status grant_json_read(const struct json_place *, json_t *, enum plan_json_form, struct grant *);

/* In the form of a request, everything in it. The caller's; NULL without memory. */
json_t *plan_json_write(const struct plan *);
json_t *grant_json_write(const struct grant *);
