#include "runtime/rootfs-idmapped.h"

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/mount-context.h"
#include "runtime/userns.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

struct overlay {
	int *lower; /* mounts, top-most first */
	size_t lower_count;
	int writable; /* the mount that holds upper and work: a detached one ends with its descriptor */
	int upper, work;
	bool is_durable;
	int mount;
};

static int open_layer(const struct launch *launch, const char *path, int *ret_mount, struct error *err) {
	_cleanup_close_ int tree = sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0)
		return error_errno(err, "overlay", "cannot open the layer %s", path);
	int failed = userns_idmap(tree, false, launch->userns, path, err);
	if (failed < 0)
		return failed;
	*ret_mount = TAKE_FD(tree);
	return 0;
}

/* overlayfs wants both folders in one mount: the one of the folder that holds them. */
static int open_writable(const struct launch *launch, const struct rootfs_config *config, struct overlay *overlay, struct error *err) {
	char parent[PATH_MAX];
	const char *upper = strrchr(config->upper, '/'), *work = strrchr(config->work, '/');
	size_t length = (size_t)(upper - config->upper);
	if (length != (size_t)(work - config->work) || strncmp(config->upper, config->work, length) != 0 || length >= sizeof parent)
		return error_set(err, EINVAL, "overlay", "rootfs.upper and rootfs.work must lie in one folder");
	(void)snprintf(parent, sizeof parent, "%.*s", (int)length, config->upper);
	int failed = open_layer(launch, parent, &overlay->writable, err);
	if (failed < 0)
		return failed;
	overlay->upper = openat(overlay->writable, upper + 1, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	overlay->work = openat(overlay->writable, work + 1, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return overlay->upper < 0 || overlay->work < 0 ? error_errno(err, "overlay", "cannot open the writable layer %s", config->upper) : 0;
}

static int set_layer(int fs, const char *key, int layer, struct error *err) {
	char path[40];
	if (sys_fsconfig(fs, FSCONFIG_SET_FD, key, NULL, layer) == 0)
		return 0;
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", layer);
	return mount_context_string(fs, key, path, err);
}

static int mount_layers(void *context, struct error *err) {
	struct overlay *overlay = context;
	_cleanup_close_ int fs = -1;
	int failed = mount_context_open("overlay", &fs, err);
	for (size_t i = 0; failed >= 0 && i < overlay->lower_count; i++)
		failed = set_layer(fs, "lowerdir+", overlay->lower[i], err);
	if (failed < 0 || (failed = set_layer(fs, "upperdir", overlay->upper, err)) < 0 || (failed = set_layer(fs, "workdir", overlay->work, err)) < 0)
		return failed;
	if (!overlay->is_durable && (failed = mount_context_option(fs, "volatile", err)) < 0)
		return failed;
	return mount_context_finish(fs, "overlay", 0, &overlay->mount, err);
}

int rootfs_open_idmapped(const struct launch *launch, const struct rootfs_config *config, bool is_durable, int *ret_mount, struct error *err) {
	struct overlay overlay = {.writable = -1, .upper = -1, .work = -1, .mount = -1, .is_durable = is_durable};
	if (launch->userns < 0)
		return error_set(err, EINVAL, "overlay", "rootfs.isIdmapped needs a user namespace");
	overlay.lower = calloc(config->lower.count, sizeof *overlay.lower);
	if (!overlay.lower)
		return error_set(err, ENOMEM, "overlay", "out of memory");
	int failed = open_writable(launch, config, &overlay, err);
	while (failed >= 0 && overlay.lower_count < config->lower.count) {
		failed = open_layer(launch, config->lower.items[overlay.lower_count], &overlay.lower[overlay.lower_count], err);
		overlay.lower_count += failed >= 0;
	}
	if (failed >= 0)
		failed = userns_run_as_root(launch, mount_layers, &overlay, err);
	if (failed == -EINVAL && !launch->host->clones_detached_mounts)
		failed = error_set(err, ENOSYS, "overlay", "layers with mapped ids need Linux 6.15 or newer");
	for (size_t i = 0; i < overlay.lower_count; i++)
		close_fd(&overlay.lower[i]);
	free(overlay.lower);
	close_fd(&overlay.writable);
	close_fd(&overlay.upper);
	close_fd(&overlay.work);
	*ret_mount = overlay.mount;
	return failed;
}
