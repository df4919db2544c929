#include "report.h"

#include <stdio.h>

void report_failure(const char *command, const struct error *err) {
	(void)fprintf(stderr, "berth-native %s: %s: %s\n", command, err->stage, err->message);
}

void report_usage(const char *problem) {
	(void)fprintf(stderr, "berth-native: %s\nusage: berth-native spawner --run-dir DIR | netd ... | layer ... | oci ... | version\n", problem);
}
