/* Maps of ids as the OCI runtime specification writes them. */
#include "base/json.h"
#include "base/userns.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const char stage[] = "protocol";

static int parse_range(const json_t *json, const char *where, struct id_range *ret, struct error *err) {
	struct object_reader r;
	int64_t inside, outside, count;
	int x;
	/* 4294967295 is no id, so it ends no range either. */
	if ((x = object_open(&r, json, where, err)) < 0 || (x = take_integer(&r, "containerID", 0, 4294967294LL, &inside, err)) < 0 ||
		(x = take_integer(&r, "hostID", 0, 4294967294LL, &outside, err)) < 0 || (x = take_integer(&r, "size", 1, 4294967295LL, &count, err)) < 0 ||
		(x = object_close(&r, err)) < 0)
		return x;
	if (inside + count > 4294967295LL || outside + count > 4294967295LL)
		return error_set(err, EINVAL, stage, "%s: the range goes beyond the last id, 4294967294", where);
	*ret = (struct id_range){.inside = (uint32_t)inside, .outside = (uint32_t)outside, .count = (uint32_t)count};
	return 0;
}

static int parse_map(const json_t *array, const char *where, const char *name, struct id_map *ret, struct error *err) {
	size_t count = json_array_size(array);
	if (count > ID_RANGES_MAX)
		return error_set(err, E2BIG, stage, "%s.%s: at most %d ranges are possible, not %zu", where, name, ID_RANGES_MAX, count);
	if (count && !(ret->ranges = calloc(count, sizeof *ret->ranges)))
		return error_set(err, ENOMEM, stage, "out of memory");
	int failed = 0;
	for (size_t i = 0; failed >= 0 && i < count; i++) {
		char place[128];
		(void)snprintf(place, sizeof place, "%s.%s[%zu]", where, name, i);
		failed = parse_range(json_array_get(array, i), place, &ret->ranges[i], err);
	}
	ret->count = count;
	return failed;
}

int id_maps_parse(const json_t *uids, const json_t *gids, const char *where, struct id_maps *ret, struct error *err) {
	int failed = parse_map(uids, where, "uidMappings", &ret->uid, err);
	if (failed >= 0)
		failed = parse_map(gids, where, "gidMappings", &ret->gid, err);
	if (failed >= 0 && !ret->uid.count != !ret->gid.count)
		failed = error_set(err, EINVAL, stage, "%s: uidMappings and gidMappings belong together, and one of them is missing", where);
	return failed;
}
