#include "netd/dns-server.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "netd/config.h"
#include "netd/dns-batch.h"
#include "netd/dns-forward.h"
#include "netd/netlink.h"
#include "netd/redirect.h"
#include "netd/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { STREAMS_MAX = 32, STREAM_IDLE_MS = 10000, QUERY_MAX = DNS_BATCH_QUERY_MAX };

struct dns_stream {
	struct dns_stream *next;
	struct dns_server *server;
	struct loop_source source;
	struct loop_timer timer;
	struct buffer in;
	struct buffer out;
};

static const uint8_t loopback_address[4] = {127, 0, 0, 11};

static int open_socket(int type, uint16_t port, struct error *err) {
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	memcpy(&address.sin_addr, loopback_address, sizeof loopback_address);
	_cleanup_close_ int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return error_errno(err, "dns", "socket");
	int one = 1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || (type == SOCK_STREAM && listen(fd, 64) < 0))
		return error_errno(err, "dns", "binding 127.0.0.11:%u in the container's namespace", port);
	return TAKE_FD(fd);
}

static int open_both(struct dns_sockets *sockets, uint16_t port, struct error *err) {
	sockets->udp = open_socket(SOCK_DGRAM, port, err);
	if (sockets->udp < 0)
		return sockets->udp;
	sockets->tcp = open_socket(SOCK_STREAM, port, err);
	return sockets->tcp < 0 ? sockets->tcp : 0;
}

static uint16_t port_of(int fd) {
	struct sockaddr_in address = {0};
	socklen_t length = sizeof address;
	(void)getsockname(fd, (struct sockaddr *)&address, &length);
	return ntohs(address.sin_port);
}

struct opening {
	struct dns_sockets sockets;
	bool is_used;
};

static int open_inside(void *context, struct error *err) {
	struct opening *opening = context;
	int r = open_both(&opening->sockets, 0, err);
	if (r < 0)
		return r;
	struct error ignored;
	_cleanup_close_ int netfilter = netlink_open(NETLINK_NETFILTER, &ignored);
	if (netfilter >= 0 &&
		redirect_install(netfilter, port_of(opening->sockets.udp), port_of(opening->sockets.tcp), opening->is_used, &ignored) == 0)
		return 0;
	dns_sockets_close(&opening->sockets);
	return open_both(&opening->sockets, 53, err);
}

int dns_sockets_open(const struct netns_home *home, int netns, bool is_used, struct dns_sockets *ret_sockets, struct error *err) {
	struct opening opening = {{-1, -1}, is_used};
	int r = netns_run(home, netns, open_inside, &opening, err);
	if (r < 0) {
		dns_sockets_close(&opening.sockets);
		return r;
	}
	*ret_sockets = opening.sockets;
	return 0;
}

void dns_sockets_close(struct dns_sockets *sockets) {
	close_fd(&sockets->udp);
	close_fd(&sockets->tcp);
}

static bool may_forward(const struct container *container) {
	for (size_t i = 0; i < container->endpoint_count; i++)
		if (!container->endpoints[i]->network->is_internal)
			return container->upstream_count > 0;
	return false;
}

/* Where the order of replicas starts. Not by turns: a client that asks for A and AAAA alternately would get the same of two replicas always. */
static unsigned next_order(void) {
	static uint32_t state = 0x9e3779b9;
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

static void serve(struct dns_server *server, const struct dns_client *client, const uint8_t *message, size_t length) {
	struct dns_query query;
	enum dns_verdict verdict = dns_parse(message, length, &query);
	if (verdict == DNS_DROP)
		return;
	if (verdict == DNS_REJECT) {
		dns_server_fail(server, client, &query, message, query.rcode);
		return;
	}
	/* Not on the stack, where all of it would be cleared for each answer. */
	static uint8_t data[DNS_MESSAGE_MAX];
	struct dns_answer answer;
	enum dns_rcode rcode;
	size_t limit = client->stream ? sizeof data : query.udp_size < DNS_UDP_MAX ? query.udp_size : DNS_UDP_MAX;
	dns_answer_open(&answer, data, limit, &query, message);
	const struct dns_service *service = server->service;
	switch (resolve_query(server->container, *service->containers, service->names, &query, next_order(), &answer, &rcode)) {
	case RESOLVE_ANSWERED:
		dns_server_send(server, client, data, dns_answer_close(&answer, &query, rcode));
		return;
	case RESOLVE_FORWARD:
		if (may_forward(server->container))
			dns_forward_start(server, client, &query, message, length);
		else
			dns_server_fail(server, client, &query, message, DNS_SERVFAIL);
		return;
	}
}

void dns_server_fail(struct dns_server *server, const struct dns_client *client, const struct dns_query *query, const uint8_t *message,
			 enum dns_rcode rcode) {
	uint8_t data[DNS_UDP_SIZE];
	struct dns_answer answer;
	dns_answer_open(&answer, data, sizeof data, query, message);
	dns_server_send(server, client, data, dns_answer_close(&answer, query, rcode));
}

static void on_udp(void *data, uint32_t events) {
	(void)events;
	struct dns_server *server = data;
	struct dns_datagram datagrams[DNS_BATCH_MAX];
	size_t count = dns_batch_receive(server->udp.fd, datagrams);
	for (size_t i = 0; i < count; i++) {
		struct dns_client client = {.address = datagrams[i].from};
		if (datagrams[i].length > 0)
			serve(server, &client, datagrams[i].data, datagrams[i].length);
	}
	if (count > 0)
		dns_batch_send(server->udp.fd);
}

static void end_stream(struct dns_stream *stream) {
	struct dns_server *server = stream->server;
	dns_forward_cancel(server, stream);
	loop_disarm(server->service->loop, &stream->timer);
	loop_close_source(server->service->loop, &stream->source);
	struct dns_stream **at = &server->streams;
	while (*at != stream)
		at = &(*at)->next;
	*at = stream->next;
	server->stream_count--;
	buffer_free(&stream->in);
	buffer_free(&stream->out);
	free(stream);
}

static void on_stream_idle(void *data) { end_stream(data); }

/* Serves what has arrived whole. False: the stream's input is broken. */
static bool serve_stream(struct dns_stream *stream) {
	struct dns_client client = {.stream = stream};
	while (buffer_length(&stream->in) >= 2) {
		const uint8_t *data = (const uint8_t *)buffer_data(&stream->in);
		size_t length = (size_t)(data[0] << 8 | data[1]);
		if (length > QUERY_MAX)
			return false;
		if (buffer_length(&stream->in) - 2 < length)
			return true;
		uint8_t message[QUERY_MAX];
		memcpy(message, data + 2, length);
		buffer_consume(&stream->in, 2 + length);
		serve(stream->server, &client, message, length);
	}
	return true;
}

static void on_stream(void *data, uint32_t events) {
	struct dns_stream *stream = data;
	struct loop *loop = stream->server->service->loop;
	struct error ignored;
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
		char *room = buffer_reserve(&stream->in, QUERY_MAX);
		ssize_t got = room ? recv(stream->source.fd, room, QUERY_MAX, MSG_DONTWAIT) : 0;
		if (got == 0 || (got < 0 && errno != EAGAIN)) {
			end_stream(stream);
			return;
		}
		if (got > 0)
			buffer_grow(&stream->in, (size_t)got);
		loop_arm(loop, &stream->timer, STREAM_IDLE_MS);
		if (!serve_stream(stream)) {
			end_stream(stream);
			return;
		}
	}
	int left = buffer_flush(&stream->out, stream->source.fd);
	if (left < 0 || loop_watch(loop, &stream->source, EPOLLIN | (left > 0 ? EPOLLOUT : 0u), &ignored) < 0)
		end_stream(stream);
}

static void on_tcp(void *data, uint32_t events) {
	(void)events;
	struct dns_server *server = data;
	struct loop *loop = server->service->loop;
	struct error ignored;
	_cleanup_close_ int fd = accept4(server->tcp.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0 || server->stream_count >= STREAMS_MAX)
		return;
	struct dns_stream *stream = calloc(1, sizeof *stream);
	if (!stream)
		return;
	*stream = (struct dns_stream){
		.next = server->streams,
		.server = server,
		.source = {.fd = fd, .run = on_stream, .data = stream},
		.timer = {.run = on_stream_idle, .data = stream},
	};
	stream->in.limit = 4 * QUERY_MAX;
	stream->out.limit = 4 * (size_t)DNS_MESSAGE_MAX;
	if (loop_watch(loop, &stream->source, EPOLLIN, &ignored) < 0) {
		free(stream);
		return;
	}
	(void)TAKE_FD(fd);
	server->streams = stream;
	server->stream_count++;
	loop_arm(loop, &stream->timer, STREAM_IDLE_MS);
}

void dns_server_send(struct dns_server *server, const struct dns_client *client, const uint8_t *message, size_t length) {
	if (!client->stream && dns_batch_is_open()) {
		dns_batch_add(&client->address, message, length);
		return;
	}
	if (!client->stream) {
		(void)sendto(server->udp.fd, message, length, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&client->address, sizeof client->address);
		return;
	}
	struct dns_stream *stream = client->stream;
	char *room = buffer_reserve(&stream->out, 2 + length);
	if (!room)
		return; /* a client that does not read loses answers beyond the limit */
	room[0] = (char)(length >> 8);
	room[1] = (char)length;
	memcpy(room + 2, message, length);
	buffer_grow(&stream->out, 2 + length);
	struct error ignored;
	(void)loop_watch(server->service->loop, &stream->source, EPOLLIN | EPOLLOUT, &ignored);
}

void dns_server_init(struct dns_server *server) {
	*server = (struct dns_server){
		.udp = {.fd = -1, .run = on_udp, .data = server},
		.tcp = {.fd = -1, .run = on_tcp, .data = server},
	};
}

int dns_server_start(struct dns_server *server, struct dns_service *service, struct container *container, struct dns_sockets *sockets,
			 struct error *err) {
	server->service = service;
	server->container = container;
	server->udp.fd = TAKE_FD(sockets->udp);
	server->tcp.fd = TAKE_FD(sockets->tcp);
	int r;
	if ((r = loop_watch(service->loop, &server->udp, EPOLLIN, err)) < 0 || (r = loop_watch(service->loop, &server->tcp, EPOLLIN, err)) < 0) {
		dns_server_stop(server);
		return r;
	}
	return 0;
}

void dns_server_stop(struct dns_server *server) {
	if (!server->service)
		return;
	while (server->streams)
		end_stream(server->streams);
	dns_forward_cancel(server, NULL);
	loop_close_source(server->service->loop, &server->udp);
	loop_close_source(server->service->loop, &server->tcp);
	server->service = NULL;
}
