#include "layer/path-status.h"

#include "base/cleanup.h"
#include "base/json.h"
#include "base/sys.h"
#include "layer/view.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char stage[] = "path";

int path_status_prepare(void) { return sys_openat(AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0); }

/* A link to nothing: its own text, from the folder it lies in. */
static int dangling_target(int link, const char *path, struct path_status *ret, struct error *err) {
	char text[PATH_TARGET_SIZE];
	ssize_t length = readlinkat(link, "", text, sizeof text - 1);
	if (length < 0)
		return error_errno(err, stage, "%s", path);
	text[length] = '\0';
	const char *slash = strrchr(path, '/');
	int folder = text[0] == '/' || !slash ? 0 : (int)(slash - path);
	int size = snprintf(ret->target, sizeof ret->target, "%.*s%s%s", folder, path, text[0] == '/' ? "" : "/", text);
	return size < (int)sizeof ret->target ? 0 : error_set(err, ENAMETOOLONG, stage, "%s", path);
}

static int link_target(int root, int link, const char *path, int fd_links, struct path_status *ret, struct error *err) {
	char name[16];
	_cleanup_close_ int end = view_open(root, path, O_PATH);
	if (end < 0)
		return dangling_target(link, path, ret, err);
	(void)snprintf(name, sizeof name, "%d", end);
	ssize_t length = readlinkat(fd_links, name, ret->target, sizeof ret->target - 1);
	if (length < 0)
		return error_errno(err, stage, "%s", path);
	ret->target[length] = '\0';
	return 0;
}

int path_status_read(int root, const char *path, bool follows, int fd_links, struct path_status *ret, struct error *err) {
	*ret = (struct path_status){0};
	_cleanup_close_ int fd = view_open(root, path, O_PATH | (follows ? 0 : O_NOFOLLOW));
	if (fd < 0 || fstat(fd, &ret->status) < 0)
		return error_errno(err, stage, "%s", path);
	return S_ISLNK(ret->status.st_mode) ? link_target(root, fd, path, fd_links, ret, err) : 0;
}

json_t *path_status_to_json(const struct path_status *status) {
	const struct stat *stat = &status->status;
	/* A target that is not UTF-8 cannot be said in JSON. */
	json_t *target = json_string(status->target);
	return json_pack("{s:i, s:I, s:I, s:I, s:o}", "mode", (int)stat->st_mode, "size", (json_int_t)stat->st_size, "modifiedSeconds",
					 (json_int_t)stat->st_mtim.tv_sec, "modifiedNanoseconds", (json_int_t)stat->st_mtim.tv_nsec, "target",
					 target ? target : json_string(""));
}
