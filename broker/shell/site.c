#include "shell/site.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>
#include <openssl/sha.h>
#include <zlib.h>

#include "shell/host.h"

enum {
    FILES_MAX = 1000,
    FILE_MAX = 4 << 20,
    LOGO_MAX = 256 << 10, /* it is part of each first load */
    DEPTH_MAX = 8,
    TAG_BYTES = 12,
    GZIP_WINDOW = 15 + 16, /* zlib: the largest window, and gzip's header around it */
    PACK_PAYS = 64,        /* bytes that compression must save */
};

struct site {
    struct site_file *files;
    size_t count, room;
};

static const struct {
    const char *suffix, *mimetype;
    bool packs, is_part;
} kinds[] = {
    { ".html", "text/html; charset=utf-8", true, false },
    { ".css", "text/css; charset=utf-8", true, true },
    { ".js", "text/javascript; charset=utf-8", true, true },
    { ".mjs", "text/javascript; charset=utf-8", true, true },
    { ".json", "application/json", true, true },
    { ".webmanifest", "application/manifest+json", true, false },
    { ".svg", "image/svg+xml", true, false },
    { ".png", "image/png", false, false },
    { ".ico", "image/x-icon", true, false },
    { ".jpg", "image/jpeg", false, false },
    { ".webp", "image/webp", false, false },
    { ".woff2", "font/woff2", false, false },
    { ".txt", "text/plain; charset=utf-8", true, false },
};

enum { KINDS = sizeof kinds / sizeof *kinds };

#define PROBLEM(problem, status, ...) (snprintf((problem)->text, sizeof(problem)->text, __VA_ARGS__), (status))

/* KINDS where it is none of them. */
static size_t kind_of(const char *name)
{
    const char *suffix = strrchr(name, '.');
    size_t i = 0;
    while (i < KINDS && (!suffix || strcmp(kinds[i].suffix, suffix) != 0))
        i++;
    return i;
}

/* ---- One file ---- */

static struct bytes pack(struct bytes plain)
{
    z_stream z = { 0 };
    if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return (struct bytes){ 0 };
    size_t room = deflateBound(&z, plain.len);
    uint8_t *at = malloc(room);
    z.next_in = (Bytef *)plain.at;
    z.avail_in = (uInt)plain.len;
    z.next_out = at;
    z.avail_out = (uInt)room;
    bool pays = at && deflate(&z, Z_FINISH) == Z_STREAM_END && z.total_out + PACK_PAYS <= plain.len;
    size_t len = z.total_out;
    deflateEnd(&z);
    if (pays)
        return (struct bytes){ at, len };
    free(at);
    return (struct bytes){ 0 };
}

static void write_tag(struct bytes plain, char tag[SITE_TAG_MAX])
{
    uint8_t hash[SHA256_DIGEST_LENGTH];
    SHA256(plain.at, plain.len, hash);
    int len = snprintf(tag, SITE_TAG_MAX, "W/\"");
    for (size_t i = 0; i < TAG_BYTES; i++)
        len += snprintf(tag + len, SITE_TAG_MAX - (size_t)len, "%02x", hash[i]);
    snprintf(tag + len, SITE_TAG_MAX - (size_t)len, "\"");
}

/* Takes the bytes, also when it fails. */
static enum status add(struct site *site, const char *uri, size_t kind, struct bytes plain)
{
    if (site->count == site->room) {
        size_t room = site->room ? 2 * site->room : 64;
        struct site_file *more = realloc(site->files, room * sizeof *more);
        if (!more)
            goto out;
        site->files = more;
        site->room = room;
    }
    struct site_file file = { .uri = strdup(uri), .mimetype = kinds[kind].mimetype, .plain = plain };
    if (!file.uri)
        goto out;
    file.is_part = kinds[kind].is_part;
    file.is_page = strncmp(file.mimetype, "text/html", 9) == 0;
    if (kinds[kind].packs)
        file.packed = pack(plain);
    write_tag(plain, file.tag);
    site->files[site->count++] = file;
    return OK;
out:
    host_file_free(&plain);
    return ERR_NO_MEMORY;
}

/* ---- All files ---- */

static bool is_plain(const char *name)
{
    for (const char *at = name; *at; at++) {
        bool letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9');
        if (!letter && !strchr("._-", *at))
            return false;
    }
    return name[0] != '.';
}

static enum status read_folder(struct site *, const char *path, size_t root, unsigned depth, struct problem *);

/* root: how much of the path is not of the uri. */
static enum status read_entry(struct site *site, const char *path, size_t root, unsigned depth, struct problem *problem)
{
    struct stat about;
    struct bytes plain;
    size_t kind = kind_of(path);
    if (stat(path, &about) != 0)
        return OK; /* a link that leads nowhere */
    if (S_ISDIR(about.st_mode))
        return depth < DEPTH_MAX ? read_folder(site, path, root, depth + 1, problem) : OK;
    if (!S_ISREG(about.st_mode) || kind == KINDS)
        return OK;
    if (site->count == FILES_MAX)
        return PROBLEM(problem, ERR_FULL, "'web-root' holds more than %d files: name the folder with the pages alone",
                       FILES_MAX);
    enum status status = host_file_read(path, FILE_MAX, &plain);
    if (status != OK)
        return PROBLEM(problem, status, "'web-root': %.200s can't be read, or has more than %d bytes", path, FILE_MAX);
    status = add(site, path + root, kind, plain);
    return status == OK ? OK : PROBLEM(problem, status, "no memory for the pages");
}

static enum status read_folder(struct site *site, const char *path, size_t root, unsigned depth,
                               struct problem *problem)
{
    enum status status = OK;
    DIR *folder = opendir(path);
    if (!folder)
        return PROBLEM(problem, ERR_UNKNOWN, "'web-root': the folder %.200s can't be read", path);
    struct dirent *entry;
    while (status == OK && (entry = readdir(folder))) {
        char below[PATH_MAX];
        int len = snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
        if (is_plain(entry->d_name) && len > 0 && (size_t)len < sizeof below)
            status = read_entry(site, below, root, depth, problem);
    }
    closedir(folder);
    return status;
}

/* ---- Whose pages these are ---- */

static enum status add_logo(struct site *site, const struct config *config, struct problem *problem)
{
    struct bytes plain;
    const char *suffix = strrchr(config->clinic_logo, '.');
    size_t kind = kind_of(config->clinic_logo);
    if (!config->clinic_logo[0])
        return OK;
    if (!suffix || (strcmp(suffix, ".svg") != 0 && strcmp(suffix, ".png") != 0))
        return PROBLEM(problem, ERR_MALFORMED, "'clinic-logo' must be an .svg or a .png, not %.200s",
                       config->clinic_logo);
    enum status status = host_file_read(config->clinic_logo, LOGO_MAX, &plain);
    if (status != OK)
        return PROBLEM(problem, status, "'clinic-logo': %.200s can't be read, or has more than %d bytes",
                       config->clinic_logo, LOGO_MAX);
    return add(site, "/clinic/logo", kind, plain);
}

static json_t *text_or_null(const char *text)
{
    return text[0] ? json_string(text) : json_null();
}

static enum status add_clinic(struct site *site, const struct config *config, struct problem *problem)
{
    json_t *json = json_pack("{s:o, s:o, s:o, s:o}", "name", text_or_null(config->clinic_name), "phone",
                             text_or_null(config->clinic_phone), "logo",
                             text_or_null(config->clinic_logo[0] ? "/clinic/logo" : ""), "time_zone",
                             text_or_null(config->clinic_time_zone));
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    if (!text)
        return PROBLEM(problem, ERR_MALFORMED, "'clinic-name' and 'clinic-phone' must be UTF-8");
    return add(site, "/clinic.json", kind_of(".json"), (struct bytes){ (uint8_t *)text, strlen(text) });
}

/* ---- Finding ---- */

static int by_uri(const void *a, const void *b)
{
    return strcmp(((const struct site_file *)a)->uri, ((const struct site_file *)b)->uri);
}

enum status site_read(struct site **made, const struct config *config, struct problem *problem)
{
    *made = calloc(1, sizeof **made);
    enum status status = *made ? read_folder(*made, config->web_root, strlen(config->web_root), 0, problem)
                               : PROBLEM(problem, ERR_NO_MEMORY, "no memory for the pages");
    if (status == OK)
        status = add_logo(*made, config, problem);
    if (status == OK)
        status = add_clinic(*made, config, problem);
    if (status == OK) {
        qsort((*made)->files, (*made)->count, sizeof *(*made)->files, by_uri);
        if (!site_find(*made, "/"))
            status = PROBLEM(problem, ERR_UNKNOWN, "'web-root': there is no %.200s/index.html that can be read",
                             config->web_root);
    }
    if (status != OK) {
        site_destroy(*made);
        *made = NULL;
    }
    return status;
}

void site_destroy(struct site *site)
{
    if (!site)
        return;
    for (size_t i = 0; i < site->count; i++) {
        free(site->files[i].uri);
        free((uint8_t *)site->files[i].plain.at);
        free((uint8_t *)site->files[i].packed.at);
    }
    free(site->files);
    free(site);
}

const struct site_file *site_find(const struct site *site, const char *uri)
{
    char whole[PATH_MAX];
    size_t asked = strlen(uri);
    int len = snprintf(whole, sizeof whole, "%s%s", uri, asked > 0 && uri[asked - 1] == '/' ? "index.html" : "");
    if (len < 0 || (size_t)len >= sizeof whole)
        return NULL;
    struct site_file key = { .uri = whole };
    return bsearch(&key, site->files, site->count, sizeof *site->files, by_uri);
}
