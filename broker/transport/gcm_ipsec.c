#include "transport/gcm_engine.h"

#if defined(__x86_64__) && __has_include(<intel-ipsec-mb.h>)

#include <dlfcn.h>
#include <intel-ipsec-mb.h>
#include <stdlib.h>
#include <string.h>

/* Three functions of the library, those for this processor. Its own table of them is a large structure that changes
 * from version to version, so the version must be the header's. */
static struct {
    aes_gcm_pre_t expand;
    aes_gcm_enc_dec_t encrypt, decrypt;
} ipsec;

enum { CACHE_LINE = 64, STATE_LEN = (sizeof(struct gcm_key_data) + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE };

static void *ipsec_create(const uint8_t key[static GCM_KEY_LEN])
{
    void *state = aligned_alloc(CACHE_LINE, STATE_LEN);
    if (state)
        ipsec.expand(key, state);
    return state;
}

static void ipsec_destroy(void *state)
{
    if (state)
        bytes_wipe(state, STATE_LEN);
    free(state);
}

static enum status ipsec_seal(void *state, const uint8_t *iv, struct bytes aad, uint8_t *text, size_t len, uint8_t *tag)
{
    struct gcm_context_data context;
    ipsec.encrypt(state, &context, text, text, len, iv, aad.at, aad.len, tag, GCM_TAG_LEN);
    return OK;
}

static enum status ipsec_open(void *state, const uint8_t *iv, struct bytes aad, uint8_t *text, size_t len,
                              const uint8_t *tag)
{
    struct gcm_context_data context;
    uint8_t expected[GCM_TAG_LEN];
    ipsec.decrypt(state, &context, text, text, len, iv, aad.at, aad.len, expected, sizeof expected);
    bool same = bytes_equal_secret((struct bytes){ expected, sizeof expected }, (struct bytes){ tag, GCM_TAG_LEN });
    return same ? OK : ERR_AUTH;
}

static const struct gcm_operations operations = { "libipsec-mb", ipsec_create, ipsec_destroy, ipsec_seal, ipsec_open };

/* A function of the library; POSIX's way to make one out of a data pointer. */
static bool find(void *library, const char *name, void *function)
{
    void *found = dlsym(library, name);
    memcpy(function, &found, sizeof found);
    return found != NULL;
}

static bool load(void)
{
    unsigned (*version)(void);
    IMB_MGR *(*alloc)(uint64_t);
    void (*init)(IMB_MGR *, IMB_ARCH *);
    void (*release)(IMB_MGR *);
    void *library = dlopen("libIPSec_MB.so.1", RTLD_NOW | RTLD_LOCAL); /* stays for the process's life */
    if (!library || !find(library, "imb_get_version", &version) || version() >> 8 != IMB_VERSION_NUM >> 8 ||
        !find(library, "alloc_mb_mgr", &alloc) || !find(library, "init_mb_mgr_auto", &init) ||
        !find(library, "free_mb_mgr", &release))
        return false;
    IMB_MGR *manager = alloc(0);
    if (!manager)
        return false;
    init(manager, NULL);
    /* Without these it would calculate AES in plain code, far slower than OpenSSL. */
    const uint64_t needed = IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ;
    bool able = (manager->features & needed) == needed;
    ipsec.expand = manager->gcm128_pre;
    ipsec.encrypt = manager->gcm128_enc;
    ipsec.decrypt = manager->gcm128_dec;
    release(manager);
    return able && ipsec.expand && ipsec.encrypt && ipsec.decrypt;
}

const struct gcm_operations *gcm_ipsec(void)
{
    static enum { UNTRIED, ABSENT, LOADED } library;
    if (library == UNTRIED)
        library = load() ? LOADED : ABSENT;
    return library == LOADED ? &operations : NULL;
}

#else

const struct gcm_operations *gcm_ipsec(void)
{
    return NULL;
}

#endif
