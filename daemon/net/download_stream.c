#include "daemon/net/download_stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/download.h"
#include "daemon/core/file.h"
#include "daemon/net/api.h"
#include "daemon/net/field.h"
#include "daemon/net/file_name.h"
#include "daemon/net/headers.h"
#include "protocol/media/media.h"

#define PIECE_BYTES 16384

struct download_stream {
    struct download download;
    int64_t at, end;     /* the next piece, and where the last one ends */
    struct buffer piece; /* read, and not sent yet */
    bool is_asked;
};

static struct gateway *gateway_of(const struct http_request *http)
{
    return http->server->gateway;
}

void download_stream_end(struct http_request *http)
{
    if (!http->download)
        return;
    download_finish(gateway_of(http), &http->download->download);
    buffer_finish(&http->download->piece);
    free(http->download);
    http->download = NULL;
}

/* --- asking ------------------------------------------------------------------------------------- */

void download_get(struct http_request *http)
{
    static const char folder[] = "/files/";
    char key[FILE_KEY_BYTES_MAX], id[FILE_ID_BYTES + 1] = "";
    struct buffer request = {0};
    const char *start = strstr(http->path, folder) + sizeof folder - 1; /* the administrator's begins otherwise */
    size_t length = strcspn(start, "/");
    if (length < sizeof id)
        memcpy(id, start, length);
    (void)buffer_append_text(&request, "{\"type\":\"file\",\"id\":"); /* failed tells */
    (void)json_append_string(&request, id);
    if (http->key[0] == '\0' && api_argument(http, "key", key, sizeof key)) {
        (void)buffer_append_text(&request, ",\"key\":");
        (void)json_append_string(&request, key);
    }
    (void)buffer_append_text(&request, "}");
    http->form = ANSWER_FILE;
    if (request.failed || id[0] == '\0')
        http_request_refuse(http, ERROR_message_not_found, "id", "There is no such file.");
    else
        http_request_ask(http, SIGN_IN_OPTIONAL, request.bytes, request.length);
    buffer_finish(&request);
}

/* --- answering ---------------------------------------------------------------------------------- */

static bool read_header(struct http_request *http, enum lws_token_indexes token, char *value, int size)
{
    struct lws *wsi = http->connection.wsi;
    return lws_hdr_total_length(wsi, token) > 0 && lws_hdr_copy(wsi, value, size, token) > 0;
}

/* The bytes never change: whoever has them needs no others. */
static void write_etag(const struct file_row *file, char out[64])
{
    size_t used = (size_t)snprintf(out, 64, "\"");
    for (size_t i = 0; i < 16; i++)
        used += (size_t)snprintf(out + used, 64 - used, "%02x", file->hash[i]);
    snprintf(out + used, 64 - used, "\"");
}

enum range { RANGE_NONE, RANGE_PART, RANGE_BAD };

/* One range; of several the whole is sent, as RFC 9110 allows. If-Range names another file: the same. */
static enum range read_range(struct http_request *http, const struct file_row *file, const char *etag,
                             int64_t *from, int64_t *to)
{
    char value[64], condition[80];
    if (!read_header(http, WSI_TOKEN_HTTP_RANGE, value, sizeof value) ||
        (read_header(http, WSI_TOKEN_HTTP_IF_RANGE, condition, sizeof condition) &&
         strcmp(condition, etag) != 0))
        return RANGE_NONE;
    return field_range(value, file->size, from, to) ? (*from <= *to ? RANGE_PART : RANGE_BAD) : RANGE_NONE;
}

/* Nothing that is not sure to be a picture, a film or a sound is shown by a browser as anything. */
static void write_headers(const struct file_row *file, const char *etag, const char *range, char *out,
                          size_t size)
{
    char name[FILE_NAME_FIELD_BYTES];
    file_name_write(file->name, name);
    snprintf(out, size,
             "Content-Type: %s\r\nETag: %s\r\nAccept-Ranges: bytes\r\n%s"
             "Cache-Control: private, max-age=31536000, immutable\r\n"
             "Content-Security-Policy: sandbox; default-src 'none'\r\n"
             "Content-Disposition: %s; %s\r\n",
             file->type, etag, range, media_is_shown(file->type) ? "inline" : "attachment", name);
}

static void on_piece(void *owner, const unsigned char *piece, size_t length)
{
    struct http_request *http = owner;
    http->download->is_asked = false;
    if (piece && buffer_append(&http->download->piece, piece, length)) {
        http->download->at += (int64_t)length;
        lws_callback_on_writable(http->connection.wsi);
    } else {
        connection_kill(&http->connection); /* its length tells whoever reads it */
    }
}

static bool create(struct http_request *http, const struct file_row *file, int64_t from, int64_t to)
{
    struct download_stream *stream = http->download = calloc(1, sizeof *stream);
    if (!stream)
        return false;
    stream->at = from;
    stream->end = to + 1;
    download_init(&stream->download, file->hash, on_piece, http);
    return true;
}

static void answer_part(struct http_request *http, const struct file_row *file, const char *etag,
                        enum range kind, int64_t from, int64_t to)
{
    char headers[FILE_NAME_FIELD_BYTES + 640], range[96] = "";
    int status = kind == RANGE_PART ? 206 : kind == RANGE_BAD ? 416 : 200;
    if (kind == RANGE_PART)
        snprintf(range, sizeof range, "Content-Range: bytes %" PRId64 "-%" PRId64 "/%" PRId64 "\r\n", from, to,
                 file->size);
    else if (kind == RANGE_BAD)
        snprintf(range, sizeof range, "Content-Range: bytes */%" PRId64 "\r\n", file->size);
    write_headers(file, etag, range, headers, sizeof headers);
    if (kind == RANGE_BAD)
        http_request_answer(http, status, headers, NULL, 0);
    else if ((uint64_t)(to - from) > SIZE_MAX / 2 || (http->method != METHOD_HEAD && !create(http, file, from, to)))
        http_request_refuse(http, ERROR_internal, NULL, NULL);
    else
        http_request_answer_with(http, status, headers, NULL, (size_t)(to - from + 1));
}

void download_stream_replied(struct http_request *http)
{
    const struct file_row *file = file_told(gateway_of(http));
    char etag[64], known[256], headers[FILE_NAME_FIELD_BYTES + 640];
    int64_t from = 0, to = file->size - 1;
    write_etag(file, etag);
    if (read_header(http, WSI_TOKEN_HTTP_IF_NONE_MATCH, known, sizeof known) &&
        field_matches_etag(known, etag)) {
        write_headers(file, etag, "", headers, sizeof headers);
        http_request_answer(http, 304, headers, NULL, 0);
        return;
    }
    enum range kind = read_range(http, file, etag, &from, &to);
    if (kind == RANGE_NONE) {
        from = 0;
        to = file->size - 1;
    }
    answer_part(http, file, etag, kind, from, to);
}

/* --- pieces ------------------------------------------------------------------------------------- */

const unsigned char *download_stream_piece(struct http_request *http, size_t *length)
{
    struct download_stream *stream = http->download;
    int64_t most = http->server->config->limits.write_bytes;
    int64_t left = stream->end - stream->at;
    most = most < PIECE_BYTES ? most : PIECE_BYTES;
    *length = stream->piece.length;
    if (*length == 0 && !stream->is_asked && left > 0) {
        stream->is_asked = true;
        download_read(gateway_of(http), &stream->download, stream->at, (size_t)(left < most ? left : most));
        *length = stream->piece.length;
    }
    return stream->piece.bytes;
}

size_t download_stream_ready(const struct http_request *http)
{
    return http->download->piece.length;
}

void download_stream_sent(struct http_request *http, size_t length)
{
    buffer_consume(&http->download->piece, length);
    if (http->download->piece.length == 0)
        buffer_finish(&http->download->piece); /* what waits for the next takes nothing */
}
