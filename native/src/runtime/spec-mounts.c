/* OciMount: the options of mount(8) sorted into attributes, propagation and what the file system itself understands. */
#include "runtime/spec-parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "base/sys.h"

enum option_group { ATTRIBUTE, ATTRIBUTE_RECURSIVE, PROPAGATION, BIND, SUPERBLOCK, IGNORED, COPY_UP, IDMAP };

static const struct option {
	const char *name;
	enum option_group group;
	uint64_t set, clear;
} options[] = {
	{"ro", ATTRIBUTE, MOUNT_ATTR_RDONLY, 0},
	{"rw", ATTRIBUTE, 0, MOUNT_ATTR_RDONLY},
	{"nosuid", ATTRIBUTE, MOUNT_ATTR_NOSUID, 0},
	{"suid", ATTRIBUTE, 0, MOUNT_ATTR_NOSUID},
	{"nodev", ATTRIBUTE, MOUNT_ATTR_NODEV, 0},
	{"dev", ATTRIBUTE, 0, MOUNT_ATTR_NODEV},
	{"noexec", ATTRIBUTE, MOUNT_ATTR_NOEXEC, 0},
	{"exec", ATTRIBUTE, 0, MOUNT_ATTR_NOEXEC},
	{"noatime", ATTRIBUTE, MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME},
	{"atime", ATTRIBUTE, MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
	{"relatime", ATTRIBUTE, MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
	{"norelatime", ATTRIBUTE, MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME},
	{"strictatime", ATTRIBUTE, MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME},
	{"nostrictatime", ATTRIBUTE, MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
	{"nodiratime", ATTRIBUTE, MOUNT_ATTR_NODIRATIME, 0},
	{"diratime", ATTRIBUTE, 0, MOUNT_ATTR_NODIRATIME},
	{"nosymfollow", ATTRIBUTE, MOUNT_ATTR_NOSYMFOLLOW, 0},
	{"symfollow", ATTRIBUTE, 0, MOUNT_ATTR_NOSYMFOLLOW},
	{"rro", ATTRIBUTE_RECURSIVE, MOUNT_ATTR_RDONLY, 0},
	{"rrw", ATTRIBUTE_RECURSIVE, 0, MOUNT_ATTR_RDONLY},
	{"rnosuid", ATTRIBUTE_RECURSIVE, MOUNT_ATTR_NOSUID, 0},
	{"rsuid", ATTRIBUTE_RECURSIVE, 0, MOUNT_ATTR_NOSUID},
	{"rnodev", ATTRIBUTE_RECURSIVE, MOUNT_ATTR_NODEV, 0},
	{"rdev", ATTRIBUTE_RECURSIVE, 0, MOUNT_ATTR_NODEV},
	{"rnoexec", ATTRIBUTE_RECURSIVE, MOUNT_ATTR_NOEXEC, 0},
	{"rexec", ATTRIBUTE_RECURSIVE, 0, MOUNT_ATTR_NOEXEC},
	{"rnoatime", ATTRIBUTE_RECURSIVE, MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME},
	{"ratime", ATTRIBUTE_RECURSIVE, MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
	{"rrelatime", ATTRIBUTE_RECURSIVE, MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
	{"rnorelatime", ATTRIBUTE_RECURSIVE, MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME},
	{"rstrictatime", ATTRIBUTE_RECURSIVE, MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME},
	{"rnostrictatime", ATTRIBUTE_RECURSIVE, MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
	{"rnodiratime", ATTRIBUTE_RECURSIVE, MOUNT_ATTR_NODIRATIME, 0},
	{"rdiratime", ATTRIBUTE_RECURSIVE, 0, MOUNT_ATTR_NODIRATIME},
	{"rnosymfollow", ATTRIBUTE_RECURSIVE, MOUNT_ATTR_NOSYMFOLLOW, 0},
	{"rsymfollow", ATTRIBUTE_RECURSIVE, 0, MOUNT_ATTR_NOSYMFOLLOW},
	{"private", PROPAGATION, MS_PRIVATE, 0},
	{"rprivate", PROPAGATION, MS_PRIVATE, MS_REC},
	{"slave", PROPAGATION, MS_SLAVE, 0},
	{"rslave", PROPAGATION, MS_SLAVE, MS_REC},
	{"shared", PROPAGATION, MS_SHARED, 0},
	{"rshared", PROPAGATION, MS_SHARED, MS_REC},
	{"unbindable", PROPAGATION, MS_UNBINDABLE, 0},
	{"runbindable", PROPAGATION, MS_UNBINDABLE, MS_REC},
	{"bind", BIND, 0, 0},
	{"rbind", BIND, 1, 0},
	{"tmpcopyup", COPY_UP, 0, 0},
	{"idmap", IDMAP, 0, 0},
	{"ridmap", IDMAP, 1, 0},
	{"defaults", IGNORED, 0, 0},
	{"async", IGNORED, 0, 0},
	{"nomand", IGNORED, 0, 0},
	{"noiversion", IGNORED, 0, 0},
	{"iversion", IGNORED, 0, 0},
	{"nolazytime", IGNORED, 0, 0},
	{"silent", IGNORED, 0, 0},
	{"loud", IGNORED, 0, 0},
	{"remount", IGNORED, 0, 0},
	/* A file system is told; a bind has one already. */
	{"sync", SUPERBLOCK, 0, 0},
	{"dirsync", SUPERBLOCK, 0, 0},
	{"lazytime", SUPERBLOCK, 0, 0},
	{"mand", SUPERBLOCK, 0, 0},
};

static const struct option *find_option(const char *name) {
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		if (strcmp(options[i].name, name) == 0)
			return &options[i];
	return NULL;
}

static void apply_option(struct spec_mount *mount, const struct option *option) {
	switch (option->group) {
	case ATTRIBUTE:
		mount->attr_clear = (mount->attr_clear | option->clear) & ~option->set;
		mount->attr_set = (mount->attr_set & ~option->clear) | option->set;
		break;
	case ATTRIBUTE_RECURSIVE:
		mount->rec_attr_clear = (mount->rec_attr_clear & ~option->set) | option->clear;
		mount->rec_attr_set = (mount->rec_attr_set & ~option->clear) | option->set;
		break;
	case PROPAGATION:
		mount->propagation = option->set;
		mount->propagation_recursive = option->clear == MS_REC;
		break;
	case BIND:
		mount->kind = MOUNT_BIND;
		mount->is_recursive = option->set != 0;
		break;
	case COPY_UP:
		mount->copies_up = true;
		break;
	case IDMAP:
		mount->is_idmapped = true;
		mount->is_idmapped_recursively = option->set != 0;
		break;
	case SUPERBLOCK:
	case IGNORED:
		break;
	}
}

static int sort_options(const json_t *array, const char *where, struct spec_mount *mount, struct error *err) {
	size_t count = json_array_size(array);
	int failed = spec_allocate(count + 1, sizeof *mount->data.items, &mount->data.items, err);
	if (failed < 0)
		return failed;
	for (size_t i = 0; i < count; i++) {
		const char *text;
		if ((failed = element_string(array, i, where, &text, err)) < 0)
			return failed;
		const struct option *option = find_option(text);
		if (option)
			apply_option(mount, option);
		if ((!option && text[0]) || (option && option->group == SUPERBLOCK))
			mount->data.items[mount->data.count++] = text;
	}
	return 0;
}

static int parse_mount(const json_t *json, const char *where, struct spec_mount *mount, struct error *err) {
	struct object_reader r;
	const json_t *list = NULL, *uids = NULL, *gids = NULL;
	char place[WHERE_SIZE + 16];
	int x;
	if ((x = object_open(&r, json, where, err)) < 0 || (x = take_string(&r, "destination", &mount->destination, err)) < 0 ||
		(x = take_optional_string(&r, "type", &mount->type, err)) < 0 || (x = take_optional_string(&r, "source", &mount->source, err)) < 0 ||
		(x = take_optional_array(&r, "options", &list, err)) < 0 || (x = take_optional_array(&r, "uidMappings", &uids, err)) < 0 ||
		(x = take_optional_array(&r, "gidMappings", &gids, err)) < 0 || (x = object_close(&r, err)) < 0 ||
		(x = id_maps_parse(uids, gids, where, &mount->id_maps, err)) < 0)
		return x;
	(void)snprintf(place, sizeof place, "%s.destination", where);
	if ((x = check_absolute(mount->destination, place, err)) < 0)
		return x;
	(void)snprintf(place, sizeof place, "%s.options", where);
	if ((x = sort_options(list, place, mount, err)) < 0)
		return x;
	if (mount->type && strcmp(mount->type, "bind") == 0)
		mount->kind = MOUNT_BIND;
	mount->is_idmapped |= !id_maps_empty(&mount->id_maps);
	if (mount->kind == MOUNT_BIND) {
		if (!mount->source || mount->source[0] != '/')
			return error_set(err, EINVAL, "spec", "%s.source: a bind needs an absolute path", where);
		for (size_t i = 0; i < mount->data.count; i++) /* `mode=755` is for the file system, which a bind has already */
			if (!strchr(mount->data.items[i], '=') && !find_option(mount->data.items[i]))
				return error_set(err, EINVAL, "spec", "%s.options: unknown option \"%.64s\"", where, mount->data.items[i]);
		return 0;
	}
	if (mount->is_idmapped)
		return error_set(err, EINVAL, "spec", "%s: only binds can have maps of ids", where);
	if (!mount->type || !mount->type[0])
		return error_set(err, EINVAL, "spec", "%s.type: a file system is expected", where);
	if (strcmp(mount->type, "cgroup") == 0 || strcmp(mount->type, "cgroup2") == 0)
		mount->kind = MOUNT_CGROUP;
	return 0;
}

int spec_mounts_parse(const json_t *array, struct spec *ret, struct error *err) {
	size_t count = json_array_size(array);
	int failed = spec_allocate(count, sizeof *ret->mounts, &ret->mounts, err);
	if (failed < 0)
		return failed;
	ret->mount_count = count;
	for (size_t i = 0; i < count; i++) {
		char where[WHERE_SIZE];
		(void)snprintf(where, sizeof where, "spec.mounts[%zu]", i);
		if ((failed = parse_mount(json_array_get(array, i), where, &ret->mounts[i], err)) < 0)
			return failed;
	}
	return 0;
}

json_t *spec_mount_options_known(void) {
	json_t *array = json_array();
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		(void)json_array_append_new(array, json_string(options[i].name));
	return array;
}
