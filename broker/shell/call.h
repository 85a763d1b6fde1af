/* call.h - a request to the API and its answer as the text of a note: what front and clerk hand each other. */
#pragma once

#include "api/api.h"
#include "shell/letter.h"

/* NULL without memory. */
struct note *call_pack(const struct api_request *);
/* Borrowed from the note. ERR_MALFORMED is our own mistake. */
enum status call_unpack(const struct note *, struct api_request *);

/* What an answer comes to on the wire; the texts are borrowed from the note. */
struct answer {
    int status;
    const char *content_type, *location, *allow, *cookie; /* empty for none */
    struct bytes body;
};
struct note *answer_pack(const struct api_response *);
enum status answer_unpack(const struct note *, struct answer *);
