#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "signaling/sdp.h"
#include "support/offers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct sdp_offer offer;
static const char *why;

#define HASH "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:ee:ff"
#define HEAD "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
#define PATH                                                                                                           \
    "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 " HASH "\r\na=setup:actpass\r\n"
#define AUDIO(mid) "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:" mid "\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"
#define VIDEO(mid) "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:" mid "\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n"

static enum status parse(const char *text)
{
    return sdp_parse_offer(bytes_of(text), &offer, &why);
}

static void good(struct bytes text)
{
    enum status status = sdp_parse_offer(text, &offer, &why);
    if (status != OK)
        fail_msg("%s: %s", status_name(status), why);
}

static void refused(const char *text, const char *reason)
{
    struct sdp_offer before = offer;
    assert_int_equal(parse(text), ERR_UNSUPPORTED);
    assert_string_equal(why, reason);
    assert_memory_equal(&before, &offer, sizeof offer);
}

static bool text_is(struct bytes bytes, const char *text)
{
    return bytes_equal(bytes, bytes_of(text));
}

static void check_kinds(const enum sdp_direction *directions, uint8_t opus, uint8_t vp8)
{
    assert_int_equal(offer.section_count, 11);
    for (size_t i = 0; i < 11; i++) {
        const struct sdp_section *section = &offer.sections[i];
        bool audio = i == 0 || (i >= 3 && i < 7);
        char mid[8];
        snprintf(mid, sizeof mid, "%zu", i);
        assert_string_equal(section->mid, mid);
        assert_int_equal(section->media, audio ? SDP_AUDIO : SDP_VIDEO);
        assert_int_equal(section->direction, directions[i > 2]);
        assert_int_equal(section->payload_type, audio ? opus : vp8);
        assert_false(section->rejected);
        assert_int_equal(section->nack_pli, !audio);
        assert_int_equal(section->ccm_fir, !audio);
    }
}

static const enum sdp_direction ways[2] = { SDP_SENDONLY, SDP_RECVONLY };

static void chromiums_offer_is_understood(void **state)
{
    (void)state;
    good(offer_read("chromium"));
    check_kinds(ways, 111, 96);
    assert_int_equal(offer.ufrag.len, 4);
    assert_int_equal(offer.pwd.len, 24);
    assert_int_equal(offer.sections[0].level_extension, 1);
    for (size_t i = 0; i < 11; i++)
        assert_int_equal(offer.sections[i].mid_extension, 4);
    for (size_t i = 0; i < 11; i++)
        assert_int_equal(offer.sections[i].ssrc_count, i < 3); /* the camera's FID partner is left out */
}

static void firefoxs_offer_is_understood(void **state)
{
    (void)state;
    good(offer_read(
        "firefox")); /* port 0 and bundle-only; the fingerprint at session level; ssrc before its FID group */
    check_kinds(ways, 109, 120);
    assert_int_equal(offer.sections[0].mid_extension, 3);
    assert_int_equal(offer.sections[0].level_extension, 1);
    for (size_t i = 0; i < 11; i++)
        assert_int_equal(offer.sections[i].ssrc_count, 1);
}

static void aiortcs_offer_is_understood(void **state)
{
    (void)state;
    good(offer_read("aiortc")); /* ICE credentials and candidates of each section's own, as if there were no bundle */
    assert_int_equal(offer.section_count, 11);
    assert_true(text_is(offer.ufrag, "ta2x"));
    assert_true(text_is(offer.pwd, "T8qtCLPhBGDDUStjMx7LCp"));
    for (size_t i = 0; i < 11; i++) {
        assert_int_equal(offer.sections[i].direction, ways[i > 2]);
        assert_int_equal(offer.sections[i].mid_extension, 1);
    }
}

static void plain_newlines_and_session_level_credentials_do(void **state)
{
    (void)state;
    char text[] = HEAD "a=group:BUNDLE a b\r\n" PATH AUDIO("a") "a=sendonly\r\n" VIDEO("b");
    good(bytes_of(text));
    size_t kept = 0;
    for (size_t i = 0; text[i]; i++)
        if (text[i] != '\r')
            text[kept++] = text[i];
    text[kept] = '\0';
    good(bytes_of(text));
    assert_int_equal(offer.section_count, 2);
    assert_int_equal(offer.sections[0].direction, SDP_SENDONLY);
    assert_int_equal(offer.sections[1].direction, SDP_SENDRECV);
    assert_true(text_is(offer.ufrag, "abcd"));
    assert_int_equal(offer.fingerprint[1], 0x11);
    assert_int_equal(offer.fingerprint[31], 0xff);
}

static void a_sections_own_credentials_win(void **state)
{
    (void)state;
    good(bytes_of(HEAD "a=group:BUNDLE a\r\n" PATH AUDIO("a") "a=ice-ufrag:wxyz\r\na=setup:active\r\n"));
    assert_true(text_is(offer.ufrag, "wxyz"));
    assert_true(text_is(offer.pwd, "0123456789012345678901"));
}

static void the_sha_256_fingerprint_is_chosen(void **state)
{
    (void)state;
    good(bytes_of(HEAD "a=group:BUNDLE a\r\n" AUDIO("a") "a=fingerprint:sha-1 00:11\r\n" PATH
                                                         "a=fingerprint:sha-512 00\r\n"));
    assert_int_equal(offer.fingerprint[2], 0x22);
    good(bytes_of(HEAD "a=group:BUNDLE a\r\n" AUDIO("a") PATH "a=fingerprint:SHA-256 " HASH "\r\n"));
}

static void attributes_come_in_any_order(void **state)
{
    (void)state;
    good(bytes_of(HEAD
                  "a=group:LS a\r\na=group:BUNDLE v\r\n" PATH "m=video 9 UDP/TLS/RTP/SAVPF 97 96\r\n"
                  "a=rtcp-fb:* nack pli\r\na=rtcp-fb:97 ccm fir\r\na=ssrc:2 cname:x\r\na=ssrc:1 cname:x\r\n"
                  "a=ssrc-group:FID 1 2\r\na=ssrc-group:SIM 1 3\r\na=rtpmap:97 rtx/90000\r\na=rtpmap:96 vp8/90000\r\n"
                  "a=rtcp-mux\r\na=extmap:3/sendonly urn:ietf:params:rtp-hdrext:sdes:mid\r\na=mid:v\r\n"));
    const struct sdp_section *section = &offer.sections[0];
    assert_int_equal(section->payload_type, 96);
    assert_true(section->nack_pli);
    assert_false(section->ccm_fir);
    assert_int_equal(section->mid_extension, 3);
    assert_int_equal(section->ssrc_count, 1);
    assert_int_equal(section->ssrcs[0], 1);
}

static void what_we_cannot_use_is_left_at_zero(void **state)
{
    (void)state;
    good(bytes_of(HEAD "a=group:BUNDLE a v\r\n" PATH /* mono Opus, 72 looks like RTCP, 98 is not on the m= line */
                       "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:a\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000\r\n"
                       "a=extmap:15 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
                       "m=video 9 UDP/TLS/RTP/SAVPF 72\r\na=mid:v\r\na=rtcp-mux\r\na=rtpmap:72 VP8/90000\r\n"
                       "a=rtpmap:98 VP8/90000\r\n"));
    assert_int_equal(offer.sections[0].payload_type, 0);
    assert_int_equal(offer.sections[0].mid_extension, 0);
    assert_int_equal(offer.sections[1].payload_type, 0);
}

static void a_stopped_section_needs_nothing(void **state)
{
    (void)state;
    good(bytes_of(HEAD "a=group:BUNDLE b\r\nm=video 0 RTP/AVP 31\r\n" AUDIO("b") PATH));
    assert_true(offer.sections[0].rejected);
    assert_false(offer.sections[1].rejected);
}

static void the_first_section_has_the_path_of_all(void **state)
{
    (void)state;
    good(bytes_of(HEAD "a=group:BUNDLE a b\r\n" AUDIO("a") PATH AUDIO("b") PATH
                  "a=ice-ufrag:wxyz\r\na=ice-pwd:9876543210987654321098\r\n"));
    assert_true(bytes_equal(offer.ufrag, bytes_of("abcd")));
    assert_true(bytes_equal(offer.pwd, bytes_of("0123456789012345678901")));
}

static void each_rule_names_what_it_refuses(void **state)
{
    (void)state;
    refused(HEAD, "no live section");
    refused(HEAD PATH AUDIO("a"), "a section is outside the BUNDLE group");
    refused(HEAD "a=group:BUNDLE b\r\n" PATH AUDIO("a"), "a section is outside the BUNDLE group");
    refused(HEAD "a=group:BUNDLE a\r\na=group:BUNDLE b\r\n" PATH AUDIO("a"), "more than one BUNDLE group");
    refused(HEAD "a=group:BUNDLE a a\r\n" PATH AUDIO("a") AUDIO("a"), "a mid is used twice");
    refused(HEAD "a=group:BUNDLE 12345678901234567\r\n" PATH AUDIO("12345678901234567"), "a mid is too long");
    refused(HEAD "a=group:BUNDLE a\r\n" AUDIO("a"), "no ICE credentials");
    refused(HEAD "a=group:BUNDLE a\r\n" AUDIO("a") "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n",
            "no SHA-256 fingerprint");
    refused(HEAD "a=group:BUNDLE a\r\n" AUDIO("a") PATH "a=setup:passive\r\n", "setup must be actpass or active");
    refused(HEAD "a=group:BUNDLE a\r\n" AUDIO("a") PATH "a=setup:holdconn\r\n", "setup must be actpass or active");
    refused(HEAD "a=group:BUNDLE a b\r\n" AUDIO("a") PATH AUDIO("b") "a=setup:active\r\n",
            "sections disagree on setup");
    refused(HEAD "a=group:BUNDLE a\r\n" PATH "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:a\r\n",
            "a section is without rtcp-mux");
    refused(HEAD "a=group:BUNDLE a\r\n" PATH "m=audio 9 RTP/AVP 111\r\na=mid:a\r\na=rtcp-mux\r\n",
            "a section is not UDP/TLS/RTP/SAVPF");
    refused(HEAD "a=group:BUNDLE a b\r\n" PATH AUDIO("a") "a=ssrc:5 cname:x\r\n" VIDEO("b") "a=ssrc:5 cname:x\r\n",
            "an SSRC is used twice");
    refused(HEAD "a=group:BUNDLE a b\r\n" PATH AUDIO(
                "a") "m=video 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:b\r\na=rtcp-mux\r\na=rtpmap:111 VP8/90000\r\n",
            "a payload type means two codecs");
    refused(HEAD "a=group:BUNDLE a b\r\n" PATH AUDIO("a") "a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid\r\n" VIDEO(
                "b") "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n",
            "sections disagree on a header extension's id");
    refused(HEAD "a=group:BUNDLE a\r\n" PATH AUDIO(
                "a") "a=ssrc:1 x\r\na=ssrc:2 x\r\na=ssrc:3 x\r\na=ssrc:4 x\r\na=ssrc:5 x\r\n",
            "a section names too many streams");
}

static void fingerprints_that_disagree_are_refused(void **state)
{
    (void)state;
    const char other[] =
        "a=fingerprint:sha-256 FF:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:"
        "99:AA:BB:CC:DD:ee:ff\r\n";
    char text[2048];
    snprintf(text, sizeof text, "%s%s", HEAD "a=group:BUNDLE a b\r\n" AUDIO("a") PATH AUDIO("b"), other);
    refused(text, "sections disagree on the fingerprint");
    snprintf(text, sizeof text, "%s%s", HEAD "a=group:BUNDLE a\r\n" AUDIO("a") PATH, other);
    refused(text, "more than one SHA-256 fingerprint");
}

static void sections_are_bounded(void **state)
{
    (void)state;
    char text[8192] = HEAD;
    for (int i = 0; i < SDP_SECTIONS_MAX + 1; i++)
        strcat(text, "m=audio 0 RTP/AVP 0\r\n");
    refused(text, "too many sections");
}

static void what_is_not_sdp_is_malformed(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "\r\n",
        "v=1\r\n",
        "hello",
        HEAD "x\r\n",
        HEAD "1=2\r\n",
        HEAD "a:mid\r\n",
        HEAD "m=audio\r\n",
        HEAD "m=audio 9 RTP/AVP\r\n",
        HEAD "m=audio 65536 RTP/AVP 0\r\n",
        HEAD "m=audio x RTP/AVP 0\r\n",
        HEAD "a=mid:a\r\n",
        HEAD AUDIO("a") "a=mid:b\r\n",
        HEAD AUDIO(""),
        HEAD AUDIO("a b"),
        HEAD "a=ice-ufrag:abc\r\n",
        HEAD "a=ice-ufrag:ab cd\r\n",
        HEAD "a=ice-pwd:short\r\n",
        HEAD "a=fingerprint:sha-256 00:11\r\n",
        HEAD AUDIO("a") "a=rtpmap:128 opus/48000/2\r\n",
        HEAD AUDIO("a") "a=extmap:0 urn:x\r\n",
        HEAD AUDIO("a") "a=ssrc:4294967296 cname:x\r\n",
        HEAD "a=ssrc:1 cname:x\r\n",
        HEAD AUDIO("a") "a=group:BUNDLE a\r\n",
        HEAD "s=a\rb\r\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (parse(bad[i]) != ERR_MALFORMED)
            fail_msg("taken: %s", bad[i]);
    const uint8_t nul[] = HEAD "s=\0\r\n";
    assert_int_equal(sdp_parse_offer((struct bytes){ nul, sizeof nul - 1 }, &offer, &why), ERR_MALFORMED);
}

/* A copy of exactly the length, so that the sanitizer sees a read past the end. */
static void no_truncation_reads_past_the_end(void **state)
{
    (void)state;
    struct bytes whole = offer_read("firefox");
    for (size_t len = 0; len < whole.len; len += 7) {
        uint8_t *exact = malloc(len ? len : 1);
        memcpy(exact, whole.at, len);
        sdp_parse_offer((struct bytes){ exact, len }, &offer, &why);
        free(exact);
    }
}

/* --- offers that mean harm --- */

enum { OFFER_LEN = 60000, ROUNDS = 200, WORST_RATIO = 5 };

/* Fills `text` up to OFFER_LEN with `line` over and over. */
static struct bytes filled(char *text, const char *line)
{
    size_t len = strlen(text), step = strlen(line);
    for (; len + step <= OFFER_LEN; len += step)
        memcpy(text + len, line, step);
    return (struct bytes){ (const uint8_t *)text, len };
}

static double parsing_takes(struct bytes text)
{
    clock_t started = clock();
    for (int i = 0; i < ROUNDS; i++)
        sdp_parse_offer(text, &offer, &why);
    return (double)(clock() - started);
}

/* A word list in the head and many lines that look something up in it; against an offer of the same length that has
 * nothing but lines to skip. A ratio, as machines differ: what is linear is near 1, what is not is near 100. */
static void no_offer_takes_much_longer_than_another_of_its_length(void **state)
{
    (void)state;
    static char text[OFFER_LEN + 1], words[OFFER_LEN / 2];
    const struct {
        const char *before, *word, *after, *line;
    } worst[] = {
        { HEAD "m=audio 9 X", " 1", "\n", "a=rtpmap:9 x\n" },
        { HEAD "m=audio 9 X", " 1", "\n", "a=rtcp-fb:* nack pli\n" },
        { HEAD "a=group:BUNDLE", " b", " a\n" PATH, AUDIO("a") },
        { HEAD AUDIO("a"), "a=ssrc:1 x\n", "", "a=ssrc-group:FID 1 2\n" },
        { HEAD AUDIO("a") "a=fmtp:111 ", ";", "\n", "a=fmtp:111 usedtx=1\n" },
    };
    strcpy(text, HEAD);
    double usual = parsing_takes(filled(text, "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n"));
    for (size_t i = 0; i < sizeof worst / sizeof *worst; i++) {
        words[0] = '\0';
        size_t len = 0, step = strlen(worst[i].word);
        for (; len + step < sizeof words; len += step)
            memcpy(words + len, worst[i].word, step + 1);
        snprintf(text, sizeof text, "%s%s%s", worst[i].before, words, worst[i].after);
        double took = parsing_takes(filled(text, worst[i].line));
        if (took > WORST_RATIO * usual)
            fail_msg("offer %zu takes %.1f times as long as an usual one", i, took / usual);
    }
}

static void a_format_counts_for_its_own_section_only(void **state)
{
    (void)state;
    good(bytes_of(HEAD "a=group:BUNDLE a v\r\n" PATH AUDIO(
        "a") "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:v\r\na=rtcp-mux\r\na=rtpmap:111 VP8/90000\r\n"));
    assert_int_equal(offer.sections[0].payload_type, 111);
    assert_int_equal(offer.sections[1].payload_type, 0);
}

static void a_group_is_bounded(void **state)
{
    (void)state;
    char text[1024] = HEAD "a=group:BUNDLE";
    for (int i = 0; i < SDP_SECTIONS_MAX + 1; i++)
        strcat(text, " a");
    strcat(text, "\r\n");
    refused(text, "the BUNDLE group has too many sections");
}

/* --- answers --- */

static uint8_t text_buffer[32768];

static const char *answer_to(struct bytes text, const struct sdp_answer *answer)
{
    good(text);
    struct writer w = writer_over(text_buffer, sizeof text_buffer);
    assert_int_equal(sdp_write_answer(&w, &offer, answer), OK);
    assert_int_equal(text_buffer[w.len], 0);
    assert_int_equal(strlen((char *)text_buffer), w.len);
    return (char *)text_buffer;
}

static struct sdp_answer our_answer(void)
{
    static uint8_t fingerprint[32] = { 0xab };
    struct sdp_answer answer = { .ufrag = "ours",
                                 .pwd = "ourpassword0123456789ab",
                                 .fingerprint = fingerprint,
                                 .candidate_count = 3,
                                 .session = UINT64_MAX };
    assert_true(address_parse_ip("192.0.2.1", &answer.candidates[0]));
    assert_true(address_parse_ip("2001:db8::1", &answer.candidates[1]));
    answer.candidates[0].port = answer.candidates[1].port = 40000;
    answer.candidates[2] = answer.candidates[1];
    answer.candidates[2].via = ADDRESS_TCP;
    return answer;
}

static void the_answer_reads_line_by_line_as_expected(void **state)
{
    (void)state;
    struct sdp_answer answer = our_answer();
    answer.sections[1] = (struct sdp_answer_section){ .accepted = true, .direction = SDP_RECVONLY };
    answer.sections[2] =
        (struct sdp_answer_section){ .accepted = true, .direction = SDP_SENDONLY, .ssrc = 77, .stream = "slot-v" };
    const char *text = answer_to(
        bytes_of(HEAD "a=group:BUNDLE d a v\r\n" PATH
                      "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:d\r\n" AUDIO(
                          "a") "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=fmtp:111 minptime=10;usedtx=1\r\n"
                               "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n" VIDEO(
                                   "v") "a=rtcp-fb:96 nack pli\r\n"),
        &answer);
#define OURS                                                                                                           \
    "a=ice-ufrag:ours\r\na=ice-pwd:ourpassword0123456789ab\r\na=fingerprint:sha-256 AB:00:00:00:00:00:00:00:00:00:00:" \
    "00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00\r\na=setup:passive\r\n"
    assert_string_equal(
        text,
        "v=0\r\no=- 9223372036854775807 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=ice-lite\r\na=group:BUNDLE a v\r\n"
        "a=msid-semantic: WMS *\r\n"
        "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:d\r\na=inactive\r\n"
        "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:a\r\na=recvonly\r\na=rtcp-mux\r\n" OURS
        "a=candidate:1 1 udp 2130706431 192.0.2.1 40000 typ host\r\n"
        "a=candidate:2 1 udp 2130706175 2001:db8::1 40000 typ host\r\n"
        "a=candidate:3 1 tcp 1520434687 2001:db8::1 40000 typ host tcptype passive\r\na=end-of-candidates\r\n"
        "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n"
        "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1;usedtx=1\r\n"
        "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:v\r\na=sendonly\r\na=rtcp-mux\r\n" OURS
        "a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack pli\r\na=msid:slot-v slot-v\r\na=ssrc:77 cname:kinroom\r\n");
}

static void an_answer_that_does_not_fit_leaves_the_writer_as_it_was(void **state)
{
    (void)state;
    struct sdp_answer answer = our_answer();
    for (size_t i = 0; i < 11; i++)
        answer.sections[i] = (struct sdp_answer_section){ .accepted = true, .direction = SDP_RECVONLY };
    size_t whole = strlen(answer_to(offer_read("chromium"), &answer));
    for (size_t cap = 0; cap <= whole; cap += cap + 31 < whole ? 31 : 1) {
        struct writer w = writer_over(text_buffer, cap);
        assert_int_equal(sdp_write_answer(&w, &offer, &answer), ERR_FULL);
        assert_int_equal(w.len, 0);
        assert_false(w.bad);
    }
    struct writer w = writer_over(text_buffer, whole + 1);
    assert_int_equal(sdp_write_answer(&w, &offer, &answer), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chromiums_offer_is_understood),
        cmocka_unit_test(firefoxs_offer_is_understood),
        cmocka_unit_test(aiortcs_offer_is_understood),
        cmocka_unit_test(plain_newlines_and_session_level_credentials_do),
        cmocka_unit_test(a_sections_own_credentials_win),
        cmocka_unit_test(the_sha_256_fingerprint_is_chosen),
        cmocka_unit_test(attributes_come_in_any_order),
        cmocka_unit_test(what_we_cannot_use_is_left_at_zero),
        cmocka_unit_test(a_stopped_section_needs_nothing),
        cmocka_unit_test(the_first_section_has_the_path_of_all),
        cmocka_unit_test(each_rule_names_what_it_refuses),
        cmocka_unit_test(fingerprints_that_disagree_are_refused),
        cmocka_unit_test(sections_are_bounded),
        cmocka_unit_test(what_is_not_sdp_is_malformed),
        cmocka_unit_test(no_truncation_reads_past_the_end),
        cmocka_unit_test(no_offer_takes_much_longer_than_another_of_its_length),
        cmocka_unit_test(a_format_counts_for_its_own_section_only),
        cmocka_unit_test(a_group_is_bounded),
        cmocka_unit_test(the_answer_reads_line_by_line_as_expected),
        cmocka_unit_test(an_answer_that_does_not_fit_leaves_the_writer_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
