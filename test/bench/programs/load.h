/* What every load has: a clock in seconds, and an end with a reason. */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline double now(void) {
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static inline void fail(const char *what) {
	perror(what);
	exit(1);
}
