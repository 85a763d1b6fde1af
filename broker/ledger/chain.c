#include "ledger/chain.h"

#define ERR_STATE OPENSSL_ERR_STATE /* OpenSSL has a type of our constant's name */
#include <openssl/evp.h>
#undef ERR_STATE
#include <string.h>

struct bytes ledger_row_text(const struct ledger_row *row)
{
    const char *end = memchr(row->text, '\0', sizeof row->text);
    return (struct bytes){ (const uint8_t *)row->text, end ? (size_t)(end - row->text) : 0 };
}

void chain_init(struct chain *chain, const struct id *clinic)
{
    *chain = (struct chain){ .clinic = *clinic };
}

/* The clinic's id ends at its NUL and the number and the hash have fixed lengths, so no two rows hash the same bytes.
 */
static enum status hash_next(const struct chain *chain, struct bytes record, uint8_t hash[CHAIN_HASH_LEN])
{
    static const char domain[] = "kinroom-ledger-1";
    uint8_t buffer[sizeof domain + sizeof chain->clinic.text + 8 + CHAIN_HASH_LEN + RECORD_TEXT_MAX];
    struct writer w = writer_over(buffer, sizeof buffer);
    write_text(&w, domain);
    write_text(&w, chain->clinic.text);
    write_u8(&w, 0);
    write_be64(&w, chain->number + 1);
    write_bytes(&w, (struct bytes){ chain->hash, sizeof chain->hash });
    write_bytes(&w, record);
    if (w.bad)
        return ERR_MALFORMED;
    return EVP_Digest(w.at, w.len, hash, NULL, EVP_sha256(), NULL) == 1 ? OK : ERR_SYSTEM;
}

/* A heartbeat is a canonical record, and none of the ledger's: it replaces the one before it. */
static bool belongs(struct bytes text)
{
    struct record record;
    return record_parse(text, &record) == OK && record.kind != RECORD_HEARTBEAT;
}

static void step(struct chain *chain, const uint8_t hash[CHAIN_HASH_LEN])
{
    chain->number++;
    memcpy(chain->hash, hash, CHAIN_HASH_LEN);
}

enum status chain_append(struct chain *chain, struct bytes record, struct ledger_row *row)
{
    if (!belongs(record))
        return ERR_MALFORMED;
    struct ledger_row next = { .number = chain->number + 1 };
    TRY(hash_next(chain, record, next.hash));
    memcpy(next.text, record.at, record.len);
    step(chain, next.hash);
    *row = next;
    return OK;
}

enum chain_fault chain_check(struct chain *chain, const struct ledger_row *row)
{
    uint8_t hash[CHAIN_HASH_LEN];
    if (row->number != chain->number + 1)
        return CHAIN_NUMBER;
    struct bytes text = ledger_row_text(row);
    if (!belongs(text))
        return CHAIN_TEXT;
    if (hash_next(chain, text, hash) != OK || memcmp(hash, row->hash, sizeof hash) != 0)
        return CHAIN_HASH;
    step(chain, hash);
    return CHAIN_GOOD;
}

const char *chain_fault_name(enum chain_fault fault)
{
    static const char *const names[] = {
        [CHAIN_GOOD] = "good",
        [CHAIN_NUMBER] = "a row is missing, doubled or moved",
        [CHAIN_TEXT] = "the text is not a record of the ledger",
        [CHAIN_HASH] = "the content is not what was hashed",
    };
    return (size_t)fault < sizeof names / sizeof *names ? names[fault] : "?";
}
