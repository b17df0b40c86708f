/* storage.c - what a message costs on disk: rows a second and bytes written for 1 to 256 messages a
 * transaction, as a Markdown table; or, with --million, how reading times grow with the history.
 *
 *     storage_bench [--million] [--rows N] [FOLDER]
 *
 * It drives the writer and the readers directly, so that the number of rows in a transaction is
 * exact. FOLDER should be on the disk that is meant; a folder of its own in there is made and
 * removed. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "storage/messages.h"
#include "storage/reader.h"
#include "storage/retention.h"
#include "storage/search/search.h"
#include "storage/start.h"
#include "storage/writer.h"

#define TEXT_BYTES  100
#define WORDS       4000
#define SAMPLES     41
#define ROOMS       20
#define HISTORY_MAX 1000000
#define COMMIT_ROWS 256

struct bench {
    struct store_options options;
    struct start start;
    struct writer writer;
    struct database reader;
    char folder[512], path[600];
    int64_t clock_ms;
    uint32_t random;
    char words[WORDS][16];
};

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "storage_bench: %s: %s\n", what, why);
    exit(1);
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint32_t draw(struct bench *bench, uint32_t below)
{
    bench->random = bench->random * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)bench->random * below) >> 32);
}

/* Words of two to four syllables; a word's rank decides how often it is said, as in a language. */
static void make_words(struct bench *bench)
{
    static const char *const syllables[] = {"ba", "ter", "in",  "ko",  "re",  "sti", "lan", "mo",
                                            "ne", "sha", "pol", "the", "ing", "er",  "qua", "vi",
                                            "zu", "ost", "men", "all", "do",  "fre", "gi",  "hus"};
    for (size_t i = 0; i < WORDS; i++) {
        bench->words[i][0] = '\0';
        for (uint32_t count = (i > 40 ? 2 : 1) + draw(bench, 2); count > 0; count--)
            strcat(bench->words[i], syllables[draw(bench, 24)]);
    }
}

static void make_text(struct bench *bench, char text[TEXT_BYTES + 1])
{
    size_t length = 0;
    while (length < TEXT_BYTES) {
        uint32_t spread = 1 + draw(bench, WORDS); /* 1/rank, near enough */
        const char *word = bench->words[draw(bench, spread)];
        int size = snprintf(text + length, TEXT_BYTES + 1 - length, "%s ", word);
        length += (size_t)size;
    }
    text[TEXT_BYTES] = '\0';
}

static void open_bench(struct bench *bench, bool power_loss, bool search)
{
    char why[256];
    snprintf(bench->path, sizeof bench->path, "%s/chat.db", bench->folder);
    bench->options = (struct store_options){.path = bench->path,
                                            .power_loss = power_loss,
                                            .pending_max = 4096,
                                            .pending_bytes = 4194304,
                                            .readers = 1,
                                            .cache_bytes = 1 << 20,
                                            .retry_ms = 2000,
                                            .nonce_window = 256,
                                            .search = search};
    if (!start_open(&bench->start, &bench->options, why, sizeof why))
        fail("open", why);
    if (!writer_init(&bench->writer, &bench->start, &bench->options))
        fail("open", "no memory");
    bench->clock_ms = 1900000000000;
}

static void close_bench(struct bench *bench)
{
    static const char *const ends[] = {"",      "-wal",     "-shm",    "-journal",
                                       "-lock", ".reserve", "-reserve"};
    database_close(&bench->reader);
    writer_finish(&bench->writer);
    start_close(&bench->start);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char name[700];
        snprintf(name, sizeof name, "%s%s", bench->path, ends[i]);
        unlink(name);
    }
}

static void commit(struct bench *bench, struct job *jobs)
{
    if (!writer_commit(&bench->writer, jobs))
        fail("commit", bench->writer.database.why);
    while (jobs) {
        struct job *next = jobs->next;
        if (jobs->result != JOB_DONE)
            fail("job", jobs->why);
        job_destroy(jobs);
        jobs = next;
    }
}

static void make_rooms(struct bench *bench, int count)
{
    for (int i = 1; i <= count; i++) {
        struct job *job = job_create(JOB_ROOM_CREATE);
        if (!job)
            fail("job", "no memory");
        job->room.room.id = i;
        snprintf(job->room.room.name, sizeof job->room.room.name, "room-%d", i);
        snprintf(job->room.room.folded, sizeof job->room.room.folded, "room-%d", i);
        commit(bench, job);
    }
}

static struct job *make_message(struct bench *bench, int64_t number, int64_t room_id)
{
    char text[TEXT_BYTES + 1], nonce[24];
    struct job *job = job_create(JOB_APPEND);
    if (!job)
        fail("job", "no memory");
    make_text(bench, text);
    if (number % 1000 == 500)
        memcpy(text + 20, " xylograph \xed\x9a\x8c\xec\x9d\x98 ", 18);
    snprintf(nonce, sizeof nonce, "n%" PRId64, number);
    job->append.room_id = room_id;
    job->append.entry = (struct entry){.kind = ENTRY_KIND_MESSAGE,
                                       .user_id = 7,
                                       .from = "mina",
                                       .text = job_text(job, text),
                                       .nonce = job_text(job, nonce),
                                       .guest = true};
    job->append.at.wall_ms = job->append.at.elapsed_ms = bench->clock_ms++;
    return job;
}

/* As the writer's thread does between two commits. */
static void keep_house(struct bench *bench)
{
    struct writer *writer = &bench->writer;
    if (writer->search && writer->unindexed >= SEARCH_BLOCK_MESSAGES) {
        if (!database_begin(&writer->database) ||
            !search_index(&writer->database, &writer->unindexed) ||
            !database_commit(&writer->database))
            fail("index", writer->database.why);
    }
    writer_checkpoint(writer);
}

static void fill(struct bench *bench, int64_t from, int64_t rows, int per_transaction, int rooms)
{
    for (int64_t i = 0; i < rows;) {
        struct job *jobs = NULL, **end = &jobs;
        for (int j = 0; j < per_transaction && i < rows; j++, i++) {
            int64_t room = rooms == 1 || i % 2 ? 1 : 1 + (int64_t)draw(bench, (uint32_t)rooms);
            *end = make_message(bench, from + i, room);
            end = &(*end)->next;
        }
        commit(bench, jobs);
        keep_house(bench);
    }
}

static void measure_writes(struct bench *bench, bool power_loss, bool search, int64_t rows_wanted)
{
    static const int groups[] = {1, 4, 16, 64, 256};
    printf("| %s | %s |", power_loss ? "power_loss" : "process_crash", search ? "yes" : "no");
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        int64_t rows = rows_wanted ? rows_wanted : groups[i] < 16 ? 8192 : 65536;
        open_bench(bench, power_loss, search);
        make_rooms(bench, 1);
        fill(bench, 0, 2048, 256, 1); /* past the first pages */
        writer_truncate_wal(&bench->writer);
        int64_t before = disk_written_bytes(bench->start.disk);
        double began = now_s();
        fill(bench, 2048, rows, groups[i], 1);
        double took = now_s() - began;
        writer_truncate_wal(
            &bench->writer); /* what still waits in the WAL is written to the database, too */
        int64_t bytes = disk_written_bytes(bench->start.disk) - before;
        printf(" %.0f B, %.0f/s |", (double)bytes / (double)rows, (double)rows / took);
        fflush(stdout);
        close_bench(bench);
    }
    printf("\n");
}

static int compare(const void *a, const void *b)
{
    double one = *(const double *)a, other = *(const double *)b;
    return one < other ? -1 : one > other;
}

static struct job *make_read(struct bench *bench, enum job_kind kind, const char *query)
{
    struct job *job = job_create(kind);
    if (!job)
        fail("job", "no memory");
    if (kind == JOB_SEARCH) {
        job->search.role = ROLE_GUEST;
        job->search.user_id = 7;
        job->search.query = job_text(job, query);
        job->search.before_ts = NUMBER_ABSENT;
        job->search.elapsed_ms = bench->clock_ms;
        job->search.limit = 50;
        job->search.bytes_max = 1 << 20;
    } else if (kind == JOB_HISTORY) {
        job->history.room_id = 1;
        job->history.up_to = SEQ_KEPT_MAX;
        job->history.after = NUMBER_ABSENT;
        job->history.before = 1 + draw(bench, (uint32_t)(bench->clock_ms - 1900000000000) / 2);
        job->history.limit = 50;
        job->history.bytes_max = 1 << 20;
    } else {
        job->page = (struct job_page){.room_id = 1,
                                      .user_id = 7,
                                      .up_to = SEQ_KEPT_MAX,
                                      .newest = true,
                                      .limit = 50,
                                      .bytes_max = 1 << 20};
    }
    return job;
}

/* Median of SAMPLES runs, in ms. */
static void time_read(struct bench *bench, enum job_kind kind, const char *query)
{
    double times[SAMPLES];
    size_t found = 0;
    for (int i = 0; i < SAMPLES; i++) {
        struct job *job = make_read(bench, kind, query);
        double began = now_s();
        reader_run(&bench->reader, bench->path, job);
        times[i] = (now_s() - began) * 1e3;
        if (job->result != JOB_DONE)
            fail("read", job->why);
        if (kind == JOB_SEARCH)
            found = job->search.count;
        job_destroy(job);
    }
    qsort(times, SAMPLES, sizeof *times, compare);
    printf(" %.2f", times[SAMPLES / 2]);
    if (kind == JOB_SEARCH)
        printf(" (%zu)", found);
    printf(" |");
}

static void time_prune(struct bench *bench)
{
    double times[5];
    struct store_options options = bench->options;
    options.retention_entries = 1;
    for (int i = 0; i < 5; i++) {
        struct job *notice = NULL;
        double began = now_s();
        if (retention_step(&bench->writer, &options, 200, &notice) ==
            RETENTION_FAILED)
            fail("prune", bench->writer.database.why);
        times[i] = (now_s() - began) * 1e3;
        job_destroy(notice);
    }
    qsort(times, 5, sizeof *times, compare);
    printf(" %.2f |", times[2]);
}

static void measure_reads(struct bench *bench)
{
    static const int64_t sizes[] = {10000, 30000, 100000, 300000, HISTORY_MAX};
    open_bench(bench, false, true);
    make_rooms(bench, ROOMS);
    struct database_options options = {.path = bench->path,
                                       .vfs = disk_vfs(bench->start.disk),
                                       .read_only = true,
                                       .cache_bytes = 1 << 20,
                                       .busy_ms = 1000};
    if (!database_open(&bench->reader, &options))
        fail("open", bench->reader.why);
    printf("Medians in ms; in brackets the results found, of at most 50.\n\n"
           "| messages | file MB | join | history page | search: word of 1 in 1000 | search: common"
           " word | search: two syllables | search: two letters | search: nothing | prune 200 |\n"
           "|---|---|---|---|---|---|---|---|---|---|\n");
    int64_t rows = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        fill(bench, rows, sizes[i] - rows, COMMIT_ROWS, ROOMS);
        rows = sizes[i];
        printf("| %" PRId64 " | %.0f |", rows, (double)reader_file_bytes(bench->path) / 1e6);
        time_read(bench, JOB_JOIN, NULL);
        time_read(bench, JOB_HISTORY, NULL);
        time_read(bench, JOB_SEARCH, "xylograph");
        time_read(bench, JOB_SEARCH, bench->words[3]);
        time_read(bench, JOB_SEARCH, "\xed\x9a\x8c\xec\x9d\x98");
        time_read(bench, JOB_SEARCH, "yl");
        time_read(bench, JOB_SEARCH, "nowhere to be found");
        time_prune(bench);
        printf("\n");
        fflush(stdout);
    }
    close_bench(bench);
}

int main(int argc, char **argv)
{
    static struct bench bench = {.random = 7};
    bool million = false;
    int64_t rows = 0;
    const char *folder = "/tmp";
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--million") == 0)
            million = true;
        else if (strcmp(argv[i], "--rows") == 0 && i + 1 < argc)
            rows = strtoll(argv[++i], NULL, 10);
        else
            folder = argv[i];
    }
    snprintf(bench.folder, sizeof bench.folder, "%s/hearth-bench-XXXXXX", folder);
    if (!mkdtemp(bench.folder))
        fail(bench.folder, strerror(errno));
    make_words(&bench);
    if (million) {
        measure_reads(&bench);
    } else {
        printf("Bytes written per message of %d bytes, checkpoints included, and rows a second.\n\n"
               "| durability | search | 1 per transaction | 4 | 16 | 64 | 256 |\n"
               "|---|---|---|---|---|---|---|\n",
               TEXT_BYTES);
        for (int i = 0; i < 4; i++)
            measure_writes(&bench, i < 2, i % 2, rows);
    }
    rmdir(bench.folder);
    return 0;
}
