#pragma once
/* Where this user's standby listens. */

#include <limits.h>
#include <stdbool.h>

struct standby_place {
	char socket[PATH_MAX];
	char lock[PATH_MAX];
};

/*
 * Everything that a process has and an argument cannot change is in the name: the build, user and groups, umask, root folder, namespaces and time zone. So a
 * standby only ever serves runs that would have had the same rights and the same view. False: there is no safe folder for it.
 */
bool standby_find(const char *dist, struct standby_place *ret_place);
