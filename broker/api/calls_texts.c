#include <stdlib.h>
#include <string.h>

#include "api/page.h"
#include "api/texts.h"
#include "auth/plan_json.h"

enum { PARTS_MAX = 32, POINTS_MAX = 32, LINE_MAX_BYTES = 2000 };

static const char *const words[] = { [GUIDANCE_GUIDANCE] = "guidance", [GUIDANCE_NOTICE] = "notice" };

/* ---- Reading ---- */

static enum status check_line(const struct json_place *place, const char *key, const json_t *line)
{
    const char *text = json_string_value(line);
    size_t len = text ? strlen(text) : 0;
    if (len == 0 || len > LINE_MAX_BYTES)
        return json_place_bad(place, "'%s' must be text of 1 to %d bytes", key, LINE_MAX_BYTES);
    for (size_t i = 0; i < len; i++)
        if ((uint8_t)text[i] < ' ' || text[i] == 0x7f)
            return json_place_bad(place, "'%s' must hold no control characters", key);
    return OK;
}

static enum status check_part(const struct json_place *place, json_t *part)
{
    json_t *title, *points, *point;
    size_t i;
    json_error_t error;
    if (json_unpack_ex(part, &error, JSON_STRICT, "{s:o, s:o}", "title", &title, "points", &points))
        return json_place_bad(place, "%s", error.text);
    TRY(check_line(place, "title", title));
    if (json_array_size(points) < 1 || json_array_size(points) > POINTS_MAX)
        return json_place_bad(place, "'points' must be a list of 1 to %d", POINTS_MAX);
    json_array_foreach(points, i, point) TRY(check_line(place, "points", point));
    return OK;
}

static enum status check_parts(const struct json_place *place, const json_t *parts)
{
    json_t *part;
    size_t i;
    if (json_array_size(parts) < 1 || json_array_size(parts) > PARTS_MAX)
        return json_place_bad(place, "'parts' must be a list of 1 to %d", PARTS_MAX);
    json_array_foreach(parts, i, part)
    {
        struct json_place below = json_place_below(place, "parts", i);
        TRY(check_part(&below, part));
    }
    return OK;
}

/* As much of BCP 47 as languages of texts need: "en", "es-419", "zh-Hant". */
static bool is_language(const char *text)
{
    size_t letters = strspn(text, "abcdefghijklmnopqrstuvwxyz");
    if (letters < 2 || letters > 3 || strlen(text) > STORE_WORD_MAX / 2)
        return false;
    for (text += letters; *text == '-'; text += 1 + letters) {
        letters = strspn(text + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
        if (letters < 1 || letters > 8)
            return false;
    }
    return !*text;
}

/* What is stored has one order of keys, so that the same again is the same. */
static enum status read_text(const struct json_place *place, json_t *json, struct store_guidance *text)
{
    const char *language;
    json_t *title, *parts;
    json_error_t error;
    if (json_unpack_ex(json, &error, JSON_STRICT, "{s:s, s:o, s:o}", "language", &language, "title", &title, "parts",
                       &parts))
        return json_place_bad(place, "%s", error.text);
    if (!is_language(language))
        return json_place_bad(place, "'language' must be a code such as en or es-419");
    TRY(check_line(place, "title", title));
    TRY(check_parts(place, parts));
    json_t *whole = json_pack("{s:s, s:s, s:s, s:O, s:O}", "text", words[text->text], "version", text->version,
                              "language", language, "title", title, "parts", parts);
    text->body = whole ? json_dumps(whole, JSON_COMPACT) : NULL;
    json_decref(whole);
    if (!text->body)
        return ERR_NO_MEMORY;
    strcpy(text->language, language);
    if (strlen(text->body) <= GUIDANCE_BODY_MAX)
        return OK;
    free(text->body);
    text->body = NULL;
    return json_place_bad(place, "the text is longer than %d bytes", GUIDANCE_BODY_MAX);
}

/* A version is an id, so that it fits into an address. */
static bool take_version(const char *version, struct store_guidance *text)
{
    struct id id;
    if (!id_parse(bytes_of(version), &id) || strlen(version) > GRANT_TEXT_MAX)
        return false;
    strcpy(text->version, version);
    return true;
}

/* ---- Those that the program brings along ---- */

static enum status bring(struct store *store, const char *file)
{
    char why[300] = "";
    struct json_place place = json_place_at(why, sizeof why);
    struct store_guidance text = { 0 };
    const char *which, *version;
    json_t *json = json_loads(file, 0, NULL);
    enum status status = ERR_MALFORMED;
    if (json && json_unpack(json, "{s:s, s:s}", "text", &which, "version", &version) == 0 &&
        take_version(version, &text)) {
        text.text = strcmp(which, words[GUIDANCE_NOTICE]) == 0 ? GUIDANCE_NOTICE : GUIDANCE_GUIDANCE;
        json_object_del(json, "text");
        json_object_del(json, "version");
        status = read_text(&place, json, &text);
    }
    if (status == OK)
        status = store->ops->guidance_put(store, &text);
    free(text.body);
    json_decref(json);
    return status == ERR_STATE ? OK : status; /* what people have read stays as they read it */
}

enum status texts_bring(struct store *store)
{
    for (size_t i = 0; i < texts_built_in_count; i++)
        TRY(bring(store, texts_built_in[i]));
    return OK;
}

/* ---- Putting ---- */

static enum status take_text(struct call *call, struct store_guidance *text)
{
    char why[300] = "";
    struct json_place place = json_place_at(why, sizeof why);
    enum status status = read_text(&place, call->body, text);
    if (status == ERR_MALFORMED)
        call_fail_invalid(call, why);
    else if (status != OK)
        call_fail(call, PROBLEM_UNAVAILABLE, NULL);
    return status;
}

static void answer_body(struct call *call, int status, const char *body)
{
    call_answer_text(call, status, "application/json", bytes_of(body));
}

static void put_text(struct call *call, enum guidance_text which)
{
    struct store *store = call->api->store;
    struct store_guidance text = { .text = which, .made_at = now_unix_s(call->now) }, there = { 0 };
    if (!take_version(call->id.text, &text)) {
        call_fail(call, PROBLEM_INVALID, "The version is too long.");
        return;
    }
    if (take_text(call, &text) != OK)
        return;
    enum status before = store->ops->guidance_get(store, which, text.version, text.language, &there);
    free(there.body);
    enum status status = store->ops->guidance_put(store, &text);
    if (status == OK)
        answer_body(call, before == OK ? 200 : 201, text.body);
    else
        call_fail(call, status == ERR_STATE ? PROBLEM_EXISTS : PROBLEM_UNAVAILABLE,
                  status == ERR_STATE ? "There is another text of this version and language: people may have read it. "
                                        "Give the new one a new version."
                                      : NULL);
    free(text.body);
}

void on_guidance_put(struct call *call)
{
    put_text(call, GUIDANCE_GUIDANCE);
}

void on_notice_put(struct call *call)
{
    put_text(call, GUIDANCE_NOTICE);
}

/* ---- Getting ---- */

/* The language itself, then without its region, then English, then whichever there is. */
static enum status find_text(struct call *call, enum guidance_text which, char *language, struct store_guidance *text)
{
    const struct store_ops *ops = call->api->store->ops;
    enum status status = ops->guidance_get(call->api->store, which, call->id.text, language, text);
    language[strcspn(language, "-")] = 0;
    const char *const others[] = { language, "en", "" };
    for (size_t i = 0; i < sizeof others / sizeof *others && status == ERR_UNKNOWN; i++)
        status = ops->guidance_get(call->api->store, which, call->id.text, others[i], text);
    return status;
}

static void get_text(struct call *call, enum guidance_text which)
{
    const char *query = call->request->query;
    char language[STORE_WORD_MAX + 1] = "en";
    struct bytes value;
    struct store_guidance text;
    if (query_take(&query, "lang", &value) && value.len <= STORE_WORD_MAX) {
        memcpy(language, value.at, value.len);
        language[value.len] = 0;
    }
    if (*query || !is_language(language)) {
        call_fail(call, PROBLEM_BAD_QUERY, NULL);
        return;
    }
    enum status status = find_text(call, which, language, &text);
    if (status != OK) {
        call_fail(call, status == ERR_UNKNOWN ? PROBLEM_NOT_FOUND : PROBLEM_UNAVAILABLE, NULL);
        return;
    }
    answer_body(call, 200, text.body);
    free(text.body);
}

void on_guidance_get(struct call *call)
{
    get_text(call, GUIDANCE_GUIDANCE);
}

void on_notice_get(struct call *call)
{
    get_text(call, GUIDANCE_NOTICE);
}

static enum status add_text(void *context, const struct store_guidance *text)
{
    char cursor[ID_MAX + 1] = "";
    struct writer w = writer_over((uint8_t *)cursor, sizeof cursor - 1);
    write_format(&w, "%llu", (unsigned long long)text->number);
    return page_add(context, cursor,
                    json_pack("{s:s, s:s, s:s, s:I}", "text", words[text->text], "version", text->version, "language",
                              text->language, "made_at", (json_int_t)text->made_at));
}

void on_texts_list(struct call *call)
{
    struct store *store = call->api->store;
    struct page page;
    if (!page_begin(call, &page))
        return;
    /* A cursor that is no number begins anew. */
    page_end(call, &page,
             store->ops->guidances_after(store, strtoull(page.after.text, NULL, 10), page.limit + 1,
                                         (struct store_guidances){ add_text, &page }));
}
