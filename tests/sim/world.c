#define _GNU_SOURCE /* memmem */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "signaling/sdp.h"
#include "sim/parts.h"
#include "transport/dtls.h"
#include "transport/srtp.h"

static const struct {
    const char *id;
    enum role role;
} cast[WORLD_PEOPLE] = {
    [WORLD_THERAPIST] = { "t-1", ROLE_THERAPIST }, [WORLD_COTHERAPIST] = { "t-2", ROLE_THERAPIST },
    [WORLD_CLIENT] = { "c-1", ROLE_CLIENT },       [WORLD_LOVED_1] = { "l-1", ROLE_LOVED_ONE },
    [WORLD_LOVED_2] = { "l-2", ROLE_LOVED_ONE },   [WORLD_INTERPRETER] = { "i-1", ROLE_INTERPRETER },
};

/* OpenSSL times the handshake by this clock; here it is the world's. One world at a time. */
static usec_t virtual_us;
int gettimeofday(struct timeval *restrict at, void *restrict zone)
{
    (void)zone;
    at->tv_sec = (time_t)(virtual_us / USEC_PER_SEC);
    at->tv_usec = (suseconds_t)(virtual_us % USEC_PER_SEC);
    return 0;
}

enum role world_role(int person)
{
    return cast[person].role;
}

const char *world_id(int person)
{
    return cast[person].id;
}
struct world_counts world_counts(const struct world *w)
{
    return w->counts;
}
struct chance *world_chance(struct world *w)
{
    return &w->chance;
}
struct model *world_model(struct world *w)
{
    return &w->model;
}
struct network *world_network(struct world *w)
{
    return w->network;
}
usec_t world_now_us(const struct world *w)
{
    return w->now_us;
}
bool world_connected(const struct world *w, int person)
{
    return w->actors[person].client != 0;
}

void world_violation(struct world *w, const char *format, ...)
{
    char text[300];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    w->counts.violations++;
    printf("seed %" PRIu64 " step %" PRIu64 " at %.6f s: %s\n", w->seed, w->counts.steps, (double)w->now_us / 1e6,
           text);
}

struct now now_of(struct world *w)
{
    virtual_us = w->now_us;
    int64_t unix_us = (int64_t)EPOCH_UNIX_S * (int64_t)USEC_PER_SEC + (int64_t)w->now_us + w->wall_offset_us;
    return (struct now){ w->now_us, unix_us };
}

unsigned world_device(int person, unsigned nth)
{
    return 2 * (unsigned)person + nth;
}

void world_use(struct world *w, int person, unsigned device)
{
    w->actors[person].device = device;
}

struct id device_id(unsigned device)
{
    struct id id = { "" };
    if (device)
        snprintf(id.text, sizeof id.text, "device-%u", device);
    return id;
}

enum { PATHS = 4 };

static struct address address_on(int person, unsigned path)
{
    struct address a = { .family = ADDRESS_IPV4,
                         .port = (uint16_t)(5000 + 100 * path + (unsigned)person),
                         .ip = { 10, 0, 0, (uint8_t)(person + 1) } };
    if (person % 2)
        a = (struct address){ .family = ADDRESS_IPV6, .port = a.port, .ip = { 0xfd, [15] = (uint8_t)(person + 1) } };
    return a;
}

struct address address_of(const struct world *w, int person)
{
    return address_on(person, w->actors[person].path);
}

int person_at(const struct address *address)
{
    for (int i = 0; i < WORLD_PEOPLE; i++)
        for (unsigned path = 0; path < PATHS; path++) {
            struct address at = address_on(i, path);
            if (address_equal(&at, address))
                return i;
        }
    return -1;
}
int person_named(const char *id)
{
    for (int i = 0; i < WORLD_PEOPLE; i++)
        if (strcmp(id, world_id(i)) == 0)
            return i;
    return -1;
}

void lose(struct world *w, int person)
{
    struct actor *actor = &w->actors[person];
    actor->client = 0;
    actor->broken = actor->cut = false;
    actor->link[0] = '\0';
    actor->negotiated = false;
    actor->twcc = (struct twcc){ 0 };
    actor->stream_count = 0;
    peer_destroy(actor->peer);
    actor->peer = NULL;
}

void pass(struct world *w)
{
    model_at(&w->model, w->now_us);
    for (int i = 0; i < WORLD_PEOPLE; i++)
        if (w->actors[i].broken && (!w->model.people[i].connected || w->model.over))
            lose(w, i);
}

/* ---- What people do ---- */

static enum reply outcome_in_outbox(struct world *w, client_id client)
{
    char mark[40];
    snprintf(mark, sizeof mark, "\"id\":%u", w->request);
    for (size_t i = 0; i < outbox_message_count(w->outbox); i++) {
        struct message m = outbox_message_at(w->outbox, i);
        if (m.client != client || m.kind != MESSAGE_TEXT || !memmem(m.text.at, m.text.len, mark, strlen(mark)))
            continue;
        return memmem(m.text.at, m.text.len, "\"error\"", 7) ? REPLY_ERROR : REPLY_DONE;
    }
    return REPLY_NONE;
}

static size_t count_texts(const struct world *w, client_id client, const char *mark)
{
    size_t count = 0;
    for (size_t i = 0; i < outbox_message_count(w->outbox); i++) {
        struct message m = outbox_message_at(w->outbox, i);
        count += m.client == client && m.kind == MESSAGE_TEXT && memmem(m.text.at, m.text.len, mark, strlen(mark));
    }
    return count;
}

/* Back to what they have: link and seat as they were, and all of it told anew. */
static void take_over(struct world *w, int person, client_id client)
{
    struct actor *actor = &w->actors[person];
    bool told = count_texts(w, client, "\"type\":\"seat\"") == 1 && count_texts(w, client, "\"type\":\"room\"") == 1 &&
                count_texts(w, client, "\"type\":\"slots\"") == 1;
    if (!told)
        world_violation(w, "%s is not told all anew", world_id(person));
    client_id old = actor->client;
    bool was_there = !actor->broken;
    model_resumed(&w->model, person);
    w->counts.resumed++;
    actor->client = client;
    actor->broken = false;
    drain(w);
    if (was_there)
        broker_gone(w->broker, now_of(w), old, w->outbox);
}

/* link: what they still have, or NULL. */
static bool join(struct world *w, int person, bool move, const char *link)
{
    pass(w);
    struct actor *actor = &w->actors[person];
    client_id client = ++w->last_client;
    if (client >= CLIENTS_MAX)
        abort();
    w->owner[client] = (uint8_t)(person + 1);
    int64_t now_s = EPOCH_UNIX_S + (int64_t)(w->now_us / USEC_PER_SEC);
    struct claims claims = { .role = cast[person].role,
                             .device = device_id(actor->device),
                             .not_before = now_s - 60,
                             .expires = now_s + 86400 };
    id_parse(bytes_of(world_id(person)), &claims.participation);
    id_parse(bytes_of("s-1"), &claims.session);
    id_parse(bytes_of("j-1"), &claims.token);
    w->request++;
    bool was_connected = actor->client != 0 && !actor->broken;
    bool resumes =
        link && link[0] && strcmp(link, actor->link) == 0 && model_may_resume(&w->model, person, actor->device);
    bool right = resumes || model_may_join(&w->model, person, actor->device, move);
    if (w->verbose)
        printf("  %.3f %s: joins by device %u%s%s\n", (double)w->now_us / 1e6, world_id(person), actor->device,
               move ? ", moves" : "", link ? ", resumes" : "");
    struct joining joining = { .claims = claims, .request = w->request, .move = move };
    if (link)
        snprintf(joining.resume.text, sizeof joining.resume.text, "%s", link);
    broker_join(w->broker, now_of(w), client, &joining, w->outbox);
    bool welcomed = outcome_in_outbox(w, client) == REPLY_DONE;
    if (welcomed != right)
        world_violation(w, "%s %s when joining", world_id(person),
                        welcomed ? "came in wrongly" : "was turned away wrongly");
    if ((count_texts(w, client, "\"resumed\":true") == 1) != resumes)
        world_violation(w, "%s %s", world_id(person), resumes ? "does not find their link" : "finds a link");
    if (welcomed) {
        if (w->model.people[person].connected && !resumes)
            model_gone(&w->model, w->now_us, person);
        if (!resumes)
            model_joined(&w->model, w->now_us, person, actor->device);
        /* Invariant 11: the old connection was told goodbye before the new one was welcomed. */
        bool goodbye = !was_connected;
        for (size_t i = 0; i < outbox_message_count(w->outbox) && outbox_message_at(w->outbox, i).client != client; i++)
            goodbye |= outbox_message_at(w->outbox, i).client == actor->client &&
                       outbox_message_at(w->outbox, i).kind == MESSAGE_CLOSE;
        if (!goodbye)
            world_violation(w, "two live connections of %s", world_id(person));
    }
    if (welcomed && resumes) {
        take_over(w, person, client);
    } else if (welcomed) {
        client_id old = actor->client;
        lose(w, person);
        actor->client = client;
        uint64_t opened = w->waits_for[person];
        bool back = w->model.people[person].admitting;
        drain(w);
        if (back && w->waits_for[person] == opened)
            world_violation(w, "%s is not let back by themselves", world_id(person));
        if (old)
            broker_gone(w->broker, now_of(w), old, w->outbox);
    }
    drain(w);
    write_ledger(w);
    if (!welcomed && !w->closed[client])
        w->closed[client] = true; /* they give up */
    return welcomed;
}

bool world_join(struct world *w, int person, bool move)
{
    return join(w, person, move, NULL);
}

bool world_resume(struct world *w, int person)
{
    char link[sizeof w->actors->link];
    snprintf(link, sizeof link, "%s", w->actors[person].link[0] ? w->actors[person].link : "0123456789abcdef");
    return join(w, person, false, link);
}

void world_code(struct world *w, int person, enum code_state state)
{
    struct id session = { "s-1" }, participation;
    id_parse(bytes_of(world_id(person)), &participation);
    pass(w);
    w->model.people[person].code = state;
    w->refusals = 0;
    broker_code(w->broker, now_of(w), &session, &participation, state, w->outbox);
    for (int i = 0; i < WORLD_PEOPLE; i++) {
        bool told = cast[i].role == ROLE_THERAPIST && state == CODE_FAILED;
        if (w->actors[i].client && !w->actors[i].broken &&
            count_texts(w, w->actors[i].client, "\"type\":\"link_trouble\"") != told)
            world_violation(w, "%s is %s trouble with a link", world_id(i), told ? "not told of" : "told of");
    }
    drain(w);
    if (w->refusals != (state == CODE_FAILED))
        world_violation(w, "the ledger holds %u refusals of one code", w->refusals);
    write_ledger(w);
}

void world_drop(struct world *w, int person)
{
    client_id client = w->actors[person].client;
    if (!client || w->actors[person].broken)
        return;
    pass(w);
    lose(w, person);
    w->closed[client] = true;
    broker_gone(w->broker, now_of(w), client, w->outbox);
    model_gone(&w->model, w->now_us, person);
    drain(w);
    write_ledger(w);
}

void world_break(struct world *w, int person, usec_t silent_us)
{
    struct actor *actor = &w->actors[person];
    client_id client = actor->client;
    pass(w);
    /* While a handshake is under way, only the broker knows how far it is. */
    if (!client || actor->broken || (actor->negotiated && !w->model.people[person].alive))
        return;
    usec_t heard = w->now_us - silent_us;
    if (w->verbose)
        printf("  %.3f %s: the socket breaks, silent for %.3f s\n", (double)w->now_us / 1e6, world_id(person),
               (double)silent_us / 1e6);
    actor->broken = true;
    w->closed[client] = true;
    model_broken(&w->model, w->now_us, person, heard);
    broker_lost(w->broker, now_of(w), client, heard, w->outbox);
    pass(w);
    drain(w);
    write_ledger(w);
}

void world_restart_ice(struct world *w, int person)
{
    struct actor *actor = &w->actors[person];
    if (!actor->client || actor->broken || !actor->peer || !peer_is_ready(actor->peer))
        return;
    peer_draw_credentials(actor->peer);
    world_request(w, person, "\"type\":\"restart_ice\",\"ufrag\":\"%s\",\"pwd\":\"%s\"", peer_ufrag(actor->peer),
                  peer_pwd(actor->peer));
}

void world_change_path(struct world *w, int person, bool unnoticed)
{
    struct actor *actor = &w->actors[person];
    actor->path = (actor->path + 1) % PATHS;
    struct address address = address_of(w, person);
    if (!actor->peer)
        return;
    if (unnoticed)
        peer_rebind(actor->peer, &address);
    else
        peer_move(actor->peer, &address);
}

void world_cut(struct world *w, int person)
{
    w->actors[person].cut = w->actors[person].client != 0;
}

unsigned world_lines(const struct world *w, int person)
{
    return w->actors[person].lines;
}

void world_prepare(struct world *w, int person)
{
    if (cast[person].role == ROLE_CLIENT)
        world_request(w, person, "\"type\":\"locate\",\"address\":\"12 Elm St\",\"phone\":\"555 0100\"");
    else if (cast[person].role == ROLE_LOVED_ONE)
        world_request(w, person, "\"type\":\"acknowledge\",\"guidance\":\"g1\",\"notice\":\"n1\"");
}

static void change_grant(struct world *w, int person, enum grant_status status)
{
    struct grant grant = w->grants[person];
    if (!grant.epoch)
        return;
    pass(w);
    grant.epoch = ++w->grants[person].epoch;
    grant.status = status;
    w->model.people[person].withdrawn = false;
    if (status == GRANT_WITHDRAWN)
        model_withdraw(&w->model, person);
    broker_grant(w->broker, now_of(w), &grant, w->outbox);
    drain(w);
    write_ledger(w);
}

void world_revoke(struct world *w, int person)
{
    change_grant(w, person, GRANT_WITHDRAWN);
}

void world_regrant(struct world *w, int person)
{
    change_grant(w, person, GRANT_ACTIVE);
}

/* The camera (mid 1) comes in two simulcast layers. */
static void write_section(struct writer *sdp, int mid, bool video, bool sends, const char *credentials)
{
    write_format(sdp,
                 "m=%s 9 UDP/TLS/RTP/SAVPF %s\r\nc=IN IP4 0.0.0.0\r\n%sa=setup:actpass\r\na=mid:%d\r\n"
                 "a=extmap:4 " SDP_MID_URI "\r\na=extmap:7 " SDP_TWCC_URI "\r\na=%s\r\na=rtcp-mux\r\n"
                 "a=rtcp-fb:* transport-cc\r\na=rtpmap:%s\r\n",
                 video ? "video" : "audio", video ? "96 97" : "111", credentials, mid, sends ? "sendonly" : "recvonly",
                 video ? "96 VP8/90000\r\na=rtcp-fb:96 nack\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96"
                       : "111 opus/48000/2");
    if (!video)
        write_text(sdp, "a=extmap:8 " SDP_LEVEL_URI "\r\n");
    if (mid == 1)
        write_text(sdp, "a=extmap:5 " SDP_RID_URI "\r\na=extmap:6 " SDP_REPAIRED_RID_URI
                        "\r\na=rid:l send\r\na=rid:h send\r\na=simulcast:send l;h\r\n");
}

static void write_offer(const struct actor *actor, struct writer *sdp)
{
    char fingerprint[3 * PEER_FINGERPRINT_LEN + 1], credentials[400];
    for (int i = 0; i < PEER_FINGERPRINT_LEN; i++)
        snprintf(fingerprint + 3 * i, 4, "%02X:", peer_fingerprint()[i]);
    fingerprint[3 * PEER_FINGERPRINT_LEN - 1] = '\0';
    snprintf(credentials, sizeof credentials, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=fingerprint:sha-256 %s\r\n",
             peer_ufrag(actor->peer), peer_pwd(actor->peer), fingerprint);
    int audio = 6, sections = 3 + 2 * audio + 1;
    write_text(sdp, "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE");
    for (int mid = 0; mid < sections; mid++)
        write_format(sdp, " %d", mid);
    write_text(sdp, "\r\n");
    for (int mid = 0; mid < sections; mid++)
        write_section(sdp, mid, mid == 1 || mid == 2 || mid >= 3 + audio, mid < 3, credentials);
}

void world_negotiate(struct world *w, int person)
{
    struct actor *actor = &w->actors[person];
    if (!actor->client || actor->broken || actor->negotiated)
        return;
    struct peer_config config = { .seed = chance_next(&w->chance),
                                  .address = address_of(w, person),
                                  .send = on_peer_send,
                                  .probe_first = chance_in(&w->chance, 500),
                                  .media = on_peer_media,
                                  .context = w };
    if (peer_create(&actor->peer, &config) != OK)
        abort();
    actor->deaf = chance_in(&w->chance, 300) ? chance_below(&w->chance, 1001) : 0;
    peer_set_nominating(actor->peer, chance_in(&w->chance, 500));
    uint8_t buffer[16384], escaped[20000];
    struct writer sdp = writer_over(buffer, sizeof buffer), json = writer_over(escaped, sizeof escaped);
    write_offer(actor, &sdp);
    for (size_t i = 0; i < sdp.len; i++) {
        if (buffer[i] == '\r')
            write_text(&json, "\\r");
        else if (buffer[i] == '\n')
            write_text(&json, "\\n");
        else
            write_u8(&json, buffer[i]);
    }
    if (json.bad ||
        world_request(w, person, "\"type\":\"offer\",\"sdp\":\"%.*s\"", (int)json.len, (char *)escaped) != REPLY_DONE)
        world_violation(w, "the offer of %s was refused", world_id(person));
}

/* A client's stop takes the yes back. */
static void step_out(struct model *m, int by, int person)
{
    if (m->people[by].role == ROLE_CLIENT) {
        m->people[person].agreed = false;
        m->people[person].refused = true;
    }
    model_out(m, person);
}

/* What an accepted request means, by the domain's words; called before what came of it is judged. */
static void tell_model(struct world *w, int person, const char *json)
{
    struct model *m = &w->model;
    int about = -1;
    for (int i = 0; i < WORLD_PEOPLE; i++)
        if (strstr(json, world_id(i)))
            about = i;
    source_mask sources = (strstr(json, "\"mic\":true") ? SOURCE_MIC : 0) |
                          (strstr(json, "\"camera\":true") ? SOURCE_CAMERA : 0) |
                          (strstr(json, "\"screen\":true") ? SOURCE_SCREEN : 0);
    if (strstr(json, "\"chat\",")) {
        return; /* words change nothing */
    } else if (strstr(json, "\"preview\"")) {
        w->actors[person].preview_of = about; /* nobody: -1 */
        memset(w->actors[person].preview, 0, sizeof w->actors[person].preview);
    } else if (strstr(json, "\"media\"")) {
        m->people[person].sending = sources;
    } else if (strstr(json, "\"receive\"")) {
        m->people[person].sound_only = strstr(json, "false") != NULL;
    } else if (strstr(json, "\"agree\"")) {
        m->people[about].agreed = strstr(json, "true") != NULL;
        m->people[about].refused = !m->people[about].agreed;
        if (!m->people[about].agreed) {
            model_out(m, about);
            model_segment_over(m, about);
        }
    } else if (strstr(json, "\"locate\"") || strstr(json, "\"acknowledge\"")) {
        m->people[person].prepared = true;
        m->people[person].declined = false;
    } else if (strstr(json, "\"take_part\"")) {
        m->people[person].choice = mode_parse(bytes_of(strstr(json, "full")     ? "full"
                                                       : strstr(json, "listen") ? "listen"
                                                       : strstr(json, "watch")  ? "watch"
                                                                                : "audio"));
        m->people[person].sending &= model_sends(m, w->now_us, person);
    } else if (strstr(json, "\"enable\"")) {
        m->people[about].enabled = (enable_mask)(sources | (strstr(json, "\"chat\":true") ? ENABLE_CHAT : 0) |
                                                 (strstr(json, "\"others\":true") ? ENABLE_OTHERS : 0));
        m->people[about].sending &= model_sends(m, w->now_us, about);
    } else if (strstr(json, "\"decline\"")) {
        model_out(m, person);
        m->people[person].declined = true;
    } else if (strstr(json, "\"everyone\"")) {
        for (int i = 0; i < WORLD_PEOPLE; i++)
            if (cast[i].role == ROLE_LOVED_ONE && cast[person].role != ROLE_LOVED_ONE)
                step_out(m, person, i);
    } else if (strstr(json, "\"step_out\"")) {
        step_out(m, person, about);
    } else if (strstr(json, "\"mute\"")) {
        m->people[about].muted = sources;
    } else if (strstr(json, "\"end\"")) {
        m->over = true;
    } else if (strstr(json, "\"leave\"")) {
        model_gone(m, w->now_us, person);
        m->people[person].resumable_until = 0;
        if (cast[person].role == ROLE_CLIENT)
            m->asked = 0; /* who leaves has not said yes */
    }
}

/* Whether the session may be longer is for the model to say, whatever the broker says. */
static void tell_extension(struct world *w, int person, const char *json, enum reply outcome)
{
    static const enum reply right[] = {
        [LONGER_NO] = REPLY_ERROR, [LONGER_ASKED] = REPLY_NONE, [LONGER_YES] = REPLY_DONE
    };
    enum reply expected;
    if (strstr(json, "\"extend\""))
        expected =
            cast[person].role != ROLE_THERAPIST
                ? REPLY_ERROR
                : right[model_extend(&w->model, w->now_us, person, (unsigned)atoi(strstr(json, "\"minutes\":") + 10))];
    else if (strstr(json, "\"allow_extension\""))
        expected = model_allow(&w->model, person, strstr(json, "true")) ? REPLY_DONE : REPLY_ERROR;
    else
        return;
    if (outcome != expected)
        world_violation(w, "%s: %s came to %d and not to %d", world_id(person), json, (int)outcome, (int)expected);
}

enum reply world_request(struct world *w, int person, const char *format, ...)
{
    struct actor *actor = &w->actors[person];
    if (!actor->client || actor->broken)
        return REPLY_NONE;
    static char json[32768];
    w->request++;
    int head = snprintf(json, sizeof json, "{\"id\":%u,", w->request);
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(json + head, sizeof json - (size_t)head - 2, format, arguments) + head;
    va_end(arguments);
    json[len++] = '}';
    json[len] = '\0';
    if (w->verbose)
        printf("  %.3f %s: %.120s\n", (double)w->now_us / 1e6, world_id(person), json);

    pass(w);
    client_id client = actor->client;
    w->reply = w->replies[w->request % REPLIES] = REPLY_NONE;
    broker_text(w->broker, now_of(w), client, (struct bytes){ (uint8_t *)json, (size_t)len }, w->outbox);
    enum reply outcome = outcome_in_outbox(w, client);
    if (outcome == REPLY_DONE)
        tell_model(w, person, json);
    tell_extension(w, person, json, outcome);
    w->admit_text = strstr(json, "\"admit\"") ? json : NULL;
    drain(w);
    w->admit_text = NULL;
    write_ledger(w);
    if (w->closed[client]) {
        broker_gone(w->broker, now_of(w), client, w->outbox);
        drain(w);
    }
    return outcome != REPLY_NONE ? outcome : w->reply;
}

enum reply world_last_reply(const struct world *w)
{
    return w->reply;
}

uint32_t world_request_number(const struct world *w)
{
    return w->request;
}

enum reply world_reply_to(const struct world *w, uint32_t request)
{
    return w->replies[request % REPLIES];
}

/* What an order that was carried out means; a removal is told by its record (disk.c). */
static void tell_order(struct model *m, enum moderation_act act, int person)
{
    for (int i = 0; act == MODERATION_STEP_OUT_EVERYONE && i < WORLD_PEOPLE; i++)
        if (cast[i].role == ROLE_LOVED_ONE)
            model_out(m, i);
    if (act == MODERATION_STEP_OUT)
        model_out(m, person);
    if (act == MODERATION_END)
        m->over = true;
}

void world_vitals(struct world *w, struct vitals *vitals)
{
    broker_vitals(w->broker, now_of(w), vitals);
}

enum status world_moderate(struct world *w, enum moderation_act act, int person)
{
    struct model *m = &w->model;
    struct moderation order = { .act = act, .reason = "safety_threat" };
    id_parse(bytes_of("s-1"), &order.session);
    id_parse(bytes_of(world_id(person)), &order.participation);
    pass(w);
    bool guest = cast[person].role == ROLE_LOVED_ONE || cast[person].role == ROLE_INTERPRETER;
    bool removable = guest && !m->people[person].removed, was_over = m->over;
    enum status status = broker_moderate(w->broker, now_of(w), &order, w->outbox);
    if (status == OK)
        tell_order(m, act, person);
    bool right = act == MODERATION_REMOVE     ? (status == OK) == removable
                 : act == MODERATION_END      ? (status == OK) == !was_over
                 : act == MODERATION_STEP_OUT ? status != OK || guest
                                              : status == OK;
    if (!right)
        world_violation(w, "the clinic's order %d about %s came to '%s'", (int)act, world_id(person),
                        status_name(status));
    drain(w);
    write_ledger(w);
    return status;
}

void world_acknowledge_elsewhere(struct world *w, int person)
{
    struct acknowledgement known = { .kind = w->model.kind, .guidance_version = "g1", .notice_version = "n1" };
    id_parse(bytes_of(world_id(person)), &known.person);
    pass(w);
    if (cast[person].role == ROLE_LOVED_ONE)
        w->model.people[person].prepared = true;
    broker_acknowledged(w->broker, now_of(w), &known, w->outbox);
    drain(w);
    write_ledger(w);
}

void world_garbage_text(struct world *w, int person)
{
    static const char *const kinds[] = {
        "",
        "{",
        "[]",
        "null",
        "{\"type\":1}",
        "{\"type\":\"admit\"}",
        "{\"type\":\"open_all_gates\",\"id\":1}",
        "{\"type\":\"end\",\"type\":\"end\"}",
        "{\"type\":\"agree\",\"participant\":\"l-1\",\"yes\":\"true\"}",
        "{\"type\":\"admit\",\"participant\":\"l-1\",\"minutes\":99999999999}",
        "{\"type\":\"media\",\"mic\":true}",
        "\xff\xfe",
        "{\"type\":\"step_out\"}",
        "{\"type\":\"offer\",\"sdp\":\"v=0\"}",
    };
    const char *text = kinds[chance_below(&w->chance, sizeof kinds / sizeof *kinds)];
    if (!w->actors[person].client || w->actors[person].broken)
        return;
    pass(w);
    broker_text(w->broker, now_of(w), w->actors[person].client, bytes_of(text), w->outbox);
    drain(w);
}

void world_garbage_datagram(struct world *w, int person)
{
    uint8_t noise[300];
    size_t len = chance_below(&w->chance, sizeof noise);
    chance_fill(&w->chance, noise, len);
    static const uint8_t leads[] = { 0, 1, 20, 22, 23, 128, 144, 255 };
    if (len > 1) {
        noise[0] = leads[chance_below(&w->chance, sizeof leads)];
        noise[1] = chance_in(&w->chance, 500) ? 200 : 111;
    }
    struct address from = address_of(w, person);
    network_send(w->network, w->now_us, TO_BROKER, &from, (struct bytes){ noise, len }, 0);
}

void world_set_wall_clock(struct world *w, int64_t offset_us)
{
    w->wall_offset_us = offset_us;
}

void world_silence(struct world *w, int person)
{
    peer_set_checking(w->actors[person].peer, false);
}

const char *world_seat(const struct world *w, int person)
{
    return w->actors[person].seat;
}

void world_stop_high(struct world *w, int person, bool stopped)
{
    w->actors[person].high_forbidden = w->actors[person].high_stopped = stopped;
}

void world_narrow(struct world *w, int person, unsigned bps)
{
    w->actors[person].takes_bps = bps;
}

uint64_t world_flow(struct world *w, int to, int from, enum flow flow)
{
    uint64_t count = w->actors[to].flows[from][flow];
    w->actors[to].flows[from][flow] = 0;
    return count;
}

bool world_paused(const struct world *w, int to, int from)
{
    return w->actors[to].paused[from];
}

void world_calm(struct world *w)
{
    w->calm = true;
}

uint64_t world_heard(struct world *w, int to, int from)
{
    uint64_t heard = w->actors[to].heard[from];
    w->actors[to].heard[from] = 0;
    return heard;
}
/* ---- Time ---- */

static void deliver(struct world *w, struct flight *flight)
{
    struct address at;
    if (flight->to == TO_BROKER) {
        int person = person_at(&flight->from);
        enum packet_kind kind = demux((struct bytes){ flight->data, flight->len });
        pass(w);
        enum status status = broker_datagram(w->broker, now_of(w), &flight->from, flight->data, flight->len, w->outbox);
        if (status == OK && kind != PACKET_DTLS && person >= 0 && w->actors[person].peer &&
            peer_is_ready(w->actors[person].peer))
            w->model.people[person].alive = w->now_us;
        drain(w);
        write_ledger(w);
    } else if (at = address_of(w, flight->to),
               w->actors[flight->to].peer && !w->actors[flight->to].cut && address_equal(&at, &flight->from)) {
        w->stamp = flight->stamp;
        w->receiving = flight->to;
        now_of(w);
        peer_datagram(w->actors[flight->to].peer, now_of(w), (struct bytes){ flight->data, flight->len });
    }
}

static void tick(struct world *w, bool talking)
{
    for (int i = 0; i < WORLD_PEOPLE; i++) {
        struct actor *actor = &w->actors[i];
        if (actor->peer && peer_deadline(actor->peer, now_of(w)) <= w->now_us)
            peer_tick(actor->peer, now_of(w));
        if (talking)
            speak_all(w, i);
    }
    write_ledger(w);
    if (broker_deadline(w->broker) <= w->now_us) {
        pass(w);
        broker_tick(w->broker, now_of(w), w->outbox);
        drain(w);
        write_ledger(w);
        if (broker_deadline(w->broker) <= w->now_us)
            world_violation(w, "a tick leaves a deadline in the past: the shard would spin");
    }
}

static usec_t next_event(struct world *w, usec_t end, bool talking)
{
    usec_t next = sooner(end, sooner(network_deadline(w->network), broker_deadline(w->broker)));
    if (w->pending_count > 0)
        next = sooner(next, w->pending[0].at);
    for (int i = 0; i < WORLD_PEOPLE; i++) {
        const struct actor *actor = &w->actors[i];
        if (!actor->peer)
            continue;
        next = sooner(next, peer_deadline(actor->peer, now_of(w)));
        if (talking && peer_is_ready(actor->peer))
            next = sooner(next, sooner(actor->next_audio, actor->next_video));
    }
    return next;
}

void world_run(struct world *w, usec_t span_us, bool talking)
{
    usec_t end = w->now_us + span_us;
    while (w->now_us < end) {
        usec_t next = next_event(w, end, talking);
        /* A deadline in the past moves time by a little all the same, so that nothing can hold the world still. */
        w->now_us = next > w->now_us ? next : w->now_us + 100;
        tick(w, talking);
        struct flight flight;
        while (network_next(w->network, w->now_us, &flight))
            deliver(w, &flight);
    }
    w->counts.steps++;
}
/* ---- Making a world ---- */

static void plan_grant(struct world *w, struct plan *plan, int person, enum mode mode, usec_t from, usec_t until)
{
    struct model_person *p = &w->model.people[person];
    struct grant grant = {
        .epoch = 1,
        .client = plan->client,
        .granted_by = GRANTED_BY_PATIENT,
        .kinds = term_bit((int)plan->kind),
        .modes = term_bit((int)mode),
        .chat = true,
        .topics = p->topics ? p->topics : term_bit(TOPIC_GENERAL_PROGRESS) | term_bit(TOPIC_AFTERCARE),
        .purpose = "FAMRQT",
        .not_before = EPOCH_UNIX_S + (int64_t)(from / USEC_PER_SEC),
        .expires = EPOCH_UNIX_S + (int64_t)(until / USEC_PER_SEC),
        .client_absent_ok = p->absent_ok,
        .notice_version = "n1",
        .evidence = "e1",
        .status = GRANT_ACTIVE,
    };
    snprintf(grant.id.text, sizeof grant.id.text, "g-%d", person);
    id_parse(bytes_of(world_id(person)), &grant.person);
    w->grants[person] = grant;
    if (plan_add_grant(plan, &grant) != OK)
        abort();
    p->mode = mode;
    p->topics = grant.topics;
    p->epoch = 1;
    p->grant_from = from;
    p->grant_until = until;
}

static usec_t seconds(struct chance *chance, unsigned least, unsigned most)
{
    return (least + chance_below(chance, most - least)) * USEC_PER_SEC;
}

static void plan_people(struct world *w, struct plan *plan, enum session_kind kind)
{
    *plan = (struct plan){ .kind = kind, .guidance_version = "g1", .notice_version = "n1" };
    w->model.kind = kind;
    id_parse(bytes_of("s-1"), &plan->session);
    id_parse(bytes_of(world_id(WORLD_CLIENT)), &plan->client);
    plan->opens_at = EPOCH_UNIX_S + (int64_t)(w->model.opens / USEC_PER_SEC);
    plan->closes_at = EPOCH_UNIX_S + (int64_t)(w->model.closes / USEC_PER_SEC);
    plan->step_count = 2;
    plan->agenda[0] = (struct plan_step){ "Progress", 3 };
    plan->agenda[1] = (struct plan_step){ "Questions", 5 };
    w->model.count = WORLD_PEOPLE;
    for (int i = 0; i < WORLD_PEOPLE; i++) {
        enum role role = cast[i].role;
        w->model.people[i] =
            (struct model_person){ .role = role, .prepared = role != ROLE_LOVED_ONE && role != ROLE_CLIENT };
        w->actors[i].device = role == ROLE_THERAPIST ? 0 : world_device(i, 1);
        struct plan_person person = { .role = role };
        id_parse(bytes_of(world_id(i)), &person.participation);
        person.person = person.participation;
        snprintf(person.name, sizeof person.name, "Person %d", i);
        if (plan_add_person(plan, &person) != OK)
            abort();
    }
}

static void plan_by_chance(struct world *w, struct plan *plan)
{
    struct chance *chance = &w->chance;
    w->model.opens = w->now_us + seconds(chance, 0, 30);
    w->model.closes = w->model.opens + seconds(chance, 200, 3000);
    enum session_kind kind =
        chance_in(chance, 500) ? KIND_INDIVIDUAL : (enum session_kind)(1 + chance_below(chance, 6));
    plan_people(w, plan, kind);
    for (int i = WORLD_LOVED_1; i <= WORLD_LOVED_2; i++) {
        w->model.people[i].absent_ok = chance_in(chance, 300);
        if (chance_in(chance, 200))
            w->model.people[i].topics = term_bit(TOPIC_EDUCATION);
    }
    plan_grant(w, plan, WORLD_LOVED_1, chance_in(chance, 700) ? MODE_FULL : (enum mode)(1 + chance_below(chance, 4)), 0,
               w->now_us + seconds(chance, 30, 4000));
    if (chance_in(chance, 800))
        plan_grant(w, plan, WORLD_LOVED_2, (enum mode)(1 + chance_below(chance, 4)),
                   w->now_us + seconds(chance, 0, 200), w->now_us + seconds(chance, 200, 2000));
}

void world_plan_simple(struct world *w, enum session_kind kind, unsigned grant_s)
{
    struct plan plan;
    w->model.opens = w->now_us;
    w->model.closes = w->now_us + (kind == KIND_CHECK_IN ? 15 : 50) * 60 * USEC_PER_SEC;
    plan_people(w, &plan, kind);
    plan_grant(w, &plan, WORLD_LOVED_1, MODE_FULL, 0, w->now_us + grant_s * USEC_PER_SEC);
    plan_grant(w, &plan, WORLD_LOVED_2, MODE_FULL, 0, w->now_us + grant_s * USEC_PER_SEC);
    if (broker_plan(w->broker, &plan) != OK)
        abort();
    plan_deinit(&plan);
}

struct world *world_create(uint64_t seed, bool verbose)
{
    struct world *w = calloc(1, sizeof *w);
    if (!w)
        abort();
    w->seed = seed;
    w->verbose = verbose;
    w->chance.state = seed;
    w->now_us = 100 * USEC_PER_SEC;
    w->network = network_create(chance_next(&w->chance));
    struct address candidate = { .family = ADDRESS_IPV4, .port = 40000, .ip = { 10, 0, 0, 100 } };
    struct broker_config config = {
        .entropy = { chance_fill, &w->chance },
        .candidates = &candidate,
        .candidate_count = 1,
        .video_codecs = { { CODEC_VP8 }, 1 },
        .rooms_max = 4,
        .clients_max = 64,
    };
    struct plan plan;
    plan_by_chance(w, &plan);
    virtual_us = w->now_us;
    if (intervals_create(&w->intervals) != OK || srtp_start() != OK ||
        dtls_identity_create(&w->identity, EPOCH_UNIX_S) != OK)
        abort();
    config.identity = w->identity;
    if (outbox_create(&w->outbox, 1 << 20, 4096) != OK || broker_create(&w->broker, &config) != OK ||
        broker_plan(w->broker, &plan) != OK)
        abort();
    plan_deinit(&plan);
    return w;
}

void world_destroy(struct world *w)
{
    for (int i = 0; i < WORLD_PEOPLE; i++)
        peer_destroy(w->actors[i].peer);
    broker_destroy(w->broker);
    intervals_destroy(w->intervals);
    dtls_identity_destroy(w->identity);
    outbox_destroy(w->outbox);
    network_destroy(w->network);
    free(w);
}
