#include "bench/floor_hello.h"

#include <string.h>

/* 'F' is no first byte of STUN, DTLS or RTP (RFC 7983 7). */
#define MAGIC 0x464c4f52u

void floor_hello_write(struct writer *w, const struct floor_hello *h)
{
    write_be32(w, MAGIC);
    write_be32(w, h->origin);
    write_be16(w, h->room);
    write_u8(w, h->receives);
    write_bytes(w, (struct bytes){ h->up_key, FLOOR_KEY_LEN });
    write_bytes(w, (struct bytes){ h->up_salt, FLOOR_SALT_LEN });
    write_bytes(w, (struct bytes){ h->down_key, FLOOR_KEY_LEN });
    write_bytes(w, (struct bytes){ h->down_salt, FLOOR_SALT_LEN });
}

static void read_into(struct reader *r, uint8_t *out, size_t len)
{
    struct bytes got = read_bytes(r, len);
    if (!r->bad)
        memcpy(out, got.at, len);
}

enum status floor_hello_parse(struct bytes datagram, struct floor_hello *out)
{
    struct reader r = reader_over(datagram);
    struct floor_hello h = { 0 };
    uint32_t magic = read_be32(&r);
    h.origin = read_be32(&r);
    h.room = read_be16(&r);
    h.receives = read_u8(&r);
    read_into(&r, h.up_key, FLOOR_KEY_LEN);
    read_into(&r, h.up_salt, FLOOR_SALT_LEN);
    read_into(&r, h.down_key, FLOOR_KEY_LEN);
    read_into(&r, h.down_salt, FLOOR_SALT_LEN);
    if (r.bad || r.left > 0 || magic != MAGIC)
        return ERR_MALFORMED;
    *out = h;
    return OK;
}
