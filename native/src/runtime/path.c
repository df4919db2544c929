#include "runtime/path.h"

#include "base/cleanup.h"
#include "base/sys.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

enum { LINKS_MAX = 40 };

int path_open(int root, const char *path, int flags) {
	path += strspn(path, "/");
	int fd = sys_openat2(root, *path ? path : ".", (uint64_t)(flags | O_PATH | O_CLOEXEC), 0, RESOLVE_IN_ROOT);
	return fd < 0 ? -errno : fd;
}

/* `prefix` is a dangling link in folder `parent`: replaces it in `path` by what it points to. */
static int follow_link(int parent, const char *name, char *path, size_t start, size_t end) {
	char target[PATH_MAX], joined[PATH_MAX];
	ssize_t length = readlinkat(parent, name, target, sizeof target - 1);
	if (length < 0)
		return errno == EINVAL ? -ENOTDIR : -errno;
	target[length] = '\0';
	int written = snprintf(joined, sizeof joined, "%.*s%s%s", target[0] == '/' ? 0 : (int)start, path, target, path + end);
	if (written < 0 || (size_t)written >= sizeof joined)
		return -ENAMETOOLONG;
	memcpy(path, joined, (size_t)written + 1);
	return 0;
}

/*
 * Walks `path` part by part, making what is missing. Each existing prefix is resolved anew from the root: a folder that is replaced by a link in the
 * meantime can lead elsewhere inside the root, never out of it.
 */
static int make_parts(int root, char *path, bool *ret_made) {
	int links = 0;
restart:;
	_cleanup_close_ int parent = path_open(root, "", O_DIRECTORY);
	if (parent < 0)
		return parent;
	*ret_made = false;
	for (size_t at = strspn(path, "/"); path[at];) {
		char name[NAME_MAX + 1], rest;
		size_t length = strcspn(path + at, "/"), end = at + length;
		if (length > NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(name, path + at, length);
		name[length] = '\0';
		rest = path[end];
		path[end] = '\0';
		*ret_made = false;
		int next = path_open(root, path, O_DIRECTORY);
		if (next == -ENOENT) {
			*ret_made = sys_mkdirat(parent, name, 0755) == 0;
			if (!*ret_made && errno != EEXIST)
				return -errno;
			next = path_open(root, path, O_DIRECTORY);
		}
		path[end] = rest;
		if (next == -ENOENT && ++links < LINKS_MAX) {
			int failed = follow_link(parent, name, path, at, end);
			if (failed < 0)
				return failed;
			goto restart;
		}
		if (next < 0)
			return next;
		close_fd(&parent);
		parent = next;
		at = end + strspn(path + end, "/");
	}
	return TAKE_FD(parent);
}

int path_make_folder(int root, const char *path, bool *ret_made) {
	char copy[PATH_MAX];
	*ret_made = false;
	int fd = path_open(root, path, O_DIRECTORY);
	if (fd != -ENOENT)
		return fd;
	if (strlen(path) >= sizeof copy)
		return -ENAMETOOLONG;
	(void)strcpy(copy, path);
	char *slash = strrchr(copy, '/');
	/* Mostly the last part alone is missing. */
	if (slash && slash > copy && slash[1]) {
		*slash = '\0';
		_cleanup_close_ int parent = path_open(root, copy, O_DIRECTORY);
		*slash = '/';
		if (parent >= 0 && sys_mkdirat(parent, slash + 1, 0755) == 0) {
			*ret_made = true;
			return path_open(root, path, O_DIRECTORY);
		}
	}
	return make_parts(root, copy, ret_made);
}

int path_open_parent(int root, const char *path, const char **ret_name) {
	char copy[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : 0;
	if (length >= sizeof copy)
		return -ENAMETOOLONG;
	memcpy(copy, path, length);
	copy[length] = '\0';
	*ret_name = slash ? slash + 1 : path;
	if (!**ret_name)
		return -EISDIR;
	bool made;
	return path_make_folder(root, copy, &made);
}

int path_make_file(int root, const char *path) {
	int fd = path_open(root, path, 0);
	if (fd != -ENOENT)
		return fd;
	const char *name;
	_cleanup_close_ int parent = path_open_parent(root, path, &name);
	if (parent < 0)
		return parent;
	_cleanup_close_ int made = sys_openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (made < 0)
		return -errno;
	return path_open(root, path, 0);
}
