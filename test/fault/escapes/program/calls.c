/* System calls that only the host's administrator has. */
#define _GNU_SOURCE
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CALL(name, ...) \
	static int name(const char *argument) { \
		(void)argument; \
		return __VA_ARGS__; \
	}

CALL(try_mount, outcome(mount("none", "/tmp", "tmpfs", 0, NULL)))
CALL(try_unshare_user, outcome(unshare(CLONE_NEWUSER)))
CALL(try_unshare_mount, outcome(unshare(CLONE_NEWNS)))
CALL(try_pivot_root, passed_gate(syscall(SYS_pivot_root, "/nowhere", "/nowhere")))
CALL(try_keyctl, outcome(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0)))
CALL(try_add_key, outcome(syscall(SYS_add_key, "user", "escape", "x", 1, KEY_SPEC_PROCESS_KEYRING)))
CALL(try_af_alg, outcome(socket(AF_ALG, SOCK_SEQPACKET, 0)))
CALL(try_af_vsock, outcome(socket(AF_VSOCK, SOCK_STREAM, 0)))
CALL(try_userfaultfd, outcome(syscall(SYS_userfaultfd, O_CLOEXEC)))
CALL(try_reboot, passed_gate(syscall(SYS_reboot, 0, 0, 0, NULL)))
CALL(try_kexec, passed_gate(syscall(SYS_kexec_load, 0UL, ~0UL, NULL, ~0UL)))
CALL(try_init_module, passed_gate(syscall(SYS_init_module, NULL, 0UL, "")))
CALL(try_finit_module, passed_gate(syscall(SYS_finit_module, -1, "", 0)))
CALL(try_delete_module, passed_gate(syscall(SYS_delete_module, "no-such-module", O_NONBLOCK)))
CALL(try_swapon, passed_gate(swapon("/nowhere", 0)))
CALL(try_set_clock, passed_gate(syscall(SYS_clock_settime, 0, NULL)))
CALL(try_syslog, outcome(syscall(SYS_syslog, 3, (char[64]){0}, 64)))
CALL(try_quotactl, passed_gate(syscall(SYS_quotactl, 0x80000800, "/nowhere", 0, NULL)))
CALL(try_acct, passed_gate(acct("/nowhere/at/all")))
CALL(try_sethostname, outcome(sethostname("escape", 6)))
CALL(try_open_tree, outcome(syscall(SYS_open_tree, AT_FDCWD, "/", 1U)))
CALL(try_fsopen, outcome(syscall(SYS_fsopen, "tmpfs", 0)))
CALL(try_mount_setattr, passed_gate(syscall(SYS_mount_setattr, -1, "/nowhere", 0, NULL, 0)))
CALL(try_clone3, passed_gate(syscall(SYS_clone3, NULL, 0)))

static int try_setns(const char *argument) {
	(void)argument;
	int fd = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	return fd < 0 ? errno : outcome(setns(fd, CLONE_NEWUTS));
}

static int try_bpf(const char *argument) {
	(void)argument;
	union bpf_attr attributes;
	memset(&attributes, 0, sizeof attributes);
	attributes.map_type = BPF_MAP_TYPE_ARRAY;
	attributes.key_size = attributes.value_size = 4;
	attributes.max_entries = 1;
	return outcome(syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes));
}

static int try_io_uring(const char *argument) {
	(void)argument;
	char parameters[120] = {0};
	return outcome(syscall(SYS_io_uring_setup, 1, parameters));
}

static int try_perf(const char *argument) {
	(void)argument;
	struct perf_event_attr attributes = {.type = PERF_TYPE_SOFTWARE, .size = sizeof attributes, .config = PERF_COUNT_SW_CPU_CLOCK};
	return outcome(syscall(SYS_perf_event_open, &attributes, -1, 0, -1, 0));
}

/* The shocker: a file by its handle, whatever the mounts of the container show. /etc/hosts is a file of the host's own file system. */
static int try_file_handle(const char *argument) {
	(void)argument;
	union {
		struct file_handle head;
		char memory[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} handle = {.head.handle_bytes = MAX_HANDLE_SZ};
	int mount_id, place = open("/etc/hosts", O_RDONLY | O_CLOEXEC);
	if (place < 0 || name_to_handle_at(AT_FDCWD, "/etc/hosts", &handle.head, &mount_id, 0) < 0)
		return errno;
	return outcome(open_by_handle_at(place, &handle.head, O_RDONLY));
}

static int try_net_admin(const char *argument) {
	(void)argument;
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return outcome(ioctl(fd, SIOCSIFFLAGS, &request));
}

static int try_raise_capability(const char *argument) {
	(void)argument;
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2];
	if (syscall(SYS_capget, &head, sets) < 0)
		return errno;
	sets[0].permitted |= 1U << CAP_SYS_ADMIN;
	sets[0].effective |= 1U << CAP_SYS_ADMIN;
	return outcome(syscall(SYS_capset, &head, sets));
}

static int try_mount_in_user_namespace(const char *argument) {
	(void)argument;
	return unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 ? errno : outcome(mount("tmpfs", "/tmp", "tmpfs", 0, NULL));
}

#ifdef __x86_64__
/* mount(2) by the other system call tables of this processor: a filter that looks at numbers alone takes them for something else. */
static int try_i386_mount(const char *argument) {
	(void)argument;
	long result;
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(21L), "b"(0L), "c"(0L), "d"(0L), "S"(0L), "D"(0L) : "memory", "r8", "r9", "r10", "r11");
	errno = result < 0 ? (int)-result : 0;
	return passed_gate(result < 0 ? -1 : 0);
}

CALL(try_x32_mount, passed_gate(syscall(0x40000000L | SYS_mount, NULL, NULL, NULL, 0UL, NULL)))
#endif

const struct attack call_attacks[] = {
	{"mount", try_mount},
	{"unshare-user", try_unshare_user},
	{"unshare-mount", try_unshare_mount},
	{"pivot-root", try_pivot_root},
	{"keyctl", try_keyctl},
	{"add-key", try_add_key},
	{"af-alg", try_af_alg},
	{"af-vsock", try_af_vsock},
	{"userfaultfd", try_userfaultfd},
	{"reboot", try_reboot},
	{"kexec", try_kexec},
	{"init-module", try_init_module},
	{"finit-module", try_finit_module},
	{"delete-module", try_delete_module},
	{"swapon", try_swapon},
	{"set-clock", try_set_clock},
	{"syslog", try_syslog},
	{"quotactl", try_quotactl},
	{"acct", try_acct},
	{"sethostname", try_sethostname},
	{"open-tree", try_open_tree},
	{"fsopen", try_fsopen},
	{"mount-setattr", try_mount_setattr},
	{"clone3", try_clone3},
	{"setns", try_setns},
	{"bpf", try_bpf},
	{"io-uring", try_io_uring},
	{"perf", try_perf},
	{"file-handle", try_file_handle},
	{"net-admin", try_net_admin},
	{"raise-capability", try_raise_capability},
	{"mount-in-user-namespace", try_mount_in_user_namespace},
#ifdef __x86_64__
	{"i386-mount", try_i386_mount},
	{"x32-mount", try_x32_mount},
#endif
	{NULL, NULL},
};
