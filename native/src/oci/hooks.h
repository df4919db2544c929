#pragma once
/* Hooks of the specification: programs that get the container's state on their standard input. A failing or late one is an error. */

#include "oci/store.h"

/* Runs all of `kind` ("poststart") one after another, in `folder` (NULL: where the caller is), with the state as `status` says it is. */
int hooks_run(const struct store *store, const char *kind, const char *status, const char *folder, struct error *err);
/* The same on the host's side: in the bundle, and with the container's lock given up meanwhile, so that a hook may ask for the container. */
int hooks_run_unlocked(const struct store *store, const char *kind, const char *status, struct error *err);
bool hooks_exist(const struct store *store, const char *kind);
