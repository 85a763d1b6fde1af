/* main.c - the command line: a table of commands. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/token.h"
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
    (void)config;
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

enum token_option { KEYS, ISSUER, SESSION, PARTICIPATION, ROLE, TTL, TOKEN_OPTIONS };

static const struct {
    const char *name, *fallback;
} token_options[TOKEN_OPTIONS] = {
    [KEYS] = { "--keys", NULL },       [ISSUER] = { "--issuer", "kinroom" },
    [SESSION] = { "--session", NULL }, [PARTICIPATION] = { "--participation", NULL },
    [ROLE] = { "--role", NULL },       [TTL] = { "--ttl", "3600" },
};

static bool read_token_options(int count, char **words, const char *values[TOKEN_OPTIONS])
{
    for (int o = 0; o < TOKEN_OPTIONS; o++)
        values[o] = token_options[o].fallback;
    for (int i = 0; i < count; i += 2) {
        int o = 0;
        while (o < TOKEN_OPTIONS && strcmp(words[i], token_options[o].name) != 0)
            o++;
        if (o == TOKEN_OPTIONS || i + 1 == count)
            return false;
        values[o] = words[i + 1];
    }
    for (int o = 0; o < TOKEN_OPTIONS; o++)
        if (!values[o])
            return false;
    return true;
}

static const char *read_claims(const char *const values[TOKEN_OPTIONS], struct claims *claims)
{
    static const char digits[] = "0123456789abcdef";
    struct entropy entropy = host_entropy();
    uint8_t random[ID_MAX / 2];
    char *end = NULL;
    long ttl_s = strtol(values[TTL], &end, 10);
    *claims = (struct claims){ .role = role_parse(bytes_of(values[ROLE])) };
    if (!id_parse(bytes_of(values[SESSION]), &claims->session))
        return "--session must be 1 to 32 of letters, digits, '-' and '_'";
    if (!id_parse(bytes_of(values[PARTICIPATION]), &claims->participation))
        return "--participation must be 1 to 32 of letters, digits, '-' and '_'";
    if (!claims->role)
        return "--role must be client, therapist, loved_one, interpreter or admin";
    if (*end || ttl_s < 1 || ttl_s > TTL_MAX_S)
        return "--ttl must be a number of seconds, at most 30 days";
    claims->not_before = now_unix_s(host_now());
    claims->expires = claims->not_before + ttl_s;
    entropy_fill(&entropy, random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++) {
        claims->token.text[2 * i] = digits[random[i] >> 4];
        claims->token.text[2 * i + 1] = digits[random[i] & 15];
    }
    return NULL;
}

static int run_token_issue(int count, char **words)
{
    const char *values[TOKEN_OPTIONS];
    struct claims claims;
    struct bytes file;
    struct keyring *keyring;
    char *token;
    if (!read_token_options(count, words, values))
        return complain(
            "'token issue' takes --keys, --issuer, --session, --participation, --role and --ttl, each with a value");
    const char *wrong = read_claims(values, &claims);
    if (wrong)
        return complain(wrong);
    if (host_file_read(values[KEYS], KEYS_FILE_MAX, &file) != OK)
        return complain("--keys: the file cannot be read");
    enum status status = keyring_create(&keyring, file);
    host_file_free(&file);
    if (status != OK)
        return complain("--keys: the file must hold a JWK or JWKS with P-256 keys; 'kinroom token key' makes one");
    status = token_issue(keyring, values[ISSUER], &claims, &token);
    keyring_destroy(keyring);
    if (status != OK)
        return complain("--keys: there is no private key to sign with");
    puts(token);
    free(token);
    return EXIT_SUCCESS;
}

/* ---- The table ---- */

static int run_help(int count, char **words);

static const struct command commands[] = {
    { "serve", NULL, run_serve, "serve [--config FILE] [OPTIONS]\n      runs the server until SIGTERM or SIGINT" },
    { "check", NULL, run_check,
      "check [--config FILE] [OPTIONS]\n      reads the configuration and its files, and says what is wrong" },
    { "token", "key", run_token_key, "token key\n      prints a fresh private key (JWK) for signing admission tokens" },
    { "token", "issue", run_token_issue,
      "token issue --keys FILE [--issuer NAME] --session ID --participation ID --role ROLE [--ttl SECONDS]\n"
      "      prints an admission token; ROLE is client, therapist, loved_one, interpreter or admin" },
    { "ledger", "verify", ledger_command_verify,
      "ledger verify [--store FILE] [--head ROW:HASH]\n"
      "      checks every row of the ledger, and names the first that is wrong; --head: a row as an earlier run "
      "printed it" },
    { "ledger", "export", ledger_command_export,
      "ledger export [--store FILE] [--format jsonl|fhir|csv] [--client ID] [--from DAY] [--to DAY]\n"
      "      prints the ledger as JSON Lines or FHIR AuditEvents, or as CSV the disclosures; a day such as 2026-01-31 "
      "in\n"
      "      UTC, --to is the first one left out" },
    { "help", NULL, run_help, "help\n      prints this" },
};

static int run_help(int count, char **words)
{
    (void)count, (void)words;
    uint8_t text[8192];
    struct writer writer = writer_over(text, sizeof text);
    config_help(&writer);
    puts("Kinroom: group video sessions in which every disclosure is consented to.\n");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        printf("  kinroom %s\n", commands[i].help);
    printf("\nOptions of serve and check, on the command line or as 'name = value' in the file (defaults in "
           "brackets):\n%s",
           (const char *)text);
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
