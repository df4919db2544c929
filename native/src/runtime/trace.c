#include "runtime/trace.h"

#include <time.h>

static uint64_t now(void) {
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

void trace_begin(struct trace *trace) {
    trace->count = 0;
    trace->began = now();
}

void trace_mark(struct trace *trace, const char *stage) {
    if (trace->count >= TRACE_MARKS_MAX)
        return;
    trace->marks[trace->count].stage = stage;
    trace->marks[trace->count].at = now();
    trace->count++;
}
