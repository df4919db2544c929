#pragma once
/*
 * Paths inside a root that somebody else filled: every lookup is done by the kernel within the root (openat2, RESOLVE_IN_ROOT), never by a string, so
 * that no symbolic link, `..` or race leads out of it. The result is an O_PATH fd; mounts go onto the fd.
 */

#include <stdbool.h>
#include <sys/types.h>

/* The existing target of `path`, following links within the root. -errno on failure. */
int path_open(int root, const char *path, int flags);

/* A folder, made with its parents (mode 0755) where missing; dangling links are followed within the root. *ret_made: the last part is new. */
int path_make_folder(int root, const char *path, bool *ret_made);

/* A file of any type, made empty (0644) where missing. */
int path_make_file(int root, const char *path);

/* The folder that holds `path`'s last part (made where missing) and that part. */
int path_open_parent(int root, const char *path, const char **ret_name);
