#include "api/problem.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define CALLER_REFUSED "refused", "Not allowed", "The request has no token that is valid and allows this."

static const struct {
    int status;
    const char *name, *title, *detail;
} problems[PROBLEMS] = {
    [PROBLEM_NONE] = { 500, "internal", "Our mistake", "Something went wrong here." },
    [PROBLEM_NOT_JSON] = { 400, "not_json", "Not JSON", "The body is not one JSON object, or has a key twice." },
    [PROBLEM_BAD_QUERY] = { 400, "bad_query", "Bad query",
                            "A query parameter is unknown, there twice or out of range." },
    [PROBLEM_BAD_KEY] = { 400, "bad_key", "Bad Idempotency-Key",
                          "An Idempotency-Key has 1 to 128 printable characters." },
    [PROBLEM_BAD_PROOF] = { 400, "bad_proof", "Bad proof",
                            "The proof of the device's key (DPoP) is missing or not good. The device's clock may be "
                            "wrong." },
    [PROBLEM_UNAUTHORIZED] = { 401, CALLER_REFUSED },
    [PROBLEM_FORBIDDEN] = { 403, CALLER_REFUSED },
    [PROBLEM_ORIGIN] = { 403, "origin", "Not from here", "This page may not ask here." },
    [PROBLEM_NOT_FOUND] = { 404, "not_found", "Not found", "There is nothing at this address." },
    [PROBLEM_BAD_LINK] = { 404, "bad_link", "Can't be used", "This link or code can't be used." },
    [PROBLEM_METHOD] = { 405, "method", "Method not allowed", "The methods that work here are in Allow." },
    [PROBLEM_TIMEOUT] = { 408, "timeout", "Too slow", "The request did not arrive in time." },
    [PROBLEM_EXISTS] = { 409, "exists", "Exists", "There is another one with this id." },
    [PROBLEM_OLD_EPOCH] = { 409, "old_epoch", "Out of date", "The epoch is not later than that of the stored grant." },
    [PROBLEM_LIVE] = { 409, "live", "In use",
                       "Somebody is in the session, or somebody who was removed is left out: it can't be replaced "
                       "so." },
    [PROBLEM_OVER] = { 409, "over", "Over", "It is over, or was revoked, or they were removed from the session." },
    [PROBLEM_NOTHING_TO_DO] = { 409, "nothing_to_do", "Nothing to do",
                                "The session is not running, or they are not in a place where this does something." },
    [PROBLEM_NO_DELIVERY] = { 409, "no_delivery", "No delivery",
                              "Nothing here sends links, as the option 'delivery' is none. Ask for the link itself." },
    [PROBLEM_CONFLICT] = { 409, "conflict", "Does not fit", "It does not fit beside what is booked." },
    [PROBLEM_LENGTH] = { 411, "length", "No length", "A body needs a Content-Length." },
    [PROBLEM_TOO_LARGE] = { 413, "too_large", "Too large", "The body has more than 256 KiB." },
    [PROBLEM_MEDIA_TYPE] = { 415, "media_type", "Wrong type", "The body must be application/json." },
    [PROBLEM_INVALID] = { 422, "invalid", "Not valid", "The body is not what is expected here." },
    [PROBLEM_KEY_REUSED] = { 422, "key_reused", "Idempotency-Key reused",
                             "This Idempotency-Key came with another request before." },
    [PROBLEM_TOO_MANY] = { 429, "too_many", "Too many at once",
                           "Too many requests come from this address at once. Try again in a moment." },
    [PROBLEM_UNAVAILABLE] = { 503, "unavailable", "Unavailable",
                              "This can't be stored now. Try again; nothing counts as done." },
    [PROBLEM_FULL] = { 503, "full", "Full", "There is no room for another session." },
};

static char *text_of(enum problem problem, const char *detail, json_t *members)
{
    char type[64];
    struct writer w = writer_over((uint8_t *)type, sizeof type);
    write_format(&w, "urn:kinroom:problem:%s", problems[problem].name);
    json_t *json = json_pack("{s:s, s:s, s:i, s:s}", "type", type, "title", problems[problem].title, "status",
                             problems[problem].status, "detail", detail ? detail : problems[problem].detail);
    if (json && members)
        json_object_update_missing(json, members);
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    return text;
}

void problem_answer(struct api_response *response, enum problem problem, const char *detail)
{
    problem_answer_with(response, problem, detail, NULL);
}

void problem_answer_with(struct api_response *response, enum problem problem, const char *detail, json_t *members)
{
    char allow[sizeof response->allow];
    memcpy(allow, response->allow, sizeof allow);
    api_response_deinit(response);
    response->status = problems[problem].status;
    response->content_type = "application/problem+json";
    memcpy(response->allow, allow, sizeof allow);
    response->body = text_of(problem, detail, members);
    /* Words that were cut within a character are no UTF-8. */
    if (!response->body && detail)
        response->body = text_of(problem, NULL, members);
    json_decref(members);
}

enum problem problem_of_failure(enum status status)
{
    return status == ERR_STATE ? PROBLEM_OLD_EPOCH : PROBLEM_UNAVAILABLE;
}

void api_refuse(int status, struct api_response *response)
{
    enum problem found = PROBLEM_NONE;
    for (int p = 1; p < PROBLEMS && !found; p++)
        if (problems[p].status == status)
            found = (enum problem)p;
    *response = (struct api_response){ 0 };
    problem_answer(response, found, NULL);
}
