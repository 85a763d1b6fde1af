#include "shell/serve.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define ERR_STATE OPENSSL_ERR_STATE /* OpenSSL has a type of our constant's name */
#include <openssl/err.h>
#include <openssl/ssl.h>
#undef ERR_STATE

#include "shell/front.h"
#include "shell/host.h"
#include "shell/shard.h"
#include "transport/srtp.h"

enum { KEYS_FILE_MAX = 1 << 20 };

/* ---- Files ---- */

static enum status read_file(const char *option, const char *path, size_t max, struct bytes *file,
                             struct problem *problem)
{
    enum status status = host_file_read(path, max, file);
    if (status != OK)
        snprintf(problem->text, sizeof problem->text, "'%s': cannot read %.200s: %s", option, path,
                 status == ERR_UNKNOWN     ? "there is no such file"
                 : status == ERR_FORBIDDEN ? "its permissions forbid it"
                 : status == ERR_FULL      ? "it is too big"
                                           : "not a readable file");
    return status;
}

static enum status load_keyring(const struct config *config, struct material *material, struct problem *problem)
{
    struct bytes file;
    TRY(read_file("token-keys", config->token_keys, KEYS_FILE_MAX, &file, problem));
    enum status status = keyring_create(&material->keyring, file);
    host_file_free(&file);
    if (status != OK)
        snprintf(problem->text, sizeof problem->text,
                 "'token-keys': %.200s must hold a JWK or JWKS with P-256 keys that each have a 'kid' (%s)",
                 config->token_keys, status_name(status));
    return status;
}

static enum status load_plans(const struct config *config, struct material *material, struct problem *problem)
{
    struct bytes file;
    struct problem inner = { "no memory" };
    TRY(read_file("plan", config->plan, PLAN_FILE_MAX, &file, problem));
    enum status status = plan_file_parse(file, &material->plans, &inner);
    host_file_free(&file);
    if (status != OK)
        snprintf(problem->text, sizeof problem->text, "'plan': %.120s: %.250s", config->plan, inner.text);
    return status;
}

static enum status check_certificate(const struct config *config, struct problem *problem)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (!ctx)
        return ERR_NO_MEMORY;
    const char *wrong = NULL;
    if (SSL_CTX_use_certificate_chain_file(ctx, config->certificate) != 1)
        wrong = "'certificate' is not a readable PEM certificate";
    else if (SSL_CTX_use_PrivateKey_file(ctx, config->key, SSL_FILETYPE_PEM) != 1)
        wrong = "'key' is not a readable PEM key, or not the certificate's";
    SSL_CTX_free(ctx);
    ERR_clear_error();
    if (!wrong)
        return OK;
    snprintf(problem->text, sizeof problem->text, "%s: %.120s, %.120s", wrong, config->certificate, config->key);
    return ERR_MALFORMED;
}

static enum status check_pages(const struct config *config, struct problem *problem)
{
    char path[CONFIG_TEXT_MAX + 32];
    snprintf(path, sizeof path, "%s/index.html", config->web_root);
    if (access(path, R_OK) == 0)
        return OK;
    snprintf(problem->text, sizeof problem->text, "'web-root': there is no %s that can be read", path);
    return ERR_UNKNOWN;
}

enum status material_load(const struct config *config, struct material *material, struct problem *problem)
{
    *material = (struct material){ 0 };
    enum status status = config_check(config, problem);
    if (status == OK)
        status = check_certificate(config, problem);
    if (status == OK)
        status = check_pages(config, problem);
    if (status == OK)
        status = load_keyring(config, material, problem);
    if (status == OK)
        status = load_plans(config, material, problem);
    if (status != OK)
        material_deinit(material);
    return status;
}

void material_deinit(struct material *material)
{
    if (material->keyring)
        keyring_destroy(material->keyring);
    plan_list_deinit(&material->plans);
    *material = (struct material){ 0 };
}

/* ---- Threads ---- */

struct server {
    const struct config *config;
    struct log log;
    struct front *front;
    struct shard *shards[CONFIG_SHARDS_MAX];
    atomic_bool failed;
};

static void on_front_failed(void *context)
{
    struct server *server = context;
    atomic_store(&server->failed, true);
    kill(getpid(), SIGTERM);
}

static enum status make_shard(struct server *server, size_t index)
{
    const struct config *config = server->config;
    struct config_addresses bind = config->media;
    struct config_addresses advertise = config->advertise.count > 0 ? config->advertise : config->media;
    uint16_t port = (uint16_t)(config->udp_port + index);
    for (size_t i = 0; i < bind.count; i++)
        bind.at[i].port = port;
    for (size_t i = 0; i < advertise.count; i++)
        advertise.at[i].port = port;
    struct shard_config shard = {
        .index = index,
        .bind = bind.at,
        .bind_count = bind.count,
        .advertise = advertise.at,
        .advertise_count = advertise.count,
        .rooms_max = config->rooms_max,
        .clients_max = config->connections_max,
        .to_front = front_inbox(server->front, index),
        .log = &server->log,
    };
    TRY(shard_create(&server->shards[index], &shard));
    front_connect(server->front, index, shard_inbox(server->shards[index]));
    return OK;
}

/* A plan that cannot be run is left out, and said: the other sessions matter more. */
static void hand_out_plans(struct server *server, const struct plan_list *plans)
{
    for (size_t i = 0; i < plans->count; i++) {
        const struct plan *plan = &plans->at[i];
        struct shard *shard = server->shards[shard_of(&plan->session, server->config->shards)];
        enum status status = shard_plan(shard, plan);
        if (status != OK)
            log_error(&server->log, "session %s cannot be run: %s", plan->session.text, status_name(status));
    }
}

/* Everything is made on this thread, one after the other: the libraries' own initialisation then races with nothing. */
static enum status make_all(struct server *server, const struct material *material)
{
    TRY(srtp_start()); /* before there is a second thread */
    struct front_config front = {
        .config = server->config,
        .keyring = material->keyring,
        .log = &server->log,
        .failed = on_front_failed,
        .context = server,
    };
    TRY(front_create(&server->front, &front));
    for (size_t i = 0; i < server->config->shards; i++)
        TRY(make_shard(server, i));
    hand_out_plans(server, &material->plans);
    for (size_t i = 0; i < server->config->shards; i++)
        TRY(shard_start(server->shards[i]));
    return front_start(server->front);
}

/* The front first, so that nobody new comes in; its inboxes and the shards' live until both have stopped. */
static void unmake_all(struct server *server)
{
    front_stop(server->front);
    for (size_t i = 0; i < server->config->shards; i++)
        shard_stop(server->shards[i]);
    front_destroy(server->front);
    for (size_t i = 0; i < server->config->shards; i++)
        shard_destroy(server->shards[i]);
}

static void announce(const struct server *server, const struct material *material)
{
    const struct config *config = server->config;
    const char *brackets = strchr(config->listen, ':') ? "[]" : "";
    char ports[32] = "";
    if (config->shards > 1)
        snprintf(ports, sizeof ports, "-%u", config->udp_port + config->shards - 1);
    log_info(&server->log, "serving https://%.1s%s%s:%u, UDP %u%s, %zu sessions", brackets, config->listen,
             *brackets ? brackets + 1 : "", config->https_port, config->udp_port, ports, material->plans.count);
    if (config->http_port)
        log_info(&server->log, "serving http://127.0.0.1:%u for a reverse proxy", config->http_port);
}

/* Raised when it is low; and lowered when it is vast, as it is in some containers: libwebsockets allocates tables for
 * as many. All that is bounded elsewhere fits below it: a server that runs out of files accepts nobody, so one that
 * might does not start. */
static enum status set_file_limit(const struct config *config, const struct log *log)
{
    enum { FILES_BESIDE = 64, FILES_PER_SHARD = 8 };
    struct rlimit limit;
    rlim_t wanted = (rlim_t)front_files(config) + FILES_PER_SHARD * config->shards + FILES_BESIDE;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return ERR_SYSTEM;
    if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < wanted) {
        log_error(log,
                  "only %llu open files are allowed, and %u connections need %llu: raise the limit (ulimit -n), "
                  "or lower connections-max",
                  (unsigned long long)limit.rlim_max, config->connections_max, (unsigned long long)wanted);
        return ERR_FULL;
    }
    limit.rlim_cur = wanted;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? OK : ERR_SYSTEM;
}

int serve(const struct config *config, const struct material *material)
{
    sigset_t stops;
    int which = 0;
    struct server server = { .config = config, .log = host_log(config->log_level) };
    /* Blocked before any thread is made, so that the signals come here and nowhere else. */
    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stops, NULL);
    signal(SIGPIPE, SIG_IGN);
    enum status status = set_file_limit(config, &server.log);
    if (status == OK)
        status = make_all(&server, material);
    if (status == OK) {
        announce(&server, material);
        while (sigwait(&stops, &which) != 0)
            continue;
        log_info(&server.log, "stopping");
    } else {
        log_error(&server.log, "cannot start: %s", status_name(status));
    }
    unmake_all(&server);
    return status == OK && !atomic_load(&server.failed) ? EXIT_SUCCESS : EXIT_FAILURE;
}
