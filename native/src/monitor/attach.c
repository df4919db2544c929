#include "monitor/attach.h"

#include "base/cleanup.h"
#include "monitor/multiplex.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { MAIN_LIMIT = 1024 * 1024, EXEC_LIMIT = 64 * 1024, CHUNK = 16 * 1024 };

void attach_kill(struct attach *attach) {
	if (attach->is_dead)
		return;
	attach->is_dead = true;
	loop_close_source(attach->session->loop, &attach->socket);
	buffer_free(&attach->out);
	if (attach->wants_input && !attach->has_input_ended && attach->session->closes_input)
		session_end_input(attach->session);
	session_review(attach->session);
}

/* A client without `wants_input` is read too: what it sends is dropped, its end is noticed. */
static bool can_read(const struct attach *attach) {
	if (attach->has_input_ended)
		return false;
	return !attach->wants_input || session_takes_input(attach->session);
}

void attach_settle(struct attach *attach) {
	if (attach->is_dead)
		return;
	bool is_waiting = buffer_length(&attach->out) > 0;
	if (attach->is_closing && !is_waiting) {
		attach_kill(attach);
		return;
	}
	struct error err;
	uint32_t events = (can_read(attach) ? (uint32_t)EPOLLIN : 0) | (is_waiting ? (uint32_t)EPOLLOUT : 0);
	if (loop_watch(attach->session->loop, &attach->socket, events, &err) < 0)
		attach_kill(attach);
}

/* One read. False when there is no more to read now. */
static bool read_input(struct attach *attach) {
	char chunk[CHUNK];
	ssize_t got = recv(attach->socket.fd, chunk, sizeof chunk, MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return errno == EINTR;
	if (got <= 0) {
		attach->has_input_ended = true;
		if (attach->wants_input && attach->session->closes_input)
			session_end_input(attach->session);
		return false;
	}
	if (attach->wants_input)
		session_input(attach->session, chunk, (size_t)got);
	return true;
}

static void on_socket(void *data, uint32_t events) {
	struct attach *attach = data;
	if (events & EPOLLOUT && buffer_flush(&attach->out, attach->socket.fd) < 0) {
		attach_kill(attach);
		return;
	}
	if (events & (EPOLLIN | EPOLLHUP))
		while (can_read(attach) && read_input(attach))
			continue;
	/* Both directions are gone, and what had been sent is read, or can never be delivered. */
	if (events & EPOLLERR || (events & EPOLLHUP && !(can_read(attach)))) {
		attach_kill(attach);
		return;
	}
	attach_settle(attach);
	session_review(attach->session);
}

int attach_open(struct session *session, int socket, const struct attach_options *options, const struct buffer *greeting, const char *early,
		size_t early_length, struct error *err) {
	_cleanup_close_ int owned = socket;
	struct attach *attach = calloc(1, sizeof *attach);
	if (!attach)
		return error_set(err, ENOMEM, "attach", "out of memory");
	*attach = (struct attach){.session = session,
				  .socket = {.fd = TAKE_FD(owned), .run = on_socket, .data = attach},
				  .wants_input = options->wants_input,
				  .wants_out = options->wants_out,
				  .wants_err = options->wants_err,
				  .next = session->attaches};
	session->attaches = attach;
	if (attach->wants_input && early_length > 0)
		session_input(session, early, early_length);
	if (buffer_append(&attach->out, buffer_data(greeting), buffer_length(greeting)) < 0 ||
		buffer_flush(&attach->out, attach->socket.fd) < 0)
		attach_kill(attach);
	else
		attach_settle(attach);
	return 0;
}

static int keep_rest(struct attach *attach, const struct iovec *parts, size_t sent) {
	for (int i = 0; i < 2; i++) {
		size_t skip = sent < parts[i].iov_len ? sent : parts[i].iov_len;
		int r = buffer_append(&attach->out, (const char *)parts[i].iov_base + skip, parts[i].iov_len - skip);
		if (r < 0)
			return r;
		sent -= skip;
	}
	return 0;
}

void attach_send(struct attach *attach, unsigned char stream, const char *data, size_t length) {
	bool is_wanted = stream == MULTIPLEX_STDERR ? attach->wants_err : attach->wants_out;
	if (attach->is_dead || attach->is_closing || !is_wanted)
		return;
	unsigned char header[MULTIPLEX_HEADER];
	multiplex_header(header, stream, (uint32_t)length);
	struct iovec parts[2] = {{.iov_base = header, .iov_len = attach->session->is_terminal ? 0 : sizeof header},
				 {.iov_base = (char *)data, .iov_len = length}};
	ssize_t sent = 0;
	if (buffer_length(&attach->out) == 0) {
		struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
		sent = sendmsg(attach->socket.fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno != EAGAIN && errno != EINTR) {
			attach_kill(attach);
			return;
		}
		if (sent < 0)
			sent = 0;
	}
	if ((size_t)sent == parts[0].iov_len + length)
		return;
	attach->out.limit = attach->session->is_held_back_by_readers ? 0 : MAIN_LIMIT;
	if (keep_rest(attach, parts, (size_t)sent) < 0)
		attach_kill(attach); /* it has not read for a whole MiB of output */
	else
		attach_settle(attach);
}

bool attach_is_slow(const struct attach *attach) { return !attach->is_dead && buffer_length(&attach->out) >= EXEC_LIMIT; }

void attach_finish(struct attach *attach) {
	attach->is_closing = true;
	attach_settle(attach);
}

void attach_free(struct attach *attach) {
	if (!attach->is_dead)
		loop_close_source(attach->session->loop, &attach->socket);
	buffer_free(&attach->out);
	free(attach);
}
