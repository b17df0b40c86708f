/* command_backup.c - a backup as a stream from the gateway into the caller's file, and back: what may be
 * read and written is a matter of who calls, not of the daemon. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/cli/client.h"
#include "daemon/cli/commands.h"
#include "daemon/cli/output_file.h"
#include "daemon/cli/terminal.h"

#define PIECE_BYTES 65536

static bool is_stream(const char *path)
{
    return strcmp(path, "-") == 0;
}

/* "copied to FILE, 12.3 MiB" */
static void print_done(const struct invocation *invocation, const char *sentence, int64_t bytes)
{
    const char *path = invocation->operands[0];
    if (invocation_has(invocation, OPTION_json)) {
        json_t *done = json_pack("{s:s, s:I}", "type", "done", "bytes", (json_int_t)bytes);
        invocation_print_json(done);
        json_decref(done);
        return;
    }
    printf("%s ", sentence);
    terminal_print(stdout, is_stream(path) ? "standard input" : path, 0);
    fputs(", ", stdout);
    terminal_print_bytes(stdout, bytes);
    putchar('\n');
}

/* Somebody has the database of this path open: SQLite's pending byte is locked for as long. */
static bool is_in_use(const char *path)
{
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0x40000000, .l_len = 512};
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    bool is_locked = fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    if (fd >= 0)
        close(fd);
    return is_locked;
}

/* It is a database that is in use, or one of the files beside it. */
static bool belongs_to_gateway(const char *path)
{
    static const char *const ends[] = {"", "-wal", "-journal", "-lock", "-reserve"};
    char name[4096];
    size_t length = strlen(path);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t end = strlen(ends[i]);
        if (length < end || length >= sizeof name || strcmp(path + length - end, ends[i]) != 0)
            continue;
        snprintf(name, sizeof name, "%.*s", (int)(length - end), path);
        if (is_in_use(name))
            return true;
    }
    return false;
}

/* --- out --- */

static enum exit_code check_target(const struct invocation *invocation)
{
    const char *path = invocation->operands[0];
    struct stat status;
    if (is_stream(path) && isatty(STDOUT_FILENO))
        return complain(EXIT_WRONG_USE, "standard output is a terminal: a backup is no text.");
    if (is_stream(path) || stat(path, &status) != 0)
        return EXIT_DONE;
    if (!S_ISREG(status.st_mode))
        return complain(EXIT_REFUSED, "%s is no plain file; - is standard output.", path);
    if (belongs_to_gateway(path))
        return complain(EXIT_REFUSED, "%s is a database that is in use, or belongs to one.", path);
    if (!invocation_has(invocation, OPTION_force))
        return complain(EXIT_REFUSED, "%s is there already; --force replaces it.", path);
    return EXIT_DONE;
}

/* Everything that the gateway sends. written is how much that was. */
static enum exit_code write_stream(struct client *client, FILE *out, int64_t *written)
{
    char piece[PIECE_BYTES];
    int64_t all = client->left;
    struct progress progress;
    ssize_t got;
    *written = 0;
    progress_init(&progress, "copying");
    while ((got = client_read(client, piece, sizeof piece)) > 0 &&
           fwrite(piece, 1, (size_t)got, out) == (size_t)got) {
        *written += got;
        progress_show(&progress, *written, all);
    }
    progress_finish(&progress);
    if (got > 0)
        return complain(EXIT_REFUSED, "the backup cannot be written: %s.", strerror(errno));
    if (got < 0 || *written != all)
        return complain(EXIT_NO_DAEMON, "the backup broke off; what came of it was dropped.");
    return EXIT_DONE;
}

enum exit_code command_backup(const struct invocation *invocation)
{
    struct output_file file;
    struct client client;
    int64_t written = 0;
    enum exit_code code = check_target(invocation);
    if (code != EXIT_DONE)
        return code;
    if (!output_file_open(&file, invocation->operands[0]))
        return EXIT_REFUSED;
    code = invocation_open_body(invocation, "/admin/v1/backup", &client);
    if (code == EXIT_DONE) {
        code = write_stream(&client, file.stream, &written);
        client_close(&client);
    }
    if (code != EXIT_DONE) {
        output_file_discard(&file);
        return code;
    }
    code = output_file_commit(&file);
    if (code == EXIT_DONE && !is_stream(invocation->operands[0]))
        print_done(invocation, "copied to", written);
    return code;
}

/* --- in --- */

static enum exit_code cannot_read(const char *path)
{
    return complain(EXIT_REFUSED, "%s cannot be read: %s.", is_stream(path) ? "standard input" : path,
                    strerror(errno));
}

/* What comes from a pipe has no length before it has ended: it is kept in a file without a name. */
static enum exit_code keep(const char *path, FILE **in)
{
    char piece[PIECE_BYTES];
    size_t got;
    FILE *kept = tmpfile();
    bool is_kept = kept != NULL;
    while (is_kept && (got = fread(piece, 1, sizeof piece, *in)) > 0)
        is_kept = fwrite(piece, 1, got, kept) == got;
    bool is_read = !ferror(*in);
    is_kept = is_kept && fflush(kept) == 0;
    int why = errno;
    if (*in != stdin)
        fclose(*in);
    *in = kept;
    errno = why;
    if (!is_read)
        return cannot_read(path);
    if (!is_kept)
        return complain(EXIT_REFUSED, "the backup cannot be kept in /tmp meanwhile: %s.", strerror(errno));
    rewind(kept);
    return EXIT_DONE;
}

/* What is to be sent, from where it stands, and how long it is. */
static enum exit_code open_source(const char *path, FILE **in, int64_t *length)
{
    struct stat status;
    *in = NULL;
    if (!is_stream(path) && belongs_to_gateway(path))
        return complain(EXIT_REFUSED, "%s is a database that is in use, or belongs to one.", path);
    *in = is_stream(path) ? stdin : fopen(path, "rbe");
    if (!*in || fstat(fileno(*in), &status) != 0)
        return cannot_read(path);
    if (is_stream(path) && isatty(STDIN_FILENO))
        return complain(EXIT_WRONG_USE, "standard input is a terminal: a backup is no text.");
    if (!S_ISREG(status.st_mode)) {
        enum exit_code code = keep(path, in);
        if (code != EXIT_DONE)
            return code;
        if (fstat(fileno(*in), &status) != 0)
            return cannot_read(path);
    }
    off_t at = lseek(fileno(*in), 0, SEEK_CUR);
    *length = (int64_t)status.st_size - (at > 0 ? (int64_t)at : 0);
    return *length > 0 ? EXIT_DONE : complain(EXIT_REFUSED, "there is nothing in the backup.");
}

/* A gateway that wants no more says why. */
static enum exit_code send_stream(struct client *client, FILE *in, int64_t length)
{
    char piece[PIECE_BYTES];
    int64_t sent = 0;
    size_t got = 0;
    struct progress progress;
    progress_init(&progress, "restoring");
    while (sent < length) {
        size_t most = length - sent < PIECE_BYTES ? (size_t)(length - sent) : PIECE_BYTES;
        got = fread(piece, 1, most, in);
        if (got == 0 || !client_send(client, piece, got))
            break;
        sent += (int64_t)got;
        progress_show(&progress, sent, length);
    }
    progress_finish(&progress);
    return sent < length && got == 0 ? complain(EXIT_REFUSED, "the backup became shorter meanwhile.")
                                     : EXIT_DONE;
}

static enum exit_code offer(const struct invocation *invocation, FILE *in, int64_t length)
{
    struct client client;
    json_t *reply;
    const char *path = invocation_has(invocation, OPTION_force) ? "/admin/v1/restore?overwrite=true"
                                                                : "/admin/v1/restore";
    enum exit_code code = invocation_offer_body(invocation, path, length, &client);
    if (code != EXIT_DONE)
        return code;
    code = send_stream(&client, in, length);
    if (code != EXIT_DONE) {
        client_close(&client);
        return code;
    }
    code = invocation_finish_body(invocation, &client, &reply);
    if (code == EXIT_DONE)
        print_done(invocation, "restored from", number_of(reply, "bytes"));
    json_decref(reply);
    return code;
}

enum exit_code command_restore(const struct invocation *invocation)
{
    FILE *in;
    int64_t length = 0;
    enum exit_code code = open_source(invocation->operands[0], &in, &length);
    if (code == EXIT_DONE)
        code = offer(invocation, in, length);
    if (in && in != stdin)
        fclose(in);
    return code;
}
