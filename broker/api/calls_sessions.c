#include "api/calls.h"

#include <stdlib.h>
#include <string.h>

#include "auth/plan_json.h"
#include "auth/token.h"
#include "ledger/utc.h"

enum { LIST_DEFAULT = 20, LIST_MAX = 100 };

/* Words for what is wrong, without the value that was sent: it may hold what nobody should read in a log. */
static void fail_invalid(struct call *call, char *why)
{
    char *value = strstr(why, ", not '");
    if (value)
        *value = 0;
    call_fail(call, PROBLEM_INVALID, why);
}

/* OK with the plan, or the call has failed. */
static enum status find_plan(struct call *call, struct plan *plan)
{
    enum status status = call->api->store->ops->plan_get(call->api->store, &call->id, plan);
    if (status != OK)
        call_fail(call, status == ERR_UNKNOWN ? PROBLEM_NOT_FOUND : PROBLEM_UNAVAILABLE, NULL);
    return status;
}

/* ---- Lists ---- */

struct page {
    struct id after;
    size_t limit;
};

/* The value of `name` at the front of the query, which moves on; false when it is another's. */
static bool take_parameter(const char **query, const char *name, struct bytes *value)
{
    size_t len = strlen(name);
    if (strncmp(*query, name, len) != 0 || (*query)[len] != '=')
        return false;
    const char *at = *query + len + 1;
    *value = (struct bytes){ (const uint8_t *)at, strcspn(at, "&") };
    *query = at + value->len + (at[value->len] == '&');
    return true;
}

static size_t number_of(struct bytes text)
{
    size_t number = 0;
    for (size_t i = 0; i < text.len; i++)
        number = text.at[i] >= '0' && text.at[i] <= '9' && number <= LIST_MAX ? number * 10 + (text.at[i] - '0')
                                                                              : LIST_MAX + 1;
    return number;
}

static bool read_page(const char *query, struct page *page)
{
    bool limited = false;
    struct bytes value;
    *page = (struct page){ .limit = LIST_DEFAULT };
    while (*query) {
        if (!limited && take_parameter(&query, "limit", &value)) {
            page->limit = number_of(value);
            limited = true;
        } else if (page->after.text[0] || !take_parameter(&query, "cursor", &value) || !id_parse(value, &page->after))
            return false;
    }
    return page->limit >= 1 && page->limit <= LIST_MAX;
}

struct listing {
    json_t *items;
    size_t limit;
    struct id last;
    bool more;
};

static enum status add_item(void *context, const struct plan *plan)
{
    struct listing *list = context;
    if (json_array_size(list->items) == list->limit) {
        list->more = true;
        return OK;
    }
    list->last = plan->session;
    return json_array_append_new(list->items, plan_json_write(plan)) == 0 ? OK : ERR_NO_MEMORY;
}

/* The cursor is the last id: what was added or removed meanwhile never moves the rest. */
void on_sessions_list(struct call *call)
{
    struct store *store = call->api->store;
    struct page page;
    if (!read_page(call->request->query, &page)) {
        call_fail(call, PROBLEM_BAD_QUERY, NULL);
        return;
    }
    struct listing list = { .items = json_array(), .limit = page.limit };
    if (store->ops->plans_after(store, &page.after, page.limit + 1, (struct store_plans){ add_item, &list }) != OK) {
        json_decref(list.items);
        call_fail(call, PROBLEM_UNAVAILABLE, NULL);
        return;
    }
    call_answer(call, 200, json_pack("{s:o, s:s?}", "items", list.items, "next", list.more ? list.last.text : NULL));
}

/* ---- One session ---- */

static enum status read_plan(struct call *call, struct plan *plan)
{
    char why[300] = "";
    struct json_place place = json_place_at(why, sizeof why);
    enum status status = plan_json_read(&place, call->body, PLAN_JSON_REQUEST, plan);
    if (status == OK && plan->people_count == 0)
        status = json_place_bad(&place, "'people' must not be empty");
    if (status == OK && plan->closes_at <= call->made_at)
        status = json_place_bad(&place, "'closes_at' is over");
    if (status == OK && call->id.text[0] && plan->session.text[0] && !id_equal(&plan->session, &call->id))
        status = json_place_bad(&place, "'id' is not that of the address");
    if (status != OK)
        fail_invalid(call, why);
    return status;
}

static void answer_plan(struct call *call, int status, const struct plan *plan)
{
    struct api_response *response = call->response;
    call_answer(call, status, plan_json_write(plan));
    struct writer w = writer_over((uint8_t *)response->location, sizeof response->location - 1);
    write_format(&w, "/api/v1/sessions/%s", plan->session.text);
}

/* Stored once its room has taken it: so a session that somebody is in stays as it is in both places. The room gets the
 * grants that are stored, and none that a request could bring along. */
static void schedule(struct call *call, const struct plan *plan, bool replaces)
{
    struct api *api = call->api;
    api->plan = *plan;
    if (api->store->ops->plan_grants(api->store, &api->plan) != OK) {
        call_fail(call, PROBLEM_UNAVAILABLE, NULL);
        return;
    }
    api->has_plan = call->effects->has_plan = true;
    call->effects->plan = api->plan;
    answer_plan(call, replaces ? 200 : 201, plan);
}

void on_session_put(struct call *call)
{
    struct plan plan, stored;
    if (read_plan(call, &plan) != OK)
        return;
    plan.session = call->id;
    enum status status = call->api->store->ops->plan_get(call->api->store, &call->id, &stored);
    if (status != OK && status != ERR_UNKNOWN)
        call_fail(call, PROBLEM_UNAVAILABLE, NULL);
    else
        schedule(call, &plan, status == OK);
}

static bool says_the_same(const struct plan *a, const struct plan *b)
{
    json_t *x = plan_json_write(a), *y = plan_json_write(b);
    bool same = x && json_equal(x, y);
    json_decref(x);
    json_decref(y);
    return same;
}

/* A POST never replaces. One that is there already with the same content is what an earlier try left behind whose
 * answer was lost. */
void on_session_post(struct call *call)
{
    struct plan plan, stored;
    if (read_plan(call, &plan) != OK)
        return;
    if (!plan.session.text[0])
        plan.session = call_fresh_id(call, "session");
    if (call->replayed) {
        answer_plan(call, 201, &plan);
        return;
    }
    enum status status = call->api->store->ops->plan_get(call->api->store, &plan.session, &stored);
    if (status == OK && !says_the_same(&plan, &stored))
        call_fail(call, PROBLEM_EXISTS, NULL);
    else if (status != OK && status != ERR_UNKNOWN)
        call_fail(call, PROBLEM_UNAVAILABLE, NULL);
    else
        schedule(call, &plan, false);
}

void on_session_get(struct call *call)
{
    struct plan plan;
    if (find_plan(call, &plan) == OK)
        call_answer(call, 200, plan_json_write(&plan));
}

/* ---- Links ---- */

static const struct plan_person *find_person(const struct plan *plan, const char *participation)
{
    for (size_t i = 0; i < plan->people_count; i++)
        if (strcmp(plan->people[i].participation.text, participation) == 0)
            return &plan->people[i];
    return NULL;
}

static enum status read_link(struct call *call, const struct plan *plan, const struct plan_person **person,
                             int64_t *ttl_s)
{
    char why[300] = "";
    struct json_place place = json_place_at(why, sizeof why);
    const char *participation;
    json_int_t ttl;
    json_error_t error;
    enum status status = OK;
    if (json_unpack_ex(call->body, &error, JSON_STRICT, "{s:s, s:I}", "participation", &participation, "ttl", &ttl))
        status = json_place_bad(&place, "%s", error.text);
    else if (ttl < 1 || ttl > API_LINK_TTL_MAX_S)
        status = json_place_bad(&place, "'ttl' must be 1 to %d seconds", API_LINK_TTL_MAX_S);
    else if (!(*person = find_person(plan, participation)))
        status = json_place_bad(&place, "'participation' is none of this session");
    if (status == OK)
        *ttl_s = ttl;
    else
        fail_invalid(call, why);
    return status;
}

/* The token is in the fragment, which browsers send to nobody. It is stored nowhere: the same Idempotency-Key signs the
 * same claims again. */
void on_link_post(struct call *call)
{
    struct plan plan;
    const struct plan_person *person;
    int64_t ttl_s;
    char *token;
    if (find_plan(call, &plan) != OK || read_link(call, &plan, &person, &ttl_s) != OK)
        return;
    struct claims claims = {
        .participation = person->participation,
        .session = plan.session,
        .token = call_fresh_id(call, "token"),
        .role = person->role,
        .not_before = call->made_at,
        .expires = call->made_at + ttl_s,
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
                          (json_int_t)claims.expires));
}

/* ---- Calendars ---- */

/* RFC 5545 3.3.5, form 2: "20260131T235959Z". */
static void write_instant(struct writer *w, const char *name, int64_t unix_s)
{
    char text[32] = "";
    struct writer utc = writer_over((uint8_t *)text, sizeof text);
    utc_write(&utc, unix_s * (int64_t)USEC_PER_SEC);
    write_format(w, "%s:%.4s%.2s%.2sT%.2s%.2s%.2sZ\r\n", name, text, text + 5, text + 8, text + 11, text + 14,
                 text + 17);
}

/* A line of at most 75 octets, the rest on lines that begin with a space (RFC 5545 3.1). */
static void write_folded(struct writer *w, const char *line)
{
    enum { LINE_OCTETS = 75 };
    size_t room = LINE_OCTETS;
    for (; strlen(line) > room; room = LINE_OCTETS - 1) {
        write_bytes(w, (struct bytes){ (const uint8_t *)line, room });
        write_text(w, "\r\n ");
        line += room;
    }
    write_text(w, line);
    write_text(w, "\r\n");
}

/* RFC 7986 5.11. Calendars are shared, synced and shown on locked screens: so there is no name in it, no kind and no
 * link of one's own. */
void on_session_ics(struct call *call)
{
    struct plan plan;
    uint8_t text[2048];
    char line[512];
    struct writer w = writer_over(text, sizeof text), l = writer_over((uint8_t *)line, sizeof line);
    if (find_plan(call, &plan) != OK)
        return;
    write_text(&w, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Kinroom//Kinroom//EN\r\nBEGIN:VEVENT\r\n");
    write_format(&l, "UID:%s@kinroom", plan.session.text);
    write_folded(&w, line);
    l = writer_over((uint8_t *)line, sizeof line);
    write_instant(&w, "DTSTAMP", now_unix_s(call->now));
    write_instant(&w, "DTSTART", plan.opens_at);
    write_instant(&w, "DTEND", plan.closes_at);
    write_text(&w, "SUMMARY:Video call\r\nCLASS:PRIVATE\r\n");
    write_format(&l, "CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO;LABEL=\"Join with your own link\":%s/",
                 call->api->base_url);
    write_folded(&w, l.bad ? "CONFERENCE;VALUE=URI:about:blank" : line);
    write_text(&w, "END:VEVENT\r\nEND:VCALENDAR\r\n");
    call_answer_text(call, 200, "text/calendar; charset=utf-8", writer_bytes(&w));
}
