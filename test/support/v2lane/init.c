// PID 1 of the lane's guest: turns the host's read-only files into a writable system with cgroup v2 only, runs the command, stores its status.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

// A folder that every host has and that the guest does not need before the switch of its root.
#define BASE "/sys"
#define ROOT BASE "/root"
#define DISK BASE "/disk"

static char kernel_arguments[4096];

static void power_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

static void check(int result, const char *what)
{
	if (result >= 0)
		return;
	fprintf(stderr, "init: %s: %s\n", what, strerror(errno));
	power_off();
}

// The value of name=... on the kernel's command line, "" when absent. The caller frees it.
static char *argument(const char *name)
{
	size_t length = strlen(name);
	for (char *at = kernel_arguments; (at = strstr(at, name)); at += length)
		if ((at == kernel_arguments || at[-1] == ' ') && at[length] == '=')
			return strndup(at + length + 1, strcspn(at + length + 1, " \n"));
	return strdup("");
}

static void make_path(const char *path)
{
	char *copy = strdup(path);
	for (char *at = copy + 1; *at; at++)
		if (*at == '/') {
			*at = '\0';
			mkdir(copy, 0755);
			*at = '/';
		}
	mkdir(copy, 0755);
	free(copy);
}

static void mount_at(const char *type, const char *target, unsigned long flags, const char *options)
{
	make_path(target);
	check(mount(type, target, type, flags, options), target);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		fprintf(stderr, "init: write %s: %s\n", path, strerror(errno));
	close(fd);
}

// What Debian's kernel has as modules and Berth needs, each after those that it builds on. One that is built in or missing is passed over.
static void load_modules(const char *modules)
{
	static const char *const needed[] = {"fs/overlayfs/overlay", "net/llc/llc", "net/802/stp", "net/bridge/bridge", "drivers/net/veth",
						 "drivers/block/loop", "block/bfq"};
	struct utsname name;
	uname(&name);
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
		char path[4096];
		snprintf(path, sizeof(path), "%s/%s/kernel/%s.ko", modules, name.release, needed[i]);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		syscall(SYS_finit_module, fd, "", 0);
		close(fd);
	}
}

static void mount_root(void)
{
	check(mount("tmpfs", BASE, "tmpfs", 0, "mode=755"), "tmpfs");
	make_path(DISK);
	make_path(ROOT);
	check(mount("/dev/ubda", DISK, "ext4", MS_NOATIME, NULL), "scratch disk");
	make_path(DISK "/upper");
	make_path(DISK "/work");
	make_path(DISK "/scratch/tmp");
	chmod(DISK "/scratch/tmp", 01777);
	check(mount("overlay", ROOT, "overlay", 0, "lowerdir=/,upperdir=" DISK "/upper,workdir=" DISK "/work"), "overlay");
}

static void mount_system(void)
{
	const unsigned long strict = MS_NOSUID | MS_NODEV | MS_NOEXEC;
	mount_at("proc", ROOT "/proc", strict, NULL);
	mount_at("sysfs", ROOT "/sys", strict, NULL);
	mount_at("devtmpfs", ROOT "/dev", MS_NOSUID, NULL);
	mount_at("devpts", ROOT "/dev/pts", MS_NOSUID | MS_NOEXEC, "mode=620,ptmxmode=666,newinstance");
	mount_at("tmpfs", ROOT "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777");
	mount_at("mqueue", ROOT "/dev/mqueue", strict, NULL);
	mount_at("tmpfs", ROOT "/run", MS_NOSUID | MS_NODEV, "mode=755");
	mount_at("cgroup2", ROOT "/sys/fs/cgroup", strict, "nsdelegate");
	make_path(ROOT "/lane");
	check(mount(DISK "/scratch", ROOT "/lane", NULL, MS_BIND, NULL), "/lane");
	unlink(ROOT "/dev/ptmx");
	if (symlink("pts/ptmx", ROOT "/dev/ptmx") || symlink("/proc/self/fd", ROOT "/dev/fd"))
		fprintf(stderr, "init: /dev links: %s\n", strerror(errno));
	static const char *const open_to_all[] = {"null", "zero", "full", "random", "urandom", "tty", "fuse"};
	for (size_t i = 0; i < sizeof(open_to_all) / sizeof(*open_to_all); i++) {
		char path[64];
		snprintf(path, sizeof(path), ROOT "/dev/%s", open_to_all[i]);
		chmod(path, 0666);
	}
}

// Folders of the host that are written through.
static void mount_shares(const char *run, char *shares)
{
	char path[4096], list[4096];
	snprintf(list, sizeof(list), "%s:%s", run, shares);
	for (char *rest, *share = strtok_r(list, ":", &rest); share; share = strtok_r(NULL, ":", &rest)) {
		snprintf(path, sizeof(path), ROOT "%s", share);
		make_path(path);
		check(mount("none", path, "hostfs", 0, share), share);
	}
}

static void delegate_controllers(void)
{
	static const char *const controllers[] = {"+cpuset", "+cpu", "+io", "+memory", "+pids"};
	for (size_t i = 0; i < sizeof(controllers) / sizeof(*controllers); i++) {
		int fd = open("/sys/fs/cgroup/cgroup.subtree_control", O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		// A controller that this kernel lacks is refused; the tests ask cgroup.controllers what there is.
		ssize_t ignored = write(fd, controllers[i], strlen(controllers[i]));
		(void)ignored;
		close(fd);
	}
	make_path("/sys/fs/cgroup/init");
	write_file("/sys/fs/cgroup/init/cgroup.procs", "1");
}

static void raise_loopback(void)
{
	struct ifreq request = {.ifr_name = "lo"};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ioctl(fd, SIOCGIFFLAGS, &request);
	request.ifr_flags |= IFF_UP;
	ioctl(fd, SIOCSIFFLAGS, &request);
	close(fd);
}

static void redirect(const char *run, const char *name, int target)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/%s", run, name);
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	check(fd, path);
	dup2(fd, target);
}

// Runs the command and reaps everything until it has ended. Returns its exit status as a shell gives it.
static int run_command(const char *run)
{
	char script[4096];
	snprintf(script, sizeof(script), "%s/command", run);
	pid_t child = fork();
	check(child, "fork");
	if (child == 0) {
		setsid();
		int null = open("/dev/null", O_RDONLY);
		dup2(null, 0);
		redirect(run, "stdout", 1);
		redirect(run, "stderr", 2);
		execl("/bin/bash", "bash", script, (char *)NULL);
		_exit(127);
	}
	for (;;) {
		int status;
		pid_t ended = wait(&status);
		if (ended != child)
			continue;
		return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
}

int main(void)
{
	if (getpid() != 1)
		return 2;
	check(mount("proc", "/proc", "proc", 0, NULL), "/proc");
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	check(read(fd, kernel_arguments, sizeof(kernel_arguments) - 1), "command line");
	close(fd);
	char *run = argument("lane_run"), *shares = argument("lane_share"), *modules = argument("lane_modules");
	load_modules(modules);
	mount_root();
	mount_system();
	mount_shares(run, shares);
	// The overlay becomes the real root by pivot_root, not chroot: user namespaces refuse callers in a chroot.
	make_path(ROOT "/mnt");
	check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private root");
	check(chdir(ROOT), ROOT);
	check((int)syscall(SYS_pivot_root, ".", "mnt"), "pivot_root");
	check(chdir("/"), "/");
	umount2("/mnt", MNT_DETACH);
	delegate_controllers();
	raise_loopback();
	sethostname("lane", 4);

	char status[16], path[4096];
	snprintf(path, sizeof(path), "%s/started", run);
	write_file(path, "");
	snprintf(status, sizeof(status), "%d\n", run_command(run));
	snprintf(path, sizeof(path), "%s/status", run);
	write_file(path, status);
	power_off();
}
