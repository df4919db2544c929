#include "base/clock.h"

#include <stdio.h>
#include <string.h>

void clock_format(const struct timespec *time, char ret_text[static CLOCK_TEXT_SIZE]) {
	struct tm utc;
	(void)gmtime_r(&time->tv_sec, &utc);
	size_t length = strftime(ret_text, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &utc);
	if (time->tv_nsec > 0) {
		length += (size_t)snprintf(ret_text + length, CLOCK_TEXT_SIZE - length, ".%09ld", time->tv_nsec);
		while (ret_text[length - 1] == '0')
			length--;
	}
	(void)memcpy(ret_text + length, "Z", 2);
}

void clock_now_text(char ret_text[static CLOCK_TEXT_SIZE]) {
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	clock_format(&now, ret_text);
}
