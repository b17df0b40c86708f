#include "tests/storage/file_life.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "storage/crypto.h"
#include "storage/files/folder.h"

#define PIECE_BYTES 700 /* no sector is full of one */
#define FILE_BYTES  (3 * PIECE_BYTES)
#define NOW         INT64_C(1900000000000)

struct file_life file_life;

/* --- what is done ------------------------------------------------------------------------------- */

static void content_of(int content, char bytes[FILE_BYTES + 1])
{
    for (int i = 0; i < FILE_BYTES; i++)
        bytes[i] = (char)('a' + (i / 7 + content * 5 + i % 3) % 26);
    bytes[FILE_BYTES] = '\0';
}

/* As the store does it; gives what became of it. */
static bool commit(struct fault_world *world, struct job *job, enum job_result *result)
{
    bool ok = false;
    for (int i = 0; i < FAULT_TRIES_MAX && !ok; i++)
        ok = writer_commit(&world->writer, job);
    *result = job->result;
    job_destroy(job);
    return ok;
}

static bool done(struct fault_world *world, struct job *job)
{
    enum job_result result;
    return commit(world, job, &result) && result == JOB_DONE;
}

static bool make_room(struct fault_world *world)
{
    struct job *job = job_create(JOB_ROOM_CREATE);
    job->room.room.id = 1;
    strcpy(job->room.room.name, "lobby");
    strcpy(job->room.room.folded, "lobby");
    return done(world, job);
}

static enum job_result step(struct fault_world *world, enum file_step what, int number, int piece, uint8_t *hash)
{
    char bytes[FILE_BYTES + 1];
    struct job *job = job_create(JOB_FILE_STEP);
    content_of(file_life.notes[number].content, bytes);
    job->file_step.step = what;
    job->file_step.upload = (uint32_t)number;
    job->file_step.at = (int64_t)piece * PIECE_BYTES;
    job->file_step.length = what == FILE_STEP_WRITE ? PIECE_BYTES : 0;
    job->file_step.piece = job_memory(job, PIECE_BYTES);
    memcpy(job->file_step.piece, bytes + (what == FILE_STEP_WRITE ? piece * PIECE_BYTES : 0), PIECE_BYTES);
    intakes_run(&file_life.intakes, world->scratch.path, job);
    enum job_result result = job->result;
    if (hash)
        memcpy(hash, job->file_step.hash, HASH_BYTES);
    job_destroy(job);
    return result;
}

static bool add_row(struct fault_world *world, int number, const uint8_t hash[HASH_BYTES], bool *is_unavailable)
{
    struct job *job = job_create(JOB_FILE_ADD);
    enum job_result result = JOB_DONE;
    struct file_row *file = &job->file.file;
    snprintf(file->id, sizeof file->id, "%032d", number);
    memcpy(file->hash, hash, HASH_BYTES);
    file->user_id = 7;
    file->room_id = 1;
    file->size = FILE_BYTES;
    file->name = "x";
    file->type = "text/plain";
    job->file.upload = (uint32_t)number;
    job->file.limits = (struct file_limits){INT64_MAX / 2, INT64_MAX / 2, INT64_MAX / 2};
    bool ok = commit(world, job, &result);
    *is_unavailable = ok && result != JOB_DONE;
    return ok && result == JOB_DONE;
}

bool file_life_upload(struct fault_world *world, int content)
{
    int number = file_life.note_count++;
    uint8_t hash[HASH_BYTES];
    bool goes_on = true;
    file_life.notes[number] = (struct file_note){.content = content};
    for (int i = 0; i < FAULT_TRIES_MAX && goes_on; i++) {
        bool came = step(world, FILE_STEP_WRITE, number, 0, NULL) == JOB_DONE &&
                    step(world, FILE_STEP_WRITE, number, 1, NULL) == JOB_DONE &&
                    step(world, FILE_STEP_WRITE, number, 2, NULL) == JOB_DONE &&
                    step(world, FILE_STEP_FINISH, number, 3, hash) == JOB_DONE;
        if (came && add_row(world, number, hash, &goes_on))
            return file_life.notes[number].is_added = true;
        step(world, FILE_STEP_FORGET, number, 0, NULL);
    }
    return false;
}

bool file_life_forget_half(struct fault_world *world)
{
    int number = file_life.note_count++;
    file_life.notes[number] = (struct file_note){.content = 900, .may_be_gone = true};
    (void)step(world, FILE_STEP_WRITE, number, 0, NULL);
    (void)step(world, FILE_STEP_FORGET, number, 0, NULL);
    (void)step(world, FILE_STEP_WRITE, number, 0, NULL); /* still coming at the end */
    return true;
}

static struct job *new_entry(enum entry_kind kind)
{
    struct job *job = job_create(JOB_APPEND);
    job->append.room_id = 1;
    job->append.at = (struct moment){.wall_ms = NOW, .monotonic_ms = 1, .elapsed_ms = 1};
    job->append.entry = (struct entry){.kind = kind, .user_id = 7, .from = "mina"};
    return job;
}

bool file_life_say(struct fault_world *world, int number, int preview)
{
    struct job *job = new_entry(ENTRY_KIND_MESSAGE);
    struct file_row *file = job_memory(job, sizeof *file);
    snprintf(file->id, sizeof file->id, "%032d", number);
    if (preview >= 0)
        snprintf(file->preview, sizeof file->preview, "%032d", preview);
    job->append.entry.text = "look";
    job->append.entry.files = file;
    job->append.entry.file_count = 1;
    bool ok = false;
    for (int i = 0; i < FAULT_TRIES_MAX && !ok; i++)
        ok = writer_commit(&world->writer, job);
    ok = ok && job->result == JOB_DONE;
    file_life.notes[number].seq = job->append.entry.seq;
    file_life.notes[number].is_said = ok;
    job_destroy(job);
    return ok;
}

static bool tried_to_go(int number, bool is_gone)
{
    file_life.notes[number].may_be_gone = true;
    file_life.notes[number].is_gone = is_gone;
    return is_gone;
}

bool file_life_delete(struct fault_world *world, int number, int preview)
{
    struct job *job = new_entry(ENTRY_KIND_DELETE);
    job->append.entry.target = file_life.notes[number].seq;
    (void)tried_to_go(number, false);
    if (preview >= 0)
        (void)tried_to_go(preview, false);
    bool ok = done(world, job);
    if (preview >= 0)
        (void)tried_to_go(preview, ok);
    return tried_to_go(number, ok);
}

bool file_life_remove(struct fault_world *world, int number)
{
    struct job *job = job_create(JOB_FILE_REMOVE);
    snprintf(job->file.file.id, sizeof job->file.file.id, "%032d", number);
    (void)tried_to_go(number, false);
    return tried_to_go(number, done(world, job));
}

bool file_life_purge(struct fault_world *world, int number)
{
    struct job *job = job_create(JOB_ROOM_PURGE);
    job->purge.room_id = 1;
    job->purge.up_to = file_life.notes[number].seq;
    for (int i = 0; i <= number; i++)
        file_life.notes[i].may_be_gone = file_life.notes[i].may_be_gone || file_life.notes[i].is_said;
    return done(world, job);
}

/* What is let go, then everything, as far as that goes. */
bool file_life_sweep(struct fault_world *world)
{
    bool any = true;
    world->writer.sweep.due_ms = 0;
    for (int i = 0, failed = 0; i < 64 && failed < FAULT_TRIES_MAX && any; i++) {
        bool any_dropped = false, any_swept = false;
        bool ok = sweep_dropped(&world->writer, &any_dropped) && sweep_step(&world->writer, 1, &any_swept);
        failed += !ok;
        any = !ok || any_dropped || any_swept;
    }
    return !any;
}

/* --- what has to hold --------------------------------------------------------------------------- */

static bool is_whole(const char *folder, const char *name)
{
    char path[FOLDER_PATH_BYTES + 300], bytes[FILE_BYTES + 2], sum[HASH_TEXT_BYTES + 1];
    uint8_t hash[HASH_BYTES];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    size_t length = file ? fread(bytes, 1, FILE_BYTES + 1, file) : 0;
    if (file)
        fclose(file);
    bytes[length] = '\0';
    fault_expect(hash_text(bytes, hash), "no sum");
    hash_write(hash, sum);
    return length == FILE_BYTES && strcmp(sum, name) == 0;
}

/* All bytes are whole and have a row. Gives how many there are. */
static int64_t check_folder(struct fault_world *world)
{
    char folder[FOLDER_PATH_BYTES];
    const struct dirent *entry;
    int64_t count = 0;
    folder_name(world->scratch.path, folder);
    DIR *all = opendir(folder);
    while (all && (entry = readdir(all))) {
        if (entry->d_name[0] == '.')
            continue;
        count++;
        fault_expect(is_whole(folder, entry->d_name), "bytes are not what they are called by");
        fault_expect(fault_ask(world, "SELECT count(*) FROM files WHERE lower(hex(hash))='%s'", entry->d_name) > 0,
                     "bytes are left without a row");
    }
    if (all)
        closedir(all);
    return count;
}

static void check_rows(struct fault_world *world)
{
    fault_expect(fault_ask(world, "SELECT count(*) FROM files WHERE message IS NOT NULL AND NOT EXISTS"
                            "(SELECT 1 FROM messages WHERE messages.id=files.message)") == 0,
                 "a file outlives its message");
    fault_expect(fault_ask(world, "SELECT count(*) FROM dropped_files") == 0, "bytes are still to be removed");
    fault_expect(fault_ask(world, "SELECT count(DISTINCT hash) FROM files") == check_folder(world),
                 "a row is left without its bytes");
}

static void check_note(struct fault_world *world, int number)
{
    const struct file_note *note = &file_life.notes[number];
    int64_t rows = fault_ask(world, "SELECT count(*) FROM files WHERE code='%032d' AND hash IS NOT NULL", number);
    if (note->is_gone)
        fault_expect(rows == 0, "what was deleted is back");
    if (note->is_added && !note->may_be_gone)
        fault_expect(rows == 1, "a file that was acknowledged is lost");
    if (note->is_said && !note->may_be_gone)
        fault_expect(fault_ask(world, "SELECT count(*) FROM files WHERE code='%032d' AND"
                                          " (message&((1<<40)-1))=%" PRId64, number, note->seq) == 1,
                     "a message has lost its file");
}

/* The database and its room are there before anything fails. */
void file_life_make(struct fault_world *world)
{
    fault_begin(&(struct fault_plan){.fault = FAULT_NONE});
    fault_expect(fault_open(world) && make_room(world), "it cannot be made");
    fault_close(world);
    memset(&file_life, 0, sizeof file_life);
}

void file_life_stop(struct fault_world *world)
{
    intakes_end(&file_life.intakes, world->scratch.path);
    fault_close(world);
}

void file_life_check(struct fault_world *world)
{
    file_life_stop(world);
    fault_expect_open(world);
    fault_expect(file_life_sweep(world), "it does not end to sweep");
    check_rows(world);
    for (int i = 0; i < file_life.note_count; i++)
        check_note(world, i);
    int next = file_life.note_count;
    fault_expect(file_life_upload(world, 77) && file_life_say(world, next, -1), "it takes no file");
    check_rows(world);
    fault_close(world);
}
