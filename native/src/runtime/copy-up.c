#include "runtime/copy-up.h"

#include "base/cleanup.h"
#include "base/sys.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>

/* On a child's stack of 64 KiB, one frame a level. */
enum { DEPTH_MAX = 20, CHUNK = 1024 };

struct entry {
	uint64_t inode;
	int64_t offset;
	uint16_t length;
	uint8_t type;
	char name[];
};

static int copy_link(int from, int to, const char *name) {
	char target[PATH_MAX];
	ssize_t length = readlinkat(from, name, target, sizeof target - 1);
	if (length < 0)
		return -errno;
	target[length] = '\0';
	return symlinkat(target, to, name) < 0 ? -errno : 0;
}

static int copy_file(int from, int to, const char *name) {
	_cleanup_close_ int source = sys_openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	_cleanup_close_ int made = source < 0 ? -1 : sys_openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (made < 0)
		return -errno;
	for (;;) {
		ssize_t length = sendfile(made, source, NULL, 1 << 20);
		if (length == 0)
			return 0;
		if (length < 0 && errno != EINTR)
			return -errno;
	}
}

/* The owner first: a change of it clears set-user-id. */
static int keep_status(int to, const char *name, const struct stat *status) {
	const struct timespec times[2] = {status->st_atim, status->st_mtim};
	if (fchownat(to, name, status->st_uid, status->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
		(!S_ISLNK(status->st_mode) && fchmodat(to, name, status->st_mode & 07777, 0) < 0) || utimensat(to, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

static int copy_folder(int from, int to, unsigned depth);

static int copy_entry(int from, int to, const char *name, unsigned depth) {
	struct stat status;
	int failed = fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
	if (failed < 0)
		return failed;
	if (S_ISDIR(status.st_mode)) {
		_cleanup_close_ int source = sys_openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
		_cleanup_close_ int made = source < 0 || sys_mkdirat(to, name, 0700) < 0 ? -1 : sys_openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
		failed = made < 0 ? -errno : copy_folder(source, made, depth + 1);
	} else if (S_ISLNK(status.st_mode)) {
		failed = copy_link(from, to, name);
	} else if (S_ISREG(status.st_mode)) {
		failed = copy_file(from, to, name);
	} else if (sys_mknodat(to, name, status.st_mode, status.st_rdev) < 0) {
		failed = -errno;
	}
	return failed < 0 ? failed : keep_status(to, name, &status);
}

static int copy_folder(int from, int to, unsigned depth) {
	_Alignas(struct entry) char chunk[CHUNK];
	if (depth > DEPTH_MAX)
		return -ELOOP;
	for (;;) {
		long length = syscall(SYS_getdents64, from, chunk, sizeof chunk);
		if (length <= 0)
			return length < 0 ? -errno : 0;
		for (long at = 0; at < length;) {
			const struct entry *entry = (const struct entry *)(const void *)(chunk + at);
			at += entry->length;
			if (strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0)
				continue;
			int failed = copy_entry(from, to, entry->name, depth);
			if (failed < 0)
				return failed;
		}
	}
}

int copy_up(int from, int to, const char *what, struct error *err) {
	_cleanup_close_ int source = sys_openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	_cleanup_close_ int target = source < 0 ? -1 : sys_openat(to, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	int failed = target < 0 ? -errno : copy_folder(source, target, 0);
	return failed < 0 ? error_set(err, -failed, "mount", "%s: cannot copy what is there into the tmpfs: %s", what, strerror(-failed)) : 0;
}
