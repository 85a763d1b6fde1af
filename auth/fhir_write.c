#define _POSIX_C_SOURCE 200809L /* gmtime_r */

#include "auth/fhir_write.h"

#include <jansson.h>
#include <stdlib.h>
#include <time.h>

#include "auth/fhir.h"

#define TERMINOLOGY "http://terminology.hl7.org/CodeSystem/"
#define REASON_EXTENSION "https://kinroom.example/fhir/StructureDefinition/consent-finding"

static json_t *coding(const char *system, const char *code)
{
    return json_pack("{s:s, s:s}", "system", system, "code", code);
}

static json_t *concept(const char *system, const char *code)
{
    return json_pack("{s:[o]}", "coding", coding(system, code));
}

static json_t *reference(const char *type, const struct id *id)
{
    return json_pack("{s:s++}", "reference", type, "/", id->text);
}

/* Codes of a set, each as `make` wants it. */
static void add_codes(json_t *list, term_set set, const char *system, const char *(*name)(int),
                      json_t *(*make)(const char *, const char *))
{
    for (int value = 1; value < 32; value++)
        if (term_in(set, value))
            json_array_append_new(list, make(system, name(value)));
}

static const char *kind_word(int value)
{
    return kind_name((enum session_kind)value);
}
static const char *mode_word(int value)
{
    return mode_name((enum mode)value);
}
static const char *topic_word(int value)
{
    return topic_name((enum topic)value);
}

/* Within the years that FHIR can write. */
static json_t *instant(int64_t unix_s)
{
    const int64_t first = 0, last = INT64_C(253402300799);
    const time_t seconds = (time_t)(unix_s < first ? first : unix_s > last ? last : unix_s);
    char text[32];
    struct tm parts;
    gmtime_r(&seconds, &parts);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return json_string(text);
}

static json_t *permit(const struct grant *grant)
{
    json_t *kinds = json_array(), *codes = json_array();
    add_codes(kinds, grant->kinds, FHIR_SYSTEMS "session-kind", kind_word, coding);
    add_codes(codes, grant->modes, FHIR_SYSTEMS "session-mode", mode_word, concept);
    add_codes(codes, grant->topics, FHIR_SYSTEMS "session-topic", topic_word, concept);
    if (grant->chat)
        json_array_append_new(codes, concept(FHIR_SYSTEMS "session-option", "chat"));
    if (grant->client_absent_ok)
        json_array_append_new(codes, concept(FHIR_SYSTEMS "session-option", "client_absent_ok"));
    return json_pack("{s:s, s:{s:o, s:o}, s:[{s:o, s:o}], s:[o], s:o, s:o}", "type", "permit", "period", "start",
                     instant(grant->not_before), "end", instant(grant->expires), "actor", "role",
                     concept(TERMINOLOGY "v3-ParticipationType", "IRCP"), "reference",
                     reference("RelatedPerson", &grant->person), "purpose",
                     coding(TERMINOLOGY "v3-ActReason", grant->purpose), "class", kinds, "code", codes);
}

/* Who stands for the patient is not kept, only that somebody does. */
static json_t *performers(const struct grant *grant)
{
    json_t *list = json_array();
    if (grant->granted_by != GRANTED_BY_REPRESENTATIVE)
        json_array_append_new(list, reference("Patient", &grant->client));
    if (grant->granted_by != GRANTED_BY_PATIENT)
        json_array_append_new(list, json_pack("{s:s}", "display", "personal representative"));
    return list;
}

static json_t *extension(const char *url, const char *key, const char *value)
{
    return json_pack("{s:s, s:s}", "url", url, key, value);
}

/* What a record that grants nothing does not have. */
static void add_scope(json_t *consent, const struct grant *grant)
{
    json_object_set_new(consent, "dateTime", instant(grant->not_before));
    json_object_set_new(consent, "performer", performers(grant));
    json_object_set_new(consent, "sourceReference", json_pack("{s:s}", "reference", grant->evidence));
    json_object_set_new(consent, "provision", json_pack("{s:[o]}", "provision", permit(grant)));
}

void fhir_consent_write(struct writer *w, const struct grant *grant, const char *reason)
{
    json_t *extensions = json_array();
    if (grant->notice_version[0])
        json_array_append_new(extensions, extension(FHIR_NOTICE_EXTENSION, "valueString", grant->notice_version));
    if (*reason)
        json_array_append_new(extensions, extension(REASON_EXTENSION, "valueCode", reason));
    char version[16];
    struct writer v = writer_over((uint8_t *)version, sizeof version);
    write_format(&v, "%u", grant->epoch);
    json_t *consent = json_pack(
        "{s:s, s:s, s:{s:s}, s:s, s:o, s:[o]}", "resourceType", "Consent", "id", grant->id.text, "meta", "versionId",
        version, "status", grant->status == GRANT_ACTIVE ? "active" : "inactive", "scope",
        concept(TERMINOLOGY "consentscope", "patient-privacy"), "category", concept("http://loinc.org", "59284-0"));
    if (consent && grant->client.text[0])
        json_object_set_new(consent, "patient", reference("Patient", &grant->client));
    if (consent && json_array_size(extensions) > 0)
        json_object_set(consent, "extension", extensions);
    if (consent && grant->status != GRANT_NOTHING && !consent_missing(grant))
        add_scope(consent, grant);
    char *text = consent ? json_dumps(consent, JSON_COMPACT) : NULL;
    if (text)
        write_text(w, text);
    else
        w->bad = true;
    free(text);
    json_decref(extensions);
    json_decref(consent);
}
