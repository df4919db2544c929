#pragma once
/* The control socket: connections of berthd, frames in, answers out, in order. */

#include "netd/netd.h"

/* Serves the listening UNIX socket until the loop ends. Ends the loop when a request ends netd and its answer is out. */
int server_start(struct netd *netd, int listener, struct error *err);
