#include "storage/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/database.h"

enum {
    PATH_BYTES = 1200,
    WAL_HEADER_BYTES = 32,
    FRAME_HEADER_BYTES = 24,
    PAGE_BYTES_MAX = 65536,
    COUNT_MAX = INT32_MAX,
    MISSING_TIMES_MAX = 1024 /* more than that has gone, or the header lies */
};

/* A frame of a WAL: a page as a transaction left it. */
struct frame {
    uint8_t header[FRAME_HEADER_BYTES];
    uint8_t *page; /* page_bytes */
};

static bool read_at(int fd, void *bytes, size_t size, int64_t offset)
{
    ssize_t got;
    do {
        got = pread(fd, bytes, size, (off_t)offset);
    } while (got < 0 && errno == EINTR);
    return got == (ssize_t)size;
}

static int64_t file_bytes(int fd)
{
    struct stat status;
    return fd >= 0 && fstat(fd, &status) == 0 ? (int64_t)status.st_size : 0;
}

/* False when it is there and cannot be opened. */
static bool open_part(const char *path, const char *end, int *fd)
{
    char name[PATH_BYTES];
    snprintf(name, sizeof name, "%s%s", path, end);
    *fd = open(name, O_RDONLY | O_CLOEXEC);
    return *fd >= 0 || errno == ENOENT;
}

/* --- how long a page is ------------------------------------------------------------------------- */

static bool is_page_size(uint32_t bytes)
{
    return bytes >= 512 && bytes <= PAGE_BYTES_MAX && (bytes & (bytes - 1)) == 0;
}

/* The header may lie; then it does not fit the length of the file, or the WAL. */
static uint32_t find_page_bytes(const struct pages *pages, const uint8_t *header,
                                const uint8_t *wal_header)
{
    uint32_t by_header = pages_number16(header + 16);
    uint32_t by_wal = pages_number32(wal_header + 8);
    if (by_header == 1)
        by_header = PAGE_BYTES_MAX;
    if (is_page_size(by_wal) && (by_wal == by_header || by_wal == DATABASE_PAGE_BYTES))
        return by_wal;
    bool fits = is_page_size(by_header) && pages_number32(header + 28) == file_bytes(pages->fd) / by_header;
    return fits || (is_page_size(by_header) && file_bytes(pages->fd) % DATABASE_PAGE_BYTES != 0)
               ? by_header
               : DATABASE_PAGE_BYTES;
}

/* --- the WAL ------------------------------------------------------------------------------------ */

/* Words of four bytes, in the order that the WAL's magic number tells. */
static void add_to_sum(uint32_t sum[2], const uint8_t *bytes, size_t size, bool is_big_endian)
{
    for (size_t i = 0; i + 8 <= size; i += 8) {
        uint32_t words[2];
        for (int j = 0; j < 2; j++) {
            const uint8_t *word = bytes + i + (size_t)j * 4;
            words[j] = is_big_endian ? pages_number32(word)
                                     : (uint32_t)word[3] << 24 | (uint32_t)word[2] << 16 |
                                           (uint32_t)word[1] << 8 | word[0];
        }
        sum[0] += words[0] + sum[1];
        sum[1] += words[1] + sum[0];
    }
}

static int64_t frame_offset(const struct pages *pages, uint32_t frame)
{
    return WAL_HEADER_BYTES + (int64_t)(frame - 1) * (FRAME_HEADER_BYTES + pages->page_bytes);
}

static bool read_frame(const struct pages *pages, uint32_t number, struct frame *frame)
{
    int64_t offset = frame_offset(pages, number);
    return read_at(pages->wal_fd, frame->header, sizeof frame->header, offset) &&
           read_at(pages->wal_fd, frame->page, pages->page_bytes, offset + FRAME_HEADER_BYTES);
}

/* Each frame is summed up together with the sum that the frame before it carries: so one that is
 * damaged does not take those behind it along, as it does for SQLite. */
static bool is_whole(const struct pages *pages, const struct frame *frame, const uint8_t *wal_header,
                     const uint8_t before[8])
{
    uint32_t sum[2] = {pages_number32(before), pages_number32(before + 4)};
    bool is_big_endian = wal_header[3] & 1;
    add_to_sum(sum, frame->header, 8, is_big_endian);
    add_to_sum(sum, frame->page, pages->page_bytes, is_big_endian);
    return memcmp(frame->header + 8, wal_header + 16, 8) == 0 && /* this round's salts */
           sum[0] == pages_number32(frame->header + 16) &&
           sum[1] == pages_number32(frame->header + 20);
}

/* What an earlier round of the WAL has left behind the end of this one: both salts are others then, where
 * a damaged frame has but one of them wrong. */
static bool is_of_another_round(const struct frame *frame, const uint8_t *wal_header)
{
    return memcmp(frame->header + 8, wal_header + 16, 4) != 0 &&
           memcmp(frame->header + 12, wal_header + 20, 4) != 0;
}

/* A header that does not fit its own sum is damaged: SQLite would take the whole WAL for nothing. What
 * matters of it, the salts, each frame has, too. */
static bool is_header_whole(const uint8_t *wal_header)
{
    uint32_t sum[2] = {0, 0};
    add_to_sum(sum, wal_header, 24, wal_header[3] & 1);
    return sum[0] == pages_number32(wal_header + 24) && sum[1] == pages_number32(wal_header + 28);
}

static bool mend_header(const struct pages *pages, uint8_t *wal_header)
{
    if (is_header_whole(wal_header))
        return true;
    wal_header[3] &= (uint8_t)~1; /* as machines write it whose lowest byte comes first */
    (void)read_at(pages->wal_fd, wal_header + 16, 8, WAL_HEADER_BYTES + 8);
    return false;
}

/* Which page each whole frame holds, in numbers; gives the newest frame that ends a transaction, and
 * says how many pages there were then. */
static uint32_t look_through(struct pages *pages, uint8_t *wal_header, struct frame *frame,
                             uint32_t *numbers)
{
    uint32_t committed = 0;
    bool is_cut = !mend_header(pages, wal_header);
    uint8_t before[8];
    memcpy(before, wal_header + 24, sizeof before);
    for (uint32_t i = 1; i <= pages->frame_count && read_frame(pages, i, frame) &&
                         !is_of_another_round(frame, wal_header);
         i++) {
        if (is_whole(pages, frame, wal_header, before)) {
            numbers[i] = pages_number32(frame->header);
            if (pages_number32(frame->header + 4) > 0) {
                committed = i;
                pages->cut_off += is_cut;
                pages->count = pages_number32(frame->header + 4);
            }
        } else {
            is_cut = true;
        }
        memcpy(before, frame->header + 16, sizeof before);
    }
    return committed;
}

static bool map_frames(struct pages *pages, const uint32_t *numbers, uint32_t committed)
{
    pages->frames = calloc((size_t)pages->count + 1, sizeof *pages->frames);
    for (uint32_t i = 1; pages->frames && i <= committed; i++)
        if (numbers[i] <= pages->count)
            pages->frames[numbers[i]] = i;
    return pages->frames != NULL;
}

static bool read_wal(struct pages *pages, uint8_t *wal_header, bool *has_commits)
{
    int64_t bytes = file_bytes(pages->wal_fd) - WAL_HEADER_BYTES;
    pages->frame_count =
        bytes > 0 ? (uint32_t)(bytes / (FRAME_HEADER_BYTES + (int64_t)pages->page_bytes)) : 0;
    uint32_t *numbers = calloc((size_t)pages->frame_count + 1, sizeof *numbers);
    struct frame frame = {.page = malloc(pages->page_bytes)};
    bool ok = numbers && frame.page;
    if (ok) {
        uint32_t committed = look_through(pages, wal_header, &frame, numbers);
        *has_commits = committed > 0;
        ok = map_frames(pages, numbers, committed);
    }
    free(frame.page);
    free(numbers);
    return ok;
}

/* --- opening ------------------------------------------------------------------------------------ */

static bool begin(struct pages *pages)
{
    uint8_t header[PAGES_HEADER_BYTES] = {0}, wal_header[WAL_HEADER_BYTES] = {0};
    if (pages->fd >= 0 && !read_at(pages->fd, header, sizeof header, 0))
        memset(header, 0, sizeof header);
    if (pages->wal_fd >= 0 && !read_at(pages->wal_fd, wal_header, sizeof wal_header, 0))
        memset(wal_header, 0, sizeof wal_header);
    pages->page_bytes = find_page_bytes(pages, header, wal_header);
    int64_t count = (file_bytes(pages->fd) + pages->page_bytes - 1) / pages->page_bytes;
    pages->file_count = pages->count = count > COUNT_MAX ? COUNT_MAX : (uint32_t)count;
    bool has_commits = false;
    if (!read_wal(pages, wal_header, &has_commits))
        return false;
    uint32_t wanted = pages_number32(header + 28);
    if (!has_commits && wanted > pages->count && wanted / MISSING_TIMES_MAX <= pages->count)
        pages->missing = wanted - pages->count;
    return true;
}

bool pages_open(struct pages *pages, const char *path)
{
    *pages = (struct pages){.fd = -1, .wal_fd = -1};
    if (open_part(path, "", &pages->fd) && open_part(path, "-wal", &pages->wal_fd) && begin(pages))
        return true;
    int why = errno;
    pages_close(pages);
    errno = why;
    return false;
}

void pages_close(struct pages *pages)
{
    if (pages->fd >= 0)
        close(pages->fd);
    if (pages->wal_fd >= 0)
        close(pages->wal_fd);
    free(pages->frames);
    *pages = (struct pages){.fd = -1, .wal_fd = -1};
}

/* The last page of a shortened file may be there in part. */
static bool read_from_file(const struct pages *pages, uint32_t number, uint8_t *bytes)
{
    int64_t offset = (int64_t)(number - 1) * pages->page_bytes;
    if (number > pages->file_count)
        return false;
    memset(bytes, 0, pages->page_bytes);
    int64_t left = file_bytes(pages->fd) - offset;
    return read_at(pages->fd, bytes, left < pages->page_bytes ? (size_t)left : pages->page_bytes,
                   offset);
}

bool pages_read(const struct pages *pages, uint32_t number, uint8_t *bytes)
{
    if (number < 1 || number > pages->count)
        return false;
    uint32_t frame = pages->frames ? pages->frames[number] : 0;
    if (frame)
        return read_at(pages->wal_fd, bytes, pages->page_bytes,
                       frame_offset(pages, frame) + FRAME_HEADER_BYTES);
    return read_from_file(pages, number, bytes);
}
