#include "room/held.h"

#include <stdlib.h>
#include <string.h>

enum { LENGTH = 4 };

/* Taken whole the first time: what grew would leave copies behind. */
void held_put(struct held *held, struct bytes text)
{
    if (!held->at)
        held->at = malloc(HELD_MAX);
    if (!held->at || held->len + LENGTH + text.len > HELD_MAX) {
        held->lost = true;
        return;
    }
    store_be32(held->at + held->len, (uint32_t)text.len);
    memcpy(held->at + held->len + LENGTH, text.at, text.len);
    held->len += LENGTH + text.len;
}

void held_tell(struct held *held, client_id client, struct outbox *out)
{
    struct reader r = reader_over((struct bytes){ held->at, held->len });
    while (r.left > 0) {
        uint32_t len = read_be32(&r);
        outbox_text(out, client, read_bytes(&r, len));
    }
    held_deinit(held);
}

void held_deinit(struct held *held)
{
    if (held->at)
        bytes_wipe(held->at, held->len);
    free(held->at);
    *held = (struct held){ 0 };
}
