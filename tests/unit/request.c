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
    assert_null(r.join.proof);
    request_wipe(&r);
    assert_null(r.join.token);
    r = good("{\"type\":\"join\",\"token\":\"a.b.c\",\"proof\":\"d.e.f\"}");
    assert_string_equal(r.join.token, "a.b.c");
    assert_string_equal(r.join.proof, "d.e.f");
    assert_false(r.join.move);
    assert_string_equal(r.join.resume.text, "");
    request_wipe(&r);
    assert_null(r.join.proof);
    r = good("{\"type\":\"join\",\"token\":\"a.b.c\",\"resume\":\"0a1b\"}");
    assert_string_equal(r.join.resume.text, "0a1b");
    request_wipe(&r);
    r = good("{\"type\":\"restart_ice\",\"ufrag\":\"Nw1+\",\"pwd\":\"their/other/password/22\"}");
    assert_int_equal(r.kind, REQUEST_RESTART_ICE);
    assert_string_equal(r.restart_ice.ufrag, "Nw1+");
    assert_string_equal(r.restart_ice.pwd, "their/other/password/22");
    r = good("{\"sdp\":\"v=0\\r\\n\",\"id\":4294967295,\"type\":\"offer\"}");
    assert_int_equal(r.kind, REQUEST_OFFER);
    assert_int_equal(r.id, 4294967295u);
    assert_string_equal(r.offer.sdp, "v=0\r\n");
    request_wipe(&r);
    r = good("{\"type\":\"media\",\"id\":3,\"mic\":true,\"camera\":false,\"screen\":true}");
    assert_int_equal(r.media.sources, SOURCE_MIC | SOURCE_SCREEN);
    r = good("{\"type\":\"receive\",\"id\":4,\"video\":true}");
    assert_int_equal(r.kind, REQUEST_RECEIVE);
    assert_true(r.receive.video);
    assert_false(good("{\"type\":\"receive\",\"video\":false}").receive.video);
    r = good("{\"type\":\"agree\",\"participant\":\"p-1\",\"yes\":true}");
    assert_int_equal(r.id, 0);
    assert_true(r.agree.yes);
    assert_string_equal(r.agree.participant.text, "p-1");
    r = good("{\"type\":\"admit\",\"participant\":\"p-1\",\"minutes\":10}");
    assert_int_equal(r.admit.minutes, 10);
    r = good("{\"type\":\"admit\",\"participant\":\"p-1\"}");
    assert_int_equal(r.admit.minutes, 0);
    assert_int_equal(r.admit.mode, 0);
    r = good("{\"type\":\"admit\",\"participant\":\"p-1\",\"mode\":\"listen\"}");
    assert_int_equal(r.admit.mode, MODE_LISTEN);
    r = good("{\"type\":\"seen\",\"participant\":\"p-1\"}");
    assert_string_equal(r.seen.participant.text, "p-1");
    r = good("{\"type\":\"preview\",\"participant\":\"p-1\"}");
    assert_string_equal(r.preview.participant.text, "p-1");
    r = good("{\"type\":\"preview\"}");
    assert_string_equal(r.preview.participant.text, "");
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
    r = good("{\"type\":\"allow_extension\",\"yes\":true}");
    assert_true(r.allow_extension.yes);
    assert_int_equal(good("{\"type\":\"end\"}").kind, REQUEST_END);
    assert_int_equal(good("{\"type\":\"leave\",\"id\":7}").id, 7);
}

static void every_request_about_taking_part_is_understood(void **state)
{
    (void)state;
    struct request r = good("{\"type\":\"acknowledge\",\"id\":1,\"guidance\":\"2026-1\",\"notice\":\"2026-2\"}");
    assert_int_equal(r.kind, REQUEST_ACKNOWLEDGE);
    assert_string_equal(r.acknowledge.guidance, "2026-1");
    assert_string_equal(r.acknowledge.notice, "2026-2");
    assert_int_equal(good("{\"type\":\"decline\",\"id\":5}").kind, REQUEST_DECLINE);
    r = good("{\"type\":\"locate\",\"address\":\"12 Rue de l'\xc3\x89t\xc3\xa9\",\"phone\":\"+33 1 23\"}");
    assert_int_equal(r.kind, REQUEST_LOCATE);
    assert_string_equal(r.locate.address, "12 Rue de l'\xc3\x89t\xc3\xa9");
    assert_string_equal(r.locate.phone, "+33 1 23");
    static const char *const modes[] = { "listen", "watch", "audio", "full" };
    for (int i = 0; i < 4; i++) {
        char text[64];
        snprintf(text, sizeof text, "{\"type\":\"take_part\",\"mode\":\"%s\"}", modes[i]);
        r = good(text);
        assert_int_equal(r.kind, REQUEST_TAKE_PART);
        assert_int_equal(r.take_part.mode, MODE_LISTEN + i);
    }
    r = good("{\"type\":\"hand\",\"up\":true}");
    assert_int_equal(r.kind, REQUEST_HAND);
    assert_true(r.hand.up);
    assert_false(good("{\"type\":\"hand\",\"up\":false}").hand.up);
    r = good("{\"type\":\"reached\",\"yes\":true}");
    assert_int_equal(r.kind, REQUEST_REACHED);
    assert_true(r.reached.yes);
    assert_false(good("{\"type\":\"reached\",\"yes\":false}").reached.yes);
    assert_int_equal(good("{\"type\":\"next_step\"}").kind, REQUEST_NEXT_STEP);
    assert_int_equal(good("{\"type\":\"alert\"}").kind, REQUEST_ALERT);
}

static void what_is_enabled_is_named_one_by_one(void **state)
{
    (void)state;
    static const char *const names[] = { "mic", "camera", "screen", "chat", "others" };
    static const enable_mask bits[] = { ENABLE_MIC, ENABLE_CAMERA, ENABLE_SCREEN, ENABLE_CHAT, ENABLE_OTHERS };
    for (size_t on = 0; on < 5; on++) {
        char text[160];
        int at = snprintf(text, sizeof text, "{\"type\":\"enable\",\"participant\":\"p-1\"");
        for (size_t i = 0; i < 5; i++)
            at += snprintf(text + at, sizeof text - (size_t)at, ",\"%s\":%s", names[i], i == on ? "true" : "false");
        strcpy(text + at, "}");
        struct request r = good(text);
        assert_int_equal(r.kind, REQUEST_ENABLE);
        assert_string_equal(r.enable.participant.text, "p-1");
        assert_int_equal(r.enable.what, bits[on]);
    }
    assert_int_equal((int)ENABLE_MIC, (int)SOURCE_MIC);
    assert_int_equal((int)ENABLE_CAMERA, (int)SOURCE_CAMERA);
    assert_int_equal((int)ENABLE_SCREEN, (int)SOURCE_SCREEN);
}

static void chat_may_break_lines_and_nothing_more(void **state)
{
    (void)state;
    struct request r = good("{\"type\":\"chat\",\"to\":\"everyone\",\"text\":\"\\tone\\n\xd7\xa9 \xf0\x9f\x99\x82\"}");
    assert_int_equal(r.kind, REQUEST_CHAT);
    assert_false(r.chat.to_therapist);
    assert_string_equal(r.chat.text, "\tone\n\xd7\xa9 \xf0\x9f\x99\x82");
    request_wipe(&r);
    assert_null(r.chat.text);
    r = good("{\"type\":\"chat\",\"to\":\"therapist\",\"text\":\"x\"}");
    assert_true(r.chat.to_therapist);
    request_wipe(&r);
    static const char *const bad[] = {
        "",      " ",         "\\n\\t ",   "a\\r\\n",   "a\\u0000",  "a\\u0001", "a\\u001b[2J", "a\\b",
        "a\x7f", "a\\u007fb", "a\\u0085b", "a\xc2\x80", "a\xc2\x9f", "a\xff",    "\\ud800",     "a\xc0\x80",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[100];
        snprintf(text, sizeof text, "{\"type\":\"chat\",\"to\":\"everyone\",\"text\":\"%s\"}", bad[i]);
        refused(text, ERR_MALFORMED);
    }
    r = good("{\"type\":\"chat\",\"to\":\"everyone\",\"text\":\"\xc2\xa0\"}"); /* the first after C1 */
    request_wipe(&r);
}

static void an_address_and_a_phone_are_one_line_each(void **state)
{
    (void)state;
    static const char *const bad[] = { "",          "   ",         "1 Elm\\nSt",   "1 Elm\\tSt", "1 Elm\\u0007",
                                       "12\x7f-45", "12 \xc2\x9b", "12\\u0000345", "123\xff",    "123\xe2\x82" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[120];
        snprintf(text, sizeof text, "{\"type\":\"locate\",\"address\":\"%s\",\"phone\":\"555\"}", bad[i]);
        refused(text, ERR_MALFORMED);
        snprintf(text, sizeof text, "{\"type\":\"locate\",\"address\":\"1 Elm St\",\"phone\":\"%s\"}", bad[i]);
        refused(text, ERR_MALFORMED);
    }
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
        "{\"type\":\"join\",\"proof\":\"a\"}",
        "{\"type\":\"join\",\"token\":\"a\",\"proof\":\"\"}",
        "{\"type\":\"join\",\"token\":\"a\",\"proof\":null}",
        "{\"type\":\"join\",\"token\":\"a\",\"proof\":[\"a\"]}",
        "{\"type\":\"join\",\"token\":\"a\",\"proof\":\"a\",\"proof\":\"a\"}",
        "{\"type\":\"join\",\"token\":\"a\",\"proofs\":\"a\"}",
        "{\"type\":\"join\",\"token\":\"\xff\"}",
        "{\"type\":\"join\",\"token\":\"a\",\"resume\":\"\"}",
        "{\"type\":\"join\",\"token\":\"a\",\"resume\":true}",
        "{\"type\":\"join\",\"token\":\"a\",\"resume\":\"a b\"}",
        "{\"type\":\"restart_ice\"}",
        "{\"type\":\"restart_ice\",\"ufrag\":\"Nw1+\"}",
        "{\"type\":\"restart_ice\",\"ufrag\":\"Nw1+\",\"pwd\":\"\"}",
        "{\"type\":\"restart_ice\",\"ufrag\":\"Nw1+\",\"pwd\":\"a\\nb\"}",
        "{\"type\":\"restart_ice\",\"ufrag\":\"Nw1+\",\"pwd\":\"abc\",\"sdp\":\"v=0\"}",
        "{\"type\":\"offer\",\"sdp\":\"\"}",
        "{\"type\":\"media\",\"mic\":true,\"camera\":false}",
        "{\"type\":\"media\",\"mic\":true,\"camera\":false,\"screen\":\"no\"}",
        "{\"type\":\"receive\"}",
        "{\"type\":\"receive\",\"video\":0}",
        "{\"type\":\"receive\",\"video\":null}",
        "{\"type\":\"receive\",\"video\":false,\"audio\":false}",
        "{\"type\":\"agree\",\"participant\":\"p 1\",\"yes\":true}",
        "{\"type\":\"agree\",\"participant\":\"\",\"yes\":true}",
        "{\"type\":\"agree\",\"participant\":\"p-1\"}",
        "{\"type\":\"admit\",\"participant\":\"p-1\",\"minutes\":0}",
        "{\"type\":\"admit\",\"participant\":\"p-1\",\"minutes\":61}",
        "{\"type\":\"admit\",\"participant\":\"p-1\",\"mode\":\"everything\"}",
        "{\"type\":\"admit\",\"participant\":\"p-1\",\"mode\":null}",
        "{\"type\":\"seen\"}",
        "{\"type\":\"seen\",\"participant\":\"\"}",
        "{\"type\":\"preview\",\"participant\":null}",
        "{\"type\":\"preview\",\"participant\":\".p\"}",
        "{\"type\":\"admit\",\"participant\":\"p-1\",\"minutes\":null}",
        "{\"type\":\"admit\",\"participant\":\"p-1\",\"minutes\":1.5}",
        "{\"type\":\"step_out\"}",
        "{\"type\":\"step_out\",\"everyone\":false}",
        "{\"type\":\"step_out\",\"participant\":\"p-1\",\"everyone\":true}",
        "{\"type\":\"step_out\",\"participant\":\"p-1\",\"everyone\":false}",
        "{\"type\":\"remove\",\"participant\":\"12345678901234567890123456789012345678901234567890123456789012345\"}",
        "{\"type\":\"mute\",\"participant\":\"p-1\"}",
        "{\"type\":\"extend\"}",
        "{\"type\":\"allow_extension\"}",
        "{\"type\":\"allow_extension\",\"yes\":1}",
        "{\"type\":\"allow_extension\",\"yes\":true,\"minutes\":10}",
        "{\"type\":\"extend\",\"minutes\":5,\"extra\":1}",
        "{\"type\":\"media\",\"mic\":true,\"camera\":false,\"screen\":false,\"extra\":1}",
        "{\"type\":\"step_out\",\"extra\":1}",
        "{\"type\":\"admit\",\"participant\":\"p-1\",\"extra\":1}",
        "{\"type\":\"extend\",\"minutes\":-5}",
        "{\"type\":\"end\",\"participant\":\"p-1\"}",
        "{\"type\":\"acknowledge\",\"guidance\":\"1\"}",
        "{\"type\":\"acknowledge\",\"guidance\":\"1\",\"notice\":1}",
        "{\"type\":\"acknowledge\",\"guidance\":\"1\",\"notice\":null}",
        "{\"type\":\"acknowledge\",\"guidance\":\"\",\"notice\":\"1\"}",
        "{\"type\":\"acknowledge\",\"guidance\":\"1\",\"notice\":\"\"}",
        "{\"type\":\"acknowledge\",\"guidance\":\"1\\n\",\"notice\":\"1\"}",
        "{\"type\":\"acknowledge\",\"guidance\":\"1\",\"notice\":\"1\",\"extra\":1}",
        "{\"type\":\"decline\",\"extra\":1}",
        "{\"type\":\"locate\",\"address\":\"1 Elm St\"}",
        "{\"type\":\"locate\",\"address\":\"1 Elm St\",\"phone\":5550100}",
        "{\"type\":\"locate\",\"address\":\"1 Elm St\",\"phone\":\"12\"}",
        "{\"type\":\"locate\",\"address\":\"1 Elm St\",\"phone\":\"123\",\"extra\":1}",
        "{\"type\":\"take_part\"}",
        "{\"type\":\"take_part\",\"mode\":\"\"}",
        "{\"type\":\"take_part\",\"mode\":\"Full\"}",
        "{\"type\":\"take_part\",\"mode\":4}",
        "{\"type\":\"take_part\",\"mode\":null}",
        "{\"type\":\"take_part\",\"mode\":\"full\",\"extra\":1}",
        "{\"type\":\"enable\",\"participant\":\"p-1\",\"mic\":true,\"camera\":true,\"screen\":true,\"chat\":true}",
        "{\"type\":\"enable\",\"participant\":\"p-1\",\"camera\":true,\"screen\":true,\"chat\":true,\"others\":true}",
        "{\"type\":\"enable\",\"mic\":true,\"camera\":true,\"screen\":true,\"chat\":true,\"others\":true}",
        "{\"type\":\"enable\",\"participant\":\"p 1\",\"mic\":true,\"camera\":true,\"screen\":true,\"chat\":true,"
        "\"others\":true}",
        "{\"type\":\"enable\",\"participant\":\"p-1\",\"mic\":true,\"camera\":true,\"screen\":true,\"chat\":true,"
        "\"others\":1}",
        "{\"type\":\"enable\",\"participant\":\"p-1\",\"mic\":true,\"camera\":true,\"screen\":true,\"chat\":true,"
        "\"others\":true,\"extra\":1}",
        "{\"type\":\"chat\",\"text\":\"hello\"}",
        "{\"type\":\"chat\",\"to\":\"everyone\"}",
        "{\"type\":\"chat\",\"to\":\"p-1\",\"text\":\"hello\"}",
        "{\"type\":\"chat\",\"to\":\"\",\"text\":\"hello\"}",
        "{\"type\":\"chat\",\"to\":null,\"text\":\"hello\"}",
        "{\"type\":\"chat\",\"to\":\"everyone\",\"text\":[\"hello\"]}",
        "{\"type\":\"chat\",\"to\":\"everyone\",\"text\":\"hello\",\"extra\":1}",
        "{\"type\":\"hand\"}",
        "{\"type\":\"hand\",\"up\":1}",
        "{\"type\":\"hand\",\"up\":true,\"extra\":1}",
        "{\"type\":\"next_step\",\"extra\":1}",
        "{\"type\":\"reached\"}",
        "{\"type\":\"reached\",\"yes\":null}",
        "{\"type\":\"reached\",\"yes\":true,\"extra\":1}",
        "{\"type\":\"alert\",\"participant\":\"p-1\"}",
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

/* A request whose last text has `len` characters. */
static enum status parse_filled(const char *head, size_t len)
{
    char *text = malloc(strlen(head) + len + 3);
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
    assert_int_equal(parse_filled("{\"type\":\"join\",\"token\":\"a\",\"proof\":\"", 2048), OK);
    assert_int_equal(parse_filled("{\"type\":\"join\",\"token\":\"a\",\"proof\":\"", 2049), ERR_FULL);
    assert_int_equal(parse_filled("{\"type\":\"offer\",\"sdp\":\"", REQUEST_SDP_MAX), OK);
    assert_int_equal(parse_filled("{\"type\":\"offer\",\"sdp\":\"", REQUEST_SDP_MAX + 1), ERR_FULL);
    assert_int_equal(parse_filled("{\"type\":\"offer\",\"sdp\":\"", REQUEST_TEXT_MAX), ERR_FULL);
    static const struct {
        const char *head;
        size_t min, max;
    } texts[] = {
        { "{\"type\":\"acknowledge\",\"notice\":\"1\",\"guidance\":\"", 1, 40 },
        { "{\"type\":\"acknowledge\",\"guidance\":\"1\",\"notice\":\"", 1, 40 },
        { "{\"type\":\"locate\",\"phone\":\"123\",\"address\":\"", 1, 200 },
        { "{\"type\":\"locate\",\"address\":\"1 Elm St\",\"phone\":\"", 3, 40 },
        { "{\"type\":\"chat\",\"to\":\"everyone\",\"text\":\"", 1, 2000 },
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_int_equal(parse_filled(texts[i].head, texts[i].min - 1), ERR_MALFORMED);
        assert_int_equal(parse_filled(texts[i].head, texts[i].min), OK);
        assert_int_equal(parse_filled(texts[i].head, texts[i].max), OK);
        assert_int_equal(parse_filled(texts[i].head, texts[i].max + 1), ERR_FULL);
    }
}

/* Bytes, not characters: a hundred and one of two bytes each are too long for an address. */
static void lengths_are_in_bytes(void **state)
{
    (void)state;
    char text[300] = "{\"type\":\"locate\",\"phone\":\"123\",\"address\":\"";
    for (int i = 0; i < 100; i++)
        strcat(text, "\xc3\xa9");
    size_t at = strlen(text);
    strcpy(text + at, "\"}");
    assert_int_equal(strlen(good(text).locate.address), 200);
    strcpy(text + at, "\xc3\xa9\"}");
    refused(text, ERR_FULL);
}

/* What a core dump or the next request in the same place could show. */
static void wiping_leaves_no_trace_of_an_address(void **state)
{
    (void)state;
    struct request r = good("{\"type\":\"locate\",\"address\":\"1 Elm St\",\"phone\":\"123\"}");
    request_wipe(&r);
    static const uint8_t nothing[sizeof r];
    assert_memory_equal(&r, nothing, sizeof r);
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
        cmocka_unit_test(every_request_about_taking_part_is_understood),
        cmocka_unit_test(what_is_enabled_is_named_one_by_one),
        cmocka_unit_test(chat_may_break_lines_and_nothing_more),
        cmocka_unit_test(an_address_and_a_phone_are_one_line_each),
        cmocka_unit_test(what_is_not_strict_is_refused),
        cmocka_unit_test(an_unknown_type_is_told_apart),
        cmocka_unit_test(a_refused_request_still_names_its_id),
        cmocka_unit_test(lengths_are_bounded),
        cmocka_unit_test(lengths_are_in_bytes),
        cmocka_unit_test(wiping_leaves_no_trace_of_an_address),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(every_kind_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
