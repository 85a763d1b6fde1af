#include "ledger/audit_event.h"

#include <inttypes.h>
#include <string.h>

#include "ledger/utc.h"

#define DCM "http://dicom.nema.org/resources/ontology/DCM"
#define HL7 "http://terminology.hl7.org/CodeSystem/"
#define BALP "https://profiles.ihe.net/ITI/BALP/"

struct coding {
    const char *system, *code, *display;
};

static const struct coding security_alert = { DCM, "110113", "Security Alert" };
static const struct coding export_event = { DCM, "110106", "Export" };
static const struct coding by_consent = { BALP "CodeSystem/AuthZsubType", "AuthZ-Consent",
                                          "Authorization Decision using Roles and Consent" };
static const struct coding disclose = { HL7 "iso-21089-lifecycle", "disclose", "Disclose Record Lifecycle Event" };

static const struct coding application = { DCM, "110150", "Application" };
static const struct coding source_role = { DCM, "110153", "Source Role ID" };
static const struct coding destination_role = { DCM, "110152", "Destination Role ID" };
static const struct coding recipient = { HL7 "v3-ParticipationType", "IRCP", "information recipient" };
static const struct coding responsible = { HL7 "v3-ParticipationType", "RESP", "responsible party" };
static const struct coding provider = { HL7 "v3-RoleClass", "PROV", "healthcare provider" };
static const struct coding authorizer = { HL7 "extra-security-role-type", "authserver", "authorization server" };
static const struct coding custodian = { "http://snomed.info/sct", "159541003", "Record keeping/library clerk" };

static const struct coding security_server = { HL7 "security-source-type", "6", "Security Server" };
static const struct coding application_server = { HL7 "security-source-type", "4", "Application Server" };

static const struct coding person_entity = { HL7 "audit-entity-type", "1", "Person" };
static const struct coding system_entity = { HL7 "audit-entity-type", "2", "System Object" };
static const struct coding consent_entity = { "http://hl7.org/fhir/resource-types", "Consent", "Consent" };
static const struct coding patient_role = { HL7 "object-role", "1", "Patient" };
static const struct coding resource_role = { HL7 "object-role", "4", "Domain Resource" };

/* What an id names: a FHIR type and the last part of its URN. The clinic and its broker are named by the URN alone. */
struct naming {
    const char *type, *part;
};
static const struct naming as_patient = { "Patient", "person" };
static const struct naming as_related = { "RelatedPerson", "person" };
static const struct naming as_device = { "Device", "participation" };
static const struct naming as_consent = { "Consent", "grant" };
static const struct naming as_interval = { "Encounter", "interval" };
static const struct naming as_clinic = { "Organization", "clinic" };
static const struct naming as_broker = { "Device", "broker" };

/* One event on its way to a line. */
struct event {
    struct writer *w;
    const struct id *clinic;
    bool more; /* in the list that is being written */
};

static void write_coding(struct writer *w, const struct coding *coding)
{
    write_format(w, "{\"system\":\"%s\",\"code\":\"%s\",\"display\":\"%s\"}", coding->system, coding->code,
                 coding->display);
}

/* A record may name nobody; FHIR wants an element that says something all the same. */
static void write_reference(struct event *event, const struct naming *as, const struct id *id)
{
    write_format(event->w, "{\"type\":\"%s\",", as->type);
    if (id->text[0])
        write_format(event->w, "\"identifier\":{\"system\":\"urn:kinroom:%s:%s\",\"value\":\"%s\"}}",
                     event->clinic->text, as->part, id->text);
    else
        write_text(event->w, "\"display\":\"none named\"}");
}

static void begin_list(struct event *event, const char *key)
{
    write_format(event->w, ",\"%s\":[", key);
    event->more = false;
}

static void next_item(struct event *event)
{
    if (event->more)
        write_u8(event->w, ',');
    event->more = true;
}

struct agent {
    const struct coding *type;
    const struct naming *as;
    const struct id *who;
    bool requestor;
    const struct id *endpoint; /* NULL: it is no network device */
};

static void write_agent(struct event *event, struct agent agent)
{
    next_item(event);
    write_text(event->w, "{\"type\":{\"coding\":[");
    write_coding(event->w, agent.type);
    write_text(event->w, "]},\"who\":");
    write_reference(event, agent.as, agent.who);
    write_format(event->w, ",\"requestor\":%s", agent.requestor ? "true" : "false");
    if (agent.endpoint && agent.endpoint->text[0]) /* network type 5: a URI */
        write_format(event->w, ",\"network\":{\"address\":\"urn:kinroom:%s:%s:%s\",\"type\":\"5\"}",
                     event->clinic->text, agent.as == &as_broker ? "broker" : "participation", agent.endpoint->text);
    write_u8(event->w, '}');
}

/* An entity is left open for its details; end_entity closes it. */
static void begin_entity(struct event *event, const struct coding *type, const struct coding *role,
                         const struct naming *as, const struct id *what)
{
    next_item(event);
    write_text(event->w, "{\"what\":");
    write_reference(event, as, what);
    write_text(event->w, ",\"type\":");
    write_coding(event->w, type);
    if (role) {
        write_text(event->w, ",\"role\":");
        write_coding(event->w, role);
    }
}

static void end_entity(struct event *event)
{
    write_u8(event->w, '}');
}

static void write_patient(struct event *event, const struct record *record)
{
    if (!record->client.text[0])
        return;
    begin_entity(event, &person_entity, &patient_role, &as_patient, &record->client);
    end_entity(event);
}

/* The epoch says which state of the grant it was. */
static void write_details(struct event *event, const struct record *record, bool recovered)
{
    uint8_t epoch[16] = "";
    struct writer w = writer_over(epoch, sizeof epoch);
    if (record->grant_epoch)
        write_format(&w, "%" PRIu32, record->grant_epoch);
    const struct {
        const char *type, *value;
    } details[] = {
        { "session", record->session.text },
        { "interval", record->interval.text },
        { "grant-epoch", (const char *)epoch },
        { "mode", record->mode ? mode_name(record->mode) : "" },
        { "guidance-version", record->guidance_version },
        { "notice-version", record->notice_version },
        { "recovered", recovered ? "true" : "" },
    };
    bool before = false;
    for (size_t i = 0; i < sizeof details / sizeof *details; i++) {
        if (!details[i].value[0])
            continue;
        write_format(event->w, "%s{\"type\":\"%s\",\"valueString\":\"%s\"}", before ? "," : ",\"detail\":[",
                     details[i].type, details[i].value);
        before = true;
    }
    if (before)
        write_u8(event->w, ']');
}

struct heading {
    const char *profile;
    const struct coding *type, *subtype;
    const char *action, *outcome, *outcome_words;
};

static void begin_event(struct event *event, uint64_t row, const struct record *record, const struct heading *heading)
{
    struct writer *w = event->w;
    write_format(w, "{\"resourceType\":\"AuditEvent\",\"id\":\"%s-%" PRIu64 "\"",
                 heading->type == &export_event ? "disclosure" : "decision", row);
    if (record->client.text[0])
        write_format(w, ",\"meta\":{\"profile\":[\"" BALP "StructureDefinition/%s\"]}", heading->profile);
    write_text(w, ",\"type\":");
    write_coding(w, heading->type);
    write_text(w, ",\"subtype\":[");
    write_coding(w, heading->subtype);
    write_format(w, "],\"action\":\"%s\",\"recorded\":\"", heading->action);
    utc_write(w, record->unix_us);
    write_format(w, "\",\"outcome\":\"%s\"", heading->outcome);
    if (heading->outcome_words[0])
        write_format(w, ",\"outcomeDesc\":\"%s\"", heading->outcome_words);
}

static void write_source(struct event *event, const struct coding *type)
{
    write_text(event->w, ",\"source\":{\"observer\":");
    write_reference(event, &as_broker, event->clinic);
    write_text(event->w, ",\"type\":[");
    write_coding(event->w, type);
    write_text(event->w, "]}");
}

/* Ids and words of a record that can be written need no escapes in JSON. */
static bool is_plain(const struct record *record)
{
    uint8_t buffer[RECORD_TEXT_MAX + 1];
    struct writer w = writer_over(buffer, sizeof buffer);
    return record_write(&w, record) == OK;
}

/* All or nothing. */
static enum status settle(struct writer *w, struct writer before)
{
    if (!w->bad)
        return OK;
    *w = before;
    return ERR_FULL;
}

enum status audit_event_decision(struct writer *w, struct audit_origin origin, const struct record *record)
{
    struct writer before = *w;
    struct event event = { .w = w, .clinic = origin.clinic };
    bool refused = record->kind == RECORD_REFUSED;
    if ((!refused && record->kind != RECORD_OPEN) || !is_plain(record))
        return ERR_MALFORMED;
    struct heading heading = {
        .profile = "IHE.BasicAudit.AuthZconsent",
        .type = &security_alert,
        .subtype = &by_consent,
        .action = "E",
        .outcome = refused ? "8" : "0", /* as BALP's example of a denial has it */
        .outcome_words = refused ? record->reason : "",
    };
    begin_event(&event, origin.row, record, &heading);
    begin_list(&event, "agent");
    write_agent(&event,
                (struct agent){ &application, &as_device, &record->participation, false, &record->participation });
    write_agent(&event, (struct agent){ &recipient, &as_related, &record->person, true, NULL });
    write_agent(&event, (struct agent){ &provider, &as_clinic, origin.clinic, false, NULL });
    write_agent(&event, (struct agent){ &authorizer, &as_broker, origin.clinic, false, NULL });
    if (record->by.text[0])
        write_agent(&event, (struct agent){ &responsible, &as_device, &record->by, false, NULL });
    write_text(w, "]");
    write_source(&event, &security_server);
    begin_list(&event, "entity"); /* the profile's list of entities is closed: patient, consent, token */
    write_patient(&event, record);
    begin_entity(&event, &consent_entity, NULL, &as_consent, &record->grant);
    write_details(&event, record, false);
    end_entity(&event);
    write_text(w, "]}");
    return settle(w, before);
}

enum status audit_event_disclosure(struct writer *w, struct audit_origin origin, struct disclosure disclosure)
{
    struct writer before = *w;
    struct event event = { .w = w, .clinic = origin.clinic };
    const struct record *open = disclosure.open, *close = disclosure.close;
    if (!close || open->kind != RECORD_OPEN || close->kind != RECORD_CLOSE || !is_plain(open) || !is_plain(close))
        return ERR_MALFORMED;
    struct heading heading = {
        .profile = "IHE.BasicAudit.PrivacyDisclosure.Source",
        .type = &export_event,
        .subtype = &disclose,
        .action = "R",
        .outcome = "0",
        .outcome_words = close->reason,
    };
    begin_event(&event, origin.row, close, &heading);
    write_text(w, ",\"period\":{\"start\":\"");
    utc_write(w, open->unix_us);
    write_text(w, "\",\"end\":\"");
    utc_write(w, close->unix_us);
    write_text(w, "\"}");
    begin_list(&event, "agent");
    write_agent(&event, (struct agent){ &source_role, &as_broker, origin.clinic, false, origin.clinic });
    write_agent(&event, (struct agent){ &destination_role, &as_related, &open->person, true, &open->participation });
    write_agent(&event, (struct agent){ &custodian, &as_clinic, origin.clinic, false, NULL });
    write_text(w, "]");
    write_source(&event, &application_server);
    begin_list(&event, "entity");
    write_patient(&event, open);
    begin_entity(&event, &system_entity, &resource_role, &as_interval, &open->interval);
    write_details(&event, open, close->recovered);
    end_entity(&event);
    begin_entity(&event, &consent_entity, NULL, &as_consent, &open->grant);
    end_entity(&event);
    write_text(w, "]}");
    return settle(w, before);
}
