#pragma once
/* A bundle's config.json as the StartConfig that the library parses (runtime/spec.h). Members that the specification does not know are left out, as it
 * demands; what it knows and is not there yet is refused by name. */

#include <jansson.h>

#include "base/error.h"
#include "runtime/warnings.h"

/* *ret: {start: StartConfig, hooks: {...}, annotations: {...}, bundle}. New reference. `file` is relative to the bundle, or absolute. */
int config_load(const char *bundle, const char *file, const char *id, json_t **ret, struct error *err);

/* The JSON document in a file, relative to the folder; "-" is the standard input. New reference. */
int config_read(int folder, const char *path, json_t **ret, struct error *err);

/* Changes an OCI process object into what the library takes: nulls and unknown members are left out. */
int config_process(json_t *process, struct error *err);

/* What a start or exec could not do and did not need to. */
void config_warn(const struct warnings *warnings);
