#include "base/terms.h"

#include <string.h>

static const char *const kinds[] = {
    [KIND_INDIVIDUAL] = "individual", [KIND_FAMILY] = "family",       [KIND_WORKSHOP] = "workshop",
    [KIND_CHECK_IN] = "check_in",     [KIND_DISCHARGE] = "discharge", [KIND_GROUP] = "group",
};
static const char *const roles[] = {
    [ROLE_CLIENT] = "client",           [ROLE_THERAPIST] = "therapist", [ROLE_LOVED_ONE] = "loved_one",
    [ROLE_INTERPRETER] = "interpreter", [ROLE_ADMIN] = "admin",
};
static const char *const modes[] = {
    [MODE_LISTEN] = "listen",
    [MODE_WATCH] = "watch",
    [MODE_AUDIO] = "audio",
    [MODE_FULL] = "full",
};
static const char *const sources[] = {
    [SOURCE_MIC] = "mic",
    [SOURCE_CAMERA] = "camera",
    [SOURCE_SCREEN] = "screen",
};

#define COUNT(table) (int)(sizeof(table) / sizeof *(table))

static int value_of(const char *const *names, int count, struct bytes word)
{
    for (int value = 1; value < count; value++)
        if (names[value] && bytes_equal(word, bytes_of(names[value])))
            return value;
    return 0;
}

static const char *name_of(const char *const *names, int count, int value)
{
    return value > 0 && value < count && names[value] ? names[value] : "?";
}

enum session_kind kind_parse(struct bytes word)
{
    return (enum session_kind)value_of(kinds, COUNT(kinds), word);
}
enum role role_parse(struct bytes word)
{
    return (enum role)value_of(roles, COUNT(roles), word);
}
enum mode mode_parse(struct bytes word)
{
    return (enum mode)value_of(modes, COUNT(modes), word);
}
const char *kind_name(enum session_kind kind)
{
    return name_of(kinds, COUNT(kinds), (int)kind);
}
const char *role_name(enum role role)
{
    return name_of(roles, COUNT(roles), (int)role);
}
const char *mode_name(enum mode mode)
{
    return name_of(modes, COUNT(modes), (int)mode);
}
const char *source_name(enum source source)
{
    return name_of(sources, COUNT(sources), (int)source);
}

static bool is_id_character(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
}

bool id_parse(struct bytes text, struct id *id)
{
    if (text.len == 0 || text.len > ID_MAX || text.at[0] == '.')
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!is_id_character(text.at[i]))
            return false;
    *id = (struct id){ 0 };
    memcpy(id->text, text.at, text.len);
    return true;
}

bool id_equal(const struct id *a, const struct id *b)
{
    return strcmp(a->text, b->text) == 0;
}
