#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/log.h"

struct seen {
    int lines;
    enum log_level level;
    char line[1000];
};

static void keep(void *context, enum log_level level, const char *line)
{
    struct seen *seen = context;
    seen->lines++;
    seen->level = level;
    strncpy(seen->line, line, sizeof seen->line - 1);
}

static void lines_are_formatted_with_their_level(void **state)
{
    (void)state;
    struct seen seen = { 0 };
    struct log log = { keep, &seen, LOG_LEVEL_INFO };
    log_warning(&log, "room %s has %d", "r1", 3);
    assert_int_equal(seen.lines, 1);
    assert_int_equal(seen.level, LOG_LEVEL_WARNING);
    assert_string_equal(seen.line, "room r1 has 3");
}

static void lines_below_the_least_are_not_written(void **state)
{
    (void)state;
    struct seen seen = { 0 };
    struct log log = { keep, &seen, LOG_LEVEL_WARNING };
    log_debug(&log, "no");
    log_info(&log, "no");
    assert_int_equal(seen.lines, 0);
    log_warning(&log, "yes");
    log_error(&log, "yes");
    assert_int_equal(seen.lines, 2);
}

static void a_long_line_is_cut_at_500(void **state)
{
    (void)state;
    struct seen seen = { 0 };
    struct log log = { keep, &seen, LOG_LEVEL_DEBUG };
    char longer[800];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    log_info(&log, "%s", longer);
    assert_int_equal(strlen(seen.line), 500);
}

static void no_sink_is_silence(void **state)
{
    (void)state;
    log_error(&(struct log){ 0 }, "nobody hears %d", 1);
    log_error(NULL, "nor here");
}

static void levels_have_names(void **state)
{
    (void)state;
    assert_string_equal(log_level_name(LOG_LEVEL_DEBUG), "debug");
    assert_string_equal(log_level_name(LOG_LEVEL_INFO), "info");
    assert_string_equal(log_level_name(LOG_LEVEL_WARNING), "warning");
    assert_string_equal(log_level_name(LOG_LEVEL_ERROR), "error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_formatted_with_their_level),
        cmocka_unit_test(lines_below_the_least_are_not_written),
        cmocka_unit_test(a_long_line_is_cut_at_500),
        cmocka_unit_test(no_sink_is_silence),
        cmocka_unit_test(levels_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
