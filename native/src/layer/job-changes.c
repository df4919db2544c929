/* Tells what a container's writable layer changes in the layers below it, and how many bytes it holds. */
#include "layer/confine.h"
#include "layer/inode-map.h"
#include "layer/job.h"
#include "layer/walk.h"

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/json.h"
#include "base/sys.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

enum { RECORDS_SIZE = 64 * 1024, BELOW = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS };

static const char stage[] = "changes";

struct changes {
	int connection;
	int lower[JOB_LOWER_MAX];
	size_t lower_count;
	struct inode_map inodes;
	uint64_t bytes;
	size_t used;
	char records[RECORDS_SIZE];
};

static int flush(struct changes *changes, struct error *err) {
	if (write_all(changes->connection, changes->records, changes->used) < 0)
		return error_set(err, EPIPE, stage, "the connection is closed");
	changes->used = 0;
	return 0;
}

/* `kind`, the text, a NUL. */
static int record(struct changes *changes, char kind, const char *text, struct error *err) {
	size_t length = strlen(text);
	if (changes->used + length + 2 > sizeof changes->records) {
		int result = flush(changes, err);
		if (result < 0)
			return result;
	}
	changes->records[changes->used++] = kind;
	memcpy(changes->records + changes->used, text, length + 1);
	changes->used += length + 1;
	return 0;
}

/* What the layers below have at `path`: the first that has anything decides, a whiteout is nothing. */
static bool find_below(const struct changes *changes, const char *path, struct stat *ret_status) {
	for (size_t i = 0; i < changes->lower_count; i++) {
		_cleanup_close_ int fd = sys_openat2(changes->lower[i], path, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0, BELOW);
		if (fd >= 0 && fstat(fd, ret_status) == 0)
			return !(S_ISCHR(ret_status->st_mode) && ret_status->st_rdev == makedev(0, 0));
	}
	return false;
}

/* A folder is in the upper layer as soon as something below it is; it was changed itself when this differs. */
static bool is_same_folder(const struct stat *now, const struct stat *before) {
	return S_ISDIR(now->st_mode) && S_ISDIR(before->st_mode) && now->st_mode == before->st_mode && now->st_size == before->st_size &&
		   now->st_uid == before->st_uid && now->st_gid == before->st_gid && now->st_mtim.tv_sec == before->st_mtim.tv_sec &&
		   now->st_mtim.tv_nsec == before->st_mtim.tv_nsec;
}

static int count_bytes(struct changes *changes, const struct walk_entry *entry, struct error *err) {
	const char *earlier = NULL;
	if (!S_ISREG(entry->status->st_mode) && !S_ISLNK(entry->status->st_mode))
		return 0;
	if (entry->status->st_nlink > 1) {
		int result = inode_map_meet(&changes->inodes, entry->status, entry->path, &earlier, err);
		if (result < 0)
			return result;
	}
	changes->bytes += earlier ? 0 : (uint64_t)entry->status->st_size;
	return 0;
}

static int visit(void *context, const struct walk_entry *entry, struct error *err) {
	struct changes *changes = context;
	struct stat before;
	int result = count_bytes(changes, entry, err);
	if (result < 0)
		return result;
	if (S_ISCHR(entry->status->st_mode) && entry->status->st_rdev == makedev(0, 0))
		return record(changes, 'D', entry->path, err);
	if (!find_below(changes, entry->path, &before))
		return record(changes, 'A', entry->path, err);
	return record(changes, is_same_folder(entry->status, &before) ? 'S' : 'C', entry->path, err);
}

static int tell_changes(struct changes *changes, int root, struct error *err) {
	char total[24];
	int result = walk_tree(root, visit, changes, err);
	if (result < 0)
		return result;
	(void)snprintf(total, sizeof total, "%" PRIu64, changes->bytes);
	result = record(changes, 'E', total, err);
	return result < 0 ? result : flush(changes, err);
}

/* Opened before the worker shuts itself in: no name leads to them any more afterwards. */
static int open_lower(const struct job *job, struct changes *changes, struct error *err) {
	for (size_t i = 0; i < job->lower_count; i++) {
		changes->lower[i] = sys_openat(AT_FDCWD, job->lower[i], O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
		if (changes->lower[i] < 0)
			return error_errno(err, stage, "layer %s", job->lower[i]);
		changes->lower_count++;
	}
	return 0;
}

static int run_changes(const struct job *job, struct changes *changes, struct error *err) {
	_cleanup_close_ int root = -1;
	int result = open_lower(job, changes, err);
	if (result >= 0)
		result = confine_to(job->target, &root, err);
	if (result >= 0)
		result = confine_rights(err);
	if (result < 0)
		return result;
	_cleanup_json_ json_t *nothing = json_object();
	if (!nothing || job_answer(changes->connection, job->id, nothing) < 0)
		return error_set(err, EPIPE, "answer", "the connection is closed");
	(void)tell_changes(changes, root, err); /* a failure shows as a missing last record */
	return 0;
}

int job_changes(const struct job *job, int connection, struct error *err) {
	struct changes *changes = calloc(1, sizeof *changes);
	if (!changes)
		return error_set(err, ENOMEM, "memory", "no memory");
	changes->connection = connection;
	int result = run_changes(job, changes, err);
	for (size_t i = 0; i < changes->lower_count; i++)
		close_fd(&changes->lower[i]);
	inode_map_free(&changes->inodes);
	free(changes);
	return result;
}
