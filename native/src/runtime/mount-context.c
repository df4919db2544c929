#include "runtime/mount-context.h"

#include "base/cleanup.h"
#include "base/sys.h"

#include <errno.h>
#include <string.h>

int mount_context_failed(int fs, struct error *err, const char *what) {
	int saved = errno;
	char log[160] = "", line[160];
	ssize_t length;
	/* Lines "e overlay: ..." (error), "w" (warning), "i" (information); the last error says it best. */
	while (fs >= 0 && (length = read(fs, line, sizeof line - 1)) > 0) {
		line[length] = '\0';
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == 'e' || !log[0])
			(void)snprintf(log, sizeof log, "%s", length > 2 ? line + 2 : line);
	}
	return error_set(err, saved, "mount", "%s: %s%s%s", what, strerror(saved), log[0] ? ": " : "", log);
}

int mount_context_open(const char *type, int *ret_fs, struct error *err) {
	int fs = sys_fsopen(type, FSOPEN_CLOEXEC);
	if (fs < 0)
		return errno == ENODEV ? error_set(err, ENODEV, "mount", "this kernel has no file system %.64s", type)
							   : error_errno(err, "mount", "cannot make a file system %.64s", type);
	*ret_fs = fs;
	return 0;
}

int mount_context_string(int fs, const char *key, const char *value, struct error *err) {
	if (sys_fsconfig(fs, FSCONFIG_SET_STRING, key, value, 0) == 0)
		return 0;
	char what[128];
	(void)snprintf(what, sizeof what, "option %.24s=%.80s", key, value);
	return mount_context_failed(fs, err, what);
}

int mount_context_option(int fs, const char *option, struct error *err) {
	const char *equals = strchr(option, '=');
	char key[64];
	if (equals) {
		(void)snprintf(key, sizeof key, "%.*s", (int)(equals - option), option);
		return mount_context_string(fs, key, equals + 1, err);
	}
	if (sys_fsconfig(fs, FSCONFIG_SET_FLAG, option, NULL, 0) == 0)
		return 0;
	char what[128];
	(void)snprintf(what, sizeof what, "option %.100s", option);
	return mount_context_failed(fs, err, what);
}

int mount_context_finish(int fs, const char *what, uint64_t attributes, int *ret_mount, struct error *err) {
	if (sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return mount_context_failed(fs, err, what);
	int mount = sys_fsmount(fs, FSMOUNT_CLOEXEC, (unsigned)attributes);
	if (mount < 0)
		return mount_context_failed(fs, err, what);
	*ret_mount = mount;
	return 0;
}
