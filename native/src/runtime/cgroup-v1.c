/* cgroup v1: limits, OOM and counters, one hierarchy per controller or several in one. */
#include "runtime/cgroup-internal.h"

#include "base/cleanup.h"
#include "base/fdio.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

/* A limit was asked for: either its controller is there, or it is an error. */
static int need(struct cgroup *cgroup, enum controller controller, const char *what, int *ret_folder, struct error *err) {
	*ret_folder = cgroup_folder(cgroup, controller);
	if (*ret_folder >= 0)
		return 0;
	return error_set(err, ENODEV, "cgroup", "%s is limited, but this host has no such cgroup controller", what);
}

static int explain_memory(int folder, int64_t limit, int failed, struct error *err) {
	uint64_t usage = 0;
	if (failed == -EBUSY && cgroup_read_number(folder, "memory.usage_in_bytes", &usage) == 0)
		return error_set(err, EBUSY, "cgroup", "the memory limit %" PRId64 " is below the %" PRIu64 " bytes in use", limit, usage);
	return failed;
}

/* limit <= memory+swap must hold at every moment, so the order depends on the direction. */
static int apply_memory_limits(int folder, int64_t limit, int64_t swap, struct warnings *warnings, struct error *err) {
	bool has_swap = faccessat(folder, "memory.memsw.limit_in_bytes", F_OK, 0) == 0;
	if (swap != LIMIT_ABSENT && !has_swap) {
		warnings_add(warnings, "this kernel does not account swap: the memory+swap limit has no effect");
		swap = LIMIT_ABSENT;
	}
	int failed = 0;
	if (limit != LIMIT_ABSENT) {
		failed = cgroup_write_number(folder, "memory.limit_in_bytes", limit, err);
		if (failed == -EINVAL && swap != LIMIT_ABSENT) {
			if ((failed = cgroup_write_number(folder, "memory.memsw.limit_in_bytes", swap, err)) < 0)
				return failed;
			failed = cgroup_write_number(folder, "memory.limit_in_bytes", limit, err);
		}
		if (failed < 0)
			return explain_memory(folder, limit, failed, err);
	}
	if (swap != LIMIT_ABSENT && (failed = cgroup_write_number(folder, "memory.memsw.limit_in_bytes", swap, err)) < 0)
		return explain_memory(folder, swap, failed, err);
	return 0;
}

static int apply_memory(struct cgroup *cgroup, const struct cgroup_resources *r, struct warnings *warnings, struct error *err) {
	if (r->memory_limit == LIMIT_ABSENT && r->memory_swap == LIMIT_ABSENT && r->memory_reservation == LIMIT_ABSENT &&
		r->memory_swappiness == LIMIT_ABSENT && r->memory_disable_oom_killer <= 0)
		return 0;
	struct error ignored;
	int folder;
	int failed = need(cgroup, CONTROLLER_MEMORY, "memory", &folder, err);
	if (failed < 0 || (failed = apply_memory_limits(folder, r->memory_limit, r->memory_swap, warnings, err)) < 0)
		return failed;
	if (r->memory_reservation != LIMIT_ABSENT &&
		(failed = cgroup_write_number(folder, "memory.soft_limit_in_bytes", r->memory_reservation, &ignored)) < 0)
		warnings_add(warnings, "the memory reservation has no effect: %s", ignored.message);
	if (r->memory_swappiness != LIMIT_ABSENT && (failed = cgroup_write_number(folder, "memory.swappiness", r->memory_swappiness, &ignored)) < 0)
		warnings_add(warnings, "swappiness has no effect: %s", ignored.message);
	if (r->memory_disable_oom_killer >= 0)
		return cgroup_write_number(folder, "memory.oom_control", r->memory_disable_oom_killer, err);
	return 0;
}

struct realtime_wish {
	int root;
	int64_t runtime;
};

static int raise_realtime(void *context, const char *prefix) {
	const struct realtime_wish *wish = context;
	char file[PATH_MAX], text[24];
	uint64_t now = 0;
	(void)snprintf(file, sizeof file, "%s/cpu.rt_runtime_us", prefix);
	int failed = cgroup_read_number(wish->root, file, &now);
	if (failed < 0)
		return failed;
	(void)snprintf(text, sizeof text, "%" PRIu64, now + (uint64_t)wish->runtime);
	return write_file_at(wish->root, file, text);
}

/* A group has what its parents have, and they begin with nothing: where it is not enough, they are given as much more as is asked for here. */
static int apply_realtime(struct cgroup *cgroup, int folder, int64_t runtime, struct error *err) {
	int failed = cgroup_write_number(folder, "cpu.rt_runtime_us", runtime, err);
	for (size_t i = 0; failed == -EINVAL && runtime > 0 && i < cgroup->part_count; i++) {
		const struct hierarchy *hierarchy = cgroup->parts[i].hierarchy;
		struct realtime_wish wish = {.root = hierarchy->root, .runtime = runtime};
		if (!(hierarchy->controllers & CONTROLLER_CPU))
			continue;
		if ((failed = cgroup_each_parent(cgroup->path, raise_realtime, &wish)) < 0)
			return error_set(err, -failed, "cgroup", "the groups above %s cannot be given %" PRId64 " us of realtime: %s", cgroup->path, runtime,
							 strerror(-failed));
		return cgroup_write_number(folder, "cpu.rt_runtime_us", runtime, err);
	}
	return failed;
}

static int apply_cpu(struct cgroup *cgroup, const struct cgroup_resources *r, struct error *err) {
	const struct {
		const char *file;
		int64_t value;
	} settings[] = {
		{"cpu.shares", r->cpu_shares},
		{"cpu.cfs_period_us", r->cpu_period},
		{"cpu.cfs_quota_us", r->cpu_quota},
		{"cpu.cfs_burst_us", r->cpu_burst},
		{"cpu.rt_period_us", r->cpu_rt_period},
		{"cpu.idle", r->cpu_idle},
	};
	for (size_t i = 0; i < ELEMENTS(settings); i++) {
		int folder, failed;
		if (settings[i].value == LIMIT_ABSENT)
			continue;
		if ((failed = need(cgroup, CONTROLLER_CPU, "cpu", &folder, err)) < 0 ||
			(failed = cgroup_write_number(folder, settings[i].file, settings[i].value, err)) < 0)
			return failed;
	}
	if (r->cpu_rt_runtime == LIMIT_ABSENT)
		return 0;
	int folder, failed = need(cgroup, CONTROLLER_CPU, "cpu", &folder, err);
	return failed < 0 ? failed : apply_realtime(cgroup, folder, r->cpu_rt_runtime, err);
}

static int apply_cpuset(struct cgroup *cgroup, const struct cgroup_resources *r, struct error *err) {
	if (!r->cpuset_cpus && !r->cpuset_mems)
		return 0;
	int folder;
	int failed = need(cgroup, CONTROLLER_CPUSET, "cpuset", &folder, err);
	if (failed >= 0 && r->cpuset_cpus && r->cpuset_cpus[0])
		failed = cgroup_write(folder, "cpuset.cpus", r->cpuset_cpus, err);
	if (failed >= 0 && r->cpuset_mems && r->cpuset_mems[0])
		failed = cgroup_write(folder, "cpuset.mems", r->cpuset_mems, err);
	return failed;
}

static int apply_throttles(int folder, const char *file, const struct cgroup_throttles *list, struct error *err) {
	for (size_t i = 0; i < list->count; i++) {
		char line[64];
		(void)snprintf(line, sizeof line, "%u:%u %" PRIu64, list->items[i].major, list->items[i].minor, list->items[i].rate);
		int failed = cgroup_write(folder, file, line, err);
		if (failed < 0)
			return failed;
	}
	return 0;
}

/* By the BFQ scheduler, or by CFQ's files of older kernels. False when the kernel takes one of them by neither. */
static bool apply_weights(int folder, const struct cgroup_resources *r) {
	struct error ignored;
	bool is_set = r->io_weight == LIMIT_ABSENT || cgroup_write_number(folder, "blkio.bfq.weight", r->io_weight, &ignored) == 0 ||
				  cgroup_write_number(folder, "blkio.weight", r->io_weight, &ignored) == 0;
	for (size_t i = 0; i < r->io_weights.count; i++) {
		const struct cgroup_throttle *item = &r->io_weights.items[i];
		char line[64];
		(void)snprintf(line, sizeof line, "%u:%u %" PRIu64, item->major, item->minor, item->rate);
		is_set &= cgroup_write(folder, "blkio.bfq.weight_device", line, &ignored) == 0 ||
				  cgroup_write(folder, "blkio.weight_device", line, &ignored) == 0;
	}
	return is_set;
}

static int apply_io(struct cgroup *cgroup, const struct cgroup_resources *r, struct warnings *warnings, struct error *err) {
	size_t limits = r->read_bps.count + r->write_bps.count + r->read_iops.count + r->write_iops.count;
	int folder = cgroup_folder(cgroup, CONTROLLER_IO);
	if ((r->io_weight != LIMIT_ABSENT || r->io_weights.count) && (folder < 0 || !apply_weights(folder, r)))
		warnings_add(warnings, "the block I/O weight has no effect: no scheduler of this host knows weights");
	if (!limits)
		return 0;
	int failed = need(cgroup, CONTROLLER_IO, "block I/O", &folder, err);
	if (failed < 0 || (failed = apply_throttles(folder, "blkio.throttle.read_bps_device", &r->read_bps, err)) < 0 ||
		(failed = apply_throttles(folder, "blkio.throttle.write_bps_device", &r->write_bps, err)) < 0 ||
		(failed = apply_throttles(folder, "blkio.throttle.read_iops_device", &r->read_iops, err)) < 0)
		return failed;
	return apply_throttles(folder, "blkio.throttle.write_iops_device", &r->write_iops, err);
}

static int apply(struct cgroup *cgroup, const struct cgroup_resources *r, bool is_new, struct warnings *warnings, struct error *err) {
	int failed, folder;
	if (r->unified_count)
		return error_set(err, EINVAL, "cgroup", "resources.unified needs cgroup v2; this host has v1");
	if ((failed = apply_memory(cgroup, r, warnings, err)) < 0 || (failed = apply_cpu(cgroup, r, err)) < 0 ||
		(failed = apply_cpuset(cgroup, r, err)) < 0 || (failed = apply_io(cgroup, r, warnings, err)) < 0)
		return failed;
	if (r->pids_limit != LIMIT_ABSENT && !(is_new && r->pids_limit < 0)) {
		if ((failed = need(cgroup, CONTROLLER_PIDS, "the number of processes", &folder, err)) < 0)
			return failed;
		failed = r->pids_limit < 0 ? cgroup_write(folder, "pids.max", "max", err) : cgroup_write_number(folder, "pids.max", r->pids_limit, err);
		if (failed < 0)
			return failed;
	}
	if (!r->device_count)
		return 0;
	if ((failed = need(cgroup, CONTROLLER_DEVICES, "access to devices", &folder, err)) < 0)
		return failed;
	return cgroup_devices_v1(folder, r->devices, r->device_count, err);
}

static int watch_oom(struct cgroup *cgroup, uint32_t *ret_events, struct error *err) {
	int folder = cgroup_folder(cgroup, CONTROLLER_MEMORY);
	*ret_events = EPOLLIN;
	if (folder < 0)
		return 0;
	_cleanup_close_ int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	_cleanup_close_ int source = openat(folder, "memory.oom_control", O_RDONLY | O_CLOEXEC);
	if (event < 0 || source < 0)
		return error_errno(err, "cgroup", "cannot watch memory.oom_control of cgroup %s", cgroup->path);
	char line[32];
	(void)snprintf(line, sizeof line, "%d %d", event, source);
	if (write_file_at(folder, "cgroup.event_control", line) < 0)
		return 0; /* PREEMPT_RT kernels refuse it: the counter after the exit still tells */
	cgroup->oom_fd = TAKE_FD(event);
	cgroup->oom_source = TAKE_FD(source);
	return 0;
}

static void acknowledge_oom(struct cgroup *cgroup) {
	uint64_t count;
	(void)!read(cgroup->oom_fd, &count, sizeof count);
}

static uint64_t oom_kills(struct cgroup *cgroup) {
	char text[256];
	int folder = cgroup_folder(cgroup, CONTROLLER_MEMORY);
	if (folder < 0 || cgroup_read_text(folder, "memory.oom_control", text, sizeof text) < 0)
		return 0;
	return cgroup_text_value(text, "oom_kill");
}

static uint64_t memory_number(struct cgroup *cgroup, const char *file) {
	uint64_t number = 0;
	int folder = cgroup_folder(cgroup, CONTROLLER_MEMORY);
	if (folder >= 0)
		(void)cgroup_read_number(folder, file, &number);
	return number;
}

static uint64_t memory_peak(struct cgroup *cgroup) { return memory_number(cgroup, "memory.max_usage_in_bytes"); }

static void reset_memory_peak(struct cgroup *cgroup) {
	int folder = cgroup_folder(cgroup, CONTROLLER_MEMORY);
	if (folder >= 0)
		(void)write_file_at(folder, "memory.max_usage_in_bytes", "0");
}

static uint64_t memory_limit(struct cgroup *cgroup) {
	uint64_t limit = memory_number(cgroup, "memory.limit_in_bytes");
	return limit == 0 || limit > INT64_MAX / 2 ? UINT64_MAX : limit;
}

const struct cgroup_kind cgroup_v1 = {
	.apply = apply,
	.watch_oom = watch_oom,
	.acknowledge_oom = acknowledge_oom,
	.oom_kills = oom_kills,
	.memory_peak = memory_peak,
	.reset_memory_peak = reset_memory_peak,
	.memory_limit = memory_limit,
	.usage = cgroup_usage_v1,
};
