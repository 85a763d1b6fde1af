/* plan_json.c - what is scheduled, as JSON. The first byte chooses what the rest is:
 *   'f' a plan file
 *   's' a session as the API takes it
 *   'g' a grant as the API takes it
 * What is refused comes with words; what is taken is written so that reading it again gives the same. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "auth/plan_json.h"
#include "shell/plan_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Both are taken. */
static void check_same(json_t *a, json_t *b)
{
    assert(a && b && json_equal(a, b));
    json_decref(a);
    json_decref(b);
}

static void check_plan(const struct plan *plan)
{
    struct plan again;
    struct problem problem = { "" };
    struct json_place place = json_place_at(problem.text, sizeof problem.text);
    json_t *json = plan_json_write(plan);
    assert(plan->opens_at >= 0 && plan->opens_at < plan->closes_at && kind_name(plan->kind)[0] != '?');
    assert(plan->people_count <= PLAN_PEOPLE_MAX && plan->grant_count <= PLAN_GRANTS_MAX);
    if (!plan->session.text[0]) /* a request's, that leaves it to us */
        json_object_del(json, "id");
    assert(json && plan_json_read(&place, json, PLAN_JSON_REQUEST, &again) == OK);
    json_decref(json);
    check_same(plan_json_write(plan), plan_json_write(&again));
    plan_deinit(&again);
}

static void check_grant(const struct grant *grant)
{
    struct grant again;
    struct problem problem = { "" };
    struct json_place place = json_place_at(problem.text, sizeof problem.text);
    json_t *json = grant_json_write(grant);
    if (!grant->id.text[0])
        json_object_del(json, "id");
    if (!grant->epoch)
        json_object_del(json, "epoch");
    assert(json && grant_json_read(&place, json, PLAN_JSON_REQUEST, &again) == OK);
    json_decref(json);
    check_same(grant_json_write(grant), grant_json_write(&again));
}

static void file(struct bytes text)
{
    struct plan_list plans = { 0 };
    struct problem problem = { "" };
    enum status status = plan_file_parse(text, &plans, &problem);
    assert((status == OK) == !problem.text[0]);
    assert(status == OK || (!plans.at && !plans.count));
    for (size_t i = 0; i < plans.count; i++) {
        check_plan(&plans.at[i]);
        for (size_t g = 0; g < plans.at[i].grant_count; g++)
            check_grant(&plans.at[i].grants[g]);
    }
    plan_list_deinit(&plans);
}

static void request(struct bytes text, bool is_grant)
{
    struct plan plan = { 0 };
    struct grant grant;
    struct problem problem = { "" };
    struct json_place place = json_place_at(problem.text, sizeof problem.text);
    json_t *json = json_loadb((const char *)text.at, text.len, JSON_REJECT_DUPLICATES, NULL);
    if (!json)
        return;
    enum status status = is_grant ? grant_json_read(&place, json, PLAN_JSON_REQUEST, &grant)
                                  : plan_json_read(&place, json, PLAN_JSON_REQUEST, &plan);
    json_decref(json);
    assert((status == OK) == !problem.text[0]);
    if (status == OK && is_grant)
        check_grant(&grant);
    else if (status == OK)
        check_plan(&plan);
    plan_deinit(&plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes rest = { data + 1, size ? size - 1 : 0 };
    if (size == 0)
        return 0;
    if (*data == 'f')
        file(rest);
    else
        request(rest, *data == 'g');
    return 0;
}
