#include "runtime/schedule.h"

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/sys.h"
#include "runtime/procfs.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>

/* As in linux/sched/types.h, which cannot be included beside sched.h. */
struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

/* "0-3,7" as the kernel writes lists. */
static int parse_cpus(const char *text, cpu_set_t *ret, struct error *err) {
	CPU_ZERO(ret);
	for (const char *at = text; *at;) {
		char *end;
		unsigned long first = strtoul(at, &end, 10), last = first;
		bool is_number = end != at && *at != '-' && *at != '+';
		if (is_number && *end == '-') {
			at = end + 1;
			last = strtoul(at, &end, 10);
			is_number = end != at && *at != '-' && *at != '+';
		}
		if (!is_number || first > last || last >= CPU_SETSIZE || (*end && *end != ','))
			return error_set(err, EINVAL, "spec", "execCPUAffinity: a list like 0-3,7 is expected, not \"%.64s\"", text);
		for (unsigned long cpu = first; cpu <= last; cpu++)
			CPU_SET(cpu, ret);
		at = end + (*end == ',');
	}
	return 0;
}

static int set_affinity(struct launch *launch, const char *text) {
	cpu_set_t cpus;
	int failed = text && text[0] ? parse_cpus(text, &cpus, launch->err) : 0;
	if (failed < 0 || !text || !text[0])
		return failed;
	return sched_setaffinity(0, sizeof cpus, &cpus) < 0 ? error_errno(launch->err, "process", "cannot run on the processors %.64s", text) : 0;
}

int schedule_enter(struct launch *launch) { return set_affinity(launch, launch->process->schedule.initial_cpus); }

static int set_policy(struct launch *launch, const struct spec_schedule *schedule) {
	const struct attributes attributes = {.size = sizeof attributes,
										  .policy = schedule->policy,
										  .flags = schedule->flags,
										  .nice = schedule->nice,
										  .priority = schedule->priority,
										  .runtime = schedule->runtime,
										  .deadline = schedule->deadline,
										  .period = schedule->period};
	return syscall(SYS_sched_setattr, 0, &attributes, 0) < 0 ? error_errno(launch->err, "process", "cannot set the scheduler") : 0;
}

int schedule_apply(struct launch *launch) {
	const struct spec_schedule *schedule = &launch->process->schedule;
	int failed = launch->config ? 0 : set_affinity(launch, schedule->final_cpus);
	if (failed < 0 || (schedule->has_policy && (failed = set_policy(launch, schedule)) < 0))
		return failed;
	if (schedule->has_io && syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, schedule->io) < 0)
		return error_errno(launch->err, "process", "cannot set the priority of input and output");
	if (launch->has_personality && personality(launch->personality) < 0)
		return error_errno(launch->err, "process", "cannot set the personality");
	return 0;
}

int schedule_time(struct launch *launch) {
	/* With a user namespace it was made before that was entered: the file of the offsets belongs to the host's root. */
	if (launch->is_inside || !(launch->config->spec.namespaces_new & CLONE_NEWTIME))
		return 0;
	int failed = procfs_open(launch);
	if (failed < 0)
		return failed;
	if (sys_unshare(CLONE_NEWTIME) < 0)
		return error_errno(launch->err, "namespace", "cannot make a time namespace");
	const char *offsets = launch->config->spec.time_offsets;
	if (offsets[0] && (failed = write_file_at(launch->proc, "self/timens_offsets", offsets)) < 0)
		return error_set(launch->err, -failed, "namespace", "cannot set the time offsets: %s", strerror(-failed));
	_cleanup_close_ int children = sys_openat(launch->proc, "self/ns/time_for_children", O_RDONLY | O_CLOEXEC, 0);
	if (children < 0 || sys_setns(children, CLONE_NEWTIME) < 0)
		return error_errno(launch->err, "namespace", "cannot enter the time namespace");
	return 0;
}
