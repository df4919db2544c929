#include "runtime/trace.h"

#include "base/stamps.h"

void trace_begin(struct trace *trace) {
	trace->count = 0;
	trace->began = stamps_now();
}

void trace_mark(struct trace *trace, const char *stage) {
	if (trace->count >= TRACE_MARKS_MAX)
		return;
	trace->marks[trace->count].stage = stage;
	trace->marks[trace->count].at = stamps_now();
	trace->count++;
}
