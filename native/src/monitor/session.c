#include "monitor/session.h"

#include "base/cleanup.h"
#include "base/fdio.h"
#include "monitor/attach.h"
#include "monitor/multiplex.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>

enum { CHUNK = 16 * 1024, READS_PER_TURN = 8, DRAIN_MS = 100 };

static void on_review(void *data);
static void on_drain(void *data);

void session_init(struct session *session, struct loop *loop, void (*on_end)(struct session *session), void *owner) {
	*session = (struct session){.loop = loop, .on_end = on_end, .owner = owner, .in.fd = -1, .out.fd = -1, .err.fd = -1};
	session->drain = (struct loop_timer){.run = on_drain, .data = session};
	session->review = (struct loop_timer){.run = on_review, .data = session};
}

void session_review(struct session *session) { loop_arm(session->loop, &session->review, 0); }

static bool has_slow_reader(const struct session *session) {
	if (!session->is_held_back_by_readers)
		return false;
	for (const struct attach *attach = session->attaches; attach; attach = attach->next)
		if (attach_is_slow(attach))
			return true;
	return false;
}

static void watch_output(struct session *session, struct loop_source *source) {
	struct error err;
	if (source->fd < 0)
		return;
	if (has_slow_reader(session))
		loop_unwatch(session->loop, source);
	else if (loop_watch(session->loop, source, EPOLLIN, &err) < 0)
		loop_close_source(session->loop, source);
}

static void deliver(struct session *session, enum log_stream stream, const char *data, size_t length) {
	if (session->log)
		log_write(session->log, stream, data, length);
	for (struct attach *attach = session->attaches; attach; attach = attach->next)
		attach_send(attach, stream == LOG_STDERR ? MULTIPLEX_STDERR : MULTIPLEX_STDOUT, data, length);
}

/* Reads until there is nothing (false), the stream has ended (false, fd closed), or the turn is over (true). */
static bool read_output(struct session *session, struct loop_source *source, enum log_stream stream, int reads) {
	char chunk[CHUNK];
	while (source->fd >= 0 && !has_slow_reader(session)) {
		if (reads-- == 0)
			return true;
		ssize_t got = read(source->fd, chunk, sizeof chunk);
		if (got > 0) {
			deliver(session, stream, chunk, (size_t)got);
		} else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
			/* EIO: nobody has the terminal open any more. */
			loop_close_source(session->loop, source);
			session_review(session);
		} else if (errno == EAGAIN) {
			break;
		}
	}
	return false;
}

static void on_stdout(void *data, uint32_t events) {
	(void)events;
	struct session *session = data;
	(void)read_output(session, &session->out, LOG_STDOUT, READS_PER_TURN);
	watch_output(session, &session->out);
}

static void on_stderr(void *data, uint32_t events) {
	(void)events;
	struct session *session = data;
	(void)read_output(session, &session->err, LOG_STDERR, READS_PER_TURN);
	watch_output(session, &session->err);
}

static void on_stdin_writable(void *data, uint32_t events);
static void flush_input(struct session *session);

int session_pipes_open(struct session_pipes *ret, bool has_input, bool has_output, struct error *err) {
	struct session_pipes pipes = {{0, 0, 0}, {-1, -1, -1}};
	for (int i = 0; i < 3; i++) {
		int ends[2];
		if (!(i == 0 ? has_input : has_output))
			continue;
		if (pipe2(ends, O_CLOEXEC) < 0) {
			int r = error_errno(err, "stdio", "pipe2");
			session_pipes_close(&pipes);
			return r;
		}
		pipes.child[i] = ends[i == 0 ? 0 : 1];
		pipes.ours[i] = ends[i == 0 ? 1 : 0];
		/* Only our end: the process gets an ordinary blocking pipe. */
		(void)set_nonblocking(pipes.ours[i], true);
	}
	*ret = pipes;
	return 0;
}

void session_pipes_close(struct session_pipes *pipes) {
	for (int i = 0; i < 3; i++) {
		if (pipes->child[i] > 2)
			close_fd(&pipes->child[i]);
		close_fd(&pipes->ours[i]);
	}
}

static int take_streams(struct session *session, struct session_pipes *pipes, int terminal, struct error *err) {
	int in = TAKE_FD(pipes->ours[0]);
	int out = TAKE_FD(pipes->ours[1]);
	int errors = TAKE_FD(pipes->ours[2]);
	session_pipes_close(pipes);
	if (terminal >= 0) {
		out = terminal;
		(void)set_nonblocking(out, true);
		in = fcntl(out, F_DUPFD_CLOEXEC, 3); /* a source of its own for writing */
	}
	session->in = (struct loop_source){.fd = in, .run = on_stdin_writable, .data = session};
	session->out = (struct loop_source){.fd = out, .run = on_stdout, .data = session};
	session->err = (struct loop_source){.fd = errors, .run = on_stderr, .data = session};
	return terminal >= 0 && in < 0 ? error_errno(err, "stdio", "cannot duplicate the terminal") : 0;
}

int session_begin(struct session *session, pid_t pid, struct session_pipes *pipes, int terminal, struct error *err) {
	session->pid = pid;
	session->is_terminal = terminal >= 0;
	session->has_exited = false;
	session->is_input_ending = false;
	int r = take_streams(session, pipes, terminal, err);
	if (r < 0)
		return r;
	watch_output(session, &session->out);
	watch_output(session, &session->err);
	if (session->in.fd < 0)
		buffer_free(&session->input);
	else if (buffer_length(&session->input) > 0)
		flush_input(session);
	for (struct attach *attach = session->attaches; attach; attach = attach->next)
		attach_settle(attach);
	return 0;
}

void session_exited(struct session *session, int code, int signal) {
	session->has_exited = true;
	session->code = code;
	session->signal = signal;
	loop_close_source(session->loop, &session->in);
	buffer_free(&session->input);
	(void)read_output(session, &session->out, LOG_STDOUT, READS_PER_TURN);
	(void)read_output(session, &session->err, LOG_STDERR, READS_PER_TURN);
	if (session->out.fd >= 0 || session->err.fd >= 0)
		loop_arm(session->loop, &session->drain, DRAIN_MS);
	session_review(session);
}

static void on_drain(void *data) {
	struct session *session = data;
	bool has_more = read_output(session, &session->out, LOG_STDOUT, READS_PER_TURN * 8);
	has_more |= read_output(session, &session->err, LOG_STDERR, READS_PER_TURN * 8);
	if (has_slow_reader(session)) {
		loop_arm(session->loop, &session->drain, DRAIN_MS); /* what the process wrote is in the pipe: it waits for its reader */
		return;
	}
	(void)has_more; /* somebody outside the session goes on writing; its output is not the process's */
	loop_close_source(session->loop, &session->out);
	loop_close_source(session->loop, &session->err);
	session_review(session);
}

static void free_dead_attaches(struct session *session) {
	struct attach **link = &session->attaches;
	while (*link) {
		struct attach *attach = *link;
		if (attach->is_dead) {
			*link = attach->next;
			attach_free(attach);
		} else {
			link = &attach->next;
		}
	}
}

/* An exec has ended only when its readers have everything (dockerd's clients ask for the exit code as soon as the stream ends). */
static bool is_drained(const struct session *session) {
	if (!session->has_exited || session->out.fd >= 0 || session->err.fd >= 0)
		return false;
	for (const struct attach *attach = session->attaches; attach && session->is_held_back_by_readers; attach = attach->next)
		if (buffer_length(&attach->out) > 0)
			return false;
	return true;
}

static void on_review(void *data) {
	struct session *session = data;
	free_dead_attaches(session);
	watch_output(session, &session->out);
	watch_output(session, &session->err);
	bool is_abandoned = session->exec_id && session->pid == 0 && !session->attaches;
	if (!is_drained(session) && !is_abandoned)
		return;
	loop_disarm(session->loop, &session->drain);
	if (session->log) {
		log_end_stream(session->log, LOG_STDOUT);
		log_end_stream(session->log, LOG_STDERR);
	}
	session->has_exited = false;
	session->on_end(session);
}

bool session_takes_input(const struct session *session) {
	return session->pid > 0 && !session->is_input_ending && buffer_length(&session->input) == 0;
}

static void stop_input(struct session *session) {
	loop_close_source(session->loop, &session->in);
	buffer_free(&session->input);
	session->is_input_ending = false;
}

/* Writes what the process takes; the rest waits for it. */
static void flush_input(struct session *session) {
	struct error err;
	int r = buffer_flush(&session->input, session->in.fd);
	if (r < 0 || (r == 0 && session->is_input_ending))
		stop_input(session); /* < 0: the process has closed its end */
	else if (r == 0)
		loop_unwatch(session->loop, &session->in);
	else if (loop_watch(session->loop, &session->in, EPOLLOUT, &err) < 0)
		stop_input(session);
}

static void on_stdin_writable(void *data, uint32_t events) {
	(void)events;
	struct session *session = data;
	flush_input(session);
	for (struct attach *attach = session->attaches; attach; attach = attach->next)
		attach_settle(attach);
}

void session_input(struct session *session, const char *data, size_t length) {
	bool has_begun = session->pid > 0;
	if (has_begun && session->in.fd < 0)
		return;
	if (buffer_append(&session->input, data, length) < 0)
		stop_input(session);
	else if (has_begun)
		flush_input(session);
}

void session_end_input(struct session *session) {
	if (session->in.fd < 0 || session->is_terminal)
		return;
	session->is_input_ending = true;
	flush_input(session);
}

int session_resize(struct session *session, unsigned short height, unsigned short width, struct error *err) {
	if (!session->is_terminal || session->out.fd < 0)
		return error_set(err, ENOTTY, "resize", "the process has no terminal");
	struct winsize size = {.ws_row = height, .ws_col = width};
	return ioctl(session->out.fd, TIOCSWINSZ, &size) < 0 ? error_errno(err, "resize", "TIOCSWINSZ") : 0;
}

void session_free(struct session *session) {
	loop_disarm(session->loop, &session->drain);
	loop_disarm(session->loop, &session->review);
	loop_close_source(session->loop, &session->in);
	loop_close_source(session->loop, &session->out);
	loop_close_source(session->loop, &session->err);
	buffer_free(&session->input);
	while (session->attaches) {
		struct attach *attach = session->attaches;
		session->attaches = attach->next;
		attach_free(attach);
	}
	free(session->exec_id);
	session->exec_id = NULL;
}
