#include "netd/pool.h"

#include "base/cleanup.h"
#include "netd/link.h"

static int prepare(void *context, struct error *err) {
	struct slot *slot = context;
	_cleanup_batch_ struct netlink_batch batch = {0};
	struct error ignored; /* a kernel without IPv6 has no such file */
	(void)netns_sysctl("net.ipv6.conf.default.disable_ipv6", "1", &ignored);
	slot->route = netlink_open(NETLINK_ROUTE, err);
	if (slot->route < 0)
		return slot->route;
	link_set_up(&batch, 1);
	return netlink_transact(slot->route, &batch, NULL, NULL, err);
}

/* Takes `netns`, which may be a failed one. */
static int fill_slot(const struct netns_home *home, int netns, struct slot *ret_slot, struct error *err) {
	_cleanup_slot_ struct slot slot = {netns, -1, {-1, -1}};
	int r;
	if (slot.netns < 0)
		return slot.netns;
	if ((r = netns_run(home, slot.netns, prepare, &slot, err)) < 0 || (r = dns_sockets_open(home, slot.netns, false, &slot.dns, err)) < 0)
		return r;
	*ret_slot = slot;
	slot = (struct slot){-1, -1, {-1, -1}};
	return 0;
}

static int make_slot(const struct netns_home *home, struct slot *ret_slot, struct error *err) {
	return fill_slot(home, netns_create(home, err), ret_slot, err);
}

int pool_make_owned(struct pool *pool, const struct id_maps *maps, struct slot *ret_slot, struct error *err) {
	return fill_slot(pool->home, netns_create_owned(maps, err), ret_slot, err);
}

static void refill(void *data) {
	struct pool *pool = data;
	struct error ignored; /* whoever needs a namespace will see for himself */
	if (pool->count < POOL_SIZE && make_slot(pool->home, &pool->slots[pool->count], &ignored) == 0)
		pool->count++;
	else
		return;
	/* One at a time: requests that have arrived meanwhile go first. */
	if (pool->count < POOL_SIZE)
		loop_arm(pool->loop, &pool->timer, 0);
}

void pool_init(struct pool *pool, struct loop *loop, const struct netns_home *home) {
	*pool = (struct pool){.loop = loop, .home = home, .timer = {.run = refill, .data = pool}};
	loop_arm(loop, &pool->timer, POOL_DELAY_MS);
}

int pool_take(struct pool *pool, struct slot *ret_slot, struct error *err) {
	loop_arm(pool->loop, &pool->timer, POOL_DELAY_MS);
	if (pool->count == 0)
		return make_slot(pool->home, ret_slot, err);
	*ret_slot = pool->slots[--pool->count];
	return 0;
}

void pool_free(struct pool *pool) {
	loop_disarm(pool->loop, &pool->timer);
	while (pool->count > 0)
		slot_close(&pool->slots[--pool->count]);
}

void slot_close(struct slot *slot) {
	close_fd(&slot->netns);
	close_fd(&slot->route);
	dns_sockets_close(&slot->dns);
}
