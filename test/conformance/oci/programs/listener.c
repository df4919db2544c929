/*
 * listener SOCKET: takes the listeners of seccomp filters that a runtime sends there, and answers every system call that they ask about with ENOMEDIUM,
 * which no file system says by itself. Prints "ready", then what came with each listener as one line. Ends with its standard input.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { LISTENERS_MAX = 16 };

/* All runtimes send it in one piece; crun keeps the connection. */
static int take(int socket) {
	char text[65536];
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec part = {.iov_base = text, .iov_len = sizeof text};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space};
	int fd = -1;
	ssize_t length = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	if (length > 0 && header && header->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(header), sizeof fd);
	for (ssize_t i = 0; i < length; i++)
		putchar(text[i] == '\n' ? ' ' : text[i]);
	putchar('\n');
	return fd;
}

static void answer(int listener) {
	struct seccomp_notif asked = {0};
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) < 0)
		return;
	struct seccomp_notif_resp said = {.id = asked.id, .error = -ENOMEDIUM};
	(void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &said);
}

int main(int argc, char **argv) {
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct pollfd pollers[2 + LISTENERS_MAX] = {{.fd = 0, .events = POLLIN}};
	nfds_t count = 2;
	if (argc != 2 || strlen(argv[1]) >= sizeof address.sun_path)
		return 2;
	strcpy(address.sun_path, argv[1]);
	pollers[1] = (struct pollfd){.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), .events = POLLIN};
	if (bind(pollers[1].fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(pollers[1].fd, 16) < 0)
		return 1;
	setlinebuf(stdout);
	puts("ready");
	while (poll(pollers, count, -1) > 0 && !pollers[0].revents) {
		for (nfds_t i = 2; i < count; i++) {
			if (pollers[i].revents & POLLIN)
				answer(pollers[i].fd);
			if (pollers[i].revents & (POLLHUP | POLLERR)) /* nobody has the filter any more */
				pollers[i].fd = -1;
		}
		if (pollers[1].revents && count < 2 + LISTENERS_MAX) {
			int from = accept4(pollers[1].fd, NULL, NULL, SOCK_CLOEXEC);
			pollers[count++] = (struct pollfd){.fd = take(from), .events = POLLIN};
			close(from);
		}
	}
	return 0;
}
