#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "auth/invitation.h"

enum { OPENS = 1000000, CLOSES = 1200000, DURING = 1100000, HOUR_S = 3600 };

static const struct id phone = { "phone" }, laptop = { "laptop" };

/* What the next draws are; then from the start again. */
struct draws {
    uint32_t at[3];
    size_t count, next;
};

static void draw(void *context, uint8_t *at, size_t len)
{
    struct draws *d = context;
    memset(at, 0xa5, len);
    if (len == sizeof *d->at) /* a code; all else is a token */
        memcpy(at, &d->at[d->next++ % d->count], len);
}

static struct draws draws = { { 123456 }, 1, 0 };
static struct entropy entropy = { draw, &draws };

static void draw_next(uint32_t first, uint32_t second)
{
    draws = (struct draws){ { first, second }, 2, 0 };
}

struct link {
    char token[INVITATION_TOKEN_CHARS + 1];
    struct invitation invitation;
    char code[CODE_DIGITS + 1];
};

static struct link link_made(void)
{
    struct link link = { .invitation = { .id = { "i-1" }, .not_before = OPENS, .expires = CLOSES } };
    draw_next(123456, 654321);
    assert_int_equal(invitation_token(&entropy, link.token, link.invitation.token), OK);
    return link;
}

static enum invitation_step ask(struct link *link, const struct id *device, int64_t at)
{
    return invitation_ask(&link->invitation, &entropy, bytes_of(link->token), device, at, link->code);
}

static enum invitation_step try(struct link *link, const char *code, const struct id *device, int64_t at)
{
    return invitation_try(&link->invitation, bytes_of(link->token), bytes_of(code), device, at);
}

static struct link link_with_code(void)
{
    struct link link = link_made();
    assert_int_equal(ask(&link, &phone, DURING), INVITATION_SEND_CODE);
    assert_string_equal(link.code, "123456");
    return link;
}

static struct link link_with_device(void)
{
    struct link link = link_with_code();
    assert_int_equal(try(&link, link.code, &phone, DURING), INVITATION_OPEN);
    return link;
}

/* Refused whatever they come with, and the invitation is as it was. */
static void assert_shut(struct link *link, const struct id *device, int64_t at)
{
    struct link before = *link;
    assert_int_equal(ask(link, device, at), INVITATION_NO);
    assert_int_equal(try(link, "123456", device, at), INVITATION_NO);
    assert_memory_equal(link, &before, sizeof before);
}

/* ---- Tokens ---- */

static void a_token_is_43_characters_and_its_hash_is_kept(void **state)
{
    (void)state;
    struct link link = link_made();
    uint8_t hash[SECRET_HASH_LEN];
    assert_int_equal(strlen(link.token), INVITATION_TOKEN_CHARS);
    assert_int_equal(strspn(link.token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
                     INVITATION_TOKEN_CHARS);
    assert_int_equal(invitation_hash(bytes_of(link.token), hash), OK);
    assert_memory_equal(hash, link.invitation.token, sizeof hash);
}

static void what_cannot_be_a_token_has_no_hash(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/",
        " AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    };
    uint8_t hash[SECRET_HASH_LEN] = { 7 }, untouched[SECRET_HASH_LEN] = { 7 };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(invitation_hash(bytes_of(texts[i]), hash), ERR_MALFORMED);
    assert_int_equal(
        invitation_hash((struct bytes){ (uint8_t[INVITATION_TOKEN_CHARS]){ 0 }, INVITATION_TOKEN_CHARS }, hash),
        ERR_MALFORMED);
    assert_memory_equal(hash, untouched, sizeof hash);
}

static void another_token_opens_nothing(void **state)
{
    (void)state;
    struct link link = link_with_code(), bound = link_with_device();
    link.token[0] ^= 1;
    assert_shut(&link, &phone, DURING);
    bound.token[INVITATION_TOKEN_CHARS - 1] ^= 1; /* two bits of it mean nothing; the text is what is hashed */
    assert_shut(&bound, &phone, DURING);
    bound.token[INVITATION_TOKEN_CHARS - 1] = 0;
    assert_shut(&bound, &phone, DURING);
}

/* ---- The link's window ---- */

static void a_link_is_good_from_its_first_second_to_before_its_last(void **state)
{
    (void)state;
    struct link link = link_with_device();
    assert_shut(&link, &phone, OPENS - 1);
    assert_int_equal(ask(&link, &phone, OPENS), INVITATION_OPEN);
    assert_int_equal(ask(&link, &phone, CLOSES - 1), INVITATION_OPEN);
    assert_shut(&link, &phone, CLOSES);
    assert_shut(&link, &phone, INT64_MAX);
    assert_shut(&link, &phone, INT64_MIN);
}

static void a_code_is_no_longer_good_than_its_link(void **state)
{
    (void)state;
    struct link link = link_made();
    assert_int_equal(ask(&link, &phone, CLOSES - 1), INVITATION_SEND_CODE);
    assert_shut(&link, &phone, CLOSES);
    assert_int_equal(try(&link, link.code, &phone, CLOSES - 1), INVITATION_OPEN);
}

static void a_revoked_link_opens_nothing(void **state)
{
    (void)state;
    struct link bound = link_with_device(), fresh = link_with_code();
    bound.invitation.revoked = fresh.invitation.revoked = true;
    assert_shut(&bound, &phone, DURING);
    assert_shut(&fresh, &phone, DURING);
}

static void without_a_device_nobody_comes_in(void **state)
{
    (void)state;
    struct link link = link_with_code();
    assert_shut(&link, &(struct id){ "" }, DURING);
    /* Nor as one of the places that are still free. */
    link.invitation.device_count = INVITATION_DEVICES;
    assert_shut(&link, &(struct id){ "" }, DURING);
}

/* ---- Sending codes ---- */

static void a_code_is_six_digits_and_kept_as_a_hash_with_its_token(void **state)
{
    (void)state;
    struct link a = link_made(), b = link_made();
    draw_next(7, 7);
    assert_int_equal(ask(&a, &phone, DURING), INVITATION_SEND_CODE);
    assert_string_equal(a.code, "000007");
    assert_int_equal(a.invitation.code_sent, DURING);
    assert_int_equal(a.invitation.code_until, DURING + CODE_LIFE_S);
    /* The same code of another link is another hash. */
    memset(b.token, 'B', INVITATION_TOKEN_CHARS);
    assert_int_equal(invitation_hash(bytes_of(b.token), b.invitation.token), OK);
    assert_int_equal(ask(&b, &phone, DURING), INVITATION_SEND_CODE);
    assert_string_equal(b.code, a.code);
    assert_memory_not_equal(a.invitation.code, b.invitation.code, SECRET_HASH_LEN);
}

/* 4,294,000,000 is the largest multiple of a million below 2^32: what lies above would favour the lower codes. */
static void no_code_is_likelier_than_another(void **state)
{
    (void)state;
    struct link link = link_made();
    draw_next(4294000000u, 42);
    assert_int_equal(ask(&link, &phone, DURING), INVITATION_SEND_CODE);
    assert_string_equal(link.code, "000042");
    draw_next(4293999999u, 42);
    assert_int_equal(ask(&link, &phone, DURING + CODE_AGAIN_S), INVITATION_SEND_CODE);
    assert_string_equal(link.code, "999999");
}

static void asking_again_at_once_sends_no_second_code(void **state)
{
    (void)state;
    struct link link = link_with_code(), before = link;
    assert_int_equal(ask(&link, &phone, DURING), INVITATION_NEEDS_CODE);
    assert_int_equal(ask(&link, &laptop, DURING + CODE_AGAIN_S - 1), INVITATION_NEEDS_CODE);
    assert_memory_equal(&link, &before, sizeof link);
    assert_int_equal(ask(&link, &phone, DURING + CODE_AGAIN_S), INVITATION_SEND_CODE);
    assert_string_equal(link.code, "654321");
}

static void a_new_code_ends_the_one_before(void **state)
{
    (void)state;
    struct link link = link_with_code();
    int64_t again = DURING + CODE_AGAIN_S;
    assert_int_equal(ask(&link, &phone, again), INVITATION_SEND_CODE);
    assert_int_equal(try(&link, "123456", &phone, again), INVITATION_NO);
    assert_int_equal(try(&link, "654321", &phone, again), INVITATION_OPEN);
}

static void whose_code_is_used_up_gets_another_at_once(void **state)
{
    (void)state;
    struct link link = link_with_code(), passed = link_with_device();
    for (int i = 0; i < CODE_TRIES_MAX; i++)
        assert_int_equal(try(&link, "000000", &phone, DURING), INVITATION_NO);
    draw_next(654321, 1);
    assert_int_equal(ask(&link, &phone, DURING), INVITATION_SEND_CODE);
    assert_int_equal(try(&link, "654321", &phone, DURING), INVITATION_OPEN);
    assert_int_equal(ask(&passed, &laptop, DURING), INVITATION_SEND_CODE);
}

static void so_many_codes_are_sent_an_hour(void **state)
{
    (void)state;
    struct link link = link_made();
    int64_t at = DURING;
    for (int i = 0; i < CODES_PER_HOUR; i++, at += CODE_AGAIN_S)
        assert_int_equal(ask(&link, &phone, at), INVITATION_SEND_CODE);
    struct link full = link;
    /* As long as the last is good it is the one to type; then they have to wait. */
    int64_t sent = at - CODE_AGAIN_S;
    assert_int_equal(ask(&link, &phone, sent + CODE_LIFE_S - 1), INVITATION_NEEDS_CODE);
    assert_int_equal(ask(&link, &phone, sent + CODE_LIFE_S), INVITATION_NO);
    assert_int_equal(ask(&link, &phone, DURING + HOUR_S - 1), INVITATION_NO);
    assert_memory_equal(&link, &full, sizeof link);
    for (int i = 0; i < CODES_PER_HOUR; i++)
        assert_int_equal(ask(&link, &phone, DURING + HOUR_S + i * CODE_AGAIN_S), INVITATION_SEND_CODE);
    assert_int_equal(ask(&link, &phone, DURING + 2 * HOUR_S - 1), INVITATION_NO);
}

static void the_last_code_of_the_hour_is_good(void **state)
{
    (void)state;
    struct link link = link_made();
    for (int i = 0; i < CODES_PER_HOUR; i++)
        assert_int_equal(ask(&link, &phone, DURING + i * CODE_AGAIN_S), INVITATION_SEND_CODE);
    assert_int_equal(ask(&link, &phone, DURING + CODES_PER_HOUR * CODE_AGAIN_S), INVITATION_NEEDS_CODE);
    assert_int_equal(try(&link, link.code, &phone, DURING + CODES_PER_HOUR * CODE_AGAIN_S), INVITATION_OPEN);
}

/* A clock that was set back neither withholds codes until it has caught up nor gives more tries to one code. */
static void a_clock_set_back_does_not_shut_people_out(void **state)
{
    (void)state;
    struct link link = link_made();
    for (int i = 0; i < CODES_PER_HOUR; i++)
        assert_int_equal(ask(&link, &phone, DURING + i * CODE_AGAIN_S), INVITATION_SEND_CODE);
    assert_int_equal(ask(&link, &phone, DURING - 1), INVITATION_SEND_CODE);
}

/* ---- Trying codes ---- */

static void a_code_is_good_until_its_last_second(void **state)
{
    (void)state;
    struct link link = link_with_code(), late = link;
    assert_int_equal(try(&late, "123456", &phone, DURING + CODE_LIFE_S), INVITATION_NO);
    assert_int_equal(late.invitation.failures, 1);
    assert_int_equal(late.invitation.device_count, 0);
    assert_int_equal(try(&link, "123456", &phone, DURING + CODE_LIFE_S - 1), INVITATION_OPEN);
}

static void a_code_is_read_as_people_type_it(void **state)
{
    (void)state;
    static const char *const same[] = { "123456", "123 456", " 123-456 ", "1 2 3 4 5 6", "--123456--" };
    static const char *const other[] = { "",         "12345",
                                         "1234567",  "123456.",
                                         "12345six", "123,456",
                                         "0123456",  "\xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4\xd9\xa5\xd9\xa6" };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        struct link link = link_with_code();
        assert_int_equal(try(&link, same[i], &phone, DURING), INVITATION_OPEN);
    }
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        struct link link = link_with_code();
        assert_int_equal(try(&link, other[i], &phone, DURING), INVITATION_NO);
        assert_int_equal(link.invitation.failures, 1);
        assert_int_equal(link.invitation.code_tries, 1);
    }
}

static void the_right_code_binds_the_device_that_it_was_typed_on(void **state)
{
    (void)state;
    struct link link = link_with_code();
    assert_int_equal(try(&link, "123456", &laptop, DURING), INVITATION_OPEN);
    assert_int_equal(link.invitation.device_count, 1);
    assert_int_equal(ask(&link, &laptop, DURING), INVITATION_OPEN);
    assert_int_equal(ask(&link, &phone, DURING), INVITATION_SEND_CODE);
}

static void a_code_is_good_once(void **state)
{
    (void)state;
    struct link link = link_with_device();
    static const uint8_t wiped[SECRET_HASH_LEN];
    assert_memory_equal(link.invitation.code, wiped, sizeof wiped);
    assert_int_equal(try(&link, "123456", &laptop, DURING), INVITATION_NO);
    assert_int_equal(link.invitation.device_count, 1);
    assert_int_equal(link.invitation.failures, 1);
    /* The device that it bound may not have had the answer. */
    assert_int_equal(try(&link, "123456", &phone, DURING), INVITATION_OPEN);
    assert_int_equal(link.invitation.device_count, 1);
    assert_int_equal(link.invitation.failures, 1);
}

static void before_one_was_sent_no_code_is_right(void **state)
{
    (void)state;
    struct link link = link_made();
    assert_int_equal(try(&link, "123456", &phone, DURING), INVITATION_NO);
    assert_int_equal(try(&link, "000000", &phone, DURING), INVITATION_NO);
    assert_int_equal(link.invitation.failures, 2);
}

static void after_so_many_wrong_tries_the_right_code_is_wrong(void **state)
{
    (void)state;
    struct link link = link_with_code();
    for (int i = 0; i < CODE_TRIES_MAX - 1; i++)
        assert_int_equal(try(&link, "000000", &phone, DURING), INVITATION_NO);
    struct link last = link;
    assert_int_equal(try(&last, "123456", &phone, DURING), INVITATION_OPEN);
    assert_int_equal(try(&link, "000000", &phone, DURING), INVITATION_NO);
    assert_int_equal(try(&link, "123456", &phone, DURING), INVITATION_NO);
    assert_int_equal(link.invitation.device_count, 0);
}

static void after_so_many_failures_no_device_is_bound_any_more(void **state)
{
    (void)state;
    struct link link = link_with_device();
    int64_t at = DURING;
    while (link.invitation.failures < CODE_FAILURES_MAX - 1)
        assert_int_equal(try(&link, "000000", &laptop, at), INVITATION_NO);
    struct link last = link;
    draw_next(123456, 1);
    assert_int_equal(ask(&last, &laptop, at + HOUR_S), INVITATION_SEND_CODE);
    assert_int_equal(try(&last, "123456", &laptop, at + HOUR_S), INVITATION_OPEN);
    assert_int_equal(try(&link, "000000", &laptop, at), INVITATION_NO);
    assert_int_equal(link.invitation.failures, CODE_FAILURES_MAX);
    /* For whoever is new; whose device is bound is not shut out by somebody's guesses. */
    assert_shut(&link, &laptop, at);
    assert_int_equal(ask(&link, &phone, at), INVITATION_OPEN);
}

static void so_many_devices_are_bound_and_no_more(void **state)
{
    (void)state;
    struct link link = link_made();
    struct id devices[INVITATION_DEVICES + 1];
    draw_next(123456, 123456);
    for (int i = 0; i < INVITATION_DEVICES; i++) {
        snprintf(devices[i].text, sizeof devices[i].text, "device-%d", i);
        assert_int_equal(ask(&link, &devices[i], DURING + i), INVITATION_SEND_CODE);
        assert_int_equal(try(&link, "123456", &devices[i], DURING + i), INVITATION_OPEN);
    }
    assert_int_equal(ask(&link, &phone, DURING + HOUR_S), INVITATION_NO);
    assert_int_equal(try(&link, "123456", &phone, DURING + HOUR_S), INVITATION_NO);
    assert_int_equal(link.invitation.device_count, INVITATION_DEVICES);
    for (int i = 0; i < INVITATION_DEVICES; i++)
        assert_int_equal(ask(&link, &devices[i], DURING), INVITATION_OPEN);
}

/* Two devices were sent the one code; the places went while the second was typing. */
static void a_code_binds_nothing_where_every_place_is_taken(void **state)
{
    (void)state;
    struct link link = link_with_code();
    link.invitation.device_count = INVITATION_DEVICES;
    struct link before = link;
    assert_int_equal(try(&link, "123456", &phone, DURING), INVITATION_NO);
    assert_memory_equal(&link, &before, sizeof link);
    link.invitation.devices[INVITATION_DEVICES - 1] = phone; /* bound already: welcome */
    assert_int_equal(try(&link, "123456", &phone, DURING), INVITATION_OPEN);
    assert_int_equal(link.invitation.device_count, INVITATION_DEVICES);
}

static void a_code_of_another_link_is_wrong(void **state)
{
    (void)state;
    struct link link = link_with_code(), other = link_with_code();
    memset(other.token, 'B', INVITATION_TOKEN_CHARS);
    assert_int_equal(invitation_hash(bytes_of(other.token), other.invitation.token), OK);
    assert_memory_equal(other.invitation.code, link.invitation.code, SECRET_HASH_LEN);
    assert_int_equal(try(&other, "123456", &phone, DURING), INVITATION_NO);
}

static void each_state_of_a_code_has_a_word(void **state)
{
    (void)state;
    assert_string_equal(code_state_name(CODE_NONE), "none");
    assert_string_equal(code_state_name(CODE_SENT), "sent");
    assert_string_equal(code_state_name(CODE_FAILED), "failed");
    assert_string_equal(code_state_name(CODE_PASSED), "passed");
    assert_string_equal(code_state_name((enum code_state)(CODE_PASSED + 1)), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_43_characters_and_its_hash_is_kept),
        cmocka_unit_test(what_cannot_be_a_token_has_no_hash),
        cmocka_unit_test(another_token_opens_nothing),
        cmocka_unit_test(a_link_is_good_from_its_first_second_to_before_its_last),
        cmocka_unit_test(a_code_is_no_longer_good_than_its_link),
        cmocka_unit_test(a_revoked_link_opens_nothing),
        cmocka_unit_test(without_a_device_nobody_comes_in),
        cmocka_unit_test(a_code_is_six_digits_and_kept_as_a_hash_with_its_token),
        cmocka_unit_test(no_code_is_likelier_than_another),
        cmocka_unit_test(asking_again_at_once_sends_no_second_code),
        cmocka_unit_test(a_new_code_ends_the_one_before),
        cmocka_unit_test(whose_code_is_used_up_gets_another_at_once),
        cmocka_unit_test(so_many_codes_are_sent_an_hour),
        cmocka_unit_test(the_last_code_of_the_hour_is_good),
        cmocka_unit_test(a_clock_set_back_does_not_shut_people_out),
        cmocka_unit_test(a_code_is_good_until_its_last_second),
        cmocka_unit_test(a_code_is_read_as_people_type_it),
        cmocka_unit_test(the_right_code_binds_the_device_that_it_was_typed_on),
        cmocka_unit_test(a_code_is_good_once),
        cmocka_unit_test(before_one_was_sent_no_code_is_right),
        cmocka_unit_test(after_so_many_wrong_tries_the_right_code_is_wrong),
        cmocka_unit_test(after_so_many_failures_no_device_is_bound_any_more),
        cmocka_unit_test(so_many_devices_are_bound_and_no_more),
        cmocka_unit_test(a_code_binds_nothing_where_every_place_is_taken),
        cmocka_unit_test(a_code_of_another_link_is_wrong),
        cmocka_unit_test(each_state_of_a_code_has_a_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
