#include "shell/ledger_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ledger/export.h"
#include "ledger/verify.h"
#include "shell/host.h"
#include "shell/store_sqlite.h"

enum { EXIT_USAGE = 2 };
enum option { STORE, HEAD, FORMAT, CLIENT, FROM, TO, OPTIONS };

static const struct {
    const char *name, *fallback;
} options[OPTIONS] = {
    [STORE] = { "--store", "kinroom.db" }, [HEAD] = { "--head", "" }, [FORMAT] = { "--format", "jsonl" },
    [CLIENT] = { "--client", "" },         [FROM] = { "--from", "" }, [TO] = { "--to", "" },
};

static int complain(const char *what)
{
    fprintf(stderr, "kinroom: %s\n", what);
    return EXIT_USAGE;
}

/* Options from `first` to `last`, and --store. */
static bool read_options(int count, char **words, enum option first, enum option last, const char *values[OPTIONS])
{
    for (int o = 0; o < OPTIONS; o++)
        values[o] = options[o].fallback;
    for (int i = 0; i < count; i += 2) {
        int o = 0;
        while (o < OPTIONS && strcmp(words[i], options[o].name) != 0)
            o++;
        if (i + 1 == count || (o != STORE && (o < (int)first || o > (int)last)))
            return false;
        values[o] = words[i + 1];
    }
    return true;
}

/* ---- verify ---- */

static bool read_hash(const char *hex, uint8_t hash[CHAIN_HASH_LEN])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < 2 * CHAIN_HASH_LEN; i++) {
        const char *digit = hex[i] ? strchr(digits, hex[i]) : NULL;
        if (!digit)
            return false;
        hash[i / 2] = (uint8_t)(hash[i / 2] << 4 | (digit - digits));
    }
    return hex[2 * CHAIN_HASH_LEN] == 0;
}

static bool read_head(const char *text, struct ledger_head *head)
{
    char *end;
    *head = (struct ledger_head){ .number = strtoull(text, &end, 10) };
    return *text >= '1' && *text <= '9' && *end == ':' && read_hash(end + 1, head->hash);
}

static void print_head(const struct chain *chain)
{
    printf("%llu:", (unsigned long long)chain->number);
    for (size_t i = 0; i < CHAIN_HASH_LEN; i++)
        printf("%02x", chain->hash[i]);
    putchar('\n');
}

/* The head that was noted elsewhere, if there is one, else the one that the store itself keeps; both are checked. */
static enum status verify_against(struct store *store, const struct id *clinic, const struct ledger_head *head,
                                  struct ledger_verifier *verifier)
{
    TRY(ledger_verifier_init(verifier, clinic, head));
    enum status status = store->ops->ledger_each(store, 1, (struct store_rows){ ledger_verifier_row, verifier });
    return status == OK ? ledger_verifier_end(verifier) : status;
}

static int say_outcome(enum status status, const struct ledger_verifier *verifier)
{
    if (verifier->fault.row > 0 || status == ERR_MALFORMED) {
        printf("The ledger is not what was written: %s\n", verifier->fault.words);
        return EXIT_FAILURE;
    }
    if (status != OK) {
        fprintf(stderr, "kinroom: the ledger cannot be read: %s\n", status_name(status));
        return EXIT_FAILURE;
    }
    printf("The ledger is whole: %llu rows, %zu intervals open. Its head, to be noted elsewhere:\n",
           (unsigned long long)verifier->chain.number, intervals_open_count(verifier->intervals));
    print_head(&verifier->chain);
    return EXIT_SUCCESS;
}

static int verify(struct store *store, const struct id *clinic, const struct ledger_head *noted)
{
    struct ledger_row last;
    struct ledger_verifier verifier = { 0 };
    /* First the end, then the rows: those that a running server adds between come after it. */
    enum status status = store->ops->ledger_last(store, &last);
    struct ledger_head own = { .number = last.number };
    if (status != OK)
        return say_outcome(status, &verifier);
    memcpy(own.hash, last.hash, sizeof own.hash);
    if (noted) {
        status = verify_against(store, clinic, noted, &verifier);
        if (status != OK) {
            int code = say_outcome(status, &verifier);
            ledger_verifier_deinit(&verifier);
            return code;
        }
        ledger_verifier_deinit(&verifier);
    }
    status = verify_against(store, clinic, &own, &verifier);
    int code = say_outcome(status, &verifier);
    ledger_verifier_deinit(&verifier);
    return code;
}

int ledger_command_verify(int count, char **words)
{
    const char *values[OPTIONS];
    struct ledger_head noted;
    struct store *store;
    struct id clinic;
    struct log log = host_log(LOG_LEVEL_WARNING);
    if (!read_options(count, words, HEAD, HEAD, values))
        return complain("'ledger verify' takes --store and --head, each with a value");
    if (*values[HEAD] && !read_head(values[HEAD], &noted))
        return complain("--head is a row as 'ledger verify' prints it: number, colon, 64 hex digits");
    if (store_sqlite_read(&store, values[STORE], &clinic, &log) != OK)
        return EXIT_FAILURE;
    int code = verify(store, &clinic, *values[HEAD] ? &noted : NULL);
    store->ops->close(store);
    return code;
}

/* ---- export ---- */

/* A day in UTC, "2026-01-31", at its beginning. */
static bool read_day(const char *text, int64_t *unix_us)
{
    struct tm day = { 0 };
    int used = 0;
    if (sscanf(text, "%4d-%2d-%2d%n", &day.tm_year, &day.tm_mon, &day.tm_mday, &used) != 3 || used != 10 || text[10])
        return false;
    day.tm_year -= 1900;
    day.tm_mon -= 1;
    struct tm wanted = day;
    time_t unix_s = timegm(&day);
    if (day.tm_mday != wanted.tm_mday || day.tm_mon != wanted.tm_mon || unix_s < 0)
        return false;
    *unix_us = (int64_t)unix_s * INT64_C(1000000);
    return true;
}

static enum status print(void *context, struct bytes text)
{
    return fwrite(text.at, 1, text.len, context) == text.len ? OK : ERR_SYSTEM;
}

static enum status export_all(struct store *store, const struct id *clinic, enum export_format format,
                              struct export_scope scope)
{
    struct ledger_export out;
    TRY(ledger_export_init(&out, format, clinic, scope, (struct export_sink){ print, stdout }));
    enum status status = store->ops->ledger_each(store, 1, (struct store_rows){ ledger_export_row, &out });
    if (status == OK)
        status = ledger_export_end(&out);
    ledger_export_deinit(&out);
    return status == OK && fflush(stdout) != 0 ? ERR_SYSTEM : status;
}

int ledger_command_export(int count, char **words)
{
    const char *values[OPTIONS];
    struct export_scope scope = { 0 };
    struct store *store;
    struct id clinic;
    struct log log = host_log(LOG_LEVEL_WARNING);
    if (!read_options(count, words, FORMAT, TO, values))
        return complain("'ledger export' takes --store, --format, --client, --from and --to, each with a value");
    enum export_format format = export_format_parse(bytes_of(values[FORMAT]));
    if (!format)
        return complain("--format is jsonl, fhir or csv");
    if (*values[CLIENT] && !id_parse(bytes_of(values[CLIENT]), &scope.client))
        return complain("--client must be " ID_RULE);
    if ((*values[FROM] && !read_day(values[FROM], &scope.from_unix_us)) ||
        (*values[TO] && !read_day(values[TO], &scope.to_unix_us)))
        return complain("--from and --to are days such as 2026-01-31");
    if (store_sqlite_read(&store, values[STORE], &clinic, &log) != OK)
        return EXIT_FAILURE;
    enum status status = export_all(store, &clinic, format, scope);
    store->ops->close(store);
    if (status == OK)
        return EXIT_SUCCESS;
    fprintf(stderr, "kinroom: the export stopped: %s%s\n", status_name(status),
            status == ERR_MALFORMED ? "; see 'kinroom ledger verify'" : "");
    return EXIT_FAILURE;
}
