#include "oci/config.h"
#include "oci/home.h"
#include "oci/listener.h"
#include "oci/store.h"
#include "oci/terminal.h"
#include "oci/wait.h"

#include "base/cleanup.h"
#include "base/json.h"
#include "runtime/capabilities.h"
#include "runtime/container.h"
#include "runtime/launch.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>

struct request {
	const char *process, *pid_file, *console_socket, *user, *cwd, *preserve, *apparmor, *selinux;
	json_t *env, *capabilities, *groups;
	bool has_terminal, detach, no_new_privileges, ignores_pause;
	char **args;
};

/* Digits alone, up to 4294967294: (uid_t)-1 would mean "as it is", which is root. */
static int parse_id(const char *option, const char *text, size_t length, json_int_t *ret, struct error *err) {
	json_int_t number = 0;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9' || i >= 10)
			length = 0;
		number = number * 10 + (text[i] - '0');
	}
	if (!length || number > 4294967294LL)
		return error_set(err, EINVAL, "usage", "%s: numbers from 0 to 4294967294 are expected, not \"%.64s\"", option, text);
	*ret = number;
	return 0;
}

static int set_user(json_t *process, const char *text, struct error *err) {
	size_t length = strcspn(text, ":");
	json_int_t uid, gid = 0;
	int failed = parse_id("--user", text, length, &uid, err);
	if (failed < 0 || (text[length] && (failed = parse_id("--user", text + length + 1, strlen(text + length + 1), &gid, err)) < 0))
		return failed;
	json_t *user = json_copy(json_object_get(process, "user"));
	(void)json_object_set_new(user, "uid", json_integer(uid));
	if (text[length])
		(void)json_object_set_new(user, "gid", json_integer(gid));
	return json_object_set_new(process, "user", user);
}

static int from_file(const char *path, json_t **ret, struct error *err) {
	_cleanup_json_ json_t *process = NULL;
	int failed = config_read(AT_FDCWD, path, &process, err);
	if (failed < 0 || (failed = config_process(process, err)) < 0)
		return failed;
	if (!json_object_get(process, "env"))
		(void)json_object_set_new(process, "env", json_array());
	*ret = TAKE_PTR(process);
	return 0;
}

/* Each set is a list of its own, so that the container's other lists do not grow. An ambient one works only with inheritable: as runc, neither is touched. */
static void add_capabilities(json_t *process, const json_t *names) {
	static const char *const sets[] = {"bounding", "effective", "permitted"};
	json_t *capabilities = json_object_get(process, "capabilities"), *name;
	size_t index;
	if (json_array_size(names) && !capabilities)
		(void)json_object_set_new(process, "capabilities", capabilities = json_object());
	json_array_foreach(names, index, name) {
		if (capability_number(json_string_value(name)) < 0) {
			output_warning("--cap: unknown capability \"%.64s\" is left out", json_string_value(name));
			continue;
		}
		for (size_t i = 0; i < ELEMENTS(sets); i++) {
			json_t *set = json_object_get(capabilities, sets[i]);
			if (!set)
				(void)json_object_set_new(capabilities, sets[i], set = json_array());
			(void)json_array_append(set, name);
		}
	}
}

/* Takes the place of one of the same name. */
static void set_variable(json_t *env, json_t *text) {
	size_t index, length = strcspn(json_string_value(text), "=") + 1;
	json_t *entry;
	json_array_foreach(env, index, entry) {
		if (json_is_string(entry) && strncmp(json_string_value(entry), json_string_value(text), length) == 0) {
			(void)json_array_set(env, index, text);
			return;
		}
	}
	(void)json_array_append(env, text);
}

static int add_groups(json_t *process, const json_t *texts, struct error *err) {
	json_t *user = json_object_get(process, "user"), *list = json_array(), *text;
	size_t index;
	if (!json_array_size(texts)) {
		json_decref(list);
		return 0;
	}
	(void)json_object_set_new(user, "additionalGids", list);
	json_array_foreach(texts, index, text) {
		json_int_t id;
		int failed = parse_id("--additional-gids", json_string_value(text), json_string_length(text), &id, err);
		if (failed < 0)
			return failed;
		(void)json_array_append_new(list, json_integer(id));
	}
	return 0;
}

/* What of the container's process a flag changes. */
static int apply_flags(const struct request *request, json_t *process, struct error *err) {
	if (request->cwd)
		(void)json_object_set_new(process, "cwd", json_string(request->cwd));
	if (request->apparmor)
		(void)json_object_set_new(process, "apparmorProfile", json_string(request->apparmor));
	if (request->selinux)
		(void)json_object_set_new(process, "selinuxLabel", json_string(request->selinux));
	if (request->no_new_privileges)
		(void)json_object_set_new(process, "noNewPrivileges", json_true());
	if (!json_object_get(process, "env"))
		(void)json_object_set_new(process, "env", json_array());
	size_t index;
	json_t *variable;
	json_array_foreach(request->env, index, variable) set_variable(json_object_get(process, "env"), variable);
	add_capabilities(process, request->capabilities);
	int failed = request->user ? set_user(process, request->user, err) : 0;
	return failed < 0 ? failed : add_groups(process, request->groups, err);
}

/* The container's own process with what the options change. */
static int from_options(const struct request *request, const struct store *store, json_t **ret, struct error *err) {
	const json_t *start = json_object_get(store->state, "start");
	if (!request->args[0])
		return error_set(err, EINVAL, "usage", "a program is expected after the container's id");
	json_t *process = json_deep_copy(json_object_get(json_object_get(start, "spec"), "process")), *args = json_array();
	for (char **at = request->args; *at; at++)
		(void)json_array_append_new(args, json_string(*at));
	json_t *env = json_object_get(process, "env");
	for (json_int_t i = json_integer_value(json_object_get(store->state, "addedVariables")); i > 0 && json_array_size(env); i--)
		(void)json_array_remove(env, json_array_size(env) - 1);
	(void)json_object_set_new(process, "args", args);
	(void)json_object_set_new(process, "terminal", json_boolean(request->has_terminal));
	int failed = apply_flags(request, process, err);
	if (failed < 0) {
		json_decref(process);
		return failed;
	}
	*ret = process;
	return 0;
}

static int take_listener(void *owner, pid_t pid, int fd, struct error *err) {
	const struct store *store = owner;
	return listener_send(store, "running", pid, fd, err);
}

/* Starts it and tells the caller; *ret_pid is a child of ours. */
static int execute(const struct request *request, struct store *store, const struct spec_process *process, struct container_process *ret,
				   struct error *err) {
	struct host host;
	struct container container;
	struct container_process started = {.pidfd = -1, .terminal = -1};
	const struct container_stdio stdio = {.in = 0, .out = 1, .err = 2};
	unsigned preserved;
	int failed = options_count(request->preserve, &preserved, err);
	if (failed < 0 || (failed = wait_check_terminal(process->terminal, request->console_socket, !request->detach, err)) < 0 || (failed = host_open(&host, err)) < 0)
		return failed;
	if ((failed = container_adopt(&host, &store->config, store_pid(store), &container, err)) >= 0) {
		const struct launch_hold hold = {.fifo = -1, .owner = store, .take_listener = take_listener};
		container.preserved_fds = preserved;
		container.hold = &hold;
		failed = container_exec(&host, &container, process, &stdio, &started, err);
		config_warn(&container.warnings);
		close_fd(&container.pidfd);
		close_fd(&container.devpts);
		cgroup_free(container.cgroup);
	}
	host_close(&host);
	if (failed < 0)
		return failed;
	if (request->console_socket)
		failed = wait_send_terminal(request->console_socket, started.terminal, err);
	if (failed >= 0)
		failed = wait_write_pid(request->pid_file, started.pid, err);
	if (failed < 0)
		(void)kill(started.pid, SIGKILL);
	close_fd(&started.pidfd);
	*ret = started;
	return failed;
}

static bool may_execute(const struct request *request, const char *status) {
	return strcmp(status, "running") == 0 || strcmp(status, "created") == 0 || (request->ignores_pause && strcmp(status, "paused") == 0);
}

static int run(const struct oci *oci, const char *id, const struct request *request, struct error *err) {
	struct store store;
	struct spec_process process = {0};
	struct container_process started = {.terminal = -1};
	_cleanup_json_ json_t *json = NULL;
	int failed = store_open(oci, id, &store, err);
	if (failed < 0)
		return failed;
	const char *status = store_status(&store);
	if (!may_execute(request, status))
		failed = error_set(err, EINVAL, "state", "cannot exec in a container that is %s", status);
	else
		failed = request->process ? from_file(request->process, &json, err) : from_options(request, &store, &json, err);
	if (failed >= 0) {
		home_add_running(json, store_pid(&store));
		failed = spec_process_parse(json, "process", &process, err);
	}
	if (failed >= 0) {
		failed = execute(request, &store, &process, &started, err);
		spec_process_free(&process);
	}
	store_close(&store);
	return failed < 0 || request->detach ? failed : terminal_forward(&started.terminal, started.pid);
}

int command_exec(const struct oci *oci, char **argv, struct error *err) {
	struct request request = {.env = json_array(), .capabilities = json_array(), .groups = json_array()};
	const char *ignored;
	const struct option options[] = {
		{.name = "process", .letter = 'p', .text = &request.process},
		{.name = "pid-file", .text = &request.pid_file},
		{.name = "console-socket", .text = &request.console_socket},
		{.name = "user", .letter = 'u', .text = &request.user},
		{.name = "additional-gids", .letter = 'g', .list = request.groups},
		{.name = "cwd", .text = &request.cwd},
		{.name = "env", .letter = 'e', .list = request.env},
		{.name = "cap", .letter = 'c', .list = request.capabilities},
		{.name = "no-new-privs", .flag = &request.no_new_privileges},
		{.name = "apparmor", .text = &request.apparmor},
		{.name = "process-label", .text = &request.selinux},
		{.name = "tty", .letter = 't', .flag = &request.has_terminal},
		{.name = "detach", .letter = 'd', .flag = &request.detach},
		{.name = "ignore-paused", .flag = &request.ignores_pause},
		{.name = "preserve-fds", .text = &request.preserve},
		{.name = "pidfd-socket", .text = &ignored},
		{.name = NULL},
	};
	char **rest = options_parse(options, argv, err);
	int code = rest ? store_check_id(rest[0], err) : -1;
	if (code >= 0) {
		request.args = rest + 1;
		wait_prepare();
		code = run(oci, rest[0], &request, err);
	}
	json_decref(request.env);
	json_decref(request.capabilities);
	json_decref(request.groups);
	return code;
}
