/* What is the same on both versions: life cycle, processes, kill, freeze. See cgroup.h. */
#include "runtime/cgroup-internal.h"

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/sys.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int cgroup_folder(const struct cgroup *cgroup, enum controller controller) {
	for (size_t i = 0; i < cgroup->part_count; i++)
		if (cgroup->parts[i].hierarchy->controllers & controller)
			return cgroup->parts[i].folder;
	return -1;
}

static bool has_part(const struct cgroup *cgroup, const struct hierarchy *hierarchy) {
	for (size_t i = 0; i < cgroup->part_count; i++)
		if (cgroup->parts[i].hierarchy == hierarchy)
			return true;
	return false;
}

static bool has_line(const char *text, const char *line) {
	size_t length = strlen(line);
	for (const char *at = text; at && *at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (strncmp(at, line, length) == 0 && (at[length] == '\n' || !at[length]))
			return true;
	}
	return false;
}

/* Each v1 hierarchy costs some 0.1 ms a container: only those that hold a limit or a counter somebody asks for are used. */
static unsigned needed_controllers(const struct cgroup_host *host, const struct cgroup_resources *resources) {
	unsigned needed = CONTROLLER_MEMORY | CONTROLLER_CPU | CONTROLLER_CPUACCT | CONTROLLER_PIDS | CONTROLLER_DEVICES | CONTROLLER_IO;
	if (resources->cpuset_cpus || resources->cpuset_mems)
		needed |= CONTROLLER_CPUSET;
	if (!host->v2)
		needed |= CONTROLLER_FREEZER; /* else v2's own freezer does it, and better: frozen processes can be killed */
	return needed | cgroup_others_needed(resources);
}

static int apply(struct cgroup *cgroup, const struct cgroup_resources *resources, bool is_new, struct warnings *warnings, struct error *err) {
	int failed = cgroup->host->kind->apply(cgroup, resources, is_new, warnings, err);
	return failed < 0 ? failed : cgroup_others_apply(cgroup, resources, warnings, err);
}

static int add_part(struct cgroup *cgroup, const struct hierarchy *hierarchy, struct error *err) {
	int folder;
	int failed = cgroup_make_folder(hierarchy, cgroup->path, &folder, err);
	if (failed < 0)
		return failed;
	cgroup->parts[cgroup->part_count++] = (struct cgroup_part){.hierarchy = hierarchy, .folder = folder, .join_fd = -1, .tree = -1};
	if (hierarchy->is_v2 || (!cgroup->host->v2 && (hierarchy->controllers & CONTROLLER_FREEZER))) {
		cgroup->core = folder;
		cgroup->core_is_v2 = hierarchy->is_v2;
	}
	if (!hierarchy->is_v2 && (hierarchy->controllers & CONTROLLER_CPUSET))
		return cgroup_cpuset_inherit(hierarchy, cgroup->path, err);
	return 0;
}

static int add_parts(struct cgroup *cgroup, unsigned needed, struct error *err) {
	const struct cgroup_host *host = cgroup->host;
	int failed;
	if (host->v2) {
		if ((failed = add_part(cgroup, host->v2, err)) < 0)
			return failed;
		if (host->kind == &cgroup_v2)
			cgroup_enable_controllers(host->v2, cgroup->path, cgroup->core);
		cgroup_others_enable(host->v2, cgroup->path, needed);
	}
	for (int pass = 0; pass < 2; pass++) { /* cpu last */
		for (size_t i = 0; i < host->count; i++) {
			const struct hierarchy *hierarchy = &host->hierarchies[i];
			bool is_cpu = hierarchy->controllers & CONTROLLER_CPU;
			if (hierarchy->is_v2 || !(hierarchy->controllers & needed) || is_cpu != (pass == 1))
				continue;
			if ((failed = add_part(cgroup, hierarchy, err)) < 0)
				return failed;
		}
	}
	if (cgroup->core < 0)
		return error_set(err, ENODEV, "cgroup", "neither cgroup v2 nor the freezer of cgroup v1 is mounted");
	return 0;
}

int cgroup_create(const struct cgroup_host *host, const struct cgroup_options *options, const struct cgroup_resources *resources,
				  struct warnings *warnings, struct cgroup **ret, struct error *err) {
	struct cgroup *cgroup = calloc(1, sizeof *cgroup);
	if (!cgroup)
		return error_set(err, ENOMEM, "cgroup", "out of memory");
	*cgroup = (struct cgroup){.host = host, .core = -1, .oom_fd = -1, .oom_source = -1, .device_program = -1};
	cgroup->path = strdup(options->path + strspn(options->path, "/"));
	int failed = cgroup->path ? 0 : error_set(err, ENOMEM, "cgroup", "out of memory");
	if (failed >= 0)
		failed = add_parts(cgroup, needed_controllers(host, resources), err);
	if (failed >= 0)
		failed = apply(cgroup, resources, true, warnings, err);
	int memory = cgroup_folder(cgroup, CONTROLLER_MEMORY);
	cgroup->kills_together = options->kills_all_on_oom && cgroup_host_is_v2(host) && memory >= 0 && faccessat(memory, "memory.oom.group", F_OK, 0) == 0;
	if (failed >= 0 && cgroup->kills_together)
		failed = cgroup_write(memory, "memory.oom.group", "1", err);
	if (failed < 0) {
		struct error ignored;
		(void)cgroup_remove(cgroup, &ignored);
		return failed;
	}
	*ret = cgroup;
	return 0;
}

/* Until a look finds nobody who is not in the part yet: a process that forks while it is moved may leave a child behind. */
static int move_into(struct cgroup *cgroup, const struct cgroup_part *part, struct error *err) {
	enum { ROUNDS_MAX = 100 };
	for (int round = 0; round < ROUNDS_MAX; round++) {
		_cleanup_free_ pid_t *pids = NULL;
		_cleanup_free_ char *there = NULL;
		size_t count, length, moved = 0;
		int failed = cgroup_processes(cgroup, &pids, &count, err);
		if (failed < 0)
			return failed;
		if ((failed = read_file_at(part->folder, "cgroup.procs", 1 << 24, &there, &length)) < 0)
			return error_set(err, -failed, "cgroup", "cannot list the processes of cgroup %s (%s)", cgroup->path, part->hierarchy->name);
		for (size_t i = 0; i < count; i++) {
			char line[24];
			(void)snprintf(line, sizeof line, "%d", pids[i]);
			if (has_line(there, line))
				continue;
			failed = cgroup_write(part->folder, "cgroup.procs", line, err);
			if (failed < 0 && failed != -ESRCH)
				return failed;
			moved++;
		}
		if (moved == 0)
			return 0;
	}
	return error_set(err, EAGAIN, "cgroup", "cgroup %s (%s): its processes fork faster than they can be moved", cgroup->path, part->hierarchy->name);
}

/* A controller that nobody asked for at first (v1's cpuset) is joined once somebody does. */
static int add_missing_parts(struct cgroup *cgroup, const struct cgroup_resources *resources, struct error *err) {
	const struct cgroup_host *host = cgroup->host;
	unsigned needed = needed_controllers(host, resources);
	for (size_t i = 0; i < host->count; i++) {
		const struct hierarchy *hierarchy = &host->hierarchies[i];
		if (hierarchy->is_v2 || !(hierarchy->controllers & needed) || has_part(cgroup, hierarchy))
			continue;
		int failed = add_part(cgroup, hierarchy, err);
		if (failed < 0 || (failed = move_into(cgroup, &cgroup->parts[cgroup->part_count - 1], err)) < 0)
			return failed;
	}
	return 0;
}

int cgroup_update(struct cgroup *cgroup, const struct cgroup_resources *resources, struct warnings *warnings, struct error *err) {
	int failed = add_missing_parts(cgroup, resources, err);
	if (failed < 0)
		return failed;
	if (cgroup->host->v2)
		cgroup_others_enable(cgroup->host->v2, cgroup->path, cgroup_others_needed(resources));
	return apply(cgroup, resources, false, warnings, err);
}

/*
 * After a write to cgroup.kill the kernel (seen on 6.18) kills every process that is cloned into the group: it compares the group's count of kills with
 * that of the parent's group. Such a group is joined by cgroup.procs instead.
 */
int cgroup_clone_fd(const struct cgroup *cgroup) { return cgroup->core_is_v2 && !cgroup->was_killed ? cgroup->core : -1; }

bool cgroup_kills_together(const struct cgroup *cgroup) { return cgroup->kills_together; }

static int prepare_part(struct cgroup_part *part, bool is_cloned_into, bool is_mounted_inside) {
	if (is_mounted_inside) {
		part->tree = sys_open_tree(part->folder, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
		if (part->tree < 0)
			return -errno;
	}
	if (part->hierarchy->is_v2 && is_cloned_into)
		return 0;
	part->join_fd = openat(part->folder, part->hierarchy->is_v2 ? "cgroup.procs" : "tasks", O_WRONLY | O_CLOEXEC);
	return part->join_fd < 0 ? -errno : 0;
}

int cgroup_join_prepare(struct cgroup *cgroup, bool is_mounted_inside, struct error *err) {
	for (size_t i = 0; i < cgroup->part_count; i++) {
		int failed = prepare_part(&cgroup->parts[i], cgroup_clone_fd(cgroup) >= 0, is_mounted_inside);
		if (failed < 0) {
			cgroup_join_done(cgroup);
			return error_set(err, -failed, "cgroup", "cannot open cgroup %s (%s): %s", cgroup->path, cgroup->parts[i].hierarchy->name,
							 strerror(-failed));
		}
	}
	return 0;
}

void cgroup_join_done(struct cgroup *cgroup) {
	int fds[2 * PARTS_MAX];
	for (size_t i = 0; i < cgroup->part_count; i++) {
		fds[2 * i] = TAKE_FD(cgroup->parts[i].join_fd);
		fds[2 * i + 1] = TAKE_FD(cgroup->parts[i].tree);
	}
	close_fds(fds, 2 * cgroup->part_count);
}

/* "0" into `tasks`, not a pid into cgroup.procs: a thread that moves itself needs no lock of all the host's processes (Linux 5.19). */
int cgroup_join(const struct cgroup *cgroup, enum cgroup_join_step step, const char **ret_where) {
	for (size_t i = 0; i < cgroup->part_count; i++) {
		const struct cgroup_part *part = &cgroup->parts[i];
		bool is_cpu = !part->hierarchy->is_v2 && (part->hierarchy->controllers & CONTROLLER_CPU);
		if (part->join_fd < 0 || is_cpu != (step == CGROUP_JOIN_CPU))
			continue;
		if (write(part->join_fd, "0", 1) < 0) {
			*ret_where = part->hierarchy->name;
			return -errno;
		}
	}
	return 0;
}

int cgroup_processes(struct cgroup *cgroup, pid_t **ret, size_t *ret_count, struct error *err) {
	_cleanup_free_ char *text = NULL;
	size_t length;
	int failed = read_file_at(cgroup->core, "cgroup.procs", 1 << 24, &text, &length);
	if (failed < 0)
		return error_set(err, -failed, "cgroup", "cannot list the processes of cgroup %s: %s", cgroup->path, strerror(-failed));
	size_t count = 0;
	for (size_t i = 0; i < length; i++)
		count += text[i] == '\n';
	pid_t *pids = calloc(count ? count : 1, sizeof *pids);
	if (!pids)
		return error_set(err, ENOMEM, "cgroup", "out of memory");
	char *at = text;
	for (size_t i = 0; i < count; i++) {
		pids[i] = (pid_t)strtol(at, &at, 10);
		at++;
	}
	*ret = pids;
	*ret_count = count;
	return 0;
}

bool cgroup_is_empty(struct cgroup *cgroup) {
	char text[128];
	if (cgroup->core_is_v2 && cgroup_read_text(cgroup->core, "cgroup.events", text, sizeof text) == 0)
		return cgroup_text_value(text, "populated") == 0;
	return cgroup_read_text(cgroup->core, "cgroup.procs", text, sizeof text) == 0 && text[0] == '\0';
}

int cgroup_signal(struct cgroup *cgroup, int signal, struct error *err) {
	_cleanup_free_ pid_t *pids = NULL;
	size_t count;
	int failed = cgroup_processes(cgroup, &pids, &count, err);
	for (size_t i = 0; failed >= 0 && i < count; i++)
		(void)kill(pids[i], signal);
	return failed;
}

/* Without v2 a frozen process does not die: freeze so that none forks away, signal, thaw. */
static int kill_v1(struct cgroup *cgroup, struct error *err) {
	(void)write_file_at(cgroup->core, "freezer.state", "FROZEN");
	int failed = cgroup_signal(cgroup, SIGKILL, err);
	(void)write_file_at(cgroup->core, "freezer.state", "THAWED");
	return failed;
}

/* Until the group is empty: by the kernel's event on v2, by asking again on v1, which has none. */
static int wait_empty(struct cgroup *cgroup, unsigned timeout_ms) {
	_cleanup_close_ int events = cgroup->core_is_v2 ? openat(cgroup->core, "cgroup.events", O_RDONLY | O_CLOEXEC) : -1;
	for (unsigned waited = 0; !cgroup_is_empty(cgroup); waited++) {
		if (waited >= timeout_ms)
			return -EBUSY;
		struct pollfd poller = {.fd = events, .events = POLLPRI};
		char text[128];
		if (events >= 0)
			(void)!pread(events, text, sizeof text, 0);
		(void)poll(&poller, 1, 1);
	}
	return 0;
}

int cgroup_kill(struct cgroup *cgroup, unsigned timeout_ms, struct error *err) {
	if (cgroup_is_empty(cgroup))
		return 0;
	int failed = cgroup->core_is_v2 ? write_file_at(cgroup->core, "cgroup.kill", "1") : -ENOENT;
	cgroup->was_killed |= failed == 0;
	if (failed == -ENOENT && cgroup->core_is_v2) /* before Linux 5.14 */
		failed = cgroup_signal(cgroup, SIGKILL, err);
	else if (failed == -ENOENT)
		failed = kill_v1(cgroup, err);
	if (failed >= 0)
		failed = wait_empty(cgroup, timeout_ms);
	return failed < 0 ? error_set(err, -failed, "cgroup", "processes of cgroup %s are left: %s", cgroup->path, strerror(-failed)) : 0;
}

int cgroup_freeze(struct cgroup *cgroup, bool frozen, struct error *err) {
	if (!cgroup->core_is_v2)
		return cgroup_write(cgroup->core, "freezer.state", frozen ? "FROZEN" : "THAWED", err);
	int failed = cgroup_write(cgroup->core, "cgroup.freeze", frozen ? "1" : "0", err);
	if (failed < 0)
		return failed;
	_cleanup_close_ int events = openat(cgroup->core, "cgroup.events", O_RDONLY | O_CLOEXEC);
	for (int waited = 0; waited < 2000; waited++) {
		char text[128];
		ssize_t length = pread(events, text, sizeof text - 1, 0);
		text[length < 0 ? 0 : length] = '\0';
		if (length < 0 || (cgroup_text_value(text, "frozen") == 1) == frozen)
			return 0;
		struct pollfd poller = {.fd = events, .events = POLLPRI};
		(void)poll(&poller, 1, 1);
	}
	return error_set(err, ETIMEDOUT, "cgroup", "cgroup %s does not %s", cgroup->path, frozen ? "freeze" : "thaw");
}

int cgroup_oom_watch(struct cgroup *cgroup, int *ret_fd, uint32_t *ret_events, struct error *err) {
	if (cgroup->oom_fd < 0) {
		int failed = cgroup->host->kind->watch_oom(cgroup, &cgroup->oom_events, err);
		if (failed < 0)
			return failed;
	}
	*ret_events = cgroup->oom_events;
	*ret_fd = cgroup->oom_fd;
	return 0;
}

void cgroup_oom_acknowledge(struct cgroup *cgroup) {
	if (cgroup->oom_fd >= 0)
		cgroup->host->kind->acknowledge_oom(cgroup);
}

uint64_t cgroup_oom_kills(struct cgroup *cgroup) { return cgroup->host->kind->oom_kills(cgroup); }
uint64_t cgroup_memory_peak(struct cgroup *cgroup) { return cgroup->host->kind->memory_peak(cgroup); }
void cgroup_memory_peak_reset(struct cgroup *cgroup) { cgroup->host->kind->reset_memory_peak(cgroup); }
uint64_t cgroup_memory_limit(struct cgroup *cgroup) { return cgroup->host->kind->memory_limit(cgroup); }

int cgroup_usage(struct cgroup *cgroup, json_t **ret, struct error *err) {
	json_t *object = json_object();
	if (!object)
		return error_set(err, ENOMEM, "cgroup", "out of memory");
	cgroup->host->kind->usage(cgroup, object);
	cgroup_usage_pressure(cgroup, object);
	*ret = object;
	return 0;
}

/* Groups that the container made below its own. Depth is bounded by the kernel's limits on paths. */
static void remove_children(int folder) {
	int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_closedir_ DIR *directory = copy < 0 ? NULL : fdopendir(copy);
	for (struct dirent *entry; directory && (entry = readdir(directory));) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		_cleanup_close_ int child = openat(folder, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (child >= 0)
			remove_children(child);
		(void)unlinkat(folder, entry->d_name, AT_REMOVEDIR);
	}
	if (!directory)
		close_fd(&copy);
}

/* A process that was reaped a moment ago may still hold the group. */
static int remove_part(struct cgroup *cgroup, struct cgroup_part *part) {
	static const long delays_ms[] = {0, 1, 2, 4, 8, 16, 32, 64, 128};
	for (size_t i = 0; i < ELEMENTS(delays_ms); i++) {
		struct timespec delay = {.tv_nsec = delays_ms[i] * 1000000};
		if (i)
			(void)nanosleep(&delay, NULL);
		if (unlinkat(part->hierarchy->root, cgroup->path, AT_REMOVEDIR) == 0 || errno == ENOENT)
			return 0;
		if (errno != EBUSY)
			return -errno;
		remove_children(part->folder);
	}
	return -EBUSY;
}

int cgroup_remove(struct cgroup *cgroup, struct error *err) {
	if (!cgroup)
		return 0;
	int failed = 0;
	close_fd(&cgroup->oom_fd); /* an rmdir would make it fire once more */
	for (size_t i = cgroup->part_count; i-- > 0;) {
		int result = remove_part(cgroup, &cgroup->parts[i]);
		if (result < 0)
			failed = error_set(err, -result, "cgroup", "cannot remove cgroup %s (%s): %s", cgroup->path,
							   cgroup->parts[i].hierarchy->name, strerror(-result));
	}
	cgroup_free(cgroup);
	return failed;
}

void cgroup_free(struct cgroup *cgroup) {
	if (!cgroup)
		return;
	cgroup_join_done(cgroup);
	int folders[PARTS_MAX];
	for (size_t i = 0; i < cgroup->part_count; i++)
		folders[i] = cgroup->parts[i].folder;
	close_fds(folders, cgroup->part_count);
	close_fd(&cgroup->oom_fd);
	close_fd(&cgroup->oom_source);
	close_fd(&cgroup->device_program);
	free(cgroup->path);
	free(cgroup);
}
