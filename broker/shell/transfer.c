#include "shell/transfer.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell/url.h"

#define CONNECT_WITHIN_MS 5000L
#define END_WITHIN_MS 15000L
#define KEPT_CONNECTIONS 16L

struct transfers {
    CURLM *multi;
};

struct transfer {
    CURLM *multi;
    CURL *easy;
    void *owner;
    struct curl_slist *headers, *recipients;
    uint8_t *content; /* what is to be sent, or what has come */
    size_t len, max;
    size_t sent; /* of a mail */
    bool is_http;
};

enum status transfers_create(struct transfers **created)
{
    struct transfers *ts = calloc(1, sizeof *ts);
    if (!ts)
        return ERR_NO_MEMORY;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(ts);
        return ERR_SYSTEM;
    }
    ts->multi = curl_multi_init();
    if (!ts->multi || curl_multi_setopt(ts->multi, CURLMOPT_MAXCONNECTS, KEPT_CONNECTIONS) != CURLM_OK) {
        transfers_destroy(ts);
        return ERR_NO_MEMORY;
    }
    *created = ts;
    return OK;
}

void transfers_destroy(struct transfers *ts)
{
    if (!ts)
        return;
    curl_multi_cleanup(ts->multi);
    curl_global_cleanup();
    free(ts);
}

void transfer_destroy(struct transfer *t)
{
    if (!t)
        return;
    if (t->easy)
        curl_multi_remove_handle(t->multi, t->easy);
    curl_easy_cleanup(t->easy);
    curl_slist_free_all(t->headers);
    curl_slist_free_all(t->recipients);
    if (t->content)
        bytes_wipe(t->content, t->len);
    free(t->content);
    free(t);
}

/* ---- Bytes ---- */

static size_t drop(char *at, size_t size, size_t count, void *context)
{
    (void)at, (void)context;
    return size * count;
}

/* Fewer than came ends the transfer. */
static size_t keep(char *at, size_t size, size_t count, void *context)
{
    struct transfer *t = context;
    size_t len = size * count;
    if (len > t->max - t->len)
        return 0;
    memcpy(t->content + t->len, at, len);
    t->len += len;
    return len;
}

static size_t give(char *at, size_t size, size_t count, void *context)
{
    struct transfer *t = context;
    size_t room = size * count, left = t->len - t->sent, len = left < room ? left : room;
    memcpy(at, t->content + t->sent, len);
    t->sent += len;
    return len;
}

static bool add_line(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (longer)
        *list = longer;
    return longer != NULL;
}

/* ---- Setting up ---- */

#define SET(t, option, value) (curl_easy_setopt((t)->easy, option, value) == CURLE_OK)

/* This machine is never asked for by way of a proxy, whatever the environment names. */
static bool set_common(struct transfer *t, const char *url, const struct url *parts)
{
    return SET(t, CURLOPT_URL, url) && SET(t, CURLOPT_PRIVATE, (void *)t) && SET(t, CURLOPT_NOSIGNAL, 1L) &&
           SET(t, CURLOPT_PROTOCOLS_STR, parts->scheme) && SET(t, CURLOPT_FOLLOWLOCATION, 0L) &&
           SET(t, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_WITHIN_MS) && SET(t, CURLOPT_TIMEOUT_MS, END_WITHIN_MS) &&
           SET(t, CURLOPT_USERAGENT, "kinroom") && SET(t, CURLOPT_WRITEFUNCTION, drop) &&
           (!parts->is_loopback || SET(t, CURLOPT_NOPROXY, "*"));
}

static bool set_post(struct transfer *t, const struct transfer_post *post)
{
    for (size_t i = 0; i < TRANSFER_HEADERS_MAX && post->headers[i]; i++)
        if (!add_line(&t->headers, post->headers[i]))
            return false;
    return SET(t, CURLOPT_POST, 1L) && SET(t, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->len) &&
           SET(t, CURLOPT_POSTFIELDS, (void *)t->content) && SET(t, CURLOPT_HTTPHEADER, t->headers);
}

static bool set_account(struct transfer *t, const struct transfer_mail *mail)
{
    return !mail->user[0] || (SET(t, CURLOPT_USERNAME, mail->user) && SET(t, CURLOPT_PASSWORD, mail->password));
}

/* What a mail server on this machine shows for a certificate proves nothing, and guards nothing either. */
static bool set_tls(struct transfer *t, const struct url *parts)
{
    if (!parts->is_loopback)
        return SET(t, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
    return SET(t, CURLOPT_USE_SSL, (long)CURLUSESSL_TRY) && SET(t, CURLOPT_SSL_VERIFYPEER, 0L) &&
           SET(t, CURLOPT_SSL_VERIFYHOST, 0L);
}

static bool set_mail(struct transfer *t, const struct transfer_mail *mail, const struct url *parts)
{
    return add_line(&t->recipients, mail->to) && SET(t, CURLOPT_MAIL_FROM, mail->from) &&
           SET(t, CURLOPT_MAIL_RCPT, t->recipients) && SET(t, CURLOPT_UPLOAD, 1L) &&
           SET(t, CURLOPT_READFUNCTION, give) && SET(t, CURLOPT_READDATA, (void *)t) &&
           SET(t, CURLOPT_FORBID_REUSE, 1L) && set_account(t, mail) && set_tls(t, parts);
}

static bool set_fetch(struct transfer *t)
{
    return add_line(&t->headers, "Accept: application/json") && SET(t, CURLOPT_HTTPHEADER, t->headers) &&
           SET(t, CURLOPT_WRITEFUNCTION, keep) && SET(t, CURLOPT_WRITEDATA, (void *)t);
}

/* Room for `max` bytes, of which `content` are there already. */
static enum status make(struct transfers *ts, const char *url, struct bytes content, size_t max, void *owner,
                        struct url *parts, struct transfer **made)
{
    struct transfer *t = calloc(1, sizeof *t);
    if (!t)
        return ERR_NO_MEMORY;
    *t = (struct transfer){ .multi = ts->multi, .owner = owner, .len = content.len, .max = max };
    t->easy = curl_easy_init();
    t->content = malloc(max + 1);
    if (!t->easy || !t->content || !url_parse(url, parts) || !set_common(t, url, parts)) {
        t->len = 0;
        transfer_destroy(t);
        return ERR_SYSTEM;
    }
    if (content.len > 0)
        memcpy(t->content, content.at, content.len);
    t->is_http = strncmp(parts->scheme, "http", 4) == 0;
    *made = t;
    return OK;
}

/* Takes the transfer. */
static enum status set_out(struct transfer *t, bool is_set, struct transfer **started)
{
    if (is_set && curl_multi_add_handle(t->multi, t->easy) == CURLM_OK) {
        *started = t;
        return OK;
    }
    transfer_destroy(t);
    return ERR_SYSTEM;
}

enum status transfers_post(struct transfers *ts, const struct transfer_post *post, void *owner,
                           struct transfer **started)
{
    struct transfer *t;
    struct url parts;
    TRY(make(ts, post->url, post->body, post->body.len, owner, &parts, &t));
    return set_out(t, set_post(t, post), started);
}

enum status transfers_mail(struct transfers *ts, const struct transfer_mail *mail, void *owner,
                           struct transfer **started)
{
    struct transfer *t;
    struct url parts;
    TRY(make(ts, mail->url, mail->text, mail->text.len, owner, &parts, &t));
    return set_out(t, set_mail(t, mail, &parts), started);
}

enum status transfers_fetch(struct transfers *ts, const char *url, size_t max, void *owner, struct transfer **started)
{
    struct transfer *t;
    struct url parts;
    TRY(make(ts, url, (struct bytes){ 0 }, max, owner, &parts, &t));
    return set_out(t, set_fetch(t), started);
}

/* ---- Ending ---- */

static struct transfer_end end_of(struct transfer *t, CURLcode code)
{
    struct transfer_end end = { .transfer = t, .owner = t->owner, .cache_control = "" };
    struct curl_header *header;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &end.status);
    end.taken = code == CURLE_OK && (!t->is_http || end.status / 100 == 2);
    if (code != CURLE_OK)
        snprintf(end.words, sizeof end.words, "%s", curl_easy_strerror(code));
    else if (!end.taken)
        snprintf(end.words, sizeof end.words, "the answer is %ld", end.status);
    if (t->is_http && curl_easy_header(t->easy, "Cache-Control", 0, CURLH_HEADER, -1, &header) == CURLHE_OK)
        end.cache_control = header->value;
    end.content = (struct bytes){ t->content, t->len };
    return end;
}

bool transfers_step(struct transfers *ts, struct transfer_end *end)
{
    int count;
    curl_multi_perform(ts->multi, &count);
    for (CURLMsg *message; (message = curl_multi_info_read(ts->multi, &count));) {
        char *t = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &t);
        *end = end_of((struct transfer *)(void *)t, code);
        return true;
    }
    return false;
}

void transfers_wait(struct transfers *ts, int timeout_ms)
{
    curl_multi_poll(ts->multi, NULL, 0, timeout_ms, NULL);
}

void transfers_wake(void *context)
{
    struct transfers *ts = context;
    curl_multi_wakeup(ts->multi);
}
