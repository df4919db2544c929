#include "netd/server.h"

#include "base/cleanup.h"
#include "base/frame.h"
#include "base/json.h"
#include "netd/operations.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

struct connection {
	struct netd *netd;
	struct loop_source source;
	struct frame_reader reader;
	struct buffer out;
};

struct server {
	struct netd *netd;
	struct loop_source listener;
};

static void hang_up(struct connection *connection) {
	loop_close_source(&connection->netd->loop, &connection->source);
	frame_reader_free(&connection->reader);
	buffer_free(&connection->out);
	free(connection);
}

/* False: the stream is broken. */
static bool serve(struct connection *connection, const char *text, size_t length) {
	struct error err;
	_cleanup_json_ json_t *request = NULL;
	if (json_parse(text, length, &request, &err) < 0 || !json_is_object(request))
		return false;
	_cleanup_json_ json_t *answer = netd_operations_run(connection->netd, request);
	_cleanup_free_ char *answer_text = answer ? json_dumps(answer, JSON_COMPACT) : NULL;
	return answer_text && frame_push(&connection->out, answer_text, strlen(answer_text)) == 0;
}

static bool serve_all(struct connection *connection) {
	const char *text;
	size_t length;
	int more;
	while ((more = frame_next(&connection->reader, &text, &length)) > 0)
		if (!serve(connection, text, length))
			return false;
	return more == 0;
}

static void on_connection(void *data, uint32_t events) {
	struct connection *connection = data;
	struct netd *netd = connection->netd;
	struct error ignored;
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
		int got = frame_fill(&connection->reader, connection->source.fd);
		if ((got <= 0 && got != -EAGAIN) || !serve_all(connection)) {
			hang_up(connection);
			return;
		}
	}
	int left = buffer_flush(&connection->out, connection->source.fd);
	bool is_over = netd->is_ending && left <= 0;
	if (is_over)
		loop_stop(&netd->loop);
	if (is_over || left < 0 || loop_watch(&netd->loop, &connection->source, left > 0 ? EPOLLOUT : EPOLLIN, &ignored) < 0)
		hang_up(connection);
}

static void on_listener(void *data, uint32_t events) {
	(void)events;
	struct server *server = data;
	struct error ignored;
	_cleanup_close_ int fd = accept4(server->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct connection *connection = fd < 0 ? NULL : calloc(1, sizeof *connection);
	if (!connection)
		return;
	connection->netd = server->netd;
	connection->source = (struct loop_source){.fd = TAKE_FD(fd), .run = on_connection, .data = connection};
	if (loop_watch(&server->netd->loop, &connection->source, EPOLLIN, &ignored) < 0)
		hang_up(connection);
}

int server_start(struct netd *netd, int listener, struct error *err) {
	static struct server server; /* one per process, as the loop keeps its address */
	server = (struct server){.netd = netd, .listener = {.fd = listener, .run = on_listener, .data = &server}};
	return loop_watch(&netd->loop, &server.listener, EPOLLIN, err);
}
