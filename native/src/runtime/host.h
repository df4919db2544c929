#pragma once
/*
 * What the runtime learns once about the kernel it runs on, before any container exists.
 *
 * The spawner calls host_open() at its start, single-threaded and as root; monitors inherit the value by fork and only read it. It costs a few
 * milliseconds once, so that a container's start repeats none of it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct cgroup_host;

struct host {
    uint64_t bounding; /* capabilities that this process may hand on, one bit each */
    unsigned last_cap; /* highest capability that the kernel knows */
    int mount_ns; /* a mount namespace that holds one empty tmpfs: copies of it are cheap, unlike copies of the host's */
    int pid_ns; /* our own, to come back to after a clone into a container's */
    int null; /* the host's /dev/null, verified (1:3) */
    int init; /* sealed memfd with the program that is PID 1 for `init: true` */
    struct cgroup_host *cgroups;  /* NULL where no hierarchy is mounted */
    uint64_t ignored_signals; /* by this process when it started: children inherit that */
    bool resets_affinity, resets_scheduler, resets_personality; /* this process has other values than a container should */
    bool overlay_lowerdir_append; /* fsconfig "lowerdir+" (6.8) */
    bool clones_detached_mounts;  /* open_tree(OPEN_TREE_CLONE) of a mount that is attached nowhere (6.15) */
};

/* Probes the kernel and opens what every container needs. Errors: no right to make a mount namespace (EPERM), no /dev/null, no memory. */
int host_open(struct host *ret, struct error *err);

void host_close(struct host *host);
