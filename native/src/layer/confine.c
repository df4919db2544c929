#include "layer/confine.h"

#include "base/cleanup.h"
#include "base/sys.h"

#include <linux/capability.h>
#include <seccomp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static const char stage[] = "confine";

/* Everything after this happens to mounts that nobody else has. */
int confine_mounts(struct error *err) {
	if (sys_unshare(CLONE_NEWNS) < 0)
		return error_errno(err, stage, "mount namespace");
	if (sys_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return error_errno(err, stage, "private mounts");
	return 0;
}

int confine_root(int tree, int *ret_root, struct error *err) {
	if (fchdir(tree) < 0 || sys_pivot_root(".", ".") < 0)
		return error_errno(err, stage, "pivot_root");
	if (sys_umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return error_errno(err, stage, "leaving the old root");
	int root = sys_openat(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (root < 0)
		return error_errno(err, stage, "open the root");
	*ret_root = root;
	return 0;
}

int confine_to(const char *path, int *ret_root, struct error *err) {
	int result = confine_mounts(err);
	if (result < 0)
		return result;
	/* Opened only now: an fd from before would belong to the host's mounts, of which no copy can be made here. */
	_cleanup_close_ int directory = sys_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	if (directory < 0)
		return error_errno(err, "target", "%s", path);
	_cleanup_close_ int tree = sys_open_tree(directory, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0)
		return error_errno(err, stage, "open_tree");
	struct mount_attr attributes = {.attr_set = MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC};
	if (sys_mount_setattr(tree, "", AT_EMPTY_PATH, &attributes) < 0)
		return error_errno(err, stage, "mount_setattr");
	if (sys_move_mount(tree, "", directory, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return error_errno(err, stage, "move_mount");
	return confine_root(tree, ret_root, err);
}

static const unsigned kept_capabilities[] = {
	CAP_CHOWN,     CAP_DAC_OVERRIDE,  CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_FSETID, CAP_MKNOD, CAP_SETFCAP,
	CAP_SYS_ADMIN, /* trusted.overlay.*; what else it allows is not among the system calls kept */
};

static int drop_capabilities(struct error *err) {
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};
	if (syscall(SYS_capget, &header, data) < 0)
		return error_errno(err, stage, "capget");
	unsigned long long kept = 0;
	for (size_t i = 0; i < ELEMENTS(kept_capabilities); i++)
		kept |= 1ULL << kept_capabilities[i];
	for (unsigned half = 0; half < 2; half++) {
		unsigned mask = (unsigned)(kept >> (32 * half));
		data[half].permitted &= mask;
		data[half].effective = data[half].permitted;
		data[half].inheritable = 0;
	}
	if (syscall(SYS_capset, &header, data) < 0)
		return error_errno(err, stage, "capset");
	return 0;
}

#ifndef __SANITIZE_ADDRESS__
static const int kept_calls[] = {
	/* the connection and the archive */
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(pread64), SCMP_SYS(pwrite64), SCMP_SYS(readv), SCMP_SYS(writev), SCMP_SYS(lseek), SCMP_SYS(close),
	SCMP_SYS(poll), SCMP_SYS(shutdown), SCMP_SYS(sendfile), SCMP_SYS(copy_file_range),
	/* looking at files */
	SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(fstatfs), SCMP_SYS(getdents64), SCMP_SYS(readlinkat), SCMP_SYS(fcntl), SCMP_SYS(openat),
	SCMP_SYS(openat2), SCMP_SYS(lgetxattr), SCMP_SYS(llistxattr), SCMP_SYS(fgetxattr), SCMP_SYS(flistxattr), SCMP_SYS(fchdir),
	/* making files */
	SCMP_SYS(mkdirat), SCMP_SYS(mknodat), SCMP_SYS(symlinkat), SCMP_SYS(linkat), SCMP_SYS(unlinkat), SCMP_SYS(renameat2), SCMP_SYS(fchown),
	SCMP_SYS(fchownat), SCMP_SYS(fchmod), SCMP_SYS(fchmodat), SCMP_SYS(fsetxattr), SCMP_SYS(lsetxattr), SCMP_SYS(utimensat), SCMP_SYS(ftruncate),
	SCMP_SYS(fsync), SCMP_SYS(syncfs),
	/* memory, time, the end */
	SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(mprotect), SCMP_SYS(futex),
	SCMP_SYS(getrandom), SCMP_SYS(sysinfo) /* qsort */, SCMP_SYS(clock_gettime), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(exit), SCMP_SYS(exit_group),
};

static int load_filter(struct error *err) {
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (!filter)
		return error_set(err, ENOMEM, stage, "seccomp filter");
	int result = 0;
	for (size_t i = 0; result == 0 && i < ELEMENTS(kept_calls); i++)
		result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, kept_calls[i], 0);
	if (result == 0)
		result = seccomp_load(filter);
	seccomp_release(filter);
	return result < 0 ? error_set(err, -result, stage, "seccomp filter: %s", strerror(-result)) : 0;
}

static int limit_memory(struct error *err) {
	const struct rlimit memory = {.rlim_cur = 1ULL << 30, .rlim_max = 1ULL << 30};
	return setrlimit(RLIMIT_AS, &memory) < 0 ? error_errno(err, stage, "memory limit") : 0;
}
#else
/* AddressSanitizer needs its own system calls and terabytes of address space. */
static int load_filter(struct error *err) { return (void)err, 0; }
static int limit_memory(struct error *err) { return (void)err, 0; }
#endif

int confine_rights(struct error *err) {
	const struct rlimit none = {0};
	if (setrlimit(RLIMIT_CORE, &none) < 0)
		return error_errno(err, stage, "core limit");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return error_errno(err, stage, "prctl");
	int result = limit_memory(err);
	if (result >= 0)
		result = drop_capabilities(err);
	return result < 0 ? result : load_filter(err);
}
