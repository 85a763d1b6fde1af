#include "transport/stun.h"

#include <assert.h>
#define ERR_STATE OPENSSL_ERR_STATE /* OpenSSL has a type of our constant's name */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#undef ERR_STATE
#include <string.h>

enum {
    HEADER_LEN = 20,
    ATTRIBUTE_HEADER_LEN = 4,
    INTEGRITY_LEN = 20,
    FINGERPRINT_VALUE_LEN = 4,
    USERNAME_MAX = 508, /* RFC 8489 14.3 */
};
#define MAGIC_COOKIE 0x2112a442u
#define FINGERPRINT_XOR 0x5354554eu

/* RFC 8489 18.3; RFC 8445 20.1. Types below 0x8000 must be understood, the others may be skipped. */
enum attribute {
    MAPPED_ADDRESS = 0x0001,
    USERNAME = 0x0006,
    MESSAGE_INTEGRITY = 0x0008,
    ERROR_CODE = 0x0009,
    UNKNOWN_ATTRIBUTES = 0x000a,
    MESSAGE_INTEGRITY_SHA256 = 0x001c,
    XOR_MAPPED_ADDRESS = 0x0020,
    PRIORITY = 0x0024,
    USE_CANDIDATE = 0x0025,
    OPTIONAL_FROM = 0x8000,
    FINGERPRINT = 0x8028,
    ICE_CONTROLLED = 0x8029,
    ICE_CONTROLLING = 0x802a,
};

/* The message type mixes the class's two bits into the method's (RFC 8489 5): M11..M7 C1 M6..M4 C0 M3..M0. */
static uint16_t type_join(enum stun_class class_, uint16_t method)
{
    unsigned c = (unsigned)class_;
    return (uint16_t)((method & 0x0f80u) << 2 | (c & 2u) << 7 | (method & 0x0070u) << 1 | (c & 1u) << 4 |
                      (method & 0x000fu));
}

static void type_split(uint16_t type, struct stun_message *m)
{
    m->class_ = (enum stun_class)((type >> 7 & 2) | (type >> 4 & 1));
    m->method = (uint16_t)((type >> 2 & 0x0f80) | (type >> 1 & 0x0070) | (type & 0x000f));
}

static size_t padded(size_t len)
{
    return (len + 3) & ~(size_t)3;
}

/* CRC-32 of ITU V.42, a nibble at a time. */
static uint32_t crc32(struct bytes bytes)
{
    static const uint32_t table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
        0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    uint32_t crc = ~0u;
    for (size_t i = 0; i < bytes.len; i++) {
        crc ^= bytes.at[i];
        crc = table[crc & 15] ^ crc >> 4;
        crc = table[crc & 15] ^ crc >> 4;
    }
    return ~crc;
}

/* HMAC-SHA1 over the message up to the attribute, whose header's length must say that the message ends with the
 * attribute (RFC 8489 14.5). */
static bool integrity(struct bytes before, struct bytes pwd, uint8_t value[static INTEGRITY_LEN])
{
    uint8_t copy[STUN_MESSAGE_MAX];
    assert(before.len >= HEADER_LEN && before.len <= sizeof copy);
    memcpy(copy, before.at, before.len);
    store_be16(copy + 2, (uint16_t)(before.len - HEADER_LEN + ATTRIBUTE_HEADER_LEN + INTEGRITY_LEN));
    return HMAC(EVP_sha1(), pwd.at, (int)pwd.len, copy, before.len, value, NULL) != NULL;
}

/* Header: type, length, cookie, transaction. The length covers exactly the rest of the datagram. */
static bool read_header(struct reader *r, struct stun_message *m)
{
    uint16_t type = read_be16(r), len = read_be16(r);
    uint32_t cookie = read_be32(r);
    struct bytes transaction = read_bytes(r, STUN_TRANSACTION_LEN);
    if (r->bad || type >= 0x4000 || cookie != MAGIC_COOKIE || len != r->left || len % 4 != 0)
        return false;
    type_split(type, m);
    memcpy(m->transaction, transaction.at, STUN_TRANSACTION_LEN);
    return true;
}

/* The next attribute's type and value, padding stepped over. */
static uint16_t read_attribute(struct reader *r, struct bytes *value)
{
    uint16_t type = read_be16(r);
    size_t len = read_be16(r);
    *value = read_bytes(r, len);
    read_bytes(r, padded(len) - len);
    return type;
}

/* RFC 8489 14.2: port and address are XORed with the cookie, an IPv6 address also with the transaction. XOR undoes
 * itself, so this serves both ways. */
static struct address address_xor(struct address a, const uint8_t transaction[static STUN_TRANSACTION_LEN])
{
    uint8_t pad[16];
    store_be32(pad, MAGIC_COOKIE);
    memcpy(pad + 4, transaction, STUN_TRANSACTION_LEN);
    a.port ^= MAGIC_COOKIE >> 16;
    for (size_t i = 0; i < (a.family == ADDRESS_IPV6 ? 16u : 4u); i++)
        a.ip[i] ^= pad[i];
    return a;
}

typedef bool decode_fn(struct stun_message *, struct bytes value);

static bool decode_username(struct stun_message *m, struct bytes value)
{
    m->username = value;
    return value.len > 0 && value.len <= USERNAME_MAX;
}

static bool decode_priority(struct stun_message *m, struct bytes value)
{
    if (value.len != 4)
        return false;
    m->has_priority = true;
    m->priority = load_be32(value.at);
    return true;
}

static bool decode_use_candidate(struct stun_message *m, struct bytes value)
{
    m->use_candidate = true;
    return value.len == 0;
}

/* RFC 8445 7.1.3: an agent claims one role. A message that claims both is broken. */
static bool decode_role(struct stun_message *m, struct bytes value, bool *role)
{
    struct reader r = reader_over(value);
    *role = true;
    m->tie_breaker = read_be64(&r);
    return value.len == 8 && !(m->controlled && m->controlling);
}

static bool decode_controlled(struct stun_message *m, struct bytes value)
{
    return decode_role(m, value, &m->controlled);
}

static bool decode_controlling(struct stun_message *m, struct bytes value)
{
    return decode_role(m, value, &m->controlling);
}

static bool decode_mapped(struct stun_message *m, struct bytes value)
{
    struct reader r = reader_over(value);
    read_u8(&r);
    uint8_t family = read_u8(&r); /* 1 and 2, as in enum address_family */
    struct address a = { .family = family, .port = read_be16(&r) };
    size_t len = family == ADDRESS_IPV4 ? 4 : 16;
    if (r.bad || (family != ADDRESS_IPV4 && family != ADDRESS_IPV6) || r.left != len)
        return false;
    memcpy(a.ip, r.at, len);
    m->mapped = address_xor(a, m->transaction);
    return true;
}

static bool decode_error(struct stun_message *m, struct bytes value)
{
    struct reader r = reader_over(value);
    uint32_t word = read_be32(&r);
    unsigned hundreds = word >> 8 & 7, rest = word & 0xff;
    m->error = (uint16_t)(hundreds * 100 + rest);
    return !r.bad && hundreds >= 3 && hundreds <= 6 && rest < 100;
}

static bool note_unknown(struct stun_message *m, uint16_t type)
{
    if (m->unknown_count < sizeof m->unknown / sizeof *m->unknown)
        m->unknown[m->unknown_count++] = type;
    return true;
}

static bool decode_unknown(struct stun_message *m, struct bytes value)
{
    struct reader r = reader_over(value);
    while (r.left >= 2)
        note_unknown(m, read_be16(&r));
    return r.left == 0;
}

/* RFC 8489 defines it, and says to skip a MAPPED-ADDRESS beside the XORed one; the SHA-256 integrity is for those who
 * can't do SHA-1, and we rely on the latter. */
static bool decode_nothing(struct stun_message *m, struct bytes value)
{
    (void)m, (void)value;
    return true;
}

/* What each attribute means to us. MESSAGE-INTEGRITY and FINGERPRINT need their place in the message: see stun_parse.
 */
static const struct {
    uint16_t type;
    decode_fn *decode;
} attributes[] = {
    { MAPPED_ADDRESS, decode_nothing },
    { USERNAME, decode_username },
    { ERROR_CODE, decode_error },
    { UNKNOWN_ATTRIBUTES, decode_unknown },
    { MESSAGE_INTEGRITY_SHA256, decode_nothing },
    { XOR_MAPPED_ADDRESS, decode_mapped },
    { PRIORITY, decode_priority },
    { USE_CANDIDATE, decode_use_candidate },
    { ICE_CONTROLLED, decode_controlled },
    { ICE_CONTROLLING, decode_controlling },
};
enum { ATTRIBUTE_COUNT = sizeof attributes / sizeof *attributes };

/* `seen` has a bit per row: of an attribute that appears twice, only the first counts (RFC 8489 14). */
static bool decode(struct stun_message *m, uint16_t type, struct bytes value, unsigned *seen)
{
    for (unsigned i = 0; i < ATTRIBUTE_COUNT; i++) {
        if (attributes[i].type != type)
            continue;
        bool again = *seen >> i & 1;
        *seen |= 1u << i;
        return again || attributes[i].decode(m, value);
    }
    return type >= OPTIONAL_FROM || note_unknown(m, type);
}

static bool fingerprint_ok(struct bytes before, struct bytes value)
{
    return value.len == FINGERPRINT_VALUE_LEN && load_be32(value.at) == (crc32(before) ^ FINGERPRINT_XOR);
}

enum status stun_parse(struct bytes raw, struct stun_message *parsed)
{
    struct stun_message m = { 0 };
    struct reader r = reader_over(raw);
    unsigned seen = 0;
    if (raw.len > STUN_MESSAGE_MAX || !read_header(&r, &m))
        return ERR_MALFORMED;
    while (r.left > 0 && !m.fingerprint) {
        struct bytes before = { raw.at, raw.len - r.left }, value;
        uint16_t type = read_attribute(&r, &value);
        bool good = !r.bad;
        if (good && type == FINGERPRINT) {
            m.fingerprint = good = fingerprint_ok(before, value);
        } else if (good && m.integrity_at > 0) {
            continue; /* 14.5: what follows the integrity is not protected by it */
        } else if (good && type == MESSAGE_INTEGRITY) {
            m.integrity = value;
            m.integrity_at = before.len;
            good = value.len == INTEGRITY_LEN;
        } else if (good) {
            good = decode(&m, type, value, &seen);
        }
        if (!good)
            return ERR_MALFORMED;
    }
    if (r.left > 0) /* FINGERPRINT is the last, 14.7 */
        return ERR_MALFORMED;
    *parsed = m;
    return OK;
}

bool stun_integrity_ok(struct bytes raw, const struct stun_message *m, struct bytes pwd)
{
    uint8_t value[INTEGRITY_LEN];
    if (m->integrity.len != INTEGRITY_LEN || m->integrity_at < HEADER_LEN || m->integrity_at > raw.len ||
        raw.len > STUN_MESSAGE_MAX)
        return false;
    return integrity((struct bytes){ raw.at, m->integrity_at }, pwd, value) &&
           bytes_equal_secret(m->integrity, (struct bytes){ value, sizeof value });
}

struct bytes stun_route_ufrag(struct bytes raw)
{
    struct stun_message header;
    struct reader r = reader_over(raw);
    if (!read_header(&r, &header) || header.class_ != STUN_REQUEST || header.method != STUN_BINDING)
        return (struct bytes){ 0 };
    while (r.left > 0) {
        struct bytes value;
        uint16_t type = read_attribute(&r, &value);
        if (r.bad)
            break;
        if (type != USERNAME)
            continue;
        const uint8_t *colon = value.len > 0 ? memchr(value.at, ':', value.len) : NULL;
        return colon ? (struct bytes){ value.at, (size_t)(colon - value.at) } : (struct bytes){ 0 };
    }
    return (struct bytes){ 0 };
}

static void write_attribute(struct writer *w, enum attribute type, struct bytes value)
{
    static const uint8_t zeros[3] = { 0 };
    write_be16(w, (uint16_t)type);
    write_be16(w, (uint16_t)value.len);
    write_bytes(w, value);
    write_bytes(w, (struct bytes){ zeros, padded(value.len) - value.len });
}

static void write_mapped(struct writer *w, const struct stun_message *m)
{
    struct address a = address_xor(m->mapped, m->transaction);
    size_t len = a.family == ADDRESS_IPV6 ? 16 : 4;
    write_be16(w, XOR_MAPPED_ADDRESS);
    write_be16(w, (uint16_t)(4 + len));
    write_be16(w, a.family);
    write_be16(w, a.port);
    write_bytes(w, (struct bytes){ a.ip, len });
}

/* Without a reason phrase, which nobody reads: an error should not outweigh what provoked it. */
static void write_error(struct writer *w, const struct stun_message *m)
{
    write_be16(w, ERROR_CODE);
    write_be16(w, 4);
    write_be32(w, (uint32_t)(m->error / 100) << 8 | m->error % 100);
    if (m->unknown_count == 0)
        return;
    uint8_t list[sizeof m->unknown];
    for (size_t i = 0; i < m->unknown_count; i++)
        store_be16(list + 2 * i, m->unknown[i]);
    write_attribute(w, UNKNOWN_ATTRIBUTES, (struct bytes){ list, 2 * m->unknown_count });
}

static void write_role(struct writer *w, const struct stun_message *m)
{
    write_be16(w, m->controlling ? ICE_CONTROLLING : ICE_CONTROLLED);
    write_be16(w, 8);
    write_be64(w, m->tie_breaker);
}

static void write_body(struct writer *w, const struct stun_message *m)
{
    write_be16(w, type_join(m->class_, m->method));
    write_be16(w, 0);
    write_be32(w, MAGIC_COOKIE);
    write_bytes(w, (struct bytes){ m->transaction, STUN_TRANSACTION_LEN });
    if (m->username.len > 0)
        write_attribute(w, USERNAME, m->username);
    if (m->has_priority) {
        write_be16(w, PRIORITY);
        write_be16(w, 4);
        write_be32(w, m->priority);
    }
    if (m->controlling || m->controlled)
        write_role(w, m);
    if (m->use_candidate)
        write_attribute(w, USE_CANDIDATE, (struct bytes){ 0 });
    if (m->mapped.family != ADDRESS_NONE)
        write_mapped(w, m);
    if (m->error != 0)
        write_error(w, m);
}

enum status stun_write(const struct stun_message *m, struct bytes pwd, uint8_t *at, size_t cap, size_t *len)
{
    struct writer w = writer_over(at, cap < STUN_MESSAGE_MAX ? cap : STUN_MESSAGE_MAX);
    write_body(&w, m);
    if (!w.bad && pwd.len > 0) {
        uint8_t value[INTEGRITY_LEN];
        if (!integrity(writer_bytes(&w), pwd, value))
            return ERR_SYSTEM;
        write_attribute(&w, MESSAGE_INTEGRITY, (struct bytes){ value, sizeof value });
    }
    size_t before = w.len;
    write_be16(&w, FINGERPRINT);
    write_be16(&w, FINGERPRINT_VALUE_LEN);
    if (w.bad || w.cap - w.len < FINGERPRINT_VALUE_LEN)
        return ERR_FULL;
    store_be16(at + 2, (uint16_t)(w.len + FINGERPRINT_VALUE_LEN - HEADER_LEN)); /* the CRC covers the final length */
    write_be32(&w, crc32((struct bytes){ at, before }) ^ FINGERPRINT_XOR);
    *len = w.len;
    return OK;
}
