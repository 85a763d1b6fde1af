#include "api/booking.h"

#include "api/capacity.h"

enum { CHECKED_MOST_S = 7 * 24 * 3600 }; /* of a box that is longer, no more is looked at */

/* Sessions come person by person: one is booked when the next begins. */
struct reading {
    struct calendar *calendar;
    const struct plan *wanted;    /* NULL: none */
    struct store_booking session; /* that is being read; without an id: none */
    struct capacity_people people;
    enum calendar_reason busy; /* somebody of it is wanted elsewhere */
};

static enum calendar_reason reason_for(const struct plan *wanted, const struct store_booking *b)
{
    if (!wanted || (b->role != ROLE_THERAPIST && b->role != ROLE_CLIENT))
        return CALENDAR_FITS;
    for (size_t i = 0; i < wanted->people_count; i++) {
        const struct plan_person *p = &wanted->people[i];
        if (p->role == ROLE_THERAPIST && id_equal(&p->person, &b->person))
            return CALENDAR_THERAPIST_BUSY;
        if (p->role == ROLE_CLIENT && id_equal(&p->person, &b->person))
            return CALENDAR_CLIENT_BUSY;
    }
    return CALENDAR_FITS;
}

static enum status end_session(struct reading *r)
{
    const struct store_booking *s = &r->session;
    if (!s->session.text[0])
        return OK;
    calendar_book(r->calendar, s->opens_at, s->closes_at, capacity_needed(s->kind, r->people));
    return r->busy ? calendar_add_busy(r->calendar, &(struct calendar_busy){ s->opens_at, s->closes_at, r->busy }) : OK;
}

static enum status take_booking(void *context, const struct store_booking *b)
{
    struct reading *r = context;
    if (r->wanted && id_equal(&b->session, &r->wanted->session))
        return OK;
    if (!id_equal(&b->session, &r->session.session)) {
        TRY(end_session(r));
        r->session = *b;
        r->people = (struct capacity_people){ 0 };
        r->busy = CALENDAR_FITS;
    }
    if (b->role == ROLE_THERAPIST)
        r->people.therapists++;
    else
        r->people.others++;
    if (r->busy != CALENDAR_THERAPIST_BUSY) /* which weighs more */
        r->busy = reason_for(r->wanted, b) ? reason_for(r->wanted, b) : r->busy;
    return OK;
}

static enum status read_all(struct store *store, int64_t from, int64_t to, const struct plan *wanted,
                            struct calendar *calendar)
{
    struct reading reading = { .calendar = calendar, .wanted = wanted };
    enum status status = calendar_init(calendar, from, to);
    if (status == OK)
        status = store->ops->bookings_each(store, from, to, (struct store_bookings){ take_booking, &reading });
    return status == OK ? end_session(&reading) : status;
}

enum status booking_read(struct call *call, int64_t from, int64_t to, struct calendar *calendar)
{
    enum status status = read_all(call->api->store, from, to, NULL, calendar);
    if (status != OK)
        call_fail(call, PROBLEM_UNAVAILABLE, NULL);
    return status;
}

static struct capacity_people people_of(const struct plan *plan)
{
    struct capacity_people people = { 0 };
    for (size_t i = 0; i < plan->people_count; i++)
        if (plan->people[i].role == ROLE_THERAPIST)
            people.therapists++;
        else
            people.others++;
    return people;
}

static json_t *slot_json(bool found, int64_t opens_at, int64_t length_s)
{
    return found ? json_pack("{s:I, s:I}", "opens_at", (json_int_t)opens_at, "closes_at",
                             (json_int_t)(opens_at + length_s))
                 : json_null();
}

static void refuse(struct call *call, const struct calendar *c, const struct calendar_wish *wish, int64_t opens_at,
                   enum calendar_reason reason)
{
    static const char *const details[] = {
        [CALENDAR_THERAPIST_BUSY] = "A therapist of this session has another one at this time.",
        [CALENDAR_CLIENT_BUSY] = "A client of this session has another one at this time.",
        [CALENDAR_FULL] = "With what is booked at this time already, the server has no room for this session.",
    };
    int64_t now_s = now_unix_s(call->now), before = 0, after = 0;
    int64_t least = opens_at - BOOKING_SEARCH_S > now_s ? opens_at - BOOKING_SEARCH_S : now_s;
    int64_t from = opens_at > now_s ? opens_at : now_s; /* nothing is offered in the past */
    bool earlier = calendar_earlier(c, wish, opens_at, least, &before);
    bool later = calendar_later(c, wish, from, opens_at + BOOKING_SEARCH_S, &after);
    call_fail_with(call, PROBLEM_CONFLICT, details[reason],
                   json_pack("{s:s, s:o, s:o}", "reason", calendar_reason_name(reason), "earlier",
                             slot_json(earlier, before, wish->length_s), "later",
                             slot_json(later, after, wish->length_s)));
}

enum status booking_check(struct call *call, const struct plan *plan)
{
    const struct api *api = call->api;
    struct calendar calendar = { 0 };
    int64_t length_s = plan->closes_at - plan->opens_at;
    struct calendar_wish wish = {
        .length_s = length_s < CHECKED_MOST_S ? length_s : CHECKED_MOST_S,
        .packets = capacity_needed(plan->kind, people_of(plan)),
        .capacity = api->capacity,
    };
    enum status status = read_all(api->store, plan->opens_at - BOOKING_SEARCH_S,
                                  plan->opens_at + wish.length_s + BOOKING_SEARCH_S, plan, &calendar);
    enum calendar_reason reason = status == OK ? calendar_try(&calendar, &wish, plan->opens_at) : CALENDAR_FITS;
    if (status != OK)
        call_fail(call, PROBLEM_UNAVAILABLE, NULL);
    else if (reason)
        refuse(call, &calendar, &wish, plan->opens_at, reason);
    calendar_deinit(&calendar);
    return status == OK && reason ? ERR_STATE : status;
}
