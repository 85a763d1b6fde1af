#include "signaling/notice.h"

#include <jansson.h>

/* Takes the message, NULL when packing ran out of memory. A message that does not fit leaves the writer as it was. */
static enum status emit(struct writer *w, json_t *message)
{
    if (!message)
        return ERR_NO_MEMORY;
    size_t room = w->bad ? 0 : w->cap - w->len;
    size_t len = room ? json_dumpb(message, (char *)w->at + w->len, room, JSON_COMPACT) : 0;
    json_decref(message);
    if (len == 0 || len > room)
        return ERR_FULL;
    w->len += len;
    return OK;
}

/* Text from people: Jansson refuses what is not UTF-8, and one bad name must not silence a whole roster. */
static json_t *text_or_mark(const char *text)
{
    json_t *string = json_string(text);
    return string ? string : json_string("?");
}

/* Also text from people; NULL is null. */
static json_t *text_or_null(const char *text)
{
    return text ? text_or_mark(text) : json_null();
}

static json_t *number_or_null(bool present, int64_t number)
{
    return present ? json_integer(number) : json_null();
}

/* Puts `item` last in `*list`. When that fails the list is gone, and NULL. */
static bool append(json_t **list, json_t *item)
{
    if (json_array_append_new(*list, item) == 0)
        return true;
    json_decref(*list);
    *list = NULL;
    return false;
}

/* A list of names is NULL only when out of memory: json_pack's "o" then fails the whole message. Sources are the first
 * three of what can be enabled, so one list serves both. */
static json_t *enabled_names(enable_mask mask)
{
    static const struct {
        enum enabled bit;
        const char *name;
    } all[] = { { ENABLE_MIC, "mic" },
                { ENABLE_CAMERA, "camera" },
                { ENABLE_SCREEN, "screen" },
                { ENABLE_CHAT, "chat" },
                { ENABLE_OTHERS, "others" } };
    json_t *names = json_array();
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (mask & all[i].bit && !append(&names, json_string(all[i].name)))
            return NULL;
    return names;
}

static json_t *source_names(source_mask mask)
{
    return enabled_names(mask & SOURCE_ALL);
}

static json_t *mode_names(term_set modes)
{
    json_t *names = json_array();
    for (int mode = MODE_LISTEN; mode <= MODE_FULL; mode++)
        if (term_in(modes, mode) && !append(&names, json_string(mode_name((enum mode)mode))))
            return NULL;
    return names;
}

enum status notice_hello(struct writer *w, const char *nonce)
{
    return emit(w, json_pack("{s:s, s:s}", "type", "hello", "nonce", nonce));
}

/* A list of none or one, as RTCPeerConnection takes it; NULL when out of memory. */
static json_t *ice_servers(const struct notice_turn *ice)
{
    json_t *servers = json_array();
    if (!ice)
        return servers;
    json_t *urls = json_array();
    for (size_t i = 0; i < ice->url_count; i++)
        if (!append(&urls, json_string(ice->urls[i])))
            break;
    append(&servers,
           json_pack("{s:o, s:s, s:s}", "urls", urls, "username", ice->username, "credential", ice->credential));
    return servers;
}

/* NULL when out of memory. */
static json_t *texts(const char *const *all, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        if (!append(&list, text_or_mark(all[i])))
            return NULL;
    return list;
}

enum status notice_welcome(struct writer *w, const struct notice_welcome *welcome)
{
    return emit(w, json_pack("{s:s, s:s, s:s, s:o, s:s, s:s, s:{s:I, s:I}, s:s, s:s, s:b, s:o, s:o}", "type", "welcome",
                             "participant", welcome->participant->text, "role", role_name(welcome->role), "name",
                             text_or_mark(welcome->name), "session", welcome->session->text, "kind",
                             kind_name(welcome->kind), "slots", "audio", (json_int_t)welcome->audio_slots, "video",
                             (json_int_t)welcome->video_slots, "guidance", welcome->guidance, "notice", welcome->notice,
                             "resumed", (int)welcome->resumed, "ice", ice_servers(welcome->ice), "therapists",
                             texts(welcome->therapists, welcome->therapist_count)));
}

/* NULL in json_pack's "o*": left out. */
static json_t *id_or_nothing(uint32_t request)
{
    return request ? json_integer(request) : NULL;
}

enum status notice_answer(struct writer *w, uint32_t request, const char *sdp, const struct id *link)
{
    return emit(w, json_pack("{s:s, s:o*, s:s, s:s}", "type", "answer", "id", id_or_nothing(request), "sdp", sdp,
                             "link", link->text));
}

enum status notice_ice(struct writer *w, uint32_t request, const char *ufrag, const char *pwd)
{
    return emit(
        w, json_pack("{s:s, s:o*, s:s, s:s}", "type", "ice", "id", id_or_nothing(request), "ufrag", ufrag, "pwd", pwd));
}

enum status notice_room(struct writer *w, const struct notice_room *room)
{
    return emit(w, json_pack("{s:s, s:s, s:I, s:I, s:I}", "type", "room", "state", room->state, "opens_at",
                             (json_int_t)room->opens_at, "closes_at", (json_int_t)room->closes_at, "now",
                             (json_int_t)room->unix_s));
}

enum status notice_seat(struct writer *w, const struct notice_seat *seat)
{
    return emit(w, json_pack("{s:s, s:s, s:s?, s:o, s:o, s:o, s:s?}", "type", "seat", "seat", seat->seat, "reason",
                             seat->reason, "may_send", source_names(seat->may_send), "until",
                             number_or_null(seat->has_until, seat->until), "modes", mode_names(seat->modes), "mode",
                             seat->mode ? mode_name(seat->mode) : NULL));
}

static json_t *time_or_null(int64_t unix_s)
{
    return number_or_null(unix_s != 0, unix_s);
}

/* What somebody may do, in the words of the matrix. */
static json_t *rights_names(source_mask sends, source_mask receives, bool chat)
{
    const struct {
        bool may;
        const char *name;
    } all[] = { { receives & SOURCE_MIC, "hear" }, { receives & SOURCE_CAMERA, "see" }, { sends & SOURCE_MIC, "speak" },
                { sends & SOURCE_CAMERA, "show" }, { sends & SOURCE_SCREEN, "share" },  { chat, "chat" } };
    json_t *names = json_array();
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].may && !append(&names, json_string(all[i].name)))
            return NULL;
    return names;
}

static json_t *grant_of(const struct notice_grant *grant)
{
    json_t *topics = json_array();
    for (size_t i = 0; i < grant->topic_count; i++)
        if (!append(&topics, json_string(grant->topics[i])))
            break;
    return json_pack("{s:o, s:o, s:s, s:s, s:I, s:b}", "modes", mode_names(grant->modes), "topics", topics, "purpose",
                     grant->purpose, "granted_by", grant->granted_by, "from", (json_int_t)grant->from,
                     "client_absent_ok", (int)grant->client_absent_ok);
}

static json_t *prepared_of(const struct notice_standing *standing)
{
    if (!standing->guidance)
        return json_null();
    return json_pack("{s:s, s:s, s:o}", "guidance", standing->guidance, "notice", standing->notice, "at",
                     time_or_null(standing->prepared_at));
}

/* Takes the entry, NULL when out of memory; adds what therapists alone read. */
static json_t *with_standing(json_t *entry, const struct notice_standing *standing)
{
    json_t *more = json_pack("{s:o, s:o, s:s}", "since", time_or_null(standing->since), "code_at",
                             time_or_null(standing->code_at), "link", standing->link);
    json_t *guest = !standing->guest ? json_object()
                                     : json_pack("{s:o, s:s?, s:o}", "may",
                                                 rights_names(standing->sends, standing->receives, standing->chat),
                                                 "limit", standing->limit ? mode_name(standing->limit) : NULL, "grant",
                                                 standing->has_grant ? grant_of(&standing->grant) : json_null());
    json_t *prepared = !standing->reads ? json_object() : json_pack("{s:o}", "prepared", prepared_of(standing));
    bool whole = entry && more && guest && prepared && json_object_update(entry, more) == 0 &&
                 json_object_update(entry, guest) == 0 && json_object_update(entry, prepared) == 0;
    json_decref(more);
    json_decref(guest);
    json_decref(prepared);
    if (whole)
        return entry;
    json_decref(entry);
    return NULL;
}

/* "s*" and "o*" leave a NULL out. */
static json_t *person_of(const struct notice_person *person)
{
    json_t *entry =
        json_pack("{s:s, s:s, s:o, s:s, s:b, s:o, s:o, s:b, s:o, s:b, s:o, s:s?, s:s*, s:s*, s:o*, s:s*, s:o*, s:o*}",
                  "participant", person->participant->text, "role", role_name(person->role), "name",
                  text_or_mark(person->name), "seat", person->seat, "connected", (int)person->connected, "sending",
                  source_names(person->sending), "muted", source_names(person->muted), "agreed", (int)person->agreed,
                  "until", number_or_null(person->has_until, person->until), "hand", (int)person->hand, "enabled",
                  enabled_names(person->enabled), "client", person->client ? person->client->text : NULL, "may_admit",
                  person->may_admit, "mode", person->mode, "grant_until",
                  person->has_grant_until ? json_integer(person->grant_until) : NULL, "code", person->code, "address",
                  person->has_location ? text_or_null(person->address) : NULL, "phone",
                  person->has_location ? text_or_null(person->phone) : NULL);
    return person->has_standing ? with_standing(entry, &person->standing) : entry;
}

enum status notice_roster(struct writer *w, const struct notice_person *people, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        if (!append(&list, person_of(&people[i])))
            return ERR_NO_MEMORY;
    return emit(w, json_pack("{s:s, s:o}", "type", "roster", "people", list));
}

static json_t *slot_of(const struct notice_slot *slot)
{
    return json_pack("{s:s, s:s?, s:s*, s:o*}", "mid", slot->mid, "participant",
                     slot->participant ? slot->participant->text : NULL, "source",
                     slot->participant ? source_name(slot->source) : NULL, "paused",
                     slot->participant && slot->paused ? json_true() : NULL);
}

enum status notice_slots(struct writer *w, const struct notice_slot *slots, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        if (!append(&list, slot_of(&slots[i])))
            return ERR_NO_MEMORY;
    return emit(w, json_pack("{s:s, s:o}", "type", "slots", "slots", list));
}

static json_t *got_of(const struct notice_got *got)
{
    return json_pack("{s:s, s:s, s:o*}", "participant", got->participant->text, "source", source_name(got->source),
                     "paused", got->paused ? json_true() : NULL);
}

enum status notice_preview(struct writer *w, const struct id *participant, const struct notice_got *gets, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        if (!append(&list, got_of(&gets[i])))
            return ERR_NO_MEMORY;
    return emit(w, json_pack("{s:s, s:s, s:o}", "type", "preview", "participant", participant->text, "gets", list));
}

enum status notice_speaker(struct writer *w, const struct id *participant)
{
    return emit(w, json_pack("{s:s, s:s?}", "type", "speaker", "participant", participant ? participant->text : NULL));
}

enum status notice_chat(struct writer *w, const struct notice_chat *chat)
{
    return emit(w, json_pack("{s:s, s:s, s:o, s:s, s:o}", "type", "chat", "from", chat->from->text, "name",
                             text_or_mark(chat->name), "to", chat->to_therapist ? "therapist" : "everyone", "text",
                             text_or_mark(chat->text)));
}

enum status notice_warning(struct writer *w, uint32_t seconds_left)
{
    return emit(w, json_pack("{s:s, s:I}", "type", "warning", "seconds_left", (json_int_t)seconds_left));
}

static json_t *step_of(const struct notice_step *step)
{
    return json_pack("{s:o, s:I}", "title", text_or_mark(step->title), "minutes", (json_int_t)step->minutes);
}

enum status notice_agenda(struct writer *w, const struct notice_agenda *agenda)
{
    json_t *steps = json_array();
    for (size_t i = 0; i < agenda->count; i++)
        if (!append(&steps, step_of(&agenda->steps[i])))
            return ERR_NO_MEMORY;
    return emit(w, json_pack("{s:s, s:o, s:o, s:o, s:o}", "type", "agenda", "steps", steps, "current",
                             number_or_null(agenda->running, agenda->current), "step_ends",
                             number_or_null(agenda->running, agenda->step_ends), "ended_at",
                             time_or_null(agenda->ended_at)));
}

enum status notice_missing_client(struct writer *w, const struct notice_missing *missing)
{
    if (!missing->participant)
        return emit(w, json_pack("{s:s, s:n}", "type", "missing_client", "participant"));
    return emit(w, json_pack("{s:s, s:s, s:o, s:o, s:I, s:I, s:o, s:b}", "type", "missing_client", "participant",
                             missing->participant->text, "address", text_or_null(missing->address), "phone",
                             text_or_null(missing->phone), "since", (json_int_t)missing->since, "alarm_at",
                             (json_int_t)missing->alarm_at, "reached",
                             missing->reached < 0 ? json_null() : json_boolean(missing->reached), "alarm",
                             (int)missing->alarm));
}

enum status notice_extension(struct writer *w, const struct notice_extension *extension)
{
    if (extension->minutes == 0)
        return emit(w, json_pack("{s:s, s:n}", "type", "extension", "minutes"));
    json_t *waits_for = extension->waits_for ? json_array() : NULL;
    for (size_t i = 0; i < extension->waits_for_count; i++)
        if (!append(&waits_for, json_string(extension->waits_for[i]->text)))
            return ERR_NO_MEMORY;
    return emit(w,
                json_pack("{s:s, s:I, s:s, s:I, s:o*}", "type", "extension", "minutes", (json_int_t)extension->minutes,
                          "by", extension->by->text, "until", (json_int_t)extension->until, "waits_for", waits_for));
}

static json_t *alert_of(const struct notice_alert *alert)
{
    return json_pack("{s:s, s:o, s:I}", "participant", alert->participant->text, "name", text_or_mark(alert->name),
                     "since", (json_int_t)alert->since);
}

enum status notice_alerts(struct writer *w, const struct notice_alert *alerts, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        if (!append(&list, alert_of(&alerts[i])))
            return ERR_NO_MEMORY;
    return emit(w, json_pack("{s:s, s:o}", "type", "alerts", "people", list));
}

enum status notice_alert_seen(struct writer *w)
{
    return emit(w, json_pack("{s:s}", "type", "alert_seen"));
}

enum status notice_link_trouble(struct writer *w, const struct id *participant, const char *name)
{
    return emit(w, json_pack("{s:s, s:s, s:o}", "type", "link_trouble", "participant", participant->text, "name",
                             text_or_mark(name)));
}

enum status notice_done(struct writer *w, uint32_t request)
{
    if (request == 0)
        return emit(w, json_pack("{s:s}", "type", "done"));
    return emit(w, json_pack("{s:s, s:I}", "type", "done", "id", (json_int_t)request));
}

enum status notice_error(struct writer *w, uint32_t request, const char *code, const char *text)
{
    return emit(w, json_pack("{s:s, s:o*, s:s, s:o}", "type", "error", "id", request ? json_integer(request) : NULL,
                             "code", code, "message", text_or_mark(text)));
}
