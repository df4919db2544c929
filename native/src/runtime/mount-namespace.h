#pragma once
/*
 * The mount namespace that a container's child works in up to pivot_root. Mostly a copy of the template (host.h), which holds nothing of the host.
 * Where hooks of the container have to find the host's files, a copy of the host's namespace; where one is joined by path, that one: in both the root
 * is attached at the path that it has on the host. The working folder is in any case the template's tmpfs: `files`, `null`.
 */

#include "runtime/launch.h"

int mount_namespace_enter(struct launch *launch);
int mount_namespace_attach_root(struct launch *launch);
/* The one that this process is in (6.11), or -1. */
int mount_namespace_own(void);
