/*
 * A start in two halves, for `create` and `start` of the OCI command line. The child talks to its parent over a socket pair:
 *
 *     child: 'n' everything but pivot_root is done     parent: runs the hooks of the host's side, then 'g' (or kills it); not where there are none
 *     child: 's' the filter's listener is my fd N      parent: takes it (pidfd_getfd), sends it to whoever answers, then 'g'; also without a hold
 *     child: 'h' all that is left is the program       parent: returns; the child waits at the fifo for as long as it takes
 *
 * The child has a memory of its own by then, so that it may fork for its hooks.
 */
#include "runtime/launch.h"

#include "base/cleanup.h"
#include "base/sys.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

struct message {
	int fd; /* of the child, with 's' */
	char kind;
};

static int say(struct launch *launch, char kind) {
	const struct message message = {.fd = -1, .kind = kind};
	return write(launch->hold_sync, &message, sizeof message) == sizeof message ? 0 : error_errno(launch->err, "clone", "the runtime is gone");
}

int launch_load_filter(struct launch *launch) {
	struct message message = {.kind = 's'};
	if (seccomp_filter_notifies(&launch->seccomp))
		close_fd(&launch->hold_parent); /* or the end of the parent would not be seen */
	message.fd = seccomp_filter_load(&launch->seccomp);
	if (message.fd < 0)
		return error_set(launch->err, -message.fd, "seccomp", "cannot load the seccomp filter: %s", strerror(-message.fd));
	if (!seccomp_filter_notifies(&launch->seccomp))
		return 0;
	/* From here on a call may wait for the listener's answer: all but this write, after which it has somebody to give one. */
	if (write(launch->hold_sync, &message, sizeof message) != sizeof message || read(launch->hold_sync, &message.kind, 1) != 1 || message.kind != 'g')
		return error_set(launch->err, ECANCELED, "seccomp", "nobody takes the seccomp listener");
	(void)close(message.fd);
	return 0;
}

int launch_hold_hooks(struct launch *launch) {
	char answer = 0;
	if (!launch_is_held(launch))
		return 0;
	close_fd(&launch->hold_parent); /* or the end of the parent would not be seen */
	if (!launch->hold->at_namespaces && !launch->hold->in_container)
		return 0;
	int failed = say(launch, 'n');
	if (failed < 0)
		return failed;
	if (read(launch->hold_sync, &answer, 1) != 1 || answer != 'g')
		return error_set(launch->err, ECANCELED, "hook", "the runtime gave up");
	return launch->hold->in_container ? launch->hold->in_container(launch->hold->owner, launch->err) : 0;
}

int launch_hold_descriptors(struct launch *launch) {
	if (!launch_is_held(launch))
		return 0;
	int fifo = (int)(3 + launch->preserved_fds), sync = fifo + 1;
	int lifted_fifo = fcntl(launch->hold->fifo, F_DUPFD_CLOEXEC, sync + 1), lifted_sync = fcntl(launch->hold_sync, F_DUPFD_CLOEXEC, sync + 1);
	if (lifted_fifo < 0 || lifted_sync < 0 || dup3(lifted_fifo, fifo, O_CLOEXEC) < 0 || dup3(lifted_sync, sync, O_CLOEXEC) < 0)
		return error_errno(launch->err, "start", "cannot keep the fifo");
	launch->hold_fifo = fifo;
	launch->hold_sync = sync;
	(void)sys_close_range((unsigned)sync + 1, ~0U, 0);
	for (int fd = 3; fd < fifo; fd++) { /* a caller may announce more than it opened: the gaps were filled by fds of ours */
		int flags = fcntl(fd, F_GETFD);
		if (flags >= 0 && (flags & FD_CLOEXEC))
			(void)close(fd);
	}
	return 0;
}

int launch_hold_program(struct launch *launch) {
	if (!launch_is_held(launch))
		return 0;
	int failed = launch_find_program(launch);
	if (failed < 0)
		return failed;
	launch->results->has_reached_exec = true;
	if ((failed = say(launch, 'h')) < 0)
		return failed;
	close_fd(&launch->hold_sync);
	char answer = 0;
	ssize_t length;
	do
		length = read(launch->hold_fifo, &answer, 1);
	while (length < 0 && errno == EINTR);
	if (length != 1)
		return error_set(launch->err, ECANCELED, "start", "the container's state is gone");
	return launch->hold->before_program ? launch->hold->before_program(launch->hold->owner, launch->err) : 0;
}

static int take_listener(const struct launch *launch, pid_t pid, int pidfd, int number, struct error *err) {
	_cleanup_close_ int fd = (int)syscall(SYS_pidfd_getfd, pidfd, number, 0);
	if (fd < 0)
		return error_errno(err, "seccomp", "cannot take the seccomp listener");
	return launch->hold->take_listener(launch->hold->owner, pid, fd, err);
}

int launch_hold_accompany(struct launch *launch, int sync, pid_t pid, int pidfd, struct error *err) {
	struct message message;
	/* How far it came is in launch->results. */
	while (read(sync, &message, sizeof message) == sizeof message && message.kind != 'h') {
		int failed = message.kind == 's' ? take_listener(launch, pid, pidfd, message.fd, err) : launch->hold->at_namespaces ? launch->hold->at_namespaces(launch->hold->owner, pid, err) : 0;
		if (failed < 0) {
			(void)kill(pid, SIGKILL);
			(void)waitpid(pid, NULL, __WALL);
			return failed;
		}
		(void)!write(sync, "g", 1);
	}
	return 0;
}
