#include "load/load.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "load/crowd.h"
#include "load/server.h"
#include "load/socket.h"
#include "transport/gcm.h"

enum { FILES_MOST = 1 << 17 };
#define DRAIN_MOST_US USEC_PER_SEC
/* Short of this, a picture was held back or a stream never came, which no gap in numbers shows. */
#define DELIVERED_LEAST 98.0
#define OURSELVES_MOST 95.0

/* What one measurement found. */
struct found {
    double seconds;
    struct crowd_sums sums;
    usec_t media_cpu_us; /* our own media thread's */
    struct server_use ours;
    bool has_server;
    struct server_use use;
    uint64_t packets; /* that came while the server's time was taken */
};

struct run {
    const struct load_config *config;
    struct crowd crowd;
    uint64_t idle_kb, full_kb; /* the server's memory: before anybody came, and with everybody there */
    json_t *line;
};

/* ---- Measuring ---- */

static bool read_server(const struct run *run, struct server_reading *reading)
{
    return run->config->server_pid && server_read(run->config->server_pid, reading) == OK;
}

static uint64_t memory_kb(const struct run *run)
{
    struct server_reading reading;
    return read_server(run, &reading) ? reading.memory_kb : 0;
}

static usec_t usec_of(double seconds)
{
    return (usec_t)(seconds * (double)USEC_PER_SEC);
}

/* Senders stop before the packets are compared, so that the last ones have come, and their loss shows, too. */
static void measure(struct run *run, struct found *found)
{
    struct crowd *crowd = &run->crowd;
    struct server_reading before = { 0 }, after = { 0 }, ours_before = { 0 }, ours_after = { 0 };
    *found = (struct found){ 0 };
    crowd_reset(crowd);
    found->has_server = read_server(run, &before);
    server_read((unsigned)getpid(), &ours_before);
    usec_t cpu_us = media_cpu(crowd->media);
    uint64_t start_ns = socket_mono_ns();
    crowd_wait(crowd, usec_of(run->config->seconds));
    found->has_server &= read_server(run, &after);
    server_read((unsigned)getpid(), &ours_after);
    found->ours = server_between(&ours_before, &ours_after);
    found->seconds = (double)(socket_mono_ns() - start_ns) / 1e9;
    found->media_cpu_us = media_cpu(crowd->media) - cpu_us;
    found->use = server_between(&before, &after);
    crowd_sum(crowd, &found->sums);
    found->packets = found->sums.total.sums.packets;
    run->full_kb = memory_kb(run);
    crowd_stop(crowd);
    crowd_drain(crowd, DRAIN_MOST_US);
    crowd_sum(crowd, &found->sums);
}

static double percent(double part, double whole)
{
    return whole > 0 ? 100 * part / whole : 0;
}
static double delivered_percent(const struct found *f)
{
    const uint64_t *expected = f->sums.expected;
    return percent((double)tally_sums_media(&f->sums.total.sums),
                   (double)(expected[MEDIUM_SOUND] + expected[MEDIUM_PICTURE]));
}
static double busiest_percent(const struct found *f)
{
    return percent((double)f->use.busiest_us / 1e6, f->seconds);
}
static double our_percent(const struct found *f)
{
    return percent((double)f->media_cpu_us / 1e6, f->seconds);
}
/* Of the time that it wanted to run, how much of it somebody else ran. */
static double waited_percent(const struct server_use *use)
{
    return percent((double)use->waited_us, (double)(use->waited_us + use->cpu_us));
}
static double ms(usec_t us)
{
    return (double)us / 1000;
}

/* NULL: all is well. */
static const char *what_is_wrong(const struct found *f)
{
    const struct tally_sums *sums = &f->sums.total.sums;
    if (f->sums.sent.dropped > 0)
        return "our own sockets had no room: this machine is too slow to tell";
    if (f->sums.sent.late > 0)
        return "we were too late to send: this machine is too slow to tell";
    if (f->sums.sent.unsent > 0)
        return "packets could not be sent";
    if (tally_sums_lost(sums) > 0)
        return "packets were lost";
    if (sums->bad > 0)
        return "packets did not open, or held something else";
    if (sums->opened == 0)
        return "no packet was opened";
    if (delivered_percent(f) < DELIVERED_LEAST)
        return "less came than was sent: pictures were held back, or streams never came";
    return NULL;
}

/* ---- Telling ---- */

static json_t *times_of(const struct histogram *h)
{
    return json_pack("{s:I, s:f, s:f, s:f}", "count", (json_int_t)h->count, "p50", ms(histogram_quantile(h, 0.5)),
                     "p99", ms(histogram_quantile(h, 0.99)), "max", ms(h->most));
}

static void tell_shape(json_t *line, const struct run *run)
{
    const struct load_config *c = run->config;
    json_object_update_new(line, json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:b, s:b}", "signalling",
                                           run->crowd.ops->name, "rooms", (int)run->crowd.room_count, "people",
                                           (int)c->people, "senders", (int)c->senders, "video_kbps", (int)c->video_kbps,
                                           "fps", (int)c->fps, "sound", c->sound, "feedback", c->feedback));
}

static json_t *medium_of(const struct found *f, enum medium medium)
{
    const struct tally_sums *s = &f->sums.total.sums;
    return json_pack("{s:I, s:I, s:I}", "expected", (json_int_t)f->sums.expected[medium], "received",
                     (json_int_t)s->media[medium], "lost", (json_int_t)s->lost[medium]);
}

static void tell_packets(json_t *line, const struct found *f)
{
    const struct tally_sums *s = &f->sums.total.sums;
    json_object_update_new(
        line, json_pack("{s:f, s:i, s:I, s:I, s:I, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "seconds", f->seconds,
                        "participants", (int)f->sums.participants, "sent",
                        (json_int_t)(f->sums.sent.sound + f->sums.sent.picture), "received", (json_int_t)s->packets,
                        "expected", (json_int_t)(f->sums.expected[MEDIUM_SOUND] + f->sums.expected[MEDIUM_PICTURE]),
                        "delivered_percent", delivered_percent(f), "lost", (json_int_t)tally_sums_lost(s), "reordered",
                        (json_int_t)s->reordered, "duplicates", (json_int_t)s->doubled, "opened", (json_int_t)s->opened,
                        "bad", (json_int_t)s->bad, "streams", (json_int_t)s->streams, "nacks", (json_int_t)s->nacks,
                        "keyframe_requests", (json_int_t)s->keyframe_requests));
    json_object_set_new(line, "sound_packets", medium_of(f, MEDIUM_SOUND));
    json_object_set_new(line, "picture_packets", medium_of(f, MEDIUM_PICTURE));
    json_object_set_new(line, "latency_ms", times_of(&f->sums.total.latency));
    json_object_set_new(line, "join_ms", times_of(&f->sums.joins));
    json_object_set_new(line, "keyframe_ms", times_of(&f->sums.keyframes));
    json_object_set_new(line, "generator",
                        json_pack("{s:f, s:f, s:I, s:I, s:I}", "cpu_percent", our_percent(f), "waited_percent",
                                  waited_percent(&f->ours), "late", (json_int_t)f->sums.sent.late, "unsent",
                                  (json_int_t)f->sums.sent.unsent, "dropped", (json_int_t)f->sums.sent.dropped));
}

static json_t *server_of(const struct run *run, const struct found *f)
{
    if (!f->has_server)
        return json_null();
    double each_kb = f->sums.participants && run->full_kb > run->idle_kb
                         ? (double)(run->full_kb - run->idle_kb) / f->sums.participants
                         : 0;
    return json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:I, s:I}", "cpu_us_per_packet",
                     f->packets ? (double)f->use.cpu_us / (double)f->packets : 0, "packets_per_cpu_second",
                     f->use.cpu_us ? (double)f->packets * 1e6 / (double)f->use.cpu_us : 0, "cpu_percent",
                     percent((double)f->use.cpu_us / 1e6, f->seconds), "busiest_thread_percent", busiest_percent(f),
                     "waited_percent", waited_percent(&f->use), "kb_per_participant", each_kb, "idle_kb",
                     (json_int_t)run->idle_kb, "full_kb", (json_int_t)run->full_kb);
}

static void tell(struct run *run, const struct found *f, const char *wrong)
{
    tell_shape(run->line, run);
    tell_packets(run->line, f);
    json_object_set_new(run->line, "server", server_of(run, f));
    json_object_set_new(run->line, "good", json_boolean(!wrong));
    json_object_set_new(run->line, "wrong", wrong ? json_string(wrong) : json_null());
}

static void progress(const struct run *run, const struct found *f, const char *wrong)
{
    const struct tally_sums *s = &f->sums.total.sums;
    fprintf(
        stderr,
        "kinroom: %u rooms of %u: %.0f packets/s in, %.0f out; lost %llu of %llu; p99 %.1f ms; the server's busiest "
        "thread %.0f %%, ours %.0f %%; %s\n",
        run->crowd.room_count, run->config->people, (double)s->packets / f->seconds,
        (double)(f->sums.sent.sound + f->sums.sent.picture) / f->seconds, (unsigned long long)tally_sums_lost(s),
        (unsigned long long)(s->packets + tally_sums_lost(s)), ms(histogram_quantile(&f->sums.total.latency, 0.99)),
        busiest_percent(f), our_percent(f), wrong ? wrong : "good");
    if (our_percent(f) > OURSELVES_MOST)
        fprintf(stderr, "kinroom: our own thread is at its limit, so times are ours as much as the server's\n");
}

/* ---- The ways to run ---- */

static enum status join_viewers(struct run *run)
{
    struct histogram media = { 0 }, keyframes = { 0 };
    json_t *times = json_array();
    enum status status = OK;
    crowd_resume(&run->crowd);
    crowd_wait(&run->crowd, USEC_PER_SEC);
    for (unsigned i = 0; i < run->config->joins && status == OK; i++) {
        struct participant *who;
        status = crowd_add_viewer(&run->crowd, i, &who);
        if (status != OK)
            break;
        media_lock(run->crowd.media);
        const struct load_peer *peer = who->peers[who->peer_count - 1];
        usec_t media_us = load_peer_first_media(peer) - who->opened_us,
               keyframe_us = load_peer_first_keyframe(peer) ? load_peer_first_keyframe(peer) - who->opened_us : 0;
        media_unlock(run->crowd.media);
        histogram_put(&media, media_us);
        if (keyframe_us)
            histogram_put(&keyframes, keyframe_us);
        json_array_append_new(times, json_real(ms(media_us)));
    }
    json_object_set_new(run->line, "joins",
                        json_pack("{s:o, s:o, s:o}", "media_ms", times_of(&media), "keyframe_ms", times_of(&keyframes),
                                  "times_ms", times));
    if (status != OK)
        fprintf(stderr, "kinroom: a viewer who joined later saw nothing\n");
    return status;
}

static enum status run_once(struct run *run)
{
    struct found found;
    TRY(crowd_set_rooms(&run->crowd, run->config->rooms));
    crowd_wait(&run->crowd, usec_of(run->config->warmup_s));
    measure(run, &found);
    const char *wrong = what_is_wrong(&found);
    progress(run, &found, wrong);
    tell(run, &found, wrong);
    enum status status = wrong ? ERR_EXPIRED : OK;
    if (run->config->joins && join_viewers(run) != OK)
        status = ERR_EXPIRED;
    return status;
}

static const char *what_is_too_much(const struct run *run, const struct found *f)
{
    const char *wrong = what_is_wrong(f);
    if (wrong)
        return wrong;
    if (ms(histogram_quantile(&f->sums.total.latency, 0.99)) > run->config->latency_limit_ms)
        return "packets took too long";
    if (f->has_server && busiest_percent(f) > run->config->busy_limit)
        return "the server's busiest thread is full";
    return our_percent(f) > OURSELVES_MOST ? "our own thread is full: this machine is too slow to tell" : NULL;
}

static void tell_limit(struct run *run, unsigned rooms, const char *wrong)
{
    json_object_set_new(run->line, "limit", json_pack("{s:i, s:s}", "rooms", (int)rooms, "wrong", wrong));
}

/* Whether so many rooms are well; what was found is told when they are. */
static bool try_rooms(struct run *run, unsigned rooms)
{
    struct found found;
    if (crowd_set_rooms(&run->crowd, rooms) != OK) {
        tell_limit(run, rooms, "not everybody could come");
        return false;
    }
    crowd_resume(&run->crowd);
    crowd_wait(&run->crowd, usec_of(run->config->warmup_s));
    measure(run, &found);
    const char *wrong = what_is_too_much(run, &found);
    progress(run, &found, wrong);
    if (!wrong)
        tell(run, &found, NULL);
    else
        tell_limit(run, rooms, wrong);
    return !wrong;
}

static enum status search(struct run *run)
{
    unsigned good = 0, bad = 0, next = run->config->rooms;
    while (bad == 0 || bad - good > 1 + good / 20) {
        if (try_rooms(run, next))
            good = next;
        else
            bad = next;
        next = bad ? (good + bad) / 2 : 2 * good;
        if (bad == 1)
            break;
    }
    json_object_set_new(run->line, "rooms_held", json_integer(good));
    json_object_set_new(run->line, "participants_held", json_integer((json_int_t)good * run->config->people));
    return good ? OK : ERR_EXPIRED;
}

/* ---- From outside ---- */

static void raise_file_limit(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    files.rlim_cur = files.rlim_max < FILES_MOST ? files.rlim_max : FILES_MOST;
    setrlimit(RLIMIT_NOFILE, &files);
}

static enum status run_all(struct run *run, const struct signalling_ops *ops)
{
    run->idle_kb = memory_kb(run);
    if (run->config->server_pid && !run->idle_kb) {
        fprintf(stderr, "kinroom: --server-pid: no such process, or not ours to look at\n");
        return ERR_UNKNOWN;
    }
    TRY(crowd_init(&run->crowd, run->config, ops));
    enum status status = run->config->search ? search(run) : run_once(run);
    crowd_deinit(&run->crowd);
    return status;
}

int load_run(struct load_config config, const struct signalling_ops *ops)
{
    struct load_key *key = NULL;
    struct run run = { .config = &config, .line = json_object() };
    gcm_start(); /* before there is a second thread */
    raise_file_limit();
    enum status status = load_key_create(&key);
    config.key = key;
    if (status == OK)
        status = run_all(&run, ops);
    if (json_object_size(run.line) > 0 && json_dumpf(run.line, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6)) == 0)
        putchar('\n');
    json_decref(run.line);
    load_key_destroy(key);
    return status == OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
