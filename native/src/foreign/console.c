#include "foreign/console.h"

#include "base/cleanup.h"
#include "base/fdio.h"
#include "base/socket.h"
#include "base/sys.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static const char stage[] = "console";

int console_socket_open(int bundle, int *ret_listener, struct error *err) {
	_cleanup_close_ int listener = socket_listen_at(bundle, CONSOLE_SOCKET, err);
	if (listener < 0)
		return listener;
	if (set_nonblocking(listener, true) < 0)
		return error_errno(err, stage, "cannot make the socket non-blocking");
	*ret_listener = TAKE_FD(listener);
	return 0;
}

/* The name that comes along says nothing that the terminal itself does not. */
static int receive(int connection) {
	char name[4096], control[CMSG_SPACE(sizeof(int))];
	struct iovec part = {.iov_base = name, .iov_len = sizeof name};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
	if (recvmsg(connection, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) < 0)
		return -1;
	const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int terminal = -1;
	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(sizeof terminal))
		memcpy(&terminal, CMSG_DATA(header), sizeof terminal);
	return terminal;
}

int console_socket_take(int bundle, int *listener, int *ret_terminal, struct error *err) {
	_cleanup_close_ int connection = accept4(*listener, NULL, NULL, SOCK_CLOEXEC);
	_cleanup_close_ int terminal = connection < 0 ? -1 : receive(connection);
	console_socket_close(bundle, listener);
	if (terminal < 0 || !isatty(terminal))
		return error_set(err, ENOTTY, stage, "the runtime has sent no terminal");
	*ret_terminal = TAKE_FD(terminal);
	return 0;
}

void console_socket_close(int bundle, int *listener) {
	if (*listener < 0)
		return;
	close_fd(listener);
	(void)sys_unlinkat(bundle, CONSOLE_SOCKET, 0);
}
