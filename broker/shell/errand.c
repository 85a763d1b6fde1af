#include "shell/errand.h"

#include <inttypes.h>
#include <stdio.h>

void errand_fail(struct errand *e, struct kit *kit, usec_t most_us, struct now now)
{
    uint32_t random;
    entropy_fill(&kit->entropy, &random, sizeof random);
    if (e->failures < UINT32_MAX)
        e->failures++;
    e->due = now.mono_us + backoff_us(e->failures, most_us, random);
}

void errand_rest(struct errand *e, usec_t due)
{
    e->failures = 0;
    e->due = due;
}

/* A start that fails is an end like others. */
void errand_step(struct errand *e, struct kit *kit, struct now now)
{
    struct transfer_end end = { .owner = e, .cache_control = "" };
    if (now.mono_us < errand_due(e))
        return;
    enum status status = e->start(e, kit, now);
    if (status == OK)
        return;
    snprintf(end.words, sizeof end.words, "%s", status_name(status));
    e->end(e, kit, &end, now);
}

void errand_end(struct kit *kit, const struct transfer_end *end, struct now now)
{
    struct errand *e = end->owner;
    e->transfer = NULL;
    e->end(e, kit, end, now);
    transfer_destroy(end->transfer);
}

enum status errand_post(struct errand *e, struct kit *kit, const char *url, const char *id, struct bytes body,
                        struct now now)
{
    char signature[WEBHOOK_SIGNATURE_CHARS + 1], lines[3][160];
    int64_t unix_s = now_unix_s(now);
    TRY(webhook_sign(&kit->key, id, unix_s, body, signature));
    snprintf(lines[0], sizeof lines[0], "webhook-id: %s", id);
    snprintf(lines[1], sizeof lines[1], "webhook-timestamp: %" PRId64, unix_s);
    snprintf(lines[2], sizeof lines[2], "webhook-signature: %s", signature);
    struct transfer_post post = {
        .url = url,
        .headers = { "Content-Type: application/json", lines[0], lines[1], lines[2] },
        .body = body,
    };
    return transfers_post(kit->transfers, &post, e, &e->transfer);
}
