/* OciResources: limits as the specification writes them, to plain numbers. */
#include "runtime/spec-parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct cgroup_resources absent = {
	.memory_limit = LIMIT_ABSENT,
	.memory_reservation = LIMIT_ABSENT,
	.memory_swap = LIMIT_ABSENT,
	.memory_swappiness = LIMIT_ABSENT,
	.memory_disable_oom_killer = -1,
	.cpu_shares = LIMIT_ABSENT,
	.cpu_quota = LIMIT_ABSENT,
	.cpu_burst = LIMIT_ABSENT,
	.cpu_period = LIMIT_ABSENT,
	.cpu_rt_runtime = LIMIT_ABSENT,
	.cpu_rt_period = LIMIT_ABSENT,
	.cpu_idle = LIMIT_ABSENT,
	.net_class = LIMIT_ABSENT,
	.pids_limit = LIMIT_ABSENT,
	.io_weight = LIMIT_ABSENT,
};

void spec_resources_init(struct cgroup_resources *ret) { *ret = absent; }

static int parse_memory(const json_t *json, const char *where, struct cgroup_resources *ret, struct error *err) {
	struct object_reader r;
	bool disables = false;
	int x;
	if ((x = object_open(&r, json, where, err)) < 0 || (x = take_optional_integer(&r, "limit", -1, INT64_MAX, &ret->memory_limit, err)) < 0 ||
		(x = take_optional_integer(&r, "reservation", -1, INT64_MAX, &ret->memory_reservation, err)) < 0 ||
		(x = take_optional_integer(&r, "swap", -1, INT64_MAX, &ret->memory_swap, err)) < 0 ||
		(x = take_optional_integer(&r, "swappiness", 0, 100, &ret->memory_swappiness, err)) < 0)
		return x;
	if ((x = take_optional_bool(&r, "disableOOMKiller", &disables, err)) < 0)
		return x;
	if (x > 0)
		ret->memory_disable_oom_killer = disables;
	return object_close(&r, err);
}

static int parse_cpu(const json_t *json, const char *where, struct cgroup_resources *ret, struct error *err) {
	struct object_reader r;
	int x;
	if ((x = object_open(&r, json, where, err)) < 0 || (x = take_optional_integer(&r, "shares", 0, 262144, &ret->cpu_shares, err)) < 0 ||
		(x = take_optional_integer(&r, "quota", -1, INT64_MAX / 1000, &ret->cpu_quota, err)) < 0 ||
		(x = take_optional_integer(&r, "burst", 0, INT64_MAX / 1000, &ret->cpu_burst, err)) < 0 ||
		(x = take_optional_integer(&r, "period", 0, 1000000, &ret->cpu_period, err)) < 0 ||
		(x = take_optional_integer(&r, "realtimeRuntime", -1, INT64_MAX / 1000, &ret->cpu_rt_runtime, err)) < 0 ||
		(x = take_optional_integer(&r, "realtimePeriod", 0, INT64_MAX / 1000, &ret->cpu_rt_period, err)) < 0 ||
		(x = take_optional_integer(&r, "idle", 0, 1, &ret->cpu_idle, err)) < 0 || (x = take_optional_string(&r, "cpus", &ret->cpuset_cpus, err)) < 0 ||
		(x = take_optional_string(&r, "mems", &ret->cpuset_mems, err)) < 0)
		return x;
	if (ret->cpu_shares == 0)
		ret->cpu_shares = LIMIT_ABSENT;
	if (ret->cpu_period == 0)
		ret->cpu_period = LIMIT_ABSENT;
	if (ret->cpu_quota == 0)
		ret->cpu_quota = -1;
	return object_close(&r, err);
}

static int parse_throttles(struct object_reader *r, const char *name, const char *value_name, struct cgroup_throttles *ret, struct error *err) {
	const json_t *array;
	int x = take_optional_array(r, name, &array, err);
	if (x <= 0)
		return x;
	size_t count = json_array_size(array);
	if ((x = spec_allocate(count, sizeof *ret->items, &ret->items, err)) < 0)
		return x;
	ret->count = count;
	for (size_t i = 0; i < count; i++) {
		char place[WHERE_SIZE];
		struct object_reader item;
		int64_t major, minor, value, leaf;
		(void)snprintf(place, sizeof place, "%s.%s[%zu]", r->where, name, i);
		if ((x = object_open(&item, json_array_get(array, i), place, err)) < 0 || (x = take_integer(&item, "major", 0, 4095, &major, err)) < 0 ||
			(x = take_integer(&item, "minor", 0, 1048575, &minor, err)) < 0 ||
			(x = take_integer(&item, value_name, 0, INT64_MAX, &value, err)) < 0 ||
			(strcmp(value_name, "weight") == 0 && (x = take_optional_integer(&item, "leafWeight", 0, 1000, &leaf, err)) < 0) ||
			(x = object_close(&item, err)) < 0)
			return x;
		ret->items[i] = (struct cgroup_throttle){.major = (uint32_t)major, .minor = (uint32_t)minor, .rate = (uint64_t)value};
	}
	return 0;
}

static int parse_io(const json_t *json, const char *where, struct cgroup_resources *ret, struct error *err) {
	struct object_reader r;
	int64_t leaf = 0;
	int x;
	if ((x = object_open(&r, json, where, err)) < 0 || (x = take_optional_integer(&r, "weight", 0, 1000, &ret->io_weight, err)) < 0 ||
		(x = take_optional_integer(&r, "leafWeight", 0, 1000, &leaf, err)) < 0 ||
		(x = parse_throttles(&r, "weightDevice", "weight", &ret->io_weights, err)) < 0 ||
		(x = parse_throttles(&r, "throttleReadBpsDevice", "rate", &ret->read_bps, err)) < 0 ||
		(x = parse_throttles(&r, "throttleWriteBpsDevice", "rate", &ret->write_bps, err)) < 0 ||
		(x = parse_throttles(&r, "throttleReadIOPSDevice", "rate", &ret->read_iops, err)) < 0 ||
		(x = parse_throttles(&r, "throttleWriteIOPSDevice", "rate", &ret->write_iops, err)) < 0)
		return x;
	if (ret->io_weight == 0)
		ret->io_weight = LIMIT_ABSENT;
	ret->has_leaf_weight |= leaf > 0;
	return object_close(&r, err);
}

static int parse_device_rule(const json_t *json, const char *where, struct cgroup_device_rule *ret, struct error *err) {
	struct object_reader r;
	const char *type = "a", *access = "rwm";
	int x;
	ret->major = ret->minor = -1;
	if ((x = object_open(&r, json, where, err)) < 0 || (x = take_bool(&r, "allow", &ret->allow, err)) < 0 ||
		(x = take_optional_string(&r, "type", &type, err)) < 0 || (x = take_optional_integer(&r, "major", -1, 4095, &ret->major, err)) < 0 ||
		(x = take_optional_integer(&r, "minor", -1, 1048575, &ret->minor, err)) < 0 ||
		(x = take_optional_string(&r, "access", &access, err)) < 0 || (x = object_close(&r, err)) < 0)
		return x;
	if (strlen(type) != 1 || !strchr("abc", type[0]))
		return error_set(err, EINVAL, "spec", "%s.type: \"a\", \"b\" or \"c\" is expected, not \"%.16s\"", where, type);
	if (strspn(access, "rwm") != strlen(access))
		return error_set(err, EINVAL, "spec", "%s.access: letters of \"rwm\" are expected, not \"%.16s\"", where, access);
	ret->type = type[0];
	ret->read = strchr(access, 'r') != NULL;
	ret->write = strchr(access, 'w') != NULL;
	ret->mknod = strchr(access, 'm') != NULL;
	return 0;
}

static int parse_devices(const json_t *array, const char *where, struct cgroup_resources *ret, struct error *err) {
	size_t count = json_array_size(array);
	int x = spec_allocate(count, sizeof *ret->devices, &ret->devices, err);
	if (x < 0)
		return x;
	ret->device_count = count;
	for (size_t i = 0; i < count; i++) {
		char place[WHERE_SIZE];
		(void)snprintf(place, sizeof place, "%s.devices[%zu]", where, i);
		if ((x = parse_device_rule(json_array_get(array, i), place, &ret->devices[i], err)) < 0)
			return x;
	}
	return 0;
}

/* File names are looked up in the cgroup's folder, so anything that is not a plain name of a controller's file is refused. */
static int parse_unified(const json_t *object, const char *where, struct cgroup_resources *ret, struct error *err) {
	int x = spec_allocate(json_object_size(object), sizeof *ret->unified, &ret->unified, err);
	if (x < 0)
		return x;
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)object, name, value) {
		if (!json_is_string(value) || !strchr(name, '.') || strchr(name, '/') || name[0] == '.' || strncmp(name, "cgroup.", 7) == 0)
			return error_set(err, EINVAL, "spec", "%s.unified: \"%.64s\" with a string value is not a controller's file", where, name);
		ret->unified[ret->unified_count++] = (struct cgroup_unified){.file = name, .value = json_string_value(value)};
	}
	return 0;
}

static int parse_members(const json_t *json, const char *where, struct cgroup_resources *ret, struct error *err) {
	struct object_reader r;
	const json_t *devices = NULL, *memory = NULL, *cpu = NULL, *pids = NULL, *io = NULL, *unified = NULL;
	const json_t *hugepages = NULL, *network = NULL, *rdma = NULL;
	char place[WHERE_SIZE];
	int x;
	if ((x = object_open(&r, json, where, err)) < 0 || (x = take_optional_array(&r, "devices", &devices, err)) < 0 ||
		(x = take_optional_object(&r, "memory", &memory, err)) < 0 || (x = take_optional_object(&r, "cpu", &cpu, err)) < 0 ||
		(x = take_optional_object(&r, "pids", &pids, err)) < 0 || (x = take_optional_object(&r, "blockIO", &io, err)) < 0 ||
		(x = take_optional_object(&r, "unified", &unified, err)) < 0 || (x = take_optional_array(&r, "hugepageLimits", &hugepages, err)) < 0 ||
		(x = take_optional_object(&r, "network", &network, err)) < 0 || (x = take_optional_object(&r, "rdma", &rdma, err)) < 0 ||
		(x = object_close(&r, err)) < 0)
		return x;
	if ((hugepages && (x = spec_hugepages_parse(hugepages, where, ret, err)) < 0) ||
		(network && (x = spec_network_resources_parse(network, where, ret, err)) < 0) || (rdma && (x = spec_rdma_parse(rdma, where, ret, err)) < 0))
		return x;
	(void)snprintf(place, sizeof place, "%s.memory", where);
	if (memory && (x = parse_memory(memory, place, ret, err)) < 0)
		return x;
	(void)snprintf(place, sizeof place, "%s.cpu", where);
	if (cpu && (x = parse_cpu(cpu, place, ret, err)) < 0)
		return x;
	(void)snprintf(place, sizeof place, "%s.blockIO", where);
	if (io && (x = parse_io(io, place, ret, err)) < 0)
		return x;
	(void)snprintf(place, sizeof place, "%s.pids", where);
	if (pids) {
		struct object_reader p;
		if ((x = object_open(&p, pids, place, err)) < 0 || (x = take_integer(&p, "limit", -1, INT64_MAX, &ret->pids_limit, err)) < 0 ||
			(x = object_close(&p, err)) < 0)
			return x;
		if (ret->pids_limit == 0)
			ret->pids_limit = -1; /* as Docker: 0 is unlimited */
	}
	if (devices && (x = parse_devices(devices, where, ret, err)) < 0)
		return x;
	return unified ? parse_unified(unified, where, ret, err) : 0;
}

int spec_resources_parse(const json_t *json, const char *where, struct cgroup_resources *ret, struct error *err) {
	struct cgroup_resources resources = absent;
	int failed = parse_members(json, where, &resources, err);
	if (failed < 0) {
		err->stage = "spec";
		spec_resources_free(&resources);
		return failed;
	}
	*ret = resources;
	return 0;
}

void spec_resources_free(struct cgroup_resources *resources) {
	free(resources->io_weights.items);
	free(resources->read_bps.items);
	free(resources->write_bps.items);
	free(resources->read_iops.items);
	free(resources->write_iops.items);
	free(resources->devices);
	free(resources->unified);
	free(resources->hugepages);
	free(resources->net_priorities);
	free(resources->rdma);
	*resources = absent;
}
