/*
 * What all containers of an instance may have together. A fork bomb in a container without a limit of its own takes numbers that the whole host has to
 * live on: with none left nobody can log in and end it.
 */
#include "runtime/cgroup-internal.h"

#include "base/cleanup.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* The kernel refuses a fork at whichever comes first; one in ten is the host's. */
static uint64_t processes_for_containers(void) {
	uint64_t numbers = UINT64_MAX, threads = UINT64_MAX;
	(void)cgroup_read_number(AT_FDCWD, "/proc/sys/kernel/pid_max", &numbers);
	(void)cgroup_read_number(AT_FDCWD, "/proc/sys/kernel/threads-max", &threads);
	uint64_t all = numbers < threads ? numbers : threads;
	return all - all / 10;
}

static const struct hierarchy *find_pids(const struct cgroup_host *host) {
	for (size_t i = 0; i < host->count; i++)
		if (host->hierarchies[i].controllers & CONTROLLER_PIDS)
			return &host->hierarchies[i];
	return NULL;
}

int cgroup_bound_processes(const struct cgroup_host *host, const char *path, struct error *err) {
	const struct hierarchy *hierarchy = find_pids(host);
	uint64_t present;
	if (!hierarchy)
		return 0;
	if (sys_mkdirat(hierarchy->root, path, 0755) < 0 && errno != EEXIST)
		return error_errno(err, "cgroup", "cannot make cgroup %s (%s)", path, hierarchy->name);
	_cleanup_close_ int folder = openat(hierarchy->root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0)
		return error_errno(err, "cgroup", "cannot open cgroup %s (%s)", path, hierarchy->name);
	if (hierarchy->is_v2)
		cgroup_enable_controllers(hierarchy, path, folder);
	int failed = cgroup_read_number(folder, "pids.max", &present);
	if (failed < 0)
		return error_set(err, -failed, "cgroup", "pids.max of cgroup %s: %s", path, strerror(-failed));
	if (present != UINT64_MAX) /* an earlier daemon's, or what an administrator prefers */
		return 0;
	return cgroup_write_number(folder, "pids.max", (int64_t)processes_for_containers(), err);
}
