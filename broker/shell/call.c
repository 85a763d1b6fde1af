#include "shell/call.h"

#include <stdlib.h>
#include <string.h>

/* Each text with its NUL, its length before it. */
static void put_text(struct writer *w, const char *text)
{
    size_t len = strlen(text) + 1;
    write_be32(w, (uint32_t)len);
    write_bytes(w, (struct bytes){ (const uint8_t *)text, len });
}

static void put_bytes(struct writer *w, struct bytes bytes)
{
    write_be32(w, (uint32_t)bytes.len);
    write_bytes(w, bytes);
}

static struct bytes take_bytes(struct reader *r)
{
    return read_bytes(r, read_be32(r));
}

static const char *take_text(struct reader *r)
{
    struct bytes text = take_bytes(r);
    if (text.len == 0 || text.at[text.len - 1] != 0)
        r->bad = true;
    return r->bad ? "" : (const char *)text.at;
}

static struct note *note_of(struct writer *w)
{
    struct note *note = w->bad ? NULL : note_create(writer_bytes(w));
    if (w->at)
        bytes_wipe(w->at, w->len);
    free(w->at);
    return note;
}

static struct writer writer_for(size_t texts)
{
    enum { FIXED = 64 };
    uint8_t *at = malloc(texts + FIXED);
    return writer_over(at, at ? texts + FIXED : 0);
}

static struct reader reader_of(const struct note *note)
{
    return reader_over((struct bytes){ note->data + NOTE_HEADROOM, note->len });
}

struct note *call_pack(const struct api_request *r)
{
    const char *const texts[] = { r->method, r->path,       r->query,  r->authorization,   r->proof,
                                  r->origin, r->fetch_site, r->cookie, r->idempotency_key, r->content_type };
    size_t len = r->body.len;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        len += strlen(texts[i]) + 1;
    struct writer w = writer_for(len);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        put_text(&w, texts[i]);
    put_bytes(&w, r->body);
    return note_of(&w);
}

enum status call_unpack(const struct note *note, struct api_request *request)
{
    struct reader r = reader_of(note);
    struct api_request read = { .method = take_text(&r) };
    read.path = take_text(&r);
    read.query = take_text(&r);
    read.authorization = take_text(&r);
    read.proof = take_text(&r);
    read.origin = take_text(&r);
    read.fetch_site = take_text(&r);
    read.cookie = take_text(&r);
    read.idempotency_key = take_text(&r);
    read.content_type = take_text(&r);
    read.body = take_bytes(&r);
    if (r.bad || r.left > 0)
        return ERR_MALFORMED;
    *request = read;
    return OK;
}

struct note *answer_pack(const struct api_response *response)
{
    const char *type = response->content_type ? response->content_type : "";
    struct bytes body = bytes_of(response->body ? response->body : "");
    struct writer w = writer_for(strlen(type) + strlen(response->location) + strlen(response->allow) +
                                 strlen(response->cookie) + 4 + body.len);
    write_be32(&w, (uint32_t)response->status);
    put_text(&w, type);
    put_text(&w, response->location);
    put_text(&w, response->allow);
    put_text(&w, response->cookie);
    put_bytes(&w, body);
    return note_of(&w);
}

enum status answer_unpack(const struct note *note, struct answer *answer)
{
    struct reader r = reader_of(note);
    struct answer read = { .status = (int)read_be32(&r) };
    read.content_type = take_text(&r);
    read.location = take_text(&r);
    read.allow = take_text(&r);
    read.cookie = take_text(&r);
    read.body = take_bytes(&r);
    if (r.bad || r.left > 0)
        return ERR_MALFORMED;
    *answer = read;
    return OK;
}
