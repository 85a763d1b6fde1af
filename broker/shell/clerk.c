#include "shell/clerk.h"

#include <stdlib.h>
#include <string.h>

#include "shell/call.h"
#include "shell/shard.h"

enum { CALLS_PER_TURN = 8 }; /* so that admissions, which wait for the ledger, never wait for long */

struct clerk {
    struct api *api;
    struct scribe *scribe;
    size_t shards;
    struct placement *placement;
    struct standing *standing;
    struct mailroom *mailroom;
    const struct log *log;
    struct queue *inbox, *answers;
    /* The request that is being done; client 0: none. */
    client_id client;
    struct api_response response;
    struct api_effects effects;
    uint64_t number; /* of the latest orders to the shards */
    size_t awaited;  /* shards that have not done them yet */
    struct api_outcome outcome;
};

/* ---- Orders ---- */

/* The bytes of a struct; `last` asks for LETTER_DONE. */
static void order(struct clerk *c, size_t shard, enum letter_kind kind, struct bytes value, bool last)
{
    struct letter letter = { .kind = kind, .number = last ? c->number : 0, .note = note_create(value) };
    if (!letter.note) {
        /* A gate that should be shut may not stay open for want of a few bytes. */
        log_error(c->log, "no memory for an order to shard %zu: ending", shard);
        abort();
    }
    if (last)
        c->awaited++;
    scribe_send(c->scribe, shard, &letter);
}

#define BYTES_OF(value) ((struct bytes){ (const uint8_t *)&(value), sizeof(value) })

/* To the shard that runs it, and waited for. */
static void order_session(struct clerk *c, const struct id *session, enum letter_kind kind, struct bytes value)
{
    order(c, placement_of(c->placement, session), kind, value, true);
}

static void order_plan(struct clerk *c, struct plan *plan)
{
    size_t shard;
    standing_fill(c->standing, plan);
    struct bytes packed = plan_pack(plan);
    c->outcome.status = packed.at ? placement_put(c->placement, plan, &shard) : ERR_NO_MEMORY;
    if (c->outcome.status == OK)
        order(c, shard, LETTER_PLAN, packed, true);
    free((void *)packed.at);
}

static void send_effects(struct clerk *c)
{
    c->number++;
    c->awaited = 0;
    c->outcome = (struct api_outcome){ .status = OK };
    for (size_t shard = 0; shard < c->shards; shard++)
        for (size_t i = 0; i < c->effects.grant_count; i++)
            order(c, shard, LETTER_GRANT, BYTES_OF(c->effects.grants[i]), i + 1 == c->effects.grant_count);
    struct api_effects *e = &c->effects;
    if (e->plan)
        order_plan(c, e->plan);
    if (e->has_moderation)
        order_session(c, &e->moderation.session, LETTER_MODERATION, BYTES_OF(e->moderation));
    if (e->has_question)
        order_session(c, &e->question, LETTER_QUESTION, BYTES_OF(e->question));
    if (e->has_code)
        order_session(c, &e->code.session, LETTER_CODE, BYTES_OF(e->code));
}

/* ---- What the ledger has now ---- */

/* What is decided for good is not to be lost for want of a few bytes: a start finds it in the ledger. */
static void take_stored(void *context, const struct ledger_row *row)
{
    struct clerk *c = context;
    struct record record;
    struct acknowledgement known;
    if (record_parse(bytes_of(row->text), &record) != OK || standing_note(c->standing, &record) != OK) {
        log_error(c->log, "ledger row %llu is stored and cannot be kept in mind: ending",
                  (unsigned long long)row->number);
        abort();
    }
    mailroom_stored(c->mailroom, row);
    if (!standing_acknowledgement(&record, &known))
        return;
    for (size_t shard = 0; shard < c->shards; shard++)
        order(c, shard, LETTER_ACKNOWLEDGED, BYTES_OF(known), false);
}

/* What the answer does not wait for. */
static void send_beside(struct clerk *c)
{
    if (c->effects.has_delivery)
        mailroom_deliver(c->mailroom, &c->effects.delivery);
    bytes_wipe(&c->effects.delivery, sizeof c->effects.delivery);
    if (c->effects.wants_keys)
        mailroom_want_keys(c->mailroom);
}

/* ---- Requests ---- */

static void finish(struct clerk *c, struct now now)
{
    api_settle(c->api, now, &c->outcome, &c->response);
    struct letter letter = { .kind = LETTER_ANSWER, .client = c->client, .note = answer_pack(&c->response) };
    /* The front lets no more of them wait than fit; it gives up by itself what no answer comes for. */
    if (!letter.note || queue_push(c->answers, &letter, 0) != OK)
        log_error(c->log, "an answer of the API is lost");
    letter_wipe(&letter);
    api_response_deinit(&c->response);
    c->client = 0;
}

static void begin(struct clerk *c, struct now now, const struct letter *letter)
{
    struct api_request request;
    if (letter->kind != LETTER_CALL || call_unpack(letter->note, &request) != OK) {
        log_error(c->log, "a letter to the API that is none");
        return;
    }
    c->client = letter->client;
    api_handle(c->api, now, &request, &c->response, &c->effects);
    send_effects(c);
    send_beside(c);
}

static bool has_work(void *context)
{
    const struct clerk *c = context;
    return mailroom_has_work(c->mailroom) || (c->client ? c->awaited == 0 : !queue_is_empty(c->inbox));
}

static void take_turn(void *context, struct now now)
{
    struct clerk *c = context;
    struct letter letter;
    mailroom_turn(c->mailroom, now);
    for (int i = 0; i < CALLS_PER_TURN; i++) {
        if (c->client && c->awaited > 0)
            return;
        if (c->client)
            finish(c, now);
        if (!queue_pop(c->inbox, &letter))
            return;
        begin(c, now, &letter);
        letter_wipe(&letter);
    }
}

static void forget(struct clerk *c, struct bytes session)
{
    struct id id;
    memcpy(&id, session.at, sizeof id);
    placement_forget(c->placement, &id);
}

static void take_done(void *context, const struct letter *letter)
{
    struct clerk *c = context;
    if (letter->number != c->number || c->awaited == 0)
        return;
    c->awaited--;
    if (letter->outcome != OK)
        c->outcome.status = letter->outcome;
    struct bytes answer = letter_text(letter);
    if (c->effects.plan && answer.len == sizeof(struct id))
        forget(c, answer);
    else if (answer.len > 0)
        memcpy(&c->outcome.attendance, answer.at, answer.len);
}

/* ---- Making ---- */

enum status clerk_create(struct clerk **created, const struct clerk_config *config)
{
    struct clerk *c = calloc(1, sizeof *c);
    if (!c)
        return ERR_NO_MEMORY;
    c->scribe = config->scribe;
    c->shards = config->shards;
    c->placement = config->placement;
    c->standing = config->standing;
    c->mailroom = config->mailroom;
    c->log = config->log;
    enum status status = api_create(&c->api, &config->api);
    if (status == OK)
        status = queue_create(&c->inbox, CLERK_CALLS, CLERK_CALLS * (API_BODY_MAX + 16384), scribe_waker(c->scribe));
    if (status != OK) {
        clerk_destroy(c);
        return status;
    }
    scribe_host(c->scribe, (struct scribe_guest){ has_work, take_turn, take_done, take_stored, c });
    *created = c;
    return OK;
}

void clerk_destroy(struct clerk *c)
{
    if (!c)
        return;
    api_response_deinit(&c->response);
    api_destroy(c->api);
    queue_destroy(c->inbox);
    free(c);
}

struct queue *clerk_inbox(const struct clerk *c)
{
    return c->inbox;
}

void clerk_connect(struct clerk *c, struct queue *answers)
{
    c->answers = answers;
}
