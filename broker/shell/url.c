#include "shell/url.h"

#include <curl/curl.h>
#include <stdio.h>
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
