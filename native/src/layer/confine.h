#pragma once
/*
 * Shuts this process in before it reads anything that a stranger wrote. Irreversible, for one-job processes only.
 */

#include "base/error.h"

/*
 * Makes a private mount namespace whose root is a copy of the mount that has the folder `path`, and nothing else (nodev, nosuid, noexec); yields an fd
 * of it. Nothing of the host can be named any more; fds that are open already, those of detached mounts too, keep working.
 */
int confine_to(const char *path, int *ret_root, struct error *err);

/* The two halves of confine_to: a private copy of all mounts of this process's namespace, and the attached mount `tree` as the root of everything. */
int confine_mounts(struct error *err);
int confine_root(int tree, int *ret_root, struct error *err);

/*
 * Keeps the capabilities that files need (owner, mode, device nodes, file capabilities, trusted xattrs) and the system calls that reading and writing
 * them needs: no sockets, no processes, no mounts, no execution. A forbidden system call kills.
 */
int confine_rights(struct error *err);
