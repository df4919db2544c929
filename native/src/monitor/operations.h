#pragma once
/* What a control connection may ask (MonitorRequest of schemas/runtime/monitor.ts). */

#include "monitor/state.h"

/* Runs one request; *ret_ok is the new `ok` object. */
int operations_run(struct monitor *monitor, json_t *request, struct stamps *stamps, json_t **ret_ok, struct error *err);
