#include "netd/operations.h"

#include "base/cleanup.h"
#include "base/json.h"
#include "base/stamps.h"
#include "netd/attachment.h"
#include "netd/link.h"
#include "netd/network.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Every operation gets the request without `id` and `op`. */

static int op_network_create(struct netd *netd, json_t *request, json_t **ret_ok, struct error *err) {
	struct network *network;
	int r = network_create(netd, request, &network, err);
	if (r < 0)
		return r;
	*ret_ok = json_pack("{s:i}", "bridgeIndex", (int)network->bridge_index);
	return 0;
}

static int op_network_remove(struct netd *netd, json_t *request, json_t **ret_ok, struct error *err) {
	(void)ret_ok;
	struct object_reader reader;
	const char *id;
	int r;
	if ((r = object_open(&reader, request, "networkRemove", err)) < 0 || (r = take_string(&reader, "networkId", &id, err)) < 0 ||
		(r = object_close(&reader, err)) < 0)
		return r;
	return network_remove(netd, id, err);
}

static int op_attach(struct netd *netd, json_t *request, json_t **ret_ok, struct error *err) {
	struct container *container;
	int r = attachment_create(netd, request, &container, err);
	if (r < 0)
		return r;
	*ret_ok = attachment_answer(netd, container);
	return 0;
}

static int op_connect(struct netd *netd, json_t *request, json_t **ret_ok, struct error *err) {
	(void)ret_ok;
	struct object_reader reader;
	const char *id;
	const json_t *endpoint;
	int r;
	if ((r = object_open(&reader, request, "connect", err)) < 0 || (r = take_string(&reader, "containerId", &id, err)) < 0 ||
		(r = take_object(&reader, "endpoint", &endpoint, err)) < 0 || (r = object_close(&reader, err)) < 0)
		return r;
	return attachment_connect(netd, id, (json_t *)endpoint, err);
}

static int op_disconnect(struct netd *netd, json_t *request, json_t **ret_ok, struct error *err) {
	(void)ret_ok;
	struct object_reader reader;
	const char *id, *network;
	int r;
	if ((r = object_open(&reader, request, "disconnect", err)) < 0 || (r = take_string(&reader, "containerId", &id, err)) < 0 ||
		(r = take_string(&reader, "networkId", &network, err)) < 0 || (r = object_close(&reader, err)) < 0)
		return r;
	return attachment_disconnect(netd, id, network, err);
}

static int op_names(struct netd *netd, json_t *request, json_t **ret_ok, struct error *err) {
	(void)ret_ok;
	struct object_reader reader;
	const char *id, *network;
	const json_t *names;
	int r;
	if ((r = object_open(&reader, request, "names", err)) < 0 || (r = take_string(&reader, "containerId", &id, err)) < 0 ||
		(r = take_string(&reader, "networkId", &network, err)) < 0 || (r = take_array(&reader, "names", &names, err)) < 0 ||
		(r = object_close(&reader, err)) < 0)
		return r;
	return attachment_rename(netd, id, network, (json_t *)names, err);
}

static int op_gateways(struct netd *netd, json_t *request, json_t **ret_ok, struct error *err) {
	(void)ret_ok;
	struct object_reader reader;
	const char *id, *network;
	const json_t *gateways;
	int r;
	if ((r = object_open(&reader, request, "gateways", err)) < 0 || (r = take_string(&reader, "containerId", &id, err)) < 0 ||
		(r = take_string(&reader, "networkId", &network, err)) < 0 || (r = take_array(&reader, "gateways", &gateways, err)) < 0 ||
		(r = object_close(&reader, err)) < 0)
		return r;
	return attachment_reroute(netd, id, network, (json_t *)gateways, err);
}

static int op_ports(struct netd *netd, json_t *request, json_t **ret_ok, struct error *err) {
	struct object_reader reader;
	const char *id;
	const json_t *ports;
	int r;
	if ((r = object_open(&reader, request, "ports", err)) < 0 || (r = take_string(&reader, "containerId", &id, err)) < 0 ||
		(r = take_array(&reader, "ports", &ports, err)) < 0 || (r = object_close(&reader, err)) < 0 ||
		(r = attachment_publish(netd, id, (json_t *)ports, err)) < 0)
		return r;
	*ret_ok = attachment_answer(netd, netd_find_container(netd, id));
	return 0;
}

static int op_detach(struct netd *netd, json_t *request, json_t **ret_ok, struct error *err) {
	(void)ret_ok;
	struct object_reader reader;
	const char *id;
	int r;
	if ((r = object_open(&reader, request, "detach", err)) < 0 || (r = take_string(&reader, "containerId", &id, err)) < 0 ||
		(r = object_close(&reader, err)) < 0)
		return r;
	return attachment_remove(netd, id, err);
}

static int op_list(struct netd *netd, json_t *request, json_t **ret_ok, struct error *err) {
	struct object_reader reader;
	int r;
	if ((r = object_open(&reader, request, "list", err)) < 0 || (r = object_close(&reader, err)) < 0)
		return r;
	json_t *networks = json_array(), *containers = json_array();
	for (const struct network *network = netd->networks; network; network = network->next)
		(void)json_array_append(networks, network->json);
	for (const struct container *container = netd->containers; container; container = container->next) {
		json_t *entry = json_copy(container->json);
		_cleanup_json_ json_t *answer = attachment_answer(netd, container);
		(void)json_object_update(entry, answer);
		(void)json_array_append_new(containers, entry);
	}
	*ret_ok = json_pack("{s:o,s:o,s:b}", "networks", networks, "containers", containers, "hasNftables", ruleset_is_available(&netd->ruleset));
	return 0;
}

static void on_destination(void *context, const struct address *address, unsigned index) {
	(void)index;
	char text[ADDRESS_TEXT_SIZE], cidr[ADDRESS_TEXT_SIZE + 8];
	address_format(address, text);
	(void)snprintf(cidr, sizeof cidr, "%s/%u", text, address->prefix);
	(void)json_array_append_new(context, json_string(cidr));
}

static int op_routes(struct netd *netd, json_t *request, json_t **ret_ok, struct error *err) {
	struct object_reader reader;
	int r;
	if ((r = object_open(&reader, request, "routes", err)) < 0 || (r = object_close(&reader, err)) < 0)
		return r;
	_cleanup_json_ json_t *routes = json_array();
	if ((r = link_host_destinations(netd->route, on_destination, routes, err)) < 0)
		return r;
	*ret_ok = json_pack("{s:O}", "routes", routes);
	return 0;
}

static int end(struct netd *netd, bool keeps_user_rules, struct error *err) {
	struct error ignored;
	while (netd->networks)
		(void)network_remove(netd, netd->networks->id, &ignored);
	sweep_now(&netd->sweep, netd->route);
	netd->is_ending = true;
	return keeps_user_rules ? 0 : ruleset_remove(&netd->ruleset, err);
}

static int op_shutdown(struct netd *netd, json_t *request, json_t **ret_ok, struct error *err) {
	(void)ret_ok;
	struct object_reader reader;
	struct error ignored;
	int r;
	if ((r = object_open(&reader, request, "shutdown", err)) < 0 || (r = object_close(&reader, err)) < 0)
		return r;
	while (netd->containers)
		(void)attachment_remove(netd, netd->containers->id, &ignored);
	return end(netd, false, err);
}

static int op_retire(struct netd *netd, json_t *request, json_t **ret_ok, struct error *err) {
	struct object_reader reader;
	bool has_user_rules = false;
	int r;
	if ((r = object_open(&reader, request, "retire", err)) < 0 || (r = object_close(&reader, err)) < 0)
		return r;
	*ret_ok = json_pack("{s:b}", "ended", netd->containers == NULL);
	if (netd->containers)
		return 0;
	if ((r = ruleset_has_user_rules(&netd->ruleset, &has_user_rules, err)) < 0)
		return r;
	return end(netd, has_user_rules, err);
}

static const struct {
	const char *name;
	int (*run)(struct netd *netd, json_t *request, json_t **ret_ok, struct error *err);
} operations[] = {
	{"networkCreate", op_network_create}, {"networkRemove", op_network_remove}, {"attach", op_attach}, {"connect", op_connect},
	{"disconnect", op_disconnect},	      {"names", op_names},		    {"gateways", op_gateways}, {"ports", op_ports}, {"detach", op_detach}, {"list", op_list},
	{"routes", op_routes},		      {"retire", op_retire},			    {"shutdown", op_shutdown},
};

static int run_named(struct netd *netd, const char *name, json_t *request, json_t **ret_ok, struct error *err) {
	for (size_t i = 0; i < ELEMENTS(operations); i++)
		if (name && strcmp(operations[i].name, name) == 0)
			return operations[i].run(netd, request, ret_ok, err);
	return error_set(err, ENOSYS, "request", "unknown operation \"%.64s\"", name ? name : "");
}

json_t *netd_operations_run(struct netd *netd, json_t *request) {
	struct error err = {0};
	json_t *ok = NULL;
	struct stamps stamps;
	stamps_take(&stamps, request);
	json_int_t id = json_integer_value(json_object_get(request, "id"));
	_cleanup_json_ json_t *name = json_incref(json_object_get(request, "op"));
	(void)json_object_del(request, "id");
	(void)json_object_del(request, "op");
	bool is_done = run_named(netd, json_string_value(name), request, &ok, &err) >= 0;
	json_t *answer = is_done ? json_pack("{s:I,s:o}", "id", id, "ok", ok ? ok : json_object())
				 : json_pack("{s:I,s:{s:s,s:i,s:s}}", "id", id, "error", "stage", err.stage, "errno", err.errnum, "message", err.message);
	stamps_put(&stamps, json_string_value(name), answer);
	return answer;
}
