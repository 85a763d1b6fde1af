/* problem.h - errors as RFC 9457 problem details. They name the kind of mistake and where in the request it is; never a
 * person, an id or anything else that was stored. */
#pragma once

#include <jansson.h>

#include "api/api.h"

enum problem {
    PROBLEM_NONE = 0,
    PROBLEM_NOT_JSON,
    PROBLEM_BAD_QUERY,
    PROBLEM_BAD_KEY,
    PROBLEM_BAD_PROOF,
    PROBLEM_UNAUTHORIZED, /* these two differ in the status alone: nobody learns from them which tokens are real */
    PROBLEM_FORBIDDEN,
    PROBLEM_ORIGIN,
    PROBLEM_NOT_FOUND,
    PROBLEM_BAD_LINK, /* alike for every reason */
    PROBLEM_METHOD,
    PROBLEM_TIMEOUT,
    PROBLEM_EXISTS,
    PROBLEM_OLD_EPOCH,
    PROBLEM_LIVE,
    PROBLEM_OVER,
    PROBLEM_NOTHING_TO_DO,
    PROBLEM_NO_DELIVERY,
    PROBLEM_CONFLICT,
    PROBLEM_LENGTH,
    PROBLEM_TOO_LARGE,
    PROBLEM_MEDIA_TYPE,
    PROBLEM_INVALID,
    PROBLEM_KEY_REUSED,
    PROBLEM_TOO_MANY,
    PROBLEM_UNAVAILABLE,
    PROBLEM_FULL,
    PROBLEMS,
};

/* Replaces what the response was. detail: more exact words, NULL for the usual ones. */
void problem_answer(struct api_response *, enum problem, const char *detail);
/* With members of its own (RFC 9457 3.2), which it takes. */
void problem_answer_with(struct api_response *, enum problem, const char *detail, json_t *members);
/* What a store or the machine's failure is to the other side. */
enum problem problem_of_failure(enum status);
