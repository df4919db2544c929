/* Maps of ids, and what user namespaces need of the rest of a spec. */
#include "runtime/spec-parse.h"

#include "base/sys.h"

#include <errno.h>

bool spec_has_namespace(const struct spec *spec, int flag) {
    for (size_t i = 0; i < spec->join_count; i++)
        if (spec->joins[i].flag == flag)
            return true;
    return spec->namespaces_new & flag;
}

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
        return error_set(err, EINVAL, "spec", "%s: the range goes beyond the last id, 4294967294", where);
    *ret = (struct id_range){.inside = (uint32_t)inside, .outside = (uint32_t)outside, .count = (uint32_t)count};
    return 0;
}

static int parse_map(const json_t *array, const char *where, const char *name, struct id_map *ret, struct error *err) {
    size_t count = json_array_size(array);
    if (count > ID_RANGES_MAX)
        return error_set(err, E2BIG, "spec", "%s.%s: at most %d ranges are possible, not %zu", where, name, ID_RANGES_MAX, count);
    int failed = count ? spec_allocate(count, sizeof *ret->ranges, &ret->ranges, err) : 0;
    for (size_t i = 0; failed >= 0 && i < count; i++) {
        char place[WHERE_SIZE + 32];
        (void)snprintf(place, sizeof place, "%s.%s[%zu]", where, name, i);
        failed = parse_range(json_array_get(array, i), place, &ret->ranges[i], err);
    }
    ret->count = count;
    return failed;
}

int spec_id_maps_parse(const json_t *uids, const json_t *gids, const char *where, struct id_maps *ret, struct error *err) {
    int failed = parse_map(uids, where, "uidMappings", &ret->uid, err);
    if (failed >= 0)
        failed = parse_map(gids, where, "gidMappings", &ret->gid, err);
    if (failed >= 0 && !ret->uid.count != !ret->gid.count)
        failed = error_set(err, EINVAL, "spec", "%s: uidMappings and gidMappings belong together, and one of them is missing", where);
    return failed;
}

int spec_check_userns(const struct spec *spec, struct error *err) {
    bool has_userns = spec_has_namespace(spec, CLONE_NEWUSER);
    if (!has_userns && !id_maps_empty(&spec->id_maps))
        return error_set(err, EINVAL, "spec", "spec.linux.uidMappings: maps of ids need a user namespace, which spec.linux.namespaces does not have");
    if ((spec->namespaces_new & CLONE_NEWUSER) && id_maps_empty(&spec->id_maps))
        return error_set(err, EINVAL, "spec", "spec.linux.uidMappings: a new user namespace needs uidMappings and gidMappings");
    for (size_t i = 0; i < spec->mount_count; i++)
        if (spec->mounts[i].is_idmapped && !has_userns && id_maps_empty(&spec->mounts[i].id_maps))
            return error_set(err, EINVAL, "spec", "spec.mounts[%zu]: idmap needs uidMappings and gidMappings, or a user namespace", i);
    return 0;
}
