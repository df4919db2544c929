#pragma once
/* A container that another call started, opened to do something to it. */

#include "oci/store.h"
#include "runtime/container.h"

/* Opens store, host and container; control_leave() closes all three. Nothing is left open after a failure. */
int control_enter(const struct oci *oci, const char *id, struct store *store, struct host *host, struct container *container, struct error *err);
/*
 * Releases the container that this process itself started and saw end, runs its last hooks and removes its state, which is open but not locked. Nothing is
 * done when it was deleted meanwhile by somebody else, even if there is another one of that name by now.
 */
int control_forget(const struct oci *oci, struct store *store, struct container *container, struct error *err);
void control_leave(struct store *store, struct host *host, struct container *container);
