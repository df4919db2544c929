#include "monitor/backend.h"

#include "base/sys.h"

static int own_start(struct monitor *monitor, const struct start_config *config, const struct container_stdio *stdio, struct error *err) {
	return container_start(monitor->host, config, stdio, &monitor->container, err);
}

static int own_exec(struct monitor *monitor, const json_t *json, const struct container_stdio *stdio, struct container_process *ret,
			struct error *err) {
	struct spec_process process = {0};
	int r = spec_process_parse(json, "process", &process, err);
	if (r < 0)
		return r;
	r = container_exec(monitor->host, &monitor->container, &process, stdio, ret, err);
	spec_process_free(&process);
	return r;
}

static int own_signal(struct monitor *monitor, int signal, bool is_for_all, struct error *err) {
	if (is_for_all)
		return cgroup_signal(monitor->container.cgroup, signal, err);
	return sys_pidfd_send_signal(monitor->container.pidfd, signal) < 0 ? error_errno(err, "signal", "signal %d", signal) : 0;
}

static int own_freeze(struct monitor *monitor, bool is_frozen, struct error *err) {
	return cgroup_freeze(monitor->container.cgroup, is_frozen, err);
}

static int own_update(struct monitor *monitor, const json_t *json, struct warnings *warnings, struct error *err) {
	struct cgroup_resources resources = {0};
	int r = spec_resources_parse(json, "resources", &resources, err);
	if (r < 0)
		return r;
	r = cgroup_update(monitor->container.cgroup, &resources, warnings, err);
	spec_resources_free(&resources);
	return r;
}

static int own_exited(struct monitor *monitor, struct error *err) { return container_exited(&monitor->container, err); }
static int own_release(struct monitor *monitor, struct error *err) { return container_release(&monitor->container, err); }

const struct backend backend_own = {own_start, own_exec, own_signal, own_freeze, own_update, own_exited, own_release};

static int other_start(struct monitor *monitor, const struct start_config *config, const struct container_stdio *stdio, struct error *err) {
	return foreign_start(&monitor->foreign, monitor->host, config, stdio, &monitor->container, err);
}

static int other_exec(struct monitor *monitor, const json_t *json, const struct container_stdio *stdio, struct container_process *ret,
			  struct error *err) {
	return foreign_exec(&monitor->foreign, json, stdio, &monitor->container, ret, err);
}

static int other_signal(struct monitor *monitor, int signal, bool is_for_all, struct error *err) {
	return foreign_signal(&monitor->foreign, &monitor->container, signal, is_for_all, err);
}

static int other_freeze(struct monitor *monitor, bool is_frozen, struct error *err) {
	return foreign_freeze(&monitor->foreign, is_frozen, err);
}

static int other_update(struct monitor *monitor, const json_t *json, struct warnings *warnings, struct error *err) {
	return foreign_update(&monitor->foreign, json, warnings, err);
}

static int other_exited(struct monitor *monitor, struct error *err) { return foreign_exited(&monitor->foreign, &monitor->container, err); }
static int other_release(struct monitor *monitor, struct error *err) { return foreign_release(&monitor->foreign, &monitor->container, err); }

const struct backend backend_foreign = {other_start, other_exec, other_signal, other_freeze, other_update, other_exited, other_release};
