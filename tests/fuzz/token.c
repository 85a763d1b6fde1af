/* token.c - an admission token from a stranger, and a clinic's misprinted keys. The first byte chooses what the rest
 * is: 'r' a raw token: without our key none is ever good 'p' the payload of a token that our key signs: only sane
 * claims come out, and they survive being issued again 'c' pairs of (place, byte) written over a good token: a changed
 * token is never good 'k' a keyring's JSON The key is made at start, so that none is kept with the sources. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "auth/token.h"

enum { NOW = 1790000000 };
static const char issuer[] = "i";
static struct keyring *ring;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    char *json = NULL;
    assert(keyring_generate(&json) == OK && keyring_create(&ring, bytes_of(json)) == OK);
    free(json);
    return 0;
}

static void raw(struct bytes token)
{
    struct claims claims;
    assert(token_verify(ring, issuer, token, NOW, &claims) != OK);
}

static void payload(struct bytes text)
{
    char *token, *again;
    struct claims claims, same;
    assert(keyring_sign(ring, text, &token) == OK);
    if (token_verify(ring, issuer, bytes_of(token), NOW, &claims) == OK) {
        assert(claims.not_before < claims.expires && claims.role >= ROLE_CLIENT && claims.role <= ROLE_ADMIN);
        assert(claims.not_before - TOKEN_LEEWAY_S <= NOW && NOW < claims.expires + TOKEN_LEEWAY_S);
        assert(id_parse(bytes_of(claims.participation.text), &same.participation));
        assert(token_issue(ring, issuer, &claims, &again) == OK);
        memset(&same, 0, sizeof same);
        assert(token_verify(ring, issuer, bytes_of(again), NOW, &same) == OK);
        assert(id_equal(&claims.participation, &same.participation) && id_equal(&claims.session, &same.session) &&
               id_equal(&claims.token, &same.token) && id_equal(&claims.device, &same.device) &&
               claims.role == same.role && claims.not_before == same.not_before && claims.expires == same.expires);
        free(again);
    }
    free(token);
}

static void changed(struct bytes edits)
{
    static const struct claims good = {
        .participation = { "p" },
        .session = { "s" },
        .token = { "t" },
        .device = { "d" },
        .role = ROLE_THERAPIST,
        .not_before = NOW - 10,
        .expires = NOW + 10,
    };
    char *token, before[TOKEN_MAX + 1];
    struct claims claims;
    assert(token_issue(ring, issuer, &good, &token) == OK);
    size_t len = strlen(token);
    assert(len <= TOKEN_MAX);
    memcpy(before, token, len + 1);
    for (size_t i = 0; i + 1 < edits.len; i += 2)
        token[edits.at[i] * len / 256] = (char)edits.at[i + 1];
    /* The last character of 64 octets in base64url has four bits that mean nothing. */
    bool same = memcmp(token, before, len - 1) == 0;
    enum status status = token_verify(ring, issuer, (struct bytes){ (uint8_t *)token, len }, NOW, &claims);
    assert(same || status != OK);
    assert(memcmp(token, before, len) != 0 || status == OK);
    free(token);
}

static void keys(struct bytes json)
{
    struct keyring *made;
    if (keyring_create(&made, json) == OK)
        keyring_destroy(made);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct bytes rest = { data + 1, size - 1 };
    switch (data[0]) {
    case 'r':
        raw(rest);
        break;
    case 'p':
        payload(rest);
        break;
    case 'c':
        changed(rest);
        break;
    case 'k':
        keys(rest);
        break;
    }
    return 0;
}
