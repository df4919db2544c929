#include "oci/wait.h"

#include "base/cleanup.h"
#include "base/fdio.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
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
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof address.sun_path)
		return error_set(err, ENAMETOOLONG, "console", "the console socket %s: its path is too long", path);
	(void)strcpy(address.sun_path, path);
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
		return error_errno(err, "console", "cannot connect to the console socket %s", path);
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec data = {.iov_base = (char[]){"/dev/ptmx"}, .iov_len = 9};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &master, sizeof master);
	return sendmsg(fd, &message, MSG_NOSIGNAL) < 0 ? error_errno(err, "console", "cannot send the terminal to %s", path) : 0;
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
