#pragma once
/* HOME of a process that is given none: what the container's own /etc/passwd says of its user, "/" otherwise, as runc and crun do. */

#include <jansson.h>
#include <sys/types.h>

/* Before the start: in the folder that becomes the root. */
void home_add(json_t *process, const char *root);
/* In what the running container sees. */
void home_add_running(json_t *process, pid_t pid);
