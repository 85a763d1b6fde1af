/* bytes.h - slices of memory, and a reader and a writer over them whose failure is sticky.
 *
 * A slice borrows. Check `bad` once, after the last read or write: past the end a reader yields zeros and empty slices,
 * a writer drops what does not fit. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
    const uint8_t *at;
    size_t len;
};

/* The bytes of a C string, without its NUL. */
struct bytes bytes_of(const char *text);
bool bytes_equal(struct bytes, struct bytes);
/* As bytes_equal, in time that depends on the lengths alone: for secrets. */
bool bytes_equal_secret(struct bytes, struct bytes);
/* Overwrites a secret in a way that the compiler keeps. */
void bytes_wipe(void *at, size_t len);

struct reader {
    const uint8_t *at;
    size_t left;
    bool bad;
};

struct reader reader_over(struct bytes);
uint8_t read_u8(struct reader *);
uint16_t read_be16(struct reader *);
uint32_t read_be24(struct reader *);
uint32_t read_be32(struct reader *);
uint64_t read_be64(struct reader *);
/* The next len bytes, borrowed; empty and bad when there are fewer. */
struct bytes read_bytes(struct reader *, size_t len);

struct writer {
    uint8_t *at; /* the start of the buffer */
    size_t cap;
    size_t len; /* written so far */
    bool bad;
};

struct writer writer_over(uint8_t *at, size_t cap);
void write_u8(struct writer *, uint8_t);
void write_be16(struct writer *, uint16_t);
void write_be24(struct writer *, uint32_t);
void write_be32(struct writer *, uint32_t);
void write_be64(struct writer *, uint64_t);
void write_bytes(struct writer *, struct bytes);
void write_text(struct writer *, const char *text);
/* printf into the writer; the NUL is not counted. */
void write_format(struct writer *, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct bytes writer_bytes(const struct writer *);

/* For values already known to be there: big-endian loads and stores. */
static inline uint16_t load_be16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}
static inline uint32_t load_be32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}
static inline void store_be16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}
static inline void store_be32(uint8_t *at, uint32_t value)
{
    store_be16(at, (uint16_t)(value >> 16));
    store_be16(at + 2, (uint16_t)value);
}
