#include "monitor/oom.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FIRST_DELAY_MS = 1, LAST_DELAY_MS = 512, CLOCK_SLACK_US = 1000000 };

static uint64_t kills_now(const struct oom_watch *watch) {
	return cgroup_oom_kills(watch->container->cgroup) - watch->container->oom_kills_before;
}

static void report(struct oom_watch *watch, uint64_t kills) {
	struct cgroup *cgroup = watch->container->cgroup;
	uint64_t limit = cgroup_memory_limit(cgroup);
	struct oom_report found = {.kills_total = kills,
				   .memory_limit = limit >= INT64_MAX ? 0 : limit,
				   .memory_peak = cgroup_memory_peak(cgroup),
				   .victim = watch->scan.is_found ? &watch->scan.victim : NULL};
	watch->reported = kills;
	watch->on_kill(watch->owner, &found);
	watch->scan.is_found = false;
}

/* True when nothing is left to look for. */
static bool look(struct oom_watch *watch, bool is_last_look) {
	uint64_t kills = kills_now(watch);
	if (kills <= watch->reported)
		return false;
	if (watch->kills_all) {
		struct error ignored; /* EBUSY: they are being killed, which is all that is asked for here */
		(void)cgroup_kill(watch->container->cgroup, 0, &ignored);
	}
	/* The log line follows the counter by some microseconds; it gets one more look. */
	if (!kmsg_find_victim(&watch->scan) && !is_last_look && watch->delay_ms <= FIRST_DELAY_MS)
		return false;
	report(watch, kills);
	return true;
}

static void look_again_later(struct oom_watch *watch) {
	if (watch->delay_ms > LAST_DELAY_MS)
		return;
	loop_arm(watch->loop, &watch->again, watch->delay_ms);
	watch->delay_ms *= 2;
}

static void on_again(void *data) {
	struct oom_watch *watch = data;
	if (!look(watch, false))
		look_again_later(watch);
}

static void on_notification(void *data, uint32_t events) {
	(void)events;
	struct oom_watch *watch = data;
	cgroup_oom_acknowledge(watch->container->cgroup);
	watch->delay_ms = FIRST_DELAY_MS;
	if (!look(watch, false))
		look_again_later(watch);
}

int oom_begin(struct oom_watch *watch, const char *cgroup_path, bool kills_all, struct error *err) {
	char *path = strdup(cgroup_path);
	if (!path)
		return error_set(err, ENOMEM, "oom", "out of memory");
	free(watch->cgroup_path);
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	uint64_t now_us = (uint64_t)now.tv_sec * 1000000U + (uint64_t)now.tv_nsec / 1000U;
	watch->cgroup_path = path;
	watch->kills_all = kills_all;
	watch->reported = 0;
	watch->again = (struct loop_timer){.run = on_again, .data = watch};
	watch->scan = (struct kmsg_scan){.cgroup_path = path,
					 .last_sequence = watch->scan.last_sequence,
					 .since_us = now_us > CLOCK_SLACK_US ? now_us - CLOCK_SLACK_US : 0};
	watch->source = (struct loop_source){.fd = -1, .run = on_notification, .data = watch};
	uint32_t events = 0;
	int r = cgroup_oom_watch(watch->container->cgroup, &watch->source.fd, &events, err);
	if (r < 0 || watch->source.fd < 0)
		return r;
	return loop_watch(watch->loop, &watch->source, events, err);
}

uint64_t oom_end(struct oom_watch *watch) {
	loop_disarm(watch->loop, &watch->again);
	if (watch->source.is_watched)
		loop_unwatch(watch->loop, &watch->source);
	watch->source.fd = -1;
	if (!watch->container->cgroup)
		return 0;
	(void)look(watch, true);
	return kills_now(watch);
}

void oom_free(struct oom_watch *watch) {
	loop_disarm(watch->loop, &watch->again);
	if (watch->source.is_watched)
		loop_unwatch(watch->loop, &watch->source);
	watch->source.fd = -1;
	free(watch->cgroup_path);
	watch->cgroup_path = NULL;
}
