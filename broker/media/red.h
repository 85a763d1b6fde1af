/* red.h - redundant audio (RFC 2198): an Opus packet that carries copies of those before it, so that a lost one needs
 * no asking.
 *
 *   |1| type | time offset (14) | length (10) |  ... for each copy, then |0| type | and all their payloads in this
 * order
 */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

/* What the packet would be without its copies: the last block, borrowed. ERR_MALFORMED. */
enum status red_primary(struct bytes payload, struct bytes *primary);
/* Names each block by another payload type, as one receiver numbers it; the payload is one that red_primary took. */
void red_retype(uint8_t *payload, uint8_t type);
