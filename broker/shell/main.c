/* main.c - the command line: a table of commands. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/service_token.h"
#include "auth/token.h"
#include "load/load_command.h"
#include "shell/config.h"
#include "shell/host.h"
#include "shell/ledger_command.h"
#include "shell/serve.h"

enum { CONFIG_FILE_MAX = 1 << 20, KEYS_FILE_MAX = 1 << 20, TTL_MAX_S = 30 * 24 * 3600 };
enum { EXIT_USAGE = 2 };

struct command {
    const char *name, *second; /* "token", "key" */
    int (*run)(int count, char **words);
    const char *help;
};

static int complain(const char *what)
{
    fprintf(stderr, "kinroom: %s\n", what);
    return EXIT_USAGE;
}

/* ---- serve and check ---- */

static enum status read_config_file(struct config *config, const char *path, struct problem *problem)
{
    struct bytes file;
    enum status status = host_file_read(path, CONFIG_FILE_MAX, &file);
    if (status != OK) {
        snprintf(problem->text, sizeof problem->text, "cannot read the configuration %.200s: %s", path,
                 status_name(status));
        return status;
    }
    status = config_read(config, path, file, problem);
    host_file_free(&file);
    return status;
}

/* The file first, wherever --config stands, so that the command line has the last word. */
static enum status read_config(int count, char **words, struct config *config, struct problem *problem)
{
    config_init(config);
    for (int i = 0; i < count; i += 2)
        if (strncmp(words[i], "--", 2) != 0 || i + 1 == count) {
            snprintf(problem->text, sizeof problem->text, "'%.60s' should be an option and its value: --name value",
                     words[i]);
            return ERR_MALFORMED;
        }
    for (int i = 0; i < count; i += 2)
        if (strcmp(words[i], "--config") == 0)
            TRY(read_config_file(config, words[i + 1], problem));
    for (int i = 0; i < count; i += 2)
        if (strcmp(words[i], "--config") != 0)
            TRY(config_set(config, words[i] + 2, words[i + 1], problem));
    if (config->shards == 0)
        config->shards = host_processors() < CONFIG_SHARDS_MAX ? host_processors() : CONFIG_SHARDS_MAX;
    return OK;
}

static int with_material(int count, char **words, int (*then)(const struct config *, const struct material *))
{
    struct config config;
    struct material material;
    struct problem problem = { "no memory" };
    if (read_config(count, words, &config, &problem) != OK || material_load(&config, &material, &problem) != OK)
        return complain(problem.text);
    int code = then(&config, &material);
    material_deinit(&material);
    return code;
}

static int say_fine(const struct config *config, const struct material *material)
{
    struct log log = host_log(LOG_LEVEL_WARNING);
    material_warn(config, &log);
    printf("The configuration and its files are fine: %zu sessions in the plan file.\n", material->plans.count);
    return EXIT_SUCCESS;
}

static int run_serve(int count, char **words)
{
    return with_material(count, words, serve);
}
static int run_check(int count, char **words)
{
    return with_material(count, words, say_fine);
}

/* ---- token ---- */

static int run_token_key(int count, char **words)
{
    (void)words;
    char *json;
    if (count > 0)
        return complain("'token key' takes no options");
    if (keyring_generate(&json) != OK)
        return complain("cannot make a key");
    puts(json);
    bytes_wipe(json, strlen(json));
    free(json);
    return EXIT_SUCCESS;
}

struct word_option {
    const char *name, *fallback; /* NULL: must be given */
};

static bool read_word_options(int count, char **words, const struct word_option *options, int option_count,
                              const char **values)
{
    for (int o = 0; o < option_count; o++)
        values[o] = options[o].fallback;
    for (int i = 0; i < count; i += 2) {
        int o = 0;
        while (o < option_count && strcmp(words[i], options[o].name) != 0)
            o++;
        if (o == option_count || i + 1 == count)
            return false;
        values[o] = words[i + 1];
    }
    for (int o = 0; o < option_count; o++)
        if (!values[o])
            return false;
    return true;
}

static struct id random_id(void)
{
    static const char digits[] = "0123456789abcdef";
    struct entropy entropy = host_entropy();
    uint8_t random[ID_FRESH_BYTES];
    struct id id = { 0 };
    entropy_fill(&entropy, random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++) {
        id.text[2 * i] = digits[random[i] >> 4];
        id.text[2 * i + 1] = digits[random[i] & 15];
    }
    return id;
}

/* 0: it is none. */
static long ttl_of(const char *text)
{
    char *end = NULL;
    long ttl_s = strtol(text, &end, 10);
    return *end || ttl_s < 1 || ttl_s > TTL_MAX_S ? 0 : ttl_s;
}

static const char *open_keys(const char *path, struct keyring **keyring)
{
    struct bytes file;
    if (host_file_read(path, KEYS_FILE_MAX, &file) != OK)
        return "--keys: the file cannot be read";
    enum status status = keyring_create(keyring, file);
    host_file_free(&file);
    return status == OK ? NULL
                        : "--keys: the file must hold a JWK or JWKS with P-256 keys; 'kinroom token key' makes one";
}

/* Takes the keyring. */
static int print_token(struct keyring *keyring, enum status status, char *token)
{
    keyring_destroy(keyring);
    if (status != OK)
        return complain("--keys: there is no private key to sign with");
    puts(token);
    free(token);
    return EXIT_SUCCESS;
}

enum issue_option { KEYS, ISSUER, SESSION, PARTICIPATION, ROLE, DEVICE, TTL, ISSUE_OPTIONS };

/* Told from an empty one that was given: what a script forgot to fill in must not make a token for everybody. */
static const char no_device[] = "";

static const struct word_option issue_options[ISSUE_OPTIONS] = {
    [KEYS] = { "--keys", NULL },       [ISSUER] = { "--issuer", "kinroom" },
    [SESSION] = { "--session", NULL }, [PARTICIPATION] = { "--participation", NULL },
    [ROLE] = { "--role", NULL },       [DEVICE] = { "--device", no_device },
    [TTL] = { "--ttl", "3600" },
};

static const char *read_claims(const char *const values[ISSUE_OPTIONS], struct claims *claims)
{
    long ttl_s = ttl_of(values[TTL]);
    *claims = (struct claims){ .role = role_parse(bytes_of(values[ROLE])), .token = random_id() };
    if (!id_parse(bytes_of(values[SESSION]), &claims->session))
        return "--session must be " ID_RULE;
    if (!id_parse(bytes_of(values[PARTICIPATION]), &claims->participation))
        return "--participation must be " ID_RULE;
    if (values[DEVICE] != no_device && !id_parse(bytes_of(values[DEVICE]), &claims->device))
        return "--device must be the thumbprint (RFC 7638) of the device's key";
    if (!claims->role)
        return "--role must be client, therapist, loved_one, interpreter or admin";
    if (!ttl_s)
        return "--ttl must be a number of seconds, at most 30 days";
    claims->not_before = now_unix_s(host_now());
    claims->expires = claims->not_before + ttl_s;
    return NULL;
}

static int run_token_issue(int count, char **words)
{
    const char *values[ISSUE_OPTIONS];
    struct claims claims;
    struct keyring *keyring;
    char *token = NULL;
    if (!read_word_options(count, words, issue_options, ISSUE_OPTIONS, values))
        return complain("'token issue' takes --keys, --issuer, --session, --participation, --role, --device and --ttl, "
                        "each with a value");
    const char *wrong = read_claims(values, &claims);
    if (!wrong)
        wrong = open_keys(values[KEYS], &keyring);
    if (wrong)
        return complain(wrong);
    enum status status = token_issue(keyring, values[ISSUER], &claims, &token);
    return print_token(keyring, status, token);
}

enum service_option { SERVICE_KEYS, SERVICE_ISSUER, SERVICE, SCOPE, SERVICE_TTL, SERVICE_OPTIONS };

static const struct word_option service_options[SERVICE_OPTIONS] = {
    [SERVICE_KEYS] = { "--keys", NULL }, [SERVICE_ISSUER] = { "--issuer", "kinroom" },
    [SERVICE] = { "--service", NULL },   [SCOPE] = { "--scope", NULL },
    [SERVICE_TTL] = { "--ttl", "3600" },
};

static const char *read_service_claims(const char *const values[SERVICE_OPTIONS], struct service_claims *claims)
{
    long ttl_s = ttl_of(values[SERVICE_TTL]);
    struct bytes scope = bytes_of(values[SCOPE]);
    *claims = (struct service_claims){ .token = random_id(), .scopes = scope_parse(scope) };
    if (!id_parse(bytes_of(values[SERVICE]), &claims->service))
        return "--service must be " ID_RULE;
    if (!claims->scopes || !scope_is_known(scope))
        return "--scope takes sessions:read, sessions:write, grants:read, grants:write, invitations:read, "
               "invitations:write, "
               "moderate, guidance:write, deliveries:read and dashboard:read, spaces between";
    if (!ttl_s)
        return "--ttl must be a number of seconds, at most 30 days";
    claims->not_before = now_unix_s(host_now());
    claims->expires = claims->not_before + ttl_s;
    return NULL;
}

static int run_token_service(int count, char **words)
{
    const char *values[SERVICE_OPTIONS];
    struct service_claims claims;
    struct keyring *keyring;
    char *token = NULL;
    if (!read_word_options(count, words, service_options, SERVICE_OPTIONS, values))
        return complain("'token service' takes --keys, --issuer, --service, --scope and --ttl, each with a value");
    const char *wrong = read_service_claims(values, &claims);
    if (!wrong)
        wrong = open_keys(values[SERVICE_KEYS], &keyring);
    if (wrong)
        return complain(wrong);
    enum status status = service_token_issue(keyring, values[SERVICE_ISSUER], &claims, &token);
    return print_token(keyring, status, token);
}

/* ---- The table ---- */

static int run_help(int count, char **words);

static const struct command commands[] = {
    { "serve", NULL, run_serve, "serve [--config FILE] [OPTIONS]\n      runs the server until SIGTERM or SIGINT" },
    { "check", NULL, run_check,
      "check [--config FILE] [OPTIONS]\n      reads the configuration and its files, and says what is wrong" },
    { "token", "key", run_token_key, "token key\n      prints a fresh private key (JWK) for signing admission tokens" },
    { "token", "issue", run_token_issue,
      "token issue --keys FILE [--issuer NAME] --session ID --participation ID --role ROLE [--device\n"
      "      THUMBPRINT] [--ttl SECONDS]\n"
      "      prints an admission token, good for whoever has it, or on one device alone; ROLE is client, therapist,\n"
      "      loved_one, interpreter or admin" },
    { "token", "service", run_token_service,
      "token service --keys FILE [--issuer NAME] --service ID --scope 'SCOPE ...' [--ttl SECONDS]\n"
      "      prints a service token for the API; SCOPE is sessions:read, sessions:write, grants:read,\n"
      "      grants:write, invitations:read, invitations:write, moderate, guidance:write, deliveries:read or\n"
      "      dashboard:read" },
    { "ledger", "verify", ledger_command_verify,
      "ledger verify [--store FILE] [--head ROW:HASH]\n"
      "      checks every row of the ledger, and names the first that is wrong; --head: a row as an earlier run "
      "printed it" },
    { "ledger", "export", ledger_command_export,
      "ledger export [--store FILE] [--format jsonl|fhir|csv] [--client ID] [--from DAY] [--to DAY]\n"
      "      prints the ledger as JSON Lines or FHIR AuditEvents, or as CSV the disclosures; a day such as 2026-01-31 "
      "in\n"
      "      UTC, --to is the first one left out" },
    { "load", NULL, load_command,
      "load --url wss://HOST:PORT --keys FILE [OPTIONS]\n"
      "      fills sessions with synthetic people who send and receive sound and pictures, and prints as one line of "
      "JSON\n"
      "      what came, how late and what it cost; exits with 0 when nothing was lost. The server must let so many "
      "come\n"
      "      from one address (--connections-per-address)" },
    { "help", NULL, run_help, "help\n      prints this" },
};

static int run_help(int count, char **words)
{
    (void)count, (void)words;
    uint8_t text[16384];
    struct writer writer = writer_over(text, sizeof text);
    config_help(&writer);
    puts("Kinroom: group video sessions in which every disclosure is consented to.\n");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        printf("  kinroom %s\n", commands[i].help);
    printf("\nOptions of serve and check, on the command line or as 'name = value' in the file (defaults in "
           "brackets):\n%s",
           (const char *)text);
    writer = writer_over(text, sizeof text);
    load_command_help(&writer);
    printf("\nOptions of load:\n%s", (const char *)text);
    return EXIT_SUCCESS;
}

int main(int count, char **words)
{
    if (count < 2 || strcmp(words[1], "--help") == 0 || strcmp(words[1], "-h") == 0)
        return run_help(0, NULL);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        const struct command *c = &commands[i];
        int used = c->second ? 3 : 2;
        if (strcmp(words[1], c->name) != 0 || (c->second && (count < 3 || strcmp(words[2], c->second) != 0)))
            continue;
        if (count > used && strcmp(words[used], "--help") == 0)
            return run_help(0, NULL);
        return c->run(count - used, words + used);
    }
    return complain("no such command; 'kinroom help' lists them");
}
