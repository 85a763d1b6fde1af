/* Any text to request_parse: what is taken keeps its promises, and says the same when it is written out and read again.
 */
#include "signaling/notice.h"
#include "signaling/request.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_id(const struct id *id)
{
    struct id copy;
    return id_parse(bytes_of(id->text), &copy);
}

static json_t *with_sources(json_t *json, source_mask mask)
{
    json_object_set_new(json, "mic", json_boolean(mask & SOURCE_MIC));
    json_object_set_new(json, "camera", json_boolean(mask & SOURCE_CAMERA));
    json_object_set_new(json, "screen", json_boolean(mask & SOURCE_SCREEN));
    return json;
}

static json_t *with_enabled(json_t *json, enable_mask mask)
{
    with_sources(json, mask & SOURCE_ALL);
    json_object_set_new(json, "chat", json_boolean(mask & ENABLE_CHAT));
    json_object_set_new(json, "others", json_boolean(mask & ENABLE_OTHERS));
    return json;
}

static void assert_readable(const char *text, size_t min, size_t max, bool may_break)
{
    size_t len = strlen(text);
    assert(len >= min && len <= max);
    assert(strspn(text, " \n\t") < len);
    for (const uint8_t *c = (const uint8_t *)text; *c; c++) {
        assert(*c >= 0x20 || (may_break && (*c == '\n' || *c == '\t')));
        assert(*c != 0x7f && !(c[0] == 0xc2 && c[1] < 0xa0));
    }
}

static json_t *about(const struct id *participant)
{
    assert(is_id(participant));
    return json_pack("{s:s}", "participant", participant->text);
}

static json_t *body_of(const struct request *r)
{
    switch (r->kind) {
    case REQUEST_JOIN:
        assert(r->join.token[0] && strlen(r->join.token) <= 2048);
        assert(!r->join.proof || (r->join.proof[0] && strlen(r->join.proof) <= 2048));
        assert(!r->join.resume.text[0] || is_id(&r->join.resume));
        return json_pack("{s:s, s:s*, s:b, s:s*}", "token", r->join.token, "proof", r->join.proof, "move",
                         (int)r->join.move, "resume", r->join.resume.text[0] ? r->join.resume.text : NULL);
    case REQUEST_OFFER:
        assert(r->offer.sdp[0] && strlen(r->offer.sdp) <= REQUEST_SDP_MAX);
        return json_pack("{s:s}", "sdp", r->offer.sdp);
    case REQUEST_RESTART_ICE:
        assert_readable(r->restart_ice.ufrag, 1, REQUEST_ICE_MAX, false);
        assert_readable(r->restart_ice.pwd, 1, REQUEST_ICE_MAX, false);
        return json_pack("{s:s, s:s}", "ufrag", r->restart_ice.ufrag, "pwd", r->restart_ice.pwd);
    case REQUEST_MEDIA:
        return with_sources(json_object(), r->media.sources);
    case REQUEST_RECEIVE:
        return json_pack("{s:b}", "video", (int)r->receive.video);
    case REQUEST_AGREE:
        assert(is_id(&r->agree.participant));
        return json_pack("{s:s, s:b}", "participant", r->agree.participant.text, "yes", (int)r->agree.yes);
    case REQUEST_ADMIT:
        assert(r->admit.minutes <= 60 && is_id(&r->admit.participant));
        return json_pack("{s:s, s:o*}", "participant", r->admit.participant.text, "minutes",
                         r->admit.minutes ? json_integer(r->admit.minutes) : NULL);
    case REQUEST_STEP_OUT:
        assert(r->step_out.everyone != is_id(&r->step_out.participant));
        return r->step_out.everyone ? json_pack("{s:b}", "everyone", 1) : about(&r->step_out.participant);
    case REQUEST_REMOVE:
        return about(&r->remove.participant);
    case REQUEST_MUTE:
        return with_sources(about(&r->mute.participant), r->mute.sources);
    case REQUEST_EXTEND:
        assert(r->extend.minutes >= 1 && r->extend.minutes <= 60);
        return json_pack("{s:I}", "minutes", (json_int_t)r->extend.minutes);
    case REQUEST_ACKNOWLEDGE:
        assert_readable(r->acknowledge.guidance, 1, REQUEST_VERSION_MAX, false);
        assert_readable(r->acknowledge.notice, 1, REQUEST_VERSION_MAX, false);
        return json_pack("{s:s, s:s}", "guidance", r->acknowledge.guidance, "notice", r->acknowledge.notice);
    case REQUEST_LOCATE:
        assert_readable(r->locate.address, 1, REQUEST_ADDRESS_MAX, false);
        assert_readable(r->locate.phone, REQUEST_PHONE_MIN, REQUEST_PHONE_MAX, false);
        return json_pack("{s:s, s:s}", "address", r->locate.address, "phone", r->locate.phone);
    case REQUEST_TAKE_PART:
        return json_pack("{s:s}", "mode", mode_name(r->take_part.mode));
    case REQUEST_ENABLE:
        assert((r->enable.what & ~ENABLE_ALL) == 0);
        return with_enabled(about(&r->enable.participant), r->enable.what);
    case REQUEST_CHAT:
        assert_readable(r->chat.text, 1, REQUEST_CHAT_MAX, true);
        return json_pack("{s:s, s:s}", "to", r->chat.to_therapist ? "therapist" : "everyone", "text", r->chat.text);
    case REQUEST_HAND:
        return json_pack("{s:b}", "up", (int)r->hand.up);
    case REQUEST_ALLOW_EXTENSION:
        return json_pack("{s:b}", "yes", (int)r->allow_extension.yes);
    case REQUEST_REACHED:
        return json_pack("{s:b}", "yes", (int)r->reached.yes);
    case REQUEST_END:
    case REQUEST_LEAVE:
    case REQUEST_DECLINE:
    case REQUEST_NEXT_STEP:
    case REQUEST_ALERT:
        return json_object();
    default:
        abort();
    }
}

static char *text_of(const struct request *r)
{
    json_t *json = body_of(r);
    json_object_set_new(json, "type", json_string(request_name(r->kind)));
    if (r->id)
        json_object_set_new(json, "id", json_integer(r->id));
    char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(json);
    return text;
}

/* What was taken can also be told: a chat comes out as it came in, and fits. */
static void tell(const struct request *r)
{
    static uint8_t buffer[2 * REQUEST_CHAT_MAX + 256];
    static const struct id from = { "p-1" };
    struct writer w = writer_over(buffer, sizeof buffer);
    struct notice_chat chat = { &from, "Sam", r->chat.to_therapist, r->chat.text };
    assert(notice_chat(&w, &chat) == OK);
    json_t *told = json_loadb((char *)w.at, w.len, 0, NULL);
    assert(strcmp(json_string_value(json_object_get(told, "text")), r->chat.text) == 0);
    json_decref(told);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct request first, second;
    if (request_parse((struct bytes){ data, size }, &first) != OK) {
        assert(first.kind == REQUEST_NONE);
        return 0;
    }
    if (first.kind == REQUEST_CHAT)
        tell(&first);
    char *once = text_of(&first);
    if (strlen(once) <= REQUEST_TEXT_MAX) { /* escapes may have made it longer */
        assert(request_parse(bytes_of(once), &second) == OK);
        char *twice = text_of(&second);
        assert(strcmp(once, twice) == 0);
        free(twice);
        request_wipe(&second);
    }
    free(once);
    request_wipe(&first);
    return 0;
}
