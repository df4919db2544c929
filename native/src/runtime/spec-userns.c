/* What user namespaces need of the rest of a spec. */
#include "runtime/spec-parse.h"

#include "base/sys.h"

#include <errno.h>

bool spec_has_namespace(const struct spec *spec, int flag) {
	for (size_t i = 0; i < spec->join_count; i++)
		if (spec->joins[i].flag == flag)
			return true;
	return spec->namespaces_new & flag;
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
