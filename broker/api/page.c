#include "api/page.h"

#include <string.h>

enum { LIST_DEFAULT = 20, LIST_MAX = 100 };

bool query_take(const char **query, const char *name, struct bytes *value)
{
    size_t len = strlen(name);
    if (strncmp(*query, name, len) != 0 || (*query)[len] != '=')
        return false;
    const char *at = *query + len + 1;
    *value = (struct bytes){ (const uint8_t *)at, strcspn(at, "&") };
    *query = at + value->len + (at[value->len] == '&');
    return true;
}

bool query_number(struct bytes text, int64_t *number)
{
    int64_t read = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9' || read > QUERY_NUMBER_MAX)
            return false;
        read = read * 10 + (text.at[i] - '0');
    }
    *number = read;
    return text.len > 0 && read <= QUERY_NUMBER_MAX;
}

static size_t number_of(struct bytes text)
{
    size_t number = 0;
    for (size_t i = 0; i < text.len; i++)
        number = text.at[i] >= '0' && text.at[i] <= '9' && number <= LIST_MAX ? number * 10 + (text.at[i] - '0')
                                                                              : LIST_MAX + 1;
    return number;
}

static bool read_query(const char *query, struct page *page)
{
    bool limited = false;
    struct bytes value;
    while (*query) {
        if (!limited && query_take(&query, "limit", &value)) {
            page->limit = number_of(value);
            limited = true;
        } else if (page->after.text[0] || !query_take(&query, "cursor", &value) || !id_parse(value, &page->after))
            return false;
    }
    return page->limit >= 1 && page->limit <= LIST_MAX;
}

bool page_begin(struct call *call, struct page *page)
{
    *page = (struct page){ .limit = LIST_DEFAULT };
    if (!read_query(call->request->query, page)) {
        call_fail(call, PROBLEM_BAD_QUERY, NULL);
        return false;
    }
    page->items = json_array();
    return true;
}

enum status page_add(struct page *page, const char *cursor, json_t *item)
{
    if (json_array_size(page->items) == page->limit) {
        page->more = true;
        json_decref(item);
        return OK;
    }
    strcpy(page->last, cursor);
    return json_array_append_new(page->items, item) == 0 ? OK : ERR_NO_MEMORY;
}

void page_end(struct call *call, struct page *page, enum status status)
{
    if (status == OK) {
        call_answer(call, 200, json_pack("{s:o, s:s?}", "items", page->items, "next", page->more ? page->last : NULL));
        return;
    }
    json_decref(page->items);
    call_fail(call, PROBLEM_UNAVAILABLE, NULL);
}
