/* server.h - what a process on this machine has used so far, from /proc. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/status.h"

enum { SERVER_THREADS_MAX = 256 };

struct server_reading {
    struct {
        int id;
        usec_t cpu_us, waited_us;
    } threads[SERVER_THREADS_MAX];
    size_t thread_count;
    uint64_t memory_kb; /* proportional set size, or the resident set where that is hidden */
};

/* ERR_UNKNOWN: no such process, or not ours to look at. */
enum status server_read(unsigned pid, struct server_reading *);

struct server_use {
    usec_t cpu_us, busiest_us; /* of all threads, and of the one that ran most */
    usec_t waited_us;          /* that all were kept waiting for a core */
};
struct server_use server_between(const struct server_reading *before, const struct server_reading *after);
