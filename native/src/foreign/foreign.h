#pragma once
/*
 * A container whose processes another OCI runtime makes. Same order as in runtime/container.h: start, then exec and the rest, then exited, then start
 * again or release. `container` is taken over from the runtime as soon as it has made it: cgroup, pidfd and counters are read there without it.
 *
 * Each call executes the runtime (create and start; exec; kill; ...) and blocks until that has ended, at most a minute: then it is killed. The processes
 * that it leaves behind become the caller's children, which therefore has to be a subreaper. err.stage is "exec" with ENOENT, EACCES and the like when
 * the runtime says so about the program, "runtime" for everything else, with the runtime's own words.
 *
 * Without user namespaces, idmapped layers and memory.oom.group: the runtime makes the cgroup.
 */

#include "runtime/container.h"

struct foreign {
	json_t *runtime;   /* {path, arguments}; NULL: not in use */
	int bundle;        /* dirfd, the monitor's */
	char *bundle_path; /* absolute */
	char *id;
};

int foreign_start(struct foreign *foreign, const struct host *host, const struct start_config *config, const struct container_stdio *stdio,
				  struct container *container, struct error *err);

/* `process` is the OciProcess. */
int foreign_exec(struct foreign *foreign, const json_t *process, const struct container_stdio *stdio, struct container *container,
				 struct container_process *ret, struct error *err);

int foreign_signal(struct foreign *foreign, struct container *container, int signal, bool is_for_all, struct error *err);
int foreign_freeze(struct foreign *foreign, bool is_frozen, struct error *err);
int foreign_update(struct foreign *foreign, const json_t *resources, struct warnings *warnings, struct error *err);

/* After the main process was reaped: kills what is left and makes the runtime forget the container. */
int foreign_exited(struct foreign *foreign, struct container *container, struct error *err);

/* Gives everything back; `foreign` can be used for another start. */
int foreign_release(struct foreign *foreign, struct container *container, struct error *err);
