#include "base/process.h"

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/sys.h"

#include <limits.h>
#include <string.h>
#include <sys/prctl.h>

#ifndef PR_MDWE_NO_INHERIT
#define PR_MDWE_NO_INHERIT 2
#endif

/* The hexadecimal number behind "Name:\t" in the text of /proc/self/status. */
static bool find_set(const char *text, const char *name, uint64_t *ret_set) {
	const char *line = strstr(text, name);
	if (!line)
		return false;
	*ret_set = strtoull(line + strlen(name), NULL, 16);
	return true;
}

int process_inherited(struct process_inheritance *ret) {
	enum { SIZE = 65536 }; /* it lists all groups */
	_cleanup_free_ char *text = malloc(SIZE);
	int failed = text ? read_record_at(AT_FDCWD, "/proc/self/status", text, SIZE) : -ENOMEM;
	if (failed < 0)
		return failed;
	uint64_t ignored;
	if (!find_set(text, "\nSigIgn:\t", &ignored) || !find_set(text, "\nCapBnd:\t", &ret->bounding))
		return -ENODATA;
	ret->ignored_signals = ignored << 1; /* bit 0 is signal 1 there */
	return 0;
}

void process_reset_signals(void) {
	struct process_inheritance inheritance = {.ignored_signals = ~0ULL};
	(void)process_inherited(&inheritance); /* without /proc: all of them */
	for (int number = 1; number < NSIG; number++)
		if (number == 64 || (inheritance.ignored_signals & 1ULL << number))
			(void)sys_default_signal(number); /* refused for SIGKILL and SIGSTOP, which are right already */
	sigset_t none;
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)umask(022);
}

void process_harden(void) {
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN | PR_MDWE_NO_INHERIT, 0, 0, 0);
}

void process_avoid_oom(void) {
	_cleanup_close_ int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, "-999", 4) < 0)
		return;
}

static int compare_fds(const void *left, const void *right) { return *(const int *)left - *(const int *)right; }

void process_close_others(const int *keep, unsigned keep_count) {
	int sorted[16];
	unsigned count = keep_count < ELEMENTS(sorted) ? keep_count : ELEMENTS(sorted);
	memcpy(sorted, keep, count * sizeof *keep);
	qsort(sorted, count, sizeof *sorted, compare_fds);
	unsigned first = 3;
	for (unsigned i = 0; i < count; i++) {
		if (sorted[i] < (int)first)
			continue;
		if (sorted[i] > (int)first)
			(void)sys_close_range(first, (unsigned)sorted[i] - 1, 0);
		first = (unsigned)sorted[i] + 1;
	}
	(void)sys_close_range(first, UINT_MAX, 0);
}

int process_become_worker(const char *name, struct error *err) {
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return error_errno(err, "worker", "cannot open /dev/null");
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(null, fd) < 0)
			return error_errno(err, "worker", "dup2");
	if (null > 2)
		(void)close(null);
	(void)setsid();
	(void)prctl(PR_SET_NAME, name, 0, 0, 0);
	/* The spawner has reset all other signals before. */
	(void)signal(SIGPIPE, SIG_DFL);
	sigset_t none;
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)umask(022);
	return 0;
}
