#include "runtime/mount-namespace.h"

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/mount-context.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

static int joined(const struct launch *launch) {
	const struct spec *spec = &launch->config->spec;
	for (size_t i = 0; i < spec->join_count; i++)
		if (spec->joins[i].flag == CLONE_NEWNS)
			return launch->joins[i];
	return -1;
}

static bool sees_host(const struct launch *launch) { return joined(launch) >= 0 || (launch->hold && launch->hold->in_container); }

static const char *attach_path(const struct launch *launch) { return sees_host(launch) ? launch->config->rootfs.path : "rootfs"; }

/* The tmpfs of the template, hidden by the root that is attached over it; it goes with the old root. */
static int mount_template(struct launch *launch) {
	_cleanup_close_ int fs = -1, mount = -1;
	const char *path = launch->config->rootfs.path;
	int failed = mount_context_open("tmpfs", &fs, launch->err);
	if (failed < 0 || (failed = mount_context_option(fs, "mode=755", launch->err)) < 0 || (failed = mount_context_option(fs, "size=64k", launch->err)) < 0 ||
		(failed = mount_context_finish(fs, "template", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, &mount, launch->err)) < 0)
		return failed;
	if (sys_move_mount(mount, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0 || fchdir(mount) < 0)
		return error_errno(launch->err, "namespace", "cannot mount at %s", path);
	failed = host_fill_template();
	return failed < 0 ? error_set(launch->err, -failed, "namespace", "cannot fill the template") : 0;
}

#ifndef PIDFD_GET_MNT_NAMESPACE
#define PIDFD_GET_MNT_NAMESPACE _IO(0xFF, 3)
#endif

int mount_namespace_own(void) {
	_cleanup_close_ int self = sys_pidfd_open(getpid(), 0);
	return self < 0 ? -1 : ioctl(self, PIDFD_GET_MNT_NAMESPACE, 0);
}

static bool has_binds(const struct spec *spec) {
	for (size_t i = 0; i < spec->mount_count; i++)
		if (spec->mounts[i].kind == MOUNT_BIND)
			return true;
	return false;
}

static int leave_host(struct launch *launch) {
	int failed = 0;
	if (launch->host->mount_ns < 0)
		failed = host_leave_mounts();
	else if (sys_setns(launch->host->mount_ns, CLONE_NEWNS) < 0 || sys_unshare(CLONE_NEWNS) < 0)
		failed = -errno;
	return failed < 0 ? error_set(launch->err, -failed, "namespace", "cannot make a mount namespace: %s", strerror(-failed)) : 0;
}

int mount_namespace_enter(struct launch *launch) {
	int join = joined(launch);
	if (!sees_host(launch)) {
		if (launch->hold && launch->userns < 0 && has_binds(&launch->config->spec))
			launch->host_mounts = mount_namespace_own();
		return leave_host(launch);
	}
	if (!launch->config->rootfs.path)
		return error_set(launch->err, EINVAL, "namespace", "a mount namespace can be joined only with a folder as root");
	if ((join >= 0 ? sys_setns(join, CLONE_NEWNS) : sys_unshare(CLONE_NEWNS)) < 0)
		return error_errno(launch->err, "namespace", "cannot enter the mount namespace");
	/* Nothing that is mounted from here on goes back to where the namespace was copied from. */
	if (sys_mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return error_errno(launch->err, "namespace", "cannot make the mounts slaves of the host's");
	return mount_template(launch);
}

int mount_namespace_attach_root(struct launch *launch) {
	if (sys_move_mount(launch->rootfs, "", AT_FDCWD, attach_path(launch), MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_errno(launch->err, "rootfs", "cannot attach the root file system");
	launch->root = launch->rootfs;
	return 0;
}
