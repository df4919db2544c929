#pragma once
/* spec.mounts: what can be made in the host's namespaces is made before the clone, the rest by the child; all of it detached, then moved onto an fd. */

#include "runtime/launch.h"

/* In the parent: binds, the container's devpts and its cgroup folders. Fills launch->mounts; fds are the caller's. */
int mounts_prepare(struct launch *launch, int *ret_devpts, struct error *err);

/* In the child, before it enters a user namespace: file systems of namespaces that this one does not own. Fills launch->foreign. */
int mounts_apply_foreign(struct launch *launch);

/* In the child: the rest, in the order of the spec. */
int mounts_apply(struct launch *launch);

/* Moves a detached mount onto `path` in the container's root, which is made (folder or file, as the mount's root is) where missing. */
int mounts_attach(struct launch *launch, int mount, const char *path);
