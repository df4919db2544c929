#include "oci/oci.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>

static struct {
	const char *log;
	bool is_json;
} settings;

void output_configure(const char *log, bool is_json) {
	settings.log = log;
	settings.is_json = is_json;
}

void output_json(const json_t *value) {
	(void)json_dumpf(value, stdout, JSON_INDENT(2));
	(void)printf("\n");
}

void output_line(const char *format, ...) {
	va_list args;
	va_start(args, format);
	(void)vprintf(format, args);
	va_end(args);
	(void)printf("\n");
}

static void write_log(const char *level, const char *message) {
	char now[CLOCK_TEXT_SIZE];
	int fd = open(settings.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	_cleanup_fclose_ FILE *stream = fd < 0 ? NULL : fdopen(fd, "a");
	if (!stream)
		return;
	clock_now_text(now);
	json_t *line = json_pack("{s:s, s:s, s:s}", "level", level, "msg", message, "time", now);
	if (settings.is_json && line)
		(void)json_dumpf(line, stream, JSON_COMPACT);
	else
		(void)fprintf(stream, "time=\"%s\" level=%s msg=\"%s\"", now, level, message);
	(void)fprintf(stream, "\n");
	json_decref(line);
}

void output_failure(const struct error *err) {
	(void)fprintf(stderr, "berth-oci: %s: %s\n", err->stage, err->message);
	if (settings.log)
		write_log("error", err->message);
}

void output_warning(const char *format, ...) {
	char message[512];
	va_list args;
	va_start(args, format);
	(void)vsnprintf(message, sizeof message, format, args);
	va_end(args);
	if (settings.log)
		write_log("warning", message);
	else
		(void)fprintf(stderr, "berth-oci: warning: %s\n", message);
}
