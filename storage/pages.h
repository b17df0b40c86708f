/* pages.h - the pages of a database file as they lie on the disk, with its WAL over them, read without
 * SQLite: for a file that SQLite refuses, or reads only in part. It takes no lock and writes nothing:
 * the file has been set aside. See https://www.sqlite.org/fileformat2.html. One thread at a time. */
#ifndef HEARTH_STORAGE_PAGES_H
#define HEARTH_STORAGE_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGES_HEADER_BYTES 100 /* of the file, at the beginning of page 1 */

struct pages {
    int fd, wal_fd;        /* -1: there is no such file */
    uint32_t page_bytes;
    uint32_t count;        /* pages are numbered from 1 */
    uint32_t file_count;   /* of them in the file, the last perhaps in part */
    uint32_t missing;      /* so many more there were, by the header */
    uint32_t *frames;      /* owned; by page: its newest frame in the WAL, from 1; 0 none */
    uint32_t frame_count;
    uint32_t cut_off;      /* transactions that lie whole in the WAL behind a frame that is not: SQLite
                              would not see them */
};

/* Opens PATH and PATH-wal, of which either may be missing, and looks the WAL through: what was committed
 * and is whole counts, also behind a frame that is not. The memory it takes is four bytes a page. False
 * without memory, or when a file that is there cannot be opened: errno. */
bool pages_open(struct pages *pages, const char *path);
void pages_close(struct pages *pages);

/* Reads a page of page_bytes. False when the disk does not give it. */
bool pages_read(const struct pages *pages, uint32_t number, uint8_t *bytes);

/* Numbers as they lie in these files: the highest byte first. */
static inline uint32_t pages_number16(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 8 | bytes[1];
}
static inline uint32_t pages_number32(const uint8_t *bytes)
{
    return pages_number16(bytes) << 16 | pages_number16(bytes + 2);
}

#endif
