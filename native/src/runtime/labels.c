#include "runtime/labels.h"

#include "base/fdio.h"
#include "runtime/procfs.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* By the private procfs: a label that is written to a file of the image would be none (CVE-2019-16884). */
static int set_label(struct launch *launch, const char *file, const char *system, const char *text) {
	int failed = procfs_open(launch);
	if (failed >= 0)
		failed = write_file_at(launch->proc, file, text);
	if (failed == -ENOENT || failed == -EINVAL)
		return error_set(launch->err, ENOTSUP, "label", "cannot set the label \"%.128s\": this kernel has no such one, or no %s", text, system);
	return failed < 0 ? error_set(launch->err, -failed, "label", "cannot set the label \"%.128s\" of %s: %s", text, system, strerror(-failed)) : 0;
}

int labels_set(struct launch *launch) {
	const struct spec_process *process = launch->process;
	char text[PATH_MAX];
	if (process->selinux && process->selinux[0]) {
		int failed = set_label(launch, "thread-self/attr/exec", "SELinux", process->selinux);
		if (failed < 0)
			return failed;
	}
	if (!process->apparmor || !process->apparmor[0] || strcmp(process->apparmor, "unconfined") == 0)
		return 0;
	if (snprintf(text, sizeof text, "exec %s", process->apparmor) >= (int)sizeof text)
		return error_set(launch->err, ENAMETOOLONG, "label", "the name of the AppArmor profile is too long");
	return set_label(launch, "thread-self/attr/apparmor/exec", "AppArmor", text);
}
