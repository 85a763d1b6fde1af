/* plan.h - what is scheduled: a session, who takes part, and the grants that concern it. Values only; the shell brings
 * them.
 *
 * A plan is as long as its people and grants, which lie on the heap and belong to it: all zeros is an empty one,
 * plan_add_* makes it longer, plan_deinit ends it. A plan that is copied by assignment borrows. */
#pragma once

#include "auth/consent.h"
#include "base/terms.h"

enum { NAME_MAX_BYTES = 64, PLAN_PEOPLE_MAX = 320, PLAN_GRANTS_MAX = 320, PLAN_STEPS_MAX = 12, PLAN_DEVICES_MAX = 32 };
enum { PLAN_LOBBY_S = 15 * 60 }; /* how early people may gather */

struct plan_person {
    struct id participation; /* what a token's sub names */
    struct id person;        /* what grants name */
    struct id client;        /* of a loved one: whose consent counts; empty: the session's client */
    enum role role;
    char name[NAME_MAX_BYTES + 1];  /* shown to those who may know; UTF-8 */
    char alias[NAME_MAX_BYTES + 1]; /* shown instead in workshops and groups; empty: a number is made up */
    bool denied;                    /* removed in an earlier life of this session */
    bool acknowledged;              /* these versions, for this kind, in an earlier session */
    int64_t acknowledged_at;        /* Unix seconds; 0: nobody knows when */
};

/* A loved one's word that they have read both texts: good for each session of this kind that asks for no newer ones. */
struct acknowledgement {
    struct id person;
    enum session_kind kind;
    char guidance_version[GRANT_TEXT_MAX + 1], notice_version[GRANT_TEXT_MAX + 1];
    int64_t at; /* Unix seconds */
};

/* The texts that the program comes with (api/texts), for a session that names no others. */
#define GUIDANCE_CURRENT "2026-1"
#define NOTICE_CURRENT "2026-1"

/* One timed step of an agenda. */
struct plan_step {
    char title[NAME_MAX_BYTES + 1];
    uint32_t minutes;
};

struct plan {
    struct id session;
    enum session_kind kind;
    int64_t opens_at, closes_at; /* Unix seconds: the box */
    struct id client;            /* the person whose consent counts */
    struct plan_person *people;
    size_t people_count;
    struct grant *grants;
    size_t grant_count;
    struct plan_step agenda[PLAN_STEPS_MAX];
    size_t step_count;
    /* What a loved one must have read before the first admission. */
    char guidance_version[GRANT_TEXT_MAX + 1], notice_version[GRANT_TEXT_MAX + 1];
    /* What an earlier life of this session left behind. */
    struct id denied_devices[PLAN_DEVICES_MAX]; /* of those who were removed: under no name do they come back */
    size_t denied_device_count;
    int64_t
        ended_at; /* Unix seconds: a therapist or the clinic ended it; 0 nobody. A box that begins later is a new one */
};

/* Copied into it. ERR_FULL at the most, ERR_NO_MEMORY. */
enum status plan_add_person(struct plan *, const struct plan_person *);
enum status plan_add_grant(struct plan *, const struct grant *);
/* The copy owns what it has; whatever was there before is overwritten, not freed. */
enum status plan_copy(struct plan *, const struct plan *from);
void plan_deinit(struct plan *);
/* From one thread to another of this process: bytes that the caller frees, at NULL without memory; and back, as
 * plan_copy. */
struct bytes plan_pack(const struct plan *);
enum status plan_unpack(struct bytes, struct plan *);

/* A full list denies every device, as it may lack the one that is asked about; the empty id, which is none, never is.
 */
static inline bool plan_denies_device(const struct plan *plan, const struct id *device)
{
    bool denied = plan->denied_device_count == PLAN_DEVICES_MAX;
    for (size_t i = 0; i < plan->denied_device_count && !denied; i++)
        denied = id_equal(&plan->denied_devices[i], device);
    return denied && device->text[0] != '\0';
}
static inline void plan_deny_device(struct plan *plan, const struct id *device)
{
    if (device->text[0] && !plan_denies_device(plan, device))
        plan->denied_devices[plan->denied_device_count++] = *device;
}
