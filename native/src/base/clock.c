#include "base/clock.h"

#include <stdio.h>
#include <string.h>

struct date {
	long year;
	unsigned month, day;
};

/* The proleptic Gregorian date of a day counted from 1970-01-01. Not gmtime_r and strftime: they read /etc/localtime and keep it in memory. */
static struct date date_of(long day) {
	long shifted = day + 719468; /* from 0000-03-01: leap days come last in a year that begins in March */
	long era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	unsigned of_era = (unsigned)(shifted - era * 146097);
	unsigned year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	unsigned of_year = of_era - (365 * year + year / 4 - year / 100);
	unsigned month = (5 * of_year + 2) / 153;
	return (struct date){.year = (long)year + era * 400 + (month >= 10),
				 .month = month < 10 ? month + 3 : month - 9,
				 .day = of_year - (153 * month + 2) / 5 + 1};
}

void clock_format(const struct timespec *time, char ret_text[static CLOCK_TEXT_SIZE]) {
	long day = time->tv_sec / 86400 - (time->tv_sec % 86400 < 0);
	unsigned second = (unsigned)(time->tv_sec - day * 86400);
	struct date date = date_of(day);
	size_t length = (size_t)snprintf(ret_text, CLOCK_TEXT_SIZE, "%04ld-%02u-%02uT%02u:%02u:%02u", date.year % 10000, date.month, date.day,
					 second / 3600, second / 60 % 60, second % 60);
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
