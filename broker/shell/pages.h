/* pages.h - what plain HTTPS requests get: the files of the site, /healthz (it runs) and /readyz (it lets people in).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct lws;
struct site;
struct lws_protocol_vhost_options;

/* Headers of every response: over TLS, and for the listener behind a reverse proxy, which speaks plain HTTP and so must
 * not send Strict-Transport-Security (RFC 6797 7.2). */
const struct lws_protocol_vhost_options *pages_headers_tls(void);
const struct lws_protocol_vhost_options *pages_headers_plain(void);

/* And of every response of ours that a browser could show as a document (CSP Level 3, 4.2): all but the scripts, styles
 * and words that pages load, dozens of them at once. False: no room before end. */
bool pages_add_document_headers(struct lws *, uint8_t **at, uint8_t *end);

enum { PAGES_UPGRADE_REQUIRED = 426 }; /* RFC 9110 15.5.22; libwebsockets has no name for it */

/* Answers one request; the value is what the callback has to return. */
int pages_serve(struct lws *, const struct site *, const char *uri, bool ready);
/* Refuses a WebSocket; the value is what LWS_CALLBACK_HTTP_CONFIRM_UPGRADE has to return, after which libwebsockets
 * completes the transaction by itself, unlike elsewhere. */
int pages_refuse_upgrade(struct lws *, unsigned status);
