#pragma once
/*
 * The DNS server of one container: a UDP and a TCP socket inside the container's network namespace, served by netd's loop.
 * Calling order: dns_sockets_open (also ahead of time, for a pooled namespace), dns_server_start, ..., dns_server_stop.
 */

#include "netd/dns-message.h"
#include "base/loop.h"
#include "netd/netns.h"

#include <sys/socket.h>

struct container;
struct names;
struct dns_forward;
struct dns_stream;

/* What all servers share. */
struct dns_service {
	struct loop *loop;
	const struct names *names;
	struct container *const *containers; /* the list's head, for reverse lookups */
};

/* Bound to 127.0.0.11, and listening where it is TCP; -1 = none. */
struct dns_sockets {
	int udp;
	int tcp;
};

struct dns_server {
	struct dns_service *service; /* NULL when it is not started */
	struct container *container;
	struct loop_source udp;
	struct loop_source tcp;
	struct dns_stream *streams;
	unsigned stream_count;
	struct dns_forward *forwards;
	unsigned forward_count;
};

/* Where an answer goes: back to an address by UDP, or down a stream. */
struct dns_client {
	struct dns_stream *stream; /* NULL: UDP */
	struct sockaddr_in address;
};

/*
 * Opens both sockets in the namespace, reachable as 127.0.0.11:53: by the port exchange of redirect.h, or on port 53 itself where the kernel has no
 * nf_tables. `is_used`: the namespace had a server before (of a netd that died).
 */
int dns_sockets_open(const struct netns_home *home, int netns, bool is_used, struct dns_sockets *ret_sockets, struct error *err);
void dns_sockets_close(struct dns_sockets *sockets);

void dns_server_init(struct dns_server *server);
/* Takes the sockets over. */
int dns_server_start(struct dns_server *server, struct dns_service *service, struct container *container, struct dns_sockets *sockets,
			 struct error *err);
void dns_server_stop(struct dns_server *server);

/* Answers a client; `message` is a whole DNS message. */
void dns_server_send(struct dns_server *server, const struct dns_client *client, const uint8_t *message, size_t length);
/* Answers a query of which nothing but its failure is known. */
void dns_server_fail(struct dns_server *server, const struct dns_client *client, const struct dns_query *query, const uint8_t *message,
			 enum dns_rcode rcode);
