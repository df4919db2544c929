#pragma once
/*
 * A container's processes: start, exec, and what is needed after them.
 *
 * The caller is the monitor: single-threaded, root, in the host's namespaces, SIGCHLD handled by itself. Order:
 *
 *     struct container c = CONTAINER_INIT;
 *     container_start(&host, &config, &stdio, &c, &err);    blocks until the program runs (execve done), some 5 ms
 *     ... poll c.pidfd; waitid(P_PIDFD, c.pidfd) is the caller's; read cgroup_oom_kills(c.cgroup) before anything else ...
 *     container_exited(&c, &err);                           kills what is left; keeps cgroup and root for the next start
 *     container_start(...) again, or container_release(&c, &err)
 *
 * On failure of container_start() everything it made is undone and `c` is as before. err.stage is the step: "spec", "cgroup", "overlay", "mount",
 * "network", "user", "cwd", "seccomp", "exec" ...; "exec" with ENOENT means the program was not found (127), any other errno of "exec" that it
 * could not be run (126).
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "runtime/cgroup.h"
#include "runtime/host.h"
#include "runtime/seccomp.h"
#include "runtime/spec.h"
#include "runtime/trace.h"
#include "runtime/warnings.h"

/* The caller's ends stay with the caller; these three become fds 0, 1, 2 of the process. Ignored with a terminal. */
struct container_stdio {
	int in, out, err;
};

struct container {
	pid_t pid; /* 0 when not running */
	int pidfd; /* -1 when not running; belongs to the container */
	int terminal; /* master side of the pty, or -1; the caller may take it (TAKE_FD) */
	int devpts; /* mount fd of its /dev/pts, where terminals of execs come from; -1 without */
	json_t *root_config; /* what `rootfs` was made from, to see whether it can be used again */
	int rootfs; /* mount fd of the root file system, or -1: /proc/<monitor>/fd/<rootfs> is the container's root, also after its exit */
	struct cgroup *cgroup;
	uint64_t oom_kills_before; /* the counter when this run began */
	struct seccomp_filter seccomp;
	uint64_t bounding; /* an exec can have no more */
	int namespaces; /* CLONE_NEW* that an exec joins */
	bool has_personality; /* linux.personality, which an exec has too */
	unsigned personality;
	struct warnings warnings;  /* of the last start or exec */
	struct trace trace; /* of the last start */
	/* For the OCI command line only: the next process waits for a byte, and keeps fds from 3 on. */
	const struct launch_hold *hold;
	unsigned preserved_fds;
};

#define CONTAINER_INIT {.pidfd = -1, .terminal = -1, .rootfs = -1, .devpts = -1}

int container_start(const struct host *host, const struct start_config *config, const struct container_stdio *stdio, struct container *container,
			struct error *err);

/*
 * Takes over a container that another process of ours started and that `config` describes: pid is its init, whose identity (start time) the caller has
 * compared. With pid 0 (it has ended) only the cgroup is taken, as far as it is there. Then exec, exited and release work as above.
 */
int container_adopt(const struct host *host, const struct start_config *config, pid_t pid, struct container *container, struct error *err);

struct container_process {
	pid_t pid;
	int pidfd;    /* the caller's */
	int terminal; /* the caller's, or -1 */
};

/* Runs another program in a running container. Blocks until execve is done, about 2 ms. The caller reaps it. */
int container_exec(const struct host *host, struct container *container, const struct spec_process *process, const struct container_stdio *stdio,
		   struct container_process *ret, struct error *err);

/* ContainerUsage of schemas/runtime/monitor.ts, as a new object. */
int container_usage(struct container *container, json_t **ret, struct error *err);

/* After the main process was reaped: kills what is left in the cgroup, forgets pid, pidfd and terminal. */
int container_exited(struct container *container, struct error *err);

/* Kills, removes the cgroup, drops the root file system. Nothing is left afterwards even where an error is returned. */
int container_release(struct container *container, struct error *err);
