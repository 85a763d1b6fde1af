#include "transport/ice.h"

#include <assert.h>
#include <string.h>

#include "transport/stun.h"

_Static_assert((int)SEEN_ID_LEN == (int)STUN_TRANSACTION_LEN, "what is remembered of a check is its whole id");

enum {
    ICE_BAD_REQUEST = 400,
    ICE_UNAUTHENTICATED = 401,
    ICE_UNKNOWN_ATTRIBUTE = 420,
    ICE_ROLE_CONFLICT = 487,
};

/* RFC 8839 5.4: ice-char = ALPHA / DIGIT / "+" / "/". There are 64, so six random bits pick one without bias. */
static const char ice_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void random_text(const struct entropy *entropy, char *text, size_t len)
{
    entropy_fill(entropy, text, len);
    for (size_t i = 0; i < len; i++)
        text[i] = ice_chars[(uint8_t)text[i] & 63];
    text[len] = '\0';
}

static void draw_credentials(struct ice *ice, const struct entropy *entropy)
{
    random_text(entropy, ice->ufrag, ICE_UFRAG_LEN);
    random_text(entropy, ice->pwd, ICE_PWD_LEN);
}

void ice_init(struct ice *ice, const struct entropy *entropy)
{
    *ice = (struct ice){ 0 };
    draw_credentials(ice, entropy);
}

void ice_deinit(struct ice *ice)
{
    seen_clear(&ice->seen);
    bytes_wipe(ice, sizeof *ice);
}

static bool is_credential(struct bytes text, size_t least)
{
    if (text.len < least || text.len > ICE_CREDENTIAL_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '\0' || !strchr(ice_chars, text.at[i]))
            return false;
    }
    return true;
}

static bool are_credentials(struct bytes ufrag, struct bytes pwd)
{
    return is_credential(ufrag, ICE_UFRAG_MIN) && is_credential(pwd, ICE_PWD_MIN);
}

static void write_username(struct ice *ice, struct bytes ufrag)
{
    struct writer w = writer_over((uint8_t *)ice->username, sizeof ice->username);
    write_text(&w, ice->ufrag);
    write_u8(&w, ':');
    write_bytes(&w, ufrag);
    assert(!w.bad);
    ice->username_len = w.len;
}

enum status ice_set_remote(struct ice *ice, struct bytes ufrag, struct bytes pwd)
{
    if (ice->username_len > 0)
        return ERR_STATE;
    if (!are_credentials(ufrag, pwd))
        return ERR_MALFORMED;
    write_username(ice, ufrag);
    return OK;
}

enum status ice_restart(struct ice *ice, const struct entropy *entropy, struct bytes ufrag, struct bytes pwd)
{
    enum { OURS_AND_COLON = ICE_UFRAG_LEN + 1 };
    if (ice->username_len == 0)
        return ERR_STATE;
    struct bytes before = { (const uint8_t *)ice->username + OURS_AND_COLON, ice->username_len - OURS_AND_COLON };
    if (!are_credentials(ufrag, pwd) || bytes_equal(ufrag, before))
        return ERR_MALFORMED;
    draw_credentials(ice, entropy);
    write_username(ice, ufrag);
    seen_clear(&ice->seen); /* no check of before is authentic any more */
    return OK;
}

static struct ice_path *find_path(struct ice *ice, const struct address *peer)
{
    for (size_t i = 0; i < ice->path_count; i++) {
        if (address_equal(&ice->paths[i].peer, peer))
            return &ice->paths[i];
    }
    return NULL;
}

/* A place for one more address. When all are taken, the one that was silent longest goes, but never the selected one.
 */
static struct ice_path *new_path(struct ice *ice)
{
    if (ice->path_count < ICE_PATHS_MAX)
        return &ice->paths[ice->path_count++];
    struct ice_path *oldest = NULL;
    for (size_t i = 0; i < ICE_PATHS_MAX; i++) {
        struct ice_path *path = &ice->paths[i];
        if (ice->nominated && i == ice->selected)
            continue;
        if (!oldest || path->checked_us < oldest->checked_us)
            oldest = path;
    }
    return oldest;
}

static void note_check(struct ice *ice, struct now now, const struct address *peer, bool nominate)
{
    struct ice_path *path = find_path(ice, peer);
    if (!path)
        path = new_path(ice);
    *path = (struct ice_path){ *peer, now.mono_us, now.mono_us };
    bool selected_is_silent = ice->nominated && now.mono_us >= ice->paths[ice->selected].heard_us + ICE_SILENT_US;
    if (nominate || selected_is_silent) {
        ice->selected = (size_t)(path - ice->paths);
        ice->nominated = true;
    }
}

/* What a request comes to: a status for the caller and an error for the peer. */
struct verdict {
    enum status status;
    uint16_t error;
    bool authentic; /* both sides know the password, so the reply is protected by it */
};

/* RFC 8489 9.1.3 for the credentials, then 6.3.1 for unknown attributes, then RFC 8445 7.3.1.1 for the roles. */
static struct verdict judge(const struct ice *ice, struct bytes raw, const struct stun_message *m)
{
    struct bytes username = { (const uint8_t *)ice->username, ice->username_len };
    if (m->integrity.len == 0 || m->username.len == 0)
        return (struct verdict){ ERR_MALFORMED, ICE_BAD_REQUEST, false };
    if (!bytes_equal(m->username, username) || !stun_integrity_ok(raw, m, bytes_of(ice->pwd)))
        return (struct verdict){ ERR_AUTH, ICE_UNAUTHENTICATED, false };
    if (m->unknown_count > 0)
        return (struct verdict){ ERR_UNSUPPORTED, ICE_UNKNOWN_ATTRIBUTE, true };
    if (m->controlled)
        return (struct verdict){ ERR_FORBIDDEN, ICE_ROLE_CONFLICT, true };
    return (struct verdict){ OK, 0, true };
}

static enum status write_reply(const struct ice *ice, const struct stun_message *request, const struct address *peer,
                               struct verdict verdict, struct ice_reply *reply)
{
    struct stun_message m = {
        .class_ = verdict.error ? STUN_ERROR : STUN_SUCCESS,
        .method = STUN_BINDING,
        .error = verdict.error,
    };
    memcpy(m.transaction, request->transaction, sizeof m.transaction);
    if (verdict.error == 0)
        m.mapped = *peer;
    if (verdict.error == ICE_UNKNOWN_ATTRIBUTE) {
        memcpy(m.unknown, request->unknown, sizeof m.unknown);
        m.unknown_count = request->unknown_count;
    }
    struct bytes pwd = verdict.authentic ? bytes_of(ice->pwd) : (struct bytes){ 0 };
    return stun_write(&m, pwd, reply->at, sizeof reply->at, &reply->len);
}

enum status ice_datagram(struct ice *ice, struct now now, const struct address *peer, struct bytes raw,
                         struct ice_reply *reply)
{
    struct stun_message m;
    reply->len = 0;
    TRY(stun_parse(raw, &m));
    if (!m.fingerprint)
        return ERR_MALFORMED; /* RFC 8445 7.1: every check has one; without it this may be anything */
    if (ice->username_len == 0 || m.class_ != STUN_REQUEST)
        return ERR_STATE;
    if (m.method != STUN_BINDING)
        return ERR_UNSUPPORTED;
    struct verdict verdict = judge(ice, raw, &m);
    bool counts = verdict.status == OK && seen_note(&ice->seen, m.transaction);
    if (verdict.status == OK && !counts && !ice_is_checked(ice, peer))
        return ERR_STATE;
    TRY(write_reply(ice, &m, peer, verdict, reply));
    if (counts)
        note_check(ice, now, peer, m.use_candidate);
    return verdict.status == OK && !counts ? ERR_STATE : verdict.status;
}

bool ice_is_checked(const struct ice *ice, const struct address *peer)
{
    return find_path((struct ice *)ice, peer) != NULL; /* finds, and writes nothing */
}

void ice_heard(struct ice *ice, struct now now, const struct address *peer)
{
    struct ice_path *path = find_path(ice, peer);
    if (path)
        path->heard_us = now.mono_us;
}

const struct address *ice_selected(const struct ice *ice)
{
    return ice->nominated ? &ice->paths[ice->selected].peer : NULL;
}

usec_t ice_last_consent(const struct ice *ice)
{
    return ice->nominated ? ice->paths[ice->selected].checked_us : 0;
}

bool ice_has_consent(const struct ice *ice, struct now now)
{
    return ice->nominated && now.mono_us - ice_last_consent(ice) < ICE_CONSENT_US;
}
