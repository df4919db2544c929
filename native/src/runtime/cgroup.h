#pragma once
/*
 * One container's cgroup, on v1 (also hybrid) and v2 alike.
 *
 * Order: cgroup_host_open() once; cgroup_create() with limits before the process exists; cgroup_join_prepare(); clone with cgroup_clone_fd();
 * cgroup_join() called by the child itself for what clone cannot do (v1); counters may be read until cgroup_remove().
 * Controllers that this host lacks, and settings that the kernel refuses only because they are gone or not ours to set, end up in `warnings`.
 * A limit that is asked for and cannot be set is an error, never a warning.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "runtime/warnings.h"

struct cgroup_host;
struct cgroup;

#define LIMIT_ABSENT INT64_MIN /* "leave as it is" */

struct cgroup_device_rule {
	bool allow;
	char type; /* a, b, c */
	int64_t major, minor; /* -1 = any */
	bool read, write, mknod;
};

struct cgroup_throttle {
	uint32_t major, minor;
	uint64_t rate;
};

struct cgroup_throttles {
	struct cgroup_throttle *items;
	size_t count;
};

struct cgroup_unified {
	const char *file, *value;
};

struct cgroup_hugepages {
	const char *size; /* as the kernel's files write it: 2MB */
	uint64_t limit;   /* bytes */
};

struct cgroup_priority {
	const char *interface;
	uint32_t priority;
};

struct cgroup_rdma {
	const char *device;
	int64_t handles, objects;
};

/* Bytes, microseconds, counts; -1 = no limit; LIMIT_ABSENT = not given. */
struct cgroup_resources {
	int64_t memory_limit, memory_reservation, memory_swap, memory_swappiness;
	int memory_disable_oom_killer; /* -1 absent */
	int64_t cpu_shares, cpu_quota, cpu_burst, cpu_period, cpu_rt_runtime, cpu_rt_period, cpu_idle;
	const char *cpuset_cpus, *cpuset_mems; /* NULL = not given */
	int64_t pids_limit;
	int64_t io_weight;
	struct cgroup_throttles io_weights, read_bps, write_bps, read_iops, write_iops;
	struct cgroup_device_rule *devices;
	size_t device_count;
	struct cgroup_unified *unified;
	size_t unified_count;
	struct cgroup_hugepages *hugepages;
	size_t hugepage_count;
	int64_t net_class;
	struct cgroup_priority *net_priorities;
	size_t net_priority_count;
	struct cgroup_rdma *rdma;
	size_t rdma_count;
	bool has_leaf_weight; /* asked for, and gone from the kernel since 5.0 */
};

/* Reads /proc/self/mountinfo and /proc/self/cgroup once and keeps a dirfd of each hierarchy. */
int cgroup_host_open(struct cgroup_host **ret, struct error *err);
void cgroup_host_close(struct cgroup_host *host);

bool cgroup_host_is_v2(const struct cgroup_host *host);

/* Names of controllers in use, as a new JSON array of strings. */
json_t *cgroup_host_controllers(const struct cgroup_host *host);

/*
 * Makes the group that an instance's containers lie in, and bounds the processes of all together, so that they leave a tenth of what the kernel has to
 * the host. A bound that is there stays. Nothing without a pids controller.
 */
int cgroup_bound_processes(const struct cgroup_host *host, const char *path, struct error *err);

struct cgroup_options {
	const char *path; /* below each hierarchy's root, e.g. /berth/<id> */
	bool kills_all_on_oom; /* v2: memory.oom.group; v1: cgroup_kill() by whoever sees the event */
};

/* Makes the group (EEXIST when it has processes; an empty leftover is taken over), writes the limits. On failure nothing is left. */
int cgroup_create(const struct cgroup_host *host, const struct cgroup_options *options, const struct cgroup_resources *resources,
		  struct warnings *warnings, struct cgroup **ret, struct error *err);

/* Takes over the group that another process of ours made, as far as its folders are there (see cgroup-attach.c). The caller frees or removes it. */
int cgroup_attach(const struct cgroup_host *host, const char *path, struct cgroup **ret, struct error *err);

/* Changes limits; what was changed before a failing one stays changed. */
int cgroup_update(struct cgroup *cgroup, const struct cgroup_resources *resources, struct warnings *warnings, struct error *err);

/* For clone3's `cgroup` field (v2, also on hybrid hosts), or -1. cgroup_join() is needed in either case. */
int cgroup_clone_fd(const struct cgroup *cgroup);

/* Opens what cgroup_join() writes to, and what a cgroup mount inside the container shows. Before clone; cgroup_join_done() in the parent closes it. */
int cgroup_join_prepare(struct cgroup *cgroup, bool is_mounted_inside, struct error *err);
void cgroup_join_done(struct cgroup *cgroup);

/* An OOM kill in the group makes the kernel kill all of it, and whoever shares memory with one of them (v2, kills_all_on_oom). */
bool cgroup_kills_together(const struct cgroup *cgroup);

enum cgroup_join_step { CGROUP_JOIN_ALL_BUT_CPU, CGROUP_JOIN_CPU };

/*
 * Moves the calling process: cpu in a step of its own, the last before execve, since setup inside a container's cpu share is slow on a busy machine.
 * Async-signal-safe. Returns -errno, and the hierarchy's name in *ret_where.
 */
int cgroup_join(const struct cgroup *cgroup, enum cgroup_join_step step, const char **ret_where);

/* SIGKILL to every process of the group, frozen ones too. Returns once none is left alive, or with EBUSY after `timeout_ms`. */
int cgroup_kill(struct cgroup *cgroup, unsigned timeout_ms, struct error *err);
int cgroup_signal(struct cgroup *cgroup, int signal, struct error *err);
int cgroup_freeze(struct cgroup *cgroup, bool frozen, struct error *err);

/* Host pids, `count` of them; the caller frees. */
int cgroup_processes(struct cgroup *cgroup, pid_t **ret, size_t *ret_count, struct error *err);
bool cgroup_is_empty(struct cgroup *cgroup);

/*
 * An fd that becomes ready (EPOLLIN on v1, EPOLLPRI on v2: see *ret_events) when something happened to the group's memory; after it, call
 * cgroup_oom_acknowledge() and compare cgroup_oom_kills() with the last count. -1 and no error where the kernel cannot tell.
 * The fd belongs to the cgroup. It may fire once more while the group is removed.
 */
int cgroup_oom_watch(struct cgroup *cgroup, int *ret_fd, uint32_t *ret_events, struct error *err);
void cgroup_oom_acknowledge(struct cgroup *cgroup);

/* OOM kills in the group since it was made; valid after the exit, until cgroup_remove(). */
uint64_t cgroup_oom_kills(struct cgroup *cgroup);
/* Bytes; 0 when the kernel does not tell. */
uint64_t cgroup_memory_peak(struct cgroup *cgroup);
void cgroup_memory_peak_reset(struct cgroup *cgroup);
/* Bytes; UINT64_MAX without limit. */
uint64_t cgroup_memory_limit(struct cgroup *cgroup);

/* The `cpu`, `memory`, `pids` and `io` parts of ContainerUsage, as a new object. */
int cgroup_usage(struct cgroup *cgroup, json_t **ret, struct error *err);

/* Removes the group and those that the container made below it; EBUSY when processes are left. Frees it in any case. NULL is allowed. */
int cgroup_remove(struct cgroup *cgroup, struct error *err);

/* Frees without removing. */
void cgroup_free(struct cgroup *cgroup);
