#include "base/seal.h"

#include "base/cleanup.h"
#include "base/sys.h"

#include <linux/magic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

enum { ALL_SEALS = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL };

/* A mount that is read-only stays so for everybody who comes by way of /proc/PID/exe, whatever other mounts of the file are. */
static bool is_sealed(int program) {
	struct statfs system;
	if (fstatfs(program, &system) < 0)
		return false;
	if (system.f_flags & ST_RDONLY)
		return true;
	_cleanup_close_ int readable = system.f_type == TMPFS_MAGIC ? open("/proc/self/exe", O_RDONLY | O_CLOEXEC) : -1;
	return readable >= 0 && (fcntl(readable, F_GET_SEALS) & F_SEAL_WRITE);
}

static int open_sealed_copy(void) {
	struct stat status;
	_cleanup_close_ int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int copy = memfd_create("berth-native", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	if (copy < 0) /* before 6.3 every memfd is executable */
		copy = memfd_create("berth-native", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (from < 0 || copy < 0 || fstat(from, &status) < 0)
		return -1;
	for (off_t left = status.st_size; left > 0;) {
		ssize_t sent = sendfile(copy, from, NULL, (size_t)left);
		if (sent <= 0)
			return -1;
		left -= sent;
	}
	return fchmod(copy, 0500) == 0 && fcntl(copy, F_ADD_SEALS, ALL_SEALS) == 0 ? TAKE_FD(copy) : -1;
}

void seal_program(char **argv) {
	_cleanup_close_ int program = seal_is_settled ? -1 : open("/proc/self/exe", O_PATH | O_CLOEXEC);
	if (program < 0 || is_sealed(program))
		return;
	_cleanup_close_ int copy = open_sealed_copy();
	if (copy >= 0)
		(void)syscall(SYS_execveat, copy, "", argv, environ, AT_EMPTY_PATH);
}
