#pragma once
/* A container that another call started, opened to do something to it. */

#include "oci/store.h"
#include "runtime/container.h"

/* Opens store, host and container; control_leave() closes all three. Nothing is left open after a failure. */
int control_enter(const struct oci *oci, const char *id, struct store *store, struct host *host, struct container *container, struct error *err);
void control_leave(struct store *store, struct host *host, struct container *container);
