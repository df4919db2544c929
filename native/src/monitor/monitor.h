#pragma once
/*
 * The monitor of one container (schemas/runtime/monitor.ts): a single-threaded process that the spawner forks, that creates the container, holds its
 * stdio, writes its log, runs execs, watches for out-of-memory kills and keeps the exit record. It outlives berthd and the spawner.
 */

#include "runtime/host.h"

struct monitor_setup {
	int listener;            /* listening socket <bundle>/monitor.sock */
	int bundle;              /* dirfd of the bundle */
	const struct host *host; /* probed by the spawner, read only */
};

/* Serves until `release` and returns the process's exit code. Takes over both fds. Called in a fresh child whose signals and fds are clean. */
int monitor_run(const struct monitor_setup *setup);
