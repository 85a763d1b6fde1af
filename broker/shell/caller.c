#include "shell/caller.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "room/refusal.h"
#include "signaling/notice.h"
#include "signaling/request.h"

enum { PARTIAL_FIRST = 1024, NOTICE_HELLO_MAX = 128, NOTICE_ERROR_MAX = 1024 };

void caller_init(struct caller *c, client_id id)
{
    *c = (struct caller){ .id = id, .stage = CALLER_NEW };
}

void caller_deinit(struct caller *c)
{
    struct note *note;
    while ((note = caller_take(c)))
        note_destroy(note);
    note_destroy(c->partial);
    *c = (struct caller){ 0 };
}

static enum status owe_text(struct caller *c, struct bytes text)
{
    struct note *note = note_create(text);
    return note ? caller_owe(c, note) : ERR_NO_MEMORY;
}

enum status caller_greet(struct caller *c, const struct entropy *entropy)
{
    uint8_t random[CALLER_NONCE_BYTES], buffer[NOTICE_HELLO_MAX];
    entropy_fill(entropy, random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(c->nonce + 2 * i, 3, "%02x", random[i]);
    struct writer writer = writer_over(buffer, sizeof buffer);
    TRY(notice_hello(&writer, c->nonce));
    return owe_text(c, writer_bytes(&writer));
}

static enum status grow_partial(struct caller *c, size_t len)
{
    if (c->partial && len <= c->partial_cap)
        return OK;
    size_t cap = c->partial ? c->partial_cap : PARTIAL_FIRST;
    while (cap < len)
        cap *= 2;
    struct note *grown = realloc(c->partial, sizeof *grown + NOTE_HEADROOM + cap);
    if (!grown)
        return ERR_NO_MEMORY;
    if (!c->partial)
        *grown = (struct note){ 0 };
    c->partial = grown;
    c->partial_cap = cap;
    return OK;
}

/* Each message costs 1/CALLER_RATE_PER_S of a second; a burst may run ahead of the clock. A long one takes the broker
 * longer, so it counts as several. */
static bool may_speak(struct caller *c, usec_t mono_us, size_t len)
{
    const usec_t price = USEC_PER_SEC / CALLER_RATE_PER_S, most = CALLER_BURST * price;
    usec_t cost = (1 + len / CALLER_PRICED_BYTES) * price;
    if (c->paid_until < mono_us)
        c->paid_until = mono_us;
    if (c->paid_until - mono_us + cost > most)
        return false;
    c->paid_until += cost;
    return true;
}

enum status caller_hear(struct caller *c, usec_t mono_us, struct bytes piece, bool binary, bool last,
                        struct note **message)
{
    if (binary)
        return ERR_UNSUPPORTED;
    size_t had = c->partial ? c->partial->len : 0;
    if (piece.len > (size_t)REQUEST_TEXT_MAX - had)
        return ERR_FULL;
    TRY(grow_partial(c, had + piece.len));
    if (piece.len > 0)
        memcpy(note_text(c->partial) + had, piece.at, piece.len);
    c->partial->len = had + piece.len;
    if (last && !may_speak(c, mono_us, c->partial->len))
        return ERR_FORBIDDEN;
    *message = last ? c->partial : NULL;
    if (last)
        c->partial = NULL;
    return OK;
}

void caller_asks_in(struct caller *c, usec_t mono_us)
{
    c->join_came = mono_us;
}

void caller_refuse_in(struct caller *c)
{
    /* A later join can only have a later moment. */
    c->silent_until = c->join_came + CALLER_REFUSED_AFTER_US;
}

usec_t caller_silence(const struct caller *c, usec_t mono_us)
{
    return mono_us < c->silent_until ? c->silent_until - mono_us : 0;
}

enum status caller_owe(struct caller *c, struct note *note)
{
    if (note->len > CALLER_OWED_MAX - c->owed) {
        note_destroy(note);
        return ERR_FULL;
    }
    note->next = NULL;
    if (c->last)
        c->last->next = note;
    else
        c->first = note;
    c->last = note;
    c->owed += note->len;
    return OK;
}

enum status caller_owe_error(struct caller *c, uint32_t request, const char *code)
{
    uint8_t buffer[NOTICE_ERROR_MAX];
    struct writer writer = writer_over(buffer, sizeof buffer);
    TRY(notice_error(&writer, request, code, refusal_words(code)));
    return owe_text(c, writer_bytes(&writer));
}

struct note *caller_take(struct caller *c)
{
    struct note *note = c->first;
    if (!note)
        return NULL;
    c->first = note->next;
    if (!c->first)
        c->last = NULL;
    c->owed -= note->len;
    return note;
}

void caller_close(struct caller *c, uint16_t code, const char *reason)
{
    if (c->closing)
        return;
    c->closing = true;
    c->close_code = code;
    snprintf(c->close_reason, sizeof c->close_reason, "%s", reason);
}

uint16_t caller_close_code(const char *reason)
{
    /* RFC 6455 7.4.1; 1013 is "try again later" in IANA's registry. */
    static const struct {
        const char *reason;
        uint16_t code;
    } codes[] = {
        { "left", 1000 },          { "ended", 1000 },        { "removed", 1000 },   { "moved", 1000 },
        { "token_expired", 1000 }, { "session_over", 1000 }, { "bad_token", 1008 }, { "too_many_messages", 1008 },
        { "not_joined", 1008 },    { "not_text", 1003 },     { "too_long", 1009 },  { "busy", 1013 },
    };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(codes[i].reason, reason) == 0)
            return codes[i].code;
    return 1011; /* not one of ours: to the client a lost link */
}
