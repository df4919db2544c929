/*
 * cpu-of [--root FOLDER [--v1]] ROUNDS COMMAND...: runs the command so often, one after the other, with its output thrown away; prints for each run one line: microseconds of
 * CPU (user and system, of all that it left to be waited for), a space, microseconds of wall time. "%d" in the words becomes the number of the run. With
 * --root the command runs with that root folder, as a program of another system's release; with --v1 too it sees no cgroup2 there, as crun wants it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long wall_us(void) {
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

static long long cpu_us(void) {
	struct rusage usage;
	getrusage(RUSAGE_CHILDREN, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000LL + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static void number_words(char **words, int number) {
	for (; *words; words++) {
		char *place = strstr(*words, "%d"), *text;
		if (place && asprintf(&text, "%.*s%d%s", (int)(place - *words), *words, number, place + 2) > 0)
			*words = text;
	}
}

static void run(const char *root, char **words, int number) {
	int status = 0, null = open("/dev/null", O_RDWR);
	pid_t pid = fork(), ended;
	if (pid == 0) {
		number_words(words, number);
		if (root && (chroot(root) < 0 || chdir("/") < 0))
			_exit(126);
		dup2(null, 0);
		dup2(null, 1);
		execvp(words[0], words);
		perror(words[0]);
		_exit(127);
	}
	close(null);
	while ((ended = wait(&status)) > 0)
		if (ended == pid && status != 0) {
			fprintf(stderr, "cpu-of: %s ended with status %d\n", words[0], status);
			exit(1);
		}
}

static void hide_v2(const char *root) {
	static const char *const names[] = {"unified", "systemd"};
	unshare(CLONE_NEWNS);
	mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	for (int i = 0; i < 2; i++) {
		char path[4096];
		snprintf(path, sizeof path, "%s/sys/fs/cgroup/%s", root, names[i]);
		umount2(path, MNT_DETACH);
	}
}

int main(int argc, char **argv) {
	const char *root = NULL;
	if (argc > 2 && strcmp(argv[1], "--root") == 0) {
		root = argv[2];
		argv += 2;
		argc -= 2;
	}
	if (root && argc > 2 && strcmp(argv[1], "--v1") == 0) {
		hide_v2(root);
		argv++;
		argc--;
	}
	if (argc < 3)
		return fprintf(stderr, "usage: cpu-of [--root FOLDER [--v1]] ROUNDS COMMAND...\n"), 2;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (int i = 0; i < atoi(argv[1]); i++) {
		long long wall = wall_us(), cpu = cpu_us();
		run(root, argv + 2, i);
		printf("%lld %lld\n", cpu_us() - cpu, wall_us() - wall);
	}
	return 0;
}
