#include "netd/ports.h"

#include "base/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

enum { RANDOM_TRIES = 16 };

/* A socket on the port, or -errno. TCP listens at once: only then does a second binder get EADDRINUSE although both say SO_REUSEADDR. */
static int bind_port(const struct port *port, uint16_t number) {
	bool is_tcp = port->protocol == IPPROTO_TCP;
	struct sockaddr_storage address;
	socklen_t length = address_to_socket(&port->host, number, &address);
	_cleanup_close_ int fd = socket(port->host.family, (is_tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	int one = 1;
	/* For TCP, connections of a former owner that are still closing shall not be in the way; for UDP it would allow sharing. */
	if (is_tcp && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0)
		return -errno;
	if (port->host.family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one) < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&address, length) < 0 || (is_tcp && listen(fd, 128) < 0))
		return -errno;
	return TAKE_FD(fd);
}

static uint16_t bound_port(int fd) {
	struct sockaddr_storage address = {0};
	socklen_t length = sizeof address;
	(void)getsockname(fd, (struct sockaddr *)&address, &length);
	return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port : ((struct sockaddr_in *)&address)->sin_port);
}

static bool is_same_request(const struct port *a, const struct port *b) {
	return a->protocol == b->protocol && a->target_port == b->target_port && a->host_port == b->host_port && a->host_port_end == b->host_port_end &&
		   a->host.family != b->host.family;
}

/* Ports from `first` on that ask for the same number: 1, or 2 where IPv4 and IPv6 go together. */
static size_t group_length(const struct container *container, size_t first) {
	return first + 1 < container->port_count && is_same_request(&container->ports[first], &container->ports[first + 1]) ? 2 : 1;
}

static void close_group(struct port *ports, size_t count) {
	for (size_t i = 0; i < count; i++)
		close_fd(&ports[i].listener.source.fd);
}

/* All of a group on one number (0: any); fds are in place afterwards. 0 or -errno with nothing bound. */
static int bind_group(struct port *ports, size_t count, uint16_t number) {
	for (size_t i = 0; i < count; i++) {
		int fd = bind_port(&ports[i], number);
		/* A host without IPv6 has nothing to reserve there. */
		if (ports[i].host.family == AF_INET6 && address_is_any(&ports[i].host) && (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL))
			continue;
		if (fd < 0) {
			close_group(ports, count);
			return fd;
		}
		ports[i].listener.source.fd = fd;
		if (number == 0)
			number = bound_port(fd);
	}
	for (size_t i = 0; i < count; i++)
		ports[i].host_port = ports[i].host_port_end = number;
	return 0;
}

static int bind_request(struct port *ports, size_t count) {
	uint16_t first = ports[0].host_port;
	uint16_t last = ports[0].host_port_end;
	if (first == 0) {
		int r = 0;
		for (int i = 0; i < RANDOM_TRIES; i++)
			if ((r = bind_group(ports, count, 0)) != -EADDRINUSE)
				break;
		return r;
	}
	for (unsigned number = first; number < last; number++)
		if (bind_group(ports, count, (uint16_t)number) == 0)
			return 0;
	return bind_group(ports, count, last);
}

static int refuse(const struct port *port, int failure, struct error *err) {
	char host[ADDRESS_TEXT_SIZE];
	address_format(&port->host, host);
	bool is_ipv6 = port->host.family == AF_INET6;
	const char *protocol = port->protocol == IPPROTO_TCP ? "tcp" : "udp";
	if (failure == -EADDRINUSE && port->host_port != port->host_port_end)
		return error_set(err, EADDRINUSE, "ports", "all ports of %s%s%s:%u-%u/%s are already allocated", is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "",
			 port->host_port, port->host_port_end, protocol);
	if (failure == -EADDRINUSE)
		return error_set(err, EADDRINUSE, "ports", "failed to bind host port for %s%s%s:%u/%s: address already in use", is_ipv6 ? "[" : "", host,
			 is_ipv6 ? "]" : "", port->host_port, protocol);
	return error_set(err, -failure, "ports", "failed to bind host port for %s%s%s:%u/%s: %s", is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "",
			 port->host_port, protocol, strerror(-failure));
}

static int start_relay(struct port *port, struct loop *loop, struct error *err) {
	if (port->listener.source.fd < 0)
		return 0;
	return relay_start(&port->listener, loop, port->protocol, &port->target, port->target_port, err);
}

int ports_reserve(struct container *container, struct loop *loop, struct error *err) {
	int r = 0;
	for (size_t i = 0, count; i < container->port_count && r == 0; i += count) {
		count = group_length(container, i);
		r = bind_request(&container->ports[i], count);
		if (r < 0)
			r = refuse(&container->ports[i], r, err);
		for (size_t j = 0; j < count && r == 0; j++)
			r = start_relay(&container->ports[i + j], loop, err);
	}
	if (r < 0)
		ports_release(container);
	return r;
}

void ports_release(struct container *container) {
	for (size_t i = 0; i < container->port_count; i++)
		relay_stop(&container->ports[i].listener);
}
