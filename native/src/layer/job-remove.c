/* Removes a tree. */
#include "layer/confine.h"
#include "layer/job.h"
#include "layer/walk.h"

#include "base/cleanup.h"
#include "base/json.h"
#include "base/sys.h"

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>

/* Opens the folder that has `path`; yields the name in it. `storage` is what the name points into. */
static int open_parent(const char *path, char **ret_storage, const char **ret_name, int *ret_parent, struct error *err) {
	_cleanup_free_ char *copy = strdup(path);
	if (!copy)
		return error_set(err, ENOMEM, "memory", "no memory");
	size_t length = strlen(copy);
	while (length > 1 && copy[length - 1] == '/')
		copy[--length] = '\0';
	char *slash = strrchr(copy, '/');
	if (length <= 1 || !slash)
		return error_set(err, EINVAL, "target", "the root cannot be removed");
	*slash = '\0';
	int parent = sys_openat(AT_FDCWD, slash == copy ? "/" : copy, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (parent < 0)
		return error_errno(err, "target", "%s", copy);
	*ret_name = slash + 1;
	*ret_storage = TAKE_PTR(copy);
	*ret_parent = parent;
	return 0;
}

int job_remove(const struct job *job, json_t **ret_ok, struct error *err) {
	_cleanup_free_ char *storage = NULL;
	_cleanup_close_ int parent = -1;
	const char *name = NULL;
	size_t entries = 0;
	int result = open_parent(job->target, &storage, &name, &parent, err);
	if (result < 0 && err->errnum != ENOENT)
		return result;
	if (result >= 0) {
		if (strcmp(name, "..") == 0 || strcmp(name, ".") == 0)
			return error_set(err, EINVAL, "target", "%s names no entry", job->target);
		result = confine_rights(err);
		if (result >= 0)
			result = remove_at(parent, name, &entries, err);
		if (result < 0)
			return result;
	}
	*ret_ok = json_pack("{s:I}", "entries", (json_int_t)entries);
	return *ret_ok ? 0 : error_set(err, ENOMEM, "memory", "no memory");
}
