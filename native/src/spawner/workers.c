#include "spawner/workers.h"

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/process.h"
#include "base/sys.h"
#include "layer/layer.h"
#include "monitor/monitor.h"
#include "runtime/cgroup.h"
#include "spawner/run-dir.h"
#include "base/socket.h"

#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Weak: a build of some parts only (make PARTS=...) lacks them; then the child says so by exit code 127. */
#pragma weak layer_worker_run
int netd_main(int argc, char **argv) __attribute__((weak));

int workers_fork_monitor(const struct host *host, const char *bundle, const int *private_fds, unsigned private_count, struct error *err) {
	int r = run_dir_make_path(bundle, 0700, err);
	if (r < 0)
		return r;
	_cleanup_close_ int directory = open(bundle, O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (directory < 0)
		return error_errno(err, "monitor", "cannot open %s", bundle);
	_cleanup_close_ int listener = socket_listen_at(directory, "monitor.sock", err);
	if (listener < 0)
		return listener;
	pid_t pid = sys_fork();
	if (pid < 0)
		return error_errno(err, "monitor", "fork");
	if (pid > 0)
		return pid;
	for (unsigned i = 0; i < private_count; i++)
		(void)close(private_fds[i]);
	struct monitor_setup setup = {.listener = TAKE_FD(listener), .bundle = TAKE_FD(directory), .host = host};
	_exit(monitor_run(&setup));
}

/* Nobody asks for the job of a worker whose spawner (and with it berthd) has gone before it was connected to: it ends with it. */
static _Noreturn void be_layer(int listener, pid_t spawner) {
	struct error err;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != spawner)
		_exit(127);
	process_close_others(&listener, 1);
	if (!layer_worker_run || process_become_worker("berth-layer", &err) < 0)
		_exit(127);
	_exit(layer_worker_run(listener));
}

int workers_fork_layer(const char *path, struct error *err) {
	char folder[PATH_MAX];
	char name[PATH_MAX];
	if (path[0] != '/' || strlen(path) >= sizeof folder)
		return error_set(err, EINVAL, "layer", "an absolute path is expected, not \"%.100s\"", path);
	(void)strcpy(folder, path);
	(void)strcpy(name, path);
	_cleanup_close_ int directory = open(dirname(folder), O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (directory < 0)
		return error_errno(err, "layer", "cannot open the folder of %s", path);
	_cleanup_close_ int listener = socket_listen_at(directory, basename(name), err);
	if (listener < 0)
		return listener;
	pid_t spawner = getpid();
	pid_t pid = sys_fork();
	if (pid < 0)
		return error_errno(err, "layer", "fork");
	if (pid == 0)
		be_layer(listener, spawner);
	return pid;
}

static _Noreturn void be_netd(int listener, int lock, const char *run_dir, const char *instance) {
	struct error err;
	int keep[] = {listener, lock};
	char listener_text[16];
	(void)snprintf(listener_text, sizeof listener_text, "%d", listener);
	char *arguments[] = {(char[]){"netd"},	   (char[]){"--run-dir"},   strdup(run_dir), (char[]){"--instance"},
				 strdup(instance), (char[]){"--listen-fd"}, listener_text,   NULL};
	process_close_others(keep, ELEMENTS(keep));
	if (!netd_main || process_become_worker("berth-netd", &err) < 0)
		_exit(127);
	process_avoid_oom();
	_exit(netd_main(ELEMENTS(arguments) - 1, arguments));
}

/* The pid that the lock's holder wrote, or 0 when it has not done so yet. */
static pid_t lock_holder(int lock) {
	char text[16] = "";
	ssize_t length = pread(lock, text, sizeof text - 1, 0);
	return length > 0 ? (pid_t)strtol(text, NULL, 10) : 0;
}

int workers_fork_netd(int run_dir, const char *run_dir_path, const char *instance, bool *ret_is_started, struct error *err) {
	_cleanup_close_ int lock = sys_openat(run_dir, "netd.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (lock < 0)
		return error_errno(err, "netd", "cannot open netd.lock");
	if (flock(lock, LOCK_EX | LOCK_NB) < 0) {
		pid_t holder = lock_holder(lock);
		if (errno != EWOULDBLOCK || holder <= 0)
			return error_set(err, EAGAIN, "netd", "netd.lock is held by a process that has not named itself");
		*ret_is_started = false;
		return holder;
	}
	_cleanup_close_ int listener = socket_listen_at(run_dir, "netd.sock", err);
	if (listener < 0)
		return listener;
	pid_t pid = sys_fork();
	if (pid < 0)
		return error_errno(err, "netd", "fork");
	if (pid == 0)
		be_netd(listener, lock, run_dir_path, instance);
	/* The lock lives in the child's copy of this open file; ours is only closed. */
	char text[16];
	int length = snprintf(text, sizeof text, "%d\n", pid);
	if (ftruncate(lock, 0) < 0 || pwrite(lock, text, (size_t)length, 0) < 0)
		return error_errno(err, "netd", "cannot write netd.lock");
	*ret_is_started = true;
	return pid;
}
