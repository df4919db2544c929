#include "base/loop.h"

#include "base/cleanup.h"

#include <errno.h>
#include <limits.h>
#include <time.h>

static const char stage[] = "loop";

static uint64_t monotonic(void) {
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

int loop_open(struct loop *loop, struct error *err) {
	*loop = (struct loop){.epoll = epoll_create1(EPOLL_CLOEXEC)};
	return loop->epoll < 0 ? error_errno(err, stage, "epoll_create1") : 0;
}

void loop_close(struct loop *loop) { close_fd(&loop->epoll); }

int loop_watch(struct loop *loop, struct loop_source *source, uint32_t events, struct error *err) {
	if (source->is_watched && source->events == events)
		return 0;
	struct epoll_event wanted = {.events = events, .data.ptr = source};
	if (epoll_ctl(loop->epoll, source->is_watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, source->fd, &wanted) < 0)
		return error_errno(err, stage, "epoll_ctl");
	source->is_watched = true;
	source->events = events;
	return 0;
}

void loop_unwatch(struct loop *loop, struct loop_source *source) {
	for (int i = 0; i < loop->batch_count; i++)
		if (loop->batch[i].data.ptr == source)
			loop->batch[i].data.ptr = NULL;
	if (!source->is_watched)
		return;
	(void)epoll_ctl(loop->epoll, EPOLL_CTL_DEL, source->fd, NULL);
	source->is_watched = false;
	source->events = 0;
}

void loop_close_source(struct loop *loop, struct loop_source *source) {
	loop_unwatch(loop, source);
	close_fd(&source->fd);
}

void loop_disarm(struct loop *loop, struct loop_timer *timer) {
	if (!timer->is_armed)
		return;
	struct loop_timer **link = &loop->timers;
	while (*link != timer)
		link = &(*link)->next;
	*link = timer->next;
	timer->is_armed = false;
	timer->next = NULL;
}

void loop_arm(struct loop *loop, struct loop_timer *timer, unsigned milliseconds) {
	loop_disarm(loop, timer);
	timer->deadline = monotonic() + (uint64_t)milliseconds * 1000000U;
	struct loop_timer **link = &loop->timers;
	while (*link && (*link)->deadline <= timer->deadline)
		link = &(*link)->next;
	timer->next = *link;
	timer->is_armed = true;
	*link = timer;
}

static int wait_milliseconds(const struct loop *loop) {
	if (!loop->timers)
		return -1;
	uint64_t now = monotonic();
	if (loop->timers->deadline <= now)
		return 0;
	uint64_t rest = (loop->timers->deadline - now + 999999U) / 1000000U;
	return rest > INT_MAX ? INT_MAX : (int)rest;
}

static void run_timers(struct loop *loop) {
	uint64_t now = monotonic();
	while (loop->timers && loop->timers->deadline <= now && !loop->is_stopped) {
		struct loop_timer *timer = loop->timers;
		loop_disarm(loop, timer);
		timer->run(timer->data);
	}
}

int loop_run(struct loop *loop, struct error *err) {
	while (!loop->is_stopped) {
		int count = epoll_wait(loop->epoll, loop->batch, LOOP_BATCH, wait_milliseconds(loop));
		if (count < 0 && errno != EINTR)
			return error_errno(err, stage, "epoll_wait");
		loop->batch_count = count < 0 ? 0 : count;
		for (int i = 0; i < loop->batch_count && !loop->is_stopped; i++) {
			struct loop_source *source = loop->batch[i].data.ptr;
			if (source)
				source->run(source->data, loop->batch[i].events);
		}
		loop->batch_count = 0;
		if (loop->timers)
			run_timers(loop);
	}
	return 0;
}

void loop_stop(struct loop *loop) { loop->is_stopped = true; }
