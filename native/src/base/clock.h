#pragma once
/* Wall-clock time as the Engine API writes it: RFC 3339 in UTC with up to nine fractional digits, trailing zeros cut (Go's RFC3339Nano). */

#include <time.h>

enum { CLOCK_TEXT_SIZE = 32 };

void clock_format(const struct timespec *time, char ret_text[static CLOCK_TEXT_SIZE]);
void clock_now_text(char ret_text[static CLOCK_TEXT_SIZE]);
