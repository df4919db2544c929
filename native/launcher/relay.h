#pragma once
/* One run, done by a standby. */

enum { RELAY_NOT_BEGUN = -1 };

/* Sends the run over the connected socket and relays until it ends. The exit code, or RELAY_NOT_BEGUN: the standby has gone before it took the run. */
int relay_run(int socket, int argc, char **argv, char **environment);
