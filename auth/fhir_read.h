/* fhir_read.h - typed access to the elements of a FHIR resource. An element of the wrong JSON type is noted once, and
 * reads as absent; who reads looks at `bad` last. For fhir.c and fhir_provision.c. */
#pragma once

#include <jansson.h>

#include "auth/fhir.h"

struct fhir_reading {
    const char *base; /* as in the context */
    const char *bad;  /* the first element of a wrong type; NULL: none */
};

/* NULL (false) when absent or of another type. */
const char *fhir_text(struct fhir_reading *, const json_t *object, const char *key);
const json_t *fhir_object(struct fhir_reading *, const json_t *object, const char *key);
/* A list of objects: an array without any other element. */
const json_t *fhir_list(struct fhir_reading *, const json_t *object, const char *key);

/* The id of a Reference to exactly this type: "Patient/x", also below the base. Anything else is none: a version, a
 * contained resource, a urn, another server, a logical reference. */
bool fhir_reference(struct fhir_reading *, const json_t *reference, const char *type, struct id *);

/* The code of a Coding of this system, NULL when it is of another. */
const char *fhir_code(struct fhir_reading *, const json_t *coding, const char *system);
/* Does a CodeableConcept have this code? */
bool fhir_concept_has(struct fhir_reading *, const json_t *concept, const char *system, const char *code);
