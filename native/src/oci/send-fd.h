#pragma once
/* One fd, with a few words about it, to whoever listens at a path. */

#include <stddef.h>

#include "base/error.h"

/* A stream socket in the file system; `what` is the stage of an error and what it speaks of, e.g. "console". */
int send_fd(const char *path, const char *what, const char *data, size_t length, int fd, struct error *err);
