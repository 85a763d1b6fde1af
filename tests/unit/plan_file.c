#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell/plan_file.h"

#define CLIENT "{\"participation\":\"p-1\",\"person\":\"alex\",\"role\":\"client\",\"name\":\"Alex\"}"
#define SAM "{\"participation\":\"p-2\",\"person\":\"sam\",\"role\":\"loved_one\",\"name\":\"Sam\"}"
#define GRANT                                                                                                          \
    "{\"id\":\"g-1\",\"epoch\":3,\"client\":\"alex\",\"person\":\"sam\",\"granted_by\":\"both\","                      \
    "\"kinds\":[\"individual\",\"family\"],\"modes\":[\"full\"],\"chat\":true,\"topics\":[\"aftercare\"],"             \
    "\"purpose\":\"FAMRQT\",\"client_absent_ok\":true,\"notice_version\":\"v1\",\"evidence\":\"form/7\","              \
    "\"not_before\":100,\"expires\":900}"
#define SESSION                                                                                                        \
    "{\"id\":\"s-1\",\"kind\":\"individual\",\"opens_at\":200,\"closes_at\":800,\"client\":\"alex\","                  \
    "\"people\":[" CLIENT "," SAM "],\"grants\":[" GRANT "]}"
#define FILE_OF(session) "{\"sessions\":[" session "]}"

static struct problem problem;

static enum status parse(const char *text, struct plan_list *plans)
{
    problem.text[0] = 0;
    return plan_file_parse(bytes_of(text), plans, &problem);
}

static void assert_problem_has(const char *words)
{
    if (!strstr(problem.text, words))
        fail_msg("'%s' does not say '%s'", problem.text, words);
}

/* The good file with the first `from` turned into `to`. */
static char *changed(const char *from, const char *to)
{
    const char *text = FILE_OF(SESSION), *at = strstr(text, from);
    assert_non_null(at);
    size_t size = strlen(text) + strlen(to) + 1;
    char *copy = malloc(size);
    snprintf(copy, size, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    return copy;
}

static void a_good_file_becomes_plans(void **state)
{
    (void)state;
    struct plan_list plans;
    assert_int_equal(parse(FILE_OF(SESSION), &plans), OK);
    assert_int_equal(plans.count, 1);
    const struct plan *plan = &plans.at[0];
    assert_string_equal(plan->session.text, "s-1");
    assert_int_equal(plan->kind, KIND_INDIVIDUAL);
    assert_int_equal(plan->opens_at, 200);
    assert_int_equal(plan->closes_at, 800);
    assert_string_equal(plan->client.text, "alex");
    assert_int_equal(plan->people_count, 2);
    assert_int_equal(plan->people[1].role, ROLE_LOVED_ONE);
    assert_string_equal(plan->people[1].name, "Sam");
    assert_int_equal(plan->grant_count, 1);
    assert_int_equal(plan->grants[0].kinds, term_bit(KIND_INDIVIDUAL) | term_bit(KIND_FAMILY));
    assert_int_equal(plan->grants[0].modes, term_bit(MODE_FULL));
    assert_int_equal(plan->grants[0].expires, 900);
    assert_int_equal(plan->grants[0].epoch, 3);
    assert_int_equal(plan->grants[0].granted_by, GRANTED_BY_BOTH);
    assert_int_equal(plan->grants[0].topics, term_bit(TOPIC_AFTERCARE));
    assert_string_equal(plan->grants[0].purpose, "FAMRQT");
    assert_string_equal(plan->grants[0].notice_version, "v1");
    assert_string_equal(plan->grants[0].evidence, "form/7");
    assert_true(plan->grants[0].chat);
    assert_true(plan->grants[0].client_absent_ok);
    assert_int_equal(plan->grants[0].status, GRANT_ACTIVE);
    plan_list_deinit(&plans);
}

static void a_withdrawn_grant_is_kept_as_such(void **state)
{
    (void)state;
    struct plan_list plans;
    char *text = changed("\"expires\":900", "\"expires\":900,\"status\":\"withdrawn\"");
    assert_int_equal(parse(text, &plans), OK);
    assert_int_equal(plans.at[0].grants[0].status, GRANT_WITHDRAWN);
    plan_list_deinit(&plans);
    free(text);
}

static void what_a_grant_leaves_out_is_not_allowed(void **state)
{
    (void)state;
    struct plan_list plans;
    char *text = changed("\"chat\":true,\"topics\":[\"aftercare\"],", "\"topics\":[],");
    assert_int_equal(parse(text, &plans), OK);
    assert_false(plans.at[0].grants[0].chat);
    assert_int_equal(plans.at[0].grants[0].topics, 0);
    plan_list_deinit(&plans);
    free(text);
    text = changed("\"client_absent_ok\":true,", "");
    assert_int_equal(parse(text, &plans), OK);
    assert_false(plans.at[0].grants[0].client_absent_ok);
    plan_list_deinit(&plans);
    free(text);
}

static void no_sessions_are_a_plan_too(void **state)
{
    (void)state;
    struct plan_list plans;
    assert_int_equal(parse("{\"sessions\":[]}", &plans), OK);
    assert_int_equal(plans.count, 0);
    plan_list_deinit(&plans);
}

static void what_is_wrong_is_refused_and_its_place_named(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *words;
    } cases[] = {
        { "\"sessions\"", "\"session\"", "must be one object" },
        { "\"id\":\"s-1\"", "\"id\":\"s 1\"", "sessions[0]: 'id' must be" },
        { "\"id\":\"s-1\"", "\"id\":1", "sessions[0]" },
        { "\"id\":\"s-1\",", "\"id\":\"s-1\",\"extra\":1,", "sessions[0]" },
        { "\"id\":\"s-1\",", "\"id\":\"s-1\",\"id\":\"s-2\",", "line 1" },
        { "\"id\":\"s-1\",", "", "sessions[0]" },
        { "\"kind\":\"individual\"", "\"kind\":\"party\"", "not 'party'" },
        { "\"closes_at\":800", "\"closes_at\":200", "'closes_at' must be later" },
        { "\"closes_at\":800", "\"closes_at\":800.5", "sessions[0]" },
        { "\"role\":\"client\"", "\"role\":\"frend\"", "sessions[0].people[0]: 'role' must be" },
        { "\"name\":\"Alex\"", "\"name\":\"\"", "'name' must be" },
        { "\"p-2\"", "\"p-1\"", "sessions[0].people[1]: 'participation' p-1 is there twice" },
        { "\"person\":\"alex\"", "\"person\":\"bo\"", "not the session's 'client'" },
        { "\"kinds\":[\"individual\",\"family\"]", "\"kinds\":[\"individual\",\"x\"]",
          "sessions[0].grants[0]: 'kinds' holds" },
        { "\"modes\":[\"full\"]", "\"modes\":[]", "'modes' must be a list" },
        { "\"modes\":[\"full\"]", "\"modes\":\"full\"", "'modes' must be a list" },
        { "\"modes\":[\"full\"]", "\"modes\":[1]", "'modes' holds" },
        { "\"expires\":900", "\"expires\":100", "'expires' must be later" },
        { ",\"expires\":900", "", "sessions[0].grants[0]" },
        { "\"expires\":900", "\"expires\":900,\"withdrawn\":true", "sessions[0].grants[0]" },
        { "\"expires\":900", "\"expires\":900,\"status\":\"revoked\"", "'status' must be" },
        { "\"epoch\":3", "\"epoch\":0", "'epoch' must be" },
        { "\"epoch\":3", "\"epoch\":4294967296", "'epoch' must be" },
        { "\"epoch\":3,", "", "sessions[0].grants[0]" },
        { "\"both\"", "\"the neighbour\"", "'granted_by' is unknown" },
        { "\"FAMRQT\"", "\"HMARKT\"", "'purpose' is unknown" },
        { "\"FAMRQT\"", "\"FAM RQT\"", "'purpose' must be" },
        { "\"v1\"", "\"\"", "'notice_version' must be" },
        { "\"evidence\":\"form/7\",", "", "sessions[0].grants[0]" },
        { "[\"aftercare\"]", "[\"gossip\"]", "'topics' holds" },
        { "[\"aftercare\"]", "\"aftercare\"", "'topics' must be a list" },
        { "\"chat\":true", "\"chat\":1", "sessions[0].grants[0]" },
        { "\"kinds\":[\"individual\",\"family\"]", "\"kinds\":[\"group\"]", "'kinds' is unknown" },
        { "\"people\":[", "\"people\":{},\"x\":[", "sessions[0]" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct plan_list plans = { .count = 77 };
        char *text = changed(cases[i].from, cases[i].to);
        assert_int_equal(parse(text, &plans), ERR_MALFORMED);
        assert_problem_has(cases[i].words);
        assert_int_equal(plans.count, 77);
        free(text);
    }
}

static void the_same_session_twice_is_refused(void **state)
{
    (void)state;
    struct plan_list plans;
    assert_int_equal(parse(FILE_OF(SESSION "," SESSION), &plans), ERR_MALFORMED);
    assert_problem_has("sessions[1]: 'id' s-1 is there twice");
}

static void too_many_people_are_refused(void **state)
{
    (void)state;
    struct plan_list plans;
    static char people[100 * PLAN_PEOPLE_MAX] = "\"people\":[";
    for (int i = 0; i <= PLAN_PEOPLE_MAX; i++)
        snprintf(people + strlen(people), sizeof people - strlen(people),
                 "{\"participation\":\"q-%d\",\"person\":\"sam\",\"role\":\"loved_one\",\"name\":\"Sam\"},", i);
    char *text = changed("\"people\":[", people);
    assert_int_equal(parse(text, &plans), ERR_MALFORMED);
    assert_problem_has("at most 320");
    free(text);
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    const char *text = FILE_OF(SESSION);
    for (size_t len = 0; len < strlen(text); len++) {
        struct plan_list plans;
        assert_int_equal(plan_file_parse((struct bytes){ (const uint8_t *)text, len }, &plans, &problem),
                         ERR_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_file_becomes_plans),
        cmocka_unit_test(a_withdrawn_grant_is_kept_as_such),
        cmocka_unit_test(what_a_grant_leaves_out_is_not_allowed),
        cmocka_unit_test(no_sessions_are_a_plan_too),
        cmocka_unit_test(what_is_wrong_is_refused_and_its_place_named),
        cmocka_unit_test(the_same_session_twice_is_refused),
        cmocka_unit_test(too_many_people_are_refused),
        cmocka_unit_test(every_truncation_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
