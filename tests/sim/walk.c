/* walk.c - the small model, walked whole: one therapist, one client, two loved ones, two devices each, and crashes.
 *
 * Breadth first over the real broker: a state is lifted out of it, every event there is happens to it, and what comes
 * of it is held against law.h. Two states are one when nothing that may follow can differ: by who sits where on what
 * grounds, and by every timer exactly. The two loved ones have the same rights and the two devices of each are alike,
 * so states that differ by an exchange of either are one as well: what matters of a device is whether it is the one
 * that somebody was on, and whether it was removed. A token that is bound to no device is tried in every state, and
 * where it leads is judged but not walked. What a person has switched on or may switch on is not walked: each state is
 * judged as if everybody sent everything, with everything enabled and any mode chosen.
 *
 * Sockets that break while the media goes on are walked in a session of their own, with one loved one: theirs and the
 * therapist's may break at any time, both at once as well, and they come back or not.
 *
 * Time stands still but for the event that moves it to the next thing that ends. The box and the grants are short, so
 * that all ends there are come within one walk. */
#include "sim/walk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct session {
    const char *name;
    bool group, breaks;
} sessions[] = {
    { "small individual, with breaking sockets:", false, true },
    { "individual", false, false },
    { "group", true, false },
};
enum { SESSIONS = sizeof sessions / sizeof *sessions };

const char *const people[PEOPLE] = { "therapist", "client", "loved-1", "loved-2" };
const enum role roles[PEOPLE] = { ROLE_THERAPIST, ROLE_CLIENT, ROLE_LOVED_ONE, ROLE_LOVED_ONE };

static void *must(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

/* ---- Findings ---- */

static void tell_event(struct event event)
{
    printf("    ");
    if (event.by != NOBODY)
        printf("%s ", people[event.by]);
    printf("%s%s%s\n", event_name(event.act), event.on != NOBODY ? " " : "",
           event.on != NOBODY ? people[event.on] : "");
}

static void tell_path(const struct walk *w, uint32_t number)
{
    if (number == 0)
        return;
    tell_path(w, w->steps[number].from);
    tell_event(w->steps[number].event);
}

void walk_violation(struct walk *w, const char *what, const char *who)
{
    if (w->failed)
        return;
    w->failed = true;
    printf("not ok %s session: %s%s%s\n  the shortest way there:\n", w->law.group ? "group" : "individual", what,
           who ? ": " : "", who ? who : "");
    tell_path(w, w->at);
    tell_event(w->event);
}

struct now walk_now(const struct walk *w)
{
    usec_t since = w->law.now - START_US;
    return (struct now){ w->law.now, EPOCH_UNIX_S * (int64_t)USEC_PER_SEC + (int64_t)since };
}

struct id walk_device(unsigned device)
{
    struct id id = { "" };
    if (device)
        snprintf(id.text, sizeof id.text, "device-%u", device);
    return id;
}

struct id walk_id(const char *text)
{
    struct id id;
    if (!id_parse(bytes_of(text), &id))
        abort();
    return id;
}

/* ---- States that were met ---- */

static uint64_t *place_of(uint64_t (*keys)[2], size_t size, const uint64_t hash[2])
{
    for (size_t i = (size_t)(hash[1] ^ hash[0] >> 20);; i++) {
        uint64_t *place = keys[i & (size - 1)];
        if (!place[0] || (place[0] == hash[0] && place[1] == hash[1]))
            return place;
    }
}

static void grow_keys(struct walk *w)
{
    size_t size = 2 * w->keys_size;
    uint64_t(*grown)[2] = must(calloc(size, sizeof *grown));
    for (size_t i = 0; i < w->keys_size; i++)
        if (w->keys[i][0])
            memcpy(place_of(grown, size, w->keys[i]), w->keys[i], sizeof *grown);
    free(w->keys);
    w->keys = grown;
    w->keys_size = size;
}

/* The state in the broker: kept, unless it is known. */
static void meet(struct walk *w)
{
    uint64_t hash[2];
    state_hash(w, hash);
    uint64_t *place = place_of(w->keys, w->keys_size, hash);
    if (place[0])
        return;
    memcpy(place, hash, sizeof hash);
    if (w->states == w->cap) {
        w->cap *= 2;
        w->steps = must(realloc(w->steps, w->cap * sizeof *w->steps));
        w->waiting = must(realloc(w->waiting, w->cap * sizeof *w->waiting));
    }
    w->steps[w->states] = (struct step){ w->at, w->event };
    w->waiting[w->states++] = state_lift(w);
    if (w->states * 2 > w->keys_size)
        grow_keys(w);
}

/* ---- The walk ---- */

static void try(struct walk *w, const struct state *from, struct event event)
{
    state_put_back(w, from);
    if (w->failed || !event_is_possible(w, event))
        return;
    uint64_t before[2], after[2];
    state_hash(w, before);
    event_happen(w, event);
    w->transitions++;
    judge_records(w);
    judge_texts(w);
    if (w->refused && state_is_unchanged(w, from))
        return;
    judge_state(w);
    state_hash(w, after);
    bool news = event.act == ACT_CODE_FAILED && room_is_live(w->room); /* else it looks what time has done meanwhile */
    bool idle = w->refused || event.act == ACT_STALE || news;
    if (idle && memcmp(before, after, sizeof before) != 0)
        walk_violation(w, "what changes nothing changes something", NULL);
    if (event.act != ACT_JOIN_BARE)
        meet(w);
}

static void try_all(struct walk *w, const struct state *from)
{
    for (uint8_t act = 0; act < ACTS; act++) {
        bool personal = act < ACT_DURABLE, about = (act >= ACT_AGREE && act <= ACT_CODE_FAILED);
        for (uint8_t by = personal ? 0 : NOBODY; by < (personal ? NOBODY : NOBODY + 1); by++)
            for (uint8_t on = about ? FIRST_LOVED : NOBODY; on < (about ? NOBODY : NOBODY + 1); on++)
                try(w, from, (struct event){ act, by, on });
    }
}

static void walk_init(struct walk *w, bool group, bool breaks)
{
    *w = (struct walk){ .breaks = breaks, .dice = 1, .keys_size = 1 << 16, .cap = 1 << 12 };
    state_begin(w, group);
    w->keys = must(calloc(w->keys_size, sizeof *w->keys));
    w->steps = must(calloc(w->cap, sizeof *w->steps));
    w->waiting = must(calloc(w->cap, sizeof(struct state *)));
}

static void walk_deinit(struct walk *w)
{
    for (size_t i = 0; i < w->states; i++)
        free(w->waiting[i]);
    free(w->waiting);
    free(w->steps);
    free(w->keys);
    state_end(w);
}

static void walk_whole(struct walk *w)
{
    meet(w);
    for (; w->at < w->states && !w->failed; w->at++) {
        try_all(w, w->waiting[w->at]);
        free(w->waiting[w->at]);
        w->waiting[w->at] = NULL;
    }
}

int main(void)
{
    uint64_t states = 0, transitions = 0;
    bool failed = false;
    for (int i = 0; i < SESSIONS; i++) {
        struct walk w;
        walk_init(&w, sessions[i].group, sessions[i].breaks);
        walk_whole(&w);
        failed |= w.failed;
        states += w.states;
        transitions += w.transitions;
        if (!w.failed && (w.with_loved_one > 0) == w.law.group) {
            printf("not ok %s\n",
                   w.law.group ? "a loved one was in a group" : "no loved one was ever in: the walk shows nothing");
            failed = true;
        }
        if (!w.failed)
            printf("ok %s session: %zu states, %" PRIu64 " transitions\n", sessions[i].name, w.states, w.transitions);
        walk_deinit(&w);
    }
    printf("figure model_states %" PRIu64 " states\nfigure model_transitions %" PRIu64 " transitions\n", states,
           transitions);
    return failed;
}
