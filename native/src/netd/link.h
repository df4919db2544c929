#pragma once
/*
 * rtnetlink: what Berth makes of it, as messages added to a batch. The batch is sent on a socket of the network namespace that it shall act in.
 * Source: rtnetlink(7), linux/if_link.h.
 */

#include "netd/address.h"
#include "netd/netlink.h"

#include <net/if.h>

/* Index of an interface. -ENODEV with *err filled when there is none. */
int link_find(int fd, const char *name, unsigned *ret_index, struct error *err);

struct bridge_settings {
	const char *name;
	uint8_t mac[6];
	uint32_t group; /* interface group, by which the packet rules know our bridges */
	unsigned mtu;   /* 0 = default */
};

/* Makes the bridge, up. An existing one is tolerated (and must then be adopted by bridge_adopt). */
void link_add_bridge(struct netlink_batch *batch, const struct bridge_settings *settings);
/* Sets the group of an existing bridge and brings it up. */
void link_adopt_bridge(struct netlink_batch *batch, const struct bridge_settings *settings);

struct veth_settings {
	unsigned index;         /* interface index inside the namespace */
	const char *name;       /* inside the namespace */
	const uint8_t *mac;     /* 6 bytes */
	const char *host_name;  /* outside */
	int host_namespace;     /* fd of the namespace that the other end goes to */
	unsigned mtu;           /* 0 = default */
};

/* Sent inside the container's namespace: both ends, ours up. One transmit queue each: the default is one per CPU, and costs. */
void link_add_veth(struct netlink_batch *batch, const struct veth_settings *settings);

/* Sent outside: puts the outer end into the bridge, without IPv6 of its own, and up. `is_isolated`: no traffic to other isolated ports. */
void link_join_bridge(struct netlink_batch *batch, const char *name, unsigned bridge_index, bool is_isolated);

/* Takes a bridge port out of service at once: no more frames from or to it, though the container's namespace may live on for a while. */
void link_block_port(struct netlink_batch *batch, const char *name, unsigned index);

struct child_settings {
	const char *kind;         /* macvlan, ipvlan */
	unsigned mode;            /* MACVLAN_MODE_*, IPVLAN_MODE_* */
	unsigned parent;          /* interface index outside */
	unsigned index;           /* interface index inside the namespace */
	const char *name;         /* inside the namespace */
	const uint8_t *mac;       /* 6 bytes; an ipvlan has its parent's and takes NULL */
	int namespace;            /* fd of the namespace it goes to */
	unsigned mtu;             /* 0 = the parent's */
};

/* Sent outside, where the parent is: an interface of the namespace that sends and receives through the parent. */
void link_add_child(struct netlink_batch *batch, const struct child_settings *settings);

void link_set_up(struct netlink_batch *batch, unsigned index);
void link_delete(struct netlink_batch *batch, const char *name);
/*
 * Sends a batch of deletions from a child that nobody waits for: each waits for the kernel's grace periods, tens of milliseconds. Where there can be no child,
 * `fd` sends it, if it is one. Failures are not told.
 */
void link_transact_apart(int fd, struct netlink_batch *batch);
void link_add_address(struct netlink_batch *batch, unsigned index, const struct address *address);
/* Absent is success. */
void link_delete_address(struct netlink_batch *batch, unsigned index, const struct address *address);
/* Default route, in place of the one that there is; 0.0.0.0 and :: as gateway: everything is reached directly (ipvlan l3). */
void link_add_route(struct netlink_batch *batch, unsigned index, const struct address *gateway);
/* Absent is success. */
void link_delete_route(struct netlink_batch *batch, unsigned index, const struct address *gateway);

/* `index`: the interface that it is reached through, 0 when none. */
typedef void (*address_handler)(void *context, const struct address *address, unsigned index);
/* Destinations of the routes in the main tables and the addresses of the interfaces: what the host uses. Default routes are left out. */
int link_host_destinations(int fd, address_handler on_address, void *context, struct error *err);
