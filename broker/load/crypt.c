#include "load/crypt.h"

#define ERR_STATE OPENSSL_ERR_STATE /* OpenSSL has a type of our constant's name */
#include <openssl/evp.h>
#undef ERR_STATE
#include <stdlib.h>
#include <string.h>

#include "transport/sealer.h"

enum {
    TAG_LEN = SEALER_TAG_LEN,
    IV_LEN = SEALER_SALT_LEN,
    RTP_FIXED = 12,
    RTCP_FIXED = 8,
    INDEX_LEN = 4,
    /* RFC 3711 4.3.2; sealer.h names those of RTP. */
    LABEL_RTCP_KEY = 3,
    LABEL_RTCP_SALT = 5,
};
#define RTCP_ENCRYPTED 0x80000000u

/* One cached context and its salt. */
struct lock {
    EVP_CIPHER_CTX *cipher;
    uint8_t salt[IV_LEN];
};

struct crypt {
    struct sealer *rtp_out;
    struct lock rtp_in, rtcp_out, rtcp_in;
    uint32_t rtcp_index;
};

struct master {
    uint8_t key[SEALER_KEY_LEN], salt[SEALER_MASTER_SALT_LEN];
};

static enum status lock_init(struct lock *lock, const struct master *master, int key_label, int salt_label, bool seals)
{
    uint8_t key[SEALER_KEY_LEN];
    TRY(sealer_derive(master->key, master->salt, (enum sealer_label)key_label, key, sizeof key));
    TRY(sealer_derive(master->key, master->salt, (enum sealer_label)salt_label, lock->salt, sizeof lock->salt));
    lock->cipher = EVP_CIPHER_CTX_new();
    bool done = lock->cipher && EVP_CipherInit_ex(lock->cipher, EVP_aes_128_gcm(), NULL, key, NULL, seals) == 1;
    bytes_wipe(key, sizeof key);
    return done ? OK : ERR_NO_MEMORY;
}

static enum status make_sealer(struct sealer **sealer, const struct master *master)
{
    uint8_t key[SEALER_KEY_LEN], salt[SEALER_SALT_LEN];
    TRY(sealer_derive(master->key, master->salt, SEALER_LABEL_KEY, key, sizeof key));
    TRY(sealer_derive(master->key, master->salt, SEALER_LABEL_SALT, salt, sizeof salt));
    enum status status = sealer_create(sealer, key, salt);
    bytes_wipe(key, sizeof key);
    return status;
}

static enum status fill(struct crypt *c, const struct master *ours, const struct master *theirs)
{
    TRY(make_sealer(&c->rtp_out, ours));
    TRY(lock_init(&c->rtp_in, theirs, SEALER_LABEL_KEY, SEALER_LABEL_SALT, false));
    TRY(lock_init(&c->rtcp_out, ours, LABEL_RTCP_KEY, LABEL_RTCP_SALT, true));
    return lock_init(&c->rtcp_in, theirs, LABEL_RTCP_KEY, LABEL_RTCP_SALT, false);
}

enum status crypt_create(struct crypt **created, const uint8_t material[static CRYPT_MATERIAL_LEN])
{
    struct master side[2] = { 0 };
    for (size_t i = 0; i < 2; i++) {
        memcpy(side[i].key, material + SEALER_KEY_LEN * i, SEALER_KEY_LEN);
        memcpy(side[i].salt, material + 2 * SEALER_KEY_LEN + SEALER_SALT_LEN * i, SEALER_SALT_LEN);
    }
    struct crypt *c = calloc(1, sizeof *c);
    enum status status = c ? fill(c, &side[0], &side[1]) : ERR_NO_MEMORY;
    bytes_wipe(side, sizeof side);
    if (status != OK)
        crypt_destroy(c);
    else
        *created = c;
    return status;
}

void crypt_destroy(struct crypt *c)
{
    if (!c)
        return;
    sealer_destroy(c->rtp_out);
    EVP_CIPHER_CTX_free(c->rtp_in.cipher);
    EVP_CIPHER_CTX_free(c->rtcp_out.cipher);
    EVP_CIPHER_CTX_free(c->rtcp_in.cipher);
    bytes_wipe(c, sizeof *c);
    free(c);
}

enum status crypt_seal_rtp(struct crypt *c, uint8_t *packet, size_t *len, size_t cap)
{
    return sealer_seal(c->rtp_out, packet, len, cap);
}

/* RFC 7714 8.1 and 9.1: two zero bytes, SSRC, and 48 bits of index (of RTCP 17 zero bits before its 31). */
static void iv_write(uint8_t iv[static IV_LEN], const struct lock *lock, uint32_t ssrc, uint64_t index)
{
    store_be16(iv, 0);
    store_be32(iv + 2, ssrc);
    store_be32(iv + 6, (uint32_t)(index >> 16));
    store_be16(iv + 10, (uint16_t)index);
    for (size_t i = 0; i < IV_LEN; i++)
        iv[i] ^= lock->salt[i];
}

static bool begin(const struct lock *lock, uint32_t ssrc, uint64_t index)
{
    uint8_t iv[IV_LEN];
    iv_write(iv, lock, ssrc, index);
    return EVP_CipherInit_ex(lock->cipher, NULL, NULL, NULL, iv, -1) == 1;
}

static bool run(const struct lock *lock, uint8_t *out, const uint8_t *in, size_t len)
{
    int written;
    return EVP_CipherUpdate(lock->cipher, out, &written, in, (int)len) == 1;
}

/* RFC 7714 9.2: the first eight bytes, and behind them the index, are authenticated and readable. */
enum status crypt_seal_rtcp(struct crypt *c, uint8_t *packet, size_t *len, size_t cap)
{
    uint8_t index[INDEX_LEN];
    int written;
    if (*len < RTCP_FIXED)
        return ERR_MALFORMED;
    if (cap < *len + CRYPT_RTCP_OVERHEAD)
        return ERR_FULL;
    store_be32(index, RTCP_ENCRYPTED | c->rtcp_index);
    bool done = begin(&c->rtcp_out, load_be32(packet + 4), c->rtcp_index) &&
                run(&c->rtcp_out, NULL, packet, RTCP_FIXED) && run(&c->rtcp_out, NULL, index, INDEX_LEN) &&
                run(&c->rtcp_out, packet + RTCP_FIXED, packet + RTCP_FIXED, *len - RTCP_FIXED) &&
                EVP_CipherFinal_ex(c->rtcp_out.cipher, packet + *len, &written) == 1 &&
                EVP_CIPHER_CTX_ctrl(c->rtcp_out.cipher, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, packet + *len) == 1;
    if (!done)
        return ERR_SYSTEM;
    memcpy(packet + *len + TAG_LEN, index, INDEX_LEN);
    c->rtcp_index++;
    *len += CRYPT_RTCP_OVERHEAD;
    return OK;
}

static bool finish_opening(const struct lock *lock, uint8_t *tag)
{
    uint8_t none[TAG_LEN];
    int written;
    return EVP_CIPHER_CTX_ctrl(lock->cipher, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, tag) == 1 &&
           EVP_CipherFinal_ex(lock->cipher, none, &written) == 1;
}

enum status crypt_open_rtcp(struct crypt *c, uint8_t *packet, size_t *len)
{
    if (*len < RTCP_FIXED + CRYPT_RTCP_OVERHEAD)
        return ERR_MALFORMED;
    size_t plain = *len - CRYPT_RTCP_OVERHEAD;
    uint8_t *tag = packet + plain, *index = tag + TAG_LEN;
    uint32_t word = load_be32(index);
    if (!(word & RTCP_ENCRYPTED))
        return ERR_MALFORMED;
    bool good = begin(&c->rtcp_in, load_be32(packet + 4), word & ~RTCP_ENCRYPTED) &&
                run(&c->rtcp_in, NULL, packet, RTCP_FIXED) && run(&c->rtcp_in, NULL, index, INDEX_LEN) &&
                run(&c->rtcp_in, packet + RTCP_FIXED, packet + RTCP_FIXED, plain - RTCP_FIXED) &&
                finish_opening(&c->rtcp_in, tag);
    if (!good)
        return ERR_AUTH;
    *len = plain;
    return OK;
}

/* The readable part of RTP: header, CSRCs, extension; 0: not RTP. */
static size_t rtp_header_len(const uint8_t *packet, size_t len)
{
    size_t header = RTP_FIXED + (packet[0] & 15) * (size_t)4;
    if (packet[0] & 0x10)
        header = header + 4 <= len ? header + 4 + load_be16(packet + header + 2) * (size_t)4 : len + 1;
    return header <= len ? header : 0;
}

enum status crypt_open_rtp(struct crypt *c, int64_t index, uint8_t *packet, size_t *len)
{
    if (*len < RTP_FIXED + TAG_LEN || index < 0)
        return ERR_MALFORMED;
    size_t plain = *len - TAG_LEN, header = rtp_header_len(packet, plain);
    if (header == 0)
        return ERR_MALFORMED;
    bool good = begin(&c->rtp_in, load_be32(packet + 8), (uint64_t)index) && run(&c->rtp_in, NULL, packet, header) &&
                run(&c->rtp_in, packet + header, packet + header, plain - header) &&
                finish_opening(&c->rtp_in, packet + plain);
    if (!good)
        return ERR_AUTH;
    *len = plain;
    return OK;
}
