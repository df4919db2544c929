#pragma once
/* maskedPaths and readonlyPaths, in the child, after everything else is mounted. Paths that do not exist are skipped, as the specification says. */

#include "runtime/launch.h"

int hide_masked(struct launch *launch);
int hide_readonly(struct launch *launch);
