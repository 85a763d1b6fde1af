#include "auth/fhir.h"

#include <stdio.h>
#include <string.h>

#include "auth/fhir_date.h"
#include "auth/fhir_provision.h"

#define CONSENT_SCOPE "http://terminology.hl7.org/CodeSystem/consentscope"

/* Code for programs, OperationOutcome issue type, words for people, and what the call comes to. */
static const struct {
    const char *code, *issue, *words;
    enum status status;
} reasons[FHIR_REASONS] = {
    [FHIR_FINE] = { "fine", "informational", "The consent is complete and active.", OK },
    [FHIR_TOO_LARGE] = { "too_large", "too-long", "The body is too large.", ERR_FULL },
    [FHIR_NOT_JSON] = { "not_json", "invalid", "The body is not JSON, or has a key twice.", ERR_MALFORMED },
    [FHIR_NOT_CONSENT] = { "not_a_consent", "structure", "The body is not a Consent resource.", ERR_MALFORMED },
    [FHIR_NOT_BUNDLE] = { "not_a_bundle", "structure", "The body is not a Bundle of a type that can be imported.",
                          ERR_MALFORMED },
    [FHIR_STU3] = { "no_scope", "not-supported",
                    "There is no scope, which FHIR R4 requires: earlier releases are not read.", ERR_UNSUPPORTED },
    [FHIR_BAD_ELEMENT] = { "wrong_type", "structure", "An element has the wrong type.", ERR_MALFORMED },
    [FHIR_BAD_STATUS] = { "unknown_status", "value", "The status is missing or none of FHIR R4.", ERR_MALFORMED },
    [FHIR_BAD_ID] = { "bad_id", "value", "The id must be " ID_RULE ".", ERR_MALFORMED },
    [FHIR_OTHER_ID] = { "other_id", "value", "The id is not the one of the address.", ERR_MALFORMED },
    [FHIR_SAME_ID] = { "same_id", "duplicate", "The Bundle has the same Consent twice.", ERR_MALFORMED },
    [FHIR_TOO_MANY] = { "too_many", "too-costly", "The Bundle has too many Consents.", ERR_FULL },
    [FHIR_NO_MEMORY] = { "no_memory", "no-store", "There is not enough memory now.", ERR_NO_MEMORY },
    [FHIR_DELETED] = { "deleted", "deleted", "The consent was deleted.", OK },
    [FHIR_NOT_ACTIVE] = { "not_active", "business-rule", "The consent is not active.", OK },
    [FHIR_MODIFIED] = { "modifier_extension", "extension", "A modifier extension changes what the consent means.", OK },
    [FHIR_IMPLICIT_RULES] = { "implicit_rules", "not-supported", "The consent was written under rules not known here.",
                              OK },
    [FHIR_OTHER_SCOPE] = { "other_scope", "business-rule", "The consent is not about privacy.", OK },
    [FHIR_UNVERIFIED] = { "unverified", "business-rule", "The consent is marked as not verified.", OK },
    [FHIR_NO_PATIENT] = { "no_patient", "required", "The consent names no patient that is known by an id.", OK },
    [FHIR_NO_DATE] = { "no_date", "required", "The consent has no valid date.", OK },
    [FHIR_NO_SIGNER] = { "no_signer", "required", "Neither the patient nor a representative gave the consent.", OK },
    [FHIR_NO_EVIDENCE] = { "no_evidence", "required", "The consent refers to no signed form.", OK },
    [FHIR_NO_NOTICE] = { "no_notice", "required", "The version of the redisclosure notice is missing.", OK },
    [FHIR_NO_PERMIT] = { "no_permit", "business-rule", "The consent permits nothing explicitly.", OK },
    [FHIR_TWO_PERMITS] = { "two_permits", "multiple-matches",
                           "The consent permits more than one thing: one Consent for each is needed.", OK },
    [FHIR_DENIED] = { "denied", "business-rule", "A rule of the consent may deny what another permits.", OK },
    [FHIR_TOO_DEEP] = { "too_deep", "too-costly", "The rules are nested too deeply.", OK },
    [FHIR_NARROWER] = { "narrower", "business-rule",
                        "The permit is for certain records only, which a session can't observe.", OK },
    [FHIR_NO_PERSON] = { "no_person", "required", "The permit names no related person as recipient.", OK },
    [FHIR_TWO_PEOPLE] = { "two_people", "multiple-matches", "The permit names more than one related person.", OK },
    [FHIR_NO_END] = { "no_end", "required", "The permit has no end.", OK },
    [FHIR_BAD_PERIOD] = { "bad_period", "value", "The period is not valid, or empty.", OK },
    [FHIR_NO_PURPOSE] = { "no_purpose", "required", "The permit has no purpose under which a session can be joined.",
                          OK },
    [FHIR_UNKNOWN_CODE] = { "unknown_code", "code-invalid", "A code of this system is unknown or in the wrong place.",
                            OK },
    [FHIR_NO_KIND] = { "no_kind", "required", "The permit names no kind of session.", OK },
    [FHIR_NO_MODE] = { "no_mode", "required", "The permit names no way of taking part.", OK },
    [FHIR_INCOMPLETE] = { "incomplete", "required", "The consent lacks a required part.", OK },
};

static bool is_reason(enum fhir_reason reason)
{
    return (int)reason >= 0 && (int)reason < FHIR_REASONS;
}

const char *fhir_reason_code(enum fhir_reason reason)
{
    return is_reason(reason) ? reasons[reason].code : "?";
}
const char *fhir_reason_words(enum fhir_reason reason)
{
    return is_reason(reason) ? reasons[reason].words : "?";
}

static struct fhir_finding because(enum fhir_reason reason, const char *where)
{
    return (struct fhir_finding){ .reason = reason, .where = where };
}

/* ---- One Consent ---- */

/* A modifier extension may turn the meaning of its element around, and we know none: anywhere, contained resources
 * included, it ends the reading. Depth is bounded by Jansson's own limit. */
static bool is_modified(const json_t *value)
{
    const char *key;
    json_t *inner;
    size_t i;
    json_object_foreach((json_t *)value, key,
                        inner) if (strcmp(key, "modifierExtension") == 0 || is_modified(inner)) return true;
    json_array_foreach(value, i, inner) if (is_modified(inner)) return true;
    return false;
}

/* What the URL and the body say about which Consent this is, and whether it is one of R4. */
static struct fhir_finding read_frame(struct fhir_reading *r, const json_t *consent, const struct fhir_context *context,
                                      struct id *id)
{
    static const char *const statuses[] = { "draft", "proposed", "active", "rejected", "inactive", "entered-in-error" };
    const char *type = fhir_text(r, consent, "resourceType"), *text = fhir_text(r, consent, "id");
    const char *status = fhir_text(r, consent, "status");
    bool known = false;
    if (!type || strcmp(type, "Consent") != 0)
        return because(FHIR_NOT_CONSENT, "Consent");
    if (!text || !id_parse(bytes_of(text), id))
        return because(FHIR_BAD_ID, "Consent.id");
    if (context->id && !id_equal(id, context->id))
        return because(FHIR_OTHER_ID, "Consent.id");
    if (!json_object_get(consent, "scope"))
        return because(FHIR_STU3, "Consent.scope");
    for (size_t i = 0; status && i < sizeof statuses / sizeof *statuses; i++)
        known = known || strcmp(status, statuses[i]) == 0;
    if (!known)
        return because(FHIR_BAD_STATUS, "Consent.status");
    return because(FHIR_FINE, NULL);
}

/* Is this record one to read at all? */
static struct fhir_finding read_standing(struct fhir_reading *r, const json_t *consent)
{
    const json_t *check;
    size_t i;
    if (strcmp(fhir_text(r, consent, "status"), "active") != 0)
        return because(FHIR_NOT_ACTIVE, "Consent.status");
    if (is_modified(consent))
        return because(FHIR_MODIFIED, NULL);
    if (json_object_get(consent, "implicitRules"))
        return because(FHIR_IMPLICIT_RULES, "Consent.implicitRules");
    if (!fhir_concept_has(r, fhir_object(r, consent, "scope"), CONSENT_SCOPE, "patient-privacy"))
        return because(FHIR_OTHER_SCOPE, "Consent.scope");
    json_array_foreach(
        (json_t *)fhir_list(r, consent, "verification"), i,
        check) if (!json_is_true(json_object_get(check, "verified"))) return because(FHIR_UNVERIFIED,
                                                                                     "Consent.verification.verified");
    return because(FHIR_FINE, NULL);
}

/* Who gave it: the patient, a related person who stands for them, or both. The loved one who is let in can't be the one
 * who gives the permission. */
static enum granted_by signer_of(struct fhir_reading *r, const json_t *consent, const struct grant *g)
{
    bool patient = false, representative = false;
    const json_t *performer;
    size_t i;
    json_array_foreach((json_t *)fhir_list(r, consent, "performer"), i, performer)
    {
        struct id id;
        if (fhir_reference(r, performer, "Patient", &id))
            patient = patient || id_equal(&id, &g->client);
        else if (fhir_reference(r, performer, "RelatedPerson", &id))
            representative = representative || !id_equal(&id, &g->person);
    }
    return patient && representative ? GRANTED_BY_BOTH
           : patient                 ? GRANTED_BY_PATIENT
           : representative          ? GRANTED_BY_REPRESENTATIVE
                                     : (enum granted_by)0;
}

/* The signed form stays in the clinic's records: a reference to it, and no attachment, is what we keep. */
static bool read_evidence(struct fhir_reading *r, const json_t *consent, char to[EVIDENCE_MAX + 1])
{
    static const char *const types[] = { "DocumentReference", "QuestionnaireResponse", "Contract", "Consent" };
    const json_t *reference = fhir_object(r, consent, "sourceReference");
    struct id id;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (fhir_reference(r, reference, types[i], &id)) {
            snprintf(to, EVIDENCE_MAX + 1, "%s/%s", types[i], id.text);
            return true;
        }
    return false;
}

static bool read_notice(struct fhir_reading *r, const json_t *consent, char to[GRANT_TEXT_MAX + 1])
{
    const json_t *extension;
    size_t i;
    json_array_foreach((json_t *)fhir_list(r, consent, "extension"), i, extension)
    {
        const char *url = fhir_text(r, extension, "url"), *version = fhir_text(r, extension, "valueString");
        if (!url || strcmp(url, FHIR_NOTICE_EXTENSION) != 0)
            continue;
        if (!version || !*version || strlen(version) > GRANT_TEXT_MAX)
            return false;
        snprintf(to, GRANT_TEXT_MAX + 1, "%s", version);
        return true;
    }
    return false;
}

/* What 42 CFR 2.31 wants of the record beside its scope: who, when, how signed, with which notice. */
static struct fhir_finding read_record(struct fhir_reading *r, const json_t *consent, struct grant *g)
{
    const char *text = fhir_text(r, consent, "dateTime");
    struct fhir_date date;
    if (!text || !fhir_date_parse(text, &date))
        return because(FHIR_NO_DATE, "Consent.dateTime");
    if (g->not_before < date.latest)
        g->not_before = date.latest;
    g->granted_by = signer_of(r, consent, g);
    if (!g->granted_by)
        return because(FHIR_NO_SIGNER, "Consent.performer");
    if (!read_evidence(r, consent, g->evidence))
        return because(FHIR_NO_EVIDENCE, "Consent.sourceReference");
    if (!read_notice(r, consent, g->notice_version))
        return because(FHIR_NO_NOTICE, "Consent.extension");
    if (g->expires <= g->not_before)
        return because(FHIR_BAD_PERIOD, "Consent.provision.period");
    return consent_missing(g) ? because(FHIR_INCOMPLETE, NULL) : because(FHIR_FINE, NULL);
}

/* Fills in g->client even where nothing is granted, so that the record is listed with whom it concerns. */
static struct fhir_finding read_grant(struct fhir_reading *r, const json_t *consent, struct grant *g)
{
    struct fhir_permit permit;
    bool named = fhir_reference(r, fhir_object(r, consent, "patient"), "Patient", &g->client);
    struct fhir_finding finding = read_standing(r, consent);
    if (finding.reason)
        return finding;
    if (!named)
        return because(FHIR_NO_PATIENT, "Consent.patient");
    finding = fhir_provision_read(r, fhir_object(r, consent, "provision"), &permit);
    if (finding.reason)
        return finding;
    g->person = permit.person;
    g->kinds = permit.kinds;
    g->modes = permit.modes;
    g->topics = permit.topics;
    g->chat = permit.chat;
    g->client_absent_ok = permit.client_absent_ok;
    memcpy(g->purpose, permit.purpose, sizeof g->purpose);
    g->not_before = permit.not_before;
    g->expires = permit.expires;
    return read_record(r, consent, g);
}

static enum status read_consent(const json_t *consent, const struct fhir_context *context, struct grant *grant,
                                struct fhir_finding *finding)
{
    struct fhir_reading r = { .base = context->base };
    struct grant g = { .epoch = context->epoch, .status = GRANT_ACTIVE };
    *finding = read_frame(&r, consent, context, &g.id);
    if (!finding->reason)
        *finding = read_grant(&r, consent, &g);
    if (r.bad && reasons[finding->reason].status == OK)
        *finding = because(FHIR_BAD_ELEMENT, NULL);
    if (reasons[finding->reason].status != OK)
        return reasons[finding->reason].status;
    /* A grant of nothing keeps no scope that a slip elsewhere could bring to life. */
    *grant = finding->reason
                 ? (struct grant){ .id = g.id, .epoch = g.epoch, .client = g.client, .status = GRANT_NOTHING }
                 : g;
    return OK;
}

/* NULL with the finding when there is no JSON. */
static json_t *load(struct bytes text, size_t max, struct fhir_finding *finding)
{
    json_error_t error;
    if (text.len > max) {
        *finding = because(FHIR_TOO_LARGE, NULL);
        return NULL;
    }
    json_t *json = json_loadb((const char *)text.at, text.len, JSON_REJECT_DUPLICATES, &error);
    if (!json)
        *finding = because(json_error_code(&error) == json_error_out_of_memory ? FHIR_NO_MEMORY : FHIR_NOT_JSON, NULL);
    return json;
}

enum status fhir_consent_parse(struct bytes text, const struct fhir_context *context, struct grant *grant,
                               struct fhir_finding *finding)
{
    json_t *json = load(text, FHIR_CONSENT_MAX, finding);
    if (!json)
        return reasons[finding->reason].status;
    enum status status = read_consent(json, context, grant, finding);
    json_decref(json);
    return status;
}

/* ---- Bundles ---- */

/* What a transaction wants done with the Consent of this URL, and which that is (empty: not told by a plain id). */
static const char *method_of(struct fhir_reading *r, const json_t *entry, struct id *id)
{
    static const char prefix[] = "Consent";
    const json_t *request = fhir_object(r, entry, "request");
    const char *method = fhir_text(r, request, "method"), *url = fhir_text(r, request, "url");
    *id = (struct id){ 0 };
    if (!method || !url || strncmp(url, prefix, sizeof prefix - 1) != 0)
        return "";
    url += sizeof prefix - 1;
    if (*url == '/')
        id_parse(bytes_of(url + 1), id);
    return method;
}

/* false when it is nothing of ours. A deletion that we can't place, and a method that changes a Consent otherwise, are
 * refused rather than passed over. */
static bool read_entry(struct fhir_reading *r, const json_t *json, const struct fhir_context *context,
                       struct fhir_entry *entry)
{
    const json_t *resource = fhir_object(r, json, "resource");
    const char *type = fhir_text(r, resource, "resourceType");
    bool is_consent = type && strcmp(type, "Consent") == 0;
    struct fhir_context own = *context;
    struct id id;
    const char *method = method_of(r, json, &id);
    *entry = (struct fhir_entry){ 0 };
    if (strcmp(method, "DELETE") == 0 && id.text[0]) {
        entry->grant = (struct grant){ .id = id, .epoch = context->epoch, .status = GRANT_NOTHING };
        entry->finding = because(FHIR_DELETED, NULL);
        return true;
    }
    if (strcmp(method, "DELETE") == 0 || strcmp(method, "PATCH") == 0) {
        entry->finding = because(FHIR_BAD_ID, "Consent.id");
        entry->status = ERR_MALFORMED;
        return true;
    }
    if (strcmp(method, "PUT") == 0)
        own.id = &id;
    if (is_consent)
        entry->status = read_consent(resource, &own, &entry->grant, &entry->finding);
    return is_consent;
}

static struct fhir_finding read_entries(struct fhir_reading *r, const json_t *list, const struct fhir_context *context,
                                        struct fhir_entry *entries, size_t max, size_t *count)
{
    const json_t *json;
    size_t i;
    json_array_foreach((json_t *)list, i, json)
    {
        struct fhir_entry entry;
        if (!read_entry(r, json, context, &entry))
            continue;
        if (*count == max)
            return because(FHIR_TOO_MANY, NULL);
        entry.finding.entry = i + 1;
        for (size_t before = 0; before < *count && entry.status == OK; before++)
            if (entries[before].status == OK && id_equal(&entries[before].grant.id, &entry.grant.id))
                return because(FHIR_SAME_ID, NULL);
        entries[(*count)++] = entry;
    }
    return because(FHIR_FINE, NULL);
}

static struct fhir_finding read_bundle(const json_t *bundle, const struct fhir_context *context,
                                       struct fhir_entry *entries, size_t max, size_t *count)
{
    static const char *const types[] = { "collection", "transaction", "batch", "searchset", "document" };
    struct fhir_reading r = { .base = context->base };
    const char *resource = fhir_text(&r, bundle, "resourceType"), *type = fhir_text(&r, bundle, "type");
    bool known = false;
    for (size_t i = 0; type && i < sizeof types / sizeof *types; i++)
        known = known || strcmp(type, types[i]) == 0;
    if (!resource || strcmp(resource, "Bundle") != 0 || !known)
        return because(FHIR_NOT_BUNDLE, NULL);
    struct fhir_finding finding = read_entries(&r, fhir_list(&r, bundle, "entry"), context, entries, max, count);
    return !finding.reason && r.bad ? because(FHIR_BAD_ELEMENT, NULL) : finding;
}

enum status fhir_bundle_parse(struct bytes text, const struct fhir_context *context, struct fhir_entry *entries,
                              size_t max, size_t *count, struct fhir_finding *finding)
{
    *count = 0;
    json_t *json = load(text, FHIR_BUNDLE_MAX, finding);
    if (!json)
        return reasons[finding->reason].status;
    *finding = read_bundle(json, context, entries, max, count);
    if (finding->reason)
        *count = 0;
    json_decref(json);
    return reasons[finding->reason].status;
}

/* ---- Answers ---- */

static void write_issue(struct writer *w, const struct fhir_finding *finding)
{
    enum fhir_reason reason = is_reason(finding->reason) ? finding->reason : FHIR_INCOMPLETE;
    const char *severity = reasons[reason].status != OK ? "error" : reason ? "warning" : "information";
    write_format(w,
                 "{\"severity\":\"%s\",\"code\":\"%s\",\"details\":{\"coding\":[{\"system\":\"" FHIR_SYSTEMS
                 "consent-finding\",\"code\":\"%s\"}],\"text\":\"%s\"}",
                 severity, reasons[reason].issue, reasons[reason].code, reasons[reason].words);
    const char *where = finding->where ? finding->where : "Consent";
    if (finding->entry)
        write_format(w, ",\"expression\":[\"Bundle.entry[%zu].resource%s\"]", finding->entry - 1,
                     where + strlen("Consent"));
    else if (finding->where)
        write_format(w, ",\"expression\":[\"%s\"]", where);
    write_text(w, "}");
}

void fhir_outcome_write(struct writer *w, const struct fhir_finding *findings, size_t count)
{
    write_text(w, "{\"resourceType\":\"OperationOutcome\",\"issue\":[");
    for (size_t i = 0; i < count; i++) {
        write_text(w, i ? "," : "");
        write_issue(w, &findings[i]);
    }
    if (count == 0)
        write_text(w, "{\"severity\":\"information\",\"code\":\"informational\","
                      "\"details\":{\"text\":\"There was no consent in it.\"}}");
    write_text(w, "]}");
}
