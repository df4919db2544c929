#pragma once
/* tmpcopyup: what the folder holds that a tmpfs is about to hide is copied into the tmpfs. For the child of a launch: nothing is allocated. */

#include "base/error.h"

/* Both are fds of folders, O_PATH is enough. Links and nodes are copied as such and never followed; owners, modes and times are kept. */
int copy_up(int from, int to, const char *what, struct error *err);
