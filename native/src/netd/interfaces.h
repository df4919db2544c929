#pragma once
/* The interfaces of containers: veth pairs with one end in the container's namespace and the other in a bridge, or children of a host's interface. */

#include "netd/config.h"
#include "netd/netns.h"

struct interfaces_place {
	const struct netns_home *home;
	int netns;
	int inner_route; /* rtnetlink inside the namespace */
	int outer_route; /* rtnetlink in the host's */
};

/* Makes all interfaces, with addresses and routes: one message batch inside and one outside. Sets each endpoint's host_interface. */
int interfaces_add(const struct interfaces_place *place, struct endpoint *const *endpoints, size_t count, struct error *err);

/* Applies `net.*` sysctls (an object of strings) inside. */
int interfaces_set_sysctls(const struct interfaces_place *place, const json_t *sysctls, struct error *err);

/*
 * Cuts the endpoints off their bridges at once. Namespaces end later (the kernel cleans up when the last process has gone), and until then their
 * interfaces would still answer for addresses that somebody else may have by now. Never fails: what is gone is cut off.
 */
void interfaces_block(int route, struct endpoint *const *endpoints, size_t count);

/* Removes one interface from a live container; waits for the kernel (about 20 ms). Absent is success. */
int interfaces_delete(const struct netns_home *home, int netns, const struct endpoint *endpoint, struct error *err);

/* The default routes of a live container through this endpoint: what `former` has and the endpoint no longer is removed, the rest is set. */
int interfaces_reroute(const struct interfaces_place *place, const struct endpoint *endpoint, const struct address *former, size_t former_count,
			   struct error *err);

/* An rtnetlink socket inside the namespace. */
int interfaces_open_route(const struct netns_home *home, int netns, struct error *err);
