#include "shell/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/terms.h"
#include "shell/mail.h"
#include "shell/url.h"

enum option_type { NUMBER, TEXT, TEXTS, ADDRESSES, CODECS, LEVEL, WAY, ENGINE };

struct option {
    const char *name;
    enum option_type type;
    size_t offset;
    uint32_t least, most; /* of a NUMBER */
    const char *fallback;
    const char *help;
};

#define FIELD(field) offsetof(struct config, field)

static const struct option options[] = {
    { "listen", TEXT, FIELD(listen), 0, 0, "::", "address for https; '::' is every address, '0.0.0.0' every IPv4 one" },
    { "https-port", NUMBER, FIELD(https_port), 1, 65535, "8443", "TCP port for https and wss" },
    { "http-port", NUMBER, FIELD(http_port), 0, 65535, "0",
      "TCP port on 127.0.0.1 for a reverse proxy that does TLS and buffers request bodies; 0 is off" },
    { "certificate", TEXT, FIELD(certificate), 0, 0, "", "PEM file with the web certificate and its chain" },
    { "key", TEXT, FIELD(key), 0, 0, "", "PEM file with the certificate's private key" },
    { "origins", TEXTS, FIELD(origins), 0, 0, "",
      "origins whose pages may connect, as browsers send them, such as https://rooms.example.org; commas between" },
    { "web-root", TEXT, FIELD(web_root), 0, 0, "web", "folder with the pages" },
    { "token-keys", TEXT, FIELD(token_keys), 0, 0, "",
      "JWK or JWKS file with the keys that admission tokens are signed with" },
    { "issuer", TEXT, FIELD(issuer), 0, 0, "kinroom", "issuer that admission tokens must name" },
    { "plan", TEXT, FIELD(plan), 0, 0, "",
      "JSON file with sessions, their people and their grants, taken into the store at start" },
    { "store", TEXT, FIELD(store), 0, 0, "kinroom.db",
      "file that keeps sessions, grants and the ledger; made when it is not there" },
    { "clinic", TEXT, FIELD(clinic), 0, 0, "clinic", "the clinic's opaque id, which a store keeps for good" },
    { "clinic-name", TEXT, FIELD(clinic_name), 0, 0, "", "the clinic's name, as people read it on the pages" },
    { "clinic-phone", TEXT, FIELD(clinic_phone), 0, 0, "", "number at which people can call the clinic" },
    { "clinic-logo", TEXT, FIELD(clinic_logo), 0, 0, "", "its logo, an .svg or a .png of at most 256 kB" },
    { "udp-port", NUMBER, FIELD(udp_port), 1, 65535, "40000",
      "port for media, by UDP and, where a network lets none through, by TCP; shard n uses this plus n" },
    { "media-addresses", ADDRESSES, FIELD(media), 0, 0, "127.0.0.1,::1",
      "IP addresses of this machine at which media arrives, IPv4 and IPv6, the best first; commas between" },
    { "advertise-addresses", ADDRESSES, FIELD(advertise), 0, 0, "",
      "IP addresses that clients are told in place of 'media-addresses', where a NAT leads from one to the other, port "
      "by port; with the inner ones too, if some clients are inside" },
    { "turn-urls", TEXTS, FIELD(turn_urls), 0, 0, "",
      "TURN server for networks that pass neither, such as turn:turn.example.org?transport=udp, "
      "turns:turn.example.org:443?transport=tcp" },
    { "turn-secret-file", TEXT, FIELD(turn_secret_file), 0, 0, "",
      "file with the secret that the TURN server knows as well (coturn's static-auth-secret)" },
    { "video-codecs", CODECS, FIELD(video_codecs), 0, 0, "vp8,h264,vp9,av1",
      "video codecs that may be used, the first being what browsers send if they have it; vp8 or h264 must be among "
      "them. Some browsers lack h264, vp9 or av1: whose browser lacks what another's sends can't see them" },
    { "shards", NUMBER, FIELD(shards), 0, CONFIG_SHARDS_MAX, "0",
      "threads that run rooms, each with a media port; 0 is one for each processor" },
    { "aes-gcm", ENGINE, FIELD(gcm_engine), 0, 0, "auto",
      "what encrypts media: auto is libipsec-mb, where it is installed and the processor can, else OpenSSL; or "
      "openssl" },
    { "connections-max", NUMBER, FIELD(connections_max), 1, 100000, "2000", "WebSocket connections at once" },
    { "connections-per-address", NUMBER, FIELD(connections_per_address), 1, 100000, "32",
      "of these, from one IPv4 address or IPv6 /64" },
    { "rooms-max", NUMBER, FIELD(rooms_max), 1, 100000, "500", "sessions that one shard holds" },
    { "delivery", WAY, FIELD(delivery), 0, 0, "none",
      "how people get their links and codes: none, smtp, webhook (to 'delivery-url'), or outbox (shown by the API to "
      "who "
      "may read deliveries: for a trial)" },
    { "delivery-url", TEXT, FIELD(delivery_url), 0, 0, "",
      "where the clinic's system takes deliveries, signed with 'webhook-secret-file'; https, or http to this machine" },
    { "smtp-url", TEXT, FIELD(smtp_url), 0, 0, "",
      "mail server, such as smtp://mail.example.org:587 (with STARTTLS) or smtps://mail.example.org" },
    { "smtp-from", TEXT, FIELD(smtp_from), 0, 0, "", "mail address that mails come from" },
    { "smtp-user", TEXT, FIELD(smtp_user), 0, 0, "", "name to sign in to the mail server with; none: without" },
    { "smtp-password-file", TEXT, FIELD(smtp_password_file), 0, 0, "", "file with its password" },
    { "webhook-url", TEXT, FIELD(webhook_url), 0, 0, "",
      "where each row of the ledger is posted as an event, from the first start with it on; https, or http to this "
      "machine" },
    { "webhook-secret-file", TEXT, FIELD(webhook_secret_file), 0, 0, "",
      "file with the secret that both webhooks are signed with (Standard Webhooks): whsec_ and the base64 of 24 to 64 "
      "bytes" },
    { "oidc-issuer", TEXT, FIELD(oidc_issuer), 0, 0, "",
      "identity provider at which staff sign in, as its tokens name it" },
    { "oidc-audience", TEXT, FIELD(oidc_audience), 0, 0, "", "audience that these tokens must name" },
    { "oidc-jwks", TEXT, FIELD(oidc_jwks), 0, 0, "",
      "the provider's keys (JWKS): an https URL, an http one of this machine, or a file, which is read again twice a "
      "minute" },
    { "log-level", LEVEL, FIELD(log_level), 0, 0, "info", "debug, info, warning or error" },
};

enum { OPTIONS = sizeof options / sizeof *options };
_Static_assert((int)OPTIONS <= (int)CONFIG_OPTIONS_MAX, "given_at has a place for each option");

#define PROBLEM(problem, ...) (snprintf((problem)->text, sizeof(problem)->text, __VA_ARGS__), ERR_MALFORMED)

/* ---- One value of each type ---- */

static enum status set_number(const struct option *o, void *field, const char *value, struct problem *problem)
{
    char *end = NULL;
    unsigned long number = strtoul(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end || strlen(value) > 9 || number < o->least || number > o->most)
        return PROBLEM(problem, "'%s' must be a number from %u to %u, not '%.60s'", o->name, o->least, o->most, value);
    *(uint32_t *)field = (uint32_t)number;
    return OK;
}

static enum status set_text(const struct option *o, void *field, const char *value, struct problem *problem)
{
    if (strlen(value) > CONFIG_TEXT_MAX)
        return PROBLEM(problem, "'%s' is longer than %d characters", o->name, CONFIG_TEXT_MAX);
    strcpy(field, value);
    return OK;
}

static enum status set_level(const struct option *o, void *field, const char *value, struct problem *problem)
{
    for (enum log_level level = LOG_LEVEL_DEBUG; level <= LOG_LEVEL_ERROR; level++)
        if (strcmp(value, log_level_name(level)) == 0) {
            *(enum log_level *)field = level;
            return OK;
        }
    return PROBLEM(problem, "'%s' must be debug, info, warning or error, not '%.60s'", o->name, value);
}

static enum status set_engine(const struct option *o, void *field, const char *value, struct problem *problem)
{
    bool openssl = strcmp(value, "openssl") == 0;
    if (!openssl && strcmp(value, "auto") != 0)
        return PROBLEM(problem, "'%s' must be auto or openssl, not '%.60s'", o->name, value);
    *(enum gcm_engine *)field = openssl ? GCM_EVP : (enum gcm_engine)0;
    return OK;
}

static enum status set_way(const struct option *o, void *field, const char *value, struct problem *problem)
{
    static const char *const ways[] = {
        [DELIVERY_BY_NONE] = "none",
        [DELIVERY_BY_SMTP] = "smtp",
        [DELIVERY_BY_WEBHOOK] = "webhook",
        [DELIVERY_BY_OUTBOX] = "outbox",
    };
    for (size_t way = 0; way < sizeof ways / sizeof *ways; way++)
        if (strcmp(ways[way], value) == 0) {
            *(enum delivery_way *)field = (enum delivery_way)way;
            return OK;
        }
    return PROBLEM(problem, "'%s' must be none, smtp, webhook or outbox, not '%.60s'", o->name, value);
}

/* Takes the next item of a comma-separated list into `item`, spaces around it left out. False when the list is over. */
static bool next_item(const char **list, char item[static CONFIG_TEXT_MAX + 1])
{
    while (**list == ' ' || **list == ',')
        (*list)++;
    size_t len = strcspn(*list, ",");
    const char *at = *list;
    *list += len;
    while (len > 0 && at[len - 1] == ' ')
        len--;
    if (len > CONFIG_TEXT_MAX)
        len = CONFIG_TEXT_MAX;
    memcpy(item, at, len);
    item[len] = 0;
    return len > 0;
}

static enum status set_texts(const struct option *o, void *field, const char *value, struct problem *problem)
{
    struct config_texts texts = { 0 };
    char item[CONFIG_TEXT_MAX + 1];
    while (next_item(&value, item)) {
        if (texts.count == CONFIG_LIST_MAX)
            return PROBLEM(problem, "'%s' takes at most %d entries", o->name, CONFIG_LIST_MAX);
        strcpy(texts.text[texts.count++], item);
    }
    *(struct config_texts *)field = texts;
    return OK;
}

static enum status set_addresses(const struct option *o, void *field, const char *value, struct problem *problem)
{
    struct config_addresses addresses = { 0 };
    char item[CONFIG_TEXT_MAX + 1];
    while (next_item(&value, item)) {
        if (addresses.count == CONFIG_LIST_MAX)
            return PROBLEM(problem, "'%s' takes at most %d entries", o->name, CONFIG_LIST_MAX);
        if (!address_parse_ip(item, &addresses.at[addresses.count++]))
            return PROBLEM(problem, "'%s' takes IP addresses such as 192.0.2.1 or 2001:db8::1, not '%.60s'", o->name,
                           item);
    }
    *(struct config_addresses *)field = addresses;
    return OK;
}

static enum status set_codecs(const struct option *o, void *field, const char *value, struct problem *problem)
{
    struct codec_choice choice = { .count = 0 };
    char item[CONFIG_TEXT_MAX + 1];
    while (next_item(&value, item)) {
        enum codec codec = codec_parse(bytes_of(item));
        if (!codec_is_video(codec) || codec_choice_has(&choice, codec))
            return PROBLEM(problem, "'%s' takes vp8, h264, vp9 and av1, each at most once, not '%.60s'", o->name, item);
        choice.at[choice.count++] = codec;
    }
    if (!codec_choice_has(&choice, CODEC_VP8) && !codec_choice_has(&choice, CODEC_H264))
        return PROBLEM(problem, "'%s' must have vp8 or h264 in it: each browser has at least one of these", o->name);
    *(struct codec_choice *)field = choice;
    return OK;
}

static enum status set_option(struct config *config, const struct option *o, const char *value, struct problem *problem)
{
    static enum status (*const set[])(const struct option *, void *, const char *, struct problem *) = {
        [NUMBER] = set_number, [TEXT] = set_text,   [TEXTS] = set_texts, [ADDRESSES] = set_addresses,
        [CODECS] = set_codecs, [LEVEL] = set_level, [WAY] = set_way,     [ENGINE] = set_engine,
    };
    return set[o->type](o, (char *)config + o->offset, value, problem);
}

/* ---- The table ---- */

static const struct option *option_find(const char *name)
{
    for (size_t i = 0; i < OPTIONS; i++)
        if (strcmp(options[i].name, name) == 0)
            return &options[i];
    return NULL;
}

void config_init(struct config *config)
{
    struct problem problem;
    *config = (struct config){ 0 };
    for (size_t i = 0; i < OPTIONS; i++)
        set_option(config, &options[i], options[i].fallback, &problem);
}

enum status config_set(struct config *config, const char *name, const char *value, struct problem *problem)
{
    const struct option *o = option_find(name);
    if (!o)
        return PROBLEM(problem, "there is no option '%.60s'; 'kinroom help' lists them", name);
    return set_option(config, o, value, problem);
}

void config_help(struct writer *w)
{
    for (size_t i = 0; i < OPTIONS; i++) {
        const struct option *o = &options[i];
        write_format(w, "  --%-24s %s", o->name, o->help);
        if (o->fallback[0])
            write_format(w, " (%s)", o->fallback);
        write_text(w, "\n");
    }
    write_u8(w, 0);
}

/* ---- The file ---- */

static char *trim(char *text)
{
    while (*text == ' ' || *text == '\t')
        text++;
    size_t len = strlen(text);
    while (len > 0 && strchr(" \t\r", text[len - 1]))
        text[--len] = 0;
    return text;
}

static enum status read_line(struct config *config, char *line, uint32_t number, struct problem *problem)
{
    /* A comment begins a line, or follows a space: a value may hold '#'. */
    char *comment = line[0] == '#' ? line : strstr(line, " #");
    if (comment)
        *comment = 0;
    char *name = trim(line), *equals = strchr(name, '=');
    if (!*name || *name == '#')
        return OK;
    if (!equals)
        return PROBLEM(problem, "'%.60s' has no '='; write: name = value", name);
    *equals = 0;
    name = trim(name);
    const struct option *o = option_find(name);
    if (o && config->given_at[o - options])
        return PROBLEM(problem, "'%s' was already given on line %u; keep one", name, config->given_at[o - options]);
    TRY(config_set(config, name, trim(equals + 1), problem));
    config->given_at[o - options] = number;
    return OK;
}

enum status config_read(struct config *config, const char *name, struct bytes text, struct problem *problem)
{
    enum { LINE_MAX_BYTES = 2048 };
    uint32_t number = 0;
    while (text.len > 0) {
        const uint8_t *end = memchr(text.at, '\n', text.len);
        size_t len = end ? (size_t)(end - text.at) : text.len;
        char line[LINE_MAX_BYTES + 1];
        struct problem inner;
        number++;
        if (len > LINE_MAX_BYTES || memchr(text.at, 0, len))
            return PROBLEM(problem, "%s, line %u: not a line of text", name, number);
        memcpy(line, text.at, len);
        line[len] = 0;
        enum status status = read_line(config, line, number, &inner);
        if (status != OK) {
            snprintf(problem->text, sizeof problem->text, "%.120s, line %u: %.250s", name, number, inner.text);
            return status;
        }
        size_t used = end ? len + 1 : len;
        text = (struct bytes){ text.at + used, text.len - used };
    }
    return OK;
}

/* ---- The whole ---- */

/* As RFC 6454 6.2 writes it and browsers send it: scheme, host, port unless it is the scheme's own; nothing behind. */
static bool is_origin(const char *text)
{
    const char *host = strncmp(text, "https://", 8) == 0  ? text + 8
                       : strncmp(text, "http://", 7) == 0 ? text + 7
                                                          : NULL;
    return host && *host && !strpbrk(host, "/?#@ ABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

static bool is_every(const struct address *address)
{
    static const uint8_t zero[16];
    return memcmp(address->ip, zero, sizeof zero) == 0;
}

/* Of the kinds that no client can send to, or only one on the same wire: what to do about it, or NULL. */
static const char *unreachable(const struct address *address)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    const uint8_t *ip = address->ip;
    if (address->family == ADDRESS_IPV4)
        return ip[0] >= 224 ? "it is no machine's own (multicast or reserved); name one of this machine" : NULL;
    if (memcmp(ip, mapped, sizeof mapped) == 0)
        return "write it as the IPv4 address that it is";
    if (ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80)
        return "it is link-local, which browsers don't reach; name a global or unique local address";
    return ip[0] == 0xff ? "it is no machine's own (multicast); name one of this machine" : NULL;
}

/* What holds for either list. */
static enum status check_addresses(const char *name, const struct config_addresses *list, struct problem *problem)
{
    for (size_t i = 0; i < list->count; i++) {
        char text[ADDRESS_TEXT_MAX];
        const char *remedy = unreachable(&list->at[i]);
        if (remedy)
            return PROBLEM(problem, "'%s' holds %s: %s", name, address_ip_text(&list->at[i], text), remedy);
        for (size_t j = 0; j < i; j++)
            if (address_equal(&list->at[i], &list->at[j]))
                return PROBLEM(problem, "'%s' holds %s twice; keep one", name, address_ip_text(&list->at[i], text));
    }
    return OK;
}

static enum status check_media(const struct config *config, struct problem *problem)
{
    bool wildcard[3] = { false };
    size_t of_family[3] = { 0 };
    if (config->media.count == 0)
        return PROBLEM(problem, "'media-addresses' is empty; name the IP address at which clients send media");
    TRY(check_addresses("media-addresses", &config->media, problem));
    TRY(check_addresses("advertise-addresses", &config->advertise, problem));
    for (size_t i = 0; i < config->media.count; i++) {
        const struct address *address = &config->media.at[i];
        of_family[address->family]++;
        wildcard[address->family] |= is_every(address);
        if (is_every(address) && config->advertise.count == 0)
            return PROBLEM(problem, "'media-addresses' is every address, which clients can't send to; name the ones "
                                    "that they use, or say in 'advertise-addresses' where they find them");
        if (wildcard[address->family] && of_family[address->family] > 1)
            return PROBLEM(problem,
                           "'media-addresses' holds every address of a family and another one of it; name each "
                           "one, without 0.0.0.0 or ::");
    }
    for (size_t i = 0; i < config->advertise.count; i++)
        if (is_every(&config->advertise.at[i]) || !of_family[config->advertise.at[i].family])
            return PROBLEM(problem,
                           "'advertise-addresses' holds an address whose family 'media-addresses' does not serve");
    return OK;
}

/* Media comes by TCP as well, on the ports of UDP. */
static enum status check_ports(const struct config *config, struct problem *problem)
{
    uint32_t first = config->udp_port, last = first + config->shards - 1;
    if (last > 65535)
        return PROBLEM(problem, "'udp-port' plus 'shards' goes past port 65535; choose a lower port");
    if (config->http_port == config->https_port)
        return PROBLEM(problem, "'http-port' and 'https-port' are the same; choose two");
    const struct {
        const char *name;
        uint32_t port;
    } others[] = { { "https-port", config->https_port }, { "http-port", config->http_port } };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (others[i].port >= first && others[i].port <= last)
            return PROBLEM(problem,
                           "'%s' is %u, which 'udp-port' takes for media (from %u to %u), by TCP too; choose another",
                           others[i].name, others[i].port, first, last);
    return OK;
}

/* What is posted or fetched in the clear stays on this machine. */
static enum status check_http(const char *name, const char *value, struct problem *problem)
{
    struct url url;
    if (url_parse(value, &url) &&
        (strcmp(url.scheme, "https") == 0 || (strcmp(url.scheme, "http") == 0 && url.is_loopback)))
        return OK;
    return PROBLEM(problem,
                   "'%s' must be an https URL (or http to 127.0.0.1, [::1] or localhost) without a user or a '#', not "
                   "'%.60s'",
                   name, value);
}

static enum status check_smtp(const struct config *config, struct problem *problem)
{
    struct url url;
    if (!url_parse(config->smtp_url, &url) || (strcmp(url.scheme, "smtp") != 0 && strcmp(url.scheme, "smtps") != 0))
        return PROBLEM(problem, "'smtp-url' must be smtp://HOST:587 or smtps://HOST, without a user, not '%.60s'",
                       config->smtp_url);
    if (!mail_is_address(config->smtp_from))
        return PROBLEM(problem, "'smtp-from' must be a plain mail address such as calls@example.org, not '%.60s'",
                       config->smtp_from);
    if (!config->smtp_user[0] != !config->smtp_password_file[0])
        return PROBLEM(problem, "'%s' is missing: 'smtp-user' and 'smtp-password-file' go together",
                       config->smtp_user[0] ? "smtp-password-file" : "smtp-user");
    return OK;
}

static enum status check_webhooks(const struct config *config, struct problem *problem)
{
    bool delivers = config->delivery == DELIVERY_BY_WEBHOOK;
    if (delivers)
        TRY(check_http("delivery-url", config->delivery_url, problem));
    if (config->webhook_url[0])
        TRY(check_http("webhook-url", config->webhook_url, problem));
    if ((delivers || config->webhook_url[0]) && !config->webhook_secret_file[0])
        return PROBLEM(problem, "'webhook-secret-file' is missing: a webhook is signed; this makes one: "
                                "echo whsec_$(openssl rand -base64 32)");
    return OK;
}

static enum status check_oidc(const struct config *config, struct problem *problem)
{
    bool given = config->oidc_issuer[0] || config->oidc_audience[0] || config->oidc_jwks[0];
    if (given && !(config->oidc_issuer[0] && config->oidc_audience[0] && config->oidc_jwks[0]))
        return PROBLEM(problem, "'%s' is missing: oidc-issuer, oidc-audience and oidc-jwks go together",
                       !config->oidc_issuer[0]     ? "oidc-issuer"
                       : !config->oidc_audience[0] ? "oidc-audience"
                                                   : "oidc-jwks");
    return strstr(config->oidc_jwks, "://") ? check_http("oidc-jwks", config->oidc_jwks, problem) : OK;
}

static enum status check_turn(const struct config *config, struct problem *problem)
{
    for (size_t i = 0; i < config->turn_urls.count; i++)
        if (!url_is_turn(config->turn_urls.text[i]))
            return PROBLEM(problem,
                           "'turn-urls' takes URLs such as turn:turn.example.org:3478?transport=udp or "
                           "turns:turn.example.org:443?transport=tcp, not '%.60s'",
                           config->turn_urls.text[i]);
    if (!config->turn_urls.count != !config->turn_secret_file[0])
        return PROBLEM(problem, "'%s' is missing: 'turn-urls' and 'turn-secret-file' go together",
                       config->turn_urls.count ? "turn-secret-file" : "turn-urls");
    return OK;
}

static enum status check_others(const struct config *config, struct problem *problem)
{
    if (config->delivery == DELIVERY_BY_SMTP)
        TRY(check_smtp(config, problem));
    TRY(check_webhooks(config, problem));
    TRY(check_turn(config, problem));
    return check_oidc(config, problem);
}

enum status config_check(const struct config *config, struct problem *problem)
{
    static const struct {
        size_t offset;
        const char *name, *remedy;
    } needed[] = {
        { FIELD(certificate), "certificate", "for a trial, certs/make-dev-certs.sh makes one" },
        { FIELD(key), "key", "for a trial, certs/make-dev-certs.sh makes one" },
        { FIELD(token_keys), "token-keys", "'kinroom token key' makes one" },
        { FIELD(issuer), "issuer", "name who signs admission tokens" },
        { FIELD(store), "store", "name the file that keeps sessions and the ledger" },
        { FIELD(web_root), "web-root", "name the folder with the pages" },
    };
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!*((const char *)config + needed[i].offset))
            return PROBLEM(problem, "'%s' is missing: %s", needed[i].name, needed[i].remedy);
    struct address address;
    struct id clinic;
    if (!id_parse(bytes_of(config->clinic), &clinic))
        return PROBLEM(problem, "'clinic' must be " ID_RULE ", unlike '%.60s'", config->clinic);
    if (!address_parse_ip(config->listen, &address))
        return PROBLEM(problem, "'listen' must be an IP address, not '%.60s'", config->listen);
    if (config->origins.count == 0)
        return PROBLEM(problem, "'origins' is missing: name the address of the pages, such as https://localhost:%u",
                       config->https_port);
    for (size_t i = 0; i < config->origins.count; i++)
        if (!is_origin(config->origins.text[i]))
            return PROBLEM(problem,
                           "'origins' takes scheme, host and port, such as https://rooms.example.org, not '%.60s'",
                           config->origins.text[i]);
    TRY(check_ports(config, problem));
    TRY(check_others(config, problem));
    return check_media(config, problem);
}
