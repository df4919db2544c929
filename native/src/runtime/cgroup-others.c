/* Huge pages, network classes and priorities, RDMA: controllers that few containers ask for. */
#include "runtime/cgroup-internal.h"

#include "base/cleanup.h"
#include "base/fdio.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

unsigned cgroup_others_needed(const struct cgroup_resources *r) {
	return (r->hugepage_count ? CONTROLLER_HUGETLB : 0u) | (r->net_class != LIMIT_ABSENT ? CONTROLLER_NET_CLS : 0u) |
		   (r->net_priority_count ? CONTROLLER_NET_PRIO : 0u) | (r->rdma_count ? CONTROLLER_RDMA : 0u);
}

struct wish {
	const struct hierarchy *hierarchy;
	const char *line; /* +hugetlb */
};

static int enable_at(void *context, const char *prefix) {
	const struct wish *wish = context;
	char file[PATH_MAX];
	(void)snprintf(file, sizeof file, "%s%scgroup.subtree_control", prefix, prefix[0] ? "/" : "");
	(void)write_file_at(wish->hierarchy->root, file, wish->line); /* what is missing shows when the limit is set */
	return 0;
}

void cgroup_others_enable(const struct hierarchy *hierarchy, const char *path, unsigned needed) {
	static const struct {
		enum controller controller;
		const char *line;
	} lines[] = {{CONTROLLER_HUGETLB, "+hugetlb"}, {CONTROLLER_RDMA, "+rdma"}};
	for (size_t i = 0; i < ELEMENTS(lines); i++) {
		struct wish wish = {.hierarchy = hierarchy, .line = lines[i].line};
		if (!(needed & hierarchy->controllers & lines[i].controller))
			continue;
		(void)enable_at(&wish, "");
		(void)cgroup_each_parent(path, enable_at, &wish);
	}
}

/* The container's folder for `controller`, and which files it has. -1 without it. */
static int find_folder(const struct cgroup *cgroup, enum controller controller, bool *ret_is_v2) {
	for (size_t i = 0; i < cgroup->part_count; i++) {
		if (!(cgroup->parts[i].hierarchy->controllers & controller))
			continue;
		*ret_is_v2 = cgroup->parts[i].hierarchy->is_v2;
		return cgroup->parts[i].folder;
	}
	return -1;
}

/* Both counts: pages in use, and pages promised (5.7 and later), without which a program is killed at the first touch instead of refused before. */
static int apply_hugepages(const struct cgroup *cgroup, const struct cgroup_resources *r, struct error *err) {
	bool is_v2 = false;
	int folder = find_folder(cgroup, CONTROLLER_HUGETLB, &is_v2);
	if (r->hugepage_count && folder < 0)
		return error_set(err, ENODEV, "cgroup", "huge pages are limited, but this host has no such cgroup controller");
	for (size_t i = 0; i < r->hugepage_count; i++) {
		const char *last = is_v2 ? "max" : "limit_in_bytes";
		char file[80], value[24];
		struct error ignored;
		(void)snprintf(value, sizeof value, "%" PRIu64, r->hugepages[i].limit);
		(void)snprintf(file, sizeof file, "hugetlb.%.16s.%s", r->hugepages[i].size, last);
		int failed = cgroup_write(folder, file, value, err);
		if (failed == -ENOENT)
			return error_set(err, ENOENT, "cgroup", "huge pages of %.16s are limited, but this kernel has none", r->hugepages[i].size);
		if (failed < 0)
			return failed;
		(void)snprintf(file, sizeof file, "hugetlb.%.16s.rsvd.%s", r->hugepages[i].size, last);
		if ((failed = cgroup_write(folder, file, value, &ignored)) < 0 && failed != -ENOENT) {
			*err = ignored;
			return failed;
		}
	}
	return 0;
}

/* Marks on packets for others to act upon, and no limits: without the controllers (v2 has none, its packets are matched by cgroup) it is a warning. */
static int apply_network(const struct cgroup *cgroup, const struct cgroup_resources *r, struct warnings *warnings, struct error *err) {
	bool is_v2 = false;
	int folder = find_folder(cgroup, CONTROLLER_NET_CLS, &is_v2), failed = 0;
	if (r->net_class != LIMIT_ABSENT && folder < 0)
		warnings_add(warnings, "this host has no net_cls controller: the network class has no effect");
	else if (r->net_class != LIMIT_ABSENT && (failed = cgroup_write_number(folder, "net_cls.classid", r->net_class, err)) < 0)
		return failed;
	folder = find_folder(cgroup, CONTROLLER_NET_PRIO, &is_v2);
	if (r->net_priority_count && folder < 0)
		warnings_add(warnings, "this host has no net_prio controller: network priorities have no effect");
	for (size_t i = 0; folder >= 0 && i < r->net_priority_count; i++) {
		char line[80];
		(void)snprintf(line, sizeof line, "%.63s %u", r->net_priorities[i].interface, r->net_priorities[i].priority);
		if ((failed = cgroup_write(folder, "net_prio.ifpriomap", line, err)) < 0)
			return failed;
	}
	return 0;
}

static int apply_rdma(const struct cgroup *cgroup, const struct cgroup_resources *r, struct error *err) {
	bool is_v2 = false;
	int folder = find_folder(cgroup, CONTROLLER_RDMA, &is_v2);
	if (r->rdma_count && folder < 0)
		return error_set(err, ENODEV, "cgroup", "RDMA is limited, but this host has no such cgroup controller");
	for (size_t i = 0; i < r->rdma_count; i++) {
		char line[160], handles[40] = "", objects[40] = "";
		if (r->rdma[i].handles != LIMIT_ABSENT)
			(void)snprintf(handles, sizeof handles, " hca_handle=%" PRId64, r->rdma[i].handles);
		if (r->rdma[i].objects != LIMIT_ABSENT)
			(void)snprintf(objects, sizeof objects, " hca_object=%" PRId64, r->rdma[i].objects);
		(void)snprintf(line, sizeof line, "%.63s%s%s", r->rdma[i].device, handles, objects);
		int failed = cgroup_write(folder, "rdma.max", line, err);
		if (failed < 0)
			return failed;
	}
	return 0;
}

int cgroup_others_apply(const struct cgroup *cgroup, const struct cgroup_resources *r, struct warnings *warnings, struct error *err) {
	if (r->has_leaf_weight)
		warnings_add(warnings, "leaf weights of block I/O are gone from Linux since 5.0: they have no effect");
	int failed = apply_hugepages(cgroup, r, err);
	if (failed < 0 || (failed = apply_network(cgroup, r, warnings, err)) < 0)
		return failed;
	return apply_rdma(cgroup, r, err);
}
