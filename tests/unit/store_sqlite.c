#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/verify.h"
#include "shell/store_sqlite.h"

/* A folder of its own for each test, with a store in it, and a ledger written through it. */
struct bench {
    char folder[64], path[96];
    struct store *store;
    struct chain chain;
    struct log log;
    char last_line[600]; /* of the log */
};

static struct id id_of(const char *text)
{
    struct id id;
    assert_true(id_parse(bytes_of(text), &id));
    return id;
}

static const char *CLINIC = "north";

static void keep_line(void *context, enum log_level level, const char *line)
{
    struct bench *b = context;
    (void)level;
    snprintf(b->last_line, sizeof b->last_line, "%s", line);
}

static enum status bench_open(struct bench *b)
{
    struct id clinic = id_of(CLINIC);
    return store_sqlite_open(&b->store, b->path, &clinic, &b->log);
}

static void bench_close(struct bench *b)
{
    b->store->ops->close(b->store);
    b->store = NULL;
}

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    struct id clinic = id_of(CLINIC);
    strcpy(b->folder, "/tmp/kinroom-store-XXXXXX");
    assert_non_null(mkdtemp(b->folder));
    snprintf(b->path, sizeof b->path, "%s/test.db", b->folder);
    b->log = (struct log){ .write = keep_line, .context = b };
    chain_init(&b->chain, &clinic);
    assert_int_equal(bench_open(b), OK);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    char command[128];
    if (b->store)
        bench_close(b);
    snprintf(command, sizeof command, "rm -rf %s", b->folder);
    int status = system(command);
    free(b);
    return status;
}

/* What somebody with another program does to the file. */
static int meddle(const struct bench *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int meddle(const struct bench *b, const char *format, ...)
{
    char sql[1024];
    sqlite3 *db;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sql, sizeof sql, format, arguments);
    va_end(arguments);
    assert_int_equal(sqlite3_open(b->path, &db), SQLITE_OK);
    int code = sqlite3_exec(db, sql, NULL, NULL, NULL);
    sqlite3_close(db);
    return code;
}

/* ---- The ledger ---- */

static struct ledger_row next_row(struct chain *chain)
{
    uint8_t text[RECORD_TEXT_MAX];
    struct writer w = writer_over(text, sizeof text);
    struct ledger_row row;
    struct record record = {
        .kind = RECORD_ACKNOWLEDGED,
        .unix_us = INT64_C(1790000000000000) + (int64_t)chain->number,
        .session = id_of("s-1"),
        .participation = id_of("p-1"),
        .guidance_version = "g1",
        .notice_version = "n1",
    };
    assert_int_equal(record_write(&w, &record), OK);
    assert_int_equal(chain_append(chain, writer_bytes(&w), &row), OK);
    return row;
}

/* Appends `count` rows in one call; on failure the chain stays, as a scribe's does. */
static enum status append(struct bench *b, size_t count)
{
    struct chain chain = b->chain;
    struct ledger_row *rows = calloc(count, sizeof *rows);
    for (size_t i = 0; i < count; i++)
        rows[i] = next_row(&chain);
    enum status status = b->store->ops->ledger_append(b->store, rows, count);
    if (status == OK)
        b->chain = chain;
    free(rows);
    return status;
}

/* What `kinroom ledger verify` does. */
static enum status verify(struct bench *b, struct ledger_fault *fault, uint64_t *rows)
{
    struct store *store;
    struct id clinic;
    struct ledger_row last;
    struct ledger_verifier verifier;
    enum status status = store_sqlite_read(&store, b->path, &clinic, &b->log);
    if (status != OK)
        return status;
    if (store->ops->ledger_last(store, &last) != OK) {
        store->ops->close(store);
        return ERR_SYSTEM;
    }
    struct ledger_head head = { .number = last.number };
    memcpy(head.hash, last.hash, sizeof head.hash);
    assert_int_equal(ledger_verifier_init(&verifier, &clinic, &head), OK);
    status = store->ops->ledger_each(store, 1, (struct store_rows){ ledger_verifier_row, &verifier });
    if (status == OK)
        status = ledger_verifier_end(&verifier);
    *fault = verifier.fault;
    *rows = verifier.chain.number;
    ledger_verifier_deinit(&verifier);
    store->ops->close(store);
    return status;
}

static void check_whole(struct bench *b, uint64_t wanted)
{
    struct ledger_fault fault;
    uint64_t rows;
    assert_int_equal(verify(b, &fault, &rows), OK);
    assert_int_equal(rows, wanted);
}

static void rows_come_back_after_a_restart(void **state)
{
    struct bench *b = *state;
    struct ledger_row last;
    assert_int_equal(b->store->ops->ledger_last(b->store, &last), OK);
    assert_int_equal(last.number, 0);
    assert_int_equal(append(b, 3), OK);
    assert_int_equal(append(b, 2), OK);
    bench_close(b);
    assert_int_equal(bench_open(b), OK);
    assert_int_equal(b->store->ops->ledger_last(b->store, &last), OK);
    assert_int_equal(last.number, 5);
    assert_memory_equal(last.hash, b->chain.hash, CHAIN_HASH_LEN);
    assert_true(strlen(last.text) > 0);
    check_whole(b, 5);
    assert_int_equal(append(b, 1), OK);
    check_whole(b, 6);
}

static void a_batch_with_one_bad_row_leaves_nothing_behind(void **state)
{
    struct bench *b = *state;
    struct chain chain = b->chain;
    struct ledger_row rows[3] = { next_row(&chain), next_row(&chain), next_row(&chain) };
    rows[2].number = 7;
    assert_int_equal(b->store->ops->ledger_append(b->store, rows, 3), ERR_SYSTEM);
    check_whole(b, 0);
    assert_int_equal(append(b, 3), OK);
    check_whole(b, 3);
}

static void a_slip_in_sql_does_not_touch_the_ledger(void **state)
{
    struct bench *b = *state;
    assert_int_equal(append(b, 3), OK);
    assert_int_not_equal(meddle(b, "UPDATE ledger SET record = '{}' WHERE number = 2"), SQLITE_OK);
    assert_int_not_equal(meddle(b, "DELETE FROM ledger"), SQLITE_OK);
    assert_int_not_equal(meddle(b, "INSERT INTO ledger VALUES (9, zeroblob(32), '{}')"), SQLITE_OK);
    check_whole(b, 3);
}

/* Each way of tampering, done to row %1$d of 12, and the row at which it must be found: the row itself plus `shift`. */
static const struct {
    const char *sql;
    int shift;
} tamperings[] = {
    { "UPDATE ledger SET record = replace(record, 'p-1', 'p-2') WHERE number = %1$d", 0 },
    { "UPDATE ledger SET record = substr(record, 1, 20) WHERE number = %1$d", 0 },
    { "UPDATE ledger SET record = '' WHERE number = %1$d", 0 },
    { "UPDATE ledger SET record = record || ' ' WHERE number = %1$d", 0 },
    { "UPDATE ledger SET record = printf('%%.*c', 3000, 'x') WHERE number = %1$d", 0 },
    { "UPDATE ledger SET hash = zeroblob(32) WHERE number = %1$d", 0 },
    { "DELETE FROM ledger WHERE number = %1$d", 0 },
    { "UPDATE ledger SET number = number + 100 WHERE number = %1$d", 0 },
    { "UPDATE ledger SET record = (SELECT record FROM ledger WHERE number = 1 + %1$d %% 12) WHERE number = %1$d", 0 },
    { "UPDATE ledger SET number = -%1$d WHERE number = %1$d", 0 },
};

static void tampering_with_any_row_is_found_and_located(void **state)
{
    enum { ROWS = 12 };
    struct bench *b = *state;
    char keep[256];
    assert_int_equal(append(b, ROWS), OK);
    bench_close(b);
    assert_int_equal(meddle(b, "DROP TRIGGER ledger_in_order; DROP TRIGGER ledger_unchanged; DROP TRIGGER ledger_kept"),
                     SQLITE_OK);
    snprintf(keep, sizeof keep, "cd %s && cp test.db kept", b->folder);
    assert_int_equal(system(keep), 0);
    snprintf(keep, sizeof keep, "cd %s && rm -f test.db* && cp kept test.db", b->folder);
    for (size_t way = 0; way < sizeof tamperings / sizeof *tamperings; way++)
        for (int row = 1; row <= ROWS; row++) {
            char sql[512];
            struct ledger_fault fault;
            uint64_t rows;
            /* gcc -Wformat-nonliteral would be right elsewhere: these formats are the table's above. */
            snprintf(sql, sizeof sql, tamperings[way].sql, row);
            assert_int_equal(meddle(b, "%s", sql), SQLITE_OK);
            enum status status = verify(b, &fault, &rows);
            if (status != ERR_MALFORMED || fault.row != (uint64_t)(row + tamperings[way].shift))
                fail_msg("%s: status %s, row %llu: %s", sql, status_name(status), (unsigned long long)fault.row,
                         fault.words);
            assert_int_equal(system(keep), 0);
        }
    check_whole(b, ROWS);
}

static void rows_cut_off_the_end_are_missed(void **state)
{
    struct bench *b = *state;
    struct ledger_fault fault;
    uint64_t rows;
    assert_int_equal(append(b, 6), OK);
    bench_close(b);
    assert_int_equal(meddle(b, "DROP TRIGGER ledger_kept; DELETE FROM ledger WHERE number > 4"), SQLITE_OK);
    assert_int_equal(verify(b, &fault, &rows), ERR_MALFORMED);
    assert_int_equal(rows, 4);
    assert_true(fault.row == 5 || fault.row == 6);
}

static void the_last_heartbeat_counts(void **state)
{
    struct bench *b = *state;
    int64_t unix_us = 7;
    assert_int_equal(b->store->ops->heartbeat_get(b->store, &unix_us), OK);
    assert_int_equal(unix_us, 0);
    assert_int_equal(b->store->ops->heartbeat_put(b->store, 1000), OK);
    assert_int_equal(b->store->ops->heartbeat_put(b->store, 2000), OK);
    bench_close(b);
    assert_int_equal(bench_open(b), OK);
    assert_int_equal(b->store->ops->heartbeat_get(b->store, &unix_us), OK);
    assert_int_equal(unix_us, 2000);
}

/* ---- Plans and grants ---- */

static struct grant grant_of(const char *id, uint32_t epoch)
{
    return (struct grant){
        .id = id_of(id),
        .epoch = epoch,
        .client = id_of("alex"),
        .person = id_of("sam"),
        .granted_by = GRANTED_BY_BOTH,
        .kinds = term_bit(KIND_FAMILY) | term_bit(KIND_INDIVIDUAL),
        .modes = term_bit(MODE_WATCH),
        .chat = true,
        .topics = term_bit(TOPIC_AFTERCARE),
        .purpose = "TREAT",
        .not_before = 100,
        .expires = 200,
        .client_absent_ok = true,
        .notice_version = "n-3",
        .evidence = "DocumentReference/1",
        .status = GRANT_ACTIVE,
    };
}

/* Of each plan its own; good for the next few. */
static struct plan plan_of(const char *session)
{
    static struct lists {
        struct plan_person people[3];
        struct grant grant;
    } lists[4];
    static size_t next;
    struct lists *own = &lists[next++ % 4];
    *own = (struct lists){
        .people = { { .participation = id_of("p-2"), .person = id_of("alex"), .role = ROLE_CLIENT, .name = "Alex Ä" },
                    { .participation = id_of("p-1"),
                      .person = id_of("sam"),
                      .role = ROLE_LOVED_ONE,
                      .name = "Sam",
                      .alias = "Guest" },
                    { .participation = id_of("p-3"),
                      .person = id_of("kim"),
                      .client = id_of("lee"),
                      .role = ROLE_LOVED_ONE,
                      .name = "Kim" } },
        .grant = grant_of("g-1", 1),
    };
    return (struct plan){
        .session = id_of(session),
        .kind = KIND_FAMILY,
        .opens_at = 1000,
        .closes_at = 4000,
        .client = id_of("alex"),
        .people = own->people,
        .people_count = 3,
        .grants = &own->grant,
        .grant_count = 1,
        .agenda = { { "Hello", 5 }, { "Plans", 10 } },
        .step_count = 2,
        .guidance_version = "g-7",
        .notice_version = "n-3",
    };
}

struct found {
    struct plan plans[4];
    size_t count;
};

static enum status collect(void *context, const struct plan *plan)
{
    struct found *found = context;
    return plan_copy(&found->plans[found->count++], plan);
}

static struct found *load(struct bench *b)
{
    struct found *found = calloc(1, sizeof *found);
    assert_int_equal(b->store->ops->plans_each(b->store, (struct store_plans){ collect, found }), OK);
    return found;
}

static void forget(struct found *found)
{
    for (size_t i = 0; i < found->count; i++)
        plan_deinit(&found->plans[i]);
    free(found);
}

static void check_grant(const struct grant *a, const struct grant *b)
{
    assert_true(id_equal(&a->id, &b->id) && id_equal(&a->client, &b->client) && id_equal(&a->person, &b->person));
    assert_int_equal(a->epoch, b->epoch);
    assert_int_equal(a->granted_by, b->granted_by);
    assert_int_equal(a->kinds, b->kinds);
    assert_int_equal(a->modes, b->modes);
    assert_int_equal(a->chat, b->chat);
    assert_int_equal(a->topics, b->topics);
    assert_string_equal(a->purpose, b->purpose);
    assert_int_equal(a->not_before, b->not_before);
    assert_int_equal(a->expires, b->expires);
    assert_int_equal(a->client_absent_ok, b->client_absent_ok);
    assert_string_equal(a->notice_version, b->notice_version);
    assert_string_equal(a->evidence, b->evidence);
    assert_int_equal(a->status, b->status);
}

static void check_plan(const struct plan *a, const struct plan *b)
{
    assert_true(id_equal(&a->session, &b->session) && id_equal(&a->client, &b->client));
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->opens_at, b->opens_at);
    assert_int_equal(a->closes_at, b->closes_at);
    assert_string_equal(a->guidance_version, b->guidance_version);
    assert_string_equal(a->notice_version, b->notice_version);
    assert_int_equal(a->people_count, b->people_count);
    assert_int_equal(a->grant_count, b->grant_count);
    assert_int_equal(a->step_count, b->step_count);
    for (size_t i = 0; i < a->people_count; i++) {
        const struct plan_person *x = &a->people[i], *y = &b->people[i];
        assert_true(id_equal(&x->participation, &y->participation) && id_equal(&x->person, &y->person));
        assert_true(id_equal(&x->client, &y->client) && x->role == y->role);
        assert_string_equal(x->name, y->name);
        assert_string_equal(x->alias, y->alias);
    }
    for (size_t i = 0; i < a->grant_count; i++)
        check_grant(&a->grants[i], &b->grants[i]);
    for (size_t i = 0; i < a->step_count; i++) {
        assert_string_equal(a->agenda[i].title, b->agenda[i].title);
        assert_int_equal(a->agenda[i].minutes, b->agenda[i].minutes);
    }
}

static void a_plan_comes_back_whole_and_is_replaced_whole(void **state)
{
    struct bench *b = *state;
    struct plan plan = plan_of("s-1");
    assert_int_equal(b->store->ops->plan_put(b->store, &plan), OK);
    bench_close(b);
    assert_int_equal(bench_open(b), OK);
    struct found *found = load(b);
    assert_int_equal(found->count, 1);
    check_plan(&found->plans[0], &plan);
    forget(found);

    plan.people_count = 2;
    plan.step_count = 0;
    plan.closes_at = 5000;
    assert_int_equal(b->store->ops->plan_put(b->store, &plan), OK);
    found = load(b);
    assert_int_equal(found->count, 1);
    check_plan(&found->plans[0], &plan);
    forget(found);
}

static void a_plan_that_breaks_a_rule_changes_nothing(void **state)
{
    struct bench *b = *state;
    struct plan plan = plan_of("s-1"), wrong = plan_of("s-1");
    assert_int_equal(b->store->ops->plan_put(b->store, &plan), OK);
    wrong.people[1].participation = wrong.people[0].participation;
    wrong.closes_at = 9000;
    assert_int_equal(b->store->ops->plan_put(b->store, &wrong), ERR_SYSTEM);
    struct found *found = load(b);
    check_plan(&found->plans[0], &plan);
    forget(found);
}

static void a_grant_given_later_concerns_the_sessions_of_its_people(void **state)
{
    struct bench *b = *state;
    struct plan plan = plan_of("s-1");
    struct grant of_kim = grant_of("g-2", 1), of_nobody = grant_of("g-3", 1);
    of_kim.person = id_of("kim");
    of_kim.client = id_of("lee");    /* kim's own client in this session */
    of_nobody.person = id_of("kim"); /* by alex, who is not kim's client here */
    plan.grant_count = 0;
    assert_int_equal(b->store->ops->plan_put(b->store, &plan), OK);
    assert_int_equal(b->store->ops->grant_put(b->store, &of_kim), OK);
    assert_int_equal(b->store->ops->grant_put(b->store, &of_nobody), OK);
    struct found *found = load(b);
    assert_int_equal(found->plans[0].grant_count, 1);
    check_grant(&found->plans[0].grants[0], &of_kim);
    forget(found);
}

static void only_a_newer_epoch_replaces_a_grant(void **state)
{
    struct bench *b = *state;
    const struct store_ops *ops = b->store->ops;
    struct grant first = grant_of("g-1", 1), withdrawn = grant_of("g-1", 2), kept;
    struct id unknown = id_of("g-9");
    struct plan plan = plan_of("s-1"); /* with epoch 1 */
    withdrawn.status = GRANT_WITHDRAWN;
    assert_int_equal(ops->grant_get(b->store, &unknown, &kept), ERR_UNKNOWN);
    assert_int_equal(ops->grant_put(b->store, &first), OK);
    assert_int_equal(ops->grant_put(b->store, &withdrawn), OK);
    assert_int_equal(ops->grant_put(b->store, &first), ERR_STATE);
    assert_int_equal(ops->grant_put(b->store, &withdrawn), ERR_STATE);
    assert_int_equal(ops->plan_put(b->store, &plan), OK);
    assert_int_equal(ops->grant_get(b->store, &first.id, &kept), OK);
    check_grant(&kept, &withdrawn);
}

/* ---- Links, texts, the webhook's place ---- */

static struct invitation invitation_of(const char *id, const char *participation, uint8_t secret)
{
    struct invitation i = {
        .id = id_of(id),
        .session = id_of("s-1"),
        .participation = id_of(participation),
        .not_before = 100,
        .expires = 200,
        .contact = "mailto:sam@example.org",
        .code_sent = 110,
        .code_until = 120,
        .code_tries = 1,
        .hour_from = 101,
        .codes = 2,
        .failures = 3,
        .devices = { id_of("d-2"), id_of("d-1") },
        .device_count = 2,
    };
    memset(i.token, secret, sizeof i.token);
    memset(i.code, secret + 1, sizeof i.code);
    return i;
}

static void check_invitation(const struct invitation *a, const struct invitation *b)
{
    assert_true(id_equal(&a->id, &b->id) && id_equal(&a->session, &b->session));
    assert_true(id_equal(&a->participation, &b->participation));
    assert_memory_equal(a->token, b->token, sizeof a->token);
    assert_memory_equal(a->code, b->code, sizeof a->code);
    assert_string_equal(a->contact, b->contact);
    assert_true(a->not_before == b->not_before && a->expires == b->expires && a->revoked == b->revoked);
    assert_true(a->code_sent == b->code_sent && a->code_until == b->code_until && a->hour_from == b->hour_from);
    assert_true(a->code_tries == b->code_tries && a->codes == b->codes && a->failures == b->failures);
    assert_int_equal(a->device_count, b->device_count);
    for (size_t i = 0; i < a->device_count; i++)
        assert_true(id_equal(&a->devices[i], &b->devices[i]));
}

static void an_invitation_comes_back_whole_by_id_and_by_token(void **state)
{
    struct bench *b = *state;
    struct invitation put = invitation_of("i-1", "p-1", 7), got;
    assert_int_equal(b->store->ops->invitation_put(b->store, &put), OK);
    bench_close(b);
    assert_int_equal(bench_open(b), OK);
    assert_int_equal(b->store->ops->invitation_get(b->store, &put.id, &got), OK);
    check_invitation(&got, &put);
    put.device_count = 1;
    put.failures = 20;
    memset(put.token, 9, sizeof put.token);
    assert_int_equal(b->store->ops->invitation_put(b->store, &put), OK);
    assert_int_equal(b->store->ops->invitation_find(b->store, put.token, &got), OK);
    check_invitation(&got, &put);
    memset(put.token, 7, sizeof put.token); /* the one before */
    assert_int_equal(b->store->ops->invitation_find(b->store, put.token, &got), ERR_UNKNOWN);
    struct id unknown = id_of("i-9");
    assert_int_equal(b->store->ops->invitation_get(b->store, &unknown, &got), ERR_UNKNOWN);
}

static enum status collect_ids(void *context, const struct invitation *invitation)
{
    strcat(context, invitation->id.text);
    strcat(context, invitation->revoked ? "- " : "+ ");
    return OK;
}

static void a_new_invitation_revokes_the_others_of_its_participation(void **state)
{
    struct bench *b = *state;
    const struct store_ops *ops = b->store->ops;
    struct invitation first = invitation_of("i-1", "p-1", 1), other = invitation_of("i-2", "p-2", 3),
                      second = invitation_of("i-3", "p-1", 5);
    struct id session = id_of("s-1"), none = { 0 };
    char ids[64] = "";
    struct store_invitations to = { collect_ids, ids };
    assert_int_equal(ops->invitation_put(b->store, &first), OK);
    assert_int_equal(ops->invitation_put(b->store, &other), OK);
    assert_int_equal(ops->invitation_put(b->store, &second), OK);
    assert_int_equal(ops->invitations_after(b->store, &session, &none, 9, to), OK);
    assert_string_equal(ids, "i-1- i-2+ i-3+ ");
    /* One that was revoked is kept, and takes nobody's place. */
    first.revoked = true;
    first.failures++;
    assert_int_equal(ops->invitation_put(b->store, &first), OK);
    *ids = 0;
    assert_int_equal(ops->invitations_after(b->store, &session, &first.id, 2, to), OK);
    assert_string_equal(ids, "i-2+ i-3+ ");
    *ids = 0;
    assert_int_equal(ops->invitations_after(b->store, &session, &first.id, 1, to), OK);
    assert_string_equal(ids, "i-2+ ");
}

static void invitations_outlive_the_plan_that_replaces_theirs(void **state)
{
    struct bench *b = *state;
    struct plan plan = plan_of("s-1");
    struct invitation put = invitation_of("i-1", "p-1", 7), got;
    assert_int_equal(b->store->ops->plan_put(b->store, &plan), OK);
    assert_int_equal(b->store->ops->invitation_put(b->store, &put), OK);
    assert_int_equal(b->store->ops->plan_put(b->store, &plan), OK);
    assert_int_equal(b->store->ops->invitation_get(b->store, &put.id, &got), OK);
    check_invitation(&got, &put);
}

static enum status collect_numbers(void *context, const struct store_guidance *text)
{
    sprintf((char *)context + strlen(context), "%llu:%s ", (unsigned long long)text->number, text->language);
    return OK;
}

static void a_text_never_changes(void **state)
{
    struct bench *b = *state;
    const struct store_ops *ops = b->store->ops;
    struct store_guidance text = { .text = GUIDANCE_NOTICE, .version = "v1", .language = "en", .body = "{\"a\":1}" },
                          got;
    char numbers[64] = "";
    assert_int_equal(ops->guidance_put(b->store, &text), OK);
    assert_int_equal(ops->guidance_put(b->store, &text), OK);
    text.body = "{}";
    assert_int_equal(ops->guidance_put(b->store, &text), ERR_STATE);
    strcpy(text.language, "es");
    assert_int_equal(ops->guidance_put(b->store, &text), OK);
    assert_int_equal(ops->guidance_get(b->store, GUIDANCE_NOTICE, "v1", "en", &got), OK);
    assert_string_equal(got.body, "{\"a\":1}");
    free(got.body);
    assert_int_equal(ops->guidance_get(b->store, GUIDANCE_NOTICE, "v1", "", &got), OK);
    assert_string_equal(got.language, "en");
    free(got.body);
    assert_int_equal(ops->guidance_get(b->store, GUIDANCE_GUIDANCE, "v1", "en", &got), ERR_UNKNOWN);
    assert_int_equal(ops->guidance_get(b->store, GUIDANCE_NOTICE, "v1", "de", &got), ERR_UNKNOWN);
    assert_int_equal(ops->guidances_after(b->store, 0, 9, (struct store_guidances){ collect_numbers, numbers }), OK);
    assert_string_equal(numbers, "1:en 2:es ");
    assert_int_not_equal(meddle(b, "UPDATE texts SET body = '{}'"), SQLITE_OK);
}

static void the_webhooks_place_is_kept(void **state)
{
    struct bench *b = *state;
    uint64_t row = 5;
    assert_int_equal(b->store->ops->feed_get(b->store, &row), ERR_UNKNOWN);
    assert_int_equal(b->store->ops->feed_put(b->store, 0), OK);
    assert_int_equal(b->store->ops->feed_get(b->store, &row), OK);
    assert_int_equal(row, 0);
    assert_int_equal(b->store->ops->feed_put(b->store, 41), OK);
    bench_close(b);
    assert_int_equal(bench_open(b), OK);
    assert_int_equal(b->store->ops->feed_get(b->store, &row), OK);
    assert_int_equal(row, 41);
}

/* ---- The file ---- */

static void the_files_are_the_owners_alone(void **state)
{
    static const char *const suffixes[] = { "", "-wal", "-shm", ".lock" };
    struct bench *b = *state;
    assert_int_equal(append(b, 1), OK);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char path[128];
        struct stat about;
        snprintf(path, sizeof path, "%s%s", b->path, suffixes[i]);
        assert_int_equal(stat(path, &about), 0);
        assert_int_equal(about.st_mode & 0777, 0600);
    }
}

static void a_second_owner_and_another_clinic_are_turned_away(void **state)
{
    struct bench *b = *state;
    struct store *other = NULL;
    struct id north = id_of("north"), south = id_of("south");
    assert_int_equal(store_sqlite_open(&other, b->path, &north, &b->log), ERR_STATE);
    assert_non_null(strstr(b->last_line, "in use"));
    bench_close(b);
    assert_int_equal(store_sqlite_open(&other, b->path, &south, &b->log), ERR_STATE);
    assert_non_null(strstr(b->last_line, "'north'"));
    assert_null(other);
    assert_int_equal(bench_open(b), OK);
}

static void a_newer_schema_or_a_foreign_database_is_left_alone(void **state)
{
    struct bench *b = *state;
    char path[128];
    struct id clinic = id_of(CLINIC);
    struct store *store = NULL;
    bench_close(b);
    assert_int_equal(meddle(b, "PRAGMA user_version = 99"), SQLITE_OK);
    assert_int_equal(bench_open(b), ERR_UNSUPPORTED);
    assert_non_null(strstr(b->last_line, "version 99"));

    strcpy(path, b->path);
    snprintf(b->path, sizeof b->path, "%s/foreign.db", b->folder);
    assert_int_equal(meddle(b, "CREATE TABLE recipes (name TEXT)"), SQLITE_OK);
    assert_int_equal(bench_open(b), ERR_UNSUPPORTED);
    assert_int_equal(meddle(b, "INSERT INTO recipes VALUES ('soup')"), SQLITE_OK);
    assert_int_equal(store_sqlite_read(&store, b->path, &clinic, &b->log), ERR_UNSUPPORTED);

    snprintf(b->path, sizeof b->path, "%s/none.db", b->folder);
    assert_int_equal(store_sqlite_read(&store, b->path, &clinic, &b->log), ERR_UNKNOWN);
    assert_int_not_equal(access(b->path, F_OK), 0);
    assert_null(store);
}

static void a_locked_file_is_an_error_that_changes_nothing_and_passes(void **state)
{
    struct bench *b = *state;
    struct plan plan = plan_of("s-1");
    struct grant grant = grant_of("g-1", 1);
    sqlite3 *other;
    assert_int_equal(append(b, 2), OK);
    assert_int_equal(sqlite3_open(b->path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(append(b, 2), ERR_SYSTEM);
    assert_int_equal(b->store->ops->plan_put(b->store, &plan), ERR_SYSTEM);
    assert_int_equal(b->store->ops->grant_put(b->store, &grant), ERR_SYSTEM);
    assert_int_equal(b->store->ops->heartbeat_put(b->store, 5), ERR_SYSTEM);
    struct invitation invitation = invitation_of("i-1", "p-1", 7);
    assert_int_equal(b->store->ops->invitation_put(b->store, &invitation), ERR_SYSTEM);
    assert_int_equal(b->store->ops->feed_put(b->store, 5), ERR_SYSTEM);
    assert_non_null(strstr(b->last_line, "locked"));
    check_whole(b, 2); /* a reader is not held up */
    sqlite3_close(other);
    assert_int_equal(append(b, 2), OK);
    check_whole(b, 4);
    struct found *found = load(b);
    assert_int_equal(found->count, 0);
    forget(found);
}

/* Appends until it fails; then nothing but what was said to be stored may be there. */
static void fill_up(struct bench *b, enum status wanted)
{
    uint64_t stored = 0;
    enum status status;
    while ((status = append(b, 20)) == OK)
        stored += 20;
    if (status != wanted)
        fail_msg("%s: %s", status_name(status), b->last_line);
    assert_true(stored > 0);
    assert_int_equal(append(b, 200), wanted);
    assert_int_equal(b->chain.number, stored);
}

static void a_file_that_may_not_grow_is_never_half_written(void **state)
{
    struct bench *b = *state;
    struct rlimit old, small;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 256 << 10;
    setrlimit(RLIMIT_FSIZE, &small);
    fill_up(b, ERR_SYSTEM); /* to SQLite the file's limit is a write that failed, not a full disk */
    uint64_t stored = b->chain.number;
    setrlimit(RLIMIT_FSIZE, &old);
    check_whole(b, stored);
    assert_int_equal(append(b, 3), OK);
    check_whole(b, stored + 3);
    bench_close(b);
    assert_int_equal(bench_open(b), OK);
    check_whole(b, stored + 3);
}

static void a_full_disk_is_full_and_nothing_is_half_written(void **state)
{
    struct bench *b = *state;
    char disk[80], ballast[96];
    snprintf(disk, sizeof disk, "%s/disk", b->folder);
    snprintf(ballast, sizeof ballast, "%s/ballast", disk);
    assert_int_equal(mkdir(disk, 0700), 0);
    if (mount("none", disk, "tmpfs", 0, "size=1m") != 0) {
        print_message("no right to mount a small disk here: left to the test of a file that may not grow\n");
        skip();
    }
    bench_close(b);
    snprintf(b->path, sizeof b->path, "%s/test.db", disk);
    FILE *file = fopen(ballast, "w");
    assert_non_null(file);
    for (int i = 0; i < 400; i++)
        fprintf(file, "%1023d\n", i);
    fclose(file);
    assert_int_equal(bench_open(b), OK);
    fill_up(b, ERR_FULL);
    assert_non_null(strstr(b->last_line, "full"));
    uint64_t stored = b->chain.number;
    check_whole(b, stored);
    unlink(ballast);
    assert_int_equal(append(b, 3), OK);
    check_whole(b, stored + 3);
    bench_close(b);
    assert_int_equal(umount(disk), 0);
}

static void a_corrupt_file_is_an_error_and_not_a_crash(void **state)
{
    enum { PAGE = 4096 };
    struct bench *b = *state;
    char command[256];
    struct ledger_fault fault;
    uint64_t rows;
    assert_int_equal(append(b, 200), OK);
    struct plan plan = plan_of("s-1");
    assert_int_equal(b->store->ops->plan_put(b->store, &plan), OK);
    bench_close(b);
    struct stat about;
    assert_int_equal(stat(b->path, &about), 0);
    snprintf(command, sizeof command, "cp %s %s/kept", b->path, b->folder);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof command, "cp %s/kept %s", b->folder, b->path);
    size_t noticed = 0, pages = (size_t)about.st_size / PAGE;
    for (size_t page = 0; page < pages; page++) {
        FILE *file = fopen(b->path, "r+");
        assert_non_null(file);
        fseek(file, (long)(page * PAGE), SEEK_SET);
        for (int i = 0; i < PAGE; i++)
            fputc((int)(i * 31 + page) & 0xff, file);
        fclose(file);
        bool good = bench_open(b) == OK && verify(b, &fault, &rows) == OK && rows == 200;
        if (b->store) {
            struct found *found = calloc(1, sizeof *found);
            good &= b->store->ops->plans_each(b->store, (struct store_plans){ collect, found }) == OK;
            forget(found);
            append(b, 1);
            bench_close(b);
        }
        noticed += !good;
        snprintf(command, sizeof command, "cd %s && rm -f test.db* && cp kept test.db", b->folder);
        assert_int_equal(system(command), 0);
    }
    /* Indices that no query here reads, and the empty tables' pages, may be hurt unseen. */
    assert_true(noticed * 2 > pages);
    check_whole(b, 200);
}

/* ---- How the shards did, and what is booked ---- */

struct seen {
    size_t count;
    struct history_row rows[8];
};

static enum status see_row(void *context, const struct history_row *row)
{
    struct seen *seen = context;
    assert_true(seen->count < 8);
    seen->rows[seen->count++] = *row;
    return OK;
}

static struct seen history_of_shard(struct bench *b, int64_t from, int64_t to, int64_t step_s, int64_t shard)
{
    struct seen seen = { 0 };
    struct history_range range = { from, to, step_s, shard };
    assert_int_equal(b->store->ops->history_each(b->store, &range, (struct store_history){ see_row, &seen }), OK);
    return seen;
}

static void put_minute(struct bench *b, int64_t at, int64_t shard, int64_t packets, int64_t people, int64_t share)
{
    struct history_row row = { .at = at,
                               .step_s = 60,
                               .covered_s = 60,
                               .node = id_of("node-1"),
                               .shard = shard,
                               .packets_out = packets,
                               .people = people,
                               .picture_percent = share };
    assert_int_equal(b->store->ops->history_put(b->store, &row, 1), OK);
}

static void history_adds_up_over_time_and_over_shards(void **state)
{
    struct bench *b = *state;
    put_minute(b, 1200, 0, 100, 5, 100);
    put_minute(b, 1260, 0, 50, 7, 60);
    put_minute(b, 1260, 1, 1, 2, 100);
    put_minute(b, 1260, 1, 2, 1, 90); /* the same minute again: as after a new start */
    put_minute(b, 2400, 0, 9, 9, 100);
    bench_close(b);
    assert_int_equal(bench_open(b), OK);
    struct seen seen = history_of_shard(b, 1200, 2400, 60, -1);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.rows[1].at, 1260);
    assert_int_equal(seen.rows[1].packets_out, 53);
    assert_int_equal(seen.rows[1].people, 9);
    assert_int_equal(seen.rows[1].picture_percent, 60);
    assert_int_equal(seen.rows[1].covered_s, 120);
    seen = history_of_shard(b, 0, 9999, 1200, -1);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.rows[0].at, 1200);
    assert_int_equal(seen.rows[0].packets_out, 153);
    assert_int_equal(seen.rows[0].people, 9);
    assert_int_equal(seen.rows[0].covered_s, 120);
    seen = history_of_shard(b, 0, 9999, 60, 1);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.rows[0].packets_out, 3);
}

static void history_is_thinned_and_in_the_end_forgotten(void **state)
{
    struct bench *b = *state;
    for (int64_t at = 0; at < 3600; at += 60)
        put_minute(b, at, 0, 1, at / 60, 100);
    assert_int_equal(b->store->ops->history_thin(b->store, 1850, 0), OK);
    assert_int_equal(history_of_shard(b, 0, 900, 60, -1).count, 1);
    assert_int_equal(history_of_shard(b, 900, 1800, 60, -1).rows[0].people, 29);
    assert_int_equal(history_of_shard(b, 1800, 2100, 60, -1).count, 5); /* its quarter is not over */
    struct seen seen = history_of_shard(b, 0, 3600, 3600, -1);
    assert_int_equal(seen.rows[0].packets_out, 60);
    assert_int_equal(seen.rows[0].covered_s, 3600);
    assert_int_equal(b->store->ops->history_thin(b->store, 1850, 0), OK);
    assert_int_equal(history_of_shard(b, 0, 3600, 3600, -1).rows[0].packets_out, 60);
    assert_int_equal(b->store->ops->history_thin(b->store, 3600, 900), OK);
    seen = history_of_shard(b, 0, 3600, 900, -1);
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.rows[0].at, 900);
}

struct bookings {
    size_t count;
    struct store_booking at[8];
};

static enum status see_booking(void *context, const struct store_booking *booking)
{
    struct bookings *bookings = context;
    assert_true(bookings->count < 8);
    bookings->at[bookings->count++] = *booking;
    return OK;
}

static void bookings_are_those_with_a_part_in_the_span(void **state)
{
    struct bench *b = *state;
    struct plan_person people[] = { { .participation = id_of("p-1"), .person = id_of("terry"), .role = ROLE_THERAPIST },
                                    { .participation = id_of("p-2"), .person = id_of("alex"), .role = ROLE_CLIENT } };
    struct plan plan = { .session = id_of("b-2"),
                         .kind = KIND_GROUP,
                         .opens_at = 1000,
                         .closes_at = 2000,
                         .client = id_of("alex"),
                         .people = people,
                         .people_count = 2 };
    assert_int_equal(b->store->ops->plan_put(b->store, &plan), OK);
    plan.session = id_of("b-1");
    plan.opens_at = 2000;
    plan.closes_at = 3000;
    assert_int_equal(b->store->ops->plan_put(b->store, &plan), OK);
    static const struct {
        int64_t from, to;
        size_t people;
    } spans[] = { { 0, 1000, 0 },    { 0, 1001, 2 },    { 1999, 2000, 2 },
                  { 1999, 2001, 4 }, { 2000, 3000, 2 }, { 3000, 9000, 0 } };
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        struct bookings seen = { 0 };
        assert_int_equal(b->store->ops->bookings_each(b->store, spans[i].from, spans[i].to,
                                                      (struct store_bookings){ see_booking, &seen }),
                         OK);
        assert_int_equal(seen.count, spans[i].people);
        if (seen.count < 4)
            continue;
        assert_string_equal(seen.at[1].session.text, "b-1"); /* session by session */
        assert_string_equal(seen.at[2].session.text, "b-2");
        assert_string_equal(seen.at[3].person.text, "alex");
        assert_int_equal(seen.at[3].role, ROLE_CLIENT);
        assert_int_equal(seen.at[3].kind, KIND_GROUP);
        assert_int_equal(seen.at[3].closes_at, 2000);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(history_adds_up_over_time_and_over_shards),
        TEST(history_is_thinned_and_in_the_end_forgotten),
        TEST(bookings_are_those_with_a_part_in_the_span),
        TEST(rows_come_back_after_a_restart),
        TEST(a_batch_with_one_bad_row_leaves_nothing_behind),
        TEST(a_slip_in_sql_does_not_touch_the_ledger),
        TEST(tampering_with_any_row_is_found_and_located),
        TEST(rows_cut_off_the_end_are_missed),
        TEST(the_last_heartbeat_counts),
        TEST(a_plan_comes_back_whole_and_is_replaced_whole),
        TEST(a_plan_that_breaks_a_rule_changes_nothing),
        TEST(a_grant_given_later_concerns_the_sessions_of_its_people),
        TEST(only_a_newer_epoch_replaces_a_grant),
        TEST(an_invitation_comes_back_whole_by_id_and_by_token),
        TEST(a_new_invitation_revokes_the_others_of_its_participation),
        TEST(invitations_outlive_the_plan_that_replaces_theirs),
        TEST(a_text_never_changes),
        TEST(the_webhooks_place_is_kept),
        TEST(the_files_are_the_owners_alone),
        TEST(a_second_owner_and_another_clinic_are_turned_away),
        TEST(a_newer_schema_or_a_foreign_database_is_left_alone),
        TEST(a_locked_file_is_an_error_that_changes_nothing_and_passes),
        TEST(a_file_that_may_not_grow_is_never_half_written),
        TEST(a_full_disk_is_full_and_nothing_is_half_written),
        TEST(a_corrupt_file_is_an_error_and_not_a_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
