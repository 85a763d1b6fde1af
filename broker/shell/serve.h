/* serve.h - the whole server put together: files read, the store opened and the ledger recovered, scribe, shards and
 * front made, started, and stopped by a signal. */
#pragma once

#include "auth/keyring.h"
#include "shell/config.h"
#include "shell/plan_file.h"
#include "shell/site.h"
#include "shell/webhook.h"

/* What the configuration's files hold. */
struct material {
    struct keyring *keyring;
    struct keyring *clerks_keyring; /* the same once more: one is for one thread */
    struct plan_list plans;         /* of the `plan` option, if there is one */
    struct site *site;              /* the pages */
    struct webhook_key webhook_key; /* len 0 without one */
    struct bytes smtp_password;     /* empty without one */
    struct bytes turn_secret;       /* the same */
};

/* Reads and checks everything that can be checked without binding a port. */
enum status material_load(const struct config *, struct material *, struct problem *);
void material_deinit(struct material *);
/* Into the log: what works, and still should not stay as it is. */
void material_warn(const struct config *, const struct log *);

/* Runs until SIGTERM or SIGINT. The process's exit code. */
int serve(const struct config *, const struct material *);
