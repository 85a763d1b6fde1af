#include "transport/aead.h"

#define ERR_STATE OPENSSL_ERR_STATE /* OpenSSL has a type of our constant's name */
#include <openssl/evp.h>
#undef ERR_STATE
#include <string.h>

enum { EXTENSION_HEADER_LEN = 4, RTP_SEQ_AT = 2, RTP_SSRC_AT = 8, RTCP_SSRC_AT = 4 };
#define E_FLAG ((uint32_t)1 << 31)

/* --- Keys. -------------------------------------------------------------------------------------------------------- */

/* RFC 3711 4.3.1 with a key derivation rate of 0, so that r is 0: x = key_id XOR master_salt, where key_id is the label
 * followed by six zero bytes; 4.3.3: the key stream of AES-CM from the IV x * 2^16. */
enum status aead_derive(const uint8_t master_key[static GCM_KEY_LEN],
                        const uint8_t master_salt[static AEAD_MASTER_SALT_LEN], enum aead_label label, uint8_t *out,
                        size_t len)
{
    uint8_t iv[16] = { 0 };
    memcpy(iv, master_salt, AEAD_MASTER_SALT_LEN);
    iv[AEAD_MASTER_SALT_LEN - 7] ^= (uint8_t)label;

    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    if (!cipher)
        return ERR_NO_MEMORY;
    memset(out, 0, len);
    int written = 0;
    bool done = EVP_EncryptInit_ex(cipher, EVP_aes_128_ctr(), NULL, master_key, iv) == 1 &&
                EVP_EncryptUpdate(cipher, out, &written, out, (int)len) == 1;
    EVP_CIPHER_CTX_free(cipher); /* wipes the expanded key */
    bytes_wipe(iv, sizeof iv);
    return done ? OK : ERR_SYSTEM;
}

static enum status derive_all(struct aead_keys *keys, const uint8_t *master_key, const uint8_t *master_salt)
{
    TRY(aead_derive(master_key, master_salt, AEAD_RTP_KEY, keys->rtp_key, sizeof keys->rtp_key));
    TRY(aead_derive(master_key, master_salt, AEAD_RTP_SALT, keys->rtp_salt, sizeof keys->rtp_salt));
    TRY(aead_derive(master_key, master_salt, AEAD_RTCP_KEY, keys->rtcp_key, sizeof keys->rtcp_key));
    return aead_derive(master_key, master_salt, AEAD_RTCP_SALT, keys->rtcp_salt, sizeof keys->rtcp_salt);
}

/* RFC 7714 11: a 12-byte salt is padded with zeros behind. */
enum status aead_keys_derive(struct aead_keys *keys, const uint8_t master_key[static GCM_KEY_LEN],
                             const uint8_t master_salt[static AEAD_SALT_LEN])
{
    uint8_t padded[AEAD_MASTER_SALT_LEN] = { 0 };
    memcpy(padded, master_salt, AEAD_SALT_LEN);
    enum status status = derive_all(keys, master_key, padded);
    bytes_wipe(padded, sizeof padded);
    return status;
}

enum status aead_init(struct aead *aead, const struct aead_keys *keys)
{
    *aead = (struct aead){ 0 };
    memcpy(aead->rtp_salt, keys->rtp_salt, AEAD_SALT_LEN);
    memcpy(aead->rtcp_salt, keys->rtcp_salt, AEAD_SALT_LEN);
    memcpy(aead->rtcp_key, keys->rtcp_key, GCM_KEY_LEN);
    return gcm_init(&aead->rtp, keys->rtp_key);
}

void aead_deinit(struct aead *aead)
{
    gcm_deinit(&aead->rtp);
    bytes_wipe(aead, sizeof *aead);
}

/* --- RTP. --------------------------------------------------------------------------------------------------------- */

size_t aead_header_len(const uint8_t *packet, size_t len)
{
    if (len < AEAD_RTP_HEADER_LEN || packet[0] >> 6 != 2)
        return 0;
    size_t header = AEAD_RTP_HEADER_LEN + (packet[0] & 0x0f) * (size_t)4;
    if (packet[0] & 0x10) {
        if (len < header + EXTENSION_HEADER_LEN)
            return 0;
        header += EXTENSION_HEADER_LEN + load_be16(packet + header + 2) * (size_t)4;
    }
    return header <= len ? header : 0;
}

int64_t aead_nearest_index(int64_t newest, uint16_t seq)
{
    return newest + (int16_t)(uint16_t)(seq - (uint16_t)newest);
}

static void salt_iv(uint8_t iv[static GCM_IV_LEN], const uint8_t salt[static AEAD_SALT_LEN])
{
    for (size_t i = 0; i < AEAD_SALT_LEN; i++)
        iv[i] ^= salt[i];
}

/* RFC 7714 8.1: two zero bytes, SSRC, rollover counter, sequence number; XOR the salt. */
static void write_rtp_iv(uint8_t iv[static GCM_IV_LEN], const struct aead *aead, const uint8_t *packet, int64_t index)
{
    store_be16(iv, 0);
    memcpy(iv + 2, packet + RTP_SSRC_AT, 4);
    store_be32(iv + 6, (uint32_t)(index >> 16));
    store_be16(iv + 10, (uint16_t)index);
    salt_iv(iv, aead->rtp_salt);
}

enum status aead_seal_rtp(const struct aead *aead, int64_t index, uint8_t *packet, size_t header, size_t len)
{
    uint8_t iv[GCM_IV_LEN];
    write_rtp_iv(iv, aead, packet, index);
    return gcm_seal(&aead->rtp, iv, (struct bytes){ packet, header }, packet + header, len - header, packet + len);
}

enum status aead_open_rtp(const struct aead *aead, int64_t index, uint8_t *packet, size_t header, size_t len)
{
    uint8_t iv[GCM_IV_LEN];
    write_rtp_iv(iv, aead, packet, index);
    return gcm_open(&aead->rtp, iv, (struct bytes){ packet, header }, packet + header, len - header, packet + len);
}

/* --- RTCP. -------------------------------------------------------------------------------------------------------- */

/* RFC 7714 9.1 and 9.2: the IV is two zero bytes, SSRC, two zero bytes and the index, XOR the salt; authenticated
 * besides what is encrypted are the first eight bytes and the word of E-flag and index. */
struct rtcp_inputs {
    uint8_t iv[GCM_IV_LEN];
    uint8_t aad[AEAD_RTCP_HEADER_LEN + 4];
};

static struct rtcp_inputs rtcp_inputs_of(const struct aead *aead, const uint8_t *packet, uint32_t word)
{
    struct rtcp_inputs inputs = { 0 };
    memcpy(inputs.iv + 2, packet + RTCP_SSRC_AT, 4);
    store_be32(inputs.iv + 8, word & ~E_FLAG);
    salt_iv(inputs.iv, aead->rtcp_salt);
    memcpy(inputs.aad, packet, AEAD_RTCP_HEADER_LEN);
    store_be32(inputs.aad + AEAD_RTCP_HEADER_LEN, word);
    return inputs;
}

enum status aead_seal_rtcp(const struct aead *aead, uint32_t index, uint8_t *packet, size_t len)
{
    struct rtcp_inputs inputs = rtcp_inputs_of(aead, packet, E_FLAG | index);
    struct gcm rtcp;
    enum status status = gcm_init(&rtcp, aead->rtcp_key);
    if (status == OK)
        status = gcm_seal(&rtcp, inputs.iv, (struct bytes){ inputs.aad, sizeof inputs.aad },
                          packet + AEAD_RTCP_HEADER_LEN, len - AEAD_RTCP_HEADER_LEN, packet + len);
    gcm_deinit(&rtcp);
    if (status == OK)
        store_be32(packet + len + GCM_TAG_LEN, E_FLAG | index);
    return status;
}

enum status aead_open_rtcp(const struct aead *aead, uint8_t *packet, size_t len)
{
    struct rtcp_inputs inputs = rtcp_inputs_of(aead, packet, load_be32(packet + len + GCM_TAG_LEN));
    struct gcm rtcp;
    enum status status = gcm_init(&rtcp, aead->rtcp_key);
    if (status == OK)
        status = gcm_open(&rtcp, inputs.iv, (struct bytes){ inputs.aad, sizeof inputs.aad },
                          packet + AEAD_RTCP_HEADER_LEN, len - AEAD_RTCP_HEADER_LEN, packet + len);
    gcm_deinit(&rtcp);
    return status;
}

enum status aead_rtcp_index(const uint8_t *packet, size_t len, uint32_t *index)
{
    uint32_t word = load_be32(packet + len + GCM_TAG_LEN);
    if (!(word & E_FLAG))
        return ERR_MALFORMED;
    *index = word & ~E_FLAG;
    return OK;
}
