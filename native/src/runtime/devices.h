#pragma once
/* Nodes and links of /dev, in the child. */

#include "runtime/launch.h"

/* spec.devices, and where /dev is not bound the specification's default nodes and links. */
int devices_apply(struct launch *launch);
