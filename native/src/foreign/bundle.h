#pragma once
/* The bundle of a container for another OCI runtime. */

#include "foreign/foreign.h"

/*
 * config.json as a new object: `spec` of the start in the specification's own words. The default seccomp profile is written out, the root is "rootfs"
 * in the bundle, secrets are binds of "files/<n>" there, `init: true` is a program of ours in front of the container's. Pure.
 */
int bundle_config(const struct start_config *config, const struct host *host, const char *bundle_path, json_t **ret, struct error *err);

/* A document in the bundle, replaced. */
int bundle_write(int bundle, const char *name, const json_t *document, struct error *err);
