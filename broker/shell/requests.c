#include "shell/requests.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

#define ERR_STATE OPENSSL_ERR_STATE /* OpenSSL has a type of our constant's name */
#include <libwebsockets.h>
#undef ERR_STATE

#include "api/admin.h"
#include "auth/device_proof.h"
#include "auth/service_token.h"
#include "shell/call.h"
#include "shell/caller.h"
#include "shell/clerk.h"
#include "shell/host.h"
#include "shell/pages.h"

enum {
    DONE_WITHIN_S = 15,     /* the whole of it, from its headers to its answer */
    DRAINED_MOST = 1 << 20, /* of a body that is too large: so that its sender hears why */
    TARGET_MAX = 256,       /* longer paths lead nowhere */
    QUERY_MAX = 512,
    AUTHORIZATION_MAX = 3072, /* staff's tokens have OIDC_TOKEN_MAX at most */
    ORIGIN_MAX = 256,
    FETCH_SITE_MAX = 31,
    COOKIES_MAX = 2048, /* all that a browser sends with one request */
    HEADERS_MAX = 2048, /* of an answer */
    DATE_MAX = 32,
    /* Of all places, those of strangers, who show no service token and so need not be anybody; and of one address. */
    STRANGERS_MOST = CLERK_CALLS / 2,
    STRANGERS_PER_ADDRESS = 4,
};
#define SLOW_AFTER_US (5 * USEC_PER_SEC) /* a body is one packet, or a few */

#define BEARER "Bearer "

struct pending {
    struct lws *wsi; /* NULL: a free place */
    client_id id;
    bool stranger;
    bool counted; /* by address */
    struct address from;
    usec_t came, asked;  /* when its headers were there, and the whole of it */
    usec_t silent_until; /* no answer is written before */
    bool silent;         /* the timer is the one of that moment */
    /* What api_request borrows. */
    const char *method;
    char path[TARGET_MAX + 1], query[QUERY_MAX + 1], authorization[AUTHORIZATION_MAX + 1];
    char proof[DEVICE_PROOF_MAX + 1], origin[ORIGIN_MAX + 1];
    char fetch_site[FETCH_SITE_MAX + 1], cookie[ADMIN_SECRET_LEN + 1];
    char key[API_KEY_MAX + 2], content_type[128]; /* a key that is too long stays so */
    uint8_t *body;
    size_t len, expected;
    bool whole;          /* libwebsockets says so of a body without bytes, too */
    bool handed;         /* over, once */
    int refusal;         /* answered with this once the body is in; 0: none */
    struct note *answer; /* once there is one */
};

struct requests {
    const struct keyring *keyring;
    const char *issuer;
    struct queue *to_clerk;
    uint64_t serial;
    struct pending at[CLERK_CALLS];
};

enum status requests_create(struct requests **created, const struct keyring *keyring, const char *issuer)
{
    struct requests *r = calloc(1, sizeof *r);
    if (!r)
        return ERR_NO_MEMORY;
    r->keyring = keyring;
    r->issuer = issuer;
    *created = r;
    return OK;
}

static void release(struct pending *p)
{
    if (p->body)
        bytes_wipe(p->body, p->expected);
    free(p->body);
    note_destroy(p->answer);
    bytes_wipe(p, sizeof *p);
    *p = (struct pending){ 0 };
}

void requests_destroy(struct requests *r)
{
    for (size_t i = 0; r && i < CLERK_CALLS; i++)
        release(&r->at[i]);
    free(r);
}

void requests_connect(struct requests *r, struct queue *to_clerk)
{
    r->to_clerk = to_clerk;
}

static bool begins(const char *uri, const char *with)
{
    return strncmp(uri, with, strlen(with)) == 0;
}

static bool is_join(const char *uri)
{
    return begins(uri, "/join/");
}

bool requests_are_at(const char *uri)
{
    return is_join(uri) || begins(uri, "/texts/") || begins(uri, "/api/") || begins(uri, "/fhir/") ||
           strcmp(uri, "/fhir") == 0 || strcmp(uri, "/admin/session") == 0;
}

static struct pending *find(struct requests *r, const struct lws *wsi)
{
    for (size_t i = 0; i < CLERK_CALLS; i++)
        if (r->at[i].wsi == wsi)
            return &r->at[i];
    return NULL;
}

void requests_forget(struct requests *r, struct lws *wsi)
{
    struct pending *p = find(r, wsi);
    if (p)
        release(p);
}

/* ---- Reading ---- */

static const char *method_of(struct lws *wsi)
{
    static const struct {
        enum lws_token_indexes token;
        const char *name;
    } methods[] = {
        { WSI_TOKEN_GET_URI, "GET" },         { WSI_TOKEN_POST_URI, "POST" },   { WSI_TOKEN_PUT_URI, "PUT" },
        { WSI_TOKEN_DELETE_URI, "DELETE" },   { WSI_TOKEN_PATCH_URI, "PATCH" }, { WSI_TOKEN_HEAD_URI, "HEAD" },
        { WSI_TOKEN_OPTIONS_URI, "OPTIONS" },
    };
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (lws_hdr_total_length(wsi, methods[i].token) > 0)
            return methods[i].name;
    return "?";
}

static bool brings_body(const char *method)
{
    return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 || strcmp(method, "PATCH") == 0;
}

/* What is too long for its place is left out whole: no half of a token or of an address is ever looked at. */
static void take_header(struct lws *wsi, enum lws_token_indexes token, char *to, int size)
{
    if (lws_hdr_total_length(wsi, token) >= size || lws_hdr_copy(wsi, to, size, token) < 0)
        *to = 0;
}

static void take_query(struct lws *wsi, char query[QUERY_MAX + 1])
{
    char part[QUERY_MAX + 1];
    struct writer w = writer_over((uint8_t *)query, QUERY_MAX + 1);
    for (int i = 0; lws_hdr_copy_fragment(wsi, part, sizeof part, WSI_TOKEN_HTTP_URI_ARGS, i) > 0; i++)
        write_format(&w, "%s%s", i ? "&" : "", part);
    if (w.bad)
        strcpy(query, "too-long");
}

/* Empty when it is not given. One that is too long is given as one that is just too long, which the API refuses. */
static void take_key(struct lws *wsi, char key[API_KEY_MAX + 2])
{
    static const char name[] = "idempotency-key:";
    int len = lws_hdr_custom_length(wsi, name, sizeof name - 1);
    *key = 0;
    if (len > API_KEY_MAX) {
        memset(key, 'x', API_KEY_MAX + 1);
        key[API_KEY_MAX + 1] = 0;
    } else if (len > 0 && lws_hdr_custom_copy(wsi, key, API_KEY_MAX + 2, name, sizeof name - 1) < 0) {
        *key = 0;
    }
}

/* One that can't be kept is given as the one that is nobody's (RFC 6454 7.1): an origin there is never taken for none.
 */
static void take_origin(struct lws *wsi, char origin[ORIGIN_MAX + 1])
{
    take_header(wsi, WSI_TOKEN_ORIGIN, origin, ORIGIN_MAX + 1);
    if (!*origin && lws_hdr_total_length(wsi, WSI_TOKEN_ORIGIN) > 0)
        strcpy(origin, "null");
}

static void take_proof(struct lws *wsi, char proof[DEVICE_PROOF_MAX + 1])
{
    static const char name[] = "dpop:";
    int len = lws_hdr_custom_length(wsi, name, sizeof name - 1);
    if (len <= 0 || len > DEVICE_PROOF_MAX ||
        lws_hdr_custom_copy(wsi, proof, DEVICE_PROOF_MAX + 1, name, sizeof name - 1) < 0)
        *proof = 0;
}

/* The browser's word on whose page asks. What does not fit is none of the words that there are. */
static void take_fetch_site(struct lws *wsi, char word[FETCH_SITE_MAX + 1])
{
    static const char name[] = "sec-fetch-site:";
    int len = lws_hdr_custom_length(wsi, name, sizeof name - 1);
    *word = 0;
    if (len > 0 &&
        (len > FETCH_SITE_MAX || lws_hdr_custom_copy(wsi, word, FETCH_SITE_MAX + 1, name, sizeof name - 1) < 0))
        strcpy(word, "?");
}

/* The one that signs an admin in, if it is there once and whole (RFC 6265 4.2.1). */
static void take_cookie(struct lws *wsi, char secret[ADMIN_SECRET_LEN + 1])
{
    static const char name[] = ADMIN_COOKIE "=";
    char all[COOKIES_MAX + 1];
    take_header(wsi, WSI_TOKEN_HTTP_COOKIE, all, sizeof all);
    *secret = 0;
    for (char *at = all; *at; at += strspn(at, "; ")) {
        size_t len = strcspn(at, ";");
        if (strncmp(at, name, sizeof name - 1) == 0) {
            size_t value = len - (sizeof name - 1);
            bool good = !*secret && value == ADMIN_SECRET_LEN;
            memcpy(secret, good ? at + sizeof name - 1 : "?", good ? value : 1);
            secret[good ? value : 1] = 0;
        }
        at += len;
    }
    bytes_wipe(all, sizeof all);
}

/* Its Content-Length; 0 without a body. Sets the refusal of what can't be read. */
static size_t length_of(struct lws *wsi, struct pending *p)
{
    char text[24] = "", *end = NULL;
    int len = lws_hdr_copy(wsi, text, sizeof text, WSI_TOKEN_HTTP_CONTENT_LENGTH);
    unsigned long long length = len > 0 ? strtoull(text, &end, 10) : 0;
    if (len > 0 && (text[0] < '0' || text[0] > '9' || *end || len > 18))
        p->refusal = 411;
    else if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0 || (len <= 0 && brings_body(p->method)))
        p->refusal = 411;
    else if (length > API_BODY_MAX)
        p->refusal = 413;
    return (size_t)length;
}

static void read_headers(struct lws *wsi, struct pending *p, const char *uri)
{
    p->method = method_of(wsi);
    if (strlen(uri) <= TARGET_MAX)
        strcpy(p->path, uri);
    take_query(wsi, p->query);
    take_header(wsi, WSI_TOKEN_HTTP_AUTHORIZATION, p->authorization, sizeof p->authorization);
    take_header(wsi, WSI_TOKEN_HTTP_CONTENT_TYPE, p->content_type, sizeof p->content_type);
    take_proof(wsi, p->proof);
    take_origin(wsi, p->origin);
    take_fetch_site(wsi, p->fetch_site);
    take_cookie(wsi, p->cookie);
    take_key(wsi, p->key);
    p->expected = length_of(wsi, p);
}

/* ---- Writing ---- */

static struct note *refusal_note(int status)
{
    struct api_response response;
    api_refuse(status, &response);
    struct note *note = answer_pack(&response);
    api_response_deinit(&response);
    return note;
}

static bool add_header(struct lws *wsi, const char *name, const char *value, uint8_t **at, uint8_t *end)
{
    return !*value || lws_add_http_header_by_name(wsi, (const uint8_t *)name, (const uint8_t *)value,
                                                  (int)strlen(value), at, end) == 0;
}

/* RFC 9110 6.6.1. A page whose machine's clock is wrong learns ours by it, for the next proof of its device. */
static void write_date(char date[DATE_MAX])
{
    time_t now = (time_t)now_unix_s(host_now());
    struct tm utc;
    strftime(date, DATE_MAX, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &utc));
}

static bool write_headers(struct lws *wsi, const struct answer *a, bool last, uint8_t **at, uint8_t *end)
{
    char length[24] = "", date[DATE_MAX];
    struct writer w = writer_over((uint8_t *)length, sizeof length);
    write_date(date);
    if (a->status != 204) /* RFC 9110 8.6 */
        write_format(&w, "%zu", a->body.len);
    return lws_add_http_header_status(wsi, (unsigned)a->status, at, end) == 0 &&
           pages_add_document_headers(wsi, at, end) && add_header(wsi, "date:", date, at, end) &&
           add_header(wsi, "content-type:", a->content_type, at, end) &&
           add_header(wsi, "content-length:", length, at, end) &&
           add_header(wsi, "cache-control:", "no-store", at, end) &&
           add_header(wsi, "location:", a->location, at, end) && add_header(wsi, "allow:", a->allow, at, end) &&
           add_header(wsi, "set-cookie:", a->cookie, at, end) &&
           add_header(wsi, "connection:", last ? "close" : "", at, end) &&
           add_header(wsi, "retry-after:", a->status == 429 || a->status == 503 ? "1" : "", at, end) &&
           add_header(wsi, "www-authenticate:", a->status == 401 ? "Bearer" : "", at, end) &&
           lws_finalize_http_header(wsi, at, end) == 0;
}

/* Headers and body in one write, of which libwebsockets keeps what the socket does not take. */
static int write_answer(struct lws *wsi, const struct answer *a, bool head, bool last)
{
    uint8_t *buffer = malloc(LWS_PRE + HEADERS_MAX + a->body.len);
    int written = -1;
    if (!buffer)
        return -1;
    uint8_t *start = buffer + LWS_PRE, *at = start;
    if (write_headers(wsi, a, last, &at, start + HEADERS_MAX)) {
        if (!head && a->body.len > 0) {
            memcpy(at, a->body.at, a->body.len);
            at += a->body.len;
        }
        written = lws_write(wsi, start, (size_t)(at - start), LWS_WRITE_HTTP_HEADERS);
    }
    bytes_wipe(buffer, LWS_PRE + HEADERS_MAX + a->body.len);
    free(buffer);
    return written < 0 ? -1 : 0;
}

/* At once, on a connection that ends with it: nobody reads what may follow, and no place is held for it. */
static void turn_away(struct lws *wsi, int status)
{
    struct note *note = refusal_note(status);
    struct answer answer;
    if (note && answer_unpack(note, &answer) == OK)
        write_answer(wsi, &answer, strcmp(method_of(wsi), "HEAD") == 0, true);
    note_destroy(note);
}

/* ---- Handing over ---- */

/* The one timer of a connection: first for the moment of a refusal, then for the end of its time. */
static void set_timer(struct pending *p)
{
    usec_t now = host_now().mono_us, until = p->came + DONE_WITHIN_S * USEC_PER_SEC;
    p->silent = now < p->silent_until;
    if (p->silent)
        until = p->silent_until;
    lws_set_timer_usecs(p->wsi, (lws_usec_t)(now < until ? until - now : 1));
}

/* Takes the note. What refuses a link waits for its moment, which is counted from when all was said: else whoever holds
 * back their last byte would see how long the answer was looked for. */
static void put_answer(struct pending *p, struct note *note)
{
    struct answer answer;
    p->answer = note;
    if (is_join(p->path) && answer_unpack(note, &answer) == OK && answer.status >= 400 && answer.status < 500)
        p->silent_until = p->asked + CALLER_REFUSED_AFTER_US;
    set_timer(p);
    lws_callback_on_writable(p->wsi);
}

static int answer_here(struct pending *p, int status)
{
    struct note *note = refusal_note(status);
    if (!note)
        return -1;
    p->asked = host_now().mono_us;
    put_answer(p, note);
    return 0;
}

static int hand_over(struct requests *r, struct pending *p)
{
    struct api_request request = {
        .method = p->method,
        .path = p->path,
        .query = p->query,
        .authorization = p->authorization,
        .proof = p->proof,
        .origin = p->origin,
        .fetch_site = p->fetch_site,
        .cookie = p->cookie,
        .idempotency_key = p->key,
        .content_type = p->content_type,
        .body = { p->body, p->len },
    };
    struct letter letter = { .kind = LETTER_CALL, .client = p->id, .note = call_pack(&request) };
    enum status status = letter.note ? queue_push(r->to_clerk, &letter, 0) : ERR_NO_MEMORY;
    letter_wipe(&letter);
    p->handed = true;
    p->asked = host_now().mono_us;
    return status == OK ? 0 : answer_here(p, 503);
}

/* ---- Places ---- */

/* Staff's own tokens, which somebody else signed, are not looked at here: they share the places with everybody. */
static bool shows_service_token(const struct requests *r, struct lws *wsi)
{
    char header[AUTHORIZATION_MAX + 1];
    struct service_claims ignored;
    take_header(wsi, WSI_TOKEN_HTTP_AUTHORIZATION, header, sizeof header);
    bool good = strncasecmp(header, BEARER, strlen(BEARER)) == 0 &&
                service_token_verify(r->keyring, r->issuer, bytes_of(header + strlen(BEARER)), now_unix_s(host_now()),
                                     &ignored) == OK;
    bytes_wipe(header, sizeof header);
    return good;
}

static bool is_neighbour(const struct pending *p, const struct address *from)
{
    return p->wsi && p->stranger && p->counted && from && address_is_neighbour(&p->from, from);
}

/* Strangers' places; 0 where addresses are not counted. */
static size_t places_of(const struct requests *r, const struct address *from)
{
    size_t count = 0;
    for (size_t i = 0; i < CLERK_CALLS; i++)
        count += is_neighbour(&r->at[i], from);
    return count;
}

/* Why there is no place for one more, as a status; 0: there is one. */
static int place_refusal(const struct requests *r, bool stranger, const struct address *from)
{
    size_t all = 0, strangers = 0;
    for (size_t i = 0; i < CLERK_CALLS; i++) {
        const struct pending *p = &r->at[i];
        all += p->wsi != NULL;
        strangers += p->wsi && p->stranger;
    }
    if (stranger && places_of(r, from) >= STRANGERS_PER_ADDRESS)
        return 429;
    return all == CLERK_CALLS || (stranger && strangers >= STRANGERS_MOST) ? 503 : 0;
}

/* Who has not said all yet gives way to a stranger who finds no place: at once if their address has many and the
 * newcomer's few, as with arrivals.h, else after a while. So bodies that drip keep nobody out. NULL: nobody has to. */
static struct pending *slowest(struct requests *r, const struct address *from, bool of_neighbours)
{
    struct pending *found = NULL;
    size_t most = 0;
    for (size_t i = 0; i < CLERK_CALLS; i++) {
        struct pending *p = &r->at[i];
        if (!p->wsi || !p->stranger || p->whole || p->handed || (of_neighbours && !is_neighbour(p, from)))
            continue;
        size_t has = p->counted ? places_of(r, &p->from) : 0;
        if (found && (has < most || (has == most && p->came >= found->came)))
            continue;
        found = p;
        most = has;
    }
    bool at_once = from && most > places_of(r, from) + 1;
    return found && (at_once || host_now().mono_us - found->came >= SLOW_AFTER_US) ? found : NULL;
}

/* libwebsockets then sees it end, whatever it was at. */
static void cut(struct pending *p)
{
    struct lws *wsi = p->wsi;
    release(p);
    shutdown(lws_get_socket_fd(wsi), SHUT_RDWR);
}

static int make_place(struct requests *r, bool stranger, const struct address *from)
{
    int refusal = place_refusal(r, stranger, from);
    struct pending *leaver = stranger && refusal ? slowest(r, from, refusal == 429) : NULL;
    if (!leaver)
        return refusal;
    cut(leaver);
    return place_refusal(r, stranger, from);
}

/* NULL after turning them away. */
static struct pending *take_place(struct requests *r, struct lws *wsi, const struct address *from)
{
    bool stranger = !shows_service_token(r, wsi);
    int refusal = make_place(r, stranger, from);
    if (refusal) {
        turn_away(wsi, refusal);
        return NULL;
    }
    struct pending *p = find(r, NULL);
    *p = (struct pending){ .wsi = wsi, .id = ++r->serial, .stranger = stranger, .counted = from != NULL };
    p->came = host_now().mono_us;
    if (from)
        p->from = *from;
    return p;
}

int requests_begin(struct requests *r, struct lws *wsi, const char *uri, const struct address *from)
{
    requests_forget(r, wsi);
    struct pending *p = take_place(r, wsi, from);
    if (!p)
        return -1;
    read_headers(wsi, p, uri);
    set_timer(p);
    if (p->refusal == 411 || p->expected > DRAINED_MOST) {
        /* A body whose end nobody knows, or nobody wants to see. */
        int refusal = p->refusal;
        release(p);
        turn_away(wsi, refusal);
        return -1;
    }
    if (p->expected == 0)
        return hand_over(r, p);
    if (!p->refusal && !(p->body = malloc(p->expected)))
        p->refusal = 503;
    return 0;
}

int requests_body(struct requests *r, struct lws *wsi, struct bytes piece)
{
    struct pending *p = find(r, wsi);
    if (!p)
        return -1;
    if (piece.len > p->expected - p->len)
        return -1;
    if (p->body)
        memcpy(p->body + p->len, piece.at, piece.len);
    p->len += piece.len;
    return 0;
}

/* Said again, it is of bytes behind the body: libwebsockets 4.1 would offer them for ever and serve nobody else
 * meanwhile, so whoever does not wait for the answer goes without (RFC 9112 9.3.2). */
int requests_whole(struct requests *r, struct lws *wsi)
{
    struct pending *p = find(r, wsi);
    if (!p || p->whole)
        return -1;
    p->whole = true;
    if (p->handed)
        return 0;
    return p->refusal ? answer_here(p, p->refusal) : hand_over(r, p);
}

int requests_write(struct requests *r, struct lws *wsi)
{
    struct pending *p = find(r, wsi);
    struct answer answer;
    if (!p || !p->answer || p->silent)
        return 0;
    int result = answer_unpack(p->answer, &answer) == OK
                     ? write_answer(wsi, &answer, strcmp(p->method, "HEAD") == 0, false)
                     : -1;
    release(p);
    return result < 0 || lws_http_transaction_completed(wsi) ? -1 : 0;
}

/* Each request sets the one timer of its connection anew, so this is about the one that is here, if any. */
int requests_timer(struct requests *r, struct lws *wsi)
{
    struct pending *p = find(r, wsi);
    if (!p)
        return 0;
    if (!p->silent)
        return -1;
    set_timer(p);
    lws_callback_on_writable(wsi);
    return 0;
}

void requests_deliver(struct requests *r, struct letter *letter)
{
    for (size_t i = 0; i < CLERK_CALLS; i++) {
        struct pending *p = &r->at[i];
        if (!p->wsi || p->id != letter->client || p->answer)
            continue;
        put_answer(p, letter->note);
        letter->note = NULL;
        return;
    }
}
