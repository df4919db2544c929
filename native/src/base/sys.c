#include "base/sys.h"

#ifdef BERTH_FAULTS
#include <stdlib.h>

int sys_fault(const char *name) {
	static long at = -1;
	static long passed;
	static int errnum;
	(void)name;
	if (at < 0) {
		const char *position = getenv("BERTH_FAULT_AT");
		const char *wanted = getenv("BERTH_FAULT_ERRNO");
		at = position ? strtol(position, NULL, 10) : 0;
		errnum = wanted ? (int)strtol(wanted, NULL, 10) : EIO;
	}
	if (at == 0 || ++passed != at)
		return 0;
	errno = errnum;
	return -1;
}
#endif
