#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct bytes bytes_of(const char *text)
{
    return (struct bytes){ (const uint8_t *)text, strlen(text) };
}

bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool bytes_equal_secret(struct bytes a, struct bytes b)
{
    if (a.len != b.len)
        return false;
    uint8_t difference = 0;
    for (size_t i = 0; i < a.len; i++)
        difference |= a.at[i] ^ b.at[i];
    return difference == 0;
}

void bytes_wipe(void *at, size_t len)
{
    memset(at, 0, len);
    __asm__ volatile("" : : "r"(at) : "memory"); /* the compiler must assume that somebody looks */
}

struct reader reader_over(struct bytes bytes)
{
    return (struct reader){ bytes.at, bytes.len, false };
}

struct bytes read_bytes(struct reader *r, size_t len)
{
    if (r->bad || len > r->left) {
        r->bad = true;
        return (struct bytes){ 0 };
    }
    struct bytes read = { r->at, len };
    r->at += len;
    r->left -= len;
    return read;
}

static uint64_t read_be(struct reader *r, size_t width)
{
    struct bytes raw = read_bytes(r, width);
    uint64_t value = 0;
    for (size_t i = 0; i < raw.len; i++)
        value = value << 8 | raw.at[i];
    return value;
}

uint8_t read_u8(struct reader *r)
{
    return (uint8_t)read_be(r, 1);
}
uint16_t read_be16(struct reader *r)
{
    return (uint16_t)read_be(r, 2);
}
uint32_t read_be24(struct reader *r)
{
    return (uint32_t)read_be(r, 3);
}
uint32_t read_be32(struct reader *r)
{
    return (uint32_t)read_be(r, 4);
}
uint64_t read_be64(struct reader *r)
{
    return read_be(r, 8);
}

struct writer writer_over(uint8_t *at, size_t cap)
{
    return (struct writer){ .at = at, .cap = cap };
}

/* Room for len bytes more, or NULL and bad. */
static uint8_t *claim(struct writer *w, size_t len)
{
    if (w->bad || len > w->cap - w->len) {
        w->bad = true;
        return NULL;
    }
    uint8_t *at = w->at + w->len;
    w->len += len;
    return at;
}

static void write_be(struct writer *w, uint64_t value, size_t width)
{
    uint8_t *at = claim(w, width);
    if (!at)
        return;
    for (size_t i = width; i-- > 0; value >>= 8)
        at[i] = (uint8_t)value;
}

void write_u8(struct writer *w, uint8_t value)
{
    write_be(w, value, 1);
}
void write_be16(struct writer *w, uint16_t value)
{
    write_be(w, value, 2);
}
void write_be24(struct writer *w, uint32_t value)
{
    write_be(w, value, 3);
}
void write_be32(struct writer *w, uint32_t value)
{
    write_be(w, value, 4);
}
void write_be64(struct writer *w, uint64_t value)
{
    write_be(w, value, 8);
}

void write_bytes(struct writer *w, struct bytes bytes)
{
    uint8_t *at = claim(w, bytes.len);
    if (at && bytes.len > 0)
        memcpy(at, bytes.at, bytes.len);
}

void write_text(struct writer *w, const char *text)
{
    write_bytes(w, bytes_of(text));
}

void write_format(struct writer *w, const char *format, ...)
{
    if (w->bad)
        return;
    va_list arguments;
    va_start(arguments, format);
    size_t room = w->cap - w->len;
    int len = vsnprintf((char *)w->at + w->len, room, format, arguments);
    va_end(arguments);
    if (len < 0 || (size_t)len >= room) /* >=: vsnprintf's NUL must fit too, or the last character is cut */
        w->bad = true;
    else
        w->len += (size_t)len;
}

struct bytes writer_bytes(const struct writer *w)
{
    return (struct bytes){ w->at, w->len };
}
