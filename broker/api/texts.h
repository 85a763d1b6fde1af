/* texts.h - what people read before they take part, as it comes with the program: the files of api/texts, as the build
 * found them, each with its text, version and language. A file that was released is never edited: a change is a new
 * version. */
#pragma once

#include <stddef.h>

#include "ledger/store.h"

extern const char *const texts_built_in[];
extern const size_t texts_built_in_count;

/* Brings them into the store, where all other texts are; what is there stays as it is. */
enum status texts_bring(struct store *);
