#pragma once
/* The daemon's state, and the operations on it (operations.h). One instance per process. */

#include "base/loop.h"
#include "netd/config.h"
#include "netd/names.h"
#include "netd/netns.h"
#include "netd/pool.h"
#include "netd/ruleset.h"
#include "netd/sweep.h"

struct netd {
	struct loop loop;
	struct netns_home home;
	int route; /* rtnetlink in the host's namespace */
	int directory; /* <run-dir>/netd, where what was asked for is kept */
	uint32_t group;
	struct ruleset ruleset;
	struct network *networks;
	struct container *containers;
	struct names names;
	struct dns_service dns;
	struct pool pool;
	struct sweep sweep;
	bool is_ending;
};

int netd_open(struct netd *netd, const char *run_dir, const char *instance, struct error *err);

static inline struct network *netd_find_network(const struct netd *netd, const char *id) {
	struct network *network = netd->networks;
	while (network && __builtin_strcmp(network->id, id) != 0)
		network = network->next;
	return network;
}

static inline struct container *netd_find_container(const struct netd *netd, const char *id) {
	struct container *container = netd->containers;
	while (container && __builtin_strcmp(container->id, id) != 0)
		container = container->next;
	return container;
}
