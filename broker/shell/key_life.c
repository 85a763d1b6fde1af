#include "shell/key_life.h"

#include <stdlib.h>
#include <string.h>

#define DIRECTIVE "max-age="

/* Of the whole word: another's name may end alike. */
static const char *value_of(const char *cache_control)
{
    for (const char *at = cache_control; (at = strcasestr(at, DIRECTIVE)); at++)
        if (at == cache_control || strchr(", \t", at[-1]))
            return at + sizeof DIRECTIVE - 1;
    return NULL;
}

long key_life_s(const char *cache_control)
{
    const char *value = value_of(cache_control);
    if (value && *value == '"')
        value++;
    if (!value || *value < '0' || *value > '9')
        return KEY_LIFE_USUAL_S;
    long life_s = strtol(value, NULL, 10);
    return life_s < KEY_LIFE_LEAST_S ? KEY_LIFE_LEAST_S : life_s > KEY_LIFE_MOST_S ? KEY_LIFE_MOST_S : life_s;
}
