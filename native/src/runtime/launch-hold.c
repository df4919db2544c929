/*
 * A start in two halves, for `create` and `start` of the OCI command line. The child talks to its parent over a socket pair, one byte a message:
 *
 *     child: 'n' everything but pivot_root is done     parent: runs the hooks of the host's side, then 'g' (or kills it); not where there are none
 *     child: 'h' all that is left is the program       parent: returns; the child waits at the fifo for as long as it takes
 *
 * The child has a memory of its own by then, so that it may fork for its hooks.
 */
#include "runtime/launch.h"

#include "base/cleanup.h"
#include "base/sys.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

static int say(struct launch *launch, char message) {
	return write(launch->hold_sync, &message, 1) == 1 ? 0 : error_errno(launch->err, "clone", "the runtime is gone");
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

int launch_hold_accompany(struct launch *launch, int sync, pid_t pid, struct error *err) {
	char message = 0;
	if (read(sync, &message, 1) == 1 && message == 'n') {
		int failed = launch->hold->at_namespaces ? launch->hold->at_namespaces(launch->hold->owner, pid, err) : 0;
		if (failed < 0) {
			(void)kill(pid, SIGKILL);
			(void)waitpid(pid, NULL, __WALL);
			return failed;
		}
		(void)!write(sync, "g", 1);
		(void)!read(sync, &message, 1);
	}
	return 0; /* how far it came is in launch->results */
}
