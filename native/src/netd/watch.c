#include "netd/watch.h"

#include "base/cleanup.h"
#include "netd/admission.h"
#include "netd/netlink.h"
#include "netd/nft.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>

/* A reload comes as many changes: mend once, after the last. */
enum { SETTLE_MS = 50 };

struct watch {
	struct netd *netd;
	struct loop_source source;
	struct loop_timer timer;
	uint32_t own_port; /* netlink address of the ruleset's socket: changes of our own are no news */
};

static bool has_own_table(const struct netd *netd) {
	_cleanup_batch_ struct netlink_batch batch = {0};
	struct error ignored;
	struct nft_table table = {NFPROTO_INET, netd->ruleset.table};
	nft_get_table(&batch, &table);
	return netlink_transact(netd->ruleset.fd, &batch, NULL, NULL, &ignored) == 0;
}

static void mend(void *data) {
	struct netd *netd = ((struct watch *)data)->netd;
	struct error ignored;
	if (!has_own_table(netd))
		(void)ruleset_replace(&netd->ruleset, netd->networks, netd->containers, &ignored);
	(void)admission_add(&netd->ruleset, netd->networks, &ignored);
}

static void on_change(void *data, uint32_t events) {
	(void)events;
	struct watch *watch = data;
	_Alignas(struct nlmsghdr) char buffer[16384];
	bool is_news = false;
	for (;;) {
		ssize_t got = recv(watch->source.fd, buffer, sizeof buffer, MSG_DONTWAIT);
		if (got < 0 && errno == ENOBUFS)
			is_news = true; /* more than the socket holds */
		if (got < 0 && errno != EINTR && errno != ENOBUFS)
			break;
		if (got > 0 && (size_t)got >= sizeof(struct nlmsghdr) && ((struct nlmsghdr *)buffer)->nlmsg_pid != watch->own_port)
			is_news = true;
	}
	if (is_news)
		loop_arm(&watch->netd->loop, &watch->timer, SETTLE_MS);
}

static uint32_t port_of(int fd) {
	struct sockaddr_nl address = {0};
	socklen_t length = sizeof address;
	(void)getsockname(fd, (struct sockaddr *)&address, &length);
	return address.nl_pid;
}

void watch_start(struct netd *netd) {
	static struct watch watch; /* one per process, as the loop keeps its address */
	struct error ignored;
	int group = NFNLGRP_NFTABLES;
	if (!ruleset_is_available(&netd->ruleset))
		return;
	_cleanup_close_ int fd = netlink_open(NETLINK_NETFILTER, &ignored);
	if (fd < 0 || setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) < 0)
		return;
	watch = (struct watch){
		.netd = netd,
		.source = {.fd = TAKE_FD(fd), .run = on_change, .data = &watch},
		.timer = {.run = mend, .data = &watch},
		.own_port = port_of(netd->ruleset.fd),
	};
	(void)loop_watch(&netd->loop, &watch.source, EPOLLIN, &ignored);
	/* What stands there already. */
	(void)admission_add(&netd->ruleset, netd->networks, &ignored);
}
