#include "oci/wait.h"
#include "oci/send-fd.h"

#include "base/cleanup.h"
#include "base/fdio.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

void wait_prepare(void) {
	sigset_t all;
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
}

bool wait_reap(pid_t pid, int *ret_code) {
	int status = 0;
	pid_t reaped = waitpid(pid, &status, WNOHANG);
	if (reaped == 0 || (reaped < 0 && errno == EINTR))
		return false;
	*ret_code = reaped < 0 ? 255 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return true;
}

int wait_forward(pid_t pid) {
	sigset_t all;
	(void)sigfillset(&all);
	int code;
	while (!wait_reap(pid, &code)) {
		int number = sigwaitinfo(&all, NULL);
		if (number > 0 && number != SIGCHLD)
			(void)kill(pid, number);
	}
	return code;
}

int wait_send_terminal(const char *path, int master, struct error *err) {
	static const char name[] = "/dev/ptmx";
	return send_fd(path, "console", name, strlen(name), master, err);
}

int wait_write_pid(const char *path, pid_t pid, struct error *err) {
	char text[16];
	int length = snprintf(text, sizeof text, "%d", (int)pid);
	int failed = path ? replace_file_at(AT_FDCWD, path, text, (size_t)length, 0644) : 0;
	return failed < 0 ? error_set(err, -failed, "pid-file", "cannot write %s: %s", path, strerror(-failed)) : 0;
}

int wait_check_terminal(bool has_terminal, const char *socket, bool is_foreground, struct error *err) {
	if (has_terminal && !socket && !is_foreground)
		return error_set(err, EINVAL, "console", "a terminal needs --console-socket where nobody waits in the foreground");
	return socket && !has_terminal ? error_set(err, EINVAL, "console", "--console-socket needs a process with a terminal") : 0;
}
