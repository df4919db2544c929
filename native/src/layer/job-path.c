/* Jobs on one path of a container: what is there, the tar of it, a tar into it. */
#include "layer/confine.h"
#include "layer/job.h"
#include "layer/pack.h"
#include "layer/path-status.h"
#include "layer/view.h"

#include "base/cleanup.h"
#include "base/json.h"
#include "base/sys.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

static const char stage[] = "path";

static int enter(const struct job *job, int *ret_root, int *ret_links, struct error *err) {
	*ret_links = path_status_prepare();
	if (*ret_links < 0)
		return error_errno(err, stage, "/proc/self/fd");
	(void)umask(0);
	int result = view_enter(&job->view, ret_root, err);
	return result < 0 ? result : confine_rights(err);
}

int job_stat(const struct job *job, json_t **ret_ok, struct error *err) {
	_cleanup_close_ int root = -1;
	_cleanup_close_ int links = -1;
	struct path_status status;
	int result = enter(job, &root, &links, err);
	if (result >= 0)
		result = path_status_read(root, job->path, job->follows, links, &status, err);
	if (result < 0)
		return result;
	*ret_ok = path_status_to_json(&status);
	return *ret_ok ? 0 : error_set(err, ENOMEM, "memory", "no memory");
}

/* The folder that has the path's last component, and that component ("." for the root, and for a folder reached through a link). */
static int open_parent(int root, const char *path, bool is_folder, const char **ret_name, int *ret_parent, struct error *err) {
	char folder[PATH_TARGET_SIZE];
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	int fd;
	if (is_folder || name[0] == '\0') {
		name = ".";
		fd = view_open(root, path, O_RDONLY | O_DIRECTORY);
	} else {
		size_t length = slash ? (size_t)(slash - path) : 0;
		if (length >= sizeof folder)
			return error_set(err, ENAMETOOLONG, stage, "%.64s...", path);
		memcpy(folder, path, length);
		folder[length] = '\0';
		fd = view_open(root, folder, O_RDONLY | O_DIRECTORY);
	}
	if (fd < 0)
		return error_errno(err, stage, "%s", path);
	*ret_name = name;
	*ret_parent = fd;
	return 0;
}

/* Where a link as last component ends, when it is to be followed: the path itself otherwise. `status` is used on the way. */
static int end_of(int root, int links, const struct job *job, struct path_status *status, const char **ret_path, struct error *err) {
	int result = path_status_read(root, job->path, false, links, status, err);
	if (result >= 0)
		*ret_path = job->follows && S_ISLNK(status->status.st_mode) ? status->target : job->path;
	return result;
}

int job_pack_path(const struct job *job, int connection, struct error *err) {
	_cleanup_close_ int root = -1;
	_cleanup_close_ int links = -1;
	_cleanup_close_ int parent = -1;
	const char *name = NULL;
	const char *path = NULL;
	struct path_status link, status;
	int result = enter(job, &root, &links, err);
	if (result >= 0)
		result = end_of(root, links, job, &link, &path, err);
	if (result >= 0)
		result = path_status_read(root, path, job->follows, links, &status, err);
	if (result >= 0)
		result = open_parent(root, path, S_ISDIR(status.status.st_mode), &name, &parent, err);
	if (result < 0)
		return result;
	_cleanup_json_ json_t *answer = path_status_to_json(&status);
	if (!answer || job_answer(connection, job->id, answer) < 0)
		return error_set(err, EPIPE, "answer", "the connection is closed");
	(void)pack_named(connection, parent, name, job->name, err); /* the other side sees a failure by the missing end of the archive */
	return 0;
}

int job_unpack_path(const struct job *job, int connection, json_t **ret_ok, struct error *err) {
	_cleanup_close_ int root = -1;
	_cleanup_close_ int links = -1;
	int result = enter(job, &root, &links, err);
	if (result < 0)
		return result;
	{
		_cleanup_close_ int folder = view_open(root, job->path, O_RDONLY | O_DIRECTORY);
		if (folder < 0)
			return error_errno(err, stage, "%s", job->path);
		struct statvfs file_system;
		if (fstatvfs(folder, &file_system) == 0 && (file_system.f_flag & ST_RDONLY) != 0)
			return error_set(err, EROFS, stage, "%s", job->path);
	}
	return unpack_into(root, connection, job, ret_ok, err);
}
