#include "signaling/sdp_words.h"

#include <string.h>

struct bytes sdp_cut(struct bytes *rest, char mark)
{
    const uint8_t *at = rest->len ? memchr(rest->at, mark, rest->len) : NULL;
    size_t len = at ? (size_t)(at - rest->at) : rest->len;
    size_t past = at ? len + 1 : len;
    struct bytes head = { rest->at, len };
    if (past > 0)
        *rest = (struct bytes){ rest->at + past, rest->len - past };
    return head;
}

struct bytes sdp_next_word(struct bytes *rest)
{
    struct bytes word = sdp_cut(rest, ' ');
    while (word.len == 0 && rest->len > 0)
        word = sdp_cut(rest, ' ');
    return word;
}

bool sdp_is(struct bytes word, const char *text)
{
    return bytes_equal(word, bytes_of(text));
}

bool sdp_is_anycase(struct bytes word, const char *text)
{
    if (word.len != strlen(text))
        return false;
    for (size_t i = 0; i < word.len; i++) {
        uint8_t c = word.at[i];
        if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != (uint8_t)text[i])
            return false;
    }
    return true;
}

bool sdp_number(struct bytes word, uint32_t max, uint32_t *out)
{
    uint64_t number = 0;
    if (word.len == 0 || word.len > 10)
        return false;
    for (size_t i = 0; i < word.len; i++) {
        if (word.at[i] < '0' || word.at[i] > '9')
            return false;
        number = number * 10 + (word.at[i] - '0');
    }
    if (number > max)
        return false;
    *out = (uint32_t)number;
    return true;
}

int sdp_hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
