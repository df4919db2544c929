/*
 * Runs inside test containers: says what a process there sees, or tries something and says how that went. Static, so that it needs no file system.
 *   probe report            lines "key=value"
 *   probe try NAME          does what NAME stands for; prints "0" or the errno
 *   probe sleep | exit N | kill-self | cat PATH | stat PATH | tty | orphan | eat MEGABYTES | write PATH TEXT
 *   probe write-disk PATH MEGABYTES (milliseconds) | huge PAGES (0 or errno) | forks N (how many succeeded)
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void print_file(const char *path) {
	char text[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length;
	if (fd < 0) {
		printf("error %d\n", errno);
		return;
	}
	while ((length = read(fd, text, sizeof text)) > 0)
		(void)fwrite(text, 1, (size_t)length, stdout);
	(void)close(fd);
}

static void print_status(void) {
	static const char *const keys[] = {"CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:", "NoNewPrivs:", "Seccomp:", "SigBlk:", "SigIgn:",
					   "SigCgt:", "Uid:",	 "Gid:",    "Groups:", "Umask:",  "NSpid:"};
	char line[256];
	FILE *file = fopen("/proc/self/status", "re");
	while (file && fgets(line, sizeof line, file))
		for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
			if (strncmp(line, keys[i], strlen(keys[i])) == 0) {
				line[strcspn(line, "\n")] = '\0';
				for (char *c = line; *c; c++)
					if (*c == '\t')
						*c = ' ';
				printf("%.*s=%s\n", (int)strlen(keys[i]) - 1, keys[i], line + strlen(keys[i]) + strspn(line + strlen(keys[i]), " "));
			}
	if (file)
		(void)fclose(file);
}

static void print_fds(void) {
	DIR *directory = opendir("/proc/self/fd");
	printf("fds=");
	for (struct dirent *entry; directory && (entry = readdir(directory));)
		if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(directory))
			printf("%s ", entry->d_name);
	printf("\n");
	if (directory)
		(void)closedir(directory);
}

static void print_environment(char **environment) {
	printf("env=");
	for (char **entry = environment; *entry; entry++)
		printf("%s|", *entry);
	printf("\n");
}

static int report(char **environment) {
	char text[4096];
	struct rlimit files;
	cpu_set_t cpus;
	print_status();
	print_fds();
	print_environment(environment);
	printf("pid=%d\nppid=%d\nsid=%d\n", getpid(), getppid(), getsid(0));
	printf("cwd=%s\n", syscall(SYS_getcwd, text, sizeof text) > 0 ? text : "?");
	printf("hostname=%s\n", gethostname(text, sizeof text) == 0 ? text : "?");
	(void)getrlimit(RLIMIT_NOFILE, &files);
	printf("nofile=%llu:%llu\n", (unsigned long long)files.rlim_cur, (unsigned long long)files.rlim_max);
	printf("personality=%d\npolicy=%d\ndumpable=%d\n", personality(0xffffffff), sched_getscheduler(0), prctl(PR_GET_DUMPABLE));
	printf("cpus=%d\n", sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? CPU_COUNT(&cpus) : -1);
	int death = -1;
	(void)prctl(PR_GET_PDEATHSIG, &death);
	printf("pdeathsig=%d\n", death);
	printf("oom=");
	(void)fflush(stdout);
	print_file("/proc/self/oom_score_adj");
	return 0;
}

static int result(long value) {
	printf("%d\n", value < 0 ? errno : 0);
	return 0;
}

static int try_named(const char *name) {
	if (strcmp(name, "mount") == 0)
		return result(mount("none", "/tmp", "tmpfs", 0, NULL));
	if (strcmp(name, "unshare-user") == 0)
		return result(unshare(CLONE_NEWUSER));
	if (strcmp(name, "clone3") == 0)
		return result(syscall(SYS_clone3, NULL, 0));
	if (strcmp(name, "keyctl") == 0)
		return result(syscall(SYS_keyctl, 0, 0, 0, 0, 0));
	if (strcmp(name, "bpf") == 0)
		return result(syscall(SYS_bpf, 0, NULL, 0));
	if (strcmp(name, "io_uring") == 0)
		return result(syscall(SYS_io_uring_setup, 1, NULL));
	if (strcmp(name, "alg-socket") == 0)
		return result(socket(AF_ALG, SOCK_SEQPACKET, 0));
	if (strcmp(name, "inet-socket") == 0)
		return result(socket(AF_INET, SOCK_STREAM, 0));
	if (strcmp(name, "mknod-disk") == 0)
		return result(mknod("/tmp/disk", S_IFBLK | 0600, makedev(254, 0)) < 0 ? -1 : open("/tmp/disk", O_RDONLY));
	if (strcmp(name, "mknod-null") == 0)
		return result(mknod("/tmp/null", S_IFCHR | 0666, makedev(1, 3)) < 0 ? -1 : open("/tmp/null", O_RDONLY));
	if (strcmp(name, "write-sysrq") == 0)
		return result(open("/proc/sysrq-trigger", O_WRONLY));
	if (strcmp(name, "write-core-pattern") == 0)
		return result(open("/proc/sys/kernel/core_pattern", O_WRONLY));
	if (strcmp(name, "write-root") == 0)
		return result(open("/written", O_WRONLY | O_CREAT, 0644));
	if (strcmp(name, "open-init-exe") == 0)
		return result(open("/proc/1/exe", O_WRONLY));
	if (strcmp(name, "read-init-mem") == 0)
		return result(open("/proc/1/mem", O_RDONLY));
	if (strcmp(name, "chroot") == 0)
		return result(chroot("/"));
	if (strcmp(name, "sethostname") == 0)
		return result(sethostname("x", 1));
	printf("unknown\n");
	return 2;
}

static int eat(size_t megabytes) {
	for (size_t i = 0; i < megabytes; i++) {
		char *memory = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (memory == MAP_FAILED)
			return 1;
		memset(memory, 1, 1 << 20);
	}
	return 0;
}

/* Past the page cache, which would take it all at once: what a limit on the device makes slow. */
static int write_disk(const char *path, int megabytes) {
	struct timespec begin, end;
	char *block = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open(path, O_WRONLY | O_DIRECT | O_CLOEXEC);
	(void)clock_gettime(CLOCK_MONOTONIC, &begin);
	for (int i = 0; fd >= 0 && i < megabytes; i++)
		if (write(fd, block, 1 << 20) != 1 << 20)
			return printf("error %d\n", errno) < 0;
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%lld\n", fd < 0 ? -1LL : (long long)(end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000);
	return 0;
}

static int use_huge_pages(size_t pages) {
	char *memory = mmap(NULL, pages << 21, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	for (size_t i = 0; memory != MAP_FAILED && i < pages; i++)
		memory[i << 21] = 1;
	return result(memory == MAP_FAILED ? -1 : 0);
}

static int count_forks(int wanted) {
	int made = 0;
	for (int i = 0; i < wanted; i++) {
		pid_t pid = fork();
		if (pid == 0)
			for (;;)
				(void)pause();
		made += pid > 0;
	}
	printf("%d\n", made);
	return 0;
}

static int print_stat(const char *path) {
	struct stat status;
	if (lstat(path, &status) < 0)
		return printf("error %d\n", errno) < 0;
	char type = S_ISDIR(status.st_mode) ? 'd' : S_ISCHR(status.st_mode) ? 'c' : S_ISLNK(status.st_mode) ? 'l' : '-';
	printf("%c %o %u:%u %u:%u %lld\n", type, status.st_mode & 07777, status.st_uid, status.st_gid, major(status.st_rdev), minor(status.st_rdev),
		   (long long)status.st_size);
	return 0;
}

static int print_tty(void) {
	struct winsize size = {0};
	(void)ioctl(0, TIOCGWINSZ, &size);
	printf("tty=%d name=%s size=%dx%d pgrp=%d\n", isatty(0), ttyname(0) ? ttyname(0) : "?", size.ws_col, size.ws_row, tcgetpgrp(0) == getpgrp());
	return 0;
}

/* A grandchild that outlives its parent, for an init to reap. */
static int orphan(void) {
	if (fork() == 0) {
		if (fork() == 0)
			_exit(3);
		_exit(0);
	}
	(void)wait(NULL);
	(void)usleep(20000);
	DIR *directory = opendir("/proc");
	int zombies = 0;
	for (struct dirent *entry; directory && (entry = readdir(directory));) {
		char path[300], line[256] = "";
		(void)snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
		FILE *file = atoi(entry->d_name) > 0 ? fopen(path, "re") : NULL;
		if (file && fgets(line, sizeof line, file) && strstr(line, ") Z "))
			zombies++;
		if (file)
			(void)fclose(file);
	}
	printf("zombies=%d pid=%d\n", zombies, getpid());
	return 0;
}

static int write_text(const char *path, const char *text) {
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	return result(fd < 0 ? -1 : write(fd, text, strlen(text)));
}

int main(int argc, char **argv, char **environment) {
	const char *command = argc > 1 ? argv[1] : "report", *argument = argc > 2 ? argv[2] : "";
	(void)setvbuf(stdout, NULL, _IOFBF, 65536);
	if (strcmp(command, "report") == 0)
		return report(environment);
	if (strcmp(command, "try") == 0)
		return try_named(argument);
	if (strcmp(command, "exit") == 0)
		return atoi(argument);
	if (strcmp(command, "cat") == 0)
		print_file(argument);
	else if (strcmp(command, "stat") == 0)
		return print_stat(argument);
	else if (strcmp(command, "tty") == 0)
		return print_tty();
	else if (strcmp(command, "orphan") == 0)
		return orphan();
	else if (strcmp(command, "eat") == 0)
		return eat((size_t)atoi(argument));
	else if (strcmp(command, "write") == 0)
		return write_text(argument, argc > 3 ? argv[3] : "");
	else if (strcmp(command, "write-disk") == 0)
		return write_disk(argument, argc > 3 ? atoi(argv[3]) : 1);
	else if (strcmp(command, "huge") == 0)
		return use_huge_pages((size_t)atoi(argument));
	else if (strcmp(command, "forks") == 0)
		return count_forks(atoi(argument));
	else if (strcmp(command, "kill-self") == 0)
		(void)kill(getpid(), SIGKILL);
	else if (strcmp(command, "spin") == 0)
		for (;;)
			(void)getppid();
	else if (strcmp(command, "sleep") == 0)
		for (;;)
			(void)pause();
	return 0;
}
