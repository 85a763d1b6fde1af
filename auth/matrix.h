/* matrix.h - what each role may do in each kind of session: section 2 of the domain model as a table, and nothing else.
 *
 * Effective rights are this AND the grant AND the loved one's own choice AND the therapist's restriction of the moment.
 */
#pragma once

#include "auth/consent.h"

enum allow {
    ALLOW_NO = 0, /* an absent cell is a no */
    ALLOW_YES,
    ALLOW_GRANT,   /* where the grant says so */
    ALLOW_ENABLED, /* while the therapist enables it */
};

enum names_shown {
    NAMES_NONE = 0,
    NAMES_ALL,
    NAMES_ALIASES,
    NAMES_STAFF_AND_CLIENT, /* other guests stay unnamed */
};

enum presence {
    PRESENCE_REQUIRED = 0, /* may not be there without them */
    PRESENCE_WAIVED,
    PRESENCE_GRANT, /* waived where the grant allows it */
};

struct matrix_row {
    enum allow see, hear, speak, camera, share, chat;
    bool see_only_therapist; /* others when the therapist enables it */
    bool chat_to_therapist_only;
    enum names_shown names;
    enum presence without_therapist, without_client;
    enum topic topic;     /* the grant must name it; 0: none needed */
    bool needs_admission; /* let in by a therapist, rather than simply there */
    bool needs_yes;       /* the client's yes to the segment */
    bool needs_grant;
};

/* A row of noes for what does not exist. */
const struct matrix_row *matrix_row(enum session_kind, enum role);

/* What a kind of session is, apart from roles. */
struct kind_rules {
    uint32_t box_minutes, segment_minutes; /* segment 0: as long as the box */
    bool may_extend;
    bool agenda_required;
    bool client_takes_part; /* false: a workshop has none */
};
const struct kind_rules *matrix_kind(enum session_kind);
