#include "shell/plan_file.h"

#include <stdio.h>
#include <stdlib.h>

#include "auth/plan_json.h"

static enum status take_sessions(const struct json_place *root, const json_t *list, struct plan_list *plans)
{
    size_t i;
    json_t *json;
    json_array_foreach(list, i, json)
    {
        struct json_place place = json_place_below(root, "sessions", i);
        TRY(plan_json_read(&place, json, PLAN_JSON_FILE, &plans->at[i]));
        plans->count++;
        for (size_t before = 0; before < i; before++)
            if (id_equal(&plans->at[before].session, &plans->at[i].session))
                return json_place_bad(&place, "'id' %s is there twice", plans->at[i].session.text);
    }
    return OK;
}

enum status plan_file_parse(struct bytes text, struct plan_list *out, struct problem *problem)
{
    struct json_place root = json_place_at(problem->text, sizeof problem->text);
    struct plan_list plans = { 0 };
    enum status status = ERR_MALFORMED;
    json_error_t error;
    json_t *sessions, *json = json_loadb((const char *)text.at, text.len, JSON_REJECT_DUPLICATES, &error);
    if (!json) {
        snprintf(problem->text, sizeof problem->text, "line %d: %.200s", error.line, error.text);
        return ERR_MALFORMED;
    }
    if (json_unpack_ex(json, &error, JSON_STRICT, "{s:o}", "sessions", &sessions) || !json_is_array(sessions)) {
        snprintf(problem->text, sizeof problem->text, "must be one object with the list 'sessions' and nothing else");
        goto out;
    }
    status = ERR_NO_MEMORY;
    plans.at = calloc(json_array_size(sessions) + 1, sizeof *plans.at);
    if (!plans.at)
        goto out;
    status = take_sessions(&root, sessions, &plans);
    if (status == OK)
        *out = plans;
out:
    if (status != OK)
        plan_list_deinit(&plans);
    json_decref(json);
    return status;
}

void plan_list_deinit(struct plan_list *plans)
{
    for (size_t i = 0; i < plans->count; i++)
        plan_deinit(&plans->at[i]);
    free(plans->at);
    *plans = (struct plan_list){ 0 };
}
