#include "layer/walk.h"

#include "base/cleanup.h"
#include "base/sys.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* gcc 12 loses sight of a pointer that is stored in an array, and calls it leaked. */
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"

static const char stage[] = "walk";

struct names {
	char **items;
	size_t count;
	size_t capacity;
};

static void names_free(struct names *names) {
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
	*names = (struct names){0};
}

static int names_add(struct names *names, const char *name) {
	if (names->count == names->capacity) {
		size_t capacity = names->capacity > 0 ? 2 * names->capacity : 32;
		char **items = reallocarray(names->items, capacity, sizeof *items);
		if (!items)
			return -ENOMEM;
		names->items = items;
		names->capacity = capacity;
	}
	names->items[names->count] = strdup(name);
	if (!names->items[names->count])
		return -ENOMEM;
	names->count++;
	return 0;
}

static int compare_names(const void *left, const void *right) { return strcmp(*(char *const *)left, *(char *const *)right); }

static bool is_self(const char *name) { return strcmp(name, ".") == 0 || strcmp(name, "..") == 0; }

/* A stream of its own: the caller's fd keeps its position. */
static DIR *open_listing(int directory) {
	int fd = sys_openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (fd < 0)
		return NULL;
	DIR *listing = fdopendir(fd);
	if (!listing)
		close_fd(&fd);
	return listing;
}

static int list_sorted(int directory, struct names *names, struct error *err) {
	_cleanup_closedir_ DIR *listing = open_listing(directory);
	if (!listing)
		return error_errno(err, stage, "opening a folder");
	for (;;) {
		errno = 0;
		const struct dirent *item = readdir(listing);
		if (!item)
			break;
		if (!is_self(item->d_name) && names_add(names, item->d_name) < 0)
			return error_set(err, ENOMEM, stage, "no memory");
	}
	if (errno != 0)
		return error_errno(err, stage, "reading a folder");
	if (names->count > 0)
		qsort(names->items, names->count, sizeof *names->items, compare_names);
	return 0;
}

struct walk {
	walk_visitor *visit;
	void *context;
	char path[WALK_PATH_SIZE];
};

static int walk_directory(struct walk *walk, int directory, size_t length, struct error *err);

static int walk_one(struct walk *walk, int directory, const char *name, size_t length, struct error *err) {
	size_t separator = length > 0 && walk->path[length - 1] != '/' ? 1 : 0;
	size_t size = strlen(name);
	if (length + separator + size >= sizeof walk->path)
		return error_set(err, ENAMETOOLONG, stage, "a path is longer than %d bytes", WALK_PATH_SIZE - 1);
	if (separator)
		walk->path[length] = '/';
	memcpy(walk->path + length + separator, name, size + 1);
	struct stat status;
	if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : error_errno(err, stage, "%s", walk->path);
	struct walk_entry entry = {.parent = directory, .name = name, .path = walk->path, .status = &status};
	int result = walk->visit(walk->context, &entry, err);
	if (result < 0 || !S_ISDIR(status.st_mode))
		return result;
	_cleanup_close_ int child = sys_openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	if (child < 0)
		return errno == ENOENT ? 0 : error_errno(err, stage, "%s", walk->path);
	return walk_directory(walk, child, length + separator + size, err);
}

static int walk_directory(struct walk *walk, int directory, size_t length, struct error *err) {
	struct names names = {0};
	int result = list_sorted(directory, &names, err);
	for (size_t i = 0; result >= 0 && i < names.count; i++)
		result = walk_one(walk, directory, names.items[i], length, err);
	names_free(&names);
	walk->path[length] = '\0';
	return result;
}

int walk_tree(int directory, walk_visitor *visit, void *context, struct error *err) {
	return walk_tree_named(directory, "", visit, context, err);
}

int walk_tree_named(int directory, const char *prefix, walk_visitor *visit, void *context, struct error *err) {
	struct walk walk = {.visit = visit, .context = context};
	size_t length = strlen(prefix);
	if (length >= sizeof walk.path)
		return error_set(err, ENAMETOOLONG, stage, "a path is longer than %d bytes", WALK_PATH_SIZE - 1);
	memcpy(walk.path, prefix, length + 1);
	return walk_directory(&walk, directory, length, err);
}

/* Deeper folders are moved up to the root of the removal, so that neither the stack nor the number of open fds grows with a hostile tree. */
enum { REMOVE_DEPTH = 64 };

struct removal {
	int root;
	size_t moved;
	size_t entries;
};

static int remove_entries(struct removal *removal, int directory, unsigned depth, struct error *err);

static int move_up(struct removal *removal, int directory, const char *name) {
	char moved[64];
	for (;;) {
		(void)snprintf(moved, sizeof moved, ".berth-removed-%zu", removal->moved++);
		long result = syscall(SYS_renameat2, directory, name, removal->root, moved, 1 /* RENAME_NOREPLACE */);
		if (result == 0 || errno != EEXIST)
			return (int)result;
	}
}

static int remove_directory(struct removal *removal, int parent, const char *name, unsigned depth, struct error *err) {
	if (depth >= REMOVE_DEPTH && removal->root >= 0 && move_up(removal, parent, name) == 0)
		return 0;
	{
		_cleanup_close_ int child = sys_openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
		if (child < 0)
			return errno == ENOENT ? 0 : error_errno(err, "remove", "%s", name);
		int result = remove_entries(removal, child, depth + 1, err);
		if (result < 0)
			return result;
	}
	if (sys_unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return error_errno(err, "remove", "%s", name);
	removal->entries++;
	return 0;
}

static int remove_one(struct removal *removal, int parent, const char *name, unsigned depth, struct error *err) {
	if (sys_unlinkat(parent, name, 0) == 0) {
		removal->entries++;
		return 0;
	}
	if (errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return error_errno(err, "remove", "%s", name);
	return remove_directory(removal, parent, name, depth, err);
}

static int remove_entries(struct removal *removal, int directory, unsigned depth, struct error *err) {
	_cleanup_closedir_ DIR *listing = open_listing(directory);
	if (!listing)
		return error_errno(err, "remove", "opening a folder");
	for (;;) {
		errno = 0;
		const struct dirent *item = readdir(listing);
		if (!item)
			return errno == 0 ? 0 : error_errno(err, "remove", "reading a folder");
		if (is_self(item->d_name))
			continue;
		int result = remove_one(removal, directory, item->d_name, depth, err);
		if (result < 0)
			return result;
	}
}

int remove_below(int directory, size_t *ret_entries, struct error *err) {
	struct removal removal = {.root = directory};
	size_t moved;
	do { /* again for what was moved up meanwhile */
		moved = removal.moved;
		int result = remove_entries(&removal, directory, 0, err);
		if (result < 0)
			return result;
	} while (removal.moved != moved);
	*ret_entries = removal.entries;
	return 0;
}

int remove_at(int parent, const char *name, size_t *entries, struct error *err) {
	if (sys_unlinkat(parent, name, 0) == 0) {
		*entries += 1;
		return 0;
	}
	if (errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return error_errno(err, "remove", "%s", name);
	{
		_cleanup_close_ int directory = sys_openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
		if (directory < 0)
			return error_errno(err, "remove", "%s", name);
		size_t removed = 0;
		int result = remove_below(directory, &removed, err);
		if (result < 0)
			return result;
		*entries += removed;
	}
	if (sys_unlinkat(parent, name, AT_REMOVEDIR) < 0)
		return error_errno(err, "remove", "%s", name);
	*entries += 1;
	return 0;
}
