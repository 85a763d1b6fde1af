/* Our opener against libsrtp2, which seals what must open here and whose judgement of late, doubled and strange packets
 * is compared with ours; and the replay window by itself. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "support/packets.h"
#include "transport/opener.h"
#include "transport/replay.h"

/* libsrtp2 seals; it and ours open. */
struct pair {
    struct opener *ours;
    srtp_t sender, theirs;
};

static struct pair pair_of(void)
{
    struct srtp_keys keys = random_keys(SRTP_AEAD_AES_128_GCM_PROFILE);
    struct aead_keys derived;
    struct pair pair = {
        .sender = oracle_of(keys.profile, ssrc_any_outbound, keys.remote_key, keys.remote_salt),
        .theirs = oracle_of(keys.profile, ssrc_any_inbound, keys.remote_key, keys.remote_salt),
    };
    assert_int_equal(aead_keys_derive(&derived, keys.remote_key, keys.remote_salt), OK);
    assert_int_equal(opener_create(&pair.ours, &derived), OK);
    return pair;
}

static void pair_end(struct pair pair)
{
    opener_destroy(pair.ours);
    srtp_dealloc(pair.sender);
    srtp_dealloc(pair.theirs);
}

static struct packet sealed_rtp(struct pair *pair, uint32_t ssrc, uint16_t seq)
{
    struct packet packet = rtp_packet(ssrc, seq, dice(16), (int)dice(5) - 1, dice(200));
    oracle_seal(pair->sender, &packet);
    return packet;
}

static struct packet sealed_rtcp(struct pair *pair, uint32_t ssrc)
{
    struct packet packet = plain_rtcp(ssrc);
    oracle_seal_rtcp(pair->sender, &packet);
    return packet;
}

/* From the heap and to its exact length, so that the sanitizer sees a read past the end. */
static enum status open_copy(enum status (*open)(struct opener *, uint8_t *, size_t *), struct pair *pair,
                             struct packet *packet)
{
    uint8_t *copy = malloc(packet->len + !packet->len);
    memcpy(copy, packet->at, packet->len);
    size_t before = packet->len;
    enum status status = open(pair->ours, copy, &packet->len);
    if (status == OK)
        memcpy(packet->at, copy, packet->len);
    else
        assert_int_equal(packet->len, before);
    free(copy);
    return status;
}

static enum status open_rtp(struct pair *pair, struct packet packet)
{
    return open_copy(opener_open, pair, &packet);
}

static enum status open_rtcp(struct pair *pair, struct packet packet)
{
    return open_copy(opener_open_rtcp, pair, &packet);
}

/* Ours and libsrtp2's must agree, in the bytes as well. */
static enum status judge_rtp(struct pair *pair, struct packet packet)
{
    struct packet ours = packet;
    enum status status = open_copy(opener_open, pair, &ours);
    int len = (int)packet.len;
    bool opened = srtp_unprotect(pair->theirs, packet.at, &len) == srtp_err_status_ok;
    packet.len = (size_t)len;
    assert_int_equal(status == OK, opened);
    if (opened)
        assert_same(&ours, &packet);
    return status;
}

/* --- RTP. --------------------------------------------------------------------------------------------------------- */

/* Thousands of packets of five sources over several wraps: late, doubled, lost, changed, in any order within reach. */
static void every_packet_is_judged_as_libsrtp_judges_it(void **state)
{
    (void)state;
    enum { SOURCES = 5, KEPT = 64, ROUNDS = 30000 };
    struct pair pair = pair_of();
    uint16_t next[SOURCES];
    static struct packet kept[KEPT];
    size_t kept_count = 0, opened = 0, refused = 0;
    for (size_t i = 0; i < SOURCES; i++)
        next[i] = (uint16_t)(30000 + dice(2700));
    for (size_t round = 0; round < ROUNDS; round++) {
        size_t source = dice(SOURCES);
        if (dice(8) == 0)
            next[source] = (uint16_t)(next[source] + dice(700)); /* loss */
        struct packet packet = sealed_rtp(&pair, 100 + (uint32_t)source, next[source]++);
        if (kept_count < KEPT)
            kept[kept_count++] = packet;
        else if (dice(2) == 0)
            kept[dice(KEPT)] = packet;
        else
            packet = kept[dice(KEPT)]; /* late, or a replay */
        if (dice(10) == 0)
            packet.at[dice((uint32_t)packet.len)] ^= (uint8_t)(1 << dice(8));
        *(judge_rtp(&pair, packet) == OK ? &opened : &refused) += 1;
    }
    assert_true(opened > ROUNDS / 3 && refused > ROUNDS / 10);
    pair_end(pair);
}

static void a_late_packet_from_before_the_wrap_opens_once(void **state)
{
    (void)state;
    struct pair pair = pair_of();
    struct packet before = sealed_rtp(&pair, 1, 65500), late = sealed_rtp(&pair, 1, 65501);
    assert_int_equal(open_rtp(&pair, before), OK);
    for (uint16_t seq = 65502; seq != 300; seq++)
        assert_int_equal(open_rtp(&pair, sealed_rtp(&pair, 1, seq)), OK);
    assert_int_equal(open_rtp(&pair, late), OK);
    assert_int_equal(open_rtp(&pair, late), ERR_EXPIRED);
    assert_int_equal(open_rtp(&pair, before), ERR_EXPIRED);
    assert_int_equal(open_rtp(&pair, sealed_rtp(&pair, 1, 300)), OK);
    pair_end(pair);
}

static void the_window_is_1024_wide(void **state)
{
    (void)state;
    struct pair pair = pair_of();
    struct packet outside = sealed_rtp(&pair, 1, 1000), inside = sealed_rtp(&pair, 1, 1001);
    assert_int_equal(open_rtp(&pair, sealed_rtp(&pair, 1, 1000 + REPLAY_WINDOW)), OK);
    assert_int_equal(open_rtp(&pair, outside), ERR_EXPIRED);
    assert_int_equal(open_rtp(&pair, inside), OK);
    assert_int_equal(open_rtp(&pair, inside), ERR_EXPIRED);
    pair_end(pair);
}

/* The rollover counter is guessed from the newest authentic packet alone. */
static void a_forged_jump_moves_nothing(void **state)
{
    (void)state;
    struct pair pair = pair_of();
    assert_int_equal(open_rtp(&pair, sealed_rtp(&pair, 1, 65000)), OK);
    for (unsigned i = 0; i < 65536; i += 16) {
        struct packet forged = rtp_packet(1, (uint16_t)i, 0, -1, 40);
        assert_int_not_equal(open_rtp(&pair, forged), OK);
    }
    assert_int_equal(open_rtp(&pair, sealed_rtp(&pair, 1, 65001)), OK);
    pair_end(pair);
}

/* A sender that jumps over half the number space before its first wrap: libsrtp2 takes it for a jump ahead, and so do
 * we. */
static void a_long_jump_before_the_first_wrap_opens(void **state)
{
    (void)state;
    struct pair pair = pair_of();
    assert_int_equal(judge_rtp(&pair, sealed_rtp(&pair, 1, 10)), OK);
    assert_int_equal(judge_rtp(&pair, sealed_rtp(&pair, 1, 60000)), OK);
    assert_int_equal(judge_rtp(&pair, sealed_rtp(&pair, 1, 60001)), OK);
    pair_end(pair);
}

static void what_is_no_rtp_is_malformed(void **state)
{
    (void)state;
    struct pair pair = pair_of();
    struct packet packet = rtp_packet(1, 1, 3, 2, 0);
    oracle_seal(pair.sender, &packet);
    for (size_t len = 0; len < packet.len; len++) {
        struct packet cut = packet;
        cut.len = len;
        assert_int_equal(open_rtp(&pair, cut), ERR_MALFORMED); /* there is nothing but header in it */
    }
    struct packet old = packet;
    old.at[0] ^= 0xc0; /* version 1 */
    assert_int_equal(open_rtp(&pair, old), ERR_MALFORMED);
    assert_int_equal(open_rtp(&pair, packet), OK);
    pair_end(pair);
}

/* --- RTCP. -------------------------------------------------------------------------------------------------------- */

static void reports_open_in_any_order_and_once(void **state)
{
    (void)state;
    enum { SOURCES = 4, COUNT = 400 };
    struct pair pair = pair_of();
    static struct packet packets[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        packets[i] = sealed_rtcp(&pair, 1 + (uint32_t)i % SOURCES);
    for (size_t i = COUNT - 1; i > 0; i--) {
        size_t other = dice((uint32_t)i + 1);
        struct packet kept = packets[i];
        packets[i] = packets[other], packets[other] = kept;
    }
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(open_rtcp(&pair, packets[i]), OK);
        assert_int_equal(open_rtcp(&pair, packets[dice((uint32_t)i + 1)]), ERR_EXPIRED);
    }
    pair_end(pair);
}

static void an_unencrypted_report_is_malformed(void **state)
{
    (void)state;
    struct pair pair = pair_of();
    struct packet packet = sealed_rtcp(&pair, 1), bare = packet;
    bare.at[bare.len - 4] &= 0x7f; /* the E-flag */
    assert_int_equal(open_rtcp(&pair, bare), ERR_MALFORMED);
    assert_int_equal(open_rtcp(&pair, packet), OK);
    for (size_t len = 0; len < AEAD_RTCP_HEADER_LEN + AEAD_RTCP_TRAILER; len++) {
        struct packet cut = packet;
        cut.len = len;
        assert_int_equal(open_rtcp(&pair, cut), ERR_MALFORMED);
    }
    pair_end(pair);
}

/* An index that was never authentic is not remembered, however far ahead it claims to be. */
static void a_forged_report_uses_up_no_index(void **state)
{
    (void)state;
    struct pair pair = pair_of();
    struct packet packet = sealed_rtcp(&pair, 1), forged = packet;
    forged.at[forged.len - 4] = 0xff;
    assert_int_equal(open_rtcp(&pair, forged), ERR_AUTH);
    assert_int_equal(open_rtcp(&pair, packet), OK);
    assert_int_equal(open_rtcp(&pair, forged), ERR_AUTH);
    assert_int_equal(open_rtcp(&pair, sealed_rtcp(&pair, 1)), OK);
    pair_end(pair);
}

static void sources_of_reports_are_bounded(void **state)
{
    (void)state;
    struct pair pair = pair_of();
    for (uint32_t ssrc = 1; ssrc <= OPENER_SOURCES_MAX; ssrc++) {
        struct packet forged = plain_rtcp(1000 + ssrc);
        memset(forged.at + forged.len, 0xff, AEAD_RTCP_TRAILER);
        forged.len += AEAD_RTCP_TRAILER;
        assert_int_equal(open_rtcp(&pair, forged), ERR_AUTH); /* takes no place */
        assert_int_equal(open_rtcp(&pair, sealed_rtcp(&pair, ssrc)), OK);
    }
    assert_int_equal(open_rtcp(&pair, sealed_rtcp(&pair, 5000)), ERR_FULL);
    assert_int_equal(open_rtcp(&pair, sealed_rtcp(&pair, 1)), OK);
    assert_int_equal(open_rtp(&pair, sealed_rtp(&pair, 5000, 1)), OK); /* RTP has places of its own */
    pair_end(pair);
}

/* --- The window. -------------------------------------------------------------------------------------------------- */

/* Beside a list of all that was noted. */
static void the_window_remembers_what_a_list_would(void **state)
{
    (void)state;
    enum { END = 60000 };
    static bool noted[END];
    struct replay replay = REPLAY_EMPTY;
    int64_t newest = -1;
    for (int i = 0; i < 200000; i++) {
        int64_t around = newest + (dice(50) ? 3 : (int64_t)dice(2 * REPLAY_WINDOW + 10));
        int64_t index = around - (int64_t)dice(REPLAY_WINDOW + 20);
        if (index < 0 || index >= END)
            continue;
        bool new = index > newest || (newest - index < REPLAY_WINDOW && !noted[index]);
        assert_int_equal(replay_is_new(&replay, index), new);
        if (!new)
            continue;
        replay_note(&replay, index);
        noted[index] = true;
        newest = index > newest ? index : newest;
        assert_int_equal(replay.newest, newest);
    }
    assert_true(newest > 10 * REPLAY_WINDOW);
}

static int start(void **state)
{
    (void)state;
    packets_seed = 0x2545f4914f6cdd1d;
    return srtp_start() == OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_packet_is_judged_as_libsrtp_judges_it),
        cmocka_unit_test(a_late_packet_from_before_the_wrap_opens_once),
        cmocka_unit_test(the_window_is_1024_wide),
        cmocka_unit_test(a_forged_jump_moves_nothing),
        cmocka_unit_test(a_long_jump_before_the_first_wrap_opens),
        cmocka_unit_test(what_is_no_rtp_is_malformed),
        cmocka_unit_test(reports_open_in_any_order_and_once),
        cmocka_unit_test(an_unencrypted_report_is_malformed),
        cmocka_unit_test(a_forged_report_uses_up_no_index),
        cmocka_unit_test(sources_of_reports_are_bounded),
        cmocka_unit_test(the_window_remembers_what_a_list_would),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
