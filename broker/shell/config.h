/* config.h - what an operator can set: one table, read from a file ("name = value", # comments) and the command line
 * ("--name value").
 *
 * A problem is plain words that name the line and the remedy. */
#pragma once

#include "base/address.h"
#include "base/codec.h"
#include "base/log.h"
#include "base/status.h"
#include "transport/gcm.h"

enum {
    CONFIG_TEXT_MAX = 255,
    CONFIG_LIST_MAX = 8,
    CONFIG_SHARDS_MAX = 64,
    CONFIG_OPTIONS_MAX = 48,
    CONFIG_PROBLEM_MAX = 400,
};

struct config_texts {
    char text[CONFIG_LIST_MAX][CONFIG_TEXT_MAX + 1];
    size_t count;
};

struct config_addresses {
    struct address at[CONFIG_LIST_MAX]; /* ports are zero */
    size_t count;
};

/* How links and codes come to people. */
enum delivery_way {
    DELIVERY_BY_NONE = 0,
    DELIVERY_BY_SMTP,
    DELIVERY_BY_WEBHOOK,
    DELIVERY_BY_OUTBOX, /* not at all: the API shows them, for a trial */
};

struct config {
    char listen[CONFIG_TEXT_MAX + 1];
    uint32_t https_port, http_port; /* http_port 0: off */
    char certificate[CONFIG_TEXT_MAX + 1], key[CONFIG_TEXT_MAX + 1];
    struct config_texts origins;
    char web_root[CONFIG_TEXT_MAX + 1];
    char token_keys[CONFIG_TEXT_MAX + 1], issuer[CONFIG_TEXT_MAX + 1];
    char plan[CONFIG_TEXT_MAX + 1];
    char store[CONFIG_TEXT_MAX + 1], clinic[CONFIG_TEXT_MAX + 1];
    char clinic_name[CONFIG_TEXT_MAX + 1], clinic_phone[CONFIG_TEXT_MAX + 1], clinic_logo[CONFIG_TEXT_MAX + 1];
    uint32_t udp_port, shards;
    enum gcm_engine gcm_engine; /* 0: the faster that is there */
    struct config_addresses media, advertise;
    struct codec_choice video_codecs;
    struct config_texts turn_urls;
    char turn_secret_file[CONFIG_TEXT_MAX + 1];
    uint32_t connections_max, connections_per_address, rooms_max;
    enum log_level log_level;
    enum delivery_way delivery;
    char delivery_url[CONFIG_TEXT_MAX + 1];
    char smtp_url[CONFIG_TEXT_MAX + 1], smtp_from[CONFIG_TEXT_MAX + 1];
    char smtp_user[CONFIG_TEXT_MAX + 1], smtp_password_file[CONFIG_TEXT_MAX + 1];
    char webhook_url[CONFIG_TEXT_MAX + 1], webhook_secret_file[CONFIG_TEXT_MAX + 1];
    char oidc_issuer[CONFIG_TEXT_MAX + 1], oidc_audience[CONFIG_TEXT_MAX + 1];
    char oidc_jwks[CONFIG_TEXT_MAX + 1];   /* a URL or a path */
    uint32_t given_at[CONFIG_OPTIONS_MAX]; /* the file's line that set each option, for telling of a second one */
};

struct problem {
    char text[CONFIG_PROBLEM_MAX];
};

void config_init(struct config *); /* every default */
/* A whole file; `name` is for the problem. Failing leaves *config partly read: do not use it. */
enum status config_read(struct config *, const char *name, struct bytes text, struct problem *);
/* One option. The problem has no line in it. */
enum status config_set(struct config *, const char *name, const char *value, struct problem *);
/* What no single option can tell: what is missing, what does not go together. */
enum status config_check(const struct config *, struct problem *);
/* The table in words, for --help; NUL-terminated, through the writer. */
void config_help(struct writer *);
