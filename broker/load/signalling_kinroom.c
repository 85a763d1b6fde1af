/* signalling_kinroom.c - participants of a Kinroom: PROTOCOL.md over libwebsockets, sessions over the API. One peer a
 * participant, for one offer and one answer. */
#define ERR_STATE OPENSSL_ERR_STATE /* OpenSSL has a type of our constant's name */
#include <libwebsockets.h>
#undef ERR_STATE
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load/clinic.h"
#include "load/load.h"
#include "load/signalling.h"
#include "load/socket.h"

enum {
    HOST_LEN = 256,
    ORIGIN_LEN = 300,
    OWED_MAX = 8,
    HEARD_MAX = 1 << 20,
    SDP_MAX = 60000,
    FIRST_SECTIONS = 3, /* microphone, camera, screen */
    HEADERS_AT_ONCE = 256,
};

enum ask { ASK_JOIN = 1, ASK_LOCATE, ASK_OFFER, ASK_MEDIA, ASK_LEAVE };

struct signalling {
    const struct load_config *config;
    struct media *media;
    struct clinic *clinic;
    struct lws_context *lws;
    lws_sorted_usec_list_t alarm;
    bool rang;
    char host[HOST_LEN], origin[ORIGIN_LEN];
    int port;
};

/* One WebSocket; freed when it is closed. */
struct visit {
    struct signalling *s;
    struct participant *who; /* NULL once they left */
    struct lws *wsi;
    char *token;
    char *owed[OWED_MAX]; /* texts with LWS_PRE bytes before them */
    size_t owed_count;
    char *heard;
    size_t heard_len, heard_cap;
};

/* ---- What is said ---- */

static void fail(struct visit *v, const char *why)
{
    if (!v->who)
        return;
    v->who->state = PARTICIPANT_FAILED;
    v->who->why = why;
}

/* Takes the object. */
static void say(struct visit *v, enum ask id, json_t *object)
{
    char *text = NULL, *owed = NULL;
    if (object && json_object_set_new(object, "id", json_integer(id)) == 0)
        text = json_dumps(object, JSON_COMPACT);
    if (text && v->owed_count < OWED_MAX && (owed = malloc(LWS_PRE + strlen(text) + 1)) != NULL) {
        strcpy(owed + LWS_PRE, text);
        v->owed[v->owed_count++] = owed;
        lws_callback_on_writable(v->wsi);
    } else {
        fail(v, "no memory");
    }
    free(text);
    json_decref(object);
}

static int write_owed(struct visit *v)
{
    if (v->owed_count == 0)
        return 0;
    char *text = v->owed[0];
    size_t len = strlen(text + LWS_PRE);
    int written = lws_write(v->wsi, (unsigned char *)text + LWS_PRE, len, LWS_WRITE_TEXT);
    free(text);
    memmove(v->owed, v->owed + 1, --v->owed_count * sizeof v->owed[0]);
    if (v->owed_count > 0)
        lws_callback_on_writable(v->wsi);
    return written < (int)len ? -1 : 0;
}

static void offer(struct visit *v)
{
    struct participant *who = v->who;
    static char text[SDP_MAX + 1];
    struct load_section sections[LOAD_SECTIONS_MAX] = {
        { .sends = true, .carries = who->sends },
        { .video = true, .sends = true, .carries = who->sends },
        { .video = true, .sends = true },
    };
    size_t count = FIRST_SECTIONS;
    struct writer w = writer_over((uint8_t *)text, SDP_MAX);
    for (unsigned i = 0; i < who->audio_slots + who->video_slots && count < LOAD_SECTIONS_MAX; i++)
        sections[count++].video = i >= who->audio_slots;
    if (load_peer_offer(who->peers[0], sections, count, &w) != OK) {
        fail(v, "the offer is too long");
        return;
    }
    text[w.len] = '\0';
    say(v, ASK_OFFER, json_pack("{s:s, s:s}", "type", "offer", "sdp", text));
}

/* ---- What is heard ---- */

static void on_welcome(struct visit *v, json_t *said)
{
    int audio = 0, video = 0;
    json_unpack(said, "{s:{s:i, s:i}}", "slots", "audio", &audio, "video", &video);
    v->who->audio_slots = (unsigned)audio;
    v->who->video_slots = (unsigned)video;
}

static void on_joined(struct visit *v)
{
    if (v->who->person > 0)
        say(v, ASK_LOCATE,
            json_pack("{s:s, s:s, s:s}", "type", "locate", "address", "1 Load Street", "phone", "+1 555 0100"));
    offer(v);
}

static void on_answer(struct visit *v, json_t *said)
{
    struct participant *who = v->who;
    const char *sdp = json_string_value(json_object_get(said, "sdp"));
    media_lock(v->s->media);
    enum status status = sdp ? load_peer_take_answer(who->peers[0], sdp) : ERR_MALFORMED;
    if (status == OK)
        status = media_attach(v->s->media, who->peers[0]);
    media_unlock(v->s->media);
    if (status != OK) {
        fail(v, "the answer is of no use");
        return;
    }
    who->peer_count = 1;
    if (who->sends)
        say(v, ASK_MEDIA,
            json_pack("{s:s, s:b, s:b, s:b}", "type", "media", "mic", who->flows.sound, "camera", who->flows.fps > 0,
                      "screen", false));
    else
        who->state = PARTICIPANT_JOINED;
}

static void on_media(struct visit *v)
{
    struct participant *who = v->who;
    media_lock(v->s->media);
    load_peer_send(who->peers[0], who->flows);
    media_touch(v->s->media, who->peers[0]);
    media_unlock(v->s->media);
    who->state = PARTICIPANT_JOINED;
}

static void on_done(struct visit *v, json_int_t id)
{
    if (id == ASK_JOIN)
        on_joined(v);
    else if (id == ASK_MEDIA)
        on_media(v);
}

static void hear(struct visit *v, json_t *said)
{
    const char *type = json_string_value(json_object_get(said, "type"));
    json_int_t id = json_integer_value(json_object_get(said, "id"));
    if (!type || !v->who || v->who->state != PARTICIPANT_JOINING)
        return;
    if (strcmp(type, "hello") == 0)
        say(v, ASK_JOIN, json_pack("{s:s, s:s}", "type", "join", "token", v->token));
    else if (strcmp(type, "welcome") == 0)
        on_welcome(v, said);
    else if (strcmp(type, "done") == 0)
        on_done(v, id);
    else if (strcmp(type, "answer") == 0)
        on_answer(v, said);
    else if (strcmp(type, "error") == 0) {
        const char *code = json_string_value(json_object_get(said, "code"));
        fprintf(stderr, "kinroom: refused: %s\n", code ? code : "?");
        fail(v, "refused");
    }
}

static bool keep(struct visit *v, const void *piece, size_t len)
{
    if (v->heard_len + len > v->heard_cap) {
        size_t cap = 2 * (v->heard_len + len);
        char *grown = cap <= HEARD_MAX ? realloc(v->heard, cap) : NULL;
        if (!grown)
            return false;
        v->heard = grown;
        v->heard_cap = cap;
    }
    memcpy(v->heard + v->heard_len, piece, len);
    v->heard_len += len;
    return true;
}

static int on_receive(struct visit *v, const void *piece, size_t len)
{
    if (!keep(v, piece, len))
        return -1;
    if (!lws_is_final_fragment(v->wsi) || lws_remaining_packet_payload(v->wsi) > 0)
        return 0;
    /* Whoever has joined is told much that nobody here wants to know. */
    if (v->who && v->who->state == PARTICIPANT_JOINING) {
        json_t *said = json_loadb(v->heard, v->heard_len, 0, NULL);
        hear(v, said);
        json_decref(said);
    }
    v->heard_len = 0;
    return 0;
}

static void visit_destroy(struct visit *v)
{
    for (size_t i = 0; i < v->owed_count; i++)
        free(v->owed[i]);
    if (v->who)
        v->who->own = NULL;
    free(v->heard);
    free(v->token);
    free(v);
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    struct visit *v = lws_get_opaque_user_data(wsi);
    (void)user;
    if (!v)
        return 0;
    switch (reason) {
    case LWS_CALLBACK_CLIENT_RECEIVE:
        return on_receive(v, in, len);
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return write_owed(v);
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        fprintf(stderr, "kinroom: no WebSocket: %s\n", in ? (const char *)in : "?");
        fail(v, "no WebSocket");
        break;
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        if (v->who && len >= 2)
            fprintf(stderr, "kinroom: room %u, person %u: closed with %u %.*s\n", v->who->room, v->who->person,
                    load_be16(in), (int)len - 2, (const char *)in + 2);
        break;
    case LWS_CALLBACK_CLIENT_CLOSED:
        fail(v, "the WebSocket was closed");
        break;
    case LWS_CALLBACK_WSI_DESTROY:
        lws_set_opaque_user_data(wsi, NULL);
        visit_destroy(v);
        break;
    default:
        break;
    }
    return 0;
}

static const struct lws_protocols protocols[] = { { .name = "kinroom.v1", .callback = on_event }, { 0 } };

/* ---- The table ---- */

static bool read_url(struct signalling *s)
{
    const char *host = strstr(s->config->url, "://");
    host = host ? host + 3 : s->config->url;
    s->port = 443;
    bool good = host[0] == '[' ? sscanf(host, "[%255[^]]]:%d", s->host, &s->port) >= 1
                               : sscanf(host, "%255[^:/]:%d", s->host, &s->port) >= 1;
    snprintf(s->origin, sizeof s->origin, "https://%.*s", (int)strcspn(host, "/"), host);
    return good;
}

static enum status create_lws(struct signalling *s)
{
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .protocols = protocols,
        .options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_JUST_USE_RAW_ORIGIN,
        .gid = (gid_t)-1,
        .uid = (uid_t)-1,
        .max_http_header_pool = HEADERS_AT_ONCE,
        .client_ssl_ca_filepath = s->config->ca,
    };
    lws_set_log_level(LLL_ERR, NULL);
    s->lws = lws_create_context(&info);
    return s->lws ? OK : ERR_SYSTEM;
}

static void kinroom_stop(struct signalling *s)
{
    if (!s)
        return;
    lws_sul_schedule(s->lws, 0, &s->alarm, NULL, LWS_SET_TIMER_USEC_CANCEL);
    if (s->lws)
        lws_context_destroy(s->lws);
    clinic_destroy(s->clinic);
    free(s);
}

static enum status kinroom_start(struct signalling **started, const struct load_config *config, struct media *media)
{
    struct signalling *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NO_MEMORY;
    s->config = config;
    s->media = media;
    enum status status = read_url(s) ? clinic_create(&s->clinic, config) : ERR_MALFORMED;
    if (status == OK)
        status = create_lws(s);
    if (status != OK) {
        clinic_destroy(s->clinic);
        free(s);
        return status;
    }
    *started = s;
    return OK;
}

static enum status kinroom_open_room(struct signalling *s, unsigned room, unsigned people)
{
    return clinic_schedule(s->clinic, room, people);
}

static void kinroom_close_room(struct signalling *s, unsigned room)
{
    clinic_end(s->clinic, room);
}

static enum status make_peer(struct signalling *s, struct participant *who)
{
    struct load_peer_config config = { .origin = who->origin,
                                       .others_from = who->others_from,
                                       .others_to = who->others_to,
                                       .feedback = s->config->feedback,
                                       .sample_every = s->config->sample_every,
                                       .key = s->config->key };
    return load_peer_create(&who->peers[0], &config);
}

static enum status connect_visit(struct visit *v)
{
    struct signalling *s = v->s;
    struct lws_client_connect_info info = {
        .context = s->lws,
        .address = s->host,
        .port = s->port,
        .path = "/ws",
        .host = s->origin + strlen("https://"),
        .origin = s->origin,
        .protocol = "kinroom.v1",
        .local_protocol_name = "kinroom.v1",
        .ssl_connection = LCCSCF_USE_SSL,
        .alpn = "http/1.1",
        .opaque_user_data = v,
        .pwsi = &v->wsi,
    };
    if (s->config->insecure)
        info.ssl_connection |= LCCSCF_ALLOW_SELFSIGNED | LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK | LCCSCF_ALLOW_INSECURE;
    return lws_client_connect_via_info(&info) ? OK : ERR_SYSTEM;
}

static enum status kinroom_join(struct signalling *s, struct participant *who)
{
    struct visit *v = calloc(1, sizeof *v);
    if (!v)
        return ERR_NO_MEMORY;
    *v = (struct visit){ .s = s, .who = who };
    enum status status = clinic_token(s->clinic, who->room, who->person, &v->token);
    if (status == OK)
        status = make_peer(s, who);
    if (status != OK) {
        visit_destroy(v);
        return status;
    }
    who->own = v;
    who->state = PARTICIPANT_JOINING;
    who->opened_us = socket_mono_ns() / 1000;
    return connect_visit(v);
}

static void kinroom_leave(struct signalling *s, struct participant *who)
{
    struct visit *v = who->own;
    media_lock(s->media);
    if (who->peer_count > 0)
        media_drop(s->media, who->peers[0]);
    else
        load_peer_destroy(who->peers[0]);
    media_unlock(s->media);
    who->peers[0] = NULL;
    who->peer_count = 0;
    who->state = PARTICIPANT_AWAY;
    who->own = NULL;
    if (!v)
        return;
    say(v, ASK_LEAVE, json_pack("{s:s}", "type", "leave"));
    v->who = NULL;
}

static void ring(lws_sorted_usec_list_t *alarm)
{
    struct signalling *s = lws_container_of(alarm, struct signalling, alarm);
    s->rang = true;
    lws_cancel_service(s->lws); /* which else goes on to wait for a socket */
}

static void kinroom_poll(struct signalling *s, int timeout_ms)
{
    s->rang = false;
    lws_sul_schedule(s->lws, 0, &s->alarm, ring, (lws_usec_t)timeout_ms * LWS_US_PER_MS + 1);
    while (!s->rang)
        lws_service(s->lws, 0);
}

const struct signalling_ops signalling_kinroom = {
    .name = "kinroom",
    .start = kinroom_start,
    .stop = kinroom_stop,
    .open_room = kinroom_open_room,
    .close_room = kinroom_close_room,
    .join = kinroom_join,
    .leave = kinroom_leave,
    .poll = kinroom_poll,
};
