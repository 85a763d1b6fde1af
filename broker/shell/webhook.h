/* webhook.h - what is posted to other systems, and its signature (Standard Webhooks 1.0.0): HMAC-SHA256 over
 * "id.timestamp.body", so that the receiver can tell who sent it, and when. Pure. */
#pragma once

#include "api/delivery.h"

enum {
    WEBHOOK_KEY_MIN = 24,
    WEBHOOK_KEY_MAX = 64,
    WEBHOOK_SIGNATURE_CHARS = 47, /* "v1," and the base64 of 32 bytes */
    WEBHOOK_DELIVERY_MAX = 3072,
};

struct webhook_key {
    uint8_t at[WEBHOOK_KEY_MAX];
    size_t len;
};

/* "whsec_" and the base64 of 24 to 64 bytes; spaces and line ends around it are passed over. ERR_MALFORMED. */
enum status webhook_key_parse(struct bytes text, struct webhook_key *);

/* NUL-terminated. ERR_SYSTEM. */
enum status webhook_sign(const struct webhook_key *, const char *id, int64_t unix_s, struct bytes body,
                         char signature[WEBHOOK_SIGNATURE_CHARS + 1]);

/* A delivery for a system of the clinic that brings it to the person:
 *
 *   {"id":"5f…","type":"delivery.code","at":"2026-01-31T23:59:59.000000Z","participation":"p-1","session":"s-1",
 *    "contact":"tel:+15550100","code":"123456","expires":"2026-02-01T00:09:59.000000Z"}
 *
 * "delivery.invitation" has "url" in place of "code". ERR_FULL (WEBHOOK_DELIVERY_MAX + 1 is always enough). */
enum status webhook_delivery(struct writer *, const char *id, const struct delivery *);
