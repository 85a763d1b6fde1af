#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "shell/url.h"

static void a_url_is_judged_by_its_host(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host;
        bool is_loopback;
    } cases[] = {
        { "http://127.0.0.1:8080/a", "127.0.0.1", true },
        { "http://127.9.9.9", "127.9.9.9", true },
        { "http://127.1/", "127.0.0.1", true },
        { "http://[::1]:80/", "::1", true },
        { "smtp://localhost:25", "localhost", true },
        { "http://localhost.example.org/", "localhost.example.org", false },
        { "http://127.0.0.1.example.org/", "127.0.0.1.example.org", false },
        { "http://0.0.0.0/", "0.0.0.0", false },
        { "https://[2001:db8::1]/", "2001:db8::1", false },
        { "https://example.org?a=http://127.0.0.1", "example.org", false },
    };
    static const char *const bad[] = { "",
                                       "example.org",
                                       "https://",
                                       "https://a b/",
                                       "https://user@example.org/",
                                       "https://user:password@example.org/",
                                       "https://example.org/#part",
                                       "http://127.0.0.1@example.org/",
                                       "nonsense://example.org/" };
    struct url url;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (!url_parse(cases[i].text, &url))
            fail_msg("'%s' is none", cases[i].text);
        assert_string_equal(url.host, cases[i].host);
        assert_int_equal(url.is_loopback, cases[i].is_loopback);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (url_parse(bad[i], &url))
            fail_msg("'%s' is taken", bad[i]);
}

static void a_turn_url_is_host_port_and_transport(void **state)
{
    (void)state;
    static const char *const good[] = {
        "turn:turn.example.org",
        "turns:turn.example.org:443?transport=tcp",
        "turn:192.0.2.1:3478?transport=udp",
        "turn:[2001:db8::1]:3478?transport=tcp",
        "turns:[2001:db8::1]",
        "turn:localhost:65535",
    };
    static const char *const bad[] = {
        "",
        "turn:",
        "turn.example.org",
        "stun:turn.example.org",
        "https://turn.example.org",
        "turn://turn.example.org",
        "turn:turn.example.org:",
        "turn:turn.example.org:0",
        "turn:turn.example.org:65536",
        "turn:turn.example.org:999999",
        "turn:turn.example.org:3478/",
        "turn:turn.example.org?transport=sctp",
        "turn:turn.example.org?transport=udp&x=1",
        "turn:me@turn.example.org",
        "turn:me:secret@turn.example.org",
        "turn:2001:db8::1",
        "turn:[2001:db8::1",
        "turn:[]",
        "turn:[",
        "turn:[turn.example.org]",
        "turn:turn.example.org ",
        "turn:turn.example.org\"",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!url_is_turn(good[i]))
            fail_msg("'%s' is none", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (url_is_turn(bad[i]))
            fail_msg("'%s' is taken", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_url_is_judged_by_its_host),
        cmocka_unit_test(a_turn_url_is_host_port_and_transport),
    };
    return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
