#include "runtime/userns.h"

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/mount-context.h"

#include <errno.h>
#include <linux/nsfs.h>
#include <linux/securebits.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static const char stage[] = "userns";

enum { STACK_SIZE = 64 * 1024 };

/* One piece of work in a process that shares memory and descriptors with its parent, which stands still meanwhile. */
struct errand {
	const struct launch *launch;
	userns_work work;
	void *context;
	struct error *err;
	int result;
};

static int run_errand(int (*begin)(void *), struct errand *errand) {
	_cleanup_free_ char *stack = malloc(STACK_SIZE);
	if (!stack)
		return error_set(errand->err, ENOMEM, stage, "out of memory");
	errand->result = error_set(errand->err, ECHILD, stage, "a helper process ended early");
	pid_t pid = clone(begin, stack + STACK_SIZE, CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, errand);
	if (pid < 0)
		return error_errno(errand->err, stage, "cannot fork");
	(void)waitpid(pid, NULL, __WALL);
	return errand->result;
}

/* By way of the template, since a copy of the host's mounts would cost more than all the rest. */
static int begin_inside(void *argument) {
	struct errand *errand = argument;
	const struct launch *launch = errand->launch;
	if (sys_setns(launch->host->mount_ns, CLONE_NEWNS) < 0 || sys_setns(launch->userns, CLONE_NEWUSER) < 0 || sys_unshare(CLONE_NEWNS) < 0) {
		errand->result = error_errno(errand->err, stage, "cannot enter the user namespace");
		_exit(0);
	}
	userns_become_root();
	errand->result = errand->work(errand->context, errand->err);
	_exit(0);
}

int userns_run(const struct launch *launch, userns_work work, void *context, struct error *err) {
	struct errand errand = {.launch = launch, .work = work, .context = context, .err = err};
	return run_errand(begin_inside, &errand);
}

static int begin_as_root(void *argument) {
	struct errand *errand = argument;
	uint32_t uid = id_map_outside(&errand->launch->id_maps.uid, 0), gid = id_map_outside(&errand->launch->id_maps.gid, 0);
	/* Without the bit, leaving uid 0 would cost the rights to files. */
	if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0) < 0 || syscall(SYS_setresgid, -1, gid, -1) < 0 || syscall(SYS_setresuid, -1, uid, -1) < 0)
		errand->result = error_errno(errand->err, stage, "cannot take the ids of the container's root");
	else
		errand->result = errand->work(errand->context, errand->err);
	_exit(0);
}

int userns_run_as_root(const struct launch *launch, userns_work work, void *context, struct error *err) {
	struct errand errand = {.launch = launch, .work = work, .context = context, .err = err};
	return run_errand(begin_as_root, &errand);
}

int userns_idmap(int tree, bool is_recursive, int userns, const char *path, struct error *err) {
	struct mount_attr attributes = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns};
	if (sys_mount_setattr(tree, "", AT_EMPTY_PATH | (is_recursive ? AT_RECURSIVE : 0), &attributes) == 0)
		return 0;
	if (errno == EINVAL)
		return error_set(err, EINVAL, "mount", "%s: its file system cannot map ids (ext4, xfs, btrfs and tmpfs can)", path);
	return error_errno(err, "mount", "cannot map the ids of %s", path);
}

static int open_joined(const struct spec_join *join, int *ret, struct error *err) {
	_cleanup_close_ int fd = open(join->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, "namespace", "cannot open the namespace %s", join->path);
	if (join->is_owner)
		return userns_of(fd, ret, err);
	if (ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWUSER)
		return error_set(err, EINVAL, "namespace", "%s is not a user namespace", join->path);
	*ret = TAKE_FD(fd);
	return 0;
}

/* With the host's mounts, where /proc is. */
static int begin_reading(void *argument) {
	struct errand *errand = argument;
	if (sys_setns(errand->launch->userns, CLONE_NEWUSER) < 0)
		errand->result = error_errno(errand->err, stage, "cannot enter the user namespace");
	else
		errand->result = userns_read_maps(getpid(), errand->context, errand->err);
	_exit(0);
}

int userns_prepare(struct launch *launch, const struct spec *spec, struct error *err) {
	int failed = 0;
	for (size_t i = 0; i < spec->join_count; i++)
		if (spec->joins[i].flag == CLONE_NEWUSER)
			failed = open_joined(&spec->joins[i], &launch->userns, err);
	if (failed >= 0 && (spec->namespaces_new & CLONE_NEWUSER))
		failed = userns_create(&spec->id_maps, 0, &launch->userns, NULL, err);
	if (failed < 0 || launch->userns < 0)
		return failed;
	struct errand errand = {.launch = launch, .context = &launch->id_maps, .err = err};
	return run_errand(begin_reading, &errand);
}

int userns_adopt(struct launch *launch, pid_t pid, struct error *err) {
	char path[48];
	(void)snprintf(path, sizeof path, "/proc/%d/ns/user", (int)pid);
	launch->userns = open(path, O_RDONLY | O_CLOEXEC);
	if (launch->userns < 0)
		return error_errno(err, stage, "cannot open the container's user namespace");
	return userns_read_maps(pid, &launch->id_maps, err);
}

void userns_release(struct launch *launch) {
	close_fd(&launch->userns);
	id_maps_free(&launch->id_maps);
}

static int show(struct launch *launch, const char *type, const char *place) {
	_cleanup_close_ int fs = -1, mount = -1;
	int failed = mount_context_open(type, &fs, launch->err);
	if (failed < 0 || (failed = mount_context_finish(fs, type, 0, &mount, launch->err)) < 0)
		return failed;
	if (sys_move_mount(mount, "", AT_FDCWD, place, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_errno(launch->err, "mount", "cannot show %s to the user namespace", type);
	return 0;
}

int userns_show_kernel(struct launch *launch) {
	int failed = show(launch, "proc", "proc");
	return failed < 0 ? failed : show(launch, "sysfs", "sys");
}

/* Pipes and terminals were made by the host's root, and whoever has no id inside is nobody's to change there. */
int userns_give_stdio(struct launch *launch) {
	uid_t owner = id_map_outside(&launch->id_maps.uid, launch->process->user.uid);
	for (int i = 0; launch->userns >= 0 && owner != (uid_t)-1 && i < 3; i++) {
		int fd = launch->terminal_peer >= 0 ? launch->terminal_peer : launch->stdio[i];
		struct stat status;
		if (fstat(fd, &status) == 0 && (S_ISFIFO(status.st_mode) || launch->terminal_peer >= 0))
			(void)!fchown(fd, owner, (gid_t)-1);
	}
	return 0;
}

/* Hard limits go up by the host's rights only; the values themselves are set at the end, or they would bind the setup. */
int userns_raise_limits(struct launch *launch) {
	for (size_t i = 0; launch->userns >= 0 && i < launch->process->rlimit_count; i++) {
		const struct spec_rlimit *limit = &launch->process->rlimits[i];
		struct rlimit64 now;
		if (prlimit64(0, (enum __rlimit_resource)limit->resource, NULL, &now) == 0 && limit->value.rlim_max > now.rlim_max) {
			now.rlim_max = limit->value.rlim_max;
			(void)prlimit64(0, (enum __rlimit_resource)limit->resource, &now, NULL);
		}
	}
	return 0;
}

int userns_enter(struct launch *launch) {
	if (sys_setns(launch->userns, CLONE_NEWUSER) < 0)
		return error_errno(launch->err, stage, "cannot enter the user namespace");
	userns_become_root();
	return 0;
}
