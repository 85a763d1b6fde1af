#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "shell/caller.h"
#include "signaling/request.h"

static enum status hear(struct caller *c, usec_t at, const char *piece, bool last, struct note **message)
{
    return caller_hear(c, at, bytes_of(piece), false, last, message);
}

static void pieces_become_one_message(void **state)
{
    (void)state;
    struct caller c;
    struct note *message = NULL;
    caller_init(&c, 1);
    assert_int_equal(hear(&c, 0, "{\"a\"", false, &message), OK);
    assert_null(message);
    assert_int_equal(hear(&c, 0, "", false, &message), OK);
    assert_int_equal(hear(&c, 0, ":1}", true, &message), OK);
    assert_non_null(message);
    assert_int_equal(message->len, 7);
    assert_memory_equal(note_text(message), "{\"a\":1}", 7);
    note_destroy(message);
    assert_int_equal(hear(&c, 0, "next", true, &message), OK);
    assert_int_equal(message->len, 4);
    note_destroy(message);
    caller_deinit(&c);
}

static void an_empty_message_is_a_message(void **state)
{
    (void)state;
    struct caller c;
    struct note *message = NULL;
    caller_init(&c, 1);
    assert_int_equal(hear(&c, 0, "", true, &message), OK);
    assert_non_null(message);
    assert_int_equal(message->len, 0);
    note_destroy(message);
    caller_deinit(&c);
}

static void the_longest_message_fits_and_one_byte_more_does_not(void **state)
{
    (void)state;
    struct caller c;
    struct note *message = NULL;
    uint8_t *text = calloc(1, REQUEST_TEXT_MAX + 1);
    caller_init(&c, 1);
    assert_int_equal(caller_hear(&c, 0, (struct bytes){ text, REQUEST_TEXT_MAX - 1 }, false, false, &message), OK);
    assert_int_equal(caller_hear(&c, 0, (struct bytes){ text, 1 }, false, true, &message), OK);
    assert_int_equal(message->len, REQUEST_TEXT_MAX);
    note_destroy(message);
    assert_int_equal(caller_hear(&c, 0, (struct bytes){ text, REQUEST_TEXT_MAX }, false, false, &message), OK);
    assert_int_equal(caller_hear(&c, 0, (struct bytes){ text, 1 }, false, true, &message), ERR_FULL);
    caller_deinit(&c);
    free(text);
}

static void binary_is_refused(void **state)
{
    (void)state;
    struct caller c;
    struct note *message = NULL;
    caller_init(&c, 1);
    assert_int_equal(caller_hear(&c, 0, bytes_of("x"), true, true, &message), ERR_UNSUPPORTED);
    assert_null(message);
    caller_deinit(&c);
}

static int heard_at(struct caller *c, usec_t at)
{
    int heard = 0;
    struct note *message = NULL;
    while (heard < 10000 && hear(c, at, "x", true, &message) == OK) {
        note_destroy(message);
        heard++;
    }
    return heard;
}

static void a_burst_is_heard_and_then_only_the_steady_rate(void **state)
{
    (void)state;
    struct caller c;
    usec_t at = 5 * USEC_PER_SEC;
    caller_init(&c, 1);
    assert_int_equal(heard_at(&c, at), CALLER_BURST);
    assert_int_equal(heard_at(&c, at + USEC_PER_SEC), CALLER_RATE_PER_S);
    assert_int_equal(heard_at(&c, at + 1000 * USEC_PER_SEC), CALLER_BURST);
    caller_deinit(&c);
}

static void long_messages_count_as_several(void **state)
{
    (void)state;
    static uint8_t text[REQUEST_TEXT_MAX];
    struct caller c;
    const usec_t at = 5 * USEC_PER_SEC;
    const int cost = 1 + REQUEST_TEXT_MAX / CALLER_PRICED_BYTES;
    caller_init(&c, 1);
    int heard = 0;
    for (struct note *message = NULL; heard < 1000; heard++) {
        if (caller_hear(&c, at, (struct bytes){ text, sizeof text }, false, true, &message) != OK)
            break;
        note_destroy(message);
    }
    assert_int_equal(heard, CALLER_BURST / cost);
    caller_deinit(&c);
    caller_init(&c, 1);
    struct note *message = NULL;
    assert_int_equal(caller_hear(&c, at, (struct bytes){ text, sizeof text - 1 }, false, false, &message), OK);
    assert_int_equal(caller_hear(&c, at, (struct bytes){ text, 1 }, false, true, &message), OK); /* in pieces as well */
    note_destroy(message);
    assert_int_equal(heard_at(&c, at), CALLER_BURST - cost);
    caller_deinit(&c);
}

static void what_is_owed_comes_out_in_order_and_is_bounded(void **state)
{
    (void)state;
    struct caller c;
    struct note *note;
    uint8_t *text = calloc(1, CALLER_OWED_MAX);
    caller_init(&c, 1);
    assert_null(caller_take(&c));
    assert_int_equal(caller_owe(&c, note_create((struct bytes){ text, 1 })), OK);
    assert_int_equal(caller_owe(&c, note_create((struct bytes){ text, CALLER_OWED_MAX - 1 })), OK);
    assert_int_equal(caller_owe(&c, note_create((struct bytes){ text, 1 })), ERR_FULL);
    note = caller_take(&c);
    assert_int_equal(note->len, 1);
    note_destroy(note);
    assert_int_equal(caller_owe(&c, note_create((struct bytes){ text, 1 })), OK);
    note = caller_take(&c);
    assert_int_equal(note->len, CALLER_OWED_MAX - 1);
    note_destroy(note);
    caller_deinit(&c); /* with one still owed */
    free(text);
}

static void an_error_names_its_code_and_request(void **state)
{
    (void)state;
    struct caller c;
    caller_init(&c, 1);
    assert_int_equal(caller_owe_error(&c, 9, "bad_token"), OK);
    struct note *note = caller_take(&c);
    char text[512] = "";
    assert_true(note->len < sizeof text);
    memcpy(text, note_text(note), note->len);
    assert_non_null(strstr(text, "\"id\":9"));
    assert_non_null(strstr(text, "\"code\":\"bad_token\""));
    note_destroy(note);
    caller_deinit(&c);
}

static void count_up(void *context, uint8_t *at, size_t len)
{
    uint8_t *next = context;
    for (size_t i = 0; i < len; i++)
        at[i] = (*next)++;
}

static void a_hello_tells_a_nonce_that_is_new_for_each(void **state)
{
    (void)state;
    static const char *const hellos[] = {
        "{\"type\":\"hello\",\"nonce\":\"f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff\"}",
        "{\"type\":\"hello\",\"nonce\":\"000102030405060708090a0b0c0d0e0f\"}",
    };
    uint8_t next = 0xf0;
    struct entropy entropy = { count_up, &next };
    for (size_t i = 0; i < sizeof hellos / sizeof *hellos; i++) {
        struct caller c;
        caller_init(&c, 1);
        assert_int_equal(caller_greet(&c, &entropy), OK);
        struct note *note = caller_take(&c);
        assert_int_equal(note->len, strlen(hellos[i]));
        assert_memory_equal(note_text(note), hellos[i], note->len);
        assert_memory_equal(c.nonce, strstr(hellos[i], "\"}") - 2 * CALLER_NONCE_BYTES, 2 * CALLER_NONCE_BYTES);
        assert_null(caller_take(&c));
        note_destroy(note);
        caller_deinit(&c);
    }
}

static void the_first_reason_to_close_stays(void **state)
{
    (void)state;
    struct caller c;
    caller_init(&c, 1);
    caller_close(&c, caller_close_code("removed"), "removed");
    caller_close(&c, caller_close_code("busy"), "busy");
    assert_true(c.closing);
    assert_int_equal(c.close_code, 1000);
    assert_string_equal(c.close_reason, "removed");
    caller_deinit(&c);
}

static void a_refused_join_is_answered_at_its_moment_however_early_it_was_known(void **state)
{
    (void)state;
    const usec_t came = 7 * USEC_PER_SEC, known_after[] = { 0, 200, 40 * USEC_PER_MSEC, CALLER_REFUSED_AFTER_US - 1 };
    for (size_t i = 0; i < sizeof known_after / sizeof *known_after; i++) {
        struct caller c;
        caller_init(&c, 1);
        caller_asks_in(&c, came);
        caller_refuse_in(&c);
        usec_t known = came + known_after[i];
        assert_int_equal(known + caller_silence(&c, known), came + CALLER_REFUSED_AFTER_US);
        assert_int_equal(caller_silence(&c, came + CALLER_REFUSED_AFTER_US - 1), 1);
        assert_int_equal(caller_silence(&c, came + CALLER_REFUSED_AFTER_US), 0);
        assert_int_equal(caller_silence(&c, came + USEC_PER_SEC), 0);
        caller_deinit(&c);
    }
}

static void a_join_that_is_not_refused_is_answered_at_once(void **state)
{
    (void)state;
    struct caller c;
    caller_init(&c, 1);
    assert_int_equal(caller_silence(&c, 0), 0);
    caller_asks_in(&c, USEC_PER_SEC);
    assert_int_equal(caller_silence(&c, USEC_PER_SEC), 0);
    caller_deinit(&c);
}

static void a_second_refused_join_has_a_moment_of_its_own(void **state)
{
    (void)state;
    struct caller c;
    caller_init(&c, 1);
    caller_asks_in(&c, USEC_PER_SEC);
    caller_refuse_in(&c);
    usec_t again = USEC_PER_SEC + CALLER_REFUSED_AFTER_US / 2;
    caller_asks_in(&c, again);
    assert_int_equal(caller_silence(&c, again), CALLER_REFUSED_AFTER_US / 2); /* the first one's */
    caller_refuse_in(&c);
    assert_int_equal(caller_silence(&c, again), CALLER_REFUSED_AFTER_US);
    caller_deinit(&c);
}

static void close_codes_follow_the_protocol(void **state)
{
    (void)state;
    const char *const over[] = { "left", "ended", "removed", "moved", "token_expired", "session_over" };
    const char *const refused[] = { "bad_token", "too_many_messages", "not_joined" };
    for (size_t i = 0; i < sizeof over / sizeof *over; i++)
        assert_int_equal(caller_close_code(over[i]), 1000);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        assert_int_equal(caller_close_code(refused[i]), 1008);
    assert_int_equal(caller_close_code("busy"), 1013);
    assert_int_equal(caller_close_code("too_long"), 1009);
    assert_int_equal(caller_close_code("not_text"), 1003);
    assert_int_equal(caller_close_code("never heard of"), 1011);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_become_one_message),
        cmocka_unit_test(an_empty_message_is_a_message),
        cmocka_unit_test(the_longest_message_fits_and_one_byte_more_does_not),
        cmocka_unit_test(binary_is_refused),
        cmocka_unit_test(a_burst_is_heard_and_then_only_the_steady_rate),
        cmocka_unit_test(long_messages_count_as_several),
        cmocka_unit_test(what_is_owed_comes_out_in_order_and_is_bounded),
        cmocka_unit_test(an_error_names_its_code_and_request),
        cmocka_unit_test(a_hello_tells_a_nonce_that_is_new_for_each),
        cmocka_unit_test(the_first_reason_to_close_stays),
        cmocka_unit_test(a_refused_join_is_answered_at_its_moment_however_early_it_was_known),
        cmocka_unit_test(a_join_that_is_not_refused_is_answered_at_once),
        cmocka_unit_test(a_second_refused_join_has_a_moment_of_its_own),
        cmocka_unit_test(close_codes_follow_the_protocol),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
