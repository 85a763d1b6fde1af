#include "auth/consent.h"

/* How much a reason tells about a person's best grant: the higher is reported. A grant that will begin is better news
 * than one that ended, and a client's own act explains more than a date that passed. */
static const int telling[] = {
    [CONSENT_ABSENT] = 0,    [CONSENT_OTHER_KIND] = 1, [CONSENT_EXPIRED] = 2,
    [CONSENT_WITHDRAWN] = 3, [CONSENT_EARLY] = 4,      [CONSENT_LIVE] = 5,
};

/* Screen is received wherever a camera is; a loved one never sends one. */
static const struct {
    source_mask receives, sends;
} passes[] = {
    [MODE_LISTEN] = { SOURCE_MIC, 0 },
    [MODE_WATCH] = { SOURCE_MIC | SOURCE_CAMERA | SOURCE_SCREEN, 0 },
    [MODE_AUDIO] = { SOURCE_MIC, SOURCE_MIC },
    [MODE_FULL] = { SOURCE_MIC | SOURCE_CAMERA | SOURCE_SCREEN, SOURCE_MIC | SOURCE_CAMERA },
};
enum { MODES = sizeof passes / sizeof *passes };

void consent_mode_rights(enum mode mode, source_mask *receives, source_mask *sends)
{
    bool known = (int)mode > 0 && (int)mode < MODES;
    *receives = known ? passes[mode].receives : 0;
    *sends = known ? passes[mode].sends : 0;
}

/* The widest mode of a set, 0 when it holds none that we know. One mode is chosen and never a union: a grant of `watch`
 * and of `audio` is not a grant to watch and speak at once. */
static enum mode widest(term_set modes)
{
    for (int mode = MODES - 1; mode > 0; mode--)
        if (term_in(modes, mode))
            return (enum mode)mode;
    return (enum mode)0;
}

/* 42 CFR 2.31(c): a consent that lacks a required part, here its period or what it allows, is no consent. */
static bool is_complete(const struct grant *g)
{
    return g->not_before > 0 && g->expires > g->not_before && widest(g->modes) != 0;
}

static enum consent judge(const struct grant *g, const struct id *client, const struct id *person,
                          enum session_kind kind, int64_t unix_s)
{
    if (!id_equal(&g->client, client) || !id_equal(&g->person, person) || !is_complete(g))
        return CONSENT_ABSENT;
    if ((int)kind < KIND_INDIVIDUAL || (int)kind > KIND_GROUP || !term_in(g->kinds, kind))
        return CONSENT_OTHER_KIND;
    if (g->withdrawn)
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
    if (!best)
        return answer;
    rights->until = best->expires;
    consent_mode_rights(widest(best->modes), &rights->receives, &rights->sends);
    return CONSENT_LIVE;
}
