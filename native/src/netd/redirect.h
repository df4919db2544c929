#pragma once
/*
 * The DNS server of a container answers at 127.0.0.11:53 without occupying port 53, so that a DNS server inside the container can have 0.0.0.0:53:
 * its sockets are on free ports, and two header rewrites in the container's namespace (no connection tracking, so no cost for other traffic)
 * exchange the port numbers on the way.
 */

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Sets up both directions in the namespace that the NETLINK_NETFILTER socket `fd` belongs to. Ports in host order. `replaces`: there may be rules of a
 * netd before this one.
 */
int redirect_install(int fd, uint16_t udp_port, uint16_t tcp_port, bool replaces, struct error *err);
