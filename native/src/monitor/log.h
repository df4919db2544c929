#pragma once
/*
 * Writer of Docker's json-file logs: one line {"log":"...\n","stream":"stdout","time":"..."} per line of output, escaped and split as dockerd 28 does
 * it: after 16 KiB without a newline a partial line (no "\n" inside) is written. A file that has reached max_bytes is renamed to path.1 (path.1 to
 * path.2, ...) before the next write; with max_files = 1 it is emptied instead. Writes block: a container faster than the disk waits on its pipe.
 */

#include "base/buffer.h"
#include "base/error.h"

#include <stdint.h>
#include <time.h>

enum log_stream { LOG_STDOUT, LOG_STDERR };
enum { LOG_STREAMS = 2, LOG_LINE_MAX = 16 * 1024 };

struct log_writer {
	int fd; /* -1 = no log */
	char *path;
	uint64_t size;
	uint64_t max_bytes; /* 0 = never rotate */
	unsigned max_files;
	uint64_t dropped;                  /* bytes of output lost because the file could not be written */
	struct buffer pending[LOG_STREAMS]; /* an unfinished line of each stream */
};

#define LOG_WRITER_INIT {.fd = -1}

/* Opens (creates, 0640) the log for appending. `path` is copied. */
int log_open(struct log_writer *log, const char *path, uint64_t max_bytes, unsigned max_files, struct error *err);

/* Takes output of one stream. A disk that refuses (ENOSPC) costs these lines, never the container: they are counted in `dropped`. */
void log_write(struct log_writer *log, enum log_stream stream, const char *data, size_t length);

/* Writes an unfinished line of the stream, at its end. */
void log_end_stream(struct log_writer *log, enum log_stream stream);

void log_close(struct log_writer *log);

/* Appends one log line for `text` to `out`; is_partial = no newline after it. 0 or -ENOMEM. Pure; exposed for tests. */
int log_format_line(struct buffer *out, enum log_stream stream, const char *text, size_t length, int is_partial, const char *time);
