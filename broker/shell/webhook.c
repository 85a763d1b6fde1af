#include "shell/webhook.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ERR_STATE OPENSSL_ERR_STATE /* OpenSSL has a type of our constant's name */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#undef ERR_STATE

#include "ledger/utc.h"

#define PREFIX "whsec_"

enum { HMAC_LEN = 32 };

/* ---- The key ---- */

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct bytes trim(struct bytes text)
{
    while (text.len > 0 && is_space(text.at[0]))
        text = (struct bytes){ text.at + 1, text.len - 1 };
    while (text.len > 0 && is_space(text.at[text.len - 1]))
        text.len--;
    return text;
}

/* EVP_DecodeBlock counts padding as zeros, and takes it anywhere. */
static size_t padding_of(struct bytes base64)
{
    size_t padding = 0;
    while (padding < 2 && base64.at[base64.len - 1 - padding] == '=')
        padding++;
    return padding;
}

static bool is_plain(struct bytes base64)
{
    for (size_t i = 0; i < base64.len; i++)
        if (is_space(base64.at[i]) || base64.at[i] == '=')
            return false;
    return true;
}

enum status webhook_key_parse(struct bytes text, struct webhook_key *key)
{
    enum { BASE64_MAX = (WEBHOOK_KEY_MAX + 2) / 3 * 4 };
    const struct bytes prefix = bytes_of(PREFIX);
    uint8_t decoded[BASE64_MAX / 4 * 3];
    text = trim(text);
    if (text.len <= prefix.len || !bytes_equal((struct bytes){ text.at, prefix.len }, prefix))
        return ERR_MALFORMED;
    struct bytes base64 = { text.at + prefix.len, text.len - prefix.len };
    if (base64.len % 4 != 0 || base64.len > BASE64_MAX)
        return ERR_MALFORMED;
    size_t padding = padding_of(base64);
    if (!is_plain((struct bytes){ base64.at, base64.len - padding }))
        return ERR_MALFORMED;
    int len = EVP_DecodeBlock(decoded, base64.at, (int)base64.len) - (int)padding;
    bool fits = len >= WEBHOOK_KEY_MIN && len <= WEBHOOK_KEY_MAX;
    if (fits) {
        memcpy(key->at, decoded, (size_t)len);
        key->len = (size_t)len;
    }
    bytes_wipe(decoded, sizeof decoded);
    return fits ? OK : ERR_MALFORMED;
}

/* ---- The signature ---- */

static bool hash_message(EVP_MAC_CTX *ctx, const struct webhook_key *key, struct bytes head, struct bytes body,
                         uint8_t hmac[HMAC_LEN])
{
    OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string("digest", "SHA256", 0), OSSL_PARAM_construct_end() };
    size_t len = 0;
    return EVP_MAC_init(ctx, key->at, key->len, params) == 1 && EVP_MAC_update(ctx, head.at, head.len) == 1 &&
           EVP_MAC_update(ctx, body.at, body.len) == 1 && EVP_MAC_final(ctx, hmac, &len, HMAC_LEN) == 1 &&
           len == HMAC_LEN;
}

enum status webhook_sign(const struct webhook_key *key, const char *id, int64_t unix_s, struct bytes body,
                         char signature[WEBHOOK_SIGNATURE_CHARS + 1])
{
    uint8_t text[256], hmac[HMAC_LEN];
    struct writer head = writer_over(text, sizeof text);
    write_format(&head, "%s.%" PRId64 ".", id, unix_s);
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;
    bool signed_well = ctx && !head.bad && hash_message(ctx, key, writer_bytes(&head), body, hmac);
    EVP_MAC_CTX_free(ctx);
    EVP_MAC_free(mac);
    if (!signed_well)
        return ERR_SYSTEM;
    memcpy(signature, "v1,", 3);
    EVP_EncodeBlock((uint8_t *)signature + 3, hmac, HMAC_LEN);
    return OK;
}

/* ---- A delivery ---- */

/* As a JSON string (RFC 8259 7). */
static void write_string(struct writer *w, const char *text)
{
    write_u8(w, '"');
    for (; *text; text++) {
        uint8_t c = (uint8_t)*text;
        if (c < ' ')
            write_format(w, "\\u%04x", c);
        else if (c == '"' || c == '\\')
            write_format(w, "\\%c", c);
        else
            write_u8(w, c);
    }
    write_u8(w, '"');
}

enum status webhook_delivery(struct writer *w, const char *id, const struct delivery *delivery)
{
    bool is_code = delivery->kind == DELIVERY_CODE;
    write_format(w, "{\"id\":\"%s\",\"type\":\"%s\",\"at\":\"", id, is_code ? "delivery.code" : "delivery.invitation");
    utc_write(w, delivery->made_at * 1000000);
    write_format(w, "\",\"participation\":\"%s\",\"session\":\"%s\",\"contact\":", delivery->participation.text,
                 delivery->session.text);
    write_string(w, delivery->contact);
    write_text(w, is_code ? ",\"code\":" : ",\"url\":");
    write_string(w, delivery->secret);
    write_text(w, ",\"expires\":\"");
    utc_write(w, delivery->expires * 1000000);
    write_text(w, "\"}");
    return w->bad ? ERR_FULL : OK;
}
