#include "api/calls.h"

#include <stdlib.h>
#include <string.h>

#include "api/booking.h"
#include "api/page.h"
#include "auth/plan_json.h"
#include "ledger/utc.h"

enum { SPAN_MOST = 500 };

/* ---- Lists ---- */

static enum status add_item(void *context, const struct plan *plan)
{
    return page_add(context, plan->session.text, plan_json_write(plan));
}

/* Of a span of time, the ids first: one statement of the store's is not to run within another. */
struct span {
    struct id *ids;
    size_t count;
};

static enum status add_id(void *context, const struct store_booking *booking)
{
    struct span *span = context;
    if (span->count > 0 && id_equal(&span->ids[span->count - 1], &booking->session))
        return OK;
    if (span->count == SPAN_MOST)
        return ERR_FULL;
    span->ids[span->count++] = booking->session;
    return OK;
}

static enum status add_plan(struct store *store, const struct id *id, json_t *items)
{
    struct plan plan = { 0 };
    enum status status = store->ops->plan_get(store, id, &plan);
    if (status == OK && json_array_append_new(items, plan_json_write(&plan)) != 0)
        status = ERR_NO_MEMORY;
    plan_deinit(&plan);
    return status;
}

static void answer_span(struct call *call, int64_t from, int64_t to)
{
    struct store *store = call->api->store;
    struct span span = { .ids = calloc(SPAN_MOST, sizeof *span.ids) };
    json_t *items = json_array();
    enum status status =
        span.ids ? store->ops->bookings_each(store, from, to, (struct store_bookings){ add_id, &span }) : ERR_NO_MEMORY;
    for (size_t i = 0; i < span.count && status == OK; i++)
        status = add_plan(store, &span.ids[i], items);
    free(span.ids);
    if (status == OK) {
        call_answer(call, 200, json_pack("{s:o, s:n}", "items", items, "next"));
        return;
    }
    json_decref(items);
    if (status == ERR_FULL)
        call_fail(call, PROBLEM_BAD_QUERY, "There are more than 500 sessions in this span: ask for a shorter one.");
    else
        call_fail(call, PROBLEM_UNAVAILABLE, NULL);
}

/* "from=1&to=2" */
static bool read_span(const char *query, int64_t *from, int64_t *to)
{
    struct bytes value;
    return query_take(&query, "from", &value) && query_number(value, from) && query_take(&query, "to", &value) &&
           query_number(value, to) && !*query && *from < *to;
}

void on_sessions_list(struct call *call)
{
    struct store *store = call->api->store;
    struct page page;
    int64_t from, to;
    if (read_span(call->request->query, &from, &to))
        answer_span(call, from, to);
    else if (page_begin(call, &page))
        page_end(call, &page,
                 store->ops->plans_after(store, &page.after, page.limit + 1, (struct store_plans){ add_item, &page }));
}

/* ---- One session ---- */

/* A loved one could never acknowledge what is not there to be read. */
static enum status check_text(struct call *call, enum guidance_text which, const char *version)
{
    struct store *store = call->api->store;
    struct store_guidance text;
    enum status status = store->ops->guidance_get(store, which, version, "", &text);
    if (status == OK)
        free(text.body);
    else if (status == ERR_UNKNOWN)
        call_fail(call, PROBLEM_INVALID,
                  which == GUIDANCE_NOTICE ? "There is no notice of this 'notice_version'."
                                           : "There is no guidance of this 'guidance_version'.");
    else
        call_fail(call, PROBLEM_UNAVAILABLE, NULL);
    return status;
}

static enum status check_texts(struct call *call, const struct plan *plan)
{
    TRY(check_text(call, GUIDANCE_GUIDANCE, plan->guidance_version));
    return check_text(call, GUIDANCE_NOTICE, plan->notice_version);
}

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
        call_fail_invalid(call, why);
    return status == OK ? check_texts(call, plan) : status;
}

static void answer_plan(struct call *call, int status, const struct plan *plan)
{
    struct api_response *response = call->response;
    call_answer(call, status, plan_json_write(plan));
    struct writer w = writer_over((uint8_t *)response->location, sizeof response->location - 1);
    write_format(&w, "/api/v1/sessions/%s", plan->session.text);
}

static void settle_plan(struct call *call, const struct api_outcome *came)
{
    struct store *store = call->api->store;
    enum status status = came->status;
    if (status == OK)
        status = store->ops->plan_put(store, &call->api->plan) == OK ? OK : ERR_SYSTEM;
    if (status != OK)
        call_fail(call,
                  status == ERR_STATE  ? PROBLEM_LIVE
                  : status == ERR_FULL ? PROBLEM_FULL
                                       : PROBLEM_UNAVAILABLE,
                  NULL);
}

/* Stored once its room has taken it: so a session that somebody is in stays as it is in both places. The room gets the
 * grants that are stored, and none that a request could bring along. */
static void schedule(struct call *call, bool replaces)
{
    struct api *api = call->api;
    api->plan = call->plan;
    call->plan = (struct plan){ 0 };
    if (api->store->ops->plan_grants(api->store, &api->plan) != OK) {
        call_fail(call, PROBLEM_UNAVAILABLE, NULL);
        return;
    }
    api->settle = settle_plan;
    call->effects->plan = &api->plan;
    answer_plan(call, replaces ? 200 : 201, &api->plan);
}

/* What the query says of sessions that conflict. By default a new booking is refused, and what another system has in
 * its own calendar is taken as it comes. */
static bool read_conflicts(struct call *call, bool by_default, bool *refuses)
{
    const char *query = call->request->query;
    struct bytes word;
    *refuses = by_default;
    if (!*query)
        return true;
    bool known = query_take(&query, "conflicts", &word) && !*query;
    *refuses = known && bytes_equal(word, bytes_of("refuse"));
    if (*refuses || (known && bytes_equal(word, bytes_of("accept"))))
        return true;
    call_fail(call, PROBLEM_BAD_QUERY, NULL);
    return false;
}

void on_session_put(struct call *call)
{
    struct plan stored = { 0 };
    bool refuses;
    if (!read_conflicts(call, false, &refuses) || read_plan(call, &call->plan) != OK)
        return;
    call->plan.session = call->id;
    enum status status = call->api->store->ops->plan_get(call->api->store, &call->id, &stored);
    plan_deinit(&stored);
    if (status != OK && status != ERR_UNKNOWN)
        call_fail(call, PROBLEM_UNAVAILABLE, NULL);
    else if (!refuses || booking_check(call, &call->plan) == OK)
        schedule(call, status == OK);
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
    struct plan *plan = &call->plan, stored = { 0 };
    bool refuses;
    if (!read_conflicts(call, true, &refuses) || read_plan(call, plan) != OK)
        return;
    if (!plan->session.text[0])
        plan->session = call_fresh_id(call, "session");
    if (call->replayed) {
        answer_plan(call, 201, plan);
        return;
    }
    enum status status = call->api->store->ops->plan_get(call->api->store, &plan->session, &stored);
    bool differs = status == OK && !says_the_same(plan, &stored);
    plan_deinit(&stored);
    if (differs)
        call_fail(call, PROBLEM_EXISTS, NULL);
    else if (status != OK && status != ERR_UNKNOWN)
        call_fail(call, PROBLEM_UNAVAILABLE, NULL);
    else if (status == OK || !refuses || booking_check(call, plan) == OK)
        schedule(call, false);
}

void on_session_get(struct call *call)
{
    const struct plan *plan = call_find_plan(call);
    if (plan)
        call_answer(call, 200, plan_json_write(plan));
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
    const struct plan *plan = call_find_plan(call);
    uint8_t text[2048];
    char line[512];
    struct writer w = writer_over(text, sizeof text), l = writer_over((uint8_t *)line, sizeof line);
    if (!plan)
        return;
    write_text(&w, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Kinroom//Kinroom//EN\r\nBEGIN:VEVENT\r\n");
    write_format(&l, "UID:%s@kinroom", plan->session.text);
    write_folded(&w, line);
    l = writer_over((uint8_t *)line, sizeof line);
    write_instant(&w, "DTSTAMP", now_unix_s(call->now));
    write_instant(&w, "DTSTART", plan->opens_at);
    write_instant(&w, "DTEND", plan->closes_at);
    write_text(&w, "SUMMARY:Video call\r\nCLASS:PRIVATE\r\n");
    write_format(&l, "CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO;LABEL=\"Join with your own link\":%s/",
                 call->api->base_url);
    write_folded(&w, l.bad ? "CONFERENCE;VALUE=URI:about:blank" : line);
    write_text(&w, "END:VEVENT\r\nEND:VCALENDAR\r\n");
    call_answer_text(call, 200, "text/calendar; charset=utf-8", writer_bytes(&w));
}
