#pragma once
/* IP addresses and hardware addresses as text and bytes. */

#include "base/error.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* An IPv4 or IPv6 address, with a prefix length where it stands for a network or an interface's address. */
struct address {
	sa_family_t family;
	uint8_t prefix;
	uint8_t bytes[16]; /* network order; the first 4 for IPv4 */
};

enum { ADDRESS_TEXT_SIZE = INET6_ADDRSTRLEN + 4 };

static inline size_t address_length(const struct address *address) { return address->family == AF_INET ? 4 : 16; }

/* `10.0.0.1` or `fd00::1`; with `has_prefix`, `/len` must follow. -EINVAL with *err naming the text. */
int address_parse(const char *text, bool has_prefix, struct address *ret_address, struct error *err);
/* Without the prefix length. */
void address_format(const struct address *address, char ret_text[static ADDRESS_TEXT_SIZE]);
bool address_equal(const struct address *a, const struct address *b);
bool address_is_any(const struct address *address);

/* For bind and connect; `port` in host order. Yields the length. */
socklen_t address_to_socket(const struct address *address, uint16_t port, struct sockaddr_storage *ret_socket);

/* `02:42:0a:c9:00:02` -> six bytes. */
int mac_parse(const char *text, uint8_t ret_mac[static 6], struct error *err);

/* Whether `address` lies in the subnet that `network` (an address with prefix) belongs to. */
bool address_is_within(const struct address *address, const struct address *network);
