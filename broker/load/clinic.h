/* clinic.h - Kinroom's API as a clinic's system uses it: sessions to load, tokens to join them by.
 *
 * Calls wait for their answer. For one thread. Why something failed is said on stderr. */
#pragma once

#include "load/load.h"

struct clinic;

/* Reads the keys; the config outlives it. */
enum status clinic_create(struct clinic **, const struct load_config *);
void clinic_destroy(struct clinic *); /* NULL is fine */

/* A group session that is open now: person 0 its therapist, everybody else a client, so that all who are there see and
 * hear each other without anybody's leave. */
enum status clinic_schedule(struct clinic *, unsigned room, unsigned people);
void clinic_end(struct clinic *, unsigned room);
/* For a room that was scheduled. The caller frees the string. */
enum status clinic_token(struct clinic *, unsigned room, unsigned person, char **token);
