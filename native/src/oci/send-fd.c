#include "oci/send-fd.h"

#include "base/cleanup.h"
#include "base/fdio.h"

#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* The fd goes with the first byte. */
static int send_with(int socket, const char *data, size_t length, int fd) {
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec part = {.iov_base = (char *)(uintptr_t)data, .iov_len = length};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof fd);
	ssize_t sent = sendmsg(socket, &message, MSG_NOSIGNAL);
	return sent < 0 ? -errno : write_all(socket, data + sent, length - (size_t)sent);
}

int send_fd(const char *path, const char *what, const char *data, size_t length, int fd, struct error *err) {
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof address.sun_path)
		return error_set(err, ENAMETOOLONG, what, "the %s socket %s: its path is too long", what, path);
	(void)strcpy(address.sun_path, path);
	_cleanup_close_ int to = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (to < 0 || connect(to, (struct sockaddr *)&address, sizeof address) < 0)
		return error_errno(err, what, "cannot connect to the %s socket %s", what, path);
	int failed = send_with(to, data, length, fd);
	return failed < 0 ? error_set(err, -failed, what, "cannot send to the %s socket %s: %s", what, path, strerror(-failed)) : 0;
}
