/*
 * The default profile: which system calls a container may make that was not told otherwise. Its verdicts are those of Docker 28 (so that images that
 * run there run here), ordered here by what the calls are for. Everything else fails with EPERM; clone3, and what is newer than the profile, with ENOSYS, so that the C library falls
 * back to clone, whose flags can be looked at.
 */
#include "runtime/seccomp-internal.h"

#include "base/cleanup.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>

/* Names in one string per subject, separated by blanks. A name that the library or the architecture does not know is skipped. */
static const char *const always[] = {
	/* Files: open, read, write. */
	"open openat openat2 creat close close_range read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 lseek _llseek "
	"sendfile sendfile64 splice tee vmsplice copy_file_range fallocate ftruncate ftruncate64 truncate truncate64 fadvise64 fadvise64_64 readahead "
	"fsync fdatasync sync syncfs sync_file_range dup dup2 dup3 fcntl fcntl64 flock ioctl memfd_create memfd_secret",
	/* Files: names, owners, modes, times, attributes. */
	"stat stat64 lstat lstat64 fstat fstat64 fstatat64 newfstatat statx statfs statfs64 fstatfs fstatfs64 statmount listmount access faccessat "
	"faccessat2 getdents getdents64 mkdir mkdirat mknod mknodat rmdir link linkat symlink symlinkat unlink unlinkat rename renameat renameat2 "
	"readlink readlinkat chmod fchmod fchmodat fchmodat2 chown chown32 fchown fchown32 fchownat lchown lchown32 umask utime utimes futimesat "
	"utimensat utimensat_time64 chdir fchdir getcwd name_to_handle_at getxattr lgetxattr fgetxattr getxattrat setxattr lsetxattr fsetxattr setxattrat "
	"listxattr llistxattr flistxattr listxattrat removexattr lremovexattr fremovexattr removexattrat inotify_init inotify_init1 inotify_add_watch "
	"inotify_rm_watch fanotify_mark",
	/* Waiting for several things. */
	"select _newselect pselect6 pselect6_time64 poll ppoll ppoll_time64 epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_wait epoll_wait_old "
	"epoll_pwait epoll_pwait2 eventfd eventfd2 signalfd signalfd4 pipe pipe2 io_setup io_submit io_cancel io_getevents io_pgetevents "
	"io_pgetevents_time64 io_destroy",
	/* Memory. */
	"brk mmap mmap2 munmap mremap mprotect madvise mincore msync mlock mlock2 mlockall munlock munlockall remap_file_pages membarrier map_shadow_stack "
	"mseal pkey_alloc pkey_free pkey_mprotect cachestat",
	/* Processes and threads. */
	"execve execveat fork vfork exit exit_group wait4 waitid waitpid getpid getppid gettid getpgid getpgrp setpgid getsid setsid kill tkill tgkill "
	"pidfd_open pidfd_send_signal process_mrelease prctl seccomp rseq set_robust_list get_robust_list set_tid_address set_thread_area get_thread_area "
	"futex futex_time64 futex_waitv futex_wait futex_wake futex_requeue restart_syscall uretprobe",
	/* Signals. */
	"rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo "
	"sigaltstack sigprocmask sigreturn pause",
	/* Users, groups, capabilities, limits, scheduling. */
	"getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getresuid getresuid32 getresgid getresgid32 getgroups getgroups32 setuid "
	"setuid32 setgid setgid32 setreuid setreuid32 setregid setregid32 setresuid setresuid32 setresgid setresgid32 setgroups setgroups32 setfsuid "
	"setfsuid32 setfsgid setfsgid32 capget capset getrlimit ugetrlimit setrlimit prlimit64 getrusage times getpriority setpriority ioprio_get "
	"ioprio_set sched_getaffinity sched_setaffinity sched_getattr sched_setattr sched_getparam sched_setparam sched_getscheduler sched_setscheduler "
	"sched_get_priority_max sched_get_priority_min sched_rr_get_interval sched_rr_get_interval_time64 sched_yield getcpu landlock_create_ruleset "
	"landlock_add_rule landlock_restrict_self",
	/* Time and the system. */
	"time gettimeofday clock_gettime clock_gettime64 clock_getres clock_getres_time64 clock_nanosleep clock_nanosleep_time64 clock_adjtime "
	"clock_adjtime64 adjtimex nanosleep alarm getitimer setitimer timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 "
	"timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 uname sysinfo getrandom",
	/* Sockets (which families, see below) and System V and POSIX IPC. */
	"socketpair socketcall bind listen accept accept4 connect shutdown getsockname getpeername getsockopt setsockopt send sendto sendmsg sendmmsg recv "
	"recvfrom recvmsg recvmmsg recvmmsg_time64 ipc msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt "
	"shmget mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink",
	/* Since Linux 4.8 tracers cannot go round a filter any more. */
	"ptrace process_vm_readv process_vm_writev",
#if defined(__x86_64__)
	"arch_prctl modify_ldt",
#elif defined(__aarch64__)
	"arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls",
#endif
};

/* More for those who have the capability anyway. */
static const struct {
	unsigned capability;
	const char *names;
} by_capability[] = {
	{CAP_DAC_READ_SEARCH, "open_by_handle_at"},
	{CAP_SYS_ADMIN, "bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr lsm_list_modules lsm_set_self_attr mount "
					"mount_setattr move_mount open_tree perf_event_open quotactl quotactl_fd setdomainname sethostname setns syslog umount umount2 unshare"},
	{CAP_SYS_BOOT, "reboot"},
	{CAP_SYS_CHROOT, "chroot"},
	{CAP_SYS_MODULE, "delete_module init_module finit_module"},
	{CAP_SYS_PACCT, "acct"},
	{CAP_SYS_PTRACE, "kcmp pidfd_getfd process_madvise"},
	{CAP_SYS_RAWIO, "iopl ioperm"},
	{CAP_SYS_TIME, "settimeofday stime clock_settime clock_settime64"},
	{CAP_SYS_TTY_CONFIG, "vhangup"},
	{CAP_SYS_NICE, "get_mempolicy mbind set_mempolicy set_mempolicy_home_node"},
	{CAP_SYSLOG, "syslog"},
	{CAP_BPF, "bpf"},
	{CAP_PERFMON, "perf_event_open"},
};

/* Execution domains that only change numbers: PER_LINUX, PER_LINUX32, UNAME26 with either, and the question which it is. */
static const uint64_t personalities[] = {0x0, 0x0008, 0x20000, 0x20008, 0xffffffff};

/* New namespaces, of users above all, are the largest attack surface of the kernel: clone may not make any. */
static const uint64_t clone_namespaces = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP;

static int allow_names(scmp_filter_ctx context, const char *names, struct seccomp_newer *newer) {
	for (const char *at = names; *at;) {
		char name[48];
		size_t length = strcspn(at, " ");
		(void)snprintf(name, sizeof name, "%.*s", (int)length, at);
		at += length;
		at += strspn(at, " ");
		seccomp_newer_allow(newer, name);
		int number = seccomp_syscall_resolve_name(name);
		int failed = number == __NR_SCMP_ERROR ? 0 : seccomp_rule_add(context, SCMP_ACT_ALLOW, number, 0);
		if (failed < 0 && failed != -EEXIST)
			return failed;
	}
	return 0;
}

static int restrict_clone(scmp_filter_ctx context) {
	int failed = seccomp_rule_add(context, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, clone_namespaces, 0));
	return failed < 0 ? failed : seccomp_rule_add(context, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

/* All families but the kernel's crypto (AF_ALG, 38: the one call that Docker 28 allows and this profile does not, CVE-2026-31431) and the way to other virtual machines (AF_VSOCK, 40). */
static int restrict_sockets(scmp_filter_ctx context) {
	int failed = seccomp_rule_add(context, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_LT, AF_ALG));
	if (failed >= 0)
		failed = seccomp_rule_add(context, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, AF_ALG + 1));
	if (failed >= 0)
		failed = seccomp_rule_add(context, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_GT, AF_VSOCK));
	return failed;
}

static int add_architectures(scmp_filter_ctx context) {
#if defined(__x86_64__)
	const uint32_t others[] = {SCMP_ARCH_X86, SCMP_ARCH_X32};
#elif defined(__aarch64__)
	const uint32_t others[] = {SCMP_ARCH_ARM};
#endif
	for (size_t i = 0; i < ELEMENTS(others); i++) {
		int failed = seccomp_arch_add(context, others[i]);
		if (failed < 0 && failed != -EEXIST)
			return failed;
	}
	return 0;
}

int seccomp_add_default_rules(scmp_filter_ctx context, uint64_t bounding, struct seccomp_newer *newer) {
	int failed = add_architectures(context);
	for (size_t i = 0; failed >= 0 && i < ELEMENTS(always); i++)
		failed = allow_names(context, always[i], newer);
	for (size_t i = 0; failed >= 0 && i < ELEMENTS(by_capability); i++)
		if (bounding & 1ULL << by_capability[i].capability)
			failed = allow_names(context, by_capability[i].names, newer);
	for (size_t i = 0; failed >= 0 && i < ELEMENTS(personalities); i++)
		failed = seccomp_rule_add(context, SCMP_ACT_ALLOW, SCMP_SYS(personality), 1, SCMP_A0(SCMP_CMP_EQ, personalities[i]));
	if (failed >= 0 && !(bounding & 1ULL << CAP_SYS_ADMIN))
		failed = restrict_clone(context);
	return failed < 0 ? failed : restrict_sockets(context);
}

/* Names in one string, as rules of linux.seccomp. */
static void describe_names(json_t *rules, const char *names) {
	json_t *list = json_array();
	for (const char *at = names; *at; at += strspn(at, " ")) {
		size_t length = strcspn(at, " ");
		(void)json_array_append_new(list, json_stringn(at, length));
		at += length;
	}
	(void)json_array_append_new(rules, json_pack("{s:o, s:s}", "names", list, "action", "SCMP_ACT_ALLOW"));
}

static void describe_argument(json_t *rules, const char *name, uint64_t value, uint64_t second, const char *op) {
	(void)json_array_append_new(rules, json_pack("{s:[s], s:s, s:[{s:i, s:I, s:I, s:s}]}", "names", name, "action", "SCMP_ACT_ALLOW", "args", "index", 0,
												 "value", (json_int_t)value, "valueTwo", (json_int_t)second, "op", op));
}

json_t *seccomp_default_profile(uint64_t bounding) {
	json_t *rules = json_array();
	for (size_t i = 0; i < ELEMENTS(always); i++)
		describe_names(rules, always[i]);
	for (size_t i = 0; i < ELEMENTS(by_capability); i++)
		if (bounding & 1ULL << by_capability[i].capability)
			describe_names(rules, by_capability[i].names);
	for (size_t i = 0; i < ELEMENTS(personalities); i++)
		describe_argument(rules, "personality", personalities[i], 0, "SCMP_CMP_EQ");
	describe_argument(rules, "socket", AF_ALG, 0, "SCMP_CMP_LT");
	describe_argument(rules, "socket", AF_ALG + 1, 0, "SCMP_CMP_EQ");
	describe_argument(rules, "socket", AF_VSOCK, 0, "SCMP_CMP_GT");
	if (!(bounding & 1ULL << CAP_SYS_ADMIN)) {
		describe_argument(rules, "clone", clone_namespaces, 0, "SCMP_CMP_MASKED_EQ");
		(void)json_array_append_new(rules, json_pack("{s:[s], s:s, s:i}", "names", "clone3", "action", "SCMP_ACT_ERRNO", "errnoRet", ENOSYS));
	}
#if defined(__x86_64__)
	json_t *architectures = json_pack("[s, s, s]", "SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32");
#elif defined(__aarch64__)
	json_t *architectures = json_pack("[s, s]", "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM");
#endif
	return json_pack("{s:s, s:i, s:o, s:o}", "defaultAction", "SCMP_ACT_ERRNO", "defaultErrnoRet", EPERM, "architectures", architectures, "syscalls", rules);
}
