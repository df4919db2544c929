#include "base/fdio.h"

#include "base/cleanup.h"
#include "base/sys.h"

#include <limits.h>
#include <string.h>

int write_all(int fd, const void *data, size_t length) {
	const char *at = data;
	while (length > 0) {
		ssize_t written = sys_write(fd, at, length);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		at += written;
		length -= (size_t)written;
	}
	return 0;
}

int read_exactly(int fd, void *data, size_t length) {
	char *at = data;
	while (length > 0) {
		ssize_t got = read(fd, at, length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return -ENODATA;
		at += got;
		length -= (size_t)got;
	}
	return 0;
}

int read_whole(int fd, size_t max, char **ret_data, size_t *ret_length) {
	size_t capacity = max < 4096 ? max + 1 : 4096;
	size_t length = 0;
	_cleanup_free_ char *data = malloc(capacity + 1);
	if (!data)
		return -ENOMEM;
	for (;;) {
		if (length == capacity) {
			char *larger = realloc(data, capacity * 2 + 1);
			if (!larger)
				return -ENOMEM;
			data = larger;
			capacity *= 2;
		}
		ssize_t got = read(fd, data + length, capacity - length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		length += (size_t)got;
		if (length > max)
			return -EFBIG;
	}
	data[length] = '\0';
	*ret_data = TAKE_PTR(data);
	if (ret_length)
		*ret_length = length;
	return 0;
}

int read_file_at(int dirfd, const char *path, size_t max, char **ret_data, size_t *ret_length) {
	_cleanup_close_ int fd = sys_openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0);
	if (fd < 0)
		return -errno;
	return read_whole(fd, max, ret_data, ret_length);
}

int read_record_at(int dirfd, const char *path, char *ret_text, size_t size) {
	_cleanup_close_ int fd = sys_openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0);
	ssize_t got = fd < 0 ? -1 : read(fd, ret_text, size - 1);
	if (got < 0)
		return -errno;
	ret_text[got] = '\0';
	return (int)got;
}

static int compare_fds(const void *left, const void *right) { return *(const int *)left - *(const int *)right; }

void close_fds(int *fds, size_t count) {
	qsort(fds, count, sizeof *fds, compare_fds);
	size_t first = 0;
	while (first < count && fds[first] < 0)
		first++;
	for (size_t end; first < count; first = end) {
		for (end = first + 1; end < count && fds[end] == fds[end - 1] + 1; end++)
			;
		(void)sys_close_range((unsigned)fds[first], (unsigned)fds[end - 1], 0);
	}
}

int write_file_at(int dirfd, const char *path, const char *text) {
	_cleanup_close_ int fd = sys_openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0);
	if (fd < 0)
		return -errno;
	size_t length = strlen(text);
	ssize_t written;
	do
		written = sys_write(fd, text, length);
	while (written < 0 && errno == EINTR);
	if (written < 0)
		return -errno;
	return (size_t)written == length ? 0 : -EIO;
}

static int replace(int dirfd, const char *name, const void *data, size_t length, mode_t mode, bool is_durable) {
	char temporary[NAME_MAX + 1];
	int printed = snprintf(temporary, sizeof temporary, "%s.tmp", name);
	if (printed < 0 || (size_t)printed >= sizeof temporary)
		return -ENAMETOOLONG;
	_cleanup_close_ int fd = sys_openat(dirfd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return -errno;
	int r = write_all(fd, data, length);
	if (r == 0 && is_durable && sys_fsync(fd) < 0)
		r = -errno;
	if (r == 0 && sys_renameat(dirfd, temporary, dirfd, name) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(dirfd, temporary, 0);
	return r;
}

int replace_file_at(int dirfd, const char *name, const void *data, size_t length, mode_t mode) {
	return replace(dirfd, name, data, length, mode, false);
}

int replace_file_durably_at(int dirfd, const char *name, const void *data, size_t length, mode_t mode) {
	return replace(dirfd, name, data, length, mode, true);
}

int set_nonblocking(int fd, bool is_nonblocking) {
	int flags = fcntl(fd, F_GETFL);
	if (flags < 0)
		return -errno;
	int wanted = is_nonblocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
	if (wanted != flags && fcntl(fd, F_SETFL, wanted) < 0)
		return -errno;
	return 0;
}
