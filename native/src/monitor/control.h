#pragma once
/*
 * Connections to the monitor's socket. The first frame says what one is: `control` (requests, answers, events) or `attach` (handed to attach.h).
 * A control connection that does not read is dropped when a MiB of events waits for it.
 */

#include "monitor/state.h"

/* Accepts what is waiting; only the user that the monitor runs as is let in. */
void control_accept(struct monitor *monitor);

/* Sends an event to every control connection. Takes the reference. */
void control_broadcast(struct monitor *monitor, json_t *event);

/* Closes all. */
void control_close_all(struct monitor *monitor);
