#include "runtime/mounts.h"

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/cgroup-internal.h"
#include "runtime/copy-up.h"
#include "runtime/mount-context.h"
#include "runtime/mount-namespace.h"
#include "runtime/path.h"
#include "runtime/userns.h"

#include <errno.h>
#include <linux/nsfs.h>
#include <string.h>
#include <sys/ioctl.h>

static int set_attributes(int mount, bool is_recursive, uint64_t set, uint64_t clear, uint64_t propagation, const char *what, struct error *err) {
	struct mount_attr attributes = {.attr_set = set, .attr_clr = clear, .propagation = propagation};
	if (set & MOUNT_ATTR__ATIME)
		attributes.attr_clr |= MOUNT_ATTR__ATIME;
	if (!attributes.attr_set && !attributes.attr_clr && !propagation)
		return 0;
	if (sys_mount_setattr(mount, "", AT_EMPTY_PATH | (is_recursive ? AT_RECURSIVE : 0), &attributes) < 0)
		return error_errno(err, "mount", "cannot set the options of the mount at %s", what);
	return 0;
}

/* Before anything sees the mount: the kernel maps no ids of a mount that is in use. */
static int map_ids(const struct launch *launch, const struct spec_mount *mount, int tree, struct error *err) {
	_cleanup_close_ int own = -1;
	int failed = id_maps_empty(&mount->id_maps) ? 0 : userns_create(&mount->id_maps, 0, &own, NULL, err);
	return failed < 0 ? failed : userns_idmap(tree, mount->is_idmapped_recursively, own >= 0 ? own : launch->userns, mount->source, err);
}

/* A bind keeps the attributes of its source but for what the options say. The whole tree is private unless they ask for propagation. */
static int prepare_bind(const struct launch *launch, const struct spec_mount *mount, int *ret_mount, struct error *err) {
	unsigned recursive = mount->is_recursive ? AT_RECURSIVE : 0;
	_cleanup_close_ int tree = sys_open_tree(AT_FDCWD, mount->source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | recursive);
	if (tree < 0)
		return error_errno(err, "mount", "cannot bind %s to %s", mount->source, mount->destination);
	uint64_t propagation = mount->propagation ? mount->propagation : MS_PRIVATE;
	bool whole_tree = mount->is_recursive && (!mount->propagation || mount->propagation_recursive);
	int failed = mount->is_idmapped ? map_ids(launch, mount, tree, err) : 0;
	if (failed >= 0)
		failed = set_attributes(tree, whole_tree, mount->rec_attr_set, mount->rec_attr_clear, propagation, mount->destination, err);
	if (failed >= 0)
		failed = set_attributes(tree, false, mount->attr_set, mount->attr_clear, 0, mount->destination, err);
	if (failed < 0)
		return failed;
	*ret_mount = TAKE_FD(tree);
	return 0;
}

static int make_filesystem(const struct spec_mount *mount, mode_t mode, int *ret_mount, struct error *err) {
	_cleanup_close_ int fs = -1;
	char text[16];
	bool has_mode = false;
	int failed = mount_context_open(mount->type, &fs, err);
	if (failed < 0)
		return failed;
	if (mount->source && mount->source[0])
		(void)sys_fsconfig(fs, FSCONFIG_SET_STRING, "source", mount->source, 0);
	for (size_t i = 0; i < mount->data.count; i++) {
		has_mode |= strncmp(mount->data.items[i], "mode=", 5) == 0;
		/* devpts is always an instance of its own since 4.7, and by the new mount API the word is unknown. */
		if (strcmp(mount->data.items[i], "newinstance") != 0 && (failed = mount_context_option(fs, mount->data.items[i], err)) < 0)
			return failed;
	}
	(void)snprintf(text, sizeof text, "%o", mode);
	if (mode && !has_mode && (failed = mount_context_string(fs, "mode", text, err)) < 0)
		return failed;
	uint64_t attributes = (mount->attr_set & ~(mount->copies_up ? MOUNT_ATTR_RDONLY : 0u)) | mount->rec_attr_set;
	return mount_context_finish(fs, mount->destination, attributes, ret_mount, err);
}

struct devpts {
	const struct spec_mount *mount;
	int *ret_mount;
};

static int make_devpts(void *context, struct error *err) {
	const struct devpts *devpts = context;
	return make_filesystem(devpts->mount, 0, devpts->ret_mount, err);
}

/* By the parent, so that it can open the ptmx of exactly this instance later, also for an exec, without a path inside the container. */
static int prepare_devpts(const struct launch *launch, const struct spec_mount *mount, int *ret_mount, struct error *err) {
	struct devpts devpts = {.mount = mount, .ret_mount = ret_mount};
	return launch->userns >= 0 ? userns_run(launch, make_devpts, &devpts, err) : make_devpts(&devpts, err);
}

int mounts_prepare(struct launch *launch, int *ret_devpts, struct error *err) {
	const struct spec *spec = &launch->config->spec;
	for (size_t i = 0; i < spec->mount_count; i++) {
		const struct spec_mount *mount = &spec->mounts[i];
		bool is_devpts = mount->kind == MOUNT_FILESYSTEM && strcmp(mount->type, "devpts") == 0;
		int failed = 0;
		if (mount->kind == MOUNT_BIND)
			failed = prepare_bind(launch, mount, &launch->mounts[i], err);
		else if (is_devpts)
			failed = prepare_devpts(launch, mount, &launch->mounts[i], err);
		if (failed < 0)
			return failed;
		if (is_devpts && strcmp(mount->destination, "/dev/pts") == 0)
			*ret_devpts = launch->mounts[i];
	}
	return 0;
}

static int attach_to(int mount, int target, const char *path, struct error *err) {
	if (sys_move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return error_errno(err, "mount", "cannot mount at %s", path);
	return 0;
}

int mounts_attach(struct launch *launch, int mount, const char *path) {
	struct stat status;
	bool made;
	if (fstat(mount, &status) < 0)
		return error_errno(launch->err, "mount", "cannot look at the mount for %s", path);
	_cleanup_close_ int target = S_ISDIR(status.st_mode) ? path_make_folder(launch->root, path, &made) : path_make_file(launch->root, path);
	if (target < 0)
		return error_set(launch->err, -target, "mount", "cannot make the mount point %s: %s", path, strerror(-target));
	return attach_to(mount, target, path, launch->err);
}

/* proc and sysfs only onto real folders: a link of the image could make later writes go elsewhere (CVE-2019-16884 and its descendants). */
static int open_kernel_target(struct launch *launch, const char *path) {
	const char *relative = path + strspn(path, "/");
	for (bool is_made = false;; is_made = true) {
		int direct = sys_openat2(launch->root, relative, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
		if (direct >= 0 || errno != ENOENT || is_made)
			return direct < 0 ? -errno : direct;
		bool made;
		_cleanup_close_ int target = path_make_folder(launch->root, path, &made);
		if (target < 0)
			return target;
	}
}

/* A tmpfs takes over the mode of the folder that it hides, unless it is told one. */
static int make_tmpfs(struct launch *launch, const struct spec_mount *mount, int *ret_mount, int *ret_target) {
	bool made;
	struct stat status;
	int target = path_make_folder(launch->root, mount->destination, &made);
	if (target < 0)
		return error_set(launch->err, -target, "mount", "cannot make the mount point %s: %s", mount->destination, strerror(-target));
	*ret_target = target;
	mode_t mode = !made && fstat(target, &status) == 0 ? status.st_mode & 07777 : 0;
	return make_filesystem(mount, mode, ret_mount, launch->err);
}

static int apply_filesystem(struct launch *launch, size_t index) {
	const struct spec_mount *mount = &launch->config->spec.mounts[index];
	_cleanup_close_ int made = -1, target = -1;
	bool is_proc = strcmp(mount->type, "proc") == 0;
	int failed;
	if (strcmp(mount->type, "tmpfs") == 0) {
		failed = make_tmpfs(launch, mount, &made, &target);
		if (failed >= 0 && mount->copies_up && (failed = copy_up(target, made, mount->destination, launch->err)) >= 0)
			failed = set_attributes(made, false, mount->attr_set & MOUNT_ATTR_RDONLY, 0, 0, mount->destination, launch->err);
		return failed < 0 ? failed : attach_to(made, target, mount->destination, launch->err);
	}
	if (launch->foreign[index] >= 0)
		made = launch->foreign[index];
	else if ((failed = make_filesystem(mount, 0, &made, launch->err)) < 0)
		return failed;
	if (!is_proc && strcmp(mount->type, "sysfs") != 0)
		return mounts_attach(launch, made, mount->destination);
	target = open_kernel_target(launch, mount->destination);
	if (target < 0)
		return error_set(launch->err, -target, "mount", "%s of the image must be a folder, not a link: %s", mount->destination, strerror(-target));
	return attach_to(made, target, mount->destination, launch->err);
}

/* Does the container's user namespace own its namespace of this kind? Then it may mount what belongs to it. */
static bool owns_namespace(const struct launch *launch, int flag) {
	const struct spec *spec = &launch->config->spec;
	struct stat own, owner;
	for (size_t i = 0; i < spec->join_count; i++) {
		_cleanup_close_ int user = spec->joins[i].flag == flag ? ioctl(launch->joins[i], NS_GET_USERNS) : -1;
		if (user >= 0)
			return fstat(launch->userns, &own) == 0 && fstat(user, &owner) == 0 && own.st_ino == owner.st_ino;
	}
	return spec->namespaces_new & flag;
}

int mounts_apply_foreign(struct launch *launch) {
	static const struct {
		const char *type;
		int flag;
	} kinds[] = {{"proc", CLONE_NEWPID}, {"sysfs", CLONE_NEWNET}, {"mqueue", CLONE_NEWIPC}};
	const struct spec *spec = &launch->config->spec;
	for (size_t i = 0; i < spec->mount_count; i++) {
		const struct spec_mount *mount = &spec->mounts[i];
		for (size_t kind = 0; mount->kind == MOUNT_FILESYSTEM && kind < ELEMENTS(kinds); kind++) {
			if (strcmp(mount->type, kinds[kind].type) != 0 || owns_namespace(launch, kinds[kind].flag))
				continue;
			int failed = make_filesystem(mount, 0, &launch->foreign[i], launch->err);
			if (failed < 0)
				return failed;
		}
	}
	return 0;
}

/* The container's own folder of one hierarchy, as it would see it as the root of a cgroup namespace; in the tmpfs that was made for it just now. */
static int bind_cgroup_folder(struct launch *launch, int tree, int tmpfs, const char *name, uint64_t attributes) {
	int failed = set_attributes(tree, false, attributes, 0, 0, name, launch->err);
	if (failed < 0)
		return failed;
	if (sys_mkdirat(tmpfs, name, 0755) < 0 || sys_move_mount(tree, "", tmpfs, name, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_errno(launch->err, "mount", "cannot mount the %s cgroup", name);
	return 0;
}

/* launch->mounts holds nothing for cgroup mounts: the folders' fds belong to the host's mount namespace, so they are cloned by the parent. */
static int apply_cgroup(struct launch *launch, const struct spec_mount *mount) {
	struct cgroup *cgroup = launch->cgroup;
	uint64_t attributes = mount->attr_set | mount->rec_attr_set;
	int failed;
	if (cgroup_host_is_v2(cgroup->host)) {
		failed = set_attributes(cgroup->parts[0].tree, false, attributes, 0, 0, mount->destination, launch->err);
		return failed < 0 ? failed : mounts_attach(launch, cgroup->parts[0].tree, mount->destination);
	}
	const char *options[] = {"mode=755", "size=64k"};
	const struct spec_mount folder = {.destination = mount->destination, .type = "tmpfs", .source = "cgroup",
									  .attr_set = attributes & ~(uint64_t)MOUNT_ATTR_RDONLY, .data = {.items = options, .count = ELEMENTS(options)}};
	_cleanup_close_ int tmpfs = -1, target = -1;
	if ((failed = make_tmpfs(launch, &folder, &tmpfs, &target)) < 0 || (failed = attach_to(tmpfs, target, mount->destination, launch->err)) < 0)
		return failed;
	for (size_t i = 0; i < cgroup->part_count; i++) {
		if (cgroup->parts[i].hierarchy->is_v2)
			continue;
		if ((failed = bind_cgroup_folder(launch, cgroup->parts[i].tree, tmpfs, cgroup->parts[i].hierarchy->name, attributes)) < 0)
			return failed;
	}
	return set_attributes(tmpfs, false, attributes & MOUNT_ATTR_RDONLY, 0, 0, mount->destination, launch->err);
}

/*
 * The kernel lists mounts in the order in which they were made, and whoever reads a bundle expects its order there. Those that the parent made are
 * cloned once more (6.15); a start without an OCI caller does without. A clone of a bind is made where the bind was made: the child goes back to that
 * mount namespace for it.
 */
static int clone_prepared(struct launch *launch, size_t index) {
	const struct spec_mount *mount = &launch->config->spec.mounts[index];
	unsigned flags = AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (mount->is_recursive ? AT_RECURSIVE : 0u);
	if (!launch->hold)
		return -1;
	if (mount->kind != MOUNT_BIND)
		return sys_open_tree(launch->mounts[index], "", flags);
	_cleanup_close_ int own = launch->host_mounts < 0 ? -1 : mount_namespace_own();
	if (own < 0 || sys_setns(launch->host_mounts, CLONE_NEWNS) < 0)
		return -1;
	bool is_unbindable = mount->propagation == MS_UNBINDABLE; /* which nobody can clone: the clone becomes it instead */
	struct mount_attr bindable = {.propagation = MS_PRIVATE}, unbindable = {.propagation = MS_UNBINDABLE};
	unsigned whole = AT_EMPTY_PATH | (mount->propagation_recursive ? AT_RECURSIVE : 0u);
	if (is_unbindable)
		(void)sys_mount_setattr(launch->mounts[index], "", whole, &bindable);
	int clone = sys_open_tree(launch->mounts[index], "", flags);
	if (is_unbindable)
		(void)sys_mount_setattr(clone < 0 ? launch->mounts[index] : clone, "", whole, &unbindable);
	if (sys_setns(own, CLONE_NEWNS) < 0) {
		close_fd(&clone);
		return error_errno(launch->err, "mount", "cannot come back to the container's mount namespace");
	}
	return clone;
}

static int attach_prepared(struct launch *launch, size_t index) {
	_cleanup_close_ int clone = clone_prepared(launch, index);
	if (clone < -1)
		return clone;
	return mounts_attach(launch, clone < 0 ? launch->mounts[index] : clone, launch->config->spec.mounts[index].destination);
}

int mounts_apply(struct launch *launch) {
	const struct spec *spec = &launch->config->spec;
	for (size_t i = 0; i < spec->mount_count; i++) {
		const struct spec_mount *mount = &spec->mounts[i];
		int failed;
		if (launch->mounts[i] >= 0)
			failed = attach_prepared(launch, i);
		else if (mount->kind == MOUNT_CGROUP)
			failed = apply_cgroup(launch, mount);
		else
			failed = apply_filesystem(launch, i);
		if (failed < 0)
			return failed;
	}
	return 0;
}
