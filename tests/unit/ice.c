#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#define ERR_STATE OPENSSL_ERR_STATE /* OpenSSL has a type of our constant's name */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#undef ERR_STATE
#include <stdio.h>
#include <string.h>

#include "transport/ice.h"
#include "transport/stun.h"

static const char their_ufrag[] = "Thr+", their_pwd[] = "their/password/22chars";

static void count_up(void *context, uint8_t *at, size_t len)
{
    uint8_t *next = context;
    for (size_t i = 0; i < len; i++)
        at[i] = (*next)++;
}

static struct now at_us(usec_t us)
{
    return (struct now){ .mono_us = us };
}
static struct now at_s(usec_t s)
{
    return at_us(s * USEC_PER_SEC);
}

static struct address address_of(const char *ip, uint16_t port)
{
    struct address a = { .port = port };
    assert_true(address_parse_ip(ip, &a));
    return a;
}

static struct ice ice_of(void)
{
    uint8_t seed = 7;
    struct ice ice;
    ice_init(&ice, &(struct entropy){ count_up, &seed });
    return ice;
}

static struct ice answering_ice(void)
{
    struct ice ice = ice_of();
    assert_int_equal(ice_set_remote(&ice, bytes_of(their_ufrag), bytes_of(their_pwd)), OK);
    return ice;
}

/* A check as it should be; tests spoil what they are about. */
struct check {
    struct stun_message m;
    char username[64];
    const char *pwd;
    size_t cut; /* bytes off the end, the length in the header mended */
};

static struct check good_check(const struct ice *ice, bool nominate)
{
    struct check c = { .m = { .class_ = STUN_REQUEST, .method = STUN_BINDING, .transaction = { 1, 2, 3 } } };
    snprintf(c.username, sizeof c.username, "%s:%s", ice->ufrag, their_ufrag);
    c.pwd = ice->pwd;
    c.m.has_priority = true;
    c.m.priority = 100;
    c.m.controlling = true;
    c.m.tie_breaker = 5;
    c.m.use_candidate = nominate;
    return c;
}

static enum status send_check(struct ice *ice, struct now now, const struct address *from, struct check c,
                              struct ice_reply *reply)
{
    uint8_t raw[STUN_MESSAGE_MAX];
    size_t len;
    c.m.username = bytes_of(c.username);
    assert_int_equal(stun_write(&c.m, bytes_of(c.pwd), raw, sizeof raw, &len), OK);
    len -= c.cut;
    store_be16(raw + 2, (uint16_t)(len - 20));
    return ice_datagram(ice, now, from, (struct bytes){ raw, len }, reply);
}

/* Each a new one. */
static struct check next_check(const struct ice *ice, bool nominate)
{
    static uint32_t number;
    struct check c = good_check(ice, nominate);
    for (size_t i = 0; i < STUN_TRANSACTION_LEN; i++)
        c.m.transaction[i] = (uint8_t)((number = number * 1664525u + 1013904223u) >> 24);
    return c;
}

static void check_ok(struct ice *ice, struct now now, const struct address *from, bool nominate)
{
    struct ice_reply reply;
    assert_int_equal(send_check(ice, now, from, next_check(ice, nominate), &reply), OK);
}

static struct stun_message read_reply(const struct ice_reply *reply)
{
    struct stun_message m;
    assert_int_equal(stun_parse((struct bytes){ reply->at, reply->len }, &m), OK);
    assert_true(m.fingerprint);
    assert_memory_equal(m.transaction, ((uint8_t[STUN_TRANSACTION_LEN]){ 1, 2, 3 }), STUN_TRANSACTION_LEN);
    return m;
}

static bool is_signed(const struct ice *ice, const struct ice_reply *reply, const struct stun_message *m)
{
    return stun_integrity_ok((struct bytes){ reply->at, reply->len }, m, bytes_of(ice->pwd));
}

/* Sends a spoiled check and sees that it changed nothing and what it was answered. */
static void check_refused(struct check c, struct ice *ice, enum status status, uint16_t error, bool signed_reply)
{
    struct address from = address_of("192.0.2.9", 999);
    struct ice before = *ice;
    struct ice_reply reply;
    assert_int_equal(send_check(ice, at_s(1), &from, c, &reply), status);
    assert_memory_equal(&before, ice, sizeof before);
    assert_false(ice_is_checked(ice, &from));
    if (error == 0) {
        assert_int_equal(reply.len, 0);
        return;
    }
    struct stun_message m = read_reply(&reply);
    assert_int_equal(m.class_, STUN_ERROR);
    assert_int_equal(m.error, error);
    assert_int_equal(m.mapped.family, ADDRESS_NONE);
    assert_int_equal(is_signed(ice, &reply, &m), signed_reply);
}

static void credentials_are_long_random_and_of_ice_characters(void **state)
{
    (void)state;
    uint8_t seed = 1;
    struct ice a, b;
    struct entropy entropy = { count_up, &seed };
    ice_init(&a, &entropy);
    ice_init(&b, &entropy);
    assert_int_equal(strlen(a.ufrag), ICE_UFRAG_LEN);
    assert_int_equal(strlen(a.pwd), ICE_PWD_LEN);
    assert_string_not_equal(a.ufrag, b.ufrag);
    assert_string_not_equal(a.pwd, b.pwd);
    static const char ice_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    assert_int_equal(strspn(a.ufrag, ice_chars), ICE_UFRAG_LEN);
    assert_int_equal(strspn(a.pwd, ice_chars), ICE_PWD_LEN);
    ice_deinit(&a);
    assert_int_equal(a.pwd[0], 0);
}

static void the_peers_credentials_are_bounded_and_come_once(void **state)
{
    (void)state;
    char longest[ICE_CREDENTIAL_MAX + 2];
    memset(longest, 'x', sizeof longest);
    struct bytes too_long = { (uint8_t *)longest, ICE_CREDENTIAL_MAX + 1 }, just = { too_long.at, ICE_CREDENTIAL_MAX };
    struct bytes pwd = bytes_of(their_pwd), ufrag = bytes_of(their_ufrag);
    struct ice ice = ice_of();
    assert_int_equal(ice_set_remote(&ice, bytes_of("abc"), pwd), ERR_MALFORMED);
    assert_int_equal(ice_set_remote(&ice, too_long, pwd), ERR_MALFORMED);
    assert_int_equal(ice_set_remote(&ice, bytes_of("ab:d"), pwd), ERR_MALFORMED);
    assert_int_equal(ice_set_remote(&ice, (struct bytes){ (const uint8_t *)"ab\0d", 4 }, pwd), ERR_MALFORMED);
    assert_int_equal(ice_set_remote(&ice, ufrag, bytes_of("123456789012345678901")), ERR_MALFORMED);
    assert_int_equal(ice_set_remote(&ice, ufrag, too_long), ERR_MALFORMED);
    assert_int_equal(ice_set_remote(&ice, just, just), OK);
    assert_int_equal(ice_set_remote(&ice, ufrag, pwd), ERR_STATE);
    ice_deinit(&ice);
}

static void before_the_offer_checks_are_dropped(void **state)
{
    (void)state;
    struct ice ice = ice_of();
    check_refused(good_check(&ice, true), &ice, ERR_STATE, 0, false);
    ice_deinit(&ice);
}

static void a_check_is_answered_with_the_address_it_came_from(void **state)
{
    (void)state;
    static const char *const ips[] = { "192.0.2.1", "2001:db8::7:1" };
    for (size_t i = 0; i < 2; i++) {
        struct ice ice = answering_ice();
        struct address from = address_of(ips[i], 40001);
        struct ice_reply reply;
        assert_int_equal(send_check(&ice, at_s(1), &from, good_check(&ice, false), &reply), OK);
        struct stun_message m = read_reply(&reply);
        assert_int_equal(m.class_, STUN_SUCCESS);
        assert_true(address_equal(&m.mapped, &from));
        assert_true(is_signed(&ice, &reply, &m));
        assert_true(ice_is_checked(&ice, &from));
        assert_null(ice_selected(&ice));
        ice_deinit(&ice);
    }
}

static void a_wrong_password_is_401(void **state)
{
    (void)state;
    struct ice ice = answering_ice();
    struct check c = good_check(&ice, true);
    c.pwd = "not/the/password/at/all";
    check_refused(c, &ice, ERR_AUTH, 401, false);
    c.pwd = their_pwd; /* as a reflection of our own check would be, if we sent any */
    check_refused(c, &ice, ERR_AUTH, 401, false);
    ice_deinit(&ice);
}

static void a_wrong_username_is_401(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after;
    } cases[] = { { "", ":Thr-" }, { "", "" }, { "", ":" }, { "", ":Thr+x" }, { "x", ":Thr+" } };
    struct ice ice = answering_ice();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct check c = good_check(&ice, true);
        snprintf(c.username, sizeof c.username, "%s%s%s", cases[i].before, ice.ufrag, cases[i].after);
        check_refused(c, &ice, ERR_AUTH, 401, false);
    }
    ice_deinit(&ice);
}

static void a_check_without_credentials_is_400(void **state)
{
    (void)state;
    struct ice ice = answering_ice();
    struct check c = good_check(&ice, true);
    c.pwd = "";
    check_refused(c, &ice, ERR_MALFORMED, 400, false);
    c = good_check(&ice, true);
    c.username[0] = '\0';
    check_refused(c, &ice, ERR_MALFORMED, 400, false);
    ice_deinit(&ice);
}

static void a_check_without_fingerprint_is_dropped(void **state)
{
    (void)state;
    struct ice ice = answering_ice();
    struct check c = good_check(&ice, true);
    c.cut = 8;
    check_refused(c, &ice, ERR_MALFORMED, 0, false);
    ice_deinit(&ice);
}

static void a_peer_that_claims_to_be_controlled_is_told_487(void **state)
{
    (void)state;
    static const uint64_t tie_breakers[] = { 0, 1, UINT64_MAX };
    for (size_t i = 0; i < 3; i++) {
        struct ice ice = answering_ice();
        struct check c = good_check(&ice, true);
        c.m.controlling = false;
        c.m.controlled = true;
        c.m.tie_breaker = tie_breakers[i];
        check_refused(c, &ice, ERR_FORBIDDEN, 487, true);
        ice_deinit(&ice);
    }
}

/* MESSAGE-INTEGRITY and FINGERPRINT behind len bytes of message: RFC 8489 14.5 and 14.7 a second time, with OpenSSL's
 * HMAC and a bitwise CRC, for a message that stun_write would not make. */
static size_t sign(uint8_t *raw, size_t len, const char *pwd)
{
    store_be16(raw + 2, (uint16_t)(len + 24 - 20));
    store_be32(raw + len, 0x00080014);
    HMAC(EVP_sha1(), pwd, (int)strlen(pwd), raw, len, raw + len + 4, NULL);
    len += 24;
    store_be16(raw + 2, (uint16_t)(len + 8 - 20));
    uint32_t crc = ~0u;
    for (size_t bit = 0; bit < 8 * len; bit++) {
        crc ^= raw[bit / 8] >> bit % 8 & 1;
        crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    store_be32(raw + len, 0x80280004);
    store_be32(raw + len + 4, ~crc ^ 0x5354554e);
    return len + 8;
}

static void an_unknown_attribute_is_420_and_listed(void **state)
{
    (void)state;
    struct ice ice = answering_ice();
    struct address from = address_of("192.0.2.9", 999);
    struct check c = good_check(&ice, true);
    uint8_t raw[STUN_MESSAGE_MAX];
    size_t len;
    c.m.username = bytes_of(c.username);
    assert_int_equal(stun_write(&c.m, (struct bytes){ 0 }, raw, sizeof raw, &len), OK);
    len -= 8; /* in place of FINGERPRINT: */
    store_be32(raw + len, 0x7f010000);
    len = sign(raw, len + 4, ice.pwd);
    struct ice_reply reply;
    assert_int_equal(ice_datagram(&ice, at_s(1), &from, (struct bytes){ raw, len }, &reply), ERR_UNSUPPORTED);
    struct stun_message m = read_reply(&reply);
    assert_int_equal(m.error, 420);
    assert_int_equal(m.unknown_count, 1);
    assert_int_equal(m.unknown[0], 0x7f01);
    assert_true(is_signed(&ice, &reply, &m));
    assert_false(ice_is_checked(&ice, &from));
    ice_deinit(&ice);
}

static void indications_and_responses_are_ignored(void **state)
{
    (void)state;
    struct ice ice = answering_ice();
    for (enum stun_class class_ = STUN_INDICATION; class_ <= STUN_ERROR; class_++) {
        struct check c = good_check(&ice, true);
        c.m.class_ = class_;
        c.m.error = class_ == STUN_ERROR ? 487 : 0;
        check_refused(c, &ice, ERR_STATE, 0, false);
    }
    ice_deinit(&ice);
}

static void our_own_response_sent_back_is_ignored(void **state)
{
    (void)state;
    struct ice ice = answering_ice();
    struct address from = address_of("192.0.2.1", 1), reflector = address_of("192.0.2.2", 2);
    struct ice_reply reply, second;
    assert_int_equal(send_check(&ice, at_s(1), &from, good_check(&ice, true), &reply), OK);
    struct bytes reflected = { reply.at, reply.len };
    assert_int_equal(ice_datagram(&ice, at_s(2), &reflector, reflected, &second), ERR_STATE);
    assert_int_equal(second.len, 0);
    assert_false(ice_is_checked(&ice, &reflector));
    assert_int_equal(ice_last_consent(&ice), USEC_PER_SEC);
    ice_deinit(&ice);
}

static void other_methods_are_dropped(void **state)
{
    (void)state;
    struct ice ice = answering_ice();
    struct check c = good_check(&ice, true);
    c.m.method = 3; /* Allocate */
    check_refused(c, &ice, ERR_UNSUPPORTED, 0, false);
    ice_deinit(&ice);
}

static void use_candidate_selects_the_path(void **state)
{
    (void)state;
    struct ice ice = answering_ice();
    struct address a = address_of("192.0.2.1", 1), b = address_of("2001:db8::2", 2);
    check_ok(&ice, at_s(1), &a, false);
    check_ok(&ice, at_s(1), &b, true);
    assert_true(address_equal(ice_selected(&ice), &b));
    assert_int_equal(ice_last_consent(&ice), USEC_PER_SEC);
    ice_deinit(&ice);
}

static void a_later_nomination_moves_the_path(void **state)
{
    (void)state;
    struct ice ice = answering_ice();
    struct address a = address_of("192.0.2.1", 1), b = address_of("198.51.100.2", 2);
    check_ok(&ice, at_s(1), &a, true);
    check_ok(&ice, at_s(2), &b, false); /* only a check: nothing moves */
    assert_true(address_equal(ice_selected(&ice), &a));
    check_ok(&ice, at_s(3), &b, true);
    assert_true(address_equal(ice_selected(&ice), &b));
    check_ok(&ice, at_s(4), &a, false);
    assert_true(address_equal(ice_selected(&ice), &b));
    check_ok(&ice, at_s(5), &a, true);
    assert_true(address_equal(ice_selected(&ice), &a));
    ice_deinit(&ice);
}

static void consent_ends_thirty_seconds_after_the_last_check(void **state)
{
    (void)state;
    struct ice ice = answering_ice();
    struct address a = address_of("192.0.2.1", 1);
    assert_false(ice_has_consent(&ice, at_s(1)));
    check_ok(&ice, at_s(1), &a, false);
    assert_false(ice_has_consent(&ice, at_s(1))); /* not nominated */
    assert_int_equal(ice_last_consent(&ice), 0);
    check_ok(&ice, at_s(2), &a, true);
    assert_true(ice_has_consent(&ice, at_s(2)));
    assert_true(ice_has_consent(&ice, at_us(32 * USEC_PER_SEC - 1)));
    assert_false(ice_has_consent(&ice, at_s(32)));
    check_ok(&ice, at_s(40), &a, false); /* the selected path again: no need to be nominated anew */
    assert_true(ice_has_consent(&ice, at_s(69)));
    assert_false(ice_has_consent(&ice, at_s(70)));
    ice_deinit(&ice);
}

static void only_the_selected_path_gives_consent(void **state)
{
    (void)state;
    struct ice ice = answering_ice();
    struct address a = address_of("192.0.2.1", 1), b = address_of("192.0.2.2", 2);
    check_ok(&ice, at_s(1), &a, true);
    ice_heard(&ice, at_s(19), &a);
    check_ok(&ice, at_s(20), &b, false);
    assert_int_equal(ice_last_consent(&ice), USEC_PER_SEC);
    assert_false(ice_has_consent(&ice, at_s(31)));
    ice_deinit(&ice);
}

/* ---- Restart, and a path that changes under the peer ---- */

static const char new_ufrag[] = "Nw1+", new_pwd[] = "their/other/password/22";

static enum status restart(struct ice *ice, const char *ufrag, const char *pwd)
{
    uint8_t seed = 99;
    return ice_restart(ice, &(struct entropy){ count_up, &seed }, bytes_of(ufrag), bytes_of(pwd));
}

static struct check check_after_restart(const struct ice *ice, bool nominate)
{
    struct check c = good_check(ice, nominate);
    snprintf(c.username, sizeof c.username, "%s:%s", ice->ufrag, new_ufrag);
    return c;
}

static void a_restart_changes_the_credentials_of_both(void **state)
{
    (void)state;
    struct ice ice = answering_ice();
    struct ice before = ice;
    struct address a = address_of("192.0.2.1", 1);
    struct ice_reply reply;
    assert_int_equal(restart(&ice, new_ufrag, new_pwd), OK);
    assert_string_not_equal(ice.ufrag, before.ufrag);
    assert_string_not_equal(ice.pwd, before.pwd);
    assert_int_equal(send_check(&ice, at_s(1), &a, check_after_restart(&ice, true), &reply), OK);
    struct stun_message m = read_reply(&reply);
    assert_true(is_signed(&ice, &reply, &m));

    /* What was good before is not any more, whole or in part. */
    struct check old = good_check(&before, true), half = check_after_restart(&ice, true);
    assert_int_equal(send_check(&ice, at_s(2), &a, old, &reply), ERR_AUTH);
    half.pwd = before.pwd;
    assert_int_equal(send_check(&ice, at_s(2), &a, half, &reply), ERR_AUTH);
    assert_int_equal(ice_last_consent(&ice), USEC_PER_SEC);
    ice_deinit(&ice);
}

static void a_restart_that_is_none_changes_nothing(void **state)
{
    (void)state;
    struct ice ice = ice_of();
    assert_int_equal(restart(&ice, new_ufrag, new_pwd), ERR_STATE);
    ice = answering_ice();
    struct ice before = ice;
    assert_int_equal(restart(&ice, their_ufrag, new_pwd), ERR_MALFORMED); /* the fragment that it has already */
    assert_int_equal(restart(&ice, "abc", new_pwd), ERR_MALFORMED);
    assert_int_equal(restart(&ice, new_ufrag, "short"), ERR_MALFORMED);
    assert_int_equal(restart(&ice, "a:bc", new_pwd), ERR_MALFORMED);
    assert_memory_equal(&ice, &before, sizeof ice);
    ice_deinit(&ice);
}

static void the_path_lives_through_a_restart_until_another_is_nominated(void **state)
{
    (void)state;
    struct ice ice = answering_ice();
    struct address a = address_of("192.0.2.1", 1), b = address_of("198.51.100.1", 2);
    struct ice_reply reply;
    check_ok(&ice, at_s(1), &a, true);
    assert_int_equal(restart(&ice, new_ufrag, new_pwd), OK);
    assert_true(address_equal(ice_selected(&ice), &a));
    assert_true(ice_is_checked(&ice, &a));
    assert_true(ice_has_consent(&ice, at_s(2)));
    assert_int_equal(send_check(&ice, at_s(2), &b, check_after_restart(&ice, false), &reply), OK);
    assert_true(address_equal(ice_selected(&ice), &a));
    struct check nominating = check_after_restart(&ice, true);
    nominating.m.transaction[1] ^= 1; /* a check of its own */
    assert_int_equal(send_check(&ice, at_s(2), &b, nominating, &reply), OK);
    assert_true(address_equal(ice_selected(&ice), &b));
    assert_true(ice_is_checked(&ice, &a)); /* what is still on its way from there is theirs */
    ice_deinit(&ice);
}

static void once_the_path_is_silent_any_check_moves_it(void **state)
{
    (void)state;
    struct ice ice = answering_ice();
    struct address a = address_of("192.0.2.1", 1), rebound = address_of("192.0.2.1", 2);
    check_ok(&ice, at_s(10), &a, true);
    check_ok(&ice, at_us(13 * USEC_PER_SEC - 1), &rebound, false);
    assert_true(address_equal(ice_selected(&ice), &a));
    check_ok(&ice, at_s(13), &rebound, false);
    assert_true(address_equal(ice_selected(&ice), &rebound));
    ice_deinit(&ice);
}

static void media_keeps_a_path_from_being_silent_and_gives_no_consent(void **state)
{
    (void)state;
    struct ice ice = answering_ice();
    struct address a = address_of("192.0.2.1", 1), b = address_of("192.0.2.1", 2), c = address_of("192.0.2.1", 3);
    check_ok(&ice, at_s(10), &a, true);
    ice_heard(&ice, at_s(15), &a);
    ice_heard(&ice, at_s(15), &c); /* not one of its paths */
    check_ok(&ice, at_s(16), &b, false);
    assert_true(address_equal(ice_selected(&ice), &a));
    assert_int_equal(ice_last_consent(&ice), 10 * USEC_PER_SEC);
    assert_false(ice_is_checked(&ice, &c));
    ice_deinit(&ice);
}

static void refused_checks_give_no_consent(void **state)
{
    (void)state;
    struct ice ice = answering_ice();
    struct address a = address_of("192.0.2.1", 1);
    struct ice_reply reply;
    check_ok(&ice, at_s(1), &a, true);
    struct check c = good_check(&ice, true);
    c.pwd = their_pwd;
    assert_int_equal(send_check(&ice, at_s(20), &a, c, &reply), ERR_AUTH);
    assert_false(ice_has_consent(&ice, at_s(31)));
    ice_deinit(&ice);
}

static void eight_addresses_are_remembered_and_the_selected_one_always(void **state)
{
    (void)state;
    struct ice ice = answering_ice();
    struct address selected = address_of("192.0.2.1", 1);
    check_ok(&ice, at_s(1), &selected, true);
    for (uint16_t port = 2; port <= 20; port++) {
        struct address other = address_of("192.0.2.1", port);
        ice_heard(&ice, at_s(port), &selected);
        check_ok(&ice, at_s(port), &other, false);
    }
    assert_true(ice_is_checked(&ice, &selected));
    assert_true(address_equal(ice_selected(&ice), &selected));
    for (uint16_t port = 2; port <= 20; port++) {
        struct address other = address_of("192.0.2.1", port);
        assert_int_equal(ice_is_checked(&ice, &other), port > 20 - (ICE_PATHS_MAX - 1));
    }
    ice_deinit(&ice);
}

static void a_check_that_went_by_moves_nothing_for_whoever_sends_it_again(void **state)
{
    (void)state;
    struct ice ice = answering_ice();
    struct address peer = address_of("192.0.2.9", 1000), thief = address_of("203.0.113.5", 1000);
    struct ice_reply reply;
    struct check seen = next_check(&ice, true);
    assert_int_equal(send_check(&ice, at_s(1), &peer, seen, &reply), OK);
    for (unsigned i = 0; i < 6000; i++) /* four hours of checks do not make it forgotten */
        send_check(&ice, at_s(2 + i), &peer, next_check(&ice, true), &reply);
    assert_int_equal(send_check(&ice, at_s(7000), &thief, seen, &reply), ERR_STATE);
    assert_int_equal(reply.len, 0);
    assert_false(ice_is_checked(&ice, &thief));
    assert_true(address_equal(ice_selected(&ice), &peer));
    ice_deinit(&ice);
}

static void nor_does_it_bring_back_an_old_path_or_keep_consent(void **state)
{
    (void)state;
    struct ice ice = answering_ice();
    struct address old = address_of("192.0.2.9", 1000), new = address_of("192.0.2.77", 1000);
    struct ice_reply reply;
    struct check seen = next_check(&ice, true), latest = next_check(&ice, true);
    assert_int_equal(send_check(&ice, at_s(1), &old, seen, &reply), OK);
    assert_int_equal(send_check(&ice, at_s(2), &new, latest, &reply), OK);
    assert_int_equal(send_check(&ice, at_s(3), &old, seen, &reply), ERR_STATE); /* its source is easily forged */
    assert_true(address_equal(ice_selected(&ice), &new));
    assert_int_equal(send_check(&ice, at_s(30), &new, latest, &reply), ERR_STATE);
    assert_int_equal(ice_last_consent(&ice), at_s(2).mono_us);
    ice_deinit(&ice);
}

static void a_retransmission_is_answered_again(void **state)
{
    (void)state;
    struct ice ice = answering_ice();
    struct address peer = address_of("192.0.2.9", 1000);
    struct ice_reply first, second;
    struct check check = next_check(&ice, true);
    assert_int_equal(send_check(&ice, at_s(1), &peer, check, &first), OK);
    assert_int_equal(send_check(&ice, at_s(2), &peer, check, &second), ERR_STATE);
    assert_int_equal(first.len, second.len);
    assert_memory_equal(first.at, second.at, first.len);
    ice_deinit(&ice);
}

/* What a filter may get wrong: a new check taken for an old one. */
static void few_new_checks_are_taken_for_old_ones(void **state)
{
    (void)state;
    struct ice ice = answering_ice();
    struct address peer = address_of("192.0.2.9", 1000);
    struct ice_reply reply;
    unsigned mistaken = 0;
    for (unsigned i = 0; i < 6000; i++)
        mistaken += send_check(&ice, at_s(i), &peer, next_check(&ice, true), &reply) != OK;
    assert_in_range(mistaken, 0, 30);
    ice_deinit(&ice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(credentials_are_long_random_and_of_ice_characters),
        cmocka_unit_test(the_peers_credentials_are_bounded_and_come_once),
        cmocka_unit_test(before_the_offer_checks_are_dropped),
        cmocka_unit_test(a_check_is_answered_with_the_address_it_came_from),
        cmocka_unit_test(a_wrong_password_is_401),
        cmocka_unit_test(a_wrong_username_is_401),
        cmocka_unit_test(a_check_without_credentials_is_400),
        cmocka_unit_test(a_check_without_fingerprint_is_dropped),
        cmocka_unit_test(a_peer_that_claims_to_be_controlled_is_told_487),
        cmocka_unit_test(an_unknown_attribute_is_420_and_listed),
        cmocka_unit_test(indications_and_responses_are_ignored),
        cmocka_unit_test(our_own_response_sent_back_is_ignored),
        cmocka_unit_test(other_methods_are_dropped),
        cmocka_unit_test(use_candidate_selects_the_path),
        cmocka_unit_test(a_later_nomination_moves_the_path),
        cmocka_unit_test(consent_ends_thirty_seconds_after_the_last_check),
        cmocka_unit_test(only_the_selected_path_gives_consent),
        cmocka_unit_test(a_restart_changes_the_credentials_of_both),
        cmocka_unit_test(a_restart_that_is_none_changes_nothing),
        cmocka_unit_test(the_path_lives_through_a_restart_until_another_is_nominated),
        cmocka_unit_test(once_the_path_is_silent_any_check_moves_it),
        cmocka_unit_test(media_keeps_a_path_from_being_silent_and_gives_no_consent),
        cmocka_unit_test(refused_checks_give_no_consent),
        cmocka_unit_test(a_check_that_went_by_moves_nothing_for_whoever_sends_it_again),
        cmocka_unit_test(nor_does_it_bring_back_an_old_path_or_keep_consent),
        cmocka_unit_test(a_retransmission_is_answered_again),
        cmocka_unit_test(few_new_checks_are_taken_for_old_ones),
        cmocka_unit_test(eight_addresses_are_remembered_and_the_selected_one_always),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
