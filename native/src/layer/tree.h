#pragma once
/*
 * A directory tree that is being made from entries in any order and of any intention. Everything happens by dirfd below `root`: parents are
 * resolved with RESOLVE_IN_ROOT (a symlink that the archive made may be walked through, but only inside the root), the last component is never
 * followed. A later entry replaces an earlier one of the same name; folders are merged.
 *
 *     tree_open(&tree, root_fd);  tree_directory(...); tree_file(...) ...; tree_finish(&tree, &err);  tree_close(&tree);
 */

#include "base/error.h"
#include "layer/attributes.h"
#include "layer/entry-name.h"

#include <stdbool.h>
#include <stddef.h>

struct tree_directory_time {
	char *path;
	struct timespec modified;
};

struct tree {
	int root;                         /* borrowed */
	bool crosses_mounts;              /* what is mounted below the root belongs to the tree; false after tree_open */
	int parent;                       /* fd of the folder used last, -1 = none: archives come folder by folder */
	char parent_path[ENTRY_PATH_SIZE]; /* its path */
	struct tree_directory_time *times; /* set by tree_finish: making entries inside changes a folder's time */
	size_t time_count;
	size_t time_capacity;
};

void tree_open(struct tree *tree, int root);
void tree_close(struct tree *tree);

int tree_directory(struct tree *tree, const struct entry_name *name, const struct attributes *attributes, struct error *err);

/* Makes an empty file and yields its fd for writing; when the content is there: tree_file_done, which closes it. */
int tree_file(struct tree *tree, const struct entry_name *name, int *ret_fd, struct error *err);
int tree_file_done(int *fd, const struct entry_name *name, const struct attributes *attributes, struct error *err);

int tree_symlink(struct tree *tree, const struct entry_name *name, const char *target, const struct attributes *attributes, struct error *err);

/* `type` is S_IFCHR, S_IFBLK or S_IFIFO. */
int tree_node(struct tree *tree, const struct entry_name *name, mode_t type, dev_t device, const struct attributes *attributes, struct error *err);

/* `target` must have been made before. */
int tree_link(struct tree *tree, const struct entry_name *name, const struct entry_name *target, struct error *err);

/* Hides `name` of lower layers: overlayfs's character device 0/0. What this layer itself has under that name stays. */
int tree_whiteout(struct tree *tree, const struct entry_name *name, struct error *err);

/* Hides what lower layers have in the folder `name`: overlayfs's trusted.overlay.opaque. */
int tree_opaque(struct tree *tree, const struct entry_name *name, struct error *err);

/* Sets the folders' times. */
int tree_finish(struct tree *tree, struct error *err);
