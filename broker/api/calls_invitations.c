#include <stdlib.h>
#include <string.h>

#include "api/page.h"
#include "auth/plan_json.h"

/* ---- What is told of one ---- */

/* What happened last; the last code is the one that counts. */
static enum code_state code_of(const struct invitation *i)
{
    if (i->code_until)
        return i->code_tries ? CODE_FAILED : CODE_SENT;
    if (i->device_count)
        return CODE_PASSED;
    return i->failures ? CODE_FAILED : i->codes ? CODE_SENT : CODE_NONE;
}

/* Never its token: that is known to nobody but whoever holds the link. */
static json_t *invitation_json(const struct invitation *i, int64_t expires)
{
    return json_pack("{s:s, s:s, s:s, s:s*, s:I, s:I, s:b, s:i, s:s}", "id", i->id.text, "session", i->session.text,
                     "participation", i->participation.text, "contact", *i->contact ? i->contact : NULL, "not_before",
                     (json_int_t)i->not_before, "expires", (json_int_t)expires, "revoked", (int)i->revoked, "devices",
                     (int)i->device_count, "code", code_state_name(code_of(i)));
}

/* One without an end of its own lasts as long as its session might. */
static int64_t end_of(const struct invitation *i, const struct plan *plan)
{
    return i->expires ? i->expires : plan->closes_at + API_AFTER_BOX_S;
}

/* ---- What is asked ---- */

static bool is_one_of(char c, const char *more)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr(more, c);
}

/* One address (RFC 6068) without anything that could begin a second one, a header or a parameter; and none that the
 * courier would give up (shell/mail.h), as its codes would never come. */
static bool is_mail_address(const char *text)
{
    const char *at = strchr(text, '@');
    if (!at || at == text || !at[1] || text[0] == '-' || strchr("-.", at[1]))
        return false;
    for (const char *c = text; *c; c++)
        if (!is_one_of(*c, c < at ? "!#$'*+-/=^_`{|}~." : c == at ? "@" : "-."))
            return false;
    return true;
}

/* A global number (RFC 3966 3). */
static bool is_phone_number(const char *text)
{
    size_t digits = 0;
    if (*text++ != '+')
        return false;
    for (; *text; text++)
        if (*text >= '0' && *text <= '9')
            digits++;
        else if (!strchr("-.()", *text))
            return false;
    return digits >= 3 && digits <= 15; /* ITU-T E.164 */
}

static bool is_contact(const char *text)
{
    if (strlen(text) > CONTACT_MAX)
        return false;
    return strncmp(text, "mailto:", 7) == 0 ? is_mail_address(text + 7)
                                            : strncmp(text, "tel:", 4) == 0 && is_phone_number(text + 4);
}

struct wish {
    struct invitation invitation;
    bool deliver;
};

static enum status take_wish(const struct json_place *place, const struct call *call, const struct plan *plan,
                             struct wish *wish)
{
    const char *participation, *contact = "";
    json_int_t not_before = call->made_at, expires = 0;
    int deliver;
    json_error_t error;
    if (json_unpack_ex(call->body, &error, JSON_STRICT, "{s:s, s?s, s?I, s?I, s:b}", "participation", &participation,
                       "contact", &contact, "not_before", &not_before, "expires", &expires, "deliver", &deliver))
        return json_place_bad(place, "%s", error.text);
    const struct plan_person *person = call_find_person(plan, participation);
    if (!person)
        return json_place_bad(place, "'participation' is none of this session");
    if (*contact && !is_contact(contact))
        return json_place_bad(place, "'contact' must be one mailto: or tel:+ address");
    if (json_object_get(call->body, "expires") && (expires <= call->made_at || expires <= not_before))
        return json_place_bad(place, "'expires' is over, or not after 'not_before'");
    if (not_before < 0)
        return json_place_bad(place, "'not_before' must be a time");
    wish->invitation = (struct invitation){
        .session = plan->session,
        .participation = person->participation,
        .not_before = not_before,
        .expires = expires,
    };
    strcpy(wish->invitation.contact, contact);
    wish->deliver = deliver != 0;
    return OK;
}

static enum status read_wish(struct call *call, const struct plan *plan, struct wish *wish)
{
    char why[300] = "";
    struct json_place place = json_place_at(why, sizeof why);
    enum status status = take_wish(&place, call, plan, wish);
    if (status != OK)
        call_fail_invalid(call, why);
    return status;
}

/* ---- Links ---- */

/* A link of its own for an invitation, which is stored with it: the one before is of no use from then on. The token is
 * in the fragment, which browsers send to nobody. */
static enum status renew(struct call *call, struct invitation *i, char url[DELIVERY_SECRET_MAX + 1])
{
    struct api *api = call->api;
    char token[INVITATION_TOKEN_CHARS + 1];
    struct writer w = writer_over((uint8_t *)url, DELIVERY_SECRET_MAX);
    enum status status = invitation_token(&api->entropy, token, i->token);
    memset(url, 0, DELIVERY_SECRET_MAX + 1);
    write_format(&w, "%s/#i=%s", api->base_url, token);
    if (status == OK)
        status = w.bad ? ERR_FULL : api->store->ops->invitation_put(api->store, i);
    bytes_wipe(token, sizeof token);
    if (status != OK)
        call_fail(call, PROBLEM_UNAVAILABLE, NULL);
    return status;
}

static void deliver(struct call *call, const struct invitation *i, int64_t expires, const char *url)
{
    struct delivery *delivery = &call->effects->delivery;
    *delivery = (struct delivery){
        .kind = DELIVERY_INVITATION,
        .invitation = i->id,
        .session = i->session,
        .participation = i->participation,
        .made_at = now_unix_s(call->now),
        .expires = expires,
    };
    strcpy(delivery->contact, i->contact);
    strcpy(delivery->secret, url);
    call->effects->has_delivery = true;
}

static bool is_over(const struct call *call, const struct invitation *i, const struct plan *plan)
{
    return i->revoked || end_of(i, plan) <= now_unix_s(call->now) || !call_find_person(plan, i->participation.text) ||
           call_is_denied(call, &i->session, &i->participation, &(struct id){ 0 });
}

/* ---- Making one ---- */

static void answer_invitation(struct call *call, int status, const struct invitation *i, const struct plan *plan,
                              const char *url)
{
    json_t *json = invitation_json(i, end_of(i, plan));
    if (json && url && json_object_set_new(json, "url", json_string(url)) != 0) {
        json_decref(json);
        json = NULL;
    }
    call_answer(call, status, json);
}

/* With the link in the answer, or on its way to the person. */
static void hand_over(struct call *call, int status, struct invitation *i, const struct plan *plan, bool by_delivery)
{
    char url[DELIVERY_SECRET_MAX + 1];
    if (renew(call, i, url) != OK)
        return;
    if (by_delivery)
        deliver(call, i, end_of(i, plan), url);
    answer_invitation(call, status, i, plan, by_delivery ? NULL : url);
    bytes_wipe(url, sizeof url);
}

/* The token is stored nowhere, so the same Idempotency-Key can't give the same link: it gives a new one for the same
 * invitation, and the one before ends. What was handed to the courier is not sent again. */
void on_invitation_post(struct call *call)
{
    struct store *store = call->api->store;
    const struct plan *plan = call_find_plan(call);
    struct wish wish;
    struct invitation stored;
    if (!plan || read_wish(call, plan, &wish) != OK)
        return;
    struct invitation *i = &wish.invitation;
    i->id = call_fresh_id(call, "invitation");
    enum status status = store->ops->invitation_get(store, &i->id, &stored);
    if (status == OK)
        *i = stored;
    if (status != OK && status != ERR_UNKNOWN)
        call_fail(call, PROBLEM_UNAVAILABLE, NULL);
    else if (is_over(call, i, plan))
        call_fail(call, PROBLEM_OVER, NULL);
    else if (wish.deliver && !call->api->delivers)
        call_fail(call, PROBLEM_NO_DELIVERY, NULL);
    else if (call->replayed && wish.deliver)
        answer_invitation(call, 201, i, plan, NULL);
    else
        hand_over(call, 201, i, plan, wish.deliver);
}

/* ---- What became of them ---- */

struct invitation_list {
    struct page page;
    const struct plan *plan;
};

static enum status add_invitation(void *context, const struct invitation *i)
{
    struct invitation_list *list = context;
    return page_add(&list->page, i->id.text, invitation_json(i, end_of(i, list->plan)));
}

void on_invitations_list(struct call *call)
{
    struct store *store = call->api->store;
    struct invitation_list list = { .plan = call_find_plan(call) };
    if (!list.plan || !page_begin(call, &list.page))
        return;
    page_end(call, &list.page,
             store->ops->invitations_after(store, &list.plan->session, &list.page.after, list.page.limit + 1,
                                           (struct store_invitations){ add_invitation, &list }));
}

/* OK with the invitation of the address, or the call has failed. */
static enum status find_invitation(struct call *call, struct invitation *i)
{
    enum status status = call->api->store->ops->invitation_get(call->api->store, &call->id, i);
    if (status != OK)
        call_fail(call, status == ERR_UNKNOWN ? PROBLEM_NOT_FOUND : PROBLEM_UNAVAILABLE, NULL);
    return status;
}

/* Whoever came in by it stays in: that is ended by moderation. Twice is as good as once. */
void on_invitation_delete(struct call *call)
{
    struct store *store = call->api->store;
    struct invitation i;
    if (find_invitation(call, &i) != OK)
        return;
    bool was_revoked = i.revoked;
    i.revoked = true;
    if (!was_revoked && store->ops->invitation_put(store, &i) != OK)
        call_fail(call, PROBLEM_UNAVAILABLE, NULL);
    else
        call->response->status = 204;
}

/* Devices that are bound stay so. */
void on_invitation_deliver(struct call *call)
{
    struct store *store = call->api->store;
    struct invitation i;
    struct plan *plan = &call->plan;
    if (find_invitation(call, &i) != OK)
        return;
    if (store->ops->plan_get(store, &i.session, plan) != OK)
        call_fail(call, PROBLEM_UNAVAILABLE, NULL);
    else if (is_over(call, &i, plan))
        call_fail(call, PROBLEM_OVER, NULL);
    else if (!call->api->delivers)
        call_fail(call, PROBLEM_NO_DELIVERY, NULL);
    else if (call->replayed)
        answer_invitation(call, 202, &i, plan, NULL);
    else
        hand_over(call, 202, &i, plan, true);
}

/* ---- The outbox of a demo ---- */

static json_t *delivery_json(const struct delivery *d)
{
    return json_pack("{s:s, s:s, s:s, s:s*, s:s, s:I, s:I}", "kind", d->kind == DELIVERY_CODE ? "code" : "invitation",
                     "session", d->session.text, "participation", d->participation.text, "contact",
                     *d->contact ? d->contact : NULL, "secret", d->secret, "made_at", (json_int_t)d->made_at, "expires",
                     (json_int_t)d->expires);
}

/* As few as there are, in one page. */
void on_deliveries_list(struct call *call)
{
    const struct api *api = call->api;
    struct page page;
    size_t count = 0;
    enum status status = OK;
    const struct delivery *all = api->deliveries ? api->deliveries(api->deliveries_context, &count) : NULL;
    if (!api->deliveries) {
        call_fail(call, PROBLEM_NOT_FOUND, NULL);
        return;
    }
    page = (struct page){ .limit = count, .items = json_array() };
    for (size_t i = 0; i < count && status == OK; i++)
        status = page_add(&page, "", delivery_json(&all[i]));
    page_end(call, &page, status);
}
