/* ContainerUsage: the cgroup's counters and those of the network namespace's interfaces. */
#include "runtime/container.h"

#include "base/cleanup.h"
#include "base/fdio.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

/* One line of /proc/PID/net/dev: "  eth0: bytes packets errs drop fifo frame compressed multicast bytes packets errs drop ...". */
static void add_interface(json_t *network, char *line) {
	char *colon = strchr(line, ':');
	uint64_t in[8], out[4];
	if (!colon)
		return;
	*colon = '\0';
	const char *name = line + strspn(line, " ");
	if (strcmp(name, "lo") == 0 ||
		sscanf(colon + 1, "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64,
			   &in[0], &in[1], &in[2], &in[3], &in[4], &in[5], &in[6], &in[7], &out[0], &out[1], &out[2], &out[3]) != 12)
		return;
	(void)json_object_set_new(network, name,
							  json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "rxBytes", (json_int_t)in[0], "rxPackets", (json_int_t)in[1],
										"rxErrors", (json_int_t)in[2], "rxDropped", (json_int_t)in[3], "txBytes", (json_int_t)out[0], "txPackets",
										(json_int_t)out[1], "txErrors", (json_int_t)out[2], "txDropped", (json_int_t)out[3]));
}

static json_t *read_network(const struct container *container) {
	_cleanup_free_ char *text = NULL;
	size_t length;
	char path[48], *rest = NULL;
	/* The host's own procfs; the pid is our child's, not reaped while pidfd is open. */
	(void)snprintf(path, sizeof path, "/proc/%d/net/dev", (int)container->pid);
	if (read_file_at(AT_FDCWD, path, 1 << 20, &text, &length) < 0)
		return NULL;
	json_t *network = json_object();
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		add_interface(network, line);
	return network;
}

int container_usage(struct container *container, json_t **ret, struct error *err) {
	json_t *usage;
	if (!container->cgroup)
		return error_set(err, ESRCH, "cgroup", "the container does not run");
	int failed = cgroup_usage(container->cgroup, &usage, err);
	if (failed < 0)
		return failed;
	/* A host-network container would report the host's traffic as its own. */
	json_t *network = container->pid > 0 && (container->namespaces & CLONE_NEWNET) ? read_network(container) : NULL;
	if (network)
		(void)json_object_set_new(usage, "network", network);
	*ret = usage;
	return 0;
}
