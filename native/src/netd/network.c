#include "netd/network.h"

#include "base/cleanup.h"
#include "base/fdio.h"
#include "netd/admission.h"
#include "netd/keep.h"
#include "netd/link.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char guard_file[] = "guards-forwarding";

static int set_bridge_sysctl(const struct network *network, const char *family, const char *name, const char *value, struct error *err) {
	char path[128];
	(void)snprintf(path, sizeof path, "net/%s/conf/%s/%s", family, network->bridge, name);
	return netns_sysctl(path, value, err);
}

static bool has_ipv6(const struct network *network) {
	for (size_t i = 0; i < network->gateway_count; i++)
		if (network->gateways[i].family == AF_INET6)
			return true;
	return false;
}

/*
 * Turns forwarding on. Where it was off, the host shall not become a router for its neighbours by that: the rules then drop what is forwarded and has
 * nothing to do with containers, also after a restart of netd.
 */
static int enable_forwarding(struct netd *netd, struct error *err) {
	_cleanup_free_ char *text = NULL;
	int r = read_file_at(AT_FDCWD, "/proc/sys/net/ipv4/ip_forward", 16, &text, NULL);
	if (r < 0)
		return error_set(err, -r, "forwarding", "reading ip_forward: %s", strerror(-r));
	if (text[0] == '1') {
		netd->ruleset.guards_forwarding = faccessat(netd->directory, guard_file, F_OK, 0) == 0;
		return 0;
	}
	_cleanup_close_ int guard = openat(netd->directory, guard_file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (guard < 0)
		return error_errno(err, "forwarding", "%s", guard_file);
	netd->ruleset.guards_forwarding = true;
	return netns_sysctl("net.ipv4.ip_forward", "1", err);
}

/* From the id, so that a bridge keeps its address when it is made again and neighbours need not learn a new one. */
static void bridge_mac(const struct network *network, uint8_t ret_mac[static 6]) {
	uint64_t hash = 14695981039346656037U;
	for (const char *at = network->id; *at; at++)
		hash = (hash ^ (unsigned char)*at) * 1099511628211U;
	ret_mac[0] = 0x02;
	ret_mac[1] = 0x42;
	for (int i = 2; i < 6; i++)
		ret_mac[i] = (uint8_t)(hash >> (8 * i));
}

struct claim {
	const struct network *network;
	struct address taken;
	bool is_taken;
};

static void on_destination(void *context, const struct address *destination, unsigned index) {
	struct claim *claim = context;
	for (size_t i = 0; i < claim->network->gateway_count && index != claim->network->bridge_index; i++) {
		const struct address *own = &claim->network->gateways[i];
		/* A wider route (a VPN's 10.0.0.0/8) may be narrowed; one to the subnet or into it would be cut. */
		if (destination->prefix < own->prefix || !address_is_within(destination, own))
			continue;
		claim->taken = *destination;
		claim->is_taken = true;
	}
}

static int check_subnets(struct netd *netd, const struct network *network, struct error *err) {
	struct claim claim = {.network = network};
	int r = link_host_destinations(netd->route, on_destination, &claim, err);
	if (r < 0 || !claim.is_taken)
		return r;
	char text[ADDRESS_TEXT_SIZE];
	address_format(&claim.taken, text);
	return error_set(err, EADDRINUSE, "network", "%s/%u is used on this host already", text, claim.taken.prefix);
}

static int add_addresses(struct netd *netd, const struct network *network, bool checks, struct error *err) {
	_cleanup_batch_ struct netlink_batch addresses = {0};
	_cleanup_close_ int lock = -1; /* of all daemons of this host one at a time looks and takes */
	int r;
	if (checks) {
		lock = netns_lock(&netd->home);
		if ((r = check_subnets(netd, network, err)) < 0)
			return r;
	}
	for (size_t i = 0; i < network->gateway_count; i++)
		link_add_address(&addresses, network->bridge_index, &network->gateways[i]);
	return netlink_transact(netd->route, &addresses, NULL, NULL, err);
}

/* `checks`: fails with EADDRINUSE when the host reaches a subnet of the network by another interface. */
static int bring_up(struct netd *netd, struct network *network, bool checks, struct error *err) {
	/* The parent is the administrator's: it is found and left as it is. */
	if (network->driver != DRIVER_BRIDGE) {
		int found = link_find(netd->route, network->bridge, &network->bridge_index, err);
		return found == -ENODEV ? error_set(err, ENODEV, "network", "-o parent interface was not found on the host: %s", network->bridge) : found;
	}
	_cleanup_batch_ struct netlink_batch links = {0};
	struct bridge_settings settings = {.name = network->bridge, .group = netd->group, .mtu = network->mtu};
	bridge_mac(network, settings.mac);
	link_add_bridge(&links, &settings);
	link_adopt_bridge(&links, &settings);
	int r = netlink_transact(netd->route, &links, NULL, NULL, err);
	if (r < 0 || (r = link_find(netd->route, network->bridge, &network->bridge_index, err)) < 0)
		return r;
	struct error ignored; /* a kernel without IPv6 has no such file */
	(void)set_bridge_sysctl(network, "ipv6", "disable_ipv6", has_ipv6(network) ? "0" : "1", &ignored);
	if (has_ipv6(network) && (r = netns_sysctl("net.ipv6.conf.all.forwarding", "1", err)) < 0)
		return r;
	if ((r = set_bridge_sysctl(network, "ipv4", "route_localnet", "1", err)) < 0)
		return r;
	return add_addresses(netd, network, checks, err);
}

/* The addresses go at once, so that the subnet can be used again. */
static void take_down(struct netd *netd, const struct network *network) {
	_cleanup_batch_ struct netlink_batch addresses = {0}, links = {0};
	struct error ignored;
	if (network->driver != DRIVER_BRIDGE)
		return;
	for (size_t i = 0; i < network->gateway_count; i++)
		link_delete_address(&addresses, network->bridge_index, &network->gateways[i]);
	(void)netlink_transact(netd->route, &addresses, NULL, NULL, &ignored);
	link_delete(&links, network->bridge);
	link_transact_apart(netd->route, &links);
}

static int add_rules(struct netd *netd, const struct network *network, struct error *err) {
	int r = ruleset_add_network(&netd->ruleset, network, err);
	/* Somebody has flushed the rules (`nft flush ruleset`): put back all of them. */
	if (r < 0)
		r = ruleset_replace(&netd->ruleset, netd->networks, netd->containers, err);
	return r < 0 ? r : admission_add(&netd->ruleset, netd->networks, err);
}

static int insert(struct netd *netd, json_t *config, bool checks, bool *ret_is_new, struct network **ret_network, struct error *err) {
	struct network *network;
	int r = network_parse(config, &network, err);
	if (r < 0)
		return r;
	struct network *known = netd_find_network(netd, network->id);
	if (known) {
		bool is_same = json_equal(known->json, network->json);
		network_free(network);
		*ret_is_new = false;
		*ret_network = known;
		return is_same ? 0 : error_set(err, EEXIST, "network", "network %s exists with another configuration", known->id);
	}
	bool was_guarding = netd->ruleset.guards_forwarding;
	if ((r = enable_forwarding(netd, err)) < 0 || (r = bring_up(netd, network, checks, err)) < 0) {
		if (network->bridge_index > 0)
			take_down(netd, network);
		network_free(network);
		return r;
	}
	if (was_guarding != netd->ruleset.guards_forwarding)
		(void)ruleset_replace(&netd->ruleset, netd->networks, netd->containers, err);
	network->next = netd->networks;
	netd->networks = network;
	*ret_is_new = true;
	*ret_network = network;
	return 0;
}

static void take_out(struct netd *netd, struct network *network) {
	struct network **at = &netd->networks;
	while (*at != network)
		at = &(*at)->next;
	*at = network->next;
	take_down(netd, network);
	forget_network(netd->directory, network);
	network_free(network);
}

int network_create(struct netd *netd, json_t *config, struct network **ret_network, struct error *err) {
	bool is_new;
	struct network *network;
	int r = insert(netd, config, true, &is_new, &network, err);
	if (r < 0)
		return r;
	if (is_new && ((r = add_rules(netd, network, err)) < 0 || (r = keep_network(netd->directory, network, err)) < 0)) {
		take_out(netd, network);
		return r;
	}
	*ret_network = network;
	return 0;
}

int network_restore(struct netd *netd, json_t *config, struct error *err) {
	bool is_new;
	struct network *network;
	return insert(netd, config, false, &is_new, &network, err);
}

int network_remove(struct netd *netd, const char *id, struct error *err) {
	struct network *network = netd_find_network(netd, id);
	if (!network)
		return 0;
	if (network->user_count > 0)
		return error_set(err, EBUSY, "network", "network %s has %zu endpoints", id, network->user_count);
	struct error ignored; /* elements that somebody has flushed */
	(void)ruleset_remove_network(&netd->ruleset, network, &ignored);
	(void)admission_remove(&netd->ruleset, network->bridge, &ignored);
	take_out(netd, network);
	return 0;
}
