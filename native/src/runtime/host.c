#include "runtime/host.h"

#include "base/cleanup.h"
#include "base/process.h"
#include "base/sys.h"
#include "runtime/cgroup.h"
#include "runtime/init-program.h"

#include <errno.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

static const char template_options[] = "mode=755,size=64k,nr_inodes=16";

int host_fill_template(void) {
	(void)umask(0);
	if (mkdir("rootfs", 0755) < 0 || mkdir("files", 0755) < 0 || mkdir("proc", 0555) < 0 || mkdir("sys", 0555) < 0 || mknod("null", S_IFCHR | 0666, makedev(1, 3)) < 0)
		return -errno;
	return 0;
}

/*
 * `rootfs` is where a container's root is attached before pivot_root, `files` where the tmpfs of its injected files is, `null` masks files; `proc` and
 * `sys` are for starts with a user namespace.
 */
int host_leave_mounts(void) {
	if (sys_unshare(CLONE_NEWNS) < 0 || sys_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		sys_mount("berth", "/tmp", "tmpfs", MS_NOSUID | MS_NOEXEC, template_options) < 0 || chdir("/tmp") < 0)
		return -errno;
	int failed = host_fill_template();
	if (failed < 0)
		return failed;
	return sys_pivot_root(".", ".") < 0 || sys_umount2(".", MNT_DETACH) < 0 || chdir("/") < 0 ? -errno : 0;
}

/* In a child: a read-only template. A container's child enters it and copies it, instead of copying and leaving the host's mount table (1 ms here). */
static int build_template(void) {
	int failed = host_leave_mounts();
	if (failed < 0)
		return failed;
	return sys_mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NOEXEC, template_options) < 0 ? -errno : 0;
}

int host_open_template(struct host *host, struct error *err) {
	int ready[2];
	if (pipe2(ready, O_CLOEXEC) < 0)
		return error_errno(err, "mount", "cannot make a pipe");
	pid_t child = sys_fork();
	if (child == 0) {
		int result = build_template();
		(void)!write(ready[1], &result, sizeof result);
		(void)pause();
		_exit(0);
	}
	(void)close(ready[1]);
	if (child < 0) {
		(void)close(ready[0]);
		return error_errno(err, "mount", "cannot fork");
	}
	int result = -ECHILD, fd = -1;
	char path[48];
	if (read(ready[0], &result, sizeof result) != sizeof result)
		result = -ECHILD;
	(void)close(ready[0]);
	(void)snprintf(path, sizeof path, "/proc/%d/ns/mnt", (int)child);
	if (result == 0 && (fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		result = -errno;
	(void)kill(child, SIGKILL);
	(void)waitpid(child, NULL, 0);
	if (result < 0)
		return error_set(err, -result, "mount", "cannot make a mount namespace (root is needed)");
	host->mount_ns = fd;
	return 0;
}

static void probe_mounts(struct host *host) {
	_cleanup_close_ int overlay = sys_fsopen("overlay", FSOPEN_CLOEXEC);
	host->overlay_lowerdir_append = overlay >= 0 && sys_fsconfig(overlay, FSCONFIG_SET_STRING, "lowerdir+", "/", 0) == 0;
	_cleanup_close_ int fs = sys_fsopen("tmpfs", FSOPEN_CLOEXEC);
	if (fs < 0 || sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return;
	_cleanup_close_ int detached = sys_fsmount(fs, FSMOUNT_CLOEXEC, 0);
	_cleanup_close_ int clone = detached < 0 ? -1 : sys_open_tree(detached, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	host->clones_detached_mounts = clone >= 0;
}

/* What this process would hand on to its children and a container must not see. */
static int read_inheritance(struct host *host, struct error *err) {
	struct process_inheritance inheritance;
	int failed = process_inherited(&inheritance);
	if (failed < 0)
		return error_set(err, -failed, "process", "cannot read /proc/self/status: %s", strerror(-failed));
	host->ignored_signals = inheritance.ignored_signals | 1ULL << SIGPIPE;
	host->bounding = inheritance.bounding;
	return 0;
}

static void probe_process(struct host *host) {
	host->resets_scheduler = sched_getscheduler(0) != SCHED_OTHER;
	host->resets_personality = personality(0xffffffff) != 0;
}

/* To know costs three calls, to set them one. */
static void probe_affinity(struct host *host) {
	cpu_set_t allowed;
	long processors = sysconf(_SC_NPROCESSORS_CONF);
	host->resets_affinity = sched_getaffinity(0, sizeof allowed, &allowed) < 0 || CPU_COUNT(&allowed) < processors;
}

int host_open(struct host *ret, struct error *err) {
	struct host host = HOST_INIT;
	host.resets_affinity = true;
	host.pid_ns = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	int failed = host.pid_ns < 0 ? error_errno(err, "namespace", "cannot open /proc/self/ns/pid") : read_inheritance(&host, err);
	if (failed < 0 || (failed = cgroup_host_open(&host.cgroups, err)) < 0) {
		host_close(&host);
		return failed;
	}
	probe_process(&host);
	*ret = host;
	return 0;
}

int host_probe(struct host *host, struct error *err) {
	int failed = host_open_template(host, err);
	if (failed < 0)
		return failed;
	probe_affinity(host);
	probe_mounts(host);
	return init_program_open(&host->init, err);
}

int host_open_groups(struct host *ret, struct error *err) {
	struct host host = HOST_INIT;
	int failed = read_inheritance(&host, err);
	if (failed >= 0 && (failed = cgroup_host_open(&host.cgroups, err)) >= 0)
		*ret = host;
	return failed;
}

void host_close(struct host *host) {
	close_fd(&host->mount_ns);
	close_fd(&host->pid_ns);
	close_fd(&host->init);
	cgroup_host_close(host->cgroups);
	host->cgroups = NULL;
}
