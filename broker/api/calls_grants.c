#include "api/calls.h"

#include <stdlib.h>
#include <string.h>

#include "auth/fhir_write.h"
#include "auth/plan_json.h"

#define FHIR_TYPE "application/fhir+json"

/* ---- Both ---- */

/* ERR_UNKNOWN: none yet; the grant is then empty and its epoch 0. */
static enum status find_stored(struct call *call, const struct id *id, struct store_finding *stored)
{
    *stored = (struct store_finding){ 0 };
    return call->api->store->ops->finding_get(call->api->store, id, stored);
}

/* What takes rights away goes to the rooms whether or not it could be stored: a gate that should be shut is shut. What
 * gives rights goes there once it is stored. */
static enum problem put_all(struct call *call, const struct store_finding *findings, size_t count)
{
    struct store *store = call->api->store;
    enum status status = store->ops->findings_put(store, findings, count);
    for (size_t i = 0; i < count; i++)
        if (status == OK || findings[i].grant.status != GRANT_ACTIVE)
            call->effects->grants[call->effects->grant_count++] = findings[i].grant;
    return status == OK ? PROBLEM_NONE : problem_of_failure(status);
}

/* The same grant, over; an empty reason leaves the one that it had. */
static struct store_finding withdrawn(const struct store_finding *stored, const char *reason)
{
    struct store_finding finding = *stored;
    finding.grant.epoch++;
    if (finding.grant.status == GRANT_ACTIVE)
        finding.grant.status = GRANT_WITHDRAWN;
    if (*reason)
        strcpy(finding.reason, reason);
    return finding;
}

/* Twice is as good as once. */
static void withdraw(struct call *call, const char *reason)
{
    struct store_finding stored;
    enum status status = find_stored(call, &call->id, &stored);
    if (status != OK || stored.grant.epoch == UINT32_MAX) {
        call_fail(call, status == ERR_UNKNOWN ? PROBLEM_NOT_FOUND : PROBLEM_UNAVAILABLE, NULL);
        return;
    }
    struct store_finding over = withdrawn(&stored, reason);
    enum problem problem = PROBLEM_NONE;
    if (stored.grant.status == GRANT_ACTIVE || (*reason && strcmp(stored.reason, reason) != 0))
        problem = put_all(call, &over, 1);
    if (problem)
        call_fail(call, problem, NULL);
    else
        call->response->status = 204;
}

/* ---- Grants ---- */

static void answer_grant(struct call *call, int status, const struct store_finding *finding)
{
    json_t *json = grant_json_write(&finding->grant);
    if (json && finding->reason[0])
        json_object_set_new(json, "reason", json_string(finding->reason));
    call_answer(call, status, json);
}

/* An epoch that is said must be later than the stored one: so an update that crossed another is noticed. */
void on_grant_put(struct call *call)
{
    char why[300] = "";
    struct json_place place = json_place_at(why, sizeof why);
    struct store_finding stored, finding = { 0 };
    enum status read = grant_json_read(&place, call->body, PLAN_JSON_REQUEST, &finding.grant);
    if (read == OK && finding.grant.id.text[0] && !id_equal(&finding.grant.id, &call->id))
        read = json_place_bad(&place, "'id' is not that of the address");
    if (read != OK) {
        call_fail_invalid(call, why);
        return;
    }
    enum status status = find_stored(call, &call->id, &stored);
    if (status != OK && status != ERR_UNKNOWN) {
        call_fail(call, PROBLEM_UNAVAILABLE, NULL);
        return;
    }
    finding.grant.id = call->id;
    if (finding.grant.epoch == 0)
        finding.grant.epoch = stored.grant.epoch + 1; /* 0 past the last, which is not later */
    enum problem problem = finding.grant.epoch > stored.grant.epoch ? put_all(call, &finding, 1) : PROBLEM_OLD_EPOCH;
    if (problem)
        call_fail(call, problem, NULL);
    else
        answer_grant(call, status == OK ? 200 : 201, &finding);
}

void on_grant_get(struct call *call)
{
    struct store_finding stored;
    enum status status = find_stored(call, &call->id, &stored);
    if (status == OK)
        answer_grant(call, 200, &stored);
    else
        call_fail(call, status == ERR_UNKNOWN ? PROBLEM_NOT_FOUND : PROBLEM_UNAVAILABLE, NULL);
}

void on_grant_delete(struct call *call)
{
    withdraw(call, "");
}

/* ---- FHIR ---- */

static void answer_outcome(struct call *call, int status, const struct fhir_finding *findings, size_t count)
{
    enum { ISSUE_MAX = 1024 };
    size_t size = (count + 1) * ISSUE_MAX;
    uint8_t *text = malloc(size);
    struct writer w = writer_over(text, text ? size : 0);
    fhir_outcome_write(&w, findings, count);
    if (text && !w.bad)
        call_answer_text(call, status, FHIR_TYPE, writer_bytes(&w));
    else
        call_fail(call, PROBLEM_UNAVAILABLE, NULL);
    free(text);
}

static int status_of_refusal(enum status status)
{
    return status == ERR_MALFORMED ? 400 : status == ERR_UNSUPPORTED ? 422 : status == ERR_FULL ? 413 : 503;
}

void on_consent_put(struct call *call)
{
    struct store_finding stored, finding = { 0 };
    struct fhir_finding found;
    enum status status = find_stored(call, &call->id, &stored);
    if ((status != OK && status != ERR_UNKNOWN) || stored.grant.epoch == UINT32_MAX) {
        call_fail(call, PROBLEM_UNAVAILABLE, NULL);
        return;
    }
    struct fhir_context context = { .id = &call->id, .epoch = stored.grant.epoch + 1, .base = call->api->fhir_base };
    enum status read = fhir_consent_parse(call->request->body, &context, &finding.grant, &found);
    if (read != OK) {
        answer_outcome(call, status_of_refusal(read), &found, 1);
        return;
    }
    if (found.reason != FHIR_FINE)
        strcpy(finding.reason, fhir_reason_code(found.reason));
    enum problem problem = put_all(call, &finding, 1);
    if (problem)
        call_fail(call, problem, NULL);
    else
        answer_outcome(call, status == OK ? 200 : 201, &found, 1);
}

/* One that was deleted reads as gone (http://hl7.org/fhir/R4/http.html#read). */
void on_consent_get(struct call *call)
{
    struct store_finding stored;
    uint8_t text[FHIR_WRITTEN_MAX];
    struct writer w = writer_over(text, sizeof text);
    enum status status = find_stored(call, &call->id, &stored);
    if (status != OK) {
        call_fail(call, status == ERR_UNKNOWN ? PROBLEM_NOT_FOUND : PROBLEM_UNAVAILABLE, NULL);
        return;
    }
    if (strcmp(stored.reason, fhir_reason_code(FHIR_DELETED)) == 0) {
        answer_outcome(call, 410, &(struct fhir_finding){ .reason = FHIR_DELETED }, 1);
        return;
    }
    fhir_consent_write(&w, &stored.grant, stored.reason);
    if (w.bad)
        call_fail(call, PROBLEM_UNAVAILABLE, NULL);
    else
        call_answer_text(call, 200, FHIR_TYPE, writer_bytes(&w));
}

void on_consent_delete(struct call *call)
{
    withdraw(call, fhir_reason_code(FHIR_DELETED));
}

struct import {
    struct fhir_entry entries[API_BUNDLE_MAX];
    struct fhir_finding found[API_BUNDLE_MAX];
    struct store_finding put[API_BUNDLE_MAX];
    size_t count, put_count;
};

/* The stored one's successor; a deletion of what was never here needs none. */
static enum status prepare_entry(struct call *call, struct import *import, const struct fhir_entry *entry)
{
    struct store_finding stored, *next = &import->put[import->put_count];
    enum status status = find_stored(call, &entry->grant.id, &stored);
    if ((status != OK && status != ERR_UNKNOWN) || stored.grant.epoch == UINT32_MAX)
        return ERR_SYSTEM;
    if (entry->finding.reason == FHIR_DELETED && status == ERR_UNKNOWN)
        return OK;
    if (entry->finding.reason == FHIR_DELETED) {
        *next = withdrawn(&stored, fhir_reason_code(FHIR_DELETED));
    } else {
        *next = (struct store_finding){ .grant = entry->grant };
        next->grant.epoch = stored.grant.epoch + 1;
        if (entry->finding.reason != FHIR_FINE)
            strcpy(next->reason, fhir_reason_code(entry->finding.reason));
    }
    import->put_count++;
    return OK;
}

/* All or none: with one Consent refused, nobody could tell what holds. */
static void import_all(struct call *call, struct import *import)
{
    enum status refused = OK;
    enum problem problem = PROBLEM_NONE;
    for (size_t i = 0; i < import->count; i++) {
        import->found[i] = import->entries[i].finding;
        if (import->entries[i].status != OK)
            refused = import->entries[i].status;
    }
    for (size_t i = 0; i < import->count && refused == OK && !problem; i++)
        problem = prepare_entry(call, import, &import->entries[i]) == OK ? PROBLEM_NONE : PROBLEM_UNAVAILABLE;
    if (refused == OK && !problem)
        problem = put_all(call, import->put, import->put_count);
    if (problem)
        call_fail(call, problem, NULL);
    else
        answer_outcome(call, refused == OK ? 200 : status_of_refusal(refused), import->found, import->count);
}

void on_bundle_post(struct call *call)
{
    struct fhir_context context = { .epoch = 1, .base = call->api->fhir_base };
    struct fhir_finding found;
    struct import *import = calloc(1, sizeof *import);
    if (!import) {
        call_fail(call, PROBLEM_UNAVAILABLE, NULL);
        return;
    }
    enum status status =
        fhir_bundle_parse(call->request->body, &context, import->entries, API_BUNDLE_MAX, &import->count, &found);
    if (status == OK)
        import_all(call, import);
    else
        answer_outcome(call, status_of_refusal(status), &found, 1);
    free(import);
}
