/* oidc.c - an identity provider's keys as somebody misprinted them, and staff tokens from a stranger. The first byte
 * chooses what the rest is:
 *   'k' a set of keys: without ours in it, nobody whom ours signed gets in
 *   'K' a file of our own signing keys
 *   'p' the payload of a token that our key signs
 *   'r' a raw token: never good
 * The key is made at start. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "auth/oidc.h"

enum { NOW = 1790000000 };
static struct keyring *ring;
static char *set, *token;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    static const char payload[] = "{\"iss\":\"i\",\"aud\":\"a\",\"sub\":\"p\",\"exp\":1790000600}";
    char *key;
    assert(keyring_generate(&key) == OK && keyring_create(&ring, bytes_of(key)) == OK);
    json_t *json = json_pack("{s:[o]}", "keys", json_loads(key, 0, NULL));
    assert((set = json_dumps(json, 0)) && keyring_sign(ring, bytes_of(payload), &token) == OK);
    json_decref(json);
    free(key);
    return 0;
}

static struct oidc *provider(void)
{
    struct oidc *oidc;
    assert(oidc_create(&oidc, "i", "a") == OK);
    assert(oidc_set_keys(oidc, bytes_of(set)) == OK);
    return oidc;
}

static enum status verify(const struct oidc *oidc, struct bytes text)
{
    struct staff_claims claims = { .expires = -1 };
    enum status status = oidc_verify(oidc, text, NOW, &claims);
    assert((claims.expires == -1) == (status != OK));
    assert(status != OK || (claims.person.text[0] && claims.expires > NOW - 60));
    return status;
}

static void keys(struct oidc *oidc, struct bytes text)
{
    enum status taken = oidc_set_keys(oidc, text);
    assert(taken == OK || taken == ERR_MALFORMED);
    enum status got_in = verify(oidc, bytes_of(token));
    assert((got_in == OK) == (taken != OK));
}

static void own_keys(struct bytes text)
{
    struct keyring *made;
    char *compact;
    if (keyring_create(&made, text) != OK)
        return;
    if (keyring_sign(made, bytes_of("{}"), &compact) == OK)
        free(compact);
    keyring_destroy(made);
}

static void payload(const struct oidc *oidc, struct bytes text)
{
    char *compact;
    assert(keyring_sign(ring, text, &compact) == OK);
    verify(oidc, bytes_of(compact));
    free(compact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes rest = { data + 1, size ? size - 1 : 0 };
    struct oidc *oidc = provider();
    enum status status = ERR_AUTH;
    switch (size ? data[0] : 0) {
    case 'k':
        keys(oidc, rest);
        break;
    case 'K':
        own_keys(rest);
        break;
    case 'p':
        payload(oidc, rest);
        break;
    case 'r':
        status = verify(oidc, rest);
        assert(status != OK);
        break;
    }
    oidc_destroy(oidc);
    return 0;
}
