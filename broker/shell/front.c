#include "shell/front.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <uv.h>

#define ERR_STATE OPENSSL_ERR_STATE /* OpenSSL has a type of our constant's name */
#include <libwebsockets.h>
#undef ERR_STATE

#include "shell/arrivals.h"
#include "shell/clerk.h"
#include "shell/host.h"
#include "shell/lines.h"
#include "shell/listeners.h"
#include "shell/pages.h"
#include "shell/requests.h"

enum {
    INBOX_LETTERS = 16384,
    INBOX_BYTES = 64 << 20,
    ANSWERS_BYTES = 128 << 20,
    /* The size of the pieces that RECEIVE hands on; messages are put together by us. Each WebSocket holds as much. */
    RECEIVE_BYTES = 256,
    ORIGIN_MAX = 256,
};

#define SUBPROTOCOL "kinroom.v1"

struct front {
    const struct config *config;
    const struct site *site;
    const struct log *log;
    void (*failed)(void *context);
    bool (*ready)(void *context);
    void *context;
    uv_loop_t loop;  /* of the thread; libwebsockets waits in it, too */
    uv_timer_t look; /* wakes the thread for lines_look */
    usec_t look_at;
    struct listeners listeners;
    struct arrivals *arrivals;
    struct lines *lines;
    struct queue *inboxes[CONFIG_SHARDS_MAX];
    struct requests *requests;
    struct queue *answers; /* of the clerk */
    pthread_t thread;
    bool running;
    atomic_bool stopping;
};

static void deliver_from_shards(struct front *f)
{
    for (size_t i = 0; i < f->config->shards; i++) {
        struct letter letter;
        while (queue_pop(f->inboxes[i], &letter)) {
            lines_deliver(f->lines, &letter);
            letter_wipe(&letter);
        }
    }
}

/* An answer of the API is taken before the shards' letters and handed on after them: so what a room said because of the
 * request is never behind its answer. */
static void deliver_all(struct front *f)
{
    struct letter answer;
    while (queue_pop(f->answers, &answer)) {
        deliver_from_shards(f);
        requests_deliver(f->requests, &answer);
        letter_wipe(&answer);
    }
    deliver_from_shards(f);
}

/* ---- Callbacks ---- */

static struct front *front_of(struct lws *wsi)
{
    return lws_context_user(lws_get_context(wsi));
}

/* One of the config's, or NULL. */
static const char *allowed_origin(const struct config *config, struct lws *wsi)
{
    char origin[ORIGIN_MAX + 1];
    /* Absent, too long or given twice (then joined with a comma): equal to none. */
    if (lws_hdr_copy(wsi, origin, sizeof origin, WSI_TOKEN_ORIGIN) <= 0)
        return NULL;
    for (size_t i = 0; i < config->origins.count; i++)
        if (strcmp(config->origins.text[i], origin) == 0)
            return config->origins.text[i];
    return NULL;
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
    if (!allowed_origin(f->config, wsi))
        return HTTP_STATUS_FORBIDDEN;
    /* Just the one name: of a list, libwebsockets would take the first that it knows, and it knows "http" too. */
    if (!header_is(wsi, WSI_TOKEN_PROTOCOL, SUBPROTOCOL))
        return HTTP_STATUS_BAD_REQUEST;
    if (!header_is(wsi, WSI_TOKEN_VERSION, "13")) /* RFC 6455 4.2.2; libwebsockets takes any */
        return PAGES_UPGRADE_REQUIRED;
    if (!lines_may_open(f->lines, wsi, lws_get_vhost(wsi) == f->listeners.plain))
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

/* The address that counts; NULL behind the proxy, whose own it is. */
static const struct address *counted(struct front *f, struct lws *wsi, lws_sockfd_type fd, struct address *from)
{
    char text[ADDRESS_TEXT_MAX] = "";
    if (lws_get_vhost(wsi) == f->listeners.plain)
        return NULL;
    *from = (struct address){ 0 };
    if (lws_get_peer_simple_fd(fd, text, sizeof text))
        address_parse_ip(text, from);
    return from;
}

/* Accepted by the kernel, nothing more; `listener` is ours. */
static int on_accept(struct front *f, struct lws *listener, lws_sockfd_type fd)
{
    struct address from;
    void *leaver;
    if (!arrivals_may_come(f->arrivals, host_now().mono_us, counted(f, listener, fd, &from), &leaver))
        return -1;
    /* libwebsockets then sees it end, whatever it was at; a timeout of ours could be replaced by one of its own. */
    if (leaver)
        shutdown(lws_get_socket_fd(leaver), SHUT_RDWR);
    return 0;
}

static int on_arrival(struct front *f, struct lws *wsi)
{
    struct address from;
    arrivals_add(f->arrivals, host_now().mono_us, counted(f, wsi, lws_get_socket_fd(wsi), &from), wsi);
    return 0;
}

static int on_request(struct front *f, struct lws *wsi, const char *uri)
{
    struct address from;
    if (!requests_are_at(uri))
        return pages_serve(wsi, f->site, uri, f->ready(f->context));
    return requests_begin(f->requests, wsi, uri, counted(f, wsi, lws_get_socket_fd(wsi), &from));
}

/* What libwebsockets is asked for in here, timeouts among it, it takes note of before it waits again; so all that other
 * threads and timers of ours want of a connection is done here. */
static void on_wake(struct front *f)
{
    deliver_all(f);
    usec_t now_us = host_now().mono_us;
    if (now_us >= f->look_at) {
        f->look_at = now_us + LINES_LOOK_US;
        lines_look(f->lines, now_us);
    }
    if (atomic_load(&f->stopping))
        uv_stop(&f->loop);
}

static int http_callback(struct lws *wsi, enum lws_callback_reasons why, void *user, void *in, size_t len)
{
    switch (why) {
    case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
        return on_accept(front_of(wsi), wsi, (lws_sockfd_type)(intptr_t)in);
    case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED:
        return on_arrival(front_of(wsi), wsi);
    case LWS_CALLBACK_WSI_DESTROY: /* of every kind of connection, our listeners too */
        arrivals_remove(front_of(wsi)->arrivals, wsi);
        requests_forget(front_of(wsi)->requests, wsi);
        return 0;
    case LWS_CALLBACK_HTTP:
        return on_request(front_of(wsi), wsi, in);
    case LWS_CALLBACK_HTTP_BODY:
        return requests_body(front_of(wsi)->requests, wsi, (struct bytes){ in, len });
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return requests_whole(front_of(wsi)->requests, wsi);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return requests_write(front_of(wsi)->requests, wsi);
    case LWS_CALLBACK_TIMER:
        return requests_timer(front_of(wsi)->requests, wsi);
    case LWS_CALLBACK_HTTP_FILE_COMPLETION:
        return lws_http_transaction_completed(wsi) ? -1 : 0;
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return on_upgrade(front_of(wsi), wsi, in);
    case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS: /* its name says less than it is: the TLS is set up */
        listeners_spare_memory(user);
        return 0;
    case LWS_CALLBACK_EVENT_WAIT_CANCELLED: /* of every vhost; the second finds nothing to do */
        on_wake(front_of(wsi));
        return 0;
    default:
        return lws_callback_http_dummy(wsi, why, user, in, len);
    }
}

/* The headers of the upgrade are still there. */
static struct line *on_upgraded(struct front *f, struct lws *wsi)
{
    const char *origin = allowed_origin(f->config, wsi);
    arrivals_remove(f->arrivals, wsi);
    return origin ? line_open(f->lines, wsi, origin) : NULL;
}

static int ws_callback(struct lws *wsi, enum lws_callback_reasons why, void *user, void *in, size_t len)
{
    struct line **held = user, *line = held ? *held : NULL;
    switch (why) {
    case LWS_CALLBACK_ESTABLISHED:
        *held = on_upgraded(front_of(wsi), wsi);
        return *held ? 0 : -1;
    case LWS_CALLBACK_RECEIVE:
        /* It also comes for part of a frame; a piece is final only when its frame is whole as well. */
        return line ? line_hear(front_of(wsi)->lines, line, (struct bytes){ in, len }, lws_frame_is_binary(wsi),
                                lws_is_final_fragment(wsi))
                    : -1;
    case LWS_CALLBACK_RECEIVE_PONG:
        if (line)
            line_heard(line);
        return 0;
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        if (line)
            line_goodbye(line);
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return line ? line_write(line) : -1;
    case LWS_CALLBACK_TIMER:
        return line ? line_timer(line) : -1;
    case LWS_CALLBACK_CLOSED:
        if (line) {
            line_free(front_of(wsi)->lines, line);
            *held = NULL;
        }
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

/* ---- The thread ---- */

/* From any thread. */
static void wake(void *context)
{
    struct front *f = context;
    lws_cancel_service(f->listeners.context);
}

static void look(uv_timer_t *timer)
{
    struct front *f = timer->data;
    wake(f);
}

static enum status open_all(struct front *f, const struct keyring *keyring, struct placement *placement)
{
    TRY(arrivals_create(&f->arrivals));
    TRY(requests_create(&f->requests, keyring, f->config->issuer));
    TRY(queue_create(&f->answers, CLERK_CALLS, ANSWERS_BYTES, (struct waker){ wake, f }));
    TRY(lines_create(&f->lines, f->config, keyring, placement, f->log));
    for (size_t i = 0; i < f->config->shards; i++)
        TRY(queue_create(&f->inboxes[i], INBOX_LETTERS, INBOX_BYTES, (struct waker){ wake, f }));
    return listeners_open(&f->listeners, f->config, protocols, &f->loop, f, f->log);
}

enum status front_create(struct front **created, const struct front_config *config)
{
    struct front *f = calloc(1, sizeof *f);
    if (!f)
        return ERR_NO_MEMORY;
    f->config = config->config;
    f->site = config->site;
    f->log = config->log;
    f->failed = config->failed;
    f->ready = config->ready;
    f->context = config->context;
    if (uv_loop_init(&f->loop) != 0) {
        free(f);
        return ERR_SYSTEM;
    }
    f->look.data = f;
    uv_timer_init(&f->loop, &f->look);
    uv_timer_start(&f->look, look, 0, LINES_LOOK_US / USEC_PER_MSEC);
    enum status status = open_all(f, config->keyring, config->placement);
    if (status != OK) {
        front_destroy(f);
        return status;
    }
    *created = f;
    return OK;
}

/* libuv tells that a handle is closed from within its loop only: so libwebsockets begins, the loop runs out, and
 * libwebsockets ends. */
static void close_loop(struct front *f)
{
    lws_context_destroy(f->listeners.context);
    uv_close((uv_handle_t *)&f->look, NULL);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    lws_context_destroy(f->listeners.context);
    if (uv_loop_close(&f->loop) != 0)
        log_error(f->log, "the front's loop has handles left");
}

void front_destroy(struct front *f)
{
    if (!f)
        return;
    /* Closes every connection, so the callbacks still push letters. */
    close_loop(f);
    for (size_t i = 0; i < f->config->shards; i++)
        queue_destroy(f->inboxes[i]);
    lines_destroy(f->lines);
    arrivals_destroy(f->arrivals);
    requests_destroy(f->requests);
    queue_destroy(f->answers);
    free(f);
}

size_t front_files(const struct config *config)
{
    /* An arrival may have a page open as well. */
    return lines_places(config) + 2 * ARRIVALS_MAX;
}

struct queue *front_inbox(const struct front *f, size_t shard)
{
    return f->inboxes[shard];
}

struct queue *front_answers(const struct front *f)
{
    return f->answers;
}

void front_connect_clerk(struct front *f, struct queue *queue)
{
    requests_connect(f->requests, queue);
}

void front_connect(struct front *f, size_t shard, struct queue *queue)
{
    lines_connect(f->lines, shard, queue);
}

static void *run(void *context)
{
    struct front *f = context;
    uv_run(&f->loop, UV_RUN_DEFAULT);
    if (!atomic_load(&f->stopping)) {
        log_error(f->log, "the front cannot go on");
        f->failed(f->context);
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
    wake(f);
    pthread_join(f->thread, NULL);
    f->running = false;
}
