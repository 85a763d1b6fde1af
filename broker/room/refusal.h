/* refusal.h - the codes with which a request is refused, and the plain words for each. */
#pragma once

/* Words for the person; a general sentence for a code that has none of its own. */
const char *refusal_words(const char *code);
