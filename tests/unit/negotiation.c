#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "signaling/negotiation.h"
#include "support/offers.h"

#include <string.h>

static uint8_t text[32768];
static const uint8_t fingerprint[32] = { 1, 2, 3 };
static struct address candidate;
static struct negotiated agreed;
static struct sdp_offer remote;
static struct writer answer;
static const char *why;

static const enum codec all_codecs[] = { CODEC_VP8, CODEC_H264, CODEC_VP9, CODEC_AV1 };
static const enum codec *video_codecs = all_codecs;
static size_t video_codec_count = 4;

static enum status negotiate_with(struct bytes offer, uint32_t audio_slots, uint32_t video_slots)
{
    address_parse_ip("192.0.2.1", &candidate);
    candidate.port = 40000;
    struct negotiation_ours ours = {
        .ufrag = "ours",
        .pwd = "ourpassword0123456789ab",
        .fingerprint = fingerprint,
        .candidates = &candidate,
        .candidate_count = 1,
        .session = 5,
        .first_ssrc = 1000,
        .audio_slots = audio_slots,
        .video_slots = video_slots,
        .video_codecs = video_codecs,
        .video_codec_count = video_codec_count,
    };
    answer = writer_over(text, sizeof text);
    memset(&agreed, 0x5a, sizeof agreed);
    memset(&remote, 0x5a, sizeof remote);
    return negotiate(offer, &ours, &agreed, &remote, &answer, &why);
}

static bool untouched(void)
{
    for (size_t i = 0; i < sizeof agreed; i++)
        if (((const uint8_t *)&agreed)[i] != 0x5a)
            return false;
    for (size_t i = 0; i < sizeof remote; i++)
        if (((const uint8_t *)&remote)[i] != 0x5a)
            return false;
    return answer.len == 0 && !answer.bad;
}

static void refused(struct bytes offer, const char *reason)
{
    assert_int_equal(negotiate_with(offer, 4, 4), ERR_UNSUPPORTED);
    assert_string_equal(why, reason);
    assert_true(untouched());
}

static size_t times(const char *what)
{
    size_t count = 0;
    for (const char *at = (const char *)text; (at = strstr(at, what)); at++)
        count++;
    return count;
}

static void take(const enum codec *codecs, size_t count)
{
    video_codecs = codecs;
    video_codec_count = count;
}

static void take_all(void)
{
    take(all_codecs, sizeof all_codecs / sizeof *all_codecs);
}

/* video: how many of our video codecs it has. */
static void check_agreement(const char *browser, uint8_t opus, uint8_t vp8, size_t video)
{
    take_all();
    assert_int_equal(negotiate_with(offer_read(browser), 4, 4), OK);
    static const char *const mids[] = { "0", "1", "2" };
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        assert_true(agreed.sources[i].offered);
        assert_string_equal(agreed.sources[i].mid, mids[i]);
        assert_int_equal(agreed.sources[i].codec_count, i ? video : 1);
        assert_int_equal(agreed.sources[i].codecs[0].codec, i ? CODEC_VP8 : CODEC_OPUS);
        assert_int_equal(agreed.sources[i].codecs[0].payload_type, i ? vp8 : opus);
        assert_int_equal(agreed.sources[i].ssrc_count, 1);
        assert_int_not_equal(agreed.sources[i].mid_extension, 0);
        assert_int_not_equal(agreed.sources[i].twcc_extension, 0);
        assert_int_equal(agreed.sources[i].codecs[0].repair_type != 0, i > 0);
        assert_int_equal(agreed.sources[i].rid_count, 0);
        assert_int_equal(agreed.sources[i].repairs[0] != 0, i > 0);
    }
    assert_int_not_equal(agreed.sources[0].level_extension, 0);
    assert_int_equal(agreed.slot_count, 8);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(agreed.slots[i].video, i >= 4);
        assert_int_not_equal(agreed.slots[i].twcc_extension, 0);
        assert_int_equal(agreed.slots[i].codec_count, i >= 4 ? video : 1);
        assert_int_equal(agreed.slots[i].codecs[0].payload_type, i >= 4 ? vp8 : opus);
        assert_int_equal(agreed.slots[i].ssrc, 1000 + 2 * i);
        assert_int_equal(agreed.slots[i].codecs[0].repair_type != 0, i >= 4);
        assert_int_equal(agreed.slots[i].repair_ssrc, i >= 4 ? 1001 + 2 * i : 0);
    }
    assert_string_equal(agreed.slots[0].mid, "3");
    assert_string_equal(agreed.slots[7].mid, "10");
    assert_int_equal(remote.section_count, 11);
    assert_int_equal(times("\r\nm="), 11);
    assert_int_equal(times("a=recvonly\r\n"), 3);
    assert_int_equal(times("a=sendonly\r\n"), 8);
    assert_int_equal(times("typ host"), 1);
    assert_int_equal(times("a=ssrc:1014 cname:kinroom\r\na=ssrc:1015 cname:kinroom\r\na=ssrc-group:FID 1014 1015\r\n"),
                     1);
    assert_int_equal(times("a=msid:slot-10 slot-10\r\n"), 1);
    /* Of both pictures that they send, and on the four slots; and with five sections of sound. */
    assert_int_equal(times(" rtx/90000\r\n"), 6 * video);
    assert_int_equal(times(" transport-cc\r\n"), 6 * video + 5);
    assert_int_equal(times(" " SDP_TWCC_URI "\r\n"), 11);
}

static void chromium_gets_three_sources_and_eight_slots(void **state)
{
    (void)state;
    check_agreement("chromium", 111, 96, 4);
}

static void firefox_gets_three_sources_and_eight_slots(void **state)
{
    (void)state;
    check_agreement("firefox", 109, 120, 3); /* without H.264: its plug-in was not there */
}

static void the_clinics_order_is_the_answers(void **state)
{
    (void)state;
    static const enum codec order[] = { CODEC_AV1, CODEC_H264, CODEC_VP8 };
    take(order, 3);
    assert_int_equal(negotiate_with(offer_read("chromium"), 4, 4), OK);
    take_all();
    /* H.264 several times over in the offer: 108 is the constrained baseline with packetization-mode 1. */
    assert_int_equal(times("m=video 9 UDP/TLS/RTP/SAVPF 45 46 108 109 96 97\r\n"), 6);
    assert_int_equal(times("a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n"), 6);
    assert_int_equal(times("VP9"), 0);
    const struct negotiated_source *camera = &agreed.sources[1];
    assert_int_equal(camera->codec_count, 3);
    assert_int_equal(camera->codecs[0].codec, CODEC_AV1);
    assert_int_equal(camera->codecs[0].payload_type, 45);
    assert_int_equal(camera->codecs[0].repair_type, 46);
    assert_int_equal(negotiated_by_type(camera->codecs, 3, 108)->codec, CODEC_H264);
    assert_int_equal(negotiated_by_codec(camera->codecs, 3, CODEC_VP8)->payload_type, 96);
    assert_int_equal(negotiated_by_repair(camera->codecs, 3, 109)->codec, CODEC_H264);
    assert_null(negotiated_by_type(camera->codecs, 3, 98));
    assert_null(negotiated_by_codec(camera->codecs, 3, CODEC_VP9));
    assert_null(negotiated_by_repair(camera->codecs, 3, 0));
    assert_memory_equal(agreed.slots[4].codecs, camera->codecs, sizeof camera->codecs);
}

static void check_simulcast(const char *browser)
{
    assert_int_equal(negotiate_with(offer_read(browser), 4, 4), OK);
    const struct negotiated_source *mic = &agreed.sources[0], *camera = &agreed.sources[1],
                                   *screen = &agreed.sources[2];
    assert_int_equal(mic->rid_count, 0);
    assert_int_equal(mic->dependency_extension, 0);
    assert_int_equal(camera->rid_count, 3);
    assert_string_equal(camera->rids[0], "l");
    assert_string_equal(camera->rids[1], "m");
    assert_string_equal(camera->rids[2], "h");
    assert_int_not_equal(camera->rid_extension, 0);
    assert_int_not_equal(camera->repaired_rid_extension, 0);
    assert_int_not_equal(camera->dependency_extension, 0);
    assert_int_equal(screen->rid_count, 2);
    assert_string_equal(screen->rids[1], "h");
    assert_int_equal(times("a=rid:l recv\r\na=rid:m recv\r\na=rid:h recv\r\na=simulcast:recv l;m;h\r\n"), 1);
    assert_int_equal(times("a=simulcast:"), 2);
    assert_int_equal(times("a=extmap-allow-mixed\r\n"), 3); /* a structure of layers needs more than 16 octets */
    assert_int_equal(times(" " SDP_RID_URI "\r\n"), 2);
    assert_int_equal(times(" " SDP_REPAIRED_RID_URI "\r\n"), 2);
    assert_int_equal(times(" " SDP_DEPENDENCY_URI "\r\n"), 2); /* for what they send alone */
}

static void both_browsers_send_their_layers(void **state)
{
    (void)state;
    check_simulcast("chromium_simulcast");
    check_simulcast("firefox_simulcast");
}

static void without_simulcast_no_rid_is_answered(void **state)
{
    (void)state;
    assert_int_equal(negotiate_with(offer_read("chromium"), 4, 4), OK);
    assert_int_equal(agreed.sources[1].rid_extension, 0);
    assert_int_equal(times("rid"), 0);
    assert_int_equal(times("simulcast"), 0);
    assert_int_equal(times(SDP_RID_URI), 0);
}

static void more_slots_than_the_welcome_named_are_refused(void **state)
{
    (void)state;
    struct bytes offer = offer_read("chromium");
    assert_int_equal(negotiate_with(offer, 3, 4), ERR_UNSUPPORTED);
    assert_string_equal(why, "more receiving sections than the welcome named");
    assert_true(untouched());
    assert_int_equal(negotiate_with(offer, 4, 3), ERR_UNSUPPORTED);
    assert_int_equal(negotiate_with(offer, 40, 40), OK);
    assert_int_equal(agreed.slot_count, 8);
}

static void a_second_microphone_is_refused(void **state)
{
    (void)state;
    refused(offer_with_every("firefox", "a=recvonly", "a=sendonly"),
            "more sending sections than a microphone, a camera and a screen");
}

static void a_section_that_does_both_is_refused(void **state)
{
    (void)state;
    refused(offer_with("firefox", "a=sendonly", "a=sendrecv"), "a section sends or receives, never both");
}

static void a_section_without_our_codec_is_refused(void **state)
{
    (void)state;
    refused(offer_with("chromium", "opus/48000/2", "opal/48000/2"), "an audio section is without Opus");
    static const enum codec h264[] = { CODEC_H264 };
    take(h264, 1);
    refused(offer_read("firefox"), "a video section has no codec that is taken here");
    static const enum codec vp8[] = { CODEC_VP8 };
    take(vp8, 1);
    refused(offer_with("chromium", "VP8/90000", "VP7/90000"), "a video section has no codec that is taken here");
    take_all();
}

static void an_inactive_section_is_declined_and_its_place_goes_to_the_next(void **state)
{
    (void)state;
    assert_int_equal(negotiate_with(offer_with("chromium", "a=sendonly", "a=inactive"), 4, 4), OK);
    assert_false(agreed.sources[0].offered);
    assert_true(agreed.sources[1].offered);
    assert_int_equal(times("m=audio 0 UDP/TLS/RTP/SAVPF 111\r\n"), 1);
    assert_int_equal(times("a=group:BUNDLE 1 2 3 "), 1);
    assert_int_equal(times("typ host"), 1); /* now in the camera's section, the first that is accepted */
}

#define PATH                                                                                                           \
    "a=setup:actpass\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 00:11:22:33:44:" \
    "55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n"
#define AUDIO(mid)                                                                                                     \
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:" mid "\r\na=sendonly\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"

/* Whatever is still free: a microphone never ends up as a camera. */
static void two_microphones_alone_are_refused_too(void **state)
{
    (void)state;
    refused(bytes_of("v=0\r\na=group:BUNDLE 0 1\r\n" PATH AUDIO("0") "a=ssrc:1 cname:x\r\n" AUDIO(
                "1") "a=ssrc:2 cname:x\r\n"),
            "more sending sections than a microphone, a camera and a screen");
}

static void an_offer_of_nothing_is_refused(void **state)
{
    (void)state;
    refused(bytes_of("v=0\r\na=group:BUNDLE 0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n" PATH),
            "nothing to send or to receive");
}

static void a_source_that_cannot_be_recognized_is_refused(void **state)
{
    (void)state;
    refused(bytes_of("v=0\r\na=group:BUNDLE 0\r\n" PATH AUDIO("0")),
            "a sending section needs the mid extension or an SSRC");
}

static void what_is_not_an_offer_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(negotiate_with(bytes_of("hello"), 4, 4), ERR_MALFORMED);
    assert_true(untouched());
    assert_string_equal(why, "not a session description");
}

static void an_answer_without_room_changes_nothing(void **state)
{
    (void)state;
    struct negotiation_ours ours = { .ufrag = "ours",
                                     .pwd = "ourpassword0123456789ab",
                                     .fingerprint = fingerprint,
                                     .audio_slots = 4,
                                     .video_slots = 4,
                                     .video_codecs = all_codecs,
                                     .video_codec_count = 4 };
    negotiate_with(bytes_of(""), 4, 4);
    answer = writer_over(text, 1000);
    assert_int_equal(negotiate(offer_read("firefox"), &ours, &agreed, &remote, &answer, &why), ERR_FULL);
    assert_true(untouched());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chromium_gets_three_sources_and_eight_slots),
        cmocka_unit_test(firefox_gets_three_sources_and_eight_slots),
        cmocka_unit_test(the_clinics_order_is_the_answers),
        cmocka_unit_test(both_browsers_send_their_layers),
        cmocka_unit_test(without_simulcast_no_rid_is_answered),
        cmocka_unit_test(more_slots_than_the_welcome_named_are_refused),
        cmocka_unit_test(a_second_microphone_is_refused),
        cmocka_unit_test(a_section_that_does_both_is_refused),
        cmocka_unit_test(a_section_without_our_codec_is_refused),
        cmocka_unit_test(an_inactive_section_is_declined_and_its_place_goes_to_the_next),
        cmocka_unit_test(two_microphones_alone_are_refused_too),
        cmocka_unit_test(an_offer_of_nothing_is_refused),
        cmocka_unit_test(a_source_that_cannot_be_recognized_is_refused),
        cmocka_unit_test(what_is_not_an_offer_changes_nothing),
        cmocka_unit_test(an_answer_without_room_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
