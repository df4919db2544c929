#pragma once
/*
 * User namespaces as file descriptors: made with their maps by a parent that has the rights to give any id, before anybody lives in them.
 *
 * A namespace lives as long as a descriptor, a process or another namespace that it owns; nothing has to be cleaned up.
 */

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* The kernel's own limit on lines of a map. */
enum { ID_RANGES_MAX = 340 };

struct id_range {
	uint32_t inside, outside, count;
};

/* One kind of ids, uids or gids. */
struct id_map {
	struct id_range *ranges;
	size_t count;
};

struct id_maps {
	struct id_map uid, gid;
};

/* True where nothing is mapped. */
static inline int id_maps_empty(const struct id_maps *maps) { return maps->uid.count == 0 && maps->gid.count == 0; }

/*
 * Both maps from arrays of {containerID, hostID, size}; NULL or empty arrays leave them empty, one without the other is refused. On failure, too,
 * *ret is to be freed with id_maps_free(). `where` begins the path of a value in messages.
 */
int id_maps_parse(const json_t *uids, const json_t *gids, const char *where, struct id_maps *ret, struct error *err);

/* The id outside, or (uint32_t)-1 for one that is not mapped. */
uint32_t id_map_outside(const struct id_map *map, uint32_t inside);

/*
 * A new user namespace with these maps, and with `also` (CLONE_NEWNET or 0) another one that it owns. -errno with *err filled (stage "userns"):
 * EINVAL for ranges that overlap or are too many, EPERM without the right to give these ids.
 */
int userns_create(const struct id_maps *maps, int also, int *ret_user, int *ret_also, struct error *err);

/* The user namespace that owns another namespace. */
int userns_of(int namespace, int *ret_user, struct error *err);

/* The maps as the kernel has them, of a process in the namespace; seen from outside. The caller frees both lists of ranges with id_maps_free(). */
int userns_read_maps(pid_t pid, struct id_maps *ret, struct error *err);
void id_maps_free(struct id_maps *maps);

/* For a process that has entered: the ids of its root, as far as there is one, and no groups. Of the calling thread alone. */
void userns_become_root(void);
