#pragma once
/* What is at a path of a container: the answer of the archive calls' HEAD. */

#include "base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <sys/stat.h>

enum { PATH_TARGET_SIZE = 4096 };

struct path_status {
	struct stat status;
	char target[PATH_TARGET_SIZE]; /* of a symbolic link: where it ends, as far as that exists; else empty */
};

/* An fd through which where another fd leads can be read after the root has changed: open it before view_enter. -1 with errno. */
int path_status_prepare(void);

/* `follows`: a link as last component is followed. Fails with the kernel's ENOENT, ENOTDIR, ... */
int path_status_read(int root, const char *path, bool follows, int fd_links, struct path_status *ret, struct error *err);

/* The members of the answer (schemas/runtime/layer.ts, PathStatus); the caller owns them. NULL without memory. */
json_t *path_status_to_json(const struct path_status *status);
