#include "auth/matrix.h"

/* Short names, so that the table below can be read beside the domain model's. */
#define no ALLOW_NO
#define yes ALLOW_YES
#define g ALLOW_GRANT
#define t ALLOW_ENABLED
#define MAY(see_, hear_, speak_, camera_, share_, chat_)                                                               \
    .see = see_, .hear = hear_, .speak = speak_, .camera = camera_, .share = share_, .chat = chat_

/* What a loved one brings to every kind that has a place for one. */
#define ADMITTED_BY_GRANT .needs_admission = true, .needs_grant = true
/* A therapist is never locked out, so nobody's presence is asked for. */
#define THERAPIST                                                                                                      \
    {                                                                                                                  \
        MAY(yes, yes, yes, yes, yes, yes), .names = NAMES_ALL, .without_therapist = PRESENCE_WAIVED,                   \
                                           .without_client = PRESENCE_WAIVED                                           \
    }
/* A client waits for the therapist; whether there is a client is no question for a client. */
#define CLIENT                                                                                                         \
    {                                                                                                                  \
        MAY(yes, yes, yes, yes, t, yes), .names = NAMES_ALL, .without_client = PRESENCE_WAIVED                         \
    }
#define INTERPRETER(names_) MAY(yes, yes, yes, yes, no, no), .names = names_, .needs_admission = true

/* An admin's row is absent from every kind, and with it every right: they see counts and opaque ids in the admin's
 * pages. A loved one's is absent from the group. A workshop has no client. */
static const struct matrix_row rows[KIND_GROUP + 1][ROLE_ADMIN + 1] = {
    [KIND_INDIVIDUAL] = {
        [ROLE_LOVED_ONE] = { MAY(g, g, g, g, no, g), .names = NAMES_STAFF_AND_CLIENT, ADMITTED_BY_GRANT,
                             .needs_yes = true },
        [ROLE_CLIENT] = CLIENT,
        [ROLE_THERAPIST] = THERAPIST,
        [ROLE_INTERPRETER] = { INTERPRETER(NAMES_ALL) },
    },
    [KIND_FAMILY] = {
        [ROLE_LOVED_ONE] = { MAY(g, g, g, g, t, g), .names = NAMES_ALL, ADMITTED_BY_GRANT, .needs_yes = true },
        [ROLE_CLIENT] = CLIENT,
        [ROLE_THERAPIST] = THERAPIST,
        [ROLE_INTERPRETER] = { INTERPRETER(NAMES_ALL) },
    },
    [KIND_WORKSHOP] = {
        [ROLE_LOVED_ONE] = { MAY(yes, yes, t, t, no, t), .see_only_therapist = true, .chat_to_therapist_only = true,
                             .names = NAMES_ALIASES, .without_client = PRESENCE_WAIVED, ADMITTED_BY_GRANT },
        [ROLE_THERAPIST] = THERAPIST,
        [ROLE_INTERPRETER] = { INTERPRETER(NAMES_ALIASES), .without_client = PRESENCE_WAIVED },
    },
    [KIND_CHECK_IN] = {
        [ROLE_LOVED_ONE] = { MAY(g, g, g, g, no, no), .names = NAMES_STAFF_AND_CLIENT,
                             .without_client = PRESENCE_GRANT, .topic = TOPIC_GENERAL_PROGRESS, ADMITTED_BY_GRANT,
                             .needs_yes = true },
        [ROLE_CLIENT] = CLIENT,
        [ROLE_THERAPIST] = THERAPIST,
        [ROLE_INTERPRETER] = { INTERPRETER(NAMES_ALL) },
    },
    [KIND_DISCHARGE] = {
        [ROLE_LOVED_ONE] = { MAY(g, g, g, g, no, g), .names = NAMES_ALL, .topic = TOPIC_AFTERCARE, ADMITTED_BY_GRANT,
                             .needs_yes = true },
        [ROLE_CLIENT] = CLIENT,
        [ROLE_THERAPIST] = THERAPIST,
        [ROLE_INTERPRETER] = { INTERPRETER(NAMES_ALL) },
    },
    [KIND_GROUP] = {
        [ROLE_CLIENT] = { MAY(yes, yes, yes, yes, t, t), .names = NAMES_ALIASES, .without_client = PRESENCE_WAIVED },
        [ROLE_THERAPIST] = THERAPIST,
        [ROLE_INTERPRETER] = { INTERPRETER(NAMES_ALIASES) },
    },
};

static const struct kind_rules kinds[KIND_GROUP + 1] = {
    [KIND_INDIVIDUAL] = { .box_minutes = 50, .segment_minutes = 20, .may_extend = true, .client_takes_part = true },
    [KIND_FAMILY] = { .box_minutes = 50, .may_extend = true, .client_takes_part = true },
    [KIND_WORKSHOP] = { .box_minutes = 90, .may_extend = true },
    [KIND_CHECK_IN] = { .box_minutes = 15, .agenda_required = true, .client_takes_part = true },
    [KIND_DISCHARGE] = { .box_minutes = 45, .may_extend = true, .client_takes_part = true },
    [KIND_GROUP] = { .box_minutes = 180, .may_extend = true, .client_takes_part = true },
};

static bool is_kind(enum session_kind kind)
{
    return (int)kind >= KIND_INDIVIDUAL && (int)kind <= KIND_GROUP;
}

const struct matrix_row *matrix_row(enum session_kind kind, enum role role)
{
    bool known = is_kind(kind) && (int)role >= ROLE_CLIENT && (int)role <= ROLE_ADMIN;
    return known ? &rows[kind][role] : &rows[0][0];
}

const struct kind_rules *matrix_kind(enum session_kind kind)
{
    return is_kind(kind) ? &kinds[kind] : &kinds[0];
}
