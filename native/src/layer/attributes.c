#include "layer/attributes.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

static const char stage[] = "attributes";

static bool starts_with(const char *text, const char *prefix) { return strncmp(text, prefix, strlen(prefix)) == 0; }

enum xattr_verdict xattr_judge(const char *name) {
	if (starts_with(name, "trusted.overlay.") || starts_with(name, "user.overlay."))
		return XATTR_REFUSE;
	if (strlen(name) > XATTR_NAME_MAX_BYTES)
		return XATTR_SKIP;
	bool is_kept = strcmp(name, "security.capability") == 0 || starts_with(name, "user.") || starts_with(name, "trusted.") ||
				   starts_with(name, "system.posix_acl_");
	return is_kept ? XATTR_APPLY : XATTR_SKIP;
}

/* A file system without such attributes, and user.* on what is neither a file nor a directory, lose them silently, as with tar and docker. */
static bool is_unsupported(int errnum) { return errnum == ENOTSUP || errnum == EPERM; }

static int fail(const char *what, const char *shown, struct error *err) { return error_errno(err, stage, "%s of %s", what, shown); }

int attributes_apply_fd(const struct attributes *attributes, int fd, const char *shown, struct error *err) {
	if (fchown(fd, attributes->uid, attributes->gid) < 0)
		return fail("owner", shown, err);
	if (fchmod(fd, attributes->mode) < 0)
		return fail("mode", shown, err);
	for (size_t i = 0; i < attributes->xattr_count; i++) {
		const struct xattr *xattr = &attributes->xattrs[i];
		if (fsetxattr(fd, xattr->name, xattr->value, xattr->size, 0) < 0 && !is_unsupported(errno))
			return fail(xattr->name, shown, err);
	}
	const struct timespec times[2] = {attributes->modified, attributes->modified};
	if (futimens(fd, times) < 0)
		return fail("time", shown, err);
	return 0;
}

int attributes_apply_at(const struct attributes *attributes, int parent, const char *name, mode_t type, const char *shown, struct error *err) {
	if (fchownat(parent, name, attributes->uid, attributes->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return fail("owner", shown, err);
	if (type != S_IFLNK && fchmodat(parent, name, attributes->mode, 0) < 0)
		return fail("mode", shown, err);
	/* There is no setxattrat before Linux 6.13: the call by name has to go through the working directory. */
	if (attributes->xattr_count > 0 && fchdir(parent) < 0)
		return fail("folder", shown, err);
	for (size_t i = 0; i < attributes->xattr_count; i++) {
		const struct xattr *xattr = &attributes->xattrs[i];
		if (lsetxattr(name, xattr->name, xattr->value, xattr->size, 0) < 0 && !is_unsupported(errno))
			return fail(xattr->name, shown, err);
	}
	const struct timespec times[2] = {attributes->modified, attributes->modified};
	if (utimensat(parent, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return fail("time", shown, err);
	return 0;
}

/* Room for the list of names and, behind it, the values. */
enum { STORAGE_SIZE = 256 * 1024 };

int attributes_read_xattrs(struct attributes *attributes, int parent, const char *name, char **ret_storage, struct error *err) {
	attributes->xattr_count = 0;
	if (fchdir(parent) < 0)
		return fail("folder", name, err);
	ssize_t listed = llistxattr(name, NULL, 0);
	if (listed <= 0) {
		*ret_storage = NULL;
		return listed < 0 && !is_unsupported(errno) ? fail("extended attributes", name, err) : 0;
	}
	_cleanup_free_ char *storage = malloc(STORAGE_SIZE);
	if (!storage)
		return error_set(err, ENOMEM, stage, "no memory");
	listed = llistxattr(name, storage, STORAGE_SIZE);
	if (listed < 0)
		return fail("extended attributes", name, err);
	size_t used = (size_t)listed;
	for (const char *at = storage; at < storage + listed; at += strlen(at) + 1) {
		if (xattr_judge(at) != XATTR_APPLY)
			continue;
		if (attributes->xattr_count == XATTRS_MAX)
			return error_set(err, E2BIG, stage, "%s has more than %d extended attributes", name, XATTRS_MAX);
		ssize_t size = lgetxattr(name, at, storage + used, STORAGE_SIZE - used);
		if (size < 0)
			return fail(at, name, err);
		attributes->xattrs[attributes->xattr_count++] = (struct xattr){.name = at, .value = storage + used, .size = (size_t)size};
		used += (size_t)size;
	}
	*ret_storage = TAKE_PTR(storage);
	return 0;
}

void attributes_from_stat(struct attributes *attributes, const struct stat *status) {
	attributes->mode = status->st_mode & 07777;
	attributes->uid = status->st_uid;
	attributes->gid = status->st_gid;
	attributes->modified = status->st_mtim;
}
