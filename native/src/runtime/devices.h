#pragma once
/* Nodes and links of /dev, in the child. */

#include "runtime/launch.h"

/* spec.devices, and with a /dev of the container's own (not a bind) the specification's default nodes and links. */
int devices_apply(struct launch *launch);

/* True when nodes are made in the container's own /dev. */
bool devices_has_own_dev(const struct spec *spec);
