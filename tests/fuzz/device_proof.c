/* device_proof.c - a proof of a device's key from a stranger. The first byte chooses what the rest is:
 *   'r' a raw proof: without our key it never names our device
 *   'p' the payload of a proof that our key signs: only what speaks of this request is good
 *   'h' the header, as JSON, of a proof that our key signs
 *   'j' the key in that header, as JSON
 *   'c' triples of (place, place, byte) written over a good proof: a changed one is never good
 * The key is made at start, so that none is kept with the sources. */
#include <assert.h>
#include <jose/b64.h>
#include <jose/jwk.h>
#include <jose/jws.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/device_proof.h"

enum { NOW = 1790000000, PROOF_SIZE = 1 << 18 };
#define URL "https://h.example/join/open"
static const char good[] = "{\"htm\":\"POST\",\"htu\":\"" URL "\",\"iat\":1790000000,\"jti\":\"j\",\"nonce\":\"n\"}";
static json_t *key, *public;
static struct id ours;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    key = json_pack("{s:s}", "alg", "ES256");
    assert(key && jose_jwk_gen(NULL, key));
    public = json_pack("{s:s, s:s, s:O, s:O}", "kty", "EC", "crv", "P-256", "x", json_object_get(key, "x"), "y",
                       json_object_get(key, "y"));
    json_t *thumbprint = jose_jwk_thp(NULL, key, "S256");
    assert(id_parse(bytes_of(json_string_value(thumbprint)), &ours));
    json_decref(thumbprint);
    return 0;
}

static json_t *header_of(json_t *jwk)
{
    return json_pack("{s:s, s:s, s:O}", "typ", "dpop+jwt", "alg", "ES256", "jwk", jwk);
}

/* Takes the header. NULL when libjose doesn't sign with such a one. */
static char *sign(json_t *header, struct bytes payload)
{
    json_t *jws = json_pack("{s:o}", "payload", jose_b64_enc(payload.at, payload.len));
    json_t *shape = json_pack("{s:o}", "protected", header);
    const char *parts[3];
    char *text = NULL;
    if (jose_jws_sig(NULL, jws, shape, key) && (text = malloc(PROOF_SIZE))) {
        assert(json_unpack(jws, "{s:s, s:s, s:s}", "protected", &parts[0], "payload", &parts[1], "signature",
                           &parts[2]) == 0);
        snprintf(text, PROOF_SIZE, "%s.%s.%s", parts[0], parts[1], parts[2]);
    }
    json_decref(jws);
    json_decref(shape);
    return text;
}

/* By the clock, and by the nonce: OK of either. The device is ours, or has not changed. */
static bool verify(struct bytes proof)
{
    struct device_claim claim = { .method = "POST", .url = URL };
    struct id device = { "" };
    bool timely = device_proof_verify(proof, &claim, NOW, &device) == OK;
    claim.nonce = "n";
    bool answers = device_proof_verify(proof, &claim, NOW, &device) == OK;
    assert(timely || answers ? strlen(device.text) == 43 : device.text[0] == 0);
    return (timely || answers) && id_equal(&device, &ours);
}

static void payload(struct bytes text)
{
    char *proof = sign(header_of(public), text);
    if (!proof)
        return;
    if (verify(bytes_of(proof))) {
        json_t *json = json_loadb((const char *)text.at, text.len, JSON_REJECT_DUPLICATES, NULL);
        const char *htm, *htu;
        assert(json_unpack(json, "{s:s, s:s}", "htm", &htm, "htu", &htu) == 0);
        assert(strcmp(htm, "POST") == 0 && strcmp(htu, URL) == 0);
        json_decref(json);
    }
    free(proof);
}

/* A header of theirs, or a key: what is taken for good is our device, whose key signed. */
static void header(struct bytes text, bool is_key)
{
    json_t *json = json_loadb((const char *)text.at, text.len, JSON_REJECT_DUPLICATES, NULL);
    json_t *made = is_key && json ? header_of(json) : json_incref(json);
    char *proof = json_is_object(made) ? sign(json_incref(made), bytes_of(good)) : NULL;
    if (proof)
        verify(bytes_of(proof));
    free(proof);
    json_decref(made);
    json_decref(json);
}

static void changed(struct bytes edits)
{
    char *proof = sign(header_of(public), bytes_of(good)), before[2048];
    size_t len = strlen(proof);
    assert(len < sizeof before);
    memcpy(before, proof, len + 1);
    for (size_t i = 0; i + 2 < edits.len; i += 3)
        proof[(edits.at[i] << 8 | edits.at[i + 1]) % len] = (char)edits.at[i + 2];
    /* The last character of 64 octets in base64url has four bits that mean nothing. */
    bool same = memcmp(proof, before, len - 1) == 0, fits = verify((struct bytes){ (uint8_t *)proof, len });
    assert(same || !fits);
    assert(memcmp(proof, before, len) != 0 || fits);
    free(proof);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes rest = { data + 1, size ? size - 1 : 0 };
    if (size == 0)
        return 0;
    switch (data[0]) {
    case 'r':
        assert(!verify(rest));
        break;
    case 'p':
        payload(rest);
        break;
    case 'h':
    case 'j':
        header(rest, data[0] == 'j');
        break;
    case 'c':
        changed(rest);
        break;
    }
    return 0;
}
