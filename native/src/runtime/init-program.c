#include "runtime/init-program.h"

#include "base/cleanup.h"
#include "base/fdio.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

/* Built by the Makefile; INIT_PROGRAM is its path. */
__asm__(".section .rodata\n.balign 16\ninit_program_start: .incbin \"" INIT_PROGRAM "\"\ninit_program_end:\n.previous");
extern const char init_program_start[], init_program_end[];

int init_program_open(int *ret_fd, struct error *err) {
	_cleanup_close_ int fd = memfd_create("init", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	if (fd < 0 && errno == EINVAL) /* before 6.3 every memfd is executable */
		fd = memfd_create("init", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return error_errno(err, "init", "cannot make a memfd");
	int failed = write_all(fd, init_program_start, (size_t)(init_program_end - init_program_start));
	if (failed < 0 || fchmod(fd, 0555) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		return error_errno(err, "init", "cannot fill the memfd");
	*ret_fd = TAKE_FD(fd);
	return 0;
}
