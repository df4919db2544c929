#include "runtime/hide.h"

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/mount-context.h"
#include "runtime/path.h"

#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>

enum { MASK_ATTRIBUTES = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };

/* One empty file system for all masked folders of a container: the first is the mount itself, the others are clones of it. */
static int mask_for_folder(struct launch *launch, int *ret_mount) {
	if (launch->empty >= 0) {
		*ret_mount = sys_open_tree(launch->empty, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
		return *ret_mount < 0 ? error_errno(launch->err, "mask", "cannot clone the mask") : 0;
	}
	_cleanup_close_ int fs = -1;
	int failed = mount_context_open("tmpfs", &fs, launch->err);
	/* Two inodes: some kernels count the root twice. The superblock is read-only too. */
	if (failed < 0 || (failed = mount_context_option(fs, "nr_inodes=2", launch->err)) < 0 ||
		(failed = mount_context_option(fs, "mode=755", launch->err)) < 0 || (failed = mount_context_option(fs, "ro", launch->err)) < 0 ||
		(failed = mount_context_finish(fs, "mask", MASK_ATTRIBUTES, ret_mount, launch->err)) < 0)
		return failed;
	launch->empty = *ret_mount;
	return 0;
}

/* The null device of the template's own file system: nothing that an image holds is ever bound over a masked file (CVE-2025-31133). */
static int mask_for_file(struct launch *launch, int *ret_mount) {
	struct stat status;
	struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC};
	_cleanup_close_ int tree = sys_open_tree(AT_FDCWD, "null", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0 || fstat(tree, &status) < 0 || sys_mount_setattr(tree, "", AT_EMPTY_PATH, &attributes) < 0)
		return error_errno(launch->err, "mask", "cannot clone the null device");
	if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(1, 3))
		return error_set(launch->err, ENODEV, "mask", "the null device is not the null device");
	*ret_mount = TAKE_FD(tree);
	return 0;
}

static int mask(struct launch *launch, const char *path) {
	struct stat status;
	int mount = -1;
	_cleanup_close_ int target = path_open(launch->root, path, 0);
	if (target == -ENOENT || target == -ENOTDIR)
		return 0;
	if (target < 0 || fstat(target, &status) < 0)
		return error_set(launch->err, target < 0 ? -target : errno, "mask", "cannot mask %s", path);
	int failed = S_ISDIR(status.st_mode) ? mask_for_folder(launch, &mount) : mask_for_file(launch, &mount);
	if (failed < 0)
		return failed;
	if (sys_move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		failed = error_errno(launch->err, "mask", "cannot mask %s", path);
	if (mount != launch->empty)
		close_fd(&mount);
	return failed;
}

int hide_masked(struct launch *launch) {
	const struct strings *paths = &launch->config->spec.masked;
	for (size_t i = 0; i < paths->count; i++) {
		int failed = mask(launch, paths->items[i]);
		if (failed < 0)
			return failed;
	}
	return 0;
}

static int make_readonly(struct launch *launch, const char *path) {
	struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
	_cleanup_close_ int target = path_open(launch->root, path, 0);
	if (target == -ENOENT || target == -ENOTDIR)
		return 0;
	_cleanup_close_ int tree =
		target < 0 ? -1 : sys_open_tree(target, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	if (tree < 0 || sys_mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes) < 0 ||
		sys_move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return error_set(launch->err, target < 0 ? -target : errno, "mask", "cannot make %s read-only", path);
	return 0;
}

int hide_readonly(struct launch *launch) {
	const struct strings *paths = &launch->config->spec.readonly;
	for (size_t i = 0; i < paths->count; i++) {
		int failed = make_readonly(launch, paths->items[i]);
		if (failed < 0)
			return failed;
	}
	return 0;
}
