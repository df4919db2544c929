/* A cgroup that another process of ours made: its folders are opened, none is created. */
#include "runtime/cgroup-internal.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static void add_existing(struct cgroup *cgroup, const struct hierarchy *hierarchy) {
	int folder = openat(hierarchy->root, cgroup->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0)
		return;
	cgroup->parts[cgroup->part_count++] = (struct cgroup_part){.hierarchy = hierarchy, .folder = folder, .join_fd = -1, .tree = -1};
	/* Another runtime may leave the v2 hierarchy of a hybrid host alone. */
	if (hierarchy->is_v2 || (cgroup->core < 0 && (hierarchy->controllers & CONTROLLER_FREEZER))) {
		cgroup->core = folder;
		cgroup->core_is_v2 = hierarchy->is_v2;
	}
}

int cgroup_attach(const struct cgroup_host *host, const char *path, struct cgroup **ret, struct error *err) {
	struct cgroup *cgroup = calloc(1, sizeof *cgroup);
	char *relative = strdup(path + strspn(path, "/"));
	if (!cgroup || !relative) {
		free(cgroup);
		free(relative);
		return error_set(err, ENOMEM, "cgroup", "out of memory");
	}
	/* Whether cgroup.kill was ever written is not known here: such a group is joined by hand, see cgroup_clone_fd(). */
	*cgroup = (struct cgroup){.host = host, .path = relative, .core = -1, .oom_fd = -1, .oom_source = -1, .device_program = -1, .was_killed = true};
	if (host->v2)
		add_existing(cgroup, host->v2);
	for (int pass = 0; pass < 2; pass++) { /* cpu last, as in cgroup_create() */
		for (size_t i = 0; i < host->count && cgroup->part_count < PARTS_MAX; i++) {
			const struct hierarchy *hierarchy = &host->hierarchies[i];
			if (!hierarchy->is_v2 && !!(hierarchy->controllers & CONTROLLER_CPU) == (pass == 1))
				add_existing(cgroup, hierarchy);
		}
	}
	*ret = cgroup;
	return 0;
}
