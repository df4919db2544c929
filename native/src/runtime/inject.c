#include "runtime/inject.h"

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/sys.h"
#include "runtime/mount-context.h"
#include "runtime/mounts.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static int open_store(const struct start_config *config, const char *place, int *ret_folder, struct error *err) {
	_cleanup_close_ int fs = -1, mount = -1;
	char size[48];
	uint64_t bytes = 65536;
	for (size_t i = 0; i < config->file_count; i++)
		bytes += (config->files[i].size + 8191) / 4096 * 4096;
	(void)snprintf(size, sizeof size, "size=%" PRIu64, bytes);
	int failed = mount_context_open("tmpfs", &fs, err);
	if (failed < 0 || (failed = mount_context_option(fs, size, err)) < 0 || (failed = mount_context_option(fs, "mode=700", err)) < 0 ||
		(failed = mount_context_finish(fs, "files", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, &mount, err)) < 0)
		return failed;
	/* Attached, since kernels before 6.15 clone nothing off a detached mount. It goes with the old root. */
	if (sys_move_mount(mount, "", AT_FDCWD, place, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_errno(err, "file", "cannot attach the files' tmpfs");
	*ret_folder = TAKE_FD(mount);
	return 0;
}

static int write_file(int folder, const char *name, const struct injected_file *file) {
	_cleanup_close_ int fd = sys_openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int failed = fd < 0 ? -errno : write_all(fd, file->content, file->size);
	if (failed < 0)
		return failed;
	/* Owner first: a change of it clears set-user-id. */
	return ((file->uid || file->gid) && fchown(fd, file->uid, file->gid) < 0) || fchmod(fd, file->mode) < 0 ? -errno : 0;
}

int inject_store(const struct start_config *config, const char *place, int *ret_folder, struct error *err) {
	_cleanup_close_ int folder = -1;
	int failed = open_store(config, place, &folder, err);
	if (failed < 0)
		return failed;
	for (size_t i = 0; i < config->file_count; i++) {
		char name[24];
		(void)snprintf(name, sizeof name, "%zu", i);
		if ((failed = write_file(folder, name, &config->files[i])) < 0)
			return error_set(err, -failed, "file", "cannot write %s: %s", config->files[i].path, strerror(-failed));
	}
	*ret_folder = TAKE_FD(folder);
	return 0;
}

static int inject_file(struct launch *launch, int folder, size_t index) {
	const struct injected_file *file = &launch->config->files[index];
	struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV};
	char name[24];
	(void)snprintf(name, sizeof name, "%zu", index);
	_cleanup_close_ int bind = sys_open_tree(folder, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (bind < 0 || sys_mount_setattr(bind, "", AT_EMPTY_PATH, &attributes) < 0)
		return error_errno(launch->err, "file", "cannot bind %s", file->path);
	return mounts_attach(launch, bind, file->path);
}

int inject_files(struct launch *launch) {
	if (!launch->config->file_count)
		return 0;
	_cleanup_close_ int folder = -1;
	int failed = inject_store(launch->config, "files", &folder, launch->err);
	for (size_t i = 0; failed >= 0 && i < launch->config->file_count; i++)
		failed = inject_file(launch, folder, i);
	return failed;
}
