#pragma once
/* HostFacts of schemas/runtime/spawner.ts. */

#include <jansson.h>

#include "base/error.h"
#include "runtime/host.h"

/* Returns HostFacts as a new JSON object. Probes nftables and overlay by asking the kernel, not by reading version numbers. */
int facts_collect(const struct host *host, json_t **ret, struct error *err);
