#pragma once
/*
 * What a file carries beside its content: mode, owner, time of change and extended attributes.
 */

#include "base/error.h"

#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

enum { XATTRS_MAX = 64, XATTR_NAME_MAX_BYTES = 255, XATTR_VALUE_MAX_BYTES = 64 * 1024 };

struct xattr {
	const char *name;
	const void *value;
	size_t size;
};

/* Names and values are borrowed. */
struct attributes {
	mode_t mode; /* permission bits with setuid, setgid and sticky */
	uid_t uid;
	gid_t gid;
	struct timespec modified;
	struct xattr xattrs[XATTRS_MAX];
	size_t xattr_count;
};

enum xattr_verdict {
	XATTR_APPLY,
	XATTR_SKIP,   /* means nothing on another host (security labels) or no file system keeps it */
	XATTR_REFUSE, /* would steer overlayfs */
};

enum xattr_verdict xattr_judge(const char *name);

/* Applies everything to an open regular file or directory, in the order in which the kernel does not undo it again (owner, mode, xattrs, time). */
int attributes_apply_fd(const struct attributes *attributes, int fd, const char *shown, struct error *err);

/* The same for a symlink, device, pipe or socket `name` in `parent`, which must have been made just now by this process. */
int attributes_apply_at(const struct attributes *attributes, int parent, const char *name, mode_t type, const char *shown, struct error *err);

/*
 * Reads the xattrs worth keeping (see xattr_judge) of `name` in `parent` (not followed) into `attributes`; the values live in *ret_storage, which the
 * caller frees. Entries with XATTR_REFUSE are left out.
 */
int attributes_read_xattrs(struct attributes *attributes, int parent, const char *name, char **ret_storage, struct error *err);

/* Mode, owner and time. */
void attributes_from_stat(struct attributes *attributes, const struct stat *status);
