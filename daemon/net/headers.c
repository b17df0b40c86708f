#include "daemon/net/headers.h"

#include <string.h>
#include <time.h>

#include "storage/clock.h"

const char headers_everywhere[] = "X-Content-Type-Options: nosniff\r\n"
                                  "Referrer-Policy: no-referrer\r\n"
                                  "X-Frame-Options: DENY\r\n"
                                  "Cross-Origin-Opener-Policy: same-origin\r\n"
                                  "Cross-Origin-Resource-Policy: same-origin\r\n";

const char headers_json[] = "Content-Type: application/json\r\n"
                            "Cache-Control: no-store\r\n"
                            "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n";

const char *headers_status(int status)
{
    static const struct {
        int status;
        const char *line;
    } lines[] = {
        {200, "200 OK"},
        {201, "201 Created"},
        {204, "204 No Content"},
        {206, "206 Partial Content"},
        {302, "302 Found"},
        {304, "304 Not Modified"},
        {400, "400 Bad Request"},
        {401, "401 Unauthorized"},
        {403, "403 Forbidden"},
        {404, "404 Not Found"},
        {405, "405 Method Not Allowed"},
        {406, "406 Not Acceptable"},
        {408, "408 Request Timeout"},
        {409, "409 Conflict"},
        {410, "410 Gone"},
        {411, "411 Length Required"},
        {413, "413 Content Too Large"},
        {416, "416 Range Not Satisfiable"},
        {417, "417 Expectation Failed"},
        {426, "426 Upgrade Required"},
        {429, "429 Too Many Requests"},
        {431, "431 Request Header Fields Too Large"},
        {501, "501 Not Implemented"},
        {503, "503 Service Unavailable"},
        {505, "505 HTTP Version Not Supported"},
        {507, "507 Insufficient Storage"},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (lines[i].status == status)
            return lines[i].line;
    return "500 Internal Server Error";
}

static bool append_names(const char *list, struct buffer *out)
{
    for (;;) {
        list += strspn(list, " \t,");
        size_t length = strcspn(list, " \t,;'\"");
        if (length == 0)
            return true;
        if (*list != '*' && !(buffer_append_text(out, " ws://") && buffer_append(out, list, length) &&
                              buffer_append_text(out, " wss://") &&
                              buffer_append(out, list, length)))
            return false;
        list += length;
    }
}

bool headers_page_policy(const struct config *config, struct buffer *out)
{
    return buffer_append_text(out, "Content-Security-Policy: default-src 'none'; "
                                   "script-src 'self'; style-src 'self'; connect-src 'self'") &&
           append_names(config->http.allowed_hosts, out) &&
           buffer_append_text(out, "; img-src 'self' blob: data:; media-src 'self' blob:; "
                                   "manifest-src 'self'; worker-src 'self'; base-uri 'none'; "
                                   "form-action 'self'; frame-ancestors 'none'; "
                                   "require-trusted-types-for 'script'; trusted-types 'none'\r\n"
                                   "Permissions-Policy: camera=(), geolocation=(), microphone=(self), "
                                   "payment=(), usb=()\r\n");
}

bool headers_trust_policy(struct buffer *out)
{
    return buffer_append_text(out, "Content-Security-Policy: default-src 'none'; "
                                   "script-src 'self'; style-src 'self'; img-src 'self' data:; "
                                   "connect-src 'self' https:; base-uri 'none'; form-action 'none'; "
                                   "frame-ancestors 'none'; require-trusted-types-for 'script'; "
                                   "trusted-types 'none'\r\n");
}

bool headers_install_policy(struct buffer *out)
{
    return buffer_append_text(out, "Content-Security-Policy: default-src 'none'; "
                                   "script-src 'self'; img-src 'self'; worker-src 'self'; "
                                   "base-uri 'none'; form-action 'none'; "
                                   "frame-ancestors 'none'\r\n");
}

/* A server without a clock sends no date (RFC 9110, 6.6.1). */
bool headers_date(struct buffer *out)
{
    char line[64];
    struct tm parts;
    int64_t now_ms = clock_system_ms();
    time_t now = (time_t)(now_ms / 1000);
    if (now_ms < clock_built_ms() || !gmtime_r(&now, &parts) ||
        strftime(line, sizeof line, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts) == 0)
        return true;
    return buffer_append_text(out, line);
}
