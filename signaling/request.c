#include "signaling/request.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { TOKEN_MAX = 2048, PROOF_MAX = 2048, MINUTES_MAX = 60 };

/* A decoder sees the object without `type` and `id`; "!" in its format refuses every key that it does not name. */
typedef enum status decoder(json_t *, struct request *);

static enum status unpack(json_t *body, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    json_error_t ignored;
    int failed = json_vunpack_ex(body, &ignored, 0, format, arguments);
    va_end(arguments);
    return failed ? ERR_MALFORMED : OK;
}

/* Jansson refuses \u0000 in strings, so length and strlen agree. */
static enum status copy_text(char **out, const char *text, size_t len, size_t max)
{
    if (len == 0)
        return ERR_MALFORMED;
    if (len > max)
        return ERR_FULL;
    char *copy = malloc(len + 1);
    if (!copy)
        return ERR_NO_MEMORY;
    memcpy(copy, text, len);
    copy[len] = '\0';
    *out = copy;
    return OK;
}

static void drop_text(char *text)
{
    if (text)
        bytes_wipe(text, strlen(text));
    free(text);
}

/* Control characters: C0, DEL, and C1, which UTF-8 writes as C2 80 to C2 9F. Jansson has seen to the UTF-8 and to NUL.
 */
static bool is_control(const uint8_t *at, size_t left)
{
    return at[0] < 0x20 || at[0] == 0x7f || (at[0] == 0xc2 && left > 1 && at[1] < 0xa0);
}

/* Text for people to read: nothing in it moves a cursor, and there is something to see. */
static bool is_readable(const char *text, size_t len, bool may_break)
{
    bool blank = true;
    for (size_t i = 0; i < len; i++) {
        bool is_break = text[i] == '\n' || text[i] == '\t';
        if (is_control((const uint8_t *)text + i, len - i) && !(may_break && is_break))
            return false;
        blank = blank && (is_break || text[i] == ' ');
    }
    return !blank;
}

/* One line of `min` to `max` bytes into out[max + 1]. */
static enum status copy_line(char *out, const char *text, size_t len, size_t min, size_t max)
{
    if (len > max)
        return ERR_FULL;
    if (len < min || !is_readable(text, len, false))
        return ERR_MALFORMED;
    memcpy(out, text, len);
    out[len] = '\0';
    return OK;
}

static enum status read_id(const char *text, size_t len, struct id *id)
{
    return id_parse((struct bytes){ (const uint8_t *)text, len }, id) ? OK : ERR_MALFORMED;
}

static enum status read_minutes(json_int_t minutes, uint32_t *out)
{
    if (minutes < 1 || minutes > MINUTES_MAX)
        return ERR_MALFORMED;
    *out = (uint32_t)minutes;
    return OK;
}

static source_mask mask_of(int mic, int camera, int screen)
{
    return (source_mask)((mic ? SOURCE_MIC : 0) | (camera ? SOURCE_CAMERA : 0) | (screen ? SOURCE_SCREEN : 0));
}

static enum status decode_join(json_t *body, struct request *out)
{
    const char *token, *proof = NULL, *resume = NULL;
    size_t token_len, proof_len = 0, resume_len = 0;
    int move = false;
    TRY(unpack(body, "{s:s%, s?s%, s?b, s?s% !}", "token", &token, &token_len, "proof", &proof, &proof_len, "move",
               &move, "resume", &resume, &resume_len));
    out->join.move = move;
    if (resume)
        TRY(read_id(resume, resume_len, &out->join.resume));
    TRY(copy_text(&out->join.token, token, token_len, TOKEN_MAX));
    enum status status = proof ? copy_text(&out->join.proof, proof, proof_len, PROOF_MAX) : OK;
    if (status != OK)
        drop_text(out->join.token);
    return status;
}

static enum status decode_offer(json_t *body, struct request *out)
{
    const char *sdp;
    size_t len;
    TRY(unpack(body, "{s:s% !}", "sdp", &sdp, &len));
    return copy_text(&out->offer.sdp, sdp, len, REQUEST_SDP_MAX);
}

static enum status decode_restart_ice(json_t *body, struct request *out)
{
    const char *ufrag, *pwd;
    size_t ufrag_len, pwd_len;
    TRY(unpack(body, "{s:s%, s:s% !}", "ufrag", &ufrag, &ufrag_len, "pwd", &pwd, &pwd_len));
    TRY(copy_line(out->restart_ice.ufrag, ufrag, ufrag_len, 1, REQUEST_ICE_MAX));
    return copy_line(out->restart_ice.pwd, pwd, pwd_len, 1, REQUEST_ICE_MAX);
}

static enum status decode_media(json_t *body, struct request *out)
{
    int mic, camera, screen;
    TRY(unpack(body, "{s:b, s:b, s:b !}", "mic", &mic, "camera", &camera, "screen", &screen));
    out->media.sources = mask_of(mic, camera, screen);
    return OK;
}

static enum status decode_receive(json_t *body, struct request *out)
{
    int video;
    TRY(unpack(body, "{s:b !}", "video", &video));
    out->receive.video = video;
    return OK;
}

static enum status decode_agree(json_t *body, struct request *out)
{
    const char *participant;
    size_t len;
    int yes;
    TRY(unpack(body, "{s:s%, s:b !}", "participant", &participant, &len, "yes", &yes));
    out->agree.yes = yes;
    return read_id(participant, len, &out->agree.participant);
}

static enum status decode_admit(json_t *body, struct request *out)
{
    const char *participant, *mode = NULL;
    size_t len, mode_len = 0;
    json_int_t minutes = 0;
    TRY(unpack(body, "{s:s%, s?I, s?s% !}", "participant", &participant, &len, "minutes", &minutes, "mode", &mode,
               &mode_len));
    if (json_object_get(body, "minutes"))
        TRY(read_minutes(minutes, &out->admit.minutes));
    out->admit.mode = mode ? mode_parse((struct bytes){ (const uint8_t *)mode, mode_len }) : 0;
    if (mode && !out->admit.mode)
        return ERR_MALFORMED;
    return read_id(participant, len, &out->admit.participant);
}

/* One person or everyone, never both and never neither; "everyone": false says nothing and is refused. */
static enum status decode_step_out(json_t *body, struct request *out)
{
    const char *participant = NULL;
    size_t len = 0;
    int everyone = false;
    TRY(unpack(body, "{s?s%, s?b !}", "participant", &participant, &len, "everyone", &everyone));
    if (json_object_size(body) != 1)
        return ERR_MALFORMED;
    out->step_out.everyone = everyone;
    if (participant)
        return read_id(participant, len, &out->step_out.participant);
    return everyone ? OK : ERR_MALFORMED;
}

static enum status decode_remove(json_t *body, struct request *out)
{
    const char *participant;
    size_t len;
    TRY(unpack(body, "{s:s% !}", "participant", &participant, &len));
    return read_id(participant, len, &out->remove.participant);
}

static enum status decode_mute(json_t *body, struct request *out)
{
    const char *participant;
    size_t len;
    int mic, camera, screen;
    TRY(unpack(body, "{s:s%, s:b, s:b, s:b !}", "participant", &participant, &len, "mic", &mic, "camera", &camera,
               "screen", &screen));
    out->mute.sources = mask_of(mic, camera, screen);
    return read_id(participant, len, &out->mute.participant);
}

static enum status decode_extend(json_t *body, struct request *out)
{
    json_int_t minutes;
    TRY(unpack(body, "{s:I !}", "minutes", &minutes));
    return read_minutes(minutes, &out->extend.minutes);
}

static enum status decode_allow_extension(json_t *body, struct request *out)
{
    int yes;
    TRY(unpack(body, "{s:b !}", "yes", &yes));
    out->allow_extension.yes = yes;
    return OK;
}

static enum status decode_acknowledge(json_t *body, struct request *out)
{
    const char *guidance, *notice;
    size_t guidance_len, notice_len;
    TRY(unpack(body, "{s:s%, s:s% !}", "guidance", &guidance, &guidance_len, "notice", &notice, &notice_len));
    TRY(copy_line(out->acknowledge.guidance, guidance, guidance_len, 1, REQUEST_VERSION_MAX));
    return copy_line(out->acknowledge.notice, notice, notice_len, 1, REQUEST_VERSION_MAX);
}

static enum status decode_locate(json_t *body, struct request *out)
{
    const char *address, *phone;
    size_t address_len, phone_len;
    TRY(unpack(body, "{s:s%, s:s% !}", "address", &address, &address_len, "phone", &phone, &phone_len));
    TRY(copy_line(out->locate.address, address, address_len, 1, REQUEST_ADDRESS_MAX));
    return copy_line(out->locate.phone, phone, phone_len, REQUEST_PHONE_MIN, REQUEST_PHONE_MAX);
}

static enum status decode_take_part(json_t *body, struct request *out)
{
    const char *mode;
    size_t len;
    TRY(unpack(body, "{s:s% !}", "mode", &mode, &len));
    out->take_part.mode = mode_parse((struct bytes){ (const uint8_t *)mode, len });
    return out->take_part.mode ? OK : ERR_MALFORMED;
}

static enum status decode_enable(json_t *body, struct request *out)
{
    const char *participant;
    size_t len;
    int mic, camera, screen, chat, others;
    TRY(unpack(body, "{s:s%, s:b, s:b, s:b, s:b, s:b !}", "participant", &participant, &len, "mic", &mic, "camera",
               &camera, "screen", &screen, "chat", &chat, "others", &others));
    out->enable.what =
        (enable_mask)(mask_of(mic, camera, screen) | (chat ? ENABLE_CHAT : 0) | (others ? ENABLE_OTHERS : 0));
    return read_id(participant, len, &out->enable.participant);
}

static enum status decode_chat(json_t *body, struct request *out)
{
    const char *to, *text;
    size_t len;
    TRY(unpack(body, "{s:s, s:s% !}", "to", &to, "text", &text, &len));
    out->chat.to_therapist = strcmp(to, "therapist") == 0;
    if (!out->chat.to_therapist && strcmp(to, "everyone") != 0)
        return ERR_MALFORMED;
    if (len <= REQUEST_CHAT_MAX && !is_readable(text, len, true))
        return ERR_MALFORMED;
    return copy_text(&out->chat.text, text, len, REQUEST_CHAT_MAX);
}

static enum status read_part(json_int_t whole, json_int_t part, uint32_t *out_whole, uint32_t *out_part)
{
    if (whole < 0 || part < 0 || whole > REQUEST_SPAN_MAX_MS || part > whole)
        return ERR_MALFORMED;
    *out_whole = (uint32_t)whole;
    *out_part = (uint32_t)part;
    return OK;
}

static enum status decode_quality(json_t *body, struct request *out)
{
    json_int_t watched, frozen, heard, concealed;
    TRY(unpack(body, "{s:I, s:I, s:I, s:I !}", "watched_ms", &watched, "frozen_ms", &frozen, "heard_ms", &heard,
               "concealed_ms", &concealed));
    TRY(read_part(watched, frozen, &out->quality.watched_ms, &out->quality.frozen_ms));
    return read_part(heard, concealed, &out->quality.heard_ms, &out->quality.concealed_ms);
}

static enum status decode_hand(json_t *body, struct request *out)
{
    int up;
    TRY(unpack(body, "{s:b !}", "up", &up));
    out->hand.up = up;
    return OK;
}

static enum status decode_reached(json_t *body, struct request *out)
{
    int yes;
    TRY(unpack(body, "{s:b !}", "yes", &yes));
    out->reached.yes = yes;
    return OK;
}

static enum status decode_seen(json_t *body, struct request *out)
{
    const char *participant;
    size_t len;
    TRY(unpack(body, "{s:s% !}", "participant", &participant, &len));
    return read_id(participant, len, &out->seen.participant);
}

static enum status decode_preview(json_t *body, struct request *out)
{
    const char *participant = NULL;
    size_t len = 0;
    TRY(unpack(body, "{s?s% !}", "participant", &participant, &len));
    return participant ? read_id(participant, len, &out->preview.participant) : OK;
}

static enum status decode_nothing(json_t *body, struct request *out)
{
    (void)out;
    return json_object_size(body) == 0 ? OK : ERR_MALFORMED;
}

static const struct {
    const char *name;
    decoder *decode;
} kinds[REQUEST_KINDS] = {
    [REQUEST_JOIN] = { "join", decode_join },
    [REQUEST_OFFER] = { "offer", decode_offer },
    [REQUEST_RESTART_ICE] = { "restart_ice", decode_restart_ice },
    [REQUEST_MEDIA] = { "media", decode_media },
    [REQUEST_RECEIVE] = { "receive", decode_receive },
    [REQUEST_AGREE] = { "agree", decode_agree },
    [REQUEST_ADMIT] = { "admit", decode_admit },
    [REQUEST_STEP_OUT] = { "step_out", decode_step_out },
    [REQUEST_REMOVE] = { "remove", decode_remove },
    [REQUEST_MUTE] = { "mute", decode_mute },
    [REQUEST_EXTEND] = { "extend", decode_extend },
    [REQUEST_ALLOW_EXTENSION] = { "allow_extension", decode_allow_extension },
    [REQUEST_END] = { "end", decode_nothing },
    [REQUEST_LEAVE] = { "leave", decode_nothing },
    [REQUEST_ACKNOWLEDGE] = { "acknowledge", decode_acknowledge },
    [REQUEST_DECLINE] = { "decline", decode_nothing },
    [REQUEST_LOCATE] = { "locate", decode_locate },
    [REQUEST_TAKE_PART] = { "take_part", decode_take_part },
    [REQUEST_ENABLE] = { "enable", decode_enable },
    [REQUEST_CHAT] = { "chat", decode_chat },
    [REQUEST_HAND] = { "hand", decode_hand },
    [REQUEST_NEXT_STEP] = { "next_step", decode_nothing },
    [REQUEST_REACHED] = { "reached", decode_reached },
    [REQUEST_ALERT] = { "alert", decode_nothing },
    [REQUEST_QUALITY] = { "quality", decode_quality },
    [REQUEST_SEEN] = { "seen", decode_seen },
    [REQUEST_PREVIEW] = { "preview", decode_preview },
};

static enum request_kind kind_of(const char *name)
{
    for (int kind = REQUEST_NONE + 1; kind < REQUEST_KINDS; kind++)
        if (strcmp(kinds[kind].name, name) == 0)
            return (enum request_kind)kind;
    return REQUEST_NONE;
}

/* An absent id is 0; one that is there must be a number that the reply can echo. */
static enum status take_id(json_t *body, uint32_t *id)
{
    const json_t *value = json_object_get(body, "id");
    if (!value)
        return OK;
    json_int_t number = json_integer_value(value); /* 0 when it is not an integer */
    if (number < 1 || number > UINT32_MAX)
        return ERR_MALFORMED;
    *id = (uint32_t)number;
    json_object_del(body, "id");
    return OK;
}

static enum status decode(json_t *body, struct request *out)
{
    if (!json_is_object(body))
        return ERR_MALFORMED;
    TRY(take_id(body, &out->id));
    const char *type = json_string_value(json_object_get(body, "type"));
    if (!type)
        return ERR_MALFORMED;
    enum request_kind kind = kind_of(type);
    if (kind == REQUEST_NONE)
        return ERR_UNSUPPORTED;
    json_object_del(body, "type"); /* frees `type` */
    TRY(kinds[kind].decode(body, out));
    out->kind = kind;
    return OK;
}

enum status request_parse(struct bytes text, struct request *out)
{
    *out = (struct request){ 0 };
    if (text.len > REQUEST_TEXT_MAX)
        return ERR_FULL;
    if (text.len == 0)
        return ERR_MALFORMED;
    json_error_t ignored;
    json_t *body = json_loadb((const char *)text.at, text.len, JSON_REJECT_DUPLICATES, &ignored);
    if (!body)
        return ERR_MALFORMED;
    struct request read = { 0 };
    enum status status = decode(body, &read);
    json_decref(body);
    if (status == OK)
        *out = read;
    else
        out->id = read.id;
    return status;
}

void request_wipe(struct request *request)
{
    switch (request->kind) {
    case REQUEST_JOIN:
        drop_text(request->join.token);
        drop_text(request->join.proof);
        break;
    case REQUEST_OFFER:
        drop_text(request->offer.sdp);
        break;
    case REQUEST_CHAT:
        drop_text(request->chat.text);
        break;
    default:
        break;
    }
    bytes_wipe(request, sizeof *request); /* an address and a phone number lie in it */
}

const char *request_name(enum request_kind kind)
{
    return kind > REQUEST_NONE && kind < REQUEST_KINDS ? kinds[kind].name : "?";
}
