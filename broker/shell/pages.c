#include "shell/pages.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ERR_STATE OPENSSL_ERR_STATE /* OpenSSL has a type of our constant's name */
#include <libwebsockets.h>
#undef ERR_STATE

#include "shell/site.h"

enum { HEADERS_MAX = 2048 };

/* libwebsockets wants names with their colon, in lower case. Each entry points at the one after it. */
static const struct lws_protocol_vhost_options headers[] = {
    { &headers[1], NULL, "strict-transport-security:", "max-age=31536000" },
    { &headers[2], NULL, "x-content-type-options:", "nosniff" },
    { NULL, NULL, "referrer-policy:", "no-referrer" },
};

/* What binds a document, and all that it loads. */
static const struct {
    const char *name, *value;
} document_headers[] = {
    { "content-security-policy:",
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
      "media-src 'self' blob:; font-src 'self'; manifest-src 'self'; worker-src 'self'; object-src 'none'; "
      "frame-ancestors 'none'; base-uri 'none'; form-action 'self'; require-trusted-types-for 'script'; "
      "trusted-types 'none'" },
    { "cross-origin-opener-policy:", "same-origin" },
    { "permissions-policy:", "camera=(self), microphone=(self), display-capture=(self)" },
};

const struct lws_protocol_vhost_options *pages_headers_tls(void)
{
    return &headers[0];
}
const struct lws_protocol_vhost_options *pages_headers_plain(void)
{
    return &headers[1];
}

static bool add_header(struct lws *wsi, const char *name, const char *value, uint8_t **at, uint8_t *end)
{
    return lws_add_http_header_by_name(wsi, (const uint8_t *)name, (const uint8_t *)value, (int)strlen(value), at,
                                       end) == 0;
}

bool pages_add_document_headers(struct lws *wsi, uint8_t **at, uint8_t *end)
{
    for (size_t i = 0; i < sizeof document_headers / sizeof *document_headers; i++)
        if (!add_header(wsi, document_headers[i].name, document_headers[i].value, at, end))
            return false;
    return true;
}

/* A whole response in one write: it is less than any socket buffer. */
static int answer(struct lws *wsi, unsigned status, const char *body, bool head)
{
    static const char cache[] = "no-store", version[] = "13";
    uint8_t buffer[LWS_PRE + 2048], *start = buffer + LWS_PRE, *at = start, *end = buffer + sizeof buffer;
    size_t len = strlen(body);
    if (lws_add_http_common_headers(wsi, status, "text/plain", len, &at, end) ||
        !pages_add_document_headers(wsi, &at, end) ||
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

/* Whether the client takes gzip, with whatever weight but none (RFC 9110 12.5.3). */
static bool takes_gzip(struct lws *wsi)
{
    char text[256];
    if (lws_hdr_copy(wsi, text, sizeof text, WSI_TOKEN_HTTP_ACCEPT_ENCODING) <= 0)
        return false;
    const char *name = strstr(text, "gzip");
    if (!name)
        return false;
    float weight = 1;
    sscanf(name + 4, " ; q = %f", &weight);
    return weight > 0;
}

/* Whether the client has these very bytes (RFC 9110 13.1.2). Tags hold no commas and no quotes within. */
static bool has_it(struct lws *wsi, const struct site_file *file)
{
    char text[512];
    if (lws_hdr_copy(wsi, text, sizeof text, WSI_TOKEN_HTTP_IF_NONE_MATCH) <= 0)
        return false;
    return strcmp(text, "*") == 0 || strstr(text, file->tag + 2); /* a weak comparison: without W/ */
}

/* Pages are never kept. The rest is asked for anew each time, so that a page never meets a script of another version,
 * and comes again only when it changed. */
static bool write_file_headers(struct lws *wsi, const struct site_file *file, unsigned status, size_t len, bool packed,
                               uint8_t **at, uint8_t *end)
{
    return lws_add_http_common_headers(wsi, status, file->mimetype, len, at, end) == 0 &&
           (file->is_part || pages_add_document_headers(wsi, at, end)) &&
           add_header(wsi, "cache-control:", file->is_page ? "no-store" : "no-cache", at, end) &&
           add_header(wsi, "etag:", file->tag, at, end) &&
           (file->packed.len == 0 || add_header(wsi, "vary:", "accept-encoding", at, end)) &&
           (!packed || add_header(wsi, "content-encoding:", "gzip", at, end)) &&
           lws_finalize_http_header(wsi, at, end) == 0;
}

/* In one write: libwebsockets keeps what the socket does not take at once. */
static int serve_file(struct lws *wsi, const struct site_file *file, bool head)
{
    bool unchanged = has_it(wsi, file), packed = file->packed.len > 0 && takes_gzip(wsi);
    struct bytes body = packed ? file->packed : file->plain;
    size_t room = HEADERS_MAX + (head || unchanged ? 0 : body.len);
    uint8_t *buffer = malloc(LWS_PRE + room);
    if (!buffer)
        return -1;
    uint8_t *start = buffer + LWS_PRE, *at = start;
    int written = -1;
    /* The length is that of what a 200 would bring, also without it (RFC 9110 8.6). */
    if (write_file_headers(wsi, file, unchanged ? HTTP_STATUS_NOT_MODIFIED : HTTP_STATUS_OK, body.len,
                           packed && !unchanged, &at, start + HEADERS_MAX)) {
        if (room > HEADERS_MAX) {
            memcpy(at, body.at, body.len);
            at += body.len;
        }
        written = lws_write(wsi, start, (size_t)(at - start), LWS_WRITE_HTTP_HEADERS);
    }
    free(buffer);
    return written < 0 || lws_http_transaction_completed(wsi) ? -1 : 0;
}

int pages_serve(struct lws *wsi, const struct site *site, const char *uri, bool ready)
{
    bool head = lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) > 0;
    if (!head && lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) <= 0) {
        /* Closed rather than completed: a body that nobody reads may follow. */
        answer(wsi, HTTP_STATUS_METHOD_NOT_ALLOWED, "only GET and HEAD\n", false);
        return -1;
    }
    if (strcmp(uri, "/healthz") == 0)
        return answer_and_complete(wsi, HTTP_STATUS_OK, "ok\n", head);
    if (strcmp(uri, "/readyz") == 0)
        return ready ? answer_and_complete(wsi, HTTP_STATUS_OK, "ready\n", head)
                     : answer_and_complete(wsi, HTTP_STATUS_SERVICE_UNAVAILABLE,
                                           "not ready: what happens can't be recorded, so nobody is let in\n", head);
    const struct site_file *file = site_find(site, uri);
    return file ? serve_file(wsi, file, head) : answer_and_complete(wsi, HTTP_STATUS_NOT_FOUND, "not found\n", head);
}
