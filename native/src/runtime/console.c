#include "runtime/console.h"

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/path.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif
enum { DEVPTS_MAGIC = 0x1cd1 };

/* The ptmx node is the kernel's own (inode 2 of a devpts), whatever the container did to its mount table. */
static int open_master(int devpts, int *ret_master, struct error *err) {
	struct statfs system;
	struct stat status;
	_cleanup_close_ int master = sys_openat(devpts, "ptmx", O_RDWR | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0);
	if (master < 0 || fstatfs(master, &system) < 0 || fstat(master, &status) < 0)
		return error_errno(err, "console", "cannot open a terminal");
	if (system.f_type != DEVPTS_MAGIC || !S_ISCHR(status.st_mode) || status.st_rdev != makedev(5, 2))
		return error_set(err, ENODEV, "console", "the container's ptmx is not a terminal multiplexer");
	*ret_master = TAKE_FD(master);
	return 0;
}

int console_open(int devpts, const struct spec_process *process, int *ret_master, int *ret_peer, struct error *err) {
	if (devpts < 0)
		return error_set(err, EINVAL, "console", "a terminal needs a devpts mount at /dev/pts");
	_cleanup_close_ int master = -1;
	int failed = open_master(devpts, &master, err);
	if (failed < 0)
		return failed;
	int unlocked = 0;
	_cleanup_close_ int peer = -1;
	if (ioctl(master, TIOCSPTLCK, &unlocked) < 0 || (peer = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0)
		return error_errno(err, "console", "cannot open the terminal's other side");
	struct winsize size = {.ws_row = process->console_height, .ws_col = process->console_width};
	if ((size.ws_row || size.ws_col) && ioctl(master, TIOCSWINSZ, &size) < 0)
		return error_errno(err, "console", "cannot size the terminal");
	*ret_master = TAKE_FD(master);
	*ret_peer = TAKE_FD(peer);
	return 0;
}

/* /dev/console is made here with O_NOFOLLOW: a link that the image put there is refused, not followed. */
int console_bind(struct launch *launch) {
	if (launch->terminal_peer < 0)
		return 0;
	const char *name;
	_cleanup_close_ int folder = path_open_parent(launch->root, "/dev/console", &name);
	_cleanup_close_ int made = folder < 0 ? -1 : sys_openat(folder, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0600);
	if (made < 0 && errno == ELOOP)
		return error_set(launch->err, ELOOP, "console", "/dev/console of the image is a link");
	close_fd(&made);
	_cleanup_close_ int target = folder < 0 ? -1 : sys_openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
	struct stat status;
	if (target < 0 || fstat(target, &status) < 0 || !(S_ISREG(status.st_mode) || S_ISCHR(status.st_mode)))
		return error_set(launch->err, folder < 0 ? -folder : ENODEV, "console", "/dev/console cannot be made");
	_cleanup_close_ int tree = sys_open_tree(launch->terminal_peer, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0 || sys_move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return error_errno(launch->err, "console", "cannot bind the terminal to /dev/console");
	return 0;
}
