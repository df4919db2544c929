/* Packs a tree: the same tree gives the same bytes. */
#include "layer/attributes.h"
#include "layer/confine.h"
#include "layer/inode-map.h"
#include "layer/job.h"
#include "layer/pack.h"
#include "layer/walk.h"

#include "base/cleanup.h"
#include "base/json.h"
#include "base/fdio.h"
#include "base/sys.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

enum { PACK_BLOCK_SIZE = 128 * 1024 };

static const char stage[] = "pack";

struct pack {
	int connection;
	bool has_whiteouts;
	bool pads; /* files that cannot be read, or not as far as they said, as those of /proc and /sys: zeros instead of a failure */
	const struct job *job; /* names that are left out; NULL: none */
	struct archive *archive;
	struct archive_entry *entry;
	struct inode_map inodes;
	char block[PACK_BLOCK_SIZE];
};

static la_ssize_t write_callback(struct archive *archive, void *context, const void *data, size_t size) {
	const struct pack *pack = context;
	int result = write_all(pack->connection, data, size);
	if (result < 0) {
		archive_set_error(archive, -result, "%s", strerror(-result));
		return -1;
	}
	return (la_ssize_t)size;
}

static int archive_failure(const struct pack *pack, struct error *err) {
	const char *text = archive_error_string(pack->archive);
	return error_set(err, archive_errno(pack->archive), stage, "%s", text ? text : "writing the archive failed");
}

static int write_header(const struct pack *pack, struct error *err) {
	/* ARCHIVE_WARN: a name that is not UTF-8 goes out as the bytes it is. */
	return archive_write_header(pack->archive, pack->entry) < ARCHIVE_WARN ? archive_failure(pack, err) : 0;
}

/* The next piece of a file; zeros where there is nothing to read and that is no failure. */
static ssize_t read_piece(struct pack *pack, int fd, off_t left) {
	size_t wanted = left < PACK_BLOCK_SIZE ? (size_t)left : PACK_BLOCK_SIZE;
	ssize_t got;
	do
		got = read(fd, pack->block, wanted);
	while (got < 0 && errno == EINTR);
	if (got > 0 || !pack->pads)
		return got;
	memset(pack->block, 0, wanted);
	return (ssize_t)wanted;
}

static int write_content(struct pack *pack, const struct walk_entry *entry, struct error *err) {
	_cleanup_close_ int fd = sys_openat(entry->parent, entry->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
	if (fd < 0 && !pack->pads)
		return error_errno(err, stage, "%s", entry->path);
	for (off_t left = entry->status->st_size; left > 0;) {
		ssize_t got = read_piece(pack, fd, left);
		if (got < 0)
			return error_errno(err, stage, "%s", entry->path);
		if (got == 0)
			return error_set(err, EIO, stage, "%s became shorter", entry->path);
		if (archive_write_data(pack->archive, pack->block, (size_t)got) != got)
			return archive_failure(pack, err);
		left -= got;
	}
	return 0;
}

/* An empty file with the whiteout's name, as the OCI image specification has it. */
static int write_whiteout(const struct pack *pack, const struct walk_entry *entry, const char *base, struct error *err) {
	char path[WALK_PATH_SIZE + 32];
	int parent_length = (int)(strlen(entry->path) - strlen(entry->name));
	if (base) /* opaque: inside the folder */
		(void)snprintf(path, sizeof path, "%s/%s", entry->path, base);
	else
		(void)snprintf(path, sizeof path, "%.*s.wh.%s", parent_length, entry->path, entry->name);
	archive_entry_clear(pack->entry);
	archive_entry_copy_pathname(pack->entry, path);
	archive_entry_set_filetype(pack->entry, AE_IFREG);
	archive_entry_set_perm(pack->entry, 0600);
	archive_entry_set_size(pack->entry, 0);
	archive_entry_set_mtime(pack->entry, 0, 0);
	return write_header(pack, err);
}

static bool is_opaque(const struct walk_entry *entry) {
	char value[2];
	return fchdir(entry->parent) == 0 && lgetxattr(entry->name, "trusted.overlay.opaque", value, sizeof value) == 1 && value[0] == 'y';
}

/* Name, owner, mode, time, xattrs. `storage` holds the xattrs' values. */
static int describe(const struct pack *pack, const struct walk_entry *entry, struct error *err) {
	struct attributes attributes;
	_cleanup_free_ char *storage = NULL;
	const struct stat *status = entry->status;
	archive_entry_clear(pack->entry);
	archive_entry_copy_pathname(pack->entry, entry->path);
	archive_entry_set_filetype(pack->entry, status->st_mode & S_IFMT);
	archive_entry_set_perm(pack->entry, status->st_mode & 07777);
	archive_entry_set_uid(pack->entry, status->st_uid);
	archive_entry_set_gid(pack->entry, status->st_gid);
	archive_entry_set_mtime(pack->entry, status->st_mtim.tv_sec, status->st_mtim.tv_nsec);
	int result = attributes_read_xattrs(&attributes, entry->parent, entry->name, &storage, err);
	for (size_t i = 0; result >= 0 && i < attributes.xattr_count; i++)
		archive_entry_xattr_add_entry(pack->entry, attributes.xattrs[i].name, attributes.xattrs[i].value, attributes.xattrs[i].size);
	return result;
}

static int pack_symlink(const struct pack *pack, const struct walk_entry *entry, struct error *err) {
	char target[WALK_PATH_SIZE];
	ssize_t length = readlinkat(entry->parent, entry->name, target, sizeof target - 1);
	if (length < 0)
		return error_errno(err, stage, "%s", entry->path);
	target[length] = '\0';
	archive_entry_copy_symlink(pack->entry, target);
	return write_header(pack, err);
}

static int pack_directory(struct pack *pack, const struct walk_entry *entry, struct error *err) {
	char path[WALK_PATH_SIZE + 1];
	bool has_slash = entry->path[0] != '\0' && entry->path[strlen(entry->path) - 1] == '/';
	(void)snprintf(path, sizeof path, "%s%s", entry->path, has_slash ? "" : "/");
	archive_entry_copy_pathname(pack->entry, path);
	int result = write_header(pack, err);
	if (result >= 0 && pack->has_whiteouts && is_opaque(entry))
		result = write_whiteout(pack, entry, ".wh..wh..opq", err);
	return result;
}

static int pack_typed(struct pack *pack, const struct walk_entry *entry, struct error *err) {
	switch (entry->status->st_mode & S_IFMT) {
	case S_IFDIR:
		return pack_directory(pack, entry, err);
	case S_IFLNK:
		return pack_symlink(pack, entry, err);
	case S_IFREG: {
		archive_entry_set_size(pack->entry, entry->status->st_size);
		int result = write_header(pack, err);
		return result < 0 ? result : write_content(pack, entry, err);
	}
	case S_IFCHR:
	case S_IFBLK:
		archive_entry_set_rdev(pack->entry, entry->status->st_rdev);
		return write_header(pack, err);
	default:
		return write_header(pack, err);
	}
}

static bool is_mount_point(const struct pack *pack, const char *path) {
	for (size_t i = 0; i < pack->job->without_count; i++)
		if (strcmp(pack->job->without[i], path) == 0)
			return true;
	return false;
}

struct emptiness {
	const struct pack *pack;
	bool is_empty;
};

static int look_for_content(void *context, const struct walk_entry *entry, struct error *err) {
	(void)err;
	struct emptiness *emptiness = context;
	const struct stat *status = entry->status;
	bool may_go = S_ISDIR(status->st_mode) || (S_ISREG(status->st_mode) && status->st_size == 0);
	if (may_go && is_mount_point(emptiness->pack, entry->path))
		return 0;
	emptiness->is_empty = false;
	return -ECANCELED; /* one is enough */
}

/* True for the empty files and folders that a runtime makes to mount something at, and for folders that have nothing else. */
static bool is_left_out(const struct pack *pack, const struct walk_entry *entry) {
	const struct stat *status = entry->status;
	if (!pack->job || !is_mount_point(pack, entry->path))
		return false;
	if (!S_ISDIR(status->st_mode))
		return S_ISREG(status->st_mode) && status->st_size == 0;
	struct emptiness emptiness = {.pack = pack, .is_empty = true};
	struct error ignored;
	_cleanup_close_ int folder = sys_openat(entry->parent, entry->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	return folder >= 0 && walk_tree_named(folder, entry->path, look_for_content, &emptiness, &ignored) >= 0 && emptiness.is_empty;
}

static int pack_entry(void *context, const struct walk_entry *entry, struct error *err) {
	struct pack *pack = context;
	const struct stat *status = entry->status;
	if (is_left_out(pack, entry))
		return 0;
	if (S_ISSOCK(status->st_mode))
		return 0; /* tar has no sockets */
	if (pack->has_whiteouts && S_ISCHR(status->st_mode) && status->st_rdev == makedev(0, 0))
		return write_whiteout(pack, entry, NULL, err);
	int result = describe(pack, entry, err);
	if (result < 0)
		return result;
	if (!S_ISDIR(status->st_mode) && status->st_nlink > 1) {
		const char *earlier = NULL;
		result = inode_map_meet(&pack->inodes, status, entry->path, &earlier, err);
		if (result < 0)
			return result;
		if (earlier) {
			archive_entry_copy_hardlink(pack->entry, earlier);
			archive_entry_set_size(pack->entry, 0);
			return write_header(pack, err);
		}
	}
	return pack_typed(pack, entry, err);
}

static int open_archive(struct pack *pack, struct error *err) {
	pack->archive = archive_write_new();
	pack->entry = archive_entry_new();
	if (!pack->archive || !pack->entry)
		return error_set(err, ENOMEM, "memory", "no memory");
	bool is_open = archive_write_set_format_pax(pack->archive) == ARCHIVE_OK &&
				   archive_write_set_options(pack->archive, "xattrheader=SCHILY") == ARCHIVE_OK &&
				   archive_write_set_bytes_per_block(pack->archive, PACK_BLOCK_SIZE) == ARCHIVE_OK &&
				   archive_write_set_bytes_in_last_block(pack->archive, 1) == ARCHIVE_OK &&
				   archive_write_open(pack->archive, pack, NULL, write_callback, NULL) == ARCHIVE_OK;
	return is_open ? 0 : archive_failure(pack, err);
}

/* `result` is how writing went so far. */
static int close_archive(struct pack *pack, int result, struct error *err) {
	if (result < 0) /* the reader must not take the rest for a whole archive */
		(void)archive_write_fail(pack->archive);
	else if (archive_write_close(pack->archive) != ARCHIVE_OK)
		result = archive_failure(pack, err);
	return result;
}

static void free_pack(struct pack *pack) {
	archive_entry_free(pack->entry);
	(void)archive_write_free(pack->archive);
	inode_map_free(&pack->inodes);
	free(pack);
}

/* One entry as such, and what is in it if it is a folder. */
static int pack_one(struct pack *pack, int parent, const char *name, const char *shown, struct error *err) {
	struct stat status;
	if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, stage, "%s", shown);
	const struct walk_entry entry = {.parent = parent, .name = name, .path = shown, .status = &status};
	int result = shown[0] == '\0' ? 0 : pack_entry(pack, &entry, err);
	if (result < 0 || !S_ISDIR(status.st_mode))
		return result;
	_cleanup_close_ int directory = sys_openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	if (directory < 0)
		return error_errno(err, stage, "%s", shown);
	return walk_tree_named(directory, shown, pack_entry, pack, err);
}

int pack_named(int connection, int parent, const char *name, const char *shown, struct error *err) {
	struct pack *pack = calloc(1, sizeof *pack);
	if (!pack)
		return error_set(err, ENOMEM, "memory", "no memory");
	pack->connection = connection;
	pack->pads = true;
	int result = open_archive(pack, err);
	if (result >= 0)
		result = close_archive(pack, pack_one(pack, parent, name, shown, err), err);
	free_pack(pack);
	return result;
}

int job_pack(const struct job *job, int connection, struct error *err) {
	_cleanup_close_ int root = -1;
	int result = confine_to(job->source, &root, err);
	if (result >= 0)
		result = confine_rights(err);
	if (result < 0)
		return result;
	_cleanup_json_ json_t *nothing = json_object();
	if (!nothing || job_answer(connection, job->id, nothing) < 0)
		return error_set(err, EPIPE, "answer", "the connection is closed");
	struct pack *pack = calloc(1, sizeof *pack);
	if (!pack)
		return error_set(err, ENOMEM, "memory", "no memory");
	pack->connection = connection;
	pack->has_whiteouts = job->has_whiteouts;
	pack->job = job;
	/* The other side sees a failure by the missing end of the archive: the framing is over. */
	if (open_archive(pack, err) >= 0)
		(void)close_archive(pack, walk_tree(root, pack_entry, pack, err), err);
	free_pack(pack);
	return 0;
}
