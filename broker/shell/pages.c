#include "shell/pages.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <libwebsockets.h>

/* libwebsockets wants names with their colon, in lower case. Each entry points at the one after it. */
static const struct lws_protocol_vhost_options headers[] = {
    { &headers[1], NULL, "strict-transport-security:", "max-age=31536000" },
    { &headers[2], NULL, "content-security-policy:",
      "default-src 'self'; connect-src 'self'; img-src 'self' data:; media-src 'self' blob:; style-src 'self'; "
      "script-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'" },
    { &headers[3], NULL, "x-content-type-options:", "nosniff" },
    { &headers[4], NULL, "referrer-policy:", "no-referrer" },
    { &headers[5], NULL, "cross-origin-opener-policy:", "same-origin" },
    { NULL, NULL, "permissions-policy:", "camera=(self), microphone=(self), display-capture=(self)" },
};

const struct lws_protocol_vhost_options *pages_headers_tls(void)
{
    return &headers[0];
}
const struct lws_protocol_vhost_options *pages_headers_plain(void)
{
    return &headers[1];
}

static const struct {
    const char *suffix, *mimetype;
} mimetypes[] = {
    { ".html", "text/html; charset=utf-8" },
    { ".css", "text/css; charset=utf-8" },
    { ".js", "text/javascript; charset=utf-8" },
    { ".mjs", "text/javascript; charset=utf-8" },
    { ".json", "application/json" },
    { ".webmanifest", "application/manifest+json" },
    { ".svg", "image/svg+xml" },
    { ".png", "image/png" },
    { ".ico", "image/x-icon" },
    { ".jpg", "image/jpeg" },
    { ".webp", "image/webp" },
    { ".woff2", "font/woff2" },
    { ".mp3", "audio/mpeg" },
    { ".wav", "audio/wav" },
    { ".txt", "text/plain; charset=utf-8" },
};

/* A file of a type that is not in the table is not served. */
static const char *mimetype_of(const char *path)
{
    const char *suffix = strrchr(path, '.');
    for (size_t i = 0; suffix && i < sizeof mimetypes / sizeof *mimetypes; i++)
        if (strcmp(mimetypes[i].suffix, suffix) == 0)
            return mimetypes[i].mimetype;
    return NULL;
}

/* Only plain names, none of which begins with a dot: so no path leads out of the web root. libwebsockets has decoded
 * percent signs. */
static bool is_plain(const char *uri)
{
    if (uri[0] != '/')
        return false;
    for (const char *at = uri; *at; at++) {
        bool letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9');
        if (!letter && !strchr("/._-", *at))
            return false;
        if (*at == '/' && (at[1] == '.' || at[1] == '/'))
            return false;
    }
    return true;
}

/* A whole response in one write: it is less than any socket buffer. */
static int answer(struct lws *wsi, unsigned status, const char *body, bool head)
{
    static const char cache[] = "no-store", version[] = "13";
    uint8_t buffer[LWS_PRE + 2048], *start = buffer + LWS_PRE, *at = start, *end = buffer + sizeof buffer;
    size_t len = strlen(body);
    if (lws_add_http_common_headers(wsi, status, "text/plain", len, &at, end) ||
        lws_add_http_header_by_token(wsi, WSI_TOKEN_HTTP_CACHE_CONTROL, (const uint8_t *)cache, sizeof cache - 1, &at,
                                     end) ||
        /* RFC 6455 4.2.2: a refusal of a version names the one that would do. */
        (status == PAGES_UPGRADE_REQUIRED &&
         lws_add_http_header_by_name(wsi, (const uint8_t *)"sec-websocket-version:", (const uint8_t *)version,
                                     sizeof version - 1, &at, end)) ||
        lws_finalize_http_header(wsi, &at, end) || (size_t)(end - at) < len)
        return -1;
    if (!head) {
        memcpy(at, body, len);
        at += len;
    }
    return lws_write(wsi, start, (size_t)(at - start), LWS_WRITE_HTTP_HEADERS) < 0 ? -1 : 0;
}

static int answer_and_complete(struct lws *wsi, unsigned status, const char *body, bool head)
{
    return answer(wsi, status, body, head) < 0 || lws_http_transaction_completed(wsi) ? -1 : 0;
}

int pages_refuse_upgrade(struct lws *wsi, unsigned status)
{
    return answer(wsi, status, "refused\n", false) < 0 ? -1 : 1;
}

static bool is_file(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISREG(about.st_mode);
}

static int serve_file(struct lws *wsi, const char *path, const char *mimetype)
{
    bool page = strncmp(mimetype, "text/html", 9) == 0;
    /* Pages are never kept; the rest is asked for anew each time, so that a page never meets a script of another
     * version. */
    const char *cache = page ? "cache-control: no-store\r\n" : "cache-control: no-cache\r\n";
    int n = lws_serve_http_file(wsi, path, mimetype, cache, (int)strlen(cache));
    /* Negative: failed. Positive: all sent, and the transaction is over. Zero: libwebsockets goes on by itself. */
    return n < 0 || (n > 0 && lws_http_transaction_completed(wsi)) ? -1 : 0;
}

int pages_serve(struct lws *wsi, const char *web_root, const char *uri)
{
    bool head = lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) > 0;
    if (!head && lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) <= 0) {
        /* Closed rather than completed: a body that nobody reads may follow. */
        answer(wsi, HTTP_STATUS_METHOD_NOT_ALLOWED, "only GET and HEAD\n", false);
        return -1;
    }
    if (strcmp(uri, "/healthz") == 0)
        return answer_and_complete(wsi, HTTP_STATUS_OK, "ok\n", head);
    char path[PATH_MAX];
    const char *end = *uri && uri[strlen(uri) - 1] == '/' ? "index.html" : "";
    int len = snprintf(path, sizeof path, "%s%s%s", web_root, uri, end);
    const char *mimetype = mimetype_of(path);
    if (!is_plain(uri) || len < 0 || (size_t)len >= sizeof path || !mimetype || !is_file(path))
        return answer_and_complete(wsi, HTTP_STATUS_NOT_FOUND, "not found\n", head);
    return serve_file(wsi, path, mimetype);
}
