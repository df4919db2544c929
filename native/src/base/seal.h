#pragma once
/*
 * A program that containers are started from must not be writable by them: whoever gets hold of /proc/PID/exe of such a process (a program named
 * "/proc/self/exe" is enough) could write to the host's file once nobody executes it any more (CVE-2019-5736).
 */

/*
 * To be called first in main(): executes this program again from a read-only mount of its file that is attached nowhere, or from a sealed copy in
 * memory where mounts cannot be made, with the same arguments. Returns when it runs from such a place already, or when neither can be had.
 */
void seal_program(char **argv);
