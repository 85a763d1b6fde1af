#include "ledger/record.h"

#include <jansson.h>
#include <string.h>

static const char *const kinds[] = {
    [RECORD_OPEN] = "open",       [RECORD_CLOSE] = "close",     [RECORD_REFUSED] = "refused",
    [RECORD_AGREED] = "agreed",   [RECORD_REMOVED] = "removed", [RECORD_ACKNOWLEDGED] = "acknowledged",
    [RECORD_REVOKED] = "revoked", [RECORD_SESSION] = "session", [RECORD_HEARTBEAT] = "heartbeat",
};
enum { KIND_COUNT = sizeof kinds / sizeof *kinds };

const char *record_kind_name(enum record_kind kind)
{
    return kind > 0 && (int)kind < KIND_COUNT ? kinds[kind] : "?";
}

enum record_kind record_kind_parse(struct bytes word)
{
    for (int kind = 1; kind < KIND_COUNT; kind++)
        if (bytes_equal(word, bytes_of(kinds[kind])))
            return (enum record_kind)kind;
    return 0;
}

/* The text fields, in the order of the canonical form but for `epoch` and `mode`, which stand between the two tables.
 */
struct field {
    const char *key;
    size_t offset, max;
    bool is_id;
};
#define ID_FIELD(name)                                                                                                 \
    {                                                                                                                  \
#name, offsetof(struct record, name), ID_MAX, true                                                             \
    }
static const struct field ids[] = {
    ID_FIELD(session), ID_FIELD(participation), ID_FIELD(person),   ID_FIELD(client),
    ID_FIELD(by),      ID_FIELD(grant),         ID_FIELD(interval), ID_FIELD(device),
};
static const struct field words[] = {
    { "reason", offsetof(struct record, reason), REASON_MAX, false },
    { "guidance", offsetof(struct record, guidance_version), VERSION_MAX, false },
    { "notice", offsetof(struct record, notice_version), VERSION_MAX, false },
};
enum { IDS = sizeof ids / sizeof *ids, WORDS = sizeof words / sizeof *words };

/* A code or a version: one printable word that JSON writes as it is. Without spaces it can't be a sentence. */
static bool is_word(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] <= ' ' || text.at[i] > '~' || text.at[i] == '"' || text.at[i] == '\\')
            return false;
    return true;
}

static bool fits(const struct field *field, struct bytes text)
{
    struct id id;
    return field->is_id ? id_parse(text, &id) : text.len > 0 && text.len <= field->max && is_word(text);
}

/* Absent is fine; present must be something that can be read back. */
static bool write_fields(struct writer *w, const struct record *record, const struct field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *at = (const char *)record + fields[i].offset;
        if (*at == '\0')
            continue;
        const char *end = memchr(at, '\0', fields[i].max + 1);
        if (!end || !fits(&fields[i], (struct bytes){ (const uint8_t *)at, (size_t)(end - at) }))
            return false;
        write_format(w, ",\"%s\":\"%s\"", fields[i].key, at);
    }
    return true;
}

static bool is_writable(const struct record *record)
{
    return record->kind > 0 && (int)record->kind < KIND_COUNT && record->unix_us >= 0 &&
           record->unix_us <= RECORD_UNIX_US_MAX && (int)record->mode >= 0 && record->mode <= MODE_FULL;
}

enum status record_write(struct writer *w, const struct record *record)
{
    struct writer before = *w;
    if (!is_writable(record))
        return ERR_MALFORMED;
    write_format(w, "{\"kind\":\"%s\",\"at\":%lld", record_kind_name(record->kind), (long long)record->unix_us);
    if (!write_fields(w, record, ids, IDS))
        goto malformed;
    if (record->grant_epoch)
        write_format(w, ",\"epoch\":%lu", (unsigned long)record->grant_epoch);
    if (record->mode)
        write_format(w, ",\"mode\":\"%s\"", mode_name(record->mode));
    if (!write_fields(w, record, words, WORDS))
        goto malformed;
    write_text(w, record->recovered ? ",\"recovered\":true}" : "}");
    if (!w->bad)
        return OK;
    *w = before;
    return ERR_FULL;
malformed:
    *w = before;
    return ERR_MALFORMED;
}

/* What a key that is not there leaves as it is. */
static bool read_fields(const json_t *object, const struct field *fields, size_t count, struct record *record)
{
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_object_get(object, fields[i].key);
        if (!value)
            continue;
        struct bytes text = { (const uint8_t *)json_string_value(value), json_string_length(value) };
        if (!text.at || !fits(&fields[i], text))
            return false;
        memcpy((char *)record + fields[i].offset, text.at, text.len);
    }
    return true;
}

static struct bytes string_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return (struct bytes){ (const uint8_t *)json_string_value(value), json_string_length(value) };
}

/* Takes what it knows and leaves the judgement to record_parse's comparison. */
static bool read_object(const json_t *object, struct record *record)
{
    json_int_t epoch = json_integer_value(json_object_get(object, "epoch"));
    if (epoch < 0 || epoch > UINT32_MAX)
        return false;
    record->kind = record_kind_parse(string_of(object, "kind"));
    record->unix_us = json_integer_value(json_object_get(object, "at"));
    record->grant_epoch = (uint32_t)epoch;
    record->mode = mode_parse(string_of(object, "mode"));
    record->recovered = json_is_true(json_object_get(object, "recovered"));
    return read_fields(object, ids, IDS, record) && read_fields(object, words, WORDS, record);
}

enum status record_parse(struct bytes text, struct record *record)
{
    struct record parsed = { 0 };
    uint8_t buffer[RECORD_TEXT_MAX + 1]; /* one more for the NUL of printf */
    struct writer w = writer_over(buffer, sizeof buffer);
    if (text.len == 0 || text.len > RECORD_TEXT_MAX)
        return ERR_MALFORMED;
    json_t *object = json_loadb((const char *)text.at, text.len, JSON_REJECT_DUPLICATES, NULL);
    bool read = json_is_object(object) && read_object(object, &parsed);
    json_decref(object);
    /* Writing it again is the whole of strictness: spaces, order, unknown keys, other spellings of a number or of a
     * character, all come out different. */
    if (!read || record_write(&w, &parsed) != OK || !bytes_equal(text, writer_bytes(&w)))
        return ERR_MALFORMED;
    *record = parsed;
    return OK;
}
