#pragma once
/*
 * What the runtime learns once about the kernel it runs on, before any container exists.
 *
 * The spawner calls host_open() and host_probe() at its start, single-threaded and as root; monitors inherit the value by fork and only read it. It costs a few
 * milliseconds once, so that a container's start repeats none of it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct cgroup_host;

struct host {
	uint64_t bounding; /* capabilities that this process may hand on, one bit each */
	int mount_ns; /* a mount namespace that holds one empty tmpfs: copies of it are cheap, unlike copies of the host's; -1 until host_open_template() */
	int pid_ns; /* our own, to come back to after a clone into a container's */
	int init; /* sealed memfd with the program that is PID 1 for `init: true` */
	struct cgroup_host *cgroups;  /* NULL where no hierarchy is mounted */
	uint64_t ignored_signals; /* when this was opened, and SIGPIPE, which ours may ignore since: children inherit that */
	bool resets_affinity, resets_scheduler, resets_personality; /* this process may have other values than a container should */
	bool overlay_lowerdir_append; /* fsconfig "lowerdir+" (6.8) */
	bool clones_detached_mounts;  /* open_tree(OPEN_TREE_CLONE) of a mount that is attached nowhere (6.15) */
};

#define HOST_INIT {.mount_ns = -1, .pid_ns = -1, .init = -1}

/* Opens what every container needs. Errors: no /proc, no memory. */
int host_open(struct host *ret, struct error *err);

/* The template of mount namespaces, which containers with a user namespace need. Errors: no right to make a mount namespace (EPERM). */
int host_open_template(struct host *host, struct error *err);

/*
 * For who starts many containers: the template, what makes each of them cheaper, and what only some need (`init: true`). Not for a single start, which it
 * would cost more.
 */
int host_probe(struct host *host, struct error *err);

/* In place of host_open(), for who only signals, freezes or removes: the cgroup hierarchies alone. */
int host_open_groups(struct host *ret, struct error *err);

/*
 * By a child without privileges to lose: leaves the mount table of the host for one of its own, whose root is one empty tmpfs and the working folder. In it
 * are what host_fill_template() makes. -errno on failure.
 */
int host_leave_mounts(void);

/* What a container's child finds in the working folder that it starts from, before pivot_root. -errno on failure. */
int host_fill_template(void);

void host_close(struct host *host);
