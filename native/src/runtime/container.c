#include "runtime/container.h"

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/sys.h"
#include "runtime/capabilities.h"
#include "runtime/console.h"
#include "runtime/launch.h"
#include "runtime/mounts.h"
#include "runtime/rootfs.h"
#include "runtime/userns.h"

#include <errno.h>
#include <linux/nsfs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

enum { KILL_TIMEOUT_MS = 5000 };

/* What a container asked for and this host does not have is told, once, by name. */
static uint64_t limit_set(uint64_t wanted, uint64_t available, struct warnings *warnings) {
	for (unsigned number = 0; warnings && number < 64; number++) {
		const char *name = capability_name(number);
		if (wanted & ~available & 1ULL << number)
			warnings_add(warnings, "%s is not available on this host", name ? name : "a capability");
	}
	return wanted & available;
}

static struct spec_capabilities limit_capabilities(const struct spec_capabilities *wanted, uint64_t available, struct warnings *warnings) {
	struct spec_capabilities sets = {.bounding = limit_set(wanted->bounding, available, warnings)};
	sets.permitted = limit_set(wanted->permitted, available, NULL);
	sets.effective = wanted->effective & sets.permitted;
	sets.inheritable = limit_set(wanted->inheritable, available, NULL);
	sets.ambient = wanted->ambient & sets.permitted & sets.inheritable;
	return sets;
}

static int choose_seccomp(const struct spec *spec, uint64_t bounding, struct seccomp_filter *ret, struct error *err) {
	switch (spec->seccomp) {
	case SECCOMP_PROFILE_DEFAULT:
		return seccomp_compile_default(bounding, ret, err);
	case SECCOMP_PROFILE_OCI:
		return seccomp_compile_oci(spec->seccomp_profile, ret, err);
	case SECCOMP_NONE:
		break;
	}
	*ret = (struct seccomp_filter){0};
	return 0;
}

/*
 * The rules of the container's own nodes allow making them: they are made by a process that is in the group already. Appended rules decide last and
 * give nothing that the node itself does not.
 */
static int with_own_devices(const struct spec *spec, struct cgroup_resources *ret, struct error *err) {
	*ret = spec->resources;
	if (!ret->device_count || !spec->device_count)
		return 0;
	struct cgroup_device_rule *rules = calloc(ret->device_count + spec->device_count, sizeof *rules);
	if (!rules)
		return error_set(err, ENOMEM, "cgroup", "out of memory");
	memcpy(rules, ret->devices, ret->device_count * sizeof *rules);
	for (size_t i = 0; i < spec->device_count; i++) {
		const struct spec_device *device = &spec->devices[i];
		if (device->type != 'p')
			rules[ret->device_count++] = (struct cgroup_device_rule){
				.allow = true, .type = device->type, .major = device->major, .minor = device->minor, .mknod = true};
	}
	ret->devices = rules;
	return 0;
}

static int prepare_cgroup(const struct host *host, const struct start_config *config, struct container *container, struct error *err) {
	struct cgroup_resources resources;
	const struct cgroup_options options = {.path = config->spec.cgroup_path, .kills_all_on_oom = config->kills_all_on_oom};
	if (!host->cgroups)
		return error_set(err, ENODEV, "cgroup", "no cgroup hierarchy is mounted on this host (expected at /sys/fs/cgroup)");
	int failed = with_own_devices(&config->spec, &resources, err);
	if (failed < 0)
		return failed;
	if (container->cgroup)
		failed = cgroup_update(container->cgroup, &resources, &container->warnings, err);
	else
		failed = cgroup_create(host->cgroups, &options, &resources, &container->warnings, &container->cgroup, err);
	if (resources.devices != config->spec.resources.devices)
		free(resources.devices);
	return failed;
}

static bool mounts_cgroup(const struct spec *spec) {
	for (size_t i = 0; i < spec->mount_count; i++)
		if (spec->mounts[i].kind == MOUNT_CGROUP)
			return true;
	return false;
}

/*
 * The mount that the child gets. Where detached mounts can be cloned the container's own stays with us: the next start uses it again, and it is
 * reachable through our fd while the container does not run.
 */
static int prepare_root(const struct launch *launch, struct container *container, int *ret_mount, struct error *err) {
	const struct host *host = launch->host;
	const struct start_config *config = launch->config;
	bool is_same = container->root_config && json_equal(container->root_config, config->rootfs.json);
	/* Idmapped layers may have another map by now. */
	if (container->rootfs < 0 || !is_same || config->rootfs.is_idmapped || !host->clones_detached_mounts) {
		close_fd(&container->rootfs);
		int failed = rootfs_open(launch, &config->rootfs, config->is_durable, &container->rootfs, err);
		if (failed < 0)
			return failed;
		json_decref(container->root_config);
		container->root_config = json_deep_copy(config->rootfs.json);
	}
	if (!host->clones_detached_mounts)
		*ret_mount = fcntl(container->rootfs, F_DUPFD_CLOEXEC, 3);
	else
		*ret_mount = sys_open_tree(container->rootfs, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	return *ret_mount < 0 ? error_errno(err, "rootfs", "cannot clone the root file system") : 0;
}

/* A file of another kind would be found out only in the middle of the start; the mounts of this process must not get another root. */
static int open_joins(struct launch *launch, const struct spec *spec, struct error *err) {
	for (size_t i = 0; i < spec->join_count; i++) {
		const struct spec_join *join = &spec->joins[i];
		struct stat status, own;
		if (join->flag == CLONE_NEWUSER)
			continue; /* see userns_prepare() */
		launch->joins[i] = open(join->path, O_RDONLY | O_CLOEXEC);
		if (launch->joins[i] < 0 || fstat(launch->joins[i], &status) < 0)
			return error_errno(err, "namespace", "cannot open the namespace %s", join->path);
		if (ioctl(launch->joins[i], NS_GET_NSTYPE) != join->flag)
			return error_set(err, EINVAL, "namespace", "%s is not a namespace of the kind that it is given for", join->path);
		if (join->flag == CLONE_NEWNS && stat("/proc/self/ns/mnt", &own) == 0 && own.st_ino == status.st_ino)
			return error_set(err, EINVAL, "namespace", "%s is the host's own mount namespace", join->path);
	}
	return 0;
}

static int launch_init(struct launch *launch, const struct container_stdio *stdio, size_t mount_count, struct error *err) {
	launch->stdio[0] = stdio->in;
	launch->stdio[1] = stdio->out;
	launch->stdio[2] = stdio->err;
	launch->terminal_peer = launch->rootfs = launch->container_pidfd = launch->root = launch->proc = launch->empty = launch->userns = launch->host_mounts = -1;
	for (size_t i = 0; i < ELEMENTS(launch->joins); i++)
		launch->joins[i] = -1;
	launch->mounts = calloc(mount_count ? mount_count : 1, sizeof *launch->mounts);
	launch->foreign = calloc(mount_count ? mount_count : 1, sizeof *launch->foreign);
	if (!launch->mounts || !launch->foreign)
		return error_set(err, ENOMEM, "mount", "out of memory");
	for (size_t i = 0; i < mount_count; i++)
		launch->mounts[i] = launch->foreign[i] = -1;
	return 0;
}

static void launch_free(struct launch *launch, size_t mount_count) {
	for (size_t i = 0; launch->mounts && i < mount_count; i++)
		close_fd(&launch->mounts[i]);
	for (size_t i = 0; i < ELEMENTS(launch->joins); i++)
		close_fd(&launch->joins[i]);
	close_fd(&launch->rootfs);
	close_fd(&launch->terminal_peer);
	userns_release(launch);
	free(launch->mounts);
	free(launch->foreign);
}

static int namespaces_of(const struct spec *spec) {
	int flags = spec->namespaces_new;
	for (size_t i = 0; i < spec->join_count; i++)
		flags |= spec->joins[i].flag;
	return flags;
}

static int prepare_start(struct launch *launch, struct container *container, struct error *err) {
	const struct start_config *config = launch->config;
	const struct spec *spec = &config->spec;
	int devpts = -1, failed = userns_prepare(launch, spec, err);
	if (failed < 0)
		return failed;
	launch->capabilities = limit_capabilities(&spec->process.capabilities, launch_bounding(launch->host, launch->userns >= 0), &container->warnings);
	if ((failed = choose_seccomp(spec, launch->capabilities.bounding, &launch->seccomp, err)) < 0)
		return failed;
	trace_mark(launch->trace, "filter");
	if ((failed = prepare_root(launch, container, &launch->rootfs, err)) < 0)
		return failed;
	trace_mark(launch->trace, "overlay");
	if ((failed = mounts_prepare(launch, &devpts, err)) < 0 || (failed = open_joins(launch, spec, err)) < 0)
		return failed;
	if (devpts >= 0 && (container->devpts = fcntl(devpts, F_DUPFD_CLOEXEC, 3)) < 0)
		return error_errno(err, "console", "cannot keep the terminals' mount");
	if (spec->process.terminal &&
		(failed = console_open(container->devpts, &spec->process, &container->terminal, &launch->terminal_peer, err)) < 0)
		return failed;
	trace_mark(launch->trace, "binds");
	if ((failed = prepare_cgroup(launch->host, config, container, err)) < 0)
		return failed;
	launch->cgroup = container->cgroup;
	launch->has_own_memory = launch_is_accompanied(launch) || cgroup_kills_together(container->cgroup) || (namespaces_of(spec) & CLONE_NEWTIME);
	failed = cgroup_join_prepare(container->cgroup, mounts_cgroup(spec), err);
	trace_mark(launch->trace, "cgroup-make");
	return failed;
}

int container_start(const struct host *host, const struct start_config *config, const struct container_stdio *stdio, struct container *container,
					struct error *err) {
	bool had_cgroup = container->cgroup != NULL, had_root = container->rootfs >= 0;
	warnings_free(&container->warnings);
	trace_begin(&container->trace);
	struct launch launch = {.host = host,
							.config = config,
							.process = &config->spec.process,
							.hold = container->hold,
							.preserved_fds = container->preserved_fds,
							.has_personality = config->spec.process.schedule.has_personality,
							.personality = config->spec.process.schedule.personality,
							.err = err,
							.warnings = &container->warnings,
							.trace = &container->trace};
	int failed = launch_init(&launch, stdio, config->spec.mount_count, err);
	if (failed >= 0)
		failed = prepare_start(&launch, container, err);
	if (failed >= 0) {
		container->oom_kills_before = had_cgroup ? cgroup_oom_kills(container->cgroup) : 0;
		if (had_cgroup)
			cgroup_memory_peak_reset(container->cgroup);
		/* The mount namespace is made by the child from the template, the cgroup namespace once it is in its cgroup. */
		int flags = config->spec.namespaces_new & ~(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWTIME);
		launch.inside_flags = config->spec.namespaces_new & ~(CLONE_NEWUSER | CLONE_NEWCGROUP | CLONE_NEWTIME);
		failed = launch_run(&launch, launch.userns < 0 ? launch_start_steps : launch_outside_steps, launch.userns < 0 ? flags : 0, &container->pid, &container->pidfd);
	}
	if (container->cgroup)
		cgroup_join_done(container->cgroup);
	launch_free(&launch, config->spec.mount_count);
	trace_mark(&container->trace, "running");
	if (failed < 0) {
		struct error ignored;
		close_fd(&container->terminal);
		close_fd(&container->devpts);
		if (!had_root) {
			close_fd(&container->rootfs);
			json_decref(container->root_config);
			container->root_config = NULL;
		}
		if (!had_cgroup) {
			(void)cgroup_remove(container->cgroup, &ignored);
			container->cgroup = NULL;
		}
		return failed;
	}
	container->seccomp = launch.seccomp;
	container->bounding = launch.capabilities.bounding;
	container->namespaces = namespaces_of(&config->spec);
	container->has_personality = launch.has_personality;
	container->personality = launch.personality;
	return 0;
}

/* Where terminals of execs come from. Whatever the container mounted there, only a devpts gives one: see console_open(). */
static int open_devpts(pid_t pid) {
	char path[48];
	(void)snprintf(path, sizeof path, "/proc/%d/root", (int)pid);
	_cleanup_close_ int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root < 0 ? -1 : sys_openat2(root, "dev/pts", O_PATH | O_DIRECTORY | O_CLOEXEC, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

int container_adopt(const struct host *host, const struct start_config *config, pid_t pid, struct container *container, struct error *err) {
	struct container adopted = CONTAINER_INIT;
	if (!host->cgroups)
		return error_set(err, ENODEV, "cgroup", "no cgroup hierarchy is mounted on this host (expected at /sys/fs/cgroup)");
	int failed = cgroup_attach(host->cgroups, config->spec.cgroup_path, &adopted.cgroup, err);
	if (failed < 0)
		return failed;
	if (pid > 0) {
		adopted.pidfd = sys_pidfd_open(pid, 0);
		failed = adopted.pidfd < 0 ? error_errno(err, "container", "cannot open process %d", (int)pid)
								   : choose_seccomp(&config->spec, config->spec.process.capabilities.bounding & host->bounding, &adopted.seccomp, err);
		adopted.pid = pid;
		adopted.devpts = open_devpts(pid);
		adopted.namespaces = namespaces_of(&config->spec);
		adopted.has_personality = config->spec.process.schedule.has_personality;
		adopted.personality = config->spec.process.schedule.personality;
		adopted.bounding = config->spec.process.capabilities.bounding & host->bounding;
	}
	if (failed < 0) {
		close_fd(&adopted.pidfd);
		close_fd(&adopted.devpts);
		cgroup_free(adopted.cgroup);
		return failed;
	}
	*container = adopted;
	return 0;
}

int container_exec(const struct host *host, struct container *container, const struct spec_process *process, const struct container_stdio *stdio,
				   struct container_process *ret, struct error *err) {
	if (container->pidfd < 0)
		return error_set(err, ESRCH, "exec", "the container is not running");
	struct trace trace;
	trace_begin(&trace);
	warnings_free(&container->warnings);
	struct launch launch = {.host = host,
							.process = process,
							.hold = container->hold,
							.cgroup = container->cgroup,
							.seccomp = container->seccomp,
							.preserved_fds = container->preserved_fds,
							.has_personality = container->has_personality,
							.personality = container->personality,
							.err = err,
							.warnings = &container->warnings,
							.trace = &trace};
	_cleanup_close_ int terminal = -1;
	struct container_process result = {.pidfd = -1, .terminal = -1};
	int failed = launch_init(&launch, stdio, 0, err);
	launch.container_pidfd = container->pidfd;
	launch.has_own_memory = launch_is_accompanied(&launch) || cgroup_kills_together(container->cgroup) || (container->namespaces & CLONE_NEWTIME);
	launch.container_namespaces = container->namespaces;
	bool is_inside = container->namespaces & CLONE_NEWUSER;
	launch.capabilities = limit_capabilities(&process->capabilities, launch_bounding(host, is_inside), NULL);
	if (failed >= 0 && is_inside)
		failed = userns_adopt(&launch, container->pid, err);
	if (failed >= 0 && process->terminal)
		failed = console_open(container->devpts, process, &terminal, &launch.terminal_peer, err);
	if (failed >= 0)
		failed = cgroup_join_prepare(container->cgroup, false, err);
	if (failed >= 0)
		failed = launch_run(&launch, launch_exec_steps, 0, &result.pid, &result.pidfd);
	cgroup_join_done(container->cgroup);
	launch_free(&launch, 0);
	if (failed < 0)
		return failed;
	result.terminal = TAKE_FD(terminal);
	*ret = result;
	return 0;
}

int container_exited(struct container *container, struct error *err) {
	int failed = container->cgroup ? cgroup_kill(container->cgroup, KILL_TIMEOUT_MS, err) : 0;
	container->pid = 0;
	close_fd(&container->pidfd);
	close_fd(&container->terminal);
	close_fd(&container->devpts);
	return failed;
}

int container_release(struct container *container, struct error *err) {
	int failed = container_exited(container, err);
	int removed = cgroup_remove(container->cgroup, err);
	container->cgroup = NULL;
	close_fd(&container->rootfs);
	json_decref(container->root_config);
	container->root_config = NULL;
	warnings_free(&container->warnings);
	return failed < 0 ? failed : removed;
}
