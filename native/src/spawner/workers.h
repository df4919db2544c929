#pragma once
/* The kinds of workers that the spawner forks. Each function returns the new process's pid (> 0), or < 0. */

#include "base/error.h"
#include "runtime/host.h"

#include <stdbool.h>

/*
 * Makes the bundle (0700), listens on its monitor.sock and forks the monitor. Monitors inherit the fds of `host`; `private_fds` are the spawner's own,
 * which they must not keep.
 */
int workers_fork_monitor(const struct host *host, const char *bundle, const int *private_fds, unsigned private_count, struct error *err);

/* Listens on `socket` and forks a layer worker that serves one connection. */
int workers_fork_layer(const char *socket, struct error *err);

/*
 * Starts netd with `<run_dir>/netd.sock` listening, unless one runs: netd holds the lock of `<run_dir>/netd.lock`, whose content is its pid, for as long
 * as it lives. It is called as `netd --run-dir DIR --instance NAME --listen-fd N`. *ret_is_started tells which of both happened.
 */
int workers_fork_netd(int run_dir, const char *run_dir_path, const char *instance, bool *ret_is_started, struct error *err);
