#pragma once
/* The foreground of a process with a terminal: ours is raw, what is typed goes in, what it writes comes out, and its size follows ours. */

#include <sys/types.h>

/* Until the child `pid` ends; *terminal is the master of its terminal, or -1 for wait_forward(). Closes it. Returns the exit code. */
int terminal_forward(int *terminal, pid_t pid);
