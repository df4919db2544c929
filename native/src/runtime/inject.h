#pragma once
/* Files that are made inside the container (secrets, configs): each is a bind of a file on a tmpfs that only this container has. In the child. */

#include "runtime/launch.h"

int inject_files(struct launch *launch);

/* The tmpfs alone, attached at `place`, with each file by its index: "0", "1" ... */
int inject_store(const struct start_config *config, const char *place, int *ret_folder, struct error *err);
