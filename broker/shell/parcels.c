#include "shell/parcels.h"

#include <stdlib.h>
#include <string.h>

#include "shell/mail.h"

enum { PARCEL_ID_CHARS = 32, SMTP_REFUSED = 550 };
#define PAUSE_MAX_US (60 * USEC_PER_SEC)

struct parcel {
    struct errand errand; /* first */
    struct parcels *parcels;
    struct parcel *next;
    struct delivery delivery;
    char id[PARCEL_ID_CHARS + 1]; /* the same at every try */
};

void parcels_init(struct parcels *ps)
{
    *ps = (struct parcels){ 0 };
    ps->end = &ps->first;
}

static void drop(struct parcel *p)
{
    struct parcels *ps = p->parcels;
    struct parcel **at = &ps->first;
    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    if (!p->next)
        ps->end = at;
    ps->count--;
    if (p->errand.transfer)
        ps->out--;
    transfer_destroy(p->errand.transfer);
    bytes_wipe(p, sizeof *p);
    free(p);
}

static void give_up(struct parcel *p, struct kit *kit, const char *why)
{
    log_warning(kit->log, "a delivery to %s of session %s is given up: %s", p->delivery.participation.text,
                p->delivery.session.text, why);
    drop(p);
}

/* ---- A try ---- */

static enum status start_mail(struct parcel *p, struct kit *kit)
{
    uint8_t text[MAIL_TEXT_MAX + 1];
    struct writer w = writer_over(text, sizeof text);
    char to[MAIL_ADDRESS_MAX + 1];
    if (!mail_address(p->delivery.contact, to))
        return ERR_UNSUPPORTED;
    enum status status = mail_write(&w, kit->config->smtp_from, to, p->id, &p->delivery);
    struct transfer_mail mail = {
        .url = kit->config->smtp_url,
        .user = kit->config->smtp_user,
        .password = kit->smtp_password,
        .from = kit->config->smtp_from,
        .to = to,
        .text = writer_bytes(&w),
    };
    if (status == OK)
        status = transfers_mail(kit->transfers, &mail, p, &p->errand.transfer);
    bytes_wipe(text, sizeof text);
    return status;
}

static enum status start_post(struct parcel *p, struct kit *kit, struct now now)
{
    uint8_t text[WEBHOOK_DELIVERY_MAX + 1];
    struct writer w = writer_over(text, sizeof text);
    enum status status = webhook_delivery(&w, p->id, &p->delivery);
    if (status == OK)
        status = errand_post(&p->errand, kit, kit->config->delivery_url, p->id, writer_bytes(&w), now);
    bytes_wipe(text, sizeof text);
    return status;
}

static enum status start(struct errand *errand, struct kit *kit, struct now now)
{
    struct parcel *p = (struct parcel *)errand;
    enum status status = kit->config->delivery == DELIVERY_BY_SMTP ? start_mail(p, kit) : start_post(p, kit, now);
    if (status == OK)
        p->parcels->out++;
    return status;
}

/* A mailbox that is not there will not be there the next time either, and asking again and again makes a sender one
 * that is refused. */
static bool is_hopeless(const struct kit *kit, const struct transfer_end *end)
{
    return kit->config->delivery == DELIVERY_BY_SMTP && end->status == SMTP_REFUSED;
}

static void end(struct errand *errand, struct kit *kit, const struct transfer_end *result, struct now now)
{
    struct parcel *p = (struct parcel *)errand;
    if (result->transfer)
        p->parcels->out--;
    if (result->taken) {
        log_debug(kit->log, "a delivery to %s of session %s is made", p->delivery.participation.text,
                  p->delivery.session.text);
        drop(p);
    } else if (is_hopeless(kit, result)) {
        give_up(p, kit, "the mail server refuses it for good (550)");
    } else {
        log_debug(kit->log, "a delivery to %s of session %s has failed: %s", p->delivery.participation.text,
                  p->delivery.session.text, result->words);
        errand_fail(errand, kit, PAUSE_MAX_US, now);
    }
}

/* ---- All of them ---- */

static void name(struct parcel *p, struct kit *kit)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t random[PARCEL_ID_CHARS / 2];
    entropy_fill(&kit->entropy, random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++) {
        p->id[2 * i] = digits[random[i] >> 4];
        p->id[2 * i + 1] = digits[random[i] & 15];
    }
}

void parcels_take(struct parcels *ps, struct kit *kit, const struct delivery *delivery, struct now now)
{
    char to[MAIL_ADDRESS_MAX + 1];
    struct parcel *p = calloc(1, sizeof *p);
    if (!p) {
        log_error(kit->log, "no memory for a delivery to %s of session %s", delivery->participation.text,
                  delivery->session.text);
        return;
    }
    if (ps->count == PARCELS_MAX)
        give_up(ps->first, kit, "too many newer ones wait");
    *p = (struct parcel){ .errand = { .start = start, .end = end, .due = now.mono_us },
                          .parcels = ps,
                          .delivery = *delivery };
    name(p, kit);
    *ps->end = p;
    ps->end = &p->next;
    ps->count++;
    if (kit->config->delivery == DELIVERY_BY_SMTP && !mail_address(delivery->contact, to))
        give_up(p, kit, "the contact is no mail address");
}

void parcels_step(struct parcels *ps, struct kit *kit, struct now now)
{
    struct parcel *next;
    for (struct parcel *p = ps->first; p; p = next) {
        next = p->next;
        if (now_unix_s(now) >= p->delivery.expires)
            give_up(p, kit, "it is of no use any more");
        else if (ps->out < PARCELS_OUT_MAX)
            errand_step(&p->errand, kit, now);
    }
}

/* One that must wait for others hears of it when one of them ends. */
usec_t parcels_deadline(const struct parcels *ps)
{
    usec_t at = NEVER;
    if (ps->out < PARCELS_OUT_MAX)
        for (const struct parcel *p = ps->first; p; p = p->next)
            at = sooner(at, errand_due(&p->errand));
    return at;
}

void parcels_deinit(struct parcels *ps, struct kit *kit)
{
    if (ps->count > 0)
        log_warning(kit->log, "%zu deliveries were not made before the end", ps->count);
    while (ps->first)
        drop(ps->first);
}
