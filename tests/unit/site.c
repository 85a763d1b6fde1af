/* What of a web root is served, and whose pages they are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "shell/site.h"

struct place {
    char root[64];
    struct config config;
    struct site *site;
    struct problem problem;
};

static void path_in(const struct place *p, const char *name, char path[200])
{
    snprintf(path, 200, "%s/%s", p->root, name);
}

static void put(const struct place *p, const char *name, const char *text)
{
    char path[200];
    path_in(p, name, path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    char path[200];
    strcpy(p->root, "/tmp/kinroom-site-XXXXXX");
    assert_non_null(mkdtemp(p->root));
    config_init(&p->config);
    strcpy(p->config.web_root, p->root);
    put(p, "index.html", "<!doctype html>");
    path_in(p, "deep", path);
    mkdir(path, 0700);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;
    char command[100];
    site_destroy(p->site);
    snprintf(command, sizeof command, "rm -r %s", p->root);
    free(p);
    return system(command);
}

static enum status read_it(struct place *p)
{
    site_destroy(p->site);
    p->site = NULL;
    return site_read(&p->site, &p->config, &p->problem);
}

static bool bytes_are(struct bytes bytes, const char *text)
{
    return bytes.len == strlen(text) && memcmp(bytes.at, text, bytes.len) == 0;
}

static void files_of_known_kinds_are_found_by_their_names(void **state)
{
    struct place *p = *state;
    put(p, "deep/index.html", "deep");
    put(p, "deep/script.js", "void 0;");
    put(p, "key.pem", "secret");
    put(p, ".hidden.html", "secret");
    put(p, "a b.html", "secret");
    assert_int_equal(read_it(p), OK);
    assert_true(bytes_are(site_find(p->site, "/")->plain, "<!doctype html>"));
    assert_ptr_equal(site_find(p->site, "/deep/"), site_find(p->site, "/deep/index.html"));
    assert_true(bytes_are(site_find(p->site, "/deep/script.js")->plain, "void 0;"));
    assert_true(site_find(p->site, "/")->is_page);
    assert_false(site_find(p->site, "/deep/script.js")->is_page);
    static const char *const nothing[] = { "",
                                           "/deep",
                                           "/key.pem",
                                           "/.hidden.html",
                                           "/a b.html",
                                           "/none.js",
                                           "index.html",
                                           "/deep/../index.html",
                                           "//index.html" };
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++)
        assert_null(site_find(p->site, nothing[i]));
}

static void a_tag_changes_with_the_bytes_alone(void **state)
{
    struct place *p = *state;
    char tag[SITE_TAG_MAX];
    put(p, "a.js", "one");
    assert_int_equal(read_it(p), OK);
    strcpy(tag, site_find(p->site, "/a.js")->tag);
    put(p, "a.js", "one");
    assert_int_equal(read_it(p), OK);
    assert_string_equal(site_find(p->site, "/a.js")->tag, tag);
    put(p, "a.js", "two");
    assert_int_equal(read_it(p), OK);
    assert_string_not_equal(site_find(p->site, "/a.js")->tag, tag);
}

static void links_that_lead_in_circles_end(void **state)
{
    struct place *p = *state;
    char path[200];
    path_in(p, "deep/again", path);
    assert_int_equal(symlink(p->root, path), 0);
    path_in(p, "nowhere.js", path);
    assert_int_equal(symlink("/nowhere/at/all.js", path), 0);
    assert_int_equal(read_it(p), OK);
    assert_null(site_find(p->site, "/nowhere.js"));
}

static void a_root_without_a_page_is_a_problem(void **state)
{
    struct place *p = *state;
    strcat(p->config.web_root, "/deep");
    assert_int_equal(read_it(p), ERR_UNKNOWN);
    assert_non_null(strstr(p->problem.text, "index.html"));
    strcat(p->config.web_root, "/none");
    assert_int_equal(read_it(p), ERR_UNKNOWN);
    assert_non_null(strstr(p->problem.text, "'web-root'"));
}

static void a_clinic_may_have_nothing_or_all(void **state)
{
    struct place *p = *state;
    assert_int_equal(read_it(p), OK);
    assert_true(bytes_are(site_find(p->site, "/clinic.json")->plain, "{\"name\":null,\"phone\":null,\"logo\":null}"));
    assert_null(site_find(p->site, "/clinic/logo"));

    put(p, "logo.svg", "<svg/>");
    strcpy(p->config.clinic_name, "Harbor \"North\"");
    strcpy(p->config.clinic_phone, "+1 555 0142");
    path_in(p, "logo.svg", p->config.clinic_logo);
    assert_int_equal(read_it(p), OK);
    assert_true(bytes_are(site_find(p->site, "/clinic.json")->plain,
                          "{\"name\":\"Harbor \\\"North\\\"\",\"phone\":\"+1 555 0142\",\"logo\":\"/clinic/logo\"}"));
    assert_string_equal(site_find(p->site, "/clinic/logo")->mimetype, "image/svg+xml");
}

static void a_bad_clinic_is_a_problem(void **state)
{
    struct place *p = *state;
    put(p, "logo.html", "<script>");
    path_in(p, "logo.html", p->config.clinic_logo);
    assert_int_equal(read_it(p), ERR_MALFORMED);
    assert_non_null(strstr(p->problem.text, "'clinic-logo' must be"));
    path_in(p, "none.png", p->config.clinic_logo);
    assert_int_equal(read_it(p), ERR_UNKNOWN);
    assert_non_null(strstr(p->problem.text, "none.png"));
    p->config.clinic_logo[0] = 0;
    strcpy(p->config.clinic_name, "\xff\xfe");
    assert_int_equal(read_it(p), ERR_MALFORMED);
    assert_null(p->site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_of_known_kinds_are_found_by_their_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_tag_changes_with_the_bytes_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(links_that_lead_in_circles_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_root_without_a_page_is_a_problem, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_clinic_may_have_nothing_or_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_bad_clinic_is_a_problem, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
