#include "shell/url.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"

static bool has_part(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    CURLUcode code = curl_url_get(url, part, &text, 0);
    curl_free(text);
    return code == CURLUE_OK;
}

static bool copy_part(CURLU *url, CURLUPart part, char *to, size_t size)
{
    char *text = NULL;
    bool fits = curl_url_get(url, part, &text, 0) == CURLUE_OK && strlen(text) < size;
    if (fits)
        strcpy(to, text);
    curl_free(text);
    return fits;
}

static void drop_brackets(char *host)
{
    size_t len = strlen(host);
    if (len < 2 || host[0] != '[' || host[len - 1] != ']')
        return;
    memmove(host, host + 1, len - 2);
    host[len - 2] = 0;
}

static bool is_loopback(const char *host)
{
    static const uint8_t one[16] = { [15] = 1 };
    struct address address;
    if (!address_parse_ip(host, &address))
        return strcmp(host, "localhost") == 0;
    return address.family == ADDRESS_IPV4 ? address.ip[0] == 127 : memcmp(address.ip, one, sizeof one) == 0;
}

bool url_parse(const char *text, struct url *parsed)
{
    struct url url = { 0 };
    CURLU *parts = curl_url();
    bool good = parts && curl_url_set(parts, CURLUPART_URL, text, 0) == CURLUE_OK && !has_part(parts, CURLUPART_USER) &&
                !has_part(parts, CURLUPART_PASSWORD) && !has_part(parts, CURLUPART_FRAGMENT) &&
                copy_part(parts, CURLUPART_SCHEME, url.scheme, sizeof url.scheme) &&
                copy_part(parts, CURLUPART_HOST, url.host, sizeof url.host);
    curl_url_cleanup(parts);
    if (!good)
        return false;
    drop_brackets(url.host);
    url.is_loopback = is_loopback(url.host);
    *parsed = url;
    return true;
}

static bool starts_with(const char **text, const char *start)
{
    size_t len = strlen(start);
    if (strncmp(*text, start, len) != 0)
        return false;
    *text += len;
    return true;
}

/* A name, an IPv4 address, or an IPv6 one in brackets. */
static bool skip_host(const char **text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
    char ip[ADDRESS_TEXT_MAX];
    struct address address;
    size_t len = strspn(*text, letters);
    if (**text == '[') {
        size_t end = strcspn(*text, "]");
        if ((*text)[end] != ']' || end - 1 >= sizeof ip)
            return false;
        memcpy(ip, *text + 1, end - 1);
        ip[end - 1] = 0;
        len = address_parse_ip(ip, &address) ? end + 1 : 0;
    }
    *text += len;
    return len > 0;
}

static bool skip_port(const char **text)
{
    size_t len = strspn(*text, "0123456789");
    unsigned long port = len > 0 && len <= 5 ? strtoul(*text, NULL, 10) : 0;
    *text += len;
    return port >= 1 && port <= 65535;
}

bool url_is_turn(const char *text)
{
    if (!starts_with(&text, "turn:") && !starts_with(&text, "turns:"))
        return false;
    if (!skip_host(&text) || (starts_with(&text, ":") && !skip_port(&text)))
        return false;
    return !*text || strcmp(text, "?transport=udp") == 0 || strcmp(text, "?transport=tcp") == 0;
}
