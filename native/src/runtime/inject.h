#pragma once
/* Files that are made inside the container (secrets, configs): each is a bind of a file on a tmpfs that only this container has. In the child. */

#include "runtime/launch.h"

int inject_files(struct launch *launch);
