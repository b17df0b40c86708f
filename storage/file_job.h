/* file_job.h - what is asked of the store about files: parts of jobs. For job.h. */
#ifndef HEARTH_STORAGE_FILE_JOB_H
#define HEARTH_STORAGE_FILE_JOB_H

#include "storage/clock.h"
#include "storage/model.h"
#include "storage/moderation.h"

/* Which bound a file meets. */
enum file_quota { FILE_QUOTA_NONE, FILE_QUOTA_USER, FILE_QUOTA_ROOM, FILE_QUOTA_DISK };

/* files.user_bytes, .room_bytes, .disk_bytes. */
struct file_limits { int64_t user_bytes, room_bytes, disk_bytes; };

/* JOB_FILE_ADD, JOB_FILE_ROOM, JOB_FILE_REMOVE, JOB_FILE_FIND. */
struct job_file {
    struct file_row file;   /* to add: all of it; else what is looked for by its id; answer: as it is */
    uint32_t upload;        /* to add: whose bytes they are, as in job_file_step */
    struct file_limits limits; /* to add, and of room */
    enum file_quota quota;  /* answer of JOB_FILES_FULL */
    int64_t reader_id;      /* to find: for whom; 0: for nobody */
    struct user_row reader; /* answer: id 0 when there is no such user */
    struct grant grant;     /* answer: what the file's room remembers about the reader */
    struct moment at;
};

/* A page of files, the newest first, those before a row's number; of one room, or all. */
#define FILE_LIST_MAX 200
struct file_listed { int64_t number; struct file_row file; const char *user; };
struct job_file_list {
    int64_t room_id, before; /* 0: of all, the newest */
    char id[FILE_ID_BYTES + 1]; /* empty: any */
    int limit;
    struct file_listed *files; /* answer */
    size_t count;
    bool more;
};

/* What the files of a room or a user take. */
#define FILE_USAGE_MAX 8
struct file_usage { int64_t id, files, bytes; char name[ROOM_NAME_BYTES_MAX + 1]; };

enum file_step {
    FILE_STEP_WRITE,  /* the next piece of an upload; its first begins it */
    FILE_STEP_FINISH, /* it is whole: answer: what it is */
    FILE_STEP_FORGET, /* it is not wanted any more */
    FILE_STEP_NONE,   /* nothing; but all steps before it are done */
    FILE_STEP_READ    /* length bytes of the file called hash, at at */
};
struct job_file_step {
    enum file_step step;
    uint32_t upload;
    uint8_t hash[HASH_BYTES];
    int64_t at;
    unsigned char *piece; /* of length bytes, in the job's memory */
    size_t length;
    const char *field;    /* answer of JOB_REFUSED: what is wrong with it, a constant */
    const char *type;     /* answer of FILE_STEP_FINISH: a constant */
    int64_t size, width, height;
};

#endif
