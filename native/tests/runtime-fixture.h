#pragma once
/*
 * Containers made by the runtime library itself, without spawner and monitor: a root with nothing but the probe, limits and mounts as berthd writes
 * them. Needs root and BERTH_TEST_BUILD (the folder of the probe).
 */

#include "runtime/container.h"

struct rig {
	struct host host;
	int null; /* /dev/null */
	char folder[64]; /* a tmpfs: lower, upper, work, outside */
	char cgroup[64];
	struct container container;
};

bool rig_open(struct rig *rig);
/* False when a mount, a cgroup, an fd or a process was left behind since rig_open(). */
bool rig_close(struct rig *rig);

/* The config of a container that runs `argv` (NULL-ended), as Docker's defaults are. The caller changes members and starts it. */
json_t *rig_config(const struct rig *rig, const char *const *argv);
/* Sets a member by path: "spec.process.user", value is taken. */
void rig_set(json_t *config, const char *path, json_t *value);
void rig_append(json_t *config, const char *path, json_t *value);

/* Takes config. 0, or the negative error with *err. Output of the process goes to *ret_output (a pipe's read end) when not NULL. */
int rig_start(struct rig *rig, json_t *config, int *ret_output, struct error *err);
/* Waits, reads all output, cleans up. The exit code as a shell gives it, or the negative error. `output` is cut at its size. */
int rig_run(struct rig *rig, json_t *config, char *output, size_t size, struct error *err);
int rig_exec(struct rig *rig, json_t *process, char *output, size_t size, struct error *err);
/* Takes resources (runtime-spec), and changes the running container's. 0, or the negative error with *err. */
int rig_update(struct rig *rig, json_t *resources, struct error *err);
/* The exit code of a running container; releases it. */
int rig_wait(struct rig *rig);

/* Value of "key=" in a report, "" when absent. Points into a static buffer. */
const char *rig_value(const char *report, const char *key);

#define ARGV(...) ((const char *const[]){__VA_ARGS__, NULL})
