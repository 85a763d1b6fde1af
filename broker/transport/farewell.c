#include "transport/farewell.h"

#define ERR_STATE OPENSSL_ERR_STATE /* OpenSSL has a type of our constant's name */
#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#undef ERR_STATE
#include <string.h>

/* --- The key. ----------------------------------------------------------------------------------------------------- */

static bool run_kdf(EVP_KDF_CTX *context, struct bytes master, struct bytes seed, uint8_t *out, size_t len)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_utf8_string(OSSL_KDF_PARAM_DIGEST, "SHA256", 6),
        OSSL_PARAM_octet_string(OSSL_KDF_PARAM_SECRET, (void *)master.at, master.len),
        OSSL_PARAM_octet_string(OSSL_KDF_PARAM_SEED, (void *)seed.at, seed.len),
        OSSL_PARAM_END,
    };
    return EVP_KDF_derive(context, out, len, params) == 1;
}

/* RFC 5246 5: PRF(master, "key expansion", server_random + client_random). */
static enum status expand(struct bytes master, struct bytes seed, uint8_t *out, size_t len)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS1-PRF", NULL);
    EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    bool done = context && run_kdf(context, master, seed, out, len);
    EVP_KDF_CTX_free(context); /* wipes its secret */
    EVP_KDF_free(kdf);
    return done ? OK : ERR_SYSTEM;
}

enum status farewell_derive(struct farewell *farewell, const uint8_t master[static FAREWELL_MASTER_LEN],
                            const uint8_t client_random[static FAREWELL_RANDOM_LEN],
                            const uint8_t server_random[static FAREWELL_RANDOM_LEN])
{
    static const char label[] = "key expansion";
    uint8_t at[sizeof label - 1 + 2 * FAREWELL_RANDOM_LEN];
    struct writer seed = writer_over(at, sizeof at);
    write_text(&seed, label);
    write_bytes(&seed, (struct bytes){ server_random, FAREWELL_RANDOM_LEN });
    write_bytes(&seed, (struct bytes){ client_random, FAREWELL_RANDOM_LEN });

    /* RFC 5246 6.3 with no MAC keys (RFC 5288 3): client's key, server's key, client's IV, server's IV. */
    uint8_t block[2 * GCM_KEY_LEN + FAREWELL_IV_LEN];
    enum status status =
        expand((struct bytes){ master, FAREWELL_MASTER_LEN }, writer_bytes(&seed), block, sizeof block);
    if (status == OK) {
        memcpy(farewell->key, block, GCM_KEY_LEN);
        memcpy(farewell->iv, block + sizeof block - FAREWELL_IV_LEN, FAREWELL_IV_LEN);
    }
    bytes_wipe(block, sizeof block);
    return status;
}

/* --- Records. ----------------------------------------------------------------------------------------------------- */

/*  0      1         3       5                 11       13              21           23
 *  | type | version | epoch | sequence number | length | nonce's rest  | sealed ... | tag |  RFC 6347 4.1, RFC 5288 3
 */
enum {
    ALERT = 21,
    VERSION_1_2 = 0xfefd,
    SEALED_EPOCH = 1, /* there is no renegotiation, so no other */
    NUMBER_LEN = 8,   /* epoch and sequence number, as one */
    NONCE_LEN = 8,
    ALERT_LEN = 2,
    RECORD_LEN = NONCE_LEN + ALERT_LEN + GCM_TAG_LEN,
    AAD_LEN = NUMBER_LEN + 5,
    FATAL = 2,
    CLOSE_NOTIFY = 0,
};

struct record {
    uint8_t type;
    uint16_t version;
    struct bytes number, body;
};

static struct record read_record(struct reader *r)
{
    struct record record;
    record.type = read_u8(r);
    record.version = read_be16(r);
    record.number = read_bytes(r, NUMBER_LEN);
    record.body = read_bytes(r, read_be16(r));
    return record;
}

static bool is_sealed_alert(const struct record *record)
{
    return record->type == ALERT && record->version == VERSION_1_2 && load_be16(record->number.at) == SEALED_EPOCH &&
           record->body.len == RECORD_LEN;
}

/* RFC 5246 6.2.3.3: authenticated are number, type, version and the length of what is in it. */
static enum status open_alert(const struct farewell *farewell, const struct record *record, uint8_t alert[ALERT_LEN])
{
    uint8_t iv[GCM_IV_LEN], aad[AAD_LEN], tag[GCM_TAG_LEN];
    memcpy(iv, farewell->iv, FAREWELL_IV_LEN);
    memcpy(iv + FAREWELL_IV_LEN, record->body.at, NONCE_LEN);
    memcpy(alert, record->body.at + NONCE_LEN, ALERT_LEN);
    memcpy(tag, record->body.at + NONCE_LEN + ALERT_LEN, GCM_TAG_LEN);
    struct writer w = writer_over(aad, sizeof aad);
    write_bytes(&w, record->number);
    write_u8(&w, record->type);
    write_be16(&w, record->version);
    write_be16(&w, ALERT_LEN);

    struct gcm gcm; /* made for the occasion: there is one in a connection's life */
    enum status status = gcm_init(&gcm, farewell->key);
    if (status == OK)
        status = gcm_open(&gcm, iv, writer_bytes(&w), alert, ALERT_LEN, tag);
    gcm_deinit(&gcm);
    return status;
}

enum status farewell_read(const struct farewell *farewell, struct bytes datagram)
{
    struct reader r = reader_over(datagram);
    while (r.left > 0) {
        uint8_t alert[ALERT_LEN];
        struct record record = read_record(&r);
        if (r.bad)
            break;
        if (!is_sealed_alert(&record))
            continue;
        TRY(open_alert(farewell, &record, alert)); /* so a datagram of many forgeries costs as little as one */
        if (alert[0] == FATAL || alert[1] == CLOSE_NOTIFY)
            return OK;
    }
    return ERR_STATE;
}
