#pragma once
/* The container's root as a detached mount: attached nowhere, so that it vanishes with its last user however that ends. */

#include "base/error.h"
#include "runtime/host.h"
#include "runtime/spec.h"

/*
 * Mounts `config` (made in the host's namespaces; needs upper and work on one file system). The overlay's own words about what is wrong go into *err.
 * Not durable: the overlay is `volatile`, nothing is flushed when it is unmounted; what a kill leaves behind by that is cleared here.
 */
int rootfs_open(const struct host *host, const struct rootfs_config *config, bool is_durable, int *ret_mount, struct error *err);
