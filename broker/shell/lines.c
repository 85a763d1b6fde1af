#include "shell/lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ERR_STATE OPENSSL_ERR_STATE /* OpenSSL has a type of our constant's name */
#include <libwebsockets.h>
#undef ERR_STATE

#include "auth/device_proof.h"
#include "shell/caller.h"
#include "shell/host.h"
#include "signaling/request.h"

_Static_assert((int)NOTE_HEADROOM >= (int)LWS_PRE, "a note has room for the frame header");

/* Of all places, those who have not joined may hold one in UNJOINED_SHARE: they need not even be anybody. */
enum { JOIN_WITHIN_S = 10, CLOSE_WITHIN_S = 3, UNJOINED_SHARE = 4, URL_MAX = 300 };

struct line {
    struct lws *wsi;
    struct caller caller;
    struct address from;
    const char *origin; /* of the page, one of the config's */
    usec_t heard;       /* when the socket last showed that it is there */
    bool goodbye;       /* the client ends it: it does not break */
    bool greeted;       /* the hello is written */
    bool over;          /* all is written; the timer closes */
    bool deaf;          /* nothing is read: see join */
    usec_t asked;       /* whether it is there, since it was last heard; 0: not asked */
    bool ping;          /* that question is to be written */
    bool silent;        /* the timer is the one of a refused join's moment */
    bool leaving;       /* cut to make room; its place is counted no longer, and free when the socket is closed */
};

struct lines {
    const struct config *config;
    const struct keyring *keyring;
    struct placement *placement;
    const struct log *log;
    struct line *at; /* a free one has stage CALLER_FREE */
    size_t places;   /* connections_max, and as many as may be leaving at once */
    uint64_t serial; /* of the newest */
    struct queue *shards[CONFIG_SHARDS_MAX];
    size_t joined[CONFIG_SHARDS_MAX]; /* clients that a shard knows of, each owed a LETTER_GONE */
};

static size_t unjoined_most(const struct config *config)
{
    return (config->connections_max + UNJOINED_SHARE - 1) / UNJOINED_SHARE;
}

size_t lines_places(const struct config *config)
{
    return config->connections_max + unjoined_most(config);
}

enum status lines_create(struct lines **created, const struct config *config, const struct keyring *keyring,
                         struct placement *placement, const struct log *log)
{
    struct lines *lines = calloc(1, sizeof *lines);
    if (!lines)
        return ERR_NO_MEMORY;
    *lines = (struct lines){ .config = config, .keyring = keyring, .placement = placement, .log = log };
    lines->places = lines_places(config);
    lines->at = calloc(lines->places, sizeof *lines->at);
    if (!lines->at) {
        free(lines);
        return ERR_NO_MEMORY;
    }
    *created = lines;
    return OK;
}

void lines_destroy(struct lines *lines)
{
    if (!lines)
        return;
    for (size_t i = 0; i < lines->places; i++)
        caller_deinit(&lines->at[i].caller);
    free(lines->at);
    free(lines);
}

void lines_connect(struct lines *lines, size_t shard, struct queue *queue)
{
    lines->shards[shard] = queue;
}

/* ---- Coming and going ---- */

/* An id is a serial number and a place: never used twice, and found without a search. */
static client_id id_of(const struct lines *lines, uint64_t serial, size_t place)
{
    return serial * lines->places + place;
}

static struct line *line_find(struct lines *lines, client_id id)
{
    struct line *line = &lines->at[id % lines->places];
    return line->caller.stage != CALLER_FREE && line->caller.id == id ? line : NULL;
}

static struct address address_of(struct lws *wsi)
{
    struct address address = { 0 };
    char text[ADDRESS_TEXT_MAX] = "";
    if (lws_get_peer_simple(wsi, text, sizeof text))
        address_parse_ip(text, &address);
    return address;
}

static struct line *vacant(struct lines *lines)
{
    for (size_t i = 0; i < lines->places; i++)
        if (lines->at[i].caller.stage == CALLER_FREE)
            return &lines->at[i];
    return NULL;
}

static void line_cut(struct line *line)
{
    lws_set_timeout(line->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

/* The lines that are up, counted. */
struct census {
    size_t up, neighbours, unjoined;
    struct line *oldest; /* of the unjoined */
};

static struct census take_census(struct lines *lines, const struct address *from)
{
    struct census census = { 0 };
    for (size_t i = 0; i < lines->places; i++) {
        struct line *line = &lines->at[i];
        if (line->caller.stage == CALLER_FREE || line->leaving)
            continue;
        census.up++;
        census.neighbours += address_is_neighbour(&line->from, from);
        if (line->caller.stage != CALLER_NEW)
            continue;
        census.unjoined++;
        if (!census.oldest || line->caller.id < census.oldest->caller.id)
            census.oldest = line;
    }
    return census;
}

/* Without a goodbye, which the peer could take its time to hear. */
static void make_leave(struct line *line)
{
    line->leaving = true;
    caller_close(&line->caller, caller_close_code("busy"), "busy"); /* so that it can't join any more */
    line_cut(line);
}

bool lines_may_open(struct lines *lines, struct lws *wsi, bool behind_proxy)
{
    struct address from = address_of(wsi);
    struct census census = take_census(lines, &from);
    if (!vacant(lines) || (!behind_proxy && census.neighbours >= lines->config->connections_per_address))
        return false;
    if (census.up < lines->config->connections_max && census.unjoined < unjoined_most(lines->config))
        return true;
    if (!census.oldest)
        return false;
    make_leave(census.oldest);
    return true;
}

/* The one timer of a connection: first for the moment of a refused join, then to close in time, or else to join in
 * time. Joining leaves the timer running: in libwebsockets 4.1 LWS_SET_TIMER_USEC_CANCEL does not cancel but fires at
 * once. */
static void line_set_timer(struct line *line)
{
    usec_t silence = caller_silence(&line->caller, host_now().mono_us);
    usec_t wait = (line->caller.closing ? CLOSE_WITHIN_S : JOIN_WITHIN_S) * USEC_PER_SEC;
    line->silent = silence > 0;
    lws_set_timer_usecs(line->wsi, (lws_usec_t)(silence > 0 ? silence : wait));
}

struct line *line_open(struct lines *lines, struct lws *wsi, const char *origin)
{
    struct line *line = vacant(lines);
    if (!line)
        return NULL;
    struct entropy entropy = host_entropy();
    *line = (struct line){ .wsi = wsi, .from = address_of(wsi), .origin = origin };
    line_heard(line);
    caller_init(&line->caller, id_of(lines, ++lines->serial, (size_t)(line - lines->at)));
    if (caller_greet(&line->caller, &entropy) != OK) {
        line_free(lines, line);
        return NULL;
    }
    line_set_timer(line);
    lws_callback_on_writable(wsi);
    return line;
}

void line_free(struct lines *lines, struct line *line)
{
    struct caller *c = &line->caller;
    if (c->stage == CALLER_JOINED) {
        /* Every other push left room for this one. */
        bool meant = line->goodbye || c->closing;
        struct letter gone = { .kind = meant ? LETTER_GONE : LETTER_LOST, .client = c->id, .number = line->heard };
        lines->joined[c->shard]--;
        if (queue_push(lines->shards[c->shard], &gone, 0) != OK)
            log_error(lines->log, "client %llu cannot be called gone", (unsigned long long)c->id);
    }
    caller_deinit(c);
    *line = (struct line){ 0 };
}

/* Says the rest, then closes; a peer that does not let us is cut off when the timer ends. */
static void line_close(struct line *line, const char *reason)
{
    if (line->caller.closing)
        return;
    caller_close(&line->caller, caller_close_code(reason), reason);
    line_set_timer(line);
    lws_callback_on_writable(line->wsi);
}

static void line_error(struct line *line, uint32_t request, const char *code)
{
    if (caller_owe_error(&line->caller, request, code) != OK)
        line_cut(line);
    lws_callback_on_writable(line->wsi);
}

/* An error, and the end. */
static void line_refuse(struct line *line, uint32_t request, const char *code)
{
    line_error(line, request, code);
    line_close(line, code);
}

/* The same for a join, at its moment. */
static void line_refuse_in(struct line *line, uint32_t request, const char *code)
{
    caller_refuse_in(&line->caller);
    line_refuse(line, request, code);
}

/* ---- What clients say ---- */

static void line_set_deaf(struct line *line, bool deaf)
{
    if (line->deaf == deaf)
        return;
    line->deaf = deaf;
    line->asked = 0; /* what it answered meanwhile is yet to be read */
    lws_rx_flow_control(line->wsi, !deaf);
}

/* A token that is bound to a device opens nothing without that device's key, shown on this very socket. */
static enum status prove_device(const struct line *line, const struct request *request, struct now now,
                                const struct claims *claims)
{
    char url[URL_MAX];
    struct id device;
    if (!claims->device.text[0])
        return OK;
    if (!request->join.proof)
        return ERR_AUTH;
    snprintf(url, sizeof url, "%s/ws", line->origin);
    const struct device_claim claim = {
        .method = "GET",
        .url = url,
        .token = bytes_of(request->join.token),
        .nonce = line->caller.nonce,
    };
    TRY(device_proof_verify(bytes_of(request->join.proof), &claim, now_unix_s(now), &device));
    return id_equal(&device, &claims->device) ? OK : ERR_AUTH;
}

/* Nothing more is read until the answer is known, or for a refusal until it is written: else what comes right behind
 * the join would be heard only where a shard has to look, and tell that the token is authentic. */
static void join(struct lines *lines, struct line *line, const struct request *request)
{
    struct caller *c = &line->caller;
    struct now now = host_now();
    struct letter letter = { .kind = LETTER_JOIN,
                             .client = c->id,
                             .joining = {
                                 .request = request->id, .move = request->join.move, .resume = request->join.resume } };
    struct claims *claims = &letter.joining.claims;
    caller_asks_in(c, now.mono_us);
    line_set_deaf(line, true);
    enum status status =
        token_verify(lines->keyring, lines->config->issuer, bytes_of(request->join.token), now_unix_s(now), claims);
    if (status == OK)
        status = prove_device(line, request, now, claims);
    if (status != OK) {
        log_info(lines->log, "client %llu: token refused: %s", (unsigned long long)c->id, status_name(status));
        line_refuse_in(line, request->id, "bad_token");
        return;
    }
    size_t shard = placement_of(lines->placement, &claims->session);
    if (queue_push(lines->shards[shard], &letter, lines->joined[shard] + 1) != OK) {
        line_refuse_in(line, request->id, "busy");
        return;
    }
    c->stage = CALLER_JOINED;
    c->shard = shard;
    lines->joined[shard]++;
}

static void hear_before_join(struct lines *lines, struct line *line, struct note *message)
{
    static const struct {
        enum status status;
        const char *code;
    } codes[] = { { ERR_UNSUPPORTED, "unknown_type" }, { ERR_FULL, "too_long" } };
    struct request request = { 0 };
    enum status status = request_parse((struct bytes){ note_text(message), message->len }, &request);
    if (status == OK && request.kind == REQUEST_JOIN)
        join(lines, line, &request);
    else if (status == OK)
        line_error(line, request.id, "not_joined");
    else {
        const char *code = "malformed";
        for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
            if (codes[i].status == status)
                code = codes[i].code;
        line_error(line, request.id, code);
    }
    if (status == OK)
        request_wipe(&request);
    note_destroy(message);
}

static void hear(struct lines *lines, struct line *line, struct note *message)
{
    if (line->caller.stage == CALLER_NEW) {
        hear_before_join(lines, line, message);
        return;
    }
    size_t shard = line->caller.shard;
    struct letter letter = { .kind = LETTER_TEXT, .client = line->caller.id, .note = message };
    if (queue_push(lines->shards[shard], &letter, lines->joined[shard]) != OK) {
        letter_wipe(&letter);
        line_refuse(line, 0, "busy");
    }
}

int line_hear(struct lines *lines, struct line *line, struct bytes piece, bool binary, bool last)
{
    static const char *const refusals[] = {
        [ERR_FULL] = "too_long",
        [ERR_FORBIDDEN] = "too_many_messages",
        [ERR_UNSUPPORTED] = "not_text",
        [ERR_NO_MEMORY] = "busy",
    };
    line_heard(line);
    if (line->caller.closing)
        return 0;
    struct note *message = NULL;
    enum status status = caller_hear(&line->caller, host_now().mono_us, piece, binary, last, &message);
    if (status != OK)
        line_refuse(line, 0, refusals[status]);
    else if (message)
        hear(lines, line, message);
    return 0;
}

void line_heard(struct line *line)
{
    line->heard = host_now().mono_us;
    line->asked = 0;
}

void line_goodbye(struct line *line)
{
    line->goodbye = true;
}

/* ---- What clients are told ---- */

/* Of one octet, as libwebsockets 4.1 says nothing of a pong without any. */
static int write_ping(struct line *line)
{
    uint8_t frame[LWS_PRE + 1] = { 0 };
    line->ping = false;
    if (lws_write(line->wsi, frame + LWS_PRE, 1, LWS_WRITE_PING) < 1)
        return -1;
    if (line->caller.first)
        lws_callback_on_writable(line->wsi);
    return 0;
}

int line_write(struct line *line)
{
    struct caller *c = &line->caller;
    /* The timer asks again. The hello waits for nothing: else a join on the heels of the upgrade would be told by it
     * whether the refusal was known at once. */
    if (line->silent && line->greeted)
        return 0;
    if (line->ping && line->greeted && !c->closing)
        return write_ping(line);
    struct note *note = caller_take(c);
    if (note) {
        int wrote = lws_write(line->wsi, note_text(note), note->len, LWS_WRITE_TEXT);
        bool failed = wrote < (int)note->len;
        note_destroy(note);
        line->greeted = true;
        if (failed)
            return -1;
        if (c->first || c->closing)
            lws_callback_on_writable(line->wsi);
        return 0;
    }
    if (!c->closing || line->over)
        return 0;
    /* The timer closes, not we: Debian's libwebsockets has a test of its own compiled in (service.c, "uv repeat test"),
     * which in a loop of libuv closes a second time at once, before the close frame is sent; but not there. */
    line->over = true;
    lws_close_reason(line->wsi, (enum lws_close_status)c->close_code, (uint8_t *)c->close_reason,
                     strlen(c->close_reason));
    lws_set_timer_usecs(line->wsi, 1);
    return 0;
}

/* A dead peer is noticed within five seconds, the time between two looks included; an answer may take half of
 * that. It counts from the question, so that a thread that was held up takes nobody for dead; and who is deaf can't be
 * heard. */
#define PING_AFTER_US USEC_PER_SEC
#define ANSWER_WITHIN_US (2500 * USEC_PER_MSEC)

/* What is owed is written at once where the socket takes it: to be called back for it, in an event loop on epoll, would
 * cost four more calls of the kernel. Not from within a callback of the line's own. */
static void line_write_now(struct line *line)
{
    bool ends = line->caller.closing || line->goodbye || line->leaving;
    if (ends || line->silent || lws_send_pipe_choked(line->wsi))
        lws_callback_on_writable(line->wsi);
    else if (line_write(line) < 0)
        line_cut(line);
}

void lines_look(struct lines *lines, usec_t now_us)
{
    for (size_t i = 0; i < lines->places; i++) {
        struct line *line = &lines->at[i];
        if (line->caller.stage == CALLER_FREE || line->leaving || now_us < line->heard + PING_AFTER_US)
            continue;
        if (line->asked && now_us >= line->asked + ANSWER_WITHIN_US && !line->deaf)
            line_cut(line);
        if (line->asked)
            continue;
        line->asked = now_us;
        line->ping = true;
        line_write_now(line);
    }
}

int line_timer(struct line *line)
{
    if (line->silent) {
        line_set_timer(line);
        line_set_deaf(line, line->silent);
        lws_callback_on_writable(line->wsi);
        return 0;
    }
    if (line->caller.closing) {
        line_set_timer(line); /* for the peer's answer; the second time is the end */
        return -1;
    }
    if (line->caller.stage == CALLER_NEW)
        line_refuse(line, 0, "not_joined");
    return 0;
}

/* Nobody's connection again, as it was before the join, with as much time for the next. */
static void line_refused(struct lines *lines, struct line *line)
{
    struct caller *c = &line->caller;
    lines->joined[c->shard]--;
    c->stage = CALLER_NEW;
    caller_refuse_in(c);
    line_set_timer(line);
}

void lines_deliver(struct lines *lines, struct letter *letter)
{
    struct line *line = line_find(lines, letter->client);
    if (!line || line->caller.closing)
        return;
    if (letter->kind == LETTER_REFUSED) {
        line_refused(lines, line);
        return;
    }
    if (line->caller.stage == CALLER_JOINED)
        line_set_deaf(line, false);
    if (letter->kind == LETTER_CLOSE) {
        char reason[CALLER_REASON_MAX + 1];
        struct bytes text = letter_text(letter);
        snprintf(reason, sizeof reason, "%.*s", (int)text.len, (const char *)text.at);
        line_close(line, reason);
        return;
    }
    struct note *note = letter->note;
    letter->note = NULL;
    if (caller_owe(&line->caller, note) != OK) {
        log_info(lines->log, "client %llu reads too slowly", (unsigned long long)letter->client);
        line_cut(line);
        return;
    }
    line_write_now(line);
}
