/* When and where a process runs: scheduler, ioPriority, execCPUAffinity; personality and time offsets of its container. */
#include "runtime/spec-parse.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/personality.h>

struct word {
	const char *name;
	uint64_t value;
};

static const struct word policies[] = {{"SCHED_OTHER", SCHED_NORMAL}, {"SCHED_FIFO", SCHED_FIFO}, {"SCHED_RR", SCHED_RR}, {"SCHED_BATCH", SCHED_BATCH},
									   {"SCHED_IDLE", SCHED_IDLE},    {"SCHED_DEADLINE", SCHED_DEADLINE}, {NULL, 0}};
static const struct word policy_flags[] = {{"SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK},
										   {"SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM},
										   {"SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN},
										   {"SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY},
										   {"SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS},
										   {"SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN},
										   {"SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX},
										   {NULL, 0}};
static const struct word io_classes[] = {{"IOPRIO_CLASS_RT", IOPRIO_CLASS_RT}, {"IOPRIO_CLASS_BE", IOPRIO_CLASS_BE}, {"IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE},
										 {NULL, 0}};
static const struct word domains[] = {{"LINUX", PER_LINUX}, {"LINUX32", PER_LINUX32}, {NULL, 0}};

static int look_up(const struct word *words, const char *text, const char *where, uint64_t *ret, struct error *err) {
	for (; words->name; words++) {
		if (strcmp(words->name, text) == 0) {
			*ret = words->value;
			return 0;
		}
	}
	return error_set(err, EINVAL, "spec", "%s: unknown value \"%.48s\"", where, text);
}

static int parse_scheduler(const json_t *json, const char *where, struct spec_schedule *ret, struct error *err) {
	struct object_reader r;
	const char *policy;
	const json_t *flags = NULL;
	int64_t nice = 0, priority = 0, runtime = 0, deadline = 0, period = 0;
	uint64_t number;
	int x;
	if ((x = object_open(&r, json, where, err)) < 0 || (x = take_string(&r, "policy", &policy, err)) < 0 ||
		(x = take_optional_integer(&r, "nice", -20, 19, &nice, err)) < 0 || (x = take_optional_integer(&r, "priority", 0, 99, &priority, err)) < 0 ||
		(x = take_optional_array(&r, "flags", &flags, err)) < 0 || (x = take_optional_integer(&r, "runtime", 0, INT64_MAX, &runtime, err)) < 0 ||
		(x = take_optional_integer(&r, "deadline", 0, INT64_MAX, &deadline, err)) < 0 ||
		(x = take_optional_integer(&r, "period", 0, INT64_MAX, &period, err)) < 0 || (x = object_close(&r, err)) < 0 ||
		(x = look_up(policies, policy, where, &number, err)) < 0)
		return x;
	*ret = (struct spec_schedule){.has_policy = true, .policy = (uint32_t)number, .nice = (int32_t)nice, .priority = (uint32_t)priority,
								  .runtime = (uint64_t)runtime, .deadline = (uint64_t)deadline, .period = (uint64_t)period};
	for (size_t i = 0; i < json_array_size(flags); i++) {
		const char *text;
		if ((x = element_string(flags, i, where, &text, err)) < 0 || (x = look_up(policy_flags, text, where, &number, err)) < 0)
			return x;
		ret->flags |= number;
	}
	bool is_realtime = ret->policy == SCHED_FIFO || ret->policy == SCHED_RR;
	if (priority && !is_realtime)
		return error_set(err, EINVAL, "spec", "%s.priority: only SCHED_FIFO and SCHED_RR have one", where);
	if ((runtime || deadline || period) && ret->policy != SCHED_DEADLINE)
		return error_set(err, EINVAL, "spec", "%s: runtime, deadline and period belong to SCHED_DEADLINE", where);
	return 0;
}

static int parse_io_priority(const json_t *json, const char *where, struct spec_schedule *ret, struct error *err) {
	struct object_reader r;
	const char *class;
	int64_t priority = 0;
	uint64_t number;
	int x;
	if ((x = object_open(&r, json, where, err)) < 0 || (x = take_string(&r, "class", &class, err)) < 0 ||
		(x = take_optional_integer(&r, "priority", 0, 7, &priority, err)) < 0 || (x = object_close(&r, err)) < 0 ||
		(x = look_up(io_classes, class, where, &number, err)) < 0)
		return x;
	ret->has_io = true;
	ret->io = (int)(number << IOPRIO_CLASS_SHIFT) | (int)priority;
	return 0;
}

static int parse_affinity(const json_t *json, const char *where, struct spec_schedule *ret, struct error *err) {
	struct object_reader r;
	int x;
	if ((x = object_open(&r, json, where, err)) < 0 || (x = take_optional_string(&r, "initial", &ret->initial_cpus, err)) < 0 ||
		(x = take_optional_string(&r, "final", &ret->final_cpus, err)) < 0)
		return x;
	return object_close(&r, err);
}

int spec_schedule_parse(struct object_reader *process, const char *where, struct spec_schedule *ret, struct error *err) {
	const json_t *scheduler = NULL, *io = NULL, *affinity = NULL;
	char place[WHERE_SIZE];
	int x;
	if ((x = take_optional_object(process, "scheduler", &scheduler, err)) < 0 || (x = take_optional_object(process, "ioPriority", &io, err)) < 0 ||
		(x = take_optional_object(process, "execCPUAffinity", &affinity, err)) < 0)
		return x;
	(void)snprintf(place, sizeof place, "%s.scheduler", where);
	if (scheduler && (x = parse_scheduler(scheduler, place, ret, err)) < 0)
		return x;
	(void)snprintf(place, sizeof place, "%s.ioPriority", where);
	if (io && (x = parse_io_priority(io, place, ret, err)) < 0)
		return x;
	(void)snprintf(place, sizeof place, "%s.execCPUAffinity", where);
	return affinity ? parse_affinity(affinity, place, ret, err) : 0;
}

int spec_personality_parse(const json_t *json, struct spec_schedule *ret, struct error *err) {
	static const char where[] = "spec.linux.personality";
	struct object_reader r;
	const char *domain;
	const json_t *flags = NULL;
	uint64_t number;
	int x;
	if ((x = object_open(&r, json, where, err)) < 0 || (x = take_string(&r, "domain", &domain, err)) < 0 ||
		(x = take_optional_array(&r, "flags", &flags, err)) < 0 || (x = object_close(&r, err)) < 0 ||
		(x = look_up(domains, domain, "spec.linux.personality.domain", &number, err)) < 0)
		return x;
	if (json_array_size(flags))
		return error_set(err, EINVAL, "spec", "%s.flags: none is defined by the specification", where);
	ret->has_personality = true;
	ret->personality = (unsigned)number;
	return 0;
}

int spec_time_offsets_parse(const json_t *json, char ret[TIME_OFFSETS_MAX], struct error *err) {
	const char *clock;
	json_t *value;
	size_t length = 0;
	json_object_foreach((json_t *)(uintptr_t)json, clock, value) {
		struct object_reader r;
		int64_t seconds = 0, nanoseconds = 0;
		int x;
		if (strcmp(clock, "monotonic") != 0 && strcmp(clock, "boottime") != 0)
			return error_set(err, EINVAL, "spec", "spec.linux.timeOffsets: \"monotonic\" or \"boottime\" is expected, not \"%.32s\"", clock);
		if ((x = object_open(&r, value, "spec.linux.timeOffsets", err)) < 0 ||
			(x = take_optional_integer(&r, "secs", INT64_MIN, INT64_MAX, &seconds, err)) < 0 ||
			(x = take_optional_integer(&r, "nanosecs", 0, 999999999, &nanoseconds, err)) < 0 || (x = object_close(&r, err)) < 0)
			return x;
		length += (size_t)snprintf(ret + length, TIME_OFFSETS_MAX - length, "%s %lld %lld\n", clock, (long long)seconds, (long long)nanoseconds);
	}
	return 0;
}
