#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/fhir.h"
#include "auth/fhir_date.h"

/* A Consent that grants, with single quotes for double ones. */
#define OURS "https://kinroom.example/fhir/CodeSystem/session-"
#define HL7 "http://terminology.hl7.org/CodeSystem/"
#define LEE                                                                                                            \
    "'actor':[{'role':{'coding':[{'system':'" HL7 "v3-ParticipationType','code':'IRCP'}]},"                            \
    "'reference':{'reference':'RelatedPerson/lee'}}]"
#define KINDS_OF(code) "'class':[{'system':'" OURS "kind','code':'" code "'}]"
#define CODES                                                                                                          \
    "'code':[{'coding':[{'system':'" OURS "mode','code':'watch'}]},"                                                   \
    "{'coding':[{'system':'" OURS "topic','code':'aftercare'}]},"                                                      \
    "{'coding':[{'system':'" OURS "option','code':'chat'}]}]"
#define PURPOSE "'purpose':[{'system':'" HL7 "v3-ActReason','code':'FAMRQT'}]"
#define PERIOD "'period':{'start':'2026-03-01T00:00:00Z','end':'2026-09-01T00:00:00Z'}"
#define PERMIT "{'type':'permit'," LEE "," KINDS_OF("family") "," CODES "," PURPOSE "}"
#define CONSENT                                                                                                        \
    "{'resourceType':'Consent','id':'c-1','status':'active',"                                                          \
    "'scope':{'coding':[{'system':'" HL7 "consentscope','code':'patient-privacy'}]},"                                  \
    "'category':[{'coding':[{'system':'http://loinc.org','code':'59284-0'}]}],"                                        \
    "'patient':{'reference':'Patient/carol'},'dateTime':'2026-02-01T10:00:00Z',"                                       \
    "'performer':[{'reference':'Patient/carol'}],'sourceReference':{'reference':'DocumentReference/f-7'},"             \
    "'extension':[{'url':'https://kinroom.example/fhir/StructureDefinition/notice-version','valueString':'v2'}],"      \
    "'provision':{" PERIOD ",'provision':[" PERMIT "]}}"

static struct bytes json_of(char *text)
{
    for (char *c = text; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    return bytes_of(text);
}

/* The consent that grants, with the first `from` turned into `to`. */
static char *changed(const char *from, const char *to)
{
    const char *text = CONSENT, *at = strstr(text, from);
    if (!at)
        fail_msg("the consent has no %s", from);
    size_t size = strlen(text) + strlen(to) + 1;
    char *copy = malloc(size);
    snprintf(copy, size, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    return copy;
}

static const struct fhir_context context = { .epoch = 4, .base = "https://ehr.example/fhir" };

static struct fhir_finding finding;

static enum status parse(char *text, struct grant *grant)
{
    return fhir_consent_parse(json_of(text), &context, grant, &finding);
}

static void a_complete_consent_becomes_a_grant(void **state)
{
    (void)state;
    struct grant g;
    char *text = changed("c-1", "c-1");
    assert_int_equal(parse(text, &g), OK);
    assert_int_equal(finding.reason, FHIR_FINE);
    assert_null(consent_missing(&g));
    assert_int_equal(g.status, GRANT_ACTIVE);
    assert_string_equal(g.id.text, "c-1");
    assert_int_equal(g.epoch, 4);
    assert_string_equal(g.client.text, "carol");
    assert_string_equal(g.person.text, "lee");
    assert_int_equal(g.granted_by, GRANTED_BY_PATIENT);
    assert_int_equal(g.kinds, term_bit(KIND_FAMILY));
    assert_int_equal(g.modes, term_bit(MODE_WATCH));
    assert_int_equal(g.topics, term_bit(TOPIC_AFTERCARE));
    assert_true(g.chat);
    assert_false(g.client_absent_ok);
    assert_string_equal(g.purpose, "FAMRQT");
    assert_int_equal(g.not_before, 1772323200);
    assert_int_equal(g.expires, 1788220800);
    assert_string_equal(g.notice_version, "v2");
    assert_string_equal(g.evidence, "DocumentReference/f-7");
    free(text);
}

/* R4 2.24.0.1: up to 64 letters, digits, hyphens and dots. */
#define LONGEST_ID "0123456789.0123456789.0123456789.0123456789.0123456789.012345678"
static void the_longest_reference_is_kept_whole(void **state)
{
    (void)state;
    struct grant g;
    char *text = changed("DocumentReference/f-7", "QuestionnaireResponse/" LONGEST_ID);
    assert_int_equal(parse(text, &g), OK);
    assert_int_equal(finding.reason, FHIR_FINE);
    assert_string_equal(g.evidence, "QuestionnaireResponse/" LONGEST_ID);
    free(text);
    text = changed("DocumentReference/f-7", "DocumentReference/x" LONGEST_ID);
    assert_int_equal(parse(text, &g), OK);
    assert_int_equal(finding.reason, FHIR_NO_EVIDENCE);
    free(text);
}

static void what_may_be_written_otherwise_grants_all_the_same(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
    } cases[] = {
        { "'provision':{" PERIOD, "'provision':{'type':'permit'," PERIOD }, /* IHE PCF: the root has a type */
        { "'provision':{" PERIOD ",'provision':[" PERMIT "]}",              /* and may be the permit itself */
          "'provision':{'type':'permit'," LEE "," KINDS_OF("family") "," CODES "," PURPOSE "," PERIOD "}" },
        { "Patient/carol", "https://ehr.example/fhir/Patient/carol" },
        { PERMIT, PERMIT ",{'type':'deny'," KINDS_OF("individual") "}" },
        { PERMIT, PERMIT ",{'type':'deny','actor':[{'role':{'coding':[{'system':'" HL7
                         "v3-ParticipationType','code':'IRCP'}]},'reference':{'reference':'RelatedPerson/bo'}}]}" },
        { PERMIT, PERMIT ",{'type':'deny','period':{'end':'2026-02-01'}}" },
        { PERMIT, PERMIT ",{'type':'deny','period':{'start':'2026-09-02'}}" },
        { "'type':'permit',",
          "'type':'permit','action':[{'coding':[{'system':'" HL7 "consentaction','code':'disclose'}]}]," },
        { PURPOSE, "'purpose':[{'system':'" HL7 "v3-ActReason','code':'HRESCH'},{'system':'" HL7
                   "v3-ActReason','code':'FAMRQT'}]" },
        { "'status':'active'", "'status':'active','verification':[{'verified':true}]" },
        { "'status':'active'", "'status':'active','extension2':1" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct grant g;
        char *text = changed(cases[i].from, cases[i].to);
        assert_int_equal(parse(text, &g), OK);
        if (g.status != GRANT_ACTIVE)
            fail_msg("case %zu: %s", i, fhir_reason_code(finding.reason));
        assert_int_equal(g.kinds, term_bit(KIND_FAMILY));
        free(text);
    }
}

static void what_grants_nothing_says_why(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        enum fhir_reason reason;
    } cases[] = {
        { "'active'", "'draft'", FHIR_NOT_ACTIVE },
        { "'active'", "'proposed'", FHIR_NOT_ACTIVE },
        { "'active'", "'inactive'", FHIR_NOT_ACTIVE },
        { "'active'", "'rejected'", FHIR_NOT_ACTIVE },
        { "'active'", "'entered-in-error'", FHIR_NOT_ACTIVE },
        { "'active'", "'active','modifierExtension':[{'url':'urn:x','valueBoolean':false}]", FHIR_MODIFIED },
        { "'active'", "'active','contained':[{'resourceType':'Group','modifierExtension':[{}]}]", FHIR_MODIFIED },
        { "'type':'permit'", "'type':'permit','modifierExtension':[]", FHIR_MODIFIED },
        { "'active'", "'active','implicitRules':'urn:x'", FHIR_IMPLICIT_RULES },
        { "'patient-privacy'", "'research'", FHIR_OTHER_SCOPE },
        { "'active'", "'active','verification':[{'verified':true},{'verified':false}]", FHIR_UNVERIFIED },
        { "'patient':{'reference':'Patient/carol'}", "'patient':{'display':'Carol'}", FHIR_NO_PATIENT },
        { "Patient/carol", "https://other.example/fhir/Patient/carol", FHIR_NO_PATIENT },
        { "Patient/carol", "Patient/carol/_history/2", FHIR_NO_PATIENT },
        { "Patient/carol", "urn:uuid:c757873d-ec9a-4326-a141-556f43239520", FHIR_NO_PATIENT },
        { "Patient/carol", "Group/carol", FHIR_NO_PATIENT },
        { "Patient/carol'", "Patient/carol','type':'Group'", FHIR_NO_PATIENT },
        { "'dateTime':'2026-02-01T10:00:00Z',", "", FHIR_NO_DATE },
        { "2026-02-01T10:00:00Z", "yesterday", FHIR_NO_DATE },
        { "'performer':[{'reference':'Patient/carol'}],", "", FHIR_NO_SIGNER },
        { "'performer':[{'reference':'Patient/carol'}]", "'performer':[{'reference':'Patient/mallory'}]",
          FHIR_NO_SIGNER },
        { "'performer':[{'reference':'Patient/carol'}]", "'performer':[{'reference':'RelatedPerson/lee'}]",
          FHIR_NO_SIGNER },
        { "'performer':[{'reference':'Patient/carol'}]", "'performer':[{'reference':'Practitioner/t'}]",
          FHIR_NO_SIGNER },
        { "'sourceReference':{'reference':'DocumentReference/f-7'}", "'sourceAttachment':{'title':'Terms'}",
          FHIR_NO_EVIDENCE },
        { "notice-version", "notice", FHIR_NO_NOTICE },
        { "'valueString':'v2'", "'valueString':''", FHIR_NO_NOTICE },
        { "'provision':{" PERIOD ",'provision':[" PERMIT "]}", "'language':'en'", FHIR_NO_PERMIT },
        { "'type':'permit',", "", FHIR_NO_PERMIT },
        { PERMIT, PERMIT "," PERMIT, FHIR_TWO_PERMITS },
        { PERMIT, PERMIT ",{'type':'deny'}", FHIR_DENIED },
        { PERMIT, PERMIT ",{}", FHIR_DENIED }, /* without a type it may be one */
        { PERMIT, "{'type':'deny','provision':[" PERMIT "]}", FHIR_DENIED },
        { "'provision':{" PERIOD, "'provision':{'type':'deny'," PERIOD, FHIR_DENIED },
        { PERMIT, PERMIT ",{'type':'deny'," LEE "}", FHIR_DENIED },
        { PERMIT, PERMIT ",{'type':'deny','actor':[{'reference':{'reference':'RelatedPerson/bo'}}]}", FHIR_DENIED },
        { PERMIT, PERMIT ",{'type':'deny'," KINDS_OF("family") "}", FHIR_DENIED },
        { PERMIT, PERMIT ",{'type':'deny'," KINDS_OF("party") "}", FHIR_DENIED },
        { PERMIT, PERMIT ",{'type':'deny','class':[{'system':'urn:x','code':'y'}]}", FHIR_DENIED },
        { PERMIT, PERMIT ",{'type':'deny','period':{'end':'2026-03-01'}}", FHIR_DENIED },
        { PERMIT, PERMIT ",{'type':'deny','period':{'end':'2026-02-28'}}",
          FHIR_DENIED }, /* a day ends late somewhere */
        { PERMIT, PERMIT ",{'type':'deny','period':{'start':'2026-09-01'}}", FHIR_DENIED }, /* and begins early */
        { PERMIT, PERMIT ",{'type':'deny','period':{'start':'2026-08-31'}}", FHIR_DENIED },
        { PERMIT, PERMIT ",{'type':'deny','securityLabel':[{'code':'PSY'}]}", FHIR_DENIED },
        { "'type':'permit'", "'type':'permit','provision':[{'provision':[{'type':'deny'}]}]", FHIR_DENIED },
        { "'type':'permit'", "'type':'permit','data':[{'meaning':'related'}]", FHIR_NARROWER },
        { "'type':'permit'", "'type':'permit','dataPeriod':{'start':'2026'}", FHIR_NARROWER },
        { "'type':'permit'", "'type':'permit','securityLabel':[{'code':'N'}]", FHIR_NARROWER },
        { "'type':'permit'", "'type':'permit','action':[{'text':'collect'}]", FHIR_NARROWER },
        { PERIOD, PERIOD ",'securityLabel':[{'code':'N'}]", FHIR_NARROWER }, /* of a parent */
        { "'IRCP'", "'AUT'", FHIR_NARROWER },
        { LEE ",", "", FHIR_NO_PERSON },
        { "RelatedPerson/lee", "Practitioner/lee", FHIR_NO_PERSON },
        { PERIOD,
          PERIOD ",'actor':[{'role':{'coding':[{'system':'" HL7 "v3-ParticipationType','code':'IRCP'}]},"
                 "'reference':{'reference':'Practitioner/x'}}]",
          FHIR_NO_PERSON },
        { "'reference':{'reference':'RelatedPerson/lee'}}]",
          "'reference':{'reference':'RelatedPerson/lee'}},{'role':{'coding':[{'system':'" HL7 "v3-ParticipationType',"
          "'code':'PRCP'}]},'reference':{'reference':'RelatedPerson/bo'}}]",
          FHIR_TWO_PEOPLE },
        { ",'end':'2026-09-01T00:00:00Z'", "", FHIR_NO_END },
        { PERIOD ",", "", FHIR_NO_END },
        { "2026-09-01T00:00:00Z", "2026-09-01T00:00", FHIR_BAD_PERIOD },
        { "2026-09-01T00:00:00Z", "2026-03-01T00:00:00Z", FHIR_BAD_PERIOD },
        { "2026-02-01T10:00:00Z", "2026-09-01T00:00:00Z", FHIR_BAD_PERIOD },
        { PURPOSE, "'purpose':[{'system':'" HL7 "v3-ActReason','code':'HMARKT'}]", FHIR_NO_PURPOSE },
        { PURPOSE, "'purpose':[{'system':'urn:x','code':'FAMRQT'}]", FHIR_NO_PURPOSE },
        { "," PURPOSE, "", FHIR_NO_PURPOSE },
        { PERIOD, PERIOD ",'purpose':[{'system':'" HL7 "v3-ActReason','code':'TREAT'}]", FHIR_NO_PURPOSE },
        { "'family'", "'group'", FHIR_UNKNOWN_CODE },
        { "'family'", "'party'", FHIR_UNKNOWN_CODE },
        { "'watch'", "'stare'", FHIR_UNKNOWN_CODE },
        { "'aftercare'", "'gossip'", FHIR_UNKNOWN_CODE },
        { OURS "mode", OURS "kind", FHIR_UNKNOWN_CODE }, /* a kind is a class and no code */
        { KINDS_OF("family") ",", "", FHIR_NO_KIND },
        { OURS "kind", "urn:x", FHIR_NO_KIND },
        { PERIOD, PERIOD "," KINDS_OF("workshop"), FHIR_NO_KIND },
        { OURS "mode", "urn:x", FHIR_NO_MODE },
        { CODES, "'code':[{'coding':[{'system':'http://loinc.org','code':'1'}]}]", FHIR_NARROWER },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct grant g;
        char *text = changed(cases[i].from, cases[i].to);
        assert_int_equal(parse(text, &g), OK);
        if (finding.reason != cases[i].reason)
            fail_msg("case %zu (%s): %s, not %s", i, cases[i].to, fhir_reason_code(finding.reason),
                     fhir_reason_code(cases[i].reason));
        assert_int_equal(g.status, GRANT_NOTHING);
        assert_string_equal(g.id.text, "c-1");
        assert_int_equal(g.epoch, 4);
        assert_int_equal(g.kinds | g.modes | g.topics, 0);
        assert_string_equal(g.client.text, cases[i].reason == FHIR_NO_PATIENT ? "" : "carol");
        free(text);
    }
}

static void what_is_no_consent_of_release_4_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        enum fhir_reason reason;
        enum status status;
    } cases[] = {
        { "'scope':{'coding':[{'system':'" HL7 "consentscope','code':'patient-privacy'}]},", "", FHIR_STU3,
          ERR_UNSUPPORTED },
        { "{'resourceType'", "'resourceType'", FHIR_NOT_JSON, ERR_MALFORMED },
        { "'id':'c-1'", "'id':'c-1','id':'c-2'", FHIR_NOT_JSON, ERR_MALFORMED },
        { "'Consent'", "'Contract'", FHIR_NOT_CONSENT, ERR_MALFORMED },
        { "'id':'c-1',", "", FHIR_BAD_ID, ERR_MALFORMED },
        { "'c-1'", "'.c1'", FHIR_BAD_ID, ERR_MALFORMED },
        { "'active'", "'valid'", FHIR_BAD_STATUS, ERR_MALFORMED },
        { "'status':'active',", "", FHIR_BAD_STATUS, ERR_MALFORMED },
        { "'permit'", "'perhaps'", FHIR_BAD_ELEMENT, ERR_MALFORMED },
        { "'performer':[{'reference':'Patient/carol'}]", "'performer':{'reference':'Patient/carol'}", FHIR_BAD_ELEMENT,
          ERR_MALFORMED },
        { "'provision':[" PERMIT "]", "'provision':[" PERMIT ",7]", FHIR_BAD_ELEMENT, ERR_MALFORMED },
        { "'end':'2026-09-01T00:00:00Z'", "'end':2026", FHIR_BAD_ELEMENT, ERR_MALFORMED },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct grant g = { .epoch = 99 };
        char *text = changed(cases[i].from, cases[i].to);
        assert_int_equal(parse(text, &g), cases[i].status);
        assert_int_equal(finding.reason, cases[i].reason);
        assert_int_equal(g.epoch, 99);
        free(text);
    }
}

static void the_address_and_the_body_name_the_same_consent(void **state)
{
    (void)state;
    struct id c1 = { "c-1" }, c2 = { "c-2" };
    struct fhir_context at = { .id = &c1, .epoch = 1 };
    struct grant g;
    char *text = changed("c-1", "c-1");
    assert_int_equal(fhir_consent_parse(json_of(text), &at, &g, &finding), OK);
    assert_int_equal(g.status, GRANT_ACTIVE);
    at.id = &c2;
    assert_int_equal(fhir_consent_parse(json_of(text), &at, &g, &finding), ERR_MALFORMED);
    assert_int_equal(finding.reason, FHIR_OTHER_ID);
    free(text);
}

static void who_signed_is_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *performers;
        enum granted_by by;
    } cases[] = {
        { "'performer':[{'reference':'RelatedPerson/mother'}]", GRANTED_BY_REPRESENTATIVE },
        { "'performer':[{'reference':'RelatedPerson/mother'},{'reference':'Patient/carol'}]", GRANTED_BY_BOTH },
        { "'performer':[{'reference':'RelatedPerson/lee'},{'reference':'Patient/carol'}]", GRANTED_BY_PATIENT },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct grant g;
        char *text = changed("'performer':[{'reference':'Patient/carol'}]", cases[i].performers);
        assert_int_equal(parse(text, &g), OK);
        assert_int_equal(g.granted_by, cases[i].by);
        free(text);
    }
}

static void dates_without_a_time_are_read_narrowly(void **state)
{
    (void)state;
    struct grant g;
    char *text = changed("'start':'2026-03-01T00:00:00Z','end':'2026-09-01T00:00:00Z'",
                         "'start':'2026-03-01','end':'2026-08-31'");
    assert_int_equal(parse(text, &g), OK);
    assert_int_equal(g.not_before, 1772323200 + 12 * 3600); /* where the day begins last */
    assert_int_equal(g.expires, 1788220800 - 14 * 3600);    /* where it ends first */
    free(text);

    static const char *const bad[] = { "",
                                       "26",
                                       "2026-13",
                                       "2026-02-29",
                                       "2026-1-1",
                                       "2026-01-01T",
                                       "2026-01-01T10:00:00",
                                       "2026-01-01T24:00:00Z",
                                       "2026-01-01T10:00Z",
                                       "2026-01-01T10:00:00+15:00",
                                       "2026-01-01T10:00:00.Z",
                                       "2026-01-01 ",
                                       "0000" };
    struct fhir_date date = { .earliest = 5 };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(fhir_date_parse(bad[i], &date));
    assert_int_equal(date.earliest, 5);
    assert_true(fhir_date_parse("1970-01-01T00:00:00Z", &date));
    assert_int_equal(date.latest, 0);
    assert_true(fhir_date_parse("2024-02-29T23:59:59.5-05:30", &date));
    assert_int_equal(date.latest, 1709270999 + 1);
    assert_int_equal(date.ends_earliest, 1709270999);
    assert_true(fhir_date_parse("2024", &date));
    assert_int_equal(date.ends_latest - date.latest, 366 * 86400);
}

/* ---- The examples of HL7 ---- */

static char *read_whole(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = malloc(FHIR_CONSENT_MAX);
    *len = fread(text, 1, FHIR_CONSENT_MAX, file);
    fclose(file);
    return text;
}

static void the_examples_of_the_specification_parse_and_grant_nothing(void **state)
{
    (void)state;
    char directory[512], path[1024];
    snprintf(directory, sizeof directory, "%s", __FILE__);
    char *unit = strstr(directory, "unit/fhir.c");
    assert_non_null(unit);
    strcpy(unit, "support/fhir");
    DIR *list = opendir(directory);
    assert_non_null(list);
    int parsed = 0, granting = 0;
    for (struct dirent *entry; (entry = readdir(list));) {
        if (!strstr(entry->d_name, ".json"))
            continue;
        struct grant g = { 0 };
        size_t len;
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        char *text = read_whole(path, &len);
        enum status status = fhir_consent_parse((struct bytes){ (const uint8_t *)text, len }, &context, &g, &finding);
        parsed += status == OK;
        granting += g.status != GRANT_NOTHING;
        if (status != OK || g.status != GRANT_NOTHING)
            print_error("%s: %s, %s\n", entry->d_name, status_name(status), fhir_reason_code(finding.reason));
        free(text);
    }
    closedir(list);
    printf("figure fhir_examples_parsed %d files\nfigure fhir_examples_granting %d files\n", parsed, granting);
    assert_int_equal(parsed, 12);
    assert_int_equal(granting, 0);
}

/* ---- Bundles and answers ---- */

static void a_bundle_gives_each_of_its_consents(void **state)
{
    (void)state;
    char text[16384];
    snprintf(text, sizeof text,
             "{'resourceType':'Bundle','type':'transaction','entry':["
             "{'resource':{'resourceType':'Patient','id':'carol'}},"
             "{'resource':%s,'request':{'method':'PUT','url':'Consent/c-1'}},"
             "{'request':{'method':'DELETE','url':'Consent/c-2'}},"
             "{'request':{'method':'DELETE','url':'Consent?patient=carol'}},"
             "{'request':{'method':'DELETE','url':'Observation/1'}},"
             "{'resource':{'resourceType':'Consent','id':'c-3','status':'active'}},"
             "{'resource':{'resourceType':'Consent','id':'c-4','status':'inactive','scope':{}},"
             "'request':{'method':'PUT','url':'Consent/c-5'}}]}",
             CONSENT);
    struct fhir_entry entries[8];
    size_t count;
    assert_int_equal(fhir_bundle_parse(json_of(text), &context, entries, 8, &count, &finding), OK);
    static const struct {
        enum fhir_reason reason;
        enum status status;
        size_t entry;
    } expected[] = { { FHIR_FINE, OK, 2 },
                     { FHIR_DELETED, OK, 3 },
                     { FHIR_BAD_ID, ERR_MALFORMED, 4 },
                     { FHIR_STU3, ERR_UNSUPPORTED, 6 },
                     { FHIR_OTHER_ID, ERR_MALFORMED, 7 } };
    assert_int_equal(count, 5);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(entries[i].finding.reason, expected[i].reason);
        assert_int_equal(entries[i].finding.entry, expected[i].entry);
        assert_int_equal(entries[i].status, expected[i].status);
    }
    assert_int_equal(entries[0].grant.status, GRANT_ACTIVE);
    assert_int_equal(entries[1].grant.status, GRANT_NOTHING);
    assert_string_equal(entries[1].grant.id.text, "c-2");
    assert_int_equal(fhir_bundle_parse(json_of(text), &context, entries, 4, &count, &finding), ERR_FULL);
    assert_int_equal(count, 0);
}

static void bundles_that_leave_open_what_counts_are_refused_whole(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum fhir_reason reason;
    } cases[] = {
        { "{'resourceType':'Bundle','type':'history','entry':[]}", FHIR_NOT_BUNDLE },
        { "{'resourceType':'Bundle','entry':[]}", FHIR_NOT_BUNDLE },
        { "{'resourceType':'Consent','type':'collection'}", FHIR_NOT_BUNDLE },
        { "[]", FHIR_NOT_BUNDLE },
        { "{'resourceType':'Bundle','type':'batch','entry':{}}", FHIR_BAD_ELEMENT },
        { "{'resourceType':'Bundle','type':'batch','entry':[{'request':{'method':'DELETE','url':'Consent/a'}},"
          "{'request':{'method':'DELETE','url':'Consent/a'}}]}",
          FHIR_SAME_ID },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fhir_entry entries[4];
        size_t count = 9;
        char text[512];
        snprintf(text, sizeof text, "%s", cases[i].text);
        assert_int_not_equal(fhir_bundle_parse(json_of(text), &context, entries, 4, &count, &finding), OK);
        assert_int_equal(finding.reason, cases[i].reason);
        assert_int_equal(count, 0);
    }
}

static void each_reason_has_its_own_code_and_makes_a_valid_outcome(void **state)
{
    (void)state;
    for (int a = 0; a < FHIR_REASONS; a++) {
        uint8_t buffer[1024];
        struct writer w = writer_over(buffer, sizeof buffer);
        fhir_outcome_write(
            &w, &(struct fhir_finding){ .reason = (enum fhir_reason)a, .where = "Consent.id", .entry = 2 }, 1);
        assert_false(w.bad);
        json_t *json = json_loadb((const char *)buffer, w.len, JSON_REJECT_DUPLICATES, NULL);
        const char *severity, *code, *where;
        assert_int_equal(json_unpack(json, "{s:[{s:s,s:{s:[{s:s}]},s:[s]}]}", "issue", "severity", &severity, "details",
                                     "coding", "code", &code, "expression", &where),
                         0);
        assert_string_equal(code, fhir_reason_code((enum fhir_reason)a));
        assert_string_equal(where, "Bundle.entry[1].resource.id");
        assert_string_equal(severity, a == FHIR_FINE ? "information" : a < FHIR_DELETED ? "error" : "warning");
        json_decref(json);
        for (int b = 0; b < a; b++)
            assert_string_not_equal(fhir_reason_code((enum fhir_reason)a), fhir_reason_code((enum fhir_reason)b));
    }
    uint8_t buffer[1024];
    struct writer w = writer_over(buffer, sizeof buffer);
    fhir_outcome_write(&w, NULL, 0);
    json_t *json = json_loadb((const char *)buffer, w.len, 0, NULL);
    assert_non_null(json);
    json_decref(json);
    assert_string_equal(fhir_reason_code((enum fhir_reason) - 1), "?");
}

static void too_large_a_body_is_not_read(void **state)
{
    (void)state;
    char *text = malloc(FHIR_CONSENT_MAX + 1);
    memset(text, ' ', FHIR_CONSENT_MAX + 1);
    struct grant g;
    assert_int_equal(
        fhir_consent_parse((struct bytes){ (uint8_t *)text, FHIR_CONSENT_MAX + 1 }, &context, &g, &finding), ERR_FULL);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_complete_consent_becomes_a_grant),
        cmocka_unit_test(the_longest_reference_is_kept_whole),
        cmocka_unit_test(what_may_be_written_otherwise_grants_all_the_same),
        cmocka_unit_test(what_grants_nothing_says_why),
        cmocka_unit_test(what_is_no_consent_of_release_4_is_refused_and_changes_nothing),
        cmocka_unit_test(the_address_and_the_body_name_the_same_consent),
        cmocka_unit_test(who_signed_is_told_apart),
        cmocka_unit_test(dates_without_a_time_are_read_narrowly),
        cmocka_unit_test(the_examples_of_the_specification_parse_and_grant_nothing),
        cmocka_unit_test(a_bundle_gives_each_of_its_consents),
        cmocka_unit_test(bundles_that_leave_open_what_counts_are_refused_whole),
        cmocka_unit_test(each_reason_has_its_own_code_and_makes_a_valid_outcome),
        cmocka_unit_test(too_large_a_body_is_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
