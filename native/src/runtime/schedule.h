#pragma once
/* When and where a process runs: steps of the child. */

#include "runtime/launch.h"

/* execCPUAffinity.initial, before the container's cgroup is joined. */
int schedule_enter(struct launch *launch);
/* Once it is in its cgroup: execCPUAffinity.final, scheduler, ioPriority, personality. */
int schedule_apply(struct launch *launch);
/* A time namespace of the container's own, with its offsets. The child has a memory of its own then: the kernel asks for that. */
int schedule_time(struct launch *launch);
