/* Mounts and unmounts a volume's file system in the host's namespace, as the options of the local volume driver say; with mount(2), like dockerd. */
#include "layer/job.h"

#include "base/cleanup.h"
#include "base/json.h"
#include "base/sys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char stage[] = "mount";

enum { DATA_SIZE = 4096 };

static const struct {
	const char *name;
	unsigned long set, clear;
} flags[] = {
	{"defaults", 0, 0},
	{"ro", MS_RDONLY, 0},
	{"rw", 0, MS_RDONLY},
	{"nosuid", MS_NOSUID, 0},
	{"suid", 0, MS_NOSUID},
	{"nodev", MS_NODEV, 0},
	{"dev", 0, MS_NODEV},
	{"noexec", MS_NOEXEC, 0},
	{"exec", 0, MS_NOEXEC},
	{"sync", MS_SYNCHRONOUS, 0},
	{"async", 0, MS_SYNCHRONOUS},
	{"dirsync", MS_DIRSYNC, 0},
	{"mand", MS_MANDLOCK, 0},
	{"nomand", 0, MS_MANDLOCK},
	{"noatime", MS_NOATIME, 0},
	{"atime", 0, MS_NOATIME},
	{"nodiratime", MS_NODIRATIME, 0},
	{"diratime", 0, MS_NODIRATIME},
	{"relatime", MS_RELATIME, 0},
	{"norelatime", 0, MS_RELATIME},
	{"strictatime", MS_STRICTATIME, 0},
	{"nostrictatime", 0, MS_STRICTATIME},
	{"bind", MS_BIND, 0},
	{"rbind", MS_BIND | MS_REC, 0},
};

/* Sorts the options into flags of mount(2) and what the file system itself understands. */
static int sort_options(const struct job *job, unsigned long *ret_flags, char data[static DATA_SIZE], struct error *err) {
	size_t length = 0;
	data[0] = '\0';
	for (size_t i = 0; i < job->option_count; i++) {
		const char *option = job->options[i];
		size_t j = 0;
		while (j < ELEMENTS(flags) && strcmp(flags[j].name, option) != 0)
			j++;
		if (j < ELEMENTS(flags)) {
			*ret_flags = (*ret_flags & ~flags[j].clear) | flags[j].set;
			continue;
		}
		int added = snprintf(data + length, DATA_SIZE - length, "%s%s", length > 0 ? "," : "", option);
		if (added < 0 || length + (size_t)added >= DATA_SIZE)
			return error_set(err, E2BIG, stage, "the options are longer than %d bytes", DATA_SIZE);
		length += (size_t)added;
	}
	return 0;
}

static bool is_mount_point(const char *path) {
	struct statx status;
	return statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, 0, &status) == 0 && (status.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

int job_mount(const struct job *job, json_t **ret_ok, struct error *err) {
	unsigned long set = 0;
	char data[DATA_SIZE];
	int result = sort_options(job, &set, data, err);
	if (result < 0)
		return result;
	/* Mounted by a daemon before this one. */
	bool is_there = is_mount_point(job->target);
	if (!is_there && sys_mount(job->source, job->target, job->type, set, data) < 0)
		return error_errno(err, stage, "mount %s:%s", job->source, job->target);
	/* A bind takes over the flags of what it shows: its own need a second call. */
	if (!is_there && (set & MS_BIND) && (set & ~(unsigned long)(MS_BIND | MS_REC)) &&
		sys_mount(NULL, job->target, NULL, (set & ~(unsigned long)MS_REC) | MS_REMOUNT, NULL) < 0) {
		result = error_errno(err, stage, "options of the mount %s:%s", job->source, job->target);
		(void)sys_umount2(job->target, MNT_DETACH | UMOUNT_NOFOLLOW);
		return result;
	}
	*ret_ok = json_object();
	return *ret_ok ? 0 : error_set(err, ENOMEM, "memory", "no memory");
}

int job_unmount(const struct job *job, json_t **ret_ok, struct error *err) {
	if (is_mount_point(job->target) && sys_umount2(job->target, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
		return error_errno(err, stage, "unmount %s", job->target);
	*ret_ok = json_object();
	return *ret_ok ? 0 : error_set(err, ENOMEM, "memory", "no memory");
}
