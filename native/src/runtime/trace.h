#pragma once
/* How long each stage of a start took; `berth system trace` shows it. Monotonic nanoseconds. */

#include <stdint.h>

#define TRACE_MARKS_MAX 40

struct trace {
	struct {
		const char *stage; /* static string */
		uint64_t at; /* when the stage ended */
	} marks[TRACE_MARKS_MAX];
	uint32_t count;
	uint64_t began;
};

void trace_begin(struct trace *trace);

/* Notes the end of `stage` (a static string). Marks above TRACE_MARKS_MAX are dropped. Safe between clone and exec. */
void trace_mark(struct trace *trace, const char *stage);
