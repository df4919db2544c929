#pragma once
/*
 * The one seam for system calls that tests want to fail, and own definitions of those that Debian 12's headers lack.
 * In a normal build every wrapper is the bare call. Built with -DBERTH_FAULTS (make faults), sys_fault() counts the gates passed in this process and
 * makes the one that BERTH_FAULT_AT names fail with BERTH_FAULT_ERRNO (default EIO): fault tests walk 1, 2, 3, ... until a run passes unfaulted. A fork
 * goes on with its parent's count, so one number covers spawner, monitor and the container's own steps.
 * All wrappers return what the kernel call returns: -1 with errno, never -errno.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#ifdef BERTH_FAULTS
/* 0, or -1 with errno set when this call is the one to fail. */
int sys_fault(const char *name);
#define SYS_GATE(name) \
	do { \
		if (sys_fault(name) < 0) \
			return -1; \
	} while (0)
#else
#define SYS_GATE(name) ((void)0)
#endif

/* linux/mount.h cannot be included beside glibc 2.36's sys/mount.h; what that one lacks is here. */
#ifndef MOUNT_ATTR_IDMAP
#define MOUNT_ATTR_IDMAP 0x00100000
#endif
#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif
#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

static inline int sys_openat2(int dirfd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
	SYS_GATE("openat2");
	struct open_how how = {.flags = flags, .mode = mode, .resolve = resolve};
	long fd;
	do
		fd = syscall(SYS_openat2, dirfd, path, &how, sizeof how);
	while (fd < 0 && (errno == EAGAIN || errno == EINTR));
	return (int)fd;
}

static inline pid_t sys_clone3(struct clone_args *args) {
	SYS_GATE("clone3");
	return (pid_t)syscall(SYS_clone3, args, sizeof *args);
}

static inline pid_t sys_fork(void) {
	SYS_GATE("fork");
	return fork();
}

static inline int sys_pidfd_open(pid_t pid, unsigned flags) {
	SYS_GATE("pidfd_open");
	return (int)syscall(SYS_pidfd_open, pid, flags);
}

static inline int sys_pidfd_send_signal(int pidfd, int signal) {
	SYS_GATE("pidfd_send_signal");
	return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

/*
 * The default action for one signal, also for 32 and 33: glibc's sigaction refuses those two, but its posix_spawn (make, many launchers) leaves them
 * ignored in whatever it starts, and exec keeps that.
 */
static inline int sys_default_signal(int number) {
	const unsigned long standard[4] = {0}; /* the kernel's struct sigaction: SIG_DFL, no flags, empty mask */
	return (int)syscall(SYS_rt_sigaction, number, standard, NULL, 8);
}

static inline int sys_close_range(unsigned first, unsigned last, unsigned flags) {
	return (int)syscall(SYS_close_range, first, last, flags);
}

static inline int sys_setns(int fd, int types) {
	SYS_GATE("setns");
	return setns(fd, types);
}

static inline int sys_unshare(int flags) {
	SYS_GATE("unshare");
	return unshare(flags);
}

static inline int sys_mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data) {
	SYS_GATE("mount");
	return mount(source, target, type, flags, data);
}

static inline int sys_umount2(const char *target, int flags) {
	SYS_GATE("umount2");
	return umount2(target, flags);
}

static inline int sys_pivot_root(const char *new_root, const char *put_old) {
	SYS_GATE("pivot_root");
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}

static inline int sys_fsopen(const char *type, unsigned flags) {
	SYS_GATE("fsopen");
	return (int)syscall(SYS_fsopen, type, flags);
}

static inline int sys_fsconfig(int fs, unsigned command, const char *key, const void *value, int aux) {
	SYS_GATE("fsconfig");
	return (int)syscall(SYS_fsconfig, fs, command, key, value, aux);
}

static inline int sys_fsmount(int fs, unsigned flags, unsigned attributes) {
	SYS_GATE("fsmount");
	return (int)syscall(SYS_fsmount, fs, flags, attributes);
}

static inline int sys_open_tree(int dirfd, const char *path, unsigned flags) {
	SYS_GATE("open_tree");
	return (int)syscall(SYS_open_tree, dirfd, path, flags);
}

static inline int sys_move_mount(int from_dirfd, const char *from, int to_dirfd, const char *to, unsigned flags) {
	SYS_GATE("move_mount");
	return (int)syscall(SYS_move_mount, from_dirfd, from, to_dirfd, to, flags);
}

static inline int sys_mount_setattr(int dirfd, const char *path, unsigned flags, struct mount_attr *attributes) {
	SYS_GATE("mount_setattr");
	return (int)syscall(SYS_mount_setattr, dirfd, path, flags, attributes, sizeof *attributes);
}

static inline int sys_mkdirat(int dirfd, const char *path, mode_t mode) {
	SYS_GATE("mkdirat");
	return mkdirat(dirfd, path, mode);
}

static inline int sys_mknodat(int dirfd, const char *path, mode_t mode, dev_t device) {
	SYS_GATE("mknodat");
	return mknodat(dirfd, path, mode, device);
}

static inline int sys_unlinkat(int dirfd, const char *path, int flags) {
	SYS_GATE("unlinkat");
	return unlinkat(dirfd, path, flags);
}

static inline int sys_renameat(int from_dirfd, const char *from, int to_dirfd, const char *to) {
	SYS_GATE("renameat");
	return renameat(from_dirfd, from, to_dirfd, to);
}

static inline int sys_openat(int dirfd, const char *path, int flags, mode_t mode) {
	SYS_GATE("openat");
	return openat(dirfd, path, flags, mode);
}

static inline ssize_t sys_write(int fd, const void *data, size_t length) {
	SYS_GATE("write");
	return write(fd, data, length);
}

static inline int sys_fsync(int fd) {
	SYS_GATE("fsync");
	return fsync(fd);
}
