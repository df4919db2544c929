#pragma once
/* Who makes the processes of the container: our own runtime (runtime/container.h) or another one (foreign/foreign.h); chosen at each start. */

#include "monitor/state.h"

struct backend {
	int (*start)(struct monitor *monitor, const struct start_config *config, const struct container_stdio *stdio, struct error *err);
	int (*exec)(struct monitor *monitor, const json_t *process, const struct container_stdio *stdio, struct container_process *ret,
			struct error *err);
	int (*signal)(struct monitor *monitor, int signal, bool is_for_all, struct error *err);
	int (*freeze)(struct monitor *monitor, bool is_frozen, struct error *err);
	int (*update)(struct monitor *monitor, const json_t *resources, struct warnings *warnings, struct error *err);
	int (*exited)(struct monitor *monitor, struct error *err);
	int (*release)(struct monitor *monitor, struct error *err);
};

extern const struct backend backend_own, backend_foreign;
