#include "layer/view.h"

#include "base/cleanup.h"
#include "base/userns.h"
#include "base/sys.h"
#include "layer/confine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char stage[] = "view";

enum { CLONE_TREE = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC, INSIDE = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };

int view_open(int root, const char *path, int flags) {
	while (*path == '/')
		path++;
	return sys_openat2(root, *path ? path : ".", (uint64_t)flags | O_CLOEXEC, 0, INSIDE);
}

/* True when `pid` is in a cgroup that has this component: pids are given out again, cgroups of containers are not. */
static bool is_in_cgroup(pid_t pid, const char *component) {
	char path[64];
	char text[8192];
	(void)snprintf(path, sizeof path, "/proc/%d/cgroup", pid);
	_cleanup_close_ int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (length < 0)
		return false;
	text[length] = '\0';
	return strstr(text, component) != NULL;
}

static int open_namespace(const struct view *view, const char *name) {
	char path[64];
	(void)snprintf(path, sizeof path, "/proc/%d/ns/%s", view->pid, name);
	return sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
}

/* With a user namespace of its own, files are to be seen and made with the ids that they have inside. */
static int join_user(int namespace, struct error *err) {
	struct stat own, its;
	if (fstat(namespace, &its) < 0 || stat("/proc/self/ns/user", &own) < 0)
		return error_errno(err, stage, "the container's user namespace");
	if (own.st_ino == its.st_ino)
		return 0;
	if (sys_setns(namespace, CLONE_NEWUSER) < 0)
		return error_errno(err, stage, "joining the container's user namespace");
	userns_become_root();
	return 0;
}

static int join_mounts(const struct view *view, struct error *err) {
	_cleanup_close_ int mounts = open_namespace(view, "mnt"), user = open_namespace(view, "user");
	/* Looked at after they were opened: what is open cannot become another process's any more. */
	if (mounts < 0 || user < 0 || !is_in_cgroup(view->pid, view->cgroup))
		return error_set(err, ESRCH, stage, "the container has ended");
	int result = join_user(user, err);
	if (result < 0)
		return result;
	if (sys_setns(mounts, CLONE_NEWNS) < 0)
		return error_errno(err, stage, "joining the container's mounts");
	return 0;
}

static int enter_running(const struct view *view, int *ret_root, struct error *err) {
	int result = join_mounts(view, err);
	if (result < 0)
		return result;
	if (!view->has_mounts)
		return confine_to("/", ret_root, err);
	result = confine_mounts(err);
	if (result < 0)
		return result;
	struct mount_attr attributes = {.attr_set = MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC};
	if (sys_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attributes) < 0)
		return error_errno(err, stage, "mount_setattr");
	if (chdir("/") < 0)
		return error_errno(err, stage, "the container's root");
	int root = sys_openat(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (root < 0)
		return error_errno(err, stage, "the container's root");
	*ret_root = root;
	return 0;
}

static int mount_layers(const struct view *view, int *ret_mount, struct error *err) {
	_cleanup_close_ int overlay = sys_fsopen("overlay", FSOPEN_CLOEXEC);
	if (overlay < 0)
		return error_errno(err, stage, "overlay");
	for (size_t i = 0; i < view->lower_count; i++)
		if (sys_fsconfig(overlay, FSCONFIG_SET_STRING, "lowerdir+", view->lower[i], 0) < 0)
			return error_errno(err, stage, "layer %s", view->lower[i]);
	if (sys_fsconfig(overlay, FSCONFIG_SET_STRING, "upperdir", view->upper, 0) < 0 ||
		sys_fsconfig(overlay, FSCONFIG_SET_STRING, "workdir", view->work, 0) < 0)
		return error_errno(err, stage, "writable layer %s", view->upper);
	if (sys_fsconfig(overlay, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return error_errno(err, stage, "overlay of %zu layers", view->lower_count);
	int mount = sys_fsmount(overlay, FSMOUNT_CLOEXEC, MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	if (mount < 0)
		return error_errno(err, stage, "overlay");
	*ret_mount = mount;
	return 0;
}

/* Opens what something is mounted at, made as a start would make it when it is missing. */
static int open_target(int root, const char *target, bool is_folder, struct error *err) {
	char path[4096];
	int fd = view_open(root, target, O_PATH);
	if (fd >= 0)
		return fd;
	if (snprintf(path, sizeof path, "%s", target) >= (int)sizeof path)
		return error_set(err, ENAMETOOLONG, stage, "mount at %.64s", target);
	char *slash = strrchr(path, '/');
	if (errno != ENOENT || !slash || slash[1] == '\0')
		return error_errno(err, stage, "mount at %s", target);
	*slash = '\0';
	_cleanup_close_ int parent = open_target(root, path, true, err);
	if (parent < 0)
		return parent;
	int result = is_folder ? sys_mkdirat(parent, slash + 1, 0755) : sys_mknodat(parent, slash + 1, S_IFREG | 0644, 0);
	if (result < 0 && errno != EEXIST)
		return error_errno(err, stage, "mount at %s", target);
	fd = view_open(root, target, O_PATH);
	return fd < 0 ? error_errno(err, stage, "mount at %s", target) : fd;
}

static int attach_mount(int root, const struct view_mount *mount, int tree, struct error *err) {
	struct stat status;
	if (fstat(tree, &status) < 0)
		return error_errno(err, stage, "%s", mount->source);
	struct mount_attr attributes = {.attr_set = MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC};
	if (mount->is_read_only)
		attributes.attr_set |= MOUNT_ATTR_RDONLY;
	if (sys_mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes) < 0)
		return error_errno(err, stage, "%s", mount->source);
	_cleanup_close_ int target = open_target(root, mount->target, S_ISDIR(status.st_mode), err);
	if (target < 0)
		return target;
	if (sys_move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return error_errno(err, stage, "mount at %s", mount->target);
	return 0;
}

static int attach_mounts(const struct view *view, int root, const int *trees, struct error *err) {
	for (size_t i = 0; i < view->mount_count; i++) {
		if (trees[i] < 0)
			continue;
		int result = attach_mount(root, &view->mounts[i], trees[i], err);
		if (result < 0)
			return result;
	}
	return 0;
}

/* Attaches everything over the writable layer's folder, of which the overlay holds what it needs, and makes it the root. */
static int enter_layers(const struct view *view, int *ret_root, struct error *err) {
	int trees[VIEW_MOUNTS_MAX];
	_cleanup_close_ int overlay = -1;
	int result = confine_mounts(err);
	if (result < 0)
		return result;
	/* Before anything is mounted: a volume may lie where the root will be. One whose source is gone is left out; a start would tell. */
	for (size_t i = 0; i < view->mount_count; i++)
		trees[i] = view->has_mounts ? sys_open_tree(AT_FDCWD, view->mounts[i].source, CLONE_TREE | AT_RECURSIVE) : -1;
	result = mount_layers(view, &overlay, err);
	if (result >= 0 && sys_move_mount(overlay, "", AT_FDCWD, view->upper, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		result = error_errno(err, stage, "attaching the root");
	if (result >= 0)
		result = attach_mounts(view, overlay, trees, err);
	for (size_t i = 0; i < view->mount_count; i++)
		close_fd(&trees[i]);
	if (result < 0)
		return result;
	struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
	if (view->is_read_only && sys_mount_setattr(overlay, "", AT_EMPTY_PATH, &attributes) < 0)
		return error_errno(err, stage, "read-only root");
	return confine_root(overlay, ret_root, err);
}

int view_enter(const struct view *view, int *ret_root, struct error *err) {
	return view->is_running ? enter_running(view, ret_root, err) : enter_layers(view, ret_root, err);
}
