#pragma once
/*
 * A single-threaded event loop on epoll with one-shot timers.
 *
 * A source or timer belongs to the caller and must not move while it is watched. A callback may remove and free any source, its own too:
 * events already fetched for a removed source are forgotten.
 */

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

struct loop_source {
	int fd; /* -1 = none */
	bool is_watched;
	uint32_t events;
	void (*run)(void *data, uint32_t events);
	void *data;
};

struct loop_timer {
	bool is_armed;
	uint64_t deadline; /* CLOCK_MONOTONIC, nanoseconds */
	void (*run)(void *data);
	void *data;
	struct loop_timer *next;
};

enum { LOOP_BATCH = 8 };

struct loop {
	int epoll;
	bool is_stopped;
	struct loop_timer *timers; /* soonest first */
	struct epoll_event batch[LOOP_BATCH];
	int batch_count;
};

int loop_open(struct loop *loop, struct error *err);
void loop_close(struct loop *loop);

/* Watches source->fd for `events` from now on (a change when it is watched already). With 0, only hang-ups and errors are told. */
int loop_watch(struct loop *loop, struct loop_source *source, uint32_t events, struct error *err);
/* Stops watching; the fd stays open. No error when it is not watched. */
void loop_unwatch(struct loop *loop, struct loop_source *source);
/* Stops watching and closes the fd. */
void loop_close_source(struct loop *loop, struct loop_source *source);

/* Fires once after `milliseconds` unless disarmed; arming again moves it. */
void loop_arm(struct loop *loop, struct loop_timer *timer, unsigned milliseconds);
void loop_disarm(struct loop *loop, struct loop_timer *timer);

/* Runs callbacks until loop_stop(). */
int loop_run(struct loop *loop, struct error *err);
void loop_stop(struct loop *loop);
