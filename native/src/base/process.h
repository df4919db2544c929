#pragma once
/* What a fresh process of ours resets or gives up before it works. */

#include "base/error.h"

#include <stdint.h>

/* What exec hands on: one bit per signal (1ULL << its number; there is no bit for 64) and per capability. */
struct process_inheritance {
	uint64_t ignored_signals;
	uint64_t bounding;
};

/* As the kernel tells it in /proc/self/status, in one reading instead of a system call per signal and capability. 0 or -errno. */
int process_inherited(struct process_inheritance *ret);

/* Default actions for all signals (Node ignores SIGPIPE, and children inherit that), an empty mask, umask 022. */
void process_reset_signals(void);

/*
 * No core dump, no ptrace by others, no reading of /proc/PID/{fd,mem,environ}; no new executable memory (not inherited by children, where the kernel
 * can say so). Not done: no_new_privs and RLIMIT_CORE, which containers would inherit; a process that is not dumpable leaves no core anyway.
 */
void process_harden(void);

/* Asks not to be the victim when the host runs out of memory; refused without CAP_SYS_RESOURCE, which is no error. Children must set their own. */
void process_avoid_oom(void);

/* Closes every fd above 2 but those of `keep` (at most 16, any order). */
void process_close_others(const int *keep, unsigned keep_count);

/* Makes a child that a reset process forked a worker of its own: session, name, clean signals; 0, 1 and 2 on /dev/null. 0 or < 0. */
int process_become_worker(const char *name, struct error *err);
