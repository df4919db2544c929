#include "netd/resolve.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The container that `name` is a link to, for this one only; NULL when it is none. */
static const char *find_link(const struct endpoint *endpoint, const char *name, size_t length) {
	const char *alias;
	json_t *target;
	json_object_foreach((json_t *)endpoint->links, alias, target) {
		if (strlen(alias) == length && strncasecmp(alias, name, length) == 0)
			return json_string_value(target);
	}
	return NULL;
}

/* Endpoints of one network that the first `length` bytes of `name` stand for: a link goes before a name. */
static size_t find_in_network(const struct endpoint *from, const struct names *names, const char *name, size_t length,
				  struct endpoint **ret_endpoints) {
	const char *target = find_link(from, name, length);
	if (target)
		return names_find(names, from->network, target, strlen(target), ret_endpoints, RESOLVE_MAX);
	return names_find(names, from->network, name, length, ret_endpoints, RESOLVE_MAX);
}

/* Endpoints that `name` stands for, seen from the container: its networks in order, first `name`, then `name.<network>`. */
static size_t find_endpoints(const struct container *container, const struct names *names, const char *name, struct endpoint **ret_endpoints) {
	size_t length = strlen(name);
	for (size_t i = 0; i < container->endpoint_count; i++) {
		const struct endpoint *from = container->endpoints[i];
		const char *network = from->network->name;
		size_t found = find_in_network(from, names, name, length, ret_endpoints);
		size_t suffix = strlen(network);
		if (found == 0 && length > suffix + 1 && name[length - suffix - 1] == '.' && strcasecmp(name + length - suffix, network) == 0)
			found = find_in_network(from, names, name, length - suffix - 1, ret_endpoints);
		if (found > 0)
			return found;
	}
	return 0;
}

static void add_addresses(struct endpoint *const *endpoints, size_t count, sa_family_t family, unsigned random, struct dns_answer *answer) {
	for (size_t i = 0; i < count; i++) {
		const struct endpoint *endpoint = endpoints[(random + i) % count];
		for (size_t j = 0; j < endpoint->address_count; j++)
			if (endpoint->addresses[j].family == family)
				dns_answer_add_address(answer, family, endpoint->addresses[j].bytes, RESOLVE_TTL);
	}
}

/* Reverse lookups are rare and the list is short: it is searched. */
static const struct endpoint *find_by_address(const struct container *all, const struct network *network, const struct address *address) {
	for (const struct container *container = all; container; container = container->next)
		for (size_t i = 0; i < container->endpoint_count; i++) {
			const struct endpoint *endpoint = container->endpoints[i];
			if (endpoint->network != network)
				continue;
			for (size_t j = 0; j < endpoint->address_count; j++)
				if (address_equal(&endpoint->addresses[j], address))
					return endpoint;
		}
	return NULL;
}

static enum resolve_result resolve_pointer(const struct container *container, const struct container *all, const struct dns_query *query,
					   struct dns_answer *answer, enum dns_rcode *ret_rcode) {
	struct address address = {0};
	address.family = (sa_family_t)dns_reverse_name(query->name, address.bytes);
	if (address.family == 0)
		return RESOLVE_FORWARD;
	for (size_t i = 0; i < container->endpoint_count; i++) {
		const struct network *network = container->endpoints[i]->network;
		const struct endpoint *found = find_by_address(all, network, &address);
		if (found && found->name_count > 0) {
			char name[DNS_NAME_SIZE];
			int length = snprintf(name, sizeof name, "%s.%s", found->names[0], network->name);
			if (length > 0 && (size_t)length < sizeof name)
				dns_answer_add_pointer(answer, name, RESOLVE_TTL);
			return RESOLVE_ANSWERED;
		}
		/* An address of the network that nobody has: nobody outside knows it either. */
		for (size_t j = 0; j < network->gateway_count; j++) {
			if (address_is_within(&address, &network->gateways[j])) {
				*ret_rcode = DNS_NXDOMAIN;
				return RESOLVE_ANSWERED;
			}
		}
	}
	return RESOLVE_FORWARD;
}

enum resolve_result resolve_query(const struct container *container, const struct container *all, const struct names *names,
				  const struct dns_query *query, unsigned random, struct dns_answer *answer, enum dns_rcode *ret_rcode) {
	struct endpoint *endpoints[RESOLVE_MAX];
	*ret_rcode = DNS_NOERROR;
	if (query->class != 1 || !query->is_plain)
		return RESOLVE_FORWARD;
	if (query->type == DNS_PTR)
		return resolve_pointer(container, all, query, answer, ret_rcode);
	size_t count = find_endpoints(container, names, query->name, endpoints);
	if (count > 0) {
		if (query->type == DNS_A || query->type == DNS_ANY)
			add_addresses(endpoints, count, AF_INET, random, answer);
		if (query->type == DNS_AAAA || query->type == DNS_ANY)
			add_addresses(endpoints, count, AF_INET6, random, answer);
		return RESOLVE_ANSWERED;
	}
	if (!container->forwards_single_labels && !strchr(query->name, '.') && query->name[0] != '\0') {
		*ret_rcode = DNS_NXDOMAIN;
		return RESOLVE_ANSWERED;
	}
	return RESOLVE_FORWARD;
}
