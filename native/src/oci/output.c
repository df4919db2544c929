#include "oci/oci.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>

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

/* To stderr, and to --log as engines read it. */
void output_failure(const char *log, bool is_json, const struct error *err) {
    char now[CLOCK_TEXT_SIZE];
    (void)fprintf(stderr, "berth-oci: %s: %s\n", err->stage, err->message);
    if (!log)
        return;
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    _cleanup_fclose_ FILE *stream = fd < 0 ? NULL : fdopen(fd, "a");
    if (!stream)
        return;
    clock_now_text(now);
    json_t *line = json_pack("{s:s, s:s, s:s}", "level", "error", "msg", err->message, "time", now);
    if (is_json && line)
        (void)json_dumpf(line, stream, JSON_COMPACT);
    else
        (void)fprintf(stream, "time=\"%s\" level=error msg=\"%s\"", now, err->message);
    (void)fprintf(stream, "\n");
    json_decref(line);
}
