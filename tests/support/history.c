#include "support/history.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

struct history history_of(uint64_t seed)
{
    return (struct history){ .dice = seed * 2654435761u + 1, .now_us = INT64_C(1767225600000000) };
}

uint64_t history_draw(struct history *history, uint64_t below) /* splitmix64 */
{
    uint64_t z = history->dice += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % below;
}

/* Every length from none to the longest, with the two ends drawn often. */
static void draw_text(struct history *history, const char *alphabet, char *text, size_t max)
{
    uint64_t shape = history_draw(history, 4);
    size_t len = shape == 0 ? 0 : shape == 1 ? max : history_draw(history, max + 1);
    memset(text, 0, max + 1);
    for (size_t i = 0; i < len; i++)
        text[i] = alphabet[history_draw(history, strlen(alphabet))];
}

static const char id_characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
static const char word_characters[] = "abcxyzABCXYZ0189!#$%&'()*+,-./:;<=>?@[]^_`{|}~";

struct record history_any(struct history *history)
{
    struct record record = { .kind = (enum record_kind)(1 + history_draw(history, RECORD_HEARTBEAT)),
                             .mode = (enum mode)history_draw(history, MODE_FULL + 1),
                             .recovered = history_draw(history, 2) };
    struct id *ids[] = { &record.session, &record.participation, &record.person,   &record.client,
                         &record.by,      &record.grant,         &record.interval, &record.device };
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        draw_text(history, id_characters, ids[i]->text, ID_MAX);
    draw_text(history, word_characters, record.reason, REASON_MAX);
    draw_text(history, word_characters, record.guidance_version, VERSION_MAX);
    draw_text(history, word_characters, record.notice_version, VERSION_MAX);
    record.unix_us = history_draw(history, 8) ? (int64_t)history_draw(history, (uint64_t)RECORD_UNIX_US_MAX + 1)
                                              : RECORD_UNIX_US_MAX * (int64_t)history_draw(history, 2);
    record.grant_epoch = history_draw(history, 4) ? (uint32_t)history_draw(history, UINT64_C(1) << 32)
                                                  : UINT32_MAX * (uint32_t)history_draw(history, 2);
    return record;
}

static struct record named(struct history *history, enum record_kind kind, unsigned seat)
{
    struct record record = { .kind = kind, .unix_us = history->now_us, .session = { "session-1" }, .client = { "c1" } };
    snprintf(record.participation.text, sizeof record.participation.text, "part-%u", seat);
    snprintf(record.person.text, sizeof record.person.text, "person-%u", seat);
    return record;
}

static struct record opening(struct history *history, unsigned seat)
{
    struct record record = named(history, RECORD_OPEN, seat);
    record.by = (struct id){ "part-t" };
    record.grant = (struct id){ "grant-1" };
    record.grant_epoch = 1 + (uint32_t)history_draw(history, 3);
    record.mode = (enum mode)(1 + history_draw(history, MODE_FULL));
    snprintf(record.interval.text, sizeof record.interval.text, "i-%u", ++history->intervals);
    snprintf(record.guidance_version, sizeof record.guidance_version, "2026-01");
    history->open[seat] = record;
    return record;
}

static struct record closing(struct history *history, unsigned seat)
{
    struct record record = history->open[seat];
    record.kind = RECORD_CLOSE;
    record.unix_us = history->now_us;
    record.by = (struct id){ 0 };
    snprintf(record.reason, sizeof record.reason, "stepped_out");
    history->open[seat] = (struct record){ 0 };
    return record;
}

struct record history_next(struct history *history)
{
    static const enum record_kind others[] = { RECORD_REFUSED, RECORD_ACKNOWLEDGED, RECORD_AGREED,
                                               RECORD_REMOVED, RECORD_REVOKED,      RECORD_SESSION };
    unsigned seat = (unsigned)history_draw(history, HISTORY_SEATS);
    history->now_us += (int64_t)history_draw(history, 60000000);
    if (history_draw(history, 4) == 0) {
        struct record record = named(history, others[history_draw(history, 6)], seat);
        snprintf(record.reason, sizeof record.reason, "consent_expired");
        return record;
    }
    return history->open[seat].kind ? closing(history, seat) : opening(history, seat);
}

struct ledger_row history_row(struct history *history, struct chain *chain)
{
    uint8_t buffer[RECORD_TEXT_MAX + 1];
    struct writer w = writer_over(buffer, sizeof buffer);
    struct record record = history_next(history);
    struct ledger_row row;
    enum status written = record_write(&w, &record);
    enum status appended = chain_append(chain, writer_bytes(&w), &row);
    assert(written == OK && appended == OK);
    (void)written, (void)appended;
    return row;
}

bool history_same(const struct record *a, const struct record *b)
{
    return a->kind == b->kind && a->unix_us == b->unix_us && id_equal(&a->session, &b->session) &&
           id_equal(&a->participation, &b->participation) && id_equal(&a->person, &b->person) &&
           id_equal(&a->client, &b->client) && id_equal(&a->by, &b->by) && id_equal(&a->grant, &b->grant) &&
           a->grant_epoch == b->grant_epoch && id_equal(&a->interval, &b->interval) &&
           id_equal(&a->device, &b->device) && a->mode == b->mode && strcmp(a->reason, b->reason) == 0 &&
           strcmp(a->guidance_version, b->guidance_version) == 0 && strcmp(a->notice_version, b->notice_version) == 0 &&
           a->recovered == b->recovered;
}
