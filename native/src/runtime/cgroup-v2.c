/* cgroup v2: limits, OOM and counters. Values of the OCI specification that were made for v1 are converted here. */
#include "runtime/cgroup-internal.h"

#include "base/cleanup.h"
#include "base/fdio.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static int need(struct cgroup *cgroup, enum controller controller, const char *file, const char *what, struct error *err) {
	if (cgroup->host->controllers & controller && faccessat(cgroup->core, file, F_OK, 0) == 0)
		return 0;
	return error_set(err, ENODEV, "cgroup", "%s is limited, but this host has no such cgroup controller", what);
}

static int write_limit(struct cgroup *cgroup, const char *file, int64_t value, struct error *err) {
	return value < 0 ? cgroup_write(cgroup->core, file, "max", err) : cgroup_write_number(cgroup->core, file, value, err);
}

/* The formula of runc 1.3.2 and crun 1.23: 2 -> 1, 1024 -> 100, 262144 -> 10000. */
static int64_t weight_of_shares(int64_t shares) {
	if (shares <= 2)
		return 1;
	if (shares >= 262144)
		return 10000;
	double l = log2((double)shares);
	return (int64_t)ceil(pow(10, (l * l + 125 * l) / 612 - 7.0 / 34));
}

static int apply_swap(struct cgroup *cgroup, const struct cgroup_resources *r, struct warnings *warnings, struct error *err) {
	if (r->memory_swap == LIMIT_ABSENT)
		return 0;
	if (faccessat(cgroup->core, "memory.swap.max", F_OK, 0) < 0) {
		if (r->memory_swap >= 0)
			warnings_add(warnings, "this kernel does not account swap: the memory+swap limit has no effect");
		return 0;
	}
	int64_t limit = r->memory_limit;
	if (limit == LIMIT_ABSENT) {
		uint64_t now = UINT64_MAX;
		(void)cgroup_read_number(cgroup->core, "memory.max", &now);
		limit = now == UINT64_MAX ? -1 : (int64_t)now;
	}
	if (r->memory_swap < 0)
		return write_limit(cgroup, "memory.swap.max", -1, err);
	if (limit < 0)
		return error_set(err, EINVAL, "cgroup", "a memory+swap limit needs a memory limit");
	if (r->memory_swap < limit)
		return error_set(err, EINVAL, "cgroup", "the memory+swap limit %" PRId64 " is below the memory limit %" PRId64, r->memory_swap, limit);
	return write_limit(cgroup, "memory.swap.max", r->memory_swap - limit, err);
}

static int apply_memory(struct cgroup *cgroup, const struct cgroup_resources *r, struct warnings *warnings, struct error *err) {
	int failed = 0;
	if (r->memory_limit != LIMIT_ABSENT || r->memory_reservation != LIMIT_ABSENT || r->memory_swap > 0)
		failed = need(cgroup, CONTROLLER_MEMORY, "memory.max", "memory", err);
	if (failed < 0 || (failed = apply_swap(cgroup, r, warnings, err)) < 0)
		return failed;
	if (r->memory_limit != LIMIT_ABSENT && (failed = write_limit(cgroup, "memory.max", r->memory_limit, err)) < 0)
		return failed;
	if (r->memory_reservation != LIMIT_ABSENT &&
		(failed = cgroup_write_number(cgroup->core, "memory.low", r->memory_reservation < 0 ? 0 : r->memory_reservation, err)) < 0)
		return failed;
	if (r->memory_swappiness != LIMIT_ABSENT)
		warnings_add(warnings, "cgroup v2 has no swappiness: it has no effect");
	if (r->memory_disable_oom_killer > 0)
		warnings_add(warnings, "cgroup v2 cannot disable the OOM killer: it has no effect");
	return 0;
}

static int apply_cpu(struct cgroup *cgroup, const struct cgroup_resources *r, struct warnings *warnings, struct error *err) {
	int failed;
	if (r->cpu_shares == LIMIT_ABSENT && r->cpu_quota == LIMIT_ABSENT && r->cpu_period == LIMIT_ABSENT && r->cpu_burst == LIMIT_ABSENT &&
		r->cpu_idle == LIMIT_ABSENT)
		return 0;
	if ((failed = need(cgroup, CONTROLLER_CPU, "cpu.max", "cpu", err)) < 0)
		return failed;
	if (r->cpu_shares != LIMIT_ABSENT && (failed = cgroup_write_number(cgroup->core, "cpu.weight", weight_of_shares(r->cpu_shares), err)) < 0)
		return failed;
	if (r->cpu_quota != LIMIT_ABSENT || r->cpu_period != LIMIT_ABSENT) {
		char text[64], now[64] = "max 100000";
		(void)cgroup_read_text(cgroup->core, "cpu.max", now, sizeof now);
		char *period = strchr(now, ' ');
		int64_t old_period = period ? strtoll(period, NULL, 10) : 100000;
		if (period)
			*period = '\0';
		now[strcspn(now, "\n")] = '\0';
		int64_t new_period = r->cpu_period == LIMIT_ABSENT ? old_period : r->cpu_period;
		if (r->cpu_quota == LIMIT_ABSENT)
			(void)snprintf(text, sizeof text, "%.32s %" PRId64, now, new_period);
		else if (r->cpu_quota < 0)
			(void)snprintf(text, sizeof text, "max %" PRId64, new_period);
		else
			(void)snprintf(text, sizeof text, "%" PRId64 " %" PRId64, r->cpu_quota, new_period);
		if ((failed = cgroup_write(cgroup->core, "cpu.max", text, err)) < 0)
			return failed;
	}
	if (r->cpu_burst != LIMIT_ABSENT && (failed = cgroup_write_number(cgroup->core, "cpu.max.burst", r->cpu_burst, err)) < 0)
		return failed;
	if (r->cpu_idle != LIMIT_ABSENT && (failed = cgroup_write_number(cgroup->core, "cpu.idle", r->cpu_idle, err)) < 0)
		return failed;
	if (r->cpu_rt_runtime != LIMIT_ABSENT || r->cpu_rt_period != LIMIT_ABSENT)
		warnings_add(warnings, "cgroup v2 has no realtime limits: they have no effect");
	return 0;
}

static int apply_cpuset(struct cgroup *cgroup, const struct cgroup_resources *r, struct error *err) {
	int failed;
	if (!r->cpuset_cpus && !r->cpuset_mems)
		return 0;
	if ((failed = need(cgroup, CONTROLLER_CPUSET, "cpuset.cpus", "cpuset", err)) < 0)
		return failed;
	if (r->cpuset_cpus && (failed = cgroup_write(cgroup->core, "cpuset.cpus", r->cpuset_cpus, err)) < 0)
		return failed;
	return r->cpuset_mems ? cgroup_write(cgroup->core, "cpuset.mems", r->cpuset_mems, err) : 0;
}

static int apply_throttles(struct cgroup *cgroup, const char *key, const struct cgroup_throttles *list, struct error *err) {
	for (size_t i = 0; i < list->count; i++) {
		char line[80];
		if (list->items[i].rate)
			(void)snprintf(line, sizeof line, "%u:%u %s=%" PRIu64, list->items[i].major, list->items[i].minor, key, list->items[i].rate);
		else
			(void)snprintf(line, sizeof line, "%u:%u %s=max", list->items[i].major, list->items[i].minor, key);
		int failed = cgroup_write(cgroup->core, "io.max", line, err);
		if (failed < 0)
			return failed;
	}
	return 0;
}

/* blkio's 10..1000 to io.weight's 1..10000, as runc does. */
static uint64_t io_weight_of(uint64_t weight) { return weight <= 10 ? 1 : 1 + (weight - 10) * 9999 / 990; }

/* By the BFQ scheduler, or by the io.cost controller. False when the kernel takes one of them by neither. */
static bool apply_weights(int folder, const struct cgroup_resources *r) {
	struct error ignored;
	bool is_set = r->io_weight == LIMIT_ABSENT || cgroup_write_number(folder, "io.bfq.weight", r->io_weight, &ignored) == 0 ||
				  cgroup_write_number(folder, "io.weight", (int64_t)io_weight_of((uint64_t)r->io_weight), &ignored) == 0;
	for (size_t i = 0; i < r->io_weights.count; i++) {
		const struct cgroup_throttle *item = &r->io_weights.items[i];
		char line[64], scaled[64];
		(void)snprintf(line, sizeof line, "%u:%u %" PRIu64, item->major, item->minor, item->rate);
		(void)snprintf(scaled, sizeof scaled, "%u:%u %" PRIu64, item->major, item->minor, io_weight_of(item->rate));
		is_set &= cgroup_write(folder, "io.bfq.weight", line, &ignored) == 0 || cgroup_write(folder, "io.weight", scaled, &ignored) == 0;
	}
	return is_set;
}

static int apply_io(struct cgroup *cgroup, const struct cgroup_resources *r, struct warnings *warnings, struct error *err) {
	int failed;
	if ((r->io_weight != LIMIT_ABSENT || r->io_weights.count) && !apply_weights(cgroup->core, r))
		warnings_add(warnings, "the block I/O weight has no effect: no scheduler of this host knows weights");
	if (!(r->read_bps.count + r->write_bps.count + r->read_iops.count + r->write_iops.count))
		return 0;
	if ((failed = need(cgroup, CONTROLLER_IO, "io.max", "block I/O", err)) < 0 ||
		(failed = apply_throttles(cgroup, "rbps", &r->read_bps, err)) < 0 || (failed = apply_throttles(cgroup, "wbps", &r->write_bps, err)) < 0 ||
		(failed = apply_throttles(cgroup, "riops", &r->read_iops, err)) < 0)
		return failed;
	return apply_throttles(cgroup, "wiops", &r->write_iops, err);
}

static int apply(struct cgroup *cgroup, const struct cgroup_resources *r, bool is_new, struct warnings *warnings, struct error *err) {
	int failed;
	if ((failed = apply_memory(cgroup, r, warnings, err)) < 0 || (failed = apply_cpu(cgroup, r, warnings, err)) < 0 ||
		(failed = apply_cpuset(cgroup, r, err)) < 0 || (failed = apply_io(cgroup, r, warnings, err)) < 0)
		return failed;
	if (r->pids_limit != LIMIT_ABSENT && !(is_new && r->pids_limit < 0)) {
		if ((failed = need(cgroup, CONTROLLER_PIDS, "pids.max", "the number of processes", err)) < 0 ||
			(failed = write_limit(cgroup, "pids.max", r->pids_limit, err)) < 0)
			return failed;
	}
	for (size_t i = 0; i < r->unified_count; i++)
		if ((failed = cgroup_write(cgroup->core, r->unified[i].file, r->unified[i].value, err)) < 0)
			return failed;
	return r->device_count ? cgroup_devices_v2(cgroup, r->devices, r->device_count, err) : 0;
}

static int watch_oom(struct cgroup *cgroup, uint32_t *ret_events, struct error *err) {
	*ret_events = EPOLLPRI;
	cgroup->oom_fd = openat(cgroup->core, "memory.events", O_RDONLY | O_CLOEXEC);
	if (cgroup->oom_fd < 0 && errno != ENOENT)
		return error_errno(err, "cgroup", "cannot watch memory.events of cgroup %s", cgroup->path);
	if (cgroup->oom_fd >= 0)
		cgroup->host->kind->acknowledge_oom(cgroup);
	return 0;
}

static void acknowledge_oom(struct cgroup *cgroup) {
	char text[256];
	(void)!pread(cgroup->oom_fd, text, sizeof text, 0);
}

static uint64_t oom_kills(struct cgroup *cgroup) {
	char text[256];
	return cgroup_read_text(cgroup->core, "memory.events", text, sizeof text) < 0 ? 0 : cgroup_text_value(text, "oom_kill");
}

static uint64_t memory_peak(struct cgroup *cgroup) {
	uint64_t peak = 0;
	(void)cgroup_read_number(cgroup->core, "memory.peak", &peak);
	return peak;
}

/* Writable since 6.12, and then only for reads through the same fd: the group's own peak cannot be reset. */
static void reset_memory_peak(struct cgroup *cgroup) { (void)cgroup; }

static uint64_t memory_limit(struct cgroup *cgroup) {
	uint64_t limit = UINT64_MAX;
	(void)cgroup_read_number(cgroup->core, "memory.max", &limit);
	return limit;
}

const struct cgroup_kind cgroup_v2 = {
	.apply = apply,
	.watch_oom = watch_oom,
	.acknowledge_oom = acknowledge_oom,
	.oom_kills = oom_kills,
	.memory_peak = memory_peak,
	.reset_memory_peak = reset_memory_peak,
	.memory_limit = memory_limit,
	.usage = cgroup_usage_v2,
};
