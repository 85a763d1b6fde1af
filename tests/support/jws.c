#include "support/jws.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jose/b64.h>
#include <jose/jws.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *joined(const char *header, const char *payload, const char *signature)
{
    size_t size = strlen(header) + strlen(payload) + strlen(signature) + sizeof "..";
    char *text = malloc(size);
    snprintf(text, size, "%s.%s.%s", header, payload, signature);
    return text;
}

char *jws_sign(json_t *key, json_t *header, const char *payload)
{
    json_t *jws = json_pack("{s:o}", "payload", jose_b64_enc(payload, strlen(payload)));
    json_t *shape = json_pack("{s:o}", "protected", header);
    const char *parts[3];
    assert_true(jose_jws_sig(NULL, jws, shape, key));
    assert_int_equal(
        json_unpack(jws, "{s:s, s:s, s:s}", "protected", &parts[0], "payload", &parts[1], "signature", &parts[2]), 0);
    char *text = joined(parts[0], parts[1], parts[2]);
    json_decref(jws);
    json_decref(shape);
    return text;
}

char *jws_sign_json(json_t *key, json_t *header, json_t *payload)
{
    char *text = json_dumps(payload, JSON_COMPACT), *token = jws_sign(key, header, text);
    free(text);
    json_decref(payload);
    return token;
}

char *jws_forge(const char *header, const char *payload, const char *signature)
{
    json_t *h = jose_b64_enc(header, strlen(header)), *p = jose_b64_enc(payload, strlen(payload));
    char *text = joined(json_string_value(h), json_string_value(p), signature);
    json_decref(h);
    json_decref(p);
    return text;
}
