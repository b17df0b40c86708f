#include "daemon/net/page.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/net/body.h"
#include "daemon/net/field.h"
#include "daemon/net/headers.h"

#define FIELD_BYTES_MAX 512

static const struct page_file *find(const char *path)
{
    for (const struct page_file *file = page_files; file->path; file++)
        if (strcmp(file->path, path) == 0)
            return file;
    return NULL;
}

/* "/" and the rooms' addresses, /r/lobby: places within the page. */
static bool is_place(const char *path)
{
    return strcmp(path, "/") == 0 || strncmp(path, "/r/", 3) == 0;
}

/* The file of a path: a place within the page, a page beside it, or itself. */
static const char *file_of(const char *path)
{
    if (is_place(path))
        return "/index.html";
    return strcmp(path, "/trust") == 0 ? "/trust.html" : path;
}

static void no_such_file(struct http_request *http)
{
    http_request_refuse_with(http, 404, "", "bad_request", "There is nothing at this path.");
}

static const char *header(struct http_request *http, enum lws_token_indexes token, char *value)
{
    struct lws *wsi = http->connection.wsi;
    if (lws_hdr_total_length(wsi, token) == 0 ||
        lws_hdr_copy(wsi, value, FIELD_BYTES_MAX, token) < 0)
        return NULL;
    return value;
}

static bool is_known(struct http_request *http, const char *etag)
{
    char value[FIELD_BYTES_MAX];
    const char *field = header(http, WSI_TOKEN_HTTP_IF_NONE_MATCH, value);
    return field && field_matches_etag(field, etag);
}

/* Header lines of a file; encoding may be "". */
static bool append_headers(struct http_request *http, const struct page_file *file,
                           const char *encoding, struct buffer *out)
{
    return buffer_append_text(out, "Content-Type: ") && buffer_append_text(out, file->type) &&
           buffer_append_text(out, "\r\nETag: ") && buffer_append_text(out, file->etag) &&
           buffer_append_text(out, file->is_immutable
                                       ? "\r\nCache-Control: public, max-age=31536000, immutable"
                                       : "\r\nCache-Control: no-cache") &&
           buffer_append_text(out, "\r\nVary: Accept-Encoding\r\n") &&
           buffer_append_text(out, encoding) &&
           (strcmp(file->path, "/install.html") == 0 ? headers_install_policy(out)
            : strcmp(file->path, "/trust.html") == 0 ? headers_trust_policy(out)
                                                     : headers_page_policy(http->server->config, out)) &&
           buffer_append(out, "", 1);
}

/* For the few who do not take gzip. */
static void send_plain(struct http_request *http, const struct page_file *file, const char *headers)
{
    struct body *body = body_of_page(http->server, file);
    if (body)
        http_request_answer_body(http, 200, headers, body);
    else
        http_request_refuse(http, ERROR_internal, NULL, NULL);
}

static void send_built_in(struct http_request *http, const struct page_file *file)
{
    char value[FIELD_BYTES_MAX];
    struct buffer headers = {0};
    bool known = is_known(http, file->etag);
    bool gzip = field_accepts_gzip(header(http, WSI_TOKEN_HTTP_ACCEPT_ENCODING, value));
    bool whole =
        append_headers(http, file, gzip && !known ? "Content-Encoding: gzip\r\n" : "", &headers);
    const char *text = (const char *)headers.bytes;
    if (!whole)
        http_request_refuse(http, ERROR_internal, NULL, NULL);
    else if (known)
        http_request_answer(http, 304, text, NULL, 0);
    else if (gzip)
        http_request_answer_with(http, 200, text, file->gzip,
                                 (size_t)(file->gzip_end - file->gzip));
    else
        send_plain(http, file, text);
    buffer_finish(&headers);
}

static const char *type_of(const char *path)
{
    static const struct {
        const char *ending, *type;
    } types[] = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".json", "application/json"},
        {".webmanifest", "application/manifest+json"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".ico", "image/x-icon"},
        {".txt", "text/plain; charset=utf-8"},
        {".map", "application/json"},
    };
    size_t length = strlen(path);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        size_t ending = strlen(types[i].ending);
        if (length > ending && strcmp(path + length - ending, types[i].ending) == 0)
            return types[i].type;
    }
    return "application/octet-stream";
}

/* Opens a path below http.page_dir, one part after the other: no part may be a link, or lead out.
 * -1 if there is no such file. */
static int open_below(const char *folder, const char *path)
{
    char part[256];
    int at = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (at >= 0 && *path) {
        path += strspn(path, "/");
        size_t length = strcspn(path, "/");
        int next = -1;
        if (length > 0 && length < sizeof part && path[0] != '.') {
            memcpy(part, path, length);
            part[length] = '\0';
            next = openat(at, part, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        }
        close(at);
        at = next;
        path += length;
    }
    return at;
}

/* Opens a regular file; -1 if there is none. */
static int open_file(const struct http_request *http, const char *path, struct stat *status)
{
    int fd = open_below(http->server->config->http.page_dir, path);
    if (fd < 0 || (fstat(fd, status) == 0 && S_ISREG(status->st_mode)))
        return fd;
    close(fd);
    return -1;
}

static void send_file(struct http_request *http, int fd, const struct stat *status,
                      const char *headers)
{
    struct body *body = body_of_file(http->server, fd, status);
    if (body)
        http_request_answer_body(http, 200, headers, body);
    else
        http_request_refuse(http, ERROR_server_full, NULL,
                            "Too many other files are being sent; try again.");
}

/* A file that is being worked on: never cached for good, known by its time and size. */
static bool send_from_folder(struct http_request *http, const char *path)
{
    struct stat status;
    char etag[64];
    int fd = open_file(http, path, &status);
    if (fd < 0)
        return false;
    snprintf(etag, sizeof etag, "\"%llx-%llx-%lx\"", (unsigned long long)status.st_size,
             (unsigned long long)status.st_mtim.tv_sec, (unsigned long)status.st_mtim.tv_nsec);
    const struct page_file file = {.path = path, .type = type_of(path), .etag = etag};
    struct buffer headers = {0};
    bool is_whole = append_headers(http, &file, "", &headers);
    if (is_whole && !is_known(http, etag)) {
        send_file(http, fd, &status, (const char *)headers.bytes);
    } else {
        close(fd);
        if (is_whole)
            http_request_answer(http, 304, (const char *)headers.bytes, NULL, 0);
        else
            http_request_refuse(http, ERROR_internal, NULL, NULL);
    }
    buffer_finish(&headers);
    return true;
}

static void serve_folder(struct http_request *http)
{
    if (!send_from_folder(http, file_of(http->path)))
        no_such_file(http);
}

void page_serve(struct http_request *http)
{
    if (http->server->config->http.page_dir[0] != '\0') {
        serve_folder(http);
        return;
    }
    const struct page_file *file = find(file_of(http->path));
    if (file)
        send_built_in(http, file);
    else
        no_such_file(http);
}
