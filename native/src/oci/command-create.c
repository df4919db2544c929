/* create, start and run. */
#include "oci/hooks.h"
#include "oci/config.h"
#include "oci/control.h"
#include "oci/home.h"
#include "oci/listener.h"
#include "oci/terminal.h"
#include "oci/wait.h"

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/container.h"
#include "runtime/launch.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct request {
	const char *bundle, *config, *pid_file, *console_socket, *preserve;
	bool detach, keep, keeps_keyring, is_foreground;
	struct store store;
	struct host host; /* open once a container was started, to the end of this process */
};

#define REQUEST_INIT {.store = STORE_INIT, .host = HOST_INIT}

/*
 * "created" for hooks of `create`, as crun says it and the validation suite of runtime-tools asks for it; runc says "creating".
 * The state is there for everybody who asks meanwhile, so that hooks can use it.
 */
static int at_namespaces(void *owner, pid_t pid, struct error *err) {
	struct store *store = owner;
	store_set_pid(store, pid);
	int failed = store_save(store, err);
	if (failed < 0 || (failed = hooks_run_unlocked(store, "prestart", "created", err)) < 0)
		return failed;
	return hooks_run_unlocked(store, "createRuntime", "created", err);
}

static int take_listener(void *owner, pid_t pid, int fd, struct error *err) {
	struct store *store = owner;
	store_set_pid(store, pid);
	return listener_send(store, "creating", pid, fd, err);
}

/* By the container's process: hooks see the pid that it has inside. */
static int in_container(void *owner, struct error *err) {
	struct store *store = owner;
	store_set_pid(store, getpid());
	return hooks_run(store, "createContainer", "created", NULL, err);
}

static int before_program(void *owner, struct error *err) {
	struct store *store = owner;
	store_set_pid(store, getpid());
	return hooks_run(store, "startContainer", "created", NULL, err);
}

static int open_fifo(int folder, int *ret, struct error *err) {
	if (mkfifoat(folder, "exec.fifo", 0600) < 0 || (*ret = openat(folder, "exec.fifo", O_RDWR | O_NOFOLLOW | O_CLOEXEC)) < 0)
		return error_errno(err, "state", "cannot make exec.fifo");
	return 0;
}

/* After the launch: what the caller is told. A failure here takes the container down again. */
static int announce(struct request *request, struct container *container, struct error *err) {
	struct store *store = &request->store;
	store_set_pid(store, container->pid);
	(void)json_object_del(store->state, "creating");
	int failed = container->terminal >= 0 && request->console_socket ? wait_send_terminal(request->console_socket, container->terminal, err) : 0;
	if (failed < 0 || (failed = store_save(store, err)) < 0)
		return failed;
	return wait_write_pid(request->pid_file, container->pid, err);
}

static bool has_host_hooks(const struct store *store) { return hooks_exist(store, "prestart") || hooks_exist(store, "createRuntime"); }

/*
 * Does anybody want something between `create` and `start`? If not, the container is started in one go, as berthd starts its own: without a fifo, a copy of
 * this process and its pages, and messages to and fro. A program may then run a moment before its state is saved; whoever looks meanwhile waits.
 */
static bool is_held(const struct request *request) {
	const struct store *store = &request->store;
	return !request->is_foreground || request->pid_file || request->console_socket || has_host_hooks(store) || hooks_exist(store, "createContainer") ||
		   hooks_exist(store, "startContainer") || hooks_exist(store, "poststart");
}

static int open_host(struct request *request, struct error *err) {
	int failed = host_open(&request->host, err);
	return failed >= 0 && spec_has_namespace(&request->store.config.spec, CLONE_NEWUSER) ? host_open_template(&request->host, err) : failed;
}

static int launch_container(struct request *request, struct container *container, struct error *err) {
	struct store *store = &request->store;
	_cleanup_close_ int fifo = -1;
	int failed = wait_check_terminal(store->config.spec.process.terminal, request->console_socket, request->is_foreground, err);
	if (failed >= 0 && is_held(request))
		failed = open_fifo(store->folder, &fifo, err);
	if (failed < 0 || (failed = open_host(request, err)) < 0)
		return failed;
	const struct launch_hold hold = {
		.fifo = fifo,
		.owner = store,
		.at_namespaces = has_host_hooks(store) ? at_namespaces : NULL,
		.in_container = hooks_exist(store, "createContainer") ? in_container : NULL,
		.before_program = hooks_exist(store, "startContainer") ? before_program : NULL,
		.take_listener = take_listener,
		.keeps_keyring = request->keeps_keyring,
	};
	const struct container_stdio stdio = {.in = 0, .out = 1, .err = 2};
	container->hold = &hold;
	failed = container_start(&request->host, &store->config, &stdio, container, err);
	container->hold = NULL;
	config_warn(&container->warnings);
	if (failed >= 0 && (failed = announce(request, container, err)) < 0) {
		struct error ignored;
		(void)container_release(container, &ignored);
	}
	return failed;
}

/* Variables of the runtime's own come after those of the bundle, and are not those of a later exec: see command-exec.c. */
static void note_added(json_t *state, const json_t *process, size_t before) {
	(void)json_object_set_new(state, "addedVariables", json_integer((json_int_t)(json_array_size(json_object_get(process, "env")) - before)));
}

/* LISTEN_FDS: sockets that somebody who speaks systemd's protocol handed on. They begin at fd 3, and so do those of --preserve-fds. */
static int count_preserved(const struct request *request, json_t *process, unsigned *ret, struct error *err) {
	const char *listen = getenv("LISTEN_FDS");
	unsigned count, sockets = 0;
	int failed = options_count(request->preserve, &count, err);
	if (failed < 0 || (failed = options_count(listen, &sockets, err)) < 0)
		return failed;
	if (sockets) {
		(void)json_array_append_new(json_object_get(process, "env"), json_sprintf("LISTEN_FDS=%u", sockets));
		(void)json_array_append_new(json_object_get(process, "env"), json_string("LISTEN_PID=1"));
	}
	*ret = count + sockets;
	return 0;
}

static int create(const struct oci *oci, char **argv, bool is_run, struct request *request, struct container *container, struct error *err) {
	bool ignored;
	const char *also_ignored;
	const struct option options[] = {
		{.name = "bundle", .letter = 'b', .text = &request->bundle},
		{.name = "config", .letter = 'f', .text = &request->config},
		{.name = "pid-file", .text = &request->pid_file},
		{.name = "console-socket", .text = &request->console_socket},
		{.name = "preserve-fds", .text = &request->preserve},
		{.name = "detach", .letter = 'd', .flag = &request->detach},
		{.name = "keep", .flag = &request->keep},
		{.name = "no-new-keyring", .flag = &request->keeps_keyring},
		/* pivot_root works here even where / is an initramfs, and nobody becomes a subreaper. */
		{.name = "no-pivot", .flag = &ignored},
		{.name = "no-subreaper", .flag = &ignored},
		{.name = "pidfd-socket", .text = &also_ignored},
		{.name = NULL},
	};
	json_t *state;
	unsigned preserved;
	char **rest = options_parse_anywhere(options, argv, err);
	if (!rest)
		return -EINVAL;
	int failed = store_check_id(rest[0], err);
	if (failed < 0 ||
		(failed = config_load(request->bundle ? request->bundle : ".", request->config ? request->config : "config.json", rest[0], &state, err)) < 0)
		return failed;
	json_t *spec = json_object_get(json_object_get(state, "start"), "spec");
	json_t *process = json_object_get(spec, "process");
	size_t given = json_array_size(json_object_get(process, "env"));
	home_add(process, json_string_value(json_object_get(json_object_get(spec, "root"), "path")));
	failed = count_preserved(request, process, &preserved, err);
	note_added(state, process, given);
	if (failed >= 0)
		failed = store_create(oci, rest[0], state, &request->store, err);
	if (failed < 0) {
		json_decref(state);
		return failed;
	}
	container->preserved_fds = preserved;
	request->is_foreground = is_run && !request->detach;
	if ((failed = launch_container(request, container, err)) < 0)
		store_remove(oci, &request->store);
	return failed;
}

static void close_request(struct request *request) {
	store_close(&request->store);
	host_close(&request->host);
}

int command_create(const struct oci *oci, char **argv, struct error *err) {
	struct request request = REQUEST_INIT;
	struct container container = CONTAINER_INIT;
	int failed = create(oci, argv, false, &request, &container, err);
	close_request(&request);
	return failed;
}

/* The program runs once the fifo was written to. A failing poststart hook stops the container, as the specification (1.2.1) says and runc does. */
static int start(struct store *store, struct error *err) {
	pid_t pid = store_pid(store);
	const char *status = store_status_of(store, pid);
	if (strcmp(status, "created") != 0)
		return error_set(err, EINVAL, "state", "cannot start a container in the %s state", status);
	_cleanup_close_ int fifo = openat(store->folder, "exec.fifo", O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (fifo < 0 || write(fifo, "s", 1) != 1)
		return error_errno(err, "start", "the container's process does not wait any more");
	(void)sys_unlinkat(store->folder, "exec.fifo", 0);
	int failed = hooks_run_unlocked(store, "poststart", "running", err);
	if (failed < 0 && pid && store_pid(store) == pid)
		(void)kill(pid, SIGKILL);
	return failed;
}

int command_start(const struct oci *oci, char **argv, struct error *err) {
	const struct option none[] = {{.name = NULL}};
	struct store store;
	char **rest = options_parse_anywhere(none, argv, err);
	if (!rest)
		return -EINVAL;
	int failed = store_open(oci, rest[0], &store, err);
	if (failed < 0)
		return failed;
	failed = start(&store, err);
	store_close(&store);
	return failed;
}

/* In the foreground: until the program ends, and then away with what is left. */
static int accompany(const struct oci *oci, struct request *request, struct container *container, struct error *err) {
	store_unlock(&request->store); /* others may work on it meanwhile */
	int code = terminal_forward(&container->terminal, container->pid);
	int failed = request->keep ? 0 : control_forget(oci, &request->store, container, err);
	return failed < 0 ? failed : code;
}

int command_run(const struct oci *oci, char **argv, struct error *err) {
	struct request request = REQUEST_INIT;
	struct container container = CONTAINER_INIT;
	wait_prepare();
	int code = create(oci, argv, true, &request, &container, err);
	if (code >= 0 && is_held(&request))
		code = start(&request.store, err);
	if (code < 0 && container.pid > 0) {
		struct error ignored;
		(void)container_release(&container, &ignored);
		store_remove(oci, &request.store);
	}
	if (code >= 0 && !request.detach)
		code = accompany(oci, &request, &container, err);
	close_request(&request);
	return code;
}
