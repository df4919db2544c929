#pragma once
/* The run directory: sockets, netns mounts and bundles of running containers; gone after a reboot. */

#include "base/error.h"

/*
 * Makes `path` (and its parents) and mounts a tmpfs on it unless it is on one already, so that exit records and sockets never wait for a disk.
 * The mount is private: what is mounted below is not copied into other mount namespaces. Returns a dirfd, or < 0.
 */
int run_dir_open(const char *path, struct error *err);

/* Makes the folders of `path` that are missing, the last one with `mode`, the others 0711. Fails where one of them is not a directory. */
int run_dir_make_path(const char *path, unsigned mode, struct error *err);
