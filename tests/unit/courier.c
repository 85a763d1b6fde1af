#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "shell/courier.h"
#include "shell/host.h"
#include "shell/parcels.h"

enum { HEARD_MAX = 2048, REQUEST_MAX = 8192, WAIT_S = 20, SCRIPT_MAX = 16 };

/* A receiver on loopback, one connection at a time: answers as its script says, then 200. Status 0 hangs up. */
struct receiver {
    int fd;
    uint16_t port;
    pthread_t thread;
    pthread_mutex_t lock;
    int script[SCRIPT_MAX];
    size_t scripted;
    const char *body; /* of an answer */
    char *heard[HEARD_MAX];
    size_t count;
    atomic_bool stopping;
};

static int next_status(struct receiver *r, const char *request)
{
    pthread_mutex_lock(&r->lock);
    int status = r->scripted > 0 ? r->script[0] : 200;
    if (r->scripted > 0)
        memmove(r->script, r->script + 1, --r->scripted * sizeof *r->script);
    assert_true(r->count < HEARD_MAX);
    r->heard[r->count++] = strdup(request);
    pthread_mutex_unlock(&r->lock);
    return status;
}

static bool is_whole(const char *request)
{
    const char *end = strstr(request, "\r\n\r\n"), *length = strstr(request, "Content-Length: ");
    return end && (!length || strlen(end + 4) >= strtoul(length + strlen("Content-Length: "), NULL, 10));
}

/* One request; false when there is none more. */
static bool serve_one(struct receiver *r, int fd)
{
    char request[REQUEST_MAX + 1] = "", answer[1024];
    size_t len = 0;
    while (!is_whole(request)) {
        ssize_t got = recv(fd, request + len, REQUEST_MAX - len, 0);
        if (got <= 0)
            return false;
        request[len += (size_t)got] = 0;
    }
    int status = next_status(r, request);
    if (status == 0)
        return false;
    int made =
        snprintf(answer, sizeof answer, "HTTP/1.1 %d x\r\nCache-Control: max-age=3600\r\nContent-Length: %zu\r\n\r\n%s",
                 status, strlen(r->body), r->body);
    return send(fd, answer, (size_t)made, MSG_NOSIGNAL) == made;
}

static void *receive(void *context)
{
    struct receiver *r = context;
    while (!atomic_load(&r->stopping)) {
        int fd = accept(r->fd, NULL, NULL);
        while (fd >= 0 && !atomic_load(&r->stopping) && serve_one(r, fd))
            continue;
        if (fd >= 0)
            close(fd);
    }
    return NULL;
}

static void receiver_start(struct receiver *r, const int *script)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof address;
    *r = (struct receiver){ .body = "{}" };
    while (script && script[r->scripted] >= 0) {
        r->script[r->scripted] = script[r->scripted];
        r->scripted++;
    }
    pthread_mutex_init(&r->lock, NULL);
    r->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(r->fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(r->fd, 64), 0);
    assert_int_equal(getsockname(r->fd, (struct sockaddr *)&address, &len), 0);
    r->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&r->thread, NULL, receive, r), 0);
}

static size_t receiver_count(struct receiver *r)
{
    pthread_mutex_lock(&r->lock);
    size_t count = r->count;
    pthread_mutex_unlock(&r->lock);
    return count;
}

/* After the courier, whose connections it waits for. */
static void receiver_stop(struct receiver *r)
{
    atomic_store(&r->stopping, true);
    shutdown(r->fd, SHUT_RDWR);
    pthread_join(r->thread, NULL);
    close(r->fd);
    for (size_t i = 0; i < r->count; i++)
        free(r->heard[i]);
    pthread_mutex_destroy(&r->lock);
}

struct bench {
    struct receiver receiver;
    struct config config;
    struct courier *courier;
    struct queue *answers;
    struct log log;
    atomic_size_t lines; /* warnings and errors */
};

static void count_line(void *context, enum log_level level, const char *line)
{
    (void)line;
    if (level >= LOG_LEVEL_WARNING)
        atomic_fetch_add(&((struct bench *)context)->lines, 1);
}

static const struct webhook_key key = { "a key of twenty-four byte", 24 };

/* The option's URL is the receiver's. script: statuses, -1 at its end. */
static struct bench *bench_of(const char *option, const int *script)
{
    struct bench *b = calloc(1, sizeof *b);
    struct problem problem;
    char url[64];
    config_init(&b->config);
    receiver_start(&b->receiver, script);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/hook", b->receiver.port);
    assert_int_equal(config_set(&b->config, option, url, &problem), OK);
    if (strcmp(option, "delivery-url") == 0)
        assert_int_equal(config_set(&b->config, "delivery", "webhook", &problem), OK);
    b->log = (struct log){ .write = count_line, .context = b };
    struct courier_config config = { .config = &b->config, .log = &b->log, .key = key };
    assert_true(courier_is_needed(&b->config));
    assert_int_equal(courier_create(&b->courier, &config), OK);
    assert_int_equal(queue_create(&b->answers, 64, 1 << 20, (struct waker){ 0 }), OK);
    courier_connect(b->courier, b->answers);
    assert_int_equal(courier_start(b->courier), OK);
    return b;
}

static void bench_end(struct bench *b)
{
    courier_stop(b->courier);
    courier_destroy(b->courier);
    receiver_stop(&b->receiver);
    queue_destroy(b->answers);
    free(b);
}

static void nap(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
}

static void await_requests(struct bench *b, size_t count)
{
    usec_t end = host_now().mono_us + WAIT_S * USEC_PER_SEC;
    while (receiver_count(&b->receiver) < count) {
        if (host_now().mono_us > end)
            fail_msg("%zu requests of %zu", receiver_count(&b->receiver), count);
        nap();
    }
}

static void await_lines(struct bench *b, size_t count)
{
    usec_t end = host_now().mono_us + WAIT_S * USEC_PER_SEC;
    while (atomic_load(&b->lines) < count) {
        assert_true(host_now().mono_us < end);
        nap();
    }
}

static struct letter await_answer(struct bench *b)
{
    usec_t end = host_now().mono_us + WAIT_S * USEC_PER_SEC;
    struct letter letter;
    while (!queue_pop(b->answers, &letter)) {
        assert_true(host_now().mono_us < end);
        nap();
    }
    return letter;
}

static void send_letter(struct bench *b, struct letter letter, struct bytes text)
{
    letter.note = text.len > 0 ? note_create(text) : NULL;
    assert_int_equal(queue_push(courier_inbox(b->courier), &letter, 0), OK);
}

static void send_event(struct bench *b, uint64_t row)
{
    char body[64];
    snprintf(body, sizeof body, "{\"row\":%llu}", (unsigned long long)row);
    send_letter(b, (struct letter){ .kind = LETTER_EVENT, .number = row }, bytes_of(body));
}

static void send_delivery(struct bench *b, const char *participation, int64_t lives_s)
{
    struct delivery delivery = {
        .kind = DELIVERY_CODE, .session = { "s-1" }, .contact = "tel:+15550100", .secret = "123456"
    };
    strcpy(delivery.participation.text, participation);
    delivery.made_at = now_unix_s(host_now());
    delivery.expires = delivery.made_at + lives_s;
    send_letter(b, (struct letter){ .kind = LETTER_DELIVERY },
                (struct bytes){ (const uint8_t *)&delivery, sizeof delivery });
}

static void copy_header(const char *request, const char *name, char *value, size_t size)
{
    const char *at = strstr(request, name);
    assert_non_null(at);
    at += strlen(name);
    size_t len = strcspn(at, "\r");
    assert_true(len < size);
    memcpy(value, at, len);
    value[len] = 0;
}

/* The request's signature is one of now by our key; returns its body. */
static const char *check_signed(const char *request, char id[64])
{
    char at[32], seen[64], expected[WEBHOOK_SIGNATURE_CHARS + 1];
    copy_header(request, "webhook-id: ", id, 64);
    copy_header(request, "webhook-timestamp: ", at, sizeof at);
    copy_header(request, "webhook-signature: ", seen, sizeof seen);
    const char *body = strstr(request, "\r\n\r\n") + 4;
    int64_t unix_s = strtoll(at, NULL, 10);
    assert_true(llabs(unix_s - now_unix_s(host_now())) < 30);
    assert_int_equal(webhook_sign(&key, id, unix_s, bytes_of(body), expected), OK);
    assert_string_equal(seen, expected);
    return body;
}

static void check_event(const struct bench *b, size_t index, unsigned row)
{
    char id[64], expected[64];
    const char *body = check_signed(b->receiver.heard[index], id);
    snprintf(expected, sizeof expected, "{\"row\":%u}", row);
    assert_string_equal(body, expected);
    snprintf(expected, sizeof expected, "clinic-%u", row);
    assert_string_equal(id, expected);
}

static void events_come_in_order_signed_and_are_answered_in_groups(void **state)
{
    (void)state;
    struct bench *b = bench_of("webhook-url", NULL);
    for (uint64_t row = 1; row <= COURIER_EVENTS; row++)
        send_event(b, row);
    await_requests(b, COURIER_EVENTS);
    size_t answers = 0;
    for (uint64_t taken = 0; taken < COURIER_EVENTS; answers++) {
        struct letter letter = await_answer(b);
        assert_int_equal(letter.kind, LETTER_EVENT_SENT);
        assert_true(letter.number > taken);
        taken = letter.number;
    }
    assert_true(answers < COURIER_EVENTS / 8);
    for (unsigned row = 1; row <= COURIER_EVENTS; row++)
        check_event(b, row - 1, row);
    bench_end(b);
}

static void an_event_is_tried_until_it_is_taken_and_none_passes_it(void **state)
{
    (void)state;
    static const int script[] = { 500, 0, 302, -1 };
    struct bench *b = bench_of("webhook-url", script);
    send_event(b, 7);
    send_event(b, 8);
    await_requests(b, 5);
    struct letter letter = await_answer(b);
    while (letter.number != 8)
        letter = await_answer(b);
    static const unsigned rows[] = { 7, 7, 7, 7, 8 };
    for (size_t i = 0; i < 5; i++)
        check_event(b, i, rows[i]);
    assert_int_equal(atomic_load(&b->lines), 1); /* of the streak */
    bench_end(b);
}

static void a_receiver_that_is_gone_is_asked_no_more(void **state)
{
    (void)state;
    static const int script[] = { 200, 410, -1 };
    struct bench *b = bench_of("webhook-url", script);
    for (uint64_t row = 1; row <= 3; row++)
        send_event(b, row);
    await_lines(b, 1);
    send_event(b, 4);
    assert_int_equal(await_answer(b).number, 1);
    nanosleep(&(struct timespec){ .tv_sec = 1, .tv_nsec = 500000000 }, NULL);
    assert_int_equal(receiver_count(&b->receiver), 2);
    bench_end(b);
}

static void what_was_taken_is_said_when_it_stops(void **state)
{
    (void)state;
    struct bench *b = bench_of("webhook-url", NULL);
    send_event(b, 1);
    assert_int_equal(await_answer(b).number, 1); /* which begins a second without answers */
    send_event(b, 2);
    await_requests(b, 2);
    nanosleep(&(struct timespec){ .tv_nsec = 200000000 }, NULL);
    courier_stop(b->courier);
    assert_int_equal(await_answer(b).number, 2);
    bench_end(b);
}

static void a_delivery_is_tried_again_under_its_id(void **state)
{
    (void)state;
    static const int script[] = { 503, -1 };
    char ids[3][64];
    struct bench *b = bench_of("delivery-url", script);
    send_delivery(b, "p-1", 600);
    await_requests(b, 2);
    send_delivery(b, "p-2", 600);
    await_requests(b, 3);
    for (size_t i = 0; i < 3; i++) {
        const char *body = check_signed(b->receiver.heard[i], ids[i]);
        assert_non_null(strstr(body, "\"type\":\"delivery.code\""));
        assert_non_null(strstr(body, "\"code\":\"123456\""));
        assert_non_null(strstr(body, i < 2 ? "\"p-1\"" : "\"p-2\""));
    }
    assert_string_equal(ids[0], ids[1]);
    assert_string_not_equal(ids[1], ids[2]);
    assert_int_equal(atomic_load(&b->lines), 0);
    bench_end(b);
}

static void a_delivery_that_is_of_no_use_is_given_up(void **state)
{
    (void)state;
    static const int script[] = { 500, 500, 500, 500, 500, 500, 500, 500, -1 };
    struct bench *b = bench_of("delivery-url", script);
    send_delivery(b, "p-1", 2);
    await_lines(b, 1);
    size_t count = receiver_count(&b->receiver);
    assert_true(count >= 1 && count <= 4);
    send_delivery(b, "p-2", 0);
    await_lines(b, 2);
    assert_int_equal(receiver_count(&b->receiver), count);
    bench_end(b);
}

static void the_oldest_delivery_makes_room(void **state)
{
    (void)state;
    struct problem problem;
    struct bench *b = bench_of("delivery-url", NULL);
    /* A port that nobody listens on: all wait. */
    courier_stop(b->courier);
    courier_destroy(b->courier);
    struct receiver closed;
    char url[64];
    receiver_start(&closed, NULL);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", closed.port);
    receiver_stop(&closed);
    assert_int_equal(config_set(&b->config, "delivery-url", url, &problem), OK);
    struct courier_config config = { .config = &b->config, .log = &b->log, .key = key };
    assert_int_equal(courier_create(&b->courier, &config), OK);
    courier_connect(b->courier, b->answers);
    for (int i = 0; i < PARCELS_MAX; i++)
        send_delivery(b, "p-1", 600);
    assert_int_equal(courier_start(b->courier), OK);
    nanosleep(&(struct timespec){ .tv_nsec = 300000000 }, NULL);
    assert_int_equal(atomic_load(&b->lines), 0);
    send_delivery(b, "p-2", 600);
    await_lines(b, 1);
    courier_stop(b->courier);
    assert_int_equal(atomic_load(&b->lines), 1);
    bench_end(b); /* says how many were not made */
}

static void keys_are_fetched_and_not_more_often_than_they_should(void **state)
{
    (void)state;
    static const int script[] = { 500, -1 };
    struct bench *b = bench_of("oidc-jwks", script);
    struct letter letter = await_answer(b);
    assert_int_equal(letter.kind, LETTER_KEYS);
    assert_true(bytes_equal(letter_text(&letter), bytes_of("{}")));
    letter_wipe(&letter);
    for (int i = 0; i < 10; i++)
        send_letter(b, (struct letter){ .kind = LETTER_REFRESH }, (struct bytes){ 0 });
    nanosleep(&(struct timespec){ .tv_nsec = 500000000 }, NULL);
    assert_int_equal(receiver_count(&b->receiver), 2);
    assert_int_equal(atomic_load(&b->lines), 1);
    bench_end(b);
}

static void keys_in_a_file_are_read(void **state)
{
    (void)state;
    char path[] = "/tmp/kinroom-keys-XXXXXX";
    struct problem problem;
    int fd = mkstemp(path);
    assert_int_equal(write(fd, "{\"keys\":[]}", 11), 11);
    close(fd);
    struct bench *b = bench_of("webhook-url", NULL);
    courier_stop(b->courier);
    courier_destroy(b->courier);
    assert_int_equal(config_set(&b->config, "oidc-jwks", path, &problem), OK);
    struct courier_config config = { .config = &b->config, .log = &b->log, .key = key };
    assert_int_equal(courier_create(&b->courier, &config), OK);
    courier_connect(b->courier, b->answers);
    assert_int_equal(courier_start(b->courier), OK);
    struct letter letter = await_answer(b);
    assert_true(bytes_equal(letter_text(&letter), bytes_of("{\"keys\":[]}")));
    letter_wipe(&letter);
    unlink(path);
    bench_end(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_come_in_order_signed_and_are_answered_in_groups),
        cmocka_unit_test(an_event_is_tried_until_it_is_taken_and_none_passes_it),
        cmocka_unit_test(a_receiver_that_is_gone_is_asked_no_more),
        cmocka_unit_test(what_was_taken_is_said_when_it_stops),
        cmocka_unit_test(a_delivery_is_tried_again_under_its_id),
        cmocka_unit_test(a_delivery_that_is_of_no_use_is_given_up),
        cmocka_unit_test(the_oldest_delivery_makes_room),
        cmocka_unit_test(keys_are_fetched_and_not_more_often_than_they_should),
        cmocka_unit_test(keys_in_a_file_are_read),
    };
    return cmocka_run_group_tests_name("courier", tests, NULL, NULL);
}
