#pragma once
/*
 * Keeps the packet rules in place when others change theirs: somebody flushes all rules (`nft flush ruleset`, a reload of nftables.service), or a firewall
 * or Docker starts after us and drops what is forwarded. The kernel tells of every change; a moment after the last one the rules are mended.
 */

#include "netd/netd.h"

/* No-op without nf_tables. Failure to watch is no failure of netd: *err is not even filled. */
void watch_start(struct netd *netd);
