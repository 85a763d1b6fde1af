#include "api/calls.h"

/* Path, and nothing of which domain: so it is of this host alone. Strict: no other site's page ever sends it. */
static void set_cookie(struct call *call, const char *value, int64_t life_s)
{
    struct writer w = writer_over((uint8_t *)call->response->cookie, sizeof call->response->cookie - 1);
    write_format(&w, "%s=%s; Path=/; Max-Age=%lld; Secure; HttpOnly; SameSite=Strict", ADMIN_COOKIE, value,
                 (long long)life_s);
}

static void answer_admin(struct call *call, int status, scope_set scopes, int64_t ends_at)
{
    call_answer(call, status,
                json_pack("{s:I, s:b, s:b}", "ends_at", (json_int_t)ends_at, "may_read_sessions",
                          (int)((scopes & SCOPE_SESSIONS_READ) != 0), "may_book",
                          (int)((scopes & SCOPE_SESSIONS_WRITE) != 0)));
}

/* Not by the cookie itself: it would outlive the token that it stands for. */
void on_admin_post(struct call *call)
{
    struct api *api = call->api;
    const struct caller *caller = &call->caller;
    struct admin_session session = {
        .who = caller->who, .is_staff = caller->is_staff, .scopes = caller->scopes, .expires = caller->expires
    };
    char secret[ADMIN_SECRET_LEN + 1];
    if (caller->cookie) {
        call_fail(call, PROBLEM_FORBIDDEN, NULL);
        return;
    }
    enum status status = admins_open(&api->admins, &api->entropy, call->now, &session, secret);
    if (status != OK) {
        call_fail(call, status == ERR_NO_MEMORY ? PROBLEM_UNAVAILABLE : PROBLEM_FORBIDDEN, NULL);
        return;
    }
    int64_t left = caller->expires - now_unix_s(call->now), life = left < ADMIN_LIFE_S ? left : ADMIN_LIFE_S;
    answer_admin(call, 201, caller->scopes, now_unix_s(call->now) + life);
    set_cookie(call, secret, life);
    bytes_wipe(secret, sizeof secret);
}

void on_admin_get(struct call *call)
{
    const struct admin_session *session = call->caller.cookie;
    int64_t now_s = now_unix_s(call->now), ends_at = call->caller.expires;
    if (session) {
        int64_t most = now_s + (int64_t)((session->ends_us - call->now.mono_us) / USEC_PER_SEC);
        ends_at = most < ends_at ? most : ends_at;
    }
    answer_admin(call, 200, call->caller.scopes, ends_at);
}

void on_admin_delete(struct call *call)
{
    if (call->caller.cookie)
        admins_close(call->caller.cookie);
    call->response->status = 204;
    set_cookie(call, "", 0);
}
