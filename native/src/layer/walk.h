#pragma once
/*
 * Walks a directory tree by dirfds, never following a symbolic link, in the byte order of names, parents before what is in them.
 */

#include "base/error.h"

#include <stddef.h>
#include <sys/stat.h>

enum { WALK_PATH_SIZE = 4096 };

struct walk_entry {
	int parent; /* O_PATH-less fd of the directory that has it */
	const char *name;
	const char *path; /* below the root of the walk */
	const struct stat *status;
};

/* < 0 ends the walk with that error. */
typedef int walk_visitor(void *context, const struct walk_entry *entry, struct error *err);

/* Visits everything below `directory` (borrowed), not itself. A path longer than WALK_PATH_SIZE is an error. */
int walk_tree(int directory, walk_visitor *visit, void *context, struct error *err);

/* The same, with paths that begin with `prefix` (and a slash, unless it ends with one). */
int walk_tree_named(int directory, const char *prefix, walk_visitor *visit, void *context, struct error *err);

/* Removes everything below `directory` (borrowed), however deep. Yields how many entries there were. */
int remove_below(int directory, size_t *ret_entries, struct error *err);

/* Removes `name` in `parent`, whatever it is; a missing one is no error. Counts into *entries. */
int remove_at(int parent, const char *name, size_t *entries, struct error *err);
