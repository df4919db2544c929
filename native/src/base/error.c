#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void fill(struct error *err, int errnum, const char *stage, const char *format, va_list arguments) {
	err->errnum = errnum;
	err->stage = stage;
	(void)vsnprintf(err->message, sizeof err->message, format, arguments);
}

int error_fill(struct error *err, int errnum, const char *stage, const char *format, ...) {
	va_list arguments;
	va_start(arguments, format);
	fill(err, errnum, stage, format, arguments);
	va_end(arguments);
	return errnum > 0 ? -errnum : -EINVAL;
}

int error_fill_errno(struct error *err, const char *stage, const char *format, ...) {
	int errnum = errno > 0 ? errno : EIO;
	va_list arguments;
	va_start(arguments, format);
	fill(err, errnum, stage, format, arguments);
	va_end(arguments);
	size_t used = strlen(err->message);
	(void)snprintf(err->message + used, sizeof err->message - used, ": %s", strerror(errnum));
	return -errnum;
}
