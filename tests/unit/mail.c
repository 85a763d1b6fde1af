#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "shell/mail.h"

static void a_plain_address_is_taken_and_nothing_else(void **state)
{
    (void)state;
    static const char *const good[] = { "mailto:sam@example.org", "mailto:sam.o'hara+video@mail.example.org",
                                        "mailto:a@b" };
    static const char *const bad[] = {
        "",
        "sam@example.org",
        "tel:+15550100",
        "mailto:",
        "mailto:sam",
        "mailto:@example.org",
        "mailto:sam@",
        "mailto:-sam@example.org",
        "mailto:sam@-example.org",
        "mailto:sam@.example.org",
        "mailto:sam@example.org?bcc=all@example.org",
        "mailto:sam@example.org,kim@example.org",
        "mailto:sam@example.org\r\nBcc: all@example.org",
        "mailto:sam@example.org>",
        "mailto:\"sam\"@example.org",
        "mailto:sam @example.org",
        "mailto:s\xc3\xa4m@example.org",
    };
    char address[MAIL_ADDRESS_MAX + 1] = "before";
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (mail_address(bad[i], address))
            fail_msg("'%s' is taken", bad[i]);
    assert_string_equal(address, "before");
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(mail_address(good[i], address));
        assert_string_equal(address, good[i] + strlen("mailto:"));
    }
}

static void an_address_that_is_too_long_is_none(void **state)
{
    (void)state;
    char text[MAIL_ADDRESS_MAX + 2];
    memset(text, 'a', sizeof text);
    text[1] = '@';
    text[MAIL_ADDRESS_MAX] = 0;
    assert_true(mail_is_address(text));
    text[MAIL_ADDRESS_MAX] = 'a';
    text[MAIL_ADDRESS_MAX + 1] = 0;
    assert_false(mail_is_address(text));
}

static struct delivery delivery_of(enum delivery_kind kind, const char *secret)
{
    struct delivery delivery = { .kind = kind, .made_at = 1767225600, .expires = 1767226200 };
    strcpy(delivery.session.text, "therapy-session");
    strcpy(delivery.participation.text, "patient-7");
    strcpy(delivery.invitation.text, "clinic-9");
    strcpy(delivery.secret, secret);
    return delivery;
}

static void a_code_comes_in_plain_words(void **state)
{
    (void)state;
    char text[MAIL_TEXT_MAX + 1] = "";
    struct writer w = writer_over((uint8_t *)text, sizeof text);
    struct delivery delivery = delivery_of(DELIVERY_CODE, "123456");
    assert_int_equal(mail_write(&w, "calls@example.org", "sam@example.net", "0123abcd", &delivery), OK);
    assert_string_equal(
        text, "Date: Thu, 01 Jan 2026 00:00:00 +0000\r\n"
              "From: <calls@example.org>\r\n"
              "To: <sam@example.net>\r\n"
              "Message-ID: <0123abcd@example.org>\r\n"
              "Subject: Your video call\r\n"
              "Auto-Submitted: auto-generated\r\n"
              "MIME-Version: 1.0\r\n"
              "Content-Type: text/plain; charset=utf-8\r\n"
              "Content-Transfer-Encoding: 8bit\r\n"
              "\r\n"
              "Hello,\r\n"
              "\r\n"
              "Your code for the video call is:\r\n"
              "\r\n"
              "    123456\r\n"
              "\r\n"
              "Type it on the page that asked for it. It is good for 10 minutes, and only there: please give it to "
              "nobody.\r\n"
              "\r\n"
              "If you did not expect this message, you can ignore it.\r\n");
}

static void an_invitation_holds_its_link_on_a_line_and_no_ids(void **state)
{
    (void)state;
    char text[MAIL_TEXT_MAX + 1] = "";
    struct writer w = writer_over((uint8_t *)text, sizeof text);
    struct delivery delivery = delivery_of(DELIVERY_INVITATION, "https://rooms.example.org/#i=abc");
    assert_int_equal(mail_write(&w, "calls@example.org", "sam@example.net", "0123abcd", &delivery), OK);
    assert_non_null(strstr(text, "\r\n    https://rooms.example.org/#i=abc\r\n"));
    static const char *const unsaid[] = { "therapy", "patient", "clinic", "treatment" };
    for (size_t i = 0; i < sizeof unsaid / sizeof *unsaid; i++)
        assert_null(strstr(text, unsaid[i]));
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        assert_true(at[-1] == '\r');
}

static void the_longest_fits(void **state)
{
    (void)state;
    uint8_t text[MAIL_TEXT_MAX + 1];
    char address[MAIL_ADDRESS_MAX + 1] = "";
    struct delivery delivery = delivery_of(DELIVERY_INVITATION, "");
    memset(delivery.secret, 'x', DELIVERY_SECRET_MAX);
    memset(address, 'a', MAIL_ADDRESS_MAX);
    address[1] = '@';
    struct writer w = writer_over(text, sizeof text);
    assert_int_equal(mail_write(&w, address, address, "0123456789abcdef0123456789abcdef", &delivery), OK);
    w = writer_over(text, 100);
    assert_int_equal(mail_write(&w, address, address, "0", &delivery), ERR_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_address_is_taken_and_nothing_else),
        cmocka_unit_test(an_address_that_is_too_long_is_none),
        cmocka_unit_test(a_code_comes_in_plain_words),
        cmocka_unit_test(an_invitation_holds_its_link_on_a_line_and_no_ids),
        cmocka_unit_test(the_longest_fits),
    };
    return cmocka_run_group_tests_name("mail", tests, NULL, NULL);
}
