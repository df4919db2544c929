#pragma once
/* What a process is: limits, session, user, rights. Steps of the child, shared by start and exec; see the order in launch-steps.c. */

#include "runtime/launch.h"

/* What the parent's process must not hand on: keyring, personality, scheduling. */
int identity_reset(struct launch *launch);
/* Before a user namespace is entered: the file belongs to the host's root. */
int identity_oom_score(struct launch *launch);
int identity_rlimits(struct launch *launch);
/* A session of its own with the stdio as fds 0 to 2. */
int identity_session(struct launch *launch);
/* The working folder; made where missing when the container starts. Verified to be inside the root (CVE-2024-21626). */
int identity_working_folder(struct launch *launch);
/* Without no_new_privileges the filter is loaded while CAP_SYS_ADMIN is there. */
int identity_seccomp_early(struct launch *launch);
int identity_user(struct launch *launch);
/* The rest: no_new_privileges, the filter, umask, parent-death signal, fds, signals. Nothing that a sane profile forbids. */
int identity_finish(struct launch *launch);
