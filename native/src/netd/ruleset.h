#pragma once
/*
 * Berth's packet rules: one table `inet <instance>` with a constant number of rules. Networks and published ports are elements of its sets and maps, so
 * that their number costs nothing per packet, and adding one is one small transaction. docs: README.md of this folder prints the table.
 * The chain `user` is the administrator's: it is never emptied while netd runs, and every forwarded packet from or to a container goes through it first.
 */

#include "netd/config.h"

enum { RULESET_NAME_SIZE = 64 };

struct ruleset {
	int fd; /* nfnetlink in the host's namespace; -1 when the kernel has no nf_tables */
	char table[RULESET_NAME_SIZE];
	uint32_t group;        /* interface group of this instance's bridges */
	bool guards_forwarding; /* forwarding was off before us: what has nothing to do with containers is still not forwarded */
};

/* Looks whether the kernel has nf_tables; no error when it does not. */
int ruleset_open(struct ruleset *ruleset, const char *table, uint32_t group, struct error *err);
void ruleset_close(struct ruleset *ruleset);
static inline bool ruleset_is_available(const struct ruleset *ruleset) { return ruleset->fd >= 0; }

/* Replaces everything but the `user` chain by what the two lists say, in one transaction: nothing is interrupted. */
int ruleset_replace(struct ruleset *ruleset, const struct network *networks, struct container *containers, struct error *err);
int ruleset_remove(struct ruleset *ruleset, struct error *err);
/* Whether the administrator has put anything into the chain `user`; false without nf_tables. */
int ruleset_has_user_rules(const struct ruleset *ruleset, bool *ret_has, struct error *err);

/* All of these are no-ops without nf_tables. */
int ruleset_add_network(struct ruleset *ruleset, const struct network *network, struct error *err);
int ruleset_remove_network(struct ruleset *ruleset, const struct network *network, struct error *err);
/* Sets port->is_translated where the rules carry the port. */
int ruleset_add_ports(struct ruleset *ruleset, struct container *container, struct error *err);
int ruleset_remove_ports(struct ruleset *ruleset, struct container *container, struct error *err);
