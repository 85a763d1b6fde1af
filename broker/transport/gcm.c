#include "transport/gcm.h"

#define ERR_STATE OPENSSL_ERR_STATE /* OpenSSL has a type of our constant's name */
#include <openssl/err.h>
#include <openssl/evp.h>
#undef ERR_STATE

#include "transport/gcm_engine.h"

/* --- OpenSSL's engine: one context holds the expanded key; only the IV changes from call to call. ----------------- */

static void *evp_create(const uint8_t key[static GCM_KEY_LEN])
{
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    if (cipher && EVP_EncryptInit_ex(cipher, EVP_aes_128_gcm(), NULL, key, NULL) == 1)
        return cipher;
    EVP_CIPHER_CTX_free(cipher);
    return NULL;
}

static void evp_destroy(void *state)
{
    EVP_CIPHER_CTX_free(state); /* wipes the expanded key */
}

static enum status evp_seal(void *state, const uint8_t *iv, struct bytes aad, uint8_t *text, size_t len, uint8_t *tag)
{
    EVP_CIPHER_CTX *cipher = state;
    int written;
    bool done = EVP_EncryptInit_ex(cipher, NULL, NULL, NULL, iv) == 1 &&
                EVP_EncryptUpdate(cipher, NULL, &written, aad.at, (int)aad.len) == 1 &&
                EVP_EncryptUpdate(cipher, text, &written, text, (int)len) == 1 &&
                EVP_EncryptFinal_ex(cipher, text + len, &written) == 1 &&
                EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, GCM_TAG_LEN, tag) == 1;
    return done ? OK : ERR_SYSTEM;
}

static enum status evp_open(void *state, const uint8_t *iv, struct bytes aad, uint8_t *text, size_t len,
                            const uint8_t *tag)
{
    EVP_CIPHER_CTX *cipher = state;
    int written;
    bool done = EVP_DecryptInit_ex(cipher, NULL, NULL, NULL, iv) == 1 &&
                EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, GCM_TAG_LEN, (void *)tag) == 1 &&
                EVP_DecryptUpdate(cipher, NULL, &written, aad.at, (int)aad.len) == 1 &&
                EVP_DecryptUpdate(cipher, text, &written, text, (int)len) == 1;
    if (!done)
        return ERR_SYSTEM;
    if (EVP_DecryptFinal_ex(cipher, text + len, &written) == 1)
        return OK;
    ERR_clear_error(); /* a forged packet leaves nothing in this thread's queue */
    return ERR_AUTH;
}

static const struct gcm_operations evp = { "OpenSSL", evp_create, evp_destroy, evp_seal, evp_open };

/* --- The choice. -------------------------------------------------------------------------------------------------- */

static const struct gcm_operations *chosen;

enum status gcm_use(enum gcm_engine engine)
{
    const struct gcm_operations *operations = engine == GCM_IPSEC ? gcm_ipsec() : &evp;
    if (!operations)
        return ERR_UNSUPPORTED;
    chosen = operations;
    return OK;
}

void gcm_start(void)
{
    if (!chosen && gcm_use(GCM_IPSEC) != OK)
        gcm_use(GCM_EVP);
}

const char *gcm_engine_name(void)
{
    return chosen ? chosen->name : "none";
}

/* --- Keys. -------------------------------------------------------------------------------------------------------- */

enum status gcm_init(struct gcm *gcm, const uint8_t key[static GCM_KEY_LEN])
{
    *gcm = (struct gcm){ chosen, NULL };
    if (!chosen)
        return ERR_STATE;
    gcm->state = chosen->create(key);
    return gcm->state ? OK : ERR_NO_MEMORY;
}

void gcm_deinit(struct gcm *gcm)
{
    if (gcm->state)
        gcm->engine->destroy(gcm->state);
    *gcm = (struct gcm){ 0 };
}

enum status gcm_seal(const struct gcm *gcm, const uint8_t iv[static GCM_IV_LEN], struct bytes aad, uint8_t *text,
                     size_t len, uint8_t tag[static GCM_TAG_LEN])
{
    return gcm->engine->seal(gcm->state, iv, aad, text, len, tag);
}

enum status gcm_open(const struct gcm *gcm, const uint8_t iv[static GCM_IV_LEN], struct bytes aad, uint8_t *text,
                     size_t len, const uint8_t tag[static GCM_TAG_LEN])
{
    return gcm->engine->open(gcm->state, iv, aad, text, len, tag);
}
