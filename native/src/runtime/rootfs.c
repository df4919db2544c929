#include "runtime/rootfs.h"

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/mount-context.h"
#include "runtime/rootfs-idmapped.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* Folder options by fd (6.13): no limit on the path's length, no escaping, no second lookup. By string otherwise. */
static int set_folder(int fs, const char *key, const char *path, struct error *err) {
	_cleanup_close_ int folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return error_errno(err, "overlay", "cannot open the layer %s", path);
	if (sys_fsconfig(fs, FSCONFIG_SET_FD, key, NULL, folder) == 0)
		return 0;
	return mount_context_string(fs, key, path, err);
}

static int configure(int fs, const struct rootfs_config *config, bool is_durable, struct error *err) {
	int failed;
	for (size_t i = 0; i < config->lower.count; i++)
		if ((failed = set_folder(fs, "lowerdir+", config->lower.items[i], err)) < 0)
			return failed;
	if ((failed = set_folder(fs, "upperdir", config->upper, err)) < 0 || (failed = set_folder(fs, "workdir", config->work, err)) < 0)
		return failed;
	return is_durable ? 0 : mount_context_option(fs, "volatile", err);
}

static int open_overlay(const struct rootfs_config *config, bool is_durable, int *ret_mount, struct error *err) {
	_cleanup_close_ int fs = -1;
	int failed = mount_context_open("overlay", &fs, err);
	if (failed < 0 || (failed = configure(fs, config, is_durable, err)) < 0)
		return failed;
	return mount_context_finish(fs, "overlay", 0, ret_mount, err);
}

/*
 * A volatile overlay leaves a mark, also when it is unmounted in order, and refuses to be mounted again while that is there. berthd knows which layers
 * may be incomplete after a crash. Removed beforehand: a refusal costs more than the rest of a start, as the kernel prints it to the console.
 */
static void clear_volatile_mark(int work) {
	if (unlinkat(work, "work/incompat/volatile/dirty", 0) == 0 || errno != ENOENT)
		(void)unlinkat(work, "work/incompat/volatile", AT_REMOVEDIR);
}

/* "a:b" with `\`, `:` and `,` escaped, as mount(2) wants it. NULL without memory. */
static char *join_layers(const struct rootfs_config *config, bool is_durable) {
	const char *const *lower = config->lower.items;
	size_t size = 64;
	for (size_t i = 0; i < config->lower.count; i++)
		size += 2 * strlen(lower[i]) + 1;
	size += 2 * (strlen(config->upper) + strlen(config->work));
	char *text = malloc(size), *at = text;
	if (!text)
		return NULL;
	at = stpcpy(at, "lowerdir=");
	for (size_t part = 0; part < config->lower.count + 2; part++) {
		const char *path = part < config->lower.count ? lower[part] : part == config->lower.count ? config->upper : config->work;
		if (part == config->lower.count)
			at = stpcpy(at, ",upperdir=");
		else if (part == config->lower.count + 1)
			at = stpcpy(at, ",workdir=");
		else if (part)
			*at++ = ':';
		for (const char *c = path; *c; c++) {
			if (*c == '\\' || *c == ',' || (*c == ':' && part < config->lower.count))
				*at++ = '\\';
			*at++ = *c;
		}
	}
	(void)strcpy(at, is_durable ? "" : ",volatile");
	return text;
}

struct classic {
	const char *options;
	int errnum, fd;
};

/* Kernels before 6.8 take layers only as one line of mount(2): done on a place of a mount namespace of our own, from where the mount is cloned off. */
static int mount_classic(void *argument) {
	struct classic *classic = argument;
	bool done = sys_unshare(CLONE_NEWNS | CLONE_FS) == 0 && sys_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
				sys_mount("overlay", "/tmp", "overlay", 0, classic->options) == 0;
	classic->fd = done ? sys_open_tree(AT_FDCWD, "/tmp", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC) : -1;
	classic->errnum = classic->fd < 0 ? errno : 0;
	_exit(0);
}

static int open_overlay_classic(const struct rootfs_config *config, bool is_durable, int *ret_mount, struct error *err) {
	enum { STACK = 65536 };
	_cleanup_free_ char *options = join_layers(config, is_durable);
	_cleanup_free_ char *stack = malloc(STACK);
	if (!options || !stack)
		return error_set(err, ENOMEM, "overlay", "out of memory");
	if (strlen(options) >= 4096)
		return error_set(err, E2BIG, "overlay", "%zu layers do not fit into one page of mount options (Linux before 6.8)", config->lower.count);
	struct classic classic = {.options = options, .errnum = ECHILD, .fd = -1};
	pid_t child = clone(mount_classic, stack + STACK, CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, &classic);
	if (child < 0)
		return error_errno(err, "overlay", "cannot fork");
	(void)waitpid(child, NULL, 0);
	if (classic.fd < 0)
		return error_set(err, classic.errnum, "overlay", "overlay: %s", strerror(classic.errnum));
	*ret_mount = classic.fd;
	return 0;
}

static int open_folder(const char *path, int *ret_mount, struct error *err) {
	struct mount_attr attributes = {.propagation = MS_PRIVATE};
	_cleanup_close_ int tree = sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	if (tree < 0)
		return error_errno(err, "rootfs", "cannot open the root file system %s", path);
	if (sys_mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes) < 0)
		return error_errno(err, "rootfs", "cannot make the root file system %s private", path);
	*ret_mount = TAKE_FD(tree);
	return 0;
}

int rootfs_open(const struct launch *launch, const struct rootfs_config *config, bool is_durable, int *ret_mount, struct error *err) {
	if (config->kind == ROOTFS_DIRECTORY)
		return open_folder(config->path, ret_mount, err);
	int (*open_kind)(const struct rootfs_config *, bool, int *, struct error *) =
		launch->host->overlay_lowerdir_append ? open_overlay : open_overlay_classic;
	_cleanup_close_ int work = open(config->work, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (work < 0)
		return error_errno(err, "overlay", "cannot open the layer %s", config->work);
	clear_volatile_mark(work);
	int failed = config->is_idmapped ? rootfs_open_idmapped(launch, config, is_durable, ret_mount, err) : open_kind(config, is_durable, ret_mount, err);
	if (failed < 0)
		err->stage = "overlay";
	return failed;
}
