/* Copies a folder of an image, as its layers show it together, into an empty volume. */
#include "layer/attributes.h"
#include "layer/confine.h"
#include "layer/inode-map.h"
#include "layer/job.h"
#include "layer/tree.h"
#include "layer/walk.h"

#include "base/cleanup.h"
#include "base/json.h"
#include "base/sys.h"

#include <errno.h>
#include <sys/sendfile.h>

static const char stage[] = "copy";

struct copy {
	struct tree tree;
	struct inode_map inodes;
	size_t entries;
};

/* A detached, read-only mount of the layers: nothing else can see or keep it. */
static int mount_lower(const struct job *job, int *ret_mount, struct error *err) {
	if (job->lower_count == 1) { /* overlayfs wants two */
		int tree = sys_open_tree(AT_FDCWD, job->lower[0], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
		if (tree < 0)
			return error_errno(err, stage, "layer %s", job->lower[0]);
		*ret_mount = tree;
		return 0;
	}
	_cleanup_close_ int overlay = sys_fsopen("overlay", FSOPEN_CLOEXEC);
	if (overlay < 0)
		return error_errno(err, stage, "overlay");
	for (size_t i = 0; i < job->lower_count; i++)
		if (sys_fsconfig(overlay, FSCONFIG_SET_STRING, "lowerdir+", job->lower[i], 0) < 0)
			return error_errno(err, stage, "layer %s", job->lower[i]);
	if (sys_fsconfig(overlay, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return error_errno(err, stage, "overlay of %zu layers", job->lower_count);
	int mount = sys_fsmount(overlay, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	if (mount < 0)
		return error_errno(err, stage, "overlay");
	*ret_mount = mount;
	return 0;
}

/* Copies the parts that hold data, so that holes stay holes. */
static int copy_content(int from, int to, off_t size) {
	if (ftruncate(to, size) < 0)
		return -1;
	for (off_t at = 0; at < size;) {
		at = lseek(from, at, SEEK_DATA);
		if (at < 0)
			return errno == ENXIO ? 0 : -1;
		off_t end = lseek(from, at, SEEK_HOLE);
		if (end < 0 || lseek(to, at, SEEK_SET) < 0)
			return -1;
		while (at < end) {
			ssize_t sent = sendfile(to, from, &at, (size_t)(end - at));
			if (sent < 0 && errno != EINTR)
				return -1;
			if (sent == 0)
				return 0; /* it shrank meanwhile */
		}
	}
	return 0;
}

static int copy_file(struct copy *copy, const struct walk_entry *entry, const struct entry_name *name, const struct attributes *attributes,
					 struct error *err) {
	_cleanup_close_ int from = sys_openat(entry->parent, entry->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
	if (from < 0)
		return error_errno(err, stage, "%s", entry->path);
	_cleanup_close_ int to = -1;
	int result = tree_file(&copy->tree, name, &to, err);
	if (result < 0)
		return result;
	if (copy_content(from, to, entry->status->st_size) < 0)
		return error_errno(err, stage, "%s", entry->path);
	return tree_file_done(&to, name, attributes, err);
}

static int copy_symlink(struct copy *copy, const struct walk_entry *entry, const struct entry_name *name, const struct attributes *attributes,
						struct error *err) {
	char target[WALK_PATH_SIZE];
	ssize_t length = readlinkat(entry->parent, entry->name, target, sizeof target - 1);
	if (length < 0)
		return error_errno(err, stage, "%s", entry->path);
	target[length] = '\0';
	return tree_symlink(&copy->tree, name, target, attributes, err);
}

static int copy_typed(struct copy *copy, const struct walk_entry *entry, const struct entry_name *name, const struct attributes *attributes,
					  struct error *err) {
	mode_t type = entry->status->st_mode & S_IFMT;
	switch (type) {
	case S_IFDIR:
		return tree_directory(&copy->tree, name, attributes, err);
	case S_IFREG:
		return copy_file(copy, entry, name, attributes, err);
	case S_IFLNK:
		return copy_symlink(copy, entry, name, attributes, err);
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
		return tree_node(&copy->tree, name, type, entry->status->st_rdev, attributes, err);
	default:
		return 0; /* a socket means nothing without its process */
	}
}

static int copy_entry(void *context, const struct walk_entry *entry, struct error *err) {
	struct copy *copy = context;
	struct entry_name name;
	int result = entry_name_parse(entry->path, false, &name, err);
	if (result < 0)
		return result;
	copy->entries++;
	if (!S_ISDIR(entry->status->st_mode) && entry->status->st_nlink > 1) {
		const char *earlier = NULL;
		struct entry_name target;
		result = inode_map_meet(&copy->inodes, entry->status, entry->path, &earlier, err);
		if (result < 0)
			return result;
		if (earlier)
			return entry_name_parse(earlier, false, &target, err) < 0 ? -EINVAL : tree_link(&copy->tree, &name, &target, err);
	}
	struct attributes attributes;
	_cleanup_free_ char *storage = NULL;
	attributes_from_stat(&attributes, entry->status);
	result = attributes_read_xattrs(&attributes, entry->parent, entry->name, &storage, err);
	return result < 0 ? result : copy_typed(copy, entry, &name, &attributes, err);
}

/* The folder itself: owner and mode, as dockerd copies them to the volume's root. */
static int copy_root(struct copy *copy, int from, struct error *err) {
	struct stat status;
	struct attributes attributes;
	struct entry_name name = {.kind = ENTRY_ROOT};
	_cleanup_free_ char *storage = NULL;
	if (fstat(from, &status) < 0)
		return error_errno(err, stage, "stat");
	attributes_from_stat(&attributes, &status);
	int result = attributes_read_xattrs(&attributes, from, ".", &storage, err);
	return result < 0 ? result : tree_directory(&copy->tree, &name, &attributes, err);
}

static int copy_all(int from, int root, size_t *ret_entries, struct error *err) {
	struct copy copy = {0};
	tree_open(&copy.tree, root);
	int result = copy_root(&copy, from, err);
	if (result >= 0)
		result = walk_tree(from, copy_entry, &copy, err);
	if (result >= 0)
		result = tree_finish(&copy.tree, err);
	tree_close(&copy.tree);
	inode_map_free(&copy.inodes);
	*ret_entries = copy.entries;
	return result;
}

int job_copy_up(const struct job *job, json_t **ret_ok, struct error *err) {
	_cleanup_close_ int lower = -1;
	_cleanup_close_ int root = -1;
	size_t entries = 0;
	(void)umask(0);
	int result = mount_lower(job, &lower, err);
	if (result >= 0)
		result = confine_to(job->target, &root, err);
	if (result >= 0)
		result = confine_rights(err);
	if (result < 0)
		return result;
	_cleanup_close_ int from = sys_openat2(lower, job->subpath, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
	if (from >= 0)
		result = copy_all(from, root, &entries, err);
	else if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
		result = error_errno(err, stage, "%s", job->subpath);
	if (result < 0)
		return result;
	*ret_ok = json_pack("{s:I}", "entries", (json_int_t)entries);
	return *ret_ok ? 0 : error_set(err, ENOMEM, "memory", "no memory");
}
