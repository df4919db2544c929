/*
 * What a start costs: the median of each stage in microseconds, as comments, and that the trace tells all of it. BERTH_STARTS sets how many (20).
 * `strace -cf` over it with BERTH_STARTS=1 counts system calls. Needs root.
 */
#include "base/cleanup.h"
#include "runtime-fixture.h"
#include "tap.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

enum { STARTS_MAX = 1000 };

static struct rig rig;
static uint64_t samples[TRACE_MARKS_MAX + 3][STARTS_MAX];
static const char *names[TRACE_MARKS_MAX + 3];

static uint64_t now(void) {
	struct timespec time;
	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static int compare(const void *left, const void *right) {
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
	return a < b ? -1 : a > b;
}

static double median(uint64_t *values, int count) {
	qsort(values, (size_t)count, sizeof *values, compare);
	return (double)values[count / 2] / 1000;
}

static double cpu_ms(void) {
	struct rusage own, children;
	(void)getrusage(RUSAGE_SELF, &own);
	(void)getrusage(RUSAGE_CHILDREN, &children);
	double us = 0;
	const struct timeval *times[] = {&own.ru_utime, &own.ru_stime, &children.ru_utime, &children.ru_stime};
	for (size_t i = 0; i < ELEMENTS(times); i++)
		us += (double)times[i]->tv_sec * 1e6 + (double)times[i]->tv_usec;
	return us / 1000;
}

static int run_once(struct start_config *config, int index) {
	struct error err;
	struct container *container = &rig.container;
	struct container_stdio stdio = {rig.null, rig.null, rig.null};
	uint64_t began = now();
	if (container_start(&rig.host, config, &stdio, container, &err) < 0) {
		printf("# %s: %s\n", err.stage, err.message);
		return -1;
	}
	uint64_t started = now(), last = container->trace.began;
	for (uint32_t i = 0; i < container->trace.count; i++) {
		names[i] = container->trace.marks[i].stage;
		samples[i][index] = container->trace.marks[i].at - last;
		last = container->trace.marks[i].at;
	}
	(void)waitid(P_PIDFD, (id_t)container->pidfd, &(siginfo_t){0}, WEXITED);
	uint64_t ended = now();
	if (container_release(container, &err) < 0)
		return -1;
	samples[TRACE_MARKS_MAX][index] = started - began;
	samples[TRACE_MARKS_MAX + 1][index] = ended - started;
	samples[TRACE_MARKS_MAX + 2][index] = now() - ended;
	return 0;
}

TEST(every_stage_is_told) {
	const char *wanted = getenv("BERTH_STARTS");
	int starts = wanted ? atoi(wanted) : 20;
	struct start_config config;
	struct error err;
	json_t *json = rig_config(&rig, ARGV("/bin/probe", "exit", "0"));
	CHECK(starts > 0 && starts <= STARTS_MAX);
	CHECK_INT(start_config_parse(json, &config, &err), 0);
	double before = 0;
	for (int i = -1; i < starts; i++) { /* the first one compiles the filter */
		if (i == 0)
			before = cpu_ms();
		CHECK_INT(run_once(&config, i < 0 ? 0 : i), 0);
	}
	double cpu = (cpu_ms() - before) / starts;
	uint32_t stages = 0;
	for (; stages < TRACE_MARKS_MAX && names[stages]; stages++)
		printf("# %8.0f us  %s\n", median(samples[stages], starts), names[stages]);
	printf("# %8.0f us  start, %.0f to the exit, %.0f release; %.2f ms of CPU in all\n", median(samples[TRACE_MARKS_MAX], starts),
		   median(samples[TRACE_MARKS_MAX + 1], starts), median(samples[TRACE_MARKS_MAX + 2], starts), cpu);
	CHECK(stages > 20);
	CHECK_TEXT(names[stages - 1], strlen(names[stages - 1]), "running");
	start_config_free(&config);
	json_decref(json);
}

int main(void) {
	if (geteuid() != 0 || !rig_open(&rig)) {
		SKIP(every_stage_is_told, "needs root");
		return tap_done();
	}
	RUN(every_stage_is_told);
	tap_current_failed = !rig_close(&rig);
	tap_report("nothing_is_left", NULL);
	return tap_done();
}
