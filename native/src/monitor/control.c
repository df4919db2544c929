#include "monitor/control.h"

#include "base/cleanup.h"
#include "base/frame.h"
#include "base/json.h"
#include "base/stamps.h"
#include "monitor/attach.h"
#include "monitor/operations.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

enum { EVENTS_LIMIT = 1024 * 1024 };

struct control {
	struct monitor *monitor;
	struct control *next;
	struct loop_source socket;
	struct frame_reader reader;
	struct buffer out;
	bool is_greeted; /* its first frame was `control` */
	bool is_dead;	 /* closed, freed by the next sweep */
};

static void kill_control(struct control *control) {
	if (control->is_dead)
		return;
	control->is_dead = true;
	loop_close_source(&control->monitor->loop, &control->socket);
	loop_arm(&control->monitor->loop, &control->monitor->sweep, 0);
	if (control->monitor->is_released)
		loop_stop(&control->monitor->loop);
}

static void sweep(void *data) {
	struct monitor *monitor = data;
	struct control **link = &monitor->controls;
	while (*link) {
		struct control *control = *link;
		if (!control->is_dead) {
			link = &control->next;
			continue;
		}
		*link = control->next;
		frame_reader_free(&control->reader);
		buffer_free(&control->out);
		free(control);
	}
}

static void flush(struct control *control) {
	struct error err;
	if (control->is_dead)
		return;
	int r = buffer_flush(&control->out, control->socket.fd);
	if (r < 0 || loop_watch(&control->monitor->loop, &control->socket, (uint32_t)EPOLLIN | (r > 0 ? (uint32_t)EPOLLOUT : 0), &err) < 0)
		kill_control(control);
	if (r <= 0 && control->monitor->is_released)
		loop_stop(&control->monitor->loop);
}

/* Takes the reference. */
static int push_message(struct buffer *out, json_t *message) {
	_cleanup_json_ json_t *owned = message;
	_cleanup_free_ char *text = owned ? json_dumps(owned, JSON_COMPACT) : NULL;
	return text ? frame_push(out, text, strlen(text)) : -ENOMEM;
}

static void answer(struct control *control, int64_t id, int result, json_t *ok, const struct error *err, struct stamps *stamps) {
	json_t *message = result < 0 ? json_pack("{s:I, s:o}", "id", (json_int_t)id, "error", error_to_json(err))
					 : json_pack("{s:I, s:o}", "id", (json_int_t)id, "ok", ok ? ok : json_object());
	stamps_put(stamps, "answer", message);
	if (push_message(&control->out, message) < 0)
		kill_control(control);
	else
		flush(control);
}

/* The connection becomes an attach: the socket and the bytes behind the hello move over. */
static int become_attach(struct control *control, int64_t id, struct object_reader *hello, struct error *err) {
	struct monitor *monitor = control->monitor;
	struct attach_options options;
	const char *exec_id = NULL;
	int r = take_optional_string(hello, "execId", &exec_id, err);
	if (r < 0 || (r = take_bool(hello, "stdin", &options.wants_input, err)) < 0 ||
		(r = take_bool(hello, "stdout", &options.wants_out, err)) < 0 || (r = take_bool(hello, "stderr", &options.wants_err, err)) < 0 ||
		(r = object_close(hello, err)) < 0)
		return r;
	struct session *session = exec_id ? monitor_find_exec(monitor, exec_id) : &monitor->main;
	if (!session && (r = monitor_add_exec(monitor, exec_id, &session, err)) < 0)
		return r;
	struct buffer greeting = {0};
	if ((r = push_message(&greeting, json_pack("{s:I, s:{}}", "id", (json_int_t)id, "ok"))) < 0)
		return error_set(err, -r, "attach", "out of memory");
	const char *rest;
	size_t length = frame_rest(&control->reader, &rest);
	loop_unwatch(&monitor->loop, &control->socket);
	r = attach_open(session, TAKE_FD(control->socket.fd), &options, &greeting, rest, length, err);
	buffer_free(&greeting);
	kill_control(control);
	return r;
}

static int say_hello(struct control *control, int64_t id, struct object_reader *hello, struct error *err) {
	const char *op;
	int r = take_string(hello, "op", &op, err);
	if (r < 0)
		return r;
	if (strcmp(op, "attach") == 0)
		return become_attach(control, id, hello, err);
	if (strcmp(op, "control") != 0)
		return error_set(err, EINVAL, "protocol", "a connection begins with \"control\" or \"attach\", not \"%.32s\"", op);
	if ((r = object_close(hello, err)) < 0)
		return r;
	control->is_greeted = true;
	control->out.limit = EVENTS_LIMIT;
	answer(control, id, 0, monitor_state(control->monitor), NULL, &(struct stamps){0});
	return 0;
}

/* The answer to a hello is sent by what the connection becomes. */
static void take_frame(struct control *control, const char *text, size_t length) {
	struct error err = {.stage = "protocol"};
	_cleanup_json_ json_t *message = NULL;
	struct object_reader reader;
	int64_t id = 0;
	json_t *ok = NULL;
	struct stamps stamps = {0};
	int r = json_parse(text, length, &message, &err);
	if (r == 0)
		stamps_take(&stamps, message);
	if (r == 0 && (r = object_open(&reader, message, "request", &err)) == 0)
		r = take_integer(&reader, "id", 1, INT64_MAX, &id, &err);
	if (r == 0 && !control->is_greeted) {
		r = say_hello(control, id, &reader, &err);
		json_decref(stamps.list);
		stamps.list = NULL;
		if (r == 0)
			return;
	} else if (r == 0) {
		r = operations_run(control->monitor, message, &stamps, &ok, &err);
	}
	if (!control->is_dead)
		answer(control, id, r, ok, &err, &stamps);
	json_decref(stamps.list); /* nobody to answer */
}

static void on_socket(void *data, uint32_t events) {
	struct control *control = data;
	if (events & EPOLLOUT)
		flush(control);
	if (control->is_dead || !(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return;
	int filled = frame_fill(&control->reader, control->socket.fd);
	if (filled == -EAGAIN)
		return;
	const char *text;
	size_t length;
	int next = filled;
	while (filled > 0 && !control->is_dead && (next = frame_next(&control->reader, &text, &length)) > 0)
		take_frame(control, text, length);
	if (filled <= 0 || next < 0)
		kill_control(control);
}

static void add_control(struct monitor *monitor, int socket) {
	_cleanup_close_ int owned = socket;
	struct ucred peer;
	socklen_t size = sizeof peer;
	struct error err;
	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.uid != geteuid())
		return;
	struct control *control = calloc(1, sizeof *control);
	if (!control)
		return;
	*control = (struct control){
		.monitor = monitor, .next = monitor->controls, .socket = {.fd = TAKE_FD(owned), .run = on_socket, .data = control}};
	monitor->controls = control;
	monitor->sweep.run = sweep;
	monitor->sweep.data = monitor;
	if (loop_watch(&monitor->loop, &control->socket, EPOLLIN, &err) < 0)
		kill_control(control);
}

void control_accept(struct monitor *monitor) {
	for (;;) {
		int socket = accept4(monitor->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (socket >= 0)
			add_control(monitor, socket);
		else if (errno != EINTR && errno != ECONNABORTED)
			return;
	}
}

void control_broadcast(struct monitor *monitor, json_t *event) {
	_cleanup_json_ json_t *owned = event;
	for (struct control *control = monitor->controls; control; control = control->next) {
		if (control->is_dead || !control->is_greeted)
			continue;
		if (push_message(&control->out, json_incref(owned)) < 0)
			kill_control(control);
		else
			flush(control);
	}
}

void control_close_all(struct monitor *monitor) {
	for (struct control *control = monitor->controls; control; control = control->next)
		kill_control(control);
	loop_disarm(&monitor->loop, &monitor->sweep);
	sweep(monitor);
}
