#include "auth/consent.h"

#include <string.h>

#include "auth/matrix.h"

/* How much a reason tells about a person's best grant: the higher is reported. A grant that will begin is better news
 * than one that ended, and a client's own act explains more than a date that passed. */
static const int telling[] = {
    [CONSENT_ABSENT] = 0,    [CONSENT_OTHER_KIND] = 1, [CONSENT_OTHER_TOPIC] = 2, [CONSENT_EXPIRED] = 3,
    [CONSENT_WITHDRAWN] = 4, [CONSENT_EARLY] = 5,      [CONSENT_LIVE] = 6,
};

/* Screen is received wherever a camera is; a loved one never sends one by a grant. */
static const struct {
    source_mask receives, sends;
} passes[] = {
    [MODE_LISTEN] = { SOURCE_MIC, 0 },
    [MODE_WATCH] = { SOURCE_MIC | SOURCE_CAMERA | SOURCE_SCREEN, 0 },
    [MODE_AUDIO] = { SOURCE_MIC, SOURCE_MIC },
    [MODE_FULL] = { SOURCE_MIC | SOURCE_CAMERA | SOURCE_SCREEN, SOURCE_MIC | SOURCE_CAMERA },
};

/* Purposes of use under which a person of the client's own circle takes part: treatment and its coordination, and what
 * the patient or the family asked for. Operations, payment, research and marketing are no reason to be in a session. */
static const char *const purposes[] = { "TREAT", "COC", "CAREMGT", "PATRQT", "FAMRQT", "SUPNWK" };

static const char *const topics[] = {
    [TOPIC_GENERAL_PROGRESS] = "general_progress",
    [TOPIC_COMMUNICATION] = "communication",
    [TOPIC_BOUNDARIES] = "boundaries",
    [TOPIC_RELAPSE_SUPPORT] = "relapse_support",
    [TOPIC_SAFETY_PLAN] = "safety_plan",
    [TOPIC_AFTERCARE] = "aftercare",
    [TOPIC_EDUCATION] = "education",
};
static const char *const granters[] = {
    [GRANTED_BY_PATIENT] = "patient",
    [GRANTED_BY_REPRESENTATIVE] = "personal_rep",
    [GRANTED_BY_BOTH] = "both",
};
static const char *const statuses[] = {
    [GRANT_ACTIVE] = "active",
    [GRANT_WITHDRAWN] = "withdrawn",
    [GRANT_NOTHING] = "grants_nothing",
};

#define COUNT(table) (int)(sizeof(table) / sizeof *(table))

void consent_mode_rights(enum mode mode, source_mask *receives, source_mask *sends)
{
    bool known = (int)mode > 0 && (int)mode < COUNT(passes);
    *receives = known ? passes[mode].receives : 0;
    *sends = known ? passes[mode].sends : 0;
}

enum mode consent_mode_within(enum mode mode, enum mode bound)
{
    if (!mode || !bound)
        return mode ? mode : bound;
    source_mask receives, sends, most_receives, most_sends;
    consent_mode_rights(mode, &receives, &sends);
    consent_mode_rights(bound, &most_receives, &most_sends);
    for (int left = COUNT(passes) - 1; left > 0; left--)
        if (passes[left].receives == (receives & most_receives) && passes[left].sends == (sends & most_sends))
            return (enum mode)left;
    return (enum mode)0;
}

/* The widest mode of a set, 0 when it holds none that we know. One mode is chosen and never a union: a grant of `watch`
 * and of `audio` is not a grant to watch and speak at once. */
static enum mode widest(term_set modes)
{
    for (int mode = COUNT(passes) - 1; mode > 0; mode--)
        if (term_in(modes, mode))
            return (enum mode)mode;
    return (enum mode)0;
}

static bool has_place(enum session_kind kind)
{
    return matrix_row(kind, ROLE_LOVED_ONE)->needs_grant;
}

static bool names_a_kind(term_set kinds)
{
    for (int kind = KIND_INDIVIDUAL; kind <= KIND_GROUP; kind++)
        if (term_in(kinds, kind) && has_place((enum session_kind)kind))
            return true;
    return false;
}

bool consent_purpose_known(const char *code)
{
    for (int i = 0; i < COUNT(purposes); i++)
        if (strcmp(code, purposes[i]) == 0)
            return true;
    return false;
}

const char *consent_missing(const struct grant *g)
{
    const struct {
        const char *part;
        bool there;
    } parts[] = {
        { "id", g->id.text[0] != 0 },
        { "epoch", g->epoch >= 1 },
        { "client", g->client.text[0] != 0 },
        { "person", g->person.text[0] != 0 },
        { "granted_by", (int)g->granted_by > 0 && (int)g->granted_by < COUNT(granters) },
        { "kinds", names_a_kind(g->kinds) },
        { "modes", widest(g->modes) != 0 },
        { "purpose", consent_purpose_known(g->purpose) },
        { "not_before", g->not_before > 0 },
        { "expires", g->expires > g->not_before },
        { "notice_version", g->notice_version[0] != 0 },
        { "evidence", g->evidence[0] != 0 },
    };
    for (int i = 0; i < COUNT(parts); i++)
        if (!parts[i].there)
            return parts[i].part;
    return NULL;
}

/* Can this record ever have allowed anything? One that is withdrawn did. */
static bool counts(const struct grant *g)
{
    return (g->status == GRANT_ACTIVE || g->status == GRANT_WITHDRAWN) && !consent_missing(g);
}

static enum consent judge(const struct grant *g, const struct id *client, const struct id *person,
                          enum session_kind kind, int64_t unix_s)
{
    if (!id_equal(&g->client, client) || !id_equal(&g->person, person) || !counts(g))
        return CONSENT_ABSENT;
    if (!has_place(kind) || !term_in(g->kinds, kind))
        return CONSENT_OTHER_KIND;
    enum topic needed = matrix_row(kind, ROLE_LOVED_ONE)->topic;
    if (needed && !term_in(g->topics, needed))
        return CONSENT_OTHER_TOPIC;
    if (g->status == GRANT_WITHDRAWN)
        return CONSENT_WITHDRAWN;
    if (unix_s < g->not_before)
        return CONSENT_EARLY;
    return unix_s < g->expires ? CONSENT_LIVE : CONSENT_EXPIRED;
}

static bool is_wider(const struct grant *a, const struct grant *b)
{
    enum mode mode_a = widest(a->modes), mode_b = widest(b->modes);
    return mode_a != mode_b ? mode_a > mode_b : a->expires > b->expires;
}

static struct rights rights_of(const struct grant *g)
{
    struct rights rights = {
        .until = g->expires,
        .mode = widest(g->modes),
        .chat = g->chat,
        .client_absent_ok = g->client_absent_ok,
        .topics = g->topics,
        .grant = g->id,
        .epoch = g->epoch,
    };
    consent_mode_rights(rights.mode, &rights.receives, &rights.sends);
    return rights;
}

enum consent consent_check(const struct grant *grants, size_t count, const struct id *client, const struct id *person,
                           enum session_kind kind, int64_t unix_s, struct rights *rights)
{
    enum consent answer = CONSENT_ABSENT;
    const struct grant *best = NULL;
    for (size_t i = 0; i < count; i++) {
        enum consent found = judge(&grants[i], client, person, kind, unix_s);
        if (telling[found] > telling[answer])
            answer = found;
        if (found == CONSENT_LIVE && (!best || is_wider(&grants[i], best)))
            best = &grants[i];
    }
    if (best)
        *rights = rights_of(best);
    return answer;
}

/* ---- Words ---- */

static int value_of(const char *const *names, int count, struct bytes word)
{
    for (int value = 1; value < count; value++)
        if (bytes_equal(word, bytes_of(names[value])))
            return value;
    return 0;
}

static const char *name_of(const char *const *names, int count, int value)
{
    return value > 0 && value < count ? names[value] : "?";
}

enum topic topic_parse(struct bytes word)
{
    return (enum topic)value_of(topics, COUNT(topics), word);
}
enum granted_by granted_by_parse(struct bytes word)
{
    return (enum granted_by)value_of(granters, COUNT(granters), word);
}
enum grant_status grant_status_parse(struct bytes word)
{
    return (enum grant_status)value_of(statuses, COUNT(statuses), word);
}
const char *topic_name(enum topic topic)
{
    return name_of(topics, COUNT(topics), (int)topic);
}
const char *granted_by_name(enum granted_by by)
{
    return name_of(granters, COUNT(granters), (int)by);
}
const char *grant_status_name(enum grant_status status)
{
    return name_of(statuses, COUNT(statuses), (int)status);
}
