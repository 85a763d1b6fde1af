#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "media/dependency.h"

/* Writes a descriptor bit by bit, as the specification draws it. */
static uint8_t text[256];
static size_t bit_count;

static void start(void)
{
    memset(text, 0, sizeof text);
    bit_count = 0;
}

static void put(uint32_t value, unsigned width)
{
    for (; width > 0; width--, bit_count++)
        text[bit_count / 8] |= (uint8_t)((width > 32 ? 0 : value >> (width - 1) & 1) << (7 - bit_count % 8));
}

static struct bytes descriptor(void)
{
    return (struct bytes){ text, (bit_count + 7) / 8 };
}

static void put_mandatory(bool frame_starts, uint32_t number)
{
    put(frame_starts, 1);
    put(1, 1);
    put(number, 6);
    put(0x1234, 16);
}

static void put_flags(const char *flags) /* "s": structure, "a": active targets, "d": own indications */
{
    put(strchr(flags, 's') != NULL, 1);
    put(strchr(flags, 'a') != NULL, 1);
    put(strchr(flags, 'd') != NULL, 1);
    put(0, 2);
}

static void put_indications(const char *letters)
{
    for (; *letters; letters++)
        put((uint32_t)(strchr("-DSR", *letters) - "-DSR"), 2);
}

/* Three temporal layers and a decode target for each: what Chromium calls L1T3. The first template has number 60, so
 * that the others wrap around. One chain, which protects all targets. */
static void put_l1t3(void)
{
    put(60, 6);
    put(3 - 1, 5);
    /* Templates: T0 (keyframe), T0, T1, T2, T2. */
    put(0, 2);
    put(1, 2);
    put(1, 2);
    put(0, 2);
    put(3, 2);
    put_indications("SSS");
    put_indications("SSS");
    put_indications("-DS");
    put_indications("--D");
    put_indications("--D");
    /* Frame differences: none, 4, 2, 1, 1. */
    put(0, 1);
    for (int i = 0; i < 4; i++) {
        put(1, 1);
        put(i == 0 ? 3 : i == 1 ? 1 : 0, 4);
        put(0, 1);
    }
    /* Chains: ns(4) of 1 is 01; each target's is ns(1), without a bit; five differences of four bits. */
    put(1, 2);
    for (int i = 0; i < 5; i++)
        put(0, 4);
    put(1, 1);
    put(640, 16);
    put(360, 16);
}

static struct dependency_structure known;
static struct dependency seen;

static void good(void)
{
    assert_int_equal(dependency_read(descriptor(), &known, &seen), OK);
}

static void malformed(void)
{
    struct dependency_structure before = known;
    struct dependency saw = seen;
    assert_int_equal(dependency_read(descriptor(), &known, &seen), ERR_MALFORMED);
    assert_memory_equal(&before, &known, sizeof known);
    assert_memory_equal(&saw, &seen, sizeof seen);
}

static int forget(void **state)
{
    (void)state;
    known = (struct dependency_structure){ 0 };
    seen = (struct dependency){ 0 };
    return 0;
}

static void learn_l1t3(void)
{
    start();
    put_mandatory(true, 60);
    put_flags("s");
    put_l1t3();
    good();
}

static void a_structure_brings_its_templates(void **state)
{
    (void)state;
    learn_l1t3();
    assert_true(seen.frame_starts);
    assert_int_equal(seen.temporal, 0);
    assert_int_equal(seen.opens, 7);
    assert_int_equal(known.template_count, 5);
    assert_int_equal(known.target_count, 3);
    static const uint8_t temporal[] = { 0, 0, 1, 2, 2 }, opens[] = { 7, 7, 4, 0, 0 };
    for (int i = 0; i < 5; i++) {
        assert_int_equal(known.templates[i].temporal, temporal[i]);
        assert_int_equal(known.templates[i].opens, opens[i]);
        start();
        put_mandatory(i % 2, (60 + (uint32_t)i) % 64);
        good();
        assert_int_equal(seen.frame_starts, i % 2);
        assert_int_equal(seen.temporal, temporal[i]);
        assert_int_equal(seen.opens, opens[i]);
    }
}

static void without_its_structure_a_template_is_unknown(void **state)
{
    (void)state;
    start();
    put_mandatory(true, 60);
    malformed();
    learn_l1t3();
    start();
    put_mandatory(true, 1); /* the sixth */
    malformed();
    start();
    put_mandatory(true, 59);
    malformed();
}

static void a_frame_may_have_indications_of_its_own(void **state)
{
    (void)state;
    learn_l1t3();
    start();
    put_mandatory(true, 0); /* T2 */
    put_flags("ad");
    put(5, 3); /* the second target is off */
    put_indications("-SR");
    good();
    assert_int_equal(seen.temporal, 2);
    assert_int_equal(seen.opens, 2);
    assert_int_equal(known.templates[4].opens, 0);
}

/* Two spatial and two temporal layers, four targets, up to the frame differences, of which there are none. */
static void put_l2t2(void)
{
    put(0, 6);
    put(4 - 1, 5);
    put(1, 2); /* S0T0, then S0T1 */
    put(2, 2); /* S1T0 */
    put(1, 2); /* S1T1 */
    put(3, 2);
    put_indications("SSSS");
    put_indications("-D-D");
    put_indications("--SS");
    put_indications("---D");
    put(0, 4);
}

/* What follows the chains tells whether they were read to their very end. */
static void chains_are_stepped_over_in_their_uneven_widths(void **state)
{
    (void)state;
    start();
    put_mandatory(true, 0);
    put_flags("sd");
    put_l2t2();
    put(6, 3); /* ns(5) of 3 is 110: the first number that needs three bits */
    put(0, 1); /* ns(3) of 0, 1, 2, 0: 0 10 11 0 */
    put(2, 2);
    put(3, 2);
    put(0, 1);
    for (int i = 0; i < 4 * 3; i++)
        put(15, 4);
    put(1, 1); /* the resolutions of two spatial layers */
    for (int i = 0; i < 4; i++)
        put(0xffff, 16);
    put_indications("S---");
    good();
    assert_int_equal(seen.opens, 1);
    assert_int_equal(known.templates[0].opens, 3);
}

static void spatial_layers_are_counted_anew_for_time(void **state)
{
    (void)state;
    start();
    put_mandatory(true, 0);
    put_flags("s");
    put_l2t2();
    put(0, 2); /* no chains: ns(5) of 0 */
    put(0, 1); /* no resolutions */
    good();
    static const uint8_t spatial[] = { 0, 0, 1, 1 }, temporal[] = { 0, 1, 0, 1 }, of_target[] = { 0, 1, 0, 1 };
    for (int i = 0; i < 4; i++) {
        assert_int_equal(known.templates[i].spatial, spatial[i]);
        assert_int_equal(known.templates[i].temporal, temporal[i]);
        assert_int_equal(known.target_temporal[i], of_target[i]);
    }
}

static void no_cut_of_a_structure_is_taken(void **state)
{
    (void)state;
    start();
    put_mandatory(true, 60);
    put_flags("s");
    put_l1t3();
    struct bytes whole = descriptor();
    for (size_t len = 0; len < whole.len; len++) {
        uint8_t *exact = malloc(len ? len : 1);
        memcpy(exact, whole.at, len);
        assert_int_equal(dependency_read((struct bytes){ exact, len }, &known, &seen), ERR_MALFORMED);
        free(exact);
    }
    assert_int_equal(known.template_count, 0);
}

static void more_layers_than_there_can_be_are_refused(void **state)
{
    (void)state;
    start(); /* 65 templates */
    put_mandatory(true, 0);
    put_flags("s");
    put(0, 11);
    for (int i = 0; i < 500; i++)
        put(0, 2);
    malformed();
    for (uint32_t next = 1; next <= 2; next++) { /* a ninth temporal layer, a fifth spatial one */
        start();
        put_mandatory(true, 0);
        put_flags("s");
        put(0, 11);
        for (int i = 0; i < 10; i++)
            put(next, 2);
        put(3, 2);
        put(0, 800);
        malformed();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_structure_brings_its_templates, forget),
        cmocka_unit_test_setup(without_its_structure_a_template_is_unknown, forget),
        cmocka_unit_test_setup(a_frame_may_have_indications_of_its_own, forget),
        cmocka_unit_test_setup(spatial_layers_are_counted_anew_for_time, forget),
        cmocka_unit_test_setup(chains_are_stepped_over_in_their_uneven_widths, forget),
        cmocka_unit_test_setup(no_cut_of_a_structure_is_taken, forget),
        cmocka_unit_test_setup(more_layers_than_there_can_be_are_refused, forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
