#include "runtime/procfs.h"

#include "base/cleanup.h"
#include "runtime/mount-context.h"

int procfs_open(struct launch *launch) {
	_cleanup_close_ int fs = -1;
	if (launch->proc >= 0)
		return 0;
	int failed = mount_context_open("proc", &fs, launch->err);
	return failed < 0 ? failed : mount_context_finish(fs, "proc", 0, &launch->proc, launch->err);
}
