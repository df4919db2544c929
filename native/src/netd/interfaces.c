#include "netd/interfaces.h"

#include "base/cleanup.h"
#include "netd/link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

/* Inner interface indexes are chosen, so that addresses can be added without asking: above what the kernel itself makes in a new namespace. */
enum { FIRST_INDEX = 16 };

static bool has_ipv6(struct endpoint *const *endpoints, size_t count) {
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < endpoints[i]->address_count; j++)
			if (endpoints[i]->addresses[j].family == AF_INET6)
				return true;
	return false;
}

static int enable_ipv6(void *context, struct error *err) {
	(void)context;
	return netns_sysctl("net.ipv6.conf.default.disable_ipv6", "0", err);
}

/* A fresh name every time: the outer end of a former life may still be there. */
static int name_outer(struct endpoint *endpoint, struct error *err) {
	uint32_t random;
	if (getrandom(&random, sizeof random, 0) != sizeof random)
		return error_errno(err, "interfaces", "getrandom");
	(void)snprintf(endpoint->host_interface, sizeof endpoint->host_interface, "veth%08x", random);
	return 0;
}

static unsigned next_index(const struct endpoint *endpoint, size_t position) {
	unsigned index = FIRST_INDEX + (unsigned)position;
	const struct container *container = endpoint->container;
	for (size_t i = 0; i < container->endpoint_count; i++)
		if (container->endpoints[i]->index >= index && container->endpoints[i] != endpoint)
			index = container->endpoints[i]->index + 1;
	return index;
}

static void describe_child(struct netlink_batch *batch, const struct interfaces_place *place, const struct endpoint *endpoint) {
	const struct network *network = endpoint->network;
	bool is_macvlan = network->driver == DRIVER_MACVLAN;
	link_add_child(batch, &(struct child_settings){
					  .kind = is_macvlan ? "macvlan" : "ipvlan",
					  .mode = network->mode,
					  .parent = network->bridge_index,
					  .index = endpoint->index,
					  .name = endpoint->interface,
					  .mac = is_macvlan ? endpoint->mac : NULL,
					  .namespace = place->netns,
					  .mtu = network->mtu,
				  });
}

static void describe_inner(struct netlink_batch *batch, const struct interfaces_place *place, const struct endpoint *endpoint) {
	if (endpoint->network->driver == DRIVER_BRIDGE)
		link_add_veth(batch, &(struct veth_settings){
						 .index = endpoint->index,
						 .name = endpoint->interface,
						 .mac = endpoint->mac,
						 .host_name = endpoint->host_interface,
						 .host_namespace = place->home->fd,
						 .mtu = endpoint->network->mtu,
					 });
	for (size_t i = 0; i < endpoint->address_count; i++)
		link_add_address(batch, endpoint->index, &endpoint->addresses[i]);
	for (size_t i = 0; i < endpoint->gateway_count; i++)
		link_add_route(batch, endpoint->index, &endpoint->gateways[i]);
}

int interfaces_add(const struct interfaces_place *place, struct endpoint *const *endpoints, size_t count, struct error *err) {
	_cleanup_batch_ struct netlink_batch children = {0}, inner = {0}, outer = {0};
	int r;
	if (has_ipv6(endpoints, count) && (r = netns_run(place->home, place->netns, enable_ipv6, NULL, err)) < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		struct endpoint *endpoint = endpoints[i];
		endpoint->index = next_index(endpoint, i);
		if (endpoint->network->driver == DRIVER_BRIDGE && (r = name_outer(endpoint, err)) < 0)
			return r;
		describe_inner(&inner, place, endpoint);
		if (endpoint->network->driver != DRIVER_BRIDGE) {
			describe_child(&children, place, endpoint);
			continue;
		}
		link_join_bridge(&outer, endpoint->host_interface, endpoint->network->bridge_index, !endpoint->network->allows_peers);
	}
	if ((r = netlink_transact(place->outer_route, &children, NULL, NULL, err)) < 0 ||
		(r = netlink_transact(place->inner_route, &inner, NULL, NULL, err)) < 0)
		return r;
	return netlink_transact(place->outer_route, &outer, NULL, NULL, err);
}

static int write_sysctls(void *context, struct error *err) {
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)context, name, value) {
		int r = netns_sysctl(name, json_string_value(value), err);
		if (r < 0)
			return r;
	}
	return 0;
}

int interfaces_set_sysctls(const struct interfaces_place *place, const json_t *sysctls, struct error *err) {
	if (json_object_size(sysctls) == 0)
		return 0;
	return netns_run(place->home, place->netns, write_sysctls, (json_t *)sysctls, err);
}

void interfaces_block(int route, struct endpoint *const *endpoints, size_t count) {
	_cleanup_batch_ struct netlink_batch batch = {0};
	struct error ignored;
	for (size_t i = 0; i < count; i++) {
		unsigned index;
		if (endpoints[i]->host_interface[0] != '\0' && link_find(route, endpoints[i]->host_interface, &index, &ignored) == 0)
			link_block_port(&batch, endpoints[i]->host_interface, index);
	}
	(void)netlink_transact(route, &batch, NULL, NULL, &ignored);
}

int interfaces_reroute(const struct interfaces_place *place, const struct endpoint *endpoint, const struct address *former, size_t former_count,
			   struct error *err) {
	_cleanup_batch_ struct netlink_batch batch = {0};
	for (size_t i = 0; i < former_count; i++) {
		bool is_kept = false;
		for (size_t j = 0; j < endpoint->gateway_count; j++)
			is_kept |= address_equal(&former[i], &endpoint->gateways[j]);
		if (!is_kept)
			link_delete_route(&batch, endpoint->index, &former[i]);
	}
	for (size_t i = 0; i < endpoint->gateway_count; i++)
		link_add_route(&batch, endpoint->index, &endpoint->gateways[i]);
	return netlink_transact(place->inner_route, &batch, NULL, NULL, err);
}

static int open_inside(void *context, struct error *err) {
	int *route = context;
	*route = netlink_open(NETLINK_ROUTE, err);
	return *route;
}

int interfaces_open_route(const struct netns_home *home, int netns, struct error *err) {
	int route = -1;
	int r = netns_run(home, netns, open_inside, &route, err);
	return r < 0 ? r : route;
}

int interfaces_delete(const struct netns_home *home, int netns, const struct endpoint *endpoint, struct error *err) {
	_cleanup_batch_ struct netlink_batch batch = {0};
	_cleanup_close_ int route = interfaces_open_route(home, netns, err);
	if (route < 0)
		return route;
	link_delete(&batch, endpoint->interface);
	return netlink_transact(route, &batch, NULL, NULL, err);
}
