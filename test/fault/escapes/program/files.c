/* Files and devices of the host. */
#define _GNU_SOURCE
#include "attack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Opening is enough: nothing is written. */
static int open_for_writing(const char *path) { return outcome(open(path, O_WRONLY | O_CLOEXEC)); }

/* 0 when something can be read; a masked file is empty. */
static int read_some(const char *path) {
	char byte;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno;
	ssize_t length = read(fd, &byte, 1);
	return length > 0 ? 0 : length < 0 ? errno : ENODATA;
}

/* 0 when the folder has something in it; a masked one is empty. */
static int list_some(const char *path) {
	DIR *folder = opendir(path);
	if (!folder)
		return errno;
	for (struct dirent *entry; (entry = readdir(folder));)
		if (entry->d_name[0] != '.')
			return 0;
	return ENODATA;
}

static int open_device(mode_t type, unsigned major, unsigned minor) {
	static const char path[] = "/tmp/escape-device";
	(void)unlink(path);
	if (mknod(path, type | 0600, makedev(major, minor)) < 0)
		return errno;
	int failed = outcome(open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
	(void)unlink(path);
	return failed;
}

static int try_named_device(mode_t type, const char *argument) {
	unsigned major, minor;
	return sscanf(argument, "%u,%u", &major, &minor) == 2 ? open_device(type, major, minor) : EINVAL;
}

static int try_device(const char *argument) { return try_named_device(S_IFCHR, argument); }
static int try_disk(const char *argument) { return try_named_device(S_IFBLK, argument); }

static int mount_kind(const char *type, const char *options) {
	(void)mkdir("/tmp/escape-mount", 0700);
	return outcome(mount(type, "/tmp/escape-mount", type, 0, options));
}

/* The program that the host runs when a group of a v1 hierarchy becomes empty: only the hierarchy's root has the file. */
static int try_release_agent(const char *argument) {
	(void)argument;
	int failed = mount_kind("cgroup", "memory");
	return failed ? failed : open_for_writing("/tmp/escape-mount/release_agent");
}

static int try_filesystem(const char *argument) { return mount_kind(argument, NULL); }

/* More memory for oneself. */
static int try_own_limit(const char *argument) {
	(void)argument;
	int failed = open_for_writing("/sys/fs/cgroup/memory/memory.limit_in_bytes");
	return failed == ENOENT || failed == ENOTDIR ? open_for_writing("/sys/fs/cgroup/memory.max") : failed;
}

const struct attack file_attacks[] = {
	{"open-for-writing", open_for_writing},
	{"read", read_some},
	{"list", list_some},
	{"disk", try_disk},
	{"device", try_device},
	{"release-agent", try_release_agent},
	{"filesystem", try_filesystem},
	{"own-limit", try_own_limit},
	{NULL, NULL},
};
