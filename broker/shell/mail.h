/* mail.h - a delivery as a mail that anybody may see over a shoulder: it says that there is a video call, and nothing
 * of whom with or what for. Pure. */
#pragma once

#include "api/delivery.h"

enum { MAIL_TEXT_MAX = 2048, MAIL_ADDRESS_MAX = 127 };

/* local@domain in plain ASCII, without quotes and comments. */
bool mail_is_address(const char *text);
/* The address in a contact such as "mailto:sam@example.org", NUL-terminated; false when it holds no plain one. */
bool mail_address(const char *contact, char address[MAIL_ADDRESS_MAX + 1]);

/* RFC 5322, with what RFC 3834 asks of machines. from, to: addresses; id: opaque, the Message-ID's. ERR_FULL
 * (MAIL_TEXT_MAX + 1 is always enough). */
enum status mail_write(struct writer *, const char *from, const char *to, const char *id, const struct delivery *);
