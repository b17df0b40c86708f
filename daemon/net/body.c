#include "daemon/net/body.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <utlist.h>
#include <zlib.h>

#include "daemon/net/page.h"

#define GZIP_WINDOW_BITS (15 + 16) /* zlib: 16 says that there is a gzip header */

struct body {
    struct body *prev, *next; /* server->bodies */
    size_t users, length;
    const struct page_file *page; /* NULL: a file */
    unsigned char *plain;         /* owned; of a page */
    struct stat status;           /* of a file: which one it is, and as of when */
    int fd;                       /* owned; -1 of a page */
};

static struct body *add(struct server *server, const struct body *like)
{
    struct body *body = malloc(sizeof *body);
    if (!body)
        return NULL;
    *body = *like;
    body->users = 1;
    DL_APPEND(server->bodies, body);
    return body;
}

/* A file that was written or replaced meanwhile is another. */
static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

struct body *body_of_file(struct server *server, int fd, const struct stat *status)
{
    struct body *body;
    size_t count = 0;
    DL_FOREACH(server->bodies, body)
    {
        count += !body->page;
        if (body->page || !is_same(&body->status, status))
            continue;
        close(fd);
        body->users++;
        return body;
    }
    const struct body file = {.length = (size_t)status->st_size, .status = *status, .fd = fd};
    body = count < BODY_FILES_MAX ? add(server, &file) : NULL;
    if (!body)
        close(fd);
    return body;
}

static unsigned char *unpack(const struct page_file *file)
{
    z_stream stream = {0};
    unsigned char *plain = malloc(file->plain_bytes + 1);
    if (!plain)
        return NULL;
    stream.next_in = (unsigned char *)(uintptr_t)file->gzip;
    stream.avail_in = (uInt)(file->gzip_end - file->gzip);
    stream.next_out = plain;
    stream.avail_out = (uInt)file->plain_bytes + 1;
    bool is_whole = inflateInit2(&stream, GZIP_WINDOW_BITS) == Z_OK;
    if (is_whole) {
        is_whole =
            inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.total_out == file->plain_bytes;
        inflateEnd(&stream);
    }
    if (is_whole)
        return plain;
    free(plain);
    return NULL;
}

struct body *body_of_page(struct server *server, const struct page_file *file)
{
    struct body *body;
    DL_SEARCH_SCALAR(server->bodies, body, page, file);
    if (body) {
        body->users++;
        return body;
    }
    const struct body page = {
        .length = file->plain_bytes, .page = file, .plain = unpack(file), .fd = -1};
    if (page.plain && (body = add(server, &page)))
        return body;
    free(page.plain);
    return NULL;
}

size_t body_length(const struct body *body)
{
    return body->length;
}

const unsigned char *body_read(const struct body *body, size_t offset, size_t *length)
{
    static unsigned char piece[BODY_PIECE_BYTES];
    *length = body->length - offset < sizeof piece ? body->length - offset : sizeof piece;
    if (body->page)
        return body->plain + offset;
    size_t have = 0;
    while (have < *length) {
        ssize_t got = pread(body->fd, piece + have, *length - have, (off_t)(offset + have));
        if (got == 0 || (got < 0 && errno != EINTR))
            return NULL;
        have += got > 0 ? (size_t)got : 0;
    }
    return piece;
}

void body_release(struct server *server, struct body *body)
{
    if (!body || --body->users > 0)
        return;
    DL_DELETE(server->bodies, body);
    if (body->fd >= 0)
        close(body->fd);
    free(body->plain);
    free(body);
}
