/* Compiling by libseccomp, keeping of results, loading. The default profile's table is in seccomp-profile.c. */
#include "runtime/seccomp-internal.h"

#include "base/cleanup.h"
#include "base/json.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Results are kept for the life of the process, so that monitors forked later have them too. */
struct cached {
	struct cached *next;
	uint64_t bounding; /* key of a default profile */
	json_t *profile;   /* key of an OCI profile, or NULL */
	struct seccomp_filter filter;
};
static struct cached *cache;

static struct cached *find(uint64_t bounding, const json_t *profile) {
	for (struct cached *entry = cache; entry; entry = entry->next)
		if (profile ? entry->profile && json_equal(entry->profile, profile) : !entry->profile && entry->bounding == bounding)
			return entry;
	return NULL;
}

/* libseccomp writes programs to fds only (before 2.6). */
static int export_filter(scmp_filter_ctx context, const struct seccomp_newer *newer, struct seccomp_filter *ret, struct error *err) {
	struct sock_filter prologue[SECCOMP_PROLOGUE_MAX];
	size_t before = newer ? seccomp_newer_prologue(newer, prologue) : 0;
	_cleanup_close_ int file = memfd_create("seccomp", MFD_CLOEXEC);
	int failed = file < 0 ? -errno : seccomp_export_bpf(context, file);
	off_t size = failed < 0 ? 0 : lseek(file, 0, SEEK_END);
	if (failed < 0 || size <= 0)
		return error_set(err, failed < 0 ? -failed : EIO, "seccomp", "cannot compile the seccomp profile");
	size_t length = before + (size_t)size / sizeof(struct sock_filter);
	if (length > BPF_MAXINSNS)
		return error_set(err, E2BIG, "seccomp", "the seccomp profile needs %zu instructions, more than the kernel takes", length);
	struct sock_filter *code = malloc(length * sizeof *code);
	if (!code || pread(file, code + before, (size_t)size, 0) != size) {
		free(code);
		return error_set(err, ENOMEM, "seccomp", "out of memory");
	}
	memcpy(code, prologue, before * sizeof *code);
	ret->code = code;
	ret->length = (unsigned short)length;
	return 0;
}

static int keep(uint64_t bounding, const json_t *profile, scmp_filter_ctx context, const struct seccomp_newer *newer, unsigned flags,
				struct seccomp_filter *ret, struct error *err) {
	struct cached *entry = calloc(1, sizeof *entry);
	if (!entry)
		return error_set(err, ENOMEM, "seccomp", "out of memory");
	int failed = export_filter(context, newer, &entry->filter, err);
	if (failed < 0) {
		free(entry);
		return failed;
	}
	entry->bounding = bounding;
	entry->profile = profile ? json_deep_copy(profile) : NULL;
	entry->filter.flags = flags;
	entry->next = cache;
	cache = entry;
	*ret = entry->filter;
	return 0;
}

int seccomp_compile_default(uint64_t bounding, struct seccomp_filter *ret, struct error *err) {
	struct cached *known = find(bounding, NULL);
	if (known) {
		*ret = known->filter;
		return 0;
	}
	scmp_filter_ctx context = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (!context)
		return error_set(err, ENOMEM, "seccomp", "out of memory");
	/* A binary tree: 10 ms more to compile, once; but the kernel asks a new filter about every system call, and that took 0.6 ms of every start. */
	(void)seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	struct seccomp_newer newer = {0};
	int failed = seccomp_add_default_rules(context, bounding, &newer);
	if (failed < 0)
		failed = error_set(err, -failed, "seccomp", "cannot build the default seccomp profile: %s", strerror(-failed));
	else
		failed = keep(bounding, NULL, context, &newer, SECCOMP_FILTER_FLAG_SPEC_ALLOW, ret, err);
	seccomp_release(context);
	return failed;
}

int seccomp_compile_oci(const json_t *profile, struct seccomp_filter *ret, struct error *err) {
	struct cached *known = find(0, profile);
	if (known) {
		*ret = known->filter;
		return 0;
	}
	scmp_filter_ctx context = NULL;
	unsigned flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	int failed = seccomp_build_oci(profile, &context, &flags, err);
	if (failed >= 0)
		failed = keep(0, profile, context, NULL, flags, ret, err);
	if (context)
		seccomp_release(context);
	return failed;
}

bool seccomp_filter_notifies(const struct seccomp_filter *filter) { return filter->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER; }

int seccomp_filter_load(const struct seccomp_filter *filter) {
	const struct sock_fprog program = {.len = filter->length, .filter = (struct sock_filter *)(uintptr_t)filter->code};
	unsigned needed = filter->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER;
	long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, filter->flags, &program);
	if (result < 0 && errno == EINVAL && filter->flags != needed)
		result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, needed, &program);
	return result < 0 ? -errno : (int)result;
}
