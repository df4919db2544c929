#include "runtime/identity.h"

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/sys.h"
#include "runtime/capabilities.h"
#include "runtime/path.h"
#include "runtime/procfs.h"

#include <errno.h>
#include <limits.h>
#include <linux/keyctl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/sysmacros.h>

int identity_oom_score(struct launch *launch) {
	char text[16];
	if (!launch->process->has_oom_score_adj)
		return 0;
	int failed = procfs_open(launch);
	if (failed < 0)
		return failed;
	(void)snprintf(text, sizeof text, "%d", launch->process->oom_score_adj);
	failed = write_file_at(launch->proc, "self/oom_score_adj", text);
	if (failed == -EACCES || failed == -EPERM)
		launch_warn(launch, "oom_score_adj %s is below this host's own and needs CAP_SYS_RESOURCE: left as it is", text);
	else if (failed < 0)
		return error_set(launch->err, -failed, "process", "cannot set oom_score_adj to %s: %s", text, strerror(-failed));
	return 0;
}

int identity_reset(struct launch *launch) {
	const struct host *host = launch->host;
	bool keeps_keyring = launch->hold && launch->hold->keeps_keyring;
	if (!keeps_keyring && syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS && errno != EPERM)
		launch_warn(launch, "no session keyring of its own: %s", strerror(errno));
	if (host->resets_personality)
		(void)personality(PER_LINUX);
	if (host->resets_affinity) {
		cpu_set_t all;
		memset(&all, 0xff, sizeof all);
		(void)sched_setaffinity(0, sizeof all, &all);
	}
	struct sched_param normal = {0};
	if (host->resets_scheduler)
		(void)sched_setscheduler(0, SCHED_OTHER, &normal);
	return 0;
}

int identity_rlimits(struct launch *launch) {
	for (size_t i = 0; i < launch->process->rlimit_count; i++) {
		const struct spec_rlimit *limit = &launch->process->rlimits[i];
		if (prlimit64(0, (enum __rlimit_resource)limit->resource, &limit->value, NULL) == 0)
			continue;
		if (errno != EPERM)
			return error_errno(launch->err, "process", "cannot set %s", limit->name);
		/* Raising a hard limit needs CAP_SYS_RESOURCE: as far as it goes without. */
		struct rlimit64 now;
		(void)prlimit64(0, (enum __rlimit_resource)limit->resource, NULL, &now);
		now.rlim_max = limit->value.rlim_max < now.rlim_max ? limit->value.rlim_max : now.rlim_max;
		now.rlim_cur = limit->value.rlim_cur < now.rlim_max ? limit->value.rlim_cur : now.rlim_max;
		(void)prlimit64(0, (enum __rlimit_resource)limit->resource, &now, NULL);
		launch_warn(launch, "%s stays at %llu:%llu: raising it needs CAP_SYS_RESOURCE", limit->name, (unsigned long long)now.rlim_cur,
					 (unsigned long long)now.rlim_max);
	}
	return 0;
}

static bool is_null(const struct stat *status) { return S_ISCHR(status->st_mode) && status->st_rdev == makedev(1, 3); }

/* The host's null device is exchanged for the container's, so that no fd refers to a file of the host. */
static void exchange_null(int fd, int *null) {
	struct stat status;
	if (*null < 0)
		*null = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (*null >= 0 && fstat(*null, &status) == 0 && is_null(&status))
		(void)dup3(*null, fd, 0);
}

/* A process that runs as somebody else must be able to open /dev/stdout again; the null device is the host's or shared. */
static void give_stdio(const struct launch *launch) {
	_cleanup_close_ int null = -1;
	uid_t uid = launch->process->user.uid;
	for (int fd = 0; fd < 3; fd++) {
		struct stat status;
		if (fstat(fd, &status) < 0)
			continue;
		if (is_null(&status))
			exchange_null(fd, &null);
		else if (status.st_uid != uid && (S_ISFIFO(status.st_mode) || launch->terminal_peer >= 0))
			(void)!fchown(fd, uid, (gid_t)-1);
	}
}

int identity_session(struct launch *launch) {
	(void)setsid();
	for (int fd = 0; fd < 3; fd++) {
		int source = launch->terminal_peer >= 0 ? launch->terminal_peer : launch->stdio[fd];
		/* Sources are above 2, or in place: see launch_lift_stdio(). */
		if (source != fd && dup3(source, fd, 0) < 0)
			return error_errno(launch->err, "process", "cannot set up fd %d", fd);
	}
	if (launch->terminal_peer >= 0 && ioctl(0, TIOCSCTTY, 0) < 0)
		return error_errno(launch->err, "console", "cannot take the terminal");
	give_stdio(launch);
	return 0;
}

/* By the system call: the C library hides that the kernel says "(unreachable)". */
static int verify_working_folder(struct launch *launch) {
	char path[PATH_MAX];
	if (syscall(SYS_getcwd, path, sizeof path) < 0)
		return error_errno(launch->err, "cwd", "the working folder %s is gone", launch->process->cwd);
	if (path[0] != '/')
		return error_set(launch->err, EACCES, "cwd", "the working folder %s is outside of the container", launch->process->cwd);
	launch->is_cwd_entered = true;
	return 0;
}

int identity_working_folder(struct launch *launch) {
	const char *cwd = launch->process->cwd;
	if (chdir(cwd) == 0)
		return verify_working_folder(launch);
	if (errno == EACCES)
		return 0; /* tried again as the user */
	if (errno != ENOENT || !launch->config)
		return error_errno(launch->err, "cwd", "cannot change to the working folder %s", cwd);
	bool made;
	_cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int folder = root < 0 ? -errno : path_make_folder(root, cwd, &made);
	if (folder < 0 || chdir(cwd) < 0)
		return error_set(launch->err, folder < 0 ? -folder : errno, "cwd", "cannot make the working folder %s: %s", cwd,
						 strerror(folder < 0 ? -folder : errno));
	return verify_working_folder(launch);
}

static int load_filter(struct launch *launch) {
	/* Preserved ones that were inherited stay open; those in their range that are ours have the flag already. The filter may forbid this. */
	(void)sys_close_range(3 + launch->preserved_fds, ~0U, CLOSE_RANGE_CLOEXEC);
	return launch->seccomp.code ? launch_load_filter(launch) : 0;
}

int identity_seccomp_early(struct launch *launch) { return launch->process->no_new_privileges ? 0 : load_filter(launch); }

int identity_user(struct launch *launch) {
	const struct spec_user *user = &launch->process->user;
	int failed = capabilities_bound(launch->capabilities.bounding, launch_bounding(launch->host, launch->userns >= 0));
	if (failed < 0)
		return error_set(launch->err, -failed, "capabilities", "cannot bound the capabilities: %s", strerror(-failed));
	/* Who stays root loses none by the change. */
	if (user->uid && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return error_errno(launch->err, "capabilities", "cannot keep capabilities");
	/* The bare system calls: the library's would tell other threads, and this memory has another owner. */
	if (syscall(SYS_setgroups, user->group_count, user->groups) < 0)
		return error_errno(launch->err, "user", "cannot set the groups");
	if (syscall(SYS_setresgid, user->gid, user->gid, user->gid) < 0 || syscall(SYS_setresuid, user->uid, user->uid, user->uid) < 0)
		return error_errno(launch->err, "user", "cannot become user %u:%u", user->uid, user->gid);
	if (user->uid)
		(void)prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
	if ((failed = capabilities_apply(&launch->capabilities)) < 0)
		return error_set(launch->err, -failed, "capabilities", "cannot set the capabilities: %s", strerror(-failed));
	if (!launch->is_cwd_entered) {
		if (chdir(launch->process->cwd) < 0)
			return error_errno(launch->err, "cwd", "cannot change to the working folder %s", launch->process->cwd);
		return verify_working_folder(launch);
	}
	return 0;
}

static void reset_signals(const struct host *host) {
	/* Handlers were reset by the clone. Ignored ones survive an exec, and Node ignores SIGPIPE. */
	for (int signal = 1; signal < NSIG && signal < 64; signal++)
		if (host->ignored_signals & 1ULL << signal)
			(void)sys_default_signal(signal);
}

int identity_finish(struct launch *launch) {
	(void)umask(launch->process->user.umask);
	(void)prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
	reset_signals(launch->host);
	if (launch->process->no_new_privileges) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
			return error_errno(launch->err, "process", "cannot set no_new_privs");
		return load_filter(launch);
	}
	return 0;
}
