#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "auth/matrix.h"

/* The domain model's table of section 2, in its own words and columns: see, hear, speak, camera, share, chat, names,
 * without T, without C. "-" stands for n/a and for what a role without a place has. The rows that it writes once for
 * many kinds are spelled out. A workshop has no client, so C has no place in it and an interpreter can't wait for one.
 */
enum { SEE, HEAR, SPEAK, CAMERA, SHARE, CHAT, NAMES, WITHOUT_T, WITHOUT_C, COLUMNS };
static const struct {
    enum session_kind kind;
    enum role role;
    const char *cells[COLUMNS];
} domain[] = {
    { KIND_FAMILY, ROLE_LOVED_ONE, { "g", "g", "g", "g", "t", "g", "all", "no", "no" } },
    { KIND_INDIVIDUAL, ROLE_LOVED_ONE, { "g", "g", "g", "g", "no", "g", "C and T", "no", "no" } },
    { KIND_WORKSHOP, ROLE_LOVED_ONE, { "T", "yes", "t", "t", "no", "t to T", "aliases", "no", "yes" } },
    { KIND_CHECK_IN, ROLE_LOVED_ONE, { "g", "g", "g", "g", "no", "no", "C and T", "no", "g" } },
    { KIND_DISCHARGE, ROLE_LOVED_ONE, { "g", "g", "g", "g", "no", "g", "all", "no", "no" } },
    { KIND_GROUP, ROLE_LOVED_ONE, { "no", "no", "no", "no", "no", "no", "none", "no", "no" } },
    { KIND_GROUP, ROLE_CLIENT, { "yes", "yes", "yes", "yes", "t", "t", "aliases", "no", "-" } },
    { KIND_INDIVIDUAL, ROLE_CLIENT, { "yes", "yes", "yes", "yes", "t", "yes", "all", "no", "-" } },
    { KIND_FAMILY, ROLE_CLIENT, { "yes", "yes", "yes", "yes", "t", "yes", "all", "no", "-" } },
    { KIND_CHECK_IN, ROLE_CLIENT, { "yes", "yes", "yes", "yes", "t", "yes", "all", "no", "-" } },
    { KIND_DISCHARGE, ROLE_CLIENT, { "yes", "yes", "yes", "yes", "t", "yes", "all", "no", "-" } },
    { KIND_WORKSHOP, ROLE_CLIENT, { "no", "no", "no", "no", "no", "no", "none", "no", "no" } },
    { KIND_INDIVIDUAL, ROLE_THERAPIST, { "yes", "yes", "yes", "yes", "yes", "yes", "all", "-", "yes" } },
    { KIND_FAMILY, ROLE_THERAPIST, { "yes", "yes", "yes", "yes", "yes", "yes", "all", "-", "yes" } },
    { KIND_WORKSHOP, ROLE_THERAPIST, { "yes", "yes", "yes", "yes", "yes", "yes", "all", "-", "yes" } },
    { KIND_CHECK_IN, ROLE_THERAPIST, { "yes", "yes", "yes", "yes", "yes", "yes", "all", "-", "yes" } },
    { KIND_DISCHARGE, ROLE_THERAPIST, { "yes", "yes", "yes", "yes", "yes", "yes", "all", "-", "yes" } },
    { KIND_GROUP, ROLE_THERAPIST, { "yes", "yes", "yes", "yes", "yes", "yes", "all", "-", "yes" } },
    { KIND_INDIVIDUAL, ROLE_INTERPRETER, { "yes", "yes", "yes", "yes", "no", "no", "all", "no", "no" } },
    { KIND_FAMILY, ROLE_INTERPRETER, { "yes", "yes", "yes", "yes", "no", "no", "all", "no", "no" } },
    { KIND_WORKSHOP, ROLE_INTERPRETER, { "yes", "yes", "yes", "yes", "no", "no", "aliases", "no", "yes" } },
    { KIND_CHECK_IN, ROLE_INTERPRETER, { "yes", "yes", "yes", "yes", "no", "no", "all", "no", "no" } },
    { KIND_DISCHARGE, ROLE_INTERPRETER, { "yes", "yes", "yes", "yes", "no", "no", "all", "no", "no" } },
    { KIND_GROUP, ROLE_INTERPRETER, { "yes", "yes", "yes", "yes", "no", "no", "aliases", "no", "no" } },
    { KIND_INDIVIDUAL, ROLE_ADMIN, { "no", "no", "no", "no", "no", "no", "none", "no", "no" } },
    { KIND_FAMILY, ROLE_ADMIN, { "no", "no", "no", "no", "no", "no", "none", "no", "no" } },
    { KIND_WORKSHOP, ROLE_ADMIN, { "no", "no", "no", "no", "no", "no", "none", "no", "no" } },
    { KIND_CHECK_IN, ROLE_ADMIN, { "no", "no", "no", "no", "no", "no", "none", "no", "no" } },
    { KIND_DISCHARGE, ROLE_ADMIN, { "no", "no", "no", "no", "no", "no", "none", "no", "no" } },
    { KIND_GROUP, ROLE_ADMIN, { "no", "no", "no", "no", "no", "no", "none", "no", "no" } },
};
enum { ROWS = sizeof domain / sizeof *domain };

static const char *allow_word(enum allow allow)
{
    static const char *const words[] = { "no", "yes", "g", "t" };
    return words[allow];
}

static const char *names_word(enum names_shown names)
{
    static const char *const words[] = { "none", "all", "aliases", "C and T" };
    return words[names];
}

/* The model writes "-" where a presence is no question: that is the same as waived. */
static const char *presence_word(enum presence presence, const char *expected)
{
    static const char *const words[] = { "no", "yes", "g" };
    return presence == PRESENCE_WAIVED && strcmp(expected, "-") == 0 ? "-" : words[presence];
}

/* One cell of ours, in the domain's words. */
static const char *cell(const struct matrix_row *row, int column, const char *expected)
{
    switch (column) {
    case SEE:
        return row->see == ALLOW_YES && row->see_only_therapist ? "T" : allow_word(row->see);
    case HEAR:
        return allow_word(row->hear);
    case SPEAK:
        return allow_word(row->speak);
    case CAMERA:
        return allow_word(row->camera);
    case SHARE:
        return allow_word(row->share);
    case CHAT:
        return row->chat == ALLOW_ENABLED && row->chat_to_therapist_only ? "t to T" : allow_word(row->chat);
    case NAMES:
        return names_word(row->names);
    case WITHOUT_T:
        return presence_word(row->without_therapist, expected);
    default:
        return presence_word(row->without_client, expected);
    }
}

static void every_cell_says_what_the_domain_says(void **state)
{
    (void)state;
    int walked = 0;
    bool seen[KIND_GROUP + 1][ROLE_ADMIN + 1] = { 0 };
    for (int i = 0; i < ROWS; i++) {
        const struct matrix_row *row = matrix_row(domain[i].kind, domain[i].role);
        for (int column = 0; column < COLUMNS; column++, walked++)
            if (strcmp(cell(row, column, domain[i].cells[column]), domain[i].cells[column]) != 0)
                fail_msg("%s, %s, column %d: '%s', not '%s'", kind_name(domain[i].kind), role_name(domain[i].role),
                         column, cell(row, column, domain[i].cells[column]), domain[i].cells[column]);
        seen[domain[i].kind][domain[i].role] = true;
    }
    for (int kind = KIND_INDIVIDUAL; kind <= KIND_GROUP; kind++)
        for (int role = ROLE_CLIENT; role <= ROLE_ADMIN; role++)
            assert_true(seen[kind][role]);
    printf("figure matrix_cells_walked %d cells\n", walked);
}

static void what_does_not_exist_may_do_nothing(void **state)
{
    (void)state;
    static const struct matrix_row nothing = { 0 };
    static const struct kind_rules no_rules = { 0 };
    for (int kind = -2; kind <= KIND_GROUP + 2; kind++)
        for (int role = -2; role <= ROLE_ADMIN + 2; role++)
            if (kind < KIND_INDIVIDUAL || kind > KIND_GROUP || role < ROLE_CLIENT || role > ROLE_ADMIN)
                assert_memory_equal(matrix_row((enum session_kind)kind, (enum role)role), &nothing, sizeof nothing);
    assert_memory_equal(matrix_kind((enum session_kind)0), &no_rules, sizeof no_rules);
    assert_memory_equal(matrix_kind((enum session_kind) - 1), &no_rules, sizeof no_rules);
    assert_memory_equal(matrix_kind((enum session_kind)(KIND_GROUP + 1)), &no_rules, sizeof no_rules);
}

static void what_an_admission_needs_follows_from_role_and_kind(void **state)
{
    (void)state;
    for (int kind = KIND_INDIVIDUAL; kind <= KIND_GROUP; kind++)
        for (int role = ROLE_CLIENT; role <= ROLE_ADMIN; role++) {
            const struct matrix_row *row = matrix_row((enum session_kind)kind, (enum role)role);
            bool guest = role == ROLE_LOVED_ONE && kind != KIND_GROUP;
            assert_int_equal(row->needs_admission, guest || role == ROLE_INTERPRETER);
            assert_int_equal(row->needs_grant, guest);
            assert_int_equal(row->needs_yes, guest && kind != KIND_WORKSHOP);
            enum topic topic = kind == KIND_CHECK_IN    ? TOPIC_GENERAL_PROGRESS
                               : kind == KIND_DISCHARGE ? TOPIC_AFTERCARE
                                                        : 0;
            assert_int_equal(row->topic, guest ? topic : 0);
        }
}

static void kinds_have_their_boxes_and_rules(void **state)
{
    (void)state;
    static const struct {
        uint32_t box, segment;
        bool extends, agenda, client;
    } rules[KIND_GROUP + 1] = {
        [KIND_INDIVIDUAL] = { 50, 20, true, false, true }, [KIND_FAMILY] = { 50, 0, true, false, true },
        [KIND_WORKSHOP] = { 90, 0, true, false, false },   [KIND_CHECK_IN] = { 15, 0, false, true, true },
        [KIND_DISCHARGE] = { 45, 0, true, false, true },   [KIND_GROUP] = { 180, 0, true, false, true },
    };
    for (int kind = KIND_INDIVIDUAL; kind <= KIND_GROUP; kind++) {
        const struct kind_rules *found = matrix_kind((enum session_kind)kind);
        assert_int_equal(found->box_minutes, rules[kind].box);
        assert_int_equal(found->segment_minutes, rules[kind].segment);
        assert_int_equal(found->may_extend, rules[kind].extends);
        assert_int_equal(found->agenda_required, rules[kind].agenda);
        assert_int_equal(found->client_takes_part, rules[kind].client);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_says_what_the_domain_says),
        cmocka_unit_test(what_does_not_exist_may_do_nothing),
        cmocka_unit_test(what_an_admission_needs_follows_from_role_and_kind),
        cmocka_unit_test(kinds_have_their_boxes_and_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
