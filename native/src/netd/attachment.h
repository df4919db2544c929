#pragma once
/* Operations on containers: namespace, interfaces, names, ports and DNS server of each. */

#include "netd/netd.h"

/* The container of `config`, attached; the same config again is no change. EEXIST for another config of the same id. On failure nothing is left. */
int attachment_create(struct netd *netd, json_t *config, struct container **ret_container, struct error *err);
/* Takes up a container whose namespace a netd before this one has made. Without packet rules, for a start that replaces them all at its end. */
int attachment_restore(struct netd *netd, json_t *config, const json_t *extras, struct error *err);
/* Success when there is none. */
int attachment_remove(struct netd *netd, const char *container_id, struct error *err);

int attachment_connect(struct netd *netd, const char *container_id, json_t *endpoint, struct error *err);
int attachment_disconnect(struct netd *netd, const char *container_id, const char *network_id, struct error *err);
int attachment_rename(struct netd *netd, const char *container_id, const char *network_id, json_t *names, struct error *err);

/* Replaces the default routes through one endpoint (addresses as texts; none = no route out by it). */
int attachment_reroute(struct netd *netd, const char *container_id, const char *network_id, json_t *gateways, struct error *err);
/* Replaces the published ports. EADDRINUSE leaves the container without any. */
int attachment_publish(struct netd *netd, const char *container_id, json_t *ports, struct error *err);

/* {ports, warnings}: what `attach` answers and `list` shows. */
json_t *attachment_answer(const struct netd *netd, const struct container *container);
