#pragma once
/* Takes the terminal that a runtime made: it sends the master side over a socket (--console-socket of the OCI command line). */

#include "base/error.h"

/* The socket's name in the bundle; relative, since the whole path would be too long for a socket's. */
#define CONSOLE_SOCKET "console.sock"

/* Listens in the bundle. */
int console_socket_open(int bundle, int *ret_listener, struct error *err);

/* After the runtime's command: what it sent. Closes and removes the socket in any case. */
int console_socket_take(int bundle, int *listener, int *ret_terminal, struct error *err);
void console_socket_close(int bundle, int *listener);
