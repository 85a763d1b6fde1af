#include "bench/janus_socket.h"

#define ERR_STATE OPENSSL_ERR_STATE /* OpenSSL has a type of our constant's name */
#include <libwebsockets.h>
#undef ERR_STATE
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CONNECT_MS = 5000, CLOSE_MS = 500, MESSAGE_MAX = 1 << 20 };

struct said {
    struct said *next;
    size_t len;
    uint8_t data[]; /* LWS_PRE, then the text */
};

struct janus_socket {
    struct lws_context *context;
    struct lws *wsi;
    janus_heard *heard;
    void *heard_context;
    bool open, failed, hearing;
    struct said *first, **last;
    char *text; /* of the message that is coming */
    size_t len, cap;
    lws_sorted_usec_list_t timer;
    bool over; /* the time of this poll */
};

static void take_message(struct janus_socket *s)
{
    json_t *message = json_loadb(s->text, s->len, 0, NULL);
    s->len = 0;
    s->hearing = true;
    if (message)
        s->heard(s->heard_context, message);
    json_decref(message);
}

static bool take_part(struct janus_socket *s, const void *at, size_t len)
{
    if (s->len + len > MESSAGE_MAX)
        return false;
    if (s->len + len > s->cap) {
        size_t cap = 2 * (s->len + len);
        char *text = realloc(s->text, cap);
        if (!text)
            return false;
        s->text = text;
        s->cap = cap;
    }
    memcpy(s->text + s->len, at, len);
    s->len += len;
    return true;
}

static int send_first(struct janus_socket *s)
{
    struct said *said = s->first;
    if (!said)
        return 0;
    int sent = lws_write(s->wsi, said->data + LWS_PRE, said->len, LWS_WRITE_TEXT);
    s->first = said->next;
    if (!s->first)
        s->last = &s->first;
    free(said);
    if (s->first)
        lws_callback_on_writable(s->wsi);
    return sent < 0 ? -1 : 0;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    struct lws_context *context = lws_get_context(wsi);
    struct janus_socket *s = context ? lws_context_user(context) : NULL;
    (void)user;
    switch (reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        s->open = true;
        break;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        if (!take_part(s, in, len))
            return -1;
        if (lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0)
            take_message(s);
        break;
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return send_first(s);
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
    case LWS_CALLBACK_CLIENT_CLOSED:
        s->open = false;
        s->failed = true;
        s->wsi = NULL;
        break;
    default:
        break;
    }
    return 0;
}

static const struct lws_protocols protocols[] = {
    { .name = "janus-protocol", .callback = on_event, .rx_buffer_size = 65536 }, { 0 }
};

static bool connect_to(struct janus_socket *s, const char *url)
{
    char copy[256];
    const char *scheme, *host, *path;
    int port;
    snprintf(copy, sizeof copy, "%s", url);
    if (lws_parse_uri(copy, &scheme, &host, &port, &path) != 0)
        return false;
    struct lws_client_connect_info info = {
        .context = s->context,
        .address = host,
        .port = port,
        .path = "/",
        .host = host,
        .origin = host,
        .protocol = protocols[0].name,
        .pwsi = &s->wsi,
    };
    return lws_client_connect_via_info(&info) != NULL;
}

enum status janus_socket_open(struct janus_socket **opened, const char *url, janus_heard *heard, void *context)
{
    struct janus_socket *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NO_MEMORY;
    s->heard = heard;
    s->heard_context = context;
    s->last = &s->first;
    lws_set_log_level(LLL_ERR, NULL);
    s->context = lws_create_context(
        &(struct lws_context_creation_info){ .port = CONTEXT_PORT_NO_LISTEN, .protocols = protocols, .user = s });
    bool begun = s->context && connect_to(s, url);
    for (int waited_ms = 0; begun && !s->open && !s->failed && waited_ms < CONNECT_MS; waited_ms += 10)
        janus_socket_poll(s, 10);
    if (!s->open) {
        janus_socket_close(s);
        return ERR_SYSTEM;
    }
    *opened = s;
    return OK;
}

void janus_socket_close(struct janus_socket *s)
{
    if (!s)
        return;
    for (int waited_ms = 0; s->open && s->first && waited_ms < CLOSE_MS; waited_ms += 10)
        janus_socket_poll(s, 10);
    if (s->context)
        lws_context_destroy(s->context);
    while (s->first) {
        struct said *said = s->first;
        s->first = said->next;
        free(said);
    }
    free(s->text);
    free(s);
}

void janus_socket_say(struct janus_socket *s, json_t *message)
{
    char *text = json_dumps(message, JSON_COMPACT);
    size_t len = text ? strlen(text) : 0;
    struct said *said = text ? malloc(sizeof *said + LWS_PRE + len) : NULL;
    if (said) {
        *said = (struct said){ .len = len };
        memcpy(said->data + LWS_PRE, text, len);
        *s->last = said;
        s->last = &said->next;
        if (s->open)
            lws_callback_on_writable(s->wsi);
    }
    free(text);
    json_decref(message);
}

/* The event that this makes ends lws_service's sleep, into which it may go right after the timers. */
static void time_is_over(lws_sorted_usec_list_t *timer)
{
    struct janus_socket *s = lws_container_of(timer, struct janus_socket, timer);
    s->over = true;
    lws_cancel_service(s->context);
}

/* lws_service takes no timeout any more: a timer of its own takes its place. */
void janus_socket_poll(struct janus_socket *s, int timeout_ms)
{
    s->over = s->hearing = false;
    lws_sul_schedule(s->context, 0, &s->timer, time_is_over, timeout_ms > 0 ? timeout_ms * LWS_US_PER_MS : 1);
    while (!s->over && !s->hearing && lws_service(s->context, 0) >= 0)
        ;
    lws_sul_cancel(&s->timer);
}

bool janus_socket_is_open(const struct janus_socket *s)
{
    return s->open;
}
