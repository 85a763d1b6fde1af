#include <stdlib.h>
#include <string.h>

#include "api/calls.h"
#include "auth/device_proof.h"
#include "auth/token.h"

/* Somebody at the door with a link. */
struct visit {
    const char *token, *code;
    struct id device;
    /* What the link leads to; all empty when it leads nowhere. */
    struct invitation invitation;
    struct plan plan;
    const struct plan_person *person;
    bool good;         /* it leads to somebody who may come; what the invitation itself says is not in it */
    bool with_session; /* the invitation has no end of its own */
    int64_t expires;   /* of what the door gives */
};

/* ---- Who asks, and from where ---- */

/* Speaks of the device alone, so its answer tells nothing of the link. */
static enum problem prove_device(const struct call *call, struct visit *v)
{
    const struct api_request *r = call->request;
    char url[512];
    struct writer w = writer_over((uint8_t *)url, sizeof url - 1);
    memset(url, 0, sizeof url);
    write_format(&w, "%s%s", *r->origin ? r->origin : call->api->base_url, r->path);
    struct device_claim claim = { .method = "POST", .url = url, .token = bytes_of(v->token) };
    if (w.bad || device_proof_verify(bytes_of(r->proof), &claim, now_unix_s(call->now), &v->device) != OK)
        return PROBLEM_BAD_PROOF;
    return PROBLEM_NONE;
}

/* ---- Where the link leads ---- */

static bool is_answer(enum status status)
{
    return status == OK || status == ERR_UNKNOWN;
}

/* Each step is taken for every link, also for one that led nowhere before: then it finds nothing. */
static enum problem follow(const struct call *call, struct visit *v)
{
    struct store *store = call->api->store;
    uint8_t hash[SECRET_HASH_LEN] = { 0 };
    bool possible = invitation_hash(bytes_of(v->token), hash) == OK;
    enum status found = store->ops->invitation_find(store, hash, &v->invitation);
    if (!is_answer(found))
        return PROBLEM_UNAVAILABLE;
    enum status planned = store->ops->plan_get(store, &v->invitation.session, &v->plan);
    if (!is_answer(planned))
        return PROBLEM_UNAVAILABLE;
    v->person = call_find_person(&v->plan, v->invitation.participation.text);
    bool host = v->person && (v->person->role == ROLE_CLIENT || v->person->role == ROLE_THERAPIST);
    struct id device = { 0 }; /* denied to guests alone */
    if (!host)
        device = v->device;
    bool denied = call_is_denied(call, &v->invitation.session, &v->invitation.participation, &device);
    int64_t over = v->plan.closes_at + API_AFTER_BOX_S;
    v->with_session = v->invitation.expires == 0;
    if (v->with_session)
        v->invitation.expires = over;
    v->expires = v->invitation.expires < over ? v->invitation.expires : over;
    v->good = possible && found == OK && planned == OK && v->person && !denied && v->expires > now_unix_s(call->now);
    return PROBLEM_NONE;
}

static enum problem keep(const struct call *call, const struct visit *v)
{
    struct store *store = call->api->store;
    struct invitation i = v->invitation;
    if (v->with_session)
        i.expires = 0;
    return store->ops->invitation_put(store, &i) == OK ? PROBLEM_NONE : PROBLEM_UNAVAILABLE;
}

/* ---- What comes of it ---- */

static void tell_therapists(struct call *call, const struct visit *v, enum code_state state)
{
    call->effects->code = (struct code_news){ v->plan.session, v->person->participation, state };
    call->effects->has_code = true;
}

static enum problem send_code(struct call *call, const struct visit *v, const char *code)
{
    const struct invitation *i = &v->invitation;
    struct delivery *delivery = &call->effects->delivery;
    enum problem problem = keep(call, v);
    if (problem)
        return problem;
    *delivery = (struct delivery){
        .kind = DELIVERY_CODE,
        .invitation = i->id,
        .session = i->session,
        .participation = i->participation,
        .made_at = now_unix_s(call->now),
        .expires = i->code_until,
    };
    strcpy(delivery->contact, i->contact);
    strcpy(delivery->secret, code);
    call->effects->has_delivery = true;
    tell_therapists(call, v, CODE_SENT);
    return PROBLEM_NONE;
}

static enum problem answer_code(struct call *call)
{
    call_answer(call, 200, json_pack("{s:s}", "state", "code"));
    return PROBLEM_NONE;
}

/* Good on this device alone. */
static enum problem answer_open(struct call *call, const struct visit *v)
{
    char *token;
    struct claims claims = {
        .participation = v->person->participation,
        .session = v->plan.session,
        .token = call_fresh_id(call, "token"),
        .device = v->device,
        .role = v->person->role,
        .not_before = now_unix_s(call->now),
        .expires = v->expires,
    };
    if (token_issue(call->api->keyring, call->api->issuer, &claims, &token) != OK)
        return PROBLEM_UNAVAILABLE;
    call_answer(call, 200, json_pack("{s:s, s:s}", "state", "open", "token", token));
    bytes_wipe(token, strlen(token));
    free(token);
    return PROBLEM_NONE;
}

static enum problem open_link(struct call *call, struct visit *v)
{
    char code[CODE_DIGITS + 1] = "";
    enum problem problem = PROBLEM_NONE;
    enum invitation_step step = invitation_ask(&v->invitation, &call->api->entropy, bytes_of(v->token), &v->device,
                                               now_unix_s(call->now), code);
    if (v->good && step == INVITATION_SEND_CODE)
        problem = send_code(call, v, code);
    bytes_wipe(code, sizeof code);
    if (problem || !v->good || step == INVITATION_NO)
        return problem ? problem : PROBLEM_BAD_LINK;
    return step == INVITATION_OPEN ? answer_open(call, v) : answer_code(call);
}

/* A wrong code counts once it is stored, and a right one binds the device then: with a full disk nobody gets to guess.
 */
static enum problem try_code(struct call *call, struct visit *v)
{
    uint32_t failures = v->invitation.failures;
    enum invitation_step step =
        invitation_try(&v->invitation, bytes_of(v->token), bytes_of(v->code), &v->device, now_unix_s(call->now));
    bool failed = v->invitation.failures != failures;
    if (!v->good || (step == INVITATION_NO && !failed))
        return PROBLEM_BAD_LINK;
    enum problem problem = keep(call, v);
    if (problem)
        return problem;
    tell_therapists(call, v, failed ? CODE_FAILED : CODE_PASSED);
    return failed ? PROBLEM_BAD_LINK : answer_open(call, v);
}

/* ---- The two doors ---- */

static enum problem receive(struct call *call, struct visit *v, enum problem (*decide)(struct call *, struct visit *))
{
    if (!api_is_ours(call->api, call->request->origin))
        return PROBLEM_ORIGIN;
    enum problem problem = prove_device(call, v);
    if (!problem)
        problem = follow(call, v);
    return problem ? problem : decide(call, v);
}

static void answer_visit(struct call *call, struct visit *v, enum problem (*decide)(struct call *, struct visit *))
{
    enum problem problem = receive(call, v, decide);
    if (problem)
        call_fail(call, problem, NULL);
    plan_deinit(&v->plan);
}

void on_join_open(struct call *call)
{
    struct visit visit = { 0 };
    if (json_unpack_ex(call->body, NULL, JSON_STRICT, "{s:s}", "invitation", &visit.token))
        call_fail(call, PROBLEM_INVALID, NULL);
    else
        answer_visit(call, &visit, open_link);
}

void on_join_code(struct call *call)
{
    struct visit visit = { 0 };
    if (json_unpack_ex(call->body, NULL, JSON_STRICT, "{s:s, s:s}", "invitation", &visit.token, "code", &visit.code))
        call_fail(call, PROBLEM_INVALID, NULL);
    else
        answer_visit(call, &visit, try_code);
}
