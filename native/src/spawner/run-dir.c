#include "spawner/run-dir.h"

#include "base/cleanup.h"
#include "base/sys.h"

#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

static const char stage[] = "runDir";

int run_dir_make_path(const char *path, unsigned mode, struct error *err) {
	char partial[PATH_MAX];
	size_t length = strlen(path);
	if (path[0] != '/' || length >= sizeof partial)
		return error_set(err, EINVAL, stage, "an absolute path is expected, not \"%.100s\"", path);
	memcpy(partial, path, length + 1);
	for (char *at = partial + 1;; at++) {
		if (*at != '/' && *at != '\0')
			continue;
		char kept = *at;
		*at = '\0';
		if (sys_mkdirat(AT_FDCWD, partial, kept ? 0711 : mode) < 0 && errno != EEXIST)
			return error_errno(err, stage, "cannot make %s", partial);
		*at = kept;
		if (!kept)
			return 0;
	}
}

static int is_tmpfs(const char *path) {
	struct statfs status;
	return statfs(path, &status) == 0 && status.f_type == TMPFS_MAGIC;
}

int run_dir_open(const char *path, struct error *err) {
	int r = run_dir_make_path(path, 0711, err);
	if (r < 0)
		return r;
	if (!is_tmpfs(path) && sys_mount("berth", path, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0711") < 0)
		return error_errno(err, stage, "cannot mount a tmpfs on %s", path);
	/* EINVAL: the directory is inside a tmpfs mounted higher up, whose propagation is not ours to change. */
	if (sys_mount(NULL, path, NULL, MS_PRIVATE, NULL) < 0 && errno != EINVAL)
		return error_errno(err, stage, "cannot make %s private", path);
	int fd = open(path, O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? error_errno(err, stage, "cannot open %s", path) : fd;
}
