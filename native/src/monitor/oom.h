#pragma once
/*
 * Sees every out-of-memory kill in the container's cgroup, that of a child too.
 *
 * The kernel's counter is the fact; notifications only say when to look. On v1 the notification comes before the kill is counted, so after one the
 * counter is read again after 1, 2, 4, ... ms until it has grown (at most about a second: the kernel may have found memory without a kill).
 */

#include "base/loop.h"
#include "monitor/kmsg.h"
#include "runtime/container.h"

struct oom_report {
	uint64_t kills_total;
	uint64_t memory_limit; /* 0 = none */
	uint64_t memory_peak;
	const struct oom_victim *victim; /* NULL when unknown */
};

struct oom_watch {
	struct loop *loop;
	struct container *container;
	void (*on_kill)(void *owner, const struct oom_report *report);
	void *owner;
	struct loop_source source; /* the fd belongs to the cgroup */
	struct loop_timer again;
	unsigned delay_ms;
	bool kills_all; /* one kill is the end of all processes of the container */
	uint64_t reported;
	char *cgroup_path;
	struct kmsg_scan scan;
};

/* The container has just started. A kernel that cannot notify costs the live event only: oom_end() still reports. */
int oom_begin(struct oom_watch *watch, const char *cgroup_path, bool kills_all, struct error *err);

/* The main process has been reaped and the cgroup is still there: reports what was not reported yet. Returns the kills since the start. */
uint64_t oom_end(struct oom_watch *watch);

void oom_free(struct oom_watch *watch);
