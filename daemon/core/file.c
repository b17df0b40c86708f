#include "daemon/core/file.h"

#include "daemon/core/gateway_private.h"
#include "storage/crypto.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int64_t number_or_none(int64_t number)
{
    return number > 0 ? number : NUMBER_ABSENT;
}

void file_line_fill(const struct file_row *file, struct record_file_line *line)
{
    *line = (struct record_file_line){
        .id = file->id,
        .name = file->name,
        .type = file->type,
        .size = file->size,
        .width = number_or_none(file->width),
        .height = number_or_none(file->height),
        .preview = file->preview[0] != '\0' && !file->gone ? file->preview : NULL,
        .alt = file->alt && file->alt[0] != '\0' ? file->alt : NULL,
        .gone = file->gone,
    };
}

void file_lines_fill(const struct entry *entry, struct record_file_line lines[FILES_MAX],
                     struct message_list *list)
{
    size_t count = entry->deleted ? 0 : entry->file_count;
    for (size_t i = 0; i < count; i++)
        file_line_fill(&entry->files[i], &lines[i]);
    *list = (struct message_list){lines, count};
}

bool file_take_attachments(const struct message_list *attachments, struct job *job,
                           struct refusal *refusal)
{
    const struct record_attachment *items = attachments->items;
    if (attachments->count > FILES_MAX) {
        refuse(refusal, ERROR_bad_request, "files", "A message has at most %d files.", FILES_MAX);
        return false;
    }
    struct file_row *files =
        job && attachments->count > 0 ? job_memory(job, attachments->count * sizeof *files) : NULL;
    for (size_t i = 0; files && i < attachments->count; i++) {
        snprintf(files[i].id, sizeof files[i].id, "%s", items[i].id);
        snprintf(files[i].preview, sizeof files[i].preview, "%s", items[i].preview ? items[i].preview : "");
        files[i].alt = job_text(job, items[i].alt && items[i].alt[0] != '\0' ? items[i].alt : NULL);
    }
    if (files) {
        job->append.entry.files = files;
        job->append.entry.file_count = attachments->count;
    }
    return true;
}

void file_take_lines(const struct message_list *lines, struct job *job, struct entry *entry)
{
    const struct record_file_line *items = lines->items;
    struct file_row *files = lines->count > 0 ? job_memory(job, lines->count * sizeof *files) : NULL;
    for (size_t i = 0; files && i < lines->count; i++) {
        files[i] = (struct file_row){.size = items[i].size,
                                     .width = items[i].width == NUMBER_ABSENT ? 0 : items[i].width,
                                     .height = items[i].height == NUMBER_ABSENT ? 0 : items[i].height,
                                     .name = job_clean_text(job, items[i].name, TEXT_LINE),
                                     .type = job_clean_text(job, items[i].type, TEXT_LINE),
                                     .alt = job_clean_text(job, items[i].alt, TEXT_PROSE),
                                     .gone = items[i].gone};
        snprintf(files[i].id, sizeof files[i].id, "%s", items[i].id);
        snprintf(files[i].preview, sizeof files[i].preview, "%s", items[i].preview ? items[i].preview : "");
    }
    entry->files = files;
    entry->file_count = files ? lines->count : 0;
}

struct file_limits file_limits(const struct gateway *gateway)
{
    const struct config_files *files = &gateway->config->files;
    return (struct file_limits){files->user_bytes, files->room_bytes, files->disk_bytes};
}

void file_refuse_quota(const struct gateway *gateway, enum file_quota quota, struct refusal *refusal)
{
    const struct config_files *files = &gateway->config->files;
    if (quota == FILE_QUOTA_USER)
        refuse(refusal, ERROR_disk_quota, "files.user_bytes", "Your files take all the room that one user has: %" PRId64
               " KiB.", files->user_bytes / 1024);
    else if (quota == FILE_QUOTA_ROOM)
        refuse(refusal, ERROR_disk_quota, "files.room_bytes", "The files of this room take all that a room has: %" PRId64
               " KiB.", files->room_bytes / 1024);
    else
        refuse(refusal, ERROR_disk_quota, "files.disk_bytes", "The gateway has no room for more files; all together "
               "may take %" PRId64 " KiB, and less where the disk is full.", files->disk_bytes / 1024);
}

bool file_is_allowed(const struct gateway *gateway, int64_t size, struct refusal *refusal)
{
    const struct config_files *files = &gateway->config->files;
    if (!files->enabled)
        refuse(refusal, ERROR_forbidden, "files.enabled", "This gateway takes no files.");
    else if (size > files->bytes)
        refuse(refusal, ERROR_too_long, "files.bytes", "A file may have at most %" PRId64 " KiB here.",
               files->bytes / 1024);
    else
        return true;
    return false;
}

/* --- keys --------------------------------------------------------------------------------------- */

static uint64_t sign_key(const struct gateway *gateway, int64_t until, int64_t user_id, int64_t room_id)
{
    const int64_t numbers[] = {until, user_id, room_id};
    char text[1 + sizeof numbers] = {'f'};
    memcpy(text + 1, numbers, sizeof numbers);
    return hash_with(gateway->secret, text, sizeof text);
}

void file_key_write(const struct gateway *gateway, int64_t user_id, int64_t room_id,
                    char out[FILE_KEY_BYTES_MAX])
{
    int64_t until = gateway->now.elapsed_ms + FILE_KEY_MS;
    snprintf(out, FILE_KEY_BYTES_MAX, "%" PRIx64 "-%" PRIx64 "-%" PRIx64 "-%016" PRIx64, (uint64_t)until,
             (uint64_t)user_id, (uint64_t)room_id, sign_key(gateway, until, user_id, room_id));
}

bool file_key_read(const struct gateway *gateway, const char *key, int64_t *user_id, int64_t *room_id)
{
    uint64_t until, user, room, sign;
    int length = 0;
    if (sscanf(key, "%16" SCNx64 "-%16" SCNx64 "-%16" SCNx64 "-%16" SCNx64 "%n", &until, &user, &room, &sign,
               &length) != 4 ||
        key[length] != '\0' || until > SEQ_MAX || user > SEQ_MAX || room > SEQ_MAX ||
        (int64_t)until <= gateway->now.elapsed_ms ||
        sign != sign_key(gateway, (int64_t)until, (int64_t)user, (int64_t)room))
        return false;
    *user_id = (int64_t)user;
    *room_id = (int64_t)room;
    return true;
}

const struct file_row *file_told(const struct gateway *gateway)
{
    return gateway->files.file_told;
}

struct upload *upload_told(const struct gateway *gateway)
{
    return gateway->files.upload_told;
}
