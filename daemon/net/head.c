#include "daemon/net/head.h"

#include <string.h>
#include <strings.h>

#define METHOD_BYTES_MAX 32
#define LENGTH_DIGITS_MAX 18
#define EMPTY_LINES_MAX 2 /* before the first line: RFC 9112, 2.2 */

enum header_kind {
    HEADER_PASSES,      /* as it is */
    HEADER_PASSES_ONCE, /* a second one is refused: it would be read in two ways */
    HEADER_HOST,
    HEADER_LENGTH,
    HEADER_ENCODING,
    HEADER_EXPECT,
    HEADER_HOP, /* read by proxy.c, and of no use to lws */
    HEADER_UPGRADE
};

/* The fields that are used here. Others do not reach lws, whose parser of 4.1.6 never comes back from a
 * name that begins like one it knows ("X-A:" like "X-Real-IP:"). */
static const struct header {
    const char *name;
    enum header_kind kind;
} known_headers[] = {
    {"Host", HEADER_HOST},
    {"Content-Length", HEADER_LENGTH},
    {"Transfer-Encoding", HEADER_ENCODING},
    {"Expect", HEADER_EXPECT},
    {"Upgrade", HEADER_UPGRADE},
    {"Accept", HEADER_PASSES},
    {"Accept-Encoding", HEADER_PASSES},
    {"Accept-Language", HEADER_PASSES},
    {"Authorization", HEADER_PASSES_ONCE},
    {"Content-Disposition", HEADER_PASSES_ONCE},
    {"Content-Type", HEADER_PASSES_ONCE},
    {"Forwarded", HEADER_HOP},
    {"If-None-Match", HEADER_PASSES},
    {"If-Range", HEADER_PASSES_ONCE},
    {"Last-Event-ID", HEADER_PASSES_ONCE},
    {"Origin", HEADER_PASSES_ONCE},
    {"Range", HEADER_PASSES_ONCE},
    {"Sec-Fetch-Site", HEADER_PASSES_ONCE},
    {"Sec-WebSocket-Key", HEADER_PASSES_ONCE},
    {"Sec-WebSocket-Protocol", HEADER_PASSES},
    {"Sec-WebSocket-Version", HEADER_PASSES_ONCE},
    {"Upload-Offset", HEADER_PASSES_ONCE},
    {"X-Forwarded-For", HEADER_HOP},
    {"X-Forwarded-Proto", HEADER_HOP},
    /* of hooks: see renamed_headers */
    {"Z-Event", HEADER_PASSES}, {"Z-Delivery", HEADER_PASSES}, {"Z-Signature", HEADER_PASSES},
    {"Z-Title", HEADER_PASSES}, {"Z-Priority", HEADER_PASSES}, {"Z-Tags", HEADER_PASSES},
    {"Z-Click", HEADER_PASSES}, {"Z-Attach", HEADER_PASSES}, {"Z-Filename", HEADER_PASSES},
    {"Z-Message", HEADER_PASSES}, {"X-GitHub-Event", HEADER_PASSES_ONCE},
    {"X-Gitea-Event", HEADER_PASSES_ONCE}, {"X-Forgejo-Event", HEADER_PASSES_ONCE},
    {"X-GitHub-Delivery", HEADER_PASSES_ONCE}, {"X-Gitea-Delivery", HEADER_PASSES_ONCE},
    {"X-Hub-Signature-256", HEADER_PASSES_ONCE}, {"Title", HEADER_PASSES_ONCE},
    {"X-Title", HEADER_PASSES_ONCE}, {"t", HEADER_PASSES_ONCE}, {"ti", HEADER_PASSES_ONCE},
    {"Priority", HEADER_PASSES_ONCE}, {"X-Priority", HEADER_PASSES_ONCE},
    {"prio", HEADER_PASSES_ONCE}, {"p", HEADER_PASSES_ONCE}, {"Tags", HEADER_PASSES_ONCE},
    {"X-Tags", HEADER_PASSES_ONCE}, {"Tag", HEADER_PASSES_ONCE}, {"ta", HEADER_PASSES_ONCE},
    {"Click", HEADER_PASSES_ONCE}, {"X-Click", HEADER_PASSES_ONCE}, {"Attach", HEADER_PASSES_ONCE},
    {"X-Attach", HEADER_PASSES_ONCE}, {"a", HEADER_PASSES_ONCE}, {"Filename", HEADER_PASSES_ONCE},
    {"X-Filename", HEADER_PASSES_ONCE}, {"Message", HEADER_PASSES_ONCE},
    {"X-Message", HEADER_PASSES_ONCE}, {"m", HEADER_PASSES_ONCE},
};

/* What senders call by several names, and lws must not see by those: it stumbles over most of them. */
static const struct {
    const char *name, *as;
} renamed_headers[] = {
    {"X-GitHub-Event", "Z-Event"},       {"X-Gitea-Event", "Z-Event"},
    {"X-Forgejo-Event", "Z-Event"},      {"X-GitHub-Delivery", "Z-Delivery"},
    {"X-Gitea-Delivery", "Z-Delivery"},  {"X-Hub-Signature-256", "Z-Signature"},
    {"Title", "Z-Title"},                {"X-Title", "Z-Title"},
    {"t", "Z-Title"},                    {"ti", "Z-Title"},
    {"Priority", "Z-Priority"},          {"X-Priority", "Z-Priority"},
    {"prio", "Z-Priority"},              {"p", "Z-Priority"},
    {"Tags", "Z-Tags"},                  {"X-Tags", "Z-Tags"},
    {"Tag", "Z-Tags"},                   {"ta", "Z-Tags"},
    {"Click", "Z-Click"},                {"X-Click", "Z-Click"},
    {"Attach", "Z-Attach"},              {"X-Attach", "Z-Attach"},
    {"a", "Z-Attach"},                   {"Filename", "Z-Filename"},
    {"X-Filename", "Z-Filename"},        {"Message", "Z-Message"},
    {"X-Message", "Z-Message"},          {"m", "Z-Message"},
};

#define KNOWN_HEADER_COUNT (sizeof known_headers / sizeof *known_headers)

/* What has been seen of the fields of one head. */
struct reading {
    struct head *head;
    bool seen[KNOWN_HEADER_COUNT];
    bool has_absolute_target;
};

static bool reject(struct head *head, int status, const char *sentence)
{
    head->refusal =
        (struct head_refusal){.status = status, .code = ERROR_bad_request, .headers = "", .sentence = sentence};
    return false;
}

static bool reject_method(struct head *head, int status, enum error_code code,
                          const char *sentence)
{
    (void)reject(head, status, sentence);
    head->refusal.code = code;
    head->refusal.headers = "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n";
    return false;
}

/* --- characters ---------------------------------------------------------------------------------- */

static bool is_token_character(char c)
{
    bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return is_letter || (c >= '0' && c <= '9') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token(struct head_span span)
{
    for (size_t i = 0; i < span.length; i++)
        if (!is_token_character(span.bytes[i]))
            return false;
    return span.length > 0;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool span_is(struct head_span span, const char *text)
{
    return span.length == strlen(text) && memcmp(span.bytes, text, span.length) == 0;
}

static bool span_is_word(struct head_span span, const char *word)
{
    return span.length == strlen(word) && strncasecmp(span.bytes, word, span.length) == 0;
}

static struct head_span trimmed(struct head_span span)
{
    while (span.length > 0 && (span.bytes[0] == ' ' || span.bytes[0] == '\t')) {
        span.bytes++;
        span.length--;
    }
    while (span.length > 0 &&
           (span.bytes[span.length - 1] == ' ' || span.bytes[span.length - 1] == '\t'))
        span.length--;
    return span;
}

/* --- the first line ------------------------------------------------------------------------------- */

static bool read_method(struct head *head)
{
    static const char *const taken[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    if (!is_token(head->method) || head->method.length > METHOD_BYTES_MAX)
        return reject(head, 400, "The request does not begin with a method.");
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (span_is(head->method, taken[i]))
            return true;
    if (span_is(head->method, "CONNECT"))
        return reject_method(head, 405, ERROR_bad_request, "This is no proxy.");
    if (span_is(head->method, "TRACE"))
        return reject_method(head, 405, ERROR_bad_request, "Requests are not echoed here.");
    return reject_method(head, 501, ERROR_method_unknown, "This method is not known here.");
}

static bool read_version(struct head *head, struct head_span version)
{
    bool is_version = version.length == 8 && memcmp(version.bytes, "HTTP/", 5) == 0 &&
                      version.bytes[5] >= '0' && version.bytes[5] <= '9' && version.bytes[6] == '.' &&
                      version.bytes[7] >= '0' && version.bytes[7] <= '9';
    if (!is_version)
        return reject(head, 400, "The request line does not end in HTTP/1.1.");
    if (version.bytes[5] != '1')
        return reject(head, 505, "Only HTTP/1.1 and HTTP/1.0 are spoken here.");
    head->is_http_1_0 = version.bytes[7] == '0';
    return true;
}

/* Escapes are whole, and none of them ends a text: lws would cut the path there. Bytes above 127 are let
 * through: curl sends a path as it was typed. */
static bool check_target(struct head *head)
{
    const char *at = head->target.bytes, *end = at + head->target.length;
    for (; at < end; at++) {
        if (is_control(*at) || *at == '#' || *at == '\\')
            return reject(head, 400, "The address has a character that must be escaped.");
        if (*at != '%')
            continue;
        int high = end - at > 2 ? hex_value(at[1]) : -1;
        int low = high >= 0 ? hex_value(at[2]) : -1;
        if (low < 0 || (high == 0 && low == 0))
            return reject(head, 400, "The address has a % that is not followed by two digits of a byte.");
    }
    return true;
}

static size_t scheme_length(struct head_span target)
{
    if (target.length >= 7 && strncasecmp(target.bytes, "http://", 7) == 0)
        return 7;
    return target.length >= 8 && strncasecmp(target.bytes, "https://", 8) == 0 ? 8 : 0;
}

/* "http://board:8080/path": whose name it is comes first, and counts instead of Host (RFC 9112, 3.2.2). */
static bool split_absolute_target(struct reading *reading, size_t scheme)
{
    struct head *head = reading->head;
    struct head_span rest = {head->target.bytes + scheme, head->target.length - scheme};
    size_t length = 0;
    while (length < rest.length && rest.bytes[length] != '/' && rest.bytes[length] != '?')
        length++;
    if (length == 0 || memchr(rest.bytes, '@', length))
        return reject(head, 400, "The address names no host, or a user.");
    reading->has_absolute_target = true;
    head->host = (struct head_span){rest.bytes, length};
    head->target = (struct head_span){rest.bytes + length, rest.length - length};
    return true;
}

static bool read_target(struct reading *reading)
{
    struct head *head = reading->head;
    if (!check_target(head))
        return false;
    if (head->target.length > 0 && head->target.bytes[0] == '/')
        return true;
    if (span_is(head->target, "*") && span_is(head->method, "OPTIONS"))
        return true;
    size_t scheme = scheme_length(head->target);
    return scheme > 0 ? split_absolute_target(reading, scheme)
                      : reject(head, 400, "The address must be a path that begins with a slash.");
}

static bool read_first_line(struct reading *reading, struct head_span line)
{
    struct head *head = reading->head;
    const char *end = line.bytes + line.length;
    const char *first = memchr(line.bytes, ' ', line.length);
    const char *second = first ? memchr(first + 1, ' ', (size_t)(end - first) - 1) : NULL;
    head->method = (struct head_span){line.bytes, first ? (size_t)(first - line.bytes) : line.length};
    if (!read_method(head))
        return false;
    if (!second)
        return reject(head, 400, "The request line needs a method, an address and HTTP/1.1.");
    head->target = (struct head_span){first + 1, (size_t)(second - first) - 1};
    return read_version(head, (struct head_span){second + 1, (size_t)(end - second) - 1}) &&
           read_target(reading);
}

/* --- fields --------------------------------------------------------------------------------------- */

static const struct header *header_find(struct head_span name)
{
    for (size_t i = 0; i < KNOWN_HEADER_COUNT; i++)
        if (span_is_word(name, known_headers[i].name))
            return &known_headers[i];
    return NULL;
}

static bool take_length(struct head *head, struct head_span value)
{
    bool is_number = value.length > 0 && value.length <= LENGTH_DIGITS_MAX;
    for (size_t i = 0; i < value.length && is_number; i++) {
        is_number = value.bytes[i] >= '0' && value.bytes[i] <= '9';
        head->body_bytes = head->body_bytes * 10 + (value.bytes[i] - '0');
    }
    return is_number || reject(head, 400, "The Content-Length is no number.");
}

static bool take_value(struct reading *reading, enum header_kind kind, struct head_span value)
{
    struct head *head = reading->head;
    switch (kind) {
    case HEADER_HOST:
        if (!reading->has_absolute_target)
            head->host = value;
        return true;
    case HEADER_LENGTH:
        return take_length(head, value);
    case HEADER_ENCODING:
        return reject(head, 411, "Send a Content-Length instead of a Transfer-Encoding.");
    case HEADER_EXPECT:
        return span_is_word(value, "100-continue") ||
               reject(head, 417, "Nothing but 100-continue can be expected here.");
    case HEADER_UPGRADE:
        head->is_websocket = span_is_word(value, "websocket"); /* other wishes may be passed over */
        return true;
    case HEADER_PASSES:
    case HEADER_PASSES_ONCE:
    case HEADER_HOP:
        return true;
    }
    return true;
}

static bool split_field(struct head *head, struct head_span line, struct head_span *name,
                        struct head_span *value)
{
    const char *colon = memchr(line.bytes, ':', line.length);
    if (line.bytes[0] == ' ' || line.bytes[0] == '\t')
        return reject(head, 400, "A header goes on in a second line; it must be one line.");
    *name = (struct head_span){line.bytes, colon ? (size_t)(colon - line.bytes) : line.length};
    if (!colon || !is_token(*name))
        return reject(head, 400, "A header needs a name and a colon right behind it.");
    *value = trimmed((struct head_span){colon + 1, line.length - name->length - 1});
    return true;
}

static bool read_field(struct reading *reading, struct head_span line)
{
    struct head_span name, value;
    if (!split_field(reading->head, line, &name, &value))
        return false;
    const struct header *header = header_find(name);
    if (!header)
        return true;
    bool *seen = &reading->seen[header - known_headers];
    if (*seen && header->kind != HEADER_PASSES && header->kind != HEADER_HOP)
        return reject(reading->head, 400, "A header is there twice that can be there once.");
    *seen = true;
    return take_value(reading, header->kind, value);
}

/* --- lines ---------------------------------------------------------------------------------------- */

enum line_end { LINE_PARTIAL, LINE_WHOLE, LINE_WRONG };

/* The line at *at, and *at behind its end. Lines end in CR LF, and controls stand nowhere in them. */
static enum line_end take_line(const char **at, const char *end, struct head_span *line)
{
    const char *start = *at;
    for (const char *here = start; here < end; here++) {
        bool is_end = *here == '\r' && end - here > 1 && here[1] == '\n';
        if (is_end) {
            *line = (struct head_span){start, (size_t)(here - start)};
            *at = here + 2;
            return LINE_WHOLE;
        }
        bool may_be_end = *here == '\r' && end - here == 1;
        if (is_control(*here) && *here != '\t' && !may_be_end)
            return LINE_WRONG;
    }
    return LINE_PARTIAL;
}

static enum head_verdict verdict_of_end(struct head *head, enum line_end end, size_t length)
{
    if (end == LINE_WRONG) {
        (void)reject(head, 400, "The head of the request has a control character, or a line that does "
                                "not end in CR LF.");
        return HEAD_REFUSED;
    }
    if (length < HEAD_BYTES_MAX)
        return HEAD_PARTIAL;
    (void)reject(head, 431, "The head of the request is longer than 16384 bytes.");
    head->refusal.code = ERROR_head_too_long;
    return HEAD_REFUSED;
}

static bool check_whole(const struct reading *reading)
{
    struct head *head = reading->head;
    bool needs_host = !head->is_http_1_0 && !reading->has_absolute_target;
    if (needs_host && !reading->seen[header_find((struct head_span){"Host", 4}) - known_headers])
        return reject(head, 400, "The header Host is missing.");
    return true;
}

enum head_verdict head_read(const char *bytes, size_t length, struct head *head)
{
    struct reading reading = {.head = head};
    struct head_span line;
    const char *at = bytes, *end = bytes + (length < HEAD_BYTES_MAX ? length : HEAD_BYTES_MAX);
    enum line_end line_end = LINE_WHOLE;
    *head = (struct head){0};
    for (int empty = 0; empty <= EMPTY_LINES_MAX; empty++) {
        line_end = take_line(&at, end, &line);
        if (line_end != LINE_WHOLE)
            return verdict_of_end(head, line_end, length);
        if (line.length > 0)
            break;
    }
    if (!read_first_line(&reading, line))
        return HEAD_REFUSED;
    head->fields.bytes = at;
    while ((line_end = take_line(&at, end, &line)) == LINE_WHOLE && line.length > 0)
        if (!read_field(&reading, line))
            return HEAD_REFUSED;
    if (line_end != LINE_WHOLE)
        return verdict_of_end(head, line_end, length);
    head->fields.length = (size_t)(line.bytes - head->fields.bytes);
    head->length = (size_t)(at - bytes);
    return check_whole(&reading) ? HEAD_WHOLE : HEAD_REFUSED;
}

/* --- for lws -------------------------------------------------------------------------------------- */

static bool append_span(struct buffer *out, struct head_span span)
{
    return span.length == 0 || buffer_append(out, span.bytes, span.length);
}

static const char *name_for_lws(const char *name)
{
    for (size_t i = 0; i < sizeof renamed_headers / sizeof *renamed_headers; i++)
        if (strcmp(renamed_headers[i].name, name) == 0)
            return renamed_headers[i].as;
    return name;
}

static bool write_field(const struct header *header, struct head_span value, struct buffer *out)
{
    return buffer_append_text(out, name_for_lws(header->name)) && buffer_append_text(out, ": ") &&
           append_span(out, value) && buffer_append_text(out, "\r\n");
}

/* Connection is told anew: what a client may list there concerns nobody here. */
static bool write_upgrade(const struct head *head, struct buffer *out)
{
    return !head->is_websocket ||
           buffer_append_text(out, "Upgrade: websocket\r\nConnection: Upgrade\r\n");
}

static bool is_passed(const struct header *header)
{
    return header && header->kind != HEADER_HOST && header->kind != HEADER_UPGRADE &&
           header->kind != HEADER_HOP;
}

bool head_name_is(struct head_span name, const char *word)
{
    return span_is_word(name, word);
}

bool head_next_field(const struct head *head, const char **at, struct head_span *name,
                     struct head_span *value)
{
    struct head ignored;
    struct head_span line;
    const char *end = head->fields.bytes + head->fields.length;
    return *at < end && take_line(at, end, &line) == LINE_WHOLE &&
           split_field(&ignored, line, name, value); /* a head that was read has no others */
}

bool head_write(const struct head *head, struct buffer *out)
{
    static const struct header host = {"Host", HEADER_HOST};
    bool has_slash = head->target.length > 0 && head->target.bytes[0] == '/';
    struct head_span name, value;
    const char *at = head->fields.bytes;
    if (!append_span(out, head->method) || !buffer_append_text(out, has_slash ? " " : " /") ||
        !append_span(out, head->target) ||
        !buffer_append_text(out, head->is_http_1_0 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n") ||
        (head->host.length > 0 && !write_field(&host, head->host, out)) || !write_upgrade(head, out))
        return false;
    while (head_next_field(head, &at, &name, &value)) {
        const struct header *header = header_find(name);
        if (is_passed(header) && !write_field(header, value, out))
            return false;
    }
    return true;
}
