/* Folders and small files of a hierarchy. */
#include "runtime/cgroup-internal.h"

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/sys.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

int cgroup_write(int folder, const char *file, const char *value, struct error *err) {
	int failed = write_file_at(folder, file, value);
	if (failed < 0)
		return error_set(err, -failed, "cgroup", "%s = %.64s: %s", file, value, strerror(-failed));
	return 0;
}

int cgroup_write_number(int folder, const char *file, int64_t value, struct error *err) {
	char text[24];
	(void)snprintf(text, sizeof text, "%" PRId64, value);
	return cgroup_write(folder, file, text, err);
}

int cgroup_read_text(int folder, const char *file, char *ret_text, size_t size) {
	int length = read_record_at(folder, file, ret_text, size);
	return length < 0 ? length : 0;
}

int cgroup_read_number(int folder, const char *file, uint64_t *ret_number) {
	char text[64];
	int failed = cgroup_read_text(folder, file, text, sizeof text);
	if (failed < 0)
		return failed;
	*ret_number = strncmp(text, "max", 3) == 0 ? UINT64_MAX : strtoull(text, NULL, 10);
	return 0;
}

uint64_t cgroup_text_value(const char *text, const char *key) {
	size_t length = strlen(key);
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, length) == 0 && line[length] == ' ')
			return strtoull(line + length + 1, NULL, 10);
	}
	return 0;
}

int cgroup_each_parent(const char *path, int (*visit)(void *context, const char *prefix), void *context) {
	char prefix[PATH_MAX];
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		size_t length = (size_t)(slash - path);
		if (length >= sizeof prefix)
			return -ENAMETOOLONG;
		memcpy(prefix, path, length);
		prefix[length] = '\0';
		int failed = visit(context, prefix);
		if (failed < 0)
			return failed;
	}
	return 0;
}

static int make_one(void *context, const char *prefix) {
	const struct hierarchy *hierarchy = context;
	return sys_mkdirat(hierarchy->root, prefix, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

/* A leftover without processes is replaced, so that no counter or limit of a former container is inherited. */
static int replace_folder(const struct hierarchy *hierarchy, const char *path) {
	if (sys_unlinkat(hierarchy->root, path, AT_REMOVEDIR) < 0)
		return errno == EBUSY ? -EEXIST : -errno;
	return sys_mkdirat(hierarchy->root, path, 0755) < 0 ? -errno : 0;
}

int cgroup_make_folder(const struct hierarchy *hierarchy, const char *path, int *ret_folder, struct error *err) {
	int failed = sys_mkdirat(hierarchy->root, path, 0755) < 0 ? -errno : 0;
	if (failed == -ENOENT) {
		failed = cgroup_each_parent(path, make_one, (void *)hierarchy);
		if (failed == 0)
			failed = sys_mkdirat(hierarchy->root, path, 0755) < 0 ? -errno : 0;
	}
	if (failed == -EEXIST)
		failed = replace_folder(hierarchy, path);
	if (failed == -EEXIST)
		return error_set(err, EEXIST, "cgroup", "cgroup %s (%s) exists and has processes", path, hierarchy->name);
	if (failed < 0)
		return error_set(err, -failed, "cgroup", "cannot make cgroup %s (%s): %s", path, hierarchy->name, strerror(-failed));
	int folder = openat(hierarchy->root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0) {
		failed = error_errno(err, "cgroup", "cannot open cgroup %s (%s)", path, hierarchy->name);
		(void)unlinkat(hierarchy->root, path, AT_REMOVEDIR);
		return failed;
	}
	*ret_folder = folder;
	return 0;
}

static int inherit_file(int root, const char *path, const char *file) {
	char name[PATH_MAX], text[1024];
	(void)snprintf(name, sizeof name, "%s/%s", path, file);
	if (cgroup_read_text(root, name, text, sizeof text) == 0 && text[strspn(text, " \n")])
		return 0;
	const char *slash = strrchr(path, '/');
	(void)snprintf(name, sizeof name, "%.*s%s%s", slash ? (int)(slash - path) : 0, path, slash ? "/" : "", file);
	int failed = cgroup_read_text(root, name, text, sizeof text);
	if (failed < 0)
		return failed;
	(void)snprintf(name, sizeof name, "%s/%s", path, file);
	return write_file_at(root, name, text);
}

static int inherit_cpuset(void *context, const char *prefix) {
	const struct hierarchy *hierarchy = context;
	int failed = inherit_file(hierarchy->root, prefix, "cpuset.cpus");
	return failed < 0 ? failed : inherit_file(hierarchy->root, prefix, "cpuset.mems");
}

int cgroup_cpuset_inherit(const struct hierarchy *hierarchy, const char *path, struct error *err) {
	int failed = cgroup_each_parent(path, inherit_cpuset, (void *)hierarchy);
	if (failed == 0)
		failed = inherit_cpuset((void *)hierarchy, path);
	return failed < 0 ? error_set(err, -failed, "cgroup", "cannot give cgroup %s its processors: %s", path, strerror(-failed)) : 0;
}

static int enable_one(void *context, const char *prefix) {
	static const char *const names[] = {"+memory", "+cpu", "+pids", "+io", "+cpuset"};
	const struct hierarchy *hierarchy = context;
	char file[PATH_MAX];
	(void)snprintf(file, sizeof file, "%s%scgroup.subtree_control", prefix, prefix[0] ? "/" : "");
	/* One write when all are there; one by one else, as a single refused controller refuses the whole line. */
	if (write_file_at(hierarchy->root, file, "+memory +cpu +pids +io +cpuset") < 0)
		for (size_t i = 0; i < ELEMENTS(names); i++)
			(void)write_file_at(hierarchy->root, file, names[i]);
	return 0;
}

void cgroup_enable_controllers(const struct hierarchy *hierarchy, const char *path, int folder) {
	char wanted[512], given[512];
	if (cgroup_read_text(hierarchy->root, "cgroup.controllers", wanted, sizeof wanted) == 0 &&
		cgroup_read_text(folder, "cgroup.controllers", given, sizeof given) == 0 && strcmp(wanted, given) == 0)
		return; /* done for an earlier container */
	(void)enable_one((void *)hierarchy, "");
	(void)cgroup_each_parent(path, enable_one, (void *)hierarchy);
}
