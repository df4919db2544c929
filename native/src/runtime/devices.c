#include "runtime/devices.h"

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/mount-context.h"
#include "runtime/mounts.h"
#include "runtime/path.h"

#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>

static const struct spec_device defaults[] = {
	{'c', "/dev/null", 1, 3, 0666, 0, 0},   {'c', "/dev/zero", 1, 5, 0666, 0, 0},    {'c', "/dev/full", 1, 7, 0666, 0, 0},
	{'c', "/dev/random", 1, 8, 0666, 0, 0}, {'c', "/dev/urandom", 1, 9, 0666, 0, 0}, {'c', "/dev/tty", 5, 0, 0666, 0, 0},
};

static const struct {
	const char *name, *target;
} links[] = {
	{"fd", "/proc/self/fd"},         {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"},
	{"stderr", "/proc/self/fd/2"},   {"ptmx", "pts/ptmx"},         {"core", "/proc/kcore"},
};

static mode_t file_type(char type) { return type == 'b' ? S_IFBLK : type == 'p' ? S_IFIFO : S_IFCHR; }

/* A node that is there already must be the very device; the image could hold a link to somewhere instead (CVE-2026-41579). */
static int check_node(int folder, const char *name, const struct spec_device *device) {
	struct stat status;
	if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	bool is_same = (status.st_mode & S_IFMT) == file_type(device->type) &&
				   (device->type == 'p' || status.st_rdev == makedev(device->major, device->minor));
	return is_same ? 0 : -EEXIST;
}

static int make_node(int folder, const char *name, const struct spec_device *device) {
	if (sys_mknodat(folder, name, file_type(device->type) | device->mode, makedev(device->major, device->minor)) < 0)
		return errno == EEXIST ? check_node(folder, name, device) : -errno;
	if ((device->uid || device->gid) && fchownat(folder, name, device->uid, device->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

/* Number `index` of all nodes, those of the spec first; NULL after the last. */
static const struct spec_device *node_at(const struct spec *spec, size_t index) {
	if (index < spec->device_count)
		return &spec->devices[index];
	return index - spec->device_count < ELEMENTS(defaults) ? &defaults[index - spec->device_count] : NULL;
}

int devices_make_nodes(struct launch *launch) {
	_cleanup_close_ int fs = -1, folder = -1;
	const struct spec_device *device;
	int failed = mount_context_open("tmpfs", &fs, launch->err);
	if (failed < 0 || (failed = mount_context_option(fs, "size=64k", launch->err)) < 0 || (failed = mount_context_option(fs, "mode=755", launch->err)) < 0 ||
		(failed = mount_context_finish(fs, "nodes", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, &folder, launch->err)) < 0)
		return failed;
	for (size_t i = 0; (device = node_at(&launch->config->spec, i)); i++) {
		char name[24];
		(void)snprintf(name, sizeof name, "%zu", i);
		uid_t uid = id_map_outside(&launch->id_maps.uid, device->uid);
		gid_t gid = id_map_outside(&launch->id_maps.gid, device->gid);
		if (sys_mknodat(folder, name, file_type(device->type) | device->mode, makedev(device->major, device->minor)) < 0 ||
			fchownat(folder, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
			return error_errno(launch->err, "device", "cannot make the device %s", device->path);
	}
	if (sys_move_mount(folder, "", AT_FDCWD, "files", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_errno(launch->err, "device", "cannot attach the devices' tmpfs");
	return 0;
}

static int bind_node(struct launch *launch, size_t index, const char *path) {
	char source[32];
	(void)snprintf(source, sizeof source, "files/%zu", index);
	_cleanup_close_ int tree = sys_open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0)
		return error_errno(launch->err, "device", "cannot bind the device %s", path);
	return mounts_attach(launch, tree, path);
}

static int make_device(struct launch *launch, size_t index) {
	const struct spec_device *device = &launch->config->spec.devices[index];
	if (launch->userns >= 0)
		return bind_node(launch, index, device->path);
	const char *name;
	_cleanup_close_ int folder = path_open_parent(launch->root, device->path, &name);
	int failed = folder < 0 ? folder : make_node(folder, name, device);
	return failed < 0 ? error_set(launch->err, -failed, "device", "cannot make the device %s: %s", device->path, strerror(-failed)) : 0;
}

/* A folder of the host at /dev has what its owner put there. */
static bool has_bound_dev(const struct spec *spec) {
	bool is_bound = false;
	for (size_t i = 0; i < spec->mount_count; i++)
		if (strcmp(spec->mounts[i].destination, "/dev") == 0)
			is_bound = spec->mounts[i].kind == MOUNT_BIND;
	return is_bound;
}

static bool is_listed(const struct spec *spec, const char *path) {
	for (size_t i = 0; i < spec->device_count; i++)
		if (strcmp(spec->devices[i].path, path) == 0)
			return true;
	return false;
}

static int make_defaults(struct launch *launch) {
	bool made;
	_cleanup_close_ int folder = path_make_folder(launch->root, "/dev", &made);
	int failed = folder < 0 ? folder : 0;
	for (size_t i = 0; failed >= 0 && i < ELEMENTS(defaults); i++)
		if (!is_listed(&launch->config->spec, defaults[i].path))
			failed = launch->userns >= 0 ? bind_node(launch, launch->config->spec.device_count + i, defaults[i].path)
										 : make_node(folder, strrchr(defaults[i].path, '/') + 1, &defaults[i]);
	for (size_t i = 0; failed >= 0 && i < ELEMENTS(links); i++)
		if (symlinkat(links[i].target, folder, links[i].name) < 0 && errno != EEXIST)
			failed = -errno;
	return failed < 0 ? error_set(launch->err, -failed, "device", "cannot fill /dev: %s", strerror(-failed)) : 0;
}

int devices_apply(struct launch *launch) {
	const struct spec *spec = &launch->config->spec;
	int failed;
	for (size_t i = 0; i < spec->device_count; i++)
		if ((failed = make_device(launch, i)) < 0)
			return failed;
	return has_bound_dev(spec) ? 0 : make_defaults(launch);
}
