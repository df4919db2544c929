#include "netd/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char stage[] = "address";

static int parse_prefix(const char *text, long max, uint8_t *ret_prefix) {
	char *end;
	if (*text < '0' || *text > '9')
		return -EINVAL;
	long prefix = strtol(text, &end, 10);
	if (*end != '\0' || prefix > max)
		return -EINVAL;
	*ret_prefix = (uint8_t)prefix;
	return 0;
}

int address_parse(const char *text, bool has_prefix, struct address *ret_address, struct error *err) {
	struct address address = {.family = strchr(text, ':') ? AF_INET6 : AF_INET};
	char host[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t)(slash - text) : strlen(text);
	if (length >= sizeof host || has_prefix != (slash != NULL))
		return error_set(err, EINVAL, stage, "\"%.64s\" is not an address%s", text, has_prefix ? " with a prefix length" : "");
	memcpy(host, text, length);
	host[length] = '\0';
	long max = address.family == AF_INET ? 32 : 128;
	address.prefix = (uint8_t)max;
	if (inet_pton(address.family, host, address.bytes) != 1 || (slash && parse_prefix(slash + 1, max, &address.prefix) < 0))
		return error_set(err, EINVAL, stage, "\"%.64s\" is not an address", text);
	*ret_address = address;
	return 0;
}

void address_format(const struct address *address, char ret_text[static ADDRESS_TEXT_SIZE]) {
	if (!inet_ntop(address->family, address->bytes, ret_text, ADDRESS_TEXT_SIZE))
		ret_text[0] = '\0';
}

bool address_equal(const struct address *a, const struct address *b) {
	return a->family == b->family && memcmp(a->bytes, b->bytes, address_length(a)) == 0;
}

bool address_is_any(const struct address *address) {
	static const uint8_t zero[16];
	return memcmp(address->bytes, zero, address_length(address)) == 0;
}

socklen_t address_to_socket(const struct address *address, uint16_t port, struct sockaddr_storage *ret_socket) {
	memset(ret_socket, 0, sizeof *ret_socket);
	if (address->family == AF_INET) {
		struct sockaddr_in *in = (struct sockaddr_in *)ret_socket;
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, address->bytes, 4);
		return sizeof *in;
	}
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret_socket;
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	memcpy(&in6->sin6_addr, address->bytes, 16);
	return sizeof *in6;
}

int mac_parse(const char *text, uint8_t ret_mac[static 6], struct error *err) {
	unsigned byte[6];
	int used = 0;
	if (strlen(text) != 17 || sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &byte[0], &byte[1], &byte[2], &byte[3], &byte[4], &byte[5], &used) != 6 ||
		used != 17)
		return error_set(err, EINVAL, stage, "\"%.32s\" is not a hardware address", text);
	for (int i = 0; i < 6; i++)
		ret_mac[i] = (uint8_t)byte[i];
	return 0;
}

bool address_is_within(const struct address *address, const struct address *network) {
	if (address->family != network->family)
		return false;
	for (unsigned bit = 0; bit < network->prefix; bit++) {
		uint8_t mask = (uint8_t)(0x80 >> (bit % 8));
		if ((address->bytes[bit / 8] ^ network->bytes[bit / 8]) & mask)
			return false;
	}
	return true;
}
