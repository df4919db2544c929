#pragma once
/* An overlay whose layers keep the ids that the container sees: each layer is an idmapped mount, so nothing is copied or changed owner. */

#include "runtime/launch.h"

int rootfs_open_idmapped(const struct launch *launch, const struct rootfs_config *config, bool is_durable, int *ret_mount, struct error *err);
