#include "netd/link.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <string.h>
#include <unistd.h>

static void on_found_link(void *context, const struct nlmsghdr *message) {
	const struct ifinfomsg *info = NLMSG_DATA(message);
	if (message->nlmsg_type == RTM_NEWLINK)
		*(unsigned *)context = (unsigned)info->ifi_index;
}

int link_find(int fd, const char *name, unsigned *ret_index, struct error *err) {
	_cleanup_batch_ struct netlink_batch batch = {0};
	struct ifinfomsg info = {0};
	unsigned index = 0;
	batch_message(&batch, name, RTM_GETLINK, 0, &info, sizeof info);
	batch_put_text(&batch, IFLA_IFNAME, name);
	int r = netlink_transact(fd, &batch, on_found_link, &index, err);
	if (r < 0)
		return r;
	if (index == 0)
		return error_set(err, ENODEV, "netlink", "%s: no such interface", name);
	*ret_index = index;
	return 0;
}

static void put_bridge(struct netlink_batch *batch, const struct bridge_settings *settings) {
	batch_put_text(batch, IFLA_IFNAME, settings->name);
	batch_put_u32(batch, IFLA_GROUP, settings->group);
	if (settings->mtu > 0)
		batch_put_u32(batch, IFLA_MTU, settings->mtu);
}

void link_add_bridge(struct netlink_batch *batch, const struct bridge_settings *settings) {
	struct ifinfomsg info = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	batch_message(batch, "add bridge", RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof info);
	batch_tolerate(batch, EEXIST);
	put_bridge(batch, settings);
	batch_put(batch, IFLA_ADDRESS, settings->mac, 6);
	size_t link_info = batch_open(batch, IFLA_LINKINFO);
	batch_put_text(batch, IFLA_INFO_KIND, "bridge");
	size_t data = batch_open(batch, IFLA_INFO_DATA);
	batch_put_u32(batch, IFLA_BR_FORWARD_DELAY, 0);
	batch_put_u32(batch, IFLA_BR_STP_STATE, 0);
	batch_put_u8(batch, IFLA_BR_MCAST_SNOOPING, 0);
	batch_close(batch, data);
	batch_close(batch, link_info);
}

void link_adopt_bridge(struct netlink_batch *batch, const struct bridge_settings *settings) {
	struct ifinfomsg info = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	batch_message(batch, "adopt bridge", RTM_NEWLINK, 0, &info, sizeof info);
	put_bridge(batch, settings);
}

void link_add_veth(struct netlink_batch *batch, const struct veth_settings *settings) {
	struct ifinfomsg inner = {.ifi_index = (int)settings->index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	struct ifinfomsg outer = {0};
	batch_message(batch, "add interface", RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &inner, sizeof inner);
	batch_put_text(batch, IFLA_IFNAME, settings->name);
	batch_put(batch, IFLA_ADDRESS, settings->mac, 6);
	batch_put_u32(batch, IFLA_NUM_TX_QUEUES, 1);
	batch_put_u32(batch, IFLA_NUM_RX_QUEUES, 1);
	if (settings->mtu > 0)
		batch_put_u32(batch, IFLA_MTU, settings->mtu);
	size_t link_info = batch_open(batch, IFLA_LINKINFO);
	batch_put_text(batch, IFLA_INFO_KIND, "veth");
	size_t data = batch_open(batch, IFLA_INFO_DATA);
	size_t peer = batch_open(batch, VETH_INFO_PEER);
	batch_put_raw(batch, &outer, sizeof outer);
	batch_put_text(batch, IFLA_IFNAME, settings->host_name);
	batch_put_u32(batch, IFLA_NET_NS_FD, (uint32_t)settings->host_namespace);
	batch_put_u32(batch, IFLA_NUM_TX_QUEUES, 1);
	batch_put_u32(batch, IFLA_NUM_RX_QUEUES, 1);
	if (settings->mtu > 0)
		batch_put_u32(batch, IFLA_MTU, settings->mtu);
	batch_close(batch, peer);
	batch_close(batch, data);
	batch_close(batch, link_info);
}

void link_add_child(struct netlink_batch *batch, const struct child_settings *settings) {
	bool is_macvlan = strcmp(settings->kind, "macvlan") == 0;
	struct ifinfomsg info = {.ifi_index = (int)settings->index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	batch_message(batch, settings->kind, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof info);
	batch_put_text(batch, IFLA_IFNAME, settings->name);
	batch_put_u32(batch, IFLA_LINK, settings->parent);
	batch_put_u32(batch, IFLA_NET_NS_FD, (uint32_t)settings->namespace);
	if (settings->mac)
		batch_put(batch, IFLA_ADDRESS, settings->mac, 6);
	if (settings->mtu > 0)
		batch_put_u32(batch, IFLA_MTU, settings->mtu);
	size_t link_info = batch_open(batch, IFLA_LINKINFO);
	batch_put_text(batch, IFLA_INFO_KIND, settings->kind);
	size_t data = batch_open(batch, IFLA_INFO_DATA);
	if (is_macvlan) {
		batch_put_u32(batch, IFLA_MACVLAN_MODE, settings->mode);
	} else {
		uint16_t mode = (uint16_t)settings->mode;
		batch_put(batch, IFLA_IPVLAN_MODE, &mode, sizeof mode);
	}
	batch_close(batch, data);
	batch_close(batch, link_info);
}

void link_join_bridge(struct netlink_batch *batch, const char *name, unsigned bridge_index, bool is_isolated) {
	struct ifinfomsg info = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	batch_message(batch, "join bridge", RTM_NEWLINK, 0, &info, sizeof info);
	batch_put_text(batch, IFLA_IFNAME, name);
	batch_put_u32(batch, IFLA_MASTER, bridge_index);
	size_t families = batch_open(batch, IFLA_AF_SPEC);
	size_t ipv6 = batch_open(batch, AF_INET6);
	batch_put_u8(batch, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	batch_close(batch, ipv6);
	batch_close(batch, families);
	/* Port settings need a master already, so they are a message of their own. */
	batch_message(batch, "bridge port", RTM_NEWLINK, 0, &info, sizeof info);
	batch_put_text(batch, IFLA_IFNAME, name);
	size_t link_info = batch_open(batch, IFLA_LINKINFO);
	batch_put_text(batch, IFLA_INFO_SLAVE_KIND, "bridge");
	size_t data = batch_open(batch, IFLA_INFO_SLAVE_DATA);
	/* With br_netfilter, a container that calls its own published port is translated inside the bridge and must come back by the same port. */
	batch_put_u8(batch, IFLA_BRPORT_MODE, 1);
	batch_put_u8(batch, IFLA_BRPORT_ISOLATED, is_isolated);
	batch_close(batch, data);
	batch_close(batch, link_info);
}

void link_block_port(struct netlink_batch *batch, const char *name, unsigned index) {
	struct ifinfomsg info = {.ifi_family = AF_BRIDGE, .ifi_index = (int)index};
	batch_message(batch, name, RTM_SETLINK, 0, &info, sizeof info);
	batch_tolerate(batch, ENODEV);
	size_t port = batch_open(batch, IFLA_PROTINFO);
	batch_put_u8(batch, IFLA_BRPORT_STATE, BR_STATE_DISABLED);
	batch_close(batch, port);
}

void link_set_up(struct netlink_batch *batch, unsigned index) {
	struct ifinfomsg info = {.ifi_index = (int)index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	batch_message(batch, "set up", RTM_NEWLINK, 0, &info, sizeof info);
}

void link_delete(struct netlink_batch *batch, const char *name) {
	struct ifinfomsg info = {0};
	batch_message(batch, "delete interface", RTM_DELLINK, 0, &info, sizeof info);
	batch_tolerate(batch, ENODEV);
	batch_put_text(batch, IFLA_IFNAME, name);
}

void link_transact_apart(int fd, struct netlink_batch *batch) {
	struct error ignored;
	pid_t pid = fork();
	if (pid > 0)
		return;
	int route = pid == 0 ? netlink_open(NETLINK_ROUTE, &ignored) : fd;
	if (route >= 0)
		(void)netlink_transact(route, batch, NULL, NULL, &ignored);
	if (pid == 0)
		_exit(0);
}

void link_add_address(struct netlink_batch *batch, unsigned index, const struct address *address) {
	struct ifaddrmsg info = {.ifa_family = (uint8_t)address->family, .ifa_prefixlen = address->prefix, .ifa_index = index};
	if (address->family == AF_INET6)
		info.ifa_flags = IFA_F_NODAD;
	batch_message(batch, "add address", RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &info, sizeof info);
	batch_tolerate(batch, EEXIST);
	batch_put(batch, IFA_LOCAL, address->bytes, address_length(address));
	batch_put(batch, IFA_ADDRESS, address->bytes, address_length(address));
	if (address->family == AF_INET && address->prefix < 31) {
		uint8_t broadcast[4];
		for (unsigned i = 0; i < 4; i++) {
			int bits = (int)address->prefix - (int)(8 * i);
			uint8_t mask = (uint8_t)(bits >= 8 ? 0xff : bits <= 0 ? 0 : 0xff << (8 - bits));
			broadcast[i] = (uint8_t)(address->bytes[i] | (uint8_t)~mask);
		}
		batch_put(batch, IFA_BROADCAST, broadcast, sizeof broadcast);
	}
}

void link_delete_address(struct netlink_batch *batch, unsigned index, const struct address *address) {
	struct ifaddrmsg info = {.ifa_family = (uint8_t)address->family, .ifa_prefixlen = address->prefix, .ifa_index = index};
	batch_message(batch, "delete address", RTM_DELADDR, 0, &info, sizeof info);
	batch_tolerate(batch, EADDRNOTAVAIL);
	batch_put(batch, IFA_LOCAL, address->bytes, address_length(address));
}

static void put_default_route(struct netlink_batch *batch, const char *what, uint16_t type, uint16_t flags, unsigned index,
				  const struct address *gateway) {
	bool is_direct = address_is_any(gateway);
	struct rtmsg info = {
		.rtm_family = (uint8_t)gateway->family,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_BOOT,
		.rtm_scope = is_direct ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
		.rtm_type = RTN_UNICAST,
	};
	batch_message(batch, what, type, flags, &info, sizeof info);
	if (!is_direct)
		batch_put(batch, RTA_GATEWAY, gateway->bytes, address_length(gateway));
	batch_put_u32(batch, RTA_OIF, index);
}

void link_add_route(struct netlink_batch *batch, unsigned index, const struct address *gateway) {
	put_default_route(batch, "add default route", RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, index, gateway);
}

void link_delete_route(struct netlink_batch *batch, unsigned index, const struct address *gateway) {
	put_default_route(batch, "delete default route", RTM_DELROUTE, 0, index, gateway);
	batch_tolerate(batch, ESRCH);
}

struct destinations {
	address_handler on_address;
	void *context;
};

static void on_route(void *context, const struct nlmsghdr *message) {
	const struct destinations *destinations = context;
	const struct rtmsg *route = NLMSG_DATA(message);
	if (message->nlmsg_type != RTM_NEWROUTE || route->rtm_dst_len == 0 || (route->rtm_flags & RTM_F_CLONED) || route->rtm_type == RTN_BROADCAST ||
		route->rtm_type == RTN_MULTICAST || route->rtm_type == RTN_ANYCAST || (route->rtm_family != AF_INET && route->rtm_family != AF_INET6))
		return;
	struct address address = {.family = route->rtm_family, .prefix = route->rtm_dst_len};
	const struct nlattr *destination = netlink_attribute(message, sizeof *route, RTA_DST);
	if (!destination || attribute_length(destination) != address_length(&address))
		return;
	memcpy(address.bytes, attribute_data(destination), address_length(&address));
	const struct nlattr *through = netlink_attribute(message, sizeof *route, RTA_OIF);
	uint32_t index = 0;
	if (through && attribute_length(through) == sizeof index)
		memcpy(&index, attribute_data(through), sizeof index);
	destinations->on_address(destinations->context, &address, index);
}

int link_host_destinations(int fd, address_handler on_address, void *context, struct error *err) {
	static const uint8_t families[] = {AF_INET, AF_INET6};
	struct destinations destinations = {on_address, context};
	for (unsigned i = 0; i < 2; i++) {
		_cleanup_batch_ struct netlink_batch batch = {0};
		struct rtmsg info = {.rtm_family = families[i]};
		batch_message(&batch, "list routes", RTM_GETROUTE, NLM_F_DUMP, &info, sizeof info);
		int r = netlink_dump(fd, &batch, on_route, &destinations, err);
		if (r < 0 && r != -EOPNOTSUPP && r != -EAFNOSUPPORT)
			return r;
	}
	return 0;
}
