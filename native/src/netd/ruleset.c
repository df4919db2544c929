#include "netd/ruleset.h"

#include "base/cleanup.h"
#include "netd/nft.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

/* Bits of `ct state`; NF_CT_STATE_BIT is not exported. */
enum { STATE_ESTABLISHED_RELATED = 2 | 4, IP4_SOURCE = 12, IP4_DESTINATION = 16, IP6_SOURCE = 8, IP6_DESTINATION = 24, PORT_DESTINATION = 2 };

/* Names of sets and maps. */
#define PEERS "peers"
#define INTERNAL "internal"
#define OUTBOUND "outbound" /* not the keyword "masquerade": a listing must be readable by nft again */
static const char *const self_sets[2] = {"self4", "self6"};
static const char *const publish_maps[2][2] = {{"publish4_any", "publish4"}, {"publish6_any", "publish6"}};

static struct nft_table table_of(const struct ruleset *ruleset) { return (struct nft_table){NFPROTO_INET, ruleset->table}; }

int ruleset_open(struct ruleset *ruleset, const char *table, uint32_t group, struct error *err) {
	*ruleset = (struct ruleset){.fd = -1, .group = group};
	if (snprintf(ruleset->table, sizeof ruleset->table, "%s", table) >= (int)sizeof ruleset->table)
		return error_set(err, ENAMETOOLONG, "rules", "the instance name %.64s is too long", table);
	struct error ignored;
	_cleanup_close_ int fd = netlink_open(NETLINK_NETFILTER, &ignored);
	if (fd < 0)
		return 0;
	_cleanup_batch_ struct netlink_batch batch = {0};
	struct nft_table probe = table_of(ruleset);
	nft_begin(&batch);
	nft_add_table(&batch, &probe);
	if (nft_commit(fd, &batch, &ignored) == 0)
		ruleset->fd = TAKE_FD(fd);
	return 0;
}

void ruleset_close(struct ruleset *ruleset) { close_fd(&ruleset->fd); }

/* Matches of the open rule. */

static void from_ours(struct netlink_batch *batch, const struct ruleset *ruleset, bool is_ours) {
	nft_meta(batch, NFT_META_IIFGROUP, NFT_A);
	nft_compare(batch, NFT_A, is_ours ? NFT_CMP_EQ : NFT_CMP_NEQ, &ruleset->group, sizeof ruleset->group);
}

static void to_ours(struct netlink_batch *batch, const struct ruleset *ruleset, bool is_ours) {
	nft_meta(batch, NFT_META_OIFGROUP, NFT_A);
	nft_compare(batch, NFT_A, is_ours ? NFT_CMP_EQ : NFT_CMP_NEQ, &ruleset->group, sizeof ruleset->group);
}

static void is_ipv4(struct netlink_batch *batch) {
	uint8_t protocol = NFPROTO_IPV4;
	nft_meta(batch, NFT_META_NFPROTO, NFT_A);
	nft_compare(batch, NFT_A, NFT_CMP_EQ, &protocol, sizeof protocol);
}

static void is_ipv6(struct netlink_batch *batch) {
	uint8_t protocol = NFPROTO_IPV6;
	nft_meta(batch, NFT_META_NFPROTO, NFT_A);
	nft_compare(batch, NFT_A, NFT_CMP_EQ, &protocol, sizeof protocol);
}

/* Source or destination in 127.0.0.0/8: the first byte tells. */
static void is_loopback(struct netlink_batch *batch, uint32_t offset) {
	uint8_t first = 127;
	is_ipv4(batch);
	nft_payload(batch, NFT_PAYLOAD_NETWORK_HEADER, offset, 1, NFT_A);
	nft_compare(batch, NFT_A, NFT_CMP_EQ, &first, sizeof first);
}

static void is_translated(struct netlink_batch *batch) {
	uint32_t zero = 0;
	nft_ct(batch, NFT_CT_STATUS, NFT_A);
	nft_mask(batch, NFT_A, IPS_DST_NAT);
	nft_compare(batch, NFT_A, NFT_CMP_NEQ, &zero, sizeof zero);
}

/* Both interfaces are the bridge of one network whose containers may talk to each other: registers A and B hold the two names. */
static void within_network(struct netlink_batch *batch) {
	nft_meta(batch, NFT_META_IIFNAME, NFT_A);
	nft_meta(batch, NFT_META_OIFNAME, NFT_B);
	nft_lookup(batch, PEERS, NFT_A, 0, false);
}

static void in_interface_set(struct netlink_batch *batch, enum nft_meta_keys which, const char *set) {
	nft_meta(batch, which, NFT_A);
	nft_lookup(batch, set, NFT_A, 0, false);
}

/* Rules, chain by chain, in order. */

/*
 * route_localnet is on for our bridges, so that translated connections from 127.0.0.1 find back. Nothing else may use that: a container must not
 * reach services that listen on the host's loopback. Before connection tracking, where answers still have the bridge's address.
 */
static void add_guard_rules(struct netlink_batch *batch, const struct ruleset *ruleset, const struct nft_table *table) {
	static const uint32_t offsets[] = {IP4_DESTINATION, IP4_SOURCE};
	for (unsigned i = 0; i < 2; i++) {
		size_t rule = nft_open_rule(batch, table, "guard");
		from_ours(batch, ruleset, true);
		is_loopback(batch, offsets[i]);
		nft_verdict(batch, NF_DROP, NULL);
		nft_close_rule(batch, rule);
	}
}

/* One lookup: destination address (where the map has it), protocol, port -> container's address and port. */
static void add_publish_rule(struct netlink_batch *batch, const struct nft_table *table, bool is_v6, bool has_address) {
	uint32_t key = NFT_REG32_00;
	uint32_t length = is_v6 ? 16 : 4;
	size_t rule = nft_open_rule(batch, table, "publish");
	if (is_v6)
		is_ipv6(batch);
	else
		is_ipv4(batch);
	if (has_address) {
		nft_payload(batch, NFT_PAYLOAD_NETWORK_HEADER, is_v6 ? IP6_DESTINATION : IP4_DESTINATION, length, key);
		key += length / 4;
	}
	nft_meta(batch, NFT_META_L4PROTO, key);
	nft_payload(batch, NFT_PAYLOAD_TRANSPORT_HEADER, PORT_DESTINATION, 2, key + 1);
	nft_lookup(batch, publish_maps[is_v6][has_address], NFT_REG32_00, NFT_REG32_08, false);
	nft_dnat(batch, is_v6 ? NFPROTO_IPV6 : NFPROTO_IPV4, NFT_REG32_08, NFT_REG32_08 + length / 4);
	nft_close_rule(batch, rule);
}

static void add_jump_to_publish(struct netlink_batch *batch, const struct nft_table *table, const char *chain) {
	uint32_t local = RTN_LOCAL;
	size_t rule = nft_open_rule(batch, table, chain);
	nft_fib_type(batch, NFT_A);
	nft_compare(batch, NFT_A, NFT_CMP_EQ, &local, sizeof local);
	nft_verdict(batch, NFT_JUMP, "publish");
	nft_close_rule(batch, rule);
}

static void add_translation_rules(struct netlink_batch *batch, const struct nft_table *table) {
	static const struct in6_addr loopback6 = IN6ADDR_LOOPBACK_INIT;
	for (unsigned is_v6 = 0; is_v6 < 2; is_v6++)
		for (unsigned has_address = 2; has_address-- > 0;)
			add_publish_rule(batch, table, is_v6, has_address);
	add_jump_to_publish(batch, table, "prerouting");
	/* The kernel has no route_localnet for IPv6: [::1] is relayed. */
	size_t rule = nft_open_rule(batch, table, "output");
	is_ipv6(batch);
	nft_payload(batch, NFT_PAYLOAD_NETWORK_HEADER, IP6_DESTINATION, 16, NFT_A);
	nft_compare(batch, NFT_A, NFT_CMP_EQ, &loopback6, sizeof loopback6);
	nft_verdict(batch, NFT_RETURN, NULL);
	nft_close_rule(batch, rule);
	add_jump_to_publish(batch, table, "output");
}

static void add_forward_rules(struct netlink_batch *batch, const struct ruleset *ruleset, const struct nft_table *table) {
	uint32_t zero = 0;
	size_t rule = nft_open_rule(batch, table, "forward"); /* not ours */
	from_ours(batch, ruleset, false);
	to_ours(batch, ruleset, false);
	nft_verdict(batch, ruleset->guards_forwarding ? NF_DROP : NF_ACCEPT, NULL);
	nft_close_rule(batch, rule);

	rule = nft_open_rule(batch, table, "forward");
	nft_verdict(batch, NFT_JUMP, "user");
	nft_close_rule(batch, rule);

	rule = nft_open_rule(batch, table, "forward"); /* answers */
	nft_ct(batch, NFT_CT_STATE, NFT_A);
	nft_mask(batch, NFT_A, STATE_ESTABLISHED_RELATED);
	nft_compare(batch, NFT_A, NFT_CMP_NEQ, &zero, sizeof zero);
	nft_verdict(batch, NF_ACCEPT, NULL);
	nft_close_rule(batch, rule);

	rule = nft_open_rule(batch, table, "forward"); /* within a network */
	within_network(batch);
	nft_verdict(batch, NF_ACCEPT, NULL);
	nft_close_rule(batch, rule);

	static const enum nft_meta_keys sides[] = {NFT_META_IIFNAME, NFT_META_OIFNAME};
	for (unsigned i = 0; i < 2; i++) {
		rule = nft_open_rule(batch, table, "forward");
		in_interface_set(batch, sides[i], INTERNAL);
		nft_verdict(batch, NF_DROP, NULL);
		nft_close_rule(batch, rule);
	}

	rule = nft_open_rule(batch, table, "forward"); /* published */
	is_translated(batch);
	nft_verdict(batch, NF_ACCEPT, NULL);
	nft_close_rule(batch, rule);

	rule = nft_open_rule(batch, table, "forward"); /* everything else that wants in: other networks, strangers */
	to_ours(batch, ruleset, true);
	nft_verdict(batch, NF_DROP, NULL);
	nft_close_rule(batch, rule);
}

static void add_source_rules(struct netlink_batch *batch, const struct ruleset *ruleset, const struct nft_table *table) {
	size_t rule = nft_open_rule(batch, table, "postrouting"); /* from the host's loopback */
	to_ours(batch, ruleset, true);
	is_loopback(batch, IP4_SOURCE);
	nft_masquerade(batch);
	nft_close_rule(batch, rule);

	rule = nft_open_rule(batch, table, "postrouting"); /* hairpin: the answer must come back through the host */
	within_network(batch);
	is_translated(batch);
	nft_masquerade(batch);
	nft_close_rule(batch, rule);

	/* With br_netfilter a translated packet may stay inside the bridge and come here without an incoming interface. */
	for (unsigned is_v6 = 0; is_v6 < 2; is_v6++) {
		uint32_t length = is_v6 ? 16 : 4;
		rule = nft_open_rule(batch, table, "postrouting"); /* a container that calls its own published port */
		if (is_v6)
			is_ipv6(batch);
		else
			is_ipv4(batch);
		nft_payload(batch, NFT_PAYLOAD_NETWORK_HEADER, is_v6 ? IP6_SOURCE : IP4_SOURCE, length, NFT_REG32_00);
		nft_payload(batch, NFT_PAYLOAD_NETWORK_HEADER, is_v6 ? IP6_DESTINATION : IP4_DESTINATION, length, NFT_REG32_00 + length / 4);
		nft_lookup(batch, self_sets[is_v6], NFT_REG32_00, 0, false);
		nft_masquerade(batch);
		nft_close_rule(batch, rule);
	}

	rule = nft_open_rule(batch, table, "postrouting"); /* out into the world */
	in_interface_set(batch, NFT_META_IIFNAME, OUTBOUND);
	to_ours(batch, ruleset, false);
	nft_masquerade(batch);
	nft_close_rule(batch, rule);
}

/* Elements. */

static void add_sets(struct netlink_batch *batch, const struct nft_table *table) {
	static const uint32_t address_types[2] = {NFT_TYPE_IPV4, NFT_TYPE_IPV6};
	static const uint32_t address_lengths[2] = {4, 16};
	const struct nft_set sets[] = {
		{PEERS, NFT_TYPE_CONCAT2(NFT_TYPE_INTERFACE, NFT_TYPE_INTERFACE), 2 * IFNAMSIZ, 0, 0},
		{INTERNAL, NFT_TYPE_INTERFACE, IFNAMSIZ, 0, 0},
		{OUTBOUND, NFT_TYPE_INTERFACE, IFNAMSIZ, 0, 0},
	};
	for (unsigned i = 0; i < ELEMENTS(sets); i++)
		nft_add_set(batch, table, &sets[i]);
	for (unsigned v6 = 0; v6 < 2; v6++) {
		uint32_t data_type = NFT_TYPE_CONCAT2(address_types[v6], NFT_TYPE_PORT);
		uint32_t data_length = address_lengths[v6] + 4;
		nft_add_set(batch, table,
				&(struct nft_set){self_sets[v6], NFT_TYPE_CONCAT2(address_types[v6], address_types[v6]), 2 * address_lengths[v6], 0, 0});
		nft_add_set(batch, table, &(struct nft_set){publish_maps[v6][0], NFT_TYPE_CONCAT2(NFT_TYPE_PROTOCOL, NFT_TYPE_PORT), 8, data_type, data_length});
		nft_add_set(batch, table,
				&(struct nft_set){publish_maps[v6][1], NFT_TYPE_CONCAT3(address_types[v6], NFT_TYPE_PROTOCOL, NFT_TYPE_PORT),
						  address_lengths[v6] + 8, data_type, data_length});
	}
}

typedef void (*element_change)(struct netlink_batch *batch, const struct nft_table *table, const char *set, const struct nft_element *element);

static void change_network(struct netlink_batch *batch, const struct nft_table *table, const struct network *network, element_change change) {
	char pair[2 * IFNAMSIZ];
	if (network->driver != DRIVER_BRIDGE)
		return; /* its packets do not pass the host's rules */
	memcpy(pair, network->bridge, IFNAMSIZ);
	memcpy(pair + IFNAMSIZ, network->bridge, IFNAMSIZ);
	if (network->allows_peers)
		change(batch, table, PEERS, &(struct nft_element){pair, sizeof pair, NULL, 0});
	if (network->is_internal)
		change(batch, table, INTERNAL, &(struct nft_element){pair, IFNAMSIZ, NULL, 0});
	else if (network->is_masqueraded)
		change(batch, table, OUTBOUND, &(struct nft_element){pair, IFNAMSIZ, NULL, 0});
}

static void change_port(struct netlink_batch *batch, const struct nft_table *table, const struct port *port, element_change change) {
	uint8_t key[24] = {0}, data[20] = {0};
	bool is_v6 = port->host.family == AF_INET6;
	bool has_address = !address_is_any(&port->host);
	uint32_t length = (uint32_t)address_length(&port->host);
	uint32_t used = 0;
	uint16_t host_port = htons(port->host_port), target_port = htons(port->target_port);
	if (has_address) {
		memcpy(key, port->host.bytes, length);
		used = length;
	}
	key[used] = port->protocol;
	memcpy(key + used + 4, &host_port, sizeof host_port);
	memcpy(data, port->target.bytes, length);
	memcpy(data + length, &target_port, sizeof target_port);
	change(batch, table, publish_maps[is_v6][has_address], &(struct nft_element){key, used + 8, data, length + 4});
}

static void delete_key(struct netlink_batch *batch, const struct nft_table *table, const char *set, const struct nft_element *element) {
	nft_delete_element(batch, table, set, &(struct nft_element){element->key, element->key_length, NULL, 0});
}

/* The rules carry a port when both ends are of one family; IPv6 to an IPv4 container, and [::1], are the relay's. */
static bool is_translatable(const struct port *port) { return port->host.family == port->target.family; }

static bool has_earlier_target(const struct container *container, size_t index) {
	for (size_t i = 0; i < index; i++)
		if (is_translatable(&container->ports[i]) && address_equal(&container->ports[i].target, &container->ports[index].target))
			return true;
	return false;
}

/* The ports, and once per address of the container the pair of it with itself. */
static void change_ports(struct netlink_batch *batch, const struct nft_table *table, const struct container *container, element_change change) {
	for (size_t i = 0; i < container->port_count; i++) {
		const struct port *port = &container->ports[i];
		if (!is_translatable(port))
			continue;
		change_port(batch, table, port, change);
		if (has_earlier_target(container, i))
			continue;
		uint8_t pair[32];
		size_t length = address_length(&port->target);
		memcpy(pair, port->target.bytes, length);
		memcpy(pair + length, port->target.bytes, length);
		change(batch, table, self_sets[port->target.family == AF_INET6], &(struct nft_element){pair, (uint32_t)(2 * length), NULL, 0});
	}
}

static void mark_ports(struct container *container, bool is_carried) {
	for (size_t i = 0; i < container->port_count; i++)
		container->ports[i].is_translated = is_carried && is_translatable(&container->ports[i]);
}

/* All or none of a container's ports are in the rules. */
static bool has_translated_ports(const struct container *container) {
	for (size_t i = 0; i < container->port_count; i++)
		if (container->ports[i].is_translated)
			return true;
	return false;
}

static const struct nft_chain chains[] = {
	{"user", NULL, 0, 0},
	{"publish", NULL, 0, 0},
	{"guard", "filter", NF_INET_PRE_ROUTING, -300},
	{"prerouting", "nat", NF_INET_PRE_ROUTING, -100},
	{"output", "nat", NF_INET_LOCAL_OUT, -100},
	{"forward", "filter", NF_INET_FORWARD, 0},
	{"postrouting", "nat", NF_INET_POST_ROUTING, 100},
};

static const char *const set_names[] = {PEERS, INTERNAL, OUTBOUND, "self4", "self6", "publish4_any", "publish4", "publish6_any", "publish6"};

static int commit_all(struct ruleset *ruleset, bool is_fresh, const struct network *networks, struct container *containers, struct error *err) {
	_cleanup_batch_ struct netlink_batch batch = {0};
	struct nft_table table = table_of(ruleset);
	nft_begin(&batch);
	nft_add_table(&batch, &table);
	if (is_fresh) {
		nft_delete_table(&batch, &table);
		nft_add_table(&batch, &table);
	}
	for (size_t i = 0; i < ELEMENTS(chains); i++)
		nft_add_chain(&batch, &table, &chains[i]);
	for (size_t i = 1; i < ELEMENTS(chains); i++)
		nft_flush_chain(&batch, &table, chains[i].name);
	add_sets(&batch, &table);
	for (size_t i = 0; i < ELEMENTS(set_names); i++)
		nft_flush_set(&batch, &table, set_names[i]);
	add_guard_rules(&batch, ruleset, &table);
	add_translation_rules(&batch, &table);
	add_forward_rules(&batch, ruleset, &table);
	add_source_rules(&batch, ruleset, &table);
	for (const struct network *network = networks; network; network = network->next)
		change_network(&batch, &table, network, nft_add_element);
	for (struct container *container = containers; container; container = container->next)
		change_ports(&batch, &table, container, nft_add_element);
	return nft_commit(ruleset->fd, &batch, err);
}

int ruleset_replace(struct ruleset *ruleset, const struct network *networks, struct container *containers, struct error *err) {
	if (!ruleset_is_available(ruleset))
		return 0;
	int r = commit_all(ruleset, false, networks, containers, err);
	/* A table of another version, whose chains or sets cannot be changed into ours. */
	if (r < 0)
		r = commit_all(ruleset, true, networks, containers, err);
	for (struct container *container = containers; container; container = container->next)
		mark_ports(container, r == 0);
	return r;
}

int ruleset_remove(struct ruleset *ruleset, struct error *err) {
	if (!ruleset_is_available(ruleset))
		return 0;
	_cleanup_batch_ struct netlink_batch batch = {0};
	struct nft_table table = table_of(ruleset);
	nft_begin(&batch);
	nft_add_table(&batch, &table);
	nft_delete_table(&batch, &table);
	return nft_commit(ruleset->fd, &batch, err);
}

static void on_user_rule(void *context, const struct nlmsghdr *message) {
	(void)message;
	*(bool *)context = true;
}

int ruleset_has_user_rules(const struct ruleset *ruleset, bool *ret_has, struct error *err) {
	bool has = false;
	if (ruleset_is_available(ruleset)) {
		_cleanup_batch_ struct netlink_batch batch = {0};
		struct nft_table table = table_of(ruleset);
		nft_dump_rules(&batch, &table, "user");
		int r = netlink_dump(ruleset->fd, &batch, on_user_rule, &has, err);
		if (r < 0)
			return r;
	}
	*ret_has = has;
	return 0;
}

static int commit_network(struct ruleset *ruleset, const struct network *network, element_change change, struct error *err) {
	if (!ruleset_is_available(ruleset))
		return 0;
	_cleanup_batch_ struct netlink_batch batch = {0};
	struct nft_table table = table_of(ruleset);
	nft_begin(&batch);
	change_network(&batch, &table, network, change);
	return nft_commit(ruleset->fd, &batch, err);
}

int ruleset_add_network(struct ruleset *ruleset, const struct network *network, struct error *err) {
	return commit_network(ruleset, network, nft_add_element, err);
}

int ruleset_remove_network(struct ruleset *ruleset, const struct network *network, struct error *err) {
	return commit_network(ruleset, network, delete_key, err);
}

int ruleset_add_ports(struct ruleset *ruleset, struct container *container, struct error *err) {
	if (!ruleset_is_available(ruleset) || container->port_count == 0)
		return 0;
	_cleanup_batch_ struct netlink_batch batch = {0};
	struct nft_table table = table_of(ruleset);
	nft_begin(&batch);
	change_ports(&batch, &table, container, nft_add_element);
	int r = nft_commit(ruleset->fd, &batch, err);
	mark_ports(container, r == 0);
	return r;
}

int ruleset_remove_ports(struct ruleset *ruleset, struct container *container, struct error *err) {
	if (!ruleset_is_available(ruleset))
		return 0;
	_cleanup_batch_ struct netlink_batch batch = {0};
	struct nft_table table = table_of(ruleset);
	nft_begin(&batch);
	if (has_translated_ports(container))
		change_ports(&batch, &table, container, delete_key);
	mark_ports(container, false);
	return nft_commit(ruleset->fd, &batch, err);
}
