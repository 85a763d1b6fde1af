/* load.h - load for a server: rooms of synthetic people who send and receive media, and what the server made of it.
 *
 * load_run is the whole of it: participants come, media flows, it is measured, they go; one line of JSON on stdout,
 * progress on stderr. Which server it is decides the signalling. */
#pragma once

#include "load/signalling.h"

struct load_config {
    const char *url, *keys, *issuer, *ca; /* keys: a JWK file's path; ca: a PEM file's, NULL for the machine's own */
    bool insecure;                        /* any certificate will do */
    unsigned rooms, people, senders;      /* people and senders: of each room */
    unsigned video_kbps, fps;
    bool sound, feedback;
    double seconds, warmup_s;   /* measured, and before that */
    unsigned join_rate;         /* a second */
    unsigned joins;             /* viewers who join afterwards, one after the other, into running rooms */
    unsigned sample_every;      /* one received packet of so many is opened */
    unsigned server_pid;        /* 0: its costs are not asked for */
    bool search;                /* how many rooms it holds */
    unsigned latency_limit_ms;  /* p99 beyond which it does not, for the search */
    unsigned busy_limit;        /* percent of a processor; the same, of the server's busiest thread */
    const struct load_key *key; /* filled in by load_run */
};

/* The exit code: 0 when no packet was lost, each sampled one was opened, and all of what was to come came. */
int load_run(struct load_config, const struct signalling_ops *);
