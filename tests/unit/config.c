#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "shell/config.h"

static const char good[] = "# a clinic\n"
                           "certificate = /etc/kinroom/cert.pem  # with its chain\n"
                           "key=/etc/kinroom/key.pem\r\n"
                           "\n"
                           "  origins = https://a.example , https://b.example:8443\n"
                           "token-keys = keys.jwk\n"
                           "plan = plan.json\n"
                           "shards = 1\n"
                           "udp-port = 41000\n"
                           "log-level = warning";

static struct problem problem;

static enum status read_text(struct config *config, const char *text)
{
    config_init(config);
    problem.text[0] = 0;
    return config_read(config, "k.conf", bytes_of(text), &problem);
}

static void assert_problem_has(const char *words)
{
    if (!strstr(problem.text, words))
        fail_msg("'%s' does not say '%s'", problem.text, words);
}

static void a_good_file_is_read(void **state)
{
    (void)state;
    struct config config;
    assert_int_equal(read_text(&config, good), OK);
    assert_string_equal(config.certificate, "/etc/kinroom/cert.pem");
    assert_string_equal(config.key, "/etc/kinroom/key.pem");
    assert_int_equal(config.origins.count, 2);
    assert_string_equal(config.origins.text[0], "https://a.example");
    assert_string_equal(config.origins.text[1], "https://b.example:8443");
    assert_int_equal(config.udp_port, 41000);
    assert_int_equal(config.log_level, LOG_LEVEL_WARNING);
    assert_int_equal(config_check(&config, &problem), OK);
}

static void what_is_not_said_has_its_default(void **state)
{
    (void)state;
    struct config config;
    assert_int_equal(read_text(&config, ""), OK);
    assert_int_equal(config.https_port, 8443);
    assert_int_equal(config.http_port, 0);
    assert_int_equal(config.udp_port, 40000);
    assert_int_equal(config.shards, 0);
    assert_int_equal(config.media.count, 2);
    assert_int_equal(config.media.at[0].family, ADDRESS_IPV4);
    assert_int_equal(config.media.at[1].family, ADDRESS_IPV6);
    assert_int_equal(config.advertise.count, 0);
    assert_string_equal(config.issuer, "kinroom");
    assert_int_equal(config.log_level, LOG_LEVEL_INFO);
    static const enum codec codecs[] = { CODEC_VP8, CODEC_H264, CODEC_VP9, CODEC_AV1 };
    assert_int_equal(config.video_codecs.count, 4);
    assert_memory_equal(config.video_codecs.at, codecs, sizeof codecs);
}

static void video_codecs_are_a_list_in_order(void **state)
{
    (void)state;
    struct config config;
    assert_int_equal(read_text(&config, "video-codecs = h264, vp8"), OK);
    assert_int_equal(config.video_codecs.count, 2);
    assert_int_equal(config.video_codecs.at[0], CODEC_H264);
    assert_int_equal(config.video_codecs.at[1], CODEC_VP8);
    assert_int_equal(read_text(&config, "video-codecs = av1,h264"), OK);
}

static void a_bad_line_is_named_with_its_number(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } cases[] = {
        { "\n\nudp-prot = 1", "k.conf, line 3: there is no option 'udp-prot'" },
        { "udp-port", "line 1: 'udp-port' has no '='" },
        { "udp-port = 0", "'udp-port' must be a number from 1 to 65535, not '0'" },
        { "udp-port = 65536", "must be a number" },
        { "udp-port = 12x", "must be a number" },
        { "udp-port = -1", "must be a number" },
        { "udp-port = 99999999999999999999", "must be a number" },
        { "udp-port =", "must be a number" },
        { "shards = 65", "from 0 to 64" },
        { "udp-port = 1\nudp-port = 2", "line 2: 'udp-port' was already given on line 1" },
        { "log-level = loud", "must be debug, info, warning or error" },
        { "media-addresses = 127.0.0.1, localhost", "not 'localhost'" },
        { "origins = 1,2,3,4,5,6,7,8,9", "at most 8" },
        { "video-codecs = vp8, opus", "each at most once, not 'opus'" },
        { "video-codecs = vp8, vp7", "each at most once, not 'vp7'" },
        { "video-codecs = h264, vp8, h264", "each at most once, not 'h264'" },
        { "video-codecs = vp9,av1", "must have vp8 or h264" },
        { "video-codecs =", "must have vp8 or h264" },
        { "aes-gcm = ipsec", "'aes-gcm' must be auto or openssl, not 'ipsec'" },
        { "\ndelivery = pigeon", "line 2: 'delivery' must be none, smtp, webhook or outbox, not 'pigeon'" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct config config;
        assert_int_equal(read_text(&config, cases[i].text), ERR_MALFORMED);
        assert_problem_has(cases[i].words);
    }
}

static void bytes_that_are_no_text_and_endless_lines_are_refused(void **state)
{
    (void)state;
    struct config config;
    config_init(&config);
    assert_int_equal(config_read(&config, "k.conf", (struct bytes){ (const uint8_t *)"a\0b = 1", 7 }, &problem),
                     ERR_MALFORMED);
    char *line = malloc(5000);
    memset(line, 'x', 4999);
    line[4999] = 0;
    assert_int_equal(read_text(&config, line), ERR_MALFORMED);
    line[2000] = 0; /* a name longer than the problem can hold */
    assert_int_equal(read_text(&config, line), ERR_MALFORMED);
    memcpy(line, "plan = ", 7);
    assert_int_equal(read_text(&config, line), ERR_MALFORMED);
    assert_problem_has("longer than");
    free(line);
}

static void the_command_line_has_the_last_word(void **state)
{
    (void)state;
    struct config config;
    assert_int_equal(read_text(&config, good), OK);
    assert_int_equal(config_set(&config, "udp-port", "42000", &problem), OK);
    assert_int_equal(config.udp_port, 42000);
    assert_int_equal(config_set(&config, "udp", "42000", &problem), ERR_MALFORMED);
}

static void what_does_not_go_together_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value, *words;
    } cases[] = {
        { "certificate", "", "'certificate' is missing" },
        { "token-keys", "", "'kinroom token key' makes one" },
        { "issuer", "", "'issuer' is missing" },
        { "origins", "", "'origins' is missing" },
        { "origins", "https://a.example/", "scheme, host and port" },
        { "origins", "a.example", "scheme, host and port" },
        { "origins", "https://A.example", "scheme, host and port" },
        { "listen", "localhost", "'listen' must be an IP address" },
        { "media-addresses", "", "'media-addresses' is empty" },
        { "media-addresses", "10.0.0.1, 10.0.0.2, 2001:db8::1, fd00::1", NULL },
        { "media-addresses", "0.0.0.0", "name the ones that they use, or say in 'advertise-addresses'" },
        { "media-addresses", "::", "'media-addresses' is every address" },
        { "media-addresses", "10.0.0.1, 2001:db8::1, 10.0.0.1", "'media-addresses' holds 10.0.0.1 twice" },
        { "media-addresses", "fe80::1", "'media-addresses' holds fe80::1: it is link-local" },
        { "media-addresses", "febf::1", "it is link-local" },
        { "media-addresses", "fec0::1", NULL },
        { "media-addresses", "ff02::1", "multicast" },
        { "media-addresses", "224.0.0.1", "multicast" },
        { "media-addresses", "::ffff:10.0.0.1", "write it as the IPv4 address" },
        { "advertise-addresses", "fe80::1", "'advertise-addresses' holds fe80::1: it is link-local" },
        { "advertise-addresses", "203.0.113.7, 203.0.113.7", "'advertise-addresses' holds 203.0.113.7 twice" },
        { "advertise-addresses", "0.0.0.0", "'advertise-addresses'" },
        { "udp-port", "8443", "'https-port' is 8443, which 'udp-port' takes for media (from 8443 to 8443)" },
        { "udp-port", "65535", NULL },
        { "http-port", "8443", "are the same" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct config config;
        assert_int_equal(read_text(&config, good), OK);
        assert_int_equal(config_set(&config, cases[i].name, cases[i].value, &problem), OK);
        if (!cases[i].words) {
            assert_int_equal(config_check(&config, &problem), OK);
            continue;
        }
        assert_int_equal(config_check(&config, &problem), ERR_MALFORMED);
        assert_problem_has(cases[i].words);
    }
}

static void what_leaves_for_others_is_whole_and_safe(void **state)
{
    (void)state;
    static const struct {
        const char *options[5][2];
        const char *words; /* NULL: it is fine */
    } cases[] = {
        { { { "delivery", "outbox" } }, NULL },
        { { { "delivery", "smtp" } }, "'smtp-url' must be" },
        { { { "delivery", "smtp" }, { "smtp-url", "smtp://mail.example.org:587" } }, "'smtp-from' must be" },
        { { { "delivery", "smtp" }, { "smtp-url", "https://mail.example.org" } }, "'smtp-url' must be" },
        { { { "delivery", "smtp" }, { "smtp-url", "smtp://me:secret@mail.example.org" } }, "without a user" },
        { { { "delivery", "smtp" }, { "smtp-url", "smtps://mail.example.org" }, { "smtp-from", "a@b\r\nBcc: c@d" } },
          "'smtp-from' must be" },
        { { { "delivery", "smtp" }, { "smtp-url", "smtps://mail.example.org" }, { "smtp-from", "calls@example.org" } },
          NULL },
        { { { "delivery", "smtp" },
            { "smtp-url", "smtps://mail.example.org" },
            { "smtp-from", "calls@example.org" },
            { "smtp-user", "me" } },
          "'smtp-password-file' is missing" },
        { { { "delivery", "webhook" } }, "'delivery-url' must be" },
        { { { "delivery", "webhook" }, { "delivery-url", "https://a.example/" } }, "'webhook-secret-file' is missing" },
        { { { "delivery", "webhook" }, { "delivery-url", "https://a.example/" }, { "webhook-secret-file", "s" } },
          NULL },
        { { { "webhook-url", "https://a.example/hook" } }, "'webhook-secret-file' is missing" },
        { { { "webhook-url", "http://a.example/hook" }, { "webhook-secret-file", "s" } }, "'webhook-url' must be" },
        { { { "webhook-url", "http://127.0.0.1@a.example/" }, { "webhook-secret-file", "s" } }, "'webhook-url' must" },
        { { { "webhook-url", "ftp://127.0.0.1/" }, { "webhook-secret-file", "s" } }, "'webhook-url' must be" },
        { { { "webhook-url", "http://[::1]:9000/hook" }, { "webhook-secret-file", "s" } }, NULL },
        { { { "turn-urls", "turn:a.example, turns:a.example:443?transport=tcp" }, { "turn-secret-file", "s" } }, NULL },
        { { { "turn-urls", "turn:a.example" } }, "'turn-secret-file' is missing" },
        { { { "turn-secret-file", "s" } }, "'turn-urls' is missing" },
        { { { "turn-urls", "turn:a.example, a.example:3478" }, { "turn-secret-file", "s" } }, "not 'a.example:3478'" },
        { { { "clinic-time-zone", "America/Argentina/Buenos_Aires" } }, NULL },
        { { { "clinic-time-zone", "Etc/GMT+5" } }, NULL },
        { { { "clinic-time-zone", "<b>" } }, "'clinic-time-zone' takes a name" },
        { { { "oidc-issuer", "https://login.example" } }, "'oidc-audience' is missing" },
        { { { "oidc-issuer", "https://login.example" }, { "oidc-audience", "kinroom" } }, "'oidc-jwks' is missing" },
        { { { "oidc-issuer", "i" }, { "oidc-audience", "a" }, { "oidc-jwks", "http://login.example/jwks" } },
          "'oidc-jwks' must be" },
        { { { "oidc-issuer", "i" }, { "oidc-audience", "a" }, { "oidc-jwks", "https://login.example/jwks" } }, NULL },
        { { { "oidc-issuer", "i" }, { "oidc-audience", "a" }, { "oidc-jwks", "/etc/kinroom/jwks.json" } }, NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct config config;
        assert_int_equal(read_text(&config, good), OK);
        for (size_t o = 0; o < 5 && cases[i].options[o][0]; o++)
            assert_int_equal(config_set(&config, cases[i].options[o][0], cases[i].options[o][1], &problem), OK);
        if (config_check(&config, &problem) != (cases[i].words ? ERR_MALFORMED : OK))
            fail_msg("case %zu: %s", i, problem.text);
        if (cases[i].words)
            assert_problem_has(cases[i].words);
    }
}

static void an_address_behind_nat_must_be_of_a_served_family(void **state)
{
    (void)state;
    struct config config;
    assert_int_equal(read_text(&config, good), OK);
    config_set(&config, "media-addresses", "0.0.0.0", &problem);
    config_set(&config, "advertise-addresses", "203.0.113.7", &problem);
    assert_int_equal(config_check(&config, &problem), OK);
    config_set(&config, "advertise-addresses", "2001:db8::7", &problem);
    assert_int_equal(config_check(&config, &problem), ERR_MALFORMED);
}

static void every_address_and_one_of_its_family_do_not_go_together(void **state)
{
    (void)state;
    static const char *const lists[] = { "0.0.0.0, 10.0.0.1", "10.0.0.1, 0.0.0.0" };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct config config;
        assert_int_equal(read_text(&config, good), OK);
        config_set(&config, "media-addresses", lists[i], &problem);
        config_set(&config, "advertise-addresses", "203.0.113.7", &problem);
        assert_int_equal(config_check(&config, &problem), ERR_MALFORMED);
        assert_problem_has("without 0.0.0.0 or ::");
    }
}

static void no_shard_takes_the_port_of_the_pages(void **state)
{
    (void)state;
    struct config config;
    assert_int_equal(read_text(&config, good), OK);
    config_set(&config, "udp-port", "8440", &problem);
    config_set(&config, "shards", "3", &problem);
    assert_int_equal(config_check(&config, &problem), OK);
    config_set(&config, "shards", "4", &problem);
    assert_int_equal(config_check(&config, &problem), ERR_MALFORMED);
    assert_problem_has("(from 8440 to 8443)");
    config_set(&config, "udp-port", "8080", &problem);
    config_set(&config, "http-port", "8082", &problem);
    assert_int_equal(config_check(&config, &problem), ERR_MALFORMED);
    assert_problem_has("'http-port' is 8082");
}

static void shards_may_not_run_past_the_last_port(void **state)
{
    (void)state;
    struct config config;
    assert_int_equal(read_text(&config, good), OK);
    config_set(&config, "udp-port", "65535", &problem);
    config_set(&config, "shards", "2", &problem);
    assert_int_equal(config_check(&config, &problem), ERR_MALFORMED);
}

static void the_help_names_options_and_defaults(void **state)
{
    (void)state;
    uint8_t text[8192];
    struct writer writer = writer_over(text, sizeof text);
    config_help(&writer);
    assert_false(writer.bad);
    assert_non_null(strstr((char *)text, "--udp-port"));
    assert_non_null(strstr((char *)text, "(40000)"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_file_is_read),
        cmocka_unit_test(what_is_not_said_has_its_default),
        cmocka_unit_test(video_codecs_are_a_list_in_order),
        cmocka_unit_test(a_bad_line_is_named_with_its_number),
        cmocka_unit_test(bytes_that_are_no_text_and_endless_lines_are_refused),
        cmocka_unit_test(the_command_line_has_the_last_word),
        cmocka_unit_test(what_does_not_go_together_is_said),
        cmocka_unit_test(what_leaves_for_others_is_whole_and_safe),
        cmocka_unit_test(an_address_behind_nat_must_be_of_a_served_family),
        cmocka_unit_test(every_address_and_one_of_its_family_do_not_go_together),
        cmocka_unit_test(no_shard_takes_the_port_of_the_pages),
        cmocka_unit_test(shards_may_not_run_past_the_last_port),
        cmocka_unit_test(the_help_names_options_and_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
