#include "spawner/spawner.h"

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/frame.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/process.h"
#include "base/stamps.h"
#include "base/sys.h"
#include "report.h"
#include "runtime/cgroup.h"
#include "runtime/facts.h"
#include "runtime/host.h"
#include "runtime/seccomp.h"
#include "spawner/run-dir.h"
#include "spawner/workers.h"

#include <malloc.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

struct spawner {
	struct loop loop;
	struct loop_source input, output, children;
	struct frame_reader reader;
	struct buffer out;
	struct host host;
	int run_dir;
	const char *run_dir_path;
	const char *instance;
};

/* What Docker's default capabilities are; containers that keep them (nearly all) find their seccomp filter compiled. */
#define USUAL_CAPABILITIES 0x00000000a80425fbULL

static void flush(struct spawner *spawner) {
	struct error err;
	int r = buffer_flush(&spawner->out, spawner->output.fd);
	if (r < 0)
		loop_stop(&spawner->loop); /* berthd is gone */
	else if (r > 0)
		(void)loop_watch(&spawner->loop, &spawner->output, EPOLLOUT, &err);
	else
		loop_unwatch(&spawner->loop, &spawner->output);
}

static void send_message(struct spawner *spawner, json_t *message) {
	_cleanup_json_ json_t *owned = message;
	_cleanup_free_ char *text = owned ? json_dumps(owned, JSON_COMPACT) : NULL;
	if (!text || frame_push(&spawner->out, text, strlen(text)) < 0)
		loop_stop(&spawner->loop);
	else
		flush(spawner);
}

static int op_monitor(struct spawner *spawner, struct object_reader *request, json_t **ret_ok, struct error *err) {
	const char *container_id, *bundle;
	int r = take_string(request, "containerId", &container_id, err);
	if (r < 0 || (r = take_string(request, "bundle", &bundle, err)) < 0 || (r = object_close(request, err)) < 0)
		return r;
	const int private_fds[] = {spawner->loop.epoll, spawner->children.fd, spawner->run_dir};
	int pid = workers_fork_monitor(&spawner->host, bundle, private_fds, ELEMENTS(private_fds), err);
	if (pid < 0)
		return pid;
	*ret_ok = json_pack("{s:i}", "pid", pid);
	return 0;
}

static int op_layer(struct spawner *spawner, struct object_reader *request, json_t **ret_ok, struct error *err) {
	(void)spawner;
	const char *path;
	int r = take_string(request, "socket", &path, err);
	if (r < 0 || (r = object_close(request, err)) < 0)
		return r;
	int pid = workers_fork_layer(path, err);
	if (pid < 0)
		return pid;
	*ret_ok = json_pack("{s:i}", "pid", pid);
	return 0;
}

static int op_netd(struct spawner *spawner, struct object_reader *request, json_t **ret_ok, struct error *err) {
	int r = object_close(request, err);
	if (r < 0)
		return r;
	bool is_started = false;
	int pid = workers_fork_netd(spawner->run_dir, spawner->run_dir_path, spawner->instance, &is_started, err);
	if (pid < 0)
		return pid;
	*ret_ok = json_pack("{s:i, s:b}", "pid", pid, "started", is_started);
	return 0;
}

static int op_facts(struct spawner *spawner, struct object_reader *request, json_t **ret_ok, struct error *err) {
	int r = object_close(request, err);
	return r < 0 ? r : facts_collect(&spawner->host, ret_ok, err);
}

static const struct {
	const char *name;
	int (*run)(struct spawner *spawner, struct object_reader *request, json_t **ret_ok, struct error *err);
} operations[] = {{"monitor", op_monitor}, {"layer", op_layer}, {"netd", op_netd}, {"facts", op_facts}};

static int run_operation(struct spawner *spawner, struct object_reader *request, json_t **ret_ok, struct error *err) {
	const char *name;
	int r = take_string(request, "op", &name, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ELEMENTS(operations); i++)
		if (strcmp(operations[i].name, name) == 0)
			return operations[i].run(spawner, request, ret_ok, err);
	return error_set(err, EINVAL, "protocol", "unknown op \"%.32s\"", name);
}

static void answer_request(struct spawner *spawner, const char *text, size_t length) {
	struct error err = {.stage = "protocol"};
	_cleanup_json_ json_t *document = NULL;
	json_t *ok = NULL;
	int64_t id = 0;
	struct object_reader request;
	struct stamps stamps = {0};
	int r = json_parse(text, length, &document, &err);
	if (r == 0)
		stamps_take(&stamps, document);
	if (r == 0 && (r = object_open(&request, document, "request", &err)) == 0 &&
		(r = take_integer(&request, "id", 1, INT64_MAX, &id, &err)) == 0)
		r = run_operation(spawner, &request, &ok, &err);
	if (r == 0 && !ok)
		r = error_set(&err, ENOMEM, "protocol", "out of memory");
	json_t *answer = r < 0 ? json_pack("{s:I, s:o}", "id", (json_int_t)id, "error", error_to_json(&err))
				   : json_pack("{s:I, s:o}", "id", (json_int_t)id, "ok", ok);
	stamps_put(&stamps, "fork", answer);
	send_message(spawner, answer);
}

static void on_input(void *data, uint32_t events) {
	(void)events;
	struct spawner *spawner = data;
	int r = frame_fill(&spawner->reader, spawner->input.fd);
	if (r == -EAGAIN)
		return;
	const char *text;
	size_t length;
	int next = r;
	while (r > 0 && !spawner->loop.is_stopped && (next = frame_next(&spawner->reader, &text, &length)) > 0)
		answer_request(spawner, text, length);
	if (r <= 0 || next < 0)
		loop_stop(&spawner->loop);
}

static void on_output(void *data, uint32_t events) {
	(void)events;
	flush(data);
}

static void on_child(void *data, uint32_t events) {
	(void)events;
	struct spawner *spawner = data;
	struct signalfd_siginfo ignored[8];
	while (read(spawner->children.fd, ignored, sizeof ignored) > 0)
		continue;
	for (;;) {
		siginfo_t info = {0};
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
			return;
		bool is_exit = info.si_code == CLD_EXITED;
		send_message(spawner, json_pack("{s:s, s:i, s:i, s:i}", "event", "workerExit", "pid", info.si_pid, "code",
						is_exit ? info.si_status : 128 + info.si_status, "signal", is_exit ? 0 : info.si_status));
	}
}

static int watch_all(struct spawner *spawner, struct error *err) {
	sigset_t child;
	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &child, NULL) < 0)
		return error_errno(err, "spawner", "sigprocmask");
	spawner->input = (struct loop_source){.fd = STDIN_FILENO, .run = on_input, .data = spawner};
	spawner->output = (struct loop_source){.fd = STDOUT_FILENO, .run = on_output, .data = spawner};
	spawner->children = (struct loop_source){.fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK), .run = on_child, .data = spawner};
	if (spawner->children.fd < 0)
		return error_errno(err, "spawner", "signalfd");
	int r = loop_open(&spawner->loop, err);
	if (r < 0 || (r = loop_watch(&spawner->loop, &spawner->children, EPOLLIN, err)) < 0)
		return r;
	if (set_nonblocking(STDIN_FILENO, true) < 0 || set_nonblocking(STDOUT_FILENO, true) < 0)
		return error_errno(err, "spawner", "cannot make stdio non-blocking");
	return loop_watch(&spawner->loop, &spawner->input, EPOLLIN, err);
}

static int prepare(struct spawner *spawner, struct error *err) {
	(void)sys_close_range(3, ~0U, 0);
	process_reset_signals();
	(void)signal(SIGPIPE, SIG_IGN);
	process_harden();
	spawner->run_dir = run_dir_open(spawner->run_dir_path, err);
	if (spawner->run_dir < 0)
		return spawner->run_dir;
	int r = host_open(&spawner->host, err);
	if (r < 0 || (r = host_probe(&spawner->host, err)) < 0)
		return r;
	struct seccomp_filter usual;
	if ((r = seccomp_compile_default(USUAL_CAPABILITIES & spawner->host.bounding, &usual, err)) < 0)
		return r;
	struct error unbound;
	if (spawner->host.cgroups && cgroup_bound_processes(spawner->host.cgroups, spawner->instance, &unbound) < 0)
		report_failure("spawner", &unbound); /* told, and no reason to run no container */
	(void)malloc_trim(0); /* what compiling took would be copied page by page into every monitor */
	return watch_all(spawner, err);
}

static int parse_arguments(struct spawner *spawner, int argc, char **argv) {
	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--run-dir") == 0)
			spawner->run_dir_path = argv[i + 1];
		else if (strcmp(argv[i], "--instance") == 0)
			spawner->instance = argv[i + 1];
		else
			return -EINVAL;
	}
	return argc % 2 == 1 && spawner->run_dir_path ? 0 : -EINVAL;
}

int spawner_main(int argc, char **argv) {
	struct spawner spawner = {.run_dir = -1, .instance = "berth"};
	struct error err;
	if (parse_arguments(&spawner, argc, argv) < 0) {
		report_usage("spawner expects --run-dir DIR [--instance NAME]");
		return 2;
	}
	int r = prepare(&spawner, &err);
	if (r == 0)
		r = loop_run(&spawner.loop, &err);
	if (r < 0)
		report_failure("spawner", &err);
	loop_close_source(&spawner.loop, &spawner.children);
	loop_close(&spawner.loop);
	frame_reader_free(&spawner.reader);
	buffer_free(&spawner.out);
	close_fd(&spawner.run_dir);
	host_close(&spawner.host);
	return r < 0;
}
