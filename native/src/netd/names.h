#pragma once
/* Who has which name: a hash table from (network, name) to endpoints. Names are compared without regard to case. */

#include <stddef.h>
#include <stdint.h>

struct endpoint;
struct network;

struct name_entry;

struct names {
	struct name_entry **buckets;
	size_t bucket_count; /* a power of two */
	size_t count;
};

/* Adds every name of the endpoint. 0 or -ENOMEM (then none is in). */
int names_add(struct names *names, struct endpoint *endpoint);
void names_remove(struct names *names, struct endpoint *endpoint);
/* Up to `max` endpoints of the network with this name of `length` bytes; yields how many there are. */
size_t names_find(const struct names *names, const struct network *network, const char *name, size_t length, struct endpoint **ret_endpoints, size_t max);
void names_free(struct names *names);
