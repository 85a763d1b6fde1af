#include <string.h>

#include "api/booking.h"
#include "api/capacity.h"
#include "api/page.h"
#include "api/pulse.h"

enum {
    LONG_WAIT_S = 30 * 60,
    BUSY_PERCENT = 85,
    SILENT_US = 5 * 1000 * 1000, /* a shard tells each second */
    POINTS_MAX = 2016,           /* a week by five minutes */
    DAY = 24 * 3600,
};

/* ---- The live picture ---- */

/* Percentages to two digits; null where nobody told anything. */
static json_t *percent_json(double percent)
{
    return percent < 0 ? json_null() : json_real((double)(int64_t)(percent * 100 + 0.5) / 100);
}

static json_t *count_json(uint64_t count)
{
    return json_integer((json_int_t)count);
}

static json_t *time_json(int64_t unix_s)
{
    return unix_s ? json_integer((json_int_t)unix_s) : json_null();
}

/* The picture as it is put together. */
struct picture {
    struct call *call;
    json_t *sessions, *shards, *alarms;
    uint64_t states[VITALS_STATES], people, waiting, left;
};

static void alarm_add(struct picture *p, const char *kind, json_t *about)
{
    json_object_set_new(about, "kind", json_string(kind));
    json_array_append_new(p->alarms, about);
}

static json_t *about_shard(const struct picture *p, size_t shard)
{
    return json_pack("{s:s, s:I}", "node", p->call->api->node.id.text, "shard", (json_int_t)shard);
}

static json_t *about_session(const struct vitals_room *r, int64_t since)
{
    return json_pack("{s:s, s:I}", "session", r->session.text, "since", (json_int_t)since);
}

static void add_session(struct picture *p, size_t shard, const struct vitals_room *r)
{
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "session", r->session.text, "kind",
                  kind_name(r->kind), "state", vitals_state_name(r->state), "node", p->call->api->node.id.text, "shard",
                  (json_int_t)shard, "seats", (json_int_t)r->seats, "connected", (json_int_t)r->connected, "inside",
                  (json_int_t)r->inside, "waiting", (json_int_t)r->waiting, "closes_at", (json_int_t)r->closes_at);
    json_object_set_new(json, "waiting_since", time_json(r->waiting_since));
    json_object_set_new(json, "client_missing_since", time_json(r->client_missing_since));
    json_array_append_new(p->sessions, json);
    p->waiting += r->waiting;
    if (r->waiting_since && now_unix_s(p->call->now) - r->waiting_since > LONG_WAIT_S)
        alarm_add(p, "long_wait", about_session(r, r->waiting_since));
    if (r->client_missing_since)
        alarm_add(p, "client_missing", about_session(r, r->client_missing_since));
}

static json_t *shard_json(const struct pulse_reading *r, uint64_t left)
{
    const struct vitals *v = r->vitals;
    const struct {
        const char *name;
        json_t *value;
    } members[] = {
        { "shard", count_json(v->shard) },
        { "age_ms", count_json(r->age_us / USEC_PER_MSEC) },
        { "busy_percent", count_json(r->busy_percent) },
        { "people", count_json(v->people) },
        { "packets_in_per_s", count_json(r->packets_in_s) },
        { "packets_out_per_s", count_json(r->packets_out_s) },
        { "bits_in_per_s", count_json(r->bits_in_s) },
        { "bits_out_per_s", count_json(r->bits_out_s) },
        { "dropped_per_s", count_json(r->dropped_s) },
        { "picture_share_percent", count_json(v->picture_percent) },
        { "pictures", count_json(v->pictures) },
        { "pictures_paused", count_json(v->pictures_paused) },
        { "lost_in_percent", percent_json(r->lost_in_percent) },
        { "lost_out_percent", percent_json(r->lost_out_percent) },
        { "frozen_percent", percent_json(r->frozen_percent) },
        { "concealed_percent", percent_json(r->concealed_percent) },
        { "left", count_json(left) },
    };
    json_t *json = json_object();
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        json_object_set_new(json, members[i].name, members[i].value);
    return json;
}

static void add_shard(struct picture *p, size_t shard)
{
    const struct api *api = p->call->api;
    struct pulse_reading reading;
    bool known = pulse_read(api->pulse, shard, p->call->now, &reading);
    if (!known || reading.age_us > SILENT_US)
        alarm_add(p, "silent", about_shard(p, shard));
    if (!known)
        return;
    const struct vitals *v = reading.vitals;
    for (size_t i = 0; i < VITALS_STATES; i++)
        p->states[i] += v->states[i];
    for (size_t i = 0; i < v->room_count; i++)
        add_session(p, shard, &v->rooms[i]);
    uint64_t left =
        capacity_left(api->capacity / pulse_shards(api->pulse), reading.packets_out_s, reading.busy_percent);
    p->people += v->people;
    p->left += left;
    json_array_append_new(p->shards, shard_json(&reading, left));
    if (reading.busy_percent > BUSY_PERCENT)
        alarm_add(p, "busy", about_shard(p, shard));
    if (v->picture_percent < 100)
        alarm_add(p, "shedding", about_shard(p, shard));
}

static json_t *states_json(const struct picture *p)
{
    json_t *json = json_object();
    for (size_t i = 0; i < VITALS_STATES; i++)
        json_object_set_new(json, vitals_state_name((enum vitals_state)i), count_json(p->states[i]));
    return json;
}

static json_t *node_json(const struct picture *p)
{
    const struct api *api = p->call->api;
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:O}", "node", api->node.id.text, "version", KINROOM_VERSION,
                     "uptime_s", (json_int_t)((p->call->now.mono_us - api->node.started_us) / USEC_PER_SEC), "capacity",
                     (json_int_t)api->capacity, "left", (json_int_t)p->left, "left_people",
                     (json_int_t)capacity_in_people(p->left), "shards", p->shards);
}

void on_live_get(struct call *call)
{
    const struct api *api = call->api;
    struct picture p = { call, json_array(), json_array(), json_array(), { 0 }, 0, 0, 0 };
    bool store_ok = !api->failing || !api->failing(api->failing_context);
    for (size_t i = 0; i < pulse_shards(api->pulse); i++)
        add_shard(&p, i);
    if (!store_ok)
        alarm_add(&p, "store", json_object());
    call_answer(call, 200,
                json_pack("{s:I, s:o, s:I, s:I, s:O, s:[o], s:b, s:O}", "at", (json_int_t)now_unix_s(call->now),
                          "rooms", states_json(&p), "people", (json_int_t)p.people, "waiting", (json_int_t)p.waiting,
                          "sessions", p.sessions, "nodes", node_json(&p), "store_ok", (int)store_ok, "alarms",
                          p.alarms));
    json_decref(p.sessions);
    json_decref(p.shards);
    json_decref(p.alarms);
}

/* ---- Spans of time in a query ---- */

/* Each at most once; what is not given stays at -1. */
static bool read_members(const char *query, struct history_range *range, bool takes_shard)
{
    const struct {
        const char *name;
        int64_t *value;
    } members[] = {
        { "from", &range->from }, { "to", &range->to }, { "step", &range->step_s }, { "shard", &range->shard }
    };
    while (*query) {
        bool taken = false;
        for (size_t i = 0; i < sizeof members / sizeof *members && !taken; i++) {
            struct bytes text;
            if ((members[i].value == &range->shard && !takes_shard) || !query_take(&query, members[i].name, &text))
                continue;
            if (*members[i].value >= 0 || !query_number(text, members[i].value))
                return false;
            taken = true;
        }
        if (!taken)
            return false;
    }
    return true;
}

/* The span, by default the day that ends `ahead` from now, in steps that are multiples of `grid`. False: the call has
 * failed. */
static bool read_range(struct call *call, int64_t grid, int64_t ahead, bool takes_shard, struct history_range *range)
{
    *range = (struct history_range){ -1, -1, -1, -1 };
    bool good = read_members(call->request->query, range, takes_shard);
    if (range->to < 0)
        range->to = range->from < 0 ? now_unix_s(call->now) + ahead : range->from + DAY;
    if (range->from < 0)
        range->from = range->to - DAY;
    if (range->step_s < 0)
        range->step_s = grid;
    good = good && range->step_s >= grid && range->step_s % grid == 0 && range->from < range->to &&
           (range->to - range->from) / range->step_s < POINTS_MAX;
    if (!good) {
        call_fail(call, PROBLEM_BAD_QUERY, NULL);
        return false;
    }
    range->from -= range->from % range->step_s; /* whole steps */
    return true;
}

/* ---- How it was ---- */

/* Columns side by side, as plots take them. */
struct columns {
    json_t *json;
};

static void column_add(struct columns *c, const char *name, json_t *value)
{
    json_t *column = json_object_get(c->json, name);
    if (!column && json_object_set_new(c->json, name, column = json_array()) != 0) {
        json_decref(value);
        return;
    }
    json_array_append_new(column, value);
}

static double part_of(int64_t part, int64_t whole)
{
    return whole > 0 ? 100.0 * (double)part / (double)whole : -1;
}

static int64_t rate_of(int64_t sum, int64_t seconds)
{
    return seconds > 0 ? sum / seconds : 0;
}

static enum status add_point(void *context, const struct history_row *r)
{
    struct columns *c = context;
    const struct {
        const char *name;
        int64_t value;
    } counts[] = {
        { "at", r->at },
        { "rooms", r->rooms },
        { "people", r->people },
        { "waiting", r->waiting },
        { "longest_wait_s", r->longest_wait_s },
        { "busy_percent", r->busy_percent },
        { "packets_in_per_s", rate_of(r->packets_in, r->covered_s) },
        { "packets_out_per_s", rate_of(r->packets_out, r->covered_s) },
        { "bits_in_per_s", rate_of(8 * r->bytes_in, r->covered_s) },
        { "bits_out_per_s", rate_of(8 * r->bytes_out, r->covered_s) },
        { "dropped", r->dropped },
        { "pictures_paused", r->pictures_paused },
        { "picture_share_percent", r->picture_percent },
    };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        column_add(c, counts[i].name, json_integer((json_int_t)counts[i].value));
    column_add(c, "lost_in_percent", percent_json(part_of(r->lost_in, r->expected_in)));
    column_add(c, "lost_out_percent", percent_json(part_of(r->reported_q8, 256 * r->reports)));
    column_add(c, "frozen_percent", percent_json(part_of(r->frozen_ms, r->watched_ms)));
    column_add(c, "concealed_percent", percent_json(part_of(r->concealed_ms, r->heard_ms)));
    return OK;
}

static json_t *range_json(const struct history_range *range, json_t *points)
{
    return json_pack("{s:I, s:I, s:I, s:o}", "from", (json_int_t)range->from, "to", (json_int_t)range->to, "step",
                     (json_int_t)range->step_s, "points", points);
}

void on_history_get(struct call *call)
{
    struct store *store = call->api->store;
    struct history_range range;
    struct columns columns;
    if (!read_range(call, HISTORY_STEP_S, 0, true, &range))
        return;
    columns.json = json_object();
    if (store->ops->history_each(store, &range, (struct store_history){ add_point, &columns }) == OK) {
        call_answer(call, 200, range_json(&range, columns.json));
        return;
    }
    json_decref(columns.json);
    call_fail(call, PROBLEM_UNAVAILABLE, NULL);
}

/* ---- What is booked ---- */

void on_capacity_get(struct call *call)
{
    struct history_range range;
    struct calendar calendar = { 0 };
    struct columns columns;
    uint64_t capacity = call->api->capacity;
    if (!read_range(call, CALENDAR_STEP_S, DAY, false, &range))
        return;
    if ((range.to - range.from) / CALENDAR_STEP_S >= CALENDAR_STEPS_MAX - 1) {
        call_fail(call, PROBLEM_BAD_QUERY, NULL);
        return;
    }
    columns.json = json_object();
    enum status status = booking_read(call, range.from, range.to, &calendar);
    for (int64_t at = range.from; status == OK && at < range.to; at += range.step_s) {
        struct calendar_step peak = calendar_peak(&calendar, at, at + range.step_s);
        column_add(&columns, "at", json_integer((json_int_t)at));
        column_add(&columns, "sessions", count_json(peak.sessions));
        column_add(&columns, "booked", count_json(peak.packets));
        column_add(&columns, "available", count_json(peak.packets < capacity ? capacity - peak.packets : 0));
    }
    calendar_deinit(&calendar);
    json_t *json = range_json(&range, columns.json);
    json_object_set_new(json, "capacity", count_json(capacity));
    if (status == OK)
        call_answer(call, 200, json);
    else
        json_decref(json);
}
