#include "ledger/intervals.h"

#define ERR_STATE OPENSSL_ERR_STATE /* OpenSSL has a type of our constant's name */
#include <openssl/evp.h>
#undef ERR_STATE
#include <stdlib.h>
#include <string.h>

/* Keys are fingerprints (the start of a SHA-256): small over years of intervals, and no ids can be chosen so that the
 * table turns slow. */
enum { FINGERPRINT_LEN = 16, FIRST_SLOTS = 64, FIRST_OPEN = 16 };

struct slot {
    uint8_t fingerprint[FINGERPRINT_LEN];
    bool used;
    uint32_t place; /* in `open`, plus one; 0: closed, or nobody's */
};

/* Open addressing, a power of two of slots, at most three quarters used. */
struct table {
    struct slot *slots;
    size_t size, used;
    bool forgets; /* slots without a place are dropped when the table grows */
};

struct intervals {
    struct table seen; /* interval: every one that ever was, so that none opens again */
    struct table busy; /* session and participation: 1 while it is in an interval */
    struct record *open;
    size_t open_count, open_size;
};

const char *interval_fault_name(enum interval_fault fault)
{
    static const char *const names[] = {
        [INTERVAL_GOOD] = "good",
        [INTERVAL_OPENED_TWICE] = "the interval was opened before",
        [INTERVAL_CLOSED_UNOPENED] = "the interval is not open, so it can't be closed",
        [INTERVAL_OVERLAPS] = "the participation is in another interval already",
        [INTERVAL_RUNS_BACKWARDS] = "the interval is closed before it opened",
        [INTERVAL_INCOMPLETE] = "the interval, session or participation is not named",
        [INTERVAL_STRAYS] =
            "the interval is closed for another session, participation or person than it was opened for",
    };
    return (size_t)fault < sizeof names / sizeof *names ? names[fault] : "?";
}

/* ---- the tables ---- */

/* Ids hold no NUL, so a NUL between them keeps ("ab", "c") and ("a", "bc") apart. */
static bool fingerprint_of(const struct id *first, const struct id *second, uint8_t fingerprint[FINGERPRINT_LEN])
{
    uint8_t buffer[2 * sizeof first->text], hash[EVP_MAX_MD_SIZE];
    struct writer w = writer_over(buffer, sizeof buffer);
    write_text(&w, first->text);
    write_u8(&w, 0);
    write_text(&w, second->text);
    if (w.bad || EVP_Digest(w.at, w.len, hash, NULL, EVP_sha256(), NULL) != 1)
        return false;
    memcpy(fingerprint, hash, FINGERPRINT_LEN);
    return true;
}

/* The slot of a fingerprint, or the free one where it would go. */
static struct slot *table_find(const struct table *table, const uint8_t fingerprint[FINGERPRINT_LEN])
{
    size_t at;
    memcpy(&at, fingerprint, sizeof at);
    for (;; at++) {
        struct slot *slot = &table->slots[at & (table->size - 1)];
        if (!slot->used || memcmp(slot->fingerprint, fingerprint, FINGERPRINT_LEN) == 0)
            return slot;
    }
}

static void table_put(struct table *table, const uint8_t fingerprint[FINGERPRINT_LEN], size_t place)
{
    struct slot *slot = table_find(table, fingerprint);
    if (!slot->used) {
        memcpy(slot->fingerprint, fingerprint, FINGERPRINT_LEN);
        slot->used = true;
        table->used++;
    }
    slot->place = (uint32_t)place;
}

/* Room for one slot more. */
static enum status table_reserve(struct table *table)
{
    if (table->slots && (table->used + 1) * 4 <= table->size * 3)
        return OK;
    size_t kept = 0;
    for (size_t i = 0; i < table->size; i++)
        kept += table->slots[i].used && (table->slots[i].place || !table->forgets);
    struct table grown = { .forgets = table->forgets, .size = FIRST_SLOTS };
    while ((kept + 1) * 2 > grown.size)
        grown.size *= 2;
    grown.slots = calloc(grown.size, sizeof *grown.slots);
    if (!grown.slots)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < table->size; i++)
        if (table->slots[i].used && (table->slots[i].place || !table->forgets))
            table_put(&grown, table->slots[i].fingerprint, table->slots[i].place);
    free(table->slots);
    *table = grown;
    return OK;
}

/* ---- intervals ---- */

enum status intervals_create(struct intervals **created)
{
    struct intervals *intervals = calloc(1, sizeof *intervals);
    if (!intervals)
        return ERR_NO_MEMORY;
    intervals->busy.forgets = true;
    if (table_reserve(&intervals->seen) != OK || table_reserve(&intervals->busy) != OK) {
        intervals_destroy(intervals);
        return ERR_NO_MEMORY;
    }
    *created = intervals;
    return OK;
}

void intervals_destroy(struct intervals *intervals)
{
    if (!intervals)
        return;
    free(intervals->seen.slots);
    free(intervals->busy.slots);
    free(intervals->open);
    free(intervals);
}

/* The keys of one record in the two tables. */
struct keys {
    uint8_t interval[FINGERPRINT_LEN], seat[FINGERPRINT_LEN];
};

static enum status keys_of(const struct record *record, struct keys *keys)
{
    static const struct id nothing = { "" };
    return fingerprint_of(&record->interval, &nothing, keys->interval) &&
                   fingerprint_of(&record->session, &record->participation, keys->seat)
               ? OK
               : ERR_SYSTEM;
}

/* Makes all the room that one more needs, so that adding it can't fail half-way. */
static enum status reserve(struct intervals *intervals)
{
    TRY(table_reserve(&intervals->seen));
    TRY(table_reserve(&intervals->busy));
    if (intervals->open_count < intervals->open_size)
        return OK;
    size_t size = intervals->open_size ? 2 * intervals->open_size : FIRST_OPEN;
    if (size > UINT32_MAX)
        return ERR_FULL;
    struct record *open = realloc(intervals->open, size * sizeof *open);
    if (!open)
        return ERR_NO_MEMORY;
    intervals->open = open;
    intervals->open_size = size;
    return OK;
}

static enum status open_one(struct intervals *intervals, const struct record *record, const struct keys *keys,
                            enum interval_fault *fault)
{
    if (table_find(&intervals->seen, keys->interval)->used) {
        *fault = INTERVAL_OPENED_TWICE;
        return OK;
    }
    if (table_find(&intervals->busy, keys->seat)->place) {
        *fault = INTERVAL_OVERLAPS;
        return OK;
    }
    TRY(reserve(intervals));
    intervals->open[intervals->open_count++] = *record;
    table_put(&intervals->seen, keys->interval, intervals->open_count);
    table_put(&intervals->busy, keys->seat, 1);
    *fault = INTERVAL_GOOD;
    return OK;
}

static enum interval_fault closing_fault(const struct record *open, const struct record *close)
{
    if (!id_equal(&open->session, &close->session) || !id_equal(&open->participation, &close->participation) ||
        !id_equal(&open->person, &close->person) || !id_equal(&open->client, &close->client))
        return INTERVAL_STRAYS;
    return close->unix_us < open->unix_us ? INTERVAL_RUNS_BACKWARDS : INTERVAL_GOOD;
}

static enum status close_one(struct intervals *intervals, const struct record *record, const struct keys *keys,
                             enum interval_fault *fault)
{
    size_t place = table_find(&intervals->seen, keys->interval)->place;
    enum interval_fault found = place ? closing_fault(&intervals->open[place - 1], record) : INTERVAL_CLOSED_UNOPENED;
    if (found != INTERVAL_GOOD) {
        *fault = found;
        return OK;
    }
    /* The last one moves into its place. */
    const struct record *last = &intervals->open[intervals->open_count - 1];
    struct keys moved;
    TRY(keys_of(last, &moved));
    intervals->open[place - 1] = *last;
    intervals->open_count--;
    table_put(&intervals->seen, moved.interval, place);
    table_put(&intervals->seen, keys->interval, 0);
    table_put(&intervals->busy, keys->seat, 0);
    *fault = INTERVAL_GOOD;
    return OK;
}

enum status intervals_row(struct intervals *intervals, const struct record *record, enum interval_fault *fault)
{
    struct keys keys;
    if (record->kind != RECORD_OPEN && record->kind != RECORD_CLOSE) {
        *fault = INTERVAL_GOOD;
        return OK;
    }
    if (!record->interval.text[0] || !record->session.text[0] || !record->participation.text[0]) {
        *fault = INTERVAL_INCOMPLETE;
        return OK;
    }
    TRY(keys_of(record, &keys));
    return record->kind == RECORD_OPEN ? open_one(intervals, record, &keys, fault)
                                       : close_one(intervals, record, &keys, fault);
}

size_t intervals_open_count(const struct intervals *intervals)
{
    return intervals->open_count;
}

const struct record *intervals_open_at(const struct intervals *intervals, size_t index)
{
    return index < intervals->open_count ? &intervals->open[index] : NULL;
}

const struct record *intervals_find(const struct intervals *intervals, const struct id *interval)
{
    static const struct id nothing = { "" };
    uint8_t fingerprint[FINGERPRINT_LEN];
    if (!fingerprint_of(interval, &nothing, fingerprint))
        return NULL;
    size_t place = table_find(&intervals->seen, fingerprint)->place;
    return place ? &intervals->open[place - 1] : NULL;
}

struct record intervals_recovery(const struct record *open, int64_t heartbeat_unix_us)
{
    struct record close = *open;
    close.kind = RECORD_CLOSE;
    close.unix_us = heartbeat_unix_us > open->unix_us ? heartbeat_unix_us : open->unix_us;
    close.by = (struct id){ 0 };
    memset(close.reason, 0, sizeof close.reason);
    memcpy(close.reason, "crash", sizeof "crash");
    close.recovered = true;
    return close;
}
