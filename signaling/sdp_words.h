/* sdp_words.h - within sdp's files: words and numbers of a line. */
#pragma once

#include "base/bytes.h"

/* What precedes the mark, or all there is; *rest goes on behind it. */
struct bytes sdp_cut(struct bytes *rest, char mark);
/* The next word between spaces; empty at the end. */
struct bytes sdp_next_word(struct bytes *rest);
bool sdp_is(struct bytes word, const char *text);
/* Names of codecs and hashes compare without case: RFC 8866 5.14, RFC 8122 5. text: in small letters. */
bool sdp_is_anycase(struct bytes word, const char *text);
/* Decimal; false and unchanged when it is none, or more than max. */
bool sdp_number(struct bytes word, uint32_t max, uint32_t *);
int sdp_hex_digit(uint8_t c); /* -1: it is none */
