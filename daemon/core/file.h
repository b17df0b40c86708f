/* file.h - the files of messages, as far as the core has to do with them: how they are told, what bounds
 * them, and the keys of file_url. Bytes are for upload.h and download.h. Loop thread. */
#ifndef HEARTH_CORE_FILE_H
#define HEARTH_CORE_FILE_H

#include "protocol/message.h"
#include "storage/job.h"

#define FILE_KEY_BYTES_MAX 96
#define FILE_KEY_MS        3600000

struct ask;
struct gateway;
struct session;

/* As they are told; texts are borrowed from the rows. */
void file_line_fill(const struct file_row *file, struct record_file_line *line);
void file_lines_fill(const struct entry *entry, struct record_file_line lines[FILES_MAX],
                     struct message_list *list);

/* The files that a send asks for, for its job. False: refusal says why. */
bool file_take_attachments(const struct message_list *attachments, struct job *job,
                           struct refusal *refusal);

/* The files of a row that is imported, in the job's memory: which the row's message gets, and what is known of those
 * that are gone. */
void file_take_lines(const struct message_list *lines, struct job *job, struct entry *entry);

struct file_limits file_limits(const struct gateway *gateway);

/* disk_quota, with the setting. */
void file_refuse_quota(const struct gateway *gateway, enum file_quota quota, struct refusal *refusal);

/* Are there files here, and may one be so long? Else forbidden or too_long. */
bool file_is_allowed(const struct gateway *gateway, int64_t size, struct refusal *refusal);

/* By which for an hour this user's browser may read the files of a room. False for a key that is none, or
 * over. */
void file_key_write(const struct gateway *gateway, int64_t user_id, int64_t room_id,
                    char out[FILE_KEY_BYTES_MAX]);
bool file_key_read(const struct gateway *gateway, const char *key, int64_t *user_id, int64_t *room_id);

/* For the floor above, while it is told the reply to file: its row; to upload and upload_state: the upload.
 * NULL else. */
const struct file_row *file_told(const struct gateway *gateway);
struct upload *upload_told(const struct gateway *gateway);

#endif
