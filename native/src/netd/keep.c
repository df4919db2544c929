#include "netd/keep.h"

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { KEEP_MAX = 4 * 1024 * 1024 };

static const char network_prefix[] = "network-", container_prefix[] = "container-";

/* No fsync: the file shall survive netd, not the machine. */
static int write_json(int directory, const char *prefix, const char *id, const json_t *value, struct error *err) {
	char name[NAME_MAX], temporary[NAME_MAX];
	(void)snprintf(name, sizeof name, "%s%.150s", prefix, id);
	(void)snprintf(temporary, sizeof temporary, ".%.200s", name);
	_cleanup_free_ char *text = json_dumps(value, JSON_COMPACT);
	if (!text)
		return error_set(err, ENOMEM, "keep", "no memory for %s", name);
	_cleanup_close_ int fd = openat(directory, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return error_errno(err, "keep", "%s", name);
	int r = write_all(fd, text, strlen(text));
	if (r < 0)
		return error_set(err, -r, "keep", "%s: %s", name, strerror(-r));
	if (renameat(directory, temporary, directory, name) < 0)
		return error_errno(err, "keep", "%s", name);
	return 0;
}

int keep_network(int directory, const struct network *network, struct error *err) {
	return write_json(directory, network_prefix, network->id, network->json, err);
}

json_t *container_extras(const struct container *container) {
	json_t *ports = json_array(), *interfaces = json_array(), *indexes = json_array();
	for (size_t i = 0; i < container->port_count; i++)
		(void)json_array_append_new(ports, json_integer(container->ports[i].host_port));
	for (size_t i = 0; i < container->endpoint_count; i++) {
		(void)json_array_append_new(interfaces, json_string(container->endpoints[i]->host_interface));
		(void)json_array_append_new(indexes, json_integer(container->endpoints[i]->index));
	}
	return json_pack("{s:o,s:o,s:o}", "hostPorts", ports, "interfaces", interfaces, "indexes", indexes);
}

int keep_container(int directory, const struct container *container, struct error *err) {
	_cleanup_json_ json_t *value = json_pack("{s:O,s:o}", "config", container->json, "extras", container_extras(container));
	return write_json(directory, container_prefix, container->id, value, err);
}

static void forget(int directory, const char *prefix, const char *id) {
	char name[NAME_MAX];
	(void)snprintf(name, sizeof name, "%s%.150s", prefix, id);
	(void)unlinkat(directory, name, 0);
}

void forget_network(int directory, const struct network *network) { forget(directory, network_prefix, network->id); }
void forget_container(int directory, const struct container *container) { forget(directory, container_prefix, container->id); }

static json_t *read_json(int directory, const char *name) {
	_cleanup_free_ char *text = NULL;
	size_t length;
	json_t *value = NULL;
	struct error ignored;
	if (read_file_at(directory, name, KEEP_MAX, &text, &length) < 0 || json_parse(text, length, &value, &ignored) < 0) {
		(void)unlinkat(directory, name, 0);
		return NULL;
	}
	return value;
}

static DIR *open_listing(int directory) {
	int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *listing = copy < 0 ? NULL : fdopendir(copy);
	if (!listing)
		close_fd(&copy);
	return listing;
}

int keep_load(int directory, int (*on_network)(void *context, json_t *config, struct error *err),
		  int (*on_container)(void *context, json_t *config, const json_t *extras, struct error *err), void *context, struct error *err) {
	for (int is_container = 0; is_container < 2; is_container++) {
		const char *prefix = is_container ? container_prefix : network_prefix;
		_cleanup_closedir_ DIR *listing = open_listing(directory);
		if (!listing)
			return error_errno(err, "keep", "reading the folder of kept requests");
		for (struct dirent *entry; (entry = readdir(listing));) {
			if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
				continue;
			_cleanup_json_ json_t *value = read_json(directory, entry->d_name);
			struct error failure;
			int r = !value	       ? 0
				: is_container ? on_container(context, json_object_get(value, "config"), json_object_get(value, "extras"), &failure)
						   : on_network(context, value, &failure);
			if (r < 0)
				(void)unlinkat(directory, entry->d_name, 0);
		}
	}
	return 0;
}
