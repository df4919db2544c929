#pragma once
/* What a container's DNS server knows by itself: names and addresses in the container's networks. No I/O. */

#include "netd/config.h"
#include "netd/dns-message.h"
#include "netd/names.h"

/* Seconds that clients may keep an answer: short, since replicas come and go. */
enum { RESOLVE_TTL = 5, RESOLVE_MAX = 512 };

enum resolve_result {
	RESOLVE_ANSWERED, /* `answer` holds the records (none: the name exists without such a record); close it with `rcode` */
	RESOLVE_FORWARD,  /* not ours: ask the upstream servers */
};

/* `all`: the list of containers, for reverse lookups. `random`: any number; the order of replicas starts there. */
enum resolve_result resolve_query(const struct container *container, const struct container *all, const struct names *names,
				  const struct dns_query *query, unsigned random, struct dns_answer *answer, enum dns_rcode *ret_rcode);
