#include "monitor/operations.h"

#include "base/cleanup.h"
#include "base/json.h"
#include "base/stamps.h"
#include "base/sys.h"
#include "monitor/attach.h"
#include "monitor/backend.h"

#include <errno.h>
#include <string.h>

static bool is_up(const struct monitor *monitor) {
	return (monitor->status == STATUS_RUNNING || monitor->status == STATUS_PAUSED) && !monitor->is_exiting;
}

static int need_running(const struct monitor *monitor, struct error *err) {
	return is_up(monitor) ? 0 : error_set(err, ESRCH, "state", "the container is not running");
}

static int need_status(const struct monitor *monitor, enum status wanted, const char *problem, struct error *err) {
	int r = need_running(monitor, err);
	return r < 0 || monitor->status == wanted ? r : error_set(err, EBUSY, "state", "%s", problem);
}

static int open_log(struct monitor *monitor, const struct log_config *config, struct error *err) {
	log_close(&monitor->log);
	return config->path ? log_open(&monitor->log, config->path, config->max_bytes, config->max_files, err) : 0;
}

/* The container runs: hand its streams to the session and watch its memory. Nothing here fails the start any more. */
static void begin(struct monitor *monitor, const struct start_config *config, struct session_pipes *pipes) {
	struct error err;
	struct container *container = &monitor->container;
	clock_now_text(monitor->started_at);
	monitor->status = STATUS_RUNNING;
	monitor->main.closes_input = config->stdin_once;
	if (session_begin(&monitor->main, container->pid, pipes, TAKE_FD(container->terminal), &err) < 0)
		warnings_add(&container->warnings, "input of the terminal is lost: %s", err.message);
	if (oom_begin(&monitor->oom, config->spec.cgroup_path, config->kills_all_on_oom, &err) < 0)
		warnings_add(&container->warnings, "out-of-memory kills are seen at the exit only: %s", err.message);
}

static int start(struct monitor *monitor, const struct start_config *config, json_t **ret_ok, struct error *err) {
	struct session_pipes pipes;
	int r = open_log(monitor, &config->log, err);
	if (r < 0)
		return r;
	bool has_pipes = !config->spec.process.terminal;
	if ((r = session_pipes_open(&pipes, has_pipes && config->stdin_open, has_pipes, err)) < 0)
		return r;
	struct container_stdio stdio = {.in = pipes.child[0], .out = pipes.child[1], .err = pipes.child[2]};
	monitor->backend = config->runtime ? &backend_foreign : &backend_own;
	if ((r = monitor->backend->start(monitor, config, &stdio, err)) < 0) {
		session_pipes_close(&pipes);
		return r;
	}
	begin(monitor, config, &pipes);
	*ret_ok = json_pack("{s:i, s:s, s:o}", "pid", monitor->container.pid, "startedAt", monitor->started_at, "warnings",
				warnings_to_json(&monitor->container.warnings));
	return 0;
}

static int op_start(struct monitor *monitor, struct object_reader *request, json_t **ret_ok, struct error *err) {
	if (is_up(monitor) || monitor->is_exiting)
		return error_set(err, EBUSY, "state", "the container is running");
	struct start_config config = {0};
	int r = start_config_parse((json_t *)request->object, &config, err);
	if (r < 0)
		return r;
	r = start(monitor, &config, ret_ok, err);
	start_config_free(&config);
	return r;
}

static int op_signal(struct monitor *monitor, struct object_reader *request, json_t **ret_ok, struct error *err) {
	(void)ret_ok;
	int64_t number = 0;
	bool is_for_all = false;
	int r = take_integer(request, "signal", 0, 64, &number, err);
	if (r < 0 || (r = take_optional_bool(request, "all", &is_for_all, err)) < 0 || (r = object_close(request, err)) < 0 ||
		(r = need_running(monitor, err)) < 0)
		return r;
	r = monitor->backend->signal(monitor, (int)number, is_for_all, err);
	/* A frozen process of cgroup v1 does not die before it is thawed. */
	if (r >= 0 && number == SIGKILL && monitor->status == STATUS_PAUSED && (r = cgroup_freeze(monitor->container.cgroup, false, err)) >= 0)
		monitor->status = STATUS_RUNNING;
	return r;
}

static int exec(struct monitor *monitor, struct session *session, const json_t *process, bool has_input, json_t **ret_ok, struct error *err) {
	struct session_pipes pipes;
	bool has_pipes = session->attaches && !json_is_true(json_object_get(process, "terminal"));
	int r = session_pipes_open(&pipes, has_pipes && has_input, has_pipes, err);
	if (r < 0)
		return r;
	struct container_stdio stdio = {.in = pipes.child[0], .out = pipes.child[1], .err = pipes.child[2]};
	struct container_process started;
	if ((r = monitor->backend->exec(monitor, process, &stdio, &started, err)) < 0) {
		session_pipes_close(&pipes);
		return r;
	}
	close_fd(&started.pidfd); /* its exit is told by SIGCHLD, its pid is ours until then */
	session->closes_input = true;
	if ((r = session_begin(session, started.pid, &pipes, started.terminal, err)) < 0)
		return r;
	*ret_ok = json_pack("{s:i}", "pid", started.pid);
	return 0;
}

static int op_exec(struct monitor *monitor, struct object_reader *request, json_t **ret_ok, struct error *err) {
	const char *exec_id;
	const json_t *json;
	bool has_input = false;
	int r = take_string(request, "execId", &exec_id, err);
	if (r < 0 || (r = take_object(request, "process", &json, err)) < 0 || (r = take_optional_bool(request, "stdin", &has_input, err)) < 0 ||
		(r = object_close(request, err)) < 0 ||
		(r = need_status(monitor, STATUS_RUNNING, "the container is paused: unpause it before exec", err)) < 0)
		return r;
	struct session *session = monitor_find_exec(monitor, exec_id);
	if (session && session->pid > 0)
		return error_set(err, EEXIST, "exec", "exec %.64s runs already", exec_id);
	if (!session && (r = monitor_add_exec(monitor, exec_id, &session, err)) < 0)
		return r;
	if ((r = exec(monitor, session, json, has_input, ret_ok, err)) < 0)
		monitor_drop_exec(monitor, session); /* its connections see the end of the stream */
	return r;
}

static int op_resize(struct monitor *monitor, struct object_reader *request, json_t **ret_ok, struct error *err) {
	(void)ret_ok;
	const char *exec_id = NULL;
	int64_t height = 0, width = 0;
	int r = take_optional_string(request, "execId", &exec_id, err);
	if (r < 0 || (r = take_integer(request, "height", 0, UINT16_MAX, &height, err)) < 0 ||
		(r = take_integer(request, "width", 0, UINT16_MAX, &width, err)) < 0 || (r = object_close(request, err)) < 0)
		return r;
	struct session *session = exec_id ? monitor_find_exec(monitor, exec_id) : &monitor->main;
	if (!session)
		return error_set(err, ESRCH, "resize", "no exec %.64s", exec_id);
	return session_resize(session, (unsigned short)height, (unsigned short)width, err);
}

static int freeze(struct monitor *monitor, struct object_reader *request, bool is_frozen, struct error *err) {
	int r = object_close(request, err);
	if (r < 0 || (r = need_status(monitor, is_frozen ? STATUS_RUNNING : STATUS_PAUSED,
					  is_frozen ? "the container is paused already" : "the container is not paused", err)) < 0)
		return r;
	if ((r = monitor->backend->freeze(monitor, is_frozen, err)) >= 0)
		monitor->status = is_frozen ? STATUS_PAUSED : STATUS_RUNNING;
	return r;
}

static int op_pause(struct monitor *monitor, struct object_reader *request, json_t **ret_ok, struct error *err) {
	(void)ret_ok;
	return freeze(monitor, request, true, err);
}

static int op_resume(struct monitor *monitor, struct object_reader *request, json_t **ret_ok, struct error *err) {
	(void)ret_ok;
	return freeze(monitor, request, false, err);
}

static int op_update(struct monitor *monitor, struct object_reader *request, json_t **ret_ok, struct error *err) {
	const json_t *json;
	int r = take_object(request, "resources", &json, err);
	if (r < 0 || (r = object_close(request, err)) < 0 || (r = need_running(monitor, err)) < 0)
		return r;
	struct warnings warnings = {0};
	r = monitor->backend->update(monitor, json, &warnings, err);
	if (r >= 0)
		*ret_ok = json_pack("{s:o}", "warnings", warnings_to_json(&warnings));
	warnings_free(&warnings);
	return r;
}

static int op_usage(struct monitor *monitor, struct object_reader *request, json_t **ret_ok, struct error *err) {
	int r = object_close(request, err);
	return r < 0 || (r = need_running(monitor, err)) < 0 ? r : container_usage(&monitor->container, ret_ok, err);
}

static int op_processes(struct monitor *monitor, struct object_reader *request, json_t **ret_ok, struct error *err) {
	_cleanup_free_ pid_t *pids = NULL;
	size_t count = 0;
	int r = object_close(request, err);
	if (r < 0 || (r = need_running(monitor, err)) < 0 || (r = cgroup_processes(monitor->container.cgroup, &pids, &count, err)) < 0)
		return r;
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(list, json_integer(pids[i]));
	*ret_ok = json_pack("{s:o}", "pids", list);
	return 0;
}

static int op_release(struct monitor *monitor, struct object_reader *request, json_t **ret_ok, struct error *err) {
	(void)ret_ok;
	int r = object_close(request, err);
	if (r < 0)
		return r;
	oom_free(&monitor->oom);
	r = monitor->backend->release(monitor, err);
	log_close(&monitor->log);
	(void)sys_unlinkat(monitor->bundle, "monitor.sock", 0);
	monitor->is_released = true;
	return r;
}

static const struct {
	const char *name;
	int (*run)(struct monitor *monitor, struct object_reader *request, json_t **ret_ok, struct error *err);
} operations[] = {
	{"start", op_start},   {"signal", op_signal}, {"exec", op_exec},     {"resize", op_resize},	    {"pause", op_pause},
	{"resume", op_resume}, {"update", op_update}, {"usage", op_usage}, {"processes", op_processes}, {"release", op_release},
};

/* The steps of the runtime, which it notes at every start. */
static void add_start_stages(const struct trace *trace, struct stamps *stamps) {
	stamps_add(stamps, "parse", trace->began);
	for (uint32_t i = 0; i < trace->count; i++)
		stamps_add(stamps, trace->marks[i].stage, trace->marks[i].at);
}

int operations_run(struct monitor *monitor, json_t *request, struct stamps *stamps, json_t **ret_ok, struct error *err) {
	struct object_reader reader;
	const char *name;
	int64_t id;
	int r = object_open(&reader, request, "request", err);
	if (r < 0 || (r = take_integer(&reader, "id", 1, INT64_MAX, &id, err)) < 0 || (r = take_string(&reader, "op", &name, err)) < 0)
		return r;
	for (size_t i = 0; i < ELEMENTS(operations); i++)
		if (strcmp(operations[i].name, name) == 0) {
			loop_arm(&monitor->loop, &monitor->trim, TRIM_DELAY_MS);
			monitor->is_traced |= stamps->list != NULL;
			r = operations[i].run(monitor, &reader, ret_ok, err);
			if (operations[i].run == op_start && r >= 0)
				add_start_stages(&monitor->container.trace, stamps);
			else
				stamps_add(stamps, name, stamps_now());
			return r;
		}
	return error_set(err, EINVAL, "protocol", "unknown op \"%.32s\"", name);
}
