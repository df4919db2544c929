#pragma once
/* Whole reads and writes on fds, and small files by dirfd. Every fd made here is O_CLOEXEC; symbolic links are never followed at the last component. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Writes everything to a blocking fd. 0, or -errno. */
int write_all(int fd, const void *data, size_t length);

/* Reads exactly `length` bytes from a blocking fd. 0, -errno, or -ENODATA when the end comes first. */
int read_exactly(int fd, void *data, size_t length);

/* Reads up to the end into fresh memory (NUL-terminated, caller frees). -EFBIG when it is longer than `max`. 0 or -errno. */
int read_whole(int fd, size_t max, char **ret_data, size_t *ret_length);

/* Reads a whole small file into fresh memory (NUL-terminated, caller frees). -EFBIG when it is longer than `max`. 0 or -errno. */
int read_file_at(int dirfd, const char *path, size_t max, char **ret_data, size_t *ret_length);

/* Writes an existing file (a kernel file: cgroup, proc) in one write. 0 or -errno. */
int write_file_at(int dirfd, const char *path, const char *text);

/* Replaces `name` as a whole: temporary file beside it, rename. Whoever looks sees the old or the new one, but not after a loss of power. 0 or -errno. */
int replace_file_at(int dirfd, const char *name, const void *data, size_t length, mode_t mode);

/* The same and durable: with an fsync before the rename. */
int replace_file_durably_at(int dirfd, const char *name, const void *data, size_t length, mode_t mode);

/*
 * A file that the kernel writes in one piece (one record of /proc or cgroupfs, at most a page): one read. NUL-terminated, cut at `size`. The length, or -errno.
 */
int read_record_at(int dirfd, const char *path, char *ret_text, size_t size);

/* Closes those that are open (not -1), neighbours by one system call. */
void close_fds(int *fds, size_t count);

/* Sets or clears O_NONBLOCK. 0 or -errno. */
int set_nonblocking(int fd, bool is_nonblocking);
