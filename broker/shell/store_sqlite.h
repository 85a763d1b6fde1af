/* store_sqlite.h - the store (ledger/store.h) on one SQLite file, described in docs/STORE.md.
 *
 * WAL and synchronous=FULL: a call that wrote is on the disk when it returns. Files are made with mode 0600. */
#pragma once

#include "base/log.h"
#include "ledger/store.h"

/* The clinic's own store, made or brought up to date. Statuses as sqlite_open's; ERR_STATE also when it is another
 * clinic's. */
enum status store_sqlite_open(struct store **, const char *path, const struct id *clinic, const struct log *);
/* For reading only, beside a running server or after a crash. *clinic is what the file says. */
enum status store_sqlite_read(struct store **, const char *path, struct id *clinic, const struct log *);
