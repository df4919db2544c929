/* The json-file log: escaping, splitting and rotation as dockerd 28 does them. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fdio.h"
#include "monitor/log.h"
#include "tap.h"

#include <fcntl.h>
#include <jansson.h>
#include <sys/stat.h>

static char folder[] = "/tmp/berth-test-log-XXXXXX";
static char path[64];

static void read_log(const char *suffix, char **ret, size_t *ret_length) {
	char name[80];
	(void)snprintf(name, sizeof name, "%s%s", path, suffix);
	*ret = NULL;
	*ret_length = 0;
	(void)read_file_at(AT_FDCWD, name, 8 << 20, ret, ret_length);
}

static void check_line(const char *text, size_t length, int is_partial, const char *expected) {
	struct buffer out = {0};
	CHECK_INT(log_format_line(&out, LOG_STDOUT, text, length, is_partial, "T"), 0);
	CHECK_TEXT(buffer_data(&out), buffer_length(&out), expected);
	buffer_free(&out);
}

TEST(escapes_as_dockerd) {
#define LINE(log) "{\"log\":\"" log "\",\"stream\":\"stdout\",\"time\":\"T\"}\n"
	check_line("hi", 2, 0, LINE("hi\\n"));
	check_line("hi", 2, 1, LINE("hi"));
	check_line("", 0, 0, LINE("\\n"));
	check_line("\"\\\r\t\0<>&\x7f", 9, 0, LINE("\\\"\\\\\\r\\u0009\\u0000\\u003c\\u003e\\u0026\x7f\\n"));
	check_line("\x1b[31m", 5, 0, LINE("\\u001b[31m\\n"));
	check_line("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80", 15, 0, LINE("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80\\n"));
	check_line("\xe2\x80\xa8\xe2\x80\xa9", 6, 0, LINE("\\u2028\\u2029\\n"));
	/* one replacement for each invalid byte: lone tail, truncated, overlong, surrogate, beyond Unicode */
	check_line("\x80", 1, 0, LINE("\\ufffd\\n"));
	check_line("a\xe2\x82", 3, 0, LINE("a\\ufffd\\ufffd\\n"));
	check_line("\xc0\xaf", 2, 0, LINE("\\ufffd\\ufffd\\n"));
	check_line("\xed\xa0\x80", 3, 0, LINE("\\ufffd\\ufffd\\ufffd\\n"));
	check_line("\xf4\x90\x80\x80", 4, 0, LINE("\\ufffd\\ufffd\\ufffd\\ufffd\\n"));
}

/* Joins the "log" members of a file, so that tests compare what a reader sees. */
static size_t joined_length(const char *text, size_t length, size_t *ret_lines, size_t *ret_partial) {
	size_t sum = 0;
	*ret_lines = *ret_partial = 0;
	while (length > 0) {
		const char *end = memchr(text, '\n', length);
		if (!end)
			return 0;
		json_t *line = json_loadb(text, (size_t)(end - text), 0, NULL);
		if (!line)
			return 0;
		size_t piece = json_string_length(json_object_get(line, "log"));
		const char *log = json_string_value(json_object_get(line, "log"));
		*ret_partial += piece > 0 && log[piece - 1] != '\n';
		sum += piece;
		(*ret_lines)++;
		json_decref(line);
		length -= (size_t)(end - text) + 1;
		text = end + 1;
	}
	return sum;
}

TEST(splits_lines_over_any_chunking) {
	enum { TOTAL = 100000 };
	static char data[TOTAL];
	for (int i = 0; i < TOTAL; i++)
		data[i] = (char)(i % 7001 == 7000 || (i > 60000 && i % 11 == 0) ? '\n' : 'a' + i % 26);
	data[TOTAL - 1] = 'z'; /* ends without a newline */
	const size_t chunks[] = {1, 13, 4096, 16384, TOTAL};
	for (size_t c = 0; c < sizeof chunks / sizeof chunks[0]; c++) {
		struct error err;
		struct log_writer log;
		(void)unlink(path);
		CHECK_INT(log_open(&log, path, 0, 1, &err), 0);
		for (size_t at = 0; at < TOTAL; at += chunks[c])
			log_write(&log, LOG_STDERR, data + at, TOTAL - at < chunks[c] ? TOTAL - at : chunks[c]);
		log_end_stream(&log, LOG_STDERR);
		log_close(&log);
		_cleanup_free_ char *text = NULL;
		size_t length, lines, partial;
		read_log("", &text, &length);
		CHECK_INT(joined_length(text, length, &lines, &partial), TOTAL);
		CHECK_INT(partial, 1);
	}
}

TEST(long_lines_become_partial_at_16_kib) {
	enum { LONG = 40000 };
	static char data[LONG + 1];
	memset(data, 'x', LONG);
	data[LONG] = '\n';
	struct error err;
	struct log_writer log;
	(void)unlink(path);
	CHECK_INT(log_open(&log, path, 0, 1, &err), 0);
	log_write(&log, LOG_STDOUT, data, LONG + 1);
	/* a newline just behind a full buffer is a line of its own, as in dockerd */
	log_write(&log, LOG_STDOUT, data, LOG_LINE_MAX);
	log_write(&log, LOG_STDOUT, "\n", 1);
	log_close(&log);
	_cleanup_free_ char *text = NULL;
	size_t length, lines, partial;
	read_log("", &text, &length);
	CHECK_INT(joined_length(text, length, &lines, &partial), LONG + 1 + LOG_LINE_MAX + 1);
	CHECK_INT(lines, 5);
	CHECK_INT(partial, 3);
}

TEST(streams_do_not_mix_in_a_line) {
	struct error err;
	struct log_writer log;
	(void)unlink(path);
	CHECK_INT(log_open(&log, path, 0, 1, &err), 0);
	log_write(&log, LOG_STDOUT, "one ", 4);
	log_write(&log, LOG_STDERR, "error\n", 6);
	log_write(&log, LOG_STDOUT, "two\n", 4);
	log_close(&log);
	_cleanup_free_ char *text = NULL;
	size_t length;
	read_log("", &text, &length);
	const char *first = strstr(text, "{\"log\":\"error\\n\",\"stream\":\"stderr\"");
	const char *second = strstr(text, "{\"log\":\"one two\\n\",\"stream\":\"stdout\"");
	CHECK(first == text);
	CHECK(second > first);
}

TEST(rotates_by_rename) {
	struct error err;
	struct log_writer log;
	(void)unlink(path);
	CHECK_INT(log_open(&log, path, 1000, 3, &err), 0);
	for (int i = 0; i < 100; i++) {
		char line[64];
		int length = snprintf(line, sizeof line, "line %03d\n", i);
		log_write(&log, LOG_STDOUT, line, (size_t)length);
	}
	log_close(&log);
	const char *const suffixes[] = {"", ".1", ".2"};
	char newest_of_older[32] = "line 100";
	for (size_t i = 0; i < 3; i++) {
		_cleanup_free_ char *text = NULL;
		size_t length;
		read_log(suffixes[i], &text, &length);
		CHECK(text != NULL && length > 0 && length < 1100);
		CHECK(text[length - 1] == '\n');
		CHECK(memcmp(text, "{\"log\":\"line ", 13) == 0); /* whole lines only */
		CHECK(memcmp(text + 8, newest_of_older, 8) < 0);
		memcpy(newest_of_older, text + 8, 8);
	}
	_cleanup_free_ char *none = NULL;
	size_t length;
	read_log(".3", &none, &length);
	CHECK(none == NULL);
}

TEST(one_file_is_emptied) {
	struct error err;
	struct log_writer log;
	(void)unlink(path);
	CHECK_INT(log_open(&log, path, 500, 1, &err), 0);
	for (int i = 0; i < 50; i++)
		log_write(&log, LOG_STDOUT, "0123456789\n", 11);
	log_close(&log);
	struct stat status;
	CHECK_INT(stat(path, &status), 0);
	CHECK(status.st_size > 0 && status.st_size < 600);
}

TEST(does_not_follow_links) {
	struct error err;
	struct log_writer log = LOG_WRITER_INIT;
	(void)unlink(path);
	CHECK_INT(symlink("/dev/null", path), 0);
	CHECK(log_open(&log, path, 0, 1, &err) < 0);
	(void)unlink(path);
}

TEST(times_are_rfc3339nano) {
	char text[CLOCK_TEXT_SIZE];
	clock_format(&(struct timespec){.tv_sec = 1700000000, .tv_nsec = 120000000}, text);
	CHECK_TEXT(text, strlen(text), "2023-11-14T22:13:20.12Z");
	clock_format(&(struct timespec){.tv_sec = 0, .tv_nsec = 0}, text);
	CHECK_TEXT(text, strlen(text), "1970-01-01T00:00:00Z");
	/* against the C library, over leap years and centuries */
	for (time_t at = -5000000000; at < 20000000000; at += 86400 * 13 + 12345) {
		struct tm utc;
		char expected[CLOCK_TEXT_SIZE];
		(void)strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&at, &utc));
		clock_format(&(struct timespec){.tv_sec = at}, text);
		CHECK_TEXT(text, strlen(text), expected);
	}
	clock_format(&(struct timespec){.tv_sec = 1, .tv_nsec = 1}, text);
	CHECK_TEXT(text, strlen(text), "1970-01-01T00:00:01.000000001Z");
}

int main(void) {
	if (!mkdtemp(folder))
		return 1;
	(void)snprintf(path, sizeof path, "%s/c-json.log", folder);
	RUN(escapes_as_dockerd);
	RUN(splits_lines_over_any_chunking);
	RUN(long_lines_become_partial_at_16_kib);
	RUN(streams_do_not_mix_in_a_line);
	RUN(rotates_by_rename);
	RUN(one_file_is_emptied);
	RUN(does_not_follow_links);
	RUN(times_are_rfc3339nano);
	for (int i = 0; i < 3; i++) {
		char name[80];
		(void)snprintf(name, sizeof name, i ? "%s.%d" : "%s", path, i);
		(void)unlink(name);
	}
	(void)rmdir(folder);
	return tap_done();
}
