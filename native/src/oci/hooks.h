#pragma once
/* Runs the hooks of one kind, in order, with the state on their stdin. < 0 with *err filled at the first that fails. */

#include "oci/store.h"

int hooks_run(const struct store *store, const char *kind, const char *status, struct error *err);
