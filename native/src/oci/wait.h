#pragma once
/* The foreground, and what a caller gets of a started process. */

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/* Before the process is started: signals are kept for wait_forward(). */
void wait_prepare(void);
/* Hands every signal on to the child until it ends. Returns its exit code, 128 + signal when it was killed. */
int wait_forward(pid_t pid);
/* True once the child has ended. */
bool wait_reap(pid_t pid, int *ret_code);
/* The master of a terminal to the listener at `path`. */
int wait_send_terminal(const char *path, int master, struct error *err);
/* NULL path: nothing. */
int wait_write_pid(const char *path, pid_t pid, struct error *err);
/* A terminal needs a listener or a foreground, and a listener a terminal. */
int wait_check_terminal(bool has_terminal, const char *socket, bool is_foreground, struct error *err);
