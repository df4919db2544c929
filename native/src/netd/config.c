#include "netd/config.h"

#include "base/cleanup.h"
#include "base/json.h"

#include <errno.h>
#include <linux/if_link.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static int take_interface(struct object_reader *reader, const char *name, const char **ret_text, struct error *err) {
	int r = take_string(reader, name, ret_text, err);
	if (r < 0)
		return r;
	size_t length = strlen(*ret_text);
	if (length == 0 || length >= IFNAMSIZ || strpbrk(*ret_text, "/ \t\n:") || strcmp(*ret_text, ".") == 0 || strcmp(*ret_text, "..") == 0)
		return error_set(err, EINVAL, "json", "%s.%s: \"%.32s\" is not the name of an interface", reader->where, name, *ret_text);
	return 0;
}

/* Ids become file names. */
static int take_id(struct object_reader *reader, const char *name, const char **ret_text, struct error *err) {
	int r = take_string(reader, name, ret_text, err);
	if (r < 0)
		return r;
	size_t length = strlen(*ret_text);
	if (length == 0 || length > 128 || strspn(*ret_text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-.") != length || **ret_text == '.')
		return error_set(err, EINVAL, "json", "%s.%s: \"%.64s\" is not an id", reader->where, name, *ret_text);
	return 0;
}

static int take_addresses(struct object_reader *reader, const char *name, bool has_prefix, struct address *addresses, size_t max, size_t *ret_count,
			  struct error *err) {
	const json_t *array;
	int r = take_array(reader, name, &array, err);
	if (r < 0)
		return r;
	size_t count = json_array_size(array);
	if (count > max)
		return error_set(err, E2BIG, "json", "%s.%s: %zu addresses are too many", reader->where, name, count);
	for (size_t i = 0; i < count; i++) {
		const char *text;
		if ((r = element_string(array, i, name, &text, err)) < 0 || (r = address_parse(text, has_prefix, &addresses[i], err)) < 0)
			return r;
	}
	*ret_count = count;
	return 0;
}

static const struct {
	const char *driver, *mode;
	enum link_driver number;
	unsigned value;
} link_modes[] = {
	{"macvlan", "bridge", DRIVER_MACVLAN, MACVLAN_MODE_BRIDGE},	{"macvlan", "private", DRIVER_MACVLAN, MACVLAN_MODE_PRIVATE},
	{"macvlan", "vepa", DRIVER_MACVLAN, MACVLAN_MODE_VEPA},		{"macvlan", "passthru", DRIVER_MACVLAN, MACVLAN_MODE_PASSTHRU},
	{"ipvlan", "l2", DRIVER_IPVLAN, IPVLAN_MODE_L2},		{"ipvlan", "l3", DRIVER_IPVLAN, IPVLAN_MODE_L3},
	{"ipvlan", "l3s", DRIVER_IPVLAN, IPVLAN_MODE_L3S},
};

/* {driver, mode}; absent for a bridge. */
static int take_link(struct object_reader *outer, struct network *network, struct error *err) {
	const json_t *link;
	const char *driver, *mode;
	struct object_reader reader;
	int r = take_optional_object(outer, "link", &link, err);
	if (r <= 0)
		return r;
	if ((r = object_open(&reader, link, "network.link", err)) < 0 || (r = take_string(&reader, "driver", &driver, err)) < 0 ||
		(r = take_string(&reader, "mode", &mode, err)) < 0 || (r = object_close(&reader, err)) < 0)
		return r;
	for (size_t i = 0; i < ELEMENTS(link_modes); i++) {
		if (strcmp(link_modes[i].driver, driver) == 0 && strcmp(link_modes[i].mode, mode) == 0) {
			network->driver = link_modes[i].number;
			network->mode = link_modes[i].value;
			return 0;
		}
	}
	return error_set(err, EINVAL, "json", "network.link: there is no %.16s with mode %.16s", driver, mode);
}

static int fill_network(struct network *network, struct error *err) {
	struct object_reader reader;
	const char *bridge;
	int64_t mtu;
	int r;
	if ((r = object_open(&reader, network->json, "network", err)) < 0 || (r = take_id(&reader, "networkId", &network->id, err)) < 0 ||
		(r = take_string(&reader, "name", &network->name, err)) < 0 || (r = take_interface(&reader, "bridge", &bridge, err)) < 0 ||
		(r = take_addresses(&reader, "gateways", true, network->gateways, ADDRESSES_MAX, &network->gateway_count, err)) < 0 ||
		(r = take_integer(&reader, "mtu", 0, 65535, &mtu, err)) < 0 || (r = take_bool(&reader, "isInternal", &network->is_internal, err)) < 0 ||
		(r = take_bool(&reader, "masquerade", &network->is_masqueraded, err)) < 0 ||
		(r = take_bool(&reader, "allowsPeers", &network->allows_peers, err)) < 0 || (r = take_link(&reader, network, err)) < 0)
		return r;
	(void)strcpy(network->bridge, bridge);
	network->mtu = (unsigned)mtu;
	return object_close(&reader, err);
}

int network_parse(json_t *json, struct network **ret_network, struct error *err) {
	struct network *network = calloc(1, sizeof *network);
	if (!network)
		return error_set(err, ENOMEM, "json", "no memory for a network");
	network->json = json_incref(json);
	int r = fill_network(network, err);
	if (r < 0) {
		network_free(network);
		return r;
	}
	*ret_network = network;
	return 0;
}

static int take_names(const json_t *array, struct endpoint *endpoint, struct error *err) {
	const char *names[NAMES_MAX];
	size_t count = json_array_size(array);
	if (count > NAMES_MAX)
		return error_set(err, E2BIG, "json", "endpoint.names: %zu names are too many", count);
	for (size_t i = 0; i < count; i++) {
		int r = element_string(array, i, "names", &names[i], err);
		if (r < 0)
			return r;
	}
	memcpy(endpoint->names, names, count * sizeof names[0]);
	endpoint->name_count = count;
	return 0;
}

static int take_links(struct object_reader *reader, struct endpoint *endpoint, struct error *err) {
	int r = take_optional_object(reader, "links", &endpoint->links, err);
	if (r <= 0)
		return r;
	const char *alias;
	json_t *name;
	json_object_foreach((json_t *)endpoint->links, alias, name) {
		if (!json_is_string(name))
			return error_set(err, EINVAL, "json", "endpoint.links.%.64s: the name of a container is expected", alias);
	}
	return 0;
}

static int fill_endpoint(struct endpoint *endpoint, struct error *err) {
	struct object_reader reader;
	const char *mac;
	const json_t *names;
	int r;
	if ((r = object_open(&reader, endpoint->json, "endpoint", err)) < 0 || (r = take_id(&reader, "networkId", &endpoint->network_id, err)) < 0 ||
		(r = take_interface(&reader, "interface", &endpoint->interface, err)) < 0 || (r = take_string(&reader, "mac", &mac, err)) < 0 ||
		(r = mac_parse(mac, endpoint->mac, err)) < 0 ||
		(r = take_addresses(&reader, "addresses", true, endpoint->addresses, ADDRESSES_MAX, &endpoint->address_count, err)) < 0 ||
		(r = take_addresses(&reader, "gateways", false, endpoint->gateways, ADDRESSES_MAX, &endpoint->gateway_count, err)) < 0 ||
		(r = take_array(&reader, "names", &names, err)) < 0 || (r = take_names(names, endpoint, err)) < 0 ||
		(r = take_links(&reader, endpoint, err)) < 0)
		return r;
	return object_close(&reader, err);
}

int endpoint_parse(json_t *json, struct endpoint **ret_endpoint, struct error *err) {
	struct endpoint *endpoint = calloc(1, sizeof *endpoint);
	if (!endpoint)
		return error_set(err, ENOMEM, "json", "no memory for an endpoint");
	endpoint->json = json_incref(json);
	int r = fill_endpoint(endpoint, err);
	if (r < 0) {
		endpoint_free(endpoint);
		return r;
	}
	*ret_endpoint = endpoint;
	return 0;
}

int endpoint_rename(struct endpoint *endpoint, json_t *names, struct error *err) {
	int r = take_names(names, endpoint, err);
	if (r < 0)
		return r;
	return json_object_set(endpoint->json, "names", names) < 0 ? error_set(err, ENOMEM, "json", "no memory for names") : 0;
}

int endpoint_reroute(struct endpoint *endpoint, json_t *gateways, struct error *err) {
	struct address addresses[ADDRESSES_MAX];
	size_t count = json_array_size(gateways);
	if (count > ADDRESSES_MAX)
		return error_set(err, E2BIG, "json", "endpoint.gateways: %zu addresses are too many", count);
	for (size_t i = 0; i < count; i++) {
		const char *text;
		int r = element_string(gateways, i, "gateways", &text, err);
		if (r < 0 || (r = address_parse(text, false, &addresses[i], err)) < 0)
			return r;
	}
	memcpy(endpoint->gateways, addresses, count * sizeof addresses[0]);
	endpoint->gateway_count = count;
	return json_object_set(endpoint->json, "gateways", gateways) < 0 ? error_set(err, ENOMEM, "json", "no memory for gateways") : 0;
}

static int fill_port(struct port *port, struct error *err) {
	struct object_reader reader;
	const char *protocol, *host, *target;
	int64_t host_port, host_port_end, target_port;
	int r;
	if ((r = object_open(&reader, port->json, "port", err)) < 0 || (r = take_string(&reader, "protocol", &protocol, err)) < 0 ||
		(r = take_string(&reader, "hostAddress", &host, err)) < 0 || (r = address_parse(host, false, &port->host, err)) < 0 ||
		(r = take_integer(&reader, "hostPort", 0, 65535, &host_port, err)) < 0)
		return r;
	host_port_end = host_port;
	if ((r = take_optional_integer(&reader, "hostPortEnd", host_port, 65535, &host_port_end, err)) < 0 ||
		(r = take_string(&reader, "containerAddress", &target, err)) < 0 || (r = address_parse(target, false, &port->target, err)) < 0 ||
		(r = take_integer(&reader, "containerPort", 1, 65535, &target_port, err)) < 0)
		return r;
	bool is_tcp = strcmp(protocol, "tcp") == 0;
	if (!is_tcp && strcmp(protocol, "udp") != 0)
		return error_set(err, EPROTONOSUPPORT, "json", "port.protocol: \"%.16s\" cannot be published, only tcp and udp", protocol);
	port->protocol = is_tcp ? IPPROTO_TCP : IPPROTO_UDP;
	port->host_port = (uint16_t)host_port;
	port->host_port_end = (uint16_t)host_port_end;
	port->target_port = (uint16_t)target_port;
	return object_close(&reader, err);
}

int ports_parse(const json_t *array, struct port **ret_ports, size_t *ret_count, struct error *err) {
	size_t count = json_array_size(array);
	if (count > PORTS_MAX)
		return error_set(err, E2BIG, "json", "ports: %zu ports are too many", count);
	_cleanup_free_ struct port *ports = calloc(count + 1, sizeof *ports);
	if (!ports)
		return error_set(err, ENOMEM, "json", "no memory for ports");
	for (size_t i = 0; i < count; i++)
		ports[i].listener.source.fd = -1;
	for (size_t i = 0; i < count; i++) {
		ports[i].json = json_array_get(array, i);
		int r = fill_port(&ports[i], err);
		if (r < 0)
			return r;
	}
	*ret_ports = TAKE_PTR(ports);
	*ret_count = count;
	return 0;
}

static int take_ports(struct object_reader *reader, struct container *container, struct error *err) {
	const json_t *array;
	int r = take_array(reader, "ports", &array, err);
	return r < 0 ? r : ports_parse(array, &container->ports, &container->port_count, err);
}

static int take_endpoints(struct object_reader *reader, struct container *container, struct error *err) {
	const json_t *array;
	int r = take_array(reader, "endpoints", &array, err);
	if (r < 0)
		return r;
	size_t count = json_array_size(array);
	if (count > ENDPOINTS_MAX)
		return error_set(err, E2BIG, "json", "attach.endpoints: %zu networks are too many", count);
	for (size_t i = 0; i < count; i++) {
		if ((r = endpoint_parse(json_array_get(array, i), &container->endpoints[i], err)) < 0)
			return r;
		container->endpoints[i]->container = container;
		container->endpoint_count = i + 1;
	}
	return 0;
}

static int take_dns(struct object_reader *outer, struct container *container, struct error *err) {
	const json_t *dns;
	struct object_reader reader;
	int r;
	if ((r = take_object(outer, "dns", &dns, err)) < 0 || (r = object_open(&reader, dns, "dns", err)) < 0 ||
		(r = take_addresses(&reader, "upstreams", false, container->upstreams, UPSTREAMS_MAX, &container->upstream_count, err)) < 0 ||
		(r = take_bool(&reader, "forwardsSingleLabels", &container->forwards_single_labels, err)) < 0)
		return r;
	return object_close(&reader, err);
}

static int take_sysctls(struct object_reader *reader, struct container *container, struct error *err) {
	int r = take_object(reader, "sysctls", &container->sysctls, err);
	if (r < 0)
		return r;
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)container->sysctls, name, value) {
		if (!json_is_string(value) || strlen(json_string_value(value)) > 4000)
			return error_set(err, EINVAL, "json", "attach.sysctls.%.64s: a string is expected", name);
	}
	return 0;
}

static int take_id_maps(struct object_reader *reader, struct container *container, struct error *err) {
	const json_t *uids = NULL, *gids = NULL;
	int r;
	if ((r = take_optional_array(reader, "uidMappings", &uids, err)) < 0 || (r = take_optional_array(reader, "gidMappings", &gids, err)) < 0)
		return r;
	return id_maps_parse(uids, gids, "attach", &container->id_maps, err);
}

static int fill_container(struct container *container, struct error *err) {
	struct object_reader reader;
	int r;
	if ((r = object_open(&reader, container->json, "attach", err)) < 0 || (r = take_id(&reader, "containerId", &container->id, err)) < 0 ||
		(r = take_string(&reader, "netns", &container->netns, err)) < 0 || (r = take_endpoints(&reader, container, err)) < 0 ||
		(r = take_ports(&reader, container, err)) < 0 || (r = take_dns(&reader, container, err)) < 0 ||
		(r = take_sysctls(&reader, container, err)) < 0 || (r = take_id_maps(&reader, container, err)) < 0)
		return r;
	if (container->netns[0] != '/')
		return error_set(err, EINVAL, "json", "attach.netns: an absolute path is expected");
	return object_close(&reader, err);
}

int container_parse(json_t *json, struct container **ret_container, struct error *err) {
	struct container *container = calloc(1, sizeof *container);
	if (!container)
		return error_set(err, ENOMEM, "json", "no memory for a container");
	container->json = json_incref(json);
	dns_server_init(&container->dns);
	int r = fill_container(container, err);
	if (r < 0) {
		container_free(container);
		return r;
	}
	*ret_container = container;
	return 0;
}

void network_free(struct network *network) {
	json_decref(network->json);
	free(network);
}

void endpoint_free(struct endpoint *endpoint) {
	json_decref(endpoint->json);
	free(endpoint);
}

void container_free(struct container *container) {
	for (size_t i = 0; i < container->endpoint_count; i++)
		endpoint_free(container->endpoints[i]);
	free(container->ports);
	id_maps_free(&container->id_maps);
	json_decref(container->json);
	free(container);
}
