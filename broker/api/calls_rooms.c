#include <stdlib.h>
#include <string.h>

#include "api/calls.h"
#include "auth/plan_json.h"
#include "auth/token.h"

/* ---- Who is there ---- */

static const struct attendee *find_attendee(const struct attendance *attendance, const struct id *participation)
{
    for (size_t i = 0; i < attendance->count; i++)
        if (id_equal(&attendance->people[i].participation, participation))
            return &attendance->people[i];
    return NULL;
}

static json_t *person_json(const struct call *call, const struct plan_person *p, const struct attendee *a)
{
    bool removed = call_is_denied(call, &call->api->plan.session, &p->participation, &(struct id){ 0 });
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:b, s:b}", "participation", p->participation.text, "person", p->person.text, "role",
                  role_name(p->role), "removed", (int)removed, "connected", (int)(a && a->connected));
    if (!json || !a)
        return json;
    json_object_set_new(json, "seat", json_string(a->seat));
    json_object_set_new(json, "prepared", json_boolean(a->prepared));
    json_object_set_new(json, "code", json_string(code_state_name(a->code)));
    return json;
}

static void settle_participations(struct call *call, const struct api_outcome *came)
{
    const struct plan *plan = &call->api->plan;
    const struct attendance *now = &came->attendance;
    bool runs = now->phase[0];
    json_t *people = json_array();
    if (came->status != OK) {
        json_decref(people);
        call_fail(call, PROBLEM_UNAVAILABLE, NULL);
        return;
    }
    for (size_t i = 0; i < plan->people_count; i++) {
        const struct plan_person *p = &plan->people[i];
        json_array_append_new(people, person_json(call, p, runs ? find_attendee(now, &p->participation) : NULL));
    }
    call_answer(call, 200,
                json_pack("{s:s, s:I, s:I, s:o}", "phase", runs ? now->phase : "not_running", "opens_at",
                          (json_int_t)(runs ? now->opens_at : plan->opens_at), "closes_at",
                          (json_int_t)(runs ? now->closes_at : plan->closes_at), "people", people));
}

void on_participations_get(struct call *call)
{
    if (!call_find_plan(call))
        return;
    call->api->plan = call->plan;
    call->plan = (struct plan){ 0 };
    call->effects->question = call->id;
    call->effects->has_question = true;
    call->api->settle = settle_participations;
}

/* ---- Orders ---- */

static const struct {
    const char *word;
    bool names_somebody, gives_reason;
} acts[] = {
    [MODERATION_STEP_OUT] = { "step_out", true, false },
    [MODERATION_STEP_OUT_EVERYONE] = { "step_out_everyone", false, false },
    [MODERATION_REMOVE] = { "remove", true, true },
    [MODERATION_END] = { "end", false, false },
};

static enum moderation_act act_of(const char *word)
{
    for (size_t i = 1; i < sizeof acts / sizeof *acts; i++)
        if (strcmp(acts[i].word, word) == 0)
            return (enum moderation_act)i;
    return 0;
}

static bool is_safety_code(const char *word)
{
    static const char *const codes[] = { "safety_threat", "safety_impersonation", "safety_conduct", "safety_other" };
    bool known = false;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        known |= strcmp(codes[i], word) == 0;
    return known;
}

static enum status take_order(const struct json_place *place, json_t *body, struct moderation *order)
{
    const char *action, *participation = NULL, *reason = NULL;
    json_error_t error;
    if (json_unpack_ex(body, &error, JSON_STRICT, "{s:s, s?s, s?s}", "action", &action, "participation", &participation,
                       "reason", &reason))
        return json_place_bad(place, "%s", error.text);
    order->act = act_of(action);
    if (!order->act)
        return json_place_bad(place, "'action' must be step_out, step_out_everyone, remove or end");
    if (!participation == acts[order->act].names_somebody)
        return json_place_bad(place, "'participation' belongs to step_out and remove, and to no other");
    if (participation && !id_parse(bytes_of(participation), &order->participation))
        return json_place_bad(place, "'participation' must be an id");
    if (!reason == acts[order->act].gives_reason)
        return json_place_bad(place, "'reason' belongs to remove, and to no other");
    if (reason && !is_safety_code(reason))
        return json_place_bad(place,
                              "'reason' must be safety_threat, safety_impersonation, safety_conduct or safety_other");
    if (reason)
        strcpy(order->reason, reason);
    return OK;
}

/* Whom it is about is known to be planned: what its room does not know is not running, or over. */
static void settle_order(struct call *call, const struct api_outcome *came)
{
    if (came->status == ERR_STATE || came->status == ERR_UNKNOWN)
        call_fail(call, PROBLEM_NOTHING_TO_DO, NULL);
    else if (came->status != OK)
        call_fail(call, PROBLEM_UNAVAILABLE, NULL);
    else
        call_answer(call, 200, json_object());
}

void on_moderation_post(struct call *call)
{
    char why[300] = "";
    struct json_place place = json_place_at(why, sizeof why);
    const struct plan *plan = call_find_plan(call);
    struct moderation order = { .session = call->id };
    if (!plan)
        return;
    if (take_order(&place, call->body, &order) != OK) {
        call_fail_invalid(call, why);
        return;
    }
    if (order.participation.text[0] && !call_find_person(plan, order.participation.text)) {
        call_fail(call, PROBLEM_NOT_FOUND, NULL);
        return;
    }
    call->effects->moderation = order;
    call->effects->has_moderation = true;
    call->api->settle = settle_order;
}

/* ---- One's own link ---- */

static const struct plan_person *find_therapist(const struct plan *plan, const struct id *person)
{
    for (size_t i = 0; i < plan->people_count; i++)
        if (plan->people[i].role == ROLE_THERAPIST && id_equal(&plan->people[i].person, person))
            return &plan->people[i];
    return NULL;
}

static void answer_link(struct call *call, const struct plan *plan, const struct plan_person *person, int64_t expires)
{
    char *token;
    struct claims claims = {
        .participation = person->participation,
        .session = plan->session,
        .token = call_fresh_id(call, "token"),
        .role = person->role,
        .not_before = call->made_at,
        .expires = expires,
    };
    if (token_issue(call->api->keyring, call->api->issuer, &claims, &token) != OK) {
        call_fail(call, PROBLEM_UNAVAILABLE, "There is no key here to sign links with.");
        return;
    }
    json_t *url = json_sprintf("%s/#token=%s", call->api->base_url, token);
    bytes_wipe(token, strlen(token));
    free(token);
    call_answer(call, 201,
                json_pack("{s:o, s:s, s:I}", "url", url, "participation", person->participation.text, "expires",
                          (json_int_t)expires));
}

/* A session of somebody else's reads as one that there is not. The token is in the fragment, which browsers send to
 * nobody, and stored nowhere: the same Idempotency-Key signs the same claims again. */
void on_link_post(struct call *call)
{
    const struct plan *plan = call_find_plan(call);
    if (!plan)
        return;
    const struct plan_person *person = find_therapist(plan, &call->caller.who);
    int64_t over = plan->closes_at + API_AFTER_BOX_S;
    int64_t expires = over < call->made_at + API_LINK_LIFE_S ? over : call->made_at + API_LINK_LIFE_S;
    if (!person)
        call_fail(call, PROBLEM_NOT_FOUND, NULL);
    else if (expires <= now_unix_s(call->now) ||
             call_is_denied(call, &plan->session, &person->participation, &(struct id){ 0 }))
        call_fail(call, PROBLEM_OVER, NULL);
    else
        answer_link(call, plan, person, expires);
}
