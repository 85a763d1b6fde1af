/* gcm_engine.h - what an engine of gcm.h consists of. For gcm and the engines alone. */
#pragma once

#include "transport/gcm.h"

struct gcm_operations {
    const char *name;
    void *(*create)(const uint8_t key[static GCM_KEY_LEN]); /* NULL when there is no memory */
    void (*destroy)(void *state);                           /* wipes; NULL is fine */
    enum status (*seal)(void *state, const uint8_t *iv, struct bytes aad, uint8_t *text, size_t len, uint8_t *tag);
    enum status (*open)(void *state, const uint8_t *iv, struct bytes aad, uint8_t *text, size_t len,
                        const uint8_t *tag);
};

/* NULL where libipsec-mb is not to be had: another architecture, built without its header, not installed, another
 * version than the header's, a processor without AES-NI. Loads the library the first time. */
const struct gcm_operations *gcm_ipsec(void);
