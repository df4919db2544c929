#include "layer/tree.h"

#include "base/cleanup.h"
#include "base/sys.h"
#include "layer/walk.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

static const char stage[] = "tree";

enum { BENEATH = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS, DIRECTORY = O_RDONLY | O_DIRECTORY | O_CLOEXEC };

static int fail(const struct entry_name *name, const char *what, struct error *err) {
	int errnum = errno;
	char shown[ENTRY_DISPLAY_SIZE];
	entry_name_display(name->path, shown);
	errno = errnum;
	return error_errno(err, stage, "entry \"%s\": %s", shown, what);
}

static int refuse(const struct entry_name *name, const char *why, struct error *err) {
	char shown[ENTRY_DISPLAY_SIZE];
	entry_name_display(name->path, shown);
	return error_set(err, EINVAL, "archive", "entry \"%s\": %s", shown, why);
}

static uint64_t resolution(const struct tree *tree) { return tree->crosses_mounts ? BENEATH : BENEATH | RESOLVE_NO_XDEV; }

static const char *base_of(const struct entry_name *name) { return name->path + name->base; }

void tree_open(struct tree *tree, int root) { *tree = (struct tree){.root = root, .parent = -1}; }

static void forget_parent(struct tree *tree) { close_fd(&tree->parent); }

void tree_close(struct tree *tree) {
	forget_parent(tree);
	for (size_t i = 0; i < tree->time_count; i++)
		free(tree->times[i].path);
	free(tree->times);
	*tree = (struct tree){.root = -1, .parent = -1};
}

/* True for overlayfs's whiteout at `name`. */
static bool is_whiteout(int parent, const char *name) {
	struct stat status;
	return fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == makedev(0, 0);
}

static int set_opaque(int directory) { return fsetxattr(directory, "trusted.overlay.opaque", "y", 1, 0); }

/* Opens the folder `base` in `parent`, made if it is missing. A whiteout under it was meant for the lower layers' folder: the new one is opaque then. */
static int open_or_make(int parent, const char *base, const struct entry_name *name, bool replaces, int *ret_fd, struct error *err) {
	int fd = sys_openat(parent, base, DIRECTORY | O_NOFOLLOW, 0);
	if (fd >= 0) {
		*ret_fd = fd;
		return 0;
	}
	bool had_whiteout = errno == ENOTDIR && is_whiteout(parent, base);
	if (errno != ENOENT && !had_whiteout && !replaces)
		return refuse(name, "its folder is not a folder in this layer", err);
	size_t removed = 0;
	if (errno != ENOENT) {
		int result = remove_at(parent, base, &removed, err);
		if (result < 0)
			return result;
	}
	if (sys_mkdirat(parent, base, 0755) < 0)
		return fail(name, "mkdir", err);
	_cleanup_close_ int made = sys_openat(parent, base, DIRECTORY | O_NOFOLLOW, 0);
	if (made < 0)
		return fail(name, "open", err);
	if (had_whiteout && set_opaque(made) < 0)
		return fail(name, "opaque", err);
	*ret_fd = TAKE_FD(made);
	return 0;
}

/* Opens the folder `path` below the root, making what is missing on the way component by component. */
static int open_path(struct tree *tree, const char *path, const struct entry_name *name, int *ret_fd, struct error *err) {
	int fd = sys_openat2(tree->root, path[0] ? path : ".", DIRECTORY, 0, resolution(tree));
	if (fd >= 0) {
		*ret_fd = fd;
		return 0;
	}
	if (errno != ENOENT && errno != ENOTDIR)
		return errno == ELOOP ? refuse(name, "too many symbolic links", err) : fail(name, "open", err);
	char upper[ENTRY_PATH_SIZE];
	(void)snprintf(upper, sizeof upper, "%s", path);
	char *slash = strrchr(upper, '/');
	const char *base = slash ? slash + 1 : path;
	if (slash)
		*slash = '\0';
	_cleanup_close_ int parent = -1;
	int result = open_path(tree, slash ? upper : "", name, &parent, err);
	return result < 0 ? result : open_or_make(parent, base, name, false, ret_fd, err);
}

/* Yields the folder that has the last component, borrowed from the tree. */
static int parent_of(struct tree *tree, const struct entry_name *name, int *ret_parent, struct error *err) {
	size_t length = name->base > 0 ? name->base - 1 : 0;
	bool is_same = tree->parent >= 0 && strncmp(tree->parent_path, name->path, length) == 0 && tree->parent_path[length] == '\0';
	if (!is_same) {
		char path[ENTRY_PATH_SIZE];
		memcpy(path, name->path, length);
		path[length] = '\0';
		int fd = -1;
		int result = open_path(tree, path, name, &fd, err);
		if (result < 0)
			return result;
		forget_parent(tree);
		tree->parent = fd;
		memcpy(tree->parent_path, path, length + 1);
	}
	*ret_parent = tree->parent;
	return 0;
}

/* Clears the way for a new non-folder. Removing something may take away the folder that is remembered, by name or as a whole. */
static int replace(struct tree *tree, const struct entry_name *name, int *ret_parent, struct error *err) {
	size_t removed = 0;
	int result = remove_at(*ret_parent, base_of(name), &removed, err);
	if (result < 0)
		return result;
	forget_parent(tree);
	return parent_of(tree, name, ret_parent, err);
}

/* The folder of a new non-folder, with nothing of its name in it. */
static int make_room(struct tree *tree, const struct entry_name *name, int *ret_parent, struct error *err) {
	if (name->kind == ENTRY_ROOT)
		return refuse(name, "the root must be a folder", err);
	int result = parent_of(tree, name, ret_parent, err);
	return result < 0 ? result : replace(tree, name, ret_parent, err);
}

static int remember_time(struct tree *tree, const char *path, struct timespec modified, struct error *err) {
	if (tree->time_count == tree->time_capacity) {
		size_t capacity = tree->time_capacity > 0 ? 2 * tree->time_capacity : 64;
		struct tree_directory_time *times = reallocarray(tree->times, capacity, sizeof *times);
		if (!times)
			return error_set(err, ENOMEM, stage, "no memory");
		tree->times = times;
		tree->time_capacity = capacity;
	}
	char *copy = strdup(path);
	if (!copy)
		return error_set(err, ENOMEM, stage, "no memory");
	tree->times[tree->time_count++] = (struct tree_directory_time){.path = copy, .modified = modified};
	return 0;
}

int tree_directory(struct tree *tree, const struct entry_name *name, const struct attributes *attributes, struct error *err) {
	_cleanup_close_ int fd = -1;
	int result;
	if (name->kind == ENTRY_ROOT) {
		result = open_path(tree, "", name, &fd, err);
	} else {
		int parent;
		result = parent_of(tree, name, &parent, err);
		if (result >= 0)
			result = open_or_make(parent, base_of(name), name, true, &fd, err);
	}
	if (result >= 0)
		result = attributes_apply_fd(attributes, fd, name->path, err);
	if (result < 0)
		return result;
	/* Its content comes next; and if it replaced a symlink, what was remembered through that is void. */
	forget_parent(tree);
	tree->parent = TAKE_FD(fd);
	(void)snprintf(tree->parent_path, sizeof tree->parent_path, "%s", name->path);
	return remember_time(tree, name->path, attributes->modified, err);
}

int tree_file(struct tree *tree, const struct entry_name *name, int *ret_fd, struct error *err) {
	enum { FLAGS = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC };
	if (name->kind == ENTRY_ROOT)
		return refuse(name, "the root must be a folder", err);
	int parent;
	int result = parent_of(tree, name, &parent, err);
	if (result < 0)
		return result;
	int fd = sys_openat(parent, base_of(name), FLAGS, 0600);
	if (fd < 0 && errno == EEXIST) {
		result = replace(tree, name, &parent, err);
		if (result < 0)
			return result;
		fd = sys_openat(parent, base_of(name), FLAGS, 0600);
	}
	if (fd < 0)
		return fail(name, "create", err);
	*ret_fd = fd;
	return 0;
}

int tree_file_done(int *fd, const struct entry_name *name, const struct attributes *attributes, struct error *err) {
	int result = attributes_apply_fd(attributes, *fd, name->path, err);
	close_fd(fd);
	return result;
}

int tree_symlink(struct tree *tree, const struct entry_name *name, const char *target, const struct attributes *attributes, struct error *err) {
	int parent;
	int result = make_room(tree, name, &parent, err);
	if (result < 0)
		return result;
	if (symlinkat(target, parent, base_of(name)) < 0)
		return fail(name, "symlink", err);
	return attributes_apply_at(attributes, parent, base_of(name), S_IFLNK, name->path, err);
}

int tree_node(struct tree *tree, const struct entry_name *name, mode_t type, dev_t device, const struct attributes *attributes, struct error *err) {
	int parent;
	int result = make_room(tree, name, &parent, err);
	if (result < 0)
		return result;
	if (sys_mknodat(parent, base_of(name), type | 0600, device) < 0)
		return fail(name, "mknod", err);
	return attributes_apply_at(attributes, parent, base_of(name), type, name->path, err);
}

int tree_link(struct tree *tree, const struct entry_name *name, const struct entry_name *target, struct error *err) {
	if (name->kind == ENTRY_ROOT || target->kind == ENTRY_ROOT)
		return refuse(name, "the root cannot be linked", err);
	if (strcmp(name->path, target->path) == 0)
		return refuse(name, "it is a hard link to itself", err);
	int parent;
	int result = make_room(tree, name, &parent, err);
	if (result < 0)
		return result;
	char upper[ENTRY_PATH_SIZE] = ".";
	if (target->base > 0) {
		memcpy(upper, target->path, target->base - 1);
		upper[target->base - 1] = '\0';
	}
	_cleanup_close_ int from = sys_openat2(tree->root, upper, O_PATH | O_DIRECTORY | O_CLOEXEC, 0, resolution(tree));
	if (from < 0 || linkat(from, base_of(target), parent, base_of(name), 0) < 0) {
		char shown[ENTRY_DISPLAY_SIZE];
		char shown_target[ENTRY_DISPLAY_SIZE];
		int errnum = errno;
		entry_name_display(name->path, shown);
		entry_name_display(target->path, shown_target);
		if (errnum == ENOENT || errnum == ENOTDIR || errnum == EPERM || errnum == ELOOP)
			return error_set(err, EINVAL, "archive", "entry \"%.80s\": hard link to \"%.80s\", which is no file of this layer", shown, shown_target);
		errno = errnum;
		return error_errno(err, stage, "entry \"%.80s\": link to \"%.80s\"", shown, shown_target);
	}
	return 0;
}

int tree_whiteout(struct tree *tree, const struct entry_name *name, struct error *err) {
	int parent;
	int result = parent_of(tree, name, &parent, err);
	if (result < 0)
		return result;
	if (sys_mknodat(parent, base_of(name), S_IFCHR, makedev(0, 0)) == 0)
		return 0;
	if (errno != EEXIST)
		return fail(name, "whiteout", err);
	/* The layer itself has the name: a file covers the lower one anyway, a folder must not be merged with the lower one. */
	_cleanup_close_ int directory = sys_openat(parent, base_of(name), DIRECTORY | O_NOFOLLOW, 0);
	if (directory < 0)
		return errno == ENOTDIR || errno == ELOOP || errno == ENXIO ? 0 : fail(name, "whiteout", err);
	return set_opaque(directory) < 0 ? fail(name, "opaque", err) : 0;
}

int tree_opaque(struct tree *tree, const struct entry_name *name, struct error *err) {
	_cleanup_close_ int directory = -1;
	int result = open_path(tree, name->path, name, &directory, err);
	if (result < 0)
		return result;
	return set_opaque(directory) < 0 ? fail(name, "opaque", err) : 0;
}

int tree_finish(struct tree *tree, struct error *err) {
	for (size_t i = 0; i < tree->time_count; i++) {
		const struct tree_directory_time *item = &tree->times[i];
		_cleanup_close_ int fd = sys_openat2(tree->root, item->path[0] ? item->path : ".", DIRECTORY, 0, resolution(tree));
		if (fd < 0)
			continue; /* a later entry has taken its place */
		const struct timespec times[2] = {item->modified, item->modified};
		if (futimens(fd, times) < 0)
			return error_errno(err, stage, "time of %s", item->path);
	}
	return 0;
}
