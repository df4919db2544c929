#pragma once
/* A procfs that is attached nowhere, so that no path of the image can redirect a write (CVE-2025-52881). */

#include "runtime/launch.h"

/* launch->proc from here on. It shows the pid namespace of the child. */
int procfs_open(struct launch *launch);
