/* The tables of steps: what a process does between clone and execve, in order. The reasons for the order are in README.md. */
#include "runtime/launch.h"

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/sys.h"
#include "runtime/console.h"
#include "runtime/devices.h"
#include "runtime/hide.h"
#include "runtime/identity.h"
#include "runtime/inject.h"
#include "runtime/labels.h"
#include "runtime/mount-namespace.h"
#include "runtime/mounts.h"
#include "runtime/path.h"
#include "runtime/procfs.h"
#include "runtime/schedule.h"
#include "runtime/userns.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>

static int protect(struct launch *launch) {
	/* Nobody inside may trace this process or read its /proc while it still has the host's rights (CVE-2016-9962). */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return error_errno(launch->err, "process", "cannot become non-dumpable");
	(void)umask(0);
	return launch_lift_stdio(launch);
}

static int join_namespaces(struct launch *launch) {
	const struct spec *spec = &launch->config->spec;
	for (size_t i = 0; i < spec->join_count; i++) {
		int flag = spec->joins[i].flag;
		/* A pid namespace by the parent, except for a user namespace, where this process itself is not to live in it. */
		if (flag == CLONE_NEWNS || flag == CLONE_NEWUSER || (flag == CLONE_NEWPID && launch->userns < 0))
			continue;
		if (sys_setns(launch->joins[i], flag) < 0)
			return error_errno(launch->err, "namespace", "cannot join the namespace %s", spec->joins[i].path);
	}
	return 0;
}

static int join_cgroup(struct launch *launch) {
	const char *where = "";
	int failed = launch->cgroup ? cgroup_join(launch->cgroup, CGROUP_JOIN_ALL_BUT_CPU, &where) : 0;
	if (failed < 0)
		return error_set(launch->err, -failed, "cgroup", "cannot join the %s cgroup: %s", where, strerror(-failed));
	return 0;
}

/* cpu at last. A cgroup namespace's root is where the process is when it makes it, so that comes after. */
static int join_cpu_cgroup(struct launch *launch) {
	const char *where = "";
	int failed = launch->cgroup ? cgroup_join(launch->cgroup, CGROUP_JOIN_CPU, &where) : 0;
	if (failed < 0)
		return error_set(launch->err, -failed, "cgroup", "cannot join the %s cgroup: %s", where, strerror(-failed));
	if (launch->config && (launch->config->spec.namespaces_new & CLONE_NEWCGROUP) && sys_unshare(CLONE_NEWCGROUP) < 0)
		return error_errno(launch->err, "namespace", "cannot make a cgroup namespace");
	return 0;
}

/* lo of a namespace that nobody prepared; those that are joined have it up already. */
static int raise_loopback(struct launch *launch) {
	if (!(launch->config->spec.namespaces_new & CLONE_NEWNET))
		return 0;
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return error_errno(launch->err, "network", "cannot bring up the loopback interface");
	return 0;
}

static int write_sysctls(struct launch *launch) {
	const struct spec *spec = &launch->config->spec;
	if (!spec->sysctl_count)
		return 0;
	int failed = procfs_open(launch);
	if (failed < 0)
		return failed;
	for (size_t i = 0; i < spec->sysctl_count; i++) {
		char path[PATH_MAX];
		(void)snprintf(path, sizeof path, "sys/%s", spec->sysctls[i].name);
		if ((failed = write_file_at(launch->proc, path, spec->sysctls[i].value)) < 0)
			return error_set(launch->err, -failed, "sysctl", "cannot set %s to %.64s: %s", spec->sysctls[i].name, spec->sysctls[i].value,
							 strerror(-failed));
	}
	return 0;
}

static int seal_root(struct launch *launch) {
	struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
	bool made;
	if (!launch->config->spec.root_readonly)
		return 0;
	/* The last chance to make it; whether it can be entered is found out as the user. */
	_cleanup_close_ int folder = path_make_folder(launch->root, launch->process->cwd, &made);
	if (sys_mount_setattr(launch->root, "", AT_EMPTY_PATH, &attributes) < 0)
		return error_errno(launch->err, "rootfs", "cannot make the root file system read-only");
	return 0;
}

/* pivot_root(".", ".") stacks the old root over the new one: no folder for it is needed in the image, and one umount removes it. */
static int pivot(struct launch *launch) {
	if (fchdir(launch->root) < 0 || sys_pivot_root(".", ".") < 0 || sys_umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return error_errno(launch->err, "rootfs", "cannot change the root");
	unsigned long propagation = launch->config->spec.rootfs_propagation;
	if (propagation && sys_mount(NULL, "/", NULL, propagation, NULL) < 0)
		return error_errno(launch->err, "rootfs", "cannot set the propagation of the root");
	return 0;
}

static int name_host(struct launch *launch) {
	const struct spec *spec = &launch->config->spec;
	if (spec->hostname && sethostname(spec->hostname, strlen(spec->hostname)) < 0)
		return error_errno(launch->err, "hostname", "cannot set the host name \"%.64s\"", spec->hostname);
	if (spec->domainname && setdomainname(spec->domainname, strlen(spec->domainname)) < 0)
		return error_errno(launch->err, "hostname", "cannot set the domain name \"%.64s\"", spec->domainname);
	return 0;
}

/* PID 1 and the program are both in all groups and in the namespace. */
static int split_init(struct launch *launch) {
	if (!launch->config->init)
		return 0;
	int failed = join_cpu_cgroup(launch);
	return failed < 0 ? failed : launch_split_init(launch);
}

static int enter_container(struct launch *launch) {
	/* The pid namespace was entered by the parent before the clone. */
	int namespaces = launch->container_namespaces & ~CLONE_NEWPID;
	if (sys_setns(launch->container_pidfd, namespaces) < 0)
		return error_errno(launch->err, "namespace", "cannot enter the container");
	if (namespaces & CLONE_NEWUSER)
		userns_become_root();
	return 0;
}

const struct launch_step launch_start_steps[] = {
	{"protect", protect},
	{"namespaces", join_namespaces},
	{"cgroup", join_cgroup},
	{"mount-namespace", mount_namespace_enter},
	{"oom-score", identity_oom_score},
	{"rootfs", mount_namespace_attach_root},
	{"time", schedule_time},
	{"loopback", raise_loopback},
	{"mounts", mounts_apply},
	{"devices", devices_apply},
	{"files", inject_files},
	{"console", console_bind},
	{"sysctls", write_sysctls},
	{"readonly", hide_readonly},
	{"masks", hide_masked},
	{"seal", seal_root},
	{"hooks", launch_hold_hooks},
	{"pivot", pivot},
	{"hostname", name_host},
	{"reset", identity_reset},
	{"init", split_init},
	{"rlimits", identity_rlimits},
	{"session", identity_session},
	{"cwd", identity_working_folder},
	{"cpu-cgroup", join_cpu_cgroup},
	{"schedule", schedule_apply},
	{"labels", labels_set},
	{"descriptors", launch_hold_descriptors},
	{"seccomp", identity_seccomp_early},
	{"user", identity_user},
	{"hold", launch_hold_program},
	{"finish", identity_finish},
	{NULL, NULL},
};

/* With a user namespace: what needs the host's rights, then what is done inside. */
const struct launch_step launch_outside_steps[] = {
	{"protect", protect},
	{"namespaces", join_namespaces},
	{"cgroup", join_cgroup},
	{"mount-namespace", mount_namespace_enter},
	{"kernel", userns_show_kernel},
	{"foreign-mounts", mounts_apply_foreign},
	{"nodes", devices_make_nodes},
	{"oom-score", identity_oom_score},
	{"limits", userns_raise_limits},
	{"stdio", userns_give_stdio},
	{"time", schedule_time},
	{"userns", userns_enter},
	{"inside", launch_split_user},
	{NULL, NULL},
};

/* Whoever is inside begins where the root is attached. */
const struct launch_step *const launch_inside_steps = launch_start_steps + 5;

const struct launch_step launch_after_init_steps[] = {
	{"rlimits", identity_rlimits}, {"session", identity_session}, {"cwd", identity_working_folder},
	{"schedule", schedule_apply}, {"labels", labels_set}, {"seccomp", identity_seccomp_early}, {"user", identity_user}, {"finish", identity_finish},
	{NULL, NULL},
};

const struct launch_step launch_exec_steps[] = {
	{"protect", protect},
	{"affinity", schedule_enter},
	{"cgroup", join_cgroup},
	{"oom-score", identity_oom_score},
	{"limits", userns_raise_limits},
	{"stdio", userns_give_stdio},
	{"namespaces", enter_container},
	{"reset", identity_reset},
	{"rlimits", identity_rlimits},
	{"session", identity_session},
	{"cwd", identity_working_folder},
	{"cpu-cgroup", join_cpu_cgroup},
	{"schedule", schedule_apply},
	{"labels", labels_set},
	{"seccomp", identity_seccomp_early},
	{"user", identity_user},
	{"finish", identity_finish},
	{NULL, NULL},
};
