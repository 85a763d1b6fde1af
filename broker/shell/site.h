/* site.h - what the web root held at the start, in memory, ready to be sent: each file as it is and, where that is
 * less, compressed (gzip, RFC 1952), with a tag that changes with its bytes. Besides, whose pages these are:
 * /clinic.json and /clinic/logo, made from the configuration.
 *
 * Only files of known kinds, with plain names that begin with no dot, are in it: no path leads anywhere else, as none
 * is looked up on the disk. Changed files count from the next start on. */
#pragma once

#include "shell/config.h"

enum { SITE_TAG_MAX = 40 };

struct site_file {
    char *uri; /* "/index.html" */
    const char *mimetype;
    struct bytes plain;
    struct bytes packed;    /* empty: not worth it */
    char tag[SITE_TAG_MAX]; /* W/"...": the same for both, as they say the same (RFC 9110 8.8.1) */
    bool is_page;           /* HTML */
    bool is_part;           /* of pages, and never shown by itself: a script, a style, words */
};

struct site;

/* Reads it all. The problem names the file, or what is missing. */
enum status site_read(struct site **, const struct config *, struct problem *);
void site_destroy(struct site *); /* NULL is fine */

/* Borrowed; NULL when there is none. A uri that ends with a slash means the index.html there. */
const struct site_file *site_find(const struct site *, const char *uri);
