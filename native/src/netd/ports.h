#pragma once
/*
 * Host ports of a container: a socket bound to each reserves it, so that a port in use is found whoever uses it, and nobody takes it later.
 * Serving the sockets is the relay's business, translating packets the ruleset's.
 */

#include "netd/config.h"

/*
 * Binds every port of the container, picking one where host_port is 0 or a range; ports in a row with the same target and host_port 0 share a number
 * (0.0.0.0 and ::). On failure all are closed again; errno EADDRINUSE with dockerd's words.
 */
int ports_reserve(struct container *container, struct loop *loop, struct error *err);
void ports_release(struct container *container);
