#include "shell/store_sqlite.h"

#include <stdlib.h>
#include <string.h>

#include "shell/store_sqlite_parts.h"

static void store_close(struct store *store)
{
    sqlite_close(store_db(store));
    free(store);
}

/* ---- The ledger ---- */

static enum status append_rows(struct sqlite *db, const struct ledger_row *rows, size_t count)
{
    struct bytes hash;
    for (size_t i = 0; i < count; i++) {
        hash = (struct bytes){ rows[i].hash, CHAIN_HASH_LEN };
        TRY(sqlite_run(db, "INSERT INTO ledger (number, hash, record) VALUES (?, ?, ?)", "ibt", (int64_t)rows[i].number,
                       hash, rows[i].text));
    }
    return sqlite_run(db,
                      "INSERT INTO ledger_end (one, number, hash) VALUES (1, ?, ?)"
                      " ON CONFLICT (one) DO UPDATE SET number = excluded.number, hash = excluded.hash",
                      "ib", (int64_t)rows[count - 1].number, hash);
}

static enum status ledger_append(struct store *store, const struct ledger_row *rows, size_t count)
{
    struct sqlite *db = store_db(store);
    if (count == 0)
        return OK;
    TRY(sqlite_begin(db));
    return sqlite_end(db, append_rows(db, rows, count));
}

/* A row that was tampered with is handed on as it is, as far as it fits: the chain tells that it is wrong. */
static void take_ledger_row(sqlite3_stmt *statement, struct ledger_row *row)
{
    *row = (struct ledger_row){ .number = (uint64_t)sqlite3_column_int64(statement, 0) };
    column_hash(statement, 1, row->hash);
    column_text(statement, 2, row->text, sizeof row->text - 1);
}

static enum status pass_row_on(struct sqlite *db, sqlite3_stmt *statement, void *context)
{
    (void)db;
    const struct store_rows *rows = context;
    struct ledger_row row;
    take_ledger_row(statement, &row);
    return rows->row(rows->context, &row);
}

static enum status ledger_each(struct store *store, uint64_t first, struct store_rows rows)
{
    struct sqlite *db = store_db(store);
    sqlite3_stmt *statement;
    TRY(sqlite_query(db, &statement, "SELECT number, hash, record FROM ledger WHERE number >= ? ORDER BY number", "i",
                     (int64_t)first));
    return rows_walk(db, statement, (struct rows){ pass_row_on, &rows });
}

static enum status keep_row(struct sqlite *db, sqlite3_stmt *statement, void *context)
{
    (void)db;
    take_ledger_row(statement, context);
    return OK;
}

/* What was written last, which the table may have lost since: then without its text. */
static enum status ledger_last(struct store *store, struct ledger_row *last)
{
    struct sqlite *db = store_db(store);
    sqlite3_stmt *statement;
    struct ledger_row row = { 0 };
    TRY(sqlite_query(db, &statement,
                     "SELECT e.number, e.hash, l.record FROM ledger_end e LEFT JOIN ledger l ON l.number = e.number",
                     ""));
    TRY(rows_walk(db, statement, (struct rows){ keep_row, &row }));
    *last = row;
    return OK;
}

static enum status heartbeat_put(struct store *store, int64_t unix_us)
{
    struct sqlite *db = store_db(store);
    TRY(sqlite_begin(db));
    return sqlite_end(db, sqlite_run(db,
                                     "INSERT INTO heartbeat (one, unix_us) VALUES (1, ?)"
                                     " ON CONFLICT (one) DO UPDATE SET unix_us = excluded.unix_us",
                                     "i", unix_us));
}

static enum status heartbeat_get(struct store *store, int64_t *unix_us)
{
    return sqlite_number(store_db(store), "SELECT unix_us FROM heartbeat", 0, unix_us);
}

/* ---- Grants ---- */

#define GRANT_COLUMNS                                                                                                  \
    "id, epoch, client, person, granted_by, kinds, modes, chat, topics, purpose, not_before, expires, "                \
    "client_absent_ok, "                                                                                               \
    "notice_version, evidence, status"

static enum status take_grant(struct sqlite *db, sqlite3_stmt *row, struct grant *grant)
{
    *grant = (struct grant){
        .epoch = (uint32_t)sqlite3_column_int64(row, 1),
        .granted_by = (enum granted_by)sqlite3_column_int(row, 4),
        .kinds = (term_set)sqlite3_column_int64(row, 5),
        .modes = (term_set)sqlite3_column_int64(row, 6),
        .chat = sqlite3_column_int(row, 7) != 0,
        .topics = (term_set)sqlite3_column_int64(row, 8),
        .not_before = sqlite3_column_int64(row, 10),
        .expires = sqlite3_column_int64(row, 11),
        .client_absent_ok = sqlite3_column_int(row, 12) != 0,
        .status = (enum grant_status)sqlite3_column_int(row, 15),
    };
    /* A record that grants nothing may name nobody. */
    bool fits = column_id(row, 0, &grant->id) && column_id_or_none(row, 2, &grant->client) &&
                column_id_or_none(row, 3, &grant->person) && column_text(row, 9, grant->purpose, GRANT_TEXT_MAX) &&
                column_text(row, 13, grant->notice_version, GRANT_TEXT_MAX) &&
                column_text(row, 14, grant->evidence, EVIDENCE_MAX);
    return fits ? OK : store_corrupt(db, "grants");
}

/* Replaces only an older epoch, so that nothing that was withdrawn comes back by an old file. */
static enum status put_grant(struct sqlite *db, const struct grant *g)
{
    return sqlite_run(db,
                      "INSERT INTO grants (" GRANT_COLUMNS ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
                      " ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, client = excluded.client,"
                      " person = excluded.person, granted_by = excluded.granted_by, kinds = excluded.kinds,"
                      " modes = excluded.modes, chat = excluded.chat, topics = excluded.topics,"
                      " purpose = excluded.purpose, not_before = excluded.not_before, expires = excluded.expires,"
                      " client_absent_ok = excluded.client_absent_ok, notice_version = excluded.notice_version,"
                      " evidence = excluded.evidence, status = excluded.status WHERE excluded.epoch > grants.epoch",
                      "tittiiiiitiiitti", g->id.text, (int64_t)g->epoch, g->client.text, g->person.text,
                      (int64_t)g->granted_by, (int64_t)g->kinds, (int64_t)g->modes, (int64_t)g->chat,
                      (int64_t)g->topics, g->purpose, g->not_before, g->expires, (int64_t)g->client_absent_ok,
                      g->notice_version, g->evidence, (int64_t)g->status);
}

static enum status put_newer_grant(struct sqlite *db, const struct grant *grant)
{
    TRY(put_grant(db, grant));
    return sqlite3_changes(db->db) == 1 ? OK : ERR_STATE;
}

static enum status grant_put(struct store *store, const struct grant *grant)
{
    struct sqlite *db = store_db(store);
    TRY(sqlite_begin(db));
    return sqlite_end(db, put_newer_grant(db, grant));
}

static enum status grant_get(struct store *store, const struct id *id, struct grant *grant)
{
    struct sqlite *db = store_db(store);
    sqlite3_stmt *statement;
    struct grant found;
    bool row;
    TRY(sqlite_query(db, &statement, "SELECT " GRANT_COLUMNS " FROM grants WHERE id = ?", "t", id->text));
    enum status status = sqlite_next(db, statement, &row);
    if (status == OK)
        status = row ? take_grant(db, statement, &found) : ERR_UNKNOWN;
    sqlite3_finalize(statement);
    if (status == OK)
        *grant = found;
    return status;
}

/* ---- Plans ---- */

#define SESSION_COLUMNS "id, kind, opens_at, closes_at, client, guidance_version, notice_version"

static enum status put_plan(struct sqlite *db, const struct plan *plan)
{
    TRY(sqlite_run(db, "DELETE FROM sessions WHERE id = ?", "t", plan->session.text));
    TRY(sqlite_run(db, "INSERT INTO sessions (" SESSION_COLUMNS ") VALUES (?,?,?,?,?,?,?)", "ttiittt",
                   plan->session.text, kind_name(plan->kind), plan->opens_at, plan->closes_at, plan->client.text,
                   plan->guidance_version, plan->notice_version));
    for (size_t i = 0; i < plan->people_count; i++) {
        const struct plan_person *p = &plan->people[i];
        TRY(sqlite_run(db,
                       "INSERT INTO people (session, position, participation, person, client, role, name, alias)"
                       " VALUES (?,?,?,?,?,?,?,?)",
                       "titttttt", plan->session.text, (int64_t)i, p->participation.text, p->person.text,
                       p->client.text, role_name(p->role), p->name, p->alias));
    }
    for (size_t i = 0; i < plan->step_count; i++)
        TRY(sqlite_run(db, "INSERT INTO agenda (session, position, title, minutes) VALUES (?,?,?,?)", "titi",
                       plan->session.text, (int64_t)i, plan->agenda[i].title, (int64_t)plan->agenda[i].minutes));
    for (size_t i = 0; i < plan->grant_count; i++)
        TRY(put_grant(db, &plan->grants[i]));
    return OK;
}

static enum status plan_put(struct store *store, const struct plan *plan)
{
    struct sqlite *db = store_db(store);
    TRY(sqlite_begin(db));
    return sqlite_end(db, put_plan(db, plan));
}

static enum status add_person(struct sqlite *db, sqlite3_stmt *row, void *context)
{
    struct plan *plan = context;
    struct plan_person p = { .role = role_parse(column_bytes(row, 3)) };
    if (plan->people_count == PLAN_PEOPLE_MAX)
        return store_corrupt(db, "people");
    if (!p.role || !column_id(row, 0, &p.participation) || !column_id(row, 1, &p.person) ||
        !column_id_or_none(row, 2, &p.client) || !column_text(row, 4, p.name, NAME_MAX_BYTES) ||
        !column_text(row, 5, p.alias, NAME_MAX_BYTES))
        return store_corrupt(db, "people");
    return plan_add_person(plan, &p);
}

static enum status add_step(struct sqlite *db, sqlite3_stmt *row, void *context)
{
    struct plan *plan = context;
    if (plan->step_count == PLAN_STEPS_MAX ||
        !column_text(row, 0, plan->agenda[plan->step_count].title, NAME_MAX_BYTES))
        return store_corrupt(db, "agenda");
    plan->agenda[plan->step_count++].minutes = (uint32_t)sqlite3_column_int64(row, 1);
    return OK;
}

static enum status add_grant(struct sqlite *db, sqlite3_stmt *row, void *context)
{
    struct plan *plan = context;
    struct grant grant;
    TRY(take_grant(db, row, &grant));
    return plan_add_grant(plan, &grant);
}

/* A grant concerns a session when it names one of its people and that person's client; should more than fit, the active
 * ones that last longest. */
static enum status load_plan(struct sqlite *db, struct plan *plan)
{
    static const struct {
        const char *sql;
        enum status (*take)(struct sqlite *, sqlite3_stmt *, void *);
    } parts[] = {
        { "SELECT participation, person, client, role, name, alias FROM people WHERE session = ? ORDER BY position",
          add_person },
        { "SELECT title, minutes FROM agenda WHERE session = ? ORDER BY position", add_step },
        { "SELECT " GRANT_COLUMNS " FROM grants g WHERE EXISTS ("
          "SELECT 1 FROM people p JOIN sessions s ON s.id = p.session WHERE p.session = ? AND p.person = g.person"
          " AND g.client = CASE p.client WHEN '' THEN s.client ELSE p.client END)"
          " ORDER BY status <> 1, expires DESC, id LIMIT 320",
          add_grant },
    };
    _Static_assert(PLAN_GRANTS_MAX == 320 && GRANT_ACTIVE == 1, "as the query says");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        sqlite3_stmt *statement;
        TRY(sqlite_query(db, &statement, parts[i].sql, "t", plan->session.text));
        TRY(rows_walk(db, statement, (struct rows){ parts[i].take, plan }));
    }
    return OK;
}

/* The caller's to end. */
static enum status take_plan(struct sqlite *db, sqlite3_stmt *row, struct plan *plan)
{
    struct plan taken = {
        .kind = kind_parse(column_bytes(row, 1)),
        .opens_at = sqlite3_column_int64(row, 2),
        .closes_at = sqlite3_column_int64(row, 3),
    };
    if (!taken.kind || !column_id(row, 0, &taken.session) || !column_id(row, 4, &taken.client) ||
        !column_text(row, 5, taken.guidance_version, GRANT_TEXT_MAX) ||
        !column_text(row, 6, taken.notice_version, GRANT_TEXT_MAX))
        return store_corrupt(db, "sessions");
    enum status status = load_plan(db, &taken);
    if (status == OK)
        *plan = taken;
    else
        plan_deinit(&taken);
    return status;
}

static enum status pass_plan_on(struct sqlite *db, sqlite3_stmt *row, void *context)
{
    const struct store_plans *plans = context;
    struct plan plan;
    TRY(take_plan(db, row, &plan));
    enum status status = plans->plan(plans->context, &plan);
    plan_deinit(&plan);
    return status;
}

static enum status plans_each(struct store *store, struct store_plans plans)
{
    struct sqlite *db = store_db(store);
    sqlite3_stmt *statement;
    TRY(sqlite_query(db, &statement, "SELECT " SESSION_COLUMNS " FROM sessions ORDER BY id", ""));
    return rows_walk(db, statement, (struct rows){ pass_plan_on, &plans });
}

static enum status plans_after(struct store *store, const struct id *after, size_t limit, struct store_plans plans)
{
    struct sqlite *db = store_db(store);
    sqlite3_stmt *statement;
    TRY(sqlite_query(db, &statement, "SELECT " SESSION_COLUMNS " FROM sessions WHERE id > ? ORDER BY id LIMIT ?", "ti",
                     after->text, (int64_t)limit));
    return rows_walk(db, statement, (struct rows){ pass_plan_on, &plans });
}

static enum status plan_get(struct store *store, const struct id *id, struct plan *plan)
{
    struct sqlite *db = store_db(store);
    sqlite3_stmt *statement;
    bool row;
    TRY(sqlite_query(db, &statement, "SELECT " SESSION_COLUMNS " FROM sessions WHERE id = ?", "t", id->text));
    enum status status = sqlite_next(db, statement, &row);
    if (status == OK)
        status = row ? take_plan(db, statement, plan) : ERR_UNKNOWN;
    sqlite3_finalize(statement);
    return status;
}

/* The same pair may be there twice, as a loved one in two roles. */
static bool asked_before(const struct plan *plan, size_t index, const struct id *client)
{
    for (size_t i = 0; i < index; i++) {
        const struct plan_person *p = &plan->people[i];
        const struct id *theirs = p->client.text[0] ? &p->client : &plan->client;
        if (id_equal(&p->person, &plan->people[index].person) && id_equal(theirs, client))
            return true;
    }
    return false;
}

static enum status add_grants_of(struct sqlite *db, struct plan *plan, size_t index, bool active)
{
    const struct plan_person *p = &plan->people[index];
    const struct id *client = p->client.text[0] ? &p->client : &plan->client;
    sqlite3_stmt *statement;
    if (asked_before(plan, index, client))
        return OK;
    TRY(sqlite_query(db, &statement,
                     "SELECT " GRANT_COLUMNS " FROM grants WHERE client = ? AND person = ? AND (status = 1) = ?"
                     " ORDER BY expires DESC, id LIMIT ?",
                     "ttii", client->text, p->person.text, (int64_t)active,
                     (int64_t)(PLAN_GRANTS_MAX - plan->grant_count)));
    return rows_walk(db, statement, (struct rows){ add_grant, plan });
}

static enum status add_grants(struct sqlite *db, struct plan *plan)
{
    for (int active = 1; active >= 0; active--)
        for (size_t i = 0; i < plan->people_count; i++)
            TRY(add_grants_of(db, plan, i, active));
    return OK;
}

static enum status plan_grants(struct store *store, struct plan *plan)
{
    struct plan found = *plan;
    found.grants = NULL;
    found.grant_count = 0;
    enum status status = add_grants(store_db(store), &found);
    free(status == OK ? plan->grants : found.grants);
    if (status == OK)
        *plan = found;
    return status;
}

/* ---- Findings and replies ---- */

static enum status put_findings(struct sqlite *db, const struct store_finding *findings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        TRY(put_newer_grant(db, &findings[i].grant));
        TRY(sqlite_run(db,
                       "INSERT INTO findings (grant_id, epoch, reason) VALUES (?, ?, ?) ON CONFLICT (grant_id)"
                       " DO UPDATE SET epoch = excluded.epoch, reason = excluded.reason",
                       "tit", findings[i].grant.id.text, (int64_t)findings[i].grant.epoch, findings[i].reason));
    }
    return OK;
}

static enum status findings_put(struct store *store, const struct store_finding *findings, size_t count)
{
    struct sqlite *db = store_db(store);
    if (count == 0)
        return OK;
    TRY(sqlite_begin(db));
    return sqlite_end(db, put_findings(db, findings, count));
}

static enum status take_reason(struct sqlite *db, sqlite3_stmt *row, void *context)
{
    struct store_finding *finding = context;
    return column_text(row, 0, finding->reason, STORE_WORD_MAX) ? OK : store_corrupt(db, "findings");
}

static enum status finding_get(struct store *store, const struct id *id, struct store_finding *found)
{
    struct sqlite *db = store_db(store);
    struct store_finding finding = { 0 };
    sqlite3_stmt *statement;
    TRY(grant_get(store, id, &finding.grant));
    TRY(sqlite_query(db, &statement, "SELECT reason FROM findings WHERE grant_id = ? AND epoch = ?", "ti", id->text,
                     (int64_t)finding.grant.epoch));
    TRY(rows_walk(db, statement, (struct rows){ take_reason, &finding }));
    *found = finding;
    return OK;
}

static enum status put_reply(struct sqlite *db, const struct store_reply *reply, int64_t forget_before)
{
    TRY(sqlite_run(db, "DELETE FROM replies WHERE made_at < ?", "i", forget_before));
    return sqlite_run(db,
                      "INSERT OR REPLACE INTO replies (key, request, made_at, status, content_type, location, body)"
                      " VALUES (?,?,?,?,?,?,?)",
                      "bbiittt", (struct bytes){ reply->key, STORE_HASH_LEN },
                      (struct bytes){ reply->request, STORE_HASH_LEN }, reply->made_at, (int64_t)reply->status,
                      reply->content_type, reply->location, reply->body);
}

static enum status reply_put(struct store *store, const struct store_reply *reply, int64_t forget_before)
{
    struct sqlite *db = store_db(store);
    TRY(sqlite_begin(db));
    return sqlite_end(db, put_reply(db, reply, forget_before));
}

static enum status take_reply(struct sqlite *db, sqlite3_stmt *row, struct store_reply *reply)
{
    struct bytes body = column_bytes(row, 5);
    reply->made_at = sqlite3_column_int64(row, 1);
    reply->status = sqlite3_column_int(row, 2);
    if (!column_hash(row, 0, reply->request) || !column_text(row, 3, reply->content_type, STORE_WORD_MAX) ||
        !column_text(row, 4, reply->location, STORE_PLACE_MAX))
        return store_corrupt(db, "replies");
    reply->body = strndup(body.len ? (const char *)body.at : "", body.len);
    return reply->body ? OK : ERR_NO_MEMORY;
}

static enum status reply_get(struct store *store, const uint8_t key[STORE_HASH_LEN], struct store_reply *found)
{
    struct sqlite *db = store_db(store);
    struct store_reply reply = { 0 };
    sqlite3_stmt *statement;
    bool row;
    memcpy(reply.key, key, STORE_HASH_LEN);
    TRY(sqlite_query(db, &statement,
                     "SELECT request, made_at, status, content_type, location, body FROM replies WHERE key = ?", "b",
                     (struct bytes){ key, STORE_HASH_LEN }));
    enum status status = sqlite_next(db, statement, &row);
    if (status == OK)
        status = row ? take_reply(db, statement, &reply) : ERR_UNKNOWN;
    sqlite3_finalize(statement);
    if (status == OK)
        *found = reply;
    return status;
}

/* ---- Opening ---- */

static const struct store_ops operations = {
    .close = store_close,
    .ledger_append = ledger_append,
    .ledger_each = ledger_each,
    .ledger_last = ledger_last,
    .heartbeat_put = heartbeat_put,
    .heartbeat_get = heartbeat_get,
    .plan_put = plan_put,
    .plans_each = plans_each,
    .grant_put = grant_put,
    .grant_get = grant_get,
    .plan_get = plan_get,
    .plans_after = plans_after,
    .plan_grants = plan_grants,
    .findings_put = findings_put,
    .finding_get = finding_get,
    .reply_put = reply_put,
    .reply_get = reply_get,
    .invitation_put = store_invitation_put,
    .invitation_get = store_invitation_get,
    .invitation_find = store_invitation_find,
    .invitations_after = store_invitations_after,
    .guidance_put = store_guidance_put,
    .guidance_get = store_guidance_get,
    .guidances_after = store_guidances_after,
    .feed_put = store_feed_put,
    .feed_get = store_feed_get,
    .history_put = store_history_put,
    .history_thin = store_history_thin,
    .history_each = store_history_each,
    .bookings_each = store_bookings_each,
};

static enum status read_clinic(struct sqlite *db, struct id *clinic)
{
    sqlite3_stmt *statement;
    bool row;
    TRY(sqlite_query(db, &statement, "SELECT value FROM meta WHERE key = 'clinic'", ""));
    enum status status = sqlite_next(db, statement, &row);
    if (status == OK)
        status = !row ? ERR_UNKNOWN : column_id(statement, 0, clinic) ? OK : store_corrupt(db, "meta");
    sqlite3_finalize(statement);
    return status;
}

/* The hashes hold the clinic's id, so a store is one clinic's for good. */
static enum status claim_for_clinic(struct sqlite *db, const struct id *clinic)
{
    struct id owner;
    TRY(sqlite_run(db, "INSERT INTO meta (key, value) VALUES ('clinic', ?) ON CONFLICT (key) DO NOTHING", "t",
                   clinic->text));
    TRY(read_clinic(db, &owner));
    if (id_equal(&owner, clinic))
        return OK;
    log_error(db->log, "store: it belongs to the clinic '%s', not to '%s'", owner.text, clinic->text);
    return ERR_STATE;
}

static enum status open_store(struct store **opened, const char *path, enum sqlite_access access, const struct log *log)
{
    struct store_sqlite *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NO_MEMORY;
    s->store.ops = &operations;
    enum status status = sqlite_open(&s->db, path, access, log);
    if (status == OK)
        *opened = &s->store;
    else
        free(s);
    return status;
}

enum status store_sqlite_open(struct store **opened, const char *path, const struct id *clinic, const struct log *log)
{
    struct store *store;
    TRY(open_store(&store, path, SQLITE_AS_OWNER, log));
    enum status status = claim_for_clinic(store_db(store), clinic);
    if (status == OK)
        *opened = store;
    else
        store_close(store);
    return status;
}

enum status store_sqlite_read(struct store **opened, const char *path, struct id *clinic, const struct log *log)
{
    struct store *store;
    TRY(open_store(&store, path, SQLITE_AS_READER, log));
    enum status status = read_clinic(store_db(store), clinic);
    if (status == OK)
        *opened = store;
    else
        store_close(store);
    return status;
}
