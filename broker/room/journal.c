#define _POSIX_C_SOURCE 200809L /* strnlen */
#include "room/journal.h"

#include <stdio.h>
#include <string.h>

#include "room/rights.h"

/* What does not fit is cut. NULL is fine. */
static void copy_text(char *to, size_t cap, const char *from)
{
    size_t len = from ? strnlen(from, cap - 1) : 0;
    memcpy(to, from ? from : "", len);
    to[len] = '\0';
}

static struct record record_of(const struct room *room, enum record_kind kind, const struct participant *p,
                               const struct participant *by, const char *reason)
{
    struct record record = { .kind = kind, .unix_us = room->unix_us, .session = room->plan.session };
    if (p) {
        struct rights rights = room_rights(room, p);
        record.participation = p->who.participation;
        record.person = p->who.person;
        if (p->who.role == ROLE_LOVED_ONE) {
            record.client = *room_client_of(room, p);
            record.grant = rights.grant;
            record.grant_epoch = rights.epoch;
            record.mode = rights.mode;
        }
    }
    if (by)
        record.by = by->who.participation;
    copy_text(record.reason, sizeof record.reason, reason);
    return record;
}

static enum status put(struct room_shared *shared, const struct record *record, struct outbox *out)
{
    uint8_t buffer[RECORD_TEXT_MAX];
    struct writer text = writer_over(buffer, sizeof buffer);
    enum status status = record_write(&text, record);
    if (status == OK)
        status = outbox_record(out, shared->records + 1, writer_bytes(&text));
    if (status == OK)
        shared->records++;
    return status;
}

static void put_or_log(struct room *room, const struct record *record, struct outbox *out)
{
    enum status status = put(room->shared, record, out);
    if (status != OK)
        log_error(room->shared->log, "session %s: a record of kind %s is lost: %s", room->plan.session.text,
                  record_kind_name(record->kind), status_name(status));
}

/* Opaque and never used again: 128 random bits. */
static struct id fresh_id(const struct entropy *entropy)
{
    uint8_t bits[16];
    struct id id;
    entropy_fill(entropy, bits, sizeof bits);
    for (size_t i = 0; i < sizeof bits; i++)
        snprintf(id.text + 2 * i, 3, "%02x", bits[i]);
    return id;
}

enum status journal_open(struct room *room, struct participant *p, const struct participant *by, struct outbox *out)
{
    struct record record = record_of(room, RECORD_OPEN, p, by, NULL);
    record.interval = fresh_id(room->shared->link.entropy);
    copy_text(record.guidance_version, sizeof record.guidance_version, room->plan.guidance_version);
    copy_text(record.notice_version, sizeof record.notice_version, room->plan.notice_version);
    TRY(put(room->shared, &record, out));
    p->interval = (struct interval){ .id = record.interval, .record = room->shared->records };
    room->shared->intervals_open++;
    return OK;
}

void journal_close(struct room *room, struct participant *p, const struct participant *by, const char *reason,
                   struct outbox *out)
{
    struct record record = record_of(room, RECORD_CLOSE, p, by, reason);
    record.interval = p->interval.id;
    put_or_log(room, &record, out);
    p->interval.record = 0;
    room->shared->intervals_open--;
}

void journal_note(struct room *room, enum record_kind kind, const struct participant *p, const struct participant *by,
                  const char *reason, struct outbox *out)
{
    struct record record = record_of(room, kind, p, by, reason);
    if (kind == RECORD_ACKNOWLEDGED) {
        copy_text(record.guidance_version, sizeof record.guidance_version, room->plan.guidance_version);
        copy_text(record.notice_version, sizeof record.notice_version, room->plan.notice_version);
    }
    if (kind == RECORD_REMOVED)
        record.device = p->device;
    put_or_log(room, &record, out);
}

void journal_heartbeat(struct room_shared *shared, int64_t unix_us, struct outbox *out)
{
    struct record record = { .kind = RECORD_HEARTBEAT, .unix_us = unix_us };
    put(shared, &record, out); /* the next one is a second away */
}
