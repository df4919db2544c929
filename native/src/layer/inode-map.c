#include "layer/inode-map.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* gcc 12 loses sight of a pointer that is stored in an array, and calls it leaked. */
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"

static struct inode_slot *find(struct inode_slot *slots, size_t capacity, dev_t device, ino_t inode) {
	uint64_t hash = ((uint64_t)inode ^ ((uint64_t)device << 40)) * 0x9e3779b97f4a7c15ULL;
	size_t at = (size_t)(hash >> 32) & (capacity - 1);
	while (slots[at].path && (slots[at].inode != inode || slots[at].device != device))
		at = (at + 1) & (capacity - 1);
	return &slots[at];
}

static int grow(struct inode_map *map, struct error *err) {
	size_t capacity = map->capacity > 0 ? 2 * map->capacity : 64;
	struct inode_slot *slots = calloc(capacity, sizeof *slots);
	if (!slots)
		return error_set(err, ENOMEM, "memory", "no memory");
	for (size_t i = 0; i < map->capacity; i++)
		if (map->slots[i].path)
			*find(slots, capacity, map->slots[i].device, map->slots[i].inode) = map->slots[i];
	free(map->slots);
	map->slots = slots;
	map->capacity = capacity;
	return 0;
}

int inode_map_meet(struct inode_map *map, const struct stat *status, const char *path, const char **ret_earlier, struct error *err) {
	if (2 * map->count >= map->capacity) {
		int result = grow(map, err);
		if (result < 0)
			return result;
	}
	struct inode_slot *slot = find(map->slots, map->capacity, status->st_dev, status->st_ino);
	if (slot->path) {
		*ret_earlier = slot->path;
		return 0;
	}
	slot->path = strdup(path);
	if (!slot->path)
		return error_set(err, ENOMEM, "memory", "no memory");
	slot->device = status->st_dev;
	slot->inode = status->st_ino;
	map->count++;
	*ret_earlier = NULL;
	return 0;
}

void inode_map_free(struct inode_map *map) {
	for (size_t i = 0; i < map->capacity; i++)
		free(map->slots[i].path);
	free(map->slots);
	*map = (struct inode_map){0};
}
