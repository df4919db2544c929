#pragma once
/* How a container's main process ended: ExitRecord of schemas/runtime/monitor.ts, kept as exit.json in the bundle. */

#include "base/clock.h"
#include "base/error.h"

#include <jansson.h>
#include <stdint.h>
#include <sys/types.h>

struct exit_record {
	pid_t pid;
	int code; /* 0..255; 128 + signal when killed */
	int signal;
	char started_at[CLOCK_TEXT_SIZE];
	char finished_at[CLOCK_TEXT_SIZE];
	uint64_t oom_kills;
	uint64_t memory_peak;
};

/* A new object. */
json_t *exit_record_to_json(const struct exit_record *record);

/* Writes <bundle>/exit.json: temporary file, fsync, rename. */
int exit_record_save(int bundle, const struct exit_record *record, struct error *err);
