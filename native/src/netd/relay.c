#include "netd/relay.h"

#include "base/cleanup.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 32768, UDP_IDLE_MS = 60000, DATAGRAMS_PER_ROUND = 32 };

/* One direction: what was read from `from` and not yet written to the other side. */
struct half {
	struct loop_source source;
	struct relay *relay;
	char *data; /* CHUNK bytes, read from this side */
	size_t start;
	size_t end;
	bool has_ended; /* this side has sent its last byte */
	bool is_shut;   /* the other side was told so */
};

struct relay {
	struct relay *next;
	struct relay_listener *listener;
	struct half client; /* UDP: no socket of its own */
	struct half server;
	bool is_connecting;
	struct sockaddr_storage client_address; /* UDP */
	socklen_t client_length;
	struct loop_timer timer; /* UDP */
};

static void relay_free(struct relay *relay) {
	struct relay_listener *listener = relay->listener;
	loop_disarm(listener->loop, &relay->timer);
	loop_close_source(listener->loop, &relay->client.source);
	loop_close_source(listener->loop, &relay->server.source);
	struct relay **at = &listener->relays;
	while (*at != relay)
		at = &(*at)->next;
	*at = relay->next;
	listener->relay_count--;
	free(relay->client.data);
	free(relay->server.data);
	free(relay);
}

static struct half *other(struct half *half) { return half == &half->relay->client ? &half->relay->server : &half->relay->client; }

/* Moves bytes from one side to the other until one of them would block. < 0: the connection is lost. */
static int pump(struct half *from) {
	struct half *to = other(from);
	for (;;) {
		while (from->start < from->end) {
			ssize_t sent = send(to->source.fd, from->data + from->start, from->end - from->start, MSG_NOSIGNAL | MSG_DONTWAIT);
			if (sent < 0)
				return errno == EAGAIN ? 0 : -errno;
			from->start += (size_t)sent;
		}
		from->start = from->end = 0;
		if (from->has_ended) {
			if (!from->is_shut)
				(void)shutdown(to->source.fd, SHUT_WR);
			from->is_shut = true;
			return 0;
		}
		ssize_t got = recv(from->source.fd, from->data, CHUNK, MSG_DONTWAIT);
		if (got < 0)
			return errno == EAGAIN ? 0 : -errno;
		from->end = (size_t)got;
		from->has_ended = got == 0;
	}
}

static uint32_t wanted_events(struct half *half) {
	bool is_reading = !half->has_ended && half->start == half->end;
	bool is_writing = other(half)->start < other(half)->end;
	return (is_reading ? EPOLLIN : 0u) | (is_writing ? EPOLLOUT : 0u);
}

static void on_stream(void *data, uint32_t events) {
	struct half *half = data;
	struct relay *relay = half->relay;
	struct loop *loop = relay->listener->loop;
	struct error ignored;
	if (relay->is_connecting) {
		if (half != &relay->server && !(events & (EPOLLERR | EPOLLHUP)))
			return;
		int failure = 0;
		socklen_t length = sizeof failure;
		(void)getsockopt(relay->server.source.fd, SOL_SOCKET, SO_ERROR, &failure, &length);
		if (failure != 0 || half != &relay->server) {
			relay_free(relay);
			return;
		}
		relay->is_connecting = false;
	}
	if (pump(&relay->client) < 0 || pump(&relay->server) < 0 || (relay->client.is_shut && relay->server.is_shut)) {
		relay_free(relay);
		return;
	}
	if (loop_watch(loop, &relay->client.source, wanted_events(&relay->client), &ignored) < 0 ||
		loop_watch(loop, &relay->server.source, wanted_events(&relay->server), &ignored) < 0)
		relay_free(relay);
}

static int connect_target(const struct relay_listener *listener, int type) {
	struct sockaddr_storage address;
	socklen_t length = address_to_socket(&listener->target, listener->target_port, &address);
	_cleanup_close_ int fd = socket(listener->target.family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || (connect(fd, (struct sockaddr *)&address, length) < 0 && errno != EINPROGRESS))
		return -1;
	return TAKE_FD(fd);
}

static struct relay *relay_create(struct relay_listener *listener) {
	if (listener->relay_count >= RELAYS_MAX)
		return NULL;
	struct relay *relay = calloc(1, sizeof *relay);
	if (!relay)
		return NULL;
	relay->listener = listener;
	relay->client = (struct half){.source = {.fd = -1, .run = on_stream, .data = &relay->client}, .relay = relay};
	relay->server = (struct half){.source = {.fd = -1, .run = on_stream, .data = &relay->server}, .relay = relay};
	relay->next = listener->relays;
	listener->relays = relay;
	listener->relay_count++;
	return relay;
}

static void on_connection(void *data, uint32_t events) {
	(void)events;
	struct relay_listener *listener = data;
	struct error ignored;
	_cleanup_close_ int fd = accept4(listener->source.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	struct relay *relay = relay_create(listener);
	if (!relay)
		return;
	int one = 1;
	relay->is_connecting = true;
	relay->client.source.fd = TAKE_FD(fd);
	relay->server.source.fd = connect_target(listener, SOCK_STREAM);
	relay->client.data = malloc(CHUNK);
	relay->server.data = malloc(CHUNK);
	if (relay->server.source.fd < 0 || !relay->client.data || !relay->server.data ||
		loop_watch(listener->loop, &relay->client.source, 0, &ignored) < 0 ||
		loop_watch(listener->loop, &relay->server.source, EPOLLOUT, &ignored) < 0) {
		relay_free(relay);
		return;
	}
	(void)setsockopt(relay->client.source.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	(void)setsockopt(relay->server.source.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static void on_reply(void *half, uint32_t events) {
	(void)events;
	struct relay *relay = ((struct half *)half)->relay;
	struct relay_listener *listener = relay->listener;
	char data[65536];
	for (int i = 0; i < DATAGRAMS_PER_ROUND; i++) {
		ssize_t got = recv(relay->server.source.fd, data, sizeof data, MSG_DONTWAIT);
		if (got < 0 && errno == EAGAIN)
			return;
		if (got < 0) {
			relay_free(relay);
			return;
		}
		loop_arm(listener->loop, &relay->timer, UDP_IDLE_MS);
		(void)sendto(listener->source.fd, data, (size_t)got, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&relay->client_address, relay->client_length);
	}
}

static void on_udp_idle(void *relay) { relay_free(relay); }

static struct relay *relay_of(struct relay_listener *listener, const struct sockaddr_storage *address, socklen_t length) {
	struct error ignored;
	for (struct relay *relay = listener->relays; relay; relay = relay->next)
		if (relay->client_length == length && memcmp(&relay->client_address, address, length) == 0)
			return relay;
	struct relay *relay = relay_create(listener);
	if (!relay)
		return NULL;
	relay->client_address = *address;
	relay->client_length = length;
	relay->timer = (struct loop_timer){.run = on_udp_idle, .data = relay};
	relay->server.source = (struct loop_source){.fd = connect_target(listener, SOCK_DGRAM), .run = on_reply, .data = &relay->server};
	if (relay->server.source.fd < 0 || loop_watch(listener->loop, &relay->server.source, EPOLLIN, &ignored) < 0) {
		relay_free(relay);
		return NULL;
	}
	return relay;
}

static void on_datagram(void *data_of_listener, uint32_t events) {
	(void)events;
	struct relay_listener *listener = data_of_listener;
	char data[65536];
	for (int i = 0; i < DATAGRAMS_PER_ROUND; i++) {
		struct sockaddr_storage address = {0};
		socklen_t length = sizeof address;
		ssize_t got = recvfrom(listener->source.fd, data, sizeof data, MSG_DONTWAIT, (struct sockaddr *)&address, &length);
		if (got < 0)
			return;
		struct relay *relay = relay_of(listener, &address, length);
		if (!relay)
			continue;
		loop_arm(listener->loop, &relay->timer, UDP_IDLE_MS);
		(void)send(relay->server.source.fd, data, (size_t)got, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
}

int relay_start(struct relay_listener *listener, struct loop *loop, int protocol, const struct address *target, uint16_t target_port,
				struct error *err) {
	listener->loop = loop;
	listener->target = *target;
	listener->target_port = target_port;
	listener->source.run = protocol == IPPROTO_TCP ? on_connection : on_datagram;
	listener->source.data = listener;
	return loop_watch(loop, &listener->source, EPOLLIN, err);
}

void relay_stop(struct relay_listener *listener) {
	while (listener->relays)
		relay_free(listener->relays);
	if (listener->loop)
		loop_close_source(listener->loop, &listener->source);
	else
		close_fd(&listener->source.fd);
}
