#include "daemon/cli/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int interrupts[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

#define INTERRUPT_COUNT (sizeof interrupts / sizeof *interrupts)

/* What an interrupt must not leave behind; empty when there is nothing. Set only while they are blocked. */
static char unfinished[4096];

static void remove_and_end(int number)
{
    (void)unlink(unfinished);
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

static void watch_interrupts(const char *path)
{
    struct sigaction action = {.sa_handler = path ? remove_and_end : SIG_DFL};
    sigset_t set, before;
    sigemptyset(&set);
    for (size_t i = 0; i < INTERRUPT_COUNT; i++)
        sigaddset(&set, interrupts[i]);
    sigprocmask(SIG_BLOCK, &set, &before);
    snprintf(unfinished, sizeof unfinished, "%s", path ? path : "");
    for (size_t i = 0; i < INTERRUPT_COUNT; i++)
        sigaction(interrupts[i], &action, NULL);
    sigprocmask(SIG_SETMASK, &before, NULL);
}

static enum exit_code cannot_write(const char *path)
{
    return complain(EXIT_REFUSED, "%s cannot be written: %s.", path, strerror(errno));
}

bool output_file_open(struct output_file *file, const char *path)
{
    bool to_file = path && strcmp(path, "-") != 0;
    *file = (struct output_file){.stream = stdout, .path = to_file ? path : NULL};
    if (!to_file)
        return true;
    int length = snprintf(file->beside, sizeof file->beside, "%s.XXXXXX", path);
    if (length < 0 || (size_t)length >= sizeof file->beside) {
        complain(EXIT_REFUSED, "the name of the file is too long.");
        return false;
    }
    int fd = mkostemp(file->beside, O_CLOEXEC); /* 0600: rooms are private */
    file->stream = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (file->stream) {
        watch_interrupts(file->beside);
        return true;
    }
    cannot_write(path);
    if (fd >= 0) {
        close(fd);
        unlink(file->beside);
    }
    return false;
}

void output_file_discard(struct output_file *file)
{
    if (!file->path)
        return;
    fclose(file->stream);
    unlink(file->beside);
    watch_interrupts(NULL);
}

/* The folder, too: a rename is on disk when the folder that has the name is. */
static bool sync_folder(const char *path)
{
    char copy[4096];
    snprintf(copy, sizeof copy, "%s", path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL); /* some file systems have no such call */
    if (fd >= 0)
        close(fd);
    return synced;
}

enum exit_code output_file_commit(struct output_file *file)
{
    if (!file->path)
        return fflush(stdout) == 0 ? EXIT_DONE : cannot_write("standard output");
    bool written = fflush(file->stream) == 0 && fsync(fileno(file->stream)) == 0;
    if (!written || rename(file->beside, file->path) != 0) {
        enum exit_code code = cannot_write(file->path);
        output_file_discard(file);
        return code;
    }
    watch_interrupts(NULL);
    fclose(file->stream);
    return sync_folder(file->path) ? EXIT_DONE : cannot_write(file->path);
}
