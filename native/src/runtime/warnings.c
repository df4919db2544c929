#include "runtime/warnings.h"

#include "base/cleanup.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void warnings_add(struct warnings *warnings, const char *format, ...) {
	_cleanup_free_ char *line = NULL;
	va_list args;
	va_start(args, format);
	int length = vasprintf(&line, format, args);
	va_end(args);
	if (length < 0) {
		line = NULL;
		return;
	}
	for (char *c = line; *c; c++)
		if (*c == '\n')
			*c = ' ';
	char *joined = NULL;
	if (asprintf(&joined, "%s%s\n", warnings->lines ? warnings->lines : "", line) < 0)
		return;
	free(warnings->lines);
	warnings->lines = joined;
}

json_t *warnings_to_json(const struct warnings *warnings) {
	json_t *array = json_array();
	if (!array)
		return NULL;
	for (const char *at = warnings->lines; at && *at;) {
		const char *end = strchr(at, '\n');
		if (json_array_append_new(array, json_stringn(at, (size_t)(end - at))) < 0) {
			json_decref(array);
			return NULL;
		}
		at = end + 1;
	}
	return array;
}

void warnings_free(struct warnings *warnings) {
	free(warnings->lines);
	warnings->lines = NULL;
}
