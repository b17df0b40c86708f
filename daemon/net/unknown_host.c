#include "daemon/net/unknown_host.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "daemon/net/field.h"
#include "daemon/net/headers.h"

#define LANGUAGES_BYTES 256

/* The host's name stands between before and after, and once more in the setting. */
struct words {
    const char *language, *title, *before, *after, *setting;
};

static const struct words english = {
    "en", "This chat does not know itself by that name",
    "This address was asked for as ",
    ", a name that the chat does not answer to: another site could have pointed it here. Open the chat by its "
    "IP address, or by its name on your network.",
    "Whoever looks after it can allow the name in hearth.conf:"};
static const struct words korean = {
    "ko", "이 채팅은 그 이름을 모릅니다",
    "이 주소를 부른 이름: ",
    ". 채팅이 응답하는 이름이 아닙니다. 다른 사이트가 이 이름을 여기로 돌려놓았을 수도 있습니다. IP 주소나 "
    "네트워크에서 쓰는 이름으로 여세요.",
    "관리자는 hearth.conf에서 이 이름을 허용할 수 있습니다:"};

static bool header(const struct http_request *http, enum lws_token_indexes token, char *out, int size)
{
    return lws_hdr_total_length(http->connection.wsi, token) > 0 &&
           lws_hdr_copy(http->connection.wsi, out, size, token) > 0;
}

/* The language that is named first counts, as browsers order them. */
static const struct words *words_for(const struct http_request *http)
{
    char languages[LANGUAGES_BYTES];
    bool is_korean = header(http, WSI_TOKEN_HTTP_ACCEPT_LANGUAGE, languages, sizeof languages) &&
                     strncasecmp(languages, "ko", 2) == 0 && !strchr("abcdefghijklmnopqrstuvwxyz", languages[2] | 0x20);
    return is_korean ? &korean : &english;
}

/* Whatever a name holds, it stays text. */
static bool append_escaped(struct buffer *out, const char *text)
{
    bool is_whole = true;
    for (; *text && is_whole; text++) {
        char number[8];
        snprintf(number, sizeof number, "&#%u;", (unsigned)(unsigned char)*text);
        bool is_plain = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
                        (*text >= '0' && *text <= '9') || strchr(".-:[]_", *text);
        is_whole = is_plain ? buffer_append(out, text, 1) : buffer_append_text(out, number);
    }
    return is_whole;
}

static bool append_page(struct buffer *out, const struct words *words, const char *host)
{
    return buffer_append_text(out, "<!doctype html><html lang=\"") &&
           buffer_append_text(out, words->language) &&
           buffer_append_text(out, "\"><meta charset=\"utf-8\">"
                                   "<meta name=\"viewport\" content=\"width=device-width\"><title>") &&
           buffer_append_text(out, words->title) && buffer_append_text(out, "</title><h1>") &&
           buffer_append_text(out, words->title) && buffer_append_text(out, "</h1><p>") &&
           buffer_append_text(out, words->before) && buffer_append_text(out, "<b>") &&
           append_escaped(out, host) && buffer_append_text(out, "</b>") &&
           buffer_append_text(out, words->after) && buffer_append_text(out, "</p><p>") &&
           buffer_append_text(out, words->setting) &&
           buffer_append_text(out, "</p><pre>http = { allowed_hosts = [\"") &&
           append_escaped(out, host) && buffer_append_text(out, "\"]; };</pre>\n");
}

void unknown_host_answer(struct http_request *http, const char *host)
{
    static const char headers[] = "Content-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\n"
                                  "Vary: Accept, Accept-Language\r\n"
                                  "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n";
    char accept[LANGUAGES_BYTES] = "";
    struct buffer page = {0};
    bool wants_page = header(http, WSI_TOKEN_HTTP_ACCEPT, accept, sizeof accept) &&
                      field_accepts(accept, "text/html");
    if (!wants_page || !append_page(&page, words_for(http), host)) {
        http_request_refuse_with(http, 403, "", "forbidden",
                                 "This gateway is not known by that name; see http.allowed_hosts.");
    } else {
        refuse_note(http->server, http->reason, lws_get_opaque_user_data(http->connection.wsi));
        http_request_answer(http, 403, headers, page.bytes, page.length);
    }
    buffer_finish(&page);
}
