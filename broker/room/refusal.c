#include "room/refusal.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *code, *words;
} refusals[] = {
    { "malformed", "That message could not be read." },
    { "unknown_type", "That is not something this server knows." },
    { "too_long", "That message is too long." },
    { "too_many_messages", "Too many messages came too quickly." },
    { "not_text", "Only text messages are understood here." },
    { "not_joined", "Join first." },
    { "already_joined", "You have joined already." },
    { "bad_token", "This link does not open a session. Please ask the clinic for a new one." },
    { "already_connected", "You are connected from another device or window. You can move here." },
    { "session_over", "This session is over." },
    { "not_allowed", "You can't do that in this session." },
    { "unknown_participant", "There is nobody like that in this session." },
    { "wrong_state", "That is not possible right now." },
    { "bad_offer", "Your browser's media offer could not be used." },
    { "already_negotiated", "Media was negotiated already." },
    { "busy", "The server is busy. Please try again in a moment." },
    { "full", "There is no free place." },
    { "stale_version", "What you read has changed since. Please read it once more." },
    { "not_enabled", "The therapist has not turned that on for you." },
    { "ledger_unavailable", "This can't be recorded right now, so nobody is let in. Please try again in a moment." },
    { "grant_other_topic", "The permission for this person does not cover what this session is about." },
    { "grant_client_absent", "The permission for this person asks for the client to be there." },
    { "extension_refused", "The session still ends when it was to end." },
    /* verdicts on an admission */
    { "denied", "They were removed from this session." },
    { "role_not_admitted", "People in this role are not let in one by one." },
    { "kind_not_supported", "Nobody can be let in to this kind of session." },
    { "not_connected", "They are not connected." },
    { "room_not_open", "The session is not open." },
    { "no_therapist", "No therapist is connected." },
    { "no_client", "The client is not connected." },
    { "client_has_not_agreed", "The client has not said yes to this portion." },
    { "no_grant", "There is no permission on file for this person." },
    { "grant_not_yet", "The permission for this person has not begun yet." },
    { "grant_expired", "The permission for this person has ended." },
    { "grant_withdrawn", "The permission for this person was withdrawn." },
    { "grant_other_kind", "The permission for this person is not for this kind of session." },
    { "too_little_time", "Too little time is left for this portion." },
};

const char *refusal_words(const char *code)
{
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if (strcmp(refusals[i].code, code) == 0)
            return refusals[i].words;
    return "That is not possible.";
}
