#pragma once
/*
 * What berthd asks for, parsed (schemas/runtime/netd.ts) and owned by netd. `json` is the request as it came, without `id` and `op`: it is what
 * netd persists, lists and compares for idempotence. Everything else is taken from it once.
 */

#include "base/userns.h"
#include "netd/address.h"
#include "netd/dns-server.h"
#include "netd/relay.h"

#include <jansson.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

enum { ADDRESSES_MAX = 4, ENDPOINTS_MAX = 32, PORTS_MAX = 4096, NAMES_MAX = 64, UPSTREAMS_MAX = 8 };

/* What joins a container to its network: a veth pair into a bridge, or a child of a host's interface (the parent). */
enum link_driver { DRIVER_BRIDGE, DRIVER_MACVLAN, DRIVER_IPVLAN };

struct network {
	struct network *next;
	json_t *json;
	const char *id;   /* borrowed from json, as all texts here */
	const char *name;
	enum link_driver driver;
	unsigned mode;           /* MACVLAN_MODE_* or IPVLAN_MODE_* */
	char bridge[IFNAMSIZ];   /* the bridge, or the parent */
	unsigned bridge_index;
	struct address gateways[ADDRESSES_MAX];
	size_t gateway_count;
	unsigned mtu;
	bool is_internal;
	bool is_masqueraded;
	bool allows_peers;
	size_t user_count; /* endpoints in it */
};

struct endpoint {
	json_t *json;
	struct container *container;
	struct network *network;
	const char *network_id;
	const char *interface;
	uint8_t mac[6];
	struct address addresses[ADDRESSES_MAX];
	size_t address_count;
	struct address gateways[ADDRESSES_MAX];
	size_t gateway_count;
	const char *names[NAMES_MAX];
	size_t name_count;
	const json_t *links;           /* borrowed: alias -> name of another container, for this one only; NULL = none */
	unsigned index;                /* of the interface inside */
	char host_interface[IFNAMSIZ]; /* the other end */
};

struct port {
	json_t *json;
	uint8_t protocol; /* IPPROTO_TCP, IPPROTO_UDP */
	struct address host;
	uint16_t host_port; /* the one in use, after ports_reserve */
	uint16_t host_port_end;
	struct address target;
	uint16_t target_port;
	struct relay_listener listener;
	bool is_translated; /* its element is in the packet rules */
};

struct container {
	struct container *next;
	json_t *json;
	const char *id;
	const char *netns;
	struct endpoint *endpoints[ENDPOINTS_MAX];
	size_t endpoint_count;
	struct port *ports;
	size_t port_count;
	struct id_maps id_maps; /* of the user namespace that owns its network namespace; empty = the host's */
	const json_t *sysctls; /* borrowed, an object of strings */
	struct address upstreams[UPSTREAMS_MAX];
	size_t upstream_count;
	bool forwards_single_labels;
	struct dns_server dns;
};

/* All three take a new reference of `json`. On failure nothing is kept. */
int network_parse(json_t *json, struct network **ret_network, struct error *err);
int endpoint_parse(json_t *json, struct endpoint **ret_endpoint, struct error *err);
int container_parse(json_t *json, struct container **ret_container, struct error *err);

/* Memory only: the kernel's side must be gone. */
void network_free(struct network *network);
void endpoint_free(struct endpoint *endpoint);
void container_free(struct container *container);

/* Replaces the names of an endpoint, in its json too. */
int endpoint_rename(struct endpoint *endpoint, json_t *names, struct error *err);
/* Replaces the gateways of an endpoint, in its json too. */
int endpoint_reroute(struct endpoint *endpoint, json_t *gateways, struct error *err);
/* Parses a list of ports into a new array, which the caller frees; it borrows from `array`. */
int ports_parse(const json_t *array, struct port **ret_ports, size_t *ret_count, struct error *err);
