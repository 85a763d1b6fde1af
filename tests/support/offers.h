/* offers.h - the offers of real browsers and of a client that is none, in tests/support/offers: one microphone, a
 * camera, a screen, four slots of each kind. */
#pragma once

#include "base/bytes.h"

enum { OFFER_TEXT_MAX = 65536 };

/* "chromium", "firefox" or "aiortc". Borrowed until the next call; ends the program when the file is missing.
 * NUL-terminated. */
struct bytes offer_read(const char *browser);
/* The offer with the first `old` replaced by `new`, or every one. Borrowed until the next call; ends the program when
 * it's not there. */
struct bytes offer_with(const char *browser, const char *old, const char *new);
struct bytes offer_with_every(const char *browser, const char *old, const char *new);
