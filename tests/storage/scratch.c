#include "tests/storage/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/messages.h"
#include "storage/schema.h"

void scratch_make(struct scratch *scratch)
{
    memset(scratch, 0, sizeof *scratch);
    snprintf(scratch->folder, sizeof scratch->folder, "/tmp/hearth-test-XXXXXX");
    assert_non_null(mkdtemp(scratch->folder));
    snprintf(scratch->path, sizeof scratch->path, "%s/chat.db", scratch->folder);
}

static void add_room(struct database *database, int id, const char *name, int visibility, int a,
                     int b)
{
    char sql[256];
    snprintf(sql, sizeof sql,
             "INSERT INTO rooms(id,name,folded,topic,log_id,visibility,keep,user_a,user_b)"
             " VALUES(%d,'%s','%s','','0123456789abcdef',%d,0,%d,%d)",
             id, name, name, visibility, a, b);
    assert_true(database_execute(database, sql));
}

void scratch_open(struct scratch *scratch)
{
    scratch_make(scratch);
    int fd = open(scratch->path, O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    struct database_options options = {
        .path = scratch->path, .cache_bytes = 1 << 20, .busy_ms = 1000};
    assert_true(database_open(&scratch->database, &options));
    assert_true(database_execute(&scratch->database, "PRAGMA journal_mode=WAL"));
    assert_int_equal(schema_migrate(&scratch->database), SCHEMA_READY);
    add_room(&scratch->database, 1, "lobby", VISIBILITY_PUBLIC, 0, 0);
    add_room(&scratch->database, 2, "cellar", VISIBILITY_PRIVATE, 0, 0);
    add_room(&scratch->database, 3, "@a,b", VISIBILITY_DIRECT, 7, 8);
}

static void each_file(const struct scratch *scratch, void (*act)(const char *path, void *with),
                      void *with)
{
    DIR *folder = opendir(scratch->folder);
    for (struct dirent *file; folder && (file = readdir(folder));) {
        char path[400];
        if (file->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", scratch->folder, file->d_name);
        act(path, with);
    }
    if (folder)
        closedir(folder);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

void scratch_remove(struct scratch *scratch)
{
    database_close(&scratch->database);
    (void)nftw(scratch->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void scratch_insert(struct database *database, int64_t room_id, int64_t seq, int64_t ts,
                    const char *from, const char *text)
{
    struct entry entry = {
        .seq = seq, .ts = ts, .kind = ENTRY_KIND_MESSAGE, .user_id = 7, .from = from, .text = text};
    assert_true(messages_insert(database, room_id, &entry));
}

struct needle {
    const char *bytes;
    size_t count;
};

static void count_in_file(const char *path, void *with)
{
    struct needle *needle = with;
    FILE *file = fopen(path, "rb");
    if (!file)
        return;
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    char *content = malloc(size + 1);
    assert_non_null(content);
    size = fread(content, 1, size, file);
    fclose(file);
    for (char *at = content;
         (at = memmem(at, size - (size_t)(at - content), needle->bytes, strlen(needle->bytes)));
         at++)
        needle->count++;
    free(content);
}

size_t scratch_count(const struct scratch *scratch, const char *bytes)
{
    struct needle needle = {bytes, 0};
    each_file(scratch, count_in_file, &needle);
    return needle.count;
}

int64_t scratch_query(struct database *database, const char *sql)
{
    return database_ask(database, sql, -1);
}
