#pragma once
/*
 * A program that containers are started from must not be writable by them: whoever gets hold of /proc/PID/exe of such a process (a program named
 * "/proc/self/exe" is enough) could write to the host's file once nobody executes it any more (CVE-2019-5736).
 */

#include <stdbool.h>

/*
 * The first instruction of the program is seal_start (seal-early.c): where containers are to be entered it executes this program again, with the same
 * arguments, from a read-only mount of its file that is attached nowhere. Those of fds 0 to 2 that the caller closed are the null device from then on.
 * True when it runs from such a place, or has no need to.
 */
extern bool seal_is_settled;

/*
 * To be called first in main(), for where mounts cannot be made: executes it from a sealed copy in memory. Returns when it runs from such a place
 * already, or when that cannot be had.
 */
void seal_program(char **argv);
