#pragma once
/*
 * The user namespace of a container, as far as its start needs it. README.md tells who makes what with whose rights.
 *
 * In the parent: userns_prepare() opens or makes it, before anything that depends on its maps. Then, by processes that share the parent's descriptors
 * and end at once: userns_run() works inside of it, userns_run_as_root() works outside with the file ids of the container's root.
 */

#include "runtime/launch.h"

/* Fills launch->userns (-1 without) and launch->id_maps; both are released by userns_release(). */
int userns_prepare(struct launch *launch, const struct spec *spec, struct error *err);
/* The same for an exec: the namespace of the container's first process. */
int userns_adopt(struct launch *launch, pid_t pid, struct error *err);
void userns_release(struct launch *launch);

/* < 0 with *err filled, which is the work's to fill too. */
typedef int (*userns_work)(void *context, struct error *err);

/* In a mount namespace of its own there, so that `work` may make file systems that belong to the user namespace. */
int userns_run(const struct launch *launch, userns_work work, void *context, struct error *err);
/* All rights of the host, but what it makes in idmapped mounts belongs to the container's root: the host's has no id there. */
int userns_run_as_root(const struct launch *launch, userns_work work, void *context, struct error *err);

/* A detached clone of `path` with the ids of the namespace `userns`: what is 0 on the disk is shown as the namespace's 0. */
int userns_idmap(int tree, bool is_recursive, int userns, const char *path, struct error *err);

/*
 * Steps of the process that still has the host's rights, before it enters (the rest of a start is walked by a child of it), or before an exec enters.
 */
int userns_show_kernel(struct launch *launch); /* proc and sysfs in its mount table, or the kernel would refuse new ones inside */
int userns_give_stdio(struct launch *launch);
int userns_raise_limits(struct launch *launch);
int userns_enter(struct launch *launch);
