#pragma once
/*
 * A process on its way into a container: everything is parsed, opened and allocated by the parent, then a child walks a straight table of steps up to
 * execve.
 *
 * The child is a clone with CLONE_VM and CLONE_VFORK: it has its own fds, namespaces and credentials, but shares the parent's memory, and the parent
 * stands still until the child has executed its program or has ended. That saves the page tables of a fork (0.5 ms here, more than all mounts
 * together). The rules that follow from it: the child runs on its own stack, takes no signals, never returns, and allocates nothing.
 *
 * One case gets a memory of its own: where an OOM kill takes the whole cgroup (v2, memory.oom.group), the kernel also kills whoever shares the
 * memory of a victim, and that would be the monitor. (A single OOM kill never chooses a process in the middle of a vfork.)
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "runtime/cgroup.h"
#include "runtime/host.h"
#include "runtime/seccomp.h"
#include "runtime/spec.h"
#include "runtime/trace.h"
#include "runtime/warnings.h"

struct launch;

/* For the OCI command line, whose containers may wait between `create` and `start`. Callbacks: < 0 with *err filled. */
struct launch_hold {
	int fifo; /* one byte read from it lets the program run; -1: it runs at once, and there are no callbacks */
	bool keeps_keyring; /* the caller's session keyring */
	void *owner;
	int (*at_namespaces)(void *owner, pid_t pid, struct error *err); /* by the parent, while the child waits before pivot_root; NULL: none */
	int (*in_container)(void *owner, struct error *err); /* then by the child; NULL: none. With it the host's files are seen up to pivot_root */
	int (*before_program)(void *owner, struct error *err); /* by the child, in the container, as its user */
	int (*take_listener)(void *owner, pid_t pid, int fd, struct error *err); /* by the parent: of a seccomp filter that notifies; the caller closes fd */
};

struct launch_step {
	const char *name;
	int (*run)(struct launch *launch); /* < 0 with *launch->err filled */
};

struct launch {
	const struct host *host;
	const struct start_config *config;  /* NULL for an exec */
	const struct spec_process *process;
	struct spec_capabilities capabilities; /* what of process->capabilities this host can give */
	struct cgroup *cgroup;
	bool has_own_memory; /* also what a held one needs: its parent goes on, and ends; and one that enters a time namespace */
	bool has_personality;
	unsigned personality;
	const struct launch_hold *hold; /* NULL for berthd's containers */
	int hold_fifo; /* the fifo, once launch_hold_descriptors has moved it */
	int hold_sync, hold_parent; /* the child's and the parent's end of a socket pair: see launch-hold.c */
	unsigned preserved_fds; /* from 3 on, that the program keeps */
	struct seccomp_filter seccomp;
	int stdio[3];        /* what becomes fds 0 to 2 */
	int terminal_peer;   /* the same for all three, or -1 */
	int rootfs;          /* detached mount of the root */
	int *foreign;        /* by index of spec.mounts: made by the child before it enters the user namespace; its fds, not the parent's */
	int *mounts;         /* by index of spec.mounts: detached mounts made in the host's namespaces, or -1 */
	int joins[8];        /* by index of spec.joins */
	int userns; /* -1 when the container is in the host's */
	struct id_maps id_maps; /* of it, as the host sees them; owned */
	int container_pidfd; /* exec: whose namespaces to join */
	int container_namespaces;
	/* The child's own. */
	int root; /* dirfd of the container's root before pivot_root */
	int proc; /* private procfs, so that nothing under a /proc of the image is ever written to */
	int empty; /* mount of an empty folder, for masks; -1 until needed */
	int host_mounts; /* the mount namespace that binds were made in, or -1 where the order of mounts does not matter */
	bool is_cwd_entered, is_inside; /* is_inside: has entered the user namespace */
	const struct launch_step *steps; /* being walked */
	int inside_flags; /* CLONE_NEW* of what the user namespace owns */
	char *inside_stack, *second_stack; /* for the child of launch_split_user(), of an init */
	struct error *err;
	struct warnings *warnings;
	struct trace *trace;
	struct launch_results *results; /* while the child runs; err and trace point into it then */
};

/* What the child tells the parent, in memory that both see in either case. */
struct launch_results {
	bool is_failed, has_reached_exec;
	pid_t inside; /* made by launch_split_user() */
	struct error error;
	struct trace trace;
	char warnings[1024]; /* lines */
};

static inline bool launch_is_held(const struct launch *launch) { return launch->hold && launch->hold->fifo >= 0; }

/* Does the parent work for the child before the program runs? Then it cannot stand still, nor share its memory. */
static inline bool launch_is_accompanied(const struct launch *launch) { return launch_is_held(launch) || seccomp_filter_notifies(&launch->seccomp); }

/* A warning of the child. */
void launch_warn(struct launch *launch, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Ended by a NULL name. With a user namespace the first process walks launch_outside_steps, and its child, which takes its place as the parent's child,
 * walks launch_inside_steps. With `init: true` the last steps of a start are walked by the program's own process, PID 1's child.
 */
extern const struct launch_step launch_start_steps[], launch_outside_steps[], launch_after_init_steps[], launch_exec_steps[];
extern const struct launch_step *const launch_inside_steps;

/* Steps that need the machinery of launch.c. */
int launch_lift_stdio(struct launch *launch);
int launch_split_init(struct launch *launch);
int launch_split_user(struct launch *launch);
/* The bounding set that the process has when it sets its own: a user namespace begins with everything. */
uint64_t launch_bounding(const struct host *host, bool is_inside);

/* Steps of a held start; nothing without launch->hold. See launch-hold.c. */
int launch_hold_hooks(struct launch *launch);
/* What waits holds nothing of the host but the fifo. Before the filter: a profile may forbid close_range. */
int launch_hold_descriptors(struct launch *launch);
int launch_hold_program(struct launch *launch);
/* Loads the filter; its listener, if there is one, is with whoever answers when this returns. */
int launch_load_filter(struct launch *launch);
/* The parent's side: returns once the child waits for its program or runs it; < 0 when it has ended or a hook failed, *err filled if the parent is to blame. */
int launch_hold_accompany(struct launch *launch, int sync, pid_t pid, int pidfd, struct error *err);
/* Is there such a program, for the user and PATH of the process? Tells before `start` what would only fail there. */
int launch_find_program(struct launch *launch);

/*
 * Clones with `flags` (CLONE_NEW*) into the launch's cgroup, runs the steps and executes the program. On success the program runs and *ret_pid,
 * *ret_pidfd are its own (or of the init that runs it). On failure there is no child any more and *launch->err says which step failed.
 */
int launch_run(struct launch *launch, const struct launch_step *steps, int flags, pid_t *ret_pid, int *ret_pidfd);
