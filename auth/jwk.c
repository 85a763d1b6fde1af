#include "auth/jwk.h"

#include <jose/jwk.h>
#include <jose/jws.h>
#define ERR_STATE OPENSSL_ERR_STATE /* OpenSSL has a type of our constant's name */
#include <jose/openssl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#undef ERR_STATE

static void say_nothing(void *misc, const char *file, int line, uint64_t error, const char *format, va_list arguments)
{
    (void)misc, (void)file, (void)line, (void)error, (void)format, (void)arguments;
}

jose_cfg_t *jwk_config(void)
{
    jose_cfg_t *config = jose_cfg();
    if (config)
        jose_cfg_set_err_func(config, say_nothing, NULL);
    return config;
}

/* Both the point and a private part are checked when libjose builds OpenSSL's form of the key. */
int jwk_bits(jose_cfg_t *config, const json_t *key)
{
    EVP_PKEY *pkey = jose_openssl_jwk_to_EVP_PKEY(config, key);
    int bits = pkey ? EVP_PKEY_get_bits(pkey) : 0;
    EVP_PKEY_free(pkey);
    ERR_clear_error();
    return bits;
}

bool jwk_signed(jose_cfg_t *config, const json_t *key, struct jws jws)
{
    json_t *json = json_pack("{s:s%, s:s%, s:s%}", "protected", jws.header.at, jws.header.len, "payload",
                             jws.payload.at, jws.payload.len, "signature", jws.signature.at, jws.signature.len);
    bool fits = json && jose_jws_ver(config, json, NULL, key, false); /* without json: not even UTF-8 */
    json_decref(json);
    ERR_clear_error();
    return fits;
}

bool jwk_thumbprint(jose_cfg_t *config, const json_t *key, struct id *id)
{
    json_t *text = jose_jwk_thp(config, key, "S256");
    struct bytes bytes = { (const uint8_t *)json_string_value(text), json_string_length(text) };
    bool made = text && id_parse(bytes, id);
    json_decref(text);
    ERR_clear_error();
    return made;
}
