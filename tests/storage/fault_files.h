/* fault_files.h - the calls by which storage writes files beside the database (open, write, sync, rename and the like),
 * on the disk of fault_vfs.h. The linker brings them here first (--wrap); those for names with .files, .restore or
 * .replaced in them, and syncs of folders, are counted, fail and are cut off as SQLite's are. */
#ifndef HEARTH_TESTS_STORAGE_FAULT_FILES_H
#define HEARTH_TESTS_STORAGE_FAULT_FILES_H

#include <sys/stat.h>
#include <sys/types.h>

int __real_open64(const char *path, int flags, ...);
ssize_t __real_read(int fd, void *bytes, size_t length);
ssize_t __real_pread64(int fd, void *bytes, size_t length, off_t at);
ssize_t __real_write(int fd, const void *bytes, size_t length);
ssize_t __real_pwrite64(int fd, const void *bytes, size_t length, off_t at);
int __real_ftruncate64(int fd, off_t size);
int __real_fsync(int fd);
int __real_rename(const char *from, const char *to);
int __real_unlink(const char *path);
int __real_unlinkat(int folder, const char *name, int flags);
int __real_mkdir(const char *path, mode_t mode);
int __real_rmdir(const char *path);

int __wrap_open64(const char *path, int flags, ...);
ssize_t __wrap_read(int fd, void *bytes, size_t length);
ssize_t __wrap_pread64(int fd, void *bytes, size_t length, off_t at);
ssize_t __wrap_write(int fd, const void *bytes, size_t length);
ssize_t __wrap_pwrite64(int fd, const void *bytes, size_t length, off_t at);
int __wrap_ftruncate64(int fd, off_t size);
int __wrap_fsync(int fd);
int __wrap_rename(const char *from, const char *to);
int __wrap_unlink(const char *path);
int __wrap_unlinkat(int folder, const char *name, int flags);
int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_rmdir(const char *path);

#endif
