#include "netd/attachment.h"

#include "base/cleanup.h"
#include "base/json.h"
#include "netd/interfaces.h"
#include "netd/keep.h"
#include "netd/ports.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Steps of an attachment that can be undone, in order. */

static void leave_networks(struct container *container, size_t count) {
	for (size_t i = 0; i < count; i++)
		container->endpoints[i]->network->user_count--;
}

static int enter_networks(struct netd *netd, struct container *container, struct error *err) {
	for (size_t i = 0; i < container->endpoint_count; i++) {
		struct endpoint *endpoint = container->endpoints[i];
		endpoint->network = netd_find_network(netd, endpoint->network_id);
		if (!endpoint->network) {
			leave_networks(container, i);
			return error_set(err, ENOENT, "attach", "network %s is not known", endpoint->network_id);
		}
		endpoint->network->user_count++;
	}
	return 0;
}

static int add_rules(struct netd *netd, struct container *container, struct error *err) {
	int r = ruleset_add_ports(&netd->ruleset, container, err);
	if (r == 0)
		return 0;
	/* Somebody has flushed the rules (`nft flush ruleset`): put back all of them. The container is in the list already. */
	return ruleset_replace(&netd->ruleset, netd->networks, netd->containers, err);
}

static void remove_rules(struct netd *netd, struct container *container) {
	struct error ignored; /* elements that somebody has flushed */
	(void)ruleset_remove_ports(&netd->ruleset, container, &ignored);
}

static int add_names(struct netd *netd, struct container *container, struct error *err) {
	for (size_t i = 0; i < container->endpoint_count; i++)
		if (names_add(&netd->names, container->endpoints[i]) < 0)
			return error_set(err, ENOMEM, "attach", "no memory for names");
	return 0;
}

static void remove_names(struct netd *netd, struct container *container) {
	for (size_t i = 0; i < container->endpoint_count; i++)
		names_remove(&netd->names, container->endpoints[i]);
}

static void insert(struct netd *netd, struct container *container) {
	container->next = netd->containers;
	netd->containers = container;
}

static void take_out(struct netd *netd, struct container *container) {
	struct container **at = &netd->containers;
	while (*at && *at != container)
		at = &(*at)->next;
	if (*at)
		*at = container->next;
}

/* Undoes whatever part of an attachment there is, and frees the container. */
static void dismantle(struct netd *netd, struct container *container) {
	struct error ignored;
	remove_names(netd, container);
	dns_server_stop(&container->dns);
	remove_rules(netd, container);
	ports_release(container);
	interfaces_block(netd->route, container->endpoints, container->endpoint_count);
	for (size_t i = 0; i < container->endpoint_count; i++)
		if (container->endpoints[i]->host_interface[0] != '\0')
			sweep_add(&netd->sweep, container->endpoints[i]->host_interface);
	(void)netns_unpublish(container->netns, &ignored);
	forget_container(netd->directory, container);
	leave_networks(container, container->endpoint_count);
	take_out(netd, container);
	container_free(container);
}

static int start_dns(struct netd *netd, struct container *container, struct dns_sockets *sockets, struct error *err) {
	if (container->endpoint_count == 0) {
		dns_sockets_close(sockets);
		return 0;
	}
	return dns_server_start(&container->dns, &netd->dns, container, sockets, err);
}

/* Everything of a new attachment; the caller dismantles on failure. */
static int assemble(struct netd *netd, struct container *container, struct error *err) {
	_cleanup_slot_ struct slot slot = {-1, -1, {-1, -1}};
	int r = ports_reserve(container, &netd->loop, err);
	if (r >= 0)
		r = id_maps_empty(&container->id_maps) ? pool_take(&netd->pool, &slot, err) : pool_make_owned(&netd->pool, &container->id_maps, &slot, err);
	if (r < 0)
		return r;
	struct interfaces_place place = {&netd->home, slot.netns, slot.route, netd->route};
	/* A file of a netd that died between mount and record may be in the way. */
	if ((r = interfaces_add(&place, container->endpoints, container->endpoint_count, err)) < 0 ||
		(r = interfaces_set_sysctls(&place, container->sysctls, err)) < 0 || (r = netns_unpublish(container->netns, err)) < 0 ||
		(r = netns_publish(slot.netns, container->netns, err)) < 0 || (r = add_names(netd, container, err)) < 0 ||
		(r = start_dns(netd, container, &slot.dns, err)) < 0 || (r = add_rules(netd, container, err)) < 0)
		return r;
	return keep_container(netd->directory, container, err);
}

int attachment_create(struct netd *netd, json_t *config, struct container **ret_container, struct error *err) {
	struct container *container;
	int r = container_parse(config, &container, err);
	if (r < 0)
		return r;
	struct container *known = netd_find_container(netd, container->id);
	if (known) {
		bool is_same = json_equal(known->json, container->json);
		container_free(container);
		*ret_container = known;
		return is_same ? 0 : error_set(err, EEXIST, "attach", "container %s is attached with another configuration", known->id);
	}
	if ((r = enter_networks(netd, container, err)) < 0) {
		container_free(container);
		return r;
	}
	insert(netd, container);
	if ((r = assemble(netd, container, err)) < 0) {
		dismantle(netd, container);
		return r;
	}
	*ret_container = container;
	return 0;
}

static void take_extras(struct container *container, const json_t *extras) {
	const json_t *ports = json_object_get(extras, "hostPorts"), *interfaces = json_object_get(extras, "interfaces"),
			 *indexes = json_object_get(extras, "indexes");
	for (size_t i = 0; i < container->port_count; i++) {
		json_int_t number = json_integer_value(json_array_get(ports, i));
		if (number > 0 && number <= 65535)
			container->ports[i].host_port = container->ports[i].host_port_end = (uint16_t)number;
	}
	for (size_t i = 0; i < container->endpoint_count; i++) {
		const char *name = json_string_value(json_array_get(interfaces, i));
		if (name && strlen(name) < IFNAMSIZ)
			(void)strcpy(container->endpoints[i]->host_interface, name);
		container->endpoints[i]->index = (unsigned)json_integer_value(json_array_get(indexes, i));
	}
}

static int reassemble(struct netd *netd, struct container *container, struct error *err) {
	struct dns_sockets sockets = {-1, -1};
	_cleanup_close_ int netns = netns_open(container->netns, err);
	int r = netns;
	if (r < 0 || (r = add_names(netd, container, err)) < 0)
		return r;
	/* A port that somebody took in the meantime is no reason to lose the rest: packets are still translated. */
	struct error ignored;
	(void)ports_reserve(container, &netd->loop, &ignored);
	if (container->endpoint_count > 0 && (r = dns_sockets_open(&netd->home, netns, true, &sockets, err)) < 0)
		return r;
	return start_dns(netd, container, &sockets, err);
}

int attachment_restore(struct netd *netd, json_t *config, const json_t *extras, struct error *err) {
	struct container *container;
	int r = container_parse(config, &container, err);
	if (r < 0)
		return r;
	if ((r = enter_networks(netd, container, err)) < 0) {
		container_free(container);
		return r;
	}
	take_extras(container, extras);
	insert(netd, container);
	if ((r = reassemble(netd, container, err)) < 0)
		dismantle(netd, container);
	return r;
}

int attachment_remove(struct netd *netd, const char *container_id, struct error *err) {
	(void)err;
	struct container *container = netd_find_container(netd, container_id);
	if (container)
		dismantle(netd, container);
	return 0;
}

static int find(const struct netd *netd, const char *container_id, struct container **ret_container, struct error *err) {
	*ret_container = netd_find_container(netd, container_id);
	return *ret_container ? 0 : error_set(err, ENOENT, "attach", "container %s is not attached", container_id);
}

static size_t endpoint_position(const struct container *container, const char *network_id) {
	size_t i = 0;
	while (i < container->endpoint_count && strcmp(container->endpoints[i]->network_id, network_id) != 0)
		i++;
	return i;
}

static int join(struct netd *netd, struct container *container, struct endpoint *endpoint, struct error *err) {
	_cleanup_close_ int netns = netns_open(container->netns, err);
	if (netns < 0)
		return netns;
	_cleanup_close_ int route = interfaces_open_route(&netd->home, netns, err);
	if (route < 0)
		return route;
	struct interfaces_place place = {&netd->home, netns, route, netd->route};
	int r = interfaces_add(&place, &endpoint, 1, err);
	if (r < 0)
		return r;
	return names_add(&netd->names, endpoint) < 0 ? error_set(err, ENOMEM, "connect", "no memory for names") : 0;
}

int attachment_connect(struct netd *netd, const char *container_id, json_t *config, struct error *err) {
	struct container *container;
	struct endpoint *endpoint;
	int r = find(netd, container_id, &container, err);
	if (r < 0 || (r = endpoint_parse(config, &endpoint, err)) < 0)
		return r;
	size_t position = endpoint_position(container, endpoint->network_id);
	bool is_same = position < container->endpoint_count && json_equal(container->endpoints[position]->json, endpoint->json);
	endpoint->network = netd_find_network(netd, endpoint->network_id);
	endpoint->container = container;
	if (is_same)
		r = 1;
	else if (position < container->endpoint_count)
		r = error_set(err, EEXIST, "connect", "container %s is in network %s already", container_id, endpoint->network_id);
	else if (!endpoint->network)
		r = error_set(err, ENOENT, "connect", "network %s is not known", endpoint->network_id);
	else if (container->endpoint_count == ENDPOINTS_MAX)
		r = error_set(err, E2BIG, "connect", "container %s is in too many networks", container_id);
	else
		r = join(netd, container, endpoint, err);
	if (r != 0) {
		endpoint_free(endpoint);
		return r < 0 ? r : 0;
	}
	endpoint->network->user_count++;
	container->endpoints[container->endpoint_count++] = endpoint;
	(void)json_array_append(json_object_get(container->json, "endpoints"), endpoint->json);
	return keep_container(netd->directory, container, err);
}

int attachment_disconnect(struct netd *netd, const char *container_id, const char *network_id, struct error *err) {
	struct container *container = netd_find_container(netd, container_id);
	size_t position = container ? endpoint_position(container, network_id) : 0;
	if (!container || position == container->endpoint_count)
		return 0;
	struct endpoint *endpoint = container->endpoints[position];
	_cleanup_close_ int netns = netns_open(container->netns, err);
	if (netns < 0)
		return netns;
	interfaces_block(netd->route, &endpoint, 1);
	int r = interfaces_delete(&netd->home, netns, endpoint, err);
	if (r < 0)
		return r;
	names_remove(&netd->names, endpoint);
	endpoint->network->user_count--;
	container->endpoint_count--;
	memmove(&container->endpoints[position], &container->endpoints[position + 1], (container->endpoint_count - position) * sizeof endpoint);
	(void)json_array_remove(json_object_get(container->json, "endpoints"), position);
	endpoint_free(endpoint);
	return keep_container(netd->directory, container, err);
}

int attachment_rename(struct netd *netd, const char *container_id, const char *network_id, json_t *names, struct error *err) {
	struct container *container;
	int r = find(netd, container_id, &container, err);
	if (r < 0)
		return r;
	size_t position = endpoint_position(container, network_id);
	if (position == container->endpoint_count)
		return error_set(err, ENOENT, "names", "container %s is not in network %s", container_id, network_id);
	struct endpoint *endpoint = container->endpoints[position];
	names_remove(&netd->names, endpoint);
	_cleanup_json_ json_t *former = json_incref(json_object_get(endpoint->json, "names")); /* the texts of the old names live here */
	r = endpoint_rename(endpoint, names, err);
	if (names_add(&netd->names, endpoint) < 0)
		return error_set(err, ENOMEM, "names", "no memory for names");
	return r < 0 ? r : keep_container(netd->directory, container, err);
}

int attachment_reroute(struct netd *netd, const char *container_id, const char *network_id, json_t *gateways, struct error *err) {
	struct container *container;
	struct address former[ADDRESSES_MAX];
	int r = find(netd, container_id, &container, err);
	if (r < 0)
		return r;
	size_t position = endpoint_position(container, network_id);
	if (position == container->endpoint_count)
		return error_set(err, ENOENT, "gateways", "container %s is not in network %s", container_id, network_id);
	struct endpoint *endpoint = container->endpoints[position];
	size_t former_count = endpoint->gateway_count;
	memcpy(former, endpoint->gateways, sizeof former);
	_cleanup_close_ int netns = netns_open(container->netns, err);
	if (netns < 0)
		return netns;
	_cleanup_close_ int route = interfaces_open_route(&netd->home, netns, err);
	if (route < 0 || (r = endpoint_reroute(endpoint, gateways, err)) < 0)
		return route < 0 ? route : r;
	struct interfaces_place place = {&netd->home, netns, route, netd->route};
	r = interfaces_reroute(&place, endpoint, former, former_count, err);
	return r < 0 ? r : keep_container(netd->directory, container, err);
}

int attachment_publish(struct netd *netd, const char *container_id, json_t *list, struct error *err) {
	struct container *container;
	struct port *ports;
	size_t count;
	int r = find(netd, container_id, &container, err);
	if (r < 0 || (r = ports_parse(list, &ports, &count, err)) < 0)
		return r;
	remove_rules(netd, container);
	ports_release(container);
	free(container->ports);
	container->ports = ports;
	container->port_count = count;
	/* The ports borrow from the list: from here on the container's json holds it. */
	if (json_object_set(container->json, "ports", list) < 0 || (r = ports_reserve(container, &netd->loop, err)) < 0) {
		container->port_count = 0;
		return r < 0 ? r : error_set(err, ENOMEM, "ports", "no memory for ports");
	}
	r = add_rules(netd, container, err);
	return r < 0 ? r : keep_container(netd->directory, container, err);
}

static void add_warning(json_t *warnings, const char *text) { (void)json_array_append_new(warnings, json_string(text)); }

json_t *attachment_answer(const struct netd *netd, const struct container *container) {
	json_t *ports = json_array(), *warnings = json_array();
	for (size_t i = 0; i < container->port_count; i++) {
		json_t *port = json_copy(container->ports[i].json);
		(void)json_object_set_new(port, "hostPort", json_integer(container->ports[i].host_port));
		(void)json_object_del(port, "hostPortEnd");
		(void)json_array_append_new(ports, port);
	}
	if (!ruleset_is_available(&netd->ruleset) && container->endpoint_count > 0) {
		add_warning(warnings, "this kernel has no nf_tables: containers cannot reach addresses outside their networks");
		if (container->port_count > 0)
			add_warning(warnings, "this kernel has no nf_tables: published ports are relayed by copying, and containers see the gateway as their client");
	}
	return json_pack("{s:o,s:o}", "ports", ports, "warnings", warnings);
}
