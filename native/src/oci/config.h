#pragma once
/* A bundle's config.json as the StartConfig that the library parses (runtime/spec.h). Members that the specification does not know are left out, as it
 * demands; what it knows and is not there yet is refused by name. */

#include <jansson.h>

#include "base/error.h"

/* *ret: {start: StartConfig, hooks: {...}, annotations: {...}, bundle}. New reference. */
int config_load(const char *bundle, const char *id, json_t **ret, struct error *err);

/* An OCI process object as the library takes it: nulls and unknown members left out. New reference. */
int config_process(const json_t *process, json_t **ret, struct error *err);
