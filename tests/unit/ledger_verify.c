#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "ledger/verify.h"
#include "support/history.h"

static const struct id clinic = { "clinic-1" };

enum { ROWS = 60 };
struct ledger {
    struct ledger_row rows[ROWS + 1]; /* one to spare, for a doubled one */
    size_t count;
};

static struct ledger ledger_of(uint64_t seed)
{
    struct ledger ledger = { .count = ROWS };
    struct history history = history_of(seed);
    struct chain chain;
    chain_init(&chain, &clinic);
    for (size_t i = 0; i < ROWS; i++)
        ledger.rows[i] = history_row(&history, &chain);
    return ledger;
}

/* As a store walks: it stops at the first status. */
static struct ledger_fault verify(const struct ledger *ledger, const struct ledger_head *noted)
{
    struct ledger_verifier verifier;
    enum status status = OK;
    assert_int_equal(ledger_verifier_init(&verifier, &clinic, noted), OK);
    for (size_t i = 0; i < ledger->count && status == OK; i++)
        status = ledger_verifier_row(&verifier, &ledger->rows[i]);
    status = ledger_verifier_end(&verifier);
    assert_int_equal(status, verifier.fault.row ? ERR_MALFORMED : OK);
    assert_int_equal(verifier.fault.row != 0, verifier.fault.words[0] != '\0');
    ledger_verifier_deinit(&verifier);
    return verifier.fault;
}

static void append(struct ledger *ledger, struct chain *chain, struct record record)
{
    uint8_t buffer[RECORD_TEXT_MAX + 1];
    struct writer w = writer_over(buffer, sizeof buffer);
    assert_int_equal(record_write(&w, &record), OK);
    assert_int_equal(chain_append(chain, writer_bytes(&w), &ledger->rows[ledger->count++]), OK);
}

/* All hashes from `first` on made anew, as one would who has the whole ledger in his hands. */
static void rewrite(struct ledger *ledger, size_t first)
{
    struct chain chain;
    chain_init(&chain, &clinic);
    for (size_t i = 0; i < ledger->count; i++) {
        struct ledger_row row = ledger->rows[i];
        if (i < first)
            assert_int_equal(chain_check(&chain, &row), CHAIN_GOOD);
        else
            assert_int_equal(chain_append(&chain, ledger_row_text(&row), &ledger->rows[i]), OK);
    }
}

static void a_random_history_verifies(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct ledger ledger = ledger_of(seed);
        assert_int_equal(verify(&ledger, NULL).row, 0);
    }
    assert_int_equal(verify(&(struct ledger){ .count = 0 }, NULL).row, 0);
}

static void what_is_open_at_the_end_is_reported_and_no_fault(void **state)
{
    (void)state;
    struct ledger ledger = { .count = 0 };
    struct ledger_verifier verifier;
    struct chain chain;
    chain_init(&chain, &clinic);
    append(&ledger, &chain,
           (struct record){ .kind = RECORD_OPEN, .interval = { "i1" }, .session = { "s" }, .participation = { "p" } });
    assert_int_equal(ledger_verifier_init(&verifier, &clinic, NULL), OK);
    assert_int_equal(ledger_verifier_row(&verifier, &ledger.rows[0]), OK);
    assert_int_equal(ledger_verifier_end(&verifier), OK);
    assert_int_equal(intervals_open_count(verifier.intervals), 1);
    assert_string_equal(intervals_open_at(verifier.intervals, 0)->interval.text, "i1");
    assert_int_equal(verifier.chain.number, 1);
    ledger_verifier_deinit(&verifier);
}

static void a_changed_byte_is_located(void **state)
{
    (void)state;
    struct ledger good = ledger_of(4);
    struct history dice = history_of(99);
    for (int trial = 0; trial < 3000; trial++) {
        struct ledger ledger = good;
        size_t at = history_draw(&dice, ROWS);
        struct ledger_row *row = &ledger.rows[at];
        uint8_t change = (uint8_t)(1 + history_draw(&dice, 255));
        uint64_t where = history_draw(&dice, 3);
        if (where == 0)
            row->text[history_draw(&dice, strlen(row->text))] ^= (char)change;
        else if (where == 1)
            row->hash[history_draw(&dice, CHAIN_HASH_LEN)] ^= change;
        else
            row->number ^= (uint64_t)change << 8 * history_draw(&dice, 8);
        assert_int_equal(verify(&ledger, NULL).row, at + 1);
    }
}

static void a_dropped_row_is_located(void **state)
{
    (void)state;
    struct ledger good = ledger_of(5);
    for (size_t at = 0; at + 1 < ROWS; at++) {
        struct ledger ledger = good;
        memmove(&ledger.rows[at], &ledger.rows[at + 1], (ROWS - at - 1) * sizeof *ledger.rows);
        ledger.count--;
        struct ledger_fault fault = verify(&ledger, NULL);
        char words[FAULT_WORDS_MAX];
        snprintf(words, sizeof words, "row %zu is missing: row %zu stands in its place", at + 1, at + 2);
        assert_int_equal(fault.row, at + 1);
        assert_int_equal(fault.chain, CHAIN_NUMBER);
        assert_string_equal(fault.words, words);
    }
}

static void a_doubled_row_is_located(void **state)
{
    (void)state;
    struct ledger good = ledger_of(6);
    for (size_t at = 0; at < ROWS; at++) {
        struct ledger ledger = good;
        memmove(&ledger.rows[at + 1], &ledger.rows[at], (ROWS - at) * sizeof *ledger.rows);
        ledger.count++;
        assert_int_equal(verify(&ledger, NULL).row, at + 2);
    }
}

static void swapped_rows_are_located_with_and_without_their_numbers(void **state)
{
    (void)state;
    struct ledger good = ledger_of(7);
    for (size_t a = 0; a < ROWS; a++) {
        for (size_t b = a + 1; b < ROWS; b += 7) {
            struct ledger ledger = good;
            ledger.rows[a] = good.rows[b];
            ledger.rows[b] = good.rows[a];
            assert_int_equal(verify(&ledger, NULL).row, a + 1);
            ledger.rows[a].number = a + 1;
            ledger.rows[b].number = b + 1;
            assert_int_equal(verify(&ledger, NULL).row, a + 1);
        }
    }
}

static void one_rewritten_row_is_located_at_the_next(void **state)
{
    (void)state;
    struct ledger ledger = ledger_of(8);
    struct chain chain;
    chain_init(&chain, &clinic);
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(chain_check(&chain, &ledger.rows[i]), CHAIN_GOOD);
    assert_int_equal(chain_append(&chain, bytes_of("{\"kind\":\"session\",\"at\":1}"), &ledger.rows[20]), OK);
    struct ledger_fault fault = verify(&ledger, NULL);
    assert_int_equal(fault.row, 22);
    assert_int_equal(fault.chain, CHAIN_HASH);
}

static void a_noted_head_shows_a_cut_and_a_rewritten_end(void **state)
{
    (void)state;
    struct ledger good = ledger_of(9), cut = good, rewritten = good;
    struct ledger_head noted = { .number = ROWS - 5 };
    memcpy(noted.hash, good.rows[ROWS - 6].hash, sizeof noted.hash);
    assert_int_equal(verify(&good, &noted).row, 0);

    cut.count = ROWS - 10;
    assert_int_equal(verify(&cut, NULL).row, 0); /* nothing in the ledger itself tells */
    assert_int_equal(verify(&cut, &noted).row, ROWS - 9);
    cut.count = ROWS - 5;
    assert_int_equal(verify(&cut, &noted).row, 0);

    strcpy(rewritten.rows[ROWS - 8].text, "{\"kind\":\"session\",\"at\":1}");
    rewrite(&rewritten, ROWS - 8);
    assert_int_equal(verify(&rewritten, &noted).row, ROWS - 5);
}

static void an_interval_fault_is_located_in_plain_words(void **state)
{
    (void)state;
    struct ledger ledger = { .count = 0 };
    struct chain chain;
    struct record open = { .kind = RECORD_OPEN, .interval = { "i9" }, .session = { "s" }, .participation = { "p" } };
    chain_init(&chain, &clinic);
    append(&ledger, &chain, (struct record){ .kind = RECORD_SESSION, .reason = "opened" });
    append(&ledger, &chain, open);
    append(&ledger, &chain, open);
    struct ledger_fault fault = verify(&ledger, NULL);
    assert_int_equal(fault.row, 3);
    assert_int_equal(fault.chain, CHAIN_GOOD);
    assert_int_equal(fault.interval, INTERVAL_OPENED_TWICE);
    assert_string_equal(fault.words, "row 3: the interval was opened before (interval i9)");
}

static void the_first_fault_stays(void **state)
{
    (void)state;
    struct ledger ledger = ledger_of(10);
    struct ledger_verifier verifier;
    assert_int_equal(ledger_verifier_init(&verifier, &clinic, NULL), OK);
    assert_int_equal(ledger_verifier_row(&verifier, &ledger.rows[1]), ERR_MALFORMED);
    assert_int_equal(ledger_verifier_row(&verifier, &ledger.rows[0]), ERR_MALFORMED);
    assert_int_equal(ledger_verifier_end(&verifier), ERR_MALFORMED);
    assert_string_equal(verifier.fault.words, "row 1 is missing: row 2 stands in its place");
    ledger_verifier_deinit(&verifier);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_random_history_verifies),
        cmocka_unit_test(what_is_open_at_the_end_is_reported_and_no_fault),
        cmocka_unit_test(a_changed_byte_is_located),
        cmocka_unit_test(a_dropped_row_is_located),
        cmocka_unit_test(a_doubled_row_is_located),
        cmocka_unit_test(swapped_rows_are_located_with_and_without_their_numbers),
        cmocka_unit_test(one_rewritten_row_is_located_at_the_next),
        cmocka_unit_test(a_noted_head_shows_a_cut_and_a_rewritten_end),
        cmocka_unit_test(an_interval_fault_is_located_in_plain_words),
        cmocka_unit_test(the_first_fault_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
