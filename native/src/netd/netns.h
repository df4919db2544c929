#pragma once
/*
 * Network namespaces. netd is single-threaded and lives in the host's namespace; it steps into another one only inside these functions and always
 * steps back (a failed return ends the process: every later operation would act in the wrong place).
 */

#include "base/error.h"
#include "base/userns.h"

#include <stdbool.h>

struct netns_home {
	int fd; /* the namespace that netd was started in */
};

/*
 * A lock that all processes of the network namespace share, held until the fd is closed: a lock on the namespace's own file, so that nothing is left
 * behind. -1 when somebody holds it for more than a second: anybody may, so nobody waits for ever.
 */
int netns_lock(const struct netns_home *home);

int netns_home_open(struct netns_home *ret_home, struct error *err);

/* A new namespace, as an fd; the caller stays where it was. -1 with *err filled. */
int netns_create(const struct netns_home *home, struct error *err);
/* The same, owned by a new user namespace with these maps, which lives as long as this one: see userns_of(). */
int netns_create_owned(const struct id_maps *maps, struct error *err);

/* Runs `work` inside the namespace. Returns what it returned, or < 0. */
int netns_run(const struct netns_home *home, int netns, int (*work)(void *context, struct error *err), void *context, struct error *err);

/* Makes the namespace reachable at `path` (an empty file is made for it). */
int netns_publish(int netns, const char *path, struct error *err);
/* An fd of the namespace at `path`. -1 with *err filled, ENOENT also when the file is no namespace (a left-over of a crash). */
int netns_open(const char *path, struct error *err);
/* Removes path and mount; the namespace itself ends when its last user has gone. Absent is success. */
int netns_unpublish(const char *path, struct error *err);

/* Writes a `net.*` sysctl of the calling process's namespace. Dots or slashes; refuses anything outside /proc/sys/net. */
int netns_sysctl(const char *name, const char *value, struct error *err);
