#pragma once
/* Nodes and links of /dev, in the child. */

#include "runtime/launch.h"

/* In the child, before it enters a user namespace, where no nodes can be made: all of them on the file system of the files, from where they are bound. */
int devices_make_nodes(struct launch *launch);

/* spec.devices, and where /dev is not bound the specification's default nodes and links. */
int devices_apply(struct launch *launch);
