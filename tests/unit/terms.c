#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/terms.h"

static void every_word_comes_back_from_its_name(void **state)
{
    (void)state;
    for (int kind = KIND_INDIVIDUAL; kind <= KIND_GROUP; kind++)
        assert_int_equal(kind_parse(bytes_of(kind_name((enum session_kind)kind))), kind);
    for (int role = ROLE_CLIENT; role <= ROLE_ADMIN; role++)
        assert_int_equal(role_parse(bytes_of(role_name((enum role)role))), role);
    for (int mode = MODE_LISTEN; mode <= MODE_FULL; mode++)
        assert_int_equal(mode_parse(bytes_of(mode_name((enum mode)mode))), mode);
}

static void words_on_the_wire_are_these(void **state)
{
    (void)state;
    assert_int_equal(kind_parse(bytes_of("check_in")), KIND_CHECK_IN);
    assert_int_equal(role_parse(bytes_of("loved_one")), ROLE_LOVED_ONE);
    assert_int_equal(mode_parse(bytes_of("watch")), MODE_WATCH);
    assert_string_equal(source_name(SOURCE_MIC), "mic");
    assert_string_equal(source_name(SOURCE_CAMERA), "camera");
    assert_string_equal(source_name(SOURCE_SCREEN), "screen");
}

static void unknown_words_and_values_are_nothing(void **state)
{
    (void)state;
    static const char *const words[] = { "", "?", "Individual", "individual ", "loved", "loved_ones", "FULL", "mic" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        assert_int_equal(kind_parse(bytes_of(words[i])), 0);
        assert_int_equal(role_parse(bytes_of(words[i])), 0);
        assert_int_equal(mode_parse(bytes_of(words[i])), 0);
    }
    assert_int_equal(role_parse((struct bytes){ (const uint8_t *)"admin\0", 6 }), 0);
    assert_string_equal(kind_name((enum session_kind)0), "?");
    assert_string_equal(kind_name((enum session_kind) - 1), "?");
    assert_string_equal(role_name((enum role)(ROLE_ADMIN + 1)), "?");
    assert_string_equal(mode_name((enum mode)1000), "?");
    assert_string_equal(source_name((enum source)3), "?"); /* two sources are not one */
    assert_string_equal(source_name(SOURCE_ALL), "?");
}

static void ids_are_1_to_64_plain_characters(void **state)
{
    (void)state;
    static const char *const good[] = { "a",
                                        "Z-9_",
                                        "a.b.",
                                        "-.-",
                                        "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
                                        "0123456789abcdefghijABCDEFGHIJ-_0123456789abcdefghijABCDEFGHIJ-." };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct id id;
        memset(&id, 'x', sizeof id);
        assert_true(id_parse(bytes_of(good[i]), &id));
        assert_string_equal(id.text, good[i]);
    }
}

static void other_ids_are_refused_and_change_nothing(void **state)
{
    (void)state;
    static const char *const bad[] = { "",         "0123456789abcdefghijABCDEFGHIJ-_0123456789abcdefghijABCDEFGHIJ-_x",
                                       "a b",      "a\"b",
                                       "\xc3\xa9", ".a",
                                       ".",        "..",
                                       "a/b",      "a\n" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct id id = { "before" };
        assert_false(id_parse(bytes_of(bad[i]), &id));
        assert_string_equal(id.text, "before");
    }
    struct id id = { "before" };
    assert_false(id_parse((struct bytes){ (const uint8_t *)"a\0b", 3 }, &id));
}

static void ids_are_equal_by_their_text_alone(void **state)
{
    (void)state;
    struct id a, b;
    memset(&a, 1, sizeof a);
    assert_true(id_parse(bytes_of("same"), &a) && id_parse(bytes_of("same"), &b));
    assert_true(id_equal(&a, &b));
    assert_true(id_parse(bytes_of("Same"), &b));
    assert_false(id_equal(&a, &b));
}

static void a_set_holds_what_was_put_in(void **state)
{
    (void)state;
    term_set set = term_bit(KIND_FAMILY) | term_bit(KIND_GROUP);
    for (int kind = KIND_INDIVIDUAL; kind <= KIND_GROUP; kind++)
        assert_int_equal(term_in(set, kind), kind == KIND_FAMILY || kind == KIND_GROUP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word_comes_back_from_its_name),
        cmocka_unit_test(words_on_the_wire_are_these),
        cmocka_unit_test(unknown_words_and_values_are_nothing),
        cmocka_unit_test(ids_are_1_to_64_plain_characters),
        cmocka_unit_test(other_ids_are_refused_and_change_nothing),
        cmocka_unit_test(ids_are_equal_by_their_text_alone),
        cmocka_unit_test(a_set_holds_what_was_put_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
