#pragma once
/*
 * The file system of one container as its own processes see it, running or not, for reading and writing files in it from outside (docker cp, export).
 *
 *     view_parse(value, &view, &err);  view_enter(&view, &root, &err);  confine_rights(&err);  view_open(root, "/etc/passwd", O_RDONLY, &err) ...
 *
 * Running: the worker enters the container's mount namespace and takes a private copy of it, so that volumes, tmpfs and everything that is mounted there
 * is seen. Not running: the layers are mounted in a private namespace and the volumes bound in, as a start would. In both cases the container's root
 * is this process's root afterwards and nothing else of the host can be named: a symbolic link leads to where it leads inside the container.
 */

#include "base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { VIEW_LOWER_MAX = 512, VIEW_MOUNTS_MAX = 256 };

struct view_mount {
	const char *source; /* on the host */
	const char *target; /* in the container */
	bool is_read_only;
};

struct view {
	bool has_mounts;    /* false: the root file system alone, as an export shows it */
	bool is_running;
	pid_t pid;          /* running: any process of the container */
	const char *cgroup; /* running: a component of its cgroup's path; tells a pid that was given to another process meanwhile */
	const char *lower[VIEW_LOWER_MAX]; /* not running: top-most first */
	size_t lower_count;
	const char *upper;
	const char *work;
	bool is_read_only;
	struct view_mount mounts[VIEW_MOUNTS_MAX];
	size_t mount_count;
};

/* Strings are borrowed from `value`. */
int view_parse(const json_t *value, struct view *ret_view, struct error *err);

/* Irreversible. Yields an fd of the root. */
int view_enter(const struct view *view, int *ret_root, struct error *err);

/* Opens a path of the container, links followed inside its root only; `flags` as of open(2). -1 with errno. */
int view_open(int root, const char *path, int flags);
