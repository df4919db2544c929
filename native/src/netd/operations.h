#pragma once
/* The requests of schemas/runtime/netd.ts, by name. */

#include "netd/netd.h"

/*
 * Runs one request (the frame's JSON object). Yields the answer frame's value, `{id, ok}` or `{id, error: {stage, errno, message}}`; the caller owns it.
 * NULL only when memory runs out.
 */
json_t *netd_operations_run(struct netd *netd, json_t *request);
