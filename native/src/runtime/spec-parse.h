#pragma once
/* Shared by the files that parse parts of the spec; `where` is the path of a value in error messages, e.g. "spec.mounts[3]". */

#include "base/json.h"
#include "runtime/spec.h"

enum { WHERE_SIZE = 96 };

/* Array of `count` zeroed elements, never NULL for count 0; -ENOMEM in *err otherwise. */
int spec_allocate(size_t count, size_t size, void *ret_pointer, struct error *err);

/* The member `name`, an array of strings; absent leaves *ret as it is. 1 present, 0 absent. */
int take_optional_strings(struct object_reader *reader, const char *name, struct strings *ret, struct error *err);
int strings_copy(const json_t *array, const char *where, struct strings *ret, struct error *err);
void strings_free(struct strings *strings);

/* Absolute, without `..` components; "destination" and the like. */
int check_absolute(const char *path, const char *where, struct error *err);

/* What user namespaces and idmapped mounts need of each other, once all is parsed. */
int spec_check_userns(const struct spec *spec, struct error *err);

int spec_mounts_parse(const json_t *array, struct spec *ret, struct error *err);

/* The members of a process that say when and where it runs. Parsed in one go with the rest of it. */
int spec_schedule_parse(struct object_reader *process, const char *where, struct spec_schedule *ret, struct error *err);
int spec_personality_parse(const json_t *json, struct spec_schedule *ret, struct error *err);
int spec_time_offsets_parse(const json_t *json, char ret[TIME_OFFSETS_MAX], struct error *err);
/* Members of OciResources that few containers have; `where` is that of the resources. */
int spec_hugepages_parse(const json_t *array, const char *where, struct cgroup_resources *ret, struct error *err);
int spec_network_resources_parse(const json_t *json, const char *where, struct cgroup_resources *ret, struct error *err);
int spec_rdma_parse(const json_t *object, const char *where, struct cgroup_resources *ret, struct error *err);
