#include "netd/dns-forward.h"

#include "base/cleanup.h"
#include "netd/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Two rounds over the servers, so that one lost packet is no failure; clients wait 5 s by default. */
enum { ATTEMPT_MS = 2000, ROUNDS = 2, DNS_PORT = 53 };

struct dns_forward {
	struct dns_forward *next;
	struct dns_server *server;
	struct dns_client client;
	struct dns_query query;
	struct loop_source source;
	struct loop_timer timer;
	unsigned attempt;
	uint16_t id; /* on the way to the upstream server, in place of the client's */
	uint8_t *answer; /* TCP: 2 bytes of length, then the answer so far */
	size_t answer_length;
	size_t sent; /* TCP: bytes of `message` sent so far */
	size_t length;
	uint8_t message[]; /* TCP: with 2 bytes of length in front */
};

static size_t prefix_of(const struct dns_forward *forward) { return forward->client.stream ? 2 : 0; }
static struct loop *loop_of(const struct dns_forward *forward) { return forward->server->service->loop; }

static void end_forward(struct dns_forward *forward) {
	struct dns_server *server = forward->server;
	loop_disarm(loop_of(forward), &forward->timer);
	loop_close_source(loop_of(forward), &forward->source);
	struct dns_forward **at = &server->forwards;
	while (*at != forward)
		at = &(*at)->next;
	*at = forward->next;
	server->forward_count--;
	free(forward->answer);
	free(forward);
}

static void try_next(struct dns_forward *forward);

static void deliver(struct dns_forward *forward, uint8_t *answer, size_t length) {
	answer[0] = (uint8_t)(forward->query.id >> 8);
	answer[1] = (uint8_t)forward->query.id;
	dns_server_send(forward->server, &forward->client, answer, length);
	end_forward(forward);
}

static void on_udp_answer(struct dns_forward *forward) {
	uint8_t answer[DNS_MESSAGE_MAX];
	for (;;) {
		ssize_t got = recv(forward->source.fd, answer, sizeof answer, MSG_DONTWAIT);
		if (got < 0 && errno == EAGAIN)
			return;
		if (got < 0) {
			try_next(forward);
			return;
		}
		if (dns_is_answer_to(answer, (size_t)got, forward->message, forward->query.question_end)) {
			deliver(forward, answer, (size_t)got);
			return;
		}
	}
}

static void on_tcp_writable(struct dns_forward *forward) {
	ssize_t sent = send(forward->source.fd, forward->message + forward->sent, forward->length - forward->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent < 0 && errno == EAGAIN)
		return;
	if (sent < 0) {
		try_next(forward);
		return;
	}
	struct error ignored;
	forward->sent += (size_t)sent;
	if (forward->sent == forward->length)
		(void)loop_watch(loop_of(forward), &forward->source, EPOLLIN, &ignored);
}

static void on_tcp_readable(struct dns_forward *forward) {
	size_t wanted = 2;
	if (forward->answer_length >= 2)
		wanted = 2 + (size_t)(forward->answer[0] << 8 | forward->answer[1]);
	ssize_t got = recv(forward->source.fd, forward->answer + forward->answer_length, wanted - forward->answer_length, MSG_DONTWAIT);
	if (got < 0 && errno == EAGAIN)
		return;
	if (got <= 0) {
		try_next(forward);
		return;
	}
	forward->answer_length += (size_t)got;
	if (forward->answer_length < 3 || forward->answer_length < 2 + (size_t)(forward->answer[0] << 8 | forward->answer[1]))
		return;
	if (dns_is_answer_to(forward->answer + 2, forward->answer_length - 2, forward->message + 2, forward->query.question_end))
		deliver(forward, forward->answer + 2, forward->answer_length - 2);
	else
		try_next(forward);
}

static void on_ready(void *data, uint32_t events) {
	struct dns_forward *forward = data;
	if (!forward->client.stream)
		on_udp_answer(forward);
	else if (forward->sent < forward->length)
		on_tcp_writable(forward);
	else if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		on_tcp_readable(forward);
}

static void on_due(void *data) { try_next(data); }

/* One attempt at one server. 0 when it is under way. */
static int attempt(struct dns_forward *forward, const struct address *upstream) {
	bool is_tcp = forward->client.stream != NULL;
	struct sockaddr_storage address;
	socklen_t length = address_to_socket(upstream, DNS_PORT, &address);
	struct error ignored;
	forward->source.fd = socket(upstream->family, (is_tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (forward->source.fd < 0)
		return -errno;
	if ((connect(forward->source.fd, (struct sockaddr *)&address, length) < 0 && errno != EINPROGRESS) ||
		(!is_tcp && send(forward->source.fd, forward->message, forward->length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) ||
		loop_watch(loop_of(forward), &forward->source, is_tcp ? EPOLLOUT : EPOLLIN, &ignored) < 0) {
		close_fd(&forward->source.fd);
		return -EIO;
	}
	return 0;
}

static void try_next(struct dns_forward *forward) {
	const struct container *container = forward->server->container;
	loop_close_source(loop_of(forward), &forward->source);
	forward->sent = forward->answer_length = 0;
	while (forward->attempt < ROUNDS * container->upstream_count) {
		const struct address *upstream = &container->upstreams[forward->attempt++ % container->upstream_count];
		if (attempt(forward, upstream) == 0) {
			loop_arm(loop_of(forward), &forward->timer, ATTEMPT_MS);
			return;
		}
	}
	dns_server_fail(forward->server, &forward->client, &forward->query, forward->message + prefix_of(forward), DNS_SERVFAIL);
	end_forward(forward);
}

static struct dns_forward *create(const struct dns_client *client, const uint8_t *message, size_t length) {
	size_t prefix = client->stream ? 2 : 0;
	struct dns_forward *forward = calloc(1, sizeof *forward + prefix + length);
	if (!forward)
		return NULL;
	if (prefix > 0 && !(forward->answer = malloc(2 + DNS_MESSAGE_MAX))) {
		free(forward);
		return NULL;
	}
	if (prefix > 0) {
		forward->message[0] = (uint8_t)(length >> 8);
		forward->message[1] = (uint8_t)length;
	}
	memcpy(forward->message + prefix, message, length);
	forward->length = prefix + length;
	return forward;
}

void dns_forward_start(struct dns_server *server, const struct dns_client *client, const struct dns_query *query, const uint8_t *message, size_t length) {
	struct dns_forward *forward = server->forward_count < FORWARDS_MAX ? create(client, message, length) : NULL;
	if (!forward || getrandom(&forward->id, sizeof forward->id, 0) != sizeof forward->id) {
		if (forward)
			free(forward->answer);
		free(forward);
		dns_server_fail(server, client, query, message, DNS_SERVFAIL);
		return;
	}
	forward->server = server;
	forward->client = *client;
	forward->query = *query;
	forward->source = (struct loop_source){.fd = -1, .run = on_ready, .data = forward};
	forward->timer = (struct loop_timer){.run = on_due, .data = forward};
	memcpy(forward->message + prefix_of(forward), &forward->id, sizeof forward->id);
	forward->next = server->forwards;
	server->forwards = forward;
	server->forward_count++;
	try_next(forward);
}

void dns_forward_cancel(struct dns_server *server, const struct dns_stream *stream) {
	struct dns_forward *next;
	for (struct dns_forward *forward = server->forwards; forward; forward = next) {
		next = forward->next;
		if (!stream || forward->client.stream == stream)
			end_forward(forward);
	}
}
