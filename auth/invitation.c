#include "auth/invitation.h"

#include <jose/b64.h>
#define ERR_STATE OPENSSL_ERR_STATE /* OpenSSL has a type of our constant's name */
#include <openssl/evp.h>
#undef ERR_STATE
#include <string.h>

enum { TOKEN_BYTES = 32, HOUR_S = 3600 };

const char *code_state_name(enum code_state state)
{
    static const char *const names[] = {
        [CODE_NONE] = "none",
        [CODE_SENT] = "sent",
        [CODE_FAILED] = "failed",
        [CODE_PASSED] = "passed",
    };
    return (size_t)state < sizeof names / sizeof *names ? names[state] : "?";
}

/* ---- Tokens and codes ---- */

static enum status hash_of(struct bytes text, uint8_t hash[SECRET_HASH_LEN])
{
    return EVP_Digest(text.at, text.len, hash, NULL, EVP_sha256(), NULL) == 1 ? OK : ERR_SYSTEM;
}

enum status invitation_token(struct entropy *entropy, char token[INVITATION_TOKEN_CHARS + 1],
                             uint8_t hash[SECRET_HASH_LEN])
{
    uint8_t random[TOKEN_BYTES];
    entropy_fill(entropy, random, sizeof random);
    jose_b64_enc_buf(random, sizeof random, token, INVITATION_TOKEN_CHARS);
    token[INVITATION_TOKEN_CHARS] = 0;
    bytes_wipe(random, sizeof random);
    return hash_of(bytes_of(token), hash);
}

enum status invitation_hash(struct bytes token, uint8_t hash[SECRET_HASH_LEN])
{
    if (token.len != INVITATION_TOKEN_CHARS)
        return ERR_MALFORMED;
    for (size_t i = 0; i < token.len; i++)
        if (!memchr(JOSE_B64_MAP, token.at[i], sizeof JOSE_B64_MAP - 1))
            return ERR_MALFORMED;
    return hash_of(token, hash);
}

/* Of the code and the token: the code alone has a million values, and the store knows no token. */
static enum status hash_of_code(struct bytes token, const char code[static CODE_DIGITS + 1],
                                uint8_t hash[SECRET_HASH_LEN])
{
    uint8_t text[INVITATION_TOKEN_CHARS + 1 + CODE_DIGITS];
    struct writer w = writer_over(text, sizeof text);
    write_bytes(&w, token);
    write_text(&w, ".");
    write_text(&w, code);
    enum status status = w.bad ? ERR_MALFORMED : hash_of(writer_bytes(&w), hash);
    bytes_wipe(text, sizeof text);
    return status;
}

/* Each of the million equally likely: what would favour the lower ones is drawn again. */
static void draw_code(struct entropy *entropy, char code[static CODE_DIGITS + 1])
{
    enum { CODES = 1000000 };
    uint32_t number;
    do
        entropy_fill(entropy, &number, sizeof number);
    while (number >= UINT32_MAX / CODES * CODES);
    number %= CODES;
    for (size_t i = CODE_DIGITS; i-- > 0; number /= 10)
        code[i] = (char)('0' + number % 10);
    code[CODE_DIGITS] = 0;
}

/* As people type and paste it; false when it is not that many digits. */
static bool read_code(struct bytes text, char code[static CODE_DIGITS + 1])
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];
        if (c == ' ' || c == '-')
            continue;
        if (c < '0' || c > '9' || count == CODE_DIGITS)
            return false;
        code[count++] = (char)c;
    }
    code[count] = 0;
    return count == CODE_DIGITS;
}

/* ---- What a link is good for ---- */

static bool is_good(const struct invitation *i, struct bytes token, int64_t unix_s)
{
    uint8_t hash[SECRET_HASH_LEN];
    if (invitation_hash(token, hash) != OK ||
        !bytes_equal_secret((struct bytes){ hash, sizeof hash }, (struct bytes){ i->token, sizeof i->token }))
        return false;
    return !i->revoked && unix_s >= i->not_before && unix_s < i->expires;
}

static bool is_bound(const struct invitation *i, const struct id *device)
{
    for (size_t n = 0; n < i->device_count; n++)
        if (id_equal(&i->devices[n], device))
            return true;
    return false;
}

/* Guesses by whoever holds the link shut out new devices, and never the one that is bound. */
static bool may_bind(const struct invitation *i)
{
    return i->failures < CODE_FAILURES_MAX && i->device_count < INVITATION_DEVICES;
}

static bool code_is_live(const struct invitation *i, int64_t unix_s)
{
    return unix_s < i->code_until && i->code_tries < CODE_TRIES_MAX;
}

/* False: enough were sent in this hour. */
static bool count_code(struct invitation *i, int64_t unix_s)
{
    if (unix_s >= i->hour_from + HOUR_S || unix_s < i->hour_from) {
        i->hour_from = unix_s;
        i->codes = 0;
    }
    if (i->codes == CODES_PER_HOUR)
        return false;
    i->codes++;
    return true;
}

enum invitation_step invitation_ask(struct invitation *i, struct entropy *entropy, struct bytes token,
                                    const struct id *device, int64_t unix_s, char code[CODE_DIGITS + 1])
{
    if (!device->text[0] || !is_good(i, token, unix_s))
        return INVITATION_NO;
    if (is_bound(i, device))
        return INVITATION_OPEN;
    if (!may_bind(i))
        return INVITATION_NO;
    if (code_is_live(i, unix_s) && unix_s < i->code_sent + CODE_AGAIN_S && unix_s >= i->code_sent)
        return INVITATION_NEEDS_CODE;
    struct invitation next = *i;
    char drawn[CODE_DIGITS + 1];
    draw_code(entropy, drawn);
    if (!count_code(&next, unix_s))
        return code_is_live(i, unix_s) ? INVITATION_NEEDS_CODE : INVITATION_NO;
    if (hash_of_code(token, drawn, next.code) != OK)
        return INVITATION_NO;
    next.code_sent = unix_s;
    next.code_until = unix_s + CODE_LIFE_S;
    next.code_tries = 0;
    *i = next;
    memcpy(code, drawn, sizeof drawn);
    bytes_wipe(drawn, sizeof drawn);
    return INVITATION_SEND_CODE;
}

static bool is_the_code(const struct invitation *i, struct bytes token, struct bytes typed)
{
    char code[CODE_DIGITS + 1];
    uint8_t hash[SECRET_HASH_LEN];
    return read_code(typed, code) && hash_of_code(token, code, hash) == OK &&
           bytes_equal_secret((struct bytes){ hash, sizeof hash }, (struct bytes){ i->code, sizeof i->code });
}

enum invitation_step invitation_try(struct invitation *i, struct bytes token, struct bytes code,
                                    const struct id *device, int64_t unix_s)
{
    if (!device->text[0] || !is_good(i, token, unix_s))
        return INVITATION_NO;
    if (is_bound(i, device))
        return INVITATION_OPEN;
    if (!may_bind(i))
        return INVITATION_NO;
    if (!code_is_live(i, unix_s) || !is_the_code(i, token, code)) {
        i->failures++;
        i->code_tries++;
        return INVITATION_NO;
    }
    i->devices[i->device_count++] = *device;
    /* Once: whoever reads it over a shoulder comes too late. */
    i->code_until = 0;
    bytes_wipe(i->code, sizeof i->code);
    return INVITATION_OPEN;
}
