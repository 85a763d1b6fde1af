#include "support/offers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char text[OFFER_TEXT_MAX], changed[OFFER_TEXT_MAX];

static void stop(const char *what, const char *which)
{
    fprintf(stderr, "offers: %s: %s\n", what, which);
    exit(2);
}

struct bytes offer_read(const char *browser)
{
    const char *slash = strrchr(__FILE__, '/');
    char path[1024];
    snprintf(path, sizeof path, "%.*s/offers/%s.sdp", slash ? (int)(slash - __FILE__) : 1, slash ? __FILE__ : ".",
             browser);
    FILE *file = fopen(path, "rb");
    if (!file)
        stop("cannot open", path);
    size_t len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[len] = '\0';
    return (struct bytes){ (const uint8_t *)text, len };
}

static struct bytes replace(const char *browser, const char *old, const char *new, bool every)
{
    offer_read(browser);
    const char *from = text, *found = strstr(from, old);
    if (!found)
        stop("not in the offer", old);
    size_t len = 0;
    for (; found; found = every ? strstr(from, old) : NULL) {
        len += (size_t)snprintf(changed + len, sizeof changed - len, "%.*s%s", (int)(found - from), from, new);
        from = found + strlen(old);
        if (len >= sizeof changed)
            stop("too long with", new);
    }
    len += (size_t)snprintf(changed + len, sizeof changed - len, "%s", from);
    if (len >= sizeof changed)
        stop("too long with", new);
    return (struct bytes){ (const uint8_t *)changed, len };
}

struct bytes offer_with(const char *browser, const char *old, const char *new)
{
    return replace(browser, old, new, false);
}

struct bytes offer_with_every(const char *browser, const char *old, const char *new)
{
    return replace(browser, old, new, true);
}
