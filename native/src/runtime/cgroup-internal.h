#pragma once
/* Shared by the files that implement cgroup.h. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/cgroup.h"

enum controller {
	CONTROLLER_MEMORY = 1 << 0,
	CONTROLLER_CPU = 1 << 1,
	CONTROLLER_CPUACCT = 1 << 2,
	CONTROLLER_PIDS = 1 << 3,
	CONTROLLER_DEVICES = 1 << 4,
	CONTROLLER_FREEZER = 1 << 5,
	CONTROLLER_IO = 1 << 6,
	CONTROLLER_CPUSET = 1 << 7,
	CONTROLLER_HUGETLB = 1 << 8,
	CONTROLLER_NET_CLS = 1 << 9,
	CONTROLLER_NET_PRIO = 1 << 10,
	CONTROLLER_RDMA = 1 << 11,
};

enum { HIERARCHIES_MAX = 16, PARTS_MAX = 16 };

struct hierarchy {
	char name[32];        /* as mounted: "cpu,cpuacct" */
	unsigned controllers; /* enum controller; of the v2 hierarchy of a hybrid host those that no v1 hierarchy has */
	bool is_v2;
	int root; /* dirfd of its mount point */
};

struct cgroup_host {
	const struct cgroup_kind *kind;
	struct hierarchy hierarchies[HIERARCHIES_MAX];
	size_t count;
	const struct hierarchy *v2; /* also on hybrid hosts; NULL without */
	unsigned controllers;       /* all that can be used */
};

/* The container's folder in one hierarchy. */
struct cgroup_part {
	const struct hierarchy *hierarchy;
	int folder;  /* dirfd */
	int join_fd; /* these two between cgroup_join_prepare() and cgroup_join_done() */
	int tree;    /* detached mount of the folder, for a cgroup mount inside the container */
};

struct cgroup {
	const struct cgroup_host *host;
	char *path; /* relative, without a leading slash */
	/* Joined in this order: the v2 hierarchy first (by clone3), cpu last, since work inside a container's cpu share is slow on a busy machine. */
	struct cgroup_part parts[PARTS_MAX];
	size_t part_count;
	int core; /* where processes are listed, frozen and killed: folder in v2, or in v1's freezer */
	bool core_is_v2;
	bool kills_together; /* memory.oom.group */
	bool was_killed;     /* by cgroup.kill: see cgroup_clone_fd() */
	int oom_fd, oom_source; /* event source and, on v1, the control file it watches */
	uint32_t oom_events;    /* what to poll oom_fd for; it outlives a run, whose successor asks again */
	int device_program;     /* v2 */
};

/* What differs between the versions. All return 0 or -errno with *err filled. */
struct cgroup_kind {
	int (*apply)(struct cgroup *cgroup, const struct cgroup_resources *resources, bool is_new, struct warnings *warnings, struct error *err);
	int (*watch_oom)(struct cgroup *cgroup, uint32_t *ret_events, struct error *err);
	void (*acknowledge_oom)(struct cgroup *cgroup);
	uint64_t (*oom_kills)(struct cgroup *cgroup);
	uint64_t (*memory_peak)(struct cgroup *cgroup);
	void (*reset_memory_peak)(struct cgroup *cgroup);
	uint64_t (*memory_limit)(struct cgroup *cgroup);
	void (*usage)(struct cgroup *cgroup, json_t *ret_object);
};

extern const struct cgroup_kind cgroup_v1, cgroup_v2;

/* The container's folder in the hierarchy of `controller`, or -1 when this container does not use it. */
int cgroup_folder(const struct cgroup *cgroup, enum controller controller);

/* Makes `path` with its parents; a leftover without processes is made anew. EEXIST when it has some. */
int cgroup_make_folder(const struct hierarchy *hierarchy, const char *path, int *ret_folder, struct error *err);

/* cpuset refuses processes until cpus and mems are set on every level: copies them from the parent. */
int cgroup_cpuset_inherit(const struct hierarchy *hierarchy, const char *path, struct error *err);

/* v2: enables controllers from the root down to the parent of `path`, whose folder is open already. Those that cannot be enabled are left out. */
void cgroup_enable_controllers(const struct hierarchy *hierarchy, const char *path, int folder);

/* Writes one setting; on failure *err names file and value, e.g. `memory.max = 4096`. */
int cgroup_write(int folder, const char *file, const char *value, struct error *err);
int cgroup_write_number(int folder, const char *file, int64_t value, struct error *err);

/* Small files. `max` stands for UINT64_MAX. Returns 0 or -errno. */
int cgroup_read_text(int folder, const char *file, char *ret_text, size_t size);
int cgroup_read_number(int folder, const char *file, uint64_t *ret_number);
/* The number after `key ` at the start of a line, 0 when there is none. */
uint64_t cgroup_text_value(const char *text, const char *key);

/* Device rules: v1 by files, v2 by an eBPF program that replaces the one before. */
int cgroup_devices_v1(int folder, const struct cgroup_device_rule *rules, size_t count, struct error *err);
int cgroup_devices_v2(struct cgroup *cgroup, const struct cgroup_device_rule *rules, size_t count, struct error *err);

/* ContainerUsage from each version's files. */
void cgroup_usage_v1(struct cgroup *cgroup, json_t *ret_object);
void cgroup_usage_v2(struct cgroup *cgroup, json_t *ret_object);
/* `pressure` of ContainerUsage, where the kernel has it. */
void cgroup_usage_pressure(struct cgroup *cgroup, json_t *ret_object);

/* Controllers that few containers ask for, with the same files on both versions: those that these limits need, and setting them (cgroup-others.c). */
unsigned cgroup_others_needed(const struct cgroup_resources *resources);
/* Makes them available in a v2 group, also on a hybrid host. */
void cgroup_others_enable(const struct hierarchy *hierarchy, const char *path, unsigned needed);
int cgroup_others_apply(const struct cgroup *cgroup, const struct cgroup_resources *resources, struct warnings *warnings, struct error *err);

/* Calls `visit` with every proper prefix of a relative path ("a", "a/b" for "a/b/c") until one answers less than 0, which is then the answer. */
int cgroup_each_parent(const char *path, int (*visit)(void *context, const char *prefix), void *context);
