#pragma once
/*
 * Network namespaces made ahead of time, while nothing else is to be done: lo is up, new interfaces have no IPv6 unless they are told to, and the DNS
 * sockets are open. A start then only adds its interfaces.
 */

#include "base/loop.h"
#include "netd/dns-server.h"
#include "netd/netns.h"

/* Enough for the containers of a small stack; a larger one pays the 0.3 ms per namespace itself. */
enum { POOL_SIZE = 8, POOL_DELAY_MS = 20 };

struct slot {
	int netns;
	int route; /* rtnetlink inside */
	struct dns_sockets dns;
};

struct pool {
	struct loop *loop;
	const struct netns_home *home;
	struct loop_timer timer;
	struct slot slots[POOL_SIZE];
	unsigned count;
};

void pool_init(struct pool *pool, struct loop *loop, const struct netns_home *home);
/* A ready slot, made on the spot when there is none; the caller owns it. Refilling begins when nothing was taken for a while. */
int pool_take(struct pool *pool, struct slot *ret_slot, struct error *err);
/* One that a new user namespace owns. */
int pool_make_owned(struct pool *pool, const struct id_maps *maps, struct slot *ret_slot, struct error *err);
void pool_free(struct pool *pool);

void slot_close(struct slot *slot);
#define _cleanup_slot_ __attribute__((cleanup(slot_close)))
