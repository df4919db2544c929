#include "netd/netns.h"

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <time.h>

static const char stage[] = "netns";

static int open_own(struct error *err) {
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	return fd < 0 ? error_errno(err, stage, "open of the own network namespace") : fd;
}

int netns_home_open(struct netns_home *ret_home, struct error *err) {
	int fd = open_own(err);
	if (fd < 0)
		return fd;
	ret_home->fd = fd;
	return 0;
}

int netns_lock(const struct netns_home *home) {
	enum { TRIES = 200, PAUSE_NS = 5000000 };
	char path[40];
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", home->fd);
	/* Locks belong to an open file: home->fd itself may be shared with children. */
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	for (int i = 0; fd >= 0 && i < TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return TAKE_FD(fd);
		if (errno != EWOULDBLOCK)
			return -1;
		(void)nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
	}
	return -1;
}

static void return_home(const struct netns_home *home) {
	if (setns(home->fd, CLONE_NEWNET) < 0)
		abort();
}

int netns_create(const struct netns_home *home, struct error *err) {
	if (unshare(CLONE_NEWNET) < 0)
		return error_errno(err, stage, "new network namespace");
	int fd = open_own(err);
	return_home(home);
	return fd;
}

int netns_create_owned(const struct id_maps *maps, struct error *err) {
	_cleanup_close_ int user = -1;
	int netns = -1;
	int r = userns_create(maps, CLONE_NEWNET, &user, &netns, err);
	return r < 0 ? r : netns;
}

int netns_run(const struct netns_home *home, int netns, int (*work)(void *context, struct error *err), void *context, struct error *err) {
	if (setns(netns, CLONE_NEWNET) < 0)
		return error_errno(err, stage, "entering a network namespace");
	int r = work(context, err);
	return_home(home);
	return r;
}

int netns_publish(int netns, const char *path, struct error *err) {
	_cleanup_close_ int file = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0444);
	if (file < 0)
		return error_errno(err, stage, "%s", path);
	char source[40];
	(void)snprintf(source, sizeof source, "/proc/self/fd/%d", netns);
	if (mount(source, path, NULL, MS_BIND, NULL) < 0) {
		int r = error_errno(err, stage, "mount of a network namespace at %s", path);
		(void)unlink(path);
		return r;
	}
	return 0;
}

int netns_open(const char *path, struct error *err) {
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return error_errno(err, stage, "%s", path);
	struct statfs filesystem;
	if (fstatfs(fd, &filesystem) < 0 || filesystem.f_type != NSFS_MAGIC || ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET)
		return error_set(err, ENOENT, stage, "%s is not a network namespace", path);
	return TAKE_FD(fd);
}

int netns_unpublish(const char *path, struct error *err) {
	if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno != EINVAL && errno != ENOENT)
		return error_errno(err, stage, "umount of %s", path);
	if (unlink(path) < 0 && errno != ENOENT)
		return error_errno(err, stage, "removing %s", path);
	return 0;
}

int netns_sysctl(const char *name, const char *value, struct error *err) {
	char path[256];
	int length = snprintf(path, sizeof path, "/proc/sys/%s", name);
	if (length < 0 || (size_t)length >= sizeof path || strncmp(name, "net", 3) != 0 || (name[3] != '.' && name[3] != '/') || strstr(name, ".."))
		return error_set(err, EINVAL, stage, "\"%.64s\" is not a sysctl of a network namespace", name);
	/* Interface names may have dots: a name with slashes is taken as it is. */
	if (!strchr(name, '/'))
		for (char *at = path + strlen("/proc/sys/"); *at; at++)
			if (*at == '.')
				*at = '/';
	int r = write_file_at(AT_FDCWD, path, value);
	if (r < 0)
		return error_set(err, -r, stage, "sysctl %s=%.64s: %s", name, value, strerror(-r));
	return 0;
}
