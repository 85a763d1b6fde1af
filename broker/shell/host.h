/* host.h - what the machine gives: the clocks, randomness, files, and stderr for the log. The only place that asks for
 * them. */
#pragma once

#include "base/clock.h"
#include "base/entropy.h"
#include "base/log.h"
#include "base/status.h"
#include "base/bytes.h"

/* Both clocks, read together: once a turn. */
struct now host_now(void);
/* What the calling thread has used of a processor, ever. */
usec_t host_thread_cpu_us(void);
/* How many this process may run on: at least 1. */
unsigned host_processors(void);
/* getrandom; ends the process when the kernel has none, as a guess would be worse. */
struct entropy host_entropy(void);
/* Lines to stderr: "2026-03-01T10:00:00.123Z info text", each in one write, so that threads never mix theirs. */
struct log host_log(enum log_level least);

/* The whole file, to be freed with host_file_free. ERR_UNKNOWN: not there; ERR_FORBIDDEN: may not be read; ERR_FULL:
 * over max; ERR_SYSTEM. */
enum status host_file_read(const char *path, size_t max, struct bytes *);
/* Whether anybody on this machine may read it. */
bool host_file_is_public(const char *path);
void host_file_free(struct bytes *); /* wiped first: it may hold a key */
