#pragma once
/* Terminals: opened on the container's own devpts by its mount's fd, never by a path or a /dev/pts/N name inside the container. */

#include "runtime/launch.h"

/* In the parent: a new pty of the instance `devpts` with the process's size. */
int console_open(int devpts, const struct spec_process *process, int *ret_master, int *ret_peer, struct error *err);

/* In the child, for a container's main process: binds the peer over /dev/console. */
int console_bind(struct launch *launch);
