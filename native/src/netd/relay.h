#pragma once
/*
 * Published ports by copying, for what packet rules cannot translate: [::1] of the host (the kernel does not route translated IPv6 loopback), [::] to a
 * container that has only IPv4, and everything on a kernel without nf_tables. The listener's socket exists for every published port anyway,
 * since it is what reserves the port; where the rules translate, no packet ever reaches it.
 */

#include "netd/address.h"
#include "base/loop.h"

struct relay;

struct relay_listener {
	struct loop_source source; /* a listening TCP socket or a bound UDP socket; fd -1 = none */
	struct loop *loop;
	struct address target;
	uint16_t target_port;
	struct relay *relays;
	unsigned relay_count;
};

enum { RELAYS_MAX = 1024 };

/* Serves listener->source.fd, which is set; `protocol` IPPROTO_TCP or IPPROTO_UDP. */
int relay_start(struct relay_listener *listener, struct loop *loop, int protocol, const struct address *target, uint16_t target_port,
				struct error *err);
/* Closes the listener and everything that goes through it. */
void relay_stop(struct relay_listener *listener);
