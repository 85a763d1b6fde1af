#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/parts.h"

bool world_ledger_refuses(const struct world *w)
{
    return w->ledger_refuses > 0;
}

/* Somebody is about to be let in: by the request of this moment, or by their own return. */
static void take_open(struct world *w, int person)
{
    struct model_person *p = &w->model.people[person];
    if (!model_may_admit(&w->model, w->now_us, person))
        world_violation(w, "%s is let in wrongly", world_id(person));
    if (w->admit_text) {
        const char *minutes = strstr(w->admit_text, "\"minutes\":");
        const char *mode = strstr(w->admit_text, "\"mode\":\"");
        enum mode limit = mode ? mode_parse((struct bytes){ (const uint8_t *)mode + 8, strcspn(mode + 8, "\"") }) : 0;
        model_admitting(&w->model, w->now_us, person, minutes ? (unsigned)atoi(minutes + 10) : 0, limit);
        if (limit && !model_may_limit(&w->model, person, limit))
            world_violation(w, "%s is let in for more than their grant gives", world_id(person));
    } else if (p->admitting || p->resumable_until) {
        p->admitting = true; /* back by themselves */
        p->resumable_until = 0;
    } else {
        world_violation(w, "%s is let in by nobody", world_id(person));
    }
}

void take_record(struct world *w, struct ledger_note note)
{
    if (w->pending_count == PENDING_MAX)
        abort();
    struct pending *pending = &w->pending[w->pending_count++];
    *pending = (struct pending){ .number = note.number, .person = -1 };
    pending->at = w->now_us + (w->ledger_delay_us ? chance_below(&w->chance, w->ledger_delay_us) : 0);
    if (record_parse(note.text, &pending->record) != OK) {
        world_violation(w, "a record that is none: %.*s", (int)note.text.len, (const char *)note.text.at);
        return;
    }
    int person = person_named(pending->record.participation.text);
    if (pending->record.kind == RECORD_OPEN) {
        pending->person = person;
        pending->refused = chance_in(&w->chance, w->ledger_refuses);
        w->waits_for[person] = note.number;
        take_open(w, person);
    } else if (pending->record.kind == RECORD_REMOVED) {
        struct id device = device_id(w->model.people[person].device);
        if (!id_equal(&device, &pending->record.device))
            world_violation(w, "the removal of %s doesn't name their device", world_id(person));
        model_remove(&w->model, person); /* before anybody is told: `done` waits for the disk */
    } else if (pending->record.kind == RECORD_REFUSED) {
        w->refusals += strcmp(pending->record.reason, "code_failed") == 0;
    } else if (pending->record.kind == RECORD_CLOSE && id_equal(&w->disclosed[person], &pending->record.interval)) {
        w->disclosed[person] = (struct id){ 0 };
    }
}

static void tell_ledger(const struct world *w, const char *what, const struct pending *p)
{
    if (w->verbose)
        printf("  %.3f ledger: %s %u %s %s\n", (double)w->now_us / 1e6, what, (unsigned)p->number,
               record_kind_name(p->record.kind), p->record.participation.text);
}

static void check_interval(struct world *w, const struct pending *pending)
{
    /* An OPEN that the disk refused is in no ledger, nor is its CLOSE. */
    if (pending->refused || pending->record.kind == RECORD_HEARTBEAT)
        return;
    enum interval_fault fault;
    if (intervals_row(w->intervals, &pending->record, &fault) != OK)
        abort();
    if (fault != INTERVAL_GOOD)
        world_violation(w, "the ledger: %s", interval_fault_name(fault));
}

/* The disk has the oldest record, or says that it never will. */
static void write_one(struct world *w)
{
    struct pending pending = w->pending[0];
    tell_ledger(w, pending.refused ? "refused" : "durable", &pending);
    memmove(w->pending, w->pending + 1, --w->pending_count * sizeof *w->pending);
    for (size_t i = 0; pending.refused && i < w->pending_count; i++)
        if (w->pending[i].record.kind == RECORD_CLOSE &&
            id_equal(&w->pending[i].record.interval, &pending.record.interval))
            w->pending[i].refused = true;
    check_interval(w, &pending);
    pass(w);
    if (pending.person >= 0 && w->waits_for[pending.person] == pending.number &&
        model_commit(&w->model, w->now_us, pending.person, !pending.refused))
        w->disclosed[pending.person] = pending.record.interval;
    if (pending.refused && pending.person >= 0)
        broker_refused(w->broker, now_of(w), pending.number, w->outbox);
    else
        broker_durable(w->broker, now_of(w), pending.number, w->outbox);
    drain(w);
}

void write_ledger(struct world *w)
{
    while (w->pending_count > 0 && w->pending[0].at <= w->now_us)
        write_one(w);
}

void world_set_ledger(struct world *w, usec_t delay_us, unsigned refuses)
{
    w->ledger_delay_us = delay_us;
    w->ledger_refuses = refuses;
}
