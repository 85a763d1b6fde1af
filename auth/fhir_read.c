#include "auth/fhir_read.h"

#include <string.h>

static const json_t *typed(struct fhir_reading *r, const json_t *object, const char *key, json_type type)
{
    const json_t *value = json_object_get(object, key);
    if (!value || json_typeof(value) == type)
        return value;
    if (!r->bad)
        r->bad = key;
    return NULL;
}

const char *fhir_text(struct fhir_reading *r, const json_t *object, const char *key)
{
    return json_string_value(typed(r, object, key, JSON_STRING));
}

const json_t *fhir_object(struct fhir_reading *r, const json_t *object, const char *key)
{
    return typed(r, object, key, JSON_OBJECT);
}

const json_t *fhir_list(struct fhir_reading *r, const json_t *object, const char *key)
{
    const json_t *list = typed(r, object, key, JSON_ARRAY), *item;
    size_t i;
    json_array_foreach((json_t *)list, i, item) if (!json_is_object(item))
    {
        if (!r->bad)
            r->bad = key;
        return NULL;
    }
    return list;
}

bool fhir_reference(struct fhir_reading *r, const json_t *reference, const char *type, struct id *id)
{
    const char *text = fhir_text(r, reference, "reference"), *said = fhir_text(r, reference, "type");
    if (!text || (said && strcmp(said, type) != 0))
        return false;
    size_t base = r->base ? strlen(r->base) : 0, len = strlen(type);
    if (base && strncmp(text, r->base, base) == 0 && text[base] == '/')
        text += base + 1;
    return strncmp(text, type, len) == 0 && text[len] == '/' && id_parse(bytes_of(text + len + 1), id);
}

const char *fhir_code(struct fhir_reading *r, const json_t *coding, const char *system)
{
    const char *said = fhir_text(r, coding, "system");
    return said && strcmp(said, system) == 0 ? fhir_text(r, coding, "code") : NULL;
}

bool fhir_concept_has(struct fhir_reading *r, const json_t *concept, const char *system, const char *code)
{
    const json_t *coding;
    size_t i;
    json_array_foreach((json_t *)fhir_list(r, concept, "coding"), i, coding)
    {
        const char *found = fhir_code(r, coding, system);
        if (found && strcmp(found, code) == 0)
            return true;
    }
    return false;
}
