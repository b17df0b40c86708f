/* page.h - the page and what belongs to it: built in, or from http.page_dir. */
#ifndef HEARTH_NET_PAGE_H
#define HEARTH_NET_PAGE_H

#include "daemon/net/http_request.h"

/* A file of the page, as the build made it (see web/CMakeLists.txt). */
struct page_file {
    const char *path;     /* "/index.html" */
    const char *type;     /* Content-Type */
    const char *etag;     /* with its quotes */
    bool is_immutable;    /* its name changes with what is in it */
    size_t plain_bytes;
    const unsigned char *gzip, *gzip_end;
};

/* Ends with a path of NULL. */
extern const struct page_file page_files[];

/* GET and HEAD of any path: the file, or the page itself for a path that is no file's. */
void page_serve(struct http_request *http);

#endif
