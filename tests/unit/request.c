#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "signaling/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum status parse(const char *text, struct request *out)
{
    return request_parse(bytes_of(text), out);
}

static struct request good(const char *text)
{
    struct request request;
    assert_int_equal(parse(text, &request), OK);
    return request;
}

static void refused(const char *text, enum status expected)
{
    struct request request;
    memset(&request, 0xaa, sizeof request);
    enum status status = parse(text, &request);
    if (status != expected)
        fail_msg("%s: %s, not %s", text, status_name(status), status_name(expected));
    assert_int_equal(request.kind, REQUEST_NONE);
}

static void every_request_of_the_protocol_is_understood(void **state)
{
    (void)state;
    struct request r = good("{\"type\":\"join\",\"id\":1,\"token\":\"a.b.c\",\"move\":true}");
    assert_int_equal(r.kind, REQUEST_JOIN);
    assert_int_equal(r.id, 1);
    assert_string_equal(r.join.token, "a.b.c");
    assert_true(r.join.move);
    request_wipe(&r);
    assert_null(r.join.token);
    r = good("{\"sdp\":\"v=0\\r\\n\",\"id\":4294967295,\"type\":\"offer\"}");
    assert_int_equal(r.kind, REQUEST_OFFER);
    assert_int_equal(r.id, 4294967295u);
    assert_string_equal(r.offer.sdp, "v=0\r\n");
    request_wipe(&r);
    r = good("{\"type\":\"media\",\"id\":3,\"mic\":true,\"camera\":false,\"screen\":true}");
    assert_int_equal(r.media.sources, SOURCE_MIC | SOURCE_SCREEN);
    r = good("{\"type\":\"agree\",\"participant\":\"p-1\",\"yes\":true}");
    assert_int_equal(r.id, 0);
    assert_true(r.agree.yes);
    assert_string_equal(r.agree.participant.text, "p-1");
    r = good("{\"type\":\"admit\",\"participant\":\"p-1\",\"minutes\":10}");
    assert_int_equal(r.admit.minutes, 10);
    r = good("{\"type\":\"admit\",\"participant\":\"p-1\"}");
    assert_int_equal(r.admit.minutes, 0);
    r = good("{\"type\":\"step_out\",\"participant\":\"p-1\"}");
    assert_false(r.step_out.everyone);
    assert_string_equal(r.step_out.participant.text, "p-1");
    r = good("{\"type\":\"step_out\",\"everyone\":true}");
    assert_true(r.step_out.everyone);
    assert_string_equal(r.step_out.participant.text, "");
    r = good("{\"type\":\"remove\",\"participant\":\"p-1\"}");
    assert_string_equal(r.remove.participant.text, "p-1");
    r = good("{\"type\":\"mute\",\"participant\":\"p-1\",\"mic\":false,\"camera\":true,\"screen\":false}");
    assert_int_equal(r.mute.sources, SOURCE_CAMERA);
    r = good("{\"type\":\"extend\",\"minutes\":60}");
    assert_int_equal(r.extend.minutes, 60);
    assert_int_equal(good("{\"type\":\"end\"}").kind, REQUEST_END);
    assert_int_equal(good("{\"type\":\"leave\",\"id\":7}").id, 7);
}

static void what_is_not_strict_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        " ",
        "{",
        "[]",
        "null",
        "1",
        "\"leave\"",
        "{}",
        "{\"type\":1}",
        "{\"type\":null}",
        "{\"type\":{}}",
        "{\"type\":\"leave\"} x",
        "{\"type\":\"leave\"}{\"type\":\"leave\"}",
        "{\"type\":\"leave\",}",
        "{'type':'leave'}",
        "{\"type\":\"leave\",\"type\":\"leave\"}",
        "{\"type\":\"leave\",\"id\":1,\"id\":1}",
        "{\"type\":\"leave\",\"extra\":1}",
        "{\"type\":\"leave\",\"id\":0}",
        "{\"type\":\"leave\",\"id\":-1}",
        "{\"type\":\"leave\",\"id\":4294967296}",
        "{\"type\":\"leave\",\"id\":18446744073709551617}",
        "{\"type\":\"leave\",\"id\":1.0}",
        "{\"type\":\"leave\",\"id\":\"1\"}",
        "{\"type\":\"leave\",\"id\":null}",
        "{\"type\":\"join\"}",
        "{\"type\":\"join\",\"token\":\"\"}",
        "{\"type\":\"join\",\"token\":7}",
        "{\"type\":\"join\",\"token\":\"a\\u0000b\"}",
        "{\"type\":\"join\",\"token\":\"a\",\"move\":1}",
        "{\"type\":\"join\",\"token\":\"\xff\"}",
        "{\"type\":\"offer\",\"sdp\":\"\"}",
        "{\"type\":\"media\",\"mic\":true,\"camera\":false}",
        "{\"type\":\"media\",\"mic\":true,\"camera\":false,\"screen\":\"no\"}",
        "{\"type\":\"agree\",\"participant\":\"p 1\",\"yes\":true}",
        "{\"type\":\"agree\",\"participant\":\"\",\"yes\":true}",
        "{\"type\":\"agree\",\"participant\":\"p-1\"}",
        "{\"type\":\"admit\",\"participant\":\"p-1\",\"minutes\":0}",
        "{\"type\":\"admit\",\"participant\":\"p-1\",\"minutes\":61}",
        "{\"type\":\"admit\",\"participant\":\"p-1\",\"minutes\":null}",
        "{\"type\":\"admit\",\"participant\":\"p-1\",\"minutes\":1.5}",
        "{\"type\":\"step_out\"}",
        "{\"type\":\"step_out\",\"everyone\":false}",
        "{\"type\":\"step_out\",\"participant\":\"p-1\",\"everyone\":true}",
        "{\"type\":\"step_out\",\"participant\":\"p-1\",\"everyone\":false}",
        "{\"type\":\"remove\",\"participant\":\"123456789012345678901234567890123\"}",
        "{\"type\":\"mute\",\"participant\":\"p-1\"}",
        "{\"type\":\"extend\"}",
        "{\"type\":\"extend\",\"minutes\":5,\"extra\":1}",
        "{\"type\":\"media\",\"mic\":true,\"camera\":false,\"screen\":false,\"extra\":1}",
        "{\"type\":\"step_out\",\"extra\":1}",
        "{\"type\":\"admit\",\"participant\":\"p-1\",\"extra\":1}",
        "{\"type\":\"extend\",\"minutes\":-5}",
        "{\"type\":\"end\",\"participant\":\"p-1\"}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refused(bad[i], ERR_MALFORMED);
}

static void an_unknown_type_is_told_apart(void **state)
{
    (void)state;
    refused("{\"type\":\"dance\"}", ERR_UNSUPPORTED);
    refused("{\"type\":\"\"}", ERR_UNSUPPORTED);
    refused("{\"type\":\"Leave\"}", ERR_UNSUPPORTED);
}

static void a_refused_request_still_names_its_id(void **state)
{
    (void)state;
    struct request request;
    assert_int_equal(parse("{\"type\":\"extend\",\"id\":9,\"minutes\":61}", &request), ERR_MALFORMED);
    assert_int_equal(request.id, 9);
    assert_int_equal(parse("{\"type\":\"dance\",\"id\":10}", &request), ERR_UNSUPPORTED);
    assert_int_equal(request.id, 10);
    assert_int_equal(parse("{\"id\":11}", &request), ERR_MALFORMED);
    assert_int_equal(request.id, 11);
    assert_int_equal(parse("{\"type\":\"leave\",\"id\":4294967296}", &request), ERR_MALFORMED);
    assert_int_equal(request.id, 0);
}

/* A join or an offer whose text has `len` characters. */
static enum status parse_filled(const char *head, size_t len)
{
    char *text = malloc(len + 100);
    size_t at = (size_t)sprintf(text, "%s", head);
    memset(text + at, 'x', len);
    strcpy(text + at + len, "\"}");
    struct request request;
    enum status status = parse(text, &request);
    free(text);
    if (status == OK)
        request_wipe(&request);
    return status;
}

static void lengths_are_bounded(void **state)
{
    (void)state;
    assert_int_equal(parse_filled("{\"type\":\"join\",\"token\":\"", 2048), OK);
    assert_int_equal(parse_filled("{\"type\":\"join\",\"token\":\"", 2049), ERR_FULL);
    assert_int_equal(parse_filled("{\"type\":\"offer\",\"sdp\":\"", REQUEST_SDP_MAX), OK);
    assert_int_equal(parse_filled("{\"type\":\"offer\",\"sdp\":\"", REQUEST_SDP_MAX + 1), ERR_FULL);
    assert_int_equal(parse_filled("{\"type\":\"offer\",\"sdp\":\"", REQUEST_TEXT_MAX), ERR_FULL);
}

static void deep_nesting_is_refused(void **state)
{
    (void)state;
    char *text = malloc(REQUEST_TEXT_MAX);
    memset(text, '[', REQUEST_TEXT_MAX);
    struct request request;
    assert_int_equal(request_parse((struct bytes){ (uint8_t *)text, REQUEST_TEXT_MAX }, &request), ERR_MALFORMED);
    for (size_t i = 0; i + 5 < REQUEST_TEXT_MAX; i += 5)
        memcpy(text + i, "{\"a\":", 5);
    assert_int_equal(request_parse((struct bytes){ (uint8_t *)text, REQUEST_TEXT_MAX }, &request), ERR_MALFORMED);
    free(text);
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    const char *whole =
        "{\"type\":\"mute\",\"id\":4,\"participant\":\"p-1\",\"mic\":true,\"camera\":false,\"screen\":false}";
    for (size_t len = 0; len < strlen(whole); len++) {
        struct request request;
        assert_int_equal(request_parse((struct bytes){ (const uint8_t *)whole, len }, &request), ERR_MALFORMED);
    }
    assert_int_equal(good(whole).kind, REQUEST_MUTE);
}

static void every_kind_has_a_name(void **state)
{
    (void)state;
    for (int kind = 1; kind < REQUEST_KINDS; kind++)
        assert_string_not_equal(request_name((enum request_kind)kind), "?");
    assert_string_equal(request_name(REQUEST_STEP_OUT), "step_out");
    assert_string_equal(request_name(REQUEST_NONE), "?");
    assert_string_equal(request_name(REQUEST_KINDS), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_request_of_the_protocol_is_understood),
        cmocka_unit_test(what_is_not_strict_is_refused),
        cmocka_unit_test(an_unknown_type_is_told_apart),
        cmocka_unit_test(a_refused_request_still_names_its_id),
        cmocka_unit_test(lengths_are_bounded),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(every_kind_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
