#pragma once
/* Listening sockets of workers, made before the worker is forked, so that berthd may connect as soon as it has the answer. */

#include "base/error.h"

/*
 * Listens on `name` (mode 0600) inside the folder `dirfd`, however long the folder's path is. A socket that nobody listens on any more is replaced;
 * EADDRINUSE when somebody does. Returns the fd (O_CLOEXEC, blocking) or < 0. Changes the working directory for a moment: single-threaded callers only.
 */
int socket_listen_at(int dirfd, const char *name, struct error *err);
