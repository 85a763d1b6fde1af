/* page.h - a list that is answered in pages: {"items":[…],"next":"<cursor>"}. The cursor is the last item's own, so
 * what was added or removed meanwhile never moves the rest. */
#pragma once

#include "api/calls.h"

struct page {
    struct id after; /* the last item of the page before; empty: none */
    size_t limit;
    json_t *items;
    char last[ID_MAX + 1];
    bool more;
};

/* By the query's `limit` and `cursor`; false when the call has failed. */
bool page_begin(struct call *, struct page *);
/* Takes the JSON, NULL included. To be called limit + 1 times at most: the last one is not shown, but tells that there
 * is more. */
enum status page_add(struct page *, const char *cursor, json_t *);
/* Answers, with what came of the walk. */
void page_end(struct call *, struct page *, enum status);

/* The value of `name` at the front of the query, which moves on; false when it is another's. */
bool query_take(const char **query, const char *name, struct bytes *value);
/* Digits alone, up to QUERY_NUMBER_MAX, which is later than any time. */
#define QUERY_NUMBER_MAX ((int64_t)1 << 40)
bool query_number(struct bytes text, int64_t *number);
