#pragma once
/* The container's root as a detached mount: attached nowhere, so that it vanishes with its last user however that ends. */

#include "base/error.h"
#include "runtime/launch.h"

/*
 * Mounts `config` (made in the host's namespaces; needs upper and work on one file system). The overlay's own words about what is wrong go into *err.
 * Idmapped layers are mounted by way of launch->userns.
 * Not durable: the overlay is `volatile`, nothing is flushed when it is unmounted; what a kill leaves behind by that is cleared here.
 */
int rootfs_open(const struct launch *launch, const struct rootfs_config *config, bool is_durable, int *ret_mount, struct error *err);
