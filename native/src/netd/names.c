#include "netd/names.h"

#include "netd/config.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct name_entry {
	struct name_entry *next;
	struct endpoint *endpoint;
	const char *name; /* borrowed from the endpoint */
	size_t length;
	uint32_t hash;
};

/* FNV-1a over the network's address and the folded name. */
static uint32_t hash_of(const struct network *network, const char *name, size_t length) {
	uint32_t hash = 2166136261u;
	uintptr_t key = (uintptr_t)network;
	for (size_t i = 0; i < sizeof key; i++)
		hash = (hash ^ (uint32_t)(key >> (8 * i) & 0xff)) * 16777619u;
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (uint32_t)tolower((unsigned char)name[i])) * 16777619u;
	return hash;
}

static int enlarge(struct names *names) {
	size_t bucket_count = names->bucket_count ? names->bucket_count * 2 : 64;
	struct name_entry **buckets = calloc(bucket_count, sizeof *buckets);
	if (!buckets)
		return -ENOMEM;
	for (size_t i = 0; i < names->bucket_count; i++) {
		struct name_entry *next;
		for (struct name_entry *entry = names->buckets[i]; entry; entry = next) {
			next = entry->next;
			struct name_entry **bucket = &buckets[entry->hash & (bucket_count - 1)];
			entry->next = *bucket;
			*bucket = entry;
		}
	}
	free(names->buckets);
	names->buckets = buckets;
	names->bucket_count = bucket_count;
	return 0;
}

/* gcc 12's analyzer loses an entry that is stored in a bucket of an array and reports it as leaked. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
static int add_one(struct names *names, struct endpoint *endpoint, const char *name) {
	struct name_entry *entry = malloc(sizeof *entry);
	if (!entry)
		return -ENOMEM;
	size_t length = strlen(name);
	*entry = (struct name_entry){.endpoint = endpoint, .name = name, .length = length, .hash = hash_of(endpoint->network, name, length)};
	struct name_entry **bucket = &names->buckets[entry->hash & (names->bucket_count - 1)];
	entry->next = *bucket;
	*bucket = entry;
	names->count++;
	return 0;
}
int names_add(struct names *names, struct endpoint *endpoint) {
	if (names->count + endpoint->name_count > names->bucket_count && enlarge(names) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < endpoint->name_count; i++) {
		if (add_one(names, endpoint, endpoint->names[i]) < 0) {
			names_remove(names, endpoint);
			return -ENOMEM;
		}
	}
	return 0;
}

#pragma GCC diagnostic pop

void names_remove(struct names *names, struct endpoint *endpoint) {
	for (size_t i = 0; i < endpoint->name_count; i++) {
		uint32_t hash = hash_of(endpoint->network, endpoint->names[i], strlen(endpoint->names[i]));
		struct name_entry **at = names->bucket_count ? &names->buckets[hash & (names->bucket_count - 1)] : NULL;
		while (at && *at) {
			struct name_entry *entry = *at;
			if (entry->endpoint == endpoint && entry->hash == hash) {
				*at = entry->next;
				names->count--;
				free(entry);
			} else {
				at = &entry->next;
			}
		}
	}
}

size_t names_find(const struct names *names, const struct network *network, const char *name, size_t length, struct endpoint **ret_endpoints, size_t max) {
	if (names->bucket_count == 0)
		return 0;
	size_t found = 0;
	uint32_t hash = hash_of(network, name, length);
	for (const struct name_entry *entry = names->buckets[hash & (names->bucket_count - 1)]; entry && found < max; entry = entry->next) {
		if (entry->hash != hash || entry->endpoint->network != network || entry->length != length || strncasecmp(entry->name, name, length) != 0)
			continue;
		/* One endpoint may have a name twice (an alias equal to its service). */
		size_t i = 0;
		while (i < found && ret_endpoints[i] != entry->endpoint)
			i++;
		if (i == found)
			ret_endpoints[found++] = entry->endpoint;
	}
	return found;
}

void names_free(struct names *names) {
	for (size_t i = 0; i < names->bucket_count; i++) {
		struct name_entry *next;
		for (struct name_entry *entry = names->buckets[i]; entry; entry = next) {
			next = entry->next;
			free(entry);
		}
	}
	free(names->buckets);
	*names = (struct names){0};
}
