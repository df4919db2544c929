#pragma once
/* Operations on networks: their bridges, addresses and rules. */

#include "netd/netd.h"

/* The network of `config`, made or adopted; the same config again is no change. EEXIST for another config of the same id. */
int network_create(struct netd *netd, json_t *config, struct network **ret_network, struct error *err);
/* The same without packet rules, for a start that replaces them all at its end. */
int network_restore(struct netd *netd, json_t *config, struct error *err);
/* EBUSY while endpoints are in it; success when there is none. */
int network_remove(struct netd *netd, const char *id, struct error *err);
