#include "transport/sealer.h"

#define ERR_STATE OPENSSL_ERR_STATE /* OpenSSL has a type of our constant's name */
#include <openssl/evp.h>
#undef ERR_STATE
#include <stdlib.h>
#include <string.h>

enum { RTP_HEADER_LEN = 12, RTP_EXTENSION_HEADER_LEN = 4 };
#define INDEX_END ((int64_t)1 << 48) /* RFC 3711 3.3.1: a 32-bit rollover counter over a 16-bit sequence number */

struct source {
    uint32_t ssrc;
    int64_t newest; /* the highest index sealed: rollover counter * 2^16 + sequence number */
};

struct sealer {
    EVP_CIPHER_CTX *cipher;
    uint8_t salt[SEALER_SALT_LEN];
    size_t source_count;
    struct source sources[SEALER_SOURCES_MAX];
};

/* RFC 3711 4.3.1 with a key derivation rate of 0, so that r is 0: x = key_id XOR master_salt, where key_id is the label
 * followed by six zero bytes; 4.3.3: the key stream of AES-CM from the IV x * 2^16. */
enum status sealer_derive(const uint8_t master_key[static SEALER_KEY_LEN],
                          const uint8_t master_salt[static SEALER_MASTER_SALT_LEN], enum sealer_label label,
                          uint8_t *out, size_t len)
{
    uint8_t iv[16] = { 0 };
    memcpy(iv, master_salt, SEALER_MASTER_SALT_LEN);
    iv[SEALER_MASTER_SALT_LEN - 7] ^= (uint8_t)label;

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

enum status sealer_create(struct sealer **created, const uint8_t session_key[static SEALER_KEY_LEN],
                          const uint8_t session_salt[static SEALER_SALT_LEN])
{
    struct sealer *sealer = calloc(1, sizeof *sealer);
    if (!sealer)
        return ERR_NO_MEMORY;
    sealer->cipher = EVP_CIPHER_CTX_new();
    if (!sealer->cipher || EVP_EncryptInit_ex(sealer->cipher, EVP_aes_128_gcm(), NULL, session_key, NULL) != 1) {
        sealer_destroy(sealer);
        return ERR_NO_MEMORY;
    }
    memcpy(sealer->salt, session_salt, sizeof sealer->salt);
    *created = sealer;
    return OK;
}

void sealer_destroy(struct sealer *sealer)
{
    if (!sealer)
        return;
    EVP_CIPHER_CTX_free(sealer->cipher);
    bytes_wipe(sealer, sizeof *sealer);
    free(sealer);
}

/* The length of the RTP header with its CSRCs and extension, which stays readable and is authenticated (RFC 7714 8.2);
 * 0 when the packet is not RTP. */
static size_t header_len(const uint8_t *packet, size_t len)
{
    if (len < RTP_HEADER_LEN || packet[0] >> 6 != 2)
        return 0;
    size_t header = RTP_HEADER_LEN + (packet[0] & 0x0f) * (size_t)4;
    if (packet[0] & 0x10) {
        if (len < header + RTP_EXTENSION_HEADER_LEN)
            return 0;
        header += RTP_EXTENSION_HEADER_LEN + load_be16(packet + header + 2) * (size_t)4;
    }
    return header <= len ? header : 0;
}

/* The source's place in the table; one past the last for an SSRC that is new. */
static struct source *source_find(struct sealer *sealer, uint32_t ssrc)
{
    size_t i = 0;
    while (i < sealer->source_count && sealer->sources[i].ssrc != ssrc)
        i++;
    return sealer->sources + i;
}

/* RFC 3711 3.3.1 and appendix A: of all the indices that end in seq, the one nearest to the newest. So a retransmission
 * from before a wrap gets the rollover counter that it had at first. */
static int64_t nearest_index(int64_t newest, uint16_t seq)
{
    return newest + (int16_t)(uint16_t)(seq - (uint16_t)newest);
}

/* RFC 7714 8.1: two zero bytes, SSRC, rollover counter, sequence number; XOR the salt. */
static void iv_write(uint8_t iv[static SEALER_SALT_LEN], const uint8_t salt[static SEALER_SALT_LEN], uint32_t ssrc,
                     int64_t index)
{
    store_be16(iv, 0);
    store_be32(iv + 2, ssrc);
    store_be32(iv + 6, (uint32_t)(index >> 16));
    store_be16(iv + 10, (uint16_t)index);
    for (size_t i = 0; i < SEALER_SALT_LEN; i++)
        iv[i] ^= salt[i];
}

/* The tag goes behind the payload, which is encrypted where it is. */
static enum status encrypt(EVP_CIPHER_CTX *cipher, const uint8_t *iv, uint8_t *packet, size_t header, size_t len)
{
    int written;
    bool done = EVP_EncryptInit_ex(cipher, NULL, NULL, NULL, iv) == 1 &&
                EVP_EncryptUpdate(cipher, NULL, &written, packet, (int)header) == 1 &&
                EVP_EncryptUpdate(cipher, packet + header, &written, packet + header, (int)(len - header)) == 1 &&
                EVP_EncryptFinal_ex(cipher, packet + len, &written) == 1 &&
                EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, SEALER_TAG_LEN, packet + len) == 1;
    return done ? OK : ERR_SYSTEM;
}

enum status sealer_seal(struct sealer *sealer, uint8_t *packet, size_t *len, size_t cap)
{
    size_t header = header_len(packet, *len);
    if (header == 0)
        return ERR_MALFORMED;
    if (*len > UINT16_MAX || cap < *len + SEALER_TAG_LEN)
        return ERR_FULL;

    uint16_t seq = load_be16(packet + 2);
    uint32_t ssrc = load_be32(packet + 8);
    struct source *source = source_find(sealer, ssrc);
    bool first = source == sealer->sources + sealer->source_count;
    if (first && sealer->source_count == SEALER_SOURCES_MAX)
        return ERR_FULL;

    /* Beyond the window a step back is no retransmission but a jump of over half the number space, and its index would
     * be guessed wrong: refused, so that no index is met twice that way. */
    int64_t index = first ? seq : nearest_index(source->newest, seq);
    if (index < 0 || index >= INDEX_END || (!first && source->newest - index >= SEALER_WINDOW))
        return ERR_EXPIRED;

    uint8_t iv[SEALER_SALT_LEN];
    iv_write(iv, sealer->salt, ssrc, index);
    TRY(encrypt(sealer->cipher, iv, packet, header, *len));
    *len += SEALER_TAG_LEN;
    if (first)
        sealer->sources[sealer->source_count++] = (struct source){ ssrc, index };
    else if (index > source->newest)
        source->newest = index;
    return OK;
}
