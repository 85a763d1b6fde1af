#include "shell/listeners.h"

#include <string.h>

#define ERR_STATE OPENSSL_ERR_STATE /* OpenSSL has a type of our constant's name */
#include <libwebsockets.h>
#undef ERR_STATE

#include "shell/host.h"
#include "shell/pages.h"
#include "shell/ration.h"

enum {
    HANDSHAKE_WITHIN_S = 10,
    IDLE_MOST_S = 5, /* without a request, or the rest of one */
    /* What is read at once, in a buffer that all connections share. A whole record of TLS (RFC 8446 5.1), as what
     * OpenSSL kept of one would wait for the next wake-up. */
    READ_BYTES = 16384,
};

static void lws_line(int level, const char *line)
{
    /* It has no context to hand us, so this is a log of its own; one for the process, as libwebsockets' is. */
    static struct ration ration;
    struct log log = host_log(LOG_LEVEL_WARNING);
    uint32_t kept;
    (void)level;
    if (!ration_take(&ration, host_now().mono_us, &kept))
        return;
    if (kept > 0)
        log_error(&log, "libwebsockets: %u more lines", kept);
    log_error(&log, "libwebsockets: %.*s", (int)strcspn(line, "\n"), line);
}

/* Where a vhost listens. libwebsockets takes an address as the name of an interface, binds IPv4 only with IPv6 off, and
 * takes "every address" as no name at all. */
static void set_listener(struct lws_context_creation_info *info, const char *address, uint32_t port)
{
    bool every = strcmp(address, "::") == 0 || strcmp(address, "0.0.0.0") == 0;
    info->port = (int)port;
    info->iface = every ? NULL : address;
    if (!strchr(address, ':'))
        info->options |= LWS_SERVER_OPTION_DISABLE_IPV6;
}

/* No keep-alive of libwebsockets' own: lines_look asks already, and for each sign of life it would put a timer into a
 * list in order, which takes longer the more connections there are. */
static const lws_retry_bo_t no_keepalive = { 0 };

static struct lws_context_creation_info common_info(const struct lws_protocols *protocols)
{
    return (struct lws_context_creation_info){
        .protocols = protocols,
        .server_string = "kinroom",
        .gid = -1,
        .uid = -1,
        .timeout_secs = HANDSHAKE_WITHIN_S,
        .timeout_secs_ah_idle = IDLE_MOST_S,
        .keepalive_timeout = IDLE_MOST_S,
        .retry_and_idle_policy = &no_keepalive,
        /* HTTP/2 stays off: its WebSockets (RFC 8441) would come in past the checks of CONFIRM_UPGRADE. */
        .alpn = "http/1.1",
        .options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND,
    };
}

/* Tickets resume a session, and hold it themselves (RFC 5077, RFC 8446 4.6.1): nothing is kept for it here. Buffers are
 * let go when they are empty by libwebsockets' own choice (SSL_MODE_RELEASE_BUFFERS). */
void listeners_spare_memory(void *ssl_ctx)
{
    SSL_CTX_set_session_cache_mode(ssl_ctx, SSL_SESS_CACHE_OFF);
}

static enum status listen_tls(struct listeners *l, const struct config *config, const struct lws_protocols *protocols,
                              const struct log *log)
{
    struct lws_context_creation_info info = common_info(protocols);
    info.vhost_name = "tls";
    info.headers = pages_headers_tls();
    info.ssl_cert_filepath = config->certificate;
    info.ssl_private_key_filepath = config->key;
    info.ssl_options_set = (long)(SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1 | SSL_OP_NO_RENEGOTIATION);
    info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    set_listener(&info, config->listen, config->https_port);
    l->tls = lws_create_vhost(l->context, &info);
    if (l->tls)
        return OK;
    log_error(log, "cannot serve https on %s port %u: is the port taken, and do certificate and key fit?",
              config->listen, config->https_port);
    return ERR_SYSTEM;
}

static enum status listen_plain(struct listeners *l, const struct config *config, const struct lws_protocols *protocols,
                                const struct log *log)
{
    if (config->http_port == 0)
        return OK;
    struct lws_context_creation_info info = common_info(protocols);
    info.vhost_name = "plain";
    info.headers = pages_headers_plain();
    set_listener(&info, "127.0.0.1", config->http_port);
    l->plain = lws_create_vhost(l->context, &info);
    if (l->plain)
        return OK;
    log_error(log, "cannot serve http on 127.0.0.1 port %u: is the port taken?", config->http_port);
    return ERR_SYSTEM;
}

enum status listeners_open(struct listeners *l, const struct config *config, const struct lws_protocols *protocols,
                           uv_loop_t *loop, void *user, const struct log *log)
{
    /* Errors only: its warnings are about peers' bytes, and a peer could fill the log with them. */
    lws_set_log_level(LLL_ERR, lws_line);
    struct lws_context_creation_info info = common_info(protocols);
    info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_LIBUV;
    info.user = user;
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.pt_serv_buf_size = READ_BYTES;
    info.foreign_loops = (void *[]){ loop };
    info.pcontext = &l->context;
    l->context = lws_create_context(&info);
    if (!l->context) {
        log_error(log, "libwebsockets cannot start: is its part for libuv there (Debian: libwebsockets-evlib-uv)?");
        return ERR_SYSTEM;
    }
    TRY(listen_tls(l, config, protocols, log));
    return listen_plain(l, config, protocols, log);
}
