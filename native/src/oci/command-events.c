/* events: counters and OOM kills of a container as lines of JSON with runc's names. */
#include "oci/control.h"

#include "base/cleanup.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void move(json_t *to, const char *name, const json_t *from, const char *member) {
	json_t *value = json_object_get(from, member);
	if (value)
		(void)json_object_set(to, name, value);
}

static json_t *cpu_of(const json_t *usage) {
	const json_t *from = json_object_get(usage, "cpu");
	json_t *times = json_object(), *throttling = json_object();
	move(times, "total", from, "totalNs");
	move(times, "percpu", from, "perCpuNs");
	move(times, "kernel", from, "systemNs");
	move(times, "user", from, "userNs");
	move(throttling, "periods", from, "periods");
	move(throttling, "throttledPeriods", from, "throttledPeriods");
	move(throttling, "throttledTime", from, "throttledNs");
	json_t *cpu = json_pack("{s:o, s:o}", "usage", times, "throttling", throttling);
	move(cpu, "psi", json_object_get(usage, "pressure"), "cpu");
	return cpu;
}

static json_t *memory_of(const json_t *usage) {
	const json_t *from = json_object_get(usage, "memory"), *raw = json_object_get(from, "stat");
	json_t *counts = json_object(), *memory = json_object();
	move(counts, "limit", from, "limit");
	move(counts, "usage", from, "usage");
	move(counts, "max", from, "peak");
	move(counts, "failcnt", from, "failures");
	(void)json_object_set_new(memory, "usage", counts);
	move(memory, "cache", raw, json_object_get(raw, "cache") ? "cache" : "file");
	move(memory, "raw", from, "stat");
	move(memory, "psi", json_object_get(usage, "pressure"), "memory");
	return memory;
}

static json_t *blkio_of(const json_t *usage) {
	json_t *bytes = json_array(), *operations = json_array(), *element;
	size_t index;
	json_array_foreach(json_object_get(usage, "io"), index, element) {
		json_t *copy = json_object();
		move(copy, "major", element, "major");
		move(copy, "minor", element, "minor");
		move(copy, "op", element, "operation");
		json_t *other = json_copy(copy);
		move(copy, "value", element, "bytes");
		move(other, "value", element, "operations");
		(void)json_array_append_new(bytes, copy);
		(void)json_array_append_new(operations, other);
	}
	json_t *blkio = json_pack("{s:o, s:o}", "ioServiceBytesRecursive", bytes, "ioServicedRecursive", operations);
	move(blkio, "psi", json_object_get(usage, "pressure"), "io");
	return blkio;
}

static json_t *stats_of(const json_t *usage) {
	json_t *pids = json_object();
	move(pids, "current", json_object_get(usage, "pids"), "current");
	move(pids, "limit", json_object_get(usage, "pids"), "limit");
	return json_pack("{s:o, s:o, s:o, s:o}", "cpu", cpu_of(usage), "memory", memory_of(usage), "pids", pids, "blkio", blkio_of(usage));
}

static void print_event(const char *type, const char *id, json_t *data) {
	json_t *event = json_pack("{s:s, s:s}", "type", type, "id", id);
	if (data)
		(void)json_object_set_new(event, "data", data);
	(void)json_dumpf(event, stdout, JSON_COMPACT);
	(void)printf("\n");
	(void)fflush(stdout);
	json_decref(event);
}

static int print_stats(const char *id, struct container *container, struct error *err) {
	json_t *usage;
	int failed = container_usage(container, &usage, err);
	if (failed < 0)
		return failed;
	print_event("stats", id, stats_of(usage));
	json_decref(usage);
	return 0;
}

/* Every `interval` counters, every OOM kill as it happens, until the container ends. */
static int follow(const char *id, struct container *container, int interval_ms, struct error *err) {
	struct pollfd pollers[2] = {{.fd = container->pidfd, .events = POLLIN}, {.fd = -1}};
	uint32_t events = 0;
	uint64_t kills = cgroup_oom_kills(container->cgroup);
	int failed = cgroup_oom_watch(container->cgroup, &pollers[1].fd, &events, err);
	pollers[1].events = (short)events;
	while (failed >= 0) {
		if ((failed = print_stats(id, container, err)) < 0)
			break;
		struct timespec begin, now;
		(void)clock_gettime(CLOCK_MONOTONIC, &begin);
		for (long left = interval_ms; left > 0;) {
			int ready = poll(pollers, 2, (int)left);
			if (ready < 0 && errno != EINTR)
				return error_errno(err, "events", "cannot wait for events");
			if (ready > 0) { /* whichever it was: the end that a kill makes may be seen before the kill */
				if (pollers[1].revents)
					cgroup_oom_acknowledge(container->cgroup);
				uint64_t count = cgroup_oom_kills(container->cgroup);
				for (; kills < count; kills++)
					print_event("oom", id, NULL);
			}
			if (ready > 0 && pollers[0].revents)
				return 0;
			(void)clock_gettime(CLOCK_MONOTONIC, &now);
			left = interval_ms - (long)(now.tv_sec - begin.tv_sec) * 1000 - (now.tv_nsec - begin.tv_nsec) / 1000000;
		}
	}
	return failed;
}

/* Go's durations, as far as an interval needs them: "5s", "500ms", "1m". */
static int parse_interval(const char *text, int *ret_ms, struct error *err) {
	char *end;
	double number = strtod(text, &end);
	double factor = strcmp(end, "ms") == 0 ? 1 : strcmp(end, "s") == 0 ? 1000 : strcmp(end, "m") == 0 ? 60000 : 0;
	if (end == text || number * factor < 1 || number * factor > 86400000)
		return error_set(err, EINVAL, "usage", "--interval: a duration like 5s is expected, not \"%.32s\"", text);
	*ret_ms = (int)(number * factor);
	return 0;
}

int command_events(const struct oci *oci, char **argv, struct error *err) {
	const char *interval = "5s";
	bool is_once = false;
	const struct option options[] = {{.name = "interval", .text = &interval}, {.name = "stats", .flag = &is_once}, {.name = NULL}};
	struct store store;
	struct host host;
	struct container container;
	int interval_ms;
	char **rest = options_parse_anywhere(options, argv, err);
	if (!rest)
		return -EINVAL;
	int failed = parse_interval(interval, &interval_ms, err);
	if (failed < 0 || (failed = control_enter(oci, rest[0], &store, &host, &container, err)) < 0)
		return failed;
	store_unlock(&store); /* only looking on */
	if (!container.pid)
		failed = error_set(err, EINVAL, "state", "container \"%s\" is not running", store.id);
	else
		failed = is_once ? print_stats(store.id, &container, err) : follow(store.id, &container, interval_ms, err);
	control_leave(&store, &host, &container);
	return failed;
}
