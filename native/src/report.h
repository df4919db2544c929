#pragma once
/* The only place besides main.c that prints: one line on stderr per failure of a whole command. */

#include "base/error.h"

/* "berth-native <command>: <stage>: <message>" */
void report_failure(const char *command, const struct error *err);
void report_usage(const char *problem);
