/*
 * bare-start COUNT ROOTFS: the yardstick for starting and stopping COUNT containers with a network. It makes, in a straight line and without any choice,
 * the system calls that a container of an engine needs: a network namespace with a veth pair into a bridge, an address and a route; an overlay of ROOTFS;
 * a cgroup in each v1 hierarchy (or one v2 group) with a limit of processes; a process in new namespaces with Docker's mounts, devices, masks and
 * capabilities, which runs /bin/sleep. Then it kills them all and takes everything away. Prints the seconds of both halves and the sum.
 * What it leaves out makes it faster: names and packet rules, a seccomp filter, output and its log, a monitor, records, any protocol.
 */
#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/mount.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COUNT_MAX = 500 };
#define BRIDGE "berthbare0"
static const char *const hierarchies[] = {"cpu", "cpuacct", "memory", "devices", "freezer", "blkio", "pids"};
enum { HIERARCHIES = sizeof hierarchies / sizeof *hierarchies };

struct bare {
	int netns, number;
	pid_t pid;
};
static struct bare all[COUNT_MAX];
static int home;
static char folder[] = "/run/berth-bare-XXXXXX";
static const char *rootfs;

static int must(long result, const char *what) {
	if (result < 0) {
		perror(what);
		_exit(1);
	}
	return (int)result;
}

/* Netlink: one message, one answer. */

struct message {
	struct nlmsghdr header;
	char rest[1024];
};

static void *put(struct message *m, unsigned short type, const void *data, size_t length) {
	struct rtattr *attribute = (struct rtattr *)((char *)m + NLMSG_ALIGN(m->header.nlmsg_len));
	attribute->rta_type = type;
	attribute->rta_len = (unsigned short)RTA_LENGTH(length);
	if (length)
		memcpy(RTA_DATA(attribute), data, length);
	m->header.nlmsg_len = NLMSG_ALIGN(m->header.nlmsg_len) + RTA_ALIGN(attribute->rta_len);
	return attribute;
}

static void end(struct message *m, void *opened) {
	struct rtattr *attribute = opened;
	attribute->rta_len = (unsigned short)((char *)m + NLMSG_ALIGN(m->header.nlmsg_len) - (char *)attribute);
}

static struct message *begin(struct message *m, unsigned short type, unsigned short flags, const void *body, size_t length) {
	memset(m, 0, sizeof *m);
	m->header = (struct nlmsghdr){.nlmsg_len = NLMSG_LENGTH(length), .nlmsg_type = type, .nlmsg_flags = (unsigned short)(NLM_F_REQUEST | NLM_F_ACK | flags)};
	memcpy(NLMSG_DATA(&m->header), body, length);
	return m;
}

static void transact(int fd, struct message *m, const char *what) {
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char rest[2048];
	} answer;
	must(send(fd, m, m->header.nlmsg_len, 0), what);
	must(recv(fd, &answer, sizeof answer, 0), what);
	errno = -answer.error.error;
	must(answer.error.error, what);
}

static int route_socket(void) { return must(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), "netlink"); }

static void add_bridge(int route) {
	struct message m;
	struct ifinfomsg up = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	begin(&m, RTM_NEWLINK, NLM_F_CREATE, &up, sizeof up);
	put(&m, IFLA_IFNAME, BRIDGE, sizeof BRIDGE);
	void *info = put(&m, IFLA_LINKINFO, NULL, 0);
	put(&m, IFLA_INFO_KIND, "bridge", 6);
	end(&m, info);
	transact(route, &m, "bridge");
}

static void delete_link(int route, const char *name) {
	struct message m;
	struct ifinfomsg none = {0};
	begin(&m, RTM_DELLINK, 0, &none, sizeof none);
	put(&m, IFLA_IFNAME, name, strlen(name) + 1);
	transact(route, &m, name);
}

static void outer_name(const struct bare *bare, char name[IFNAMSIZ]) { snprintf(name, IFNAMSIZ, "bare%u", (unsigned)bare->number % COUNT_MAX); }

static void add_veth(int inner, const char *name) {
	struct message m;
	struct ifinfomsg up = {.ifi_index = 16, .ifi_flags = IFF_UP, .ifi_change = IFF_UP}, peer_info = {0};
	uint32_t one = 1;
	begin(&m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &up, sizeof up);
	put(&m, IFLA_IFNAME, "eth0", 5);
	put(&m, IFLA_NUM_TX_QUEUES, &one, 4);
	put(&m, IFLA_NUM_RX_QUEUES, &one, 4);
	void *info = put(&m, IFLA_LINKINFO, NULL, 0);
	put(&m, IFLA_INFO_KIND, "veth", 4);
	void *data = put(&m, IFLA_INFO_DATA, NULL, 0);
	void *peer = put(&m, VETH_INFO_PEER, &peer_info, sizeof peer_info);
	put(&m, IFLA_IFNAME, name, strlen(name) + 1);
	put(&m, IFLA_NET_NS_FD, &home, 4);
	put(&m, IFLA_NUM_TX_QUEUES, &one, 4);
	put(&m, IFLA_NUM_RX_QUEUES, &one, 4);
	end(&m, peer);
	end(&m, data);
	end(&m, info);
	transact(inner, &m, "veth");
}

static void add_addresses(int inner, int number) {
	struct message m;
	struct ifinfomsg lo = {.ifi_index = 1, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	struct ifaddrmsg address_info = {.ifa_family = AF_INET, .ifa_prefixlen = 16, .ifa_index = 16};
	struct rtmsg route_info = {.rtm_family = AF_INET, .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_BOOT, .rtm_type = RTN_UNICAST};
	uint32_t address = htonl(0x0afd0002u + (unsigned)number), gateway = htonl(0x0afd0001u), index = 16;
	begin(&m, RTM_NEWLINK, 0, &lo, sizeof lo);
	transact(inner, &m, "lo");
	begin(&m, RTM_NEWADDR, NLM_F_CREATE, &address_info, sizeof address_info);
	put(&m, IFA_LOCAL, &address, 4);
	put(&m, IFA_ADDRESS, &address, 4);
	transact(inner, &m, "address");
	begin(&m, RTM_NEWROUTE, NLM_F_CREATE, &route_info, sizeof route_info);
	put(&m, RTA_GATEWAY, &gateway, 4);
	put(&m, RTA_OIF, &index, 4);
	transact(inner, &m, "route");
}

static void join_bridge(int route, const char *name) {
	struct message m;
	struct ifinfomsg up = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	uint32_t bridge = if_nametoindex(BRIDGE);
	begin(&m, RTM_NEWLINK, 0, &up, sizeof up);
	put(&m, IFLA_IFNAME, name, strlen(name) + 1);
	put(&m, IFLA_MASTER, &bridge, 4);
	transact(route, &m, "join");
}

static void start_network(struct bare *bare, int route) {
	char name[IFNAMSIZ], path[80], source[40];
	outer_name(bare, name);
	must(unshare(CLONE_NEWNET), "unshare");
	bare->netns = must(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), "netns");
	int inner = route_socket();
	must(setns(home, CLONE_NEWNET), "setns");
	add_veth(inner, name);
	add_addresses(inner, bare->number);
	close(inner);
	join_bridge(route, name);
	snprintf(path, sizeof path, "%s/net%d", folder, bare->number);
	snprintf(source, sizeof source, "/proc/self/fd/%d", bare->netns);
	close(must(open(path, O_CREAT | O_EXCL | O_CLOEXEC, 0444), path));
	must(mount(source, path, NULL, MS_BIND, NULL), "netns mount");
}

/* Mounts. */

static int file_system(const char *type, const char *const *options, unsigned attributes) {
	int fs = must(syscall(SYS_fsopen, type, FSOPEN_CLOEXEC), type);
	for (; options && options[0]; options += 2)
		must(syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, options[0], options[1], 0), options[1]);
	must(syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0), type);
	int mounted = must(syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attributes), type);
	close(fs);
	return mounted;
}

static void attach(int mounted, const char *path) {
	must(syscall(SYS_move_mount, mounted, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH), path);
	close(mounted);
}

static void cover(const char *path, int is_mask) {
	struct mount_attr readonly = {.attr_set = MOUNT_ATTR_RDONLY};
	int tree = (int)syscall(SYS_open_tree, AT_FDCWD, is_mask ? "dev/null" : path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0)
		return;
	syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &readonly, sizeof readonly);
	syscall(SYS_move_mount, tree, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH);
	close(tree);
}

static int overlay(int number) {
	char upper[80], work[80];
	snprintf(upper, sizeof upper, "%s/upper%d", folder, number);
	snprintf(work, sizeof work, "%s/work%d", folder, number);
	must(mkdir(upper, 0755), upper);
	must(mkdir(work, 0755), work);
	return file_system("overlay", (const char *[]){"lowerdir", rootfs, "upperdir", upper, "workdir", work, NULL}, 0);
}

static void build_root(int root) {
	static const char *const hidden[] = {"proc/kcore", "proc/keys", "proc/timer_list"}, *const readonly[] = {"proc/bus", "proc/fs", "proc/irq", "proc/sys"};
	static const char *const devices[] = {"null", "zero", "full", "random", "urandom", "tty"};
	static const unsigned numbers[][2] = {{1, 3}, {1, 5}, {1, 7}, {1, 8}, {1, 9}, {5, 0}};
	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private");
	must(syscall(SYS_move_mount, root, "", AT_FDCWD, rootfs, MOVE_MOUNT_F_EMPTY_PATH), "root");
	must(fchdir(root), "root");
	attach(file_system("proc", NULL, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC), "proc");
	attach(file_system("tmpfs", (const char *[]){"mode", "755", "size", "64k", NULL}, MOUNT_ATTR_NOSUID), "dev");
	must(mkdir("dev/pts", 0755) | mkdir("dev/shm", 0755) | mkdir("dev/mqueue", 0755), "dev");
	attach(file_system("devpts", (const char *[]){"ptmxmode", "0666", "mode", "0620", NULL}, MOUNT_ATTR_NOSUID), "dev/pts");
	attach(file_system("tmpfs", (const char *[]){"mode", "1777", "size", "64m", NULL}, MOUNT_ATTR_NOSUID), "dev/shm");
	attach(file_system("mqueue", NULL, MOUNT_ATTR_NOSUID), "dev/mqueue");
	attach(file_system("sysfs", NULL, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID), "sys");
	for (unsigned i = 0; i < sizeof devices / sizeof *devices; i++) {
		char path[20];
		snprintf(path, sizeof path, "dev/%s", devices[i]);
		must(mknod(path, S_IFCHR | 0666, makedev(numbers[i][0], numbers[i][1])), path);
	}
	for (unsigned i = 0; i < sizeof readonly / sizeof *readonly; i++)
		cover(readonly[i], 0);
	for (unsigned i = 0; i < sizeof hidden / sizeof *hidden; i++)
		cover(hidden[i], 1);
	must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	must(umount2(".", MNT_DETACH), "umount");
	must(chdir("/"), "chdir");
}

/* Groups. */

static int is_v2(void) { return access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0; }

static void group_path(char *path, size_t size, const char *hierarchy, int number) {
	snprintf(path, size, "/sys/fs/cgroup/%s/berth-bare-%d", hierarchy, number);
}

static void write_file(const char *group, const char *file, const char *text) {
	char path[200];
	snprintf(path, sizeof path, "%s/%s", group, file);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	(void)!write(fd, text, strlen(text));
	close(fd);
}

static void make_groups(int number) {
	char path[160];
	for (int i = 0; i < (is_v2() ? 1 : HIERARCHIES); i++) {
		group_path(path, sizeof path, is_v2() ? "" : hierarchies[i], number);
		must(mkdir(path, 0755), path);
		if (is_v2() || strcmp(hierarchies[i], "pids") == 0)
			write_file(path, "pids.max", "4096");
	}
}

static void enter_groups(int number) {
	char path[160];
	for (int i = 0; i < (is_v2() ? 1 : HIERARCHIES); i++) {
		group_path(path, sizeof path, is_v2() ? "" : hierarchies[i], number);
		write_file(path, is_v2() ? "cgroup.procs" : "tasks", "0");
	}
}

static void remove_groups(int number) {
	char path[160];
	for (int i = 0; i < (is_v2() ? 1 : HIERARCHIES); i++) {
		group_path(path, sizeof path, is_v2() ? "" : hierarchies[i], number);
		must(rmdir(path), path);
	}
}

static void run_inside(const struct bare *bare, int root) {
	enter_groups(bare->number);
	must(setns(bare->netns, CLONE_NEWNET), "setns");
	build_root(root);
	must(sethostname("bare", 4), "hostname");
	setsid();
	for (int i = 14; i < 41; i++)
		prctl(PR_CAPBSET_DROP, i);
	syscall(SYS_close_range, 3, ~0U, 0);
	execl("/bin/sleep", "sleep", "1000000", NULL);
	_exit(127);
}

static void start(struct bare *bare, int route) {
	start_network(bare, route);
	int root = overlay(bare->number);
	make_groups(bare->number);
	struct clone_args args = {.flags = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_VFORK, .exit_signal = SIGCHLD};
	bare->pid = must(syscall(SYS_clone3, &args, sizeof args), "clone3");
	if (bare->pid == 0)
		run_inside(bare, root);
	close(root);
}

static void stop(struct bare *bare, int route) {
	char name[IFNAMSIZ], path[80];
	outer_name(bare, name);
	kill(bare->pid, SIGKILL);
	int status;
	must(waitpid(bare->pid, &status, 0), "wait");
	if (!WIFSIGNALED(status)) {
		fprintf(stderr, "bare-start: a container ended by itself with status %x\n", status);
		exit(1);
	}
	remove_groups(bare->number);
	delete_link(route, name);
	snprintf(path, sizeof path, "%s/net%d", folder, bare->number);
	must(umount2(path, MNT_DETACH), "umount");
	unlink(path);
	close(bare->netns);
}

int main(int argc, char **argv) {
	int count = argc == 3 ? atoi(argv[1]) : 0;
	if (count < 1 || count > COUNT_MAX)
		return fprintf(stderr, "usage: bare-start COUNT ROOTFS\n"), 2;
	rootfs = argv[2];
	home = must(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), "netns");
	must(mkdtemp(folder) ? 0 : -1, folder);
	int route = route_socket();
	add_bridge(route);
	double began = now();
	for (int i = 0; i < count; i++) {
		all[i].number = i;
		start(&all[i], route);
	}
	double started = now();
	for (int i = 0; i < count; i++)
		stop(&all[i], route);
	double stopped = now();
	delete_link(route, BRIDGE);
	printf("%.4f %.4f %.4f\n", started - began, stopped - started, stopped - began);
	fflush(stdout);
	execlp("rm", "rm", "-rf", folder, NULL);
	return 1;
}
