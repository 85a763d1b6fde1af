/* Any datagram as what may hold the peer's goodbye, under a key that nobody has. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "transport/farewell.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct farewell farewell = { { 0x6b, 1, 2 }, { 3 } };
    gcm_use(GCM_EVP);
    uint8_t *exact = malloc(size + !size); /* so that the sanitizer sees a read past the end */
    if (size > 0)
        memcpy(exact, data, size);
    enum status status = farewell_read(&farewell, (struct bytes){ exact, size });
    assert(status == ERR_AUTH || status == ERR_STATE);
    free(exact);
    return 0;
}
