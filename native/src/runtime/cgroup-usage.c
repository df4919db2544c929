/* ContainerUsage of schemas/runtime/monitor.ts from the files of each version. What the kernel does not have is left out. */
#include "runtime/cgroup-internal.h"

#include "base/cleanup.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_SIZE = 16384 };

static void put(json_t *object, const char *key, uint64_t number) {
	/* JSON numbers are doubles on the other side: "no limit" stays recognisable as the largest exact integer. */
	const uint64_t largest = (1ULL << 53) - 1;
	(void)json_object_set_new(object, key, json_integer((json_int_t)(number > largest ? largest : number)));
}

static uint64_t number_or(int folder, const char *file, uint64_t otherwise) {
	uint64_t number = otherwise;
	(void)cgroup_read_number(folder, file, &number);
	return number;
}

/* Lines "key value" as an object. */
static json_t *flat_object(char *text) {
	json_t *object = json_object();
	char *rest = NULL;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *blank = strchr(line, ' ');
		if (!blank)
			continue;
		*blank = '\0';
		put(object, line, strtoull(blank + 1, NULL, 10));
	}
	return object;
}

static void put_memory(json_t *object, int folder, const char *usage, const char *limit, const char *peak, uint64_t failures) {
	char text[TEXT_SIZE];
	uint64_t current;
	if (cgroup_read_number(folder, usage, &current) < 0)
		return;
	json_t *memory = json_object();
	put(memory, "usage", current);
	put(memory, "limit", number_or(folder, limit, UINT64_MAX));
	put(memory, "peak", number_or(folder, peak, 0));
	put(memory, "failures", failures);
	if (cgroup_read_text(folder, "memory.stat", text, sizeof text) < 0)
		text[0] = '\0';
	(void)json_object_set_new(memory, "stat", flat_object(text));
	(void)json_object_set_new(object, "memory", memory);
}

static void put_pids(json_t *object, int folder) {
	uint64_t current;
	if (folder < 0 || cgroup_read_number(folder, "pids.current", &current) < 0)
		return;
	json_t *pids = json_object();
	put(pids, "current", current);
	put(pids, "limit", number_or(folder, "pids.max", UINT64_MAX));
	(void)json_object_set_new(object, "pids", pids);
}

static void put_throttling(json_t *cpu, const char *text, const char *time_key, uint64_t factor) {
	if (!strstr(text, "nr_periods"))
		return;
	put(cpu, "periods", cgroup_text_value(text, "nr_periods"));
	put(cpu, "throttledPeriods", cgroup_text_value(text, "nr_throttled"));
	put(cpu, "throttledNs", cgroup_text_value(text, time_key) * factor);
}

static void put_cpu_v1(json_t *object, int accounting, int control) {
	char text[TEXT_SIZE];
	uint64_t total;
	if (accounting < 0 || cgroup_read_number(accounting, "cpuacct.usage", &total) < 0)
		return;
	json_t *cpu = json_object();
	uint64_t tick = 1000000000ull / (uint64_t)sysconf(_SC_CLK_TCK);
	put(cpu, "totalNs", total);
	if (cgroup_read_text(accounting, "cpuacct.stat", text, sizeof text) < 0)
		text[0] = '\0';
	put(cpu, "userNs", cgroup_text_value(text, "user") * tick);
	put(cpu, "systemNs", cgroup_text_value(text, "system") * tick);
	if (cgroup_read_text(accounting, "cpuacct.usage_percpu", text, sizeof text) == 0) {
		json_t *each = json_array();
		for (char *at = text, *end; (void)(at += strspn(at, " \n")), *at; at = end) {
			uint64_t number = strtoull(at, &end, 10);
			if (end == at)
				break;
			(void)json_array_append_new(each, json_integer((json_int_t)number));
		}
		(void)json_object_set_new(cpu, "perCpuNs", each);
	}
	if (control >= 0 && cgroup_read_text(control, "cpu.stat", text, sizeof text) == 0)
		put_throttling(cpu, text, "throttled_time", 1);
	(void)json_object_set_new(object, "cpu", cpu);
}

/* One element per device and direction; bytes and operations come from different files on v1. */
static json_t *io_element(json_t *array, unsigned major, unsigned minor, const char *operation) {
	size_t index;
	json_t *element;
	json_array_foreach(array, index, element) {
		if (json_integer_value(json_object_get(element, "major")) == major && json_integer_value(json_object_get(element, "minor")) == minor &&
			strcmp(json_string_value(json_object_get(element, "operation")), operation) == 0)
			return element;
	}
	element = json_pack("{s:i, s:i, s:s, s:i, s:i}", "major", major, "minor", minor, "operation", operation, "bytes", 0, "operations", 0);
	(void)json_array_append_new(array, element);
	return element;
}

static void add_io_v1(json_t *array, int folder, const char *file, const char *member) {
	char text[TEXT_SIZE], *rest = NULL;
	if (cgroup_read_text(folder, file, text, sizeof text) < 0)
		return;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		unsigned major, minor;
		char operation[16];
		uint64_t number;
		if (sscanf(line, "%u:%u %15s %" SCNu64, &major, &minor, operation, &number) != 4)
			continue;
		put(io_element(array, major, minor, operation), member, number); /* Read, Write, Sync, Async, Discard, Total */
	}
}

void cgroup_usage_v1(struct cgroup *cgroup, json_t *ret_object) {
	int memory = cgroup_folder(cgroup, CONTROLLER_MEMORY), io = cgroup_folder(cgroup, CONTROLLER_IO);
	put_cpu_v1(ret_object, cgroup_folder(cgroup, CONTROLLER_CPUACCT), cgroup_folder(cgroup, CONTROLLER_CPU));
	if (memory >= 0)
		put_memory(ret_object, memory, "memory.usage_in_bytes", "memory.limit_in_bytes", "memory.max_usage_in_bytes",
				   number_or(memory, "memory.failcnt", 0));
	put_pids(ret_object, cgroup_folder(cgroup, CONTROLLER_PIDS));
	if (io < 0)
		return;
	json_t *array = json_array();
	add_io_v1(array, io, "blkio.throttle.io_service_bytes_recursive", "bytes");
	add_io_v1(array, io, "blkio.throttle.io_serviced_recursive", "operations");
	(void)json_object_set_new(ret_object, "io", array);
}

static void put_cpu_v2(json_t *object, int folder) {
	char text[TEXT_SIZE];
	if (cgroup_read_text(folder, "cpu.stat", text, sizeof text) < 0)
		return;
	json_t *cpu = json_object();
	put(cpu, "totalNs", cgroup_text_value(text, "usage_usec") * 1000);
	put(cpu, "userNs", cgroup_text_value(text, "user_usec") * 1000);
	put(cpu, "systemNs", cgroup_text_value(text, "system_usec") * 1000);
	put_throttling(cpu, text, "throttled_usec", 1000);
	(void)json_object_set_new(object, "cpu", cpu);
}

static uint64_t io_value(const char *line, const char *key) {
	const char *found = strstr(line, key);
	return found ? strtoull(found + strlen(key), NULL, 10) : 0;
}

static void put_io_v2(json_t *object, int folder) {
	char text[TEXT_SIZE], *rest = NULL;
	if (cgroup_read_text(folder, "io.stat", text, sizeof text) < 0)
		return;
	json_t *array = json_array();
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		unsigned major, minor;
		if (sscanf(line, "%u:%u", &major, &minor) != 2)
			continue;
		json_t *reads = io_element(array, major, minor, "read"), *writes = io_element(array, major, minor, "write");
		put(reads, "bytes", io_value(line, "rbytes="));
		put(reads, "operations", io_value(line, "rios="));
		put(writes, "bytes", io_value(line, "wbytes="));
		put(writes, "operations", io_value(line, "wios="));
	}
	(void)json_object_set_new(object, "io", array);
}

void cgroup_usage_v2(struct cgroup *cgroup, json_t *ret_object) {
	char text[256];
	put_cpu_v2(ret_object, cgroup->core);
	if (cgroup_read_text(cgroup->core, "memory.events", text, sizeof text) < 0)
		text[0] = '\0';
	put_memory(ret_object, cgroup->core, "memory.current", "memory.max", "memory.peak", cgroup_text_value(text, "oom")); /* dockerd's failcnt */
	put_pids(ret_object, cgroup->core);
	put_io_v2(ret_object, cgroup->core);
}
