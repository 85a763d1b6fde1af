/* plan.h - what is scheduled: a session, who takes part, and the grants that concern it. Values only; the shell brings
 * them. */
#pragma once

#include "auth/consent.h"
#include "base/terms.h"

enum { NAME_MAX_BYTES = 64, PLAN_PEOPLE_MAX = 32, PLAN_GRANTS_MAX = 32 };

struct plan_person {
    struct id participation; /* what a token's sub names */
    struct id person;        /* what grants name */
    enum role role;
    char name[NAME_MAX_BYTES + 1]; /* shown to those who may know; UTF-8 */
};

struct plan {
    struct id session;
    enum session_kind kind;
    int64_t opens_at, closes_at; /* Unix seconds: the box */
    struct id client;            /* the person whose consent counts */
    struct plan_person people[PLAN_PEOPLE_MAX];
    size_t people_count;
    struct grant grants[PLAN_GRANTS_MAX];
    size_t grant_count;
};
