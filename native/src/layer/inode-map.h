#pragma once
/* Remembers under which path a file with several names was met first. Zero-initialised is empty. */

#include "base/error.h"

#include <stddef.h>
#include <sys/stat.h>

struct inode_slot {
	dev_t device;
	ino_t inode;
	char *path; /* NULL: free */
};

struct inode_map {
	struct inode_slot *slots;
	size_t capacity; /* a power of two, or 0 */
	size_t count;
};

/* Yields the earlier path of the same inode (owned by the map), or NULL after remembering `path`. */
int inode_map_meet(struct inode_map *map, const struct stat *status, const char *path, const char **ret_earlier, struct error *err);

void inode_map_free(struct inode_map *map);
