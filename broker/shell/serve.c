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

#include "api/capacity.h"
#include "auth/turn.h"
#include "shell/clerk.h"
#include "shell/courier.h"
#include "shell/front.h"
#include "shell/host.h"
#include "shell/mailroom.h"
#include "shell/placement.h"
#include "shell/recovery.h"
#include "shell/scribe.h"
#include "shell/shard.h"
#include "shell/store_sqlite.h"
#include "shell/tcp.h"
#include "shell/udp.h"
#include "signaling/sdp.h"
#include "transport/gcm.h"
#include "transport/srtp.h"

_Static_assert((int)CONFIG_LIST_MAX <= (int)TURN_URLS_MAX && (int)CONFIG_LIST_MAX <= (int)TCP_LISTENERS_MAX &&
                   (int)CONFIG_LIST_MAX <= (int)UDP_SOCKETS_MAX && 2 * (int)CONFIG_LIST_MAX <= (int)SDP_CANDIDATES_MAX,
               "what the options take has a place");

enum {
    KEYS_FILE_MAX = 1 << 20,
    SECRET_FILE_MAX = 4096,
    SCRIBE_RECORDS = 4096, /* of one shard, beyond a CLOSE for each of its clients */
};

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
    if (status == OK)
        status = keyring_create(&material->clerks_keyring, file);
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
    if (!config->plan[0])
        return OK;
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

static enum status load_webhook_key(const struct config *config, struct material *material, struct problem *problem)
{
    struct bytes file;
    if (!config->webhook_secret_file[0])
        return OK;
    TRY(read_file("webhook-secret-file", config->webhook_secret_file, SECRET_FILE_MAX, &file, problem));
    enum status status = webhook_key_parse(file, &material->webhook_key);
    host_file_free(&file);
    if (status != OK)
        snprintf(problem->text, sizeof problem->text,
                 "'webhook-secret-file': %.160s must hold whsec_ and the base64 of %d to %d bytes; this makes one: "
                 "echo whsec_$(openssl rand -base64 32)",
                 config->webhook_secret_file, WEBHOOK_KEY_MIN, WEBHOOK_KEY_MAX);
    return status;
}

/* Without the line's end that editors put there; nothing without a path. */
static enum status load_secret(const char *option, const char *path, struct bytes *secret, struct problem *problem)
{
    if (!path[0])
        return OK;
    TRY(read_file(option, path, SECRET_FILE_MAX, secret, problem));
    while (secret->len > 0 && strchr("\r\n", secret->at[secret->len - 1]))
        secret->len--;
    if (secret->len > 0 && !memchr(secret->at, 0, secret->len))
        return OK;
    snprintf(problem->text, sizeof problem->text, "'%s': %.200s holds no password", option, path);
    return ERR_MALFORMED;
}

static enum status load_turn_secret(const struct config *config, struct material *material, struct problem *problem)
{
    TRY(load_secret("turn-secret-file", config->turn_secret_file, &material->turn_secret, problem));
    if (!config->turn_secret_file[0] || material->turn_secret.len >= TURN_SECRET_MIN)
        return OK;
    snprintf(problem->text, sizeof problem->text,
             "'turn-secret-file': %.200s holds less than %d characters; this makes some: openssl rand -hex 32",
             config->turn_secret_file, TURN_SECRET_MIN);
    return ERR_MALFORMED;
}

enum status material_load(const struct config *config, struct material *material, struct problem *problem)
{
    *material = (struct material){ 0 };
    enum status status = config_check(config, problem);
    if (status == OK)
        status = check_certificate(config, problem);
    if (status == OK)
        status = site_read(&material->site, config, problem);
    if (status == OK)
        status = load_keyring(config, material, problem);
    if (status == OK)
        status = load_plans(config, material, problem);
    if (status == OK)
        status = load_webhook_key(config, material, problem);
    if (status == OK)
        status = load_secret("smtp-password-file", config->smtp_password_file, &material->smtp_password, problem);
    if (status == OK)
        status = load_turn_secret(config, material, problem);
    if (status != OK)
        material_deinit(material);
    return status;
}

void material_deinit(struct material *material)
{
    if (material->keyring)
        keyring_destroy(material->keyring);
    if (material->clerks_keyring)
        keyring_destroy(material->clerks_keyring);
    plan_list_deinit(&material->plans);
    site_destroy(material->site);
    host_file_free(&material->smtp_password);
    host_file_free(&material->turn_secret);
    bytes_wipe(&material->webhook_key, sizeof material->webhook_key);
    *material = (struct material){ 0 };
}

void material_warn(const struct config *config, const struct log *log)
{
    const struct {
        const char *name, *path;
    } secrets[] = {
        { "webhook-secret-file", config->webhook_secret_file },
        { "smtp-password-file", config->smtp_password_file },
        { "turn-secret-file", config->turn_secret_file },
    };
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        if (secrets[i].path[0] && host_file_is_public(secrets[i].path))
            log_warning(log, "'%s': everybody on this machine can read %.200s; chmod o-rwx ends that", secrets[i].name,
                        secrets[i].path);
    if (config->delivery == DELIVERY_BY_OUTBOX)
        log_warning(log, "'delivery' is outbox: links and codes are sent to nobody, and the API shows them to who may "
                         "read deliveries; for a trial only");
}

/* ---- Threads ---- */

struct server {
    const struct config *config;
    struct log log;
    struct store *store;
    struct recovery recovery;
    struct scribe *scribe;
    struct oidc *oidc;
    struct courier *courier;
    struct mailroom *mailroom;
    struct clerk *clerk;
    struct front *front;
    struct placement *placement;
    struct shard *shards[CONFIG_SHARDS_MAX];
    const char *origins[CONFIG_LIST_MAX];
    struct turn_service turn;
    size_t sessions;
    atomic_bool failed;
};

static void on_front_failed(void *context)
{
    struct server *server = context;
    atomic_store(&server->failed, true);
    kill(getpid(), SIGTERM);
}

static bool can_let_in(void *context)
{
    const struct server *server = context;
    return !scribe_is_failing(server->scribe);
}

static enum status make_shard(struct server *server, size_t index)
{
    const struct config *config = server->config;
    struct config_addresses bind = config->media;
    const struct config_addresses *advertise = config->advertise.count > 0 ? &config->advertise : &config->media;
    struct address candidates[2 * CONFIG_LIST_MAX];
    uint16_t port = (uint16_t)(config->udp_port + index);
    for (size_t i = 0; i < bind.count; i++)
        bind.at[i].port = port;
    for (size_t i = 0; i < advertise->count; i++) {
        struct address *by_udp = &candidates[i], *by_tcp = &candidates[advertise->count + i];
        *by_udp = *by_tcp = advertise->at[i];
        by_udp->port = by_tcp->port = port;
        by_tcp->via = ADDRESS_TCP;
    }
    struct shard_config shard = {
        .index = index,
        .bind = bind.at,
        .bind_count = bind.count,
        .advertise = candidates,
        .advertise_count = 2 * advertise->count,
        .turn = server->turn.url_count > 0 ? &server->turn : NULL,
        .video_codecs = config->video_codecs,
        .rooms_max = config->rooms_max,
        .clients_max = config->connections_max,
        .tcp_per_address_max = TCP_PER_ADDRESS_FACTOR * config->connections_per_address,
        .to_front = front_inbox(server->front, index),
        .to_scribe = scribe_inbox(server->scribe, index),
        .log = &server->log,
    };
    TRY(shard_create(&server->shards[index], &shard));
    front_connect(server->front, index, shard_inbox(server->shards[index]));
    scribe_connect(server->scribe, index, shard_answers(server->shards[index]));
    return OK;
}

/* ---- The store ---- */

static bool is_same_grant(const struct grant *a, const struct grant *b)
{
    return a->epoch == b->epoch && a->status == b->status && a->kinds == b->kinds && a->modes == b->modes &&
           a->not_before == b->not_before && a->expires == b->expires && id_equal(&a->client, &b->client) &&
           id_equal(&a->person, &b->person);
}

/* The store keeps the newer of two, so an edited file may have had no effect; that must not go unsaid. */
static void warn_of_kept_grants(struct server *server, const struct plan *plan)
{
    struct grant kept;
    for (size_t i = 0; i < plan->grant_count; i++) {
        const struct grant *grant = &plan->grants[i];
        if (server->store->ops->grant_get(server->store, &grant->id, &kept) == OK && !is_same_grant(grant, &kept))
            log_warning(&server->log, "the store keeps epoch %u of grant %s; the plan file's epoch %u is not newer",
                        kept.epoch, kept.id.text, grant->epoch);
    }
}

static enum status import_plans(struct server *server, const struct plan_list *plans)
{
    for (size_t i = 0; i < plans->count; i++) {
        TRY(server->store->ops->plan_put(server->store, &plans->at[i]));
        warn_of_kept_grants(server, &plans->at[i]);
    }
    return OK;
}

static enum status open_store(struct server *server, const struct material *material)
{
    const struct config *config = server->config;
    struct id clinic;
    TRY(id_parse(bytes_of(config->clinic), &clinic) ? OK : ERR_MALFORMED);
    TRY(store_sqlite_open(&server->store, config->store, &clinic, &server->log));
    TRY(recovery_run(&server->recovery, server->store, &clinic, &server->log));
    TRY(import_plans(server, &material->plans));
    struct scribe_config scribe = {
        .store = server->store,
        .chain = server->recovery.chain,
        .shards = config->shards,
        .inbox_records = SCRIBE_RECORDS + config->connections_max,
        .log = &server->log,
    };
    return scribe_create(&server->scribe, &scribe);
}

static enum status hire_courier(struct server *server, const struct material *material)
{
    const struct config *config = server->config;
    struct courier_config courier = {
        .config = config,
        .log = &server->log,
        .key = material->webhook_key,
        .smtp_password = material->smtp_password,
    };
    if (config->oidc_issuer[0])
        TRY(oidc_create(&server->oidc, config->oidc_issuer, config->oidc_audience));
    if (courier_is_needed(config))
        TRY(courier_create(&server->courier, &courier));
    struct mailroom_config mailroom = {
        .config = config,
        .store = server->store,
        .courier = server->courier,
        .oidc = server->oidc,
        .waker = scribe_waker(server->scribe),
        .log = &server->log,
    };
    enum status status = mailroom_create(&server->mailroom, &mailroom);
    bytes_wipe(&courier.key, sizeof courier.key);
    return status;
}

static enum status hire_clerk(struct server *server, const struct material *material)
{
    const struct config *config = server->config;
    for (size_t i = 0; i < config->origins.count; i++)
        server->origins[i] = config->origins.text[i];
    unsigned processors = config->shards < host_processors() ? config->shards : host_processors();
    struct clerk_config clerk = {
        .api = { .store = server->store,
                 .keyring = material->clerks_keyring,
                 .issuer = config->issuer,
                 .base_url = config->origins.text[0],
                 .entropy = host_entropy(),
                 .oidc = server->oidc,
                 .denied = standing_denied,
                 .denied_context = &server->recovery.standing,
                 .delivers = config->delivery != DELIVERY_BY_NONE,
                 .deliveries = config->delivery == DELIVERY_BY_OUTBOX ? mailroom_tray : NULL,
                 .deliveries_context = server->mailroom,
                 .capacity = config->capacity ? config->capacity : capacity_of(processors),
                 .origins = server->origins,
                 .origin_count = config->origins.count },
        .scribe = server->scribe,
        .shards = config->shards,
        .placement = server->placement,
        .standing = &server->recovery.standing,
        .mailroom = server->mailroom,
        .log = &server->log,
    };
    TRY(id_parse(bytes_of(config->node), &clerk.api.node) ? OK : ERR_MALFORMED);
    TRY(clerk_create(&server->clerk, &clerk));
    clerk_connect(server->clerk, front_answers(server->front));
    front_connect_clerk(server->front, clerk_inbox(server->clerk));
    return OK;
}

/* A session that cannot be run is left out, and said: the others matter more. */
static enum status hand_out_plan(void *context, const struct plan *stored)
{
    struct server *server = context;
    int64_t unix_s = now_unix_s(host_now());
    size_t shard;
    struct plan plan;
    if (stored->closes_at <= unix_s)
        return OK;
    TRY(placement_put(server->placement, stored, &shard));
    TRY(plan_copy(&plan, stored));
    standing_fill(&server->recovery.standing, &plan);
    struct id roomless;
    enum status status = shard_plan(server->shards[shard], &plan, &roomless);
    placement_forget(server->placement, &roomless);
    if (status == OK)
        server->sessions++;
    else
        log_error(&server->log, "session %s cannot be run: %s", plan.session.text, status_name(status));
    plan_deinit(&plan);
    return OK;
}

/* ---- The whole ---- */

/* Everything is made on this thread, one after the other: the libraries' own initialisation then races with nothing. */
static enum status make_all(struct server *server, const struct material *material)
{
    if (server->config->gcm_engine)
        TRY(gcm_use(server->config->gcm_engine));
    TRY(srtp_start()); /* before there is a second thread */
    TRY(open_store(server, material));
    TRY(placement_create(&server->placement, server->config->shards));
    struct front_config front = {
        .config = server->config,
        .site = material->site,
        .keyring = material->keyring,
        .placement = server->placement,
        .log = &server->log,
        .failed = on_front_failed,
        .ready = can_let_in,
        .context = server,
    };
    TRY(front_create(&server->front, &front));
    TRY(hire_courier(server, material));
    TRY(hire_clerk(server, material));
    for (size_t i = 0; i < server->config->turn_urls.count; i++)
        server->turn.urls[server->turn.url_count++] = server->config->turn_urls.text[i];
    server->turn.secret = material->turn_secret;
    for (size_t i = 0; i < server->config->shards; i++)
        TRY(make_shard(server, i));
    TRY(server->store->ops->plans_each(server->store, (struct store_plans){ hand_out_plan, server }));
    TRY(scribe_start(server->scribe));
    for (size_t i = 0; i < server->config->shards; i++)
        TRY(shard_start(server->shards[i]));
    if (server->courier)
        TRY(courier_start(server->courier));
    return front_start(server->front);
}

/* The front first, so that nobody new comes in; the scribe after the shards, so that it stores what they sent. The
 * queues live until all have stopped. */
static void unmake_all(struct server *server)
{
    front_stop(server->front);
    for (size_t i = 0; i < server->config->shards; i++)
        shard_stop(server->shards[i]);
    scribe_stop(server->scribe);
    courier_stop(server->courier);
    front_destroy(server->front);
    for (size_t i = 0; i < server->config->shards; i++)
        shard_destroy(server->shards[i]);
    clerk_destroy(server->clerk);
    mailroom_destroy(server->mailroom);
    courier_destroy(server->courier);
    oidc_destroy(server->oidc);
    scribe_destroy(server->scribe);
    placement_destroy(server->placement);
    recovery_deinit(&server->recovery);
    if (server->store)
        server->store->ops->close(server->store);
}

static void announce(const struct server *server)
{
    const struct config *config = server->config;
    const char *brackets = strchr(config->listen, ':') ? "[]" : "";
    char ports[32] = "";
    if (config->shards > 1)
        snprintf(ports, sizeof ports, "-%u", config->udp_port + config->shards - 1);
    log_info(&server->log, "serving https://%.1s%s%s:%u, media at %u%s (UDP and TCP), %zu sessions, AES-GCM by %s",
             brackets, config->listen, *brackets ? brackets + 1 : "", config->https_port, config->udp_port, ports,
             server->sessions, gcm_engine_name());
    if (config->http_port)
        log_info(&server->log, "serving http://127.0.0.1:%u for a reverse proxy", config->http_port);
}

/* Raised when it is low; and lowered when it is vast, as it is in some containers: libwebsockets allocates tables for
 * as many. All that is bounded elsewhere fits below it: a server that runs out of files accepts nobody, so one that
 * might does not start. */
static enum status set_file_limit(const struct config *config, const struct log *log)
{
    enum { FILES_BESIDE = 128, FILES_PER_SHARD = 8 };
    struct rlimit limit;
    rlim_t of_shard = FILES_PER_SHARD + config->media.count + tcp_files(config->media.count, config->connections_max);
    rlim_t wanted = (rlim_t)front_files(config) + of_shard * config->shards + FILES_BESIDE;
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
    material_warn(config, &server.log);
    enum status status = set_file_limit(config, &server.log);
    if (status == OK)
        status = make_all(&server, material);
    if (status == OK) {
        announce(&server);
        while (sigwait(&stops, &which) != 0)
            continue;
        log_info(&server.log, "stopping");
    } else {
        log_error(&server.log, "cannot start: %s", status_name(status));
    }
    unmake_all(&server);
    return status == OK && !atomic_load(&server.failed) ? EXIT_SUCCESS : EXIT_FAILURE;
}
