/* Unpacks one layer: archive -> tree. */
#include "layer/confine.h"
#include "layer/entry-name.h"
#include "layer/job.h"
#include "layer/layer-stream.h"
#include "layer/tree.h"
#include "layer/view.h"

#include "base/cleanup.h"
#include "base/json.h"
#include "base/sys.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const char stage[] = "archive";

static int refuse(const struct entry_name *name, const char *why, struct error *err) {
	char shown[ENTRY_DISPLAY_SIZE];
	entry_name_display(name->path, shown);
	return error_set(err, EINVAL, stage, "entry \"%s\": %s", shown, why);
}

static int read_xattrs(struct archive_entry *entry, const struct entry_name *name, struct attributes *attributes, struct error *err) {
	const char *key;
	const void *value;
	size_t size;
	(void)archive_entry_xattr_reset(entry);
	while (archive_entry_xattr_next(entry, &key, &value, &size) == ARCHIVE_OK) {
		switch (xattr_judge(key)) {
		case XATTR_SKIP:
			continue;
		case XATTR_REFUSE:
			return refuse(name, "it sets attributes that belong to overlayfs", err);
		case XATTR_APPLY:
			break;
		}
		if (attributes->xattr_count == XATTRS_MAX || size > XATTR_VALUE_MAX_BYTES)
			return refuse(name, "it has too many or too long extended attributes", err);
		attributes->xattrs[attributes->xattr_count++] = (struct xattr){.name = key, .value = value, .size = size};
	}
	return 0;
}

static int read_attributes(struct archive_entry *entry, const struct entry_name *name, struct attributes *ret, struct error *err) {
	la_int64_t uid = archive_entry_uid(entry);
	la_int64_t gid = archive_entry_gid(entry);
	/* (uid_t)-1 would mean "leave as it is". */
	if (uid < 0 || uid >= UINT32_MAX || gid < 0 || gid >= UINT32_MAX)
		return refuse(name, "its owner is out of range", err);
	ret->mode = archive_entry_perm(entry) & 07777;
	ret->uid = (uid_t)uid;
	ret->gid = (gid_t)gid;
	ret->modified.tv_sec = archive_entry_mtime(entry);
	ret->modified.tv_nsec = archive_entry_mtime_nsec(entry);
	if (ret->modified.tv_nsec < 0 || ret->modified.tv_nsec > 999999999)
		ret->modified.tv_nsec = 0;
	ret->xattr_count = 0;
	return read_xattrs(entry, name, ret, err);
}

static int write_at(int fd, const char *data, size_t size, off_t offset) {
	while (size > 0) {
		ssize_t written = pwrite(fd, data, size, offset);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -1;
		data += written;
		size -= (size_t)written;
		offset += written;
	}
	return 0;
}

static int write_content(struct layer_stream *stream, const struct entry_name *name, int fd, la_int64_t file_size, struct error *err) {
	const void *data;
	size_t size;
	off_t offset;
	off_t end = 0;
	int more;
	while ((more = layer_stream_data(stream, &data, &size, &offset, err)) > 0) {
		if (offset < 0 || offset > file_size || (la_int64_t)size > file_size - offset)
			return refuse(name, "it has data outside its size", err);
		if (write_at(fd, data, size, offset) < 0)
			return error_errno(err, "write", "entry \"%.100s\"", name->path);
		end = offset + (off_t)size;
	}
	if (more < 0)
		return more;
	/* A hole at the end of a sparse file. */
	if (end < file_size && ftruncate(fd, file_size) < 0)
		return error_errno(err, "write", "entry \"%.100s\"", name->path);
	return 0;
}

static int unpack_file(struct tree *tree, struct layer_stream *stream, struct archive_entry *entry, const struct entry_name *name,
					   const struct attributes *attributes, struct error *err) {
	la_int64_t size = archive_entry_size(entry);
	if (size < 0 || (uint64_t)size > stream->max_bytes)
		return refuse(name, "its size is beyond the limit", err);
	_cleanup_close_ int fd = -1;
	int result = tree_file(tree, name, &fd, err);
	if (result >= 0)
		result = write_content(stream, name, fd, size, err);
	return result < 0 ? result : tree_file_done(&fd, name, attributes, err);
}

/* `raw` below the folder that the job unpacks into. An entry for the folder itself is ENTRY_ROOT. */
static int name_below(const struct job *job, const char *raw, struct entry_name *ret_name, struct error *err) {
	int result = entry_name_parse(raw ? raw : "", job->has_whiteouts, ret_name, err);
	if (result < 0 || !job->path || ret_name->kind == ENTRY_ROOT)
		return result;
	char path[2 * ENTRY_PATH_SIZE];
	if (snprintf(path, sizeof path, "%s/%s", job->path, ret_name->path) >= (int)sizeof path)
		return error_set(err, ENAMETOOLONG, stage, "the path is too long");
	return entry_name_parse(path, false, ret_name, err);
}

static int unpack_link(struct tree *tree, const struct job *job, const char *raw_target, const struct entry_name *name, struct error *err) {
	struct entry_name target;
	int result = name_below(job, raw_target, &target, err);
	/* `.wh.x` as a target would be taken for `x`. */
	if (result < 0 || (target.kind != ENTRY_ORDINARY && target.kind != ENTRY_ROOT))
		return refuse(name, "its hard link leaves the root or names nothing", err);
	return tree_link(tree, name, &target, err);
}

static int unpack_typed(struct tree *tree, struct layer_stream *stream, struct archive_entry *entry, const struct entry_name *name,
						const struct attributes *attributes, struct error *err) {
	mode_t type = archive_entry_filetype(entry);
	switch (type) {
	case S_IFDIR:
		return tree_directory(tree, name, attributes, err);
	case S_IFREG:
		return unpack_file(tree, stream, entry, name, attributes, err);
	case S_IFLNK: {
		const char *target = archive_entry_symlink(entry);
		if (!target || target[0] == '\0')
			return refuse(name, "a symbolic link to nothing", err);
		return tree_symlink(tree, name, target, attributes, err);
	}
	case S_IFCHR:
	case S_IFBLK:
		return tree_node(tree, name, type, archive_entry_rdev(entry), attributes, err);
	case S_IFIFO:
		return tree_node(tree, name, type, 0, attributes, err);
	default:
		return refuse(name, "it is of an unknown type", err);
	}
}

/* A folder and something else must not take each other's place where the client said so (dockerd's NoOverwriteDirNonDir and its text). */
static int check_overwrite(const struct tree *tree, const struct job *job, const struct entry_name *name, bool is_folder, struct error *err) {
	struct stat status;
	_cleanup_close_ int fd = view_open(tree->root, name->path, O_PATH | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &status) < 0 || S_ISDIR(status.st_mode) == is_folder)
		return 0;
	size_t folder = strlen(job->path); /* `name` is below it */
	return error_set(err, EINVAL, stage,
					 is_folder ? "cannot overwrite non-directory \"%s\" with directory \"%s\"" : "cannot overwrite directory \"%s\" with non-directory \"%s\"",
					 name->path + (folder > 1 ? folder : 0), job->path);
}

static int unpack_entry(struct tree *tree, struct layer_stream *stream, struct archive_entry *entry, const struct job *job, struct error *err) {
	struct entry_name name;
	int result = name_below(job, archive_entry_pathname(entry), &name, err);
	if (result < 0)
		return result;
	if (job->path && name.kind == ENTRY_ROOT)
		return 0; /* the folder itself stays as it is */
	switch (name.kind) {
	case ENTRY_IGNORED:
		return 0;
	case ENTRY_WHITEOUT:
		return tree_whiteout(tree, &name, err);
	case ENTRY_OPAQUE:
		return tree_opaque(tree, &name, err);
	case ENTRY_ROOT:
	case ENTRY_ORDINARY:
		break;
	}
	const char *link = archive_entry_hardlink(entry);
	if (job->keeps_kinds)
		result = check_overwrite(tree, job, &name, !link && archive_entry_filetype(entry) == S_IFDIR, err);
	if (result < 0)
		return result;
	if (link)
		return unpack_link(tree, job, link, &name, err);
	struct attributes attributes;
	result = read_attributes(entry, &name, &attributes, err);
	if (job->has_owner) {
		attributes.uid = job->uid;
		attributes.gid = job->gid;
	}
	return result < 0 ? result : unpack_typed(tree, stream, entry, &name, &attributes, err);
}

/* What an archive had: entries, and the bytes of its files, links not counted again. */
struct counts {
	uint64_t entries;
	uint64_t content_bytes;
};

static int unpack_all(struct tree *tree, struct layer_stream *stream, const struct job *job, struct counts *ret_counts, struct error *err) {
	struct archive_entry *entry;
	struct counts counts = {0};
	int more;
	while ((more = layer_stream_next(stream, &entry, err)) > 0) {
		if (++counts.entries > job->max_entries)
			return error_set(err, EINVAL, stage, "the archive has more entries than the limit of %" PRIu64, job->max_entries);
		int result = unpack_entry(tree, stream, entry, job, err);
		if (result < 0)
			return result;
		if (archive_entry_filetype(entry) == AE_IFREG && !archive_entry_hardlink(entry))
			counts.content_bytes += (uint64_t)archive_entry_size(entry);
	}
	*ret_counts = counts;
	return more < 0 ? more : tree_finish(tree, err);
}

int unpack_into(int root, int archive, const struct job *job, json_t **ret_ok, struct error *err) {
	struct layer_stream stream = {0};
	struct layer_sums sums;
	struct tree tree;
	struct counts counts = {0};
	tree_open(&tree, root);
	tree.crosses_mounts = job->path != NULL;
	int result = layer_stream_open(&stream, archive, job->length, job->max_bytes, job->has_whiteouts, err);
	if (result >= 0)
		result = unpack_all(&tree, &stream, job, &counts, err);
	if (result >= 0)
		result = layer_stream_finish(&stream, &sums, err);
	layer_stream_close(&stream);
	tree_close(&tree);
	if (result < 0)
		return result;
	*ret_ok = json_pack("{s:s, s:I, s:s, s:I, s:I, s:I}", "digest", sums.digest, "sourceBytes", (json_int_t)sums.source_bytes, "diffId", sums.diff_id,
						"bytes", (json_int_t)sums.plain_bytes, "entries", (json_int_t)counts.entries,
						"contentBytes", (json_int_t)counts.content_bytes);
	return *ret_ok ? 0 : error_set(err, ENOMEM, "memory", "no memory");
}

static int open_source(const struct job *job, int *ret_fd, struct error *err) {
	_cleanup_close_ int fd = sys_openat(AT_FDCWD, job->source, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);
	struct stat status;
	if (fd < 0 || fstat(fd, &status) < 0)
		return error_errno(err, "source", "%s", job->source);
	if (!S_ISREG(status.st_mode))
		return error_set(err, EINVAL, "source", "%s is no regular file", job->source);
	if (lseek(fd, (off_t)job->offset, SEEK_SET) < 0)
		return error_errno(err, "source", "%s", job->source);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int job_unpack(const struct job *job, int connection, json_t **ret_ok, struct error *err) {
	_cleanup_close_ int source = -1;
	_cleanup_close_ int root = -1;
	if (job->source) {
		int result = open_source(job, &source, err);
		if (result < 0)
			return result;
	}
	(void)umask(0);
	int result = confine_to(job->target, &root, err);
	if (result >= 0)
		result = confine_rights(err);
	return result < 0 ? result : unpack_into(root, job->source ? source : connection, job, ret_ok, err);
}
