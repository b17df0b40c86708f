/* folder.h - where the bytes of files lie: in a folder beside the database, chat.files of chat.db, each called by the SHA-256 of
 * what is in it, so that the same twice is stored once. What is still coming is called upload-N. The
 * writer alone gives and removes names; the thread of files writes and reads. path is the database's;
 * NULL is a database in memory, whose files have no bytes. */
#ifndef HEARTH_STORAGE_FOLDER_H
#define HEARTH_STORAGE_FOLDER_H

#include "storage/crypto.h"

#define FOLDER_PATH_BYTES 1200

void folder_name(const char *path, char out[FOLDER_PATH_BYTES]);
void folder_file_name(const char *path, const uint8_t hash[HASH_BYTES], char out[FOLDER_PATH_BYTES]);
void folder_part_name(const char *path, uint32_t upload, char out[FOLDER_PATH_BYTES]);

/* Hexadecimal, and back; false for a name that is no hash. */
#define HASH_TEXT_BYTES (2 * HASH_BYTES)
void hash_write(const uint8_t hash[HASH_BYTES], char out[HASH_TEXT_BYTES + 1]);
bool hash_read(const char *text, uint8_t hash[HASH_BYTES]);

/* Before anything else: removes what was still coming when the gateway ended. */
void folder_begin(const char *path);

/* A file for what comes: its descriptor, or -1 with errno. The first makes the folder, and its name is on the disk before
 * *is_kept says so: one that an earlier attempt has made may not be. */
int folder_make_part(const char *path, uint32_t upload, bool *is_kept);

/* A name that was given or taken away is on the disk only when the folder is: this one, or the one that name
 * lies in. False with errno. */
bool folder_sync(const char *folder);
bool folder_sync_around(const char *name);

/* An upload that is on the disk gets its name, which is there when this is true. Again is fine. False: with errno. */
bool folder_take(const char *path, uint32_t upload, const uint8_t hash[HASH_BYTES]);

/* Gone, or was not there. */
void folder_drop(const char *path, const uint8_t hash[HASH_BYTES]);

bool folder_has(const char *path, const uint8_t hash[HASH_BYTES]);

/* No file is in it, or it is not there, as when the disk that it lies on is not mounted. */
bool folder_is_empty(const char *path);

#endif
