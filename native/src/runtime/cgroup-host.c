/* Which hierarchies this host has: read from /proc/self/mountinfo once, as names are mount options and not folder names. */
#include "runtime/cgroup-internal.h"

#include "base/cleanup.h"
#include "base/fdio.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *name;
	enum controller controller;
} controllers[] = {
	{"memory", CONTROLLER_MEMORY}, {"cpu", CONTROLLER_CPU},         {"cpuacct", CONTROLLER_CPUACCT}, {"pids", CONTROLLER_PIDS},
	{"devices", CONTROLLER_DEVICES}, {"freezer", CONTROLLER_FREEZER}, {"blkio", CONTROLLER_IO},        {"io", CONTROLLER_IO},
	{"cpuset", CONTROLLER_CPUSET}, {"hugetlb", CONTROLLER_HUGETLB}, {"net_cls", CONTROLLER_NET_CLS}, {"net_prio", CONTROLLER_NET_PRIO},
	{"rdma", CONTROLLER_RDMA},
};

/* Comma- or blank-separated names to a set. */
static unsigned parse_controllers(const char *text) {
	unsigned set = 0;
	for (const char *at = text; *at;) {
		at += strspn(at, ", \n");
		size_t length = strcspn(at, ", \n");
		for (size_t i = 0; i < ELEMENTS(controllers); i++)
			if (strlen(controllers[i].name) == length && memcmp(at, controllers[i].name, length) == 0)
				set |= controllers[i].controller;
		at += length;
	}
	return set;
}

static int add_hierarchy(struct cgroup_host *host, const char *mount_point, const char *options, bool is_v2, struct error *err) {
	unsigned set = is_v2 ? 0 : parse_controllers(options);
	if (!is_v2 && !set)
		return 0; /* name=systemd and the like */
	for (size_t i = 0; i < host->count; i++)
		if (host->hierarchies[i].is_v2 == is_v2 && host->hierarchies[i].controllers == set)
			return 0; /* mounted a second time elsewhere */
	if (host->count == HIERARCHIES_MAX)
		return 0;
	int root = open(mount_point, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return error_errno(err, "cgroup", "cannot open %s", mount_point);
	struct hierarchy *hierarchy = &host->hierarchies[host->count++];
	*hierarchy = (struct hierarchy){.controllers = set, .is_v2 = is_v2, .root = root};
	(void)snprintf(hierarchy->name, sizeof hierarchy->name, "%s", strrchr(mount_point, '/') + 1);
	return 0;
}

/* One line of mountinfo: ... mount-point options - type source super-options. Returns false when it is not a cgroup mount. */
static bool parse_line(char *line, char **ret_mount_point, char **ret_options, bool *ret_is_v2) {
	char *separator = strstr(line, " - ");
	if (!separator)
		return false;
	*separator = '\0';
	char *field = line;
	for (int i = 0; i < 4 && field; i++) {
		field = strchr(field, ' ');
		field = field ? field + 1 : NULL;
	}
	if (!field)
		return false;
	field[strcspn(field, " ")] = '\0';
	char *rest = NULL;
	const char *type = strtok_r(separator + 3, " ", &rest);
	(void)strtok_r(NULL, " ", &rest);
	if (!type || (strcmp(type, "cgroup") != 0 && strcmp(type, "cgroup2") != 0))
		return false;
	*ret_mount_point = field;
	*ret_options = rest ? rest : separator;
	*ret_is_v2 = strcmp(type, "cgroup2") == 0;
	return true;
}

static int read_mounts(struct cgroup_host *host, struct error *err) {
	_cleanup_free_ char *text = NULL;
	size_t length;
	int failed = read_file_at(AT_FDCWD, "/proc/self/mountinfo", 1 << 24, &text, &length);
	if (failed < 0)
		return error_set(err, -failed, "cgroup", "cannot read /proc/self/mountinfo");
	char *rest = NULL;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *mount_point, *options;
		bool is_v2;
		if (!parse_line(line, &mount_point, &options, &is_v2))
			continue;
		if ((failed = add_hierarchy(host, mount_point, options, is_v2, err)) < 0)
			return failed;
	}
	return 0;
}

static int choose_kind(struct cgroup_host *host, struct error *err) {
	char text[512];
	unsigned v1 = 0;
	struct hierarchy *unified = NULL;
	for (size_t i = 0; i < host->count; i++) {
		if (host->hierarchies[i].is_v2)
			unified = &host->hierarchies[i];
		v1 |= host->hierarchies[i].controllers;
	}
	host->v2 = unified;
	if (!v1 && !unified)
		return error_set(err, ENODEV, "cgroup", "no cgroup hierarchy is mounted (expected at /sys/fs/cgroup)");
	if (unified && cgroup_read_text(unified->root, "cgroup.controllers", text, sizeof text) == 0)
		unified->controllers = parse_controllers(text);
	host->kind = v1 ? &cgroup_v1 : &cgroup_v2;
	/* Parts of v2 itself, or done by eBPF. */
	if (!v1)
		unified->controllers |= CONTROLLER_CPUACCT | CONTROLLER_DEVICES | CONTROLLER_FREEZER;
	host->controllers = v1 | (unified ? unified->controllers : 0);
	return 0;
}

int cgroup_host_open(struct cgroup_host **ret, struct error *err) {
	struct cgroup_host *host = calloc(1, sizeof *host);
	if (!host)
		return error_set(err, ENOMEM, "cgroup", "out of memory");
	int failed = read_mounts(host, err);
	if (failed >= 0)
		failed = choose_kind(host, err);
	if (failed < 0) {
		cgroup_host_close(host);
		return failed;
	}
	*ret = host;
	return 0;
}

void cgroup_host_close(struct cgroup_host *host) {
	if (!host)
		return;
	int roots[HIERARCHIES_MAX];
	for (size_t i = 0; i < host->count; i++)
		roots[i] = host->hierarchies[i].root;
	close_fds(roots, host->count);
	free(host);
}

bool cgroup_host_is_v2(const struct cgroup_host *host) { return host->kind == &cgroup_v2; }

json_t *cgroup_host_controllers(const struct cgroup_host *host) {
	json_t *array = json_array();
	for (size_t i = 0; array && i < ELEMENTS(controllers); i++) {
		if (controllers[i].controller == CONTROLLER_IO && strcmp(controllers[i].name, cgroup_host_is_v2(host) ? "blkio" : "io") == 0)
			continue;
		if (host->controllers & controllers[i].controller)
			(void)json_array_append_new(array, json_string(controllers[i].name));
	}
	return array;
}
