/* event.h - a row of the ledger as other systems are told of it: a JSON object around the canonical record.
 *
 *   {"id":"north-17","type":"disclosure.opened","at":"2026-01-31T23:59:59.000000Z","record":{"kind":"open",...}}
 *
 * The id is the clinic's with the row's number, so that who is told twice can tell. */
#pragma once

#include "ledger/chain.h"

enum { EVENT_ID_MAX = ID_MAX + 21, EVENT_TEXT_MAX = RECORD_TEXT_MAX + EVENT_ID_MAX + 128 };

/* EVENT_ID_MAX + 1 is always enough room; NUL-terminated. */
void event_id(char id[EVENT_ID_MAX + 1], const char *clinic, uint64_t row);
/* ERR_MALFORMED when the row holds no record; ERR_FULL (EVENT_TEXT_MAX + 1 is always enough). The writer is left as it
 * was then. */
enum status event_write(struct writer *, const char *clinic, const struct ledger_row *);
