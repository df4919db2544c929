#pragma once
/* The listener of a seccomp filter with SCMP_ACT_NOTIFY. */

#include "oci/store.h"

/*
 * Sends it to linux.seccomp.listenerPath, with the container process state of the specification (runtime-linux.md, config-linux.md): `pid` is the process
 * whose filter it is, `status` the container's. Once for each process.
 */
int listener_send(const struct store *store, const char *status, pid_t pid, int fd, struct error *err);
