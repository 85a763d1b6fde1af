#include "shell/mail.h"

#include <string.h>
#include <time.h>

/* ---- Addresses ---- */

/* RFC 5322 3.2.3 atext and the dot, less what a mail's header or SMTP might take for its own. */
static const char local_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.!#$%&'*+/=?^_`{|}~-";
static const char domain_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-";

bool mail_is_address(const char *text)
{
    size_t local = strspn(text, local_chars);
    if (local == 0 || text[local] != '@' || text[0] == '-' || strlen(text) > MAIL_ADDRESS_MAX)
        return false;
    const char *domain = text + local + 1;
    size_t len = strspn(domain, domain_chars);
    return len > 0 && domain[len] == 0 && domain[0] != '.' && domain[0] != '-';
}

bool mail_address(const char *contact, char address[MAIL_ADDRESS_MAX + 1])
{
    static const char scheme[] = "mailto:";
    if (strncmp(contact, scheme, sizeof scheme - 1) != 0 || !mail_is_address(contact + sizeof scheme - 1))
        return false;
    strcpy(address, contact + sizeof scheme - 1);
    return true;
}

/* ---- The mail ---- */

/* "Sat, 31 Jan 2026 23:59:59 +0000" (RFC 5322 3.3); the program never leaves the C locale. */
static void write_date(struct writer *w, int64_t unix_s)
{
    time_t at = (time_t)unix_s;
    struct tm utc;
    char text[40];
    gmtime_r(&at, &utc);
    strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S +0000", &utc);
    write_text(w, text);
}

static void write_code(struct writer *w, const struct delivery *delivery)
{
    int64_t minutes = (delivery->expires - delivery->made_at + 59) / 60;
    write_format(
        w,
        "Your code for the video call is:\r\n\r\n    %s\r\n\r\n"
        "Type it on the page that asked for it. It is good for %lld minutes, and only there: please give it to "
        "nobody.\r\n",
        delivery->secret, (long long)minutes);
}

static void write_invitation(struct writer *w, const struct delivery *delivery)
{
    write_format(w,
                 "You are invited to a video call. To join, open this link:\r\n\r\n    %s\r\n\r\n"
                 "The link is for you alone; please pass it on to nobody.\r\n",
                 delivery->secret);
}

enum status mail_write(struct writer *w, const char *from, const char *to, const char *id,
                       const struct delivery *delivery)
{
    write_text(w, "Date: ");
    write_date(w, delivery->made_at);
    write_format(w,
                 "\r\nFrom: <%s>\r\nTo: <%s>\r\nMessage-ID: <%s%s>\r\nSubject: Your video call\r\n"
                 "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                 "Content-Transfer-Encoding: 8bit\r\n\r\nHello,\r\n\r\n",
                 from, to, id, strchr(from, '@'));
    if (delivery->kind == DELIVERY_CODE)
        write_code(w, delivery);
    else
        write_invitation(w, delivery);
    write_text(w, "\r\nIf you did not expect this message, you can ignore it.\r\n");
    return w->bad ? ERR_FULL : OK;
}
