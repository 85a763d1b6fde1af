#include "shell/front.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ERR_STATE OPENSSL_ERR_STATE /* OpenSSL has a type of our constant's name */
#include <libwebsockets.h>
#undef ERR_STATE

#include "shell/caller.h"
#include "shell/host.h"
#include "shell/pages.h"
#include "shell/shard.h"
#include "signaling/request.h"

_Static_assert((int)NOTE_HEADROOM >= (int)LWS_PRE, "a note has room for the frame header");

enum {
    INBOX_LETTERS = 16384,
    INBOX_BYTES = 64 << 20,
    JOIN_WITHIN_S = 10,
    CLOSE_WITHIN_S = 3,
    /* A dead peer is noticed within five seconds, the timers' own delay included; an answer may take three. */
    PING_AFTER_S = 1,
    HANG_UP_AFTER_S = 4,
    RECEIVE_BYTES = 4096, /* the size of the pieces that RECEIVE hands on; messages are put together by caller_hear */
    ORIGIN_MAX = 256,
};

#define SUBPROTOCOL "kinroom.v1"

/* One WebSocket connection and whom it came from. */
struct line {
    struct lws *wsi;
    struct caller caller;
    struct address from;
};

struct front {
    const struct config *config;
    const struct keyring *keyring;
    const struct log *log;
    void (*failed)(void *context);
    void *failed_context;
    struct lws_context *context;
    struct lws_vhost *tls, *plain;
    struct line *lines; /* connections_max of them; a free one has stage CALLER_FREE */
    uint64_t serial;    /* of the newest connection */
    struct queue *inboxes[CONFIG_SHARDS_MAX], *shards[CONFIG_SHARDS_MAX];
    size_t joined[CONFIG_SHARDS_MAX]; /* clients that a shard knows of, each owed a LETTER_GONE */
    pthread_t thread;
    bool running;
    atomic_bool stopping;
};

/* ---- Lines ---- */

/* An id is a serial number and a place: never used twice, and found without a search. */
static client_id id_of(const struct front *f, uint64_t serial, size_t place)
{
    return serial * f->config->connections_max + place;
}

static struct line *line_find(struct front *f, client_id id)
{
    struct line *line = &f->lines[id % f->config->connections_max];
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

/* An IPv6 subscriber holds a /64 at least, so that is what counts as one. IPv4 in IPv6 (::ffff:0:0/96) counts whole. */
static bool same_neighbour(const struct address *a, const struct address *b)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    size_t len = a->family == ADDRESS_IPV6 && memcmp(a->ip, mapped, sizeof mapped) != 0 ? 8 : 16;
    return a->family == b->family && memcmp(a->ip, b->ip, len) == 0;
}

/* A free line, NULL when there is none or this address has its share. Behind the reverse proxy every address is the proxy's,
 * so there the share is the proxy's to keep. */
static struct line *line_vacant(struct front *f, struct lws *wsi)
{
    struct address from = address_of(wsi);
    bool counted = lws_get_vhost(wsi) != f->plain;
    struct line *vacant = NULL;
    size_t neighbours = 0;
    for (size_t i = 0; i < f->config->connections_max; i++) {
        struct line *line = &f->lines[i];
        if (line->caller.stage == CALLER_FREE)
            vacant = vacant ? vacant : line;
        else if (counted && same_neighbour(&line->from, &from))
            neighbours++;
    }
    return neighbours < f->config->connections_per_address ? vacant : NULL;
}

static struct line *line_open(struct front *f, struct lws *wsi)
{
    struct line *line = line_vacant(f, wsi);
    if (!line)
        return NULL;
    *line = (struct line){ .wsi = wsi, .from = address_of(wsi) };
    caller_init(&line->caller, id_of(f, ++f->serial, (size_t)(line - f->lines)));
    lws_set_timer_usecs(wsi, (lws_usec_t)JOIN_WITHIN_S * LWS_US_PER_SEC);
    return line;
}

static void line_free(struct front *f, struct line *line)
{
    struct caller *c = &line->caller;
    if (c->stage == CALLER_JOINED) {
        /* Every other push left room for this one. */
        struct letter gone = { .kind = LETTER_GONE, .client = c->id };
        f->joined[c->shard]--;
        if (queue_push(f->shards[c->shard], &gone, 0) != OK)
            log_error(f->log, "client %llu cannot be called gone", (unsigned long long)c->id);
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
    lws_set_timer_usecs(line->wsi, (lws_usec_t)CLOSE_WITHIN_S * LWS_US_PER_SEC);
    lws_callback_on_writable(line->wsi);
}

static void line_cut(struct line *line) { lws_set_timeout(line->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC); }

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

/* ---- What clients say ---- */

static void join(struct front *f, struct line *line, const struct request *request)
{
    struct caller *c = &line->caller;
    struct letter letter = { .kind = LETTER_JOIN, .client = c->id, .request = request->id, .move = request->join.move };
    enum status status = token_verify(f->keyring, f->config->issuer, bytes_of(request->join.token), now_unix_s(host_now()),
                                      &letter.claims);
    if (status != OK) {
        log_info(f->log, "client %llu: token refused: %s", (unsigned long long)c->id, status_name(status));
        line_refuse(line, request->id, "bad_token");
        return;
    }
    size_t shard = shard_of(&letter.claims.session, f->config->shards);
    if (queue_push(f->shards[shard], &letter, f->joined[shard] + 1) != OK) {
        line_refuse(line, request->id, "busy");
        return;
    }
    c->stage = CALLER_JOINED;
    c->shard = shard;
    f->joined[shard]++;
}

static void hear_before_join(struct front *f, struct line *line, struct note *message)
{
    static const struct {
        enum status status;
        const char *code;
    } codes[] = { { ERR_UNSUPPORTED, "unknown_type" }, { ERR_FULL, "too_long" } };
    struct request request = { 0 };
    enum status status = request_parse((struct bytes){ note_text(message), message->len }, &request);
    if (status == OK && request.kind == REQUEST_JOIN)
        join(f, line, &request);
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

static void hear(struct front *f, struct line *line, struct note *message)
{
    if (line->caller.stage == CALLER_NEW) {
        hear_before_join(f, line, message);
        return;
    }
    size_t shard = line->caller.shard;
    struct letter letter = { .kind = LETTER_TEXT, .client = line->caller.id, .note = message };
    if (queue_push(f->shards[shard], &letter, f->joined[shard]) != OK) {
        letter_wipe(&letter);
        line_refuse(line, 0, "busy");
    }
}

static int on_receive(struct front *f, struct line *line, struct bytes piece)
{
    static const char *const refusals[] = {
        [ERR_FULL] = "too_long",
        [ERR_FORBIDDEN] = "too_many_messages",
        [ERR_UNSUPPORTED] = "not_text",
        [ERR_NO_MEMORY] = "busy",
    };
    struct lws *wsi = line->wsi;
    if (line->caller.closing)
        return 0;
    /* RECEIVE also comes for part of a frame; libwebsockets calls a piece final only when its frame is whole as well. */
    bool last = lws_is_final_fragment(wsi);
    struct note *message = NULL;
    enum status status = caller_hear(&line->caller, host_now().mono_us, piece, lws_frame_is_binary(wsi), last, &message);
    if (status != OK)
        line_refuse(line, 0, refusals[status]);
    else if (message)
        hear(f, line, message);
    return 0;
}

/* ---- What clients are told ---- */

static int on_writeable(struct line *line)
{
    struct caller *c = &line->caller;
    struct note *note = caller_take(c);
    if (note) {
        int wrote = lws_write(line->wsi, note_text(note), note->len, LWS_WRITE_TEXT);
        bool failed = wrote < (int)note->len;
        note_destroy(note);
        if (failed)
            return -1;
        if (c->first || c->closing)
            lws_callback_on_writable(line->wsi);
        return 0;
    }
    if (!c->closing)
        return 0;
    lws_close_reason(line->wsi, (enum lws_close_status)c->close_code, (uint8_t *)c->close_reason, strlen(c->close_reason));
    return -1;
}

/* The one timer of a connection: it joins in time, and it closes in time. Joining leaves the timer running: in libwebsockets 4.1
 * LWS_SET_TIMER_USEC_CANCEL does not cancel but fires at once. */
static int on_timer(struct line *line)
{
    if (line->caller.closing)
        return -1;
    if (line->caller.stage == CALLER_NEW)
        line_refuse(line, 0, "not_joined");
    return 0;
}

static void deliver(struct front *f, struct letter *letter)
{
    struct line *line = line_find(f, letter->client);
    if (!line || line->caller.closing)
        return;
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
        log_info(f->log, "client %llu reads too slowly", (unsigned long long)letter->client);
        line_cut(line);
        return;
    }
    lws_callback_on_writable(line->wsi);
}

static void deliver_all(struct front *f)
{
    for (size_t i = 0; i < f->config->shards; i++) {
        struct letter letter;
        while (queue_pop(f->inboxes[i], &letter)) {
            deliver(f, &letter);
            letter_wipe(&letter);
        }
    }
}

/* ---- Callbacks ---- */

static struct front *front_of(struct lws *wsi) { return lws_context_user(lws_get_context(wsi)); }

static bool origin_allowed(const struct config *config, struct lws *wsi)
{
    char origin[ORIGIN_MAX + 1];
    /* Absent, too long or given twice (then joined with a comma): equal to none. */
    if (lws_hdr_copy(wsi, origin, sizeof origin, WSI_TOKEN_ORIGIN) <= 0)
        return false;
    for (size_t i = 0; i < config->origins.count; i++)
        if (strcmp(config->origins.text[i], origin) == 0)
            return true;
    return false;
}

static bool header_is(struct lws *wsi, enum lws_token_indexes token, const char *value)
{
    char text[ORIGIN_MAX + 1];
    return lws_hdr_copy(wsi, text, sizeof text, token) > 0 && strcmp(text, value) == 0;
}

/* 0 lets the upgrade go on; otherwise the HTTP status to refuse it with. Also where "Upgrade: h2c" ends. */
static unsigned upgrade_refusal(struct front *f, struct lws *wsi, const char *to)
{
    if (strcasecmp(to, "websocket") != 0)
        return HTTP_STATUS_BAD_REQUEST;
    if (!header_is(wsi, WSI_TOKEN_GET_URI, "/ws"))
        return HTTP_STATUS_NOT_FOUND;
    if (!origin_allowed(f->config, wsi))
        return HTTP_STATUS_FORBIDDEN;
    /* libwebsockets would take the first name in the list that any protocol of ours has, "http" among them: so just the one. */
    if (!header_is(wsi, WSI_TOKEN_PROTOCOL, SUBPROTOCOL))
        return HTTP_STATUS_BAD_REQUEST;
    if (!line_vacant(f, wsi))
        return HTTP_STATUS_SERVICE_UNAVAILABLE;
    return 0;
}

static int on_upgrade(struct front *f, struct lws *wsi, const char *to)
{
    unsigned refusal = upgrade_refusal(f, wsi, to);
    if (!refusal)
        return 0;
    log_debug(f->log, "upgrade refused: %u", refusal);
    return pages_refuse_upgrade(wsi, refusal);
}

static int http_callback(struct lws *wsi, enum lws_callback_reasons why, void *user, void *in, size_t len)
{
    switch (why) {
    case LWS_CALLBACK_HTTP:
        return pages_serve(wsi, front_of(wsi)->config->web_root, in);
    case LWS_CALLBACK_HTTP_FILE_COMPLETION:
        return lws_http_transaction_completed(wsi) ? -1 : 0;
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return on_upgrade(front_of(wsi), wsi, in);
    default:
        return lws_callback_http_dummy(wsi, why, user, in, len);
    }
}

static int ws_callback(struct lws *wsi, enum lws_callback_reasons why, void *user, void *in, size_t len)
{
    struct line **held = user, *line = held ? *held : NULL;
    switch (why) {
    case LWS_CALLBACK_ESTABLISHED:
        *held = line_open(front_of(wsi), wsi);
        return *held ? 0 : -1;
    case LWS_CALLBACK_RECEIVE:
        return line ? on_receive(front_of(wsi), line, (struct bytes){ in, len }) : -1;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return line ? on_writeable(line) : -1;
    case LWS_CALLBACK_TIMER:
        return line ? on_timer(line) : -1;
    case LWS_CALLBACK_CLOSED:
        if (line)
            line_free(front_of(wsi), line);
        *held = NULL;
        return 0;
    default:
        return 0;
    }
}

static const struct lws_protocols protocols[] = {
    { .name = "http", .callback = http_callback },
    { .name = SUBPROTOCOL,
      .callback = ws_callback,
      .per_session_data_size = sizeof(struct line *),
      .rx_buffer_size = RECEIVE_BYTES },
    { 0 },
};

static const lws_retry_bo_t keepalive = {
    .secs_since_valid_ping = PING_AFTER_S,
    .secs_since_valid_hangup = HANG_UP_AFTER_S,
};

/* ---- The thread ---- */

static void lws_line(int level, const char *line)
{
    struct log log = host_log(LOG_LEVEL_WARNING);
    size_t len = strcspn(line, "\n");
    log_line(&log, level == LLL_ERR ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, "libwebsockets: %.*s", (int)len, line);
}

static void wake(void *context)
{
    struct front *f = context;
    lws_cancel_service(f->context);
}

/* Where a vhost listens. libwebsockets takes an address as the name of an interface, binds IPv4 only with IPv6 off, and takes
 * "every address" as no name at all. */
static void set_listener(struct lws_context_creation_info *info, const char *address, uint32_t port)
{
    bool every = strcmp(address, "::") == 0 || strcmp(address, "0.0.0.0") == 0;
    info->port = (int)port;
    info->iface = every ? NULL : address;
    if (!strchr(address, ':'))
        info->options |= LWS_SERVER_OPTION_DISABLE_IPV6;
}

static struct lws_context_creation_info common_info(struct front *f)
{
    return (struct lws_context_creation_info){
        .protocols = protocols,
        .retry_and_idle_policy = &keepalive,
        .server_string = "kinroom",
        .user = f,
        .gid = -1,
        .uid = -1,
        .timeout_secs = 10,
        /* HTTP/2 stays off: its WebSockets (RFC 8441) would come in past the checks of CONFIRM_UPGRADE. */
        .alpn = "http/1.1",
        .options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND,
    };
}

static enum status listen_tls(struct front *f)
{
    struct lws_context_creation_info info = common_info(f);
    info.vhost_name = "tls";
    info.headers = pages_headers_tls();
    info.ssl_cert_filepath = f->config->certificate;
    info.ssl_private_key_filepath = f->config->key;
    info.ssl_options_set = (long)(SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1 | SSL_OP_NO_RENEGOTIATION);
    info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    set_listener(&info, f->config->listen, f->config->https_port);
    f->tls = lws_create_vhost(f->context, &info);
    if (f->tls)
        return OK;
    log_error(f->log, "cannot serve https on %s port %u: is the port taken, and do certificate and key fit?",
              f->config->listen, f->config->https_port);
    return ERR_SYSTEM;
}

static enum status listen_plain(struct front *f)
{
    if (f->config->http_port == 0)
        return OK;
    struct lws_context_creation_info info = common_info(f);
    info.vhost_name = "plain";
    info.headers = pages_headers_plain();
    set_listener(&info, "127.0.0.1", f->config->http_port);
    f->plain = lws_create_vhost(f->context, &info);
    if (f->plain)
        return OK;
    log_error(f->log, "cannot serve http on 127.0.0.1 port %u: is the port taken?", f->config->http_port);
    return ERR_SYSTEM;
}

static enum status open_all(struct front *f)
{
    f->lines = calloc(f->config->connections_max, sizeof *f->lines);
    if (!f->lines)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < f->config->shards; i++)
        TRY(queue_create(&f->inboxes[i], INBOX_LETTERS, INBOX_BYTES, (struct waker){ wake, f }));
    lws_set_log_level(LLL_ERR | LLL_WARN, lws_line);
    struct lws_context_creation_info info = common_info(f);
    info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    info.port = CONTEXT_PORT_NO_LISTEN;
    f->context = lws_create_context(&info);
    if (!f->context)
        return ERR_SYSTEM;
    TRY(listen_tls(f));
    return listen_plain(f);
}

enum status front_create(struct front **created, const struct front_config *config)
{
    struct front *f = calloc(1, sizeof *f);
    if (!f)
        return ERR_NO_MEMORY;
    f->config = config->config;
    f->keyring = config->keyring;
    f->log = config->log;
    f->failed = config->failed;
    f->failed_context = config->context;
    enum status status = open_all(f);
    if (status != OK) {
        front_destroy(f);
        return status;
    }
    *created = f;
    return OK;
}

void front_destroy(struct front *f)
{
    if (!f)
        return;
    /* Closes every connection, so the callbacks still push letters. */
    if (f->context)
        lws_context_destroy(f->context);
    for (size_t i = 0; i < f->config->shards; i++)
        queue_destroy(f->inboxes[i]);
    free(f->lines);
    free(f);
}

struct queue *front_inbox(const struct front *f, size_t shard) { return f->inboxes[shard]; }
void front_connect(struct front *f, size_t shard, struct queue *queue) { f->shards[shard] = queue; }

static void *run(void *context)
{
    struct front *f = context;
    /* lws_cancel_service ends the wait, and lws_service returns after each wait. */
    while (!atomic_load(&f->stopping)) {
        if (lws_service(f->context, 0) < 0) {
            log_error(f->log, "the front cannot go on");
            f->failed(f->failed_context);
            break;
        }
        deliver_all(f);
    }
    return NULL;
}

enum status front_start(struct front *f)
{
    if (pthread_create(&f->thread, NULL, run, f) != 0)
        return ERR_SYSTEM;
    pthread_setname_np(f->thread, "front");
    f->running = true;
    return OK;
}

void front_stop(struct front *f)
{
    if (!f || !f->running)
        return;
    atomic_store(&f->stopping, true);
    lws_cancel_service(f->context);
    pthread_join(f->thread, NULL);
    f->running = false;
}
