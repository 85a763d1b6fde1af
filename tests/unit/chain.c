#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "support/history.h"

static const struct id clinic = { "clinic-1" };
static const char opened[] = "{\"kind\":\"session\",\"at\":1767225600000000,\"session\":\"s1\",\"reason\":\"opened\"}";

enum { ROWS = 40 };

/* The rows, and the chain as it was before each of them. */
static void grow(uint64_t seed, struct ledger_row rows[ROWS], struct chain before[ROWS])
{
    struct history history = history_of(seed);
    struct chain chain;
    chain_init(&chain, &clinic);
    for (size_t i = 0; i < ROWS; i++) {
        before[i] = chain;
        rows[i] = history_row(&history, &chain);
    }
}

/* The chain must refuse the row and stay where it is. */
static void assert_fault(const struct chain *at, const struct ledger_row *row)
{
    struct chain chain = *at;
    assert_int_not_equal(chain_check(&chain, row), CHAIN_GOOD);
    assert_int_equal(chain.number, at->number);
    assert_memory_equal(chain.hash, at->hash, CHAIN_HASH_LEN);
}

static void hashes_are_those_of_the_header(void **state)
{
    (void)state;
    /* SHA-256, by another implementation, of what chain.h says */
    static const char *const known[] = { "ec771d901f287d8dc740d1c3fe766034d2f783909118aadfe7f471d4bf3fe533",
                                         "c9c17c41d7dae412e1f8e10ea505f18188225a1344bc6f06c5016801f5a0a614" };
    struct chain chain;
    struct ledger_row row;
    chain_init(&chain, &clinic);
    for (size_t i = 0; i < 2; i++) {
        char hex[2 * CHAIN_HASH_LEN + 1];
        assert_int_equal(chain_append(&chain, bytes_of(opened), &row), OK);
        for (size_t j = 0; j < CHAIN_HASH_LEN; j++)
            snprintf(hex + 2 * j, 3, "%02x", row.hash[j]);
        assert_string_equal(hex, known[i]);
        assert_int_equal(row.number, i + 1);
        assert_string_equal(row.text, opened);
    }
}

static void what_was_appended_checks(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct ledger_row rows[ROWS];
        struct chain before[ROWS], chain;
        grow(seed, rows, before);
        chain_init(&chain, &clinic);
        for (size_t i = 0; i < ROWS; i++)
            assert_int_equal(chain_check(&chain, &rows[i]), CHAIN_GOOD);
        assert_int_equal(chain.number, ROWS);
        assert_memory_equal(chain.hash, rows[ROWS - 1].hash, CHAIN_HASH_LEN);
    }
}

static void only_records_of_the_ledger_are_appended(void **state)
{
    (void)state;
    static const char *const others[] = { "", "{}", "{\"kind\":\"session\", \"at\":1}",
                                          "{\"kind\":\"heartbeat\",\"at\":1}" };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct chain chain;
        struct ledger_row row = { .number = 77 };
        chain_init(&chain, &clinic);
        assert_int_equal(chain_append(&chain, bytes_of(others[i]), &row), ERR_MALFORMED);
        assert_int_equal(chain.number, 0);
        assert_int_equal(row.number, 77);
    }
}

static void any_flipped_bit_of_any_row_shows_at_that_row(void **state)
{
    (void)state;
    struct ledger_row rows[ROWS];
    struct chain before[ROWS];
    grow(7, rows, before);
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t bit = 0; bit < 8 * strlen(rows[i].text); bit++) {
            struct ledger_row changed = rows[i];
            changed.text[bit / 8] = (char)(changed.text[bit / 8] ^ (1 << bit % 8));
            assert_fault(&before[i], &changed);
        }
        for (size_t bit = 0; bit < 8 * CHAIN_HASH_LEN; bit++) {
            struct ledger_row changed = rows[i];
            changed.hash[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_fault(&before[i], &changed);
        }
        for (size_t bit = 0; bit < 64; bit++) {
            struct ledger_row changed = rows[i];
            changed.number ^= UINT64_C(1) << bit;
            assert_fault(&before[i], &changed);
        }
    }
}

static void any_other_value_of_any_byte_shows_too(void **state)
{
    (void)state;
    struct ledger_row rows[ROWS];
    struct chain before[ROWS];
    grow(8, rows, before);
    for (size_t at = 0; at < strlen(rows[5].text); at++) {
        for (int value = 0; value < 256; value++) {
            struct ledger_row changed = rows[5];
            if ((char)value == changed.text[at])
                continue;
            changed.text[at] = (char)value;
            assert_fault(&before[5], &changed);
        }
    }
}

static void a_longer_and_a_shorter_text_show(void **state)
{
    (void)state;
    struct ledger_row rows[ROWS];
    struct chain before[ROWS];
    grow(9, rows, before);
    struct ledger_row longer = rows[3], endless = rows[3];
    strcat(longer.text, " ");
    assert_fault(&before[3], &longer);
    memset(endless.text, 'x', sizeof endless.text);
    struct chain chain = before[3];
    assert_int_equal(chain_check(&chain, &endless), CHAIN_TEXT);
    for (size_t len = 0; len < strlen(rows[3].text); len++) {
        struct ledger_row shorter = rows[3];
        shorter.text[len] = '\0';
        assert_fault(&before[3], &shorter);
    }
}

static void faults_tell_number_text_and_hash_apart(void **state)
{
    (void)state;
    struct ledger_row rows[ROWS], row;
    struct chain before[ROWS], chain;
    grow(10, rows, before);
    chain = before[4];
    assert_int_equal(chain_check(&chain, &rows[5]), CHAIN_NUMBER);
    assert_int_equal(chain_check(&chain, &rows[3]), CHAIN_NUMBER);
    row = rows[4];
    row.text[0] = '[';
    assert_int_equal(chain_check(&chain, &row), CHAIN_TEXT);
    row = rows[4];
    strcpy(row.text, opened); /* canonical, and not what was there */
    assert_int_equal(chain_check(&chain, &row), CHAIN_HASH);
    strcpy(row.text, "{\"kind\":\"heartbeat\",\"at\":1}");
    assert_int_equal(chain_check(&chain, &row), CHAIN_TEXT);
    assert_int_equal(chain_check(&chain, &rows[4]), CHAIN_GOOD);
}

static void another_clinics_rows_do_not_fit(void **state)
{
    (void)state;
    struct ledger_row rows[ROWS];
    struct chain before[ROWS], chain;
    grow(11, rows, before);
    chain_init(&chain, &(struct id){ "clinic-2" });
    assert_int_equal(chain_check(&chain, &rows[0]), CHAIN_HASH);
}

static void every_fault_has_words(void **state)
{
    (void)state;
    for (int fault = CHAIN_GOOD; fault <= CHAIN_HASH; fault++)
        assert_true(strlen(chain_fault_name((enum chain_fault)fault)) > 1);
    assert_string_equal(chain_fault_name((enum chain_fault)(CHAIN_HASH + 1)), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_are_those_of_the_header),
        cmocka_unit_test(what_was_appended_checks),
        cmocka_unit_test(only_records_of_the_ledger_are_appended),
        cmocka_unit_test(any_flipped_bit_of_any_row_shows_at_that_row),
        cmocka_unit_test(any_other_value_of_any_byte_shows_too),
        cmocka_unit_test(a_longer_and_a_shorter_text_show),
        cmocka_unit_test(faults_tell_number_text_and_hash_apart),
        cmocka_unit_test(another_clinics_rows_do_not_fit),
        cmocka_unit_test(every_fault_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
