#include "monitor/log.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fdio.h"
#include "base/sys.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

static const char *const stream_names[LOG_STREAMS] = {"stdout", "stderr"};

/* Length of the valid UTF-8 sequence at `text`, 0 when it is invalid (Go's rules: no surrogates, no overlong forms, at most U+10FFFF). */
static size_t utf8_length(const unsigned char *text, size_t length) {
	unsigned char first = text[0];
	if (first < 0x80)
		return 1;
	size_t wanted = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
	if (first < 0xc2 || first > 0xf4 || length < wanted)
		return 0;
	unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
	if (text[1] < low || text[1] > high)
		return 0;
	for (size_t i = 2; i < wanted; i++)
		if (text[i] < 0x80 || text[i] > 0xbf)
			return 0;
	return wanted;
}

/* Bytes that stand for themselves: everything printable in ASCII but what dockerd's encoder escapes. */
static int is_plain(unsigned char byte) {
	return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\' && byte != '<' && byte != '>' && byte != '&';
}

static char *put(char *to, const char *text, size_t length) {
	memcpy(to, text, length);
	return to + length;
}

static char *put_escape(char *to, unsigned code) {
	static const char digits[] = "0123456789abcdef";
	to = put(to, "\\u", 2);
	for (int shift = 12; shift >= 0; shift -= 4)
		*to++ = digits[(code >> shift) & 15];
	return to;
}

static char *put_ascii(char *to, unsigned char byte) {
	switch (byte) {
	case '"':
		return put(to, "\\\"", 2);
	case '\\':
		return put(to, "\\\\", 2);
	case '\n':
		return put(to, "\\n", 2);
	case '\r':
		return put(to, "\\r", 2);
	default:
		return put_escape(to, byte);
	}
}

static char *put_text(char *to, const unsigned char *text, size_t length) {
	size_t i = 0;
	while (i < length) {
		size_t run = i;
		while (run < length && is_plain(text[run]))
			run++;
		to = put(to, (const char *)text + i, run - i);
		i = run;
		if (i == length)
			break;
		if (text[i] < 0x80) {
			to = put_ascii(to, text[i++]);
			continue;
		}
		size_t sequence = utf8_length(text + i, length - i);
		if (sequence == 0) {
			to = put_escape(to, 0xfffd);
			i++;
		} else if (sequence == 3 && text[i] == 0xe2 && text[i + 1] == 0x80 && (text[i + 2] | 1) == 0xa9) {
			to = put_escape(to, 0x2000 | (text[i + 2] & 0x3fU)); /* U+2028 and U+2029 end lines in JavaScript */
			i += sequence;
		} else {
			to = put(to, (const char *)text + i, sequence);
			i += sequence;
		}
	}
	return to;
}

int log_format_line(struct buffer *out, enum log_stream stream, const char *text, size_t length, int is_partial, const char *time) {
	/* Six bytes for each byte of text at worst, and the frame around it. Plain text, the usual case, is measured first to stay small. */
	size_t plain = 0;
	while (plain < length && is_plain((unsigned char)text[plain]))
		plain++;
	size_t room = plain + 6 * (length - plain) + 96;
	char *start = buffer_reserve(out, room);
	if (!start)
		return -errno;
	char *to = put(start, "{\"log\":\"", 8);
	to = put_text(to, (const unsigned char *)text, length);
	if (!is_partial)
		to = put(to, "\\n", 2);
	to = put(to, "\",\"stream\":\"", 12);
	to = put(to, stream_names[stream], 6);
	to = put(to, "\",\"time\":\"", 10);
	to = put(to, time, strlen(time));
	to = put(to, "\"}\n", 3);
	buffer_grow(out, (size_t)(to - start));
	return 0;
}

static int open_file(const char *path, int flags) {
	return sys_openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | flags, 0640);
}

int log_open(struct log_writer *log, const char *path, uint64_t max_bytes, unsigned max_files, struct error *err) {
	_cleanup_free_ char *copy = strdup(path);
	if (!copy)
		return error_set(err, ENOMEM, "log", "out of memory");
	_cleanup_close_ int fd = open_file(path, 0);
	if (fd < 0)
		return error_errno(err, "log", "cannot open %s", path);
	struct stat status;
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return error_set(err, EINVAL, "log", "%s is not a regular file", path);
	*log = (struct log_writer){
		.fd = TAKE_FD(fd), .path = TAKE_PTR(copy), .size = (uint64_t)status.st_size, .max_bytes = max_bytes, .max_files = max_files};
	return 0;
}

static void shift_names(const struct log_writer *log) {
	char from[PATH_MAX];
	char to[PATH_MAX];
	for (unsigned i = log->max_files - 1; i >= 1; i--) {
		int printed = i == 1 ? snprintf(from, sizeof from, "%s", log->path) : snprintf(from, sizeof from, "%s.%u", log->path, i - 1);
		if (printed < 0 || (size_t)printed >= sizeof from)
			return;
		printed = snprintf(to, sizeof to, "%s.%u", log->path, i);
		if (printed < 0 || (size_t)printed >= sizeof to)
			return;
		(void)sys_renameat(AT_FDCWD, from, AT_FDCWD, to);
	}
}

/* Where the new file cannot be made, the old one is written on: a long log is better than none. */
static void rotate(struct log_writer *log) {
	if (log->max_files > 1)
		shift_names(log);
	int fd = open_file(log->path, O_TRUNC);
	if (fd < 0)
		return;
	(void)close(log->fd);
	log->fd = fd;
	log->size = 0;
}

static void write_lines(struct log_writer *log, struct buffer *lines, size_t source_length) {
	size_t length = buffer_length(lines);
	if (length == 0)
		return;
	if (log->max_bytes > 0 && log->size >= log->max_bytes)
		rotate(log);
	off_t before = (off_t)log->size;
	if (write_all(log->fd, buffer_data(lines), length) == 0) {
		log->size += length;
	} else {
		log->dropped += source_length;
		if (ftruncate(log->fd, before) < 0) /* no torn line; O_APPEND goes on from here */
			log->size = log->max_bytes;
	}
	buffer_consume(lines, length);
}

enum { WRITE_SIZE = 16 * 1024 }; /* short lines grow thirtyfold: what is collected for one write is kept small, and with it the monitor */

/* One line, or the piece of one that fills the line buffer. Lines are collected in `lines`, and written when there is enough, or the file is full. */
static void add_line(struct log_writer *log, struct buffer *lines, enum log_stream stream, const char *text, size_t length, int is_partial,
					 const char *time) {
	if (log_format_line(lines, stream, text, length, is_partial, time) < 0)
		log->dropped += length;
	bool is_file_full = log->max_bytes > 0 && log->size + buffer_length(lines) >= log->max_bytes;
	if (is_file_full || buffer_length(lines) >= WRITE_SIZE)
		write_lines(log, lines, length);
}

void log_write(struct log_writer *log, enum log_stream stream, const char *data, size_t length) {
	if (log->fd < 0 || length == 0)
		return;
	char time[CLOCK_TEXT_SIZE];
	clock_now_text(time);
	struct buffer lines = {0};
	struct buffer *pending = &log->pending[stream];
	size_t rest = length;
	while (rest > 0) {
		const char *newline = memchr(data, '\n', rest);
		size_t piece = newline ? (size_t)(newline - data) : rest;
		size_t room = LOG_LINE_MAX - buffer_length(pending);
		int is_whole = newline && piece < room; /* dockerd reads into 16 KiB: a newline just behind them begins a line of its own */
		if (piece > room)
			piece = room;
		if (buffer_length(pending) == 0 && (is_whole || piece == LOG_LINE_MAX)) {
			add_line(log, &lines, stream, data, piece, !is_whole, time);
		} else if (buffer_append(pending, data, piece) < 0) {
			log->dropped += piece;
		} else if (is_whole || buffer_length(pending) == LOG_LINE_MAX) {
			add_line(log, &lines, stream, buffer_data(pending), buffer_length(pending), !is_whole, time);
			buffer_consume(pending, buffer_length(pending));
		}
		data += piece + (is_whole ? 1 : 0);
		rest -= piece + (is_whole ? 1 : 0);
	}
	write_lines(log, &lines, length);
	buffer_free(&lines);
}

void log_end_stream(struct log_writer *log, enum log_stream stream) {
	struct buffer *pending = &log->pending[stream];
	size_t length = buffer_length(pending);
	if (log->fd < 0 || length == 0)
		return;
	char time[CLOCK_TEXT_SIZE];
	clock_now_text(time);
	struct buffer lines = {0};
	add_line(log, &lines, stream, buffer_data(pending), length, 1, time);
	write_lines(log, &lines, length);
	buffer_free(&lines);
	buffer_consume(pending, length);
}

void log_close(struct log_writer *log) {
	close_fd(&log->fd);
	free(log->path);
	for (int i = 0; i < LOG_STREAMS; i++)
		buffer_free(&log->pending[i]);
	*log = (struct log_writer)LOG_WRITER_INIT;
}
