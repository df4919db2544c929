/* Resources of controllers that few containers ask for: huge pages, network classes and priorities, RDMA. */
#include "runtime/spec-parse.h"

#include <errno.h>
#include <string.h>

/* The size becomes part of a file's name. */
static bool is_page_size(const char *text) {
	size_t digits = strspn(text, "0123456789");
	return digits > 0 && digits < 8 && (strcmp(text + digits, "KB") == 0 || strcmp(text + digits, "MB") == 0 || strcmp(text + digits, "GB") == 0);
}

int spec_hugepages_parse(const json_t *array, const char *where, struct cgroup_resources *ret, struct error *err) {
	size_t count = json_array_size(array);
	int x = spec_allocate(count, sizeof *ret->hugepages, &ret->hugepages, err);
	if (x < 0)
		return x;
	for (size_t i = 0; i < count; i++) {
		char place[WHERE_SIZE];
		struct object_reader item;
		const char *size;
		int64_t limit;
		(void)snprintf(place, sizeof place, "%s.hugepageLimits[%zu]", where, i);
		if ((x = object_open(&item, json_array_get(array, i), place, err)) < 0 || (x = take_string(&item, "pageSize", &size, err)) < 0 ||
			(x = take_integer(&item, "limit", 0, INT64_MAX, &limit, err)) < 0 || (x = object_close(&item, err)) < 0)
			return x;
		if (!is_page_size(size))
			return error_set(err, EINVAL, "spec", "%s.pageSize: a size like \"2MB\" is expected, not \"%.16s\"", place, size);
		ret->hugepages[ret->hugepage_count++] = (struct cgroup_hugepages){.size = size, .limit = (uint64_t)limit};
	}
	return 0;
}

static int parse_priority(const json_t *json, const char *where, struct cgroup_priority *ret, struct error *err) {
	struct object_reader item;
	const char *name;
	int64_t priority;
	int x;
	if ((x = object_open(&item, json, where, err)) < 0 || (x = take_string(&item, "name", &name, err)) < 0 ||
		(x = take_integer(&item, "priority", 0, UINT32_MAX, &priority, err)) < 0 || (x = object_close(&item, err)) < 0)
		return x;
	*ret = (struct cgroup_priority){.interface = name, .priority = (uint32_t)priority};
	return 0;
}

int spec_network_resources_parse(const json_t *json, const char *where, struct cgroup_resources *ret, struct error *err) {
	struct object_reader r;
	const json_t *priorities = NULL;
	char place[WHERE_SIZE];
	int x;
	(void)snprintf(place, sizeof place, "%s.network", where);
	if ((x = object_open(&r, json, place, err)) < 0 || (x = take_optional_integer(&r, "classID", 0, UINT32_MAX, &ret->net_class, err)) < 0 ||
		(x = take_optional_array(&r, "priorities", &priorities, err)) < 0 || (x = object_close(&r, err)) < 0 ||
		(x = spec_allocate(json_array_size(priorities), sizeof *ret->net_priorities, &ret->net_priorities, err)) < 0)
		return x;
	for (size_t i = 0; i < json_array_size(priorities); i++) {
		(void)snprintf(place, sizeof place, "%s.network.priorities[%zu]", where, i);
		if ((x = parse_priority(json_array_get(priorities, i), place, &ret->net_priorities[i], err)) < 0)
			return x;
		ret->net_priority_count++;
	}
	return 0;
}

int spec_rdma_parse(const json_t *object, const char *where, struct cgroup_resources *ret, struct error *err) {
	const char *name;
	json_t *value;
	int x = spec_allocate(json_object_size(object), sizeof *ret->rdma, &ret->rdma, err);
	if (x < 0)
		return x;
	json_object_foreach((json_t *)object, name, value) {
		struct cgroup_rdma limit = {.device = name, .handles = LIMIT_ABSENT, .objects = LIMIT_ABSENT};
		struct object_reader r;
		char place[WHERE_SIZE];
		(void)snprintf(place, sizeof place, "%s.rdma.%.32s", where, name);
		if ((x = object_open(&r, value, place, err)) < 0 || (x = take_optional_integer(&r, "hcaHandles", 0, UINT32_MAX, &limit.handles, err)) < 0 ||
			(x = take_optional_integer(&r, "hcaObjects", 0, UINT32_MAX, &limit.objects, err)) < 0 || (x = object_close(&r, err)) < 0)
			return x;
		ret->rdma[ret->rdma_count++] = limit;
	}
	return 0;
}
