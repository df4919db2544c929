#include "base/sys.h"

#ifdef BERTH_FAULTS
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { NOTE_SIZE = 64 };

/* BERTH_FAULT_FILE, mapped once: there the failed call's name is noted, by children in another root too, so that a test knows whether one was hit. */
static char *open_note(void) {
	const char *path = getenv("BERTH_FAULT_FILE");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	if (fd < 0)
		return NULL;
	char *note = ftruncate(fd, NOTE_SIZE) < 0 ? MAP_FAILED : mmap(NULL, NOTE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd);
	return note == MAP_FAILED ? NULL : note;
}

int sys_fault(const char *name) {
	static long at = -1;
	static long passed;
	static int errnum;
	static char *noted;
	if (at < 0) {
		const char *position = getenv("BERTH_FAULT_AT");
		const char *wanted = getenv("BERTH_FAULT_ERRNO");
		noted = open_note();
		at = position ? strtol(position, NULL, 10) : 0;
		errnum = wanted ? (int)strtol(wanted, NULL, 10) : EIO;
	}
	if (at == 0 || ++passed != at)
		return 0;
	if (noted)
		(void)strncpy(noted, name, NOTE_SIZE - 1);
	errno = errnum;
	return -1;
}
#endif
