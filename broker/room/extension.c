#include "room/extension.h"

#include "room/journal.h"
#include "room/notify.h"
#include "room/settle.h"

bool extension_fits(const struct room *room, uint32_t minutes)
{
    return matrix_kind(room->plan.kind)->may_extend &&
           room->extended_us + minutes * 60 * USEC_PER_SEC <= EXTEND_MAX_MINUTES * 60 * USEC_PER_SEC;
}

bool extension_needs_yes(const struct room *room)
{
    return matrix_row(room->plan.kind, ROLE_LOVED_ONE)->needs_yes;
}

bool extension_is_asked(const struct room *room)
{
    return room->question.minutes > 0;
}

/* Where a segment has a length of its own, that was what the client said yes to. */
static bool ends_with_box(const struct room *room, const struct participant *p)
{
    return matrix_kind(room->plan.kind)->segment_minutes == 0 && p->segment_ends == room->closes_us;
}

void extension_make(struct room *room, uint32_t minutes, const struct participant *by, struct outbox *out)
{
    usec_t more = minutes * 60 * USEC_PER_SEC;
    for (size_t i = 0; i < room->people_count; i++)
        if (ends_with_box(room, &room->people[i]))
            room->people[i].segment_ends += more;
    room->extended_us += more;
    room->closes_us += more;
    room->warned = 0; /* the warnings that are due come again */
    journal_note(room, RECORD_SESSION, NULL, by, "extended", out);
    log_info(room->shared->log, "session %s: %u minutes longer (extend by %s)", room->plan.session.text, minutes,
             by->who.participation.text);
}

/* The therapist who asked, on the connection on which they did; NULL when they are gone. */
static const struct participant *asker(const struct room *room)
{
    const struct participant *by = &room->people[room->question.by];
    return by->client == room->question.asked_by && participant_listens(by) ? by : NULL;
}

static size_t ask_all(struct room *room)
{
    size_t asked = 0;
    for (size_t i = 0; i < room->people_count; i++) {
        struct participant *p = &room->people[i];
        if (p->who.role == ROLE_CLIENT && participant_in(p) && p->word == WORD_NOT_ASKED)
            p->word = WORD_ASKED;
        asked += p->word == WORD_ASKED;
    }
    return asked;
}

bool extension_ask(struct room *room, struct now now, const struct participant *by, uint32_t minutes, uint32_t request)
{
    if (ask_all(room) == 0)
        return false;
    room->question = (struct question){
        .minutes = minutes,
        .by = room_index(room, by),
        .asked_by = by->client,
        .request = request,
        .lapses_at = sooner(now.mono_us + EXTENSION_LAPSE_US, room->closes_us),
    };
    return true;
}

static void withdraw(struct room *room)
{
    room->question = (struct question){ 0 };
    for (size_t i = 0; i < room->people_count; i++)
        room->people[i].word = WORD_NOT_ASKED;
}

void extension_refuse(struct room *room, struct outbox *out)
{
    if (!extension_is_asked(room))
        return;
    if (asker(room))
        notify_error(room->question.asked_by, room->question.request, "extension_refused", out);
    withdraw(room);
}

bool extension_answer(struct room *room, struct now now, struct participant *p, bool yes, struct outbox *out)
{
    struct question question = room->question;
    const struct participant *by = asker(room);
    if (p->word == WORD_NOT_ASKED || !extension_is_asked(room) || !by)
        return false;
    if (!yes) {
        extension_refuse(room, out);
        return true;
    }
    p->word = WORD_YES;
    if (ask_all(room) > 0)
        return true;
    withdraw(room);
    extension_make(room, question.minutes, by, out);
    room_settle(room, now, out); /* the new end is told before `done` */
    notify_done(question.asked_by, question.request, out);
    return true;
}

static bool has_left(const struct room *room)
{
    for (size_t i = 0; i < room->people_count; i++)
        if (room->people[i].word == WORD_ASKED && room->people[i].seat != SEAT_PRESENT)
            return true;
    return false;
}

void extension_settle(struct room *room, struct now now, struct outbox *out)
{
    if (!extension_is_asked(room))
        return;
    if (!asker(room) || has_left(room) || now.mono_us >= room->question.lapses_at)
        extension_refuse(room, out);
    else
        ask_all(room);
}
