/* fhir.c - a Consent or a Bundle from a stranger. The first byte chooses what the rest is:
 *   'b' a Bundle
 *   'm' pairs of (place, byte) written over a consent that grants
 *   anything else: a Consent
 * What grants is complete, names no group, and comes with no reason; what grants nothing has nothing to give; what is
 * refused leaves the grant alone. The outcome is always JSON. */
#include <assert.h>
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "auth/fhir.h"

#define CODES "https://kinroom.example/fhir/CodeSystem/session-"
#define HL7 "http://terminology.hl7.org/CodeSystem/"

static const char good[] =
    "{\"resourceType\":\"Consent\",\"id\":\"c-1\",\"status\":\"active\",\"scope\":{\"coding\":[{\"system\":\"" HL7
    "consentscope\",\"code\":\"patient-privacy\"}]},\"patient\":{\"reference\":\"Patient/carol\"},\"dateTime\":"
    "\"2026-02-01\",\"performer\":[{\"reference\":\"Patient/carol\"}],\"sourceReference\":{\"reference\":"
    "\"DocumentReference/f-7\"},\"extension\":[{\"url\":\"https://kinroom.example/fhir/StructureDefinition/"
    "notice-version\","
    "\"valueString\":\"v2\"}],\"provision\":{\"period\":{\"start\":\"2026-03-01T00:00:00Z\",\"end\":\"2026-09-01\"},"
    "\"provision\":[{\"type\":\"permit\",\"actor\":[{\"role\":{\"coding\":[{\"system\":\"" HL7
    "v3-ParticipationType\",\"code\":\"IRCP\"}]},\"reference\":{\"reference\":\"RelatedPerson/lee\"}}],\"class\":[{"
    "\"system\":\"" CODES "kind\",\"code\":\"family\"}],\"code\":[{\"coding\":[{\"system\":\"" CODES
    "mode\",\"code\":\"watch\"}]}],\"purpose\":[{\"system\":\"" HL7 "v3-ActReason\",\"code\":\"FAMRQT\"}]},"
    "{\"type\":\"deny\",\"class\":[{\"system\":\"" CODES "kind\",\"code\":\"individual\"}]}]}}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct fhir_context context = { .epoch = 1, .base = "https://e.example" };

static void check(enum status status, const struct grant *g, const struct fhir_finding *finding)
{
    uint8_t buffer[1024];
    struct writer w = writer_over(buffer, sizeof buffer);
    fhir_outcome_write(&w, finding, 1);
    json_t *outcome = w.bad ? NULL : json_loadb((const char *)buffer, w.len, JSON_REJECT_DUPLICATES, NULL);
    assert(outcome);
    json_decref(outcome);
    if (status != OK) {
        assert(finding->reason != FHIR_FINE && finding->reason < FHIR_DELETED);
        return;
    }
    assert(g->epoch == 1 && g->id.text[0]);
    if (g->status == GRANT_ACTIVE) {
        assert(finding->reason == FHIR_FINE && !consent_missing(g) && !term_in(g->kinds, KIND_GROUP));
        return;
    }
    assert(g->status == GRANT_NOTHING && finding->reason >= FHIR_DELETED);
    assert(!g->kinds && !g->modes && !g->topics && !g->chat && !g->person.text[0] && !g->expires);
}

static void consent(struct bytes json)
{
    struct grant g = { .epoch = 77 }, same = { 0 };
    struct fhir_finding finding, again;
    enum status status = fhir_consent_parse(json, &context, &g, &finding);
    check(status, &g, &finding);
    assert(status == OK || g.epoch == 77);
    if (status != OK)
        return;
    assert(fhir_consent_parse(json, &context, &same, &again) == OK && same.status == g.status);
    /* Under another id than the one it has, nothing is taken. */
    struct fhir_context elsewhere = context;
    elsewhere.id = &(struct id){ "elsewhere" };
    assert(id_equal(&g.id, elsewhere.id) || fhir_consent_parse(json, &elsewhere, &same, &again) == ERR_MALFORMED);
}

static void bundle(struct bytes json)
{
    struct fhir_entry entries[8];
    struct fhir_finding finding;
    size_t count;
    enum status status = fhir_bundle_parse(json, &context, entries, 8, &count, &finding);
    assert(count <= 8 && (status == OK || count == 0) && (status == OK) == (finding.reason == FHIR_FINE));
    for (size_t i = 0; i < count; i++)
        check(entries[i].status, &entries[i].grant, &entries[i].finding);
}

static void changed(struct bytes edits)
{
    char *text = malloc(sizeof good);
    if (!text)
        return;
    memcpy(text, good, sizeof good);
    for (size_t i = 0; i + 2 < edits.len; i += 3)
        text[(edits.at[i] << 8 | edits.at[i + 1]) % (sizeof good - 1)] = (char)edits.at[i + 2];
    consent((struct bytes){ (const uint8_t *)text, sizeof good - 1 });
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes rest = { data + 1, size ? size - 1 : 0 };
    if (size == 0)
        return 0;
    if (*data == 'b')
        bundle(rest);
    else if (*data == 'm')
        changed(rest);
    else
        consent(rest);
    return 0;
}
